package reach

import (
	"fmt"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// tagged is the group of the machines of the network that carry a tag.
func tagged(tag string) string { return inventory.Mark("vpc-1", "tag:"+tag) }

// unwornRule is a rule of a network that finds its machines by a group: a filter nothing wears.
func unwornRule(id string, priority int, deny bool, port int, about string, ranges ...string) *inventory.Resource {
	rule := inventory.Rule{ID: id, Tier: 30, Priority: priority, Deny: deny, Protocol: "tcp", From: port, To: port,
		Ranges: ranges, DestinationGroups: []string{about}}
	return unwornFilter(id, about, rule)
}

func unwornFilter(id, about string, rules ...inventory.Rule) *inventory.Resource {
	return made(id, "gcp.compute.firewall", &inventory.Firewall{Network: "vpc-1", AppliesTo: []string{about},
		Rules: rules},
		"network", "applies_to", "rules", "layer", "allows_any", "is_default")
}

// carrying is a machine at a public address whose interface belongs to groups.
func carrying(name, subnet string, groups ...string) []*inventory.Resource {
	i := interfaceOf("eni-"+name, name, subnet, "10.0.1.9", "203.0.113.9")
	i.Facts.(*inventory.NetworkInterface).Groups = append([]string{"vpc-1"}, groups...)
	i.Known("groups")
	i.MarkFacts()
	return []*inventory.Resource{machine(name, "eni-"+name), i}
}

func adminPortsOf(t *testing.T, e *estate, id string) string {
	t.Helper()
	r := e.derive(t, id)
	v, known := r.Value("reachable_admin_ports")
	if !known {
		return "unknown"
	}
	return fmt.Sprint(v)
}

func TestUnwornFilters(t *testing.T) {
	t.Parallel()
	world := "0.0.0.0/0"
	hands := func(next bool, priority int) inventory.Rule {
		return inventory.Rule{Tier: 0, Priority: priority, Deny: true, Next: next, Protocol: "any", To: 65535,
			Ranges: []string{world}, DestinationGroups: []string{"vpc-1"}}
	}
	for name, c := range map[string]struct {
		filters []*inventory.Resource
		want    string
	}{
		"none admits": {nil, "[]"},
		"for a tag it carries": {[]*inventory.Resource{unwornRule("a", 1000, false, 22, tagged("web"), world)},
			"[tcp/22]"},
		"for a tag it does not": {[]*inventory.Resource{unwornRule("a", 1000, false, 22, tagged("db"), world)}, "[]"},
		"for the network":       {[]*inventory.Resource{unwornRule("a", 1000, false, 22, "vpc-1", world)}, "[tcp/22]"},
		"refused before": {[]*inventory.Resource{unwornRule("a", 1000, false, 22, "vpc-1", world), unwornRule("b",
			900, true, 22, tagged("web"), world)}, "[]"},
		"refused after": {[]*inventory.Resource{unwornRule("a", 1000, false, 22, "vpc-1", world), unwornRule("b",
			1100, true, 22, tagged("web"), world)}, "[tcp/22]"},
		"refused for others": {[]*inventory.Resource{unwornRule("a", 1000, false, 22, "vpc-1", world), unwornRule("b",
			900, true, 22, tagged("db"), world)}, "[tcp/22]"},
		"refused in an earlier tier": {[]*inventory.Resource{unwornRule("a", 1, false, 22, "vpc-1", world), unwornFilter("b",
			"vpc-1", hands(false, 9999))}, "[]"},
		"handed on to a later tier": {[]*inventory.Resource{unwornRule("a", 1, false, 22, "vpc-1", world), unwornFilter("b",
			"vpc-1", hands(true, 10), hands(false, 20))}, "[tcp/22]"},
		"handed on too late": {[]*inventory.Resource{unwornRule("a", 1, false, 22, "vpc-1", world), unwornFilter("b",
			"vpc-1", hands(true, 30), hands(false, 20))}, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEstate(append(network(), carrying("i-1", "subnet-public", tagged("web"))...)...)
			e.add(c.filters...)
			if got := adminPortsOf(t, e, "i-1"); got != c.want {
				t.Errorf("reaches %s, want %s", got, c.want)
			}
		})
	}
}

