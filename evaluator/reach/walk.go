package reach

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// The exposures, worst first.
const (
	exposureOpen     = "open"
	exposureUnknown  = "unknown"
	exposureBalancer = "load_balancer"
	exposurePrivate  = "private"
	exposureLatent   = "latent"
	exposureClosed   = "closed"
)

var exposures = []string{exposureOpen, exposureUnknown, exposureBalancer, exposurePrivate, exposureLatent,
	exposureClosed}

// worse is the worse of two exposures. Unknown outranks all but open: what is missing might be open.
func worse(a, b string) string {
	if slices.Index(exposures, a) <= slices.Index(exposures, b) {
		return a
	}
	return b
}

// walk asks door, route and filters of interfaces on behalf of one resource. It reads each subnet and each set of
// filters once, so that a filter worn by thousands of interfaces is read once.
type walk struct {
	w      World
	near   *inventory.Resource
	places map[string]*place
	layers map[string][]guard
	// points says of a set of filters whether any of their rules names the guarded side.
	points map[string]bool
	links  map[string]*linked
}

func newWalk(near *inventory.Resource, w World) *walk {
	return &walk{w: w, near: near, places: map[string]*place{}, layers: map[string][]guard{}, points: map[string]bool{},
		links: map[string]*linked{}}
}

// door is an interface, or what a managed service shows of its own, as the walk sees it.
type door struct {
	// hop is the interface as a step of a way.
	hop       inventory.Hop
	network   string
	subnet    string
	firewalls []string
	// overrides are the filters that are asked before these; overruled says that they are not known, so that what its
	// own filters say may not count.
	overrides []string
	overruled bool
	private   []string
	public    []string
	// holds says for each family whether there is an address the internet can send to.
	holds [2]truth
	// doubts are why something of the interface is not known; blind says that its filters are not.
	doubts []inventory.Unknown
	blind  bool
	// unaddressed is why its addresses or its network are not known, so that something may lead here unseen.
	unaddressed []inventory.Unknown
	// limit bounds the ports something listens on; nil when that is not known.
	limit *ports
	// edge says that it stands at the provider's edge: in no subnet, and the internet gets there without a route of ours.
	edge bool
	// rules are the filter that is part of what stands here, not one it wears.
	rules *layer
	// groups are what rules may name it by; ungrouped says that these are not all known.
	groups    []string
	ungrouped bool
	// unplaced says that its addresses could not be read.
	unplaced bool
}

// doorOf reads an interface.
func doorOf(r *inventory.Resource) *door {
	n := r.Facts.(*inventory.NetworkInterface)
	d := &door{hop: inventory.Hop{Label: title(r), Resource: r.ID}, network: n.Network, subnet: n.Subnet,
		firewalls: n.Firewalls, overrides: n.Overrides, private: n.PrivateAddresses, public: n.PublicAddresses,
		groups: n.Groups}
	for _, name := range []string{"network", "subnet", "firewalls", "public_addresses", "private_addresses"} {
		if !r.IsKnown(name) {
			d.doubts = append(d.doubts, r.Why(name))
		}
	}
	d.blind = !r.IsKnown("firewalls")
	d.ungrouped = r.IsFixed("groups") && !r.IsKnown("groups")
	d.unplaced = !r.IsKnown("private_addresses")
	if why, refused := r.Unknown["groups"]; refused {
		d.blind, d.doubts = true, append(d.doubts, why)
	}
	d.askOverrides(r)
	for _, name := range []string{"network", "private_addresses", "public_addresses"} {
		if !r.IsKnown(name) {
			d.unaddressed = append(d.unaddressed, r.Why(name))
		}
	}
	if r.IsKnown("public_addresses") {
		d.holds = [2]truth{no, no}
	}
	for _, word := range n.PublicAddresses {
		if blocks, ok := parseRange(word); ok {
			for _, f := range families {
				if len(blocks[f]) > 0 {
					d.holds[f] = yes
				}
			}
		} else {
			d.holds[v4] = yes
		}
	}
	return d
}

