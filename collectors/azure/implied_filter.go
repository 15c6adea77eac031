package azure

import (
	"context"
	"iter"
	"net/netip"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// impliedFilter is what Azure does where neither subnet nor interface has a group: what has a standard public address
// is closed to the internet until a group admits, and open to what is inside. It is no resource, so one record stands
// for it.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, impliedFilter, impliedFilter]{
	Kind:        "azure.network.implied_filter",
	Class:       inventory.ClassFirewall,
	Permissions: []string{securityGroups.permission()},
	ListAction:  securityGroups.action(), ListPermission: securityGroups.permission(),
	Global: true, NoLabels: true,
	List:  listImpliedFilter,
	Facts: impliedFilterFacts,
})

// listImpliedFilter yields the record where the groups themselves may be read: who may not must not be told that some
// filter is in order.
func listImpliedFilter(ctx context.Context, c *Clients) iter.Seq2[impliedFilter, error] {
	return func(yield func(impliedFilter, error) bool) {
		if c.export == nil {
			if err := c.permits(ctx, securityGroups.permission()); err != nil {
				yield(impliedFilter{}, err)
				return
			}
		}
		yield(impliedFilter{}, nil)
	}
}

type impliedFilter struct{}

func impliedFilterID(scope inventory.ScopeID) string {
	return string(scope) + "/" + string(inventory.ClassFirewall) + "/without-group"
}

func impliedFilterFacts(w collectors.Where, _ impliedFilter) *inventory.Resource {
	id := impliedFilterID(w.Scope)
	facts := &inventory.Firewall{Layer: layerOf(id, false), Rules: []inventory.Rule{
		{ID: "inside", Priority: 1, Protocol: "any", To: 65535, Ranges: insideRanges},
		{ID: "internet", Priority: 2, Protocol: "any", To: 65535, Deny: true, Ranges: everybody},
		{ID: "outbound", Priority: 1, Protocol: "any", To: 65535, Egress: true, Ranges: everybody},
	}}
	r := inventory.New(id, "no security group", collectors.Global, facts)
	r.Known("network", "layer", "rules")
	r.SetInherent("world_all_ports", "world_admin_ports", "world_data_ports", "world_legacy_ports")
	r.SetNotApplicable("it is what stands where no group is", "is_default", "allows_any", "egress_world_all")
	return r
}

var applicationGroups = rowsOf{typ: "Microsoft.Network/applicationSecurityGroups", version: "2024-05-01"}

// An application security group names interfaces for rules. It filters nothing itself.
var _ = register("azure.network.application_security_group", inventory.ClassAddressList, applicationGroups,
	func(_ collectors.Where, s seen[struct{}]) *inventory.Resource {
		r := described(s, &inventory.AddressList{})
		r.Known("ranges")
		return r
	})

// isRange says whether a word is an address or a range of them.
func isRange(word string) bool {
	if first, last, ok := strings.Cut(word, "-"); ok {
		return isRange(first) && isRange(last)
	}
	if _, err := netip.ParsePrefix(word); err == nil {
		return true
	}
	_, err := netip.ParseAddr(word)
	return err == nil
}
