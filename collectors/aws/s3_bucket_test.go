package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func policyAnswer(text string) collectors.Answer[s3.GetBucketPolicyOutput] {
	return answered(&s3.GetBucketPolicyOutput{Policy: &text})
}

// without is the answer that there is no such thing.
func without[T any]() collectors.Answer[T] { return collectors.Answer[T]{Action: "Test", Absent: true} }

func grantTo(id, uri string) types.Grant {
	g := types.Grant{Grantee: &types.Grantee{}}
	if id != "" {
		g.Grantee.ID = &id
	}
	if uri != "" {
		g.Grantee.URI = &uri
	}
	return g
}

func aclAnswer(grants ...types.Grant) collectors.Answer[s3.GetBucketAclOutput] {
	return answered(&s3.GetBucketAclOutput{Owner: &types.Owner{ID: aws.String("me")}, Grants: append(grants, grantTo("me", ""))})
}

func lifecycle(rules ...types.LifecycleRule) collectors.Answer[s3.GetBucketLifecycleConfigurationOutput] {
	for i := range rules {
		if rules[i].Status == "" {
			rules[i].Status = types.ExpirationStatusEnabled
		}
	}
	return answered(&s3.GetBucketLifecycleConfigurationOutput{Rules: rules})
}

func encryptedWith(algorithm types.ServerSideEncryption, key *string) collectors.Answer[s3.GetBucketEncryptionOutput] {
	return answered(&s3.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{
		{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: algorithm, KMSMasterKeyID: key}}}}})
}

