package aws

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func TestGatewayFacts(t *testing.T) {
	t.Parallel()
	attached := []types.InternetGatewayAttachment{
		{VpcId: aws.String("vpc-1"), State: "available"}, {VpcId: aws.String("vpc-2"), State: types.AttachmentStatusDetached},
	}
	addresses := []types.NatGatewayAddress{{PublicIp: aws.String("198.51.100.1")}, {PrivateIp: aws.String("10.0.0.1")}}
	for name, c := range map[string]struct {
		r    *inventory.Resource
		want stated
	}{
		"internet": {internetGatewayFacts(here, types.InternetGateway{InternetGatewayId: aws.String("igw-1"), Attachments: attached}),
			stated{"type": "internet", "networks": []string{own("vpc", "vpc-1")}}},
		"egress only": {egressOnlyGatewayFacts(here, types.EgressOnlyInternetGateway{EgressOnlyInternetGatewayId: aws.String("eigw-1"), Attachments: attached}),
			stated{"type": "egress_only", "networks": []string{own("vpc", "vpc-1")}}},
		"NAT": {natGatewayFacts(here, types.NatGateway{NatGatewayId: aws.String("nat-1"), VpcId: aws.String("vpc-1"), NatGatewayAddresses: addresses}),
			stated{"type": "nat", "networks": []string{own("vpc", "vpc-1")}, "public_addresses": []string{"198.51.100.1"}}},
		"private NAT": {natGatewayFacts(here, types.NatGateway{NatGatewayId: aws.String("nat-1"), ConnectivityType: types.ConnectivityTypePrivate}),
			stated{"type": "private_nat", "public_addresses": []string{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, c.r)
		})
	}
	for _, state := range []types.NatGatewayState{types.NatGatewayStateDeleted, types.NatGatewayStateDeleting, types.NatGatewayStateFailed} {
		if natGatewayFacts(here, types.NatGateway{NatGatewayId: aws.String("nat-1"), State: state}) != nil {
			t.Errorf("a NAT gateway that is %s is still described", state)
		}
	}
}

var (
	_ = sample("aws.ec2.internet_gateway", internetGatewayFacts, types.InternetGateway{InternetGatewayId: aws.String("igw-1")})
	_ = sample("aws.ec2.egress_only_internet_gateway", egressOnlyGatewayFacts,
		types.EgressOnlyInternetGateway{EgressOnlyInternetGatewayId: aws.String("eigw-1")})
	_ = sample("aws.ec2.nat_gateway", natGatewayFacts, types.NatGateway{NatGatewayId: aws.String("nat-1"), VpcId: aws.String("vpc-1")})
)

