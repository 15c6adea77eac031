package reach

import (
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// reached is all the walk finds about a wearer: every door of it, and what is forwarded to it.
type reached struct {
	doors []*door
	// unseen are the reasons why there may be more doors.
	unseen   []inventory.Unknown
	sights   []sight
	forwards forwarded
	exposure string
	// open, maybe and world add up over the doors.
	open, maybe, world, worldMaybe ports
	doubts                         []inventory.Unknown
}

// reach walks every door of a wearer. unseen are the reasons why there may be doors that are not among these.
func (k *walk) reach(id string, doors []*door, unseen []inventory.Unknown) reached {
	r := reached{doors: doors, unseen: unseen, exposure: exposureClosed, doubts: slices.Clone(unseen)}
	if len(unseen) > 0 {
		r.exposure, r.maybe, r.worldMaybe = exposureUnknown, allPorts, allPorts
	}
	for _, d := range doors {
		s := k.look(d)
		exposure, missing := k.exposure(d, s)
		r.sights = append(r.sights, s)
		r.exposure = worse(r.exposure, exposure)
		r.doubts = append(r.doubts, s.doubts...)
		r.doubts = append(r.doubts, missing...)
		r.open, r.maybe = r.open.with(s.open), r.maybe.with(s.maybe)
		r.world, r.worldMaybe = r.world.with(s.world), r.worldMaybe.with(s.worldMaybe)
	}
	r.forwards = k.forwardsTo(id, doors, unseen)
	r.doubts = append(r.doubts, r.forwards.doubts...)
	switch {
	case !r.forwards.maybe.less(r.open).empty():
		r.exposure = worse(r.exposure, exposureUnknown)
	case !r.forwards.sure.empty():
		r.exposure = worse(r.exposure, exposureBalancer)
	}
	r.maybe = r.maybe.with(r.forwards.maybe).less(r.open)
	return r
}

// reachable are the ports the internet gets to, by an own address or through an entry point.
func (r *reached) reachable() ports { return r.open.with(r.forwards.sure) }

func (r *reached) paths(end inventory.Hop) []inventory.Path {
	out := []inventory.Path{}
	for _, s := range r.sights {
		out = append(out, s.paths...)
	}
	out = append(out, r.forwards.paths...)
	for i := range out {
		out[i].Hops = append(out[i].Hops, end)
	}
	return out
}

// doorsOf finds the interfaces of a machine, by what it says and by what says of itself that it is worn by it.
func (k *walk) doorsOf(r *inventory.Resource, said []string, attribute string) ([]*door, []inventory.Unknown) {
	found := map[string]*inventory.Resource{}
	for _, i := range k.w.Into(inventory.ClassNetworkInterface, "worn_by", r.ID) {
		found[i.ID] = i
	}
	unseen := k.w.Missing(inventory.ClassNetworkInterface, r.Scope, r.Region)
	if attribute != "" && r.IsKnown(attribute) {
		// The machine lists its interfaces itself: the listing of all interfaces has nothing to add.
		unseen = nil
		for _, id := range said {
			if found[id] == nil {
				if found[id] = k.w.Get(id); found[id] == nil {
					unseen = append(unseen, absent(k.w, inventory.ClassNetworkInterface, r)...)
					delete(found, id)
				}
			}
		}
	} else if attribute != "" && len(found) == 0 && len(unseen) == 0 {
		unseen = []inventory.Unknown{r.Why(attribute)}
	}
	var ids []string
	for id := range found {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var doors []*door
	for _, id := range ids {
		doors = append(doors, doorOf(found[id]))
	}
	return doors, unseen
}

func deriveMachine(r *inventory.Resource, w World) {
	m := r.Facts.(*inventory.ComputeInstance)
	endpointProtected(r, m, w)
	k := newWalk(r, w)
	doors, unseen := k.doorsOf(r, m.Interfaces, "interfaces")
	got := k.reach(r.ID, doors, unseen)

	if got.exposure == exposureUnknown {
		unknown(r, got.doubts, "exposure")
	} else {
		put(r, "exposure", &m.Exposure, got.exposure)
	}
	putPorts(r, "reachable_admin_ports", &m.ReachableAdminPorts, adminPorts, got)
	putPorts(r, "reachable_data_ports", &m.ReachableDataPorts, dataPorts, got)
	put(r, "paths", &m.Paths, got.paths(inventory.Hop{Label: title(r), Resource: r.ID}))
	address, why := publicAddress(doors, unseen)
	settle(r, "public_address", address, &m.PublicAddress, why)

	settle(r, "load_balanced", got.forwards.targeted, &m.LoadBalanced, got.forwards.doubts)
	k.onlyFromBalancer(r, m, got)
	k.hostsDatabase(r, m, got)
	machineCare(r, m, w)
	k.brokered(r, m, got)
	if r.IsKnown("identity") {
		answer, why := lentPrivilege(m.Identity, r, w)
		settle(r, "identity_privileged", answer, &m.Privileged, why)
	} else {
		unknown(r, []inventory.Unknown{r.Why("identity")}, "identity_privileged")
	}
}

// putPorts states which of the named ports the internet reaches. One that is found is enough to know; that there is
// none takes everything.
func putPorts(r *inventory.Resource, name string, into *[]string, asked named, got reached) {
	found := asked.in(got.reachable())
	if len(found) == 0 && asked.hits(got.maybe) {
		unknown(r, got.doubts, name)
		return
	}
	put(r, name, into, found)
}

// publicAddress says whether a machine holds an address of its own on the internet. An IPv6 address counts as the walk
// counts it: it is public by itself.
func publicAddress(doors []*door, unseen []inventory.Unknown) (truth, []inventory.Unknown) {
	doubts := unseen
	for _, d := range doors {
		switch d.holds[v4].either(d.holds[v6]) {
		case yes:
			return yes, nil
		case unsure:
			doubts = append(doubts, d.doubts...)
		}
	}
	return noUnless(doubts), doubts
}

// onlyFromBalancer says whether the ports that entry points forward to admit these alone. Where an entry point keeps
// the caller's address the machine must admit the world there, and may admit it nowhere else.
func (k *walk) onlyFromBalancer(r *inventory.Resource, m *inventory.ComputeInstance, got reached) {
	const name = "ingress_only_from_load_balancer"
	switch got.forwards.targeted {
	case no:
		notAsked(r, "no entry point leads to the machine", name)
		return
	case unsure:
		unknown(r, got.forwards.doubts, name)
		return
	}
	asked := got.forwards.serving.less(got.forwards.caller)
	answer, doubts := no, append(slices.Clone(got.doubts), got.forwards.doubts...)
	for _, d := range got.doors {
		filters, _, _ := k.guardsOf(d)
		for _, g := range filters {
			strangers, unread := k.strangersOn(g.(*layer), asked, got.forwards)
			answer = answer.either(strangers)
			doubts = append(doubts, unread...)
		}
	}
	if !got.forwards.caller.empty() {
		beyond := got.world.less(got.forwards.serving)
		answer = answer.either(truthOf(!beyond.empty()))
		if answer == no && !got.worldMaybe.less(got.world).less(got.forwards.serving).empty() {
			answer = unsure
		}
	}
	if answer == no && len(got.forwards.doubts) > 0 {
		answer = unsure
	}
	settle(r, name, opposite(answer), &m.IngressOnlyFromLoadBalancer, doubts)
}

func opposite(t truth) truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	default:
		return unsure
	}
}

