package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	cognitotypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	storetypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
)

var (
	_ = sample("aws.cognito.user_pool", userPoolFacts, userPoolAnswers{userPool{"us-east-1_a", "pool"}, answered(&userPoolRules{Password: &cognitotypes.PasswordPolicyType{MinimumLength: aws.Int32(8)}})},
		userPoolAnswers{userPool{"us-east-1_a", "pool"}, refused[userPoolRules]()})
	_ = sample("aws.identitystore.user", directoryUserFacts,
		directoryUser{Store: "d-1", ID: "u-1", Name: "ada", Status: "ENABLED", Access: userAccess{answered(&assignedTo{
			[]assignment{{"d-1", "1", "arn:aws:sso:::permissionSet/ssoins-1/ps-1", "USER", "u-1"}}})}},
		directoryUser{Store: "d-1", ID: "u-2", Name: "bob", Access: userAccess{refused[assignedTo]()}})
)

func TestUserPool(t *testing.T) {
	t.Parallel()
	describe := func(policies *cognitotypes.UserPoolPolicyType) func(any) (any, error) {
		return say(&cognitoidentityprovider.DescribeUserPoolOutput{UserPool: &cognitotypes.UserPoolType{Policies: policies, UserPoolTags: map[string]string{"env": "prod"}}})
	}
	for name, c := range map[string]struct {
		lines script
		want  stated
	}{
		"long":     {script{"DescribeUserPool": describe(&cognitotypes.UserPoolPolicyType{PasswordPolicy: &cognitotypes.PasswordPolicyType{MinimumLength: aws.Int32(16)}})}, stated{"password_min_length": 16, "scope": "customer"}},
		"not said": {script{"DescribeUserPool": describe(nil)}, stated{"password_min_length": nil, "scope": "customer"}},
		"denied":   {script{}, stated{"password_min_length": nil, "mfa_required_for": notApplicable}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clients, _ := scripted(t, "us-east-1", c.lines)
			a := askUserPool(context.Background(), clients, userPool{"us-east-1_a", "pool"})
			roundTrip(t, a)
			r := userPoolFacts(here, a)
			c.want.check(t, r)
			if r.ID != "arn:aws:cognito-idp:us-east-1:644160558196:userpool/us-east-1_a" {
				t.Errorf("id %s", r.ID)
			}
		})
	}
}

func TestDirectoryUsers(t *testing.T) {
	t.Parallel()
	own := ssotypes.InstanceMetadata{OwnerAccountId: aws.String("644160558196"), IdentityStoreId: aws.String("d-own")}
	foreign := ssotypes.InstanceMetadata{OwnerAccountId: aws.String("1"), IdentityStoreId: aws.String("d-foreign")}
	users := func(in any) (any, error) {
		if aws.ToString(in.(*identitystore.ListUsersInput).IdentityStoreId) != "d-own" {
			t.Error("another account's people are listed")
		}
		return &identitystore.ListUsersOutput{Users: []storetypes.User{
			{UserId: aws.String("1"), UserName: aws.String("ada"), UserStatus: storetypes.UserStatusEnabled},
			{UserId: aws.String("2"), UserName: aws.String("bob"), UserStatus: storetypes.UserStatusDisabled},
			{UserId: aws.String("3"), UserName: aws.String("eve")},
		}}, nil
	}
	c, _ := scripted(t, "us-east-1", script{"ListInstances": say(&ssoadmin.ListInstancesOutput{Instances: []ssotypes.InstanceMetadata{foreign, own}}), "ListUsers": users})
	var enabled []any
	for u, err := range listDirectoryUsers(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		r := directoryUserFacts(here, u)
		stated{"kind": "human", "directory_managed": true, "interactive": true, "mfa": nil, "last_used_at": nil}.check(t, r)
		v, known := r.Value("enabled")
		if !known {
			v = nil
		}
		enabled = append(enabled, v)
	}
	if len(enabled) != 3 || enabled[0] != true || enabled[1] != false || enabled[2] != nil {
		t.Errorf("enabled: %v", enabled)
	}
	c, _ = scripted(t, "us-east-1", script{})
	for _, err := range listDirectoryUsers(context.Background(), c) {
		if err == nil {
			t.Error("a denied listing yields people")
		}
	}
}