func TestPeeringFacts(t *testing.T) {
	t.Parallel()
	side := func(owner, region, vpc, cidr string) *types.VpcPeeringConnectionVpcInfo {
		return &types.VpcPeeringConnectionVpcInfo{OwnerId: aws.String(owner), Region: aws.String(region), VpcId: aws.String(vpc), CidrBlock: aws.String(cidr)}
	}
	status := func(c types.VpcPeeringConnectionStateReasonCode) *types.VpcPeeringConnectionStateReason {
		return &types.VpcPeeringConnectionStateReason{Code: c}
	}
	me, active := here.Scope.Account(), types.VpcPeeringConnectionStateReasonCodeActive
	for name, c := range map[string]struct {
		p    types.VpcPeeringConnection
		want stated
	}{
		"with a foreign account": {types.VpcPeeringConnection{Status: status(active),
			RequesterVpcInfo: side("111122223333", "us-east-1", "vpc-2", "10.2.0.0/16"), AccepterVpcInfo: side(me, "us-east-1", "vpc-1", "10.1.0.0/16")},
			stated{"active": true, "peer_owners": []string{"111122223333"}, "peer_ranges": []string{"10.2.0.0/16"},
				"networks": []string{"arn:aws:ec2:us-east-1:111122223333:vpc/vpc-2", own("vpc", "vpc-1")}, "strong_crypto": notApplicable}},
		"between own regions": {types.VpcPeeringConnection{Status: status(active),
			RequesterVpcInfo: side(me, "us-east-1", "vpc-1", "10.1.0.0/16"), AccepterVpcInfo: side(me, "eu-west-1", "vpc-2", "10.2.0.0/16")},
			stated{"peer_owners": []string{}, "peer_ranges": []string{"10.2.0.0/16"},
				"networks": []string{own("vpc", "vpc-1"), "arn:aws:ec2:eu-west-1:" + me + ":vpc/vpc-2"}}},
		"within one region": {types.VpcPeeringConnection{Status: status(active),
			RequesterVpcInfo: side(me, "us-east-1", "vpc-1", "10.1.0.0/16"), AccepterVpcInfo: side(me, "us-east-1", "vpc-2", "10.2.0.0/16")},
			stated{"peer_ranges": []string{"10.1.0.0/16", "10.2.0.0/16"}}},
		"not accepted yet": {types.VpcPeeringConnection{Status: status(types.VpcPeeringConnectionStateReasonCodePendingAcceptance)},
			stated{"active": false, "networks": nil, "peer_owners": nil, "peer_ranges": nil, "accepted_by_hand": true}},
		"without status": {types.VpcPeeringConnection{}, stated{"active": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.p.VpcPeeringConnectionId = aws.String("pcx-1")
			c.want.check(t, peeringFacts(here, c.p))
		})
	}
	for _, code := range endedPeerings {
		if peeringFacts(here, types.VpcPeeringConnection{Status: status(code)}) != nil {
			t.Errorf("a peering that is %s is still described", code)
		}
	}
}

var _ = sample("aws.ec2.vpc_peering_connection", peeringFacts, types.VpcPeeringConnection{VpcPeeringConnectionId: aws.String("pcx-1")})

// strong is a tunnel that takes modern ciphers only.
func strong(change func(*types.TunnelOption)) types.TunnelOption {
	t := types.TunnelOption{
		IkeVersions:                []types.IKEVersionsListValue{{Value: aws.String("ikev2")}},
		Phase1EncryptionAlgorithms: []types.Phase1EncryptionAlgorithmsListValue{{Value: aws.String("AES256")}},
		Phase2EncryptionAlgorithms: []types.Phase2EncryptionAlgorithmsListValue{{Value: aws.String("AES256-GCM-16")}},
		Phase1IntegrityAlgorithms:  []types.Phase1IntegrityAlgorithmsListValue{{Value: aws.String("SHA2-256")}},
		Phase2IntegrityAlgorithms:  []types.Phase2IntegrityAlgorithmsListValue{{Value: aws.String("SHA2-512")}},
		Phase1DHGroupNumbers:       []types.Phase1DHGroupNumbersListValue{{Value: aws.Int32(14)}},
		Phase2DHGroupNumbers:       []types.Phase2DHGroupNumbersListValue{{Value: aws.Int32(20)}},
	}
	if change != nil {
		change(&t)
	}
	return t
}

