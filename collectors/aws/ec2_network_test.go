package aws

import (
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// own is the id of a resource of the account and region that tests are in.
func own(resource, id string) string { return ec2ARN(here, resource, id) }

// platforms is what an account answers about the platforms it supports.
func platforms(names ...string) collectors.Answer[ec2.DescribeAccountAttributesOutput] {
	a := types.AccountAttribute{AttributeName: aws.String("supported-platforms")}
	for _, n := range names {
		a.AttributeValues = append(a.AttributeValues, types.AccountAttributeValue{AttributeValue: aws.String(n)})
	}
	return answered(&ec2.DescribeAccountAttributesOutput{AccountAttributes: []types.AccountAttribute{a}})
}

func TestNetworkFacts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		item networkItem
		want stated
	}{
		"default with a range that was taken off": {networkItem{VPC: &types.Vpc{
			VpcId: aws.String("vpc-1"), IsDefault: aws.Bool(true), CidrBlock: aws.String("10.0.0.0/16"),
			CidrBlockAssociationSet: []types.VpcCidrBlockAssociation{
				{CidrBlock: aws.String("10.0.0.0/16"), CidrBlockState: &types.VpcCidrBlockState{State: types.VpcCidrBlockStateCodeAssociated}},
				{CidrBlock: aws.String("10.1.0.0/16"), CidrBlockState: &types.VpcCidrBlockState{State: types.VpcCidrBlockStateCodeDisassociated}},
			},
			Ipv6CidrBlockAssociationSet: []types.VpcIpv6CidrBlockAssociation{{Ipv6CidrBlock: aws.String("2001:db8::/56")}},
		}}, stated{"legacy": false, "default": true, "ranges": []string{"10.0.0.0/16", "2001:db8::/56"}}},
		"default left out": {networkItem{VPC: &types.Vpc{VpcId: aws.String("vpc-1")}}, stated{"legacy": false, "default": nil}},
		"classic": {networkItem{Classic: platforms("EC2", "VPC")},
			stated{"legacy": true, "default": false, "ranges": []string{"10.0.0.0/8"}}},
		"classic unread": {networkItem{Classic: refused[ec2.DescribeAccountAttributesOutput]()}, stated{"legacy": nil, "default": nil, "ranges": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, networkFacts(here, c.item))
		})
	}
	if r := networkFacts(here, networkItem{Classic: platforms("VPC")}); r != nil {
		t.Errorf("an account without EC2-Classic has the network %s", r.ID)
	}
}

var _ = sample("aws.ec2.vpc", networkFacts,
	networkItem{VPC: &types.Vpc{VpcId: aws.String("vpc-1"), IsDefault: aws.Bool(false), Tags: tagged("Name", "main")}},
	networkItem{Classic: platforms("EC2")}, networkItem{Classic: platforms("VPC")},
	networkItem{Classic: refused[ec2.DescribeAccountAttributesOutput]()})

// tagged is a list of one tag.
func tagged(key, value string) []types.Tag {
	return []types.Tag{{Key: aws.String(key), Value: aws.String(value)}}
}

var _ = sample("aws.ec2.security_group", securityGroupFacts, types.SecurityGroup{
	GroupId: aws.String("sg-1"), GroupName: aws.String("web"), VpcId: aws.String("vpc-1"),
	IpPermissions: []types.IpPermission{{
		IpProtocol: aws.String("tcp"), FromPort: aws.Int32(443), ToPort: aws.Int32(443),
		PrefixListIds:    []types.PrefixListId{{PrefixListId: aws.String("pl-1")}},
		UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: aws.String("sg-2"), UserId: aws.String("111122223333")}},
	}},
})

func TestSecurityGroupNamesListsAndOwners(t *testing.T) {
	t.Parallel()
	r := securityGroupFacts(here, types.SecurityGroup{GroupId: aws.String("sg-1"), GroupName: aws.String("web"), IpPermissions: []types.IpPermission{{
		IpProtocol: aws.String("-1"), PrefixListIds: []types.PrefixListId{{PrefixListId: aws.String("pl-1")}},
		UserIdGroupPairs: []types.UserIdGroupPair{
			{GroupId: aws.String("sg-2"), UserId: aws.String("111122223333")},
			{GroupId: aws.String("sg-3"), UserId: aws.String(here.Scope.Account())},
		},
	}}})
	stated{"rules": []inventory.Rule{{
		Protocol: "any", To: 65535, Lists: []string{own("prefix-list", "pl-1")}, Owners: []string{"111122223333"},
		Groups: []string{"arn:aws:ec2:us-east-1:111122223333:security-group/sg-2", own("security-group", "sg-3")},
	}}}.check(t, r)
}

