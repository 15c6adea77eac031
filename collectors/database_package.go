package collectors

import (
	"regexp"
	"strings"
)

// databasePackages tell databases by the name of the package or program that runs one, as installers write it. Clients
// and libraries come under much the same names and do not count.
var databasePackages = []struct {
	engine string
	names  *regexp.Regexp
}{
	{"postgresql", regexp.MustCompile(`^postgresql-\d+$|^postgresql\d*-server$|^postgresql \d`)},
	{"mysql", regexp.MustCompile(
		`^(mysql|mariadb)\d*(-community)?-server(-\d[\d.]*)?$|^percona-server-server|^mysql server \d|^mariadb \d`)},
	{"mongodb", regexp.MustCompile(`^mongodb(-org|-enterprise)?-server$|^mongodb \d`)},
	{"redis", regexp.MustCompile(`^(redis|valkey)\d*(-server)?$`)},
	{"memcached", regexp.MustCompile(`^memcached$`)},
	{"elasticsearch", regexp.MustCompile(`^(elasticsearch|opensearch)(-oss)?$`)},
	{"cassandra", regexp.MustCompile(`^cassandra$|^scylla-server$`)},
	{"couchdb", regexp.MustCompile(`^couchdb$|^apache couchdb`)},
	{"etcd", regexp.MustCompile(`^etcd(-server)?$`)},
	{"sqlserver", regexp.MustCompile(
		`^mssql-server$|^microsoft sql server \d{4}( r2)? \(64-bit\)$|^sql server \d{4}( r2)? database engine services$`)},
	{"oracle", regexp.MustCompile(`^oracle-database-(ee|se2|xe|free)-\d`)},
	{"kafka", regexp.MustCompile(`^kafka$|^confluent-(kafka|server)$`)},
	{"influxdb", regexp.MustCompile(`^influxdb2?$`)},
}

// DatabasePackages are beginnings of the names of all packages that DatabaseOf knows, and of others besides: for
// providers that can be asked which machines hold something of such a name.
var DatabasePackages = []string{
	"postgresql", "PostgreSQL", "mysql", "MySQL", "mariadb", "MariaDB", "percona-server", "mongodb", "MongoDB", "redis",
	"Redis", "valkey", "memcached", "elasticsearch", "opensearch", "cassandra", "scylla-server", "couchdb",
	"Apache CouchDB", "etcd", "mssql-server", "Microsoft SQL Server", "SQL Server", "oracle-database", "kafka", "confluent", "influxdb",
}

// DatabaseOf is the engine that an installed package or program runs, empty for one that runs none.
func DatabaseOf(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, p := range databasePackages {
		if p.names.MatchString(name) {
			return p.engine
		}
	}
	return ""
}
