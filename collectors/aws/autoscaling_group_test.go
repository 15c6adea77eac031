package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

var (
	_ = sample("aws.autoscaling.group", scalingGroupFacts, scalingGroupAnswers{
		Group:    scalingGroup{ARN: "arn:aws:autoscaling:us-east-1:644160558196:autoScalingGroup:u:autoScalingGroupName/web", Name: "web", Zones: []string{"a", "b"}, Min: aws.Int32(1), Max: aws.Int32(3)},
		Policies: answered(aws.Int(1)),
	}, scalingGroupAnswers{Group: scalingGroup{ARN: "arn:aws:autoscaling:us-east-1:644160558196:autoScalingGroup:u:autoScalingGroupName/bare", Name: "bare"}})
	_ = sweep("autoscaling.DescribeAutoScalingGroups", scalingGroupFacts, func(o *autoscaling.DescribeAutoScalingGroupsOutput) []scalingGroupAnswers {
		return mapped(o.AutoScalingGroups, func(g types.AutoScalingGroup) scalingGroupAnswers { return scalingGroupAnswers{Group: narrowGroup(g)} })
	})
)

func TestScalingGroupFacts(t *testing.T) {
	t.Parallel()
	group := func(least, most int32, zones ...string) scalingGroup {
		return scalingGroup{ARN: "arn:g", Name: "g", Zones: zones, Min: aws.Int32(least), Max: aws.Int32(most)}
	}
	for name, c := range map[string]struct {
		answers scalingGroupAnswers
		want    stated
	}{
		"bare answer":       {scalingGroupAnswers{}, stated{"multi_zone": nil, "autoscaled": nil}},
		"one zone":          {scalingGroupAnswers{Group: group(1, 1, "a"), Policies: answered(aws.Int(2))}, stated{"multi_zone": false, "autoscaled": false}},
		"follows load":      {scalingGroupAnswers{Group: group(1, 4, "a", "b"), Policies: answered(aws.Int(1))}, stated{"multi_zone": true, "autoscaled": true}},
		"room, no policy":   {scalingGroupAnswers{Group: group(1, 4, "a", "b"), Policies: answered(aws.Int(0))}, stated{"autoscaled": false}},
		"policies unread":   {scalingGroupAnswers{Group: group(1, 4, "a"), Policies: refused[int]()}, stated{"autoscaled": nil}},
		"no room, unread":   {scalingGroupAnswers{Group: group(2, 2, "a"), Policies: refused[int]()}, stated{"autoscaled": false}},
		"sizes not told":    {scalingGroupAnswers{Group: scalingGroup{Zones: []string{"a"}}, Policies: answered(aws.Int(1))}, stated{"autoscaled": nil, "multi_zone": false}},
		"policies of other": {scalingGroupAnswers{Group: group(0, 1, "a", "b", "c"), Policies: answered(aws.Int(0))}, stated{"autoscaled": false, "multi_zone": true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roundTrip(t, c.answers)
			c.want.check(t, scalingGroupFacts(here, c.answers))
		})
	}
}

func TestRecordedScalingGroups(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]stated{
		"test_asg_image_age_filter":        {"multi_zone": true, "autoscaled": false},
		"test_asg_invalid_az":              {"multi_zone": false, "autoscaled": false},
		"test_asg_scaling_policy_filter":   {"multi_zone": true, "autoscaled": false},
		"test_asg_resize_restore_from_tag": {"multi_zone": true, "autoscaled": nil},
	} {
		out := recorded[autoscaling.DescribeAutoScalingGroupsOutput](t, file+"/autoscaling.DescribeAutoScalingGroups_1.json")
		want.check(t, scalingGroupFacts(here, scalingGroupAnswers{Group: narrowGroup(out.AutoScalingGroups[0])}))
	}
}

func TestAskScalingGroup(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, "us-east-1", script{
		"DescribeAutoScalingGroups": say(&autoscaling.DescribeAutoScalingGroupsOutput{AutoScalingGroups: []types.AutoScalingGroup{
			{AutoScalingGroupName: aws.String("a"), MinSize: aws.Int32(1), MaxSize: aws.Int32(2)}, {AutoScalingGroupName: aws.String("b"), MinSize: aws.Int32(1), MaxSize: aws.Int32(2)}}}),
		"DescribePolicies": say(&autoscaling.DescribePoliciesOutput{ScalingPolicies: []types.ScalingPolicy{
			{AutoScalingGroupName: aws.String("a")}, {AutoScalingGroupName: aws.String("b"), Enabled: aws.Bool(false)}}}),
	})
	for i, err := range scalingGroups(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		a := askScalingGroup(context.Background(), c, i)
		stated{"autoscaled": a.Group.Name == "a"}.check(t, scalingGroupFacts(here, a))
	}
	if n := calls("DescribePolicies"); n != 1 {
		t.Errorf("the policies were listed %d times", n)
	}
}
