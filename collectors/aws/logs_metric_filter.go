package aws

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, trailFilter, trailFilterAnswers]{
	Kind:  "aws.logs.metric_filter",
	Class: inventory.ClassAlertRule,
	Permissions: []string{
		"cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors", "logs:DescribeMetricFilters",
		"cloudwatch:DescribeAlarmsForMetric", "sns:ListSubscriptionsByTopic",
	},
	ListAction: "DescribeMetricFilters", ListPermission: "logs:DescribeMetricFilters",
	Global: true, NoLabels: true,
	List: listTrailFilters,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[trailFilter, error] {
		w := collectors.Where{Scope: scopeOf(c.Account)}
		return only(listTrailFilters(ctx, c), func(f trailFilter) bool { return f.id(w) == id })
	},
	Ask:   askTrailFilter,
	Facts: trailFilterFacts,
})

// trailFilter is a filter on the log group of a trail. Without a filter inside it stands for a trail whose log group is
// another account's: what alerts there are on it cannot be read from here.
type trailFilter struct {
	Trail  trailtypes.Trail
	Filter *types.MetricFilter `json:",omitempty"`
}

// trailFilterAnswers says whether the trail feeds the filter, and who hears the alarms on what it counts.
type trailFilterAnswers struct {
	Item      trailFilter
	Status    collectors.Answer[cloudtrail.GetTrailStatusOutput]
	Selectors collectors.Answer[cloudtrail.GetEventSelectorsOutput]
	Heard     collectors.Answer[hearers]
}

func (f trailFilter) id(w collectors.Where) string {
	name := "elsewhere"
	if f.Filter != nil {
		name = aws.ToString(f.Filter.FilterName)
	}
	return string(w.Scope) + "/" + string(inventory.ClassAlertRule) + "/" + shortID(aws.ToString(f.Trail.TrailARN)) + "/" + name
}

// listTrailFilters lists the filters on the log groups of all trails that watch the account.
func listTrailFilters(ctx context.Context, c *Clients) iter.Seq2[trailFilter, error] {
	return func(yield func(trailFilter, error) bool) {
		for i, err := range listTrails(ctx, c) {
			if err != nil {
				yield(trailFilter{}, err)
				return
			}
			if i.Trail == nil || aws.ToString(i.Trail.CloudWatchLogsLogGroupArn) == "" {
				continue
			}
			for f, err := range filtersOfTrail(ctx, c, *i.Trail) {
				if !yield(f, err) || err != nil {
					return
				}
			}
		}
	}
}

func filtersOfTrail(ctx context.Context, c *Clients, t trailtypes.Trail) iter.Seq2[trailFilter, error] {
	// arn:aws:logs:region:account:log-group:name:*
	parts := strings.SplitN(aws.ToString(t.CloudWatchLogsLogGroupArn), ":", 7)
	if len(parts) < 7 || parts[4] != c.Account {
		return func(yield func(trailFilter, error) bool) { yield(trailFilter{Trail: t}, nil) }
	}
	at := func(o *cloudwatchlogs.Options) { o.Region = parts[3] }
	p := cloudwatchlogs.NewDescribeMetricFiltersPaginator(c.Logs, &cloudwatchlogs.DescribeMetricFiltersInput{
		LogGroupName: aws.String(strings.TrimSuffix(parts[6], ":*")), Limit: aws.Int32(50),
	})
	next := func(ctx context.Context) (*cloudwatchlogs.DescribeMetricFiltersOutput, error) {
		return p.NextPage(ctx, at)
	}
	return gone(paged(ctx, p.HasMorePages, next, func(o *cloudwatchlogs.DescribeMetricFiltersOutput) []trailFilter {
		out := make([]trailFilter, 0, len(o.MetricFilters))
		for _, f := range o.MetricFilters {
			out = append(out, trailFilter{t, &f})
		}
		return out
	}), "ResourceNotFoundException")
}

