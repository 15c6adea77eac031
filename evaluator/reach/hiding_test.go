package reach

import (
	"fmt"
	"reflect"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// verdicts tell for each attribute which of its values fail: one value of a bool, or any list but the empty one.
var verdicts = map[inventory.Class]map[string]func(any) bool{
	inventory.ClassFirewall: {
		"world_all_ports": is(true), "world_admin_ports": listed, "world_data_ports": listed, "world_legacy_ports": listed,
		"egress_world_all": is(true),
	},
	inventory.ClassComputeInstance: {
		"reachable_admin_ports": listed, "reachable_data_ports": listed, "ingress_only_from_load_balancer": is(false),
		"database_ingress_app_only": is(false), "session_brokered": is(false), "public_address": is(true),
		"exposure": func(v any) bool { return v == "open" || v == "load_balancer" },
	},
	inventory.ClassDatabase: {
		"public_access": is(true), "world_range": is(true), "ingress_app_only": is(false), "private_network": is(false),
	},
	inventory.ClassCloudAccount: {"environments": func(v any) bool { return reflect.ValueOf(v).Len() > 1 }},
	inventory.ClassSubnet:       {"routes_to_internet": is(true), "flow_logged": is(false)},
	inventory.ClassNetwork:      {"default_in_use": is(true)},
	inventory.ClassNetworkLink:  {"peer_known": is(false), "crosses_environment": is(true)},
	inventory.ClassEntryPoint: {
		"plaintext_listener": is(true), "waf_attached": is(false), "origin_tls": is(false), "origin_exists": is(false),
		"firewall_ports": func(v any) bool { return fmt.Sprint(v) != "[tcp/443]" && fmt.Sprint(v) != "[]" },
	},
}

func is(bad bool) func(any) bool { return func(v any) bool { return v == bad } }

func listed(v any) bool { return reflect.ValueOf(v).Len() > 0 }

// weighed are the checks whose severity rests on many resources, with the attribute that fails them.
var weighed = []struct {
	class       inventory.Class
	check, name string
	base        evaluator.Severity
}{
	{inventory.ClassFirewall, "firewall-all-ports-world-open", "world_all_ports", evaluator.Critical},
	{inventory.ClassFirewall, "firewall-admin-port-world-open", "world_admin_ports", evaluator.High},
	{inventory.ClassFirewall, "firewall-data-port-world-open", "world_data_ports", evaluator.High},
	{inventory.ClassFirewall, "firewall-legacy-port-world-open", "world_legacy_ports", evaluator.High},
	{inventory.ClassComputeInstance, "self-hosted-database-ingress-from-app-only", "database_ingress_app_only",
		evaluator.High},
	{inventory.ClassDatabase, "database-ingress-from-app-only", "ingress_app_only", evaluator.High},
	{inventory.ClassDatabase, "database-not-public", "public_access", evaluator.Critical},
	{inventory.ClassDatabase, "database-no-world-range", "world_range", evaluator.Critical},
}

func drawRules(t *rapid.T, groups []string, name string) []inventory.Rule {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) inventory.Rule {
		port := rapid.SampledFrom([]int{22, 23, 80, 443, 5432, 9200, 0}).Draw(t, "port")
		r := inventory.Rule{Protocol: "tcp", From: port, To: port}
		if port == 0 {
			r.Protocol, r.To = rapid.SampledFrom([]string{"any", "tcp"}).Draw(t, "protocol"), 65535
		}
		switch rapid.IntRange(0, 5).Draw(t, "source") {
		case 0, 1:
			r.Ranges = []string{"0.0.0.0/0"}
		case 2:
			r.Ranges = []string{rapid.SampledFrom([]string{"10.0.2.0/24", "10.0.0.0/16", "198.51.100.0/24", "10.8.0.0/16",
				"::/0"}).Draw(t, "range")}
		case 3:
			r.Lists = []string{"list-1"}
		case 4:
			r.Ranges = []string{"0.0.0.0/1", "128.0.0.0/1"}
		default:
			r.Groups = []string{rapid.SampledFrom(groups).Draw(t, "group")}
		}
		r.Egress = rapid.IntRange(0, 4).Draw(t, "egress") == 0
		return r
	}), 0, 4).Draw(t, name)
}

