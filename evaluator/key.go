package evaluator

import (
	"hash/fnv"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Key names one thing a derivation looked at: a resource, the set of resources that link to an id, or how complete a
// listing is. A derived fact rests on its keys; a change touches keys, and what rests on one of them is worked out
// again. Keys are hashes: two things that share one cost a needless derivation, never a missed one.
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
// of the scope, and "*" for listings that speak of every region.
func ListingKey(class inventory.Class, scope inventory.ScopeID, region string) Key {
	return keyOf("listing", string(class), string(scope), region)
}

// OwnerKey is touched when an account becomes the organisation's own or ceases to be.
func OwnerKey(account string) Key { return keyOf("owner", account) }

// KeysOf are the keys a change of the resource touches: its own, and that of everything it links to.
func KeysOf(r *inventory.Resource) []Key {
	keys := []Key{ResourceKey(r.ID)}
	for _, l := range r.Links() {
		keys = append(keys, LinkKey(r.Class, l.Name, l.To))
	}
	return keys
}

// ListingKeys are the keys that a change of a listing's completeness touches.
func ListingKeys(row inventory.LedgerRow) []Key {
	keys := []Key{ListingKey(row.Class, row.Scope, row.Region), ListingKey(row.Class, row.Scope, "")}
	if row.EveryRegion() {
		keys = append(keys, ListingKey(row.Class, row.Scope, "*"))
	}
	return keys
}
