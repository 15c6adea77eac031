package azure

import (
	"context"
	"encoding/json"
	"iter"
	"strings"
	"time"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var storageAccounts = rowsOf{typ: "Microsoft.Storage/storageAccounts", version: "2024-01-01"}

// storageAccount is what is read of an account.
type storageAccount struct {
	Created     *time.Time `json:"creationTime,omitempty"`
	HTTPSOnly   *bool      `json:"supportsHttpsTrafficOnly,omitempty"`
	TLS         string     `json:"minimumTlsVersion,omitempty"`
	PublicBlobs *bool      `json:"allowBlobPublicAccess,omitempty"`
	Access      string     `json:"publicNetworkAccess,omitempty"`
	Network     *struct {
		Default string `json:"defaultAction,omitempty"`
	} `json:"networkAcls,omitempty"`
	Encryption *struct {
		Source string `json:"keySource,omitempty"`
		Key    *struct {
			URI     string `json:"keyvaulturi,omitempty"`
			Name    string `json:"keyname,omitempty"`
			Current string `json:"currentVersionedKeyIdentifier,omitempty"`
		} `json:"keyvaultproperties,omitempty"`
	} `json:"encryption,omitempty"`
}

// privateByDefault is when accounts began to forbid public containers unless they are told to allow them.
var privateByDefault = time.Date(2023, time.November, 1, 0, 0, 0, 0, time.UTC)

// publicBlobs says whether containers may be public; nil when the answer does not tell.
func (s storageAccount) publicBlobs() *bool {
	if s.PublicBlobs != nil || s.Created == nil {
		return s.PublicBlobs
	}
	before := s.Created.Before(privateByDefault)
	return &before
}

const (
	blobServiceType = "Microsoft.Storage/storageAccounts/blobServices"
	containerType   = "Microsoft.Storage/storageAccounts/blobServices/containers"
	copyPolicyType  = "Microsoft.Storage/storageAccounts/objectReplicationPolicies"
	lifecycleType   = "Microsoft.Storage/storageAccounts/managementPolicies"
)

// blobService is what the account keeps of changed and deleted blobs.
type blobService struct {
	Properties struct {
		Versioning *bool          `json:"isVersioningEnabled,omitempty"`
		Blobs      *deleteKeeping `json:"deleteRetentionPolicy,omitempty"`
		Containers *deleteKeeping `json:"containerDeleteRetentionPolicy,omitempty"`
	} `json:"properties"`
}

type deleteKeeping struct {
	Enabled *bool `json:"enabled,omitempty"`
	Days    int64 `json:"days,omitempty"`
}

func (d *deleteKeeping) week() bool { return d != nil && deref(d.Enabled) && d.Days >= 7 }

// lifecycle are the rules by which blobs are moved and deleted.
type lifecycle struct {
	Properties struct {
		Policy struct {
			Rules []struct {
				Enabled    *bool `json:"enabled,omitempty"`
				Definition struct {
					Actions map[string]map[string]map[string]any `json:"actions,omitempty"`
				} `json:"definition"`
			} `json:"rules,omitempty"`
		} `json:"policy"`
	} `json:"properties"`
}

// days is after how many days blobs are deleted by the rule that does so first; 0 when none does.
func (l *lifecycle) days() (deletes bool, days int64) {
	if l == nil {
		return false, 0
	}
	for _, rule := range l.Properties.Policy.Rules {
		if rule.Enabled != nil && !*rule.Enabled {
			continue
		}
		after, ok := rule.Definition.Actions["baseBlob"]["delete"]
		for _, actions := range rule.Definition.Actions {
			if _, some := actions["delete"]; some {
				deletes = true
			}
		}
		if n, is := after["daysAfterModificationGreaterThan"].(float64); ok && is && (days == 0 || int64(n) < days) {
			days = int64(n)
		}
	}
	return deletes, days
}

// storageAnswers is an account with its blob service and its rules.
type storageAnswers struct {
	Account   seen[storageAccount]
	Blobs     collectors.Answer[blobService]
	Lifecycle collectors.Answer[lifecycle]
	Records   collectors.Answer[[]diagnosticSetting]
	Copies    collectors.Answer[[]copyPolicy]
}

// copyPolicy sends what changes in one account to another.
type copyPolicy struct {
	Properties struct {
		Source      string            `json:"sourceAccount,omitempty"`
		Destination string            `json:"destinationAccount,omitempty"`
		Rules       []json.RawMessage `json:"rules,omitempty"`
	} `json:"properties"`
}

// withoutBlobs are kinds of accounts that hold no blobs.
func withoutBlobs(kind string) bool { return lower(kind) == "filestorage" }

var _ = collectors.Register(&Sources, collectors.Source[*Clients, seen[storageAccount], storageAnswers]{
	Kind: "azure.storage.account", Class: inventory.ClassObjectStorage,
	Permissions: []string{storageAccounts.permission(), resourceGroups.permission(), blobServiceType + "/read",
		lifecycleType + "/read", diagnosticRead, copyPolicyType + "/read"},
	ListAction: storageAccounts.action(), ListPermission: storageAccounts.permission(), Global: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[seen[storageAccount], error] {
		return keptRows[storageAccount](ctx, c, storageAccounts)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[seen[storageAccount], error] {
		return findRow[storageAccount](ctx, c, storageAccounts, id)
	},
	Ask: func(ctx context.Context, c *Clients, s seen[storageAccount]) storageAnswers {
		a := storageAnswers{Account: s}
		if withoutBlobs(s.Row.Kind) {
			return a
		}
		id := armID(s.Row.ID)
		a.Blobs = askOne[blobService](ctx, c, id, "/blobServices/default", blobServiceType, storageAccounts.version,
			"FeatureNotSupportedForAccount")
		a.Lifecycle = askOne[lifecycle](ctx, c, id, "/managementPolicies/default", lifecycleType, storageAccounts.version,
			"ManagementPolicyNotFound", "ResourceNotFound", "FeatureNotSupportedForAccount")
		a.Records = askDiagnostics(ctx, c, id+"/blobServices/default")
		a.Copies = askAll[copyPolicy](ctx, c, id, "/objectReplicationPolicies", copyPolicyType, storageAccounts.version)
		return a
	},
	Facts: storageFactsOf,
})

func storageFactsOf(_ collectors.Where, a storageAnswers) *inventory.Resource {
	p := a.Account.Row.Properties
	facts := &inventory.ObjectStorage{EncryptedAtRest: true}
	r := described(a.Account, facts)
	defer leftOut(r, storageAccounts)
	r.SetInherent("encrypted_at_rest")
	r.SetNotApplicable("anonymous access is granted container by container", "public_by_policy")
	r.SetNotApplicable("its containers tell it", "public_by_acl", "retention_locked")
	r.SetNotApplicable("blobs have no access lists", "acl_enabled")
	r.Known("policy_public", "acl_public", "block")
	state(r, p.HTTPSOnly, &facts.TLSRequired, "tls_required")
	facts.TLSMinVersion = storageTLS(p.TLS)
	r.Known("tls_min_version")
	blockFacts(r, facts, p)
	accountNetworkFacts(r, facts, p)
	accountKeyFacts(r, facts, p)
	notYet(r, "principals")
	// Geo-redundant kinds keep a copy elsewhere by themselves; of the others, replication may.
	if sku := a.Account.Row.SKU; sku != nil && (strings.Contains(lower(sku.Name), "grs") ||
		strings.Contains(lower(sku.Name), "gzrs")) {
		facts.OtherRegionCopy = true
		r.Known("other_region_copy")
	}
	if withoutBlobs(a.Account.Row.Kind) {
		r.SetNotApplicable("the account holds no blobs", "versioning", "delete_protected", "expiry_rule", "expiry_days",
			"access_logged", "log_target")
		r.Known("replicas")
		return r
	}
	collectors.Know(r, a.Blobs, func(b *blobService) {
		v := deref(b).Properties
		facts.Versioning = deref(v.Versioning)
		facts.DeleteProtected = v.Blobs.week() && v.Containers.week()
	}, "versioning", "delete_protected")
	collectors.Know(r, a.Copies, func(policies *[]copyPolicy) {
		facts.Replicas = copiesOf(r.ID, deref(policies))
	}, "replicas")
	collectors.Know(r, a.Records, func(settings *[]diagnosticSetting) {
		facts.AccessLogged, facts.LogTarget = blobRecords.kept(deref(settings)), storedIn(deref(settings))
	}, "access_logged", "log_target")
	collectors.Know(r, a.Lifecycle, func(l *lifecycle) { facts.ExpiryRule, facts.ExpiryDays = l.days() }, "expiry_rule",
		"expiry_days")
	return r
}

// copiesOf are the accounts that get a copy of what changes in one.
func copiesOf(account string, policies []copyPolicy) []string {
	var out []string
	for _, p := range policies {
		from, to := armID(p.Properties.Source), armID(p.Properties.Destination)
		if len(p.Properties.Rules) > 0 && (from == account || from == lastOf(account)) && to != "" {
			out = append(out, to)
		}
	}
	return out
}

// storageTLS is the oldest version that is spoken: without a minimum, the first.
func storageTLS(word string) float64 {
	switch lower(word) {
	case "tls1_3":
		return 1.3
	case "tls1_2":
		return 1.2
	case "tls1_1":
		return 1.1
	default:
		return 1.0
	}
}

// blockFacts read the switch of the account against public containers.
func blockFacts(r *inventory.Resource, facts *inventory.ObjectStorage, p storageAccount) {
	allowed := p.publicBlobs()
	if allowed == nil {
		r.SetUnknown(inventory.Unknown{Cause: inventory.CauseFailed, Code: "FieldAbsent", Action: storageAccounts.action(),
			Permission: storageAccounts.permission()}, "public_blocked")
		return
	}
	facts.PublicBlocked = !*allowed
	r.Known("public_blocked")
}

func accountNetworkFacts(r *inventory.Resource, facts *inventory.ObjectStorage, p storageAccount) {
	closed := lower(p.Access) == "disabled" || lower(p.Access) == "securedbyperimeter"
	facts.NetworkRestricted = closed || p.Network != nil && lower(p.Network.Default) == "deny"
	if closed || p.Network != nil {
		r.Known("network_restricted")
	}
}

func accountKeyFacts(r *inventory.Resource, facts *inventory.ObjectStorage, p storageAccount) {
	if p.Encryption == nil || p.Encryption.Source == "" {
		return
	}
	facts.CustomerKey = lower(p.Encryption.Source) == "microsoft.keyvault"
	if facts.CustomerKey && p.Encryption.Key != nil {
		facts.EncryptionKey = firstOf(lower(p.Encryption.Key.Current), lower(strings.TrimRight(p.Encryption.Key.URI,
			"/")+"/keys/"+p.Encryption.Key.Name))
	}
	r.Known("encryption_key", "customer_key")
}
