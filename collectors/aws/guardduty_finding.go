package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, regionalFinding[threatFinding], regionalFinding[threatFinding]]{
	Kind:        "aws.guardduty.finding",
	Class:       inventory.ClassSecurityFinding,
	Permissions: []string{"guardduty:ListDetectors", "guardduty:ListFindings", "guardduty:GetFindings", "ec2:DescribeRegions"},
	ListAction:  "ListFindings", ListPermission: "guardduty:ListFindings",
	Global: true, NoLabels: true,
	List: listThreats,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[regionalFinding[threatFinding], error] {
		return only(listThreats(ctx, c), func(f regionalFinding[threatFinding]) bool { return f.Finding.ARN == id || f.NowhereOn != "" })
	},
	Facts: threatFacts,
})

// threatFinding is what is kept of a finding of GuardDuty: whom it is about stays where it is.
type threatFinding struct {
	ARN       string  `json:"arn"`
	Type      string  `json:"type"`
	Severity  float64 `json:"severity"`
	FirstSeen string  `json:"first_seen"`
	Archived  bool    `json:"archived,omitempty"`
}

func listThreats(ctx context.Context, c *Clients) iter.Seq2[regionalFinding[threatFinding], error] {
	return everyFinding(ctx, c, "GuardDuty", threatsIn)
}

// threatsIn lists what is not archived and serious enough to be asked for, the gravest first.
func threatsIn(ctx context.Context, c *Clients, region string) (bool, iter.Seq2[threatFinding, error], error) {
	id, err := detectorIn(ctx, c, region)
	if err != nil || id == "" {
		return false, nil, err
	}
	at := func(o *guardduty.Options) { o.Region = region }
	p := guardduty.NewListFindingsPaginator(c.GuardDuty, &guardduty.ListFindingsInput{
		DetectorId: aws.String(id), MaxResults: aws.Int32(50),
		FindingCriteria: &types.FindingCriteria{Criterion: map[string]types.Condition{
			"service.archived": {Equals: []string{"false"}}, "severity": {GreaterThanOrEqual: aws.Int64(7)},
		}},
		SortCriteria: &types.SortCriteria{AttributeName: aws.String("severity"), OrderBy: types.OrderByDesc},
	})
	return true, func(yield func(threatFinding, error) bool) {
		for p.HasMorePages() {
			page, err := p.NextPage(ctx, at)
			if err != nil {
				yield(threatFinding{}, err)
				return
			}
			if len(page.FindingIds) == 0 {
				continue
			}
			out, err := c.GuardDuty.GetFindings(ctx, &guardduty.GetFindingsInput{DetectorId: aws.String(id), FindingIds: page.FindingIds}, at)
			if err != nil {
				yield(threatFinding{}, during("GetFindings", "guardduty:GetFindings", err))
				return
			}
			for _, f := range out.Findings {
				if !yield(narrowThreat(f), nil) {
					return
				}
			}
		}
	}, nil
}

func narrowThreat(f types.Finding) threatFinding {
	t := threatFinding{ARN: aws.ToString(f.Arn), Type: aws.ToString(f.Type), Severity: aws.ToFloat64(f.Severity), FirstSeen: aws.ToString(f.CreatedAt)}
	if f.Service != nil {
		t.Archived = aws.ToBool(f.Service.Archived)
		if first := aws.ToString(f.Service.EventFirstSeen); first != "" {
			t.FirstSeen = first
		}
	}
	return t
}

func threatFacts(w collectors.Where, f regionalFinding[threatFinding]) *inventory.Resource {
	if f.NowhereOn != "" {
		return unlookedFor(w, f.NowhereOn, "threat")
	}
	return findingFacts(w, f.Finding.ARN, f.Finding.Type, f.Region, "threat", severityWord(f.Finding.Severity), !f.Finding.Archived,
		f.Finding.FirstSeen, "GetFindings", "guardduty:GetFindings")
}

// severityWord reads GuardDuty's figure: https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html
func severityWord(figure float64) string {
	switch {
	case figure >= 9:
		return "critical"
	case figure >= 7:
		return "high"
	case figure >= 4:
		return "medium"
	case figure > 0:
		return "low"
	}
	return ""
}
