package aws

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var listHubs = capabilities(askHubs, "posture_management")

var _ = collectors.Register(&Sources, collectors.Source[*Clients, serviceItem[hub], serviceItem[hub]]{
	Kind:        "aws.securityhub",
	Class:       inventory.ClassSecurityService,
	Permissions: []string{"securityhub:DescribeHub", "securityhub:GetFindings", "ec2:DescribeRegions"},
	ListAction:  "DescribeHub", ListPermission: "securityhub:DescribeHub",
	Global: true, NoLabels: true,
	List:  listHubs,
	Find:  oneCapability(listHubs),
	Facts: hubFacts,
})

// hub is Security Hub of one region: which controls it checked and which of them something fails.
type hub struct {
	ARN      string                         `json:"arn"`
	Controls collectors.Answer[hubControls] `json:"controls"`
}

type hubControls struct {
	Failed []string `json:"failed,omitempty"`
	Passed []string `json:"passed,omitempty"`
}

func askHubs(ctx context.Context, c *Clients) []regionAnswer[hub] {
	return everyRegion(ctx, c, "DescribeHub", "securityhub:DescribeHub",
		func(ctx context.Context, region string) (*hub, error) {
			out, err := c.SecurityHub.DescribeHub(ctx, &securityhub.DescribeHubInput{},
				func(o *securityhub.Options) { o.Region = region })
			// Who has not subscribed is told that the access is not valid.
			if err != nil {
				return nil, absent(err, "InvalidAccessException", "ResourceNotFoundException")
			}
			h := &hub{ARN: aws.ToString(out.HubArn)}
			h.Controls = ask("GetFindings", "securityhub:GetFindings", func() (*hubControls, error) {
				return checkedControls(ctx, c, region)
			})
			return h, nil
		})
}

// hubPages bounds how many pages of findings are read for each of failed and passed; a score made of fewer than all
// would be a wrong one.
const hubPages = 60

// errTooMany stands for a listing that was ended because it is longer than is worth reading.
var errTooMany = &collectors.Failure{
	Reason: collectors.Reason{Cause: inventory.CauseFailed, Code: "TooManyFindings"}, Err: errUnsaid,
}

func checkedControls(ctx context.Context, c *Clients, region string) (*hubControls, error) {
	failed, err := controlsThat(ctx, c, region, "FAILED")
	if err != nil {
		return nil, err
	}
	passed, err := controlsThat(ctx, c, region, "PASSED")
	if err != nil {
		return nil, err
	}
	return &hubControls{failed, passed}, nil
}

// controlsThat lists the controls with an active finding of a status, each once.
func controlsThat(ctx context.Context, c *Clients, region, status string) ([]string, error) {
	equals := func(v string) []types.StringFilter {
		return []types.StringFilter{{Comparison: types.StringFilterComparisonEquals, Value: aws.String(v)}}
	}
	p := securityhub.NewGetFindingsPaginator(c.SecurityHub, &securityhub.GetFindingsInput{
		Filters: &types.AwsSecurityFindingFilters{
			RecordState: equals("ACTIVE"), ComplianceStatus: equals(status), AwsAccountId: equals(c.Account),
			Region: equals(region), ProductName: equals("Security Hub"),
		},
		MaxResults: aws.Int32(100),
	})
	set := map[string]bool{}
	for pages := 0; p.HasMorePages(); pages++ {
		if pages == hubPages {
			return nil, errTooMany
		}
		page, err := p.NextPage(ctx, func(o *securityhub.Options) { o.Region = region })
		if err != nil {
			return nil, err
		}
		for _, f := range page.Findings {
			// A finding that somebody suppressed does not count against its control, and one of another status than was
			// asked for counts for nothing.
			suppressed := f.Workflow != nil && f.Workflow.Status == types.WorkflowStatusSuppressed
			if f.Compliance == nil || f.Compliance.SecurityControlId == nil || suppressed {
				continue
			}
			if s := string(f.Compliance.Status); s == "" || s == status {
				set[*f.Compliance.SecurityControlId] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(set)), nil
}

func hubFacts(w collectors.Where, i serviceItem[hub]) *inventory.Resource {
	r, facts := serviceFacts(w, i, "Security Hub", func(h *hub) inventory.ServiceState {
		return inventory.ServiceState{On: h != nil && h.ARN != ""}
	})
	var failed, all []string
	for _, s := range i.States {
		if why := s.Answer.Unknown(); why != nil {
			r.SetUnknown(*why, "score_percent")
			return r
		}
		if s.Answer.Value == nil {
			continue
		}
		if why := s.Answer.Value.Controls.Unknown(); why != nil {
			r.SetUnknown(*why, "score_percent")
			return r
		}
		if v := s.Answer.Value.Controls.Value; v != nil {
			failed = append(failed, v.Failed...)
			all = append(append(all, v.Failed...), v.Passed...)
		}
	}
	failed, all = distinctWords(failed), distinctWords(all)
	if len(all) == 0 {
		r.SetUnknown(inventory.Unknown{Cause: inventory.CauseNotEnabled, Action: "GetFindings", Permission: "securityhub:GetFindings"}, "score_percent")
		return r
	}
	facts.ScorePercent = 100 * float64(len(all)-len(failed)) / float64(len(all))
	r.Known("score_percent")
	return r
}

// distinctWords sorts words and keeps each once.
func distinctWords(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}
