package aws

import (
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
)

var configClassicBalancer = configType(recordedType{
	name: "AWS::ElasticLoadBalancing::LoadBalancer", kind: "aws.elb.load_balancer",
	needs: []string{"loadBalancerName", "scheme", "listenerDescriptions", "instances", "availabilityZones"},
	// One outside of a network has neither.
	partial: map[string][]string{"subnets": {"subnets"}, "securityGroups": {"firewalls"}},
})

var _ = lists("Elastic Load Balancing.DescribeLoadBalancers", configClassicBalancer,
	func(o *elb.DescribeLoadBalancersOutput, items []types.LoadBalancerDescription) {
		o.LoadBalancerDescriptions = items
	})

// Whether all policies of a balancer are recorded is not told.
var _ = tellsExport("Elastic Load Balancing.DescribeLoadBalancerPolicies", configClassicBalancer,
	func(in *elb.DescribeLoadBalancerPoliciesInput) *string { return in.LoadBalancerName },
	func(i *recordedItem) (*elb.DescribeLoadBalancerPoliciesOutput, error) {
		out := &elb.DescribeLoadBalancerPoliciesOutput{}
		return out, i.foldPart("LoadBalancerPolicies", &out.PolicyDescriptions)
	})

var _ = tells("Elastic Load Balancing.DescribeLoadBalancerAttributes", configClassicBalancer,
	func(in *elb.DescribeLoadBalancerAttributesInput) *string { return in.LoadBalancerName },
	func(i *recordedItem) (*elb.DescribeLoadBalancerAttributesOutput, error) {
		out := &types.LoadBalancerAttributes{}
		if err := i.foldPart("LoadBalancerAttributes", out); err != nil {
			return nil, err
		}
		if out.AccessLog == nil {
			return nil, errNotExported
		}
		return &elb.DescribeLoadBalancerAttributesOutput{LoadBalancerAttributes: out}, nil
	})

var _ = tells("Elastic Load Balancing.DescribeTags", configClassicBalancer,
	func(in *elb.DescribeTagsInput) *string {
		if len(in.LoadBalancerNames) != 1 {
			return nil
		}
		return &in.LoadBalancerNames[0]
	},
	func(i *recordedItem) (*elb.DescribeTagsOutput, error) {
		var tags []types.Tag
		for key, value := range i.Tags {
			tags = append(tags, types.Tag{Key: &key, Value: &value})
		}
		return &elb.DescribeTagsOutput{TagDescriptions: []types.TagDescription{{Tags: tags}}}, nil
	})
