package azure

import (
	"context"
	"errors"
	"iter"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// container is what is read of a container.
type container struct {
	Public    string `json:"publicAccess,omitempty"`
	HasPolicy *bool  `json:"hasImmutabilityPolicy,omitempty"`
	Policy    *struct {
		Properties struct {
			State string `json:"state,omitempty"`
		} `json:"properties"`
	} `json:"immutabilityPolicy,omitempty"`
	Versions *struct {
		Enabled *bool `json:"enabled,omitempty"`
	} `json:"immutableStorageWithVersioning,omitempty"`
}

// containerItem is a container with the account it lies in, whose switch outranks it.
type containerItem struct {
	Account   seen[storageAccount]
	Container row[container]
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, containerItem, containerItem]{
	Kind: "azure.storage.container", Class: inventory.ClassObjectStorage,
	Permissions: []string{storageAccounts.permission(), containerType + "/read"},
	ListAction:  "GET " + containerType, ListPermission: containerType + "/read", Global: true, NoLabels: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[containerItem, error] {
		return containersOf(ctx, c, keptRows[storageAccount](ctx, c, storageAccounts))
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[containerItem, error] {
		return only(containersOf(ctx, c, findRow[storageAccount](ctx, c, storageAccounts, above(id, "/blobservices/"))),
			func(i containerItem) bool { return armID(i.Container.ID) == armID(id) })
	},
	Facts: containerFacts,
})

// containersOf lists the containers of each account. An account that refuses leaves the listing incomplete, and the
// next one is asked all the same.
func containersOf(ctx context.Context, c *Clients, accounts iter.Seq2[seen[storageAccount],
	error]) iter.Seq2[containerItem, error] {
	return func(yield func(containerItem, error) bool) {
		var refused error
		for s, err := range accounts {
			if err != nil {
				yield(containerItem{}, err)
				return
			}
			if withoutBlobs(s.Row.Kind) {
				continue
			}
			found, err := all[row[container]](ctx, c, armID(s.Row.ID)+"/blobServices/default/containers",
				storageAccounts.version)
			if errors.Is(absent(err, "FeatureNotSupportedForAccount", "ResourceNotFound"), collectors.ErrAbsent) {
				continue
			}
			if err != nil {
				refused = err
				continue
			}
			for _, b := range *found {
				if !yield(containerItem{s, b}, nil) {
					return
				}
			}
		}
		if refused != nil {
			yield(containerItem{}, refused)
		}
	}
}

// toldByAccount are facts that an account states for all its containers.
var toldByAccount = []string{
	"public_blocked", "tls_required", "tls_min_version", "encrypted_at_rest", "customer_key", "versioning",
	"delete_protected",
	"access_logged", "expiry_rule", "expiry_days", "other_region_copy", "network_restricted", "encryption_key",
	"log_target",
	"replicas", "principals", "unknown_principals", "holds_records",
}

func containerFacts(_ collectors.Where, i containerItem) *inventory.Resource {
	facts := &inventory.ObjectStorage{}
	p := i.Container.Properties
	r := inventory.New(armID(i.Container.ID), i.Account.Row.Name+"/"+i.Container.Name, regionOf(i.Account.Row.Location),
		facts)
	defer leftOut(r, rowsOf{typ: containerType})
	r.SetNotApplicable("its account tells it for all its containers", toldByAccount...)
	r.SetNotApplicable("anonymous access is granted container by container", "public_by_policy")
	r.SetNotApplicable("blobs have no access lists", "acl_enabled")
	r.Known("policy_public", "block")
	// A container that does not say is private.
	facts.ACLPublic = lower(p.Public) == "blob" || lower(p.Public) == "container"
	r.Known("acl_public")
	switch allowed := i.Account.Row.Properties.publicBlobs(); {
	case !facts.ACLPublic || allowed != nil:
		facts.PublicByACL = facts.ACLPublic && *allowed
		r.Known("public_by_acl")
	default:
		r.SetUnknown(inventory.Unknown{Cause: inventory.CauseFailed, Code: "FieldAbsent", Action: storageAccounts.action(),
			Permission: storageAccounts.permission()}, "public_by_acl")
	}
	facts.RetentionLocked = p.Policy != nil && lower(p.Policy.Properties.State) == "locked"
	r.Known("retention_locked")
	return r
}
