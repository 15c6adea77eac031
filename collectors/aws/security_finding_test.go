package aws

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	gdtypes "github.com/aws/aws-sdk-go-v2/service/guardduty/types"
	"github.com/aws/aws-sdk-go-v2/service/inspector2"
	insptypes "github.com/aws/aws-sdk-go-v2/service/inspector2/types"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	hubtypes "github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	watypes "github.com/aws/aws-sdk-go-v2/service/wellarchitected/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var (
	_ = sample("aws.guardduty.finding", threatFacts, regionalFinding[threatFinding]{Region: "us-east-1", Finding: threatFinding{ARN: "arn:aws:guardduty:us-east-1:1:detector/d/finding/f", Type: "Recon", Severity: 8, FirstSeen: "2020-05-26T22:02:24Z"}})
	_ = sample("aws.guardduty.finding", threatFacts, regionalFinding[threatFinding]{NowhereOn: "GuardDuty"})
	_ = sample("aws.inspector2.finding", weaknessFacts, regionalFinding[weakness]{Region: "us-east-1", Finding: weakness{ARN: "arn:aws:inspector2:us-east-1:1:finding/f", Title: "CVE", Severity: "HIGH", Status: "ACTIVE"}})
	_ = sample("aws.securityhub.finding", hubFindingFacts, regionalFinding[hubFinding]{Region: "us-east-1", Finding: hubFinding{ID: "x/1", Title: "t", Types: []string{"TTPs/Discovery"}, Severity: "HIGH", Seen: "2020-05-26T22:02:24Z"}})
	_ = sample("aws.wellarchitected.workload", reviewFacts, watypes.WorkloadSummary{WorkloadArn: aws.String("arn:aws:wellarchitected:us-east-1:1:workload/w"), WorkloadName: aws.String("w"), RiskCounts: map[string]int32{"HIGH": 1}})

	_ = sweep("guardduty.GetFindings", threatFacts, func(o *guardduty.GetFindingsOutput) []regionalFinding[threatFinding] {
		out := make([]regionalFinding[threatFinding], 0, len(o.Findings))
		for _, f := range o.Findings {
			out = append(out, regionalFinding[threatFinding]{Region: "us-east-1", Finding: narrowThreat(f)})
		}
		return out
	})
	_ = sweep("inspector2.ListFindings", weaknessFacts, func(o *inspector2.ListFindingsOutput) []regionalFinding[weakness] {
		out := make([]regionalFinding[weakness], 0, len(o.Findings))
		for _, f := range narrowWeaknesses(o) {
			out = append(out, regionalFinding[weakness]{Region: "us-east-1", Finding: f})
		}
		return out
	})
	_ = sweep("securityhub.GetFindings", hubFindingFacts, func(o *securityhub.GetFindingsOutput) []regionalFinding[hubFinding] {
		out := make([]regionalFinding[hubFinding], 0, len(o.Findings))
		for _, f := range narrowHubFindings(o) {
			out = append(out, regionalFinding[hubFinding]{Region: "us-east-1", Finding: f})
		}
		return out
	})
)

// listedAll runs a listing to its end and gives what it yielded and how it ended.
func listedAll[T any](t *testing.T, lines script, list func(context.Context, *Clients) func(func(T, error) bool)) (items []T, end error) {
	t.Helper()
	if lines["DescribeRegions"] == nil {
		lines["DescribeRegions"] = twoRegions
	}
	c, _ := scripted(t, "us-east-1", lines)
	for item, err := range list(context.Background(), c) {
		if err != nil {
			return items, err
		}
		items = append(items, item)
	}
	return items, nil
}

func threats(ctx context.Context, c *Clients) func(func(regionalFinding[threatFinding], error) bool) {
	return listThreats(ctx, c)
}

