package aws

import (
	"encoding/json"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Answers of each kind for the tests over the whole registry.
var (
	made        = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	deniedAt    = &collectors.Reason{Cause: inventory.CauseDenied, Code: "AccessDenied"}
	withConsole = collectors.Answer[iam.GetLoginProfileOutput]{Action: "GetLoginProfile", Value: &iam.GetLoginProfileOutput{LoginProfile: &types.LoginProfile{}}}
	noConsole   = collectors.Answer[iam.GetLoginProfileOutput]{Action: "GetLoginProfile", Absent: true}
	adminRights = `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`

	_ = sample("aws.iam.root", rootFacts,
		rootAnswers{Summary: accountSummary{"AccountMFAEnabled": 1}, Virtual: told(rootDevices{}), Use: told(rootUse{MadeAt: &made})},
		rootAnswers{Summary: accountSummary{}, Virtual: collectors.Answer[rootDevices]{Failed: deniedAt}, Use: collectors.Answer[rootUse]{Failed: deniedAt}})
	_ = sample("aws.iam.root_access_key", rootKeyFacts, rootKeyAnswers{Summary: accountSummary{"AccountAccessKeysPresent": 0}},
		rootKeyAnswers{Summary: accountSummary{"AccountAccessKeysPresent": 1}, Use: told(rootUse{Keys: []rootKeyUse{{RotatedAt: &made}}})})
	_ = sample("aws.iam.user", userFacts, userAnswers{User: types.UserDetail{Arn: aws.String("arn:aws:iam::644160558196:user/a"), UserName: aws.String("a"), CreateDate: &made},
		Get: told(iam.GetUserOutput{User: &types.User{}}), Console: noConsole, Devices: told(userDevices{}), Keys: told(userKeys{})})
	_ = sample("aws.iam.access_key", accessKeyFacts, accessKeyAnswers{Console: withConsole, Use: told(iam.GetAccessKeyLastUsedOutput{}),
		Key: types.AccessKeyMetadata{AccessKeyId: aws.String("AKIAEXAMPLE"), UserName: aws.String("a"), CreateDate: &made, Status: types.StatusTypeActive}})
	_ = sample("aws.iam.role", roleFacts, roleDetail{ARN: aws.String("arn:aws:iam::644160558196:role/r"), Name: aws.String("r"), MadeAt: &made, LastUsed: &roleUse{}})
	_ = sample("aws.iam.instance_profile", instanceProfileFacts, types.InstanceProfile{Arn: aws.String("arn:aws:iam::644160558196:instance-profile/p"),
		InstanceProfileName: aws.String("p"), Roles: []types.Role{{Arn: aws.String("arn:aws:iam::644160558196:role/r")}}})
	_ = sample("aws.iam.policy_attachment", attachmentFacts, attachmentAnswers{Console: withConsole, Attachment: attachment{
		Holder: holder{ARN: "arn:aws:iam::644160558196:user/a", Name: "a", Type: "user"}, Policy: heldPolicy{Name: "all", Document: &adminRights}}})
	_ = sample("aws.iam.effective_grant", effectiveFacts, holder{ARN: "arn:aws:iam::644160558196:user/a", Name: "a", Type: "user",
		Policies: []heldPolicy{{Name: "all", Document: &adminRights}, {Name: "lost", ARN: "arn:aws:iam::644160558196:policy/lost"}}})
	_ = sample("aws.iam.trust", trustFacts, trustAnswers{Trust: trust{Role: "r", Type: "Service", Principal: "ec2.amazonaws.com", Document: aws.String(`{"Statement":[]}`)}},
		trustAnswers{Trust: trust{Role: "r", Principal: "unread"}})
	_ = sample("aws.iam.password_policy", passwordPolicyFacts, passwordPolicy{}, passwordPolicy{Set: &types.PasswordPolicy{MinimumPasswordLength: aws.Int32(14)}})
	_ = sample("aws.account", accountFacts, accountAnswers{Account: "644160558196", Console: told(serialConsole{})})
)

func told[T any](v T) collectors.Answer[T] { return collectors.Answer[T]{Action: "Asked", Value: &v} }

// states checks facts by name; a nil want is unknown, "n/a" is not applicable.
func states(t *testing.T, r *inventory.Resource, want map[string]any) {
	t.Helper()
	for name, w := range want {
		got, known := r.Value(name)
		_, na := r.NotApplicable[name]
		switch {
		case w == nil && (known || na):
			t.Errorf("%s: %s is %v; want unknown", r.ID, name, got)
		case w == "n/a" && !na:
			t.Errorf("%s: %s is %v, known %v; want not applicable", r.ID, name, got, known)
		case w == nil || w == "n/a":
		case !known:
			t.Errorf("%s: %s is unknown (%+v); want %v", r.ID, name, r.Why(name), w)
		default:
			g, _ := json.Marshal(got)
			x, _ := json.Marshal(w)
			if string(g) != string(x) {
				t.Errorf("%s: %s is %s; want %s", r.ID, name, g, x)
			}
		}
	}
}

func TestRights(t *testing.T) {
	t.Parallel()
	allow := func(action, resource, rest string) string {
		return `{"Effect":"Allow","Action":` + action + `,"Resource":"` + resource + `"` + rest + `}`
	}
	cases := map[string]struct {
		statements              string
		boundary                string
		admin, escalates, write certainty
	}{
		"all":                          {allow(`"*"`, "*", ""), "", yes, yes, yes},
		"all but one by NotAction":     {`{"Effect":"Allow","NotAction":"aws-portal:*","Resource":"*"}`, "", yes, yes, yes},
		"all but identities":           {`{"Effect":"Allow","NotAction":["iam:*","organizations:*"],"Resource":"*"}`, "", no, yes, yes},
		"two halves":                   {`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"},` + allow(`"iam:*"`, "*", ""), "", yes, yes, yes},
		"reading":                      {allow(`["s3:Get*","ec2:Describe*","iam:GenerateCredentialReport"]`, "*", ""), "", no, no, no},
		"all of one service":           {allow(`"s3:*"`, "*", ""), "", no, no, yes},
		"everything with MFA":          {allow(`"*"`, "*", `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`), "", yes, yes, yes},
		"everything, if who knows":     {allow(`"*"`, "*", `,"Condition":{"StringEquals":{"aws:ResourceTag/team":"a"}}`), "", maybe, maybe, yes},
		"denied identities":            {allow(`"*"`, "*", "") + `,{"Effect":"Deny","Action":["iam:*","sts:*"],"Resource":"*"}`, "", no, no, yes},
		"denied without MFA":           {allow(`"*"`, "*", "") + `,{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}`, "", yes, yes, yes},
		"denied one bucket":            {allow(`"*"`, "*", "") + `,{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}`, "", yes, yes, yes},
		"bounded to reading":           {allow(`"*"`, "*", ""), allow(`"s3:Get*"`, "*", ""), no, no, no},
		"policy version":               {allow(`"iam:CreatePolicyVersion"`, "arn:aws:iam::1:policy/x", ""), "", no, yes, yes},
		"bounded makers":               {allow(`"iam:PutRolePolicy"`, "*", `,"Condition":{"StringEquals":{"iam:PermissionsBoundary":"arn:aws:iam::1:policy/b"}}`), "", no, no, yes},
		"one role passed":              {allow(`["iam:PassRole","lambda:*"]`, "arn:aws:iam::1:role/one", ""), "", no, no, yes},
		"any role passed":              {allow(`"iam:PassRole"`, "arn:aws:iam::1:role/*", ""), "", no, yes, yes},
		"passed to a service":          {allow(`"iam:PassRole"`, "*", `,"Condition":{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}`), "", no, no, yes},
		"passed to a service and used": {allow(`"iam:PassRole"`, "*", `,"Condition":{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}`) + "," + allow(`"lambda:CreateFunction"`, "*", ""), "", no, yes, yes},
		"own keys":                     {allow(`"iam:*AccessKey*"`, "arn:aws:iam::*:user/${aws:username}", ""), "", no, no, yes},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document := `{"Statement":[` + c.statements + `]}`
			var boundary *heldPolicy
			if c.boundary != "" {
				boundary = &heldPolicy{Document: aws.String(`{"Statement":[` + c.boundary + `]}`)}
			}
			r := readRights([]heldPolicy{{Document: aws.String(url.QueryEscape(document))}}, boundary)
			if a, e, w := r.administers(), r.escalates(), r.writes(); a != c.admin || e != c.escalates || w != c.write {
				t.Errorf("admin %d, escalates %d, writes %d; want %d, %d, %d", a, e, w, c.admin, c.escalates, c.write)
			}
		})
	}
	lost := readRights([]heldPolicy{{Name: "lost"}}, nil)
	if lost.administers() != maybe || lost.escalates() != maybe || lost.writes() != maybe {
		t.Error("a policy that could not be read settles something")
	}
	if known := readRights([]heldPolicy{{ARN: "arn:aws:iam::aws:policy/AdministratorAccess"}}, nil); known.administers() != yes {
		t.Error("AdministratorAccess is not unrestricted")
	}
	if pairs, _ := readRights([]heldPolicy{{Document: &adminRights}}, nil).conflicts(); len(pairs) != len(duties) {
		t.Errorf("whoever may do all holds %v", pairs)
	}
	apart := `{"Statement":[` + allow(`"kms:PutKeyPolicy"`, "arn:aws:kms:a:1:key/1", "") + "," + allow(`"kms:Decrypt"`, "arn:aws:kms:a:1:key/2", "") + `]}`
	if pairs, open := readRights([]heldPolicy{{Document: &apart}}, nil).conflicts(); len(pairs) != 0 || open {
		t.Errorf("duties on two keys conflict: %v", pairs)
	}
}

