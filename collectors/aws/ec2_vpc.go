package aws

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, networkItem, networkAnswers]{
	Kind:  "aws.ec2.vpc",
	Class: inventory.ClassNetwork,
	Permissions: []string{
		"ec2:DescribeVpcs", "ec2:DescribeAccountAttributes", "ec2:DescribeDhcpOptions",
		"route53resolver:ListResolverQueryLogConfigAssociations", "route53resolver:ListFirewallRuleGroupAssociations",
		"network-firewall:ListFirewalls", "network-firewall:DescribeFirewall", "network-firewall:DescribeFirewallPolicy",
		"network-firewall:DescribeRuleGroup",
	},
	ListAction: "DescribeVpcs", ListPermission: "ec2:DescribeVpcs",
	List:  lister[networkItem](networks).all,
	Find:  lister[networkItem](networks).one,
	Ask:   askNetwork,
	Facts: watchedNetworkFacts,
})

// networkItem is a VPC, or what the region says about EC2-Classic: the network of the first generation, which has no
// description of its own and is there as long as the account supports it.
type networkItem struct {
	VPC     *types.Vpc `json:",omitempty"`
	Classic collectors.Answer[ec2.DescribeAccountAttributesOutput]
}

// classicName is the name of the first-generation network; it also stands for its id within a region.
const classicName = "ec2-classic"

func networks(ctx context.Context, c *Clients, ids ...string) iter.Seq2[networkItem, error] {
	return func(yield func(networkItem, error) bool) {
		classic := slices.ContainsFunc(ids, func(id string) bool { return strings.HasPrefix(id, classicName) })
		if !classic {
			for vpc, err := range vpcs(ctx, c, ids...) {
				if err != nil {
					yield(networkItem{}, err)
					return
				}
				if !yield(networkItem{VPC: &vpc}, nil) {
					return
				}
			}
		}
		if classic || len(ids) == 0 {
			yield(networkItem{Classic: askFirstGeneration(ctx, c)}, nil)
		}
	}
}

func vpcs(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.Vpc, error] {
	p := ec2.NewDescribeVpcsPaginator(c.EC2, &ec2.DescribeVpcsInput{VpcIds: ids, MaxResults: pageSize(1000, ids)})
	return described(ctx, p, func(o *ec2.DescribeVpcsOutput) []types.Vpc { return o.Vpcs }, "InvalidVpcID.NotFound")
}

func askFirstGeneration(ctx context.Context, c *Clients) collectors.Answer[ec2.DescribeAccountAttributesOutput] {
	in := &ec2.DescribeAccountAttributesInput{
		AttributeNames: []types.AccountAttributeName{types.AccountAttributeNameSupportedPlatforms},
	}
	return ask("DescribeAccountAttributes", "ec2:DescribeAccountAttributes",
		func() (*ec2.DescribeAccountAttributesOutput, error) { return c.EC2.DescribeAccountAttributes(ctx, in) })
}

func networkFacts(w collectors.Where, n networkItem) *inventory.Resource {
	if n.VPC == nil {
		return classicFacts(w, n)
	}
	facts := &inventory.Network{}
	tags := ec2Labels(n.VPC.Tags)
	id := aws.ToString(n.VPC.VpcId)
	r := inventory.New(ec2ARN(w, "vpc", id), nameOr(tags, id), w.Region, facts)
	r.Labels = tags
	facts.Ranges = vpcRanges(*n.VPC)
	// A VPC always has subnets of its own: only EC2-Classic is of the first generation.
	facts.Legacy = false
	r.Known("legacy", "ranges")
	flag(r, "DescribeVpcs", "default", n.VPC.IsDefault, &facts.Default)
	return r
}

// vpcRanges are the ranges that are in use now: a range that was taken off stays listed for a while.
func vpcRanges(v types.Vpc) []string {
	var out []string
	add := func(cidr *string, state *types.VpcCidrBlockState) {
		gone := state != nil && (state.State == types.VpcCidrBlockStateCodeDisassociated ||
			state.State == types.VpcCidrBlockStateCodeFailed)
		if c := aws.ToString(cidr); c != "" && !gone && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	add(v.CidrBlock, nil)
	for _, a := range v.CidrBlockAssociationSet {
		add(a.CidrBlock, a.CidrBlockState)
	}
	for _, a := range v.Ipv6CidrBlockAssociationSet {
		add(a.Ipv6CidrBlock, a.Ipv6CidrBlockState)
	}
	return out
}

// classicFacts states the first-generation network where the account still has it. Where nobody could ask, it is a
// network of which nothing is known: a lost permission must not make it vanish.
func classicFacts(w collectors.Where, n networkItem) *inventory.Resource {
	facts := &inventory.Network{}
	id := string(w.Scope) + "/" + string(inventory.ClassNetwork) + "/" + classicName + "@" + w.Region
	r := inventory.New(id, "EC2-Classic", w.Region, facts)
	if why := n.Classic.Unknown(); why != nil {
		r.SetUnknown(*why, "legacy", "default", "ranges")
		return r
	}
	if !supportsClassic(n.Classic.Value) {
		return nil
	}
	facts.Legacy, facts.Ranges = true, []string{"10.0.0.0/8"}
	r.Known("legacy", "default", "ranges")
	return r
}

func supportsClassic(o *ec2.DescribeAccountAttributesOutput) bool {
	if o == nil {
		return false
	}
	for _, a := range o.AccountAttributes {
		if aws.ToString(a.AttributeName) != string(types.AccountAttributeNameSupportedPlatforms) {
			continue
		}
		for _, v := range a.AttributeValues {
			if aws.ToString(v.AttributeValue) == "EC2" {
				return true
			}
		}
	}
	return false
}