func TestThreatsAreListed(t *testing.T) {
	t.Parallel()
	detectors := say(&guardduty.ListDetectorsOutput{DetectorIds: []string{"d"}})
	ids := func(in any) (any, error) {
		i := in.(*guardduty.ListFindingsInput)
		if i.FindingCriteria.Criterion["severity"].GreaterThanOrEqual == nil {
			t.Error("findings of every severity are asked for")
		}
		if i.NextToken == nil {
			return &guardduty.ListFindingsOutput{FindingIds: []string{"1"}, NextToken: aws.String("2")}, nil
		}
		return &guardduty.ListFindingsOutput{}, nil
	}
	found := say(&guardduty.GetFindingsOutput{Findings: []gdtypes.Finding{{Arn: aws.String("arn:aws:guardduty:1"), Severity: aws.Float64(8), CreatedAt: aws.String("2020-05-26T22:02:24Z")}}})
	items, err := listedAll(t, script{"ListDetectors": detectors, "ListFindings": ids, "GetFindings": found}, threats)
	if err != nil || len(items) != 2 || items[0].Region == items[1].Region {
		t.Errorf("%v, %v; want one of each region", items, err)
	}
	// Where nothing looks for threats, that none was found says nothing.
	items, err = listedAll(t, script{"ListDetectors": say(&guardduty.ListDetectorsOutput{})}, threats)
	if err != nil || len(items) != 1 {
		t.Fatalf("without a detector: %v, %v", items, err)
	}
	nothing := threatFacts(here, items[0])
	stated{"kind": "threat", "severity": "high", "open": nil, "first_seen_at": nil}.check(t, nothing)
	if nothing.Unknown["open"].Cause != inventory.CauseNotEnabled {
		t.Errorf("the reason is %+v", nothing.Unknown["open"])
	}
	if _, err = listedAll(t, script{}, threats); collectors.Classify(Classify(err)).Cause != inventory.CauseDenied {
		t.Errorf("a denial ends the listing with %v", err)
	}
	if _, err = listedAll(t, script{"ListDetectors": detectors, "ListFindings": ids}, threats); collectors.Classify(Classify(err)).Cause != inventory.CauseDenied {
		t.Errorf("findings that may not be read end the listing with %v", err)
	}
	endless := func(any) (any, error) {
		return &guardduty.ListFindingsOutput{FindingIds: []string{"1"}, NextToken: aws.String("more")}, nil
	}
	items, err = listedAll(t, script{"ListDetectors": detectors, "ListFindings": endless, "GetFindings": found}, threats)
	if len(items) != 2*findingsPerRegion || collectors.Classify(Classify(err)).Code != "TooManyFindings" {
		t.Errorf("%d findings, then %v", len(items), err)
	}
}

func TestFindingsElsewhereAreListed(t *testing.T) {
	t.Parallel()
	list := func(ctx context.Context, c *Clients) func(func(regionalFinding[weakness], error) bool) {
		return listWeaknesses(ctx, c)
	}
	on := say(&inspector2.BatchGetAccountStatusOutput{Accounts: []insptypes.AccountState{{State: &insptypes.State{Status: "ENABLED"}}}})
	one := say(&inspector2.ListFindingsOutput{Findings: []insptypes.Finding{{FindingArn: aws.String("arn:aws:inspector2:1"), Severity: "HIGH", Status: "ACTIVE"}}})
	if items, err := listedAll(t, script{"BatchGetAccountStatus": on, "ListFindings": one}, list); err != nil || len(items) != 2 {
		t.Errorf("%v, %v", items, err)
	}
	off := say(&inspector2.BatchGetAccountStatusOutput{Accounts: []insptypes.AccountState{{State: &insptypes.State{Status: "DISABLED"}}}})
	none, err := listedAll(t, script{"BatchGetAccountStatus": off}, list)
	if err != nil || len(none) != 1 {
		t.Fatalf("where Inspector is off: %v, %v", none, err)
	}
	stated{"kind": "vulnerability", "open": nil}.check(t, weaknessFacts(here, none[0]))
	hubs := func(ctx context.Context, c *Clients) func(func(regionalFinding[hubFinding], error) bool) {
		return listHubFindings(ctx, c)
	}
	if items, err := listedAll(t, script{"GetFindings": refuse("InvalidAccessException")}, hubs); err != nil || len(items) != 0 {
		t.Errorf("where Security Hub is off: %v, %v", items, err)
	}
	if _, err := listedAll(t, script{"GetFindings": refuse("AccessDeniedException")}, hubs); err == nil {
		t.Error("a denied listing of Security Hub counts as complete")
	}
}

