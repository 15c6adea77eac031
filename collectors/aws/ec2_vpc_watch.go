package aws

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/networkfirewall"
	"github.com/aws/aws-sdk-go-v2/service/route53resolver"
	resolver "github.com/aws/aws-sdk-go-v2/service/route53resolver/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// networkAnswers are a VPC and what watches and filters the traffic of it.
type networkAnswers struct {
	networkItem
	QueryLogs collectors.Answer[resolverParts]
	// Names is the filter by names of the resolver, Gate the firewall that traffic passes.
	Names collectors.Answer[resolverParts]
	Gate  collectors.Answer[networkGate]
	DHCP  collectors.Answer[ec2.DescribeDhcpOptionsOutput]
}

// resolverParts are the ids of what is associated with a network and in force.
type resolverParts struct {
	Active []string `json:"active,omitempty"`
}

// networkGate is the Network Firewall of a network: which of its rule groups judge traffic by domain.
type networkGate struct {
	Firewalls []string `json:"firewalls,omitempty"`
	ByDomain  []string `json:"by_domain,omitempty"`
}

func askNetwork(ctx context.Context, c *Clients, n networkItem) networkAnswers {
	a := networkAnswers{networkItem: n}
	if n.VPC == nil {
		return a
	}
	vpc := n.VPC.VpcId
	a.QueryLogs = ask("ListResolverQueryLogConfigAssociations", "route53resolver:ListResolverQueryLogConfigAssociations",
		func() (*resolverParts, error) { return queryLogsOf(ctx, c, vpc) })
	a.Names = ask("ListFirewallRuleGroupAssociations", "route53resolver:ListFirewallRuleGroupAssociations",
		func() (*resolverParts, error) { return nameFiltersOf(ctx, c, vpc) })
	a.Gate = ask("ListFirewalls", "network-firewall:ListFirewalls", func() (*networkGate, error) { return gateOf(ctx, c, vpc) })
	if id := aws.ToString(n.VPC.DhcpOptionsId); id != "" && id != "default" {
		a.DHCP = ask("DescribeDhcpOptions", "ec2:DescribeDhcpOptions", func() (*ec2.DescribeDhcpOptionsOutput, error) {
			return c.EC2.DescribeDhcpOptions(ctx, &ec2.DescribeDhcpOptionsInput{DhcpOptionsIds: []string{id}})
		})
	}
	return a
}

func queryLogsOf(ctx context.Context, c *Clients, vpc *string) (*resolverParts, error) {
	out := &resolverParts{}
	p := route53resolver.NewListResolverQueryLogConfigAssociationsPaginator(c.Resolver, &route53resolver.ListResolverQueryLogConfigAssociationsInput{
		Filters: []resolver.Filter{{Name: aws.String("ResourceId"), Values: []string{aws.ToString(vpc)}}},
	})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, q := range page.ResolverQueryLogConfigAssociations {
			here := aws.ToString(q.ResourceId) == aws.ToString(vpc)
			if here && q.Status == resolver.ResolverQueryLogConfigAssociationStatusActive {
				out.Active = append(out.Active, aws.ToString(q.ResolverQueryLogConfigId))
			}
		}
	}
	return out, nil
}

func nameFiltersOf(ctx context.Context, c *Clients, vpc *string) (*resolverParts, error) {
	out := &resolverParts{}
	p := route53resolver.NewListFirewallRuleGroupAssociationsPaginator(c.Resolver,
		&route53resolver.ListFirewallRuleGroupAssociationsInput{VpcId: vpc})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, g := range page.FirewallRuleGroupAssociations {
			here := aws.ToString(g.VpcId) == aws.ToString(vpc)
			if here && g.Status == resolver.FirewallRuleGroupAssociationStatusComplete {
				out.Active = append(out.Active, aws.ToString(g.FirewallRuleGroupId))
			}
		}
	}
	return out, nil
}

// gateOf follows a network's firewalls to their policies and rule groups, until one judges by domain.
func gateOf(ctx context.Context, c *Clients, vpc *string) (*networkGate, error) {
	gate := &networkGate{}
	p := networkfirewall.NewListFirewallsPaginator(c.NetworkFirewall, &networkfirewall.ListFirewallsInput{VpcIds: []string{aws.ToString(vpc)}})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, f := range page.Firewalls {
			out, err := c.NetworkFirewall.DescribeFirewall(ctx, &networkfirewall.DescribeFirewallInput{FirewallArn: f.FirewallArn})
			if err != nil {
				return nil, during("DescribeFirewall", "network-firewall:DescribeFirewall", err)
			}
			if out.Firewall == nil || aws.ToString(out.Firewall.VpcId) != aws.ToString(vpc) {
				continue
			}
			gate.Firewalls = append(gate.Firewalls, aws.ToString(f.FirewallArn))
			if err := gate.read(ctx, c, out.Firewall.FirewallPolicyArn); err != nil {
				return nil, err
			}
		}
	}
	return gate, nil
}