func TestSubnetFacts(t *testing.T) {
	t.Parallel()
	v6 := []types.SubnetIpv6CidrBlockAssociation{{Ipv6CidrBlock: aws.String("2001:db8::/64")}}
	for name, c := range map[string]struct {
		subnet types.Subnet
		want   any
	}{
		"gives public addresses":    {types.Subnet{MapPublicIpOnLaunch: aws.Bool(true), AssignIpv6AddressOnCreation: aws.Bool(false)}, true},
		"gives IPv6 addresses":      {types.Subnet{MapPublicIpOnLaunch: aws.Bool(false), AssignIpv6AddressOnCreation: aws.Bool(true), Ipv6CidrBlockAssociationSet: v6}, true},
		"gives none":                {types.Subnet{MapPublicIpOnLaunch: aws.Bool(false), AssignIpv6AddressOnCreation: aws.Bool(false)}, false},
		"IPv6 left out, no range":   {types.Subnet{MapPublicIpOnLaunch: aws.Bool(false)}, false},
		"IPv6 left out, with range": {types.Subnet{MapPublicIpOnLaunch: aws.Bool(false), Ipv6CidrBlockAssociationSet: v6}, nil},
		"all left out":              {types.Subnet{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.subnet.SubnetId, c.subnet.VpcId = aws.String("subnet-1"), aws.String("vpc-1")
			r := subnetFacts(here, c.subnet)
			stated{"auto_public_address": c.want, "firewall_attached": true, "network": own("vpc", "vpc-1")}.check(t, r)
			if !r.Inherent["firewall_attached"] {
				t.Error("every subnet of the provider has a filter, yet the fact is not inherent")
			}
		})
	}
}

var _ = sample("aws.ec2.subnet", subnetFacts, types.Subnet{SubnetId: aws.String("subnet-1")}, types.Subnet{
	SubnetId: aws.String("subnet-1"), VpcId: aws.String("vpc-1"), CidrBlock: aws.String("10.0.0.0/24"), MapPublicIpOnLaunch: aws.Bool(true),
})