func drawACL(t *rapid.T, name string) []inventory.Rule {
	if rapid.Bool().Draw(t, name+" open") {
		return openACL
	}
	rules := []inventory.Rule{numbered(500, false, true, "any", 0, 65535, "0.0.0.0/0")}
	for n := 1; n <= rapid.IntRange(1, 4).Draw(t, name); n++ {
		port := rapid.SampledFrom([]int{22, 80, 5432, 0}).Draw(t, "port")
		to := port
		if port == 0 {
			to = 65535
		}
		rules = append(rules, numbered(n*100, rapid.Bool().Draw(t, "deny"), rapid.IntRange(0, 3).Draw(t, "egress") == 0,
			"tcp", port, to,
			rapid.SampledFrom([]string{"0.0.0.0/0", "10.0.0.0/8", "0.0.0.0/1"}).Draw(t, "range")))
	}
	return rules
}

// drawEstate makes a small network with machines, a database, a balancer and a link, any of which may be wired anyhow.
func drawEstate(t *rapid.T) *estate {
	groups := []string{"sg-1", "sg-2", "sg-3"}
	subnets := []string{"subnet-public", "subnet-private"}
	e := newEstate(network()...)
	e.settings.Environments = map[inventory.ScopeID]string{home: rapid.SampledFrom([]string{"production",
		"test"}).Draw(t, "env")}
	e.add(acl("acl-1", drawACL(t, "acl"), subnets...))
	for _, id := range groups {
		e.add(group(id, drawRules(t, groups, id)...))
	}
	e.add(made("list-1", "aws.ec2.prefix_list", &inventory.AddressList{Ranges: []string{
		rapid.SampledFrom([]string{"0.0.0.0/0", "10.0.2.0/24", "203.0.113.0/24"}).Draw(t, "list")}}, "ranges"))
	for _, id := range []string{"i-1", "i-2", "i-3"} {
		m := machine(id, "eni-"+id)
		if app := rapid.SampledFrom([]string{"", "shop", "blog"}).Draw(t, "application"); app != "" {
			labelledAs(m, "application", app)
		}
		public := rapid.SampledFrom([]string{"", "", "203.0.113.7", "2a00::7"}).Draw(t, "public")
		e.add(m, interfaceOf("eni-"+id, id, rapid.SampledFrom(subnets).Draw(t, "subnet"), "10.0.2."+id[2:]+"0", public,
			rapid.SliceOfNDistinct(rapid.SampledFrom(groups), 1, 2, rapid.ID).Draw(t, "groups")...))
	}
	if rapid.Bool().Draw(t, "balancer") {
		e.add(entry("lb-1", rapid.SampledFrom([]int{80, 443}).Draw(t, "listener"), "tg-1", rapid.SampledFrom(groups).Draw(t,
			"lb group")),
			targets("tg-1", "lb-1", rapid.SampledFrom([]int{22, 80, 9200}).Draw(t, "target"), rapid.SampledFrom([]string{"i-1",
				"eni-i-2"}).Draw(t, "member")))
	}
	if rapid.Bool().Draw(t, "link") {
		e.add(made("pcx-1", "aws.ec2.peering", &inventory.NetworkLink{Kind: "peering", Networks: []string{"vpc-1"},
			PeerOwners:     []string{rapid.SampledFrom([]string{"111122223333", "999999999999"}).Draw(t, "owner")},
			AcceptedByHand: true, PeerRanges: []string{"10.8.0.0/16"}, Active: true}, "kind", "networks", "peer_owners",
			"peer_ranges", "active", "accepted_by_hand"))
	}
	if rapid.Bool().Draw(t, "flow log") {
		e.add(made("fl-1", "aws.ec2.flow_log", &inventory.FlowLog{Resource: "vpc-1", Active: true, Traffic: "all"},
			"resource", "active", "traffic"))
	}
	e.add(labelledAs(made("db-1", "aws.rds.db_instance", &inventory.Database{Family: "relational", Endpoint: "network",
		Port:          5432,
		PublicAddress: rapid.Bool().Draw(t, "db public"), Network: "vpc-1",
		Subnets:   []string{rapid.SampledFrom(subnets).Draw(t, "db subnet")},
		Firewalls: []string{rapid.SampledFrom(groups).Draw(t, "db group")}},
		"family", "endpoint", "port", "public_endpoint", "network", "subnets", "firewalls", "source"), "application", "shop"))
	return e
}

