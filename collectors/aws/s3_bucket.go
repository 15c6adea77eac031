package aws

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.Bucket, bucketAnswers]{
	Kind:  "aws.s3.bucket",
	Class: inventory.ClassObjectStorage,
	Permissions: []string{
		"s3:ListAllMyBuckets", "s3:GetBucketLocation", "s3:GetBucketPolicy", "s3:GetBucketPolicyStatus", "s3:GetBucketAcl",
		"s3:GetBucketPublicAccessBlock", "s3:GetBucketOwnershipControls", "s3:GetBucketVersioning",
		"s3:GetEncryptionConfiguration", "s3:GetBucketLogging", "s3:GetLifecycleConfiguration",
		"s3:GetBucketObjectLockConfiguration", "s3:GetReplicationConfiguration", "s3:GetBucketTagging",
		"s3:ListAccessPoints", "s3:GetAccessPoint", "s3:GetAccessPointPolicy",
	},
	ListAction: "ListBuckets", ListPermission: "s3:ListAllMyBuckets",
	Global: true,
	List:   listBuckets,
	Find:   findBucket,
	Ask:    askBucket,
	Facts:  bucketFacts,
})

// bucketAnswers is all that S3 says about one bucket; it is stored as evidence.
type bucketAnswers struct {
	Bucket     types.Bucket
	Location   collectors.Answer[s3.GetBucketLocationOutput]
	Policy     collectors.Answer[s3.GetBucketPolicyOutput]
	Status     collectors.Answer[s3.GetBucketPolicyStatusOutput]
	Points     collectors.Answer[[]accessPoint]
	ACL        collectors.Answer[s3.GetBucketAclOutput]
	Block      collectors.Answer[s3.GetPublicAccessBlockOutput]
	Ownership  collectors.Answer[s3.GetBucketOwnershipControlsOutput]
	Versioning collectors.Answer[s3.GetBucketVersioningOutput]
	Encryption collectors.Answer[s3.GetBucketEncryptionOutput]
	Logging    collectors.Answer[s3.GetBucketLoggingOutput]
	Lifecycle  collectors.Answer[s3.GetBucketLifecycleConfigurationOutput]
	Lock       collectors.Answer[s3.GetObjectLockConfigurationOutput]
	Replicates collectors.Answer[s3.GetBucketReplicationOutput]
	Tags       collectors.Answer[s3.GetBucketTaggingOutput]
}

func listBuckets(ctx context.Context, c *Clients) iter.Seq2[types.Bucket, error] {
	p := s3.NewListBucketsPaginator(c.S3, &s3.ListBucketsInput{MaxBuckets: aws.Int32(1000)})
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*s3.ListBucketsOutput, error) { return p.NextPage(ctx) },
		func(o *s3.ListBucketsOutput) []types.Bucket { return o.Buckets })
}

// findBucket yields nothing for a bucket that is gone; one whose location may not be read is still there.
func findBucket(ctx context.Context, c *Clients, id string) iter.Seq2[types.Bucket, error] {
	return func(yield func(types.Bucket, error) bool) {
		name := aws.String(shortID(id))
		_, err := c.S3.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: name})
		if !isAbsent(err, "NoSuchBucket") {
			yield(types.Bucket{Name: name}, nil)
		}
	}
}

