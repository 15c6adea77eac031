package aws

import (
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// Config tells of zones in the words of CloudFormation: one that answers networks names them. Of records and
// signatures it tells nothing.
var configZone = configType(recordedType{
	name: "AWS::Route53::HostedZone", kind: "aws.route53.hosted_zone", global: true,
	needs: []string{"Id", "Name"},
	shape: func(configuration map[string]any) {
		networks, _ := configuration["VPCs"].([]any)
		configuration["Config"] = map[string]any{"PrivateZone": len(networks) > 0}
	},
})

var _ = lists("Route 53.ListHostedZones", configZone,
	func(o *route53.ListHostedZonesOutput, items []types.HostedZone) { o.HostedZones = items })

var _ = tells("Route 53.ListTagsForResource", configZone,
	func(in *route53.ListTagsForResourceInput) *string {
		if in.ResourceType != types.TagResourceTypeHostedzone {
			return nil
		}
		return in.ResourceId
	},
	func(i *recordedItem) (*route53.ListTagsForResourceOutput, error) {
		set := &types.ResourceTagSet{}
		for key, value := range i.Tags {
			set.Tags = append(set.Tags, types.Tag{Key: &key, Value: &value})
		}
		return &route53.ListTagsForResourceOutput{ResourceTagSet: set}, nil
	})
