package reach

import (
	"fmt"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const accountRecord = "aws:111122223333/cloud_account/111122223333"

func regionRecord(name string, unread []inventory.Unknown, holds ...string) *inventory.Resource {
	r := inventory.New("aws:111122223333/region_use/"+name, name, name, &inventory.RegionUse{Account: accountRecord, Holds: holds, Unread: unread})
	r.Kind, r.Scope = "aws.region", home
	r.Known("account", "holds", "unread", "backup_plans")
	r.MarkFacts()
	return r
}

func alertRecord(id, name string, everywhere, live bool, catches ...string) *inventory.Resource {
	r := inventory.New(id, id, name, &inventory.AlertRule{Account: accountRecord, Catches: catches, Live: live, Everywhere: everywhere})
	r.Kind, r.Scope = "aws.events.rule", home
	r.Known("account", "catches", "live", "everywhere")
	r.MarkFacts()
	return r
}

func account(needs ...inventory.AlertNeed) *inventory.Resource {
	r := made(accountRecord, "aws.account", &inventory.CloudAccount{AlertNeeds: needs}, "alert_needs")
	return r
}

// said gives a fact as text, "unknown" when it is.
func said(r *inventory.Resource, name string) string {
	v, known := r.Value(name)
	if !known {
		return "unknown"
	}
	return fmt.Sprint(v)
}

var (
	unreadDisks = []inventory.Unknown{{Fact: "disks", Cause: inventory.CauseDenied, Action: "DescribeVolumes", Permission: "ec2:DescribeVolumes"}}
	networkNeed = inventory.AlertNeed{Kind: "network_change", Events: []string{"a", "b"}}
	signIn      = inventory.AlertNeed{Kind: "sign_in_anomaly", Events: []string{"s"}, Region: "us-east-1"}
	healthHere  = inventory.AlertNeed{Kind: "service_health", Events: []string{"health"}}
	healthCopy  = inventory.AlertNeed{Kind: "service_health", Events: []string{"health"}, Region: "us-west-2"}
)

func TestAccountAlerts(t *testing.T) {
	t.Parallel()
	used := []*inventory.Resource{regionRecord("eu-central-1", nil, "machines"), regionRecord("us-east-1", nil, "functions"), regionRecord("us-west-2", nil)}
	dumb := alertRecord("dumb", "us-east-1", true, false, "a", "b")
	unheard := alertRecord("unheard", "us-east-1", true, false, "a", "b")
	unheard.SetUnknown(inventory.Unknown{Cause: inventory.CauseDenied, Permission: "sns:ListSubscriptionsByTopic"}, "live")
	unheard.MarkFacts()
	for name, c := range map[string]struct {
		rules          []*inventory.Resource
		events, health string
	}{
		"none":                 {nil, "[]", "false"},
		"the whole trail":      {[]*inventory.Resource{alertRecord("f", "us-east-1", true, true, "a", "b", "c")}, "[network_change]", "false"},
		"in two filters":       {[]*inventory.Resource{alertRecord("f", "us-east-1", true, true, "a"), alertRecord("g", "us-east-1", true, true, "b")}, "[network_change]", "false"},
		"one event lacks":      {[]*inventory.Resource{alertRecord("f", "us-east-1", true, true, "a")}, "[]", "false"},
		"one region lacks":     {[]*inventory.Resource{alertRecord("f", "us-east-1", false, true, "a", "b")}, "[]", "false"},
		"each region in use":   {[]*inventory.Resource{alertRecord("f", "us-east-1", false, true, "a", "b"), alertRecord("g", "eu-central-1", false, true, "a", "b")}, "[network_change]", "false"},
		"nobody hears":         {[]*inventory.Resource{dumb}, "[]", "false"},
		"not known who hears":  {[]*inventory.Resource{unheard}, "unknown", "false"},
		"sign-in at its place": {[]*inventory.Resource{alertRecord("f", "us-east-1", false, true, "s")}, "[sign_in_anomaly]", "false"},
		"sign-in elsewhere":    {[]*inventory.Resource{alertRecord("f", "eu-central-1", false, true, "s")}, "[]", "false"},
		"health by the copy":   {[]*inventory.Resource{alertRecord("f", "us-west-2", false, true, "health")}, "[]", "true"},
		"health in one region": {[]*inventory.Resource{alertRecord("f", "us-east-1", false, true, "health")}, "[]", "false"},
		"health in both":       {[]*inventory.Resource{alertRecord("f", "us-east-1", false, true, "health"), alertRecord("g", "eu-central-1", false, true, "health")}, "[]", "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEstate(append(append([]*inventory.Resource{account(networkNeed, signIn, healthHere, healthCopy)}, used...), c.rules...)...)
			r := e.derive(t, accountRecord)
			if got := said(r, "alerted_events"); got != c.events {
				t.Errorf("alerted of %s; want %s", got, c.events)
			}
			if got := said(r, "service_health_alert"); got != c.health {
				t.Errorf("health %s; want %s", got, c.health)
			}
		})
	}
	e := newEstate(append([]*inventory.Resource{account(networkNeed)}, used...)...)
	e.deny(inventory.ClassAlertRule, "ListRules")
	if got := said(e.derive(t, accountRecord), "alerted_events"); got != "unknown" {
		t.Errorf("without the rules it is alerted of %s; want unknown", got)
	}
}

