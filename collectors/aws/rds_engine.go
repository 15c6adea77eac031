package aws

import (
	"sort"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// engineSettings are the answers from which the engine's own switches are read, of an instance or of a cluster.
type engineSettings struct {
	Engine, Version string
	Parameters      collectors.Answer[dbParameters]
	Options         collectors.Answer[dbOptions]
	// Exports are the logs that are shipped; Streams says that all activity is.
	Exports []string
	Streams bool
	// Pending says that changed parameters wait for a restart, so that the group does not tell what is in force.
	Pending bool
}

// settingFacts states what the parameter and option groups decide. A switch that is left at the engine's default is
// known only where the maker documents the default for that version.
func settingFacts(r *inventory.Resource, facts *inventory.Database, s engineSettings) {
	fromParameters := []string{"tls_required", "tls_min_version", "risky_flags"}
	why := s.Parameters.Unknown()
	if why == nil && (s.Pending || s.Parameters.Value == nil || s.Parameters.Value.Listed == 0) {
		why = s.untold("ParametersNotInForce")
	}
	if why == nil {
		parameterFacts(r, facts, s)
	} else {
		r.SetUnknown(*why, fromParameters...)
	}
	if engineOf(s.Engine) == engineOracle {
		oracleTLSFacts(r, facts, s.Options)
	}
	auditFact(r, facts, s, why)
	unspoken(r, *s.untold("DefaultNotCertain"), append(fromParameters, "audit_logged")...)
}

// untold is the reason for a fact that the parameters were read for and do not tell.
func (s engineSettings) untold(code string) *inventory.Unknown {
	return &inventory.Unknown{
		Cause: inventory.CauseFailed, Code: code, Action: s.Parameters.Action, Permission: s.Parameters.Permission,
	}
}

func parameterFacts(r *inventory.Resource, facts *inventory.Database, s engineSettings) {
	p := s.Parameters.Value
	if required, known := tlsRequired(s.Engine, s.Version, p); known {
		facts.TLSRequired = required
		r.Known("tls_required")
	}
	if v := tlsMinimum(s.Engine, s.Version, p); v > 0 {
		facts.TLSMinVersion = v
		r.Known("tls_min_version")
	}
	if flags, known := riskyFlags(s.Engine, s.Version, p); known {
		facts.RiskyFlags = flags
		r.Known("risky_flags")
	}
}

// tlsRequired reads the switch by which the engine refuses clear text.
func tlsRequired(engine, version string, p *dbParameters) (required, known bool) {
	name, off := "", false
	switch engineOf(engine) {
	case enginePostgres:
		// RDS turned the switch on by default with version 15, Aurora with 17.
		name, off = "rds.force_ssl", before(version, 15) || engine == "aurora-postgresql" && before(version, 17)
	case engineSQLServer:
		name, off = "rds.force_ssl", true
	case engineMySQL:
		name, off = "require_secure_transport", before(version, 8, 4)
	case engineMariaDB:
		name, off = "require_secure_transport", before(version, 11, 8)
	case engineDocDB:
		name = "tls"
	case engineNeptune:
		name = "neptune_enforce_ssl"
	default:
		return false, false
	}
	v, set, has := p.value(name)
	switch {
	case set:
		return isOn(v), true
	case has && off:
		return false, true
	// Engines from before the switch was made cannot refuse clear text at all.
	case !has && engineOf(engine) == engineMySQL && before(version, 5, 7),
		!has && engineOf(engine) == engineMariaDB && before(version, 10, 5):
		return false, true
	}
	return false, false
}

// tlsMinimum is the oldest TLS version the engine accepts; 0 when that is not known.
func tlsMinimum(engine, version string, p *dbParameters) float64 {
	switch engineOf(engine) {
	case enginePostgres:
		v, set, has := p.value("ssl_min_protocol_version")
		switch {
		case set:
			return tlsVersions[v]
		case has && !before(version, 13):
			return 1.2
		case before(version, 13):
			return 1.0
		}
	case engineMySQL, engineMariaDB:
		if v, set, _ := p.value("tls_version"); set {
			return oldestOf(v)
		}
		switch {
		case engineOf(engine) == engineMariaDB:
		case engine == "mysql" && !before(version, 8, 0, 28):
			return 1.2
		case engine == "mysql", before(version, 8):
			return 1.0
		}
	case engineSQLServer:
		return sqlServerMinimum(p)
	case engineDocDB:
		switch v, _, _ := p.value("tls"); v {
		case "tls1.2+", "fips-140-3":
			return 1.2
		case "tls1.3+":
			return 1.3
		}
	}
	return 0
}

// oldestOf reads a list such as "TLSv1.2,TLSv1.3"; a name nobody heard of leaves it unknown.
func oldestOf(list string) float64 {
	oldest := 0.0
	for _, name := range strings.Split(list, ",") {
		v, ok := tlsVersions[strings.TrimSpace(name)]
		if !ok {
			return 0
		}
		if oldest == 0 || v < oldest {
			oldest = v
		}
	}
	return oldest
}

// sqlServerMinimum reads one switch for each version. "default" follows the operating system and is not known.
func sqlServerMinimum(p *dbParameters) float64 {
	for _, v := range []struct {
		name   string
		number float64
	}{{"rds.tls10", 1.0}, {"rds.tls11", 1.1}, {"rds.tls12", 1.2}} {
		switch value, _, _ := p.value(v.name); value {
		case "enabled":
			return v.number
		case "disabled":
		default:
			return 0
		}
	}
	return 0
}

// riskyFlags lists the switches that are on and widen what a client may do. Engines other than MySQL, MariaDB and SQL
// Server have none of them.
func riskyFlags(engine, version string, p *dbParameters) (flags []string, known bool) {
	switch engineOf(engine) {
	case engineMySQL, engineMariaDB:
		v, set, has := p.value("local_infile")
		switch {
		case set && isOn(v), has && !set && engineOf(engine) == engineMySQL && before(version, 8):
			return []string{"local_infile"}, true
		case set:
			return nil, true
		}
		return nil, false
	case engineSQLServer:
		return sqlServerFlags(p), true
	case engineOther:
		return nil, false
	}
	return nil, true
}

// sqlServerFlags reads the switches the group offers: what an edition lacks cannot be on. Only "remote access" is on by
// default, and trace 3625, which hides details from errors, is off.
func sqlServerFlags(p *dbParameters) []string {
	var flags []string
	for _, name := range []string{
		"cross db ownership chaining", "contained database authentication", "external scripts enabled", "xp_cmdshell",
	} {
		if p.on(name) {
			flags = append(flags, name)
		}
	}
	if _, set, has := p.value("remote access"); has && (!set || p.on("remote access")) {
		flags = append(flags, "remote access")
	}
	if _, _, has := p.value("3625"); has && !p.on("3625") {
		flags = append(flags, "trace 3625 off")
	}
	sort.Strings(flags)
	return flags
}

// oracleTLSFacts reads the option group: the listener for clear text stays open beside the one for TLS, so only native
// encryption that is required refuses clear text.
func oracleTLSFacts(r *inventory.Resource, facts *inventory.Database, options collectors.Answer[dbOptions]) {
	collectors.Know(r, options, func(o *dbOptions) {
		facts.TLSRequired = o != nil &&
			strings.EqualFold((*o)["NATIVE_NETWORK_ENCRYPTION"]["SQLNET.ENCRYPTION_SERVER"], "REQUIRED")
	}, "tls_required")
	if options.Value == nil {
		return
	}
	switch v := (*options.Value)["SSL"]["SQLNET.SSL_VERSION"]; {
	case v == "1.2":
		facts.TLSMinVersion = 1.2
		r.Known("tls_min_version")
	case strings.Contains(v, "1.0"):
		facts.TLSMinVersion = 1.0
		r.Known("tls_min_version")
	}
}

// auditFact states whether logins and statements are recorded and shipped. What is not shipped is not recorded, however
// the engine is set; what is shipped counts when the engine records both. why is the reason its parameters are unknown.
func auditFact(r *inventory.Resource, facts *inventory.Database, s engineSettings, why *inventory.Unknown) {
	log := "audit"
	if engineOf(s.Engine) == enginePostgres {
		log = "postgresql"
	}
	switch {
	case s.Streams:
		facts.AuditLogged = true
		r.Known("audit_logged")
		return
	case engineOf(s.Engine) == engineOther:
		return
	case engineOf(s.Engine) == engineSQLServer:
		sqlServerAuditFact(r, s.Options)
		return
	case !contains(s.Exports, log):
		r.Known("audit_logged")
		return
	case usesOptions(s.Engine) && engineOf(s.Engine) != engineOracle:
		collectors.Know(r, s.Options, func(o *dbOptions) {
			facts.AuditLogged = o != nil && recordsBoth((*o)["MARIADB_AUDIT_PLUGIN"]["SERVER_AUDIT_EVENTS"])
		}, "audit_logged")
		return
	case why != nil:
		r.SetUnknown(*why, "audit_logged")
		return
	}
	if records, known := parametersRecord(s.Engine, s.Parameters.Value); known {
		facts.AuditLogged = records
		r.Known("audit_logged")
	}
}

// sqlServerAuditFact can only say no: the option permits audits, and what they record is set inside the server.
func sqlServerAuditFact(r *inventory.Resource, options collectors.Answer[dbOptions]) {
	if why := options.Unknown(); why != nil {
		r.SetUnknown(*why, "audit_logged")
		return
	}
	if options.Value == nil || (*options.Value)["SQLSERVER_AUDIT"] == nil {
		r.Known("audit_logged")
	}
}

func parametersRecord(engine string, p *dbParameters) (records, known bool) {
	switch engineOf(engine) {
	case enginePostgres:
		libraries, _, _ := p.value("shared_preload_libraries")
		audits := strings.Contains(libraries, "pgaudit") && p.on("pgaudit.log")
		return p.on("log_connections") && (audits || p.on("log_statement")), true
	case engineMySQL:
		events, _, _ := p.value("server_audit_events")
		return p.on("server_audit_logging") && recordsBoth(events), true
	case engineOracle:
		v, set, _ := p.value("audit_trail")
		return set && isOn(v), set
	case engineDocDB:
		return p.on("audit_logs"), true
	case engineNeptune:
		return p.on("neptune_enable_audit_log"), true
	}
	return false, false
}

// recordsBoth says whether a list of events has logins and statements.
func recordsBoth(events string) bool {
	upper := strings.ToUpper(events)
	return strings.Contains(upper, "CONNECT") && strings.Contains(upper, "QUERY")
}
