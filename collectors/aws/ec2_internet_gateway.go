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

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.InternetGateway, types.InternetGateway]{
	Kind:        "aws.ec2.internet_gateway",
	Class:       inventory.ClassNetworkGateway,
	Permissions: []string{"ec2:DescribeInternetGateways"},
	ListAction:  "DescribeInternetGateways", ListPermission: "ec2:DescribeInternetGateways",
	List:  lister[types.InternetGateway](internetGateways).all,
	Find:  lister[types.InternetGateway](internetGateways).one,
	Facts: internetGatewayFacts,
})

func internetGateways(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.InternetGateway, error] {
	p := ec2.NewDescribeInternetGatewaysPaginator(c.EC2, &ec2.DescribeInternetGatewaysInput{
		InternetGatewayIds: ids, MaxResults: pageSize(1000, ids),
	})
	return described(ctx, p, func(o *ec2.DescribeInternetGatewaysOutput) []types.InternetGateway {
		return o.InternetGateways
	},
		"InvalidInternetGatewayID.NotFound")
}

func internetGatewayFacts(w collectors.Where, g types.InternetGateway) *inventory.Resource {
	return gatewayFacts(w, "internet-gateway", aws.ToString(g.InternetGatewayId), g.Tags, inventory.NetworkGateway{
		Type: "internet", Networks: attachedNetworks(w, g.Attachments),
	})
}

// gatewayFacts states a gateway of any type.
func gatewayFacts(
	w collectors.Where, resource, id string, tags []types.Tag, facts inventory.NetworkGateway,
) *inventory.Resource {
	named := ec2Labels(tags)
	r := inventory.New(ec2ARN(w, resource, id), nameOr(named, id), w.Region, &facts)
	r.Labels = named
	r.Known("type", "networks", "public_addresses")
	return r
}

// attachedNetworks are the networks a gateway serves now. A gateway of either sort says "available" where other
// attachments of EC2 say "attached".
func attachedNetworks(w collectors.Where, attachments []types.InternetGatewayAttachment) []string {
	var out []string
	for _, a := range attachments {
		if a.State == types.AttachmentStatusDetached || a.State == types.AttachmentStatusDetaching {
			continue
		}
		if vpc := aws.ToString(a.VpcId); vpc != "" {
			out = append(out, ec2ARN(w, "vpc", vpc))
		}
	}
	return out
}
