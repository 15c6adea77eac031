package evaluator

import (
	"slices"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// inContext is a failing resource in production, labelled with nothing.
func inContext(facts any, known ...string) *inventory.Resource {
	r := inventory.New("r-1", "r-1", "eu-central-1", facts)
	r.Kind, r.Scope, r.CarriesLabels, r.Labels = "aws.test.thing", "aws:111122223333", true, map[string]string{}
	r.Envelope.Environment = "production"
	r.Known(append(known, "environment", "data_classification", "owner")...)
	return r
}

// judged gives the severity and the rules that moved it, in order.
func judged(check string, base Severity, r *inventory.Resource) (Severity, []string) {
	s := inventory.Defaults()
	j := InContext(Judgement{Check: &Check{ID: check, Severity: base}, Verdict: Fail, Base: base, Severity: base}, r, &s)
	var rules []string
	for _, reason := range j.Reasons {
		rules = append(rules, reason.Rule)
	}
	return j.Severity, rules
}

func TestContextRules(t *testing.T) {
	t.Parallel()
	env := func(r *inventory.Resource, environment, classification string) *inventory.Resource {
		r.Envelope.Environment, r.Envelope.DataClassification = environment, classification
		return r
	}
	openMachine := func(environment string) *inventory.Resource {
		return env(inContext(&inventory.ComputeInstance{Exposure: "open", Privileged: true}, "exposure",
			"identity_privileged"), environment, "")
	}
	azure := inContext(&inventory.ComputeInstance{}, "exposure")
	azure.Kind = "azure.compute.virtual_machine"
	declared := env(inContext(&inventory.ObjectStorage{}, "holds_records"), "production", "public")
	declared.Labels["public"] = "true"
	records := env(inContext(&inventory.ObjectStorage{HoldsRecords: true}, "holds_records"), "production", "public")
	records.Labels["public"] = "true"
	undeclared := env(inContext(&inventory.ObjectStorage{}, "holds_records"), "production", "public")
	recordsUnread := env(inContext(&inventory.ObjectStorage{}), "production", "public")
	recordsUnread.Labels["public"] = "true"
	noEnvironment := inContext(&inventory.Subnet{})
	noEnvironment.SetUnknown(inventory.Unknown{Cause: inventory.CauseLabelMissing}, "environment")
	entry := func(redirects bool, scope string, ports ...string) *inventory.Resource {
		return inContext(&inventory.EntryPoint{FirewallPorts: ports, PlaintextOnlyRedirects: redirects, FilterScope: scope},
			"firewall_ports", "plaintext_only_redirects", "filter_scope")
	}
	cases := []struct {
		name  string
		check string
		base  Severity
		r     *inventory.Resource
		want  Severity
		rules []string
	}{
		{"production stays", "subnet-flow-logged", Medium, inContext(&inventory.Subnet{}), Medium, nil},
		{"C6: 80 only redirects", "entry-point-firewall-only-443", Medium, entry(true, "world", "tcp/80", "tcp/443"), Low,
			[]string{"C6"}},
		{"C6: 80 serves", "entry-point-firewall-only-443", Medium, entry(false, "world", "tcp/80", "tcp/443"), Medium, nil},
		{"C6: another port", "entry-point-firewall-only-443", Medium, entry(true, "world", "tcp/80", "tcp/443", "tcp/8080"),
			Medium, nil},
		{"C11: listed partners", "entry-point-waf-attached", High, entry(true, "listed"), Low, []string{"C11"}},
		{"C11: the world", "entry-point-waf-attached", High, entry(true, "world"), High, nil},
		{"C10: a test subnet", "subnet-flow-logged", Medium, env(inContext(&inventory.Subnet{}), "test", ""), Low,
			[]string{"C10"}},
		{"C10: with personal data", "database-tls-required", High, env(inContext(&inventory.Database{}), "test",
			"personal"), Critical, []string{"C14"}},
		{"C10: not for identities", "identity-idle-disabled", Medium, env(inContext(&inventory.Identity{}), "test", ""),
			Medium, nil},
		{"C10: not for public data", "snapshot-not-public", Critical, env(inContext(&inventory.Snapshot{}), "test", ""),
			Critical, nil},
		{"C10: nothing below low", "disk-unattached-removed", Low, env(inContext(&inventory.Disk{}), "test", ""), Low, nil},
		{"C12: environment not known", "subnet-flow-logged", Medium, noEnvironment, Medium, []string{"C12"}},
		{"C7: an open administrator", "instance-metadata-hardened", High, openMachine("production"), Critical,
			[]string{"C7"}},
		{"C7 after C10", "instance-metadata-hardened", High, openMachine("development"), High, []string{"C10", "C7"}},
		{"C7: not above critical", "instance-admin-port-reachable", Critical, openMachine("production"), Critical,
			[]string{"C7"}},
		{"C13: one cloud's young setting", "instance-metadata-hardened", High, azure, Medium, []string{"C13"}},
		{"C14: personal data", "data-backed-up", Medium, env(inContext(&inventory.Disk{}), "production", "Personal"), High,
			[]string{"C14"}},
		{"C14: not for networks", "subnet-flow-logged", Medium, env(inContext(&inventory.Subnet{}), "production",
			"personal"), Medium, nil},
		{"C15: declared", "object-storage-not-public-by-policy", Critical, declared, Low, []string{"C15"}},
		{"C15: classified only", "object-storage-not-public-by-policy", Critical, undeclared, Critical, nil},
		{"C15: holds records", "object-storage-not-public-by-policy", Critical, records, Critical, nil},
		{"C15: records not known", "object-storage-not-public-by-policy", Critical, recordsUnread, Critical, []string{"C12"}},
		{"C8: admission not known", "database-ingress-from-app-only", High, inContext(&inventory.Database{}), High,
			[]string{"C12"}},
		{"C9: admission not known", "database-not-public", Critical, inContext(&inventory.Database{PublicAccess: true}),
			Critical, []string{"C12"}},
		{"C1 to C5: nothing known behind", "firewall-legacy-port-world-open", High, inContext(&inventory.Firewall{}), High,
			[]string{"C12"}},
	}
	for _, c := range cases {
		got, rules := judged(c.check, c.base, c.r)
		if got != c.want || !slices.Equal(rules, c.rules) {
			t.Errorf("%s: %s by %v, want %s by %v", c.name, got, rules, c.want, c.rules)
		}
	}
}

func TestContextLeavesOtherVerdictsAlone(t *testing.T) {
	t.Parallel()
	s := inventory.Defaults()
	r := inContext(&inventory.Subnet{})
	r.Envelope.Environment = "test"
	for _, v := range []Verdict{None, Pass, Unknown} {
		j := InContext(Judgement{Check: &Check{ID: "subnet-flow-logged"}, Verdict: v, Base: Medium, Severity: Medium}, r, &s)
		if j.Severity != Medium || j.Reasons != nil || j.Verdict != v {
			t.Errorf("a verdict %q was moved: %+v", v, j)
		}
	}
}

// TestPrivilegedFilter moves a filter finding by what stands behind it, without a walk.
func TestPrivilegedFilter(t *testing.T) {
	t.Parallel()
	b := &inventory.Behind{Wearers: 2, Exposure: "open", OpenPorts: []string{"tcp/20-30"}, OpenAt: "2a00::7",
		OpenMachine: "i-1", Privileged: "i-1",
		Shadowed: []string{"rule 200"}}
	r := inContext(&inventory.Firewall{WorldLegacyPorts: []string{"tcp/23"}, WorldAdminPorts: []string{"tcp/3389"},
		Behind: b},
		"behind", "world_legacy_ports", "world_admin_ports")
	s := inventory.Defaults()
	j := InContext(Judgement{Check: &Check{ID: "firewall-legacy-port-world-open"}, Verdict: Fail, Base: High,
		Severity: High}, r, &s)
	if j.Severity != Critical || len(j.Reasons) != 2 || j.Reasons[0].Severity != High {
		t.Errorf("an open administrator on a legacy port weighs %s by %+v", j.Severity, j.Reasons)
	}
	want := "Reachable from the internet at [2a00::7]:23. An earlier refusal shadows rule 200."
	if j.Reasons[0].Text != want {
		t.Errorf("the reason is %q, want %q", j.Reasons[0].Text, want)
	}
	// The port that fails is not the one that is open.
	if got, rules := judged("firewall-admin-port-world-open", High, r); got != Low || !slices.Equal(rules,
		[]string{"C2"}) {
		t.Errorf("a port nobody reaches weighs %s by %v", got, rules)
	}
}