func TestAccountHoldsData(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		regions []*inventory.Resource
		denied  bool
		want    string
	}{
		"a disk":               {[]*inventory.Resource{regionRecord("eu-central-1", nil), regionRecord("us-east-1", nil, "disks")}, false, "true"},
		"machines only":        {[]*inventory.Resource{regionRecord("us-east-1", nil, "machines")}, false, "false"},
		"disks not told":       {[]*inventory.Resource{regionRecord("us-east-1", unreadDisks, "machines")}, false, "unknown"},
		"a disk all the same":  {[]*inventory.Resource{regionRecord("us-east-1", unreadDisks, "databases")}, false, "true"},
		"regions not listed":   {nil, true, "unknown"},
		"a disk, and unlisted": {[]*inventory.Resource{regionRecord("us-east-1", nil, "disks")}, true, "true"},
	} {
		e := newEstate(append(c.regions, account())...)
		if c.denied {
			e.deny(inventory.ClassRegionUse, "DescribeRegions")
		}
		if got := said(e.derive(t, accountRecord), "holds_data"); got != c.want {
			t.Errorf("%s: %s; want %s", name, got, c.want)
		}
	}
}

func TestAccountBackupPlans(t *testing.T) {
	t.Parallel()
	planned := regionRecord("us-east-1", nil)
	planned.Facts.(*inventory.RegionUse).BackupPlans = 2
	closed := regionRecord("eu-central-1", nil)
	closed.SetUnknown(inventory.Unknown{Cause: inventory.CauseDenied, Permission: "backup:ListBackupPlans"}, "backup_plans")
	closed.MarkFacts()
	for want, regions := range map[string][]*inventory.Resource{
		"2": {planned, closed}, "0": {regionRecord("us-east-1", nil)}, "unknown": {regionRecord("us-east-1", nil), closed},
	} {
		if got := said(newEstate(append(regions, account())...).derive(t, accountRecord), "backup_plans"); got != want {
			t.Errorf("%s plans; want %s", got, want)
		}
	}
}

func TestAdministrators(t *testing.T) {
	t.Parallel()
	person := func(id string, interactive bool) *inventory.Resource {
		return made(id, "aws.iam.user", &inventory.Identity{Interactive: interactive}, "interactive")
	}
	grant := func(id, principal string, worn bool, known ...string) *inventory.Resource {
		g := &inventory.AccessGrant{Principal: principal, Admin: true, MayAdminister: accountRecord, WornByPeople: worn}
		return made(id, "aws.iam.effective_grant", g, append(known, "principal", "may_administer", "worn_by_people")...)
	}
	for name, c := range map[string]struct {
		resources []*inventory.Resource
		want      string
	}{
		"none":                  {nil, "0"},
		"two":                   {[]*inventory.Resource{person("a", true), person("b", true), grant("ga", "a", false, "admin"), grant("gb", "b", false, "admin")}, "2"},
		"twice the same":        {[]*inventory.Resource{person("a", true), grant("g1", "a", false, "admin"), grant("g2", "a", false, "admin")}, "1"},
		"a program":             {[]*inventory.Resource{person("ci", false), grant("g", "ci", false, "admin")}, "0"},
		"perhaps":               {[]*inventory.Resource{person("a", true), grant("g", "a", false)}, "unknown"},
		"people of a directory": {[]*inventory.Resource{person("role", false), grant("g", "role", true, "admin")}, "unknown"},
		"a stranger":            {[]*inventory.Resource{grant("g", "gone", false, "admin")}, "unknown"},
	} {
		if got := said(newEstate(append(c.resources, account())...).derive(t, accountRecord), "administrators"); got != c.want {
			t.Errorf("%s: %s; want %s", name, got, c.want)
		}
	}
}

