package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.TargetGroup, targetGroupAnswers]{
	Kind:  "aws.elbv2.target_group",
	Class: inventory.ClassForwardingTarget,
	Permissions: []string{
		"elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
		"elasticloadbalancing:DescribeTargetGroupAttributes",
	},
	ListAction: "DescribeTargetGroups", ListPermission: "elasticloadbalancing:DescribeTargetGroups",
	// Target groups can carry tags, but no check asks for them.
	NoLabels: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[types.TargetGroup, error] {
		return targetGroups(ctx, c)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.TargetGroup, error] {
		return targetGroups(ctx, c, id)
	},
	Ask:   askTargetGroup,
	Facts: targetGroupFacts,
})

// targetGroupAnswers is all that is said about one target group. Of each target only its address is kept: its health
// changes by the minute and decides nothing.
type targetGroupAnswers struct {
	TargetGroup types.TargetGroup
	Targets     collectors.Answer[[]types.TargetDescription]
	Attributes  collectors.Answer[elbv2.DescribeTargetGroupAttributesOutput]
}

func targetGroups(ctx context.Context, c *Clients, arns ...string) iter.Seq2[types.TargetGroup, error] {
	p := elbv2.NewDescribeTargetGroupsPaginator(c.ELBV2, &elbv2.DescribeTargetGroupsInput{TargetGroupArns: arns})
	return gone(paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*elbv2.DescribeTargetGroupsOutput, error) {
			return p.NextPage(ctx)
		},
		func(o *elbv2.DescribeTargetGroupsOutput) []types.TargetGroup { return o.TargetGroups }), "TargetGroupNotFound")
}

func askTargetGroup(ctx context.Context, c *Clients, g types.TargetGroup) targetGroupAnswers {
	a := targetGroupAnswers{TargetGroup: g}
	a.Targets = ask("DescribeTargetHealth", "elasticloadbalancing:DescribeTargetHealth",
		func() (*[]types.TargetDescription, error) {
			out, err := c.ELBV2.DescribeTargetHealth(ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: g.TargetGroupArn})
			if err != nil {
				return nil, err
			}
			return targetAddresses(out), nil
		})
	a.Attributes = ask("DescribeTargetGroupAttributes", "elasticloadbalancing:DescribeTargetGroupAttributes",
		func() (*elbv2.DescribeTargetGroupAttributesOutput, error) {
			return c.ELBV2.DescribeTargetGroupAttributes(ctx, &elbv2.DescribeTargetGroupAttributesInput{
				TargetGroupArn: g.TargetGroupArn,
			})
		})
	return a
}

func targetAddresses(out *elbv2.DescribeTargetHealthOutput) *[]types.TargetDescription {
	targets := []types.TargetDescription{}
	for _, h := range out.TargetHealthDescriptions {
		if h.Target != nil {
			targets = append(targets, *h.Target)
		}
	}
	return &targets
}

func targetGroupFacts(w collectors.Where, a targetGroupAnswers) *inventory.Resource {
	g := a.TargetGroup
	facts := &inventory.ForwardingTarget{}
	r := inventory.New(aws.ToString(g.TargetGroupArn), aws.ToString(g.TargetGroupName), w.Region, facts)
	defer leftOut(r, "DescribeTargetGroups", "elasticloadbalancing:DescribeTargetGroups")
	facts.EntryPoints = g.LoadBalancerArns
	facts.Network = ec2ARN(w, "vpc", aws.ToString(g.VpcId))
	facts.Port = int(aws.ToInt32(g.Port))
	r.Known("entry_points", "network", "port")
	switch {
	case g.Protocol != "":
		facts.Protocol = wireProtocol(string(g.Protocol))
		r.Known("protocol")
	case g.TargetType == types.TargetTypeEnumLambda:
		// A function is called through the provider's API, which speaks HTTPS only.
		facts.Protocol = "https"
		r.Known("protocol")
	}
	collectors.Know(r, a.Targets, func(found *[]types.TargetDescription) {
		for _, t := range *found {
			target := targetOf(w, g, t)
			facts.Targets = append(facts.Targets, target)
			if target.Resource != "" {
				facts.Resources = append(facts.Resources, target.Resource)
			}
		}
	}, "targets", "resources")
	preservesCaller(r, facts, a)
	return r
}

// targetOf names one target: a machine by its id, a function or another balancer by its ARN, the rest by address.
func targetOf(w collectors.Where, g types.TargetGroup, t types.TargetDescription) inventory.Target {
	target := inventory.Target{Port: int(aws.ToInt32(t.Port))}
	if t.Port == nil {
		target.Port = int(aws.ToInt32(g.Port))
	}
	switch g.TargetType {
	case types.TargetTypeEnumIp:
		target.Address = aws.ToString(t.Id)
	case types.TargetTypeEnumLambda:
		target.Resource, target.Class = aws.ToString(t.Id), inventory.ClassServerlessApp
	case types.TargetTypeEnumAlb:
		target.Resource, target.Class = aws.ToString(t.Id), inventory.ClassEntryPoint
	default:
		target.Resource, target.Class = ec2ARN(w, "instance", aws.ToString(t.Id)), inventory.ClassComputeInstance
	}
	return target
}

// preservesCaller states whether targets see the caller's own address. HTTP is always spoken anew by the balancer; on
// other protocols the attribute says, and for UDP there is no other way.
func preservesCaller(r *inventory.Resource, facts *inventory.ForwardingTarget, a targetGroupAnswers) {
	switch a.TargetGroup.Protocol {
	case types.ProtocolEnumHttp, types.ProtocolEnumHttps:
		r.Known("preserves_caller")
		return
	case types.ProtocolEnumUdp, types.ProtocolEnumTcpUdp:
		facts.PreservesCaller = true
		r.Known("preserves_caller")
		return
	}
	if a.TargetGroup.TargetType == types.TargetTypeEnumLambda {
		r.Known("preserves_caller")
		return
	}
	if why := a.Attributes.Unknown(); why != nil {
		r.SetUnknown(*why, "preserves_caller")
		return
	}
	if a.Attributes.Value == nil {
		return
	}
	for _, at := range a.Attributes.Value.Attributes {
		if aws.ToString(at.Key) == "preserve_client_ip.enabled" {
			facts.PreservesCaller = aws.ToString(at.Value) == "true"
			r.Known("preserves_caller")
		}
	}
}
