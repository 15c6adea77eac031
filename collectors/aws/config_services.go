package aws

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	autoscalingtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	tabletypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

var configTable = configType(recordedType{
	name: "AWS::DynamoDB::Table", kind: "aws.dynamodb.table", needs: []string{"tableName", "tableArn", "tableStatus", "keySchema"},
	silent: map[string][]string{"replicas": {"other_region_copy"}},
})

var _ = answersListing("DynamoDB.ListTables", listing(configTable, func(i *recordedItem) (string, error) {
	var table tabletypes.TableDescription
	err := i.into(configTable, &table)
	return aws.ToString(table.TableName), err
}, func(o *dynamodb.ListTablesOutput, names []string) { o.TableNames = names }))

// answersListing adds a listing that is more than lists can say.
func answersListing(operation string, answer exportAnswer) struct{} {
	exportAnswers[operation] = answer
	return struct{}{}
}

var _ = tells("DynamoDB.DescribeTable", configTable,
	func(in *dynamodb.DescribeTableInput) *string { return in.TableName },
	func(i *recordedItem) (*dynamodb.DescribeTableOutput, error) {
		out := &tabletypes.TableDescription{}
		return &dynamodb.DescribeTableOutput{Table: out}, i.into(configTable, out)
	})

// Config tells whether a table can be put back and not how far: of one that can, the span stays open.
var _ = tells("DynamoDB.DescribeContinuousBackups", configTable,
	func(in *dynamodb.DescribeContinuousBackupsInput) *string { return in.TableName },
	func(i *recordedItem) (*dynamodb.DescribeContinuousBackupsOutput, error) {
		out := &tabletypes.ContinuousBackupsDescription{}
		if err := i.foldPart("ContinuousBackupsDescription", out); err != nil {
			return nil, err
		}
		p := out.PointInTimeRecoveryDescription
		if p == nil || p.PointInTimeRecoveryStatus != tabletypes.PointInTimeRecoveryStatusDisabled &&
			p.RecoveryPeriodInDays == nil {
			return nil, errNotExported
		}
		return &dynamodb.DescribeContinuousBackupsOutput{ContinuousBackupsDescription: out}, nil
	})

var _ = tells("DynamoDB.ListTagsOfResource", configTable,
	func(in *dynamodb.ListTagsOfResourceInput) *string { return in.ResourceArn },
	func(i *recordedItem) (*dynamodb.ListTagsOfResourceOutput, error) {
		out := &dynamodb.ListTagsOfResourceOutput{}
		for key, value := range i.Tags {
			out.Tags = append(out.Tags, tabletypes.Tag{Key: &key, Value: &value})
		}
		return out, nil
	})

var configQueue = configType(recordedType{
	name: "AWS::SQS::Queue", kind: "aws.sqs.queue", needs: []string{"QueueUrl", "QueueArn"},
	silent: map[string][]string{"SqsManagedSseEnabled": {"encrypted_at_rest"}},
	// An item that leaves the policy out does not say that there is none.
	partial: map[string][]string{"Policy": {"public", "principals", "tls_required"}},
})

// attributes are the members of a configuration as the API gives attributes: a map of words.
type attributes map[string]string

var _ = answersListing("SQS.ListQueues", listing(configQueue, func(i *recordedItem) (string, error) {
	var all attributes
	err := i.into(configQueue, &all)
	return all["QueueUrl"], err
}, func(o *sqs.ListQueuesOutput, urls []string) { o.QueueUrls = urls }))

var _ = tells("SQS.GetQueueAttributes", configQueue,
	func(in *sqs.GetQueueAttributesInput) *string { return in.QueueUrl },
	func(i *recordedItem) (*sqs.GetQueueAttributesOutput, error) {
		var all attributes
		err := i.into(configQueue, &all)
		return &sqs.GetQueueAttributesOutput{Attributes: chosen(all, queueAttributes)}, err
	})

// chosen keeps the attributes that were asked for.
func chosen[N ~string](all attributes, names []N) map[string]string {
	out := map[string]string{}
	for _, name := range names {
		if v, there := all[string(name)]; there {
			out[string(name)] = v
		}
	}
	return out
}

var _ = tells("SQS.ListQueueTags", configQueue,
	func(in *sqs.ListQueueTagsInput) *string { return in.QueueUrl },
	func(i *recordedItem) (*sqs.ListQueueTagsOutput, error) {
		return &sqs.ListQueueTagsOutput{Tags: i.Tags}, nil
	})

var configTopic = configType(recordedType{
	name: "AWS::SNS::Topic", kind: "aws.sns.topic", needs: []string{"TopicArn"},
	partial: map[string][]string{"Policy": {"public", "principals", "tls_required"}},
})

