package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var listAnalyzers = capabilities(askAnalyzers, "access_review")

var _ = collectors.Register(&Sources, collectors.Source[*Clients, serviceItem[analyzers], serviceItem[analyzers]]{
	Kind:        "aws.accessanalyzer",
	Class:       inventory.ClassSecurityService,
	Permissions: []string{"access-analyzer:ListAnalyzers", "ec2:DescribeRegions"},
	ListAction:  "ListAnalyzers", ListPermission: "access-analyzer:ListAnalyzers",
	Global: true, NoLabels: true,
	List:  listAnalyzers,
	Find:  oneCapability(listAnalyzers),
	Facts: analyzerFacts,
})

// analyzers are the access analysers of one region. Their configuration is a union that does not survive the store, and
// nothing asks for it.
type analyzers struct {
	All []analyzer `json:"all,omitempty"`
}

type analyzer struct {
	ARN    string               `json:"arn"`
	Type   types.Type           `json:"type"`
	Status types.AnalyzerStatus `json:"status"`
}

func askAnalyzers(ctx context.Context, c *Clients) []regionAnswer[analyzers] {
	return everyRegion(ctx, c, "ListAnalyzers", "access-analyzer:ListAnalyzers",
		func(ctx context.Context, region string) (*analyzers, error) {
			found := &analyzers{}
			p := accessanalyzer.NewListAnalyzersPaginator(c.AccessAnalyzer, &accessanalyzer.ListAnalyzersInput{})
			for p.HasMorePages() {
				page, err := p.NextPage(ctx, func(o *accessanalyzer.Options) { o.Region = region })
				if err != nil {
					return nil, err
				}
				found.All = append(found.All, narrowAnalyzers(page)...)
			}
			return found, nil
		})
}

func narrowAnalyzers(o *accessanalyzer.ListAnalyzersOutput) []analyzer {
	out := make([]analyzer, 0, len(o.Analyzers))
	for _, a := range o.Analyzers {
		out = append(out, analyzer{ARN: aws.ToString(a.Arn), Type: a.Type, Status: a.Status})
	}
	return out
}

func analyzerFacts(w collectors.Where, i serviceItem[analyzers]) *inventory.Resource {
	r, _ := serviceFacts(w, i, "IAM Access Analyzer", func(found *analyzers) inventory.ServiceState {
		if found != nil {
			for _, a := range found.All {
				if a.Status == types.AnalyzerStatusActive {
					return inventory.ServiceState{On: true}
				}
			}
		}
		return inventory.ServiceState{}
	})
	return r
}