func TestServiceInRegionsInUse(t *testing.T) {
	t.Parallel()
	const id = "aws:111122223333/security_service/threat_detection"
	plan := func(on bool) []inventory.ServicePlan {
		return []inventory.ServicePlan{{Name: "LOGINS", Workload: "databases", On: on, Engines: []string{"postgres"}}}
	}
	state := func(name string, on bool) inventory.ServiceState {
		return inventory.ServiceState{Region: name, On: on, Plans: plan(on)}
	}
	refused := inventory.ServiceState{Region: "us-east-1", Unread: &inventory.Unknown{Cause: inventory.CauseDenied, Permission: "guardduty:ListDetectors"}}
	bare := inventory.ServiceState{Region: "us-east-1", On: true, Plans: plan(false)}
	used, idle, closed := regionRecord("us-east-1", nil, "databases"), regionRecord("eu-central-1", nil), regionRecord("eu-central-1", unreadDisks)
	for name, c := range map[string]struct {
		states           []inventory.ServiceState
		regions          []*inventory.Resource
		enabled, missing string
	}{
		"on where used":       {[]inventory.ServiceState{state("us-east-1", true), state("eu-central-1", false)}, []*inventory.Resource{used, idle}, "true", "[]"},
		"off where used":      {[]inventory.ServiceState{state("us-east-1", false), state("eu-central-1", true)}, []*inventory.Resource{used, idle}, "false", "[LOGINS in us-east-1]"},
		"without its part":    {[]inventory.ServiceState{bare, state("eu-central-1", false)}, []*inventory.Resource{used, idle}, "true", "[LOGINS in us-east-1]"},
		"refused where used":  {[]inventory.ServiceState{refused, state("eu-central-1", true)}, []*inventory.Resource{used, idle}, "unknown", "unknown"},
		"off, use not known":  {[]inventory.ServiceState{state("us-east-1", true), state("eu-central-1", false)}, []*inventory.Resource{used, closed}, "unknown", "[]"},
		"on, use not known":   {[]inventory.ServiceState{state("us-east-1", true), state("eu-central-1", true)}, []*inventory.Resource{used, closed}, "true", "[]"},
		"nowhere, empty":      {[]inventory.ServiceState{state("eu-central-1", false)}, []*inventory.Resource{idle}, "false", "[]"},
		"region did not come": {[]inventory.ServiceState{state("eu-central-1", true)}, []*inventory.Resource{used, idle}, "unknown", "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := made(id, "aws.guardduty", &inventory.SecurityService{Kind: "threat_detection", States: c.states}, "kind", "states")
			r := newEstate(append(c.regions, service)...).derive(t, id)
			if got := said(r, "enabled"); got != c.enabled {
				t.Errorf("enabled %s; want %s", got, c.enabled)
			}
			if got := said(r, "plans_missing"); got != c.missing {
				t.Errorf("missing %s; want %s", got, c.missing)
			}
		})
	}
	service := made(id, "aws.guardduty", &inventory.SecurityService{States: []inventory.ServiceState{{Region: region, On: true, Plans: plan(true)}}}, "states")
	for engine, want := range map[string]string{"postgres": "true", "oracle-ee": "unknown"} {
		db := made("db", "aws.rds.db_instance", &inventory.Database{Engine: engine}, "engine")
		if got := said(newEstate(db, service).derive(t, "db"), "threat_detected"); got != want {
			t.Errorf("%s: watched %s; want %s", engine, got, want)
		}
	}
}

func TestEndpointProtected(t *testing.T) {
	t.Parallel()
	const id = "aws:111122223333/security_service/malware_protection"
	service := func(on bool) *inventory.Resource {
		return made(id, "aws.guardduty", &inventory.SecurityService{States: []inventory.ServiceState{{
			Region: region, On: on, Plans: []inventory.ServicePlan{{Name: "SCAN", Workload: "machines", On: on}},
		}}}, "states")
	}
	guard := func(healthy bool) *inventory.Resource {
		return made("guard", "aws.guardduty.coverage", &inventory.EndpointGuard{Machine: "m", Healthy: healthy}, "machine", "healthy")
	}
	for name, c := range map[string]struct {
		resources []*inventory.Resource
		want      string
	}{
		"scanned": {[]*inventory.Resource{service(true)}, "true"},
		"healthy": {[]*inventory.Resource{service(false), guard(true)}, "true"},
		"sick":    {[]*inventory.Resource{service(false), guard(false)}, "false"},
		"unread":  {nil, "unknown"},
	} {
		if got := said(newEstate(append(c.resources, machine("m"))...).derive(t, "m"), "endpoint_protected"); got != c.want {
			t.Errorf("%s: %s; want %s", name, got, c.want)
		}
	}
}