func TestTrust(t *testing.T) {
	t.Parallel()
	const github = "arn:aws:iam::644160558196:oidc-provider/token.actions.githubusercontent.com"
	sub := func(v string) string {
		return `"Principal":{"Federated":"` + github + `"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":"` + v + `"}}`
	}
	cases := map[string]struct {
		statement, kind, owner string
		pinned                 bool
	}{
		"anyone":              {`"Principal":"*","Action":"sts:AssumeRole"`, "anyone", "", false},
		"anyone with id":      {`"Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x"}}`, "anyone", "", false},
		"anyone of the org":   {`"Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`, "anyone", "", true},
		"all but one":         {`"NotPrincipal":{"AWS":"arn:aws:iam::1:root"},"Action":"sts:*"`, "anyone", "", false},
		"vendor":              {`"Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"`, "external", "111122223333", false},
		"vendor by number":    {`"Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x"}}`, "external", "111122223333", true},
		"vendor, any id":      {`"Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"StringLike":{"sts:ExternalId":"*"}}`, "external", "111122223333", false},
		"vendor, if it has":   {`"Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"StringEqualsIfExists":{"sts:ExternalId":"x"}}`, "external", "111122223333", false},
		"service":             {`"Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"`, "service", "", false},
		"own account":         {`"Principal":{"AWS":"arn:aws:iam::644160558196:root"},"Action":"sts:AssumeRole"`, "group", "644160558196", false},
		"own role":            {`"Principal":{"AWS":"arn:aws:iam::644160558196:role/ci"},"Action":"sts:AssumeRole"`, "workload", "644160558196", false},
		"repository":          {sub("repo:acme/app:ref:refs/heads/main"), "external", "token.actions.githubusercontent.com", true},
		"any branch":          {sub("repo:acme/app:*"), "external", "token.actions.githubusercontent.com", true},
		"any repository":      {sub("repo:*"), "external", "token.actions.githubusercontent.com", false},
		"names that begin so": {sub("repo:acme*"), "external", "token.actions.githubusercontent.com", false},
		"anything":            {sub("*"), "external", "token.actions.githubusercontent.com", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document := `{"Statement":[{"Effect":"Allow",` + c.statement + `}]}`
			trusts := trustsOf(types.RoleDetail{RoleName: aws.String("r"), AssumeRolePolicyDocument: &document})
			if len(trusts) != 1 {
				t.Fatalf("%d trusts", len(trusts))
			}
			states(t, trustFacts(here, trustAnswers{Trust: trusts[0]}), map[string]any{
				"principal_kind": c.kind, "principal_owner": c.owner, "trust_pinned": c.pinned, "standing": false, "admin": false, "wildcard": "n/a",
			})
		})
	}
	if got := trustsOf(types.RoleDetail{AssumeRolePolicyDocument: aws.String("{")}); len(got) != 1 || got[0].Type != "" {
		t.Errorf("an unreadable policy gives %+v", got)
	}
	lent := trust{Role: "r", Type: "AWS", Principal: "arn:aws:iam::644160558196:role/ci", Document: aws.String(`{"Statement":[]}`), Policies: []heldPolicy{{Document: &adminRights}}}
	states(t, trustFacts(here, trustAnswers{Trust: lent}), map[string]any{"admin": true, "write": true})
	user := trust{Role: "r", Type: "AWS", Principal: "arn:aws:iam::644160558196:user/a", Document: aws.String(`{"Statement":[]}`)}
	states(t, trustFacts(here, trustAnswers{Trust: user, Console: collectors.Answer[iam.GetLoginProfileOutput]{Failed: deniedAt}}), map[string]any{"principal_kind": nil})
	states(t, trustFacts(here, trustAnswers{Trust: user, Console: withConsole}), map[string]any{"principal_kind": "human"})
}