func (g *networkGate) read(ctx context.Context, c *Clients, policy *string) error {
	out, err := c.NetworkFirewall.DescribeFirewallPolicy(ctx, &networkfirewall.DescribeFirewallPolicyInput{FirewallPolicyArn: policy})
	if err != nil || out.FirewallPolicy == nil {
		return during("DescribeFirewallPolicy", "network-firewall:DescribeFirewallPolicy", err)
	}
	for _, ref := range out.FirewallPolicy.StatefulRuleGroupReferences {
		arn := aws.ToString(ref.ResourceArn)
		// What AWS maintains cannot be read; its lists of domains say so by their names.
		if strings.Contains(arn, ":aws-managed:") {
			if strings.Contains(arn, "Domains") {
				g.ByDomain = append(g.ByDomain, arn)
			}
			continue
		}
		group, err := c.NetworkFirewall.DescribeRuleGroup(ctx, &networkfirewall.DescribeRuleGroupInput{RuleGroupArn: ref.ResourceArn})
		if err != nil {
			return during("DescribeRuleGroup", "network-firewall:DescribeRuleGroup", err)
		}
		if group.RuleGroup == nil || group.RuleGroup.RulesSource == nil {
			continue
		}
		rules := group.RuleGroup.RulesSource
		written := aws.ToString(rules.RulesString)
		if rules.RulesSourceList != nil || strings.Contains(written, "tls.sni") || strings.Contains(written, "http.host") {
			g.ByDomain = append(g.ByDomain, arn)
		}
	}
	return nil
}

// ownClocks are the addresses at which AWS gives the time inside every network.
var ownClocks = []string{"169.254.169.123", "fd00:ec2::123"}

func watchedNetworkFacts(w collectors.Where, a networkAnswers) *inventory.Resource {
	r := networkFacts(w, a.networkItem)
	if r == nil {
		return nil
	}
	if a.VPC == nil {
		// Nothing of this can be set up for the first generation: where it is, it is without.
		collectors.Know(r, a.Classic, func(*ec2.DescribeAccountAttributesOutput) {}, "dns_queries_logged", "egress_filtered", "time_servers")
		return r
	}
	facts := r.Facts.(*inventory.Network)
	collectors.Know(r, a.QueryLogs, func(v *resolverParts) {
		facts.DNSQueriesLogged = v != nil && len(v.Active) > 0
	}, "dns_queries_logged")
	egressFacts(r, facts, a)
	if id := aws.ToString(a.VPC.DhcpOptionsId); id == "" || id == "default" {
		// Without options of its own a network tells its machines no clock.
		r.Known("time_servers")
		return r
	}
	collectors.Know(r, a.DHCP, func(v *ec2.DescribeDhcpOptionsOutput) {
		if v == nil {
			return
		}
		for _, o := range v.DhcpOptions {
			for _, setting := range o.DhcpConfigurations {
				if aws.ToString(setting.Key) != "ntp-servers" {
					continue
				}
				for _, server := range setting.Values {
					if s := aws.ToString(server.Value); s != "" && !slices.Contains(ownClocks, s) {
						facts.TimeServers = append(facts.TimeServers, s)
					}
				}
			}
		}
	}, "time_servers")
	return r
}

// egressFacts states whether outbound traffic is judged by name. Either filter is enough; that there is none takes both
// answers.
func egressFacts(r *inventory.Resource, facts *inventory.Network, a networkAnswers) {
	named := a.Names.Value != nil && len(a.Names.Value.Active) > 0
	gated := a.Gate.Value != nil && len(a.Gate.Value.ByDomain) > 0
	if named || gated {
		facts.EgressFiltered = true
		r.Known("egress_filtered")
		return
	}
	collectors.Know(r, a.Names, func(*resolverParts) {}, "egress_filtered")
	if a.Names.Unknown() == nil {
		collectors.Know(r, a.Gate, func(*networkGate) {}, "egress_filtered")
	}
}
