package azure

import (
	"context"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var (
	connections     = rowsOf{typ: "Microsoft.Network/connections", version: "2024-05-01"}
	networkGateways = rowsOf{typ: "Microsoft.Network/virtualNetworkGateways", version: "2024-05-01"}
	localGateways   = rowsOf{typ: "Microsoft.Network/localNetworkGateways", version: "2024-05-01"}
)

// connection is what is read of a connection of a gateway.
type connection struct {
	Type     string         `json:"connectionType,omitempty"`
	Status   string         `json:"connectionStatus,omitempty"`
	Gateway  *ref           `json:"virtualNetworkGateway1,omitempty"`
	Other    *ref           `json:"virtualNetworkGateway2,omitempty"`
	Local    *ref           `json:"localNetworkGateway2,omitempty"`
	BGP      *bool          `json:"enableBgp,omitempty"`
	Policies *[]ipsecPolicy `json:"ipsecPolicies,omitempty"`
}

type ipsecPolicy struct {
	IKE       string `json:"ikeEncryption,omitempty"`
	Integrity string `json:"ikeIntegrity,omitempty"`
	IPsec     string `json:"ipsecEncryption,omitempty"`
	DH        string `json:"dhGroup,omitempty"`
}

// networkGateway says in which subnet a gateway stands.
type networkGateway struct {
	Ends []configuration `json:"ipConfigurations,omitempty"`
}

// localGateway is the other end of a tunnel.
type localGateway struct {
	Space *addressSpace `json:"localNetworkAddressSpace,omitempty"`
}

// ends are the networks that a connection joins, and the ranges on its other side.
type ends struct {
	Networks []string `json:"networks,omitempty"`
	Ranges   []string `json:"ranges,omitempty"`
	// Bounded says that the ranges are all there are.
	Bounded bool `json:"bounded,omitempty"`
}

type connectionAnswers struct {
	Connection seen[connection]
	Ends       collectors.Answer[ends]
}

var _ = registerAsked("azure.network.connection", inventory.ClassNetworkLink, connections,
	[]string{networkGateways.permission(), localGateways.permission()},
	func(ctx context.Context, c *Clients, s seen[connection]) connectionAnswers {
		return connectionAnswers{s, ask(networkGateways.action(), networkGateways.permission(), func() (*ends, error) {
			return endsOf(ctx, c, s.Row.Properties)
		})}
	}, connectionFacts)

func endsOf(ctx context.Context, c *Clients, p connection) (*ends, error) {
	gateways, err := keep[networkGateway](ctx, c, networkGateways)
	if err != nil {
		return nil, err
	}
	out := &ends{}
	for _, g := range gateways {
		if id := armID(g.ID); id != p.Gateway.id() && id != p.Other.id() {
			continue
		}
		for _, e := range g.Properties.Ends {
			if n := networkOf(e.Properties.Subnet.id()); n != "" && !slices.Contains(out.Networks, n) {
				out.Networks = append(out.Networks, n)
			}
		}
	}
	locals, err := keep[localGateway](ctx, c, localGateways)
	if err != nil {
		return nil, err
	}
	for _, l := range locals {
		if armID(l.ID) == p.Local.id() && l.Properties.Space != nil {
			// A peer that announces its routes may announce more than is written.
			out.Ranges, out.Bounded = l.Properties.Space.Prefixes, !deref(p.BGP)
		}
	}
	return out, nil
}

func connectionFacts(_ collectors.Where, a connectionAnswers) *inventory.Resource {
	p := a.Connection.Row.Properties
	facts := &inventory.NetworkLink{Kind: "vpn", AcceptedByHand: true}
	r := described(a.Connection, facts)
	defer leftOut(r, connections)
	if lower(p.Type) == "expressroute" {
		facts.Kind = "transit"
		r.SetNotApplicable("a line of its own, whose encryption is the circuit's", "strong_crypto")
	} else if p.Policies != nil {
		facts.StrongCrypto = len(*p.Policies) > 0 && !slices.ContainsFunc(*p.Policies, ipsecPolicy.weak)
		r.Known("strong_crypto")
	}
	r.Known("kind", "accepted_by_hand")
	if p.Other.id() != "" {
		for _, id := range []string{p.Gateway.id(), p.Other.id()} {
			if owner := subscriptionOf(id); !slices.Contains(facts.PeerOwners, owner) {
				facts.PeerOwners = append(facts.PeerOwners, owner)
			}
		}
	}
	// Who is at the other end of a tunnel to a place of one's own, only its owner knows.
	r.Known("peer_owners")
	if p.Status != "" {
		facts.Active = lower(p.Status) == "connected"
		r.Known("active")
	}
	if why := a.Ends.Unknown(); why != nil {
		r.SetUnknown(*why, "networks", "peer_ranges")
		return r
	}
	e := deref(a.Ends.Value)
	facts.Networks, facts.PeerRanges = e.Networks, e.Ranges
	r.Known("networks")
	if e.Bounded {
		r.Known("peer_ranges")
	}
	return r
}

// weak says whether a proposal holds what is no longer safe. The default proposals do, which is why they do not count.
func (p ipsecPolicy) weak() bool {
	for _, word := range []string{p.IKE, p.IPsec, p.Integrity} {
		w := strings.ToUpper(word)
		if strings.Contains(w, "DES") || w == "MD5" || w == "SHA1" || w == "NONE" {
			return true
		}
	}
	return slices.Contains([]string{"NONE", "DHGROUP1", "DHGROUP2"}, strings.ToUpper(p.DH))
}

var natGateways = rowsOf{typ: "Microsoft.Network/natGateways", version: "2024-05-01"}

// natGateway is what is read of a translation of outbound traffic.
type natGateway struct {
	Subnets []ref `json:"subnets,omitempty"`
	Public  []ref `json:"publicIpAddresses,omitempty"`
}

type natGatewayAnswers struct {
	Gateway seen[natGateway]
	Public  collectors.Answer[[]address]
}

var _ = registerAsked("azure.network.nat_gateway", inventory.ClassNetworkGateway, natGateways,
	[]string{publicAddresses.permission()},
	func(ctx context.Context, c *Clients, s seen[natGateway]) natGatewayAnswers {
		var ids []string
		for _, p := range s.Row.Properties.Public {
			ids = append(ids, p.id())
		}
		return natGatewayAnswers{s, addressesOf(ctx, c, ids)}
	},
	natGatewayFacts)

func natGatewayFacts(_ collectors.Where, a natGatewayAnswers) *inventory.Resource {
	facts := &inventory.NetworkGateway{Type: "nat"}
	r := described(a.Gateway, facts)
	for _, s := range a.Gateway.Row.Properties.Subnets {
		if n := networkOf(s.id()); !slices.Contains(facts.Networks, n) {
			facts.Networks = append(facts.Networks, n)
		}
	}
	r.Known("type", "networks")
	collectors.Know(r, a.Public, func(found *[]address) {
		for _, p := range deref(found) {
			facts.PublicAddresses = append(facts.PublicAddresses, p.Address)
		}
	}, "public_addresses")
	return r
}
