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

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.VpnConnection, vpnAnswers]{
	Kind:        "aws.ec2.vpn_connection",
	Class:       inventory.ClassNetworkLink,
	Permissions: []string{"ec2:DescribeVpnConnections", "ec2:DescribeVpnGateways"},
	ListAction:  "DescribeVpnConnections", ListPermission: "ec2:DescribeVpnConnections",
	List:  lister[types.VpnConnection](vpnConnections).all,
	Find:  lister[types.VpnConnection](vpnConnections).one,
	Ask:   askVPN,
	Facts: vpnFacts,
})

// vpnAnswers is all that EC2 says about one VPN connection, without its keys.
type vpnAnswers struct {
	Connection types.VpnConnection
	Gateway    collectors.Answer[ec2.DescribeVpnGatewaysOutput]
}

// vpnConnections lists the connections. The answer holds the keys of the tunnels, once in the options and once in the
// configuration for the other side; both are dropped before anyone else sees them.
func vpnConnections(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.VpnConnection, error] {
	return gone(func(yield func(types.VpnConnection, error) bool) {
		// EC2 answers this one without pages.
		out, err := c.EC2.DescribeVpnConnections(ctx, &ec2.DescribeVpnConnectionsInput{VpnConnectionIds: ids})
		if err != nil {
			yield(types.VpnConnection{}, err)
			return
		}
		for _, v := range out.VpnConnections {
			if !yield(withoutKeys(v), nil) {
				return
			}
		}
	}, "InvalidVpnConnectionID.NotFound", "InvalidVpnConnectionID")
}

// withoutKeys drops the keys of a connection, and the counters of its tunnels, which move all the time.
func withoutKeys(v types.VpnConnection) types.VpnConnection {
	v.CustomerGatewayConfiguration, v.PreSharedKeyArn, v.VgwTelemetry = nil, nil, nil
	if v.Options == nil {
		return v
	}
	options := *v.Options
	options.TunnelOptions = make([]types.TunnelOption, len(v.Options.TunnelOptions))
	for i, t := range v.Options.TunnelOptions {
		t.PreSharedKey = nil
		options.TunnelOptions[i] = t
	}
	v.Options = &options
	return v
}

func askVPN(ctx context.Context, c *Clients, v types.VpnConnection) vpnAnswers {
	a := vpnAnswers{Connection: v}
	if id := aws.ToString(v.VpnGatewayId); id != "" {
		a.Gateway = ask("DescribeVpnGateways", "ec2:DescribeVpnGateways", func() (*ec2.DescribeVpnGatewaysOutput, error) {
			out, err := c.EC2.DescribeVpnGateways(ctx, &ec2.DescribeVpnGatewaysInput{VpnGatewayIds: []string{id}})
			return out, absent(err, "InvalidVpnGatewayID.NotFound")
		})
	}
	return a
}

func vpnFacts(w collectors.Where, a vpnAnswers) *inventory.Resource {
	v := a.Connection
	if v.State == types.VpnStateDeleted || v.State == types.VpnStateDeleting {
		return nil
	}
	facts := &inventory.NetworkLink{Kind: "vpn", AcceptedByHand: true, Active: v.State == types.VpnStateAvailable}
	tags := ec2Labels(v.Tags)
	id := aws.ToString(v.VpnConnectionId)
	r := inventory.New(ec2ARN(w, "vpn-connection", id), nameOr(tags, id), w.Region, facts)
	r.Labels = tags
	// The other side is a device that someone entered by hand as customer gateway, so it belongs to no account.
	r.Known("kind", "accepted_by_hand", "active", "peer_owners")
	vpnNetworks(w, r, facts, a)
	vpnRanges(r, facts, v)
	vpnCrypto(r, facts, v.Options)
	return r
}

