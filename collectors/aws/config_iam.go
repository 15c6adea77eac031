package aws

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

var (
	configUser = configType(recordedType{
		name: "AWS::IAM::User", kind: "aws.iam.user", global: true,
		needs: []string{"userName", "arn", "createDate", "groupList", "userPolicyList", "attachedManagedPolicies"},
	})
	configRole = configType(recordedType{
		name: "AWS::IAM::Role", kind: "aws.iam.role", global: true,
		needs: []string{"roleName", "arn", "path", "createDate", "assumeRolePolicyDocument", "rolePolicyList",
			"attachedManagedPolicies", "instanceProfileList"},
	})
	configGroup = configType(recordedType{
		name: "AWS::IAM::Group", global: true,
		needs: []string{"groupName", "arn", "groupPolicyList", "attachedManagedPolicies"},
	})
	configPolicy = configType(recordedType{
		name: "AWS::IAM::Policy", global: true, needs: []string{"arn", "policyName", "policyVersionList"},
	})
)

// details answers with the users, roles, groups or policies of the account, whichever it is asked for.
var details = map[types.EntityType]exportAnswer{
	types.EntityTypeUser: detailed(configUser,
		func(o *iam.GetAccountAuthorizationDetailsOutput, items []types.UserDetail) { o.UserDetailList = items }),
	types.EntityTypeRole: detailed(configRole,
		func(o *iam.GetAccountAuthorizationDetailsOutput, items []types.RoleDetail) { o.RoleDetailList = items }),
	types.EntityTypeGroup: asFarAsTold(detailed(configGroup,
		func(o *iam.GetAccountAuthorizationDetailsOutput, items []types.GroupDetail) {
			o.GroupDetailList = items
		})),
	types.EntityTypeLocalManagedPolicy: asFarAsTold(detailed(configPolicy,
		func(o *iam.GetAccountAuthorizationDetailsOutput, items []types.ManagedPolicyDetail) {
			o.Policies = items
		})),
}

func detailed[T any](t *recordedType, put func(*iam.GetAccountAuthorizationDetailsOutput, []T)) exportAnswer {
	return listing(t, func(i *recordedItem) (item T, err error) { return item, i.into(t, &item) }, put, "Filter")
}

// asFarAsTold ends a listing of groups or policies without an error: they are looked up by those that hold them, and a
// holder of one that was not told is unknown for itself.
func asFarAsTold(answer exportAnswer) exportAnswer {
	return asFarAsRecorded[iam.GetAccountAuthorizationDetailsOutput](answer)
}

var _ = answersListing("IAM.GetAccountAuthorizationDetails", func(e *Export, region string, in any) (any, error) {
	question, ok := in.(*iam.GetAccountAuthorizationDetailsInput)
	if !ok {
		return nil, errNotExported
	}
	for kind, answer := range details {
		if slices.Contains(question.Filter, kind) {
			return answer(e, region, in)
		}
	}
	return nil, errNotExported
})

// Roles tell the profiles that machines wear them by.
var _ = answersListing("IAM.ListInstanceProfiles", listing(configRole,
	func(i *recordedItem) ([]types.InstanceProfile, error) {
		var role types.RoleDetail
		err := i.into(configRole, &role)
		return role.InstanceProfileList, err
	},
	func(o *iam.ListInstanceProfilesOutput, ofRoles [][]types.InstanceProfile) {
		o.InstanceProfiles = slices.Concat(ofRoles...)
	}))
