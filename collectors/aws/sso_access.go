package aws

import (
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"golang.org/x/sync/errgroup"

	"github.com/plumbline-posture/plumbline/collectors"
)

// assignmentPermission is the right that telling who is let into which account takes before all others.
const assignmentPermission = "sso:ListAccountAssignments"

// accessPermissions are the rights that it takes to read whom the identity centre lets into which account, and by which
// sets of rights.
var accessPermissions = []string{
	"sso:ListInstances", "organizations:DescribeOrganization", "sso:ListPermissionSets", "sso:DescribePermissionSet",
	"sso:ListAccountsForProvisionedPermissionSet", assignmentPermission, "sso:GetInlinePolicyForPermissionSet",
	"sso:ListManagedPoliciesInPermissionSet", "sso:ListCustomerManagedPolicyReferencesInPermissionSet",
	"sso:GetPermissionsBoundaryForPermissionSet", "iam:GetPolicy", "iam:GetPolicyVersion",
	"identitystore:DescribeUser", "identitystore:DescribeGroup",
}

// assignment lets one person or group take on one set of rights in one account.
type assignment struct {
	Store   string `json:"store"`
	Account string `json:"account"`
	Set     string `json:"set"`
	// Type is USER or GROUP.
	Type ssotypes.PrincipalType `json:"type"`
	ID   string                 `json:"id"`
}

// group says whether a group is let in, not one person.
func (a assignment) group() bool { return a.Type == ssotypes.PrincipalTypeGroup }

// arn is the id of who is let in.
func (a assignment) arn() string {
	if a.group() {
		return directoryGroupARN(a.ID)
	}
	return directoryUser{ID: a.ID}.arn()
}

func directoryGroupARN(id string) string { return "arn:aws:identitystore:::group/" + id }

// grantID is the id of the grant that the assignment is.
func (a assignment) grantID(w collectors.Where) string {
	return grantID(w, "assignment", a.Account, shortID(a.Set)+"/"+string(a.Type)+"/"+a.ID)
}

// rosterID is the id of the roster of a set of rights in an account.
func rosterID(account, set string) string { return string(scopeOf(account)) + "/roster/" + set }

// centreAccess is all that the identity centre tells of who may take on what: several kinds are made of it.
type centreAccess struct {
	assignments []assignment
	sets        map[string]permissionSetAnswers
	// names are those of the people and groups that are let in, by their id; absent for one that is gone.
	names map[string]collectors.Answer[principalName]
}

// principalName is what people call a person or a group.
type principalName struct {
	Name string `json:"name"`
}

// accessRead keeps what was read, so that the kinds made of it ask once. It lives as long as the clients of one run.
type accessRead struct {
	once   sync.Once
	access centreAccess
	err    error
}

// access reads whom the account's own identity centre lets in, or gives what was read before.
func (c *Clients) access(ctx context.Context) (centreAccess, error) {
	c.read.once.Do(func() { c.read.access, c.read.err = readAccess(ctx, c) })
	return c.read.access, c.read.err
}

// ownCentres lists the identity centres of the account. That of the organisation is seen from each account it serves;
// what is in it belongs to the account that runs it, which alone is asked, and a delegated one is not.
func ownCentres(ctx context.Context, c *Clients) iter.Seq2[ssotypes.InstanceMetadata, error] {
	return func(yield func(ssotypes.InstanceMetadata, error) bool) {
		p := ssoadmin.NewListInstancesPaginator(c.SSOAdmin, &ssoadmin.ListInstancesInput{})
		for i, err := range listed(ctx, p, func(o *ssoadmin.ListInstancesOutput) []ssotypes.InstanceMetadata {
			return o.Instances
		}) {
			if owner := aws.ToString(i.OwnerAccountId); err == nil && owner != "" && owner != c.Account {
				continue
			}
			if !yield(i, during("ListInstances", "sso:ListInstances", err)) || err != nil {
				return
			}
		}
	}
}

// letsIntoAccounts says whether an identity centre of the account can let people into accounts: that of an organisation
// can, which its management account runs, and one that an account made for itself cannot. Where it is not told, the
// centre is asked all the same.
func letsIntoAccounts(ctx context.Context, c *Clients) bool {
	out, err := c.Organizations.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	if err != nil {
		return !isAbsent(err, "AWSOrganizationsNotInUseException")
	}
	return out.Organization == nil || aws.ToString(out.Organization.MasterAccountId) == c.Account
}

func readAccess(ctx context.Context, c *Clients) (centreAccess, error) {
	a := centreAccess{sets: map[string]permissionSetAnswers{}, names: map[string]collectors.Answer[principalName]{}}
	asked := false
	for centre, err := range ownCentres(ctx, c) {
		if err != nil {
			return a, err
		}
		if !asked && !letsIntoAccounts(ctx, c) {
			return a, nil
		}
		asked = true
		if err := a.addCentre(ctx, c, centre); err != nil {
			return a, err
		}
	}
	return a, nil
}

