package aws

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var healthRule = ebtypes.Rule{
	Name: aws.String("health"), Arn: aws.String("arn:aws:events:us-east-1:644160558196:rule/health"), State: ebtypes.RuleStateEnabled,
	EventPattern: aws.String(`{"source":["aws.health"]}`), EventBusName: aws.String("default"),
}

var signInFilter = logtypes.MetricFilter{
	FilterName: aws.String("failed"), LogGroupName: aws.String("trail"),
	FilterPattern:         aws.String(`{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }`),
	MetricTransformations: []logtypes.MetricTransformation{{MetricName: aws.String("failed"), MetricNamespace: aws.String("ns")}},
}

var wideTrail = trailtypes.Trail{
	Name: aws.String("t"), TrailARN: aws.String("arn:aws:cloudtrail:us-east-1:644160558196:trail/t"), HomeRegion: aws.String("us-east-1"),
	IsMultiRegionTrail: aws.Bool(true), IncludeGlobalServiceEvents: aws.Bool(true), HasCustomEventSelectors: aws.Bool(false),
	CloudWatchLogsLogGroupArn: aws.String("arn:aws:logs:us-east-1:644160558196:log-group:trail:*"),
}

var (
	_ = sample("aws.events.rule", eventRuleFacts, eventRule{healthRule, answered(&hearers{[]string{"arn:aws:lambda:x"}, true})}, eventRule{Rule: healthRule, Heard: refused[hearers]()})
	_ = sample("aws.logs.metric_filter", trailFilterFacts, trailFilterAnswers{Item: trailFilter{wideTrail, &signInFilter}}, trailFilterAnswers{Item: trailFilter{Trail: wideTrail}})
	_ = sweep("eventbridge.ListRules", eventRuleFacts, func(o *eventbridge.ListRulesOutput) []eventRule {
		out := make([]eventRule, 0, len(o.Rules))
		for _, r := range o.Rules {
			out = append(out, eventRule{Rule: r})
		}
		return out
	})
	_ = sweep("cloudwatchlogs.DescribeMetricFilters", trailFilterFacts, func(o *cloudwatchlogs.DescribeMetricFiltersOutput) []trailFilterAnswers {
		out := make([]trailFilterAnswers, 0, len(o.MetricFilters))
		for _, f := range o.MetricFilters {
			out = append(out, trailFilterAnswers{Item: trailFilter{wideTrail, &f}})
		}
		return out
	})
)

// eventNames is a filter on names of operations, as the CIS benchmark writes them.
func eventNames(service string, operations ...string) string {
	parts := make([]string, 0, len(operations))
	for _, op := range operations {
		parts = append(parts, "($.eventName = "+op+")")
	}
	if service != "" {
		return "{ ($.eventSource = " + service + ".amazonaws.com) && (" + strings.Join(parts, " || ") + ") }"
	}
	return "{ " + strings.Join(parts, " || ") + " }"
}

func TestFilterCatches(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pattern string
		want    []string
	}{
		"operations":         {eventNames("", "CreateVpc", "DeleteVpc", "SomethingElse"), []string{"ec2:CreateVpc", "ec2:DeleteVpc"}},
		"with its source":    {eventNames("kms", "DisableKey", "ScheduleKeyDeletion"), []string{"kms:DisableKey", "kms:ScheduleKeyDeletion"}},
		"of another source":  {eventNames("s3", "DisableKey"), nil},
		"quoted":             {`{$.eventName="StopLogging"}`, []string{"cloudtrail:StopLogging"}},
		"with stars":         {`{ $.eventName = "*Trail" }`, []string{"cloudtrail:CreateTrail", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail"}},
		"failed sign-in":     {`{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }`, []string{eventFailedSignIn}},
		"no second factor":   {`{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }`, []string{eventWeakSignIn}},
		"either of the last": {`{ ($.eventName = ConsoleLogin) && ($.additionalEventData.MFAUsed != Yes) }`, []string{eventFailedSignIn, eventWeakSignIn}},
		"root":               {`{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }`, []string{eventRootUse}},
		"one person only":    {`{ ($.eventName = CreateVpc) && ($.userIdentity.userName = "bob") }`, nil},
		"not that person":    {`{ ($.eventName = CreateVpc) && ($.userIdentity.userName != "bob") }`, nil},
		"no text":            {`ERROR`, nil},
		"broken":             {`{ ($.eventName = CreateVpc `, nil},
		"regular expression": {`{ $.eventName = %Create.*% }`, nil},
		"trailing words":     {`{ $.eventName = CreateVpc } x }`, nil},
		"empty operand":      {`{ $.eventName = && $.x = 1 }`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantWords(t, c.pattern, filterCatches(&logtypes.MetricFilter{FilterPattern: aws.String(c.pattern)}), c.want...)
		})
	}
	if all := filterCatches(&logtypes.MetricFilter{}); !slices.Contains(all, "ec2:CreateVpc") || slices.Contains(all, eventHealth) {
		t.Errorf("a filter without a pattern counts every record of the trail and nothing else; got %v", all)
	}
}