// sight is what the walk finds at a door.
type sight struct {
	// open are the ports the internet reaches for sure, maybe those it might.
	open, maybe ports
	openAt      string
	paths       []inventory.Path
	// world are the ports the filters of the interface admit from the world, whether or not anything leads there.
	world, worldMaybe ports
	// inside says whether anything but its own group is admitted.
	inside truth
	// any are the ports admitted from anybody at all.
	any    ports
	doubts []inventory.Unknown
	// unrouted is why the route is not known.
	unrouted []inventory.Unknown
}

// layersOf are the guards that filters make, by their layers, for traffic to a spot: those that are worn, and where the
// spot counts its network among its groups, those of the network that speak of one of these. What overrides is asked
// first in each layer.
func (k *walk) layersOf(ids, overrides []string, network string, at *spot) []guard {
	key := strings.Join(ids, "\n")
	if len(overrides) > 0 {
		key += "\nafter\n" + strings.Join(overrides, "\n")
	}
	unworn := len(at.groups) > 0 && network != "" && slices.Contains(at.groups, network)
	if unworn || k.pointed(ids) || k.pointed(overrides) {
		key += "\n" + at.key()
	}
	if g, ok := k.layers[key]; ok {
		return g
	}
	byLayer := map[int]*layer{}
	in := func(n int) *layer {
		if byLayer[n] == nil {
			byLayer[n] = &layer{}
		}
		return byLayer[n]
	}
	for _, id := range ids {
		f := k.w.Get(id)
		switch {
		case f == nil:
			in(0).unknown = append(in(0).unknown, absent(k.w, inventory.ClassFirewall, k.near)...)
		case !f.IsKnown("rules"):
			in(0).unknown = append(in(0).unknown, f.Why("rules"))
		default:
			facts := f.Facts.(*inventory.Firewall)
			l := in(facts.Layer)
			l.owners = append(l.owners, f)
			l.add(f, facts.Rules, k.w, at)
		}
	}
	if unworn {
		k.unworn(network, at, in)
	}
	k.override(overrides, at, byLayer)
	var order []int
	for n := range byLayer {
		order = append(order, n)
	}
	sort.Ints(order)
	var out []guard
	for _, n := range order {
		byLayer[n].sort()
		out = append(out, byLayer[n])
	}
	k.layers[key] = out
	return out
}

// unworn adds the filters of a network that speak of a spot. Where none does, nothing is admitted; one that was not
// listed may speak first.
func (k *walk) unworn(network string, at *spot, in func(int) *layer) {
	if n := k.w.Get(network); n == nil {
		in(0).unknown = append(in(0).unknown, absent(k.w, inventory.ClassNetwork, k.near)...)
	} else {
		in(0).unknown = append(in(0).unknown, k.w.Missing(inventory.ClassFirewall, n.Scope, n.Region)...)
	}
	seen := map[string]bool{}
	for _, group := range at.groups {
		for _, f := range k.w.Into(inventory.ClassFirewall, "applies_to", group) {
			if seen[f.ID] {
				continue
			}
			seen[f.ID] = true
			facts := f.Facts.(*inventory.Firewall)
			if !f.IsKnown("rules") {
				in(0).unknown = append(in(0).unknown, f.Why("rules"))
				continue
			}
			l := in(facts.Layer)
			l.owners = append(l.owners, f)
			l.add(f, facts.Rules, k.w, at)
		}
	}
}

func (k *walk) guardsOf(d *door) (filters []guard, subnet []guard, at *place) {
	filters = k.layersOf(d.firewalls, d.overrides, d.network, k.spotOf(d))
	switch {
	case d.overruled:
		filters = []guard{&layer{unknown: d.doubts}}
	case d.blind:
		filters = append(slices.Clone(filters), &layer{unknown: d.doubts})
	}
	if d.rules != nil {
		filters = append(slices.Clone(filters), d.rules)
	}
	if d.edge {
		return filters, nil, &place{route: route{direct: [2]truth{yes, yes}, out: yes}}
	}
	if d.subnet == "" {
		why := d.doubts
		if len(why) == 0 {
			why = []inventory.Unknown{{Fact: "subnet", Cause: inventory.CauseNotCollected}}
		}
		at = &place{network: d.network, route: route{doubts: why}, guards: []guard{&subnetGuard{unknown: why}}}
		return filters, at.guards, at
	}
	at = k.placeOf(d.subnet, d.network, d.groups)
	return filters, at.guards, at
}

