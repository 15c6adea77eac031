package aws

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// set and left stand for a switch that was set, and one at the engine's default.
func set(v string) *string { return &v }

var left *string

func parameters(values map[string]*string) collectors.Answer[dbParameters] {
	return answered(&dbParameters{Listed: 100, Values: values})
}

func settingsOf(s engineSettings) *inventory.Resource {
	facts := &inventory.Database{}
	r := inventory.New("db", "db", "", facts)
	settingFacts(r, facts, s)
	return r
}

func TestEngineSettings(t *testing.T) {
	t.Parallel()
	type values = map[string]*string
	pg := []string{"postgresql"}
	audit := []string{"audit"}
	plugin := func(events string) collectors.Answer[dbOptions] {
		return answered(&dbOptions{"MARIADB_AUDIT_PLUGIN": {"SERVER_AUDIT_EVENTS": events}})
	}
	for name, c := range map[string]struct {
		in   engineSettings
		want stated
	}{
		"postgres strict": {engineSettings{Engine: "postgres", Version: "16.3", Parameters: parameters(values{"rds.force_ssl": set("1"), "ssl_min_protocol_version": set("TLSv1.3")})},
			stated{"tls_required": true, "tls_min_version": 1.3, "risky_flags": "[]"}},
		"postgres off": {engineSettings{Engine: "postgres", Version: "16.3", Parameters: parameters(values{"rds.force_ssl": set("0"), "ssl_min_protocol_version": left})},
			stated{"tls_required": false, "tls_min_version": 1.2}},
		"postgres 14 default": {engineSettings{Engine: "postgres", Version: "14.7", Parameters: parameters(values{"rds.force_ssl": left})},
			stated{"tls_required": false, "tls_min_version": nil}},
		"postgres 15 default": {engineSettings{Engine: "postgres", Version: "15.2", Parameters: parameters(values{"rds.force_ssl": left})},
			stated{"tls_required": nil}},
		"postgres old": {engineSettings{Engine: "postgres", Version: "9.6.2", Parameters: parameters(values{})},
			stated{"tls_required": nil, "tls_min_version": 1.0}},
		"aurora pg 16 default": {engineSettings{Engine: "aurora-postgresql", Version: "16.1", Parameters: parameters(values{"rds.force_ssl": left})},
			stated{"tls_required": false}},
		"postgres odd minimum": {engineSettings{Engine: "postgres", Version: "16.3", Parameters: parameters(values{"ssl_min_protocol_version": set("TLSv9")})},
			stated{"tls_min_version": nil}},
		"mysql 8.0": {engineSettings{Engine: "mysql", Version: "8.0.35", Parameters: parameters(values{"require_secure_transport": left, "local_infile": left})},
			stated{"tls_required": false, "tls_min_version": 1.2, "risky_flags": nil}},
		"mysql 8.0 early": {engineSettings{Engine: "mysql", Version: "8.0.17", Parameters: parameters(values{"require_secure_transport": set("ON"), "local_infile": set("0")})},
			stated{"tls_required": true, "tls_min_version": 1.0, "risky_flags": "[]"}},
		"mysql 8.4 default": {engineSettings{Engine: "mysql", Version: "8.4.3", Parameters: parameters(values{"require_secure_transport": left})},
			stated{"tls_required": nil, "tls_min_version": 1.2}},
		"mysql versions": {engineSettings{Engine: "mysql", Version: "5.7.44", Parameters: parameters(values{"tls_version": set("TLSv1.1,TLSv1.2"), "local_infile": left})},
			stated{"tls_min_version": 1.1, "risky_flags": "[local_infile]"}},
		"mysql 5.6": {engineSettings{Engine: "mysql", Version: "5.6.37", Parameters: parameters(values{"local_infile": set("1")})},
			stated{"tls_required": false, "tls_min_version": 1.0, "risky_flags": "[local_infile]"}},
		"aurora mysql 3": {engineSettings{Engine: "aurora-mysql", Version: "8.0.mysql_aurora.3.08.2", Parameters: parameters(values{"tls_version": left, "require_secure_transport": left})},
			stated{"tls_required": false, "tls_min_version": nil}},
		"mariadb 11.8 default": {engineSettings{Engine: "mariadb", Version: "11.8.1", Parameters: parameters(values{"require_secure_transport": left, "tls_version": left})},
			stated{"tls_required": nil, "tls_min_version": nil}},
		"mariadb 10.4": {engineSettings{Engine: "mariadb", Version: "10.4.2", Parameters: parameters(values{})},
			stated{"tls_required": false}},
		"sql server": {engineSettings{Engine: "sqlserver-se", Version: "15.00.4", Parameters: parameters(values{"rds.force_ssl": left, "rds.tls10": set("disabled"), "rds.tls11": set("disabled"), "rds.tls12": set("enabled"),
			"remote access": left, "3625": set("0"), "cross db ownership chaining": set("1"), "contained database authentication": set("0")})},
			stated{"tls_required": false, "tls_min_version": 1.2, "risky_flags": "[cross db ownership chaining remote access trace 3625 off]"}},
		"sql server hardened": {engineSettings{Engine: "sqlserver-ee", Version: "15.00.4", Parameters: parameters(values{"rds.force_ssl": set("1"), "rds.tls10": set("default"), "remote access": set("0"), "3625": set("1")}), Options: answered(&dbOptions{})},
			stated{"tls_required": true, "tls_min_version": nil, "risky_flags": "[]", "audit_logged": false}},
		"sql server may audit": {engineSettings{Engine: "sqlserver-ee", Parameters: parameters(values{}), Options: answered(&dbOptions{"SQLSERVER_AUDIT": {}})},
			stated{"audit_logged": nil}},
		"oracle plain": {engineSettings{Engine: "oracle-ee", Parameters: parameters(values{}), Options: answered(&dbOptions{"SSL": {"SQLNET.SSL_VERSION": "1.2"}})},
			stated{"tls_required": false, "tls_min_version": 1.2, "audit_logged": false}},
		"oracle encrypted": {engineSettings{Engine: "oracle-ee", Exports: audit, Parameters: parameters(values{"audit_trail": set("DB")}), Options: answered(&dbOptions{"NATIVE_NETWORK_ENCRYPTION": {"SQLNET.ENCRYPTION_SERVER": "REQUIRED"}})},
			stated{"tls_required": true, "audit_logged": true}},
		"oracle trail unset": {engineSettings{Engine: "oracle-ee", Exports: audit, Parameters: parameters(values{"audit_trail": left}), Options: refused[dbOptions]()},
			stated{"tls_required": nil, "audit_logged": nil}},
		"documents": {engineSettings{Engine: "docdb", Exports: audit, Parameters: parameters(values{"tls": set("tls1.2+"), "audit_logs": set("all")})},
			stated{"tls_required": true, "tls_min_version": 1.2, "audit_logged": true}},
		"documents in clear": {engineSettings{Engine: "docdb", Exports: audit, Parameters: parameters(values{"tls": set("disabled"), "audit_logs": set("disabled")})},
			stated{"tls_required": false, "audit_logged": false}},
		"documents default": {engineSettings{Engine: "docdb", Parameters: parameters(values{"tls": set("enabled")})},
			stated{"tls_required": true, "tls_min_version": nil, "audit_logged": false}},
		"graph": {engineSettings{Engine: "neptune", Exports: audit, Parameters: parameters(values{"neptune_enforce_ssl": set("1"), "neptune_enable_audit_log": set("1")})},
			stated{"tls_required": true, "audit_logged": true}},
		"unheard of engine": {engineSettings{Engine: "db2-se", Exports: audit, Parameters: parameters(values{})},
			stated{"tls_required": nil, "tls_min_version": nil, "risky_flags": nil, "audit_logged": nil}},
		"parameters denied": {engineSettings{Engine: "postgres", Version: "16.3", Exports: pg, Parameters: refused[dbParameters]()},
			stated{"tls_required": nil, "tls_min_version": nil, "risky_flags": nil, "audit_logged": nil}},
		"denied, not shipped": {engineSettings{Engine: "postgres", Version: "16.3", Parameters: refused[dbParameters]()},
			stated{"audit_logged": false}},
		"empty group": {engineSettings{Engine: "postgres", Version: "9.4.7", Parameters: answered(&dbParameters{})},
			stated{"tls_required": nil, "tls_min_version": nil, "risky_flags": nil}},
		"restart awaited": {engineSettings{Engine: "postgres", Version: "16.3", Pending: true, Parameters: parameters(values{"rds.force_ssl": set("1")})},
			stated{"tls_required": nil, "risky_flags": nil}},
		"pgaudit": {engineSettings{Engine: "postgres", Version: "16.3", Exports: pg, Parameters: parameters(values{"log_connections": set("1"), "shared_preload_libraries": set("pg_stat_statements,pgaudit"), "pgaudit.log": set("ddl,role")})},
			stated{"audit_logged": true}},
		"pgaudit not loaded": {engineSettings{Engine: "postgres", Version: "16.3", Exports: pg, Parameters: parameters(values{"log_connections": set("1"), "shared_preload_libraries": left, "pgaudit.log": set("all")})},
			stated{"audit_logged": false}},
		"statements, no login": {engineSettings{Engine: "postgres", Version: "16.3", Exports: pg, Parameters: parameters(values{"log_statement": set("all")})},
			stated{"audit_logged": false}},
		"logged, not shipped": {engineSettings{Engine: "postgres", Version: "16.3", Parameters: parameters(values{"log_connections": set("1"), "log_statement": set("all")})},
			stated{"audit_logged": false}},
		"activity stream": {engineSettings{Engine: "postgres", Version: "16.3", Streams: true, Parameters: refused[dbParameters]()},
			stated{"audit_logged": true}},
		"aurora audit": {engineSettings{Engine: "aurora-mysql", Exports: audit, Parameters: parameters(values{"server_audit_logging": set("1"), "server_audit_events": set("CONNECT,QUERY_DDL")})},
			stated{"audit_logged": true}},
		"aurora logins only": {engineSettings{Engine: "aurora-mysql", Exports: audit, Parameters: parameters(values{"server_audit_logging": set("1"), "server_audit_events": set("CONNECT")})},
			stated{"audit_logged": false}},
		"mysql plugin": {engineSettings{Engine: "mysql", Version: "8.0.35", Exports: audit, Parameters: refused[dbParameters](), Options: plugin("CONNECT,QUERY")},
			stated{"audit_logged": true}},
		"mysql no plugin": {engineSettings{Engine: "mysql", Version: "8.0.35", Exports: audit, Parameters: parameters(values{}), Options: answered(&dbOptions{})},
			stated{"audit_logged": false}},
		"mysql options denied": {engineSettings{Engine: "mysql", Version: "8.0.35", Exports: audit, Parameters: parameters(values{}), Options: refused[dbOptions]()},
			stated{"audit_logged": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, settingsOf(c.in))
		})
	}
}

