package aws

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/plumbline-posture/plumbline/collectors"
)

var (
	_ = sample("aws.cloudtrail.trail", trailFacts, trailAnswers{}, trailAnswers{Item: trailItem{Trail: &cttypes.Trail{
		TrailARN: aws.String("arn:aws:cloudtrail:us-east-1:644160558196:trail/t"), Name: aws.String("t")}}})
	_ = sample("aws.kms.key", keyFacts,
		keyAnswers{Key: keyItem{ID: "k", ARN: "arn:aws:kms:us-east-1:644160558196:key/k"}},
		keyAnswers{Key: keyItem{ID: "p", ARN: "arn:aws:kms:us-east-1:644160558196:key/p"}, Describe: told(kms.DescribeKeyOutput{
			KeyMetadata: &kmstypes.KeyMetadata{KeyManager: kmstypes.KeyManagerTypeAws}})})

	_ = sweep("kms.DescribeKey", keyFacts, func(o *kms.DescribeKeyOutput) []keyAnswers {
		if o.KeyMetadata == nil {
			return nil
		}
		return []keyAnswers{{Key: keyItem{ID: aws.ToString(o.KeyMetadata.KeyId), ARN: aws.ToString(o.KeyMetadata.Arn)}, Describe: told(*o)}}
	})
	_ = sweep("cloudtrail.DescribeTrails", trailFacts, func(o *cloudtrail.DescribeTrailsOutput) []trailAnswers {
		var out []trailAnswers
		for _, t := range o.TrailList {
			out = append(out, trailAnswers{Item: trailItem{Trail: &t}})
		}
		return out
	})
	_ = sweep("iam.ListInstanceProfiles", instanceProfileFacts, func(o *iam.ListInstanceProfilesOutput) []types.InstanceProfile { return o.InstanceProfiles })
	_ = sweep("iam.ListAccessKeys", accessKeyFacts, func(o *iam.ListAccessKeysOutput) []accessKeyAnswers {
		var out []accessKeyAnswers
		for _, k := range o.AccessKeyMetadata {
			out = append(out, accessKeyAnswers{Key: k})
		}
		return out
	})
	_ = sweep("iam.ListRoles", trustFacts, func(o *iam.ListRolesOutput) []trustAnswers {
		var out []trustAnswers
		for _, r := range o.Roles {
			for _, t := range trustsOf(types.RoleDetail{RoleName: r.RoleName, Arn: r.Arn, Path: r.Path, AssumeRolePolicyDocument: r.AssumeRolePolicyDocument}) {
				out = append(out, trustAnswers{Trust: t})
			}
		}
		return out
	})
)

func TestRecordedTrails(t *testing.T) {
	t.Parallel()
	cases := []struct {
		scenario          string
		selectors, status string
		complete, data    any
		queryable         any
	}{
		{"test_cloudtrail_success_cloudtrail_include_management_events", "1", "1", true, true, false},
		{"test_cloudtrail_success_management_advanced_events_included", "1", "1", true, false, true},
		{"test_cloudtrail_fail_include_management_events", "1", "", false, false, false},
		{"test_account_data_events", "4", "", nil, false, false},
		{"test_account_trail_different_region", "", "1", false, nil, false},
		{"test_cloudtrail_status", "", "1", false, false, false},
	}
	for _, c := range cases {
		t.Run(c.scenario, func(t *testing.T) {
			t.Parallel()
			trails := recorded[cloudtrail.DescribeTrailsOutput](t, c.scenario+"/cloudtrail.DescribeTrails_1.json")
			a := trailAnswers{Item: trailItem{Trail: &trails.TrailList[0]}}
			if c.selectors != "" {
				a.Selectors = told(*recorded[cloudtrail.GetEventSelectorsOutput](t, c.scenario+"/cloudtrail.GetEventSelectors_"+c.selectors+".json"))
			}
			if c.status != "" {
				a.Status = told(*recorded[cloudtrail.GetTrailStatusOutput](t, c.scenario+"/cloudtrail.GetTrailStatus_"+c.status+".json"))
			}
			states(t, trailFacts(here, a), map[string]any{"complete": c.complete, "data_events": c.data, "delivered": c.queryable})
		})
	}
	states(t, trailFacts(here, trailAnswers{}), map[string]any{"complete": false, "queryable": false, "integrity_protected": false, "retention_days": "n/a"})
	events := recorded[cloudtrail.GetEventSelectorsOutput](t, "test_s3_data_events/cloudtrail.GetEventSelectors_2.json")
	trail := cttypes.Trail{TrailARN: aws.String("arn:t"), IsMultiRegionTrail: aws.Bool(true), IncludeGlobalServiceEvents: aws.Bool(true)}
	states(t, trailFacts(here, trailAnswers{Item: trailItem{Trail: &trail}, Selectors: told(*events)}),
		map[string]any{"complete": false, "data_events": false, "destination": nil, "validated": nil})
}