// hide takes one thing away: a resource, a listing, or a fact; and says what it was.
func (e *estate) hide(t *rapid.T) (*estate, string) {
	h := &estate{resources: map[string]*inventory.Resource{}, missing: map[inventory.Class][]inventory.Unknown{},
		settings: e.settings, own: e.own}
	var ids []string
	for id, r := range e.resources {
		h.resources[id] = r
		ids = append(ids, id)
	}
	sort.Strings(ids)
	victim := h.resources[rapid.SampledFrom(ids).Draw(t, "victim")]
	denied := inventory.Unknown{Cause: inventory.CauseDenied, Action: "Describe", Permission: "x:Describe"}
	switch rapid.IntRange(0, 2).Draw(t, "how") {
	case 0:
		delete(h.resources, victim.ID)
		h.missing[victim.Class] = []inventory.Unknown{denied}
		return h, "resource " + victim.ID
	case 1:
		for id, r := range h.resources {
			if r.Class == victim.Class {
				delete(h.resources, id)
			}
		}
		h.missing[victim.Class] = []inventory.Unknown{denied}
		return h, "every " + string(victim.Class)
	default:
		var names []string
		for _, a := range victim.Schema().Attributes {
			if victim.IsKnown(a.Name) && a.Name != "wearer_type" {
				names = append(names, a.Name)
			}
		}
		name := rapid.SampledFrom(names).Draw(t, "fact")
		c := victim.Copy()
		v := reflect.ValueOf(c.Facts).Elem()
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") == name {
				v.Field(i).SetZero()
			}
		}
		if name == "labels_read" {
			c.Labels = map[string]string{}
		}
		c.SetUnknown(denied, name)
		c.MarkFacts()
		h.resources[c.ID] = c
		// A fact that makes an edge is known to be missing by its listing: the cloud did not say where the thing belongs.
		if a := c.Schema().Attribute(name); a.Link != "" {
			h.missing[c.Class] = []inventory.Unknown{denied}
		}
		return h, name + " of " + c.ID
	}
}

func TestHidingNeverImproves(t *testing.T) {
	t.Parallel()
	neverImproves(t, drawEstate)
}

// neverImproves takes one thing away from each estate that is drawn, and compares what is derived.
func neverImproves(t *testing.T, draw func(*rapid.T) *estate) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		full := draw(t)
		less, what := full.hide(t)
		for id, r := range full.resources {
			if less.resources[id] == nil {
				continue
			}
			was, now := r.Copy(), less.resources[id].Copy()
			Derive(was, full)
			Derive(now, less)
			for name, bad := range verdicts[r.Class] {
				before, known := was.Value(name)
				after, still := now.Value(name)
				switch {
				case !still || now.NotApplicable[name] != "":
				case !known && was.NotApplicable[name] == "" && !bad(after):
					t.Fatalf("without %s, %s of %s is %v; it was unknown (%+v)", what, name, id, after, was.Why(name))
				case known && bad(before) != bad(after):
					t.Fatalf("without %s, %s of %s is %v; it was %v", what, name, id, after, before)
				}
				if known && bad(before) && now.NotApplicable[name] != "" && name != "database_ingress_app_only" {
					t.Fatalf("without %s, %s of %s is not asked; it was %v", what, name, id, before)
				}
			}
			compareSeverities(t, full, less, was, now, what)
		}
	})
}

// compareSeverities: what is missing may keep a severity at its base, and never brings one below where it was.
func compareSeverities(t *rapid.T, full, less *estate, was, now *inventory.Resource, what string) {
	for _, w := range weighed {
		if w.class != was.Class {
			continue
		}
		before, known := was.Value(w.name)
		after, still := now.Value(w.name)
		bad := verdicts[w.class][w.name]
		if !known || !still || !bad(before) || !bad(after) {
			continue
		}
		first, reasons := fails(full, was, w.check, w.base)
		second, later := fails(less, now, w.check, w.base)
		base := w.base.Rank()
		if full.settings.Environments[home] == "test" {
			base--
		}
		if floor := min(first.Rank(), base); second.Rank() < floor {
			t.Fatalf("without %s, %s on %s weighs %s; it was %s\nbefore %+v\nafter %+v", what, w.check, was.ID, second, first,
				reasons, later)
		}
	}
}
