package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.EventBus, busAnswers]{
	Kind:        "aws.events.event_bus",
	Class:       inventory.ClassMessageChannel,
	Permissions: []string{"events:ListEventBuses", "events:ListTagsForResource"},
	ListAction:  "ListEventBuses", ListPermission: "events:ListEventBuses",
	List: listBuses,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.EventBus, error] {
		return only(listBuses(ctx, c), func(b types.EventBus) bool { return aws.ToString(b.Arn) == id })
	},
	Ask:   askBus,
	Facts: busFacts,
})

// busAnswers is all that EventBridge says about one bus.
type busAnswers struct {
	Bus  types.EventBus
	Tags collectors.Answer[map[string]string]
}

// listBuses turns the pages by hand: the SDK has no paginator for them.
func listBuses(ctx context.Context, c *Clients) iter.Seq2[types.EventBus, error] {
	return func(yield func(types.EventBus, error) bool) {
		in := &eventbridge.ListEventBusesInput{Limit: aws.Int32(100)}
		for {
			out, err := c.EventBridge.ListEventBuses(ctx, in)
			if err != nil {
				yield(types.EventBus{}, err)
				return
			}
			for _, b := range out.EventBuses {
				if !yield(b, nil) {
					return
				}
			}
			if aws.ToString(out.NextToken) == "" {
				return
			}
			in.NextToken = out.NextToken
		}
	}
}

func askBus(ctx context.Context, c *Clients, b types.EventBus) busAnswers {
	a := busAnswers{Bus: b}
	a.Tags = ask("ListTagsForResource", "events:ListTagsForResource", func() (*map[string]string, error) {
		out, err := c.EventBridge.ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: b.Arn})
		if err != nil {
			return nil, err
		}
		return keptTags(labels(out.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })), nil
	})
	return a
}

func busFacts(w collectors.Where, a busAnswers) *inventory.Resource {
	facts := &inventory.MessageChannel{}
	r := inventory.New(aws.ToString(a.Bus.Arn), aws.ToString(a.Bus.Name), w.Region, facts)
	r.SetNotApplicable(noSuchSwitch, "network_restricted")
	// The service encrypts all events it holds and offers no endpoint for clear text.
	facts.EncryptedAtRest, facts.TLSRequired = true, true
	r.SetInherent("encrypted_at_rest", "tls_required")
	tagFacts(r, a.Tags)
	listed := collectors.Answer[types.EventBus]{Action: "ListEventBuses", Permission: "events:ListEventBuses", Value: &a.Bus}
	doc, read := readPolicy(r, listed, func(b *types.EventBus) string { return aws.ToString(b.Policy) },
		"public", "principals")
	if read {
		facts.Public, facts.Principals = doc.public(), doc.foreignAccounts(w.Scope.Account())
		r.Known("public", "principals")
	}
	return r
}
