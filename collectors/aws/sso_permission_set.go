package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// permissionSetAnswers is all that the identity centre says about one set of rights. Its rights are one answer: what it
// grants is known when every part of it was read, and not before.
type permissionSetAnswers struct {
	Named  collectors.Answer[permissionSetName]
	Rights collectors.Answer[setRights]
}

type permissionSetName struct {
	Name string `json:"name"`
}

// setRights is what a set grants: policies that can be read here, and policies that it only names, each of which
// every account has for itself.
type setRights struct {
	Policies  []heldPolicy `json:"policies,omitempty"`
	Elsewhere []string     `json:"elsewhere,omitempty"`
	Boundary  *heldPolicy  `json:"boundary,omitempty"`
}

// administratorAccess is the policy of AWS that grants everything.
const administratorAccess = "arn:aws:iam::aws:policy/AdministratorAccess"

// inlineAction reads the policy of a set itself; elsewhereAction tells which it names that lie in the accounts.
const (
	inlineAction    = "GetInlinePolicyForPermissionSet"
	elsewhereAction = "ListCustomerManagedPolicyReferencesInPermissionSet"
)

// askPermissionSet reads a set of rights. The documents of policies that AWS keeps are shared among the sets.
func askPermissionSet(
	ctx context.Context, c *Clients, centre *string, set string, documents map[string]*string,
) permissionSetAnswers {
	return permissionSetAnswers{
		Named: ask("DescribePermissionSet", "sso:DescribePermissionSet", func() (*permissionSetName, error) {
			out, err := c.SSOAdmin.DescribePermissionSet(ctx, &ssoadmin.DescribePermissionSetInput{
				InstanceArn: centre, PermissionSetArn: aws.String(set),
			})
			if err != nil {
				return nil, err
			}
			if out.PermissionSet == nil || aws.ToString(out.PermissionSet.Name) == "" {
				return nil, errUnsaid
			}
			return &permissionSetName{*out.PermissionSet.Name}, nil
		}),
		Rights: ask(inlineAction, "sso:"+inlineAction, func() (*setRights, error) {
			r := setReader{c: c, centre: centre, set: aws.String(set), documents: documents}
			return &r.read, r.all(ctx)
		}),
	}
}

// setReader gathers the parts of one set of rights.
type setReader struct {
	c           *Clients
	centre, set *string
	documents   map[string]*string
	read        setRights
}

func (r *setReader) all(ctx context.Context) error {
	for _, part := range []func(context.Context) error{r.inline, r.managed, r.elsewhere, r.boundary} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *setReader) inline(ctx context.Context) error {
	out, err := r.c.SSOAdmin.GetInlinePolicyForPermissionSet(ctx, &ssoadmin.GetInlinePolicyForPermissionSetInput{
		InstanceArn: r.centre, PermissionSetArn: r.set,
	})
	if err != nil || aws.ToString(out.InlinePolicy) == "" {
		return err
	}
	r.read.Policies = append(r.read.Policies, heldPolicy{Name: "inline", Document: out.InlinePolicy})
	return nil
}

func (r *setReader) managed(ctx context.Context) error {
	const action = "ListManagedPoliciesInPermissionSet"
	p := ssoadmin.NewListManagedPoliciesInPermissionSetPaginator(r.c.SSOAdmin,
		&ssoadmin.ListManagedPoliciesInPermissionSetInput{
			InstanceArn: r.centre, PermissionSetArn: r.set, MaxResults: aws.Int32(100),
		})
	for m, err := range listed(ctx, p, func(o *ssoadmin.ListManagedPoliciesInPermissionSetOutput) []ssotypes.AttachedManagedPolicy {
		return o.AttachedManagedPolicies
	}) {
		if err != nil {
			return during(action, "sso:"+action, err)
		}
		held, err := r.policy(ctx, aws.ToString(m.Arn))
		if err != nil {
			return err
		}
		r.read.Policies = append(r.read.Policies, held)
	}
	return nil
}

func (r *setReader) elsewhere(ctx context.Context) error {
	p := ssoadmin.NewListCustomerManagedPolicyReferencesInPermissionSetPaginator(r.c.SSOAdmin,
		&ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetInput{
			InstanceArn: r.centre, PermissionSetArn: r.set, MaxResults: aws.Int32(100),
		})
	for m, err := range listed(ctx, p,
		func(o *ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetOutput) []ssotypes.CustomerManagedPolicyReference {
			return o.CustomerManagedPolicyReferences
		}) {
		if err != nil {
			return during(elsewhereAction, "sso:"+elsewhereAction, err)
		}
		r.read.Elsewhere = append(r.read.Elsewhere, pathOf(m))
	}
	return nil
}