func TestVersionFact(t *testing.T) {
	t.Parallel()
	yes, no, day := aws.Bool(true), aws.Bool(false), time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)
	available := answered(&engineVersion{Status: "available", Major: "13"})
	for name, c := range map[string]struct {
		minor   *bool
		version collectors.Answer[engineVersion]
		support collectors.Answer[engineSupport]
		want    any
	}{
		"supported":           {yes, available, answered(&engineSupport{StandardEnds: &day}), true},
		"standard has ended":  {yes, available, answered(&engineSupport{StandardEnds: &day, Ended: true}), false},
		"withdrawn":           {yes, answered(&engineVersion{Status: "deprecated"}), refused[engineSupport](), false},
		"no minor updates":    {no, refused[engineVersion](), refused[engineSupport](), false},
		"minor not told":      {nil, available, answered(&engineSupport{StandardEnds: &day}), nil},
		"no end is told":      {yes, available, answered(&engineSupport{}), nil},
		"versions denied":     {yes, refused[engineVersion](), collectors.Answer[engineSupport]{}, nil},
		"lifecycle not asked": {yes, available, collectors.Answer[engineSupport]{}, nil},
	} {
		facts := &inventory.Database{}
		r := inventory.New(name, name, "", facts)
		versionFact(r, facts, c.minor, c.version, c.support)
		stated{"version_supported": c.want}.check(t, r)
	}
	v := types.DBMajorEngineVersion{SupportedEngineLifecycles: []types.SupportedEngineLifecycle{
		{LifecycleSupportName: types.LifecycleSupportNameOpenSourceRdsExtendedSupport, LifecycleSupportEndDate: aws.Time(day.AddDate(3, 0, 0))},
		{LifecycleSupportName: types.LifecycleSupportNameOpenSourceRdsStandardSupport, LifecycleSupportEndDate: &day},
	}}
	if s := supportAt(v, day.AddDate(0, 0, 1)); !s.Ended {
		t.Error("extended support is paid for and does not count")
	}
	if s := supportAt(v, day.AddDate(0, 0, -1)); s.Ended || !s.StandardEnds.Equal(day) {
		t.Errorf("%+v", s)
	}
}

