package aws

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	storetypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const (
	setPrefix   = "arn:aws:sso:::permissionSet/ssoins-1/"
	everything1 = `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	looking     = `{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}]}`
	climbing    = `{"Statement":[{"Effect":"Allow","Action":["iam:CreatePolicyVersion","kms:PutKeyPolicy","kms:Decrypt"],"Resource":"*"}]}`
)

var (
	allRights = []string{"admin", "write", "wildcard", "privilege_escalation", "conflicting_duties"}
	byGroup   = assignment{"d-1", "111122223333", setPrefix + "ps-1", "GROUP", "g-1"}
	byUser    = assignment{"d-1", "111122223333", setPrefix + "ps-1", "USER", "u-1"}

	_ = sample("aws.sso.assignment", assignmentFacts,
		assignmentAnswers{byGroup, answered(&principalName{"admins"}), answered(&permissionSetName{"Admin"}),
			answered(&setRights{Policies: []heldPolicy{{Name: "AdministratorAccess", ARN: administratorAccess}}})},
		assignmentAnswers{byUser, refused[principalName](), refused[permissionSetName](), refused[setRights]()},
		assignmentAnswers{byUser, absentAnswer[principalName](), answered(&permissionSetName{"Own"}),
			answered(&setRights{Elsewhere: []string{"/own"}, Boundary: &heldPolicy{Name: "/limit"}})})
	_ = sample("aws.sso.roster", rosterFacts, rosterAnswers{"111122223333", "Admin", []string{"u"}, []string{"g"}})
	_ = sample("aws.identitystore.group", groupFacts,
		groupAnswers{groupAccess{"d-1", "g-1", answered(&principalName{"admins"}),
			[]collectors.Answer[setRights]{answered(&setRights{})}}, answered(&groupMembers{[]string{"u"}})},
		groupAnswers{groupAccess{"d-1", "g-1", refused[principalName](), []collectors.Answer[setRights]{refused[setRights]()}},
			refused[groupMembers]()})
	_ = sample("aws.organizations.delegation", delegationFacts, delegation{"111122223333", "security", "guardduty.amazonaws.com"})
)

func absentAnswer[T any]() collectors.Answer[T] {
	return collectors.Answer[T]{Action: "Test", Absent: true}
}

// managedBy is the organisation as an account of it sees it.
func managedBy(account string) func(any) (any, error) {
	return say(&organizations.DescribeOrganizationOutput{Organization: &orgtypes.Organization{
		Id: aws.String("o-abcdefghij"), MasterAccountId: aws.String(account),
	}})
}

// centre is an identity centre with three sets: one of AWS's that a group and a person take on, one of its own that a
// person who is gone may take on, and one that names a policy of the account.
func centre() script {
	return script{
		"DescribeOrganization": managedBy(here.Scope.Account()),
		"ListInstances": say(&ssoadmin.ListInstancesOutput{Instances: []ssotypes.InstanceMetadata{
			{OwnerAccountId: aws.String("999999999999"), InstanceArn: aws.String("foreign"), IdentityStoreId: aws.String("d-9")},
			{OwnerAccountId: aws.String(here.Scope.Account()), InstanceArn: aws.String("own"), IdentityStoreId: aws.String("d-1")},
		}}),
		"ListPermissionSets": func(in any) (any, error) {
			if aws.ToString(in.(*ssoadmin.ListPermissionSetsInput).InstanceArn) != "own" {
				return refuse("AccessDeniedException")(in)
			}
			return &ssoadmin.ListPermissionSetsOutput{PermissionSets: []string{
				setPrefix + "ps-admin", setPrefix + "ps-own", setPrefix + "ps-named", setPrefix + "ps-idle",
			}}, nil
		},
		"DescribePermissionSet": func(in any) (any, error) {
			_, name, _ := strings.Cut(aws.ToString(in.(*ssoadmin.DescribePermissionSetInput).PermissionSetArn), "ps-")
			return &ssoadmin.DescribePermissionSetOutput{PermissionSet: &ssotypes.PermissionSet{Name: aws.String("Set_" + name)}}, nil
		},
		"ListAccountsForProvisionedPermissionSet": func(in any) (any, error) {
			if strings.HasSuffix(aws.ToString(in.(*ssoadmin.ListAccountsForProvisionedPermissionSetInput).PermissionSetArn), "idle") {
				return &ssoadmin.ListAccountsForProvisionedPermissionSetOutput{}, nil
			}
			return &ssoadmin.ListAccountsForProvisionedPermissionSetOutput{AccountIds: []string{"111122223333"}}, nil
		},
		"ListAccountAssignments": func(in any) (any, error) {
			set := in.(*ssoadmin.ListAccountAssignmentsInput).PermissionSetArn
			let := func(kind ssotypes.PrincipalType, id string) ssotypes.AccountAssignment {
				return ssotypes.AccountAssignment{AccountId: aws.String("111122223333"), PermissionSetArn: set,
					PrincipalType: kind, PrincipalId: aws.String(id)}
			}
			out := &ssoadmin.ListAccountAssignmentsOutput{AccountAssignments: []ssotypes.AccountAssignment{let("GROUP", "g-1")}}
			switch shortID(*set) {
			case "ps-admin":
				out.AccountAssignments = append(out.AccountAssignments, let("USER", "u-1"))
			case "ps-own":
				out.AccountAssignments = []ssotypes.AccountAssignment{let("USER", "u-gone")}
			}
			return out, nil
		},
		"DescribeGroup": say(&identitystore.DescribeGroupOutput{DisplayName: aws.String("admins")}),
		"DescribeUser": func(in any) (any, error) {
			if aws.ToString(in.(*identitystore.DescribeUserInput).UserId) == "u-gone" {
				return refuse("ResourceNotFoundException")(in)
			}
			return &identitystore.DescribeUserOutput{UserName: aws.String("dora")}, nil
		},
		"GetInlinePolicyForPermissionSet": func(in any) (any, error) {
			out := &ssoadmin.GetInlinePolicyForPermissionSetOutput{}
			if strings.HasSuffix(aws.ToString(in.(*ssoadmin.GetInlinePolicyForPermissionSetInput).PermissionSetArn), "own") {
				out.InlinePolicy = aws.String(climbing)
			}
			return out, nil
		},
		"ListManagedPoliciesInPermissionSet": func(in any) (any, error) {
			out := &ssoadmin.ListManagedPoliciesInPermissionSetOutput{}
			if strings.HasSuffix(aws.ToString(in.(*ssoadmin.ListManagedPoliciesInPermissionSetInput).PermissionSetArn), "admin") {
				out.AttachedManagedPolicies = []ssotypes.AttachedManagedPolicy{
					{Name: aws.String("Everything"), Arn: aws.String("arn:aws:iam::aws:policy/Everything")},
				}
			}
			return out, nil
		},
		"ListCustomerManagedPolicyReferencesInPermissionSet": func(in any) (any, error) {
			out := &ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetOutput{}
			of := in.(*ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetInput).PermissionSetArn
			if strings.HasSuffix(aws.ToString(of), "named") {
				out.CustomerManagedPolicyReferences = []ssotypes.CustomerManagedPolicyReference{{Name: aws.String("ours")}}
			}
			return out, nil
		},
		"GetPermissionsBoundaryForPermissionSet": refuse("ResourceNotFoundException"),
		"GetPolicy":                              say(&iam.GetPolicyOutput{Policy: &iamtypes.Policy{DefaultVersionId: aws.String("v1")}}),
		"GetPolicyVersion": say(&iam.GetPolicyVersionOutput{PolicyVersion: &iamtypes.PolicyVersion{
			Document: aws.String("%7B%22Statement%22%3A%20%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D"),
		}}),
		"ListGroupMemberships": say(&identitystore.ListGroupMembershipsOutput{GroupMemberships: []storetypes.GroupMembership{
			{MemberId: &storetypes.MemberIdMemberUserId{Value: "u-2"}}, {MemberId: &storetypes.MemberIdMemberUserId{Value: "u-1"}},
		}}),
		"ListUsers": say(&identitystore.ListUsersOutput{Users: []storetypes.User{
			{UserId: aws.String("u-1"), UserName: aws.String("dora"), UserStatus: storetypes.UserStatusEnabled},
		}}),
	}
}

// centreTold is all that a centre's answers come to, by name, with the errors that the listings ended in.
type centreTold struct {
	records map[string]*inventory.Resource
	errors  []*collectors.Failure
}

func tellCentre(t *testing.T, lines script) (centreTold, func(string) int) {
	t.Helper()
	c, calls := scripted(t, "eu-central-1", lines)
	out, ctx := centreTold{records: map[string]*inventory.Resource{}}, context.Background()
	add := func(r *inventory.Resource, err error) {
		if err == nil {
			out.records[r.Name] = r
			return
		}
		var f *collectors.Failure
		if !errors.As(err, &f) {
			t.Errorf("%v names no call", err)
			return
		}
		out.errors = append(out.errors, f)
	}
	access, err := c.access(ctx)
	for a, err := range assignmentsOf(access, err) {
		roundTrip(t, a)
		add(assignmentFacts(here, a), err)
	}
	for a, err := range rostersOf(access, err) {
		roundTrip(t, a)
		add(rosterFacts(here, a), err)
	}
	for g, err := range groupsOf(access, err) {
		a := askGroup(ctx, c, g)
		roundTrip(t, a)
		add(groupFacts(here, a), err)
	}
	for u, err := range listDirectoryUsers(ctx, c) {
		roundTrip(t, u)
		add(directoryUserFacts(here, u), err)
	}
	return out, calls
}

func TestAssignments(t *testing.T) {
	t.Parallel()
	got, calls := tellCentre(t, centre())
	if len(got.errors) > 0 || len(got.records) != 9 {
		t.Fatalf("%v, %d records", got.errors, len(got.records))
	}
	for name, want := range map[string]stated{
		"Set_admin of group admins in 111122223333": {"principal": "arn:aws:identitystore:::group/g-1",
			"principal_kind": "group", "admin": true, "write": true, "wildcard": false, "privilege_escalation": true,
			"standing": false, "may_administer": "", "trust_pinned": notApplicable, "crosses_environment": notApplicable},
		"Set_admin of user dora in 111122223333": {"principal": "arn:aws:identitystore:::user/u-1", "principal_kind": "human"},
		"Set_own of user u-gone in 111122223333": {"admin": false, "privilege_escalation": true, "wildcard": false,
			"conflicting_duties": "[key_admin+key_use]"},
		"Set_named of group admins in 111122223333": {"admin": nil, "write": nil, "wildcard": notApplicable,
			"privilege_escalation": notApplicable, "conflicting_duties": notApplicable},
		"Set_admin in 111122223333": {"people": "[arn:aws:identitystore:::user/u-1]", "groups": "[arn:aws:identitystore:::group/g-1]"},
		"Set_own in 111122223333":   {"people": "[]", "groups": "[]"},
		"admins": {"administers": true,
			"members": "[arn:aws:identitystore:::user/u-1 arn:aws:identitystore:::user/u-2]"},
		"dora": {"in_directory": true,
			"grants": "[aws:644160558196/access_grant/assignment/111122223333/ps-admin/USER/u-1]"},
	} {
		if got.records[name] == nil {
			t.Errorf("nothing is called %s", name)
			continue
		}
		want.check(t, got.records[name])
	}
	if id := got.records["Set_admin in 111122223333"].ID; id != "aws:111122223333/roster/Set_admin" {
		t.Errorf("the roster is %s", id)
	}
	for operation, want := range map[string]int{"ListPermissionSets": 1, "ListAccountAssignments": 3, "GetPolicyVersion": 1,
		"DescribePermissionSet": 3, "DescribeGroup": 1, "ListGroupMemberships": 1} {
		if n := calls(operation); n != want {
			t.Errorf("%s is called %d times; want %d", operation, n, want)
		}
	}
}

// TestAssignmentsDenied refuses one operation after the other. What needs the answer says so, and by whose right.
func TestAssignmentsDenied(t *testing.T) {
	t.Parallel()
	const admin = "Set_admin of group admins in 111122223333"
	for operation, c := range map[string]struct {
		permission string
		// record is what loses facts; empty where the listings are incomplete instead.
		record string
		lost   []string
	}{
		"ListInstances":                                      {"sso:ListInstances", "", nil},
		"ListPermissionSets":                                 {"sso:ListPermissionSets", "", nil},
		"ListAccountsForProvisionedPermissionSet":            {"sso:ListAccountsForProvisionedPermissionSet", "", nil},
		"ListAccountAssignments":                             {"sso:ListAccountAssignments", "", nil},
		"DescribePermissionSet":                              {"sso:DescribePermissionSet", "", nil},
		"GetInlinePolicyForPermissionSet":                    {"sso:GetInlinePolicyForPermissionSet", admin, allRights},
		"ListManagedPoliciesInPermissionSet":                 {"sso:ListManagedPoliciesInPermissionSet", admin, allRights},
		"ListCustomerManagedPolicyReferencesInPermissionSet": {"sso:ListCustomerManagedPolicyReferencesInPermissionSet", admin, allRights},
		"GetPermissionsBoundaryForPermissionSet":             {"sso:GetPermissionsBoundaryForPermissionSet", admin, allRights},
		"GetPolicy":                                          {"iam:GetPolicy", admin, allRights},
		"GetPolicyVersion":                                   {"iam:GetPolicyVersion", admin, allRights},
		"ListGroupMemberships":                               {"identitystore:ListGroupMemberships", "admins", []string{"members"}},
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			lines := centre()
			lines[operation] = refuse("AccessDeniedException")
			got, _ := tellCentre(t, lines)
			if c.record == "" {
				denied := slices.ContainsFunc(got.errors, func(f *collectors.Failure) bool {
					return f.Permission == c.permission && f.Cause == inventory.CauseDenied
				})
				if !denied {
					t.Errorf("no listing ends in it: %v", got.errors)
				}
				return
			}
			r := got.records[c.record]
			if len(got.errors) > 0 || r == nil {
				t.Fatalf("%v, %v", got.errors, r)
			}
			for _, fact := range c.lost {
				if why := r.Why(fact); r.IsKnown(fact) || why.Permission != c.permission || why.Cause != inventory.CauseDenied {
					t.Errorf("%s: known %v, %+v", fact, r.IsKnown(fact), why)
				}
			}
			if c.record == admin && got.records["admins"].IsKnown("administers") {
				t.Error("it is known whether the group administers anything")
			}
		})
	}
}

// TestAssignmentsOfTheNameless leaves people and groups without names: who they are is known all the same.
func TestAssignmentsOfTheNameless(t *testing.T) {
	t.Parallel()
	lines := centre()
	lines["DescribeGroup"], lines["DescribeUser"] = refuse("AccessDeniedException"), refuse("AccessDeniedException")
	got, _ := tellCentre(t, lines)
	if len(got.errors) > 0 {
		t.Error(got.errors)
	}
	stated{"admin": true, "principal": "arn:aws:identitystore:::group/g-1"}.check(t, got.records["Set_admin of group g-1 in 111122223333"])
	stated{"administers": true}.check(t, got.records["g-1"])
	// Whether somebody is gone is not told either.
	stated{"people": "[arn:aws:identitystore:::user/u-gone]"}.check(t, got.records["Set_own in 111122223333"])
}

// TestPersonWithoutAssignments is a directory whose assignments may not be read: what its people hold is then unknown.
func TestPersonWithoutAssignments(t *testing.T) {
	t.Parallel()
	lines := centre()
	lines["ListAccountAssignments"] = refuse("AccessDeniedException")
	got, _ := tellCentre(t, lines)
	if why := got.records["dora"].Why("grants"); why.Permission != assignmentPermission || why.Cause != inventory.CauseDenied {
		t.Errorf("%+v", why)
	}
}

// TestCentreOfOthers is an account that the centre of its organisation serves: it is not asked, and nothing is missing.
func TestCentreOfOthers(t *testing.T) {
	t.Parallel()
	for name, organisation := range map[string]func(any) (any, error){
		"a member":       managedBy("999999999999"),
		"alone":          refuse("AWSOrganizationsNotInUseException"),
		"refused to say": refuse("AccessDeniedException"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := centre()
			lines["DescribeOrganization"] = organisation
			got, calls := tellCentre(t, lines)
			if len(got.errors) > 0 {
				t.Error(got.errors)
			}
			if asked := calls("ListPermissionSets") > 0; asked != (name == "refused to say") {
				t.Errorf("asked: %v", asked)
			}
			if name != "refused to say" {
				stated{"grants": "[]"}.check(t, got.records["dora"])
			}
		})
	}
}

func TestPermissionSetRights(t *testing.T) {
	t.Parallel()
	inline := func(text string) []heldPolicy { return []heldPolicy{{Name: "inline", Document: aws.String(text)}} }
	limit := &heldPolicy{Name: "limit", ARN: "arn:aws:iam::aws:policy/limit", Document: aws.String(looking)}
	for name, c := range map[string]struct {
		set  setRights
		want stated
	}{
		"nothing":         {setRights{}, stated{"admin": false, "write": false, "wildcard": false, "privilege_escalation": false}},
		"looking":         {setRights{Policies: inline(looking)}, stated{"admin": false, "write": false, "privilege_escalation": false}},
		"so many words":   {setRights{Policies: inline(everything1)}, stated{"admin": true, "wildcard": true}},
		"within a limit":  {setRights{Policies: inline(everything1), Boundary: limit}, stated{"admin": false, "wildcard": true, "privilege_escalation": false}},
		"an unread limit": {setRights{Policies: inline(everything1), Boundary: &heldPolicy{Name: "/limit"}}, stated{"admin": nil, "wildcard": true, "privilege_escalation": notApplicable}},
		"not JSON":        {setRights{Policies: inline("{")}, stated{"admin": nil, "write": nil, "privilege_escalation": nil, "conflicting_duties": nil}},
		"sure enough":     {setRights{Policies: inline(everything1), Elsewhere: []string{"/more"}}, stated{"admin": true, "wildcard": true, "write": true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := assignmentFacts(here, assignmentAnswers{Assignment: byGroup, Rights: answered(&c.set)})
			c.want.check(t, r)
		})
	}
}

func TestRoleOfASet(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]string{
		"AWSReservedSSO_Admin_0123456789abcdef": "Admin", "AWSReservedSSO_Data_Team_0123456789abcdef": "Data_Team",
		"AWSReservedSSO_0123456789abcdef": "", "AWSReservedSSO__0123456789abcdef": "", "Admin_0123456789abcdef": "",
	} {
		if got := setOfRole(role); got != want {
			t.Errorf("%s is of %q; want %q", role, got, want)
		}
	}
	const path = "/aws-reserved/sso.amazonaws.com/eu-central-1/"
	r := effectiveFacts(here, holder{Type: "role", Name: "AWSReservedSSO_Admin_0123456789abcdef", Path: path})
	stated{"roster": rosterID(here.Scope.Account(), "Admin"), "worn_by_people": true}.check(t, r)
	r = trustFacts(here, trustAnswers{Trust: trust{Role: "r", RolePath: path, Type: "Federated",
		Principal: "arn:aws:iam::644160558196:saml-provider/AWSSSO_1_DO_NOT_DELETE", Document: aws.String(`{"Statement":[]}`)}})
	stated{"principal_kind": "group", "principal_owner": "644160558196"}.check(t, r)
}