func TestVPNCrypto(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tunnels []types.TunnelOption
		want    any
	}{
		"strong":      {[]types.TunnelOption{strong(nil), strong(nil)}, true},
		"no tunnels":  {nil, nil},
		"default":     {[]types.TunnelOption{{}}, false},
		"one default": {[]types.TunnelOption{strong(nil), {}}, false},
		"IKEv1 too": {[]types.TunnelOption{strong(func(t *types.TunnelOption) {
			t.IkeVersions = append(t.IkeVersions, types.IKEVersionsListValue{Value: aws.String("ikev1")})
		})}, false},
		"SHA-1": {[]types.TunnelOption{strong(func(t *types.TunnelOption) {
			t.Phase2IntegrityAlgorithms = []types.Phase2IntegrityAlgorithmsListValue{{Value: aws.String("SHA1")}}
		})}, false},
		"3DES": {[]types.TunnelOption{strong(func(t *types.TunnelOption) {
			t.Phase1EncryptionAlgorithms = []types.Phase1EncryptionAlgorithmsListValue{{Value: aws.String("3DES")}}
		})}, false},
		"group 2": {[]types.TunnelOption{strong(func(t *types.TunnelOption) {
			t.Phase1DHGroupNumbers = append(t.Phase1DHGroupNumbers, types.Phase1DHGroupNumbersListValue{Value: aws.Int32(2)})
		})}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := vpnFacts(here, vpnAnswers{Connection: types.VpnConnection{
				VpnConnectionId: aws.String("vpn-1"), State: types.VpnStateAvailable, Options: &types.VpnConnectionOptions{TunnelOptions: c.tunnels},
			}})
			stated{"kind": "vpn", "active": true, "strong_crypto": c.want}.check(t, r)
		})
	}
}

func TestVPNNetworks(t *testing.T) {
	t.Parallel()
	gateway := &ec2.DescribeVpnGatewaysOutput{VpnGateways: []types.VpnGateway{{VpcAttachments: []types.VpcAttachment{
		{VpcId: aws.String("vpc-1"), State: types.AttachmentStatusAttached}, {VpcId: aws.String("vpc-2"), State: types.AttachmentStatusDetached},
	}}}}
	through := types.VpnConnection{VpnConnectionId: aws.String("vpn-1"), VpnGatewayId: aws.String("vgw-1"), Options: &types.VpnConnectionOptions{StaticRoutesOnly: aws.Bool(true)},
		Routes: []types.VpnStaticRoute{{DestinationCidrBlock: aws.String("192.168.0.0/16")}, {DestinationCidrBlock: aws.String("192.0.2.0/24"), State: types.VpnStateDeleted}}}
	stated{"networks": []string{own("vpc", "vpc-1")}, "peer_ranges": []string{"192.168.0.0/16"}, "peer_owners": []string{}}.
		check(t, vpnFacts(here, vpnAnswers{Connection: through, Gateway: answered(gateway)}))
	stated{"networks": nil}.check(t, vpnFacts(here, vpnAnswers{Connection: through, Gateway: refused[ec2.DescribeVpnGatewaysOutput]()}))
	stated{"networks": []string{}, "peer_ranges": nil}.
		check(t, vpnFacts(here, vpnAnswers{Connection: types.VpnConnection{VpnConnectionId: aws.String("vpn-1"), TransitGatewayId: aws.String("tgw-1")}}))
	if vpnFacts(here, vpnAnswers{Connection: types.VpnConnection{State: types.VpnStateDeleted}}) != nil {
		t.Error("a deleted VPN is still described")
	}
}

func TestVPNKeysAreDropped(t *testing.T) {
	t.Parallel()
	const key = "pre-shared-word"
	v := types.VpnConnection{
		CustomerGatewayConfiguration: aws.String("<pre_shared_key>" + key), VpnConnectionId: aws.String("vpn-1"),
		Options: &types.VpnConnectionOptions{TunnelOptions: []types.TunnelOption{{PreSharedKey: aws.String(key), TunnelInsideCidr: aws.String("169.254.1.0/30")}}},
	}
	raw, err := json.Marshal(withoutKeys(v))
	if err != nil || strings.Contains(string(raw), key) || !strings.Contains(string(raw), "169.254.1.0/30") {
		t.Errorf("kept %s, %v; want the tunnel without its key", raw, err)
	}
	if aws.ToString(v.Options.TunnelOptions[0].PreSharedKey) != key {
		t.Error("the caller's own answer was changed")
	}
}

