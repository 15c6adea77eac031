package aws

import (
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

var configScalingGroup = configType(recordedType{
	name: "AWS::AutoScaling::AutoScalingGroup", kind: "aws.autoscaling.group",
	needs: []string{"autoScalingGroupARN", "autoScalingGroupName", "availabilityZones", "minSize", "maxSize"},
})

var _ = lists("Auto Scaling.DescribeAutoScalingGroups", configScalingGroup,
	func(o *autoscaling.DescribeAutoScalingGroupsOutput, items []types.AutoScalingGroup) {
		o.AutoScalingGroups = items
	})
