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

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.Subnet, types.Subnet]{
	Kind:        "aws.ec2.subnet",
	Class:       inventory.ClassSubnet,
	Permissions: []string{"ec2:DescribeSubnets"},
	ListAction:  "DescribeSubnets", ListPermission: "ec2:DescribeSubnets",
	List:  lister[types.Subnet](subnets).all,
	Find:  lister[types.Subnet](subnets).one,
	Facts: subnetFacts,
})

func subnets(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.Subnet, error] {
	p := ec2.NewDescribeSubnetsPaginator(c.EC2, &ec2.DescribeSubnetsInput{SubnetIds: ids, MaxResults: pageSize(1000, ids)})
	return described(ctx, p, func(o *ec2.DescribeSubnetsOutput) []types.Subnet {
		for i := range o.Subnets {
			// The count of free addresses moves with every machine and says nothing that a fact rests on.
			o.Subnets[i].AvailableIpAddressCount = nil
		}
		return o.Subnets
	}, "InvalidSubnetID.NotFound")
}

func subnetFacts(w collectors.Where, s types.Subnet) *inventory.Resource {
	facts := &inventory.Subnet{}
	tags := ec2Labels(s.Tags)
	id := aws.ToString(s.SubnetId)
	r := inventory.New(ec2ARN(w, "subnet", id), nameOr(tags, id), w.Region, facts)
	r.Labels = tags
	facts.Network = ec2ARN(w, "vpc", aws.ToString(s.VpcId))
	facts.Zone = aws.ToString(s.AvailabilityZone)
	facts.Ranges = subnetRanges(s)
	r.Known("network", "ranges", "zone")
	subnetAddressFact(r, facts, s)
	// A network ACL is always attached to a subnet, and each interface in it wears a security group.
	facts.FirewallAttached = true
	r.SetInherent("firewall_attached")
	return r
}

func subnetRanges(s types.Subnet) []string {
	var out []string
	if c := aws.ToString(s.CidrBlock); c != "" {
		out = append(out, c)
	}
	for _, a := range s.Ipv6CidrBlockAssociationSet {
		state := a.Ipv6CidrBlockState
		gone := state != nil && (state.State == types.SubnetCidrBlockStateCodeDisassociated ||
			state.State == types.SubnetCidrBlockStateCodeFailed)
		if c := aws.ToString(a.Ipv6CidrBlock); c != "" && !gone {
			out = append(out, c)
		}
	}
	return out
}

// subnetAddressFact states whether new interfaces get a public address. The IPv6 setting may be left out where the
// subnet has no IPv6 range to give from; elsewhere a setting left out is not known.
func subnetAddressFact(r *inventory.Resource, facts *inventory.Subnet, s types.Subnet) {
	ipv6 := s.AssignIpv6AddressOnCreation
	if ipv6 == nil && len(s.Ipv6CidrBlockAssociationSet) == 0 {
		ipv6 = aws.Bool(false)
	}
	switch {
	case aws.ToBool(s.MapPublicIpOnLaunch), aws.ToBool(ipv6):
		facts.AutoPublicAddress = true
	case s.MapPublicIpOnLaunch == nil, ipv6 == nil:
		unsaid(r, "DescribeSubnets", "auto_public_address")
		return
	}
	r.Known("auto_public_address")
}