func TestAttachment(t *testing.T) {
	t.Parallel()
	facts := func(h holder, p heldPolicy, console collectors.Answer[iam.GetLoginProfileOutput]) *inventory.Resource {
		return attachmentFacts(here, attachmentAnswers{Attachment: attachment{Holder: h, Policy: p}, Console: console})
	}
	own := heldPolicy{Name: "star", ARN: "arn:aws:iam::644160558196:policy/star", Document: &adminRights}
	provided := heldPolicy{Name: "AdministratorAccess", ARN: "arn:aws:iam::aws:policy/AdministratorAccess", Document: &adminRights}
	states(t, facts(holder{Name: "bob", Type: "user"}, own, withConsole), map[string]any{
		"principal_kind": "human", "wildcard": true, "admin": true, "write": true, "standing": true, "privilege_escalation": "n/a", "trust_pinned": "n/a"})
	states(t, facts(holder{Name: "ci", Type: "user"}, provided, noConsole), map[string]any{"principal_kind": "workload", "wildcard": false, "admin": true})
	states(t, facts(holder{Name: "x", Type: "user"}, own, collectors.Answer[iam.GetLoginProfileOutput]{Failed: deniedAt}), map[string]any{"principal_kind": nil})
	states(t, facts(holder{Name: "g", Type: "group"}, own, noConsole), map[string]any{"principal_kind": "group", "standing": true})
	states(t, facts(holder{Name: "r", Type: "role", Path: "/"}, own, noConsole), map[string]any{"principal_kind": "workload", "standing": false})
	states(t, facts(holder{Name: "s", Type: "role", Path: "/aws-reserved/sso.amazonaws.com/"}, own, noConsole), map[string]any{"principal_kind": "group", "standing": false})
	states(t, facts(holder{Name: "l", Type: "role", Path: "/aws-service-role/x/"}, own, noConsole), map[string]any{"principal_kind": "service"})
	states(t, facts(holder{Name: "r", Type: "role"}, heldPolicy{Name: "lost"}, noConsole), map[string]any{"wildcard": nil, "admin": nil, "write": nil})
}

