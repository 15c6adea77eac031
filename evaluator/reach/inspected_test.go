package reach

import (
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// TestInspectedUnread wants an entry point without a web firewall to be unknown, not bare, while one of its scope does
// not tell what it inspects; and one that is known to be inspected to stay so.
func TestInspectedUnread(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		others []*inventory.Resource
		want   any
	}{
		"none":                        {nil, false},
		"one that inspects others":    {[]*inventory.Resource{inspecting("waf-1", "lb-2")}, false},
		"one that inspects it":        {[]*inventory.Resource{inspecting("waf-1", "lb-1")}, true},
		"one that does not tell":      {[]*inventory.Resource{silent("waf-2")}, nil},
		"one of either kind":          {[]*inventory.Resource{silent("waf-2"), inspecting("waf-1", "lb-1")}, true},
		"a silent one, one of others": {[]*inventory.Resource{silent("waf-2"), inspecting("waf-1", "lb-2")}, nil},
	} {
		e := newEstate(network()...)
		e.add(group("sg-lb", tcp(443, 443, "0.0.0.0/0")), entry("lb-1", 443, "tg-1", "sg-lb"), targets("tg-1", "lb-1", 80))
		e.add(c.others...)
		r := e.derive(t, "lb-1")
		v, known := r.Value("waf_attached")
		if c.want == nil && known || c.want != nil && (!known || v != c.want) {
			t.Errorf("with %s, a web firewall is attached: %v (known %v), want %v", name, v, known, c.want)
		}
		if c.want == nil && r.Why("waf_attached").Cause != inventory.CauseDenied {
			t.Errorf("with %s, it is unknown for %+v", name, r.Why("waf_attached"))
		}
	}
}

func inspecting(id, what string) *inventory.Resource {
	return made(id, "azure.network.front_door_waf_policy",
		&inventory.WebFirewall{Resources: []string{what}, Blocking: true}, "resources", "blocking")
}

func silent(id string) *inventory.Resource {
	r := made(id, "azure.network.front_door_waf_policy", &inventory.WebFirewall{}, "blocking")
	r.Facts.(*inventory.WebFirewall).Unread = string(r.Scope)
	r.SetUnknown(inventory.Unknown{Cause: inventory.CauseDenied, Permission: "read"}, "resources")
	r.Known("unread")
	r.MarkFacts()
	return r
}
