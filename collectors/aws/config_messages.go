package aws

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

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

var _ = describes("SQS.GetQueueAttributes", configQueue,
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

var _ = answersListing("SNS.ListTopics", listing(configTopic, func(i *recordedItem) (types.Topic, error) {
	var all attributes
	err := i.into(configTopic, &all)
	return types.Topic{TopicArn: aws.String(all["TopicArn"])}, err
}, func(o *sns.ListTopicsOutput, topics []types.Topic) { o.Topics = topics }))

var _ = describes("SNS.GetTopicAttributes", configTopic,
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
			out.Tags = append(out.Tags, types.Tag{Key: &key, Value: &value})
		}
		return out, nil
	})