func TestVersionsCompare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version string
		than    []int
		want    bool
	}{
		{"8.0.28", []int{8, 0, 28}, false}, {"8.0.9", []int{8, 0, 28}, true}, {"14", []int{15}, true}, {"15.2", []int{15}, false},
		{"5.6.10a", []int{5, 7}, true}, {"8.0.mysql_aurora.3.04.0", []int{8, 0, 28}, false}, {"", []int{15}, false}, {"postgres", []int{15}, false},
	} {
		if before(c.version, c.than...) != c.want {
			t.Errorf("%q before %v: %v", c.version, c.than, !c.want)
		}
	}
}

func TestRecordedParameters(t *testing.T) {
	t.Parallel()
	cluster := func(file string) collectors.Answer[dbParameters] {
		p := &dbParameters{}
		p.add(recorded[rds.DescribeDBClusterParametersOutput](t, file).Parameters)
		return answered(p)
	}
	for n, want := range map[string]any{"1": 1.0, "2": 1.2, "3": 1.0} {
		in := engineSettings{Engine: "aurora-mysql", Version: "5.7.mysql_aurora.2.10.2", Parameters: cluster("test_rdsclusterparamgroup_filter/rds.DescribeDBClusterParameters_" + n + ".json")}
		stated{"tls_min_version": want}.check(t, settingsOf(in))
	}
	in := engineSettings{Engine: "aurora-mysql", Version: "5.7.mysql_aurora.2.10.2", Exports: []string{"audit"}, Parameters: cluster("test_rdsclusterparamgroup_modify/rds.DescribeDBClusterParameters_1.json")}
	stated{"audit_logged": false}.check(t, settingsOf(in))

	p := &dbParameters{}
	p.add(recorded[rds.DescribeDBParametersOutput](t, "test_rdsparamgroup_modify/rds.DescribeDBParameters_1.json").Parameters)
	stated{"risky_flags": "[local_infile]", "tls_required": false}.check(t, settingsOf(engineSettings{Engine: "mysql", Version: "5.6.37", Parameters: answered(p)}))
	if p.Listed != 100 || len(p.Values) > 10 {
		t.Errorf("%d listed, %d kept", p.Listed, len(p.Values))
	}
	o := optionsOf(recorded[rds.DescribeOptionGroupsOutput](t, "test_rds_db_option_groups/rds.DescribeOptionGroups_1.json").OptionGroupsList)
	stated{"audit_logged": false}.check(t, settingsOf(engineSettings{Engine: "mysql", Version: "8.0.28", Exports: []string{"audit"}, Options: answered(o)}))
}
