package reach

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// forwarded is what entry points lead to a machine.
type forwarded struct {
	// sure are the ports of the machine that callers on the internet reach through an entry point, maybe those they might.
	sure, maybe ports
	paths       []inventory.Path
	// targeted says whether any entry point leads here at all, from the internet or from inside.
	targeted truth
	// serving are the ports entry points forward to; caller are those among them where the caller's address is kept.
	serving, caller ports
	balancers       []*inventory.Resource
	doubts          []inventory.Unknown
	// asked are the members of sets whose entry points were walked, by set and port.
	asked map[asked]bool
}

type asked struct {
	set  string
	port int
}

// leadsTo finds what forwards to a machine or function: by its id, by the ids of its interfaces, and by the addresses
// of these. Only sets in the network that hold a bare address are searched for addresses.
func (k *walk) leadsTo(id string, doors []*door) []*inventory.Resource {
	seen := map[string]bool{}
	var out []*inventory.Resource
	take := func(sets []*inventory.Resource) {
		for _, t := range sets {
			if !seen[t.ID] {
				seen[t.ID] = true
				out = append(out, t)
			}
		}
	}
	take(k.w.Into(inventory.ClassForwardingTarget, "forwards_to", id))
	networks := map[string]bool{}
	for _, d := range doors {
		if d.hop.Resource != "" {
			take(k.w.Into(inventory.ClassForwardingTarget, "forwards_to", d.hop.Resource))
		}
		if d.network == "" || networks[d.network] {
			continue
		}
		networks[d.network] = true
		for _, set := range k.w.Into(inventory.ClassForwardingTarget, "in_network", d.network) {
			if !set.IsKnown("targets") || len(targetsAt(set, id, doors)) > 0 {
				take([]*inventory.Resource{set})
			}
		}
	}
	return out
}

// targetsAt are the members of a set that are the machine: by id, by interface, or by an address of it.
func targetsAt(set *inventory.Resource, id string, doors []*door) []inventory.Target {
	facts, ok := set.Facts.(*inventory.ForwardingTarget)
	if !ok {
		return nil
	}
	var out []inventory.Target
	for _, t := range facts.Targets {
		hit := t.Resource != "" && t.Resource == id
		for _, d := range doors {
			switch {
			case hit:
			case t.Resource != "":
				hit = t.Resource == d.hop.Resource
			default:
				hit = t.Address != "" && (slices.Contains(d.private, t.Address) || slices.Contains(d.public, t.Address))
			}
		}
		if hit {
			out = append(out, t)
		}
	}
	return out
}

// forwardsTo walks every entry point that leads to a machine.
//
// Something may lead to an interface that was not seen, or by an address that was not read.
func (k *walk) forwardsTo(id string, doors []*door, unseen []inventory.Unknown) forwarded {
	out := forwarded{targeted: no, doubts: slices.Clone(unseen)}
	for _, d := range doors {
		out.doubts = append(out.doubts, d.unaddressed...)
	}
	if len(out.doubts) > 0 {
		out.targeted = unsure
		if len(unseen) > 0 {
			out.maybe = allPorts
		} else {
			out.maybe = k.anybody(doors)
		}
	}
	for _, class := range []inventory.Class{inventory.ClassForwardingTarget, inventory.ClassEntryPoint} {
		if missing := k.w.Missing(class, k.near.Scope, k.near.Region); len(missing) > 0 {
			out.doubts = append(out.doubts, missing...)
			out.targeted = unsure
			// Whatever the filters admit from anybody might be forwarded.
			out.maybe = out.maybe.with(k.anybody(doors))
		}
	}
	for _, set := range k.leadsTo(id, doors) {
		k.forwardFrom(&out, set, id, doors)
	}
	out.maybe = out.maybe.less(out.sure)
	return out
}

// anybody are the ports the filters of the doors admit from anybody at all.
func (k *walk) anybody(doors []*door) ports {
	var out ports
	for _, d := range doors {
		filters, _, _ := k.guardsOf(d)
		_, any := insiders(filters, slices.Concat(d.firewalls, d.groups))
		out = out.with(any)
	}
	return out
}