var _ = answersListing("SNS.ListTopics", listing(configTopic, func(i *recordedItem) (snstypes.Topic, error) {
	var all attributes
	err := i.into(configTopic, &all)
	return snstypes.Topic{TopicArn: aws.String(all["TopicArn"])}, err
}, func(o *sns.ListTopicsOutput, topics []snstypes.Topic) { o.Topics = topics }))

var _ = tells("SNS.GetTopicAttributes", configTopic,
	func(in *sns.GetTopicAttributesInput) *string { return in.TopicArn },
	func(i *recordedItem) (*sns.GetTopicAttributesOutput, error) {
		var all attributes
		err := i.into(configTopic, &all)
		return &sns.GetTopicAttributesOutput{Attributes: all}, err
	})

var _ = tells("SNS.ListTagsForResource", configTopic,
	func(in *sns.ListTagsForResourceInput) *string { return in.ResourceArn },
	func(i *recordedItem) (*sns.ListTagsForResourceOutput, error) {
		out := &sns.ListTagsForResourceOutput{}
		for key, value := range i.Tags {
			out.Tags = append(out.Tags, snstypes.Tag{Key: &key, Value: &value})
		}
		return out, nil
	})

// Config keeps no variables of a function.
var configFunction = configType(recordedType{
	name: "AWS::Lambda::Function", kind: "aws.lambda.function",
	needs:   []string{"functionName", "functionArn", "role"},
	partial: map[string][]string{"environment": {"plaintext_secrets"}},
})

var _ = lists("Lambda.ListFunctions", configFunction,
	func(o *lambda.ListFunctionsOutput, items []lambdatypes.FunctionConfiguration) { o.Functions = items })

var _ = tells("Lambda.GetPolicy", configFunction,
	func(in *lambda.GetPolicyInput) *string { return in.FunctionName },
	func(i *recordedItem) (*lambda.GetPolicyOutput, error) {
		out := &lambda.GetPolicyOutput{}
		return out, i.foldPart("Policy", &out.Policy)
	})

var _ = tells("Lambda.ListTags", configFunction,
	func(in *lambda.ListTagsInput) *string { return in.Resource },
	func(i *recordedItem) (*lambda.ListTagsOutput, error) {
		return &lambda.ListTagsOutput{Tags: i.Tags}, nil
	})

var configBalancer = configType(recordedType{
	name: "AWS::ElasticLoadBalancingV2::LoadBalancer", kind: "aws.elbv2.load_balancer",
	needs:   []string{"loadBalancerArn", "loadBalancerName", "type", "scheme", "vpcId", "availabilityZones"},
	partial: map[string][]string{"securityGroups": {"firewalls"}},
})

var _ = lists("Elastic Load Balancing v2.DescribeLoadBalancers", configBalancer,
	func(o *elbv2.DescribeLoadBalancersOutput, items []elbtypes.LoadBalancer) { o.LoadBalancers = items })

var _ = tells("Elastic Load Balancing v2.DescribeTags", configBalancer,
	func(in *elbv2.DescribeTagsInput) *string {
		if len(in.ResourceArns) != 1 {
			return nil
		}
		return &in.ResourceArns[0]
	},
	func(i *recordedItem) (*elbv2.DescribeTagsOutput, error) {
		var tags []elbtypes.Tag
		for key, value := range i.Tags {
			tags = append(tags, elbtypes.Tag{Key: &key, Value: &value})
		}
		return &elbv2.DescribeTagsOutput{TagDescriptions: []elbtypes.TagDescription{{Tags: tags}}}, nil
	})

var configScalingGroup = configType(recordedType{
	name: "AWS::AutoScaling::AutoScalingGroup", kind: "aws.autoscaling.group",
	needs: []string{"autoScalingGroupARN", "autoScalingGroupName", "availabilityZones", "minSize", "maxSize"},
})

var _ = lists("Auto Scaling.DescribeAutoScalingGroups", configScalingGroup,
	func(o *autoscaling.DescribeAutoScalingGroupsOutput, items []autoscalingtypes.AutoScalingGroup) {
		o.AutoScalingGroups = items
	})

// Trails are listed for the whole account. What a trail records and whether it runs, its item does not tell.
var configTrail = configType(recordedType{
	name: "AWS::CloudTrail::Trail", kind: "aws.cloudtrail.trail", global: true,
	needs: []string{"name", "trailARN", "homeRegion", "s3BucketName", "isMultiRegionTrail", "logFileValidationEnabled"},
})

var _ = lists("CloudTrail.DescribeTrails", configTrail,
	func(o *cloudtrail.DescribeTrailsOutput, items []trailtypes.Trail) { o.TrailList = items }, "IncludeShadowTrails")