func admit(guards []guard, src source, surely bool) ports {
	out := allPorts
	for _, g := range guards {
		out = out.and(g.admits(src, surely))
		if out.empty() {
			break
		}
	}
	return out
}

func doubtsOf(guards []guard) []inventory.Unknown {
	var out []inventory.Unknown
	for _, g := range guards {
		out = append(out, g.doubts()...)
	}
	return out
}

// look walks from the internet to a door: is there an address, does the route lead back, do all filters admit.
func (k *walk) look(d *door) sight {
	filters, subnet, place := k.guardsOf(d)
	s := sight{unrouted: place.route.doubts}
	for _, f := range families {
		src := fromWorld(f)
		world, worldMaybe := admit(filters, src, true), admit(filters, src, false)
		s.world, s.worldMaybe = s.world.with(world), s.worldMaybe.with(worldMaybe)
		address, direct := d.holds[f], place.route.direct[f]
		if address == no || direct == no {
			continue
		}
		maybe := within(d.limit, worldMaybe.and(admit(subnet, src, false)))
		var open ports
		if address == yes && direct == yes {
			open = within(d.limit, world.and(admit(subnet, src, true)))
		}
		if !open.empty() {
			s.openAt = firstNonEmpty(s.openAt, addressIn(f, d.public))
			s.paths = append(s.paths, k.path(d, place, slices.Concat(subnet, filters), src, open))
		}
		s.open, s.maybe = s.open.with(open), s.maybe.with(maybe)
		if !maybe.less(open).empty() {
			s.doubts = append(s.doubts, doubtsOf(subnet)...)
			s.doubts = append(s.doubts, place.route.doubts...)
			s.doubts = append(s.doubts, d.doubts...)
		}
	}
	s.maybe = s.maybe.less(s.open)
	if !s.worldMaybe.less(s.world).empty() || !s.maybe.empty() {
		s.doubts = append(s.doubts, doubtsOf(filters)...)
	}
	s.inside, s.any = insiders(filters, slices.Concat(d.firewalls, d.groups))
	if s.inside == unsure {
		s.doubts = append(s.doubts, doubtsOf(filters)...)
	}
	return s
}

func within(limit *ports, p ports) ports {
	if limit == nil {
		return p
	}
	return p.and(*limit)
}

// insiders says whether the filters admit anybody outside their own group, and on which ports anybody at all.
func insiders(filters []guard, own []string) (truth, ports) {
	if len(filters) == 0 {
		return yes, allPorts
	}
	answer, all := yes, allPorts
	for _, g := range filters {
		l := g.(*layer)
		in, some := no, ports{}
		for i := range l.in {
			rule := &l.in[i]
			if rule.rule.Deny {
				continue
			}
			some = some.with(rule.ports)
			foreign := slices.ContainsFunc(rule.rule.Groups, func(id string) bool { return !slices.Contains(own, id) })
			switch {
			case foreign || len(rule.ranges[v4]) > 0 || len(rule.ranges[v6]) > 0 || rule.rule.AnyTenant ||
				len(rule.rule.Subnets) > 0:
				in = yes
			case rule.unread && in == no:
				in = unsure
			}
		}
		if len(l.unknown) > 0 {
			some = allPorts
			if in == no {
				in = unsure
			}
		}
		all = all.and(some)
		if in == no || answer == no {
			answer = no
		} else if in == unsure {
			answer = unsure
		}
	}
	return answer, all
}

func addressIn(f family, words []string) string {
	for _, word := range words {
		if blocks, ok := parseRange(word); !ok || len(blocks[f]) > 0 {
			return word
		}
	}
	return ""
}