// TestUnwornFiltersUnread wants rules that could not be listed, read or placed to leave the answer open.
func TestUnwornFiltersUnread(t *testing.T) {
	t.Parallel()
	admits := unwornRule("a", 1000, false, 22, "vpc-1", "0.0.0.0/0")
	for name, mend := range map[string]func(*estate){
		"listing refused":   func(e *estate) { e.deny(inventory.ClassFirewall, "ListRules") },
		"network not there": func(e *estate) { delete(e.resources, "vpc-1") },
		"rules not read": func(e *estate) {
			e.add(unwornFilter("b", "vpc-1"))
			e.resources["b"].SetUnknown(inventory.Unknown{Cause: inventory.CauseDenied}, "rules")
		},
		"targets not known": func(e *estate) {
			refuses := unwornRule("b", 900, true, 22, "vpc-1", "0.0.0.0/0")
			refuses.Facts.(*inventory.Firewall).Rules[0].TargetsUnread = true
			e.add(refuses)
		},
		"groups of it unread": func(e *estate) {
			e.resources["eni-i-1"].SetUnknown(inventory.Unknown{Cause: inventory.CauseDenied}, "groups")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEstate(append(network(), carrying("i-1", "subnet-public", tagged("web"))...)...)
			e.add(admits.Copy())
			mend(e)
			if got := adminPortsOf(t, e, "i-1"); got != "unknown" {
				t.Errorf("reaches %s, want unknown", got)
			}
		})
	}
}

// TestUnwornRuleActsBesideOthers judges each rule as it acts: what an earlier one refuses to all it speaks of, it does
// not admit.
func TestUnwornRuleActsBesideOthers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refusal *inventory.Resource
		want    string
	}{
		"alone":                    {unwornRule("b", 1100, true, 22, tagged("web"), "0.0.0.0/0"), "[tcp/22]"},
		"refused to all":           {unwornRule("b", 900, true, 22, "vpc-1", "0.0.0.0/0"), "[]"},
		"refused to the same":      {unwornRule("b", 900, true, 22, tagged("web"), "0.0.0.0/0"), "[]"},
		"refused to some machines": {unwornRule("b", 900, true, 22, tagged("db"), "0.0.0.0/0"), "[tcp/22]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEstate(append(network(), carrying("i-1", "subnet-public", tagged("web"))...)...)
			e.add(unwornRule("a", 1000, false, 22, tagged("web"), "0.0.0.0/0"), c.refusal)
			r := e.derive(t, "a")
			f := r.Facts.(*inventory.Firewall)
			if got := fmt.Sprint(f.WorldAdminPorts); got != c.want {
				t.Errorf("admits %s, want %s", got, c.want)
			}
			if f.Behind == nil || f.Behind.Wearers != 1 {
				t.Errorf("behind it stands %+v, want one machine", f.Behind)
			}
		})
	}
}

// TestRoutesForSome wants a default route for a tag to lead out those alone that carry it, and the better of two routes
// to count.
func TestRoutesForSome(t *testing.T) {
	t.Parallel()
	e := newEstate(append(network(), carrying("i-1", "subnet-1", tagged("out"))...)...)
	e.add(carrying("i-2", "subnet-1")...)
	e.add(subnet("subnet-1", "10.0.3.0/24"), unwornRule("a", 1000, false, 22, "vpc-1", "0.0.0.0/0"))
	out := inventory.Route{Destination: "0.0.0.0/0", To: "internet", Target: "g", Priority: 1000,
		Groups: []string{tagged("out")}}
	routes := &inventory.RouteTable{Network: "vpc-1", Subnets: []string{"subnet-1"}, Routes: []inventory.Route{out}}
	e.add(made("rtb-1", "gcp.compute.route_table", routes, "network", "main", "subnets", "routes"))
	if one, two := adminPortsOf(t, e, "i-1"), adminPortsOf(t, e, "i-2"); one != "[tcp/22]" || two != "[]" {
		t.Errorf("with the tag %s, without %s", one, two)
	}
	routes.Routes = append(routes.Routes, inventory.Route{Destination: "0.0.0.0/0", To: "vpn", Target: "t", Priority: 100})
	if one := adminPortsOf(t, e, "i-1"); one != "[]" {
		t.Errorf("a better route leads elsewhere, and yet %s", one)
	}
	if v, _ := e.derive(t, "subnet-1").Value("routes_to_internet"); v != false {
		t.Errorf("the subnet routes out: %v", v)
	}
}
