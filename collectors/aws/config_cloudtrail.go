package aws

import (
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// Trails are listed for the whole account. What a trail records and whether it runs, its item does not tell.
var configTrail = configType(recordedType{
	name: "AWS::CloudTrail::Trail", kind: "aws.cloudtrail.trail", global: true,
	needs: []string{"name", "trailARN", "homeRegion", "s3BucketName", "isMultiRegionTrail", "logFileValidationEnabled"},
})

var _ = lists("CloudTrail.DescribeTrails", configTrail,
	func(o *cloudtrail.DescribeTrailsOutput, items []types.Trail) { o.TrailList = items }, "IncludeShadowTrails")