var _ = sample("aws.ec2.vpn_connection", vpnFacts, vpnAnswers{Connection: types.VpnConnection{VpnConnectionId: aws.String("vpn-1")}},
	vpnAnswers{Connection: types.VpnConnection{VpnConnectionId: aws.String("vpn-2"), Options: &types.VpnConnectionOptions{TunnelOptions: []types.TunnelOption{strong(nil)}}}})

func TestTransitFacts(t *testing.T) {
	t.Parallel()
	me := here.Scope.Account()
	gateway := func(v types.AutoAcceptSharedAttachmentsValue) *ec2.DescribeTransitGatewaysOutput {
		return &ec2.DescribeTransitGatewaysOutput{TransitGateways: []types.TransitGateway{{Options: &types.TransitGatewayOptions{AutoAcceptSharedAttachments: v}}}}
	}
	at := types.TransitGatewayAttachment{
		TransitGatewayAttachmentId: aws.String("tgw-attach-1"), State: types.TransitGatewayAttachmentStateAvailable, ResourceId: aws.String("vpc-1"),
		ResourceType: types.TransitGatewayAttachmentResourceTypeVpc, ResourceOwnerId: aws.String(me), TransitGatewayOwnerId: aws.String("111122223333"),
	}
	stated{"kind": "transit", "active": true, "networks": []string{own("vpc", "vpc-1")}, "peer_owners": []string{"111122223333"},
		"accepted_by_hand": true, "peer_ranges": nil, "strong_crypto": notApplicable}.
		check(t, transitFacts(here, transitAnswers{at, answered(gateway(types.AutoAcceptSharedAttachmentsValueDisable))}))
	stated{"accepted_by_hand": false}.check(t, transitFacts(here, transitAnswers{at, answered(gateway(types.AutoAcceptSharedAttachmentsValueEnable))}))
	stated{"accepted_by_hand": nil}.check(t, transitFacts(here, transitAnswers{at, refused[ec2.DescribeTransitGatewaysOutput]()}))
	stated{"accepted_by_hand": nil}.check(t, transitFacts(here, transitAnswers{at, answered(&ec2.DescribeTransitGatewaysOutput{})}))
	for _, state := range endedAttachments {
		if transitFacts(here, transitAnswers{Attachment: types.TransitGatewayAttachment{State: state}}) != nil {
			t.Errorf("an attachment that is %s is still described", state)
		}
	}
}

var _ = sample("aws.ec2.transit_gateway_attachment", transitFacts,
	transitAnswers{types.TransitGatewayAttachment{TransitGatewayAttachmentId: aws.String("tgw-attach-1")}, refused[ec2.DescribeTransitGatewaysOutput]()})

func TestEndpointServiceFacts(t *testing.T) {
	t.Parallel()
	s := types.ServiceConfiguration{ServiceId: aws.String("vpce-svc-1"), ServiceState: types.ServiceStateAvailable, AcceptanceRequired: aws.Bool(true)}
	allowed := func(principals ...string) *ec2.DescribeVpcEndpointServicePermissionsOutput {
		o := &ec2.DescribeVpcEndpointServicePermissionsOutput{}
		for _, p := range principals {
			o.AllowedPrincipals = append(o.AllowedPrincipals, types.AllowedPrincipal{Principal: aws.String(p)})
		}
		return o
	}
	me := here.Scope.Account()
	stated{"kind": "private_service", "active": true, "accepted_by_hand": true, "peer_owners": []string{"111122223333"}}.
		check(t, endpointServiceFacts(here, endpointServiceAnswers{s, answered(allowed("arn:aws:iam::111122223333:root", "arn:aws:iam::"+me+":root"))}))
	stated{"peer_owners": []string{"*"}}.check(t, endpointServiceFacts(here, endpointServiceAnswers{s, answered(allowed("*"))}))
	stated{"peer_owners": nil}.check(t, endpointServiceFacts(here, endpointServiceAnswers{s, refused[ec2.DescribeVpcEndpointServicePermissionsOutput]()}))
	s.AcceptanceRequired = nil
	stated{"accepted_by_hand": nil}.check(t, endpointServiceFacts(here, endpointServiceAnswers{Service: s}))
	s.ServiceState = types.ServiceStateDeleted
	if endpointServiceFacts(here, endpointServiceAnswers{Service: s}) != nil {
		t.Error("a deleted service is still described")
	}
}

