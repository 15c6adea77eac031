package azure

import (
	"context"
	"slices"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var (
	postgresServers = rowsOf{typ: "Microsoft.DBforPostgreSQL/flexibleServers", version: "2024-08-01"}
	mysqlServers    = rowsOf{typ: "Microsoft.DBforMySQL/flexibleServers", version: "2023-12-30"}
)

// flexibleServer is what is read of a server, of either engine: they are described in the same words but for a few.
type flexibleServer struct {
	Network *struct {
		Access string `json:"publicNetworkAccess,omitempty"`
		Subnet string `json:"delegatedSubnetResourceId,omitempty"`
	} `json:"network,omitempty"`
	Backup *struct {
		Days *int64 `json:"backupRetentionDays,omitempty"`
		Geo  string `json:"geoRedundantBackup,omitempty"`
	} `json:"backup,omitempty"`
	HA *struct {
		Mode string `json:"mode,omitempty"`
	} `json:"highAvailability,omitempty"`
	Storage *struct {
		Grow string `json:"autoGrow,omitempty"`
	} `json:"storage,omitempty"`
	Auth *struct {
		Directory string `json:"activeDirectoryAuth,omitempty"`
	} `json:"authConfig,omitempty"`
	Encryption *struct {
		Type string `json:"type,omitempty"`
	} `json:"dataEncryption,omitempty"`
	// Access stands here in answers of older versions.
	Access string      `json:"publicNetworkAccess,omitempty"`
	Source string      `json:"sourceServerResourceId,omitempty"`
	Links  []linkState `json:"privateEndpointConnections,omitempty"`
}

func (f flexibleServer) subnet() string {
	if f.Network == nil {
		return ""
	}
	return armID(f.Network.Subnet)
}

type flexibleAnswers struct {
	Server    seen[flexibleServer]
	Around    collectors.Answer[around]
	Overrides collectors.Answer[[]string]
	Addresses collectors.Answer[[]addressRule]
	Settings  collectors.Answer[[]setting]
	Lock      collectors.Answer[locked]
	Records   collectors.Answer[[]diagnosticSetting]
	// Admins are asked of the engine that does not tell them with the server.
	Admins collectors.Answer[[]row[directoryAdmin]]
}

// directoryAdmin is an administrator from the directory.
type directoryAdmin struct {
	Type string `json:"administratorType,omitempty"`
}

// engine is what differs between the two.
type engine struct {
	listing  rowsOf
	name     string
	port     int
	versions string
	// records are its records, statements the settings that must be on for logins and statements to be among them.
	records    records
	statements []string
	// admins is the type of its directory administrators, where the server itself does not tell of them.
	admins string
}

var (
	postgres = engine{postgresServers, "postgresql", 5432, "ssl_min_protocol_version", postgresRecords,
		[]string{"log_connections", "pgaudit.log"}, ""}
	mysql = engine{mysqlServers, "mysql", 3306, "tls_version", mysqlRecords, []string{"audit_log_enabled"},
		"Microsoft.DBforMySQL/flexibleServers/administrators"}
)

var _ = registerFlexible("azure.postgresql.flexible_server", postgres)

var _ = registerFlexible("azure.mysql.flexible_server", mysql)

func registerFlexible(kind inventory.Kind, e engine) struct{} {
	rules, settings := e.listing.typ+"/firewallRules", e.listing.typ+"/configurations"
	rights := []string{rules + "/read", settings + "/read", virtualNetworks.permission(), adminRulesPermission, lockRead,
		diagnosticRead}
	if e.admins != "" {
		rights = append(rights, e.admins+"/read")
	}
	return registerAsked(kind, inventory.ClassDatabase, e.listing, rights,
		func(ctx context.Context, c *Clients, s seen[flexibleServer]) flexibleAnswers {
			id := armID(s.Row.ID)
			a := flexibleAnswers{Server: s, Around: askAround(ctx, c, s.Row.Properties.subnet()),
				Overrides: overridesOf(ctx, c, s.Row.Properties.subnet()),
				Settings:  askAll[setting](ctx, c, id, "/configurations", settings, e.listing.version),
				Lock:      askLock(ctx, c, id), Records: askDiagnostics(ctx, c, id)}
			if s.Row.Properties.subnet() == "" {
				a.Addresses = askAll[addressRule](ctx, c, id, "/firewallRules", rules, e.listing.version)
			}
			if e.admins != "" {
				a.Admins = askAll[row[directoryAdmin]](ctx, c, id, "/administrators", e.admins, e.listing.version)
			}
			return a
		},
		func(w collectors.Where, a flexibleAnswers) *inventory.Resource { return flexibleFacts(w, a, e) })
}

func flexibleFacts(w collectors.Where, a flexibleAnswers, e engine) *inventory.Resource {
	p := a.Server.Row.Properties
	facts := &inventory.Database{Engine: e.name, EncryptedAtRest: true, PointInTime: true, AuthRequired: true,
		Source: armID(p.Source)}
	r := described(a.Server, facts)
	defer leftOut(r, e.listing)
	access := p.Access
	if p.Network != nil {
		access = firstOf(p.Network.Access, access)
	}
	facts.Family, facts.Endpoint, facts.Port = "relational", "network", e.port
	r.Known("family", "endpoint", "port")
	switch subnet := p.subnet(); {
	case subnet != "":
		inSubnet(w, r, facts, e.port, subnet, a.Around, a.Overrides)
	case access != "":
		atEdge(r, facts, e.port, access, p.Links)
		knowRules(r, facts, a.Addresses, nil)
	}
	r.SetInherent("encrypted_at_rest", "point_in_time", "auth_required")
	r.Known("engine", "source")
	knowTLS(r, facts, a.Settings, e.versions)
	flexibleKeeping(r, facts, p)
	if p.Auth != nil && p.Auth.Directory != "" {
		facts.CentralIdentity = lower(p.Auth.Directory) == "enabled"
		r.Known("central_identity")
	} else if e.admins != "" {
		collectors.Know(r, a.Admins, func(found *[]row[directoryAdmin]) {
			facts.CentralIdentity = slices.ContainsFunc(deref(found), func(d row[directoryAdmin]) bool {
				return lower(d.Properties.Type) == "activedirectory"
			})
		}, "central_identity")
	}
	r.SetNotApplicable("assessed for Azure SQL only", "vulnerability_assessed")
	knowLock(r, facts, a.Lock)
	flexibleAudit(r, facts, a, e)
	notYet(r, "version_supported")
	return r
}

// flexibleAudit says whether logins and statements are written down, and the record is kept elsewhere.
func flexibleAudit(r *inventory.Resource, facts *inventory.Database, a flexibleAnswers, e engine) {
	for _, why := range []*inventory.Unknown{a.Settings.Unknown(), a.Records.Unknown()} {
		if why != nil {
			r.SetUnknown(*why, "audit_logged")
			return
		}
	}
	facts.AuditLogged = e.records.kept(deref(a.Records.Value)) && !slices.ContainsFunc(e.statements,
		func(name string) bool {
			v := lower(deref(settingOf(deref(a.Settings.Value), name)))
			return v == "" || v == "off" || v == "none"
		})
	r.Known("audit_logged")
}

// flexibleKeeping states how the content is kept.
func flexibleKeeping(r *inventory.Resource, facts *inventory.Database, p flexibleServer) {
	if p.Backup != nil {
		state(r, p.Backup.Days, &facts.BackupRetentionDays, "backup_retention_days")
		if p.Backup.Geo != "" {
			facts.OtherRegionCopy = lower(p.Backup.Geo) == "enabled"
			r.Known("other_region_copy")
		}
	}
	if p.HA != nil && p.HA.Mode != "" {
		facts.MultiZone = lower(p.HA.Mode) == "zoneredundant"
		r.Known("multi_zone")
	}
	if p.Storage != nil && p.Storage.Grow != "" {
		facts.Autoscaled = lower(p.Storage.Grow) == "enabled"
		r.Known("autoscaled")
	}
	// Without a word of its own the server is encrypted with the platform's key.
	facts.CustomerKey = p.Encryption != nil && lower(p.Encryption.Type) == "azurekeyvault"
	r.Known("customer_key")
}
