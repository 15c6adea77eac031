package gcp

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var networksWay = &way{
	types: []string{"compute.googleapis.com/Network"}, api: computeAPI,
	path: "/compute/v1/projects/{project}/global/networks", items: "items",
	permission: "compute.networks.list", action: "compute.networks.list",
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, asset, networkAnswers]{
	Kind: "gcp.compute.network", Class: inventory.ClassNetwork,
	Permissions: networksWay.permissions(subnetworksWay.permission),
	ListAction:  networksWay.action, ListPermission: networksWay.permission,
	Global: true, NoLabels: true,
	List: networksWay.kept, Find: networksWay.find, Ask: askNetwork, Facts: networkFacts,
})

var (
	_ = collectors.Register(&Sources, collectors.Source[*Clients, asset, asset]{
		Kind: "gcp.compute.implied_rule", Class: inventory.ClassFirewall, Permissions: networksWay.permissions(),
		ListAction: networksWay.action, ListPermission: networksWay.permission,
		Global: true, NoLabels: true, List: networksWay.kept, Find: networksWay.find, Facts: impliedRuleFacts,
	})
	_ = collectors.Register(&Sources, collectors.Source[*Clients, peeringItem, peeringItem]{
		Kind: "gcp.compute.network_peering", Class: inventory.ClassNetworkLink, Permissions: networksWay.permissions(),
		ListAction: networksWay.action, ListPermission: networksWay.permission,
		Global: true, NoLabels: true, List: listPeerings, Facts: peeringFacts,
	})
)

type networkBody struct {
	Name      string        `json:"name"`
	IPv4Range string        `json:"IPv4Range"`
	Peerings  []peeringBody `json:"peerings"`
	// PolicyOrder says whether network policies are asked before or after the network's own rules.
	PolicyOrder string `json:"networkFirewallPolicyEnforcementOrder"`
}

type peeringBody struct {
	Name    string `json:"name"`
	Network string `json:"network"`
	State   string `json:"state"`
}

// networkAnswers is a network with the ranges of its subnetworks: a network has none of its own.
type networkAnswers struct {
	Network asset
	Ranges  collectors.Answer[networkRanges]
}

type networkRanges struct {
	Ranges []string `json:"ranges,omitempty"`
}

func askNetwork(ctx context.Context, c *Clients, n asset) networkAnswers {
	return networkAnswers{n, ask(subnetworksWay.action, subnetworksWay.permission, func() (*networkRanges, error) {
		all, err := c.keep(ctx, subnetworksWay)
		if err != nil {
			return nil, err
		}
		out := &networkRanges{}
		for _, s := range all {
			if b := read[subnetworkBody](s); computeID(b.Network) == idOf(n) {
				out.Ranges = append(out.Ranges, b.ranges()...)
			}
		}
		slices.Sort(out.Ranges)
		return out, nil
	})}
}

func networkFacts(_ collectors.Where, a networkAnswers) *inventory.Resource {
	b := read[networkBody](a.Network)
	facts := &inventory.Network{Legacy: b.IPv4Range != "", Default: b.Name == "default", TimeSourceApproved: true}
	r := begin(a.Network, facts)
	r.Known("default", "legacy")
	collectors.Know(r, a.Ranges, func(v *networkRanges) {
		if facts.Ranges = []string{}; v != nil {
			facts.Ranges = append(facts.Ranges, v.Ranges...)
		}
		if b.IPv4Range != "" {
			facts.Ranges = append(facts.Ranges, b.IPv4Range)
		}
	}, "ranges")
	// Machines take their time from the metadata server; a network has no setting for it.
	r.SetInherent("time_source_approved")
	r.SetNotApplicable("a network names no source of time", "time_servers")
	return r
}

// impliedRuleFacts states the rules every network ends in: what nobody spoke of may leave, and may not enter.
func impliedRuleFacts(_ collectors.Where, a asset) *inventory.Resource {
	network := idOf(a)
	facts := &inventory.Firewall{Network: network, AppliesTo: []string{network}, Rules: []inventory.Rule{{
		ID: "implied allow egress", Egress: true, Tier: tierImplied, Priority: 65535, Protocol: "any", To: 65535,
		// Of the newer addresses a network has none until somebody gives it some.
		Ranges: []string{worldV4},
	}}}
	r := inventory.New(network+"/impliedRules", "implied rules of "+short(network), collectors.Global, facts)
	r.Known("network", "applies_to", "rules", "layer", "is_default", "allows_any")
	outwardsOnly(r)
	return r
}

// peeringItem is one peering with the network it is set on.
type peeringItem struct {
	Network string
	Peering peeringBody
}

func listPeerings(ctx context.Context, c *Clients) iter.Seq2[peeringItem, error] {
	return safely(func(yield func(peeringItem, error) bool) {
		for a, err := range networksWay.kept(ctx, c) {
			if err != nil {
				yield(peeringItem{}, err)
				return
			}
			for _, p := range read[networkBody](a).Peerings {
				if !yield(peeringItem{idOf(a), p}, nil) {
					return
				}
			}
		}
	})
}

// peeringFacts states a peering. Both sides must set it up, so nobody joins without a person of this side; and those
// that Google's services set up lead to Google's own network for this project alone.
func peeringFacts(w collectors.Where, i peeringItem) *inventory.Resource {
	peer := computeID(i.Peering.Network)
	facts := &inventory.NetworkLink{
		Kind: "peering", Networks: []string{i.Network, peer}, PeerOwners: []string{}, AcceptedByHand: true,
		Active: i.Peering.State == "ACTIVE",
	}
	if owner := projectOf(peer); owner != w.Scope.Account() && !strings.HasSuffix(peer, "/networks/servicenetworking") {
		facts.PeerOwners = append(facts.PeerOwners, owner)
	}
	r := inventory.New(i.Network+"/peerings/"+i.Peering.Name, i.Peering.Name, collectors.Global, facts)
	r.Known("kind", "networks", "peer_owners", "accepted_by_hand", "active")
	r.SetNotApplicable("a peering carries traffic inside Google's network without a tunnel", "strong_crypto")
	notAsked(r, "compute.networks.listPeeringRoutes", "compute.networks.listPeeringRoutes", "peer_ranges")
	return r
}
