package aws

import (
	"cmp"
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// The call that answers nearly everything about rights, and the right it needs.
const (
	detailsAction     = "GetAccountAuthorizationDetails"
	detailsPermission = "iam:GetAccountAuthorizationDetails"
)

// heldPolicy is one policy as its holder has it.
type heldPolicy struct {
	Name string `json:"name"`
	// ARN is empty for a policy written into its holder.
	ARN string `json:"arn,omitempty"`
	// Through is the group a user has the policy from; empty when the user has it itself.
	Through string `json:"through,omitempty"`
	// Document is nil when the account's answer did not carry it.
	Document *string `json:"document,omitempty"`
}

// providerWritten says whether AWS keeps the policy.
func (p heldPolicy) providerWritten() bool {
	return strings.HasPrefix(p.ARN, "arn:aws:iam::aws:policy/")
}

// holder is a user, group or role with every policy that acts on it.
type holder struct {
	ARN  string `json:"arn"`
	Name string `json:"name"`
	Path string `json:"path"`
	// Type is user, group or role.
	Type     string       `json:"type"`
	Policies []heldPolicy `json:"policies,omitempty"`
	Boundary *heldPolicy  `json:"boundary,omitempty"`
}

// ofService says whether the role belongs to a service of AWS, which alone may change or assume it.
func (h holder) ofService() bool {
	return h.Type == "role" && strings.HasPrefix(h.Path, "/aws-service-role/")
}

// permissionSet says whether the role is worn by people whom the identity centre lets in.
func permissionSet(path string) bool {
	return strings.HasPrefix(path, "/aws-reserved/sso.amazonaws.com/")
}

// accountDetails pages through the account's users, groups, roles or policies.
func accountDetails[T any](ctx context.Context, c *Clients, pick func(*iam.GetAccountAuthorizationDetailsOutput) []T, filter ...types.EntityType) iter.Seq2[T, error] {
	p := iam.NewGetAccountAuthorizationDetailsPaginator(c.IAM, &iam.GetAccountAuthorizationDetailsInput{Filter: filter})
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*iam.GetAccountAuthorizationDetailsOutput, error) { return p.NextPage(ctx) }, pick)
}

func accountUsers(ctx context.Context, c *Clients) iter.Seq2[types.UserDetail, error] {
	return accountDetails(ctx, c, func(o *iam.GetAccountAuthorizationDetailsOutput) []types.UserDetail { return o.UserDetailList }, types.EntityTypeUser)
}

func accountRoles(ctx context.Context, c *Clients) iter.Seq2[types.RoleDetail, error] {
	return accountDetails(ctx, c, func(o *iam.GetAccountAuthorizationDetailsOutput) []types.RoleDetail { return o.RoleDetailList }, types.EntityTypeRole)
}

// only keeps the items that match: IAM's account-wide listing cannot be asked for one.
func only[T any](seq iter.Seq2[T, error], match func(T) bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item, err := range seq {
			if (err != nil || match(item)) && !yield(item, err) {
				return
			}
		}
	}
}

// shelf holds what many holders share: the managed policies by ARN and the groups by name. Users and roles stream past
// it, so that memory does not grow with their number.
type shelf struct {
	documents map[string]*string
	groups    map[string]types.GroupDetail
}

func fillShelf(ctx context.Context, c *Clients) (shelf, error) {
	s := shelf{documents: map[string]*string{}, groups: map[string]types.GroupDetail{}}
	for p, err := range accountDetails(ctx, c, func(o *iam.GetAccountAuthorizationDetailsOutput) []types.ManagedPolicyDetail { return o.Policies },
		types.EntityTypeLocalManagedPolicy, types.EntityTypeAWSManagedPolicy) {
		if err != nil {
			return s, err
		}
		s.addPolicy(p)
	}
	for g, err := range accountDetails(ctx, c, func(o *iam.GetAccountAuthorizationDetailsOutput) []types.GroupDetail { return o.GroupDetailList }, types.EntityTypeGroup) {
		if err != nil {
			return s, err
		}
		s.groups[aws.ToString(g.GroupName)] = g
	}
	return s, nil
}

func (s shelf) addPolicy(p types.ManagedPolicyDetail) {
	for _, v := range p.PolicyVersionList {
		if v.IsDefaultVersion {
			s.documents[aws.ToString(p.Arn)] = v.Document
		}
	}
}

