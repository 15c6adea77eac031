package aws

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, regionalFinding[hubFinding], regionalFinding[hubFinding]]{
	Kind:        "aws.securityhub.finding",
	Class:       inventory.ClassSecurityFinding,
	Permissions: []string{"securityhub:GetFindings", "ec2:DescribeRegions"},
	ListAction:  "GetFindings", ListPermission: "securityhub:GetFindings",
	Global: true, NoLabels: true,
	List: listHubFindings,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[regionalFinding[hubFinding], error] {
		w := collectors.Where{Scope: scopeOf(c.Account)}
		return only(listHubFindings(ctx, c), func(f regionalFinding[hubFinding]) bool { return findingID(w, f.Finding.ID) == id })
	},
	Facts: hubFindingFacts,
})

// hubFinding is what is kept of a finding that another product put into Security Hub.
type hubFinding struct {
	ID       string               `json:"id"`
	Title    string               `json:"title"`
	Types    []string             `json:"types,omitempty"`
	Severity string               `json:"severity"`
	Workflow types.WorkflowStatus `json:"workflow"`
	State    types.RecordState    `json:"state"`
	Seen     string               `json:"seen"`
}

// The words with which the types of findings begin that we keep. The rest are checks of settings, which are judged here
// from the settings themselves.
const (
	typeWeakness = "Software and Configuration Checks/Vulnerabilities"
	typeTactics  = "TTPs"
	typeEffects  = "Effects"
	typeUnusual  = "Unusual Behaviors"
)

// listHubFindings lists nothing where Security Hub is not on: GuardDuty and Inspector are read without it.
func listHubFindings(ctx context.Context, c *Clients) iter.Seq2[regionalFinding[hubFinding], error] {
	return everyFinding(ctx, c, "", hubFindingsIn)
}

// hubFindingsIn lists the open findings of products that are not read themselves, the gravest first.
func hubFindingsIn(ctx context.Context, c *Clients, region string) (bool, iter.Seq2[hubFinding, error], error) {
	filter := func(comparison types.StringFilterComparison, values ...string) (out []types.StringFilter) {
		for _, v := range values {
			out = append(out, types.StringFilter{Comparison: comparison, Value: aws.String(v)})
		}
		return out
	}
	p := securityhub.NewGetFindingsPaginator(c.SecurityHub, &securityhub.GetFindingsInput{
		MaxResults: aws.Int32(100),
		Filters: &types.AwsSecurityFindingFilters{
			AwsAccountId: filter(types.StringFilterComparisonEquals, c.Account), Region: filter(types.StringFilterComparisonEquals, region),
			RecordState:   filter(types.StringFilterComparisonEquals, "ACTIVE"),
			SeverityLabel: filter(types.StringFilterComparisonEquals, "CRITICAL", "HIGH", "MEDIUM", "LOW"),
			Type:          filter(types.StringFilterComparisonPrefix, typeWeakness, typeTactics, typeEffects, typeUnusual),
			ProductName:   filter(types.StringFilterComparisonNotEquals, "GuardDuty", "Inspector"),
		},
		SortCriteria: []types.SortCriterion{{Field: aws.String("SeverityNormalized"), SortOrder: types.SortOrderDescending}},
	})
	next := func(ctx context.Context) (*securityhub.GetFindingsOutput, error) {
		return p.NextPage(ctx, func(o *securityhub.Options) { o.Region = region })
	}
	return true, gone(paged(ctx, p.HasMorePages, next, narrowHubFindings), "InvalidAccessException", "ResourceNotFoundException"), nil
}

func narrowHubFindings(o *securityhub.GetFindingsOutput) []hubFinding {
	out := make([]hubFinding, 0, len(o.Findings))
	for _, f := range o.Findings {
		n := hubFinding{ID: aws.ToString(f.Id), Title: aws.ToString(f.Title), Types: f.Types, State: f.RecordState, Seen: aws.ToString(f.FirstObservedAt)}
		if n.Seen == "" {
			n.Seen = aws.ToString(f.CreatedAt)
		}
		if f.Severity != nil {
			n.Severity = string(f.Severity.Label)
		}
		if f.Workflow != nil {
			n.Workflow = f.Workflow.Status
		}
		out = append(out, n)
	}
	return out
}

// kind is threat or vulnerability by the types of a finding; empty for what is neither.
func (f hubFinding) kind() string {
	for _, t := range f.Types {
		switch {
		case strings.HasPrefix(t, typeWeakness):
			return "vulnerability"
		case strings.HasPrefix(t, typeTactics), strings.HasPrefix(t, typeEffects), strings.HasPrefix(t, typeUnusual):
			return "threat"
		}
	}
	return ""
}

// hubFindingFacts describes nothing for a check of settings.
func hubFindingFacts(w collectors.Where, f regionalFinding[hubFinding]) *inventory.Resource {
	kind := f.Finding.kind()
	if kind == "" {
		return nil
	}
	untouched := f.Finding.Workflow == types.WorkflowStatusNew || f.Finding.Workflow == ""
	return findingFacts(w, f.Finding.ID, f.Finding.Title, f.Region, kind, f.Finding.Severity,
		untouched && f.Finding.State != types.RecordStateArchived, f.Finding.Seen, "GetFindings", "securityhub:GetFindings")
}
