package reach

import (
	"slices"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// deriveFirewall states what a filter admits from the world and what stands behind it.
func deriveFirewall(r *inventory.Resource, w World) {
	f := r.Facts.(*inventory.Firewall)
	k := newWalk(r, w)
	names := []string{"world_all_ports", "world_admin_ports", "world_data_ports", "world_legacy_ports", "egress_world_all"}
	if !r.IsKnown("rules") {
		unknown(r, []inventory.Unknown{r.Why("rules")}, append(names, "behind")...)
		return
	}
	var s rules
	s.add(r, f.Rules, w, nil)
	k.refusedBefore(r, f, &s)
	s.sort()
	sure, maybe := s.world(s.in)
	all := unsure
	switch {
	case sure.whole():
		all = yes
	case !maybe.whole():
		all = no
	}
	settle(r, "world_all_ports", all, &f.WorldAllPorts, s.unread)
	worldPorts(r, "world_admin_ports", &f.WorldAdminPorts, adminPorts, sure, maybe, s.unread)
	worldPorts(r, "world_data_ports", &f.WorldDataPorts, dataPorts, sure, maybe, s.unread)
	worldPorts(r, "world_legacy_ports", &f.WorldLegacyPorts, legacyPorts, sure, maybe, s.unread)

	outSure, outMaybe := s.world(s.out)
	out := unsure
	switch {
	case outSure.tcp.whole() && outSure.udp.whole():
		out = yes
	case !outMaybe.tcp.whole() || !outMaybe.udp.whole():
		out = no
	}
	settle(r, "egress_world_all", out, &f.EgressWorldAll, s.unread)
	behind := k.behind(r, sure)
	behind.Shadowed = s.hidden
	put(r, "behind", &f.Behind, behind)
}

// refusedBefore adds the refusals of other filters that speak of all the interfaces this one speaks of: where each rule
// is a filter of its own, a rule is judged as it acts beside the others. A refusal that was not read is not assumed.
func (k *walk) refusedBefore(r *inventory.Resource, f *inventory.Firewall, s *rules) {
	if len(f.AppliesTo) == 0 || f.Network == "" {
		return
	}
	seen := map[string]bool{r.ID: true}
	for _, group := range append(slices.Clone(f.AppliesTo), f.Network) {
		for _, other := range k.w.Into(inventory.ClassFirewall, "applies_to", group) {
			facts := other.Facts.(*inventory.Firewall)
			if seen[other.ID] || !other.IsKnown("rules") || facts.Layer != f.Layer {
				continue
			}
			seen[other.ID] = true
			s.add(other, refusalsOf(facts.Rules, f), k.w, nil)
		}
	}
}

// refusalsOf are the refusals among rules that are about all that a filter is about. Behind a rule that may hand on some
// of it, none is.
func refusalsOf(written []inventory.Rule, f *inventory.Firewall) []inventory.Rule {
	var out []inventory.Rule
	ordered := slices.Clone(written)
	slices.SortStableFunc(ordered, func(a, b inventory.Rule) int { return a.Priority - b.Priority })
	for _, rule := range ordered {
		all := len(rule.DestinationGroups) == 0 || slices.Contains(rule.DestinationGroups, f.Network) ||
			!slices.ContainsFunc(f.AppliesTo, func(g string) bool { return !slices.Contains(rule.DestinationGroups, g) })
		about := !rule.TargetsUnread && all && len(rule.Destinations) == 0
		switch {
		case rule.Next && !about:
			return out
		case rule.Deny && about:
			rule.DestinationGroups = nil
			out = append(out, rule)
		}
	}
	return out
}

// world are the ports that lines admit from the world of either family, for sure and perhaps.
func (s *rules) world(lines []line) (sure, maybe ports) {
	for _, f := range families {
		sure = sure.with(s.admitted(lines, fromWorld(f), true))
		maybe = maybe.with(s.admitted(lines, fromWorld(f), false))
	}
	return sure, maybe
}

func worldPorts(r *inventory.Resource, name string, into *[]string, asked named, sure, maybe ports,
	why []inventory.Unknown) {
	found := asked.in(sure)
	if len(found) == 0 && asked.hits(maybe) {
		unknown(r, why, name)
		return
	}
	put(r, name, into, found)
}

// wearing is a set of interfaces that stand at the same place behind the same filters with the same kinds of address:
// what the walk finds for one holds for all.
type wearing struct {
	door *door
	// at are the interfaces and their wearers, by id; machines those that can hold an identity.
	ids      map[string]bool
	machines []string
}

// mostNamed bounds the machines a filter names.
const mostNamed = 10

// behind tells what stands behind a filter, as far as the ports go that it admits from the world. A filter can be worn
// by tens of thousands of interfaces, so these are first put into sets that look alike, and the walk is made once for
// each set: the work grows with the number of interfaces, and the walking with the number of kinds of place.
func (k *walk) behind(r *inventory.Resource, admitted ports) *inventory.Behind {
	b := &inventory.Behind{Exposure: exposureClosed}
	sets := k.wearers(r, b)
	if len(b.Missing) > 0 {
		b.Exposure = exposureUnknown
	}
	targets, missing := k.targetsIn(sets)
	if len(missing) > 0 && len(sets) > 0 {
		b.Missing = append(b.Missing, missing...)
		b.Exposure = worse(b.Exposure, exposureUnknown)
	}
	var open, forwards ports
	for _, set := range sets {
		got := k.reachSet(set, targets)
		b.Exposure = worse(b.Exposure, got.exposure)
		if got.exposure == exposureUnknown || !got.maybe.and(admitted).less(got.open).empty() {
			b.Missing = append(b.Missing, got.doubts...)
		}
		here, through := got.open.and(admitted), got.forwards.sure.and(admitted)
		if !here.empty() && b.OpenMachine == "" {
			b.OpenAt = got.sights[0].openAt
			b.OpenMachine = firstOf(set)
		}
		open, forwards = open.with(here), forwards.with(through)
		k.insideSources(b, set.door)
		if (!here.empty() || !through.empty()) && b.Privileged == "" {
			b.Privileged = k.privilegedAmong(set.machines)
		}
	}
	b.OpenPorts, b.ForwardedPorts = open.words(), forwards.words()
	slices.Sort(b.PrivateSources)
	b.PrivateSources = slices.Compact(b.PrivateSources)
	b.Missing = distinct(b.Missing)
	return b
}

func firstOf(set *wearing) string {
	if len(set.machines) > 0 {
		return set.machines[0]
	}
	return set.door.hop.Resource
}

// wearers puts what wears the filter into sets that look alike, and counts and names it.
func (k *walk) wearers(r *inventory.Resource, b *inventory.Behind) []*wearing {
	sets := map[string]*wearing{}
	var order []*wearing
	named := map[string]bool{}
	join := func(d *door, wearer string) {
		key := d.likeness()
		if k.pointed(d.firewalls) || k.pointed(d.overrides) || slices.Contains(d.groups, d.network) {
			key += "\n" + k.spotOf(d).key()
		}
		set := sets[key]
		if set == nil {
			set = &wearing{door: d, ids: map[string]bool{}}
			sets[key] = set
			order = append(order, set)
		}
		set.ids[d.hop.Resource] = true
		for _, a := range d.private {
			set.ids[a] = true
		}
		if wearer == "" {
			return
		}
		if !set.ids[wearer] {
			set.ids[wearer] = true
			set.machines = append(set.machines, wearer)
		}
		if !named[wearer] && len(b.Machines) < mostNamed {
			b.Machines = append(b.Machines, wearer)
		}
		named[wearer] = true
	}
	types := map[string]bool{}
	for _, i := range k.behindFilter(r) {
		n := i.Facts.(*inventory.NetworkInterface)
		types[n.WearerType] = true
		b.Wearers++
		join(k.limited(doorOf(i), n.Wearer), n.Wearer)
	}
	for _, db := range k.w.Into(inventory.ClassDatabase, "guarded_by", r.ID) {
		for _, d := range databaseDoors(db) {
			join(d, db.ID)
		}
		if !types["database"] {
			b.Wearers++
		}
	}
	for _, entry := range k.w.Into(inventory.ClassEntryPoint, "guarded_by", r.ID) {
		for _, d := range k.entryDoors(entry) {
			if listens, known := listening(entry, ""); known {
				d.limit = &listens
			}
			join(d, entry.ID)
		}
		if !types["balancer"] {
			b.Wearers++
		}
	}
	for _, class := range []inventory.Class{inventory.ClassNetworkInterface, inventory.ClassDatabase,
		inventory.ClassEntryPoint} {
		b.Missing = append(b.Missing, k.w.Missing(class, r.Scope, r.Region)...)
	}
	return order
}

// behindFilter are the interfaces that wear a filter, those it overrides the filters of, and the members of the groups
// it speaks of.
func (k *walk) behindFilter(r *inventory.Resource) []*inventory.Resource {
	out := k.w.Into(inventory.ClassNetworkInterface, "guarded_by", r.ID)
	if len(out) == 0 {
		out = k.w.Into(inventory.ClassNetworkInterface, "overridden_by", r.ID)
	}
	groups := r.Facts.(*inventory.Firewall).AppliesTo
	if len(groups) == 0 {
		return out
	}
	out = slices.Clone(out)
	seen := map[string]bool{}
	for _, group := range groups {
		for _, i := range k.w.Into(inventory.ClassNetworkInterface, "member_of", group) {
			if !seen[i.ID] {
				seen[i.ID] = true
				out = append(out, i)
			}
		}
	}
	return out
}

// limited bounds what an interface of a balancer can be reached on to what the balancer listens on.
func (k *walk) limited(d *door, wearer string) *door {
	if wearer == "" {
		return d
	}
	if entry := k.w.Get(wearer); entry != nil && entry.Class == inventory.ClassEntryPoint {
		if listens, known := listening(entry, ""); known {
			d.limit = &listens
		}
	}
	return d
}

// likeness is equal for doors for which the walk comes to the same.
func (d *door) likeness() string {
	key := d.network + "\n" + d.subnet + "\n" + string([]byte{'0' + byte(d.holds[v4]), '0' + byte(d.holds[v6])})
	if d.blind || len(d.doubts) > 0 {
		key += "\n" + d.hop.Resource
	}
	if d.limit != nil {
		for _, word := range d.limit.words() {
			key += "\n" + word
		}
	}
	filters := slices.Clone(d.firewalls)
	slices.Sort(filters)
	for _, id := range append(append(filters, "after"), d.overrides...) {
		key += "\n" + id
	}
	return key
}

// targetsIn are the sets of targets in the networks of the wearers, and those that name a wearer by its id.
func (k *walk) targetsIn(sets []*wearing) ([]*inventory.Resource, []inventory.Unknown) {
	var missing []inventory.Unknown
	for _, class := range []inventory.Class{inventory.ClassForwardingTarget, inventory.ClassEntryPoint} {
		missing = append(missing, k.w.Missing(class, k.near.Scope, k.near.Region)...)
	}
	var out []*inventory.Resource
	networks := map[string]bool{}
	for _, s := range sets {
		if s.door.network != "" && !networks[s.door.network] {
			networks[s.door.network] = true
			out = append(out, k.w.Into(inventory.ClassForwardingTarget, "in_network", s.door.network)...)
		}
	}
	return out, missing
}

// reachSet walks one set of wearers. Each set of targets is asked once whether it holds any of them.
func (k *walk) reachSet(set *wearing, targets []*inventory.Resource) reached {
	got := reached{exposure: exposureClosed, forwards: forwarded{targeted: no}}
	s := k.look(set.door)
	exposure, missing := k.exposure(set.door, s)
	got.sights, got.exposure = []sight{s}, exposure
	got.open, got.maybe = s.open, s.maybe
	got.doubts = append(append(got.doubts, s.doubts...), missing...)
	for _, t := range targets {
		facts := t.Facts.(*inventory.ForwardingTarget)
		if !t.IsKnown("targets") {
			got.forwards.maybe = allPorts
			got.forwards.doubts = append(got.forwards.doubts, t.Why("targets"))
		}
		for _, member := range facts.Targets {
			id := member.Resource
			if id == "" {
				id = member.Address
			}
			if set.ids[id] {
				k.forwardMember(&got.forwards, t, member, set.door)
			}
		}
	}
	got.doubts = append(got.doubts, got.forwards.doubts...)
	switch {
	case !got.forwards.maybe.less(got.forwards.sure).less(got.open).empty():
		got.exposure = worse(got.exposure, exposureUnknown)
	case !got.forwards.sure.empty():
		got.exposure = worse(got.exposure, exposureBalancer)
	}
	got.maybe = got.maybe.with(got.forwards.maybe)
	return got
}

// forwardMember adds what one member of a set of targets leads to, unless a like member was asked before.
func (k *walk) forwardMember(out *forwarded, set *inventory.Resource, member inventory.Target, d *door) {
	facts := set.Facts.(*inventory.ForwardingTarget)
	port := member.Port
	if port == 0 {
		port = facts.Port
	}
	here := portsOf(transport(facts.Protocol), port, max(port, member.To))
	key := asked{set.ID, port}
	if out.asked[key] {
		return
	}
	if out.asked == nil {
		out.asked = map[asked]bool{}
	}
	out.asked[key] = true
	k.forwardEntries(out, set, here, []*door{d})
}

// insideSources adds what reaches a door without the internet: the other ends of links, and what the rules name.
func (k *walk) insideSources(b *inventory.Behind, d *door) {
	links := k.linksOf(d.network)
	switch links.active {
	case unsure:
		b.Missing = append(b.Missing, links.doubts...)
	case yes:
		b.PrivateSources = append(b.PrivateSources, links.ranges...)
		b.UnknownPeer = b.UnknownPeer || links.stranger == yes
		if links.stranger == unsure || links.unbounded {
			b.Missing = append(b.Missing, links.doubts...)
		}
	}
}

// privilegedAmong names the first of the machines whose identity is an administrator. Machines share few identities,
// and each identity is asked once.
func (k *walk) privilegedAmong(machines []string) string {
	known := map[string]bool{}
	for _, id := range machines {
		m := k.w.Get(id)
		if m == nil {
			continue
		}
		facts, ok := m.Facts.(*inventory.ComputeInstance)
		if !ok || facts.Identity == "" {
			continue
		}
		privileged, seen := known[facts.Identity]
		if !seen {
			answer, _ := lentPrivilege(facts.Identity, m, k.w)
			privileged = answer == yes
			known[facts.Identity] = privileged
		}
		if privileged {
			return id
		}
	}
	return ""
}
