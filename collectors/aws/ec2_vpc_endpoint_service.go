package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.ServiceConfiguration, endpointServiceAnswers]{
	Kind:        "aws.ec2.vpc_endpoint_service",
	Class:       inventory.ClassNetworkLink,
	Permissions: []string{"ec2:DescribeVpcEndpointServiceConfigurations", "ec2:DescribeVpcEndpointServicePermissions"},
	ListAction:  "DescribeVpcEndpointServiceConfigurations", ListPermission: "ec2:DescribeVpcEndpointServiceConfigurations",
	List:  lister[types.ServiceConfiguration](endpointServices).all,
	Find:  lister[types.ServiceConfiguration](endpointServices).one,
	Ask:   askEndpointService,
	Facts: endpointServiceFacts,
})

// endpointServiceAnswers is all that EC2 says about one service published through private endpoints.
type endpointServiceAnswers struct {
	Service types.ServiceConfiguration
	Allowed collectors.Answer[ec2.DescribeVpcEndpointServicePermissionsOutput]
}

func endpointServices(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.ServiceConfiguration, error] {
	p := ec2.NewDescribeVpcEndpointServiceConfigurationsPaginator(c.EC2, &ec2.DescribeVpcEndpointServiceConfigurationsInput{
		ServiceIds: ids, MaxResults: pageSize(1000, ids),
	})
	return described(ctx, p, func(o *ec2.DescribeVpcEndpointServiceConfigurationsOutput) []types.ServiceConfiguration {
		return o.ServiceConfigurations
	}, "InvalidVpcEndpointServiceId.NotFound", "InvalidVpcEndpointService.NotFound")
}

func askEndpointService(ctx context.Context, c *Clients, s types.ServiceConfiguration) endpointServiceAnswers {
	const operation = "DescribeVpcEndpointServicePermissions"
	return endpointServiceAnswers{Service: s, Allowed: ask(operation, "ec2:"+operation,
		func() (*ec2.DescribeVpcEndpointServicePermissionsOutput, error) {
			all := &ec2.DescribeVpcEndpointServicePermissionsOutput{}
			p := ec2.NewDescribeVpcEndpointServicePermissionsPaginator(c.EC2, &ec2.DescribeVpcEndpointServicePermissionsInput{
				ServiceId: s.ServiceId, MaxResults: aws.Int32(1000),
			})
			for p.HasMorePages() {
				page, err := p.NextPage(ctx)
				if err != nil {
					return nil, err
				}
				all.AllowedPrincipals = append(all.AllowedPrincipals, page.AllowedPrincipals...)
			}
			return all, nil
		})}
}

func endpointServiceFacts(w collectors.Where, a endpointServiceAnswers) *inventory.Resource {
	s := a.Service
	if s.ServiceState == types.ServiceStateDeleted || s.ServiceState == types.ServiceStateDeleting {
		return nil
	}
	facts := &inventory.NetworkLink{Kind: "private_service", Active: s.ServiceState == types.ServiceStateAvailable}
	tags := ec2Labels(s.Tags)
	id := aws.ToString(s.ServiceId)
	r := inventory.New(ec2ARN(w, "vpc-endpoint-service", id), nameOr(tags, id), w.Region, facts)
	r.Labels = tags
	// Callers reach the balancers of the service only, from addresses inside the balancers' networks; which networks
	// these are, the balancers say.
	r.Known("kind", "active", "networks", "peer_ranges")
	r.SetNotApplicable(noTunnel, "strong_crypto")
	flag(r, "DescribeVpcEndpointServiceConfigurations", "accepted_by_hand", s.AcceptanceRequired, &facts.AcceptedByHand)
	collectors.Know(r, a.Allowed, func(o *ec2.DescribeVpcEndpointServicePermissionsOutput) {
		if o == nil {
			return
		}
		var accounts []string
		for _, p := range o.AllowedPrincipals {
			accounts = append(accounts, callerAccount(aws.ToString(p.Principal)))
		}
		facts.PeerOwners = foreign(w.Scope.Account(), accounts...)
	}, "peer_owners")
	return r
}

// callerAccount is the account of a principal that may connect; what is no account's, such as "*" or a service, stays
// as it is written.
func callerAccount(principal string) string {
	if account := principalAccount(principal); account != "" && account != "*" {
		return account
	}
	return principal
}