// strangersOn says whether a layer admits anybody but the entry points on the ports. Who is not known as one of them
// may be one all the same, unless every entry point is known; the world never is.
func (k *walk) strangersOn(l *layer, asked ports, f forwarded) (truth, []inventory.Unknown) {
	var groups []string
	var inside [2]block
	doubts := slices.Clone(f.doubts)
	for _, b := range f.balancers {
		senders, unread := k.sendersOf(b, false)
		doubts = append(doubts, unread...)
		for _, src := range senders {
			inside[src.family] = inside[src.family].with(src.addresses)
			groups = append(groups, src.groups...)
		}
	}
	answer := noUnless(l.unknown)
	for i := range l.in {
		rule := &l.in[i]
		if rule.rule.Deny || rule.ports.and(asked).empty() {
			continue
		}
		foreign := slices.ContainsFunc(rule.rule.Groups, func(g string) bool { return !slices.Contains(groups, g) })
		beyond := !inside[v4].covers(rule.ranges[v4]) || !inside[v6].covers(rule.ranges[v6])
		switch world := rule.ranges[v4].isWorld(v4) || rule.ranges[v6].isWorld(v6); {
		case world || rule.rule.AnyTenant, (foreign || beyond) && len(doubts) == 0:
			return yes, nil
		case foreign || beyond || rule.unread:
			answer = unsure
		}
	}
	return answer, append(doubts, l.doubts()...)
}

