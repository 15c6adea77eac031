package azure

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// subnetRow is a subnet as its network tells of it.
type subnetRow struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Properties struct {
		Prefix   string   `json:"addressPrefix,omitempty"`
		Prefixes []string `json:"addressPrefixes,omitempty"`
		Group    *ref     `json:"networkSecurityGroup,omitempty"`
		Routes   *ref     `json:"routeTable,omitempty"`
		NAT      *ref     `json:"natGateway,omitempty"`
		// EndpointPolicies says whether groups and routes count for private endpoints in the subnet.
		EndpointPolicies string `json:"privateEndpointNetworkPolicies,omitempty"`
	} `json:"properties"`
}

func (s subnetRow) ranges() []string {
	if len(s.Properties.Prefixes) > 0 {
		return s.Properties.Prefixes
	}
	if s.Properties.Prefix != "" {
		return []string{s.Properties.Prefix}
	}
	return nil
}

func subnetsOf(n virtualNetwork) ([]subnetRow, error) {
	if n.Subnets == nil {
		return nil, &errMalformed{errors.New("a network does not tell its subnets")}
	}
	return *n.Subnets, nil
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, inNetwork[subnetRow], inNetwork[subnetRow]]{
	Kind:        "azure.network.subnet",
	Class:       inventory.ClassSubnet,
	Permissions: []string{virtualNetworks.permission()},
	ListAction:  virtualNetworks.action(), ListPermission: virtualNetworks.permission(),
	Global: true, NoLabels: true,
	List:  partsOf(subnetsOf),
	Find:  findPart(subnetsOf, func(i inNetwork[subnetRow]) string { return armID(i.Part.ID) }),
	Facts: subnetFacts,
})

// withoutGroup are subnets of the platform's own services, which cannot hold a group.
var withoutGroup = []string{"gatewaysubnet", "azurefirewallsubnet", "azurefirewallmanagementsubnet",
	"azurebastionsubnet", "routeserversubnet"}

func subnetFacts(_ collectors.Where, i inNetwork[subnetRow]) *inventory.Resource {
	facts := &inventory.Subnet{}
	s := i.Part
	r := inventory.New(armID(s.ID), s.Name, regionOf(i.Network.Row.Location), facts)
	defer leftOut(r, virtualNetworks)
	facts.Network, facts.Ranges = networkOf(armID(s.ID)), s.ranges()
	r.Known("network", "zone")
	if len(facts.Ranges) > 0 {
		r.Known("ranges")
	}
	r.SetNotApplicable("public addresses are resources of their own; none is given by default", "auto_public_address")
	if slices.Contains(withoutGroup, strings.ToLower(s.Name)) {
		r.SetNotApplicable("a subnet of this service cannot hold a group", "firewall_attached")
		return r
	}
	facts.FirewallAttached = s.Properties.Group.id() != ""
	r.Known("firewall_attached")
	return r
}

// subnetsByID are the subnets of the subscription, for what stands in them.
func subnetsByID(ctx context.Context, c *Clients) (map[string]subnetRow, error) {
	return once(c, "subnets", func() (map[string]subnetRow, error) {
		networks, err := keep[virtualNetwork](ctx, c, virtualNetworks)
		out := map[string]subnetRow{}
		for _, n := range networks {
			for _, s := range deref(n.Properties.Subnets) {
				out[armID(s.ID)] = s
			}
		}
		return out, err
	})
}

// around is what a subnet adds to what stands in it.
type around struct {
	// Found says that the subnet is in the subscription.
	Found bool `json:"found"`
	// Group is the group of the subnet, if any.
	Group string `json:"group,omitempty"`
	// EndpointGroups says that groups count for private endpoints as well.
	EndpointGroups bool `json:"endpoint_groups,omitempty"`
}

// aroundOf asks what a subnet adds.
func aroundOf(ctx context.Context, c *Clients, subnet string) collectors.Answer[around] {
	return ask(virtualNetworks.action(), virtualNetworks.permission(), func() (*around, error) {
		byID, err := subnetsByID(ctx, c)
		if err != nil {
			return nil, err
		}
		s, found := byID[armID(subnet)]
		policies := strings.ToLower(s.Properties.EndpointPolicies)
		return &around{Found: found, Group: s.Properties.Group.id(),
			EndpointGroups: policies == "enabled" || policies == "networksecuritygroupenabled"}, nil
	})
}

// knowAround states facts that rest on what a subnet adds. One that is not in the subscription leaves them unknown: its
// group is in another scope.
func knowAround(r *inventory.Resource, a collectors.Answer[around], state func(around), facts ...string) {
	why := a.Unknown()
	if why == nil && !deref(a.Value).Found {
		why = &inventory.Unknown{Cause: inventory.CauseNotCollected, Action: virtualNetworks.action(),
			Permission: virtualNetworks.permission()}
	}
	if why != nil {
		r.SetUnknown(*why, facts...)
		return
	}
	state(*a.Value)
	r.Known(facts...)
}