func firstNonEmpty(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// path tells the way to a door hop by hop; the filter that admits is the step that opens it.
func (k *walk) path(d *door, at *place, guards []guard, src source, open ports) inventory.Path {
	hops := []inventory.Hop{{Label: "Internet", Detail: "any address"}}
	if by := at.route.by; by != nil {
		hops = append(hops, inventory.Hop{Label: k.gatewayTitle(by.Target, at.network), Resource: by.Target})
		hops = append(hops, inventory.Hop{Label: title(at.route.table), Detail: "default route to " + shortID(by.Target),
			Resource: at.route.table.ID})
	}
	for _, g := range guards {
		hop := g.because(src, open)
		if hop.Label == "" {
			continue
		}
		_, hop.Opens = g.(*layer)
		if hop == hops[len(hops)-1] {
			continue // What overrides every layer is told once.
		}
		hops = append(hops, hop)
	}
	last := d.hop
	if address := addressIn(src.family, d.public); address != "" {
		last.Detail = "address " + address
	}
	return inventory.Path{Ports: open.words(), Hops: append(hops, last)}
}

func (k *walk) gatewayTitle(target, network string) string {
	for _, g := range k.w.Into(inventory.ClassNetworkGateway, "in_network", network) {
		if g.ID == target || shortID(g.ID) == target {
			return title(g)
		}
	}
	return fmt.Sprintf("internet gateway %s", shortID(target))
}

// linked is what links lead into a network.
type linked struct {
	// active says whether traffic can come in over a link now.
	active truth
	ranges []string
	// stranger says whether a link leads to a party nobody named.
	stranger truth
	// unbounded says that not every range of the other ends is known.
	unbounded bool
	doubts    []inventory.Unknown
}

// linksOf looks at the links of a network once.
func (k *walk) linksOf(network string) *linked {
	if l := k.links[network]; l != nil {
		return l
	}
	l := &linked{active: no, stranger: no, doubts: k.w.Missing(inventory.ClassNetworkLink, k.near.Scope, k.near.Region)}
	if len(l.doubts) > 0 {
		l.active, l.stranger, l.unbounded = unsure, unsure, true
	}
	for _, r := range k.w.Into(inventory.ClassNetworkLink, "joins", network) {
		facts := r.Facts.(*inventory.NetworkLink)
		switch {
		case !r.IsKnown("active"):
			l.doubts = append(l.doubts, r.Why("active"))
			if l.active == no {
				l.active = unsure
			}
		case !facts.Active:
			continue
		default:
			l.active = yes
		}
		if !r.IsKnown("peer_ranges") {
			l.unbounded, l.doubts = true, append(l.doubts, r.Why("peer_ranges"))
		}
		l.ranges = append(l.ranges, facts.PeerRanges...)
		known, doubts := peerKnown(r, k.w)
		l.doubts = append(l.doubts, doubts...)
		switch {
		case known == no:
			l.stranger = yes
		case known == unsure && l.stranger == no:
			l.stranger = unsure
		}
	}
	k.links[network] = l
	return l
}

// exposure tells how far a door is exposed, leaving balancers aside, and what is missing when that is not known.
func (k *walk) exposure(d *door, s sight) (string, []inventory.Unknown) {
	switch {
	case !s.open.empty():
		return exposureOpen, nil
	case !s.maybe.empty():
		return exposureUnknown, s.doubts
	case !s.world.empty() && len(s.unrouted) > 0:
		// That a hole is latent is proven by address and route alike: an address is given in a moment.
		return exposureUnknown, s.unrouted
	case !s.world.empty():
		links := k.linksOf(d.network)
		switch links.active {
		case yes:
			return exposurePrivate, nil
		case no:
			return exposureLatent, nil
		default:
			return exposureUnknown, links.doubts
		}
	case !s.worldMaybe.empty() || s.inside == unsure:
		return exposureUnknown, s.doubts
	case s.inside == yes:
		return exposurePrivate, nil
	default:
		return exposureClosed, nil
	}
}
