package evaluator

import (
	"hash/fnv"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Key names one thing a derivation looked at: a resource, the set of resources that link to an id, the labels that a
// scope's resources carry by a name, or how complete a listing is. A derived fact rests on its keys; a change touches
// keys, and what rests on one of them is worked out again. Keys are hashes: two things that share one cost a needless
// derivation, never a missed one.
type Key int64

func keyOf(parts ...string) Key {
	h := fnv.New64a()
	for _, p := range parts {
		_, _ = h.Write([]byte(p))
		_, _ = h.Write([]byte{0})
	}
	return Key(h.Sum64()) // #nosec G115 -- the bits matter, not the number
}

// ResourceKey is touched when the resource appears, changes or goes.
func ResourceKey(id string) Key { return keyOf("id", id) }

// LinkKey is touched when a resource of the class that links to the id by that name appears, changes or goes.
func LinkKey(class inventory.Class, link, id string) Key {
	return keyOf("link", string(class), link, id)
}

// ListingKey is touched when a listing of the class becomes complete or ceases to be. Region may be "" for any region
// of the scope, and "*" for listings that speak of every region; the class may be "" for any whose resources carry labels.
func ListingKey(class inventory.Class, scope inventory.ScopeID, region string) Key {
	return keyOf("listing", string(class), string(scope), region)
}

// OwnerKey is touched when an account becomes the organisation's own or ceases to be.
func OwnerKey(account string) Key { return keyOf("owner", account) }

// LabelKey is touched when a resource of the scope comes to carry another label of that name, in whatever case. An empty
// name stands for the reasons why labels of the scope's resources could not be read.
func LabelKey(scope inventory.ScopeID, name string) Key {
	// Upper case first: of the few letters that have two lower cases both then come out alike.
	return keyOf("label", string(scope), strings.ToLower(strings.ToUpper(name)))
}

// KeysOf are the keys that are touched when a resource changes from one form to another; nil stands for its absence.
// Its own, and those of everything that either form links to, are touched by any change, those of labels only when the
// labels change: otherwise each change of anything would touch what rests on the labels of a whole scope.
func KeysOf(before, after *inventory.Resource) []Key {
	var keys []Key
	for _, r := range []*inventory.Resource{before, after} {
		if r == nil {
			continue
		}
		keys = append(keys, ResourceKey(r.ID))
		for _, l := range r.Links() {
			keys = append(keys, LinkKey(r.Class, l.Name, l.To))
		}
	}
	if before != nil && after != nil && before.Scope != after.Scope {
		return append(append(keys, labelKeys(before, nil)...), labelKeys(nil, after)...)
	}
	return append(keys, labelKeys(before, after)...)
}

// labelKeys are the keys of the labels that are not the same in two forms of a resource of one scope.
func labelKeys(before, after *inventory.Resource) []Key {
	was, unreadBefore := labelsOf(before)
	is, unread := labelsOf(after)
	scope := inventory.ScopeID("")
	for _, r := range []*inventory.Resource{before, after} {
		if r != nil {
			scope = r.Scope
		}
	}
	var keys []Key
	if unread != unreadBefore {
		keys = append(keys, LabelKey(scope, ""))
	}
	for name, value := range was {
		if is[name] != value {
			keys = append(keys, LabelKey(scope, name))
		}
	}
	for name, value := range is {
		if _, both := was[name]; !both && value != "" {
			keys = append(keys, LabelKey(scope, name))
		}
	}
	return keys
}

// labelsOf are the labels that count for a scope, and why they may not be all of the resource's.
func labelsOf(r *inventory.Resource) (map[string]string, inventory.Unknown) {
	switch {
	case r == nil || !r.CarriesLabels:
		return nil, inventory.Unknown{}
	case !r.IsKnown("labels_read"):
		return r.Labels, r.Why("labels_read")
	default:
		return r.Labels, inventory.Unknown{}
	}
}

// ListingKeys are the keys that a change of a listing's completeness touches.
func ListingKeys(row inventory.LedgerRow) []Key {
	keys := []Key{ListingKey(row.Class, row.Scope, row.Region), ListingKey(row.Class, row.Scope, "")}
	if row.EveryRegion() {
		keys = append(keys, ListingKey(row.Class, row.Scope, "*"))
	}
	if row.Labelled() {
		keys = append(keys, ListingKey("", row.Scope, ""))
	}
	return keys
}