// filterCatches names the events a filter counts.
func filterCatches(f *types.MetricFilter) []string {
	test, err := parseLogPattern(aws.ToString(f.FilterPattern))
	if err != nil {
		return nil
	}
	return caught(func(e sampleEvent) bool { return e.recorded() && test(e.Fields) })
}

func askTrailFilter(ctx context.Context, c *Clients, f trailFilter) trailFilterAnswers {
	a := trailFilterAnswers{Item: f}
	if f.Filter == nil || len(filterCatches(f.Filter)) == 0 {
		return a
	}
	// The trail is asked as its own record is; its tags say nothing of alerts.
	home, name := inTrailRegion(aws.ToString(f.Trail.HomeRegion)), f.Trail.TrailARN
	if principalAccount(aws.ToString(f.Trail.TrailARN)) == c.Account {
		name = f.Trail.Name
	}
	a.Status = ask("GetTrailStatus", "cloudtrail:GetTrailStatus", func() (*cloudtrail.GetTrailStatusOutput, error) {
		return c.CloudTrail.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: name}, home)
	})
	a.Selectors = ask("GetEventSelectors", "cloudtrail:GetEventSelectors", func() (*cloudtrail.GetEventSelectorsOutput, error) {
		return c.CloudTrail.GetEventSelectors(ctx, &cloudtrail.GetEventSelectorsInput{TrailName: name}, home)
	})
	region := strings.SplitN(aws.ToString(f.Trail.CloudWatchLogsLogGroupArn), ":", 5)[3]
	a.Heard = ask("DescribeAlarmsForMetric", "cloudwatch:DescribeAlarmsForMetric", func() (*hearers, error) {
		out := &hearers{}
		for _, m := range f.Filter.MetricTransformations {
			alarms, err := c.CloudWatch.DescribeAlarmsForMetric(ctx, &cloudwatch.DescribeAlarmsForMetricInput{
				MetricName: m.MetricName, Namespace: m.MetricNamespace,
			}, func(o *cloudwatch.Options) { o.Region = region })
			if err != nil {
				return nil, err
			}
			for _, alarm := range alarms.MetricAlarms {
				if alarm.ActionsEnabled == nil || *alarm.ActionsEnabled {
					out.Targets = append(out.Targets, alarm.AlarmActions...)
				}
			}
		}
		return out, out.listen(ctx, c, region)
	})
	return a
}

// trailFilterFacts describes nothing for a filter that counts none of the events we ask for.
func trailFilterFacts(w collectors.Where, a trailFilterAnswers) *inventory.Resource {
	t := a.Item.Trail
	facts := &inventory.AlertRule{Account: accountID(w)}
	name, region := "alerts on "+aws.ToString(t.Name), aws.ToString(t.HomeRegion)
	if a.Item.Filter != nil {
		if facts.Catches = filterCatches(a.Item.Filter); len(facts.Catches) == 0 {
			return nil
		}
		name = aws.ToString(a.Item.Filter.FilterName)
	}
	r := inventory.New(a.Item.id(w), name, region, facts)
	facts.Everywhere = aws.ToBool(t.IsMultiRegionTrail)
	r.Known("account", "everywhere")
	if a.Item.Filter == nil {
		elsewhere := inventory.Unknown{Cause: inventory.CauseNotCollected, Action: "DescribeMetricFilters", Permission: "logs:DescribeMetricFilters"}
		r.SetUnknown(elsewhere, "catches", "live")
		return r
	}
	r.Known("catches")
	recorded, why := recordedEvents(trailAnswers{Item: trailItem{&t}, Selectors: a.Selectors})
	logging := isLogging(a.Status)
	switch {
	case logging != nil && !*logging, why == nil && !recorded.writes:
		// Nothing reaches the log.
		r.Known("live")
	case logging == nil:
		r.SetUnknown(*orMissing(a.Status.Unknown(), a.Status.Action, a.Status.Permission), "live")
	case why != nil:
		r.SetUnknown(*why, "live")
	default:
		collectors.Know(r, a.Heard, func(h *hearers) { facts.Live = h != nil && h.Live }, "live")
	}
	return r
}
