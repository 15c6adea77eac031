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

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.TransitGatewayAttachment, transitAnswers]{
	Kind:        "aws.ec2.transit_gateway_attachment",
	Class:       inventory.ClassNetworkLink,
	Permissions: []string{"ec2:DescribeTransitGatewayAttachments", "ec2:DescribeTransitGateways"},
	ListAction:  "DescribeTransitGatewayAttachments", ListPermission: "ec2:DescribeTransitGatewayAttachments",
	List:  lister[types.TransitGatewayAttachment](transitAttachments).all,
	Find:  lister[types.TransitGatewayAttachment](transitAttachments).one,
	Ask:   askTransit,
	Facts: transitFacts,
})

// transitAnswers is all that EC2 says about one attachment and the gateway it hangs on.
type transitAnswers struct {
	Attachment types.TransitGatewayAttachment
	Gateway    collectors.Answer[ec2.DescribeTransitGatewaysOutput]
}

func transitAttachments(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.TransitGatewayAttachment, error] {
	p := ec2.NewDescribeTransitGatewayAttachmentsPaginator(c.EC2, &ec2.DescribeTransitGatewayAttachmentsInput{
		TransitGatewayAttachmentIds: ids, MaxResults: pageSize(1000, ids),
	})
	return described(ctx, p, func(o *ec2.DescribeTransitGatewayAttachmentsOutput) []types.TransitGatewayAttachment {
		return o.TransitGatewayAttachments
	}, "InvalidTransitGatewayAttachmentID.NotFound")
}

func askTransit(ctx context.Context, c *Clients, at types.TransitGatewayAttachment) transitAnswers {
	a := transitAnswers{Attachment: at}
	if id := aws.ToString(at.TransitGatewayId); id != "" {
		a.Gateway = ask("DescribeTransitGateways", "ec2:DescribeTransitGateways",
			func() (*ec2.DescribeTransitGatewaysOutput, error) {
				return c.EC2.DescribeTransitGateways(ctx, &ec2.DescribeTransitGatewaysInput{TransitGatewayIds: []string{id}})
			})
	}
	return a
}

// endedAttachments are the states from which an attachment never comes back.
var endedAttachments = []types.TransitGatewayAttachmentState{
	types.TransitGatewayAttachmentStateDeleted, types.TransitGatewayAttachmentStateDeleting,
	types.TransitGatewayAttachmentStateRejected, types.TransitGatewayAttachmentStateRejecting,
	types.TransitGatewayAttachmentStateFailed, types.TransitGatewayAttachmentStateFailing,
}

func transitFacts(w collectors.Where, a transitAnswers) *inventory.Resource {
	at := a.Attachment
	if slices.Contains(endedAttachments, at.State) {
		return nil
	}
	facts := &inventory.NetworkLink{Kind: "transit", Active: at.State == types.TransitGatewayAttachmentStateAvailable}
	tags := ec2Labels(at.Tags)
	id := aws.ToString(at.TransitGatewayAttachmentId)
	r := inventory.New(ec2ARN(w, "transit-gateway-attachment", id), nameOr(tags, id), w.Region, facts)
	r.Labels = tags
	if vpc := aws.ToString(at.ResourceId); at.ResourceType == types.TransitGatewayAttachmentResourceTypeVpc && vpc != "" {
		owner := w
		if o := aws.ToString(at.ResourceOwnerId); o != "" {
			owner.Scope = scopeOf(o)
		}
		facts.Networks = []string{ec2ARN(owner, "vpc", vpc)}
	}
	facts.PeerOwners = foreign(w.Scope.Account(), aws.ToString(at.ResourceOwnerId), aws.ToString(at.TransitGatewayOwnerId))
	r.Known("kind", "active", "networks", "peer_owners")
	r.SetNotApplicable(noTunnel, "strong_crypto")
	// What lies behind a transit gateway stands in its route tables, which only its owner can read.
	r.SetUnknown(inventory.Unknown{Cause: inventory.CauseNotCollected, Action: "SearchTransitGatewayRoutes"}, "peer_ranges")
	transitAccepts(r, facts, a.Gateway)
	return r
}

// transitAccepts states whether the gateway waits for a person before another account's network joins it.
func transitAccepts(
	r *inventory.Resource, facts *inventory.NetworkLink, gateway collectors.Answer[ec2.DescribeTransitGatewaysOutput],
) {
	var accepts types.AutoAcceptSharedAttachmentsValue
	collectors.Know(r, gateway, func(o *ec2.DescribeTransitGatewaysOutput) {
		if o != nil && len(o.TransitGateways) > 0 && o.TransitGateways[0].Options != nil {
			accepts = o.TransitGateways[0].Options.AutoAcceptSharedAttachments
		}
		facts.AcceptedByHand = accepts == types.AutoAcceptSharedAttachmentsValueDisable
	}, "accepted_by_hand")
	if r.IsKnown("accepted_by_hand") && accepts == "" {
		unsaid(r, "DescribeTransitGateways", "accepted_by_hand")
	}
}
