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

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.SecurityGroup, types.SecurityGroup]{
	Kind:        "aws.ec2.security_group",
	Class:       inventory.ClassFirewall,
	Permissions: []string{"ec2:DescribeSecurityGroups"},
	ListAction:  "DescribeSecurityGroups", ListPermission: "ec2:DescribeSecurityGroups",
	List: func(ctx context.Context, c *Clients) iter.Seq2[types.SecurityGroup, error] {
		return securityGroups(ctx, c)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.SecurityGroup, error] {
		return securityGroups(ctx, c, shortID(id))
	},
	Facts: securityGroupFacts,
})

func securityGroups(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.SecurityGroup, error] {
	p := ec2.NewDescribeSecurityGroupsPaginator(c.EC2, &ec2.DescribeSecurityGroupsInput{
		GroupIds: ids, MaxResults: pageSize(1000, ids),
	})
	return gone(paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*ec2.DescribeSecurityGroupsOutput, error) { return p.NextPage(ctx) },
		func(o *ec2.DescribeSecurityGroupsOutput) []types.SecurityGroup { return o.SecurityGroups }), "InvalidGroup.NotFound")
}

func securityGroupFacts(w collectors.Where, g types.SecurityGroup) *inventory.Resource {
	facts := &inventory.Firewall{}
	tags := ec2Labels(g.Tags)
	// The group's own name says more than a Name tag that teams copy from one group to the next.
	r := inventory.New(ec2ARN(w, "security-group", aws.ToString(g.GroupId)), aws.ToString(g.GroupName), w.Region, facts)
	r.Labels = tags
	facts.IsDefault = aws.ToString(g.GroupName) == "default"
	facts.Network = ec2ARN(w, "vpc", aws.ToString(g.VpcId))
	for _, p := range g.IpPermissions {
		facts.Rules = append(facts.Rules, permissionRule(w, p, false))
	}
	for _, p := range g.IpPermissionsEgress {
		facts.Rules = append(facts.Rules, permissionRule(w, p, true))
	}
	facts.AllowsAny = len(facts.Rules) > 0
	// The groups of an interface add up to one set of rules: all stand in layer 0.
	r.Known("is_default", "network", "layer", "rules", "allows_any")
	return r
}

// permissionRule turns one permission of a group into a rule. A protocol of -1 is any protocol on every port.
func permissionRule(w collectors.Where, p types.IpPermission, egress bool) inventory.Rule {
	var owners []string
	rule := inventory.Rule{
		Egress: egress, Protocol: aws.ToString(p.IpProtocol),
		From: int(aws.ToInt32(p.FromPort)), To: int(aws.ToInt32(p.ToPort)),
	}
	switch rule.Protocol {
	case "-1", "":
		rule.Protocol, rule.From, rule.To = "any", 0, 65535
	case "tcp", "udp", "6", "17":
		rule.Protocol = map[string]string{"tcp": "tcp", "6": "tcp", "udp": "udp", "17": "udp"}[rule.Protocol]
		if rule.From == -1 || p.FromPort == nil {
			rule.From, rule.To = 0, 65535
		}
	}
	for _, r := range p.IpRanges {
		rule.Ranges = append(rule.Ranges, aws.ToString(r.CidrIp))
	}
	for _, r := range p.Ipv6Ranges {
		rule.Ranges = append(rule.Ranges, aws.ToString(r.CidrIpv6))
	}
	for _, g := range p.UserIdGroupPairs {
		owner := w
		if id := aws.ToString(g.UserId); id != "" {
			owner.Scope = scopeOf(id)
			owners = append(owners, id)
		}
		rule.Groups = append(rule.Groups, ec2ARN(owner, "security-group", aws.ToString(g.GroupId)))
	}
	rule.Owners = foreign(w.Scope.Account(), owners...)
	for _, l := range p.PrefixListIds {
		rule.Lists = append(rule.Lists, ec2ARN(w, "prefix-list", aws.ToString(l.PrefixListId)))
	}
	return rule
}
