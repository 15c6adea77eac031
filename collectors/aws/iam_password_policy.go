package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, passwordPolicy, passwordPolicy]{
	Kind:        "aws.iam.password_policy",
	Class:       inventory.ClassAuthenticationPolicy,
	Permissions: []string{"iam:GetAccountPasswordPolicy"},
	ListAction:  "GetAccountPasswordPolicy", ListPermission: "iam:GetAccountPasswordPolicy",
	Global: true, NoLabels: true,
	List: listPasswordPolicy,
	Find: func(ctx context.Context, c *Clients, _ string) iter.Seq2[passwordPolicy, error] {
		return listPasswordPolicy(ctx, c)
	},
	Facts: passwordPolicyFacts,
})

// passwordPolicy is the account's policy; nil inside when the account never set one.
type passwordPolicy struct {
	Set *types.PasswordPolicy `json:"set,omitempty"`
}

// unsetPasswordLength is the shortest password that IAM accepts where no policy is set:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
const unsetPasswordLength = 8

func listPasswordPolicy(ctx context.Context, c *Clients) iter.Seq2[passwordPolicy, error] {
	return func(yield func(passwordPolicy, error) bool) {
		out, err := c.IAM.GetAccountPasswordPolicy(ctx, &iam.GetAccountPasswordPolicyInput{})
		switch {
		case err != nil && !isAbsent(err, "NoSuchEntity", "NoSuchEntityException"):
			yield(passwordPolicy{}, err)
		case err != nil:
			yield(passwordPolicy{}, nil)
		default:
			yield(passwordPolicy{Set: out.PasswordPolicy}, nil)
		}
	}
}

func passwordPolicyFacts(w collectors.Where, a passwordPolicy) *inventory.Resource {
	facts := &inventory.AuthenticationPolicy{Scope: "workforce", PasswordMinLength: unsetPasswordLength}
	r := inventory.New(string(w.Scope)+"/authentication_policy/password-policy", "password policy", collectors.Global, facts)
	r.Known("scope")
	switch {
	case a.Set == nil:
		r.Known("password_min_length")
	case a.Set.MinimumPasswordLength == nil:
		r.SetUnknown(inventory.Unknown{Cause: inventory.CauseFailed, Action: "GetAccountPasswordPolicy", Permission: "iam:GetAccountPasswordPolicy", Code: "MissingField"},
			"password_min_length")
	default:
		facts.PasswordMinLength = int64(aws.ToInt32(a.Set.MinimumPasswordLength))
		r.Known("password_min_length")
	}
	r.SetNotApplicable("the setting has no read call; what comes of it shows in each identity", "mfa_required_for")
	r.SetNotApplicable("no legacy sign-in protocol exists", "legacy_protocols_blocked")
	r.SetNotApplicable("the state of devices is the identity provider's to judge", "managed_device_required")
	r.SetNotApplicable("IAM denies all of these unless granted", "self_service_restricted")
	return r
}
