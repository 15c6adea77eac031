package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/inspector2"
	"github.com/aws/aws-sdk-go-v2/service/inspector2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, regionalFinding[weakness], regionalFinding[weakness]]{
	Kind:        "aws.inspector2.finding",
	Class:       inventory.ClassSecurityFinding,
	Permissions: []string{"inspector2:BatchGetAccountStatus", "inspector2:ListFindings", "ec2:DescribeRegions"},
	ListAction:  "ListFindings", ListPermission: "inspector2:ListFindings",
	Global: true, NoLabels: true,
	List: listWeaknesses,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[regionalFinding[weakness], error] {
		return only(listWeaknesses(ctx, c), func(f regionalFinding[weakness]) bool { return f.Finding.ARN == id || f.NowhereOn != "" })
	},
	Facts: weaknessFacts,
})

// weakness is what is kept of a finding of Inspector.
type weakness struct {
	ARN       string              `json:"arn"`
	Title     string              `json:"title"`
	Severity  types.Severity      `json:"severity"`
	Status    types.FindingStatus `json:"status"`
	FirstSeen string              `json:"first_seen"`
}

func listWeaknesses(ctx context.Context, c *Clients) iter.Seq2[regionalFinding[weakness], error] {
	return everyFinding(ctx, c, "Inspector", weaknessesIn)
}

// weaknessesIn lists the open findings of the severities that are asked for, the gravest first.
func weaknessesIn(ctx context.Context, c *Clients, region string) (bool, iter.Seq2[weakness, error], error) {
	at := func(o *inspector2.Options) { o.Region = region }
	status, err := c.Inspector.BatchGetAccountStatus(ctx, &inspector2.BatchGetAccountStatusInput{AccountIds: []string{c.Account}}, at)
	if err != nil {
		return false, nil, err
	}
	on := false
	for _, a := range status.Accounts {
		on = on || a.State != nil && a.State.Status == types.StatusEnabled
	}
	if !on {
		return false, nil, nil
	}
	equals := func(values ...string) (out []types.StringFilter) {
		for _, v := range values {
			out = append(out, types.StringFilter{Comparison: types.StringComparisonEquals, Value: aws.String(v)})
		}
		return out
	}
	p := inspector2.NewListFindingsPaginator(c.Inspector, &inspector2.ListFindingsInput{
		MaxResults: aws.Int32(100),
		FilterCriteria: &types.FilterCriteria{
			AwsAccountId: equals(c.Account), FindingStatus: equals("ACTIVE"), Severity: equals("CRITICAL", "HIGH", "MEDIUM", "LOW"),
		},
		SortCriteria: &types.SortCriteria{Field: types.SortFieldSeverity, SortOrder: types.SortOrderDesc},
	})
	next := func(ctx context.Context) (*inspector2.ListFindingsOutput, error) { return p.NextPage(ctx, at) }
	return true, paged(ctx, p.HasMorePages, next, narrowWeaknesses), nil
}

func narrowWeaknesses(o *inspector2.ListFindingsOutput) []weakness {
	out := make([]weakness, 0, len(o.Findings))
	for _, f := range o.Findings {
		out = append(out, weakness{aws.ToString(f.FindingArn), aws.ToString(f.Title), f.Severity, f.Status, moment(f.FirstObservedAt)})
	}
	return out
}

func weaknessFacts(w collectors.Where, f regionalFinding[weakness]) *inventory.Resource {
	if f.NowhereOn != "" {
		return unlookedFor(w, f.NowhereOn, "vulnerability")
	}
	return findingFacts(w, f.Finding.ARN, f.Finding.Title, f.Region, "vulnerability", string(f.Finding.Severity),
		f.Finding.Status == types.FindingStatusActive, f.Finding.FirstSeen, "ListFindings", "inspector2:ListFindings")
}
