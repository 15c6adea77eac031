package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/inspector2"
	"github.com/aws/aws-sdk-go-v2/service/inspector2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var listInspector = capabilities(askInspector, "vulnerability_scanning")

var _ = collectors.Register(&Sources, collectors.Source[*Clients, serviceItem[types.AccountState], serviceItem[types.AccountState]]{
	Kind:        "aws.inspector2",
	Class:       inventory.ClassSecurityService,
	Permissions: []string{"inspector2:BatchGetAccountStatus", "ec2:DescribeRegions"},
	ListAction:  "BatchGetAccountStatus", ListPermission: "inspector2:BatchGetAccountStatus",
	Global: true, NoLabels: true,
	List:  listInspector,
	Find:  oneCapability(listInspector),
	Facts: inspectorFacts,
})

func askInspector(ctx context.Context, c *Clients) []regionAnswer[types.AccountState] {
	return everyRegion(ctx, c, "BatchGetAccountStatus", "inspector2:BatchGetAccountStatus",
		func(ctx context.Context, region string) (*types.AccountState, error) {
			out, err := c.Inspector.BatchGetAccountStatus(ctx, &inspector2.BatchGetAccountStatusInput{AccountIds: []string{c.Account}},
				func(o *inspector2.Options) { o.Region = region })
			switch {
			case err != nil:
				return nil, err
			case len(out.Accounts) > 0:
				return &out.Accounts[0], nil
			case len(out.FailedAccounts) > 0:
				return nil, errUnsaid
			}
			return nil, nil
		})
}

func inspectorFacts(w collectors.Where, i serviceItem[types.AccountState]) *inventory.Resource {
	r, _ := serviceFacts(w, i, "Inspector", func(s *types.AccountState) inventory.ServiceState {
		if s == nil || s.ResourceState == nil {
			return inventory.ServiceState{}
		}
		rs := s.ResourceState
		for _, st := range []*types.State{rs.Ec2, rs.Ecr, rs.Lambda, rs.LambdaCode, rs.CodeRepository} {
			if st != nil && st.Status == types.StatusEnabled {
				return inventory.ServiceState{On: true}
			}
		}
		return inventory.ServiceState{}
	})
	return r
}
