package azure

import (
	"context"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var sqlServers = rowsOf{typ: "Microsoft.Sql/servers", version: "2023-08-01"}

const (
	sqlFirewallType = "Microsoft.Sql/servers/firewallRules"
	sqlSubnetType   = "Microsoft.Sql/servers/virtualNetworkRules"
	sqlAuditType    = "Microsoft.Sql/servers/auditingSettings"
	sqlKeyType      = "Microsoft.Sql/servers/encryptionProtector"
	sqlExpressType  = "Microsoft.Sql/servers/sqlVulnerabilityAssessments"
	sqlClassicType  = "Microsoft.Sql/servers/vulnerabilityAssessments"
)

// sqlServer is what is read of a server: its databases share its network, its TLS and its identities.
type sqlServer struct {
	Access string      `json:"publicNetworkAccess,omitempty"`
	TLS    string      `json:"minimalTlsVersion,omitempty"`
	Links  []linkState `json:"privateEndpointConnections,omitempty"`
	Admins *struct {
		SID string `json:"sid,omitempty"`
	} `json:"administrators,omitempty"`
}

// sqlAudit says whether statements and logins are recorded, and where to.
type sqlAudit struct {
	Properties struct {
		State   string `json:"state"`
		Storage string `json:"storageEndpoint,omitempty"`
		Monitor *bool  `json:"isAzureMonitorTargetEnabled,omitempty"`
	} `json:"properties"`
}

// sqlAssessment is whether databases are searched for weaknesses, in the express or the classic configuration.
type sqlAssessment struct {
	Properties struct {
		State string `json:"state,omitempty"`
		Scans *struct {
			Enabled *bool `json:"isEnabled,omitempty"`
		} `json:"recurringScans,omitempty"`
	} `json:"properties"`
}

func (s *sqlAssessment) on() bool {
	return s != nil && (lower(s.Properties.State) == "enabled" || s.Properties.Scans != nil &&
		deref(s.Properties.Scans.Enabled))
}

type sqlServerAnswers struct {
	Server    seen[sqlServer]
	Addresses collectors.Answer[[]addressRule]
	Subnets   collectors.Answer[[]subnetRule]
	Audit     collectors.Answer[sqlAudit]
	Lock      collectors.Answer[locked]
	Express   collectors.Answer[sqlAssessment]
	Classic   collectors.Answer[sqlAssessment]
}

var _ = registerAsked("azure.sql.server", inventory.ClassDatabase, sqlServers,
	[]string{sqlFirewallType + "/read", sqlSubnetType + "/read", sqlAuditType + "/read", lockRead,
		sqlExpressType + "/read", sqlClassicType + "/read"},
	func(ctx context.Context, c *Clients, s seen[sqlServer]) sqlServerAnswers {
		id := armID(s.Row.ID)
		return sqlServerAnswers{s,
			askAll[addressRule](ctx, c, id, "/firewallRules", sqlFirewallType, sqlServers.version),
			askAll[subnetRule](ctx, c, id, "/virtualNetworkRules", sqlSubnetType, sqlServers.version),
			askOne[sqlAudit](ctx, c, id, "/auditingSettings/default", sqlAuditType, sqlServers.version),
			askLock(ctx, c, id),
			askOne[sqlAssessment](ctx, c, id, "/sqlVulnerabilityAssessments/default", sqlExpressType, sqlServers.version,
				notThere...),
			askOne[sqlAssessment](ctx, c, id, "/vulnerabilityAssessments/default", sqlClassicType, sqlServers.version,
				notThere...)}
	}, sqlServerFacts)

// notThere are the codes by which a server says that something was never set.
var notThere = []string{"ResourceNotFound", "NotFound", "HTTP404"}

func sqlServerFacts(_ collectors.Where, a sqlServerAnswers) *inventory.Resource {
	p := a.Server.Row.Properties
	facts := &inventory.Database{Engine: "sqlserver", TLSRequired: true, AuthRequired: true, VersionSupported: true}
	r := described(a.Server, facts)
	defer leftOut(r, sqlServers)
	atEdge(r, facts, 1433, p.Access, p.Links)
	knowRules(r, facts, a.Addresses, &a.Subnets)
	r.SetInherent("tls_required", "auth_required", "version_supported")
	facts.TLSMinVersion = tlsVersion(p.TLS)
	facts.CentralIdentity = p.Admins != nil && p.Admins.SID != ""
	r.Known("tls_min_version", "central_identity", "source")
	collectors.Know(r, a.Audit, func(v *sqlAudit) {
		s := deref(v).Properties
		facts.AuditLogged = lower(s.State) == "enabled" && (s.Storage != "" || deref(s.Monitor))
	}, "audit_logged")
	r.SetNotApplicable("its databases tell it", "encrypted_at_rest", "customer_key", "backup_retention_days",
		"point_in_time",
		"other_region_copy", "multi_zone", "masked", "autoscaled")
	r.SetNotApplicable("the service keeps these switches off or has none of them", "risky_flags")
	knowLock(r, facts, a.Lock)
	sqlAssessed(r, facts, a)
	return r
}

// sqlAssessed says whether either configuration is on. One that is settles it, whatever the other would have said.
func sqlAssessed(r *inventory.Resource, facts *inventory.Database, a sqlServerAnswers) {
	facts.VulnerabilityAssessed = a.Express.Value.on() || a.Classic.Value.on()
	for _, why := range []*inventory.Unknown{a.Express.Unknown(), a.Classic.Unknown()} {
		if why != nil && !facts.VulnerabilityAssessed {
			r.SetUnknown(*why, "vulnerability_assessed")
			return
		}
	}
	r.Known("vulnerability_assessed")
}

var sqlDatabases = rowsOf{typ: "Microsoft.Sql/servers/databases", version: "2023-08-01"}

const (
	sqlEncryptionType = "Microsoft.Sql/servers/databases/transparentDataEncryption"
	sqlBackupType     = "Microsoft.Sql/servers/databases/backupShortTermRetentionPolicies"
)

// sqlDatabase is what is read of a database: what is kept in it and how.
type sqlDatabase struct {
	Zones      *bool  `json:"zoneRedundant,omitempty"`
	Redundancy string `json:"currentBackupStorageRedundancy,omitempty"`
	Requested  string `json:"requestedBackupStorageRedundancy,omitempty"`
	Source     string `json:"sourceDatabaseId,omitempty"`
}

// sqlEncryption is the encryption of files and backups. Its state was called status before.
type sqlEncryption struct {
	Properties struct {
		State  string `json:"state,omitempty"`
		Status string `json:"status,omitempty"`
	} `json:"properties"`
}

type sqlBackup struct {
	Properties struct {
		Days *int64 `json:"retentionDays,omitempty"`
	} `json:"properties"`
}

// sqlProtector says whose key protects the keys of the databases.
type sqlProtector struct {
	Properties struct {
		Type string `json:"serverKeyType,omitempty"`
	} `json:"properties"`
}

type sqlDatabaseAnswers struct {
	Database   seen[sqlDatabase]
	Encryption collectors.Answer[sqlEncryption]
	Backup     collectors.Answer[sqlBackup]
	Protector  collectors.Answer[sqlProtector]
	Lock       collectors.Answer[locked]
}

var _ = registerAsked("azure.sql.database", inventory.ClassDatabase, sqlDatabases,
	[]string{sqlEncryptionType + "/read", sqlBackupType + "/read", sqlKeyType + "/read", lockRead},
	func(ctx context.Context, c *Clients, s seen[sqlDatabase]) sqlDatabaseAnswers {
		id := armID(s.Row.ID)
		if lower(s.Row.Name) == "master" {
			return sqlDatabaseAnswers{Database: s}
		}
		server := above(id, "/databases/")
		return sqlDatabaseAnswers{s,
			askOne[sqlEncryption](ctx, c, id, "/transparentDataEncryption/current", sqlEncryptionType, sqlServers.version),
			askOne[sqlBackup](ctx, c, id, "/backupShortTermRetentionPolicies/default", sqlBackupType, sqlServers.version),
			ask("GET "+sqlKeyType, sqlKeyType+"/read", func() (*sqlProtector, error) {
				return once(c, "protector of "+server, func() (*sqlProtector, error) {
					return get[sqlProtector](ctx, c, server+"/encryptionProtector/current", sqlServers.version)
				})
			}), askLock(ctx, c, id)}
	}, sqlDatabaseFacts)

// sqlDatabaseFacts states how a database is kept. The master database is the service's own.
func sqlDatabaseFacts(_ collectors.Where, a sqlDatabaseAnswers) *inventory.Resource {
	if lower(a.Database.Row.Name) == "master" {
		return nil
	}
	p := a.Database.Row.Properties
	facts := &inventory.Database{Family: "relational", Engine: "sqlserver", Endpoint: "network", PointInTime: true,
		Source: armID(p.Source)}
	r := described(a.Database, facts)
	defer leftOut(r, sqlDatabases)
	server := above(r.ID, "/databases/")
	r.Name = lastOf(server) + "/" + a.Database.Row.Name
	r.Known("family", "engine", "endpoint", "source")
	r.SetInherent("point_in_time")
	r.SetNotApplicable("its server tells it for all its databases", "public_access", "world_range", "ingress_app_only",
		"private_network",
		"public_endpoint", "network", "subnets", "firewalls", "rules", "port", "admitted", "paths", "tls_required",
		"tls_min_version",
		"audit_logged", "central_identity", "auth_required", "version_supported", "vulnerability_assessed", "risky_flags")
	collectors.Know(r, a.Encryption, func(e *sqlEncryption) {
		v := deref(e).Properties
		facts.EncryptedAtRest = lower(firstOf(v.State, v.Status)) == "enabled"
	}, "encrypted_at_rest")
	if v := a.Encryption.Value; v != nil && v.Properties.State == "" && v.Properties.Status == "" {
		r.SetUnknown(inventory.Unknown{Cause: inventory.CauseFailed, Code: "FieldAbsent", Action: a.Encryption.Action,
			Permission: a.Encryption.Permission}, "encrypted_at_rest")
	}
	collectors.Know(r, a.Protector, func(k *sqlProtector) {
		facts.CustomerKey = lower(deref(k).Properties.Type) == "azurekeyvault"
	}, "customer_key")
	if why := a.Backup.Unknown(); why != nil {
		r.SetUnknown(*why, "backup_retention_days")
	} else {
		state(r, deref(a.Backup.Value).Properties.Days, &facts.BackupRetentionDays, "backup_retention_days")
	}
	if kept := lower(firstOf(p.Redundancy, p.Requested)); kept != "" {
		facts.OtherRegionCopy = kept == "geo" || kept == "geozone"
		r.Known("other_region_copy")
	}
	state(r, p.Zones, &facts.MultiZone, "multi_zone")
	knowLock(r, facts, a.Lock)
	notYet(r, "autoscaled")
	return r
}