// held joins attached and inline policies.
func (s shelf) held(attached []types.AttachedPolicy, inline []types.PolicyDetail, through string) []heldPolicy {
	var out []heldPolicy
	for _, a := range attached {
		arn := aws.ToString(a.PolicyArn)
		out = append(out, heldPolicy{Name: aws.ToString(a.PolicyName), ARN: arn, Through: through, Document: s.documents[arn]})
	}
	for _, p := range inline {
		out = append(out, heldPolicy{Name: aws.ToString(p.PolicyName), Through: through, Document: p.PolicyDocument})
	}
	return out
}

func (s shelf) boundary(b *types.AttachedPermissionsBoundary) *heldPolicy {
	if b == nil || b.PermissionsBoundaryArn == nil {
		return nil
	}
	arn := aws.ToString(b.PermissionsBoundaryArn)
	return &heldPolicy{Name: shortID(arn), ARN: arn, Document: s.documents[arn]}
}

func (s shelf) user(u types.UserDetail) holder {
	h := holder{ARN: aws.ToString(u.Arn), Name: aws.ToString(u.UserName), Path: aws.ToString(u.Path), Type: "user"}
	h.Policies = s.held(u.AttachedManagedPolicies, u.UserPolicyList, "")
	for _, name := range u.GroupList {
		g, ok := s.groups[name]
		if !ok {
			// A group that the listing does not hold may grant anything.
			h.Policies = append(h.Policies, heldPolicy{Name: name, Through: name})
			continue
		}
		h.Policies = append(h.Policies, s.held(g.AttachedManagedPolicies, g.GroupPolicyList, name)...)
	}
	h.Boundary = s.boundary(u.PermissionsBoundary)
	return h
}

func (s shelf) group(g types.GroupDetail) holder {
	return holder{ARN: aws.ToString(g.Arn), Name: aws.ToString(g.GroupName), Path: aws.ToString(g.Path), Type: "group",
		Policies: s.held(g.AttachedManagedPolicies, g.GroupPolicyList, "")}
}

func (s shelf) role(r types.RoleDetail) holder {
	return holder{ARN: aws.ToString(r.Arn), Name: aws.ToString(r.RoleName), Path: aws.ToString(r.Path), Type: "role",
		Policies: s.held(r.AttachedManagedPolicies, r.RolePolicyList, ""), Boundary: s.boundary(r.PermissionsBoundary)}
}

// holders lists the groups, users and roles of the account with their policies.
func holders(ctx context.Context, c *Clients) iter.Seq2[holder, error] {
	return func(yield func(holder, error) bool) {
		s, err := fillShelf(ctx, c)
		if err != nil {
			yield(holder{}, err)
			return
		}
		for _, g := range s.groups {
			if !yield(s.group(g), nil) {
				return
			}
		}
		// What is told of users and roles is told, though one of the listings should end early.
		var failed error
		for u, err := range accountUsers(ctx, c) {
			if failed = err; err != nil {
				break
			}
			if !yield(s.user(u), nil) {
				return
			}
		}
		for r, err := range accountRoles(ctx, c) {
			if err != nil {
				failed = cmp.Or(failed, err)
				break
			}
			if !yield(s.role(r), nil) {
				return
			}
		}
		if failed != nil {
			yield(holder{}, failed)
		}
	}
}

// grantID is the id of an access grant of a holder.
func grantID(w collectors.Where, holderType, name, rest string) string {
	id := string(w.Scope) + "/access_grant/" + holderType + "/" + name
	if rest != "" {
		id += "/" + rest
	}
	return id
}

// askConsole asks whether a user has a password for the console: people have one, workloads do not.
func askConsole(ctx context.Context, c *Clients, user string) collectors.Answer[iam.GetLoginProfileOutput] {
	return ask("GetLoginProfile", "iam:GetLoginProfile", func() (*iam.GetLoginProfileOutput, error) {
		out, err := c.IAM.GetLoginProfile(ctx, &iam.GetLoginProfileInput{UserName: aws.String(user)})
		return out, absent(err, "NoSuchEntity", "NoSuchEntityException")
	})
}

// unread is the reason of a fact that the account's answer was given for and does not settle.
func unread(code string) inventory.Unknown {
	return inventory.Unknown{Cause: inventory.CauseFailed, Action: detailsAction, Permission: detailsPermission, Code: code}
}

// ownerOfUser is human for a user with a console password, else workload.
func ownerOfUser(console *iam.GetLoginProfileOutput) string {
	if console != nil {
		return "human"
	}
	return "workload"
}
