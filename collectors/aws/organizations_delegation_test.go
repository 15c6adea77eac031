package aws

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/plumbline-posture/plumbline/collectors"
)

func delegations() script {
	return script{
		"DescribeOrganization": managedBy(here.Scope.Account()),
		"ListDelegatedAdministrators": say(&organizations.ListDelegatedAdministratorsOutput{
			DelegatedAdministrators: []orgtypes.DelegatedAdministrator{
				{Id: aws.String("111122223333"), Name: aws.String("security")}, {Id: aws.String("444455556666")},
			},
		}),
		"ListDelegatedServicesForAccount": func(in any) (any, error) {
			if aws.ToString(in.(*organizations.ListDelegatedServicesForAccountInput).AccountId) != "111122223333" {
				return refuse("AccountNotRegisteredException")(in)
			}
			return &organizations.ListDelegatedServicesForAccountOutput{DelegatedServices: []orgtypes.DelegatedService{
				{ServicePrincipal: aws.String("guardduty.amazonaws.com")}, {ServicePrincipal: aws.String("sso.amazonaws.com")},
			}}, nil
		},
	}
}

func TestDelegations(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, "us-east-1", delegations())
	names := map[string]bool{}
	for d, err := range listDelegations(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		r := delegationFacts(here, d)
		names[r.Name] = true
		stated{"principal": "aws:111122223333/cloud_account/111122223333", "principal_kind": "external",
			"principal_owner": "111122223333", "external_known": true, "admin": false, "write": true, "standing": true,
			"wildcard": notApplicable, "privilege_escalation": notApplicable, "trust_pinned": notApplicable}.check(t, r)
	}
	if len(names) != 2 || !names["guardduty.amazonaws.com by account security"] {
		t.Error(names)
	}
}

func TestDelegationsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operation, code string
		permission      string
	}{
		"no organisation":       {"DescribeOrganization", "AWSOrganizationsNotInUseException", ""},
		"organisation denied":   {"DescribeOrganization", "AccessDeniedException", "organizations:DescribeOrganization"},
		"administrators denied": {"ListDelegatedAdministrators", "AccessDeniedException", delegationPermission},
		"services denied": {"ListDelegatedServicesForAccount", "AccessDeniedException",
			"organizations:ListDelegatedServicesForAccount"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := delegations()
			lines[c.operation] = refuse(c.code)
			clients, _ := scripted(t, "us-east-1", lines)
			permission := ""
			for _, err := range listDelegations(context.Background(), clients) {
				var f *collectors.Failure
				switch {
				case err == nil:
					t.Error("something is listed")
				case errors.As(err, &f):
					permission = f.Permission
				default:
					permission = delegationPermission // what the listing is known by
				}
			}
			if permission != c.permission {
				t.Errorf("it ends in %q; want %q", permission, c.permission)
			}
		})
	}
	clients, calls := scripted(t, "us-east-1", script{"DescribeOrganization": managedBy("999999999999")})
	for _, err := range listDelegations(context.Background(), clients) {
		t.Errorf("a member lists something, or is refused: %v", err)
	}
	if calls("ListDelegatedAdministrators") > 0 {
		t.Error("a member asks for what is the management account's")
	}
}
