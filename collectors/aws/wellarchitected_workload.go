package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/wellarchitected"
	"github.com/aws/aws-sdk-go-v2/service/wellarchitected/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.WorkloadSummary, types.WorkloadSummary]{
	Kind:        "aws.wellarchitected.workload",
	Class:       inventory.ClassSecurityFinding,
	Permissions: []string{"wellarchitected:ListWorkloads"},
	ListAction:  "ListWorkloads", ListPermission: "wellarchitected:ListWorkloads",
	NoLabels: true,
	List:     listReviews,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.WorkloadSummary, error] {
		return only(listReviews(ctx, c), func(s types.WorkloadSummary) bool { return aws.ToString(s.WorkloadArn) == id })
	},
	Facts: reviewFacts,
})

func listReviews(ctx context.Context, c *Clients) iter.Seq2[types.WorkloadSummary, error] {
	p := wellarchitected.NewListWorkloadsPaginator(c.WellArchitected, &wellarchitected.ListWorkloadsInput{MaxResults: aws.Int32(50)})
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*wellarchitected.ListWorkloadsOutput, error) { return p.NextPage(ctx) },
		func(o *wellarchitected.ListWorkloadsOutput) []types.WorkloadSummary { return o.WorkloadSummaries })
}

// reviewFacts states the worst risk that a review of a workload left. A review without risks found nothing. The risks
// are as old as the last change of the review, which is the only moment it tells.
func reviewFacts(w collectors.Where, s types.WorkloadSummary) *inventory.Resource {
	severity := "low"
	switch {
	case s.RiskCounts[string(types.RiskHigh)] > 0:
		severity = "high"
	case s.RiskCounts[string(types.RiskMedium)] > 0:
		severity = "medium"
	case s.RiskCounts[string(types.RiskUnanswered)] > 0:
	default:
		return nil
	}
	handled := s.ImprovementStatus == types.WorkloadImprovementStatusComplete ||
		s.ImprovementStatus == types.WorkloadImprovementStatusRiskAcknowledged
	return findingFacts(w, aws.ToString(s.WorkloadArn), aws.ToString(s.WorkloadName), w.Region, "architecture", severity, !handled,
		moment(s.UpdatedAt), "ListWorkloads", "wellarchitected:ListWorkloads")
}
