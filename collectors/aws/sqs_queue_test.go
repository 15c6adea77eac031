package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

const queueURL = "https://sqs.us-east-1.amazonaws.com/644160558196/q"

func queueWith(attributes map[string]string) queueAnswers {
	return queueAnswers{URL: queueURL, Attributes: answered(&attributes), Tags: answered(&map[string]string{"owner": "team"})}
}

func TestQueueFacts(t *testing.T) {
	t.Parallel()
	inClear := `{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`
	for name, c := range map[string]struct {
		answers queueAnswers
		want    stated
	}{
		"own key": {queueWith(map[string]string{"KmsMasterKeyId": "alias/mine"}),
			stated{"encrypted_at_rest": true, "public": false, "principals": "[]", "tls_required": false, "network_restricted": notApplicable}},
		"the service's key": {queueWith(map[string]string{"SqsManagedSseEnabled": "true"}), stated{"encrypted_at_rest": true}},
		"in the clear":      {queueWith(map[string]string{"SqsManagedSseEnabled": "false"}), stated{"encrypted_at_rest": false}},
		"refuses clear text": {queueWith(map[string]string{"Policy": `{"Statement":[` + inClear + `]}`}),
			stated{"tls_required": true, "public": false}},
		"refuses clear text of one caller only": {queueWith(map[string]string{
			"Policy": `{"Statement":[{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::1:root"},"Action":"sqs:*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`}),
			stated{"tls_required": false}},
		"open to anyone": {queueWith(map[string]string{"Policy": `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage"}]}`}),
			stated{"public": true}},
		"open to a topic": {queueWith(map[string]string{
			"Policy": `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:644160558196:t"}}}]}`}),
			stated{"public": false, "principals": "[]"}},
		"a party": {queueWith(map[string]string{"Policy": `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sqs:*"}]}`}),
			stated{"public": false, "principals": "[111111111111]"}},
		"policy unreadable": {queueWith(map[string]string{"Policy": "{", "KmsMasterKeyId": "k"}),
			stated{"public": nil, "principals": nil, "tls_required": nil, "encrypted_at_rest": true}},
		"denied": {queueAnswers{URL: queueURL, Attributes: refused[map[string]string](), Tags: refused[map[string]string]()},
			stated{"public": nil, "encrypted_at_rest": nil, "tls_required": nil, "labels_read": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, queueFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
}

func TestAskQueue(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, here.Region, script{
		"ListQueues": func(in any) (any, error) {
			if in.(*sqs.ListQueuesInput).NextToken == nil {
				next := "2"
				return &sqs.ListQueuesOutput{QueueUrls: []string{queueURL}, NextToken: &next}, nil
			}
			return &sqs.ListQueuesOutput{QueueUrls: []string{queueURL + "2"}}, nil
		},
		"GetQueueAttributes": say(&sqs.GetQueueAttributesOutput{Attributes: map[string]string{"SqsManagedSseEnabled": "true"}}),
	})
	n := 0
	for url, err := range listQueues(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		r := queueFacts(here, askQueue(context.Background(), c, url))
		stated{"encrypted_at_rest": true, "labels_read": nil}.check(t, r)
		if why := r.Why("labels_read"); why.Permission != "sqs:ListQueueTags" || why.Cause != "denied" {
			t.Errorf("%+v", why)
		}
	}
	if n != 2 {
		t.Errorf("%d queues on two pages", n)
	}
	c, _ = scripted(t, here.Region, script{"GetQueueAttributes": refuse("AWS.SimpleQueueService.NonExistentQueue")})
	if r := queueFacts(here, askQueue(context.Background(), c, queueURL)); r != nil {
		t.Errorf("a queue that is gone is described: %v", r.ID)
	}
}

// Answers for the tests over the whole registry, and what is recorded.
var (
	_ = sample("aws.sqs.queue", queueFacts, queueWith(map[string]string{"Policy": `{"Statement":[]}`}),
		queueAnswers{URL: queueURL, Attributes: refused[map[string]string]()})
	_ = sweep("sqs.GetQueueAttributes", queueFacts, func(o *sqs.GetQueueAttributesOutput) []queueAnswers {
		if len(o.Attributes) == 0 {
			return nil
		}
		return []queueAnswers{queueWith(o.Attributes)}
	})
	_ = sweep("sqs.ListQueues", queueFacts, func(o *sqs.ListQueuesOutput) []queueAnswers {
		return mapped(o.QueueUrls, func(url string) queueAnswers { return queueAnswers{URL: url} })
	})
)