func TestUser(t *testing.T) {
	t.Parallel()
	used := made.AddDate(0, 6, 0)
	key := func(active bool, use collectors.Answer[iam.GetAccessKeyLastUsedOutput]) collectors.Answer[userKeys] {
		return told(userKeys{Keys: []userKey{{ID: "k", Active: active, Use: use}}})
	}
	usedKey := told(iam.GetAccessKeyLastUsedOutput{AccessKeyLastUsed: &types.AccessKeyLastUsed{LastUsedDate: &used}})
	base := userAnswers{User: types.UserDetail{Arn: aws.String("arn:aws:iam::644160558196:user/a"), UserName: aws.String("a"), CreateDate: &made},
		Get: told(iam.GetUserOutput{User: &types.User{}}), Console: withConsole, Devices: told(userDevices{}), Keys: told(userKeys{})}
	with := func(change func(*userAnswers)) *inventory.Resource { a := base; change(&a); return userFacts(here, a) }
	states(t, with(func(*userAnswers) {}), map[string]any{"kind": "human", "interactive": true, "enabled": true, "mfa": false,
		"mfa_phishing_resistant": false, "last_used_at": inventory.Day(made), "directory_managed": false, "grants": []string{"aws:644160558196/access_grant/user/a"}})
	states(t, with(func(a *userAnswers) { a.Devices = told(userDevices{Serials: []string{"arn:aws:iam::1:u2f/user/a/k"}}) }),
		map[string]any{"mfa": true, "mfa_phishing_resistant": true})
	states(t, with(func(a *userAnswers) {
		a.Devices = told(userDevices{Serials: []string{"arn:aws:iam::1:u2f/k", "arn:aws:iam::1:mfa/a"}})
	}),
		map[string]any{"mfa": true, "mfa_phishing_resistant": false})
	states(t, with(func(a *userAnswers) { a.Console, a.Keys = noConsole, key(true, usedKey) }),
		map[string]any{"kind": "workload", "enabled": true, "interactive": false, "last_used_at": inventory.Day(used)})
	states(t, with(func(a *userAnswers) { a.Console, a.Keys = noConsole, key(false, usedKey) }), map[string]any{"enabled": false})
	states(t, with(func(a *userAnswers) { a.Console = collectors.Answer[iam.GetLoginProfileOutput]{Failed: deniedAt} }),
		map[string]any{"kind": nil, "interactive": nil, "enabled": nil})
	states(t, with(func(a *userAnswers) {
		a.Keys = key(true, collectors.Answer[iam.GetAccessKeyLastUsedOutput]{Failed: deniedAt})
	}),
		map[string]any{"last_used_at": nil, "enabled": true})
	states(t, with(func(a *userAnswers) { a.Get = collectors.Answer[iam.GetUserOutput]{Failed: deniedAt} }), map[string]any{"last_used_at": nil})
	states(t, with(func(a *userAnswers) { a.Devices = collectors.Answer[userDevices]{Failed: deniedAt} }), map[string]any{"mfa": nil, "mfa_phishing_resistant": nil})
}