func askBucket(ctx context.Context, c *Clients, b types.Bucket) bucketAnswers {
	a := bucketAnswers{Bucket: types.Bucket{Name: b.Name, BucketRegion: b.BucketRegion, CreationDate: b.CreationDate}}
	a.Location = ask("GetBucketLocation", "s3:GetBucketLocation", func() (*s3.GetBucketLocationOutput, error) {
		return c.S3.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: b.Name})
	})
	at := c.inBucketRegion(a)
	a.Policy = ask("GetBucketPolicy", "s3:GetBucketPolicy", func() (*s3.GetBucketPolicyOutput, error) {
		out, err := c.S3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: b.Name}, at)
		return out, absent(err, "NoSuchBucketPolicy")
	})
	a.Status = ask("GetBucketPolicyStatus", "s3:GetBucketPolicyStatus", func() (*s3.GetBucketPolicyStatusOutput, error) {
		out, err := c.S3.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: b.Name}, at)
		return out, absent(err, "NoSuchBucketPolicy")
	})
	if a.Policy.Value != nil && handsOver(a.Policy.Value.Policy) {
		a.Points = askAccessPoints(ctx, c, b.Name, bucketRegion(a))
	}
	a.ACL = ask("GetBucketAcl", "s3:GetBucketAcl", func() (*s3.GetBucketAclOutput, error) {
		return c.S3.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: b.Name}, at)
	})
	a.Block = ask("GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock", func() (*s3.GetPublicAccessBlockOutput, error) {
		out, err := c.S3.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: b.Name}, at)
		return out, absent(err, "NoSuchPublicAccessBlockConfiguration")
	})
	a.Ownership = ask("GetBucketOwnershipControls", "s3:GetBucketOwnershipControls",
		func() (*s3.GetBucketOwnershipControlsOutput, error) {
			out, err := c.S3.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: b.Name}, at)
			return out, absent(err, "OwnershipControlsNotFoundError")
		})
	a.Versioning = ask("GetBucketVersioning", "s3:GetBucketVersioning", func() (*s3.GetBucketVersioningOutput, error) {
		return c.S3.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: b.Name}, at)
	})
	a.Encryption = ask("GetBucketEncryption", "s3:GetEncryptionConfiguration",
		func() (*s3.GetBucketEncryptionOutput, error) {
			out, err := c.S3.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: b.Name}, at)
			return out, absent(err, "ServerSideEncryptionConfigurationNotFoundError")
		})
	a.Logging = ask("GetBucketLogging", "s3:GetBucketLogging", func() (*s3.GetBucketLoggingOutput, error) {
		return c.S3.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: b.Name}, at)
	})
	a.Lifecycle = ask("GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration",
		func() (*s3.GetBucketLifecycleConfigurationOutput, error) {
			out, err := c.S3.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: b.Name}, at)
			return out, absent(err, "NoSuchLifecycleConfiguration")
		})
	a.Lock = ask("GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration",
		func() (*s3.GetObjectLockConfigurationOutput, error) {
			out, err := c.S3.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: b.Name}, at)
			return out, absent(err, "ObjectLockConfigurationNotFoundError")
		})
	a.Replicates = ask("GetBucketReplication", "s3:GetReplicationConfiguration",
		func() (*s3.GetBucketReplicationOutput, error) {
			out, err := c.S3.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: b.Name}, at)
			return out, absent(err, "ReplicationConfigurationNotFoundError")
		})
	a.Tags = ask("GetBucketTagging", "s3:GetBucketTagging", func() (*s3.GetBucketTaggingOutput, error) {
		out, err := c.S3.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: b.Name}, at)
		return out, absent(err, "NoSuchTagSet", "NoSuchTagSetError")
	})
	return a
}

// inBucketRegion sends the calls about a bucket to the region it lives in, where S3 alone answers them.
func (c *Clients) inBucketRegion(a bucketAnswers) func(*s3.Options) {
	return func(o *s3.Options) {
		if region := bucketRegion(a); region != "" {
			o.Region = region
		}
	}
}

// bucketRegion reads the region from the answers: an empty location constraint is the oldest region, "EU" the second.
func bucketRegion(a bucketAnswers) string {
	if r := aws.ToString(a.Bucket.BucketRegion); r != "" {
		return r
	}
	if a.Location.Value == nil {
		return ""
	}
	switch r := string(a.Location.Value.LocationConstraint); r {
	case "":
		return "us-east-1"
	case "EU":
		return "eu-west-1"
	default:
		return r
	}
}

