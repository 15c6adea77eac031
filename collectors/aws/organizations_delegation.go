package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, delegation, delegation]{
	Kind:  "aws.organizations.delegation",
	Class: inventory.ClassAccessGrant,
	Permissions: []string{
		"organizations:DescribeOrganization", delegationPermission, "organizations:ListDelegatedServicesForAccount",
	},
	ListAction: "ListDelegatedAdministrators", ListPermission: delegationPermission,
	Global: true, NoLabels: true,
	List: listDelegations,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[delegation, error] {
		w := collectors.Where{Scope: scopeOf(c.Account)}
		return only(listDelegations(ctx, c), func(d delegation) bool { return d.id(w) == id })
	},
	Facts: delegationFacts,
})

const delegationPermission = "organizations:ListDelegatedAdministrators"

// delegation lets an account of the organisation administer one service for all of its accounts.
type delegation struct {
	Account string `json:"account"`
	Name    string `json:"name"`
	// Service is the principal of the service, such as guardduty.amazonaws.com.
	Service string `json:"service"`
}

func (d delegation) id(w collectors.Where) string {
	return grantID(w, "delegation", d.Account, d.Service)
}

// listDelegations lists what the management account has handed to others. Each of those may list it too; it belongs to
// the account that gave it.
func listDelegations(ctx context.Context, c *Clients) iter.Seq2[delegation, error] {
	return func(yield func(delegation, error) bool) {
		const action = "DescribeOrganization"
		out, err := c.Organizations.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
		switch {
		case isAbsent(err, "AWSOrganizationsNotInUseException"):
			return
		case err != nil:
			yield(delegation{}, during(action, "organizations:"+action, err))
			return
		case out.Organization == nil || aws.ToString(out.Organization.MasterAccountId) != c.Account:
			return
		}
		p := organizations.NewListDelegatedAdministratorsPaginator(c.Organizations,
			&organizations.ListDelegatedAdministratorsInput{})
		admins := listed(ctx, p, func(o *organizations.ListDelegatedAdministratorsOutput) []types.DelegatedAdministrator {
			return o.DelegatedAdministrators
		})
		for admin, err := range admins {
			if err != nil {
				yield(delegation{}, err)
				return
			}
			for one, err := range delegationsTo(ctx, c, admin) {
				if !yield(one, err) || err != nil {
					return
				}
			}
		}
	}
}

// delegationsTo lists the services that one account administers. One that gave them up meanwhile has none.
func delegationsTo(ctx context.Context, c *Clients, admin types.DelegatedAdministrator) iter.Seq2[delegation, error] {
	const action = "ListDelegatedServicesForAccount"
	return func(yield func(delegation, error) bool) {
		p := organizations.NewListDelegatedServicesForAccountPaginator(c.Organizations,
			&organizations.ListDelegatedServicesForAccountInput{AccountId: admin.Id})
		services := listed(ctx, p, func(o *organizations.ListDelegatedServicesForAccountOutput) []types.DelegatedService {
			return o.DelegatedServices
		})
		for s, err := range gone(services, "AccountNotRegisteredException") {
			one := delegation{aws.ToString(admin.Id), aws.ToString(admin.Name), aws.ToString(s.ServicePrincipal)}
			if !yield(one, during(action, "organizations:"+action, err)) || err != nil {
				return
			}
		}
	}
}

// delegationFacts states who administers a service in the organisation's name. How far that goes is for the service to
// say, and who in the account may use it, for the grants in the account.
func delegationFacts(w collectors.Where, d delegation) *inventory.Resource {
	facts := &inventory.AccessGrant{
		Principal:     string(scopeOf(d.Account)) + "/" + string(inventory.ClassCloudAccount) + "/" + d.Account,
		PrincipalKind: "external", PrincipalOwner: d.Account, ExternalKnown: true, Write: true, Standing: true,
	}
	name := d.Name
	if name == "" {
		name = d.Account
	}
	r := inventory.New(d.id(w), d.Service+" by account "+name, collectors.Global, facts)
	// Only an account of the organisation can be named, so its owner is known.
	r.Known("principal", "principal_kind", "principal_owner", "external_known", "admin", "write", "standing",
		"may_administer", "worn_by_people", "roster")
	r.SetNotApplicable("a delegation names a service, not actions", "wildcard")
	r.SetNotApplicable("the grants in the account say what its people and programs may", "privilege_escalation",
		"conflicting_duties")
	r.SetNotApplicable("a delegation names one account and one service", "trust_pinned")
	r.SetNotApplicable("the account administers the service for every environment", "crosses_environment")
	return r
}
