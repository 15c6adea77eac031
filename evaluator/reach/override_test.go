package reach

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const internet = "0.0.0.0/0"

// before is a rule that is asked before every filter.
func before(priority int, deny, next bool, ranges ...string) inventory.Rule {
	return inventory.Rule{Tier: -1, Priority: priority, Deny: deny || next, Next: next, Protocol: "tcp", From: 22, To: 22,
		Ranges: ranges}
}

func refuses(priority int, ranges ...string) inventory.Rule {
	return before(priority, true, false, ranges...)
}
func handsOn(priority int) inventory.Rule { return before(priority, false, true, internet) }
func forGood(priority int) inventory.Rule { return before(priority, false, false, internet) }

// overridden is a machine at a public address behind filters of two layers, with rules that are asked before both.
func overridden(subnet, own *inventory.Resource, first ...inventory.Rule) *estate {
	over := made("admin", "azure.network.security_admin_rules", &inventory.Firewall{Network: "vpc-1", Rules: first},
		"network", "layer", "rules", "allows_any")
	var worn []string
	for _, f := range []*inventory.Resource{subnet, own} {
		if f != nil {
			worn = append(worn, f.ID)
		}
	}
	i := interfaceOf("eni-1", "i-1", "subnet-public", "10.0.1.9", "203.0.113.9", worn...)
	i.Facts.(*inventory.NetworkInterface).Overrides = []string{"admin"}
	i.Known("overrides")
	i.MarkFacts()
	e := newEstate(append(network(), machine("i-1", "eni-1"), i, over)...)
	for _, f := range []*inventory.Resource{subnet, own} {
		if f != nil {
			e.add(f)
		}
	}
	return e
}

// ordered is a filter in a layer of its own that refuses all but some ports of the world.
func ordered(id string, layer int, admitted ...int) *inventory.Resource {
	f := &inventory.Firewall{Network: "vpc-1", Layer: layer}
	for i, port := range admitted {
		rule := tcp(port, port, internet)
		rule.Priority = 100 + i
		f.Rules = append(f.Rules, rule)
	}
	f.Rules = append(f.Rules, inventory.Rule{Deny: true, Priority: 65500, Protocol: "any", To: 65535,
		Ranges: []string{internet, "::/0"}})
	return made(id, "azure.network.security_group", f, "network", "layer", "rules", "allows_any")
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	open, closed := func(layer int) *inventory.Resource { return ordered(fmt.Sprint("open-", layer), layer, 22) },
		func(layer int) *inventory.Resource { return ordered(fmt.Sprint("closed-", layer), layer) }
	type rules = []inventory.Rule
	theRest := inventory.Rule{Tier: -1, Priority: 9, Deny: true, Protocol: "any", To: 65535, Ranges: []string{internet}}
	for name, c := range map[string]struct {
		subnet, own *inventory.Resource
		first       rules
		want        string
	}{
		"says nothing":           {open(1), ordered("b", 2, 22, 3389), nil, "[tcp/22]"},
		"refuses":                {open(1), open(2), rules{refuses(1, internet)}, "[]"},
		"refuses others":         {open(1), open(2), rules{refuses(1, "198.51.100.0/24")}, "[tcp/22]"},
		"hands on, one admits":   {open(1), closed(2), rules{handsOn(1)}, "[]"},
		"hands on, both admit":   {open(1), open(2), rules{handsOn(1), refuses(2, internet)}, "[tcp/22]"},
		"hands on too late":      {open(1), open(2), rules{handsOn(2), refuses(1, internet)}, "[]"},
		"admits for good":        {closed(1), closed(2), rules{forGood(1)}, "[tcp/22]"},
		"admits after it denied": {open(1), open(2), rules{forGood(2), refuses(1, internet)}, "[]"},
		"refuses, no filter":     {nil, nil, rules{forGood(5), refuses(1, internet), theRest}, "[]"},
		"hands on, no filter":    {nil, nil, rules{handsOn(1), theRest}, "[tcp/22]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := adminPortsOf(t, overridden(c.subnet, c.own, c.first...), "i-1"); got != c.want {
				t.Errorf("reaches %s, want %s", got, c.want)
			}
		})
	}
}

// TestOverridesUnread takes away what is asked first: neither an open nor a closed filter then proves anything.
func TestOverridesUnread(t *testing.T) {
	t.Parallel()
	lose := func(r *inventory.Resource, fact string) {
		r.SetUnknown(inventory.Unknown{Cause: inventory.CauseDenied, Action: "rules of managers"}, fact)
		r.MarkFacts()
	}
	for name, spoil := range map[string]func(*estate){
		"which they are": func(e *estate) { lose(e.resources["eni-1"], "overrides") },
		"what they say":  func(e *estate) { lose(e.resources["admin"], "rules") },
		"their record":   func(e *estate) { delete(e.resources, "admin") },
	} {
		for state, own := range map[string]*inventory.Resource{"open": ordered("b", 2, 22), "closed": ordered("b", 2)} {
			e := overridden(nil, own)
			spoil(e)
			if got := adminPortsOf(t, e, "i-1"); got != "unknown" {
				t.Errorf("without %s, a machine behind a filter that is %s reaches %s; want it unknown", name, state, got)
			}
		}
	}
}

// TestOverridesTold wants what admits for good to be told once, and to be judged by what stands behind it.
func TestOverridesTold(t *testing.T) {
	t.Parallel()
	e := overridden(ordered("a", 1), ordered("b", 2), forGood(7))
	m := e.derive(t, "i-1").Facts.(*inventory.ComputeInstance)
	if len(m.Paths) != 1 {
		t.Fatalf("%d ways", len(m.Paths))
	}
	told := 0
	for _, h := range m.Paths[0].Hops {
		if h.Resource == "admin" && strings.Contains(h.Detail, "rule 7 admits") && h.Opens {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the rule that opens is told %d times: %+v", told, m.Paths[0].Hops)
	}
	f := e.derive(t, "admin").Facts.(*inventory.Firewall)
	if b := f.Behind; b.Wearers != 1 || b.Exposure != "open" || !slices.Equal(b.OpenPorts, []string{"tcp/22"}) ||
		fmt.Sprint(f.WorldAdminPorts) != "[tcp/22]" {
		t.Errorf("admits %v, behind it %+v", f.WorldAdminPorts, b)
	}
}
