package aws

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
)

// Config tells of distributions in the words of an older API: it knows no headers policies, no access control of
// origins, no origins inside networks and no real-time logs.
var configDistribution = configType(recordedType{
	name: "AWS::CloudFront::Distribution", kind: "aws.cloudfront.distribution", global: true,
	needs: []string{"arn", "id", "domainName", "distributionConfig"},
	shape: func(configuration map[string]any) {
		inner, _ := configuration["distributionConfig"].(map[string]any)
		for name, v := range inner {
			configuration[name] = v
		}
	},
	silent: map[string][]string{
		"distributionConfig.origins.items.originAccessControlId":       {"origin_tls"},
		"distributionConfig.defaultCacheBehavior.realtimeLogConfigArn": {"access_logged"},
	},
	partial: map[string][]string{
		"distributionConfig.enabled":                                      {"internet_facing"},
		"distributionConfig.webACLId":                                     {"waf_attached", "waf_blocking"},
		"distributionConfig.origins":                                      {"origins", "origin_tls", "origin_exists"},
		"distributionConfig.cacheBehaviors":                               {"listeners", "origin_tls"},
		"distributionConfig.defaultCacheBehavior.viewerProtocolPolicy":    {"listeners", "origin_tls"},
		"distributionConfig.defaultCacheBehavior.responseHeadersPolicyId": {"security_headers"},
	},
	doubt: func(configuration map[string]any) []string {
		inner, _ := configuration["distributionConfig"].(map[string]any)
		origins, _ := inner["origins"].(map[string]any)
		items, _ := origins["items"].([]any)
		if slices.ContainsFunc(items, unplacedOrigin) {
			return []string{"origin_tls"}
		}
		return nil
	},
})

// unplacedOrigin says whether an origin is neither a store nor an address: it is of a kind that came after the words.
func unplacedOrigin(origin any) bool {
	members, _ := origin.(map[string]any)
	return members["s3OriginConfig"] == nil && members["customOriginConfig"] == nil
}

var _ = lists("CloudFront.ListDistributions", configDistribution,
	func(o *cloudfront.ListDistributionsOutput, items []types.DistributionSummary) {
		o.DistributionList = &types.DistributionList{Items: items}
	})

// Whether requests are recorded is all that the item adds to the listing. The rest, which its older words would
// shorten, is left to that.
var _ = tells("CloudFront.GetDistributionConfig", configDistribution,
	func(in *cloudfront.GetDistributionConfigInput) *string { return in.Id },
	func(i *recordedItem) (*cloudfront.GetDistributionConfigOutput, error) {
		var part struct {
			DistributionConfig struct{ Logging *types.LoggingConfig }
		}
		if err := i.into(configDistribution, &part); err != nil {
			return nil, err
		}
		if part.DistributionConfig.Logging == nil || part.DistributionConfig.Logging.Enabled == nil {
			return nil, errNotExported
		}
		return &cloudfront.GetDistributionConfigOutput{
			DistributionConfig: &types.DistributionConfig{Logging: part.DistributionConfig.Logging},
		}, nil
	})

var _ = tells("CloudFront.ListTagsForResource", configDistribution,
	func(in *cloudfront.ListTagsForResourceInput) *string { return in.Resource },
	func(i *recordedItem) (*cloudfront.ListTagsForResourceOutput, error) {
		out := &cloudfront.ListTagsForResourceOutput{Tags: &types.Tags{}}
		for key, value := range i.Tags {
			out.Tags.Items = append(out.Tags.Items, types.Tag{Key: &key, Value: &value})
		}
		return out, nil
	})