func TestRoot(t *testing.T) {
	t.Parallel()
	unused := told(rootUse{})
	states(t, rootFacts(here, rootAnswers{Summary: accountSummary{"AccountMFAEnabled": 0}, Virtual: told(rootDevices{}), Use: unused}),
		map[string]any{"mfa": false, "mfa_phishing_resistant": false, "enabled": true, "interactive": true, "last_used_at": nil})
	states(t, rootFacts(here, rootAnswers{Summary: accountSummary{"AccountMFAEnabled": 1, "AccountPasswordPresent": 0}, Virtual: told(rootDevices{}), Use: unused}),
		map[string]any{"mfa": true, "mfa_phishing_resistant": true, "enabled": false, "interactive": false})
	states(t, rootFacts(here, rootAnswers{Summary: accountSummary{}, Virtual: told(rootDevices{}), Use: collectors.Answer[rootUse]{Failed: deniedAt}}),
		map[string]any{"mfa": nil, "mfa_phishing_resistant": nil, "last_used_at": nil})
	states(t, rootFacts(here, rootAnswers{Summary: accountSummary{"AccountMFAEnabled": 1}, Virtual: collectors.Answer[rootDevices]{Failed: deniedAt}, Use: unused}),
		map[string]any{"mfa": true, "mfa_phishing_resistant": nil})
	states(t, rootKeyFacts(here, rootKeyAnswers{Summary: accountSummary{"AccountAccessKeysPresent": 0}}), map[string]any{"enabled": false, "rotated_at": "n/a", "owner_kind": "root"})
	states(t, rootKeyFacts(here, rootKeyAnswers{Summary: accountSummary{}}), map[string]any{"enabled": nil, "rotated_at": nil})
	states(t, rootKeyFacts(here, rootKeyAnswers{Summary: accountSummary{"AccountAccessKeysPresent": 1}, Use: told(rootUse{Keys: []rootKeyUse{{RotatedAt: &made}}})}),
		map[string]any{"enabled": true, "rotated_at": made, "last_used_at": inventory.Day(made)})
}

func TestRole(t *testing.T) {
	t.Parallel()
	states(t, roleFacts(here, roleDetail{MadeAt: &made, LastUsed: &roleUse{}, Name: aws.String("r")}),
		map[string]any{"kind": "workload", "last_used_at": inventory.Day(made), "grants": []string{"aws:644160558196/access_grant/role/r"}, "mfa": "n/a"})
	states(t, roleFacts(here, roleDetail{MadeAt: &made}), map[string]any{"last_used_at": nil})
	states(t, roleFacts(here, roleDetail{Path: aws.String("/aws-service-role/x/")}), map[string]any{"last_used_at": "n/a"})
	states(t, roleFacts(here, roleDetail{Path: aws.String("/aws-reserved/sso.amazonaws.com/")}), map[string]any{"kind": "human", "directory_managed": true})
}

func TestHolders(t *testing.T) {
	t.Parallel()
	group := types.GroupDetail{GroupName: aws.String("ops"), AttachedManagedPolicies: []types.AttachedPolicy{{PolicyArn: aws.String("arn:own"), PolicyName: aws.String("own")}}}
	s := shelf{documents: map[string]*string{"arn:own": &adminRights}, groups: map[string]types.GroupDetail{"ops": group}}
	h := s.user(types.UserDetail{UserName: aws.String("a"), GroupList: []string{"ops", "gone"}})
	if len(h.Policies) != 2 || h.Policies[0].Through != "ops" || h.Policies[0].Document == nil || h.Policies[1].Document != nil {
		t.Errorf("policies %+v", h.Policies)
	}
	states(t, effectiveFacts(here, h), map[string]any{"admin": true, "privilege_escalation": true, "standing": true, "principal_kind": "n/a"})
	if !slices.Equal(effectiveFacts(here, holder{Type: "role", Name: "s", Path: "/aws-service-role/x/"}).Facts.(*inventory.AccessGrant).ConflictingDuties, nil) {
		t.Error("a role of a service is judged by its duties")
	}
}
