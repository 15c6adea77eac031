package aws

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/plumbline-posture/plumbline/collectors"
)

// Config tells a bucket's settings as parts of its item, in the words of an older interface. Some parts are there
// whether they are set or not, and say null where they are not; the others are left out, which says nothing.
var configBucket = configType(recordedType{name: "AWS::S3::Bucket", kind: "aws.s3.bucket", global: true,
	needs: []string{"name", "creationDate"}})

var _ = lists("S3.ListBuckets", configBucket, func(o *s3.ListBucketsOutput, items []types.Bucket) { o.Buckets = items })

var _ = tells("S3.GetBucketLocation", configBucket,
	func(in *s3.GetBucketLocationInput) *string { return in.Bucket },
	func(i *recordedItem) (*s3.GetBucketLocationOutput, error) {
		if i.region == "us-east-1" {
			return &s3.GetBucketLocationOutput{}, nil
		}
		return &s3.GetBucketLocationOutput{LocationConstraint: types.BucketLocationConstraint(i.region)}, nil
	})

var _ = tells("S3.GetBucketPolicy", configBucket,
	func(in *s3.GetBucketPolicyInput) *string { return in.Bucket },
	func(i *recordedItem) (*s3.GetBucketPolicyOutput, error) {
		var part struct{ PolicyText *string }
		if err := i.always("BucketPolicy", "policyText", &part); err != nil {
			return nil, err
		}
		if part.PolicyText == nil {
			return nil, collectors.ErrAbsent
		}
		return &s3.GetBucketPolicyOutput{Policy: part.PolicyText}, nil
	})

// always folds a part that is there whether it is set or not, and must hold the member that says so.
func (i *recordedItem) always(name, member string, out any) error {
	part, there := i.supplement(name)
	members, ok := part.(map[string]any)
	if !there || !ok {
		return errNotExported
	}
	if _, said := foldedMember(members, []string{member}); !said {
		return errNotExported
	}
	return i.foldPart(name, out)
}

// bucketGrants is the access list of a bucket as Config tells it.
type bucketGrants struct {
	GrantList []struct {
		Grantee    any
		Permission string
	}
	Owner struct{ ID *string }
}

// grantedGroups are the groups that a grant may name, and permissionWords what it lets them do.
var (
	grantedGroups = map[string]string{
		"AllUsers":           "http://acs.amazonaws.com/groups/global/AllUsers",
		"AuthenticatedUsers": "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
		"LogDelivery":        "http://acs.amazonaws.com/groups/s3/LogDelivery",
	}
	permissionWords = map[string]types.Permission{
		"FullControl": types.PermissionFullControl, "Write": types.PermissionWrite, "WriteAcp": types.PermissionWriteAcp,
		"Read": types.PermissionRead, "ReadAcp": types.PermissionReadAcp,
	}
)

var _ = tells("S3.GetBucketAcl", configBucket,
	func(in *s3.GetBucketAclInput) *string { return in.Bucket },
	func(i *recordedItem) (*s3.GetBucketAclOutput, error) {
		var part bucketGrants
		if err := i.always("AccessControlList", "grantList", &part); err != nil {
			return nil, err
		}
		out := &s3.GetBucketAclOutput{Owner: &types.Owner{ID: part.Owner.ID}}
		for _, g := range part.GrantList {
			grantee, err := granteeOf(g.Grantee)
			if err != nil {
				return nil, err
			}
			out.Grants = append(out.Grants, types.Grant{Grantee: grantee, Permission: permissionWords[g.Permission]})
		}
		return out, nil
	})

// granteeOf reads who is let in: a group by its name, or a party by its canonical id.
func granteeOf(v any) (*types.Grantee, error) {
	switch v := v.(type) {
	case string:
		if uri := grantedGroups[v]; uri != "" {
			return &types.Grantee{Type: types.TypeGroup, URI: &uri}, nil
		}
	case map[string]any:
		if id := textOf(v["id"]); id != "" {
			return &types.Grantee{Type: types.TypeCanonicalUser, ID: &id}, nil
		}
	}
	return nil, fmt.Errorf("grantee: neither a group nor a canonical id: %v", v)
}

var _ = tells("S3.GetPublicAccessBlock", configBucket,
	func(in *s3.GetPublicAccessBlockInput) *string { return in.Bucket },
	func(i *recordedItem) (*s3.GetPublicAccessBlockOutput, error) {
		out := &types.PublicAccessBlockConfiguration{}
		return &s3.GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: out},
			i.foldPart("PublicAccessBlockConfiguration", out)
	})

var _ = tells("S3.GetBucketVersioning", configBucket,
	func(in *s3.GetBucketVersioningInput) *string { return in.Bucket },
	func(i *recordedItem) (*s3.GetBucketVersioningOutput, error) {
		var part struct {
			Status             string
			IsMfaDeleteEnabled bool
		}
		if err := i.always("BucketVersioningConfiguration", "status", &part); err != nil {
			return nil, err
		}
		out := &s3.GetBucketVersioningOutput{}
		if part.Status != "Off" {
			out.Status = types.BucketVersioningStatus(part.Status)
		}
		if part.IsMfaDeleteEnabled {
			out.MFADelete = types.MFADeleteStatusEnabled
		}
		return out, nil
	})