// pathOf is the path and name of a policy that lies in each account.
func pathOf(p ssotypes.CustomerManagedPolicyReference) string {
	path := aws.ToString(p.Path)
	if path == "" {
		path = "/"
	}
	return path + aws.ToString(p.Name)
}

// boundary reads what limits the set. One that lies in the accounts is a limit without a text.
func (r *setReader) boundary(ctx context.Context) error {
	const action = "GetPermissionsBoundaryForPermissionSet"
	out, err := r.c.SSOAdmin.GetPermissionsBoundaryForPermissionSet(ctx,
		&ssoadmin.GetPermissionsBoundaryForPermissionSetInput{InstanceArn: r.centre, PermissionSetArn: r.set})
	switch {
	case isAbsent(err, "ResourceNotFoundException"):
		return nil
	case err != nil:
		return during(action, "sso:"+action, err)
	case out.PermissionsBoundary == nil:
		return during(action, "sso:"+action, errUnsaid)
	case out.PermissionsBoundary.CustomerManagedPolicyReference != nil:
		r.read.Boundary = &heldPolicy{Name: pathOf(*out.PermissionsBoundary.CustomerManagedPolicyReference)}
		return nil
	}
	held, err := r.policy(ctx, aws.ToString(out.PermissionsBoundary.ManagedPolicyArn))
	r.read.Boundary = &held
	return err
}

// policy is a policy of AWS with its text. That of the one which grants everything is known by its name.
func (r *setReader) policy(ctx context.Context, arn string) (heldPolicy, error) {
	held := heldPolicy{Name: shortID(arn), ARN: arn}
	if arn == administratorAccess {
		return held, nil
	}
	if text, known := r.documents[arn]; known {
		held.Document = text
		return held, nil
	}
	out, err := r.c.IAM.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String(arn)})
	if err != nil {
		return held, during("GetPolicy", "iam:GetPolicy", err)
	}
	if out.Policy == nil {
		return held, during("GetPolicy", "iam:GetPolicy", errUnsaid)
	}
	version, err := r.c.IAM.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{
		PolicyArn: aws.String(arn), VersionId: out.Policy.DefaultVersionId,
	})
	if err != nil {
		return held, during("GetPolicyVersion", "iam:GetPolicyVersion", err)
	}
	if version.PolicyVersion == nil || version.PolicyVersion.Document == nil {
		return held, during("GetPolicyVersion", "iam:GetPolicyVersion", errUnsaid)
	}
	held.Document = aws.String(compactPolicy(*version.PolicyVersion.Document))
	r.documents[arn] = held.Document
	return held, nil
}

// compactPolicy drops the encoding and the white space of a policy: it is kept with each assignment that grants it, and
// those of AWS are long.
func compactPolicy(text string) string {
	if strings.HasPrefix(strings.TrimSpace(text), "%") {
		if decoded, err := url.QueryUnescape(text); err == nil {
			text = decoded
		}
	}
	var short bytes.Buffer
	if json.Compact(&short, []byte(text)) != nil {
		return text
	}
	return short.String()
}

// rights are what the set grants, less what a policy that lies in the accounts may deny.
func (s setRights) rights() rights {
	policies := s.Policies
	for _, name := range s.Elsewhere {
		policies = append(policies[:len(policies):len(policies)], heldPolicy{Name: name})
	}
	return readRights(policies, s.Boundary)
}

// inAccounts says whether a part of the set lies in the accounts that it is for.
func (s setRights) inAccounts() bool {
	return len(s.Elsewhere) > 0 || s.Boundary != nil && s.Boundary.ARN == ""
}

// unsettled is why the set, which was read, leaves open what it grants.
func (s setRights) unsettled() inventory.Unknown {
	if s.inAccounts() {
		return inventory.Unknown{Cause: inventory.CauseNotCollected, Action: elsewhereAction,
			Permission: "sso:" + elsewhereAction, Code: "PolicyInAccount"}
	}
	return inventory.Unknown{Cause: inventory.CauseFailed, Action: inlineAction, Permission: "sso:" + inlineAction,
		Code: "ConditionNotUnderstood"}
}

// worded says whether what the customer wrote into the set allows everything in so many words.
func (s setRights) worded() bool {
	for _, p := range s.Policies {
		if !p.providerWritten() && readRights([]heldPolicy{p}, nil).wordedAsEverything() {
			return true
		}
	}
	return false
}