func TestRuleCatches(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pattern string
		want    []string
	}{
		"source":          {`{"source":["aws.health"]}`, []string{eventHealth}},
		"operations":      {`{"source":["aws.ec2"],"detail-type":["AWS API Call via CloudTrail"],"detail":{"eventSource":["ec2.amazonaws.com"],"eventName":["CreateVpc","RunInstances"]}}`, []string{"ec2:CreateVpc"}},
		"numbers":         {`{"source":["aws.guardduty"],"detail":{"severity":[{"numeric":[">=",7]}]}}`, []string{eventThreatFinding}},
		"listed numbers":  {`{"source":["aws.guardduty"],"detail":{"severity":[7,8,9]}}`, []string{eventThreatFinding}},
		"too grave":       {`{"source":["aws.guardduty"],"detail":{"severity":[{"numeric":[">",8.9]}]}}`, nil},
		"labels":          {`{"source":["aws.securityhub"],"detail":{"findings":{"Severity":{"Label":["CRITICAL","HIGH"]}}}}`, []string{eventHubFinding}},
		"only critical":   {`{"source":["aws.securityhub"],"detail":{"findings":{"Severity":{"Label":["CRITICAL"]}}}}`, nil},
		"one account":     {`{"source":["aws.health"],"account":["1"]}`, nil},
		"prefix":          {`{"detail":{"eventName":[{"prefix":"StopLog"}]}}`, []string{"cloudtrail:StopLogging"}},
		"anything but":    {`{"source":["aws.kms"],"detail":{"eventName":[{"anything-but":["DisableKey"]}]}}`, []string{"kms:ScheduleKeyDeletion"}},
		"exists":          {`{"source":["aws.signin"],"detail":{"errorMessage":[{"exists":true}]}}`, []string{eventFailedSignIn}},
		"exists not":      {`{"source":["aws.health"],"detail":{"errorMessage":[{"exists":false}]}}`, []string{eventHealth}},
		"or":              {`{"$or":[{"source":["aws.health"]},{"detail":{"eventName":["CreateVpc"]}}]}`, []string{"ec2:CreateVpc", eventHealth}},
		"wildcard":        {`{"detail":{"eventName":[{"wildcard":"*VpcAttribute"}]}}`, []string{"ec2:ModifyVpcAttribute"}},
		"not understood":  {`{"source":["aws.health"],"detail":{"eventTypeCategory":[{"cidr":"10.0.0.0/8"}]}}`, nil},
		"turned round":    {`{"source":["aws.health"],"detail":{"eventTypeCategory":[{"anything-but":{"cidr":"10.0.0.0/8"}}]}}`, nil},
		"broken":          {`{"source":`, nil},
		"of no interest":  {`{"source":["aws.autoscaling"]}`, nil},
		"accounts change": {`{"source":["aws.health"],"detail":{"eventTypeCategory":["accountNotification"]}}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantWords(t, c.pattern, ruleCatches(ebtypes.Rule{EventPattern: aws.String(c.pattern)}), c.want...)
		})
	}
	wantWords(t, "a service's own rule", ruleCatches(ebtypes.Rule{EventPattern: aws.String(`{"source":["aws.health"]}`), ManagedBy: aws.String("x.amazonaws.com")}))
	wantWords(t, "a schedule", ruleCatches(ebtypes.Rule{ScheduleExpression: aws.String("rate(1 day)")}))
}

func subscriptions(arns ...string) func(any) (any, error) {
	out := &sns.ListSubscriptionsByTopicOutput{}
	for _, a := range arns {
		out.Subscriptions = append(out.Subscriptions, snstypes.Subscription{SubscriptionArn: aws.String(a)})
	}
	return say(out)
}

func TestEventRuleIsLive(t *testing.T) {
	t.Parallel()
	const topic, function = "arn:aws:sns:us-east-1:1:t", "arn:aws:lambda:us-east-1:1:function:f"
	targets := func(arns ...string) func(any) (any, error) {
		out := &eventbridge.ListTargetsByRuleOutput{}
		for _, a := range arns {
			out.Targets = append(out.Targets, ebtypes.Target{Arn: aws.String(a)})
		}
		return say(out)
	}
	disabled := healthRule
	disabled.State = ebtypes.RuleStateDisabled
	for name, c := range map[string]struct {
		rule  ebtypes.Rule
		lines script
		want  any
	}{
		"a program":             {healthRule, script{"ListTargetsByRule": targets(function)}, true},
		"nobody":                {healthRule, script{"ListTargetsByRule": targets()}, false},
		"a topic with ears":     {healthRule, script{"ListTargetsByRule": targets(topic), "ListSubscriptionsByTopic": subscriptions("arn:aws:sns:us-east-1:1:t:s")}, true},
		"an unconfirmed one":    {healthRule, script{"ListTargetsByRule": targets(topic), "ListSubscriptionsByTopic": subscriptions("PendingConfirmation")}, false},
		"a topic that is gone":  {healthRule, script{"ListTargetsByRule": targets(topic), "ListSubscriptionsByTopic": refuse("NotFound")}, false},
		"a closed topic":        {healthRule, script{"ListTargetsByRule": targets(topic), "ListSubscriptionsByTopic": refuse("AuthorizationError")}, nil},
		"closed, and a program": {healthRule, script{"ListTargetsByRule": targets(topic, function)}, true},
		"denied":                {healthRule, script{}, nil},
		"disabled":              {disabled, script{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clients, _ := scripted(t, "us-east-1", c.lines)
			a := askEventRule(context.Background(), clients, c.rule)
			roundTrip(t, a)
			stated{"live": c.want, "catches": []string{eventHealth}, "everywhere": false}.check(t, eventRuleFacts(here, a))
		})
	}
	clients, count := scripted(t, "us-east-1", script{})
	if askEventRule(context.Background(), clients, ebtypes.Rule{Name: aws.String("x"), ScheduleExpression: aws.String("rate(1 day)")}); count("ListTargetsByRule") != 0 {
		t.Error("a rule that catches nothing was asked for its targets")
	}
}

func TestEventRulesArePaged(t *testing.T) {
	t.Parallel()
	page := func(in any) (any, error) {
		if in.(*eventbridge.ListRulesInput).NextToken == nil {
			return &eventbridge.ListRulesOutput{Rules: []ebtypes.Rule{healthRule}, NextToken: aws.String("2")}, nil
		}
		return &eventbridge.ListRulesOutput{Rules: []ebtypes.Rule{healthRule}}, nil
	}
	c, _ := scripted(t, "us-east-1", script{"ListRules": page})
	n := 0
	for _, err := range listEventRules(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d rules; want 2", n)
	}
}

func TestTrailFilterIsLive(t *testing.T) {
	t.Parallel()
	on, off := true, false
	alarms := func(enabled *bool, actions ...string) func(any) (any, error) {
		return say(&cloudwatch.DescribeAlarmsForMetricOutput{MetricAlarms: []cwtypes.MetricAlarm{{ActionsEnabled: enabled, AlarmActions: actions}}})
	}
	const topic = "arn:aws:sns:us-east-1:1:t"
	logging := say(&cloudtrail.GetTrailStatusOutput{IsLogging: &on})
	heard := subscriptions("arn:aws:sns:us-east-1:1:t:s")
	reads := say(&cloudtrail.GetEventSelectorsOutput{EventSelectors: []trailtypes.EventSelector{{ReadWriteType: trailtypes.ReadWriteTypeReadOnly}}})
	for name, c := range map[string]struct {
		lines script
		want  any
	}{
		"heard":            {script{"GetTrailStatus": logging, "DescribeAlarmsForMetric": alarms(&on, topic), "ListSubscriptionsByTopic": heard}, true},
		"no subscription":  {script{"GetTrailStatus": logging, "DescribeAlarmsForMetric": alarms(&on, topic), "ListSubscriptionsByTopic": subscriptions()}, false},
		"no action":        {script{"GetTrailStatus": logging, "DescribeAlarmsForMetric": alarms(&on)}, false},
		"switched off":     {script{"GetTrailStatus": logging, "DescribeAlarmsForMetric": alarms(&off, topic)}, false},
		"no alarm":         {script{"GetTrailStatus": logging, "DescribeAlarmsForMetric": say(&cloudwatch.DescribeAlarmsForMetricOutput{})}, false},
		"alarms denied":    {script{"GetTrailStatus": logging}, nil},
		"trail stopped":    {script{"GetTrailStatus": say(&cloudtrail.GetTrailStatusOutput{IsLogging: &off}), "DescribeAlarmsForMetric": alarms(&on, topic), "ListSubscriptionsByTopic": heard}, false},
		"status denied":    {script{"DescribeAlarmsForMetric": alarms(&on, topic), "ListSubscriptionsByTopic": heard}, nil},
		"reads are logged": {script{"GetTrailStatus": logging, "GetEventSelectors": reads, "DescribeAlarmsForMetric": alarms(&on, topic), "ListSubscriptionsByTopic": heard}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clients, _ := scripted(t, "us-east-1", c.lines)
			trail := wideTrail
			if c.lines["GetEventSelectors"] != nil {
				trail.HasCustomEventSelectors = &on
			}
			a := askTrailFilter(context.Background(), clients, trailFilter{trail, &signInFilter})
			roundTrip(t, a)
			stated{"live": c.want, "catches": []string{eventFailedSignIn}, "everywhere": true}.check(t, trailFilterFacts(here, a))
		})
	}
	stated{"live": nil, "catches": nil}.check(t, trailFilterFacts(here, trailFilterAnswers{Item: trailFilter{Trail: wideTrail}}))
}

func TestTrailFiltersAreListed(t *testing.T) {
	t.Parallel()
	away := wideTrail
	away.TrailARN, away.CloudWatchLogsLogGroupArn = aws.String("arn:aws:cloudtrail:us-east-1:1:trail/org"), aws.String("arn:aws:logs:us-east-1:1:log-group:org:*")
	without := wideTrail
	without.TrailARN, without.CloudWatchLogsLogGroupArn = aws.String("arn:aws:cloudtrail:us-east-1:644160558196:trail/b"), nil
	c, _ := scripted(t, "us-east-1", script{
		"DescribeTrails": say(&cloudtrail.DescribeTrailsOutput{TrailList: []trailtypes.Trail{wideTrail, away, without}}),
		"ListTrails":     say(&cloudtrail.ListTrailsOutput{}),
		"DescribeMetricFilters": func(in any) (any, error) {
			if group := aws.ToString(in.(*cloudwatchlogs.DescribeMetricFiltersInput).LogGroupName); group != "trail" {
				t.Errorf("asked for the log group %q", group)
			}
			return &cloudwatchlogs.DescribeMetricFiltersOutput{MetricFilters: []logtypes.MetricFilter{signInFilter}}, nil
		},
	})
	var ids []string
	for f, err := range listTrailFilters(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, f.id(here))
	}
	wantWords(t, "filters", ids, "aws:644160558196/alert_rule/t/failed", "aws:644160558196/alert_rule/org/elsewhere")
}

// TestAlertNeeds wants every event that is asked for to have an example, and every example to be asked for.
func TestAlertNeeds(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{}
	kinds := map[string]bool{}
	for _, n := range alertNeeds() {
		kinds[n.Kind] = true
		for _, e := range n.Events {
			asked[e] = true
			if _, ok := sampleEvents[e]; !ok {
				t.Errorf("%s has no example", e)
			}
		}
	}
	for e := range sampleEvents {
		if !asked[e] {
			t.Errorf("nothing asks for %s", e)
		}
	}
	for _, k := range []string{"network_change", "identity_change", "security_setting_change", "data_protection_change", "sign_in_anomaly", "findings", "service_health"} {
		if !kinds[k] {
			t.Errorf("nothing says what %s is", k)
		}
	}
}

func TestTrailFiltersOfRecordings(t *testing.T) {
	t.Parallel()
	for scenario, c := range map[string]struct {
		catches []string
		live    any
	}{
		"test_cloudtrail_fail_log_metric_filter_no_sns":   {[]string{eventFailedSignIn, eventWeakSignIn}, false},
		"test_cloudtrail_fail_log_metric_filter_no_alarm": {[]string{eventFailedSignIn, eventWeakSignIn}, false},
		"test_cloudtrail_success_regex_log_metric_filter": {[]string{eventFailedSignIn}, true},
	} {
		filters := recorded[cloudwatchlogs.DescribeMetricFiltersOutput](t, scenario+"/cloudwatchlogs.DescribeMetricFilters_1.json")
		on := true
		clients, _ := scripted(t, "us-east-1", script{
			"GetTrailStatus":           say(&cloudtrail.GetTrailStatusOutput{IsLogging: &on}),
			"DescribeAlarmsForMetric":  say(recorded[cloudwatch.DescribeAlarmsForMetricOutput](t, scenario+"/cloudwatch.DescribeAlarmsForMetric_1.json")),
			"ListSubscriptionsByTopic": subscriptions("arn:aws:sns:us-east-1:1:t:s"),
		})
		r := trailFilterFacts(here, askTrailFilter(context.Background(), clients, trailFilter{wideTrail, &filters.MetricFilters[0]}))
		if r == nil {
			t.Fatalf("%s: nothing is caught", scenario)
		}
		stated{"catches": c.catches, "live": c.live}.check(t, r)
		if r.Class != inventory.ClassAlertRule {
			t.Errorf("%s: class %s", scenario, r.Class)
		}
	}
}
