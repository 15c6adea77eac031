package reach

import (
	"slices"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// listedOnce is the region of what a provider lists once for the whole scope.
const listedOnce = "global"

// unlistedTrails says why a scope may have trails that are not here. Trails are listed once for the whole scope. What
// is listed beside them region by region, stores of events, counts where it is seen and is not waited for: it records on
// top of the trails, and says itself when it could not be looked for.
func unlistedTrails(scope inventory.ScopeID, w World) []inventory.Unknown {
	return w.Missing(inventory.ClassAuditTrail, scope, listedOnce)
}

// trailsOf are the audit trails that watch a scope: each says so itself. An account without any has a record that says
// so, hence nothing at all means that nobody looked.
func trailsOf(scope inventory.ScopeID, w World) ([]*inventory.Resource, []inventory.Unknown) {
	trails := w.Into(inventory.ClassAuditTrail, "watches", string(scope))
	doubts := unlistedTrails(scope, w)
	if len(trails) == 0 && len(doubts) == 0 {
		doubts = []inventory.Unknown{{Fact: string(inventory.ClassAuditTrail), Cause: inventory.CauseNotCollected}}
	}
	return trails, doubts
}

func deriveTrail(r *inventory.Resource, w World) {
	t := r.Facts.(*inventory.AuditTrail)
	trailQueried(r, t, w)
	names := []string{"destination_public", "integrity_protected", "separate_account", "retention_days"}
	if !r.IsKnown("destination") {
		unknown(r, []inventory.Unknown{r.Why("destination")}, names...)
		return
	}
	if t.Destination == "" {
		put(r, "integrity_protected", &t.IntegrityProtected, false)
		put(r, "separate_account", &t.SeparateAccount, false)
		notAsked(r, "keeps no record", "destination_public", "retention_days")
		return
	}
	kept := w.Get(t.Destination)
	if kept == nil {
		why := absentStore(r, w)
		unknown(r, why, "destination_public", "retention_days", "separate_account")
		if r.IsKnown("validated") && t.Validated {
			put(r, "integrity_protected", &t.IntegrityProtected, true)
		} else {
			unknown(r, why, "integrity_protected")
		}
		return
	}
	put(r, "separate_account", &t.SeparateAccount, kept.Scope != r.Scope)
	switch facts := kept.Facts.(type) {
	case *inventory.ObjectStorage:
		trailInStore(r, t, kept, facts, w)
	case *inventory.LogStore:
		trailInLog(r, t, kept, facts)
	default:
		unknown(r, nil, "destination_public", "integrity_protected", "retention_days")
	}
}

// trailQueried says whether rules can raise alerts on what a trail records: it arrives in a log store, or a store of
// events of the same scope takes in all that is done.
func trailQueried(r *inventory.Resource, t *inventory.AuditTrail, w World) {
	const name = "queryable"
	if r.IsKnown("delivered") && t.Delivered {
		put(r, name, &t.Queryable, true)
		return
	}
	var doubts []inventory.Unknown
	if !r.IsKnown("delivered") {
		doubts = append(doubts, r.Why("delivered"))
	}
	for _, scope := range t.Watches {
		for _, other := range w.Into(inventory.ClassAuditTrail, "watches", scope) {
			facts := other.Facts.(*inventory.AuditTrail)
			switch {
			case other.ID == r.ID || !other.IsKnown("stored") || !facts.Stored:
			case !other.IsKnown("complete"):
				doubts = append(doubts, other.Why("complete"))
			case facts.Complete:
				put(r, name, &t.Queryable, true)
				return
			}
		}
	}
	// Unlike what is recorded, what can be asked hangs on the stores: one that could not be listed may be the one.
	doubts = append(doubts, w.Missing(inventory.ClassAuditTrail, r.Scope, "")...)
	settle(r, name, noUnless(doubts), &t.Queryable, doubts)
}

// absentStore says why the place of a record is not in the inventory: it may be in an account that is not collected.
func absentStore(r *inventory.Resource, w World) []inventory.Unknown {
	out := slices.Clone(w.Missing(inventory.ClassObjectStorage, r.Scope, ""))
	if len(out) == 0 {
		out = []inventory.Unknown{{Fact: "destination", Cause: inventory.CauseNotCollected}}
	}
	return out
}

func trailInStore(r *inventory.Resource, t *inventory.AuditTrail, kept *inventory.Resource,
	o *inventory.ObjectStorage, w World) {
	byPolicy, byACL, why := publicStore(kept, w)
	settle(r, "destination_public", byPolicy.either(byACL), &t.DestinationPublic, append(why.policy, why.acl...))
	if kept.IsKnown("expiry_days") {
		put(r, "retention_days", &t.RetentionDays, o.ExpiryDays)
	} else {
		unknown(r, []inventory.Unknown{kept.Why("expiry_days")}, "retention_days")
	}
	locked := unsure
	if kept.IsKnown("retention_locked") {
		locked = truthOf(o.RetentionLocked)
	}
	protectedBy(r, t, locked, kept.Why("retention_locked"))
}

func trailInLog(r *inventory.Resource, t *inventory.AuditTrail, kept *inventory.Resource, l *inventory.LogStore) {
	if kept.IsKnown("public") {
		put(r, "destination_public", &t.DestinationPublic, l.Public)
	} else {
		unknown(r, []inventory.Unknown{kept.Why("public")}, "destination_public")
	}
	if kept.IsKnown("retention_days") {
		put(r, "retention_days", &t.RetentionDays, l.RetentionDays)
	} else {
		unknown(r, []inventory.Unknown{kept.Why("retention_days")}, "retention_days")
	}
	protectedBy(r, t, no, inventory.Unknown{})
}

// protectedBy says whether a change of the record would be seen: signed files, or a store that nobody can shorten.
func protectedBy(r *inventory.Resource, t *inventory.AuditTrail, locked truth, why inventory.Unknown) {
	signed := unsure
	doubts := []inventory.Unknown{why}
	if r.IsKnown("validated") {
		signed = truthOf(t.Validated)
	} else {
		doubts = []inventory.Unknown{r.Why("validated")}
	}
	settle(r, "integrity_protected", signed.either(locked), &t.IntegrityProtected, doubts)
}

func deriveKey(r *inventory.Resource, w World) {
	k := r.Facts.(*inventory.EncryptionKey)
	strangers(r, &k.UnknownPrincipals, k.Principals, w)
	if r.IsKnown("rotation_days") {
		put(r, "rotated", &k.Rotated, k.RotationDays > 0 && k.RotationDays <= w.Settings().KeyRotationDays)
	} else {
		unknown(r, []inventory.Unknown{r.Why("rotation_days")}, "rotated")
	}
	logged, doubts := useLogged(r, w)
	settle(r, "use_logged", logged, &k.UseLogged, doubts)
}

// useLogged says whether a complete trail of the account records what keys are used for.
func useLogged(r *inventory.Resource, w World) (truth, []inventory.Unknown) {
	trails, doubts := trailsOf(r.Scope, w)
	for _, t := range trails {
		facts := t.Facts.(*inventory.AuditTrail)
		switch {
		case !t.IsKnown("complete"):
			doubts = append(doubts, t.Why("complete"))
		case !facts.Complete:
		case !t.IsKnown("leaves_out_key_use"):
			doubts = append(doubts, t.Why("leaves_out_key_use"))
		case !facts.LeavesOutKeyUse:
			return yes, nil
		}
	}
	return noUnless(doubts), doubts
}

// useRecorded says whether a trail of the account records each reading and writing of what is of the resource's kind.
func useRecorded(r *inventory.Resource, w World) (truth, []inventory.Unknown) {
	trails, doubts := trailsOf(r.Scope, w)
	for _, t := range trails {
		facts := t.Facts.(*inventory.AuditTrail)
		switch {
		case !t.IsKnown("data_kinds"):
			doubts = append(doubts, t.Why("data_kinds"))
		case slices.Contains(facts.DataKinds, string(r.Kind)):
			return yes, nil
		}
	}
	return noUnless(doubts), doubts
}

func deriveLogStore(r *inventory.Resource, w World) {
	l := r.Facts.(*inventory.LogStore)
	if len(w.Into(inventory.ClassAuditTrail, "records_to", r.ID)) > 0 ||
		len(w.Into(inventory.ClassAuditTrail, "queried_in", r.ID)) > 0 ||
		len(w.Into(inventory.ClassFlowLog, "records_to", r.ID)) > 0 {
		put(r, "holds_audit", &l.HoldsAudit, true)
		return
	}
	doubts := append(slices.Clone(unlistedTrails(r.Scope, w)),
		w.Missing(inventory.ClassFlowLog, r.Scope, r.Region)...)
	settle(r, "holds_audit", noUnless(doubts), &l.HoldsAudit, doubts)
}