func TestRouteTargets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		route types.Route
		want  inventory.Route
	}{
		"local":              {types.Route{GatewayId: aws.String("local")}, inventory.Route{To: "local"}},
		"internet":           {types.Route{GatewayId: aws.String("igw-1")}, inventory.Route{To: "internet", Target: own("internet-gateway", "igw-1")}},
		"dead internet":      {types.Route{GatewayId: aws.String("igw-1"), State: types.RouteStateBlackhole}, inventory.Route{To: "internet", Target: own("internet-gateway", "igw-1"), Dead: true}},
		"private gateway":    {types.Route{GatewayId: aws.String("vgw-1")}, inventory.Route{To: "vpn", Target: "vgw-1"}},
		"firewall":           {types.Route{GatewayId: aws.String("vpce-1")}, inventory.Route{To: "firewall", Target: "vpce-1"}},
		"NAT":                {types.Route{NatGatewayId: aws.String("nat-1")}, inventory.Route{To: "nat", Target: own("natgateway", "nat-1")}},
		"egress only":        {types.Route{EgressOnlyInternetGatewayId: aws.String("eigw-1")}, inventory.Route{To: "egress_only", Target: own("egress-only-internet-gateway", "eigw-1")}},
		"peering":            {types.Route{VpcPeeringConnectionId: aws.String("pcx-1")}, inventory.Route{To: "peering", Target: own("vpc-peering-connection", "pcx-1")}},
		"transit":            {types.Route{TransitGatewayId: aws.String("tgw-1")}, inventory.Route{To: "transit", Target: own("transit-gateway", "tgw-1")}},
		"machine":            {types.Route{InstanceId: aws.String("i-1"), NetworkInterfaceId: aws.String("eni-1")}, inventory.Route{To: "interface", Target: own("network-interface", "eni-1")}},
		"carrier":            {types.Route{CarrierGatewayId: aws.String("cagw-1")}, inventory.Route{To: "internet", Target: "cagw-1"}},
		"nothing":            {types.Route{}, inventory.Route{To: "none"}},
		"machine that ended": {types.Route{InstanceId: aws.String("i-1"), State: types.RouteStateBlackhole}, inventory.Route{To: "interface", Target: own("instance", "i-1"), Dead: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.route.DestinationCidrBlock, c.want.Destination = aws.String("0.0.0.0/0"), "0.0.0.0/0"
			if got := routeFacts(here, c.route); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
	service := types.Route{GatewayId: aws.String("vpce-1"), DestinationPrefixListId: aws.String("pl-1")}
	if got := routeFacts(here, service); got.To != "endpoint" || got.Destination != own("prefix-list", "pl-1") {
		t.Errorf("a route to a service's list is %+v", got)
	}
	if got := routeFacts(here, types.Route{DestinationIpv6CidrBlock: aws.String("::/0"), GatewayId: aws.String("igw-1")}); got.Destination != "::/0" {
		t.Errorf("an IPv6 route is %+v", got)
	}
}

func TestRouteTableFacts(t *testing.T) {
	t.Parallel()
	r := routeTableFacts(here, types.RouteTable{RouteTableId: aws.String("rtb-1"), VpcId: aws.String("vpc-1"), Associations: []types.RouteTableAssociation{
		{Main: aws.Bool(true)},
		{SubnetId: aws.String("subnet-1"), AssociationState: &types.RouteTableAssociationState{State: types.RouteTableAssociationStateCodeAssociated}},
		{SubnetId: aws.String("subnet-2"), AssociationState: &types.RouteTableAssociationState{State: types.RouteTableAssociationStateCodeDisassociated}},
		{GatewayId: aws.String("igw-1")},
	}})
	stated{"main": true, "network": own("vpc", "vpc-1"), "subnets": []string{own("subnet", "subnet-1")}}.check(t, r)
}

var _ = sample("aws.ec2.route_table", routeTableFacts, types.RouteTable{
	RouteTableId: aws.String("rtb-1"), Routes: []types.Route{{DestinationCidrBlock: aws.String("0.0.0.0/0"), GatewayId: aws.String("igw-1")}},
})

func TestNetworkACLFacts(t *testing.T) {
	t.Parallel()
	entry := func(number int32, egress bool, action types.RuleAction, protocol string, ports *types.PortRange) types.NetworkAclEntry {
		return types.NetworkAclEntry{
			RuleNumber: aws.Int32(number), Egress: aws.Bool(egress), RuleAction: action, Protocol: aws.String(protocol),
			PortRange: ports, CidrBlock: aws.String("0.0.0.0/0"),
		}
	}
	r := networkACLFacts(here, types.NetworkAcl{
		NetworkAclId: aws.String("acl-1"), VpcId: aws.String("vpc-1"), IsDefault: aws.Bool(false),
		Associations: []types.NetworkAclAssociation{{SubnetId: aws.String("subnet-1")}},
		Entries: []types.NetworkAclEntry{
			entry(32767, true, types.RuleActionDeny, "-1", nil),
			entry(100, true, types.RuleActionAllow, "6", &types.PortRange{From: aws.Int32(1024), To: aws.Int32(65535)}),
			entry(32767, false, types.RuleActionDeny, "-1", nil),
			entry(90, false, types.RuleActionDeny, "17", nil),
			entry(100, false, types.RuleActionAllow, "6", &types.PortRange{From: aws.Int32(443), To: aws.Int32(443)}),
			entry(110, false, types.RuleActionAllow, "1", nil),
			entry(120, false, types.RuleActionAllow, "58", nil),
			entry(130, false, types.RuleActionAllow, "50", nil),
		},
	})
	world := []string{"0.0.0.0/0"}
	stated{"default": false, "subnets": []string{own("subnet", "subnet-1")}, "rules": []inventory.Rule{
		{ID: "90", Deny: true, Priority: 90, Protocol: "udp", To: 65535, Ranges: world},
		{ID: "100", Priority: 100, Protocol: "tcp", From: 443, To: 443, Ranges: world},
		{ID: "110", Priority: 110, Protocol: "icmp", To: 65535, Ranges: world},
		{ID: "120", Priority: 120, Protocol: "icmpv6", To: 65535, Ranges: world},
		{ID: "130", Priority: 130, Protocol: "50", To: 65535, Ranges: world},
		{ID: "32767", Deny: true, Priority: 32767, Protocol: "any", To: 65535, Ranges: world},
		{ID: "100", Egress: true, Priority: 100, Protocol: "tcp", From: 1024, To: 65535, Ranges: world},
		{ID: "32767", Egress: true, Deny: true, Priority: 32767, Protocol: "any", To: 65535, Ranges: world},
	}}.check(t, r)
	// What is not plainly allowed must count as refused.
	if rule := entryRule(types.NetworkAclEntry{RuleNumber: aws.Int32(1), Ipv6CidrBlock: aws.String("::/0")}); !rule.Deny || rule.Ranges[0] != "::/0" {
		t.Errorf("an entry without action is %+v", rule)
	}
}

var _ = sample("aws.ec2.network_acl", networkACLFacts, types.NetworkAcl{
	NetworkAclId: aws.String("acl-1"), IsDefault: aws.Bool(true), Entries: []types.NetworkAclEntry{{RuleNumber: aws.Int32(100), Protocol: aws.String("6")}},
}, types.NetworkAcl{NetworkAclId: aws.String("acl-2")})
