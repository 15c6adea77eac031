package gcp

import (
	"context"
	"time"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var disksWay = &way{
	types: []string{"compute.googleapis.com/Disk", "compute.googleapis.com/RegionDisk"}, api: computeAPI,
	path: "/compute/v1/projects/{project}/aggregated/disks", items: "disks", scoped: true,
	permission: "compute.disks.list", action: "compute.disks.aggregatedList",
}

var snapshotsWay = &way{
	types: []string{"compute.googleapis.com/Snapshot"}, api: computeAPI,
	path: "/compute/v1/projects/{project}/global/snapshots", items: "items",
	permission: "compute.snapshots.list", action: "compute.snapshots.list",
}

var imagesWay = &way{
	types: []string{"compute.googleapis.com/Image"}, api: computeAPI,
	path: "/compute/v1/projects/{project}/global/images", items: "items",
	permission: "compute.images.list", action: "compute.images.list",
}

var (
	_ = source("gcp.compute.disk", inventory.ClassDisk, disksWay, diskFacts, false)
	_ = collectors.Register(&Sources, collectors.Source[*Clients, asset, sharedAnswers]{
		Kind: "gcp.compute.snapshot", Class: inventory.ClassSnapshot,
		Permissions: snapshotsWay.permissions(policyPermission, "compute.snapshots.getIamPolicy"),
		ListAction:  snapshotsWay.action, ListPermission: snapshotsWay.permission,
		Global: true, List: snapshotsWay.list, Find: snapshotsWay.find,
		Ask: func(ctx context.Context, c *Clients, a asset) sharedAnswers {
			return askShared(ctx, c, a, "compute.snapshots.getIamPolicy")
		},
		Facts: snapshotFacts,
	})
	_ = collectors.Register(&Sources, collectors.Source[*Clients, asset, sharedAnswers]{
		Kind: "gcp.compute.image", Class: inventory.ClassImage,
		Permissions: imagesWay.permissions(policyPermission, "compute.images.getIamPolicy"),
		ListAction:  imagesWay.action, ListPermission: imagesWay.permission,
		Global: true, List: imagesWay.list, Find: imagesWay.find,
		Ask: func(ctx context.Context, c *Clients, a asset) sharedAnswers {
			return askShared(ctx, c, a, "compute.images.getIamPolicy")
		},
		Facts: imageFacts,
	})
)

type diskBody struct {
	Users          []string `json:"users"`
	SourceDisk     string   `json:"sourceDisk"`
	SourceSnapshot string   `json:"sourceSnapshot"`
	Key            *keyBody `json:"diskEncryptionKey"`
	SnapshotKey    *keyBody `json:"snapshotEncryptionKey"`
	CreatedAt      string   `json:"creationTimestamp"`
}

type keyBody struct {
	KMSKeyName string `json:"kmsKeyName"`
	SHA256     string `json:"sha256"`
}

func diskFacts(_ collectors.Where, a asset) *inventory.Resource {
	b := read[diskBody](a)
	facts := &inventory.Disk{EncryptedAtRest: true, Attached: len(b.Users) > 0, Machines: computeIDs(b.Users)}
	r := begin(a, facts)
	r.SetInherent("encrypted_at_rest")
	facts.Source = computeID(b.SourceSnapshot)
	if facts.Source == "" {
		facts.Source = computeID(b.SourceDisk)
	}
	facts.EncryptionKey, facts.CustomerKey = keyOf(b.Key)
	r.Known("attached", "machines", "source", "encryption_key", "customer_key")
	notAsked(r, "compute.resourcePolicies.list", "compute.resourcePolicies.list", "backup_covered")
	return r
}

// keyOf is the key behind something, and whether it is the organisation's own: Google's own keys are never named, and a
// key that is handed over with each call shows as its hash alone.
func keyOf(k *keyBody) (id string, own bool) {
	switch {
	case k == nil:
		return "", false
	case k.KMSKeyName != "":
		name, _, _ := cutLast(k.KMSKeyName, "/cryptoKeyVersions/")
		return linkID("cloudkms.googleapis.com", name), true
	default:
		return "", k.SHA256 != ""
	}
}

// sharedAnswers is a snapshot or image with who may use it.
type sharedAnswers struct {
	Item   asset
	Policy collectors.Answer[policy]
	// Number is the number of the project.
	Number string
}

func askShared(ctx context.Context, c *Clients, a asset, permission string) sharedAnswers {
	path := "/compute/v1" + idOf(a)[len("//"+computeAPI):] + "/getIamPolicy"
	out := sharedAnswers{Item: a, Policy: ask(permission, permission, func() (*policy, error) {
		if p := c.toldPolicy(ctx, a); p != nil {
			return p, nil
		}
		return fetch[policy](ctx, c, computeAPI, path, nil)
	})}
	if p := out.Policy.Value; p != nil && p.needsNumber() {
		out.Number = c.number(ctx)
	}
	out.Item.Policy = nil
	return out
}

// sharing states who may use something.
func sharing(r *inventory.Resource, w collectors.Where, a collectors.Answer[policy], number string, public *bool,
	principals *[]string) {
	collectors.Know(r, a, func(p *policy) { *public = p.public() }, "public")
	collectors.Know(r, a, func(p *policy) {
		*principals, _ = p.owners(w.Scope.Account(), number)
	}, "principals")
	if a.Value != nil && a.Value.needsNumber() && number == "" {
		notAsked(r, "cloudresourcemanager.projects.get", "resourcemanager.projects.get", "principals")
	}
}

// needsNumber says whether a member is named by the number of a project.
func (p *policy) needsNumber() bool {
	_, sure := p.owners("", "")
	return !sure
}

func snapshotFacts(w collectors.Where, a sharedAnswers) *inventory.Resource {
	b := read[diskBody](a.Item)
	facts := &inventory.Snapshot{EncryptedAtRest: true, Source: computeID(b.SourceDisk)}
	r := begin(a.Item, facts)
	r.SetInherent("encrypted_at_rest")
	facts.EncryptionKey, _ = keyOf(b.SnapshotKey)
	r.Known("source", "encryption_key")
	if at, err := time.Parse(time.RFC3339, b.CreatedAt); err == nil {
		facts.TakenAt = at.UTC()
		r.Known("taken_at")
	} else {
		lacks(r, snapshotsWay, "taken_at")
	}
	sharing(r, w, a.Policy, a.Number, &facts.Public, &facts.Principals)
	return r
}

func imageFacts(w collectors.Where, a sharedAnswers) *inventory.Resource {
	facts := &inventory.Image{Kind: "machine"}
	r := begin(a.Item, facts)
	r.Known("kind")
	sharing(r, w, a.Policy, a.Number, &facts.Public, &facts.Principals)
	r.SetNotApplicable("weaknesses are looked for in the machines that run it", "critical_findings")
	return r
}

// cutLast cuts a word at the last occurrence of a separator.
func cutLast(word, sep string) (before, after string, found bool) {
	for i := len(word) - len(sep); i >= 0; i-- {
		if word[i:i+len(sep)] == sep {
			return word[:i], word[i+len(sep):], true
		}
	}
	return word, "", false
}
