package aws

import (
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

var configBalancer = configType(recordedType{
	name: "AWS::ElasticLoadBalancingV2::LoadBalancer", kind: "aws.elbv2.load_balancer",
	needs:   []string{"loadBalancerArn", "loadBalancerName", "type", "scheme", "vpcId", "availabilityZones"},
	partial: map[string][]string{"securityGroups": {"firewalls"}},
})

var _ = lists("Elastic Load Balancing v2.DescribeLoadBalancers", configBalancer,
	func(o *elbv2.DescribeLoadBalancersOutput, items []types.LoadBalancer) { o.LoadBalancers = items })

var _ = tells("Elastic Load Balancing v2.DescribeTags", configBalancer,
	func(in *elbv2.DescribeTagsInput) *string {
		if len(in.ResourceArns) != 1 {
			return nil
		}
		return &in.ResourceArns[0]
	},
	func(i *recordedItem) (*elbv2.DescribeTagsOutput, error) {
		var tags []types.Tag
		for key, value := range i.Tags {
			tags = append(tags, types.Tag{Key: &key, Value: &value})
		}
		return &elbv2.DescribeTagsOutput{TagDescriptions: []types.TagDescription{{Tags: tags}}}, nil
	})
