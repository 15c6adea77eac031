package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, userPool, userPoolAnswers]{
	Kind:        "aws.cognito.user_pool",
	Class:       inventory.ClassAuthenticationPolicy,
	Permissions: []string{"cognito-idp:ListUserPools", "cognito-idp:DescribeUserPool"},
	ListAction:  "ListUserPools", ListPermission: "cognito-idp:ListUserPools",
	List: listUserPools,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[userPool, error] {
		return only(listUserPools(ctx, c), func(p userPool) bool { return p.ID == shortID(id) })
	},
	Ask:   askUserPool,
	Facts: userPoolFacts,
})

// userPool is a directory of an application's customers.
type userPool struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type userPoolAnswers struct {
	Pool     userPool
	Describe collectors.Answer[userPoolRules]
}

// userPoolRules are what we ask of a pool's description. The rest of it, such as the texts of its mails, is not kept.
type userPoolRules struct {
	ARN      string                    `json:"arn"`
	Password *types.PasswordPolicyType `json:"password,omitempty"`
	Tags     map[string]string         `json:"tags,omitempty"`
}

func listUserPools(ctx context.Context, c *Clients) iter.Seq2[userPool, error] {
	p := cognitoidentityprovider.NewListUserPoolsPaginator(c.Cognito, &cognitoidentityprovider.ListUserPoolsInput{MaxResults: aws.Int32(60)})
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*cognitoidentityprovider.ListUserPoolsOutput, error) {
			return p.NextPage(ctx)
		},
		func(o *cognitoidentityprovider.ListUserPoolsOutput) []userPool {
			out := make([]userPool, 0, len(o.UserPools))
			for _, u := range o.UserPools {
				out = append(out, userPool{aws.ToString(u.Id), aws.ToString(u.Name)})
			}
			return out
		})
}

func askUserPool(ctx context.Context, c *Clients, p userPool) userPoolAnswers {
	return userPoolAnswers{p, ask("DescribeUserPool", "cognito-idp:DescribeUserPool", func() (*userPoolRules, error) {
		out, err := c.Cognito.DescribeUserPool(ctx, &cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: aws.String(p.ID)})
		if err != nil || out.UserPool == nil {
			return nil, err
		}
		rules := &userPoolRules{ARN: aws.ToString(out.UserPool.Arn), Tags: out.UserPool.UserPoolTags}
		if out.UserPool.Policies != nil {
			rules.Password = out.UserPool.Policies.PasswordPolicy
		}
		return rules, nil
	})}
}

func userPoolFacts(w collectors.Where, a userPoolAnswers) *inventory.Resource {
	facts := &inventory.AuthenticationPolicy{Scope: "customer"}
	r := inventory.New(arn(w, "cognito-idp", "userpool/"+a.Pool.ID), a.Pool.Name, w.Region, facts)
	r.Known("scope")
	why := a.Describe.Unknown()
	switch {
	case why != nil:
		r.SetUnknown(*why, "password_min_length", "labels_read")
	case a.Describe.Value == nil || a.Describe.Value.Password == nil || a.Describe.Value.Password.MinimumLength == nil:
		r.SetUnknown(*orMissing(nil, "DescribeUserPool", "cognito-idp:DescribeUserPool"), "password_min_length")
	default:
		facts.PasswordMinLength = int64(*a.Describe.Value.Password.MinimumLength)
		r.Known("password_min_length")
	}
	if a.Describe.Value != nil {
		r.Labels = a.Describe.Value.Tags
	}
	r.SetNotApplicable("asked of the organisation's own people", "mfa_required_for", "managed_device_required", "self_service_restricted")
	r.SetNotApplicable("no legacy sign-in protocol exists", "legacy_protocols_blocked")
	return r
}
