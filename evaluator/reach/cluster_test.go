package reach

import (
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func TestNodesPrivate(t *testing.T) {
	t.Parallel()
	table := made("rt", "aws.ec2.route_table", &inventory.RouteTable{Network: "vpc-1", Subnets: []string{"out", "quiet"},
		Routes: []inventory.Route{{Destination: "0.0.0.0/0", To: "internet", Target: "igw-1"}}}, "network", "subnets", "main", "routes")
	inner := made("rt-2", "aws.ec2.route_table", &inventory.RouteTable{Network: "vpc-1", Subnets: []string{"in"}}, "network", "subnets", "main", "routes")
	subnetOf := func(id string, gives bool) *inventory.Resource {
		return made(id, "aws.ec2.subnet", &inventory.Subnet{Network: "vpc-1", AutoPublicAddress: gives, Ranges: []string{"10.0.0.0/24"}},
			"network", "ranges", "zone", "auto_public_address")
	}
	for name, c := range map[string]struct {
		nodes, addressed []string
		want             any
	}{
		"inside":                      {nodes: []string{"in"}, want: true},
		"out, without addresses":      {nodes: []string{"in", "quiet"}, want: true},
		"out, with addresses":         {nodes: []string{"in", "out"}, want: false},
		"addressed by their template": {addressed: []string{"quiet"}, want: false},
		"addressed, but inside":       {addressed: []string{"in"}, want: true},
		"subnet not collected":        {nodes: []string{"in", "gone"}, want: nil},
		"one is enough":               {nodes: []string{"out", "gone"}, want: false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := made("c", "aws.eks.cluster", &inventory.KubernetesCluster{NodeSubnets: c.nodes, AddressedSubnets: c.addressed},
				"node_subnets", "addressed_subnets")
			e := newEstate(table, inner, subnetOf("in", true), subnetOf("out", true), subnetOf("quiet", false), cluster)
			got, known := e.derive(t, "c").Value("nodes_private")
			if known != (c.want != nil) || known && got != c.want {
				t.Errorf("nodes_private is %v (known %v); want %v", got, known, c.want)
			}
		})
	}
}
