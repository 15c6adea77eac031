package collectors

import (
	"slices"
	"strings"
	"testing"
)

func TestDatabaseOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"postgresql-16": "postgresql", "postgresql15-server": "postgresql", "PostgreSQL 16 ": "postgresql",
		"postgresql-client-16": "", "postgresql-common": "", "postgresql": "", "libpq5": "",
		"mysql-server-8.0": "mysql", "mysql-community-server": "mysql", "MySQL Server 8.0": "mysql", "mariadb105-server": "mysql",
		"MariaDB 10.11 (x64)": "mysql", "mysql-client": "", "mysql-community-client": "", "mariadb-common": "", "MySQL Workbench 8.0 CE": "",
		"percona-server-server-5.7": "mysql", "percona-server-client": "",
		"mongodb-org-server": "mongodb", "MongoDB 7.0.5 2008R2Plus SSL (64 bit)": "mongodb", "mongodb-mongosh": "", "MongoDB Compass": "",
		"redis6": "redis", "redis-server": "redis", "valkey": "redis", "redis-tools": "",
		"memcached": "memcached", "opensearch": "elasticsearch", "opensearch-dashboards": "", "scylla-server": "cassandra",
		"Apache CouchDB": "couchdb", "etcd-server": "etcd", "etcd-client": "", "confluent-kafka": "kafka", "influxdb2": "influxdb", "influxdb2-cli": "",
		"Microsoft SQL Server 2019 (64-bit)": "sqlserver", "SQL Server 2022 Database Engine Services": "sqlserver",
		"Microsoft SQL Server 2012 Native Client ": "", "mssql-server": "sqlserver", "mssql-tools": "",
		"oracle-database-xe-21c": "oracle", "oracle-database-preinstall-21c": "", "docker": "",
	} {
		if got := DatabaseOf(name); got != want {
			t.Errorf("%q is %q; want %q", name, got, want)
		}
		if want != "" && !slices.ContainsFunc(DatabasePackages, func(p string) bool { return strings.HasPrefix(strings.TrimSpace(name), p) }) {
			t.Errorf("%q begins with none of the words that are asked for", name)
		}
	}
	// More than this a provider takes in no question.
	if len(DatabasePackages) > 40 {
		t.Errorf("%d words", len(DatabasePackages))
	}
}