func TestRecordedKeys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file   string
		public bool
	}{
		{"test_cross_account_kms_condition_keys_1/kms.GetKeyPolicy_1.json", false},
		{"test_cross_account_kms_condition_keys_2/kms.GetKeyPolicy_1.json", false},
		{"test_cross_account_kms_condition_keys_3/kms.GetKeyPolicy_1.json", true},
		{"test_kms_remove_named/kms.GetKeyPolicy_3.json", true},
		{"test_kms_remove_matched/kms.GetKeyPolicy_1.json", true},
		{"test_kms_remove_matched/kms.GetKeyPolicy_3.json", false},
	} {
		a := keyAnswers{Key: keyItem{ID: "k", ARN: "arn:k"}, Policy: told(*recorded[kms.GetKeyPolicyOutput](t, c.file)), Grants: told(keyGrants{Grantees: []string{"arn:aws:iam::111122223333:role/x"}})}
		states(t, keyFacts(here, a), map[string]any{"public": c.public, "principals": []string{"111122223333"}, "network_restricted": "n/a", "rotatable": nil})
	}
	for file, want := range map[string]map[string]any{
		"test_memorydb_kms_encryption/kms.DescribeKey_1.json":     {"manager": "customer", "rotatable": true, "deletion_guarded": true},
		"test_efs_kms_key_filter/kms.DescribeKey_1.json":          {"manager": "provider", "rotatable": false, "use_logged": "n/a"},
		"test_kms_last_usage_never_used/kms.DescribeKey_1.json":   {"manager": "customer", "rotatable": nil, "deletion_guarded": true},
		"test_kinesis_video_kms_key_alias/kms.DescribeKey_1.json": {"manager": nil, "rotatable": nil, "deletion_guarded": nil},
		"test_sns_kms_related_filter_test/kms.DescribeKey_1.json": {"manager": "customer", "rotatable": true},
	} {
		states(t, keyFacts(here, keyAnswers{Key: keyItem{ID: "k", ARN: "arn:k"}, Describe: told(*recorded[kms.DescribeKeyOutput](t, file))}), want)
	}
	for file, days := range map[string]int{"test_key_rotation_set/kms.GetKeyRotationStatus_1.json": 0, "test_key_rotation_set/kms.GetKeyRotationStatus_2.json": 365} {
		states(t, keyFacts(here, keyAnswers{Rotation: told(*recorded[kms.GetKeyRotationStatusOutput](t, file))}), map[string]any{"rotation_days": days})
	}
}

func TestRecordedIdentity(t *testing.T) {
	t.Parallel()
	summary := recorded[iam.GetAccountSummaryOutput](t, "test_account_root_mfa/iam.GetAccountSummary_1.json")
	virtual := recorded[iam.ListVirtualMFADevicesOutput](t, "test_account_virtual_mfa/iam.ListVirtualMFADevices_1.json")
	report := recorded[iam.GetCredentialReportOutput](t, "test_iam_user_unused_keys_report_in_progress/iam.GetCredentialReport_2.json")
	use, err := readRootUse(report.Content)
	if err != nil {
		t.Fatal(err)
	}
	devices := devicesOfRoot(virtual.VirtualMFADevices)
	if len(devices) != 1 {
		t.Errorf("root wears %v", devices)
	}
	states(t, rootFacts(here, rootAnswers{Summary: summary.SummaryMap, Virtual: told(rootDevices{Serials: devices}), Use: told(*use)}), map[string]any{
		"mfa": true, "mfa_phishing_resistant": false, "last_used_at": time.Date(2016, 11, 25, 0, 0, 0, 0, time.UTC)})
	states(t, rootKeyFacts(here, rootKeyAnswers{Summary: summary.SummaryMap}), map[string]any{"enabled": false})

	keys := recorded[iam.ListAccessKeysOutput](t, "test_iam_user_credential_multi_delete_noop/iam.ListAccessKeys_1.json")
	used := recorded[iam.GetAccessKeyLastUsedOutput](t, "docs-awscli-iam/iam.GetAccessKeyLastUsed_1.json")
	states(t, accessKeyFacts(here, accessKeyAnswers{Key: keys.AccessKeyMetadata[0], Use: told(*used), Console: noConsole}), map[string]any{
		"enabled": false, "owner_kind": "workload", "rotated_at": time.Date(2020, 2, 3, 9, 50, 7, 0, time.UTC), "last_used_at": time.Date(2015, 6, 16, 0, 0, 0, 0, time.UTC)})
	states(t, accessKeyFacts(here, accessKeyAnswers{Key: keys.AccessKeyMetadata[1], Console: collectors.Answer[iam.GetLoginProfileOutput]{Failed: deniedAt}}),
		map[string]any{"enabled": true, "owner_kind": nil, "last_used_at": nil})

	policy := recorded[iam.GetAccountPasswordPolicyOutput](t, "test_account_password_policy_update/iam.GetAccountPasswordPolicy_3.json")
	states(t, passwordPolicyFacts(here, passwordPolicy{Set: policy.PasswordPolicy}), map[string]any{"password_min_length": 12, "scope": "workforce", "mfa_required_for": "n/a"})
	states(t, passwordPolicyFacts(here, passwordPolicy{}), map[string]any{"password_min_length": 8})
	states(t, passwordPolicyFacts(here, passwordPolicy{Set: &types.PasswordPolicy{}}), map[string]any{"password_min_length": nil})
}