// addCentre reads every set of rights, and who may take it on where. A set that goes meanwhile lets nobody in; one that
// nobody may take on is not read.
func (a *centreAccess) addCentre(ctx context.Context, c *Clients, centre ssotypes.InstanceMetadata) error {
	p := ssoadmin.NewListPermissionSetsPaginator(c.SSOAdmin, &ssoadmin.ListPermissionSetsInput{
		InstanceArn: centre.InstanceArn, MaxResults: aws.Int32(100),
	})
	documents := map[string]*string{}
	for set, err := range listed(ctx, p, func(o *ssoadmin.ListPermissionSetsOutput) []string { return o.PermissionSets }) {
		if err != nil {
			return during("ListPermissionSets", "sso:ListPermissionSets", err)
		}
		before := len(a.assignments)
		err := a.addSet(ctx, c, centre, set)
		if len(a.assignments) > before {
			a.sets[set] = askPermissionSet(ctx, c, centre.InstanceArn, set, documents)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// accountsAtOnce bounds how many accounts are asked about side by side: an organisation has hundreds, and each set of
// rights is asked about in each.
const accountsAtOnce = 8

func (a *centreAccess) addSet(ctx context.Context, c *Clients, centre ssotypes.InstanceMetadata, set string) error {
	const action = "ListAccountsForProvisionedPermissionSet"
	p := ssoadmin.NewListAccountsForProvisionedPermissionSetPaginator(c.SSOAdmin,
		&ssoadmin.ListAccountsForProvisionedPermissionSetInput{
			InstanceArn: centre.InstanceArn, PermissionSetArn: aws.String(set), MaxResults: aws.Int32(100),
		})
	accounts, err := gathered(gone(
		listed(ctx, p, func(o *ssoadmin.ListAccountsForProvisionedPermissionSetOutput) []string { return o.AccountIds }),
		"ResourceNotFoundException"))
	if err != nil {
		return during(action, "sso:"+action, err)
	}
	found := make([][]assignment, len(*accounts))
	var group errgroup.Group
	group.SetLimit(accountsAtOnce)
	for i, account := range *accounts {
		group.Go(func() (err error) {
			found[i], err = assignmentsIn(ctx, c, centre, set, account)
			return err
		})
	}
	err = group.Wait()
	// What was told counts, though one account should not be.
	for _, one := range slices.Concat(found...) {
		a.assignments = append(a.assignments, one)
		if _, known := a.names[one.arn()]; !known {
			a.names[one.arn()] = askPrincipalName(ctx, c, one)
		}
	}
	return err
}

// assignmentsIn lists who may take on a set of rights in an account.
func assignmentsIn(
	ctx context.Context, c *Clients, centre ssotypes.InstanceMetadata, set, account string,
) ([]assignment, error) {
	p := ssoadmin.NewListAccountAssignmentsPaginator(c.SSOAdmin, &ssoadmin.ListAccountAssignmentsInput{
		InstanceArn: centre.InstanceArn, PermissionSetArn: aws.String(set), AccountId: aws.String(account),
		MaxResults: aws.Int32(100),
	})
	found := listed(ctx, p, func(o *ssoadmin.ListAccountAssignmentsOutput) []ssotypes.AccountAssignment {
		return o.AccountAssignments
	})
	var out []assignment
	for one, err := range gone(found, "ResourceNotFoundException") {
		if err != nil {
			return out, during("ListAccountAssignments", assignmentPermission, err)
		}
		out = append(out, assignment{Store: aws.ToString(centre.IdentityStoreId), Account: account, Set: set,
			Type: one.PrincipalType, ID: aws.ToString(one.PrincipalId)})
	}
	return out, nil
}

// askPrincipalName asks for the name of who is let in. An assignment outlives the person or the group it was made for.
func askPrincipalName(ctx context.Context, c *Clients, a assignment) collectors.Answer[principalName] {
	if a.group() {
		return ask("DescribeGroup", "identitystore:DescribeGroup", func() (*principalName, error) {
			out, err := c.IdentityStore.DescribeGroup(ctx, &identitystore.DescribeGroupInput{
				IdentityStoreId: aws.String(a.Store), GroupId: aws.String(a.ID),
			})
			if err != nil {
				return nil, absent(err, "ResourceNotFoundException")
			}
			return &principalName{aws.ToString(out.DisplayName)}, nil
		})
	}
	return ask("DescribeUser", "identitystore:DescribeUser", func() (*principalName, error) {
		out, err := c.IdentityStore.DescribeUser(ctx, &identitystore.DescribeUserInput{
			IdentityStoreId: aws.String(a.Store), UserId: aws.String(a.ID),
		})
		if err != nil {
			return nil, absent(err, "ResourceNotFoundException")
		}
		return &principalName{aws.ToString(out.UserName)}, nil
	})
}
