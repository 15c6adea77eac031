package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

const topicARN = "arn:aws:sns:us-east-1:644160558196:t"

func topicWith(attributes map[string]string, pushes ...string) topicAnswers {
	return topicAnswers{ARN: topicARN, Attributes: answered(&attributes), Pushes: answered(kept(pushes)), Tags: answered(&map[string]string{})}
}

func TestTopicFacts(t *testing.T) {
	t.Parallel()
	refusing := `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"SNS:Publish","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`
	// The policy that every new topic is given.
	first := `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:Publish"],"Resource":"x","Condition":{"StringEquals":{"AWS:SourceOwner":"644160558196"}}}]}`
	unread := topicWith(map[string]string{"Policy": refusing})
	unread.Pushes = refused[[]string]()
	for name, c := range map[string]struct {
		answers topicAnswers
		want    stated
	}{
		"first policy":       {topicWith(map[string]string{"Policy": first}), stated{"public": false, "principals": "[]", "tls_required": false, "encrypted_at_rest": false}},
		"key":                {topicWith(map[string]string{"KmsMasterKeyId": "alias/aws/sns"}), stated{"encrypted_at_rest": true}},
		"refuses clear text": {topicWith(map[string]string{"Policy": refusing}, "https", "sqs"), stated{"tls_required": true}},
		"pushes in the clear": {topicWith(map[string]string{"Policy": refusing}, "http"),
			stated{"tls_required": false}},
		"pushes unread":         {unread, stated{"tls_required": nil, "public": false}},
		"open to anyone":        {topicWith(map[string]string{"Policy": `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sns:Subscribe"}}`}), stated{"public": true}},
		"parties":               {topicWith(map[string]string{"Policy": `{"Statement":{"Effect":"Allow","Principal":{"AWS":["111111111111","arn:aws:iam::222222222222:root"]},"Action":"sns:*"}}`}), stated{"principals": "[111111111111 222222222222]"}},
		"attributes are denied": {topicAnswers{ARN: topicARN, Attributes: refused[map[string]string]()}, stated{"public": nil, "encrypted_at_rest": nil, "tls_required": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, topicFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
}

func TestAskTopicsListsSubscriptionsOnce(t *testing.T) {
	t.Parallel()
	refusing := `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"SNS:Publish","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`
	c, calls := scripted(t, here.Region, script{
		"ListTopics": say(&sns.ListTopicsOutput{Topics: []types.Topic{{TopicArn: aws.String(topicARN)}, {TopicArn: aws.String(topicARN + "2")}}}),
		"ListSubscriptions": say(&sns.ListSubscriptionsOutput{Subscriptions: []types.Subscription{
			{TopicArn: aws.String(topicARN + "2"), Protocol: aws.String("http")}, {TopicArn: aws.String(topicARN), Protocol: aws.String("sqs")}}}),
		"GetTopicAttributes": say(&sns.GetTopicAttributesOutput{Attributes: map[string]string{"Policy": refusing, "SubscriptionsConfirmed": "3"}}),
	})
	want := map[string]bool{topicARN: true, topicARN + "2": false}
	for i, err := range listTopics(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		a := askTopic(context.Background(), c, i)
		if (*a.Attributes.Value)["SubscriptionsConfirmed"] != "" {
			t.Error("a count that moves was kept")
		}
		stated{"tls_required": want[i.arn], "labels_read": nil}.check(t, topicFacts(here, a))
	}
	if n := calls("ListSubscriptions"); n != 1 {
		t.Errorf("subscriptions were listed %d times", n)
	}
	gone, _ := scripted(t, here.Region, script{"GetTopicAttributes": refuse("NotFound")})
	if r := topicFacts(here, askTopic(context.Background(), gone, topicItem{topicARN, &once[topicPushes]{}})); r != nil {
		t.Error("a topic that is gone is described")
	}
}

// Answers for the tests over the whole registry, and what is recorded.
var (
	_ = sample("aws.sns.topic", topicFacts, topicWith(map[string]string{}), topicAnswers{ARN: topicARN, Attributes: refused[map[string]string]()})
	_ = sweep("sns.GetTopicAttributes", topicFacts, func(o *sns.GetTopicAttributesOutput) []topicAnswers {
		if len(o.Attributes) == 0 {
			return nil
		}
		return []topicAnswers{topicWith(topicAttributes(o.Attributes))}
	})
	_ = sweep("sns.ListTopics", topicFacts, func(o *sns.ListTopicsOutput) []topicAnswers {
		return mapped(o.Topics, func(t types.Topic) topicAnswers { return topicAnswers{ARN: aws.ToString(t.TopicArn)} })
	})
)
