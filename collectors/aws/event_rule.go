package aws

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.Rule, eventRule]{
	Kind:        "aws.events.rule",
	Class:       inventory.ClassAlertRule,
	Permissions: []string{"events:ListRules", "events:ListTargetsByRule", "sns:ListSubscriptionsByTopic"},
	ListAction:  "ListRules", ListPermission: "events:ListRules",
	NoLabels: true,
	List:     listEventRules,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.Rule, error] {
		return only(listEventRules(ctx, c), func(r types.Rule) bool { return aws.ToString(r.Arn) == id })
	},
	Ask:   askEventRule,
	Facts: eventRuleFacts,
})

// eventRule is a rule on what AWS itself reports, and who is told. Rules that catch nothing we ask for are not asked
// for their targets.
type eventRule struct {
	Rule  types.Rule
	Heard collectors.Answer[hearers]
}

// hearers are what an alert is sent to; Live says that one of them passes it on or acts on it.
type hearers struct {
	Targets []string `json:"targets,omitempty"`
	Live    bool     `json:"live,omitempty"`
}

// listEventRules lists the rules of the default bus: what AWS reports arrives there alone.
func listEventRules(ctx context.Context, c *Clients) iter.Seq2[types.Rule, error] {
	return func(yield func(types.Rule, error) bool) {
		in := &eventbridge.ListRulesInput{Limit: aws.Int32(100)}
		for {
			page, err := c.EventBridge.ListRules(ctx, in)
			if err != nil {
				yield(types.Rule{}, err)
				return
			}
			for _, r := range page.Rules {
				if !yield(r, nil) {
					return
				}
			}
			if aws.ToString(page.NextToken) == "" {
				return
			}
			in.NextToken = page.NextToken
		}
	}
}

func askEventRule(ctx context.Context, c *Clients, r types.Rule) eventRule {
	a := eventRule{Rule: r}
	if len(ruleCatches(r)) == 0 {
		return a
	}
	a.Heard = ask("ListTargetsByRule", "events:ListTargetsByRule", func() (*hearers, error) {
		out := &hearers{}
		in := &eventbridge.ListTargetsByRuleInput{Rule: r.Name, EventBusName: r.EventBusName}
		for {
			page, err := c.EventBridge.ListTargetsByRule(ctx, in)
			if err != nil {
				return nil, err
			}
			for _, t := range page.Targets {
				out.Targets = append(out.Targets, aws.ToString(t.Arn))
			}
			if aws.ToString(page.NextToken) == "" {
				break
			}
			in.NextToken = page.NextToken
		}
		return out, out.listen(ctx, c, c.Region)
	})
	return a
}

// listen finds out whether anybody hears. A topic without a confirmed subscription tells nobody; any other target is a
// program or a service that acts by itself. A topic that does not answer leaves the question open unless another
// target hears.
func (h *hearers) listen(ctx context.Context, c *Clients, region string) error {
	var failed error
	for _, target := range h.Targets {
		if !strings.Contains(target, ":sns:") {
			h.Live = true
			return nil
		}
		heard, err := subscribed(ctx, c, region, target)
		if err != nil {
			failed = err
		}
		if heard {
			h.Live = true
			return nil
		}
	}
	return failed
}

// subscribed says whether a topic has a subscription that was confirmed.
func subscribed(ctx context.Context, c *Clients, region, topic string) (bool, error) {
	p := sns.NewListSubscriptionsByTopicPaginator(c.SNS, &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(topic)})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx, func(o *sns.Options) { o.Region = region })
		if err != nil {
			// A topic that is gone tells nobody.
			if isAbsent(err, "NotFound", "NotFoundException") {
				return false, nil
			}
			return false, during("ListSubscriptionsByTopic", "sns:ListSubscriptionsByTopic", err)
		}
		for _, s := range page.Subscriptions {
			if strings.HasPrefix(aws.ToString(s.SubscriptionArn), "arn:") {
				return true, nil
			}
		}
	}
	return false, nil
}

// ruleCatches names the events that a rule of a person catches. What services manage for themselves tells nobody else.
func ruleCatches(r types.Rule) []string {
	if aws.ToString(r.EventPattern) == "" || aws.ToString(r.ManagedBy) != "" {
		return nil
	}
	pattern, err := parseEventPattern(*r.EventPattern)
	if err != nil {
		return nil
	}
	return caught(pattern.matches)
}

// eventRuleFacts describes nothing for a rule that catches none of the events we ask for.
func eventRuleFacts(w collectors.Where, a eventRule) *inventory.Resource {
	catches := ruleCatches(a.Rule)
	if len(catches) == 0 {
		return nil
	}
	facts := &inventory.AlertRule{Account: accountID(w), Catches: catches}
	r := inventory.New(aws.ToString(a.Rule.Arn), aws.ToString(a.Rule.Name), w.Region, facts)
	r.Known("account", "catches", "everywhere")
	if a.Rule.State == types.RuleStateDisabled {
		r.Known("live")
		return r
	}
	collectors.Know(r, a.Heard, func(h *hearers) { facts.Live = h != nil && h.Live }, "live")
	return r
}
