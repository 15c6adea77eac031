package azure

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var (
	errNoSuchAddress = errors.New("an interface names a public address that is not listed")
	errNoFrontends   = errors.New("a front door does not tell its frontends")
	errNoSuchGallery = errors.New("an image names a gallery that is not listed")
)

var networkInterfaces = rowsOf{typ: "Microsoft.Network/networkInterfaces", version: "2024-05-01"}

// networkInterface is what is read of an interface, of a machine or of an instance of a scale set.
type networkInterface struct {
	Machine  *ref             `json:"virtualMachine,omitempty"`
	Endpoint *ref             `json:"privateEndpoint,omitempty"`
	Service  *ref             `json:"privateLinkService,omitempty"`
	Group    *ref             `json:"networkSecurityGroup,omitempty"`
	Ends     *[]configuration `json:"ipConfigurations,omitempty"`
}

// configuration is an address of an interface.
type configuration struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Properties struct {
		Private string `json:"privateIPAddress,omitempty"`
		Public  *ref   `json:"publicIPAddress,omitempty"`
		Subnet  *ref   `json:"subnet,omitempty"`
		Groups  []ref  `json:"applicationSecurityGroups,omitempty"`
		Pools   []ref  `json:"loadBalancerBackendAddressPools,omitempty"`
	} `json:"properties"`
}

// subnet is where the interface stands: all its addresses are in one subnet.
func (n networkInterface) subnet() string {
	for _, e := range deref(n.Ends) {
		if id := e.Properties.Subnet.id(); id != "" {
			return id
		}
	}
	return ""
}

// interfaceAnswers is an interface with what its subnet and its public addresses add.
type interfaceAnswers struct {
	Interface seen[networkInterface]
	Around    collectors.Answer[around]
	Public    collectors.Answer[[]address]
	// Overrides are the rules of network managers, which do not count for private endpoints.
	Overrides collectors.Answer[[]string]
}

var _ = registerInterfaces("azure.network.network_interface", networkInterfaces, publicAddresses)

// Instances of a uniform scale set have interfaces and addresses in tables of their own.
var _ = registerInterfaces("azure.compute.scale_set_interface", scaleSetInterfaces, instanceAddresses)

var scaleSetInterfaces = rowsOf{typ: "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces",
	version: "2018-10-01", table: "computeresources"}

func registerInterfaces(kind inventory.Kind, l, addresses rowsOf) struct{} {
	return collectors.Register(&Sources, collectors.Source[*Clients, seen[networkInterface], interfaceAnswers]{
		Kind: kind, Class: inventory.ClassNetworkInterface,
		Permissions: []string{l.permission(), virtualNetworks.permission(), addresses.permission(),
			resourceGroups.permission(), adminRulesPermission},
		ListAction: l.action(), ListPermission: l.permission(), Global: true,
		List: func(ctx context.Context, c *Clients) iter.Seq2[seen[networkInterface], error] {
			return keptRows[networkInterface](ctx, c, l)
		},
		Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[seen[networkInterface], error] {
			return findRow[networkInterface](ctx, c, l, id)
		},
		Ask:   askInterface,
		Facts: func(w collectors.Where, a interfaceAnswers) *inventory.Resource { return interfaceFacts(w, a, l) },
	})
}

func askInterface(ctx context.Context, c *Clients, s seen[networkInterface]) interfaceAnswers {
	n := s.Row.Properties
	var public []string
	for _, e := range deref(n.Ends) {
		if id := e.Properties.Public.id(); id != "" {
			public = append(public, id)
		}
	}
	a := interfaceAnswers{Interface: s, Around: aroundOf(ctx, c, n.subnet()), Public: addressesOf(ctx, c, public)}
	if n.Endpoint.id() == "" {
		a.Overrides = overridesOf(ctx, c, n.subnet())
	}
	return a
}

func interfaceFacts(w collectors.Where, a interfaceAnswers, l rowsOf) *inventory.Resource {
	facts := &inventory.NetworkInterface{}
	r := described(a.Interface, facts)
	defer leftOut(r, l)
	n := a.Interface.Row.Properties
	if n.Ends == nil {
		return r
	}
	for _, e := range *n.Ends {
		if e.Properties.Private != "" {
			facts.PrivateAddresses = append(facts.PrivateAddresses, e.Properties.Private)
		}
		for _, g := range e.Properties.Groups {
			if !slices.Contains(facts.Groups, g.id()) {
				facts.Groups = append(facts.Groups, g.id())
			}
		}
	}
	facts.Subnet = n.subnet()
	facts.Network = networkOf(facts.Subnet)
	r.Known("private_addresses", "groups")
	if facts.Network != "" {
		r.Known("subnet", "network")
	}
	wearerFacts(r, facts, n)
	collectors.Know(r, a.Public, func(found *[]address) {
		for _, p := range deref(found) {
			if p.Address != "" {
				facts.PublicAddresses = append(facts.PublicAddresses, p.Address)
			}
		}
	}, "public_addresses")
	interfaceFilters(w, r, facts, a)
	if n.Endpoint.id() == "" {
		knowOverrides(r, &facts.Overrides, a.Overrides)
	}
	return r
}

// wearerFacts says what wears the interface.
func wearerFacts(r *inventory.Resource, facts *inventory.NetworkInterface, n networkInterface) {
	switch {
	case n.Machine.id() != "":
		facts.Wearer, facts.WearerType = n.Machine.id(), "machine"
	case strings.Contains(r.ID, "/virtualmachinescalesets/"):
		facts.Wearer, facts.WearerType = above(r.ID, "/networkinterfaces/"), "machine"
	case n.Endpoint.id() != "":
		facts.Wearer, facts.WearerType = n.Endpoint.id(), "endpoint"
	case n.Service.id() != "":
		facts.Wearer, facts.WearerType = n.Service.id(), "other"
	}
	r.Known("wearer", "wearer_type")
}

// interfaceFilters are the group of the subnet and that of the interface. Where there is neither, a standard address is
// closed to the internet; a basic one is open.
func interfaceFilters(w collectors.Where, r *inventory.Resource, facts *inventory.NetworkInterface,
	a interfaceAnswers) {
	n := a.Interface.Row.Properties
	knowAround(r, a.Around, func(at around) {
		private := n.Endpoint.id() != ""
		if at.Group != "" && (!private || at.EndpointGroups) {
			facts.Firewalls = append(facts.Firewalls, at.Group)
		}
		if own := n.Group.id(); own != "" && own != at.Group {
			facts.Firewalls = append(facts.Firewalls, own)
		}
	}, "firewalls")
	basic := slices.ContainsFunc(deref(a.Public.Value), func(p address) bool { return !p.Standard })
	switch why := a.Public.Unknown(); {
	case !r.IsKnown("firewalls") || len(facts.Firewalls) > 0:
	case why != nil:
		// Without a group, only the kind of address tells whether the interface is open.
		r.SetUnknown(*why, "firewalls")
	case !basic:
		facts.Firewalls = []string{impliedFilterID(w.Scope)}
	}
}