// forwardFrom adds what one set of targets leads here.
func (k *walk) forwardFrom(out *forwarded, set *inventory.Resource, id string, doors []*door) {
	facts := set.Facts.(*inventory.ForwardingTarget)
	var here ports
	for _, t := range targetsAt(set, id, doors) {
		port := t.Port
		if port == 0 {
			port = facts.Port
		}
		here = here.with(portsOf(transport(facts.Protocol), port, max(port, t.To)))
	}
	if !set.IsKnown("targets") || here.empty() {
		out.doubts, out.maybe = append(out.doubts, set.Why("targets")), out.maybe.with(allPorts)
		out.targeted = out.targeted.either(unsure)
		return
	}
	k.forwardEntries(out, set, here, doors)
}

// forwardEntries walks the entry points of a set of targets to ports of the doors.
func (k *walk) forwardEntries(out *forwarded, set *inventory.Resource, here ports, doors []*door) {
	facts := set.Facts.(*inventory.ForwardingTarget)
	if !set.IsKnown("entry_points") {
		out.doubts, out.maybe = append(out.doubts, set.Why("entry_points")), out.maybe.with(here)
		out.targeted = out.targeted.either(unsure)
		return
	}
	for _, entryID := range facts.EntryPoints {
		out.targeted, out.serving = yes, out.serving.with(here)
		entry := k.w.Get(entryID)
		if entry == nil {
			out.doubts = append(out.doubts, absent(k.w, inventory.ClassEntryPoint, set)...)
			out.maybe = out.maybe.with(here)
			continue
		}
		out.balancers = append(out.balancers, entry)
		keeps := facts.PreservesCaller || entry.Facts.(*inventory.EntryPoint).PassThrough
		if keeps {
			out.caller = out.caller.with(here)
		}
		k.through(out, entry, set, here, keeps, doors)
	}
}

// through asks of one entry point whether callers reach the listener, and whether it reaches the machine.
func (k *walk) through(out *forwarded, entry, set *inventory.Resource, here ports, keeps bool, doors []*door) {
	calls := k.callable(entry, set.ID)
	if calls.sure.empty() && calls.maybe.empty() {
		return
	}
	senders, unread := k.sendersOf(entry, keeps)
	for _, d := range doors {
		filters, subnet, _ := k.guardsOf(d)
		guards := slices.Concat(subnet, filters)
		for _, src := range senders {
			sure, maybe := here.and(admit(guards, src, true)), here.and(admit(guards, src, false))
			if calls.sure.empty() {
				sure = ports{}
			}
			if !sure.empty() {
				out.paths = append(out.paths, forwardedPath(entry, set, calls, guards, src, sure, d))
			}
			out.sure, out.maybe = out.sure.with(sure), out.maybe.with(maybe)
			if !maybe.less(sure).empty() {
				out.doubts = append(out.doubts, calls.doubts...)
				out.doubts = append(out.doubts, unread...)
				out.doubts = append(out.doubts, doubtsOf(guards)...)
			}
		}
	}
}

// sendersOf are who sends to the targets of an entry point: the callers themselves where it keeps their address, else
// the entry point, by the filters it wears and the ranges of its subnets.
func (k *walk) sendersOf(entry *inventory.Resource, keeps bool) ([]source, []inventory.Unknown) {
	if keeps {
		return []source{fromWorld(v4), fromWorld(v6)}, nil
	}
	e := entry.Facts.(*inventory.EntryPoint)
	ranges := slices.Clone(e.Senders)
	var doubts []inventory.Unknown
	if why, refused := entry.Unknown["senders"]; refused {
		doubts = append(doubts, why)
	}
	for _, name := range []string{"firewalls", "subnets"} {
		if !entry.IsKnown(name) {
			doubts = append(doubts, entry.Why(name))
		}
	}
	for _, id := range e.Subnets {
		s := k.w.Get(id)
		switch {
		case s == nil:
			doubts = append(doubts, absent(k.w, inventory.ClassSubnet, k.near)...)
		case !s.IsKnown("ranges"):
			doubts = append(doubts, s.Why("ranges"))
		default:
			ranges = append(ranges, s.Facts.(*inventory.Subnet).Ranges...)
		}
	}
	out := []source{{family: v4, addresses: inFamily(v4, ranges), groups: e.Firewalls}}
	if six := inFamily(v6, ranges); len(six) > 0 {
		out = append(out, source{family: v6, addresses: six, groups: e.Firewalls})
	}
	return out, doubts
}