func bucketFacts(w collectors.Where, a bucketAnswers) *inventory.Resource {
	name := aws.ToString(a.Bucket.Name)
	facts := &inventory.ObjectStorage{}
	r := inventory.New("arn:aws:s3:::"+name, name, bucketRegion(a), facts)
	bucketPublicFacts(r, facts, w, a)
	bucketPolicyFacts(r, facts, w, a)
	bucketKeepFacts(r, facts, a)
	collectors.Know(r, a.Encryption, func(v *s3.GetBucketEncryptionOutput) {
		if v == nil || v.ServerSideEncryptionConfiguration == nil {
			return
		}
		for _, rule := range v.ServerSideEncryptionConfiguration.Rules {
			if d := rule.ApplyServerSideEncryptionByDefault; d != nil && d.SSEAlgorithm != types.ServerSideEncryptionAes256 {
				facts.EncryptionKey = bucketKey(w, bucketRegion(a), aws.ToString(d.KMSMasterKeyID))
			}
		}
	}, "encryption_key")
	collectors.Know(r, a.Tags, func(v *s3.GetBucketTaggingOutput) {
		if v != nil {
			r.Labels = labels(v.TagSet, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
		}
	}, "labels_read")
	// S3 encrypts every new object and serves TLS 1.2 and later only.
	facts.EncryptedAtRest, facts.TLSMinVersion = true, 1.2
	r.SetInherent("encrypted_at_rest", "tls_min_version")
	return r
}

// bucketKey is the id of the key a bucket names by ARN, by alias or by its bare id; empty for the key that S3 makes for
// itself, which is also what a bucket without a name of a key uses.
func bucketKey(w collectors.Where, region, key string) string {
	w.Region = region
	switch {
	case key == "", strings.HasPrefix(shortAlias(key), "alias/aws/"):
		return ""
	case strings.HasPrefix(key, "arn:"):
		return key
	case strings.HasPrefix(key, "alias/"):
		return arn(w, "kms", key)
	default:
		return arn(w, "kms", "key/"+key)
	}
}

// bucketPublicFacts states what the access list, the block settings and the ownership setting say. What they come to
// together with the account's switch is derived.
func bucketPublicFacts(r *inventory.Resource, facts *inventory.ObjectStorage, w collectors.Where, a bucketAnswers) {
	collectors.Know(r, a.ACL, func(v *s3.GetBucketAclOutput) {
		for _, g := range v.Grants {
			if g.Grantee == nil {
				continue
			}
			switch aws.ToString(g.Grantee.URI) {
			case "http://acs.amazonaws.com/groups/global/AllUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers":
				facts.ACLPublic = true
			}
		}
	}, "acl_public")
	collectors.Know(r, a.Block, func(v *s3.GetPublicAccessBlockOutput) {
		if v == nil || v.PublicAccessBlockConfiguration == nil {
			return
		}
		b := v.PublicAccessBlockConfiguration
		facts.Block = inventory.PublicAccessBlock{
			IgnoreACLs: aws.ToBool(b.IgnorePublicAcls), RestrictPolicy: aws.ToBool(b.RestrictPublicBuckets),
			BlockACLs: aws.ToBool(b.BlockPublicAcls), BlockPolicy: aws.ToBool(b.BlockPublicPolicy),
		}
	}, "block")
	collectors.Know(r, a.Ownership, func(v *s3.GetBucketOwnershipControlsOutput) {
		facts.ACLEnabled = true
		if v == nil || v.OwnershipControls == nil {
			return
		}
		for _, rule := range v.OwnershipControls.Rules {
			if rule.ObjectOwnership == types.ObjectOwnershipBucketOwnerEnforced {
				facts.ACLEnabled = false
			}
		}
	}, "acl_enabled")
}

// bucketPolicyFacts states what the bucket's policy says. The provider's own public verdict is taken where it is
// offered; a statement that ours finds public is public even if the provider does not say so.
func bucketPolicyFacts(r *inventory.Resource, facts *inventory.ObjectStorage, w collectors.Where, a bucketAnswers) {
	var policy policyDocument
	readable := true
	collectors.Know(r, a.Policy, func(v *s3.GetBucketPolicyOutput) {
		if v == nil {
			return
		}
		doc, err := parsePolicy(aws.ToString(v.Policy))
		if err != nil {
			readable = false
			return
		}
		policy = doc
		facts.TLSRequired = policy.refusesClearText(aws.ToString(a.Bucket.Name))
		facts.NetworkRestricted = policy.restrictsNetwork()
		facts.Principals = policy.foreignAccounts(w.Scope.Account())
	}, "tls_required", "network_restricted", "principals")
	bucketSharedFacts(r, facts, a)
	if !readable {
		r.SetUnknown(unreadPolicy, "tls_required", "network_restricted", "principals")
	}
	publicPolicyFact(r, facts, a, policy, readable)
	accessPointFacts(r, facts, a)
}

// publicPolicyFact states that a policy is public when the provider or our own reading says so, and that it is not when
// neither does: one of them alone would let a lost permission turn a fail into a pass.
func publicPolicyFact(r *inventory.Resource, facts *inventory.ObjectStorage, a bucketAnswers, policy policyDocument, readable bool) {
	status := a.Status.Value
	said := status != nil && status.PolicyStatus != nil && status.PolicyStatus.IsPublic != nil
	switch {
	case policy.public(), said && *status.PolicyStatus.IsPublic:
		facts.PolicyPublic = true
	case a.Policy.Unknown() != nil:
		r.SetUnknown(*a.Policy.Unknown(), "policy_public")
		return
	case !readable:
		r.SetUnknown(unreadPolicy, "policy_public")
		return
	case a.Policy.Absent, said, a.Status.Absent:
	case a.Status.Unknown() != nil:
		r.SetUnknown(*a.Status.Unknown(), "policy_public")
		return
	default:
		r.SetUnknown(inventory.Unknown{
			Cause: inventory.CauseFailed, Action: "GetBucketPolicyStatus", Permission: "s3:GetBucketPolicyStatus", Code: "FieldAbsent",
		}, "policy_public")
		return
	}
	r.Known("policy_public")
}

// unreadPolicy is the reason of facts of a policy that is there and cannot be parsed.
var unreadPolicy = inventory.Unknown{
	Cause: inventory.CauseFailed, Action: "GetBucketPolicy", Permission: "s3:GetBucketPolicy", Code: "MalformedAnswer",
}

// deliveryID is the canonical id by which content delivery writes its logs into any account's bucket.
const deliveryID = "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0"

// bucketSharedFacts adds the parties that the access list lets in to those of the policy: a party there is named by its
// canonical id, from which its account cannot be told. Without the list the parties are not known.
func bucketSharedFacts(r *inventory.Resource, facts *inventory.ObjectStorage, a bucketAnswers) {
	if why := a.ACL.Unknown(); why != nil {
		if r.IsKnown("principals") {
			r.SetUnknown(*why, "principals")
		}
		return
	}
	if a.ACL.Value == nil || a.ACL.Value.Owner == nil {
		return
	}
	for _, g := range a.ACL.Value.Grants {
		if g.Grantee == nil || g.Grantee.ID == nil {
			continue
		}
		id := *g.Grantee.ID
		if id != aws.ToString(a.ACL.Value.Owner.ID) && id != deliveryID && !slices.Contains(facts.Principals, id) {
			facts.Principals = append(facts.Principals, id)
		}
	}
}

// bucketKeepFacts states how long data is kept, whether it can be had back and whether its use is recorded.
func bucketKeepFacts(r *inventory.Resource, facts *inventory.ObjectStorage, a bucketAnswers) {
	collectors.Know(r, a.Versioning, func(v *s3.GetBucketVersioningOutput) {
		facts.Versioning = v.Status == types.BucketVersioningStatusEnabled
	}, "versioning")
	collectors.Know(r, a.Lock, func(v *s3.GetObjectLockConfigurationOutput) {
		if v == nil || v.ObjectLockConfiguration == nil || v.ObjectLockConfiguration.Rule == nil {
			return
		}
		d := v.ObjectLockConfiguration.Rule.DefaultRetention
		facts.RetentionLocked = d != nil && d.Mode == types.ObjectLockRetentionModeCompliance
	}, "retention_locked")
	locked := a.Lock.Value != nil && a.Lock.Value.ObjectLockConfiguration != nil &&
		a.Lock.Value.ObjectLockConfiguration.ObjectLockEnabled == types.ObjectLockEnabledEnabled
	mfaDelete := a.Versioning.Value != nil && a.Versioning.Value.MFADelete == types.MFADeleteStatusEnabled
	switch {
	case locked || mfaDelete:
		facts.DeleteProtected = true
		r.Known("delete_protected")
	case a.Versioning.Unknown() != nil:
		r.SetUnknown(*a.Versioning.Unknown(), "delete_protected")
	default:
		collectors.Know(r, a.Lock, func(*s3.GetObjectLockConfigurationOutput) {}, "delete_protected")
	}
	collectors.Know(r, a.Logging, func(v *s3.GetBucketLoggingOutput) {
		if v.LoggingEnabled != nil {
			facts.LogTarget = "arn:aws:s3:::" + aws.ToString(v.LoggingEnabled.TargetBucket)
			facts.AccessLogged = true
			r.Known("access_logged")
		}
	}, "log_target")
	collectors.Know(r, a.Lifecycle, func(v *s3.GetBucketLifecycleConfigurationOutput) {
		if v == nil {
			return
		}
		for _, rule := range v.Rules {
			if rule.Status != types.ExpirationStatusEnabled {
				continue
			}
			// A rule that clears away marks of deleted objects expires no data.
			expires := rule.Expiration != nil && (aws.ToInt32(rule.Expiration.Days) > 0 || rule.Expiration.Date != nil)
			facts.ExpiryRule = facts.ExpiryRule || expires || rule.NoncurrentVersionExpiration != nil
			// The first rule to strike decides how long an object is kept.
			if days := int64(expiryDays(rule)); days > 0 && (facts.ExpiryDays == 0 || days < facts.ExpiryDays) {
				facts.ExpiryDays = days
			}
		}
	}, "expiry_rule", "expiry_days")
	collectors.Know(r, a.Replicates, func(v *s3.GetBucketReplicationOutput) {
		if v == nil || v.ReplicationConfiguration == nil {
			return
		}
		for _, rule := range v.ReplicationConfiguration.Rules {
			if rule.Status == types.ReplicationRuleStatusEnabled && rule.Destination != nil {
				facts.Replicas = append(facts.Replicas, aws.ToString(rule.Destination.Bucket))
			}
		}
	}, "replicas")
}

func expiryDays(rule types.LifecycleRule) int32 {
	if rule.Expiration == nil {
		return 0
	}
	return aws.ToInt32(rule.Expiration.Days)
}
