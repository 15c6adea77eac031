package aws

import (
	"context"
	"iter"
	"sort"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.NetworkAcl, types.NetworkAcl]{
	Kind:        "aws.ec2.network_acl",
	Class:       inventory.ClassSubnetFilter,
	Permissions: []string{"ec2:DescribeNetworkAcls"},
	ListAction:  "DescribeNetworkAcls", ListPermission: "ec2:DescribeNetworkAcls",
	List:  lister[types.NetworkAcl](networkACLs).all,
	Find:  lister[types.NetworkAcl](networkACLs).one,
	Facts: networkACLFacts,
})

func networkACLs(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.NetworkAcl, error] {
	p := ec2.NewDescribeNetworkAclsPaginator(c.EC2, &ec2.DescribeNetworkAclsInput{
		NetworkAclIds: ids, MaxResults: pageSize(1000, ids),
	})
	return described(ctx, p, func(o *ec2.DescribeNetworkAclsOutput) []types.NetworkAcl { return o.NetworkAcls },
		"InvalidNetworkAclID.NotFound")
}

func networkACLFacts(w collectors.Where, n types.NetworkAcl) *inventory.Resource {
	facts := &inventory.SubnetFilter{}
	tags := ec2Labels(n.Tags)
	id := aws.ToString(n.NetworkAclId)
	r := inventory.New(ec2ARN(w, "network-acl", id), nameOr(tags, id), w.Region, facts)
	r.Labels = tags
	facts.Network = ec2ARN(w, "vpc", aws.ToString(n.VpcId))
	for _, a := range n.Associations {
		if subnet := aws.ToString(a.SubnetId); subnet != "" {
			facts.Subnets = append(facts.Subnets, ec2ARN(w, "subnet", subnet))
		}
	}
	for _, e := range n.Entries {
		facts.Rules = append(facts.Rules, entryRule(e))
	}
	sort.SliceStable(facts.Rules, func(i, j int) bool {
		a, b := facts.Rules[i], facts.Rules[j]
		if a.Egress != b.Egress {
			return b.Egress
		}
		return a.Priority < b.Priority
	})
	r.Known("network", "subnets", "rules")
	flag(r, "DescribeNetworkAcls", "default", n.IsDefault, &facts.Default)
	return r
}

// entryRule turns one entry of the list into a rule. Only TCP and UDP have ports; EC2 leaves the range out when the
// entry speaks of all of them. The last entries, 32767 and 32768, are the refusal of all that no other entry matched.
func entryRule(e types.NetworkAclEntry) inventory.Rule {
	rule := inventory.Rule{
		ID: strconv.Itoa(int(aws.ToInt32(e.RuleNumber))), Egress: aws.ToBool(e.Egress),
		Deny: e.RuleAction != types.RuleActionAllow, Priority: int(aws.ToInt32(e.RuleNumber)),
		Protocol: protocolName(aws.ToString(e.Protocol)), From: 0, To: 65535,
	}
	if e.PortRange != nil && (rule.Protocol == "tcp" || rule.Protocol == "udp") {
		rule.From, rule.To = int(aws.ToInt32(e.PortRange.From)), int(aws.ToInt32(e.PortRange.To))
	}
	for _, cidr := range []*string{e.CidrBlock, e.Ipv6CidrBlock} {
		if c := aws.ToString(cidr); c != "" {
			rule.Ranges = append(rule.Ranges, c)
		}
	}
	return rule
}

// protocolName puts a protocol number in the words of packet filters; a number without a word stays as it is.
func protocolName(number string) string {
	switch number {
	case "-1", "":
		return "any"
	case "1":
		return "icmp"
	case "6":
		return "tcp"
	case "17":
		return "udp"
	case "58":
		return "icmpv6"
	default:
		return number
	}
}
