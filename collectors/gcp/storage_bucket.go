package gcp

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const (
	storageAPI      = "storage.googleapis.com"
	bucketGetPolicy = "storage.buckets.getIamPolicy"
	bucketGet       = "storage.buckets.get"
)

var bucketsWay = &way{
	types: []string{"storage.googleapis.com/Bucket"}, api: storageAPI,
	// Without access lists, which take a further right: they are asked for where they count.
	path: "/storage/v1/b", items: "items",
	query:      url.Values{"project": {"{project}"}, "projection": {"noAcl"}, "maxResults": {"1000"}},
	permission: "storage.buckets.list", action: "storage.buckets.list",
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, asset, bucketAnswers]{
	Kind: "gcp.storage.bucket", Class: inventory.ClassObjectStorage,
	Permissions: bucketsWay.permissions(policyPermission, bucketGetPolicy, bucketGet, orgPolicyPermission),
	ListAction:  bucketsWay.action, ListPermission: bucketsWay.permission,
	Global: true, List: bucketsWay.list, Find: bucketsWay.find, Ask: askBucket, Facts: bucketFacts,
})

type bucketBody struct {
	ACL              *[]aclBody `json:"acl"`
	DefaultACL       *[]aclBody `json:"defaultObjectAcl"`
	LocationType     string     `json:"locationType"`
	IAMConfiguration *struct {
		Uniform *struct {
			Enabled bool `json:"enabled"`
		} `json:"uniformBucketLevelAccess"`
		Older *struct {
			Enabled bool `json:"enabled"`
		} `json:"bucketPolicyOnly"`
		Prevention string `json:"publicAccessPrevention"`
	} `json:"iamConfiguration"`
	Encryption *struct {
		DefaultKey string `json:"defaultKmsKeyName"`
	} `json:"encryption"`
	Versioning *struct {
		Enabled bool `json:"enabled"`
	} `json:"versioning"`
	Logging *struct {
		LogBucket string `json:"logBucket"`
	} `json:"logging"`
	Lifecycle *struct {
		Rule []struct {
			Action struct {
				Type string `json:"type"`
			} `json:"action"`
			Condition struct {
				Age *number `json:"age"`
			} `json:"condition"`
		} `json:"rule"`
	} `json:"lifecycle"`
	SoftDelete *struct {
		Seconds number `json:"retentionDurationSeconds"`
	} `json:"softDeletePolicy"`
	Retention *struct {
		Seconds number `json:"retentionPeriod"`
		Locked  bool   `json:"isLocked"`
	} `json:"retentionPolicy"`
	IPFilter *struct {
		Mode string `json:"mode"`
	} `json:"ipFilter"`
}

type aclBody struct {
	Entity string `json:"entity"`
	Role   string `json:"role"`
	Domain string `json:"domain"`
	Email  string `json:"email"`
}

// uniform says whether only the policy of the bucket counts, and no list on it or on its objects.
func (b *bucketBody) uniform() bool {
	c := b.IAMConfiguration
	return c != nil && (c.Uniform != nil && c.Uniform.Enabled || c.Older != nil && c.Older.Enabled)
}

// bucketAnswers is all that Google says about one bucket. The bucket has no setting for clear text: the organisation's
// constraints answer for every bucket of the project.
type bucketAnswers struct {
	Bucket asset
	Policy collectors.Answer[policy]
	// Lists are the access lists, asked for where they count and the listing left them out.
	Lists  collectors.Answer[bucketLists]
	Secure collectors.Answer[orgPolicyBody]
	TLS    collectors.Answer[orgPolicyBody]
	Number string
}

type bucketLists struct {
	ACL        []aclBody `json:"acl"`
	DefaultACL []aclBody `json:"defaultObjectAcl"`
}

func askBucket(ctx context.Context, c *Clients, a asset) bucketAnswers {
	b := read[bucketBody](a)
	path := "/storage/v1/b/" + url.PathEscape(short(a.Name))
	out := bucketAnswers{
		Bucket: a,
		Policy: ask(bucketGetPolicy, bucketGetPolicy, func() (*policy, error) {
			if p := c.toldPolicy(ctx, a); p != nil {
				return p, nil
			}
			return fetch[policy](ctx, c, storageAPI, path+"/iam", url.Values{"optionsRequestedPolicyVersion": {"3"}})
		}),
		Secure: c.constraint(ctx, "storage.secureHttpTransport"),
		TLS:    c.constraint(ctx, "gcp.restrictTLSVersion"),
	}
	if !b.uniform() && !b.listsTold(a) {
		out.Lists = ask(bucketGet, bucketGetPolicy, func() (*bucketLists, error) {
			v, err := fetch[bucketLists](ctx, c, storageAPI, path, url.Values{"projection": {"full"}})
			if err == nil && len(v.ACL) == 0 {
				// A bucket with lists always has one of its own; without the right to read it, it is left out.
				return nil, &apiError{status: 403, word: "PERMISSION_DENIED", permission: bucketGetPolicy}
			}
			return v, err
		})
	}
	if p := out.Policy.Value; p != nil && p.needsNumber() {
		out.Number = c.number(ctx)
	}
	out.Bucket.Policy = nil
	return out
}