// brokered says whether administration passes a broker: no administration port is admitted but from a bastion, and the
// agent that brokers sessions reports from inside.
func (k *walk) brokered(r *inventory.Resource, m *inventory.ComputeInstance, got reached) {
	const name = "session_brokered"
	asked := parsePorts([]string{"tcp/22", "tcp/3389", "tcp/5985", "tcp/5986"})
	doubts := got.doubts
	open := no
	for _, d := range got.doors {
		filters, _, _ := k.guardsOf(d)
		for _, g := range filters {
			l := g.(*layer)
			for i := range l.in {
				if rule := &l.in[i]; !rule.rule.Deny && !rule.ports.and(asked).empty() && !k.onlyBastions(rule) {
					open = yes
				}
			}
			if open == no && len(l.unknown) > 0 {
				open = unsure
			}
		}
	}
	switch {
	case open == yes:
		put(r, name, &m.SessionBrokered, false)
	case open == unsure || len(doubts) > 0 && got.exposure == exposureUnknown:
		unknown(r, doubts, name)
	case !r.IsKnown("agent_managed"):
		unknown(r, []inventory.Unknown{r.Why("agent_managed")}, name)
	default:
		put(r, name, &m.SessionBrokered, m.AgentManaged)
	}
}

// onlyBastions says whether a rule admits filters alone that are named as those of a bastion, or that nothing wears but
// what the provider has people sign in through.
func (k *walk) onlyBastions(l *line) bool {
	if len(l.rule.Groups) == 0 || len(l.rule.Ranges) > 0 || len(l.rule.Lists) > 0 {
		return false
	}
	for _, id := range l.rule.Groups {
		f := k.w.Get(id)
		if inventory.IsMark(id) {
			f = &inventory.Resource{Name: id}
		}
		if f == nil || !namesBastion(f) && !k.wornByBrokers(f) {
			return false
		}
	}
	return true
}

// wornByBrokers says whether nothing but brokers wears a filter. An interface that could not be listed may wear it too.
func (k *walk) wornByBrokers(filter *inventory.Resource) bool {
	worn := k.w.Into(inventory.ClassNetworkInterface, "guarded_by", filter.ID)
	unlisted := k.w.Missing(inventory.ClassNetworkInterface, filter.Scope, filter.Region)
	return len(worn) > 0 && len(unlisted) == 0 && !slices.ContainsFunc(worn, func(i *inventory.Resource) bool {
		return i.Facts.(*inventory.NetworkInterface).WearerType != "broker"
	})
}

func namesBastion(f *inventory.Resource) bool {
	words := []string{f.Name}
	for _, v := range f.Labels {
		words = append(words, v)
	}
	for _, word := range words {
		word = strings.ToLower(word)
		for _, mark := range []string{"bastion", "jump", "instance-connect", "session-broker"} {
			if strings.Contains(word, mark) {
				return true
			}
		}
	}
	return false
}
