package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/plumbline-posture/plumbline/collectors"
)

// rolePermissions are the rights that reading the policies of one role takes.
var rolePermissions = []string{
	"iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:GetPolicy", "iam:GetPolicyVersion",
}

// roleHolds says whether some policy of a role holds what was asked about.
type roleHolds struct{ Holds bool }

// policyTest is a question about the policies of a role.
type policyTest struct {
	// attached decides by the name of a managed policy; known is false where its text has to be read.
	attached func(arn string) (holds, known bool)
	document func(policyDocument) bool
}

// askRolePolicies asks a question about the policies of one role. It stops at the first policy that says yes; a role
// that is gone is an absent answer. A no takes every policy, so one that cannot be read leaves it open.
func askRolePolicies(ctx context.Context, c *Clients, role string, test policyTest) collectors.Answer[roleHolds] {
	name := aws.String(shortID(role))
	attached := ask("ListAttachedRolePolicies", "iam:ListAttachedRolePolicies", func() (*[]string, error) {
		p := iam.NewListAttachedRolePoliciesPaginator(c.IAM, &iam.ListAttachedRolePoliciesInput{RoleName: name})
		arns, err := gathered(listed(ctx, p, func(o *iam.ListAttachedRolePoliciesOutput) []string {
			out := make([]string, 0, len(o.AttachedPolicies))
			for _, a := range o.AttachedPolicies {
				out = append(out, aws.ToString(a.PolicyArn))
			}
			return out
		}))
		return arns, absent(err, "NoSuchEntity", "NoSuchEntityException")
	})
	if attached.Value == nil {
		return passedOn[roleHolds](attached)
	}
	var unread []string
	for _, arn := range *attached.Value {
		holds, known := test.attached(arn)
		if holds {
			return collectors.Answer[roleHolds]{Action: attached.Action, Permission: attached.Permission,
				Value: &roleHolds{true}}
		}
		if !known {
			unread = append(unread, arn)
		}
	}
	inline := ask("ListRolePolicies", "iam:ListRolePolicies", func() (*[]string, error) {
		p := iam.NewListRolePoliciesPaginator(c.IAM, &iam.ListRolePoliciesInput{RoleName: name})
		return gathered(listed(ctx, p, func(o *iam.ListRolePoliciesOutput) []string { return o.PolicyNames }))
	})
	if inline.Value == nil {
		return passedOn[roleHolds](inline)
	}
	answer := collectors.Answer[roleHolds]{Action: inline.Action, Permission: inline.Permission, Value: &roleHolds{}}
	var calls []func() collectors.Answer[roleHolds]
	for _, policy := range *inline.Value {
		calls = append(calls, func() collectors.Answer[roleHolds] { return askInlinePolicy(ctx, c, name, policy, test) })
	}
	for _, arn := range unread {
		calls = append(calls, func() collectors.Answer[roleHolds] { return askManagedPolicy(ctx, c, arn, test) })
	}
	for _, call := range calls {
		switch got := call(); {
		case got.Value != nil && got.Value.Holds:
			return got
		case answer.Failed == nil && got.Failed != nil:
			answer = got
		}
	}
	return answer
}

// passedOn is the failure, or the absence, of an earlier call as the answer to a later one.
func passedOn[B, A any](a collectors.Answer[A]) collectors.Answer[B] {
	return collectors.Answer[B]{Action: a.Action, Permission: a.Permission, Absent: a.Absent, Failed: a.Failed}
}

func askInlinePolicy(
	ctx context.Context, c *Clients, role *string, policy string, test policyTest,
) collectors.Answer[roleHolds] {
	return ask("GetRolePolicy", "iam:GetRolePolicy", func() (*roleHolds, error) {
		out, err := c.IAM.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: role, PolicyName: aws.String(policy)})
		if err != nil {
			return nil, err
		}
		return test.read(out.PolicyDocument)
	})
}

func askManagedPolicy(ctx context.Context, c *Clients, arn string, test policyTest) collectors.Answer[roleHolds] {
	version := ask("GetPolicy", "iam:GetPolicy", func() (*string, error) {
		out, err := c.IAM.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String(arn)})
		if err != nil || out.Policy == nil {
			return nil, err
		}
		return out.Policy.DefaultVersionId, nil
	})
	if version.Value == nil {
		return passedOn[roleHolds](version)
	}
	return ask("GetPolicyVersion", "iam:GetPolicyVersion", func() (*roleHolds, error) {
		out, err := c.IAM.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: aws.String(arn),
			VersionId: version.Value})
		if err != nil {
			return nil, err
		}
		if out.PolicyVersion == nil {
			return nil, unreadable("the policy has no document")
		}
		return test.read(out.PolicyVersion.Document)
	})
}

func (t policyTest) read(document *string) (*roleHolds, error) {
	doc, err := parsePolicy(aws.ToString(document))
	if err != nil {
		return nil, unreadable("the policy is not JSON")
	}
	return &roleHolds{t.document(doc)}, nil
}

// broad says whether the statement grants everything, or all that some service offers, on every resource.
func (s policyStatement) broad() bool {
	if s.Effect != "Allow" || !s.covers(onAllOfType) {
		return false
	}
	for _, action := range s.Action {
		if action == "*" || len(action) > 2 && action[len(action)-2:] == ":*" {
			return true
		}
	}
	return len(s.NotAction) > 0
}