// vpnNetworks states the networks the connection ends in: those of its own gateway. A connection of a transit gateway
// ends in none; the attachments of that gateway say which networks lie behind it.
func vpnNetworks(w collectors.Where, r *inventory.Resource, facts *inventory.NetworkLink, a vpnAnswers) {
	if aws.ToString(a.Connection.VpnGatewayId) == "" {
		r.Known("networks")
		return
	}
	collectors.Know(r, a.Gateway, func(o *ec2.DescribeVpnGatewaysOutput) {
		if o == nil {
			return
		}
		for _, g := range o.VpnGateways {
			for _, at := range g.VpcAttachments {
				if at.State != types.AttachmentStatusDetached {
					facts.Networks = append(facts.Networks, ec2ARN(w, "vpc", aws.ToString(at.VpcId)))
				}
			}
		}
	}, "networks")
}

// vpnRanges states what lies on the other side where the routes were entered by hand; routes that the other side
// announces are not in any answer.
func vpnRanges(r *inventory.Resource, facts *inventory.NetworkLink, v types.VpnConnection) {
	if v.Options == nil || !aws.ToBool(v.Options.StaticRoutesOnly) {
		r.SetUnknown(inventory.Unknown{
			Cause: inventory.CauseNotCollected, Action: "DescribeVpnConnections", Code: "DynamicRoutes",
		}, "peer_ranges")
		return
	}
	for _, route := range v.Routes {
		if route.State != types.VpnStateDeleted {
			facts.PeerRanges = append(facts.PeerRanges, aws.ToString(route.DestinationCidrBlock))
		}
	}
	r.Known("peer_ranges")
}

// vpnCrypto states whether every tunnel takes modern ciphers only. A list that a tunnel leaves out means the default,
// which takes IKEv1, SHA-1 and group 2 as well:
// https://docs.aws.amazon.com/vpn/latest/s2svpn/VPNTunnels.html
func vpnCrypto(r *inventory.Resource, facts *inventory.NetworkLink, o *types.VpnConnectionOptions) {
	if o == nil || len(o.TunnelOptions) == 0 {
		unsaid(r, "DescribeVpnConnections", "strong_crypto")
		return
	}
	facts.StrongCrypto = true
	for _, t := range o.TunnelOptions {
		facts.StrongCrypto = facts.StrongCrypto && strongTunnel(t)
	}
	r.Known("strong_crypto")
}

func strongTunnel(t types.TunnelOption) bool {
	return allGood(t.IkeVersions, func(v types.IKEVersionsListValue) bool { return aws.ToString(v.Value) == "ikev2" }) &&
		allGood(t.Phase1EncryptionAlgorithms, func(v types.Phase1EncryptionAlgorithmsListValue) bool {
			return strongCipher(v.Value)
		}) &&
		allGood(t.Phase2EncryptionAlgorithms, func(v types.Phase2EncryptionAlgorithmsListValue) bool {
			return strongCipher(v.Value)
		}) &&
		allGood(t.Phase1IntegrityAlgorithms, func(v types.Phase1IntegrityAlgorithmsListValue) bool {
			return strongHash(v.Value)
		}) &&
		allGood(t.Phase2IntegrityAlgorithms, func(v types.Phase2IntegrityAlgorithmsListValue) bool {
			return strongHash(v.Value)
		}) &&
		allGood(t.Phase1DHGroupNumbers, func(v types.Phase1DHGroupNumbersListValue) bool {
			return aws.ToInt32(v.Value) >= 14
		}) &&
		allGood(t.Phase2DHGroupNumbers, func(v types.Phase2DHGroupNumbersListValue) bool {
			return aws.ToInt32(v.Value) >= 14
		})
}

// allGood says whether a list is there and holds nothing but what is good.
func allGood[T any](list []T, good func(T) bool) bool {
	for _, v := range list {
		if !good(v) {
			return false
		}
	}
	return len(list) > 0
}

func strongCipher(name *string) bool {
	switch aws.ToString(name) {
	case "AES128", "AES256", "AES128-GCM-16", "AES256-GCM-16":
		return true
	}
	return false
}

func strongHash(name *string) bool {
	switch aws.ToString(name) {
	case "SHA2-256", "SHA2-384", "SHA2-512":
		return true
	}
	return false
}
