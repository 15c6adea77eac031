package azure

import (
	"context"
	"iter"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var virtualNetworks = rowsOf{typ: "Microsoft.Network/virtualNetworks", version: "2024-05-01"}

// virtualNetwork is what is read of a network; its subnets and peerings come with it.
type virtualNetwork struct {
	AddressSpace *addressSpace `json:"addressSpace,omitempty"`
	Subnets      *[]subnetRow  `json:"subnets,omitempty"`
	Peerings     *[]peeringRow `json:"virtualNetworkPeerings,omitempty"`
}

type addressSpace struct {
	Prefixes []string `json:"addressPrefixes"`
}

var _ = registerKept("azure.network.virtual_network", inventory.ClassNetwork, virtualNetworks, virtualNetworkFacts)

func virtualNetworkFacts(_ collectors.Where, s seen[virtualNetwork]) *inventory.Resource {
	facts := &inventory.Network{}
	r := described(s, facts)
	defer leftOut(r, virtualNetworks)
	// Classic networks no longer exist, and none is made for a subscription by itself.
	r.SetInherent("legacy")
	r.Known("default")
	if a := s.Row.Properties.AddressSpace; a != nil {
		facts.Ranges = a.Prefixes
		r.Known("ranges")
	}
	return r
}

// inNetwork is a part of a network that is a record of its own: a subnet, a peering, or what Azure adds by itself.
type inNetwork[P any] struct {
	Network seen[virtualNetwork]
	Part    P
}

// partsOf yields the parts of every network.
func partsOf[P any](parts func(virtualNetwork) ([]P, error)) func(context.Context, *Clients) iter.Seq2[inNetwork[P],
	error] {
	return func(ctx context.Context, c *Clients) iter.Seq2[inNetwork[P], error] {
		return expand(keptRows[virtualNetwork](ctx, c, virtualNetworks), parts)
	}
}

func expand[P any](networks iter.Seq2[seen[virtualNetwork], error], parts func(virtualNetwork) ([]P,
	error)) iter.Seq2[inNetwork[P], error] {
	return func(yield func(inNetwork[P], error) bool) {
		for s, err := range networks {
			var found []P
			if err == nil {
				found, err = parts(s.Row.Properties)
			}
			// The parts are told apart; the whole would be kept once for each.
			whole := s
			whole.Row.Properties = virtualNetwork{AddressSpace: s.Row.Properties.AddressSpace}
			for _, p := range found {
				if !yield(inNetwork[P]{whole, p}, nil) {
					return
				}
			}
			if err != nil {
				yield(inNetwork[P]{}, err)
				return
			}
		}
	}
}

// findPart asks for the network of a part and yields the part.
func findPart[P any](parts func(virtualNetwork) ([]P, error), named func(inNetwork[P]) string) func(context.Context,
	*Clients, string) iter.Seq2[inNetwork[P], error] {
	return func(ctx context.Context, c *Clients, id string) iter.Seq2[inNetwork[P], error] {
		network := id
		if at := strings.Index(id, "/virtualnetworks/"); at >= 0 {
			name, _, _ := strings.Cut(id[at+len("/virtualnetworks/"):], "/")
			network = id[:at] + "/virtualnetworks/" + name
		}
		return only(expand(findRow[virtualNetwork](ctx, c, virtualNetworks, network), parts),
			func(i inNetwork[P]) bool { return named(i) == armID(id) })
	}
}

// onceEach is for what Azure adds to each network by itself.
func onceEach(virtualNetwork) ([]struct{}, error) { return []struct{}{{}}, nil }
