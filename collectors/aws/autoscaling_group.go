package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, scalingGroupItem, scalingGroupAnswers]{
	Kind:        "aws.autoscaling.group",
	Class:       inventory.ClassInstanceGroup,
	Permissions: []string{"autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribePolicies"},
	ListAction:  "DescribeAutoScalingGroups", ListPermission: "autoscaling:DescribeAutoScalingGroups",
	List: func(ctx context.Context, c *Clients) iter.Seq2[scalingGroupItem, error] { return scalingGroups(ctx, c) },
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[scalingGroupItem, error] {
		return scalingGroups(ctx, c, shortID(id))
	},
	Ask:   askScalingGroup,
	Facts: scalingGroupFacts,
})

// scalingGroupItem is a group with the policies of its region, which are listed once for all groups.
type scalingGroupItem struct {
	group    scalingGroup
	policies *once[map[string]int]
}

// scalingGroup is what is kept of a group: its machines come and go by the hour and are records of their own.
type scalingGroup struct {
	ARN, Name string
	Zones     []string
	Min, Max  *int32
	Tags      map[string]string `json:",omitempty"`
}

// scalingGroupAnswers is all that is said about one group. Policies counts those that are switched on.
type scalingGroupAnswers struct {
	Group    scalingGroup
	Policies collectors.Answer[int]
}

func scalingGroups(ctx context.Context, c *Clients, names ...string) iter.Seq2[scalingGroupItem, error] {
	p := autoscaling.NewDescribeAutoScalingGroupsPaginator(c.AutoScaling, &autoscaling.DescribeAutoScalingGroupsInput{
		AutoScalingGroupNames: names, MaxRecords: aws.Int32(100),
	})
	policies := &once[map[string]int]{}
	return listed(ctx, p, func(o *autoscaling.DescribeAutoScalingGroupsOutput) []scalingGroupItem {
		items := make([]scalingGroupItem, 0, len(o.AutoScalingGroups))
		for _, g := range o.AutoScalingGroups {
			items = append(items, scalingGroupItem{narrowGroup(g), policies})
		}
		return items
	})
}

func narrowGroup(g types.AutoScalingGroup) scalingGroup {
	return scalingGroup{
		ARN: aws.ToString(g.AutoScalingGroupARN), Name: aws.ToString(g.AutoScalingGroupName), Zones: g.AvailabilityZones,
		Min: g.MinSize, Max: g.MaxSize,
		Tags: labels(g.Tags, func(t types.TagDescription) (*string, *string) { return t.Key, t.Value }),
	}
}

func askScalingGroup(ctx context.Context, c *Clients, i scalingGroupItem) scalingGroupAnswers {
	all := i.policies.ask("", func() collectors.Answer[map[string]int] { return askScalingPolicies(ctx, c) })
	a := scalingGroupAnswers{Group: i.group, Policies: passedOn[int](all)}
	if all.Value != nil {
		n := (*all.Value)[i.group.Name]
		a.Policies.Value = &n
	}
	return a
}

// askScalingPolicies counts the enabled policies of each group of the region.
func askScalingPolicies(ctx context.Context, c *Clients) collectors.Answer[map[string]int] {
	return ask("DescribePolicies", "autoscaling:DescribePolicies", func() (*map[string]int, error) {
		p := autoscaling.NewDescribePoliciesPaginator(c.AutoScaling,
			&autoscaling.DescribePoliciesInput{MaxRecords: aws.Int32(100)})
		counts := map[string]int{}
		for policy, err := range listed(ctx, p,
			func(o *autoscaling.DescribePoliciesOutput) []types.ScalingPolicy { return o.ScalingPolicies }) {
			if err != nil {
				return nil, err
			}
			// The field is left out by answers from before policies could be switched off.
			if policy.Enabled == nil || *policy.Enabled {
				counts[aws.ToString(policy.AutoScalingGroupName)]++
			}
		}
		return &counts, nil
	})
}

func scalingGroupFacts(w collectors.Where, a scalingGroupAnswers) *inventory.Resource {
	g := a.Group
	facts := &inventory.InstanceGroup{MultiZone: len(g.Zones) > 1}
	r := inventory.New(g.ARN, g.Name, w.Region, facts)
	defer leftOut(r, "DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingGroups")
	r.Labels = g.Tags
	if len(g.Zones) > 0 {
		r.Known("multi_zone")
	}
	switch {
	case g.Min == nil || g.Max == nil:
	case *g.Max <= *g.Min:
		r.Known("autoscaled")
	default:
		collectors.Know(r, a.Policies, func(v *int) { facts.Autoscaled = v != nil && *v > 0 }, "autoscaled")
	}
	return r
}
