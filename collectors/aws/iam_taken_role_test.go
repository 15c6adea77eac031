package aws

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func TestTakesRoles(t *testing.T) {
	t.Parallel()
	allowing := func(resource, rest string) string {
		return fmt.Sprintf(`{"Effect":"Allow","Action":"sts:AssumeRole","Resource":%q%s}`, resource, rest)
	}
	const noMFA = `{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}`
	for name, c := range map[string]struct {
		statements, boundary string
		takes, in            any
	}{
		"nothing":         {`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`, "", "[]", ""},
		"one role":        {allowing("arn:aws:iam::1:role/a", ""), "", "[arn:aws:iam::1:role/a]", accountID(here)},
		"with a factor":   {allowing("arn:aws:iam::1:role/a", "") + "," + noMFA, "", "[arn:aws:iam::1:role/a]", accountID(here)},
		"all but some":    {allowing("*", "") + `,{"Effect":"Deny","Action":"sts:*","Resource":"arn:aws:iam::1:role/a"}`, "", nil, accountID(here)},
		"none at all":     {allowing("*", "") + `,{"Effect":"Deny","Action":"sts:*","Resource":"*"}`, "", "[]", ""},
		"on a condition":  {allowing("*", `,"Condition":{"StringEquals":{"iam:ResourceTag/team":"a"}}`), "", nil, accountID(here)},
		"of one's name":   {allowing("arn:aws:iam::1:role/${aws:username}", ""), "", nil, accountID(here)},
		"within a limit":  {allowing("*", ""), `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`, "[]", ""},
		"a limit of some": {allowing("*", ""), allowing("arn:aws:iam::1:role/a", ""), nil, accountID(here)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document := func(statements string) *string { return aws.String(`{"Statement":[` + statements + `]}`) }
			h := holder{Type: "user", Name: "ada", Policies: []heldPolicy{{Name: "own", Document: document(c.statements)}}}
			if c.boundary != "" {
				h.Boundary = &heldPolicy{Name: "limit", Document: document(c.boundary)}
			}
			stated{"takes": c.takes, "takes_in": c.in}.check(t, effectiveFacts(here, h))
		})
	}
}

func TestTakenRoles(t *testing.T) {
	t.Parallel()
	const (
		own  = "arn:aws:iam::644160558196:"
		sso  = "aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef"
		role = own + "role/mighty"
	)
	everything := []heldPolicy{{Name: "all", ARN: administratorAccess}}
	nothing := []heldPolicy{{Name: "look", Document: aws.String(looking)}}
	account := accountID(here)
	trusting := func(kind, principal, condition string) *string {
		return aws.String(fmt.Sprintf(`{"Statement":[{"Effect":"Allow","Principal":{%q:%q},"Action":"sts:AssumeRole"%s}]}`, kind, principal, condition))
	}
	const tagged = `,"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/boss"}}`
	for name, c := range map[string]struct {
		kind, principal, condition string
		policies                   []heldPolicy
		want                       stated
	}{
		"a user": {"AWS", own + "user/ada", "", everything,
			stated{"may_administer": account, "worn_by_people": false, "taken_on": ""}},
		"a user of little":    {"AWS", own + "user/ada", "", nothing, stated{"may_administer": "", "taken_on": ""}},
		"whoever may":         {"AWS", own + "root", "", everything, stated{"may_administer": account, "taken_on": role}},
		"whom a clause picks": {"AWS", own + "root", tagged, everything, stated{"may_administer": account, "worn_by_people": true, "roster": "", "taken_on": ""}},
		"people of a set": {"AWS", own + "role/" + sso, "", everything,
			stated{"may_administer": account, "worn_by_people": true, "roster": rosterID(here.Scope.Account(), "Dev")}},
		"people of a directory": {"Federated", own + "saml-provider/adfs", "", everything,
			stated{"may_administer": account, "worn_by_people": true, "roster": ""}},
		"a pipeline": {"Federated", own + "oidc-provider/token.actions.githubusercontent.com", "", everything,
			stated{"may_administer": ""}},
		"a program":         {"Service", "ec2.amazonaws.com", "", everything, stated{"may_administer": ""}},
		"another account":   {"AWS", "arn:aws:iam::999999999999:root", "", everything, stated{"may_administer": ""}},
		"what is not read":  {"", "unread", "", everything, stated{"may_administer": account, "worn_by_people": true, "roster": ""}},
		"a role in between": {"AWS", own + "role/plain", "", everything, stated{"may_administer": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one := trust{Role: "mighty", RoleARN: role, RolePath: "/", Type: c.kind, Principal: c.principal,
				Document: trusting(c.kind, c.principal, c.condition), Policies: c.policies}
			c.want.check(t, trustFacts(here, trustAnswers{Trust: one}))
		})
	}
}