// listsTold says whether the listing told the access lists. The asset inventory leaves them empty, and the bucket's own
// API leaves them out for those who may not read them.
func (b *bucketBody) listsTold(a asset) bool {
	return a.Direct && b.ACL != nil && len(*b.ACL) > 0 || b.ACL != nil && len(*b.ACL) > 0 && b.DefaultACL != nil
}

func bucketFacts(w collectors.Where, a bucketAnswers) *inventory.Resource {
	b := read[bucketBody](a.Bucket)
	facts := &inventory.ObjectStorage{EncryptedAtRest: true, Replicas: []string{}}
	r := begin(a.Bucket, facts)
	r.SetInherent("encrypted_at_rest")
	policyFactsOf(r, w, facts, &a)
	listFacts(r, facts, &b, &a)
	collectors.Know(r, a.Secure, func(p *orgPolicyBody) { facts.TLSRequired = p.enforced() }, "tls_required")
	collectors.Know(r, a.TLS, func(p *orgPolicyBody) { facts.TLSMinVersion = p.oldestTLS() }, "tls_min_version")
	if c := b.IAMConfiguration; c != nil {
		facts.Block = blocking(c.Prevention == "enforced")
		facts.ACLEnabled = !b.uniform()
		r.Known("block", "acl_enabled")
	} else {
		lacks(r, bucketsWay, "block", "acl_enabled")
	}
	keepingFacts(r, facts, &b)
	return r
}

func policyFactsOf(r *inventory.Resource, w collectors.Where, facts *inventory.ObjectStorage, a *bucketAnswers) {
	sharing := func(p *policy) {
		facts.PolicyPublic = p.public()
		facts.Principals, _ = p.owners(w.Scope.Account(), a.Number)
	}
	collectors.Know(r, a.Policy, sharing, "policy_public", "principals")
	if a.Policy.Value != nil && a.Policy.Value.needsNumber() && a.Number == "" {
		notAsked(r, "cloudresourcemanager.projects.get", "resourcemanager.projects.get", "principals")
	}
}

// listFacts states what access lists say, where they count at all.
func listFacts(r *inventory.Resource, facts *inventory.ObjectStorage, b *bucketBody, a *bucketAnswers) {
	state := func(lists ...[]aclBody) {
		for _, e := range slices.Concat(lists...) {
			facts.ACLPublic = facts.ACLPublic || slices.Contains(anyone, e.Entity)
		}
	}
	switch {
	case b.uniform():
		r.Known("acl_public")
	case a.Lists.Action != "":
		collectors.Know(r, a.Lists, func(v *bucketLists) {
			if v != nil {
				state(v.ACL, v.DefaultACL)
			}
		}, "acl_public")
	case !b.listsTold(a.Bucket):
		lacks(r, bucketsWay, "acl_public")
	case b.DefaultACL != nil:
		state(*b.ACL, *b.DefaultACL)
		r.Known("acl_public")
	default:
		// Without a default for objects a new one is its owner's alone.
		state(*b.ACL)
		r.Known("acl_public")
	}
}

// keepingFacts states how long what the bucket holds is kept, and where. What a bucket does not speak of is off.
func keepingFacts(r *inventory.Resource, facts *inventory.ObjectStorage, b *bucketBody) {
	facts.Versioning = b.Versioning != nil && b.Versioning.Enabled
	const week = 7 * 24 * 3600
	facts.DeleteProtected = b.SoftDelete != nil && b.SoftDelete.Seconds >= week || b.Retention != nil &&
		b.Retention.Seconds > 0
	facts.RetentionLocked = b.Retention != nil && b.Retention.Locked
	if b.Lifecycle != nil {
		for _, rule := range b.Lifecycle.Rule {
			if rule.Action.Type != "Delete" {
				continue
			}
			facts.ExpiryRule = true
			if age := rule.Condition.Age; age != nil && (facts.ExpiryDays == 0 || int64(*age) < facts.ExpiryDays) {
				facts.ExpiryDays = int64(*age)
			}
		}
	}
	if b.Encryption != nil && b.Encryption.DefaultKey != "" {
		facts.EncryptionKey = linkID("cloudkms.googleapis.com", b.Encryption.DefaultKey)
		// Google's own keys are never named.
		facts.CustomerKey = true
	}
	if b.Logging != nil && b.Logging.LogBucket != "" {
		facts.LogTarget = "//" + storageAPI + "/" + b.Logging.LogBucket
	}
	r.Known("versioning", "delete_protected", "retention_locked", "expiry_rule", "expiry_days", "encryption_key",
		"customer_key", "log_target", "replicas")
	switch b.LocationType {
	case "":
		lacks(r, bucketsWay, "other_region_copy")
	default:
		facts.OtherRegionCopy = strings.EqualFold(b.LocationType, "multi-region") || strings.EqualFold(b.LocationType,
			"dual-region")
		r.Known("other_region_copy")
	}
	if facts.NetworkRestricted = b.IPFilter != nil && strings.EqualFold(b.IPFilter.Mode,
		"Enabled"); facts.NetworkRestricted {
		r.Known("network_restricted")
	} else {
		notAsked(r, "accesscontextmanager.servicePerimeters.list", "accesscontextmanager.servicePerimeters.list",
			"network_restricted")
	}
}
