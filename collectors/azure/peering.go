package azure

import (
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// peeringRow is a peering as its network tells of it.
type peeringRow struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Properties struct {
		State       string        `json:"peeringState,omitempty"`
		Access      *bool         `json:"allowVirtualNetworkAccess,omitempty"`
		Remote      *ref          `json:"remoteVirtualNetwork,omitempty"`
		RemoteSpace *addressSpace `json:"remoteAddressSpace,omitempty"`
	} `json:"properties"`
}

func peeringsOf(n virtualNetwork) ([]peeringRow, error) { return deref(n.Peerings), nil }

var _ = collectors.Register(&Sources, collectors.Source[*Clients, inNetwork[peeringRow], inNetwork[peeringRow]]{
	Kind:        "azure.network.virtual_network_peering",
	Class:       inventory.ClassNetworkLink,
	Permissions: []string{virtualNetworks.permission()},
	ListAction:  virtualNetworks.action(), ListPermission: virtualNetworks.permission(),
	Global: true, NoLabels: true,
	List:  partsOf(peeringsOf),
	Find:  findPart(peeringsOf, func(i inNetwork[peeringRow]) string { return armID(i.Part.ID) }),
	Facts: peeringFacts,
})

func peeringFacts(_ collectors.Where, i inNetwork[peeringRow]) *inventory.Resource {
	facts := &inventory.NetworkLink{Kind: "peering", AcceptedByHand: true}
	p := i.Part
	r := inventory.New(armID(p.ID), p.Name, regionOf(i.Network.Row.Location), facts)
	defer leftOut(r, virtualNetworks)
	// Either side must ask for the other: a peering that one side alone made carries nothing.
	r.Known("kind", "accepted_by_hand")
	r.SetNotApplicable("traffic stays on the provider's network", "strong_crypto")
	network, remote := above(armID(p.ID), "/virtualnetworkpeerings/"), p.Properties.Remote.id()
	if remote != "" {
		facts.Networks = []string{network, remote}
		r.Known("networks")
	}
	// The network of a virtual hub lies in a subscription of the provider, which says nothing of who else hangs on it.
	if owner := subscriptionOf(remote); owner != "" && !strings.HasPrefix(lastOf(remote), "hv_") {
		facts.PeerOwners = []string{owner}
		r.Known("peer_owners")
	}
	if p.Properties.RemoteSpace != nil {
		facts.PeerRanges = p.Properties.RemoteSpace.Prefixes
		r.Known("peer_ranges")
	}
	if p.Properties.State != "" {
		facts.Active = lower(p.Properties.State) == "connected" && (p.Properties.Access == nil || *p.Properties.Access)
		r.Known("active")
	}
	return r
}
