package aws

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kafka"
	kafkatypes "github.com/aws/aws-sdk-go-v2/service/kafka/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// Config tells of streams and of clusters of brokers in the words of CloudFormation; of neither's policy.
var configStream = configType(recordedType{
	name: "AWS::Kinesis::Stream", kind: "aws.kinesis.stream",
	needs: []string{"Name", "Arn"}, besides: []string{"StreamEncryption.EncryptionType"},
})

// recordedStream is a stream as its item tells it.
type recordedStream struct {
	Name             *string
	StreamEncryption struct{ EncryptionType types.EncryptionType }
}

var _ = answersListing("Kinesis.ListStreams", listing(configStream, func(i *recordedItem) (string, error) {
	var s recordedStream
	err := i.into(configStream, &s)
	return aws.ToString(s.Name), err
}, func(o *kinesis.ListStreamsOutput, names []string) { o.StreamNames = names }))

// A stream whose item tells no encryption is not one without: what is not set may be left out.
var _ = describes("Kinesis.DescribeStreamSummary", configStream,
	func(in *kinesis.DescribeStreamSummaryInput) *string { return in.StreamName },
	func(i *recordedItem) (*kinesis.DescribeStreamSummaryOutput, error) {
		var s recordedStream
		err := i.into(configStream, &s)
		return &kinesis.DescribeStreamSummaryOutput{StreamDescriptionSummary: &types.StreamDescriptionSummary{
			StreamName: s.Name, EncryptionType: s.StreamEncryption.EncryptionType,
		}}, err
	})

var _ = tells("Kinesis.ListTagsForStream", configStream,
	func(in *kinesis.ListTagsForStreamInput) *string { return in.StreamName },
	func(i *recordedItem) (*kinesis.ListTagsForStreamOutput, error) {
		out := &kinesis.ListTagsForStreamOutput{HasMoreTags: aws.Bool(false)}
		for key, value := range i.Tags {
			out.Tags = append(out.Tags, types.Tag{Key: &key, Value: &value})
		}
		return out, nil
	})

// The type holds clusters of machines only; those without are of another type.
var configBrokers = configType(recordedType{
	name: "AWS::MSK::Cluster", kind: "aws.kafka.cluster",
	needs: []string{"Arn", "ClusterName", "BrokerNodeGroupInfo"},
	shape: func(configuration map[string]any) {
		configuration["ClusterArn"], configuration["ClusterType"] = configuration["Arn"], "PROVISIONED"
		configuration["Provisioned"] = map[string]any{
			"BrokerNodeGroupInfo": configuration["BrokerNodeGroupInfo"],
			"EncryptionInfo":      configuration["EncryptionInfo"],
		}
	},
	partial: map[string][]string{"BrokerNodeGroupInfo.ConnectivityInfo": {"public"}},
})

var _ = lists("Kafka.ListClustersV2", configBrokers,
	func(o *kafka.ListClustersV2Output, items []kafkatypes.Cluster) { o.ClusterInfoList = items })
