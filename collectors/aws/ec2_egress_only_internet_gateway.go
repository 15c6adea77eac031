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

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.EgressOnlyInternetGateway, types.EgressOnlyInternetGateway]{
	Kind:        "aws.ec2.egress_only_internet_gateway",
	Class:       inventory.ClassNetworkGateway,
	Permissions: []string{"ec2:DescribeEgressOnlyInternetGateways"},
	ListAction:  "DescribeEgressOnlyInternetGateways", ListPermission: "ec2:DescribeEgressOnlyInternetGateways",
	List:  lister[types.EgressOnlyInternetGateway](egressOnlyGateways).all,
	Find:  lister[types.EgressOnlyInternetGateway](egressOnlyGateways).one,
	Facts: egressOnlyGatewayFacts,
})

func egressOnlyGateways(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.EgressOnlyInternetGateway, error] {
	p := ec2.NewDescribeEgressOnlyInternetGatewaysPaginator(c.EC2, &ec2.DescribeEgressOnlyInternetGatewaysInput{
		EgressOnlyInternetGatewayIds: ids, MaxResults: pageSize(255, ids),
	})
	return described(ctx, p, func(o *ec2.DescribeEgressOnlyInternetGatewaysOutput) []types.EgressOnlyInternetGateway {
		return o.EgressOnlyInternetGateways
	}, "InvalidEgressOnlyInternetGatewayId.NotFound", "InvalidEgressOnlyInternetGatewayID.NotFound", "InvalidGatewayID.NotFound")
}

func egressOnlyGatewayFacts(w collectors.Where, g types.EgressOnlyInternetGateway) *inventory.Resource {
	return gatewayFacts(w, "egress-only-internet-gateway", aws.ToString(g.EgressOnlyInternetGatewayId), g.Tags, inventory.NetworkGateway{
		Type: "egress_only", Networks: attachedNetworks(w, g.Attachments),
	})
}
