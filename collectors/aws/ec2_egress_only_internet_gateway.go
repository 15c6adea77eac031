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

// egressOnlyGateway lets IPv6 traffic out and none in.
type egressOnlyGateway = types.EgressOnlyInternetGateway

var _ = collectors.Register(&Sources, collectors.Source[*Clients, egressOnlyGateway, egressOnlyGateway]{
	Kind:        "aws.ec2.egress_only_internet_gateway",
	Class:       inventory.ClassNetworkGateway,
	Permissions: []string{"ec2:DescribeEgressOnlyInternetGateways"},
	ListAction:  "DescribeEgressOnlyInternetGateways", ListPermission: "ec2:DescribeEgressOnlyInternetGateways",
	List:  lister[egressOnlyGateway](egressOnlyGateways).all,
	Find:  lister[egressOnlyGateway](egressOnlyGateways).one,
	Facts: egressOnlyGatewayFacts,
})

func egressOnlyGateways(ctx context.Context, c *Clients, ids ...string) iter.Seq2[egressOnlyGateway, error] {
	p := ec2.NewDescribeEgressOnlyInternetGatewaysPaginator(c.EC2, &ec2.DescribeEgressOnlyInternetGatewaysInput{
		EgressOnlyInternetGatewayIds: ids, MaxResults: pageSize(255, ids),
	})
	return described(ctx, p, func(o *ec2.DescribeEgressOnlyInternetGatewaysOutput) []egressOnlyGateway {
		return o.EgressOnlyInternetGateways
	}, "InvalidEgressOnlyInternetGatewayId.NotFound", "InvalidEgressOnlyInternetGatewayID.NotFound",
		"InvalidGatewayID.NotFound")
}

func egressOnlyGatewayFacts(w collectors.Where, g egressOnlyGateway) *inventory.Resource {
	id := aws.ToString(g.EgressOnlyInternetGatewayId)
	return gatewayFacts(w, "egress-only-internet-gateway", id, g.Tags, inventory.NetworkGateway{
		Type: "egress_only", Networks: attachedNetworks(w, g.Attachments),
	})
}