func forwardedPath(entry, set *inventory.Resource, calls called, guards []guard, src source, open ports,
	d *door) inventory.Path {
	hops := []inventory.Hop{{Label: "Internet", Detail: "any address"},
		{Label: title(entry), Detail: fmt.Sprintf("answers on %s", strings.Join(calls.sure.words(), ", ")),
			Resource: entry.ID},
		{Label: title(set), Detail: "forwards to " + strings.Join(open.words(), ", "), Resource: set.ID, Opens: true}}
	for _, g := range guards {
		if hop := g.because(src, open); hop.Label != "" {
			hops = append(hops, hop)
		}
	}
	return inventory.Path{Ports: open.words(), Forwarded: true, Hops: append(hops, d.hop)}
}

// called are the ports of an entry point that callers on the internet reach.
type called struct {
	sure, maybe ports
	doubts      []inventory.Unknown
}

// callable walks from the internet to the listeners of an entry point that lead to a set of targets; an empty set asks
// for all of them.
func (k *walk) callable(entry *inventory.Resource, set string) called {
	e := entry.Facts.(*inventory.EntryPoint)
	if entry.IsKnown("internet_facing") && !e.InternetFacing {
		return called{}
	}
	listens, known := listening(entry, set)
	if !known {
		return called{maybe: allPorts, doubts: []inventory.Unknown{entry.Why("listeners")}}
	}
	if !entry.IsKnown("internet_facing") {
		return called{maybe: listens, doubts: []inventory.Unknown{entry.Why("internet_facing")}}
	}
	if e.Network == "" && entry.IsKnown("network") {
		return called{sure: listens}
	}
	var out called
	for _, d := range k.entryDoors(entry) {
		d.limit = &listens
		s := k.look(d)
		out.sure, out.maybe = out.sure.with(s.open), out.maybe.with(s.maybe)
		out.doubts = append(out.doubts, s.doubts...)
	}
	out.maybe = out.maybe.less(out.sure)
	return out
}

// listening are the ports of the listeners that lead to a set of targets. Where no listener says what it leads to, any
// of them may.
func listening(entry *inventory.Resource, set string) (ports, bool) {
	e := entry.Facts.(*inventory.EntryPoint)
	if !entry.IsKnown("listeners") {
		return ports{}, false
	}
	said := slices.ContainsFunc(e.Listeners, func(l inventory.Listener) bool { return len(l.Targets) > 0 })
	var out ports
	for _, l := range e.Listeners {
		if set == "" || !said || slices.Contains(l.Targets, set) {
			out = out.with(portsOf(transport(l.Protocol), l.Port, max(l.Port, l.To)))
		}
	}
	return out, true
}

// entryDoors are an entry point in a network as doors, one for each subnet it stands in.
func (k *walk) entryDoors(entry *inventory.Resource) []*door {
	e := entry.Facts.(*inventory.EntryPoint)
	d := door{hop: inventory.Hop{Label: title(entry), Resource: entry.ID}, network: e.Network, firewalls: e.Firewalls,
		blind: !entry.IsKnown("firewalls")}
	facing := unsure
	if entry.IsKnown("internet_facing") {
		facing = truthOf(e.InternetFacing)
	} else {
		d.doubts = append(d.doubts, entry.Why("internet_facing"))
	}
	d.holds = [2]truth{facing, facing}
	if e.DNSName != "" && facing == yes {
		d.public = []string{e.DNSName}
	}
	if d.blind {
		d.doubts = append(d.doubts, entry.Why("firewalls"))
	}
	return inSubnets(d, e.Subnets, entry, "subnets")
}

// inSubnets repeats a door in each subnet. Without any, its place is not known.
func inSubnets(d door, subnets []string, of *inventory.Resource, attribute string) []*door {
	if len(subnets) == 0 {
		d.doubts = append(d.doubts, of.Why(attribute))
		return []*door{&d}
	}
	var out []*door
	for _, id := range subnets {
		one := d
		one.subnet = id
		out = append(out, &one)
	}
	return out
}

// transport is the protocol that carries what a listener or target speaks.
func transport(protocol string) string {
	switch protocol {
	case "udp", "UDP", "quic", "QUIC":
		return "udp"
	case "tcp_udp", "TCP_UDP", "any":
		return "any"
	default:
		return "tcp"
	}
}
