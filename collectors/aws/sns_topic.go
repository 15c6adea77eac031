package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, topicItem, topicAnswers]{
	Kind:  "aws.sns.topic",
	Class: inventory.ClassMessageChannel,
	Permissions: []string{
		"sns:ListTopics", "sns:GetTopicAttributes", "sns:ListSubscriptions", "sns:ListTagsForResource",
	},
	ListAction: "ListTopics", ListPermission: "sns:ListTopics",
	List: listTopics,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[topicItem, error] {
		return only(listTopics(ctx, c), func(i topicItem) bool { return i.arn == id })
	},
	Ask:   askTopic,
	Facts: topicFacts,
})

// topicItem is a topic with the subscriptions of its region, which are listed once for all topics.
type topicItem struct {
	arn           string
	subscriptions *once[topicPushes]
}

// topicPushes maps topics to the protocols by which they push messages out of the provider.
type topicPushes map[string][]string

// topicAnswers is all that SNS says about one topic.
type topicAnswers struct {
	ARN        string
	Attributes collectors.Answer[map[string]string]
	Pushes     collectors.Answer[[]string]
	Tags       collectors.Answer[map[string]string]
}

func listTopics(ctx context.Context, c *Clients) iter.Seq2[topicItem, error] {
	p := sns.NewListTopicsPaginator(c.SNS, &sns.ListTopicsInput{})
	subscriptions := &once[topicPushes]{}
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*sns.ListTopicsOutput, error) { return p.NextPage(ctx) },
		func(o *sns.ListTopicsOutput) []topicItem {
			items := make([]topicItem, 0, len(o.Topics))
			for _, t := range o.Topics {
				items = append(items, topicItem{aws.ToString(t.TopicArn), subscriptions})
			}
			return items
		})
}

func askTopic(ctx context.Context, c *Clients, i topicItem) topicAnswers {
	a := topicAnswers{ARN: i.arn}
	a.Attributes = ask("GetTopicAttributes", "sns:GetTopicAttributes", func() (*map[string]string, error) {
		out, err := c.SNS.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String(i.arn)})
		if err != nil {
			return nil, absent(err, "NotFound", "NotFoundException")
		}
		kept := topicAttributes(out.Attributes)
		return &kept, nil
	})
	all := i.subscriptions.ask("", func() collectors.Answer[topicPushes] { return askSubscriptions(ctx, c) })
	a.Pushes = collectors.Answer[[]string]{Action: all.Action, Permission: all.Permission, Failed: all.Failed}
	if all.Value != nil {
		a.Pushes.Value = kept((*all.Value)[i.arn])
	}
	a.Tags = ask("ListTagsForResource", "sns:ListTagsForResource", func() (*map[string]string, error) {
		out, err := c.SNS.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: aws.String(i.arn)})
		if err != nil {
			return nil, err
		}
		return keptTags(labels(out.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })), nil
	})
	return a
}

// topicAttributes keeps what facts are made of: the others count subscriptions and deliveries.
func topicAttributes(all map[string]string) map[string]string {
	kept := map[string]string{}
	for _, name := range []string{"Policy", "KmsMasterKeyId"} {
		if v, ok := all[name]; ok {
			kept[name] = v
		}
	}
	return kept
}

func askSubscriptions(ctx context.Context, c *Clients) collectors.Answer[topicPushes] {
	return ask("ListSubscriptions", "sns:ListSubscriptions", func() (*topicPushes, error) {
		pushes := topicPushes{}
		p := sns.NewListSubscriptionsPaginator(c.SNS, &sns.ListSubscriptionsInput{})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for _, s := range page.Subscriptions {
				topic, protocol := aws.ToString(s.TopicArn), aws.ToString(s.Protocol)
				if !contains(pushes[topic], protocol) {
					pushes[topic] = append(pushes[topic], protocol)
				}
			}
		}
		return &pushes, nil
	})
}

func topicFacts(w collectors.Where, a topicAnswers) *inventory.Resource {
	if a.Attributes.Absent {
		return nil
	}
	facts := &inventory.MessageChannel{}
	r := inventory.New(a.ARN, shortID(a.ARN), w.Region, facts)
	defer leftOut(r, "GetTopicAttributes", "sns:GetTopicAttributes")
	r.SetNotApplicable(noSuchSwitch, "network_restricted")
	tagFacts(r, a.Tags)
	collectors.Know(r, a.Attributes, func(v *map[string]string) {
		facts.EncryptedAtRest = (*v)["KmsMasterKeyId"] != ""
	}, "encrypted_at_rest")
	doc, read := readPolicy(r, a.Attributes, func(v *map[string]string) string { return (*v)["Policy"] },
		"public", "principals", "tls_required")
	if !read {
		return r
	}
	facts.Public, facts.Principals = doc.public(), doc.foreignAccounts(w.Scope.Account())
	r.Known("public", "principals")
	// One push in the clear is enough for a no, and so is a door that takes clear text.
	switch {
	case a.Pushes.Value != nil && contains(*a.Pushes.Value, "http"), !doc.deniesClearText("sns:Publish"):
		r.Known("tls_required")
	default:
		collectors.Know(r, a.Pushes, func(*[]string) { facts.TLSRequired = true }, "tls_required")
	}
	return r
}
