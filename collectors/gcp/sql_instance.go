package gcp

import (
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var sqlWay = &way{
	types: []string{"sqladmin.googleapis.com/Instance"}, api: "sqladmin.googleapis.com",
	path: "/sql/v1beta4/projects/{project}/instances", items: "items",
	permission: "cloudsql.instances.list", action: "sql.instances.list",
}

var _ = source("gcp.sql.instance", inventory.ClassDatabase, sqlWay, sqlFacts, false)

type sqlBody struct {
	Version   string      `json:"databaseVersion"`
	Type      string      `json:"instanceType"`
	Region    string      `json:"region"`
	Master    string      `json:"masterInstanceName"`
	Project   string      `json:"project"`
	Key       *keyBody    `json:"diskEncryptionConfiguration"`
	Settings  sqlSettings `json:"settings"`
	Addresses []struct {
		Type    string `json:"type"`
		Address string `json:"ipAddress"`
	} `json:"ipAddresses"`
}

type sqlSettings struct {
	Labels       map[string]string `json:"userLabels"`
	Availability string            `json:"availabilityType"`
	AutoResize   *bool             `json:"storageAutoResize"`
	Protected    *bool             `json:"deletionProtectionEnabled"`
	Flags        []flagBody        `json:"databaseFlags"`
	IP           *sqlIP            `json:"ipConfiguration"`
	Backup       *struct {
		Enabled     bool   `json:"enabled"`
		PointInTime bool   `json:"pointInTimeRecoveryEnabled"`
		BinaryLog   bool   `json:"binaryLogEnabled"`
		Location    string `json:"location"`
		Retention   *struct {
			Unit  string `json:"retentionUnit"`
			Count number `json:"retainedBackups"`
		} `json:"backupRetentionSettings"`
	} `json:"backupConfiguration"`
}

type sqlIP struct {
	IPv4           *bool  `json:"ipv4Enabled"`
	PrivateNetwork string `json:"privateNetwork"`
	RequireSSL     *bool  `json:"requireSsl"`
	SSLMode        string `json:"sslMode"`
	Networks       []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"authorizedNetworks"`
	PSC *struct {
		Enabled  bool     `json:"pscEnabled"`
		Projects []string `json:"allowedConsumerProjects"`
	} `json:"pscConfig"`
}

// sqlPorts are what each engine listens on.
var sqlPorts = map[string]int{"POSTGRES": 5432, "MYSQL": 3306, "SQLSERVER": 1433}

func sqlFacts(_ collectors.Where, a asset) *inventory.Resource {
	b := read[sqlBody](a)
	if b.Type == "ON_PREMISES_INSTANCE" {
		// It stands for a database elsewhere that replicates from or to here.
		return nil
	}
	engine, _, _ := strings.Cut(b.Version, "_")
	facts := &inventory.Database{Family: "relational", Endpoint: "network", Engine: strings.ToLower(b.Version),
		Port: sqlPorts[engine]}
	r := begin(a, facts)
	r.Labels = b.Settings.Labels
	r.Known("family", "endpoint", "engine")
	if facts.Port > 0 {
		r.Known("port")
	} else {
		lacks(r, sqlWay, "port")
	}
	sqlNetwork(r, facts, &b)
	sqlTransport(r, facts, b.Settings.IP)
	managed(r, facts)
	sqlKeeping(r, facts, &b)
	sqlEngine(r, facts, &b, engine)
	return r
}

// sqlNetwork states who may connect: over the address on the internet those its list names, over a private one the
// whole network it is joined to, over endpoints the projects it names.
func sqlNetwork(r *inventory.Resource, facts *inventory.Database, b *sqlBody) {
	ip := b.Settings.IP
	if ip == nil {
		lacks(r, sqlWay, "public_endpoint", "rules", "private_network")
		return
	}
	port := facts.Port
	for _, n := range ip.Networks {
		name := n.Name
		if name == "" {
			name = n.Value
		}
		facts.Rules = append(facts.Rules, inventory.Rule{ID: name, Protocol: "tcp", From: port, To: port,
			Ranges: []string{n.Value}})
	}
	if ip.PrivateNetwork != "" {
		facts.Rules = append(facts.Rules, openInside(port))
	}
	if ip.PSC != nil && ip.PSC.Enabled && len(ip.PSC.Projects) > 0 {
		facts.Rules = append(facts.Rules, inventory.Rule{ID: "endpoints", Protocol: "tcp", From: port, To: port,
			Owners: ip.PSC.Projects})
	}
	r.Known("rules")
	private := ip.PrivateNetwork != "" || ip.PSC != nil && ip.PSC.Enabled
	public := ip.IPv4 != nil && *ip.IPv4
	for _, address := range b.Addresses {
		public = public || address.Type == "PRIMARY"
	}
	if ip.IPv4 == nil && !public {
		// Without the switch an instance gets an address on the internet, unless it was told to live inside.
		lacks(r, sqlWay, "public_endpoint", "private_network")
		return
	}
	facts.PublicAddress, facts.PrivateNetwork = public, private && !public
	r.Known("public_endpoint", "private_network")
}

// sqlTransport states whether clear text is refused: by the mode, or by the older switch where there is no mode.
func sqlTransport(r *inventory.Resource, facts *inventory.Database, ip *sqlIP) {
	facts.TLSMinVersion = 1.2
	r.SetInherent("tls_min_version")
	switch {
	case ip == nil:
		lacks(r, sqlWay, "tls_required")
		return
	case ip.SSLMode != "" && ip.SSLMode != "SSL_MODE_UNSPECIFIED":
		facts.TLSRequired = ip.SSLMode == "ENCRYPTED_ONLY" || ip.SSLMode == "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
	default:
		// Neither said: clear text is served.
		facts.TLSRequired = ip.RequireSSL != nil && *ip.RequireSSL
	}
	r.Known("tls_required")
}

func sqlKeeping(r *inventory.Resource, facts *inventory.Database, b *sqlBody) {
	_, facts.CustomerKey = keyOf(b.Key)
	if b.Master != "" {
		project, name, named := strings.Cut(b.Master, ":")
		if !named {
			project, name = b.Project, b.Master
		}
		facts.Source = "//cloudsql.googleapis.com/projects/" + project + "/instances/" + name
	}
	facts.MultiZone = b.Settings.Availability == "REGIONAL"
	facts.DeletionProtected = b.Settings.Protected != nil && *b.Settings.Protected
	facts.Autoscaled = b.Settings.AutoResize != nil && *b.Settings.AutoResize
	r.Known("customer_key", "source", "multi_zone", "deletion_protected", "autoscaled")
	k := b.Settings.Backup
	if k == nil {
		if b.Master != "" {
			r.SetNotApplicable("a replica is saved with what it copies", "backup_retention_days", "point_in_time",
				"other_region_copy")
		} else {
			lacks(r, sqlWay, "backup_retention_days", "point_in_time", "other_region_copy")
		}
		return
	}
	if k.Enabled {
		// Seven daily backups are kept unless somebody says otherwise.
		facts.BackupRetentionDays = 7
		if k.Retention != nil && k.Retention.Count > 0 {
			facts.BackupRetentionDays = int64(k.Retention.Count)
		}
	}
	facts.PointInTime = k.PointInTime || k.BinaryLog
	// Without a place of its own a backup goes to the multi-region next to the instance.
	facts.OtherRegionCopy = k.Enabled && (k.Location == "" || !strings.Contains(k.Location, "-"))
	r.Known("backup_retention_days", "point_in_time", "other_region_copy")
}

// riskyFlags are switches that widen what a client may do, with the value that does.
var riskyFlags = map[string]string{
	"local_infile": "on", "external scripts enabled": "on", "cross db ownership chaining": "on",
	"contained database authentication": "on", "remote access": "on", "3625": "off", "xp_cmdshell": "on",
}

func sqlEngine(r *inventory.Resource, facts *inventory.Database, b *sqlBody, engine string) {
	flags := b.Settings.Flags
	facts.AuthRequired, facts.RiskyFlags = true, []string{}
	r.SetInherent("auth_required")
	for _, f := range flags {
		if value, risky := riskyFlags[f.Name]; risky && (strings.EqualFold(f.Value, value) || value == "on" &&
			f.Value == "1") {
			facts.RiskyFlags = append(facts.RiskyFlags, f.Name)
		}
	}
	r.Known("risky_flags")
	switch engine {
	case "POSTGRES":
		facts.AuditLogged = on(flags, "cloudsql.enable_pgaudit")
		facts.CentralIdentity = on(flags, "cloudsql.iam_authentication", "cloudsql_iam_authentication")
		r.Known("audit_logged", "central_identity")
	case "MYSQL":
		facts.AuditLogged = on(flags, "cloudsql_mysql_audit")
		facts.CentralIdentity = on(flags, "cloudsql_iam_authentication", "cloudsql.iam_authentication")
		r.Known("audit_logged", "central_identity")
	default:
		notAsked(r, "sql.instances.get", "cloudsql.instances.get", "audit_logged")
		r.SetNotApplicable("SQL Server has no sign-in by Google's identities", "central_identity")
	}
	notAsked(r, "sql.instances.get", "cloudsql.instances.get", "version_supported")
}
