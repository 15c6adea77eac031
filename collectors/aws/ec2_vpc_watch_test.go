package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	gdtypes "github.com/aws/aws-sdk-go-v2/service/guardduty/types"
	"github.com/aws/aws-sdk-go-v2/service/networkfirewall"
	fwtypes "github.com/aws/aws-sdk-go-v2/service/networkfirewall/types"
	"github.com/aws/aws-sdk-go-v2/service/route53resolver"
	resolver "github.com/aws/aws-sdk-go-v2/service/route53resolver/types"
	"github.com/aws/aws-sdk-go-v2/service/shield"
	shieldtypes "github.com/aws/aws-sdk-go-v2/service/shield/types"
)

var (
	_ = sample("aws.shield.protection", protectionFacts, shieldtypes.Protection{ProtectionArn: aws.String("arn:aws:shield::1:protection/p"), Name: aws.String("p"), ResourceArn: aws.String("arn:aws:x")})
	_ = sweep("shield.ListProtections", protectionFacts, func(o *shield.ListProtectionsOutput) []shieldtypes.Protection { return o.Protections })
	_ = sample("aws.guardduty.coverage", coverageFacts, machineCoverage{"i-1", gdtypes.CoverageStatusHealthy})
)

func TestNetworkWatch(t *testing.T) {
	t.Parallel()
	vpc := networkItem{VPC: &ec2types.Vpc{VpcId: aws.String("vpc-1"), IsDefault: aws.Bool(false), DhcpOptionsId: aws.String("dopt-1")}}
	logs := func(resource string, status resolver.ResolverQueryLogConfigAssociationStatus) func(any) (any, error) {
		return say(&route53resolver.ListResolverQueryLogConfigAssociationsOutput{ResolverQueryLogConfigAssociations: []resolver.ResolverQueryLogConfigAssociation{{ResourceId: aws.String(resource), Status: status}}})
	}
	names := func(status resolver.FirewallRuleGroupAssociationStatus) func(any) (any, error) {
		return say(&route53resolver.ListFirewallRuleGroupAssociationsOutput{FirewallRuleGroupAssociations: []resolver.FirewallRuleGroupAssociation{{VpcId: aws.String("vpc-1"), Status: status}}})
	}
	noNames := say(&route53resolver.ListFirewallRuleGroupAssociationsOutput{})
	noGate := say(&networkfirewall.ListFirewallsOutput{})
	gate := func(ref string, rules *fwtypes.RulesSource) script {
		return script{
			"ListFirewallRuleGroupAssociations": noNames,
			"ListFirewalls":                     say(&networkfirewall.ListFirewallsOutput{Firewalls: []fwtypes.FirewallMetadata{{FirewallArn: aws.String("fw")}}}),
			"DescribeFirewall":                  say(&networkfirewall.DescribeFirewallOutput{Firewall: &fwtypes.Firewall{VpcId: aws.String("vpc-1"), FirewallPolicyArn: aws.String("p")}}),
			"DescribeFirewallPolicy":            say(&networkfirewall.DescribeFirewallPolicyOutput{FirewallPolicy: &fwtypes.FirewallPolicy{StatefulRuleGroupReferences: []fwtypes.StatefulRuleGroupReference{{ResourceArn: aws.String(ref)}}}}),
			"DescribeRuleGroup":                 say(&networkfirewall.DescribeRuleGroupOutput{RuleGroup: &fwtypes.RuleGroup{RulesSource: rules}}),
		}
	}
	clock := func(servers ...string) func(any) (any, error) {
		setting := ec2types.DhcpConfiguration{Key: aws.String("ntp-servers")}
		for _, s := range servers {
			setting.Values = append(setting.Values, ec2types.AttributeValue{Value: aws.String(s)})
		}
		return say(&ec2.DescribeDhcpOptionsOutput{DhcpOptions: []ec2types.DhcpOptions{{DhcpConfigurations: []ec2types.DhcpConfiguration{setting}}}})
	}
	for name, c := range map[string]struct {
		lines script
		want  stated
	}{
		"logged":               {script{"ListResolverQueryLogConfigAssociations": logs("vpc-1", resolver.ResolverQueryLogConfigAssociationStatusActive)}, stated{"dns_queries_logged": true}},
		"logging fails":        {script{"ListResolverQueryLogConfigAssociations": logs("vpc-1", resolver.ResolverQueryLogConfigAssociationStatusFailed)}, stated{"dns_queries_logged": false}},
		"another is logged":    {script{"ListResolverQueryLogConfigAssociations": logs("vpc-2", resolver.ResolverQueryLogConfigAssociationStatusActive)}, stated{"dns_queries_logged": false}},
		"denied":               {script{}, stated{"dns_queries_logged": nil, "egress_filtered": nil, "time_servers": nil}},
		"names":                {script{"ListFirewallRuleGroupAssociations": names(resolver.FirewallRuleGroupAssociationStatusComplete)}, stated{"egress_filtered": true}},
		"names going":          {script{"ListFirewallRuleGroupAssociations": names(resolver.FirewallRuleGroupAssociationStatusDeleting), "ListFirewalls": noGate}, stated{"egress_filtered": false}},
		"neither":              {script{"ListFirewallRuleGroupAssociations": noNames, "ListFirewalls": noGate}, stated{"egress_filtered": false}},
		"gate unread":          {script{"ListFirewallRuleGroupAssociations": noNames}, stated{"egress_filtered": nil}},
		"names unread":         {script{"ListFirewalls": noGate}, stated{"egress_filtered": nil}},
		"a list of domains":    {gate("g", &fwtypes.RulesSource{RulesSourceList: &fwtypes.RulesSourceList{}}), stated{"egress_filtered": true}},
		"rules on names":       {gate("g", &fwtypes.RulesSource{RulesString: aws.String(`drop tls any any -> any any (tls.sni; content:"x"; sid:1;)`)}), stated{"egress_filtered": true}},
		"rules on addresses":   {gate("g", &fwtypes.RulesSource{RulesString: aws.String(`drop ip any any -> 10.0.0.0/8 any (sid:1;)`)}), stated{"egress_filtered": false}},
		"maintained domains":   {gate("arn:aws:network-firewall:us-east-1:aws-managed:stateful-rulegroup/MalwareDomainsActionOrder", nil), stated{"egress_filtered": true}},
		"maintained patterns":  {gate("arn:aws:network-firewall:us-east-1:aws-managed:stateful-rulegroup/ThreatSignaturesDoSActionOrder", nil), stated{"egress_filtered": false}},
		"a clock of its own":   {script{"DescribeDhcpOptions": clock("128.138.140.44", "169.254.169.123")}, stated{"time_servers": []string{"128.138.140.44"}}},
		"the provider's clock": {script{"DescribeDhcpOptions": clock("169.254.169.123")}, stated{"time_servers": []string{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clients, _ := scripted(t, "us-east-1", c.lines)
			a := askNetwork(context.Background(), clients, vpc)
			roundTrip(t, a)
			c.want.check(t, watchedNetworkFacts(here, a))
		})
	}
	clients, count := scripted(t, "us-east-1", script{})
	askNetwork(context.Background(), clients, networkItem{Classic: refused[ec2.DescribeAccountAttributesOutput]()})
	if count("ListFirewalls") != 0 {
		t.Error("the first generation is asked for what it cannot have")
	}
	stated{"dns_queries_logged": false, "egress_filtered": false}.check(t, watchedNetworkFacts(here, networkAnswers{networkItem: networkItem{Classic: platforms("EC2")}}))
	stated{"dns_queries_logged": nil, "egress_filtered": nil}.check(t, watchedNetworkFacts(here, networkAnswers{networkItem: networkItem{Classic: refused[ec2.DescribeAccountAttributesOutput]()}}))
	plain := networkItem{VPC: &ec2types.Vpc{VpcId: aws.String("vpc-1"), DhcpOptionsId: aws.String("default")}}
	stated{"time_servers": []string{}}.check(t, watchedNetworkFacts(here, askNetwork(context.Background(), clients, plain)))
}

func TestClocksOfRecordings(t *testing.T) {
	t.Parallel()
	options := recorded[ec2.DescribeDhcpOptionsOutput](t, "test_vpc_dhcp_options/ec2.DescribeDhcpOptions_1.json")
	for i, want := range [][]string{{}, {"128.138.140.44", "128.138.141.172"}} {
		a := networkAnswers{networkItem: networkItem{VPC: &ec2types.Vpc{VpcId: aws.String("vpc-1"), DhcpOptionsId: aws.String("dopt-1")}}}
		a.DHCP = answered(&ec2.DescribeDhcpOptionsOutput{DhcpOptions: options.DhcpOptions[i : i+1]})
		stated{"time_servers": want}.check(t, watchedNetworkFacts(here, a))
	}
}

func TestProtectionsAreListed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		line  func(any) (any, error)
		found int
		fails bool
	}{
		"some":            {say(&shield.ListProtectionsOutput{Protections: []shieldtypes.Protection{{}}}), 1, false},
		"no subscription": {refuse("ResourceNotFoundException"), 0, false},
		"denied":          {refuse("AccessDeniedException"), 0, true},
	} {
		list := func(ctx context.Context, c *Clients) func(func(shieldtypes.Protection, error) bool) {
			return listProtections(ctx, c)
		}
		items, err := listedAll(t, script{"ListProtections": c.line}, list)
		if len(items) != c.found || (err != nil) != c.fails {
			t.Errorf("%s: %v, %v", name, items, err)
		}
	}
}

