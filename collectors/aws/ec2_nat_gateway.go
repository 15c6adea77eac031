package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.NatGateway, types.NatGateway]{
	Kind:        "aws.ec2.nat_gateway",
	Class:       inventory.ClassNetworkGateway,
	Permissions: []string{"ec2:DescribeNatGateways"},
	ListAction:  "DescribeNatGateways", ListPermission: "ec2:DescribeNatGateways",
	List:  lister[types.NatGateway](natGateways).all,
	Find:  lister[types.NatGateway](natGateways).one,
	Facts: natGatewayFacts,
})

func natGateways(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.NatGateway, error] {
	p := ec2.NewDescribeNatGatewaysPaginator(c.EC2, &ec2.DescribeNatGatewaysInput{
		NatGatewayIds: ids, MaxResults: pageSize(1000, ids),
	})
	return described(ctx, p, func(o *ec2.DescribeNatGatewaysOutput) []types.NatGateway { return o.NatGateways },
		"NatGatewayNotFound", "InvalidNatGatewayID.NotFound")
}

// natGatewayFacts states a gateway that works or is about to. A deleted one stays listed for an hour, and a failed one
// never carried anything.
func natGatewayFacts(w collectors.Where, g types.NatGateway) *inventory.Resource {
	switch g.State {
	case types.NatGatewayStateDeleted, types.NatGatewayStateDeleting, types.NatGatewayStateFailed:
		return nil
	}
	facts := inventory.NetworkGateway{Type: "nat"}
	if g.ConnectivityType == types.ConnectivityTypePrivate {
		facts.Type = "private_nat"
	}
	if vpc := aws.ToString(g.VpcId); vpc != "" {
		facts.Networks = []string{ec2ARN(w, "vpc", vpc)}
	}
	for _, a := range g.NatGatewayAddresses {
		if ip := aws.ToString(a.PublicIp); ip != "" {
			facts.PublicAddresses = append(facts.PublicAddresses, ip)
		}
	}
	return gatewayFacts(w, "natgateway", aws.ToString(g.NatGatewayId), g.Tags, facts)
}
