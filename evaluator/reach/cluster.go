package reach

import (
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// deriveCluster says whether the nodes of a cluster are without public addresses: none of them stands in a subnet that
// leads straight to the internet and gives out such addresses.
func deriveCluster(r *inventory.Resource, w World) {
	c := r.Facts.(*inventory.KubernetesCluster)
	const name = "nodes_private"
	if !r.IsFixed(name) {
		if !r.IsKnown("node_subnets") || !r.IsKnown("addressed_subnets") {
			unknown(r, []inventory.Unknown{r.Why("node_subnets")}, name)
		} else {
			public, doubts := publicNodes(r, c, w)
			settle(r, name, opposite(public), &c.NodesPrivate, doubts)
		}
	}
	if !r.IsKnown("network_policy") {
		unknown(r, []inventory.Unknown{r.Why("network_policy")}, "network_policy")
	}
	if !r.IsKnown("pod_security") {
		unknown(r, []inventory.Unknown{r.Why("pod_security")}, "pod_security")
	}
}

func publicNodes(r *inventory.Resource, c *inventory.KubernetesCluster, w World) (truth, []inventory.Unknown) {
	answer := no
	var doubts []inventory.Unknown
	look := func(id string, asked ...string) {
		s := w.Get(id)
		if s == nil {
			answer, doubts = answer.either(unsure), append(doubts, absent(w, inventory.ClassSubnet, r)...)
			return
		}
		// What a subnet's routes come to is derived as well, so it is worked out here on a copy.
		s = s.Copy()
		s.ForgetDerived()
		deriveSubnet(s, w)
		both := yes
		for _, attribute := range asked {
			value, known := s.Value(attribute)
			if known {
				both = bothOf(both, truthOf(value.(bool)))
				continue
			}
			both, doubts = bothOf(both, unsure), append(doubts, s.Why(attribute))
		}
		answer = answer.either(both)
	}
	for _, id := range c.NodeSubnets {
		look(id, "routes_to_internet", "auto_public_address")
	}
	for _, id := range c.AddressedSubnets {
		look(id, "routes_to_internet")
	}
	return answer, doubts
}