func TestCoverage(t *testing.T) {
	t.Parallel()
	list := func(ctx context.Context, c *Clients) func(func(machineCoverage, error) bool) {
		return listCoverage(ctx, c)
	}
	covered := say(&guardduty.ListCoverageOutput{Resources: []gdtypes.CoverageResource{
		{CoverageStatus: gdtypes.CoverageStatusUnhealthy, ResourceDetails: &gdtypes.CoverageResourceDetails{Ec2InstanceDetails: &gdtypes.CoverageEc2InstanceDetails{InstanceId: aws.String("i-1")}}},
		{CoverageStatus: gdtypes.CoverageStatusHealthy, ResourceDetails: &gdtypes.CoverageResourceDetails{}},
	}})
	items, err := listedAll(t, script{"ListDetectors": say(&guardduty.ListDetectorsOutput{DetectorIds: []string{"d"}}), "ListCoverage": covered}, list)
	if err != nil || len(items) != 1 {
		t.Fatalf("%v, %v", items, err)
	}
	stated{"machine": "arn:aws:ec2:us-east-1:644160558196:instance/i-1", "healthy": false}.check(t, coverageFacts(here, items[0]))
	if items, err := listedAll(t, script{"ListDetectors": say(&guardduty.ListDetectorsOutput{})}, list); err != nil || len(items) != 0 {
		t.Errorf("without a detector: %v, %v", items, err)
	}
	if _, err := listedAll(t, script{}, list); err == nil {
		t.Error("a denied listing counts as complete")
	}
}