func TestApprovedClocks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		servers, approved []string
		want              string
	}{
		"the provider's": {nil, nil, "true"},
		"a stranger":     {[]string{"128.138.140.44"}, nil, "false"},
		"an approved":    {[]string{"128.138.140.44"}, []string{"128.138.140.44"}, "true"},
	} {
		e := newEstate(made("vpc", "aws.ec2.vpc", &inventory.Network{TimeServers: c.servers}, "time_servers"))
		e.settings.TimeSources = c.approved
		if got := said(e.derive(t, "vpc"), "time_source_approved"); got != c.want {
			t.Errorf("%s: %s; want %s", name, got, c.want)
		}
	}
}

func TestShielded(t *testing.T) {
	t.Parallel()
	point := made("lb", "aws.elbv2.load_balancer", &inventory.EntryPoint{})
	if got := said(newEstate(point).derive(t, "lb"), "ddos_protected"); got != "false" {
		t.Errorf("without protection: %s", got)
	}
	shield := made("p", "aws.shield.protection", &inventory.FloodShield{Resource: "lb"}, "resource")
	if got := said(newEstate(point, shield).derive(t, "lb"), "ddos_protected"); got != "true" {
		t.Errorf("with protection: %s", got)
	}
	e := newEstate(point)
	e.deny(inventory.ClassFloodShield, "ListProtections")
	if got := said(e.derive(t, "lb"), "ddos_protected"); got != "unknown" {
		t.Errorf("denied: %s", got)
	}
}

func TestAccountGuardrails(t *testing.T) {
	t.Parallel()
	const here, there, empty = "eu-central-1", "us-east-1", "us-west-2"
	refused := &inventory.Unknown{Cause: inventory.CauseDenied, Permission: "ec2:GetImageBlockPublicAccessState"}
	closed := func(region string) inventory.ServiceState { return inventory.ServiceState{Region: region, On: true} }
	open := func(region string) inventory.ServiceState { return inventory.ServiceState{Region: region} }
	unread := func(region string) inventory.ServiceState {
		return inventory.ServiceState{Region: region, Unread: refused}
	}
	used := []*inventory.Resource{regionRecord(here, nil, "machines"), regionRecord(there, nil, "disks"), regionRecord(empty, nil)}
	for name, c := range map[string]struct {
		guards   []string
		switches []inventory.ServiceState
		regions  []*inventory.Resource
		want     string
	}{
		"closed wherever something is": {nil, []inventory.ServiceState{closed(here), closed(there), open(empty)}, used, "[public_sharing]"},
		"one used region is open":      {nil, []inventory.ServiceState{closed(here), open(there), closed(empty)}, used, "[]"},
		"one used region is unread":    {nil, []inventory.ServiceState{closed(here), unread(there), closed(empty)}, used, "unknown"},
		"an empty region is unread":    {nil, []inventory.ServiceState{closed(here), closed(there), unread(empty)}, used, "[public_sharing]"},
		"open beats unread":            {nil, []inventory.ServiceState{open(here), unread(there), unread(empty)}, used, "[]"},
		"regions unlisted":             {nil, []inventory.ServiceState{unread("*")}, used, "unknown"},
		"a used region is missing":     {nil, []inventory.ServiceState{closed(here)}, used, "unknown"},
		"beside others":                {[]string{"region"}, []inventory.ServiceState{closed(here), closed(there)}, used, "[public_sharing region]"},
		"there already":                {[]string{"public_sharing"}, []inventory.ServiceState{unread(here)}, used, "[public_sharing]"},
		"perhaps in use, and open":     {nil, []inventory.ServiceState{open(here)}, []*inventory.Resource{regionRecord(here, unreadDisks)}, "unknown"},
		"nothing is held anywhere":     {nil, []inventory.ServiceState{unread(here), unread(there)}, []*inventory.Resource{regionRecord(here, nil)}, "[]"},
		"no such switch, other rules":  {[]string{"audit_tamper"}, []inventory.ServiceState{open(here), open(there)}, used, "[audit_tamper]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := made(accountRecord, "aws.account", &inventory.CloudAccount{Guards: c.guards, SharingSwitches: c.switches}, "guards", "sharing_switches")
			if got := said(newEstate(append([]*inventory.Resource{a}, c.regions...)...).derive(t, accountRecord), "guardrails"); got != c.want {
				t.Errorf("%s; want %s", got, c.want)
			}
		})
	}
	if got := said(newEstate(account()).derive(t, accountRecord), "guardrails"); got != "unknown" {
		t.Errorf("policies unread: %s; want unknown", got)
	}
}
