package aws

import (
	"context"
	"iter"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.VpcPeeringConnection, types.VpcPeeringConnection]{
	Kind:        "aws.ec2.vpc_peering_connection",
	Class:       inventory.ClassNetworkLink,
	Permissions: []string{"ec2:DescribeVpcPeeringConnections"},
	ListAction:  "DescribeVpcPeeringConnections", ListPermission: "ec2:DescribeVpcPeeringConnections",
	List:  lister[types.VpcPeeringConnection](peerings).all,
	Find:  lister[types.VpcPeeringConnection](peerings).one,
	Facts: peeringFacts,
})

// noTunnel is why a link has no ciphers to judge.
const noTunnel = "the provider's own network carries the link; there is no tunnel whose ciphers could be chosen"

func peerings(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.VpcPeeringConnection, error] {
	p := ec2.NewDescribeVpcPeeringConnectionsPaginator(c.EC2, &ec2.DescribeVpcPeeringConnectionsInput{
		VpcPeeringConnectionIds: ids, MaxResults: pageSize(1000, ids),
	})
	return described(ctx, p, func(o *ec2.DescribeVpcPeeringConnectionsOutput) []types.VpcPeeringConnection {
		return o.VpcPeeringConnections
	}, "InvalidVpcPeeringConnectionID.NotFound", "InvalidVpcPeeringConnectionId.NotFound")
}

// endedPeerings are the states from which a peering never comes back; EC2 lists them for days.
var endedPeerings = []types.VpcPeeringConnectionStateReasonCode{
	types.VpcPeeringConnectionStateReasonCodeDeleted, types.VpcPeeringConnectionStateReasonCodeDeleting,
	types.VpcPeeringConnectionStateReasonCodeRejected, types.VpcPeeringConnectionStateReasonCodeExpired,
	types.VpcPeeringConnectionStateReasonCodeFailed,
}

func peeringFacts(w collectors.Where, p types.VpcPeeringConnection) *inventory.Resource {
	if p.Status != nil && slices.Contains(endedPeerings, p.Status.Code) {
		return nil
	}
	facts := &inventory.NetworkLink{Kind: "peering", AcceptedByHand: true}
	tags := ec2Labels(p.Tags)
	id := aws.ToString(p.VpcPeeringConnectionId)
	r := inventory.New(ec2ARN(w, "vpc-peering-connection", id), nameOr(tags, id), w.Region, facts)
	r.Labels = tags
	// The owner of the other network must accept a peering: EC2 has no way to accept unseen.
	r.Known("kind", "accepted_by_hand")
	r.SetNotApplicable(noTunnel, "strong_crypto")
	if p.AccepterVpcInfo == nil || p.RequesterVpcInfo == nil {
		unsaid(r, "DescribeVpcPeeringConnections", "networks", "peer_owners", "peer_ranges")
	} else {
		peeringSides(w, facts, *p.RequesterVpcInfo, *p.AccepterVpcInfo)
		r.Known("networks", "peer_owners", "peer_ranges")
	}
	if p.Status == nil {
		unsaid(r, "DescribeVpcPeeringConnections", "active")
		return r
	}
	facts.Active = p.Status.Code == types.VpcPeeringConnectionStateReasonCodeActive
	r.Known("active")
	return r
}

// peeringSides tells the sides apart: the one of this account and region is ours. Between two networks of the same
// account and region both are, and then each one's ranges are the other's peer.
func peeringSides(w collectors.Where, facts *inventory.NetworkLink, sides ...types.VpcPeeringConnectionVpcInfo) {
	here := func(s types.VpcPeeringConnectionVpcInfo) bool {
		region := aws.ToString(s.Region)
		return aws.ToString(s.OwnerId) == w.Scope.Account() && (region == "" || region == w.Region)
	}
	both := here(sides[0]) && here(sides[1])
	for _, side := range sides {
		at := collectors.Where{Scope: scopeOf(aws.ToString(side.OwnerId)), Region: aws.ToString(side.Region)}
		if at.Region == "" {
			at.Region = w.Region
		}
		if vpc := aws.ToString(side.VpcId); vpc != "" {
			facts.Networks = append(facts.Networks, ec2ARN(at, "vpc", vpc))
		}
		if !here(side) || both {
			facts.PeerRanges = append(facts.PeerRanges, peerRanges(side)...)
		}
	}
	facts.PeerOwners = foreign(w.Scope.Account(), aws.ToString(sides[0].OwnerId), aws.ToString(sides[1].OwnerId))
}

func peerRanges(s types.VpcPeeringConnectionVpcInfo) []string {
	var out []string
	for _, b := range s.CidrBlockSet {
		out = append(out, aws.ToString(b.CidrBlock))
	}
	if c := aws.ToString(s.CidrBlock); c != "" && !slices.Contains(out, c) {
		out = append(out, c)
	}
	for _, b := range s.Ipv6CidrBlockSet {
		out = append(out, aws.ToString(b.Ipv6CidrBlock))
	}
	return out
}
