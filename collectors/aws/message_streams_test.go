package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	bus "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/kafka"
	broker "github.com/aws/aws-sdk-go-v2/service/kafka/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	stream "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/mq"
	mqtypes "github.com/aws/aws-sdk-go-v2/service/mq/types"
)

const (
	openPolicy  = `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`
	partyPolicy = `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"*","Resource":"*"}]}`
)

func TestStreamFacts(t *testing.T) {
	t.Parallel()
	encrypted := func(how stream.EncryptionType) streamAnswers {
		return streamAnswers{Stream: streamItem{"s"}, Describe: answered(&streamEncryption{how}), Policy: without[kinesis.GetResourcePolicyOutput]()}
	}
	shared := encrypted(stream.EncryptionTypeKms)
	shared.Policy = answered(&kinesis.GetResourcePolicyOutput{Policy: aws.String(partyPolicy)})
	open := encrypted(stream.EncryptionTypeKms)
	open.Policy = answered(&kinesis.GetResourcePolicyOutput{Policy: aws.String(openPolicy)})
	denied := encrypted("")
	denied.Describe, denied.Policy = refused[streamEncryption](), refused[kinesis.GetResourcePolicyOutput]()
	for name, c := range map[string]struct {
		answers streamAnswers
		want    stated
	}{
		"key":    {encrypted(stream.EncryptionTypeKms), stated{"encrypted_at_rest": true, "tls_required": true, "public": false, "principals": "[]", "network_restricted": notApplicable}},
		"none":   {encrypted(stream.EncryptionTypeNone), stated{"encrypted_at_rest": false}},
		"untold": {encrypted(""), stated{"encrypted_at_rest": nil}},
		"shared": {shared, stated{"public": false, "principals": "[111111111111]"}},
		"open":   {open, stated{"public": true}},
		"denied": {denied, stated{"encrypted_at_rest": nil, "public": nil, "principals": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, streamFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
}

func TestAskStream(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, here.Region, script{
		"ListStreams":           say(&kinesis.ListStreamsOutput{StreamNames: []string{"s"}, HasMoreStreams: aws.Bool(false)}),
		"DescribeStreamSummary": say(&kinesis.DescribeStreamSummaryOutput{StreamDescriptionSummary: &stream.StreamDescriptionSummary{EncryptionType: stream.EncryptionTypeKms}}),
		"GetResourcePolicy":     refuse("ResourceNotFoundException"),
		"ListTagsForStream": func(in any) (any, error) {
			if in.(*kinesis.ListTagsForStreamInput).ExclusiveStartTagKey == nil {
				return &kinesis.ListTagsForStreamOutput{HasMoreTags: aws.Bool(true), Tags: []stream.Tag{{Key: aws.String("a"), Value: aws.String("1")}}}, nil
			}
			return &kinesis.ListTagsForStreamOutput{HasMoreTags: aws.Bool(false), Tags: []stream.Tag{{Key: aws.String("b"), Value: aws.String("2")}}}, nil
		},
	})
	for i, err := range listStreams(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		r := streamFacts(here, askStream(context.Background(), c, i))
		stated{"encrypted_at_rest": true, "public": false, "principals": "[]"}.check(t, r)
		if len(r.Labels) != 2 {
			t.Errorf("labels %v", r.Labels)
		}
	}
}

func TestKafkaFacts(t *testing.T) {
	t.Parallel()
	provisioned := func(public *string, in broker.ClientBroker) broker.Cluster {
		nodes := &broker.BrokerNodeGroupInfo{}
		if public != nil {
			nodes.ConnectivityInfo = &broker.ConnectivityInfo{PublicAccess: &broker.PublicAccess{Type: public}}
		}
		return broker.Cluster{ClusterArn: aws.String("arn:aws:kafka:us-east-1:644160558196:cluster/k/1"), ClusterName: aws.String("k"), ClusterType: broker.ClusterTypeProvisioned,
			Provisioned: &broker.Provisioned{BrokerNodeGroupInfo: nodes, EncryptionInfo: &broker.EncryptionInfo{EncryptionInTransit: &broker.EncryptionInTransit{ClientBroker: in}}}}
	}
	none := without[kafka.GetClusterPolicyOutput]()
	serverless := broker.Cluster{ClusterArn: aws.String("arn:aws:kafka:us-east-1:644160558196:cluster/k/1"), ClusterName: aws.String("k"), ClusterType: broker.ClusterTypeServerless, Serverless: &broker.Serverless{}}
	for name, c := range map[string]struct {
		answers kafkaAnswers
		want    stated
	}{
		"closed":       {kafkaAnswers{provisioned(aws.String("DISABLED"), broker.ClientBrokerTls), none}, stated{"public": false, "tls_required": true, "encrypted_at_rest": true, "principals": "[]"}},
		"old":          {kafkaAnswers{provisioned(nil, broker.ClientBrokerTlsPlaintext), none}, stated{"public": false, "tls_required": false}},
		"on the net":   {kafkaAnswers{provisioned(aws.String("SERVICE_PROVIDED_EIPS"), broker.ClientBrokerTls), refused[kafka.GetClusterPolicyOutput]()}, stated{"public": true, "principals": nil}},
		"unread":       {kafkaAnswers{provisioned(nil, ""), refused[kafka.GetClusterPolicyOutput]()}, stated{"public": nil, "tls_required": nil}},
		"serverless":   {kafkaAnswers{serverless, answered(&kafka.GetClusterPolicyOutput{Policy: aws.String(partyPolicy)})}, stated{"public": false, "tls_required": true, "principals": "[111111111111]"}},
		"bare listing": {kafkaAnswers{broker.Cluster{ClusterArn: serverless.ClusterArn, ClusterName: aws.String("k")}, none}, stated{"public": nil, "tls_required": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, kafkaFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
}

func TestBusFacts(t *testing.T) {
	t.Parallel()
	with := func(policy *string) busAnswers {
		return busAnswers{Bus: bus.EventBus{Arn: aws.String("arn:aws:events:us-east-1:644160558196:event-bus/b"), Name: aws.String("b"), Policy: policy}}
	}
	for name, c := range map[string]struct {
		policy *string
		want   stated
	}{
		"own":       {nil, stated{"public": false, "principals": "[]", "encrypted_at_rest": true, "tls_required": true}},
		"open":      {aws.String(openPolicy), stated{"public": true}},
		"a party":   {aws.String(partyPolicy), stated{"public": false, "principals": "[111111111111]"}},
		"malformed": {aws.String("{"), stated{"public": nil, "principals": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, busFacts(here, with(c.policy)))
			roundTrip(t, with(c.policy))
		})
	}
}

func TestListBusesTurnsPages(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, here.Region, script{"ListEventBuses": func(in any) (any, error) {
		if in.(*eventbridge.ListEventBusesInput).NextToken == nil {
			return &eventbridge.ListEventBusesOutput{NextToken: aws.String("2"), EventBuses: []bus.EventBus{{Name: aws.String("a")}}}, nil
		}
		return &eventbridge.ListEventBusesOutput{EventBuses: []bus.EventBus{{Name: aws.String("b")}}}, nil
	}})
	n := 0
	for b, err := range listBuses(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		stated{"labels_read": nil}.check(t, busFacts(here, askBus(context.Background(), c, b)))
		n++
	}
	if n != 2 {
		t.Errorf("%d buses on two pages", n)
	}
}

func TestBrokerFacts(t *testing.T) {
	t.Parallel()
	b := mqtypes.BrokerSummary{BrokerArn: aws.String("arn:aws:mq:us-east-1:644160558196:broker:b:1"), BrokerName: aws.String("b")}
	stated{"public": true, "tls_required": true, "encrypted_at_rest": true}.check(t, brokerFacts(here, brokerAnswers{b, answered(&brokerDescription{Public: aws.Bool(true)})}))
	stated{"public": false}.check(t, brokerFacts(here, brokerAnswers{b, answered(&brokerDescription{Public: aws.Bool(false)})}))
	stated{"public": nil}.check(t, brokerFacts(here, brokerAnswers{b, answered(&brokerDescription{})}))
	stated{"public": nil, "labels_read": nil}.check(t, brokerFacts(here, brokerAnswers{b, refused[brokerDescription]()}))
}

// Answers for the tests over the whole registry, and what is recorded.
var (
	_ = sample("aws.kinesis.stream", streamFacts, streamAnswers{Stream: streamItem{"s"}})
	_ = sweep("kinesis.ListStreams", streamFacts, func(o *kinesis.ListStreamsOutput) []streamAnswers {
		return mapped(o.StreamNames, func(name string) streamAnswers { return streamAnswers{Stream: streamItem{name}} })
	})
	_ = sweep("kinesis.GetResourcePolicy", streamFacts, func(o *kinesis.GetResourcePolicyOutput) []streamAnswers {
		return []streamAnswers{{Stream: streamItem{"s"}, Policy: answered(o)}}
	})
	_ = sweep("kinesis.DescribeStream", streamFacts, func(o *kinesis.DescribeStreamOutput) []streamAnswers {
		return []streamAnswers{{Stream: streamItem{"s"}, Describe: answered(&streamEncryption{o.StreamDescription.EncryptionType})}}
	})
	_ = sample("aws.kafka.cluster", kafkaFacts, kafkaAnswers{Cluster: broker.Cluster{ClusterArn: aws.String("arn:aws:kafka:us-east-1:1:cluster/k/1"), ClusterName: aws.String("k")}})
	_ = sweep("kafka.ListClustersV2", kafkaFacts, func(o *kafka.ListClustersV2Output) []kafkaAnswers {
		return mapped(o.ClusterInfoList, func(k broker.Cluster) kafkaAnswers { return kafkaAnswers{Cluster: k} })
	})
	_ = sample("aws.events.event_bus", busFacts, busAnswers{Bus: bus.EventBus{Arn: aws.String("arn:aws:events:us-east-1:1:event-bus/b"), Name: aws.String("b")}})
	_ = sweep("eventbridge.ListEventBuses", busFacts, func(o *eventbridge.ListEventBusesOutput) []busAnswers {
		return mapped(o.EventBuses, func(b bus.EventBus) busAnswers { return busAnswers{Bus: b} })
	})
	_ = sample("aws.mq.broker", brokerFacts, brokerAnswers{Broker: mqtypes.BrokerSummary{BrokerArn: aws.String("arn:aws:mq:us-east-1:1:broker:b:1"), BrokerName: aws.String("b")}})
	_ = sweep("mq.ListBrokers", brokerFacts, func(o *mq.ListBrokersOutput) []brokerAnswers {
		return mapped(o.BrokerSummaries, func(b mqtypes.BrokerSummary) brokerAnswers { return brokerAnswers{Broker: b} })
	})
	_ = sweep("mq.DescribeBroker", brokerFacts, func(o *mq.DescribeBrokerOutput) []brokerAnswers {
		return []brokerAnswers{{mqtypes.BrokerSummary{BrokerArn: o.BrokerArn, BrokerName: aws.String("b")}, answered(describedBroker(o))}}
	})
)
