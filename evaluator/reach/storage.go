package reach

import (
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func deriveDisk(r *inventory.Resource, w World) {
	d := r.Facts.(*inventory.Disk)
	customerKey(r, &d.CustomerKey, d.EncryptionKey, w)
	covered, doubts := backedUp(r, w)
	if covered != yes {
		onMachine, why := backedUpWithMachine(r, d, w)
		covered, doubts = covered.either(onMachine), append(doubts, why...)
	}
	settle(r, "backup_covered", covered, &d.BackupCovered, doubts)
}

func deriveSecret(r *inventory.Resource, w World) {
	s := r.Facts.(*inventory.Secret)
	strangers(r, &s.UnknownPrincipals, s.Principals, w)
	if r.IsKnown("lifetime_days") {
		put(r, "lifetime_bounded", &s.LifetimeBounded,
			s.LifetimeDays > 0 && s.LifetimeDays <= w.Settings().SecretRotationDays)
	} else {
		unknown(r, []inventory.Unknown{r.Why("lifetime_days")}, "lifetime_bounded")
	}
}

func deriveChannel(r *inventory.Resource, w World) {
	m := r.Facts.(*inventory.MessageChannel)
	strangers(r, &m.UnknownPrincipals, m.Principals, w)
}

func deriveRegistry(r *inventory.Resource, w World) {
	c := r.Facts.(*inventory.ContainerRegistry)
	strangers(r, &c.UnknownPrincipals, c.Principals, w)
}

// strangers counts the foreign accounts that are neither the organisation's own nor in the supplier register.
func strangers(r *inventory.Resource, into *int64, principals []string, w World) {
	const name = "unknown_principals"
	if !r.IsKnown("principals") {
		unknown(r, []inventory.Unknown{r.Why("principals")}, name)
		return
	}
	seen := map[string]bool{}
	for _, p := range principals {
		if !familiar(p, w) {
			seen[p] = true
		}
	}
	put(r, name, into, int64(len(seen)))
}

// customerKey says whether the key behind a store is the organisation's own.
func customerKey(r *inventory.Resource, into *bool, key string, w World) {
	const name = "customer_key"
	if !r.IsKnown("encryption_key") {
		unknown(r, []inventory.Unknown{r.Why("encryption_key")}, name)
		return
	}
	if key == "" {
		put(r, name, into, false)
		return
	}
	k := w.Get(key)
	if k == nil {
		// A store may name its key by an alias.
		if known := w.Into(inventory.ClassEncryptionKey, "known_as", key); len(known) > 0 {
			k = known[0]
		}
	}
	switch {
	case k == nil:
		unknown(r, absent(w, inventory.ClassEncryptionKey, r), name)
	case !k.IsKnown("manager"):
		unknown(r, []inventory.Unknown{k.Why("manager")}, name)
	default:
		put(r, name, into, k.Facts.(*inventory.EncryptionKey).Manager == "customer")
	}
}

func deriveStore(r *inventory.Resource, w World) {
	o := r.Facts.(*inventory.ObjectStorage)
	byPolicy, byACL, why := publicStore(r, w)
	settle(r, "public_by_policy", byPolicy, &o.PublicByPolicy, why.policy)
	settle(r, "public_by_acl", byACL, &o.PublicByACL, why.acl)
	storeBlocked(r, o, w)
	strangers(r, &o.UnknownPrincipals, o.Principals, w)
	customerKey(r, &o.CustomerKey, o.EncryptionKey, w)
	records, doubts := holdsRecords(r, w)
	settle(r, "holds_records", records, &o.HoldsRecords, doubts)
	if r.IsKnown("log_target") {
		// Without a target of its own, a record of the whole account may still hold each use: see the trails.
		logged, doubts := storeLogged(r, o, w)
		settle(r, "access_logged", logged, &o.AccessLogged, doubts)
	} else {
		unknown(r, []inventory.Unknown{r.Why("log_target")}, "access_logged")
	}
	copied, doubts := copiedElsewhere(r, o, w)
	settle(r, "other_region_copy", copied, &o.OtherRegionCopy, doubts)
}

// whyPublic keeps the reasons of the two questions apart.
type whyPublic struct{ policy, acl []inventory.Unknown }

// publicStore says what policy and access list come to, the switches of the store and of its account counted in.
func publicStore(r *inventory.Resource, w World) (byPolicy, byACL truth, why whyPublic) {
	o := r.Facts.(*inventory.ObjectStorage)
	guards, doubts := guardsOfAccount(r, w)
	held := func(of func(inventory.PublicAccessBlock) bool) truth {
		answer := unsure
		if r.IsKnown("block") {
			answer = truthOf(of(o.Block))
		}
		for _, g := range guards {
			answer = answer.either(truthOf(of(g)))
		}
		if answer == no {
			answer = noUnless(doubts)
		}
		return answer
	}
	if !r.IsKnown("block") {
		doubts = append(doubts, r.Why("block"))
	}
	ask := func(name string, says bool, blocked truth) (truth, []inventory.Unknown) {
		switch {
		case r.IsFixed(publicAnswer[name]) && r.IsKnown(publicAnswer[name]):
			v, _ := r.Value(publicAnswer[name])
			return truthOf(v == true), nil
		case r.IsKnown(name) && !says, blocked == yes:
			return no, nil
		case !r.IsKnown(name):
			return unsure, append([]inventory.Unknown{r.Why(name)}, doubts...)
		default:
			return opposite(blocked), doubts
		}
	}
	byPolicy, why.policy = ask("policy_public", o.PolicyPublic,
		held(func(b inventory.PublicAccessBlock) bool { return b.RestrictPolicy }))
	byACL, why.acl = ask("acl_public", o.ACLPublic, held(func(b inventory.PublicAccessBlock) bool { return b.IgnoreACLs }))
	return byPolicy, byACL, why
}

// publicAnswer names the attribute that a normaliser fills by itself where one answer decides.
var publicAnswer = map[string]string{"policy_public": "public_by_policy", "acl_public": "public_by_acl"}

// guardsOfAccount are the switches of the account against public stores.
func guardsOfAccount(r *inventory.Resource, w World) ([]inventory.PublicAccessBlock, []inventory.Unknown) {
	doubts := w.Missing(inventory.ClassPublicAccessGuard, r.Scope, "")
	g := w.Get(GuardID(r.Scope))
	switch {
	case g == nil && len(doubts) == 0:
		return nil, absent(w, inventory.ClassPublicAccessGuard, r)
	case g == nil:
		return nil, doubts
	case !g.IsKnown("block"):
		return nil, []inventory.Unknown{g.Why("block")}
	default:
		return []inventory.PublicAccessBlock{g.Facts.(*inventory.PublicAccessGuard).Block}, nil
	}
}

// GuardID is the id of the record of an account's switch against public stores. It exists also when the switch was
// never set: all its parts are then off.
func GuardID(scope inventory.ScopeID) string {
	return string(scope) + "/" + string(inventory.ClassPublicAccessGuard) + "/" + scope.Account()
}

// storeBlocked says whether switches make public access impossible. Parts may be on in either place.
func storeBlocked(r *inventory.Resource, o *inventory.ObjectStorage, w World) {
	const name = "public_blocked"
	guards, doubts := guardsOfAccount(r, w)
	all := inventory.PublicAccessBlock{}
	if r.IsKnown("block") {
		all = o.Block
	} else {
		doubts = append(doubts, r.Why("block"))
	}
	for _, g := range guards {
		all = inventory.PublicAccessBlock{IgnoreACLs: all.IgnoreACLs || g.IgnoreACLs, BlockACLs: all.BlockACLs || g.BlockACLs,
			RestrictPolicy: all.RestrictPolicy || g.RestrictPolicy, BlockPolicy: all.BlockPolicy || g.BlockPolicy}
	}
	answer := yes
	if !all.All() {
		answer = noUnless(doubts)
	}
	settle(r, name, answer, &o.PublicBlocked, doubts)
}

// holdsRecords says whether a store is where records go: a trail, the logs of other stores, or by its label.
func holdsRecords(r *inventory.Resource, w World) (truth, []inventory.Unknown) {
	if label(r, w.Settings().RecordsKeys) != "" ||
		len(w.Into(inventory.ClassAuditTrail, "records_to", r.ID)) > 0 ||
		len(w.Into(inventory.ClassObjectStorage, "logs_to", r.ID)) > 0 {
		return yes, nil
	}
	doubts := append(slices.Clone(unlistedTrails(r.Scope, w)),
		w.Missing(inventory.ClassObjectStorage, r.Scope, "")...)
	if r.CarriesLabels && !r.IsKnown("labels_read") {
		doubts = append(doubts, r.Why("labels_read"))
	}
	return noUnless(doubts), doubts
}

// storeLogged says whether use of a store is recorded: to a store of logs, or by the trails of its account.
func storeLogged(r *inventory.Resource, o *inventory.ObjectStorage, w World) (truth, []inventory.Unknown) {
	if o.LogTarget != "" {
		return yes, nil
	}
	trails, doubts := trailsOf(r.Scope, w)
	for _, t := range trails {
		facts := t.Facts.(*inventory.AuditTrail)
		switch {
		case !t.IsKnown("data_events"):
			doubts = append(doubts, t.Why("data_events"))
		case facts.DataEvents:
			return yes, nil
		}
	}
	return noUnless(doubts), doubts
}

// copiedElsewhere says whether a store in another region gets a copy of every object.
func copiedElsewhere(r *inventory.Resource, o *inventory.ObjectStorage, w World) (truth, []inventory.Unknown) {
	if !r.IsKnown("replicas") {
		return unsure, []inventory.Unknown{r.Why("replicas")}
	}
	var doubts []inventory.Unknown
	for _, id := range o.Replicas {
		copyOf := w.Get(id)
		switch {
		case copyOf == nil:
			doubts = append(doubts, absent(w, inventory.ClassObjectStorage, r)...)
		case copyOf.Region == "" || r.Region == "":
			doubts = append(doubts, inventory.Unknown{Fact: "region", Cause: inventory.CauseNotCollected})
		case copyOf.Region != r.Region:
			return yes, nil
		}
	}
	return noUnless(doubts), doubts
}

func deriveSnapshot(r *inventory.Resource, w World) {
	s := r.Facts.(*inventory.Snapshot)
	strangers(r, &s.UnknownPrincipals, s.Principals, w)
	const name = "classification_kept"
	if !r.IsKnown("source") {
		unknown(r, []inventory.Unknown{r.Why("source")}, name)
		return
	}
	if s.Source == "" {
		notAsked(r, "its source is not known to the provider", name)
		return
	}
	source := w.Get(s.Source)
	if source == nil {
		if len(absentFor(w, r)) == 0 {
			notAsked(r, "its source is gone", name)
			return
		}
		unknown(r, absentFor(w, r), name)
		return
	}
	keys := w.Settings().ClassificationKeys
	of, why := labelled(source, keys, w)
	own, why2 := labelled(r, keys, w)
	switch {
	case why != nil:
		unknown(r, []inventory.Unknown{*why}, name)
	case why2 != nil:
		unknown(r, []inventory.Unknown{*why2}, name)
	default:
		put(r, name, &s.ClassificationKept, of == "" || strings.EqualFold(of, own))
	}
}

// absentFor are the listings that would hold the source of a snapshot, when they are not complete.
func absentFor(w World, r *inventory.Resource) []inventory.Unknown {
	var out []inventory.Unknown
	for _, class := range []inventory.Class{inventory.ClassDisk, inventory.ClassDatabase, inventory.ClassSnapshot} {
		out = append(out, w.Missing(class, r.Scope, r.Region)...)
	}
	return out
}