var _ = sample("aws.ec2.vpc_endpoint_service", endpointServiceFacts,
	endpointServiceAnswers{Service: types.ServiceConfiguration{ServiceId: aws.String("vpce-svc-1"), AcceptanceRequired: aws.Bool(false)}})

func TestFlowLogFacts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		log  types.FlowLog
		want stated
	}{
		"all of a network":   {types.FlowLog{ResourceId: aws.String("vpc-1"), FlowLogStatus: aws.String("ACTIVE"), TrafficType: types.TrafficTypeAll}, stated{"resource": own("vpc", "vpc-1"), "active": true, "traffic": "all"}},
		"refused ones":       {types.FlowLog{ResourceId: aws.String("subnet-1"), FlowLogStatus: aws.String("ACTIVE"), TrafficType: types.TrafficTypeReject}, stated{"resource": own("subnet", "subnet-1"), "traffic": "rejected"}},
		"admitted ones":      {types.FlowLog{ResourceId: aws.String("eni-1"), TrafficType: types.TrafficTypeAccept}, stated{"resource": own("network-interface", "eni-1"), "active": false, "traffic": "accepted"}},
		"undelivered":        {types.FlowLog{FlowLogStatus: aws.String("ACTIVE"), DeliverLogsStatus: aws.String("FAILED"), TrafficType: types.TrafficTypeAll}, stated{"active": false}},
		"of an attachment":   {types.FlowLog{ResourceId: aws.String("tgw-attach-1"), FlowLogStatus: aws.String("ACTIVE")}, stated{"resource": own("transit-gateway-attachment", "tgw-attach-1"), "traffic": nil}},
		"of something other": {types.FlowLog{ResourceId: aws.String("new-1")}, stated{"resource": "new-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.log.FlowLogId = aws.String("fl-1")
			c.want.check(t, flowLogFacts(here, c.log))
		})
	}
}

var _ = sample("aws.ec2.flow_log", flowLogFacts, types.FlowLog{FlowLogId: aws.String("fl-1"), TrafficType: types.TrafficTypeAll})

func TestPrefixListFacts(t *testing.T) {
	t.Parallel()
	l := types.ManagedPrefixList{PrefixListId: aws.String("pl-1"), PrefixListName: aws.String("offices"), State: types.PrefixListStateCreateComplete}
	entries := &ec2.GetManagedPrefixListEntriesOutput{Entries: []types.PrefixListEntry{{Cidr: aws.String("192.0.2.0/24")}, {Cidr: aws.String("0.0.0.0/0")}}}
	r := prefixListFacts(here, prefixListAnswers{l, answered(entries)})
	stated{"ranges": []string{"192.0.2.0/24", "0.0.0.0/0"}}.check(t, r)
	if r.ID != own("prefix-list", "pl-1") || r.Name != "offices" {
		t.Errorf("got %s %s", r.ID, r.Name)
	}
	stated{"ranges": nil}.check(t, prefixListFacts(here, prefixListAnswers{l, refused[ec2.GetManagedPrefixListEntriesOutput]()}))
	l.State = types.PrefixListStateDeleteComplete
	if prefixListFacts(here, prefixListAnswers{List: l}) != nil {
		t.Error("a deleted list is still described")
	}
}

var _ = sample("aws.ec2.prefix_list", prefixListFacts,
	prefixListAnswers{List: types.ManagedPrefixList{PrefixListId: aws.String("pl-1")}, Entries: answered(&ec2.GetManagedPrefixListEntriesOutput{})})
