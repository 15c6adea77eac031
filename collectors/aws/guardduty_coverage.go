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

var _ = collectors.Register(&Sources, collectors.Source[*Clients, machineCoverage, machineCoverage]{
	Kind:        "aws.guardduty.coverage",
	Class:       inventory.ClassEndpointGuard,
	Permissions: []string{"guardduty:ListDetectors", "guardduty:ListCoverage"},
	ListAction:  "ListCoverage", ListPermission: "guardduty:ListCoverage",
	NoLabels: true,
	List:     listCoverage,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[machineCoverage, error] {
		w := collectors.Where{Scope: scopeOf(c.Account), Region: c.Region}
		return only(listCoverage(ctx, c), func(m machineCoverage) bool { return coverageID(w, m) == id })
	},
	Facts: coverageFacts,
})

// machineCoverage is what GuardDuty's agent on one machine reports.
type machineCoverage struct {
	Instance string               `json:"instance"`
	Status   types.CoverageStatus `json:"status"`
}

// listCoverage lists nothing where GuardDuty is not on.
func listCoverage(ctx context.Context, c *Clients) iter.Seq2[machineCoverage, error] {
	return func(yield func(machineCoverage, error) bool) {
		id, err := detectorIn(ctx, c, c.Region)
		if err != nil {
			yield(machineCoverage{}, err)
			return
		}
		if id == "" {
			return
		}
		p := guardduty.NewListCoveragePaginator(c.GuardDuty, &guardduty.ListCoverageInput{
			DetectorId: aws.String(id), MaxResults: aws.Int32(50),
			FilterCriteria: &types.CoverageFilterCriteria{FilterCriterion: []types.CoverageFilterCriterion{{
				CriterionKey: types.CoverageFilterCriterionKeyResourceType, FilterCondition: &types.CoverageFilterCondition{Equals: []string{"EC2"}},
			}}},
		})
		next := func(ctx context.Context) (*guardduty.ListCoverageOutput, error) { return p.NextPage(ctx) }
		for m, err := range paged(ctx, p.HasMorePages, next, coveredMachines) {
			if !yield(m, err) {
				return
			}
		}
	}
}

func coveredMachines(o *guardduty.ListCoverageOutput) []machineCoverage {
	var out []machineCoverage
	for _, r := range o.Resources {
		if d := r.ResourceDetails; d != nil && d.Ec2InstanceDetails != nil {
			out = append(out, machineCoverage{aws.ToString(d.Ec2InstanceDetails.InstanceId), r.CoverageStatus})
		}
	}
	return out
}

func coverageID(w collectors.Where, m machineCoverage) string {
	return string(w.Scope) + "/" + string(inventory.ClassEndpointGuard) + "/" + m.Instance
}

func coverageFacts(w collectors.Where, m machineCoverage) *inventory.Resource {
	if m.Instance == "" {
		return nil
	}
	facts := &inventory.EndpointGuard{Machine: ec2ARN(w, "instance", m.Instance), Healthy: m.Status == types.CoverageStatusHealthy}
	r := inventory.New(coverageID(w, m), m.Instance, w.Region, facts)
	r.Known("machine", "healthy")
	return r
}