func TestBucketFacts(t *testing.T) {
	t.Parallel()
	world := "http://acs.amazonaws.com/groups/global/AllUsers"
	public := `{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}}`
	tls := `{"Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}}`
	days := func(n int32) types.LifecycleRule {
		return types.LifecycleRule{Expiration: &types.LifecycleExpiration{Days: aws.Int32(n)}}
	}
	marks := types.LifecycleRule{Expiration: &types.LifecycleExpiration{ExpiredObjectDeleteMarker: aws.Bool(true)}}
	off := days(3)
	off.Status = types.ExpirationStatusDisabled
	versions := func(v *s3.GetBucketVersioningOutput) collectors.Answer[s3.GetBucketVersioningOutput] {
		return answered(v)
	}
	lock := func(mode types.ObjectLockRetentionMode) collectors.Answer[s3.GetObjectLockConfigurationOutput] {
		return answered(&s3.GetObjectLockConfigurationOutput{ObjectLockConfiguration: &types.ObjectLockConfiguration{ObjectLockEnabled: types.ObjectLockEnabledEnabled,
			Rule: &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Mode: mode}}}})
	}
	for name, c := range map[string]struct {
		answers bucketAnswers
		want    stated
	}{
		"public policy": {bucketAnswers{Policy: policyAnswer(public), Status: answered(&s3.GetBucketPolicyStatusOutput{PolicyStatus: &types.PolicyStatus{IsPublic: aws.Bool(false)}})},
			stated{"policy_public": true, "tls_required": false}},
		"status denied, policy is public": {bucketAnswers{Policy: policyAnswer(public), Status: refused[s3.GetBucketPolicyStatusOutput]()},
			stated{"policy_public": true}},
		"status denied, policy is not": {bucketAnswers{Policy: policyAnswer(tls), Status: refused[s3.GetBucketPolicyStatusOutput]()},
			stated{"policy_public": nil, "tls_required": true}},
		"policy denied": {bucketAnswers{Policy: refused[s3.GetBucketPolicyOutput](), ACL: aclAnswer()},
			stated{"tls_required": nil, "network_restricted": nil, "principals": nil}},
		"policy denied, the provider finds it not public": {bucketAnswers{Policy: refused[s3.GetBucketPolicyOutput](),
			Status: answered(&s3.GetBucketPolicyStatusOutput{PolicyStatus: &types.PolicyStatus{IsPublic: aws.Bool(false)}})},
			stated{"policy_public": nil}},
		"policy denied, the provider finds it public": {bucketAnswers{Policy: refused[s3.GetBucketPolicyOutput](),
			Status: answered(&s3.GetBucketPolicyStatusOutput{PolicyStatus: &types.PolicyStatus{IsPublic: aws.Bool(true)}})},
			stated{"policy_public": true}},
		"the provider does not say": {bucketAnswers{Policy: policyAnswer(tls), Status: answered(&s3.GetBucketPolicyStatusOutput{})},
			stated{"policy_public": nil}},
		"no policy": {bucketAnswers{Policy: without[s3.GetBucketPolicyOutput](), Status: without[s3.GetBucketPolicyStatusOutput](), ACL: aclAnswer()},
			stated{"tls_required": false, "policy_public": false, "principals": "[]"}},
		"policy cannot be read": {bucketAnswers{Policy: policyAnswer("{"), ACL: aclAnswer()},
			stated{"tls_required": nil, "principals": nil}},
		"list lets everyone in": {bucketAnswers{ACL: aclAnswer(grantTo("", world))}, stated{"acl_public": true}},
		"list lets a party in": {bucketAnswers{Policy: policyAnswer(`{"Statement":{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"*","Resource":"*"}}`), ACL: aclAnswer(grantTo("them", ""), grantTo("them", ""), grantTo(deliveryID, ""))},
			stated{"acl_public": false, "principals": "[222222222222 them]"}},
		"list denied": {bucketAnswers{Policy: policyAnswer(tls), ACL: refused[s3.GetBucketAclOutput]()},
			stated{"acl_public": nil, "principals": nil, "tls_required": true}},
		"lists are off": {bucketAnswers{Ownership: answered(&s3.GetBucketOwnershipControlsOutput{OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}}}})},
			stated{"acl_enabled": false}},
		"no ownership setting": {bucketAnswers{Ownership: without[s3.GetBucketOwnershipControlsOutput]()},
			stated{"acl_enabled": true}},
		"ownership denied": {bucketAnswers{Ownership: refused[s3.GetBucketOwnershipControlsOutput]()},
			stated{"acl_enabled": nil}},
		"no switch": {bucketAnswers{Block: without[s3.GetPublicAccessBlockOutput]()},
			stated{"block": "{IgnoreACLs:false RestrictPolicy:false BlockACLs:false BlockPolicy:false}"}},
		"first rule to strike": {bucketAnswers{Lifecycle: lifecycle(days(90), days(30), off)},
			stated{"expiry_rule": true, "expiry_days": 30}},
		"marks are no data": {bucketAnswers{Lifecycle: lifecycle(marks)},
			stated{"expiry_rule": false, "expiry_days": 0}},
		"no rules": {bucketAnswers{Lifecycle: without[s3.GetBucketLifecycleConfigurationOutput]()},
			stated{"expiry_rule": false, "expiry_days": 0}},
		"rules denied": {bucketAnswers{Lifecycle: refused[s3.GetBucketLifecycleConfigurationOutput]()},
			stated{"expiry_rule": nil, "expiry_days": nil}},
		"locked for good": {bucketAnswers{Lock: lock(types.ObjectLockRetentionModeCompliance)},
			stated{"retention_locked": true, "delete_protected": true}},
		"lock can be passed": {bucketAnswers{Lock: lock(types.ObjectLockRetentionModeGovernance)},
			stated{"retention_locked": false, "delete_protected": true}},
		"second factor": {bucketAnswers{Versioning: versions(&s3.GetBucketVersioningOutput{Status: types.BucketVersioningStatusEnabled, MFADelete: types.MFADeleteStatusEnabled}), Lock: refused[s3.GetObjectLockConfigurationOutput]()},
			stated{"versioning": true, "delete_protected": true, "retention_locked": nil}},
		"never versioned": {bucketAnswers{Versioning: versions(&s3.GetBucketVersioningOutput{}), Lock: without[s3.GetObjectLockConfigurationOutput]()},
			stated{"versioning": false, "delete_protected": false}},
		"lock denied": {bucketAnswers{Versioning: versions(&s3.GetBucketVersioningOutput{}), Lock: refused[s3.GetObjectLockConfigurationOutput]()},
			stated{"delete_protected": nil}},
		"own key": {bucketAnswers{Encryption: encryptedWith(types.ServerSideEncryptionAwsKms, aws.String("arn:aws:kms:us-east-1:1:key/k"))},
			stated{"encryption_key": "arn:aws:kms:us-east-1:1:key/k", "encrypted_at_rest": true, "tls_min_version": 1.2}},
		"key by bare id": {bucketAnswers{Bucket: types.Bucket{BucketRegion: aws.String("eu-west-1")}, Encryption: encryptedWith(types.ServerSideEncryptionAwsKmsDsse, aws.String("k"))},
			stated{"encryption_key": "arn:aws:kms:eu-west-1:644160558196:key/k"}},
		"key by alias": {bucketAnswers{Bucket: types.Bucket{BucketRegion: aws.String("eu-west-1")}, Encryption: encryptedWith(types.ServerSideEncryptionAwsKms, aws.String("alias/mine"))},
			stated{"encryption_key": "arn:aws:kms:eu-west-1:644160558196:alias/mine"}},
		"the provider's key": {bucketAnswers{Encryption: encryptedWith(types.ServerSideEncryptionAwsKms, aws.String("arn:aws:kms:us-east-1:1:alias/aws/s3"))},
			stated{"encryption_key": ""}},
		"no key is named": {bucketAnswers{Encryption: encryptedWith(types.ServerSideEncryptionAwsKms, nil)},
			stated{"encryption_key": ""}},
		"encryption denied": {bucketAnswers{Encryption: refused[s3.GetBucketEncryptionOutput]()},
			stated{"encryption_key": nil, "encrypted_at_rest": true}},
		"logged to a bucket": {bucketAnswers{Logging: answered(&s3.GetBucketLoggingOutput{LoggingEnabled: &types.LoggingEnabled{TargetBucket: aws.String("logs")}})},
			stated{"log_target": "arn:aws:s3:::logs", "access_logged": true}},
		"not logged to a bucket": {bucketAnswers{Logging: answered(&s3.GetBucketLoggingOutput{})},
			stated{"log_target": "", "access_logged": nil}},
		"logging denied": {bucketAnswers{Logging: refused[s3.GetBucketLoggingOutput]()},
			stated{"log_target": nil, "access_logged": nil}},
		"tags denied": {bucketAnswers{Tags: refused[s3.GetBucketTaggingOutput]()}, stated{"labels_read": nil}},
		"replication of a disabled rule": {bucketAnswers{Replicates: answered(&s3.GetBucketReplicationOutput{ReplicationConfiguration: &types.ReplicationConfiguration{Rules: []types.ReplicationRule{
			{Status: types.ReplicationRuleStatusDisabled, Destination: &types.Destination{Bucket: aws.String("a")}}, {Status: types.ReplicationRuleStatusEnabled, Destination: &types.Destination{Bucket: aws.String("b")}}}}})},
			stated{"replicas": "[b]"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.answers.Bucket.Name = aws.String("b")
			c.want.check(t, bucketFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
}

func TestBucketRegion(t *testing.T) {
	t.Parallel()
	located := func(constraint string) bucketAnswers {
		return bucketAnswers{Location: answered(&s3.GetBucketLocationOutput{LocationConstraint: types.BucketLocationConstraint(constraint)})}
	}
	for want, a := range map[string]bucketAnswers{
		"us-east-1": located(""), "eu-west-1": located("EU"), "eu-central-1": located("eu-central-1"),
		"ap-south-1": {Bucket: types.Bucket{BucketRegion: aws.String("ap-south-1")}}, "": {Location: refused[s3.GetBucketLocationOutput]()},
	} {
		if got := bucketRegion(a); got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
}

func TestFindBucket(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]int{"NoSuchBucket": 0, "AccessDenied": 1} {
		c, _ := scripted(t, here.Region, script{"GetBucketLocation": refuse(code)})
		n := 0
		for b, err := range findBucket(context.Background(), c, "arn:aws:s3:::b") {
			if err != nil || aws.ToString(b.Name) != "b" {
				t.Errorf("%v %v", b, err)
			}
			n++
		}
		if n != want {
			t.Errorf("%s: %d buckets", code, n)
		}
	}
}

func TestAskBucketTellsAbsentFromDenied(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, here.Region, script{
		"GetBucketPolicy": refuse("NoSuchBucketPolicy"), "GetPublicAccessBlock": refuse("NoSuchPublicAccessBlockConfiguration"),
		"GetBucketTagging": refuse("NoSuchTagSet"), "GetBucketLifecycleConfiguration": refuse("NoSuchLifecycleConfiguration"),
		"GetObjectLockConfiguration": refuse("ObjectLockConfigurationNotFoundError"), "GetBucketReplication": refuse("ReplicationConfigurationNotFoundError"),
		"GetBucketAcl": say(&s3.GetBucketAclOutput{Owner: &types.Owner{ID: aws.String("me")}}),
	})
	r := bucketFacts(here, askBucket(context.Background(), c, types.Bucket{Name: aws.String("b"), BucketRegion: aws.String("eu-west-1")}))
	stated{"tls_required": false, "expiry_rule": false, "retention_locked": false, "replicas": "[]", "principals": "[]", "policy_public": false, "versioning": nil, "encryption_key": nil, "acl_enabled": nil}.check(t, r)
	if why := r.Why("encryption_key"); why.Action != "GetBucketEncryption" || why.Permission != "s3:GetEncryptionConfiguration" || why.Cause != inventory.CauseDenied {
		t.Errorf("%+v", why)
	}
}

func TestRecordedBuckets(t *testing.T) {
	t.Parallel()
	policy := func(file string) bucketAnswers {
		acl := recorded[s3.GetBucketAclOutput](t, "test_s3_dataaccesspointaccount_cross_account/s3.GetBucketAcl_1.json")
		return bucketAnswers{Bucket: types.Bucket{Name: aws.String("b")}, Policy: answered(recorded[s3.GetBucketPolicyOutput](t, file)), ACL: answered(acl)}
	}
	stated{"tls_required": false, "principals": "[]", "acl_public": false}.check(t, bucketFacts(here, policy("test_s3_dataaccesspointaccount_cross_account/s3.GetBucketPolicy_1.json")))
	stated{"principals": "[111111111111]"}.check(t, bucketFacts(here, policy("test_s3_dataaccesspointaccount_cross_account/s3.GetBucketPolicy_2.json")))
	stated{"policy_public": true}.check(t, bucketFacts(here, policy("test_s3_no_encryption_statement/s3.GetBucketPolicy_3.json")))
	stated{"principals": "[086441151436 113285607260]", "policy_public": nil}.check(t, bucketFacts(here, policy("test_s3_has_statement/s3.GetBucketPolicy_4.json")))
	stated{"tls_required": false}.check(t, bucketFacts(here, policy("test_s3_set_statements_add_remove/s3.GetBucketPolicy_2.json")))
	acl := func(file string) bucketAnswers {
		return bucketAnswers{Bucket: types.Bucket{Name: aws.String("b")}, ACL: answered(recorded[s3.GetBucketAclOutput](t, file))}
	}
	stated{"acl_public": true}.check(t, bucketFacts(here, acl("test_s3_normalize/s3.GetBucketAcl_1.json")))
	stated{"acl_public": false}.check(t, bucketFacts(here, acl("test_s3_enable_logging/s3.GetBucketAcl_1.json")))
	lock := recorded[s3.GetObjectLockConfigurationOutput](t, "test_s3_bucket_object_lock_configuration/s3.GetObjectLockConfiguration_1.json")
	stated{"retention_locked": false, "delete_protected": true}.check(t, bucketFacts(here, bucketAnswers{Lock: answered(lock)}))
	for file, want := range map[string]stated{
		"bedrock_evaluation_job_output_bucket":         {"expiry_rule": true, "expiry_days": 30},
		"test_s3_dataaccesspointaccount_cross_account": {"expiry_rule": true, "expiry_days": 0},
	} {
		want.check(t, bucketFacts(here, bucketAnswers{Lifecycle: answered(recorded[s3.GetBucketLifecycleConfigurationOutput](t, file+"/s3.GetBucketLifecycleConfiguration_1.json"))}))
	}
	plain := recorded[s3.GetBucketEncryptionOutput](t, "test_s3_bucket_encryption_filter/s3.GetBucketEncryption_1.json")
	stated{"encryption_key": ""}.check(t, bucketFacts(here, bucketAnswers{Encryption: answered(plain)}))
}

// Answers for the tests over the whole registry, and what is recorded.
var (
	_ = sample("aws.s3.bucket", bucketFacts, bucketAnswers{Bucket: types.Bucket{Name: aws.String("b"), BucketRegion: aws.String("eu-west-1")},
		Policy: policyAnswer(`{"Statement":[]}`), ACL: aclAnswer(), Encryption: encryptedWith(types.ServerSideEncryptionAwsKms, aws.String("k"))})
	_ = sweep("s3.ListBuckets", bucketFacts, func(o *s3.ListBucketsOutput) []bucketAnswers {
		return mapped(o.Buckets, func(b types.Bucket) bucketAnswers { return bucketAnswers{Bucket: b} })
	})
	_ = sweep("s3.GetBucketPolicy", bucketFacts, func(o *s3.GetBucketPolicyOutput) []bucketAnswers {
		return []bucketAnswers{{Bucket: types.Bucket{Name: aws.String("b")}, Policy: answered(o)}}
	})
	_ = sweep("s3.GetBucketAcl", bucketFacts, func(o *s3.GetBucketAclOutput) []bucketAnswers {
		return []bucketAnswers{{Bucket: types.Bucket{Name: aws.String("b")}, ACL: answered(o)}}
	})
)