var _ = tells("S3.GetBucketEncryption", configBucket,
	func(in *s3.GetBucketEncryptionInput) *string { return in.Bucket },
	func(i *recordedItem) (*s3.GetBucketEncryptionOutput, error) {
		out := &types.ServerSideEncryptionConfiguration{}
		return &s3.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: out},
			i.foldPart("ServerSideEncryptionConfiguration", out)
	})

var _ = tells("S3.GetBucketLogging", configBucket,
	func(in *s3.GetBucketLoggingInput) *string { return in.Bucket },
	func(i *recordedItem) (*s3.GetBucketLoggingOutput, error) {
		var part struct{ DestinationBucketName, LogFilePrefix *string }
		if err := i.always("BucketLoggingConfiguration", "destinationBucketName", &part); err != nil {
			return nil, err
		}
		if part.DestinationBucketName == nil {
			return &s3.GetBucketLoggingOutput{}, nil
		}
		return &s3.GetBucketLoggingOutput{LoggingEnabled: &types.LoggingEnabled{
			TargetBucket: part.DestinationBucketName, TargetPrefix: part.LogFilePrefix,
		}}, nil
	})

// bucketRule is a rule of a bucket's life cycle as Config tells it; -1 stands for a number that is not set.
type bucketRule struct {
	ID, Status                        *string
	ExpirationInDays                  *int32
	ExpirationDate                    any
	NoncurrentVersionExpirationInDays *int32
	NoncurrentVersionExpiration       any
	ExpiredObjectDeleteMarker         *bool
	NoncurrentVersionTransitions      any
	AbortIncompleteMultipartUpload    any
	Prefix                            *string
}

var _ = tells("S3.GetBucketLifecycleConfiguration", configBucket,
	func(in *s3.GetBucketLifecycleConfigurationInput) *string { return in.Bucket },
	func(i *recordedItem) (*s3.GetBucketLifecycleConfigurationOutput, error) {
		var part struct{ Rules []bucketRule }
		if err := i.foldPart("BucketLifecycleConfiguration", &part); err != nil {
			return nil, err
		}
		out := &s3.GetBucketLifecycleConfigurationOutput{}
		for _, r := range part.Rules {
			rule, err := r.rule()
			if err != nil {
				return nil, err
			}
			out.Rules = append(out.Rules, rule)
		}
		return out, nil
	})

func (r bucketRule) rule() (types.LifecycleRule, error) {
	out := types.LifecycleRule{ID: r.ID, Status: types.ExpirationStatus(aws.ToString(r.Status))}
	expires := types.LifecycleExpiration{ExpiredObjectDeleteMarker: r.ExpiredObjectDeleteMarker}
	if days := aws.ToInt32(r.ExpirationInDays); days > 0 {
		expires.Days = &days
	}
	if r.ExpirationDate != nil {
		at, err := configMoment(r.ExpirationDate)
		if err != nil {
			return out, fmt.Errorf("expirationDate: %w", err)
		}
		expires.Date = &at
	}
	if expires.Days != nil || expires.Date != nil || aws.ToBool(expires.ExpiredObjectDeleteMarker) {
		out.Expiration = &expires
	}
	days := aws.ToInt32(r.NoncurrentVersionExpirationInDays)
	if days > 0 || r.NoncurrentVersionExpiration != nil {
		out.NoncurrentVersionExpiration = &types.NoncurrentVersionExpiration{}
		if days > 0 {
			out.NoncurrentVersionExpiration.NoncurrentDays = &days
		}
	}
	return out, nil
}

var _ = tells("S3.GetObjectLockConfiguration", configBucket,
	func(in *s3.GetObjectLockConfigurationInput) *string { return in.Bucket },
	func(i *recordedItem) (*s3.GetObjectLockConfigurationOutput, error) {
		out := &types.ObjectLockConfiguration{}
		return &s3.GetObjectLockConfigurationOutput{ObjectLockConfiguration: out}, i.foldPart("ObjectLockConfiguration", out)
	})

var _ = tells("S3.GetBucketReplication", configBucket,
	func(in *s3.GetBucketReplicationInput) *string { return in.Bucket },
	func(i *recordedItem) (*s3.GetBucketReplicationOutput, error) {
		var part struct {
			RoleARN *string
			Rules   map[string]struct {
				Status            string
				DestinationConfig struct{ BucketARN *string }
			}
		}
		if err := i.foldPart("BucketReplicationConfiguration", &part); err != nil {
			return nil, err
		}
		out := &types.ReplicationConfiguration{Role: part.RoleARN}
		for id, r := range part.Rules {
			if r.DestinationConfig.BucketARN == nil {
				return nil, fmt.Errorf("rule %s names no bucket", id)
			}
			out.Rules = append(out.Rules, types.ReplicationRule{ID: &id, Status: types.ReplicationRuleStatus(r.Status),
				Destination: &types.Destination{Bucket: r.DestinationConfig.BucketARN}})
		}
		return &s3.GetBucketReplicationOutput{ReplicationConfiguration: out}, nil
	})

var _ = tells("S3.GetBucketTagging", configBucket,
	func(in *s3.GetBucketTaggingInput) *string { return in.Bucket },
	func(i *recordedItem) (*s3.GetBucketTaggingOutput, error) {
		out := &s3.GetBucketTaggingOutput{}
		for key, value := range i.Tags {
			out.TagSet = append(out.TagSet, types.Tag{Key: &key, Value: &value})
		}
		return out, nil
	})