func TestFindingFacts(t *testing.T) {
	t.Parallel()
	seen := time.Date(2020, 5, 26, 22, 2, 24, 0, time.UTC)
	const when = "2020-05-26T22:02:24Z"
	for figure, word := range map[float64]any{9.5: "critical", 9: "critical", 8.9: "high", 7: "high", 6.9: "medium", 4: "medium", 2: "low", 0: nil} {
		r := threatFacts(here, regionalFinding[threatFinding]{Region: "eu-west-1", Finding: threatFinding{ARN: "arn:aws:guardduty:x", Severity: figure, FirstSeen: when}})
		stated{"severity": word, "kind": "threat", "open": true, "first_seen_at": seen}.check(t, r)
		if r.Region != "eu-west-1" {
			t.Errorf("region %s", r.Region)
		}
	}
	stated{"open": false, "first_seen_at": nil}.check(t, threatFacts(here, regionalFinding[threatFinding]{Region: "x", Finding: threatFinding{ARN: "arn:aws:x", Archived: true, FirstSeen: "yesterday"}}))
	stated{"open": true, "severity": "critical", "kind": "vulnerability"}.check(t, weaknessFacts(here, regionalFinding[weakness]{Region: "x", Finding: weakness{ARN: "arn:aws:x", Severity: "CRITICAL", Status: "ACTIVE"}}))
	stated{"open": false, "severity": nil}.check(t, weaknessFacts(here, regionalFinding[weakness]{Region: "x", Finding: weakness{ARN: "arn:aws:x", Severity: "UNTRIAGED", Status: "SUPPRESSED"}}))
	for name, c := range map[string]struct {
		finding hubFinding
		want    stated
	}{
		"new":        {hubFinding{Types: []string{typeWeakness + "/CVE"}, Severity: "LOW", Workflow: hubtypes.WorkflowStatusNew, Seen: when}, stated{"kind": "vulnerability", "open": true, "severity": "low", "first_seen_at": seen}},
		"notified":   {hubFinding{Types: []string{"TTPs/Discovery"}, Workflow: hubtypes.WorkflowStatusNotified}, stated{"kind": "threat", "open": false}},
		"archived":   {hubFinding{Types: []string{"Effects/Data Exposure"}, State: hubtypes.RecordStateArchived}, stated{"kind": "threat", "open": false}},
		"unusual":    {hubFinding{Types: []string{"Unusual Behaviors/User"}}, stated{"kind": "threat", "open": true}},
		"of a check": {hubFinding{Types: []string{"Software and Configuration Checks/AWS Security Best Practices"}}, nil},
	} {
		c.finding.ID = "f/1"
		r := hubFindingFacts(here, regionalFinding[hubFinding]{Region: "us-east-1", Finding: c.finding})
		if (r == nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, r)
			continue
		}
		if r != nil {
			c.want.check(t, r)
			if r.ID != "aws:644160558196/security_finding/f/1" {
				t.Errorf("id %s", r.ID)
			}
		}
	}
}

func TestReviewFacts(t *testing.T) {
	t.Parallel()
	review := func(status watypes.WorkloadImprovementStatus, risk string) *inventory.Resource {
		return reviewFacts(here, watypes.WorkloadSummary{
			WorkloadArn: aws.String("arn:aws:wellarchitected:us-east-1:1:workload/w"), WorkloadName: aws.String("w"), ImprovementStatus: status,
			RiskCounts: map[string]int32{risk: 2}, UpdatedAt: aws.Time(time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)),
		})
	}
	stated{"kind": "architecture", "severity": "high", "open": true, "first_seen_at": time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)}.check(t, review("", "HIGH"))
	stated{"severity": "medium", "open": false}.check(t, review(watypes.WorkloadImprovementStatusRiskAcknowledged, "MEDIUM"))
	if review("", "NONE") != nil {
		t.Error("a review that found nothing is a finding")
	}
}

func TestFindingsOfRecordings(t *testing.T) {
	t.Parallel()
	found := recorded[inspector2.ListFindingsOutput](t, "test_inspector2_finding/inspector2.ListFindings_1.json")
	r := weaknessFacts(here, regionalFinding[weakness]{Region: "eu-central-1", Finding: narrowWeaknesses(found)[0]})
	stated{"kind": "vulnerability", "first_seen_at": time.Date(2023, 9, 8, 20, 7, 30, 366000000, time.UTC)}.check(t, r)
	threat := recorded[guardduty.GetFindingsOutput](t, "docs-awscli-guardduty/guardduty.GetFindings_1.json")
	r = threatFacts(here, regionalFinding[threatFinding]{Region: "us-east-1", Finding: narrowThreat(threat.Findings[0])})
	stated{"open": true, "first_seen_at": time.Date(2020, 5, 26, 22, 2, 24, 0, time.UTC)}.check(t, r)
	hub := recorded[securityhub.GetFindingsOutput](t, "test_ecr_image_filter_security_finding/securityhub.GetFindings_1.json")
	r = hubFindingFacts(here, regionalFinding[hubFinding]{Region: "us-east-1", Finding: narrowHubFindings(hub)[0]})
	stated{"kind": "vulnerability"}.check(t, r)
}
