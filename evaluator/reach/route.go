package reach

import (
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// truth is yes, no, or not known.
type truth int8

const (
	unsure truth = iota
	yes
	no
)

func (t truth) either(o truth) truth {
	switch {
	case t == yes || o == yes:
		return yes
	case t == no && o == no:
		return no
	default:
		return unsure
	}
}

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// route is the way out of a subnet.
type route struct {
	// direct says for each family whether the internet is the next step of the default route.
	direct [2]truth
	// out says whether there is a way to the internet at all, translated or not.
	out   truth
	table *inventory.Resource
	// by is the default route as it is shown.
	by     *inventory.DefaultRoute
	doubts []inventory.Unknown
}

// routeOf finds the table that decides for a subnet: its own, else the main one of the network. An own table that could
// not be listed may exist all the same, so without a complete listing the main table proves nothing.
// Routes for members of other groups are left out; no groups ask for the routes of anybody.
func routeOf(subnetID, network string, groups []string, near *inventory.Resource, w World) route {
	tables := w.Into(inventory.ClassRouteTable, "routes", subnetID)
	if len(tables) == 0 {
		if missing := w.Missing(inventory.ClassRouteTable, near.Scope, near.Region); len(missing) > 0 {
			return route{doubts: missing}
		}
		for _, t := range w.Into(inventory.ClassRouteTable, "in_network", network) {
			if facts, ok := t.Facts.(*inventory.RouteTable); ok && (!t.IsKnown("main") || facts.Main) {
				tables = append(tables, t)
			}
		}
	}
	if len(tables) == 0 {
		return route{doubts: absent(w, inventory.ClassRouteTable, near)}
	}
	return readTable(tables[0], groups)
}

func readTable(table *inventory.Resource, groups []string) route {
	facts, ok := table.Facts.(*inventory.RouteTable)
	if !ok || !table.IsKnown("routes") {
		return route{table: table, doubts: []inventory.Unknown{table.Why("routes")}}
	}
	r := route{table: table, out: no, by: &inventory.DefaultRoute{Table: table.ID, To: "none"}}
	for _, f := range families {
		var direct, out block
		for i := range facts.Routes {
			step := &facts.Routes[i]
			if len(groups) > 0 && !concerns(step, groups) || outranked(step, facts.Routes, groups) {
				continue
			}
			blocks, _ := parseRange(step.Destination)
			if step.Dead || len(blocks[f]) == 0 {
				continue
			}
			wide := blocks[f].isWorld(f)
			if wide && r.by.To == "none" {
				r.by.Target, r.by.To = step.Target, step.To
			}
			switch step.To {
			case "internet":
				direct = direct.with(blocks[f])
			case "nat", "transit", "firewall", "egress_only":
				out = out.with(blocks[f])
			}
			if wide && step.To == "internet" {
				r.by.Target, r.by.To = step.Target, step.To
			}
		}
		r.direct[f] = truthOf(direct.isWorld(f))
		if direct.with(out).isWorld(f) {
			r.out = yes
		}
	}
	return r
}

// concerns says whether a route is for a member of the groups.
func concerns(step *inventory.Route, groups []string) bool {
	return len(step.Groups) == 0 ||
		slices.ContainsFunc(step.Groups, func(g string) bool { return slices.Contains(groups, g) })
}

// outranked says whether another route to the same destination counts instead. Asked for anybody, a route that only
// some may take outranks none.
func outranked(step *inventory.Route, all []inventory.Route, groups []string) bool {
	return slices.ContainsFunc(all, func(other inventory.Route) bool {
		return !other.Dead && other.Destination == step.Destination && other.Priority < step.Priority &&
			concerns(&other, groups)
	})
}

// place is a subnet as the walk sees it.
type place struct {
	subnet  *inventory.Resource
	id      string
	network string
	route   route
	guards  []guard
}

// placeOf looks at a subnet once for each derivation and set of groups.
func (k *walk) placeOf(id, network string, groups []string) *place {
	key := id + "\n" + strings.Join(groups, "\n")
	if p := k.places[key]; p != nil {
		return p
	}
	p := &place{id: id, network: network, subnet: k.w.Get(id)}
	if p.subnet != nil {
		if facts, ok := p.subnet.Facts.(*inventory.Subnet); ok && p.subnet.IsKnown("network") {
			p.network = facts.Network
		}
	}
	p.route = routeOf(id, p.network, groups, k.near, k.w)
	p.guards = k.subnetGuards(id)
	k.places[key] = p
	return p
}

// subnetGuards are the filters of a subnet. A listing that is not complete may hide one.
func (k *walk) subnetGuards(id string) []guard {
	var out []guard
	for _, f := range k.w.Into(inventory.ClassSubnetFilter, "filters", id) {
		g := &subnetGuard{}
		facts, ok := f.Facts.(*inventory.SubnetFilter)
		if !ok || !f.IsKnown("rules") {
			g.unknown = append(g.unknown, f.Why("rules"))
		} else {
			g.add(f, facts.Rules, k.w, nil)
			g.ordered = true
			g.sort()
		}
		out = append(out, g)
	}
	if missing := k.w.Missing(inventory.ClassSubnetFilter, k.near.Scope, k.near.Region); len(out) == 0 &&
		len(missing) > 0 {
		out = append(out, &subnetGuard{unknown: missing})
	}
	return out
}

func deriveSubnet(r *inventory.Resource, w World) {
	s := r.Facts.(*inventory.Subnet)
	if !r.IsKnown("network") {
		unknown(r, []inventory.Unknown{r.Why("network")}, "routes_to_internet", "flow_logged", "route")
		return
	}
	way := routeOf(r.ID, s.Network, nil, r, w)
	settle(r, "routes_to_internet", way.direct[v4].either(way.direct[v6]), &s.RoutesToInternet, way.doubts)
	if way.by != nil {
		put(r, "route", &s.Route, way.by)
	} else {
		unknown(r, way.doubts, "route")
	}
	logged, doubts := flowLogged(r, s.Network, w)
	settle(r, "flow_logged", logged, &s.FlowLogged, doubts)
}

// flowLogged says whether traffic records are kept of a subnet, by a log of its own or of its network.
func flowLogged(r *inventory.Resource, network string, w World) (truth, []inventory.Unknown) {
	doubts := w.Missing(inventory.ClassFlowLog, r.Scope, r.Region)
	for _, of := range []string{r.ID, network} {
		for _, log := range w.Into(inventory.ClassFlowLog, "records", of) {
			facts := log.Facts.(*inventory.FlowLog)
			switch {
			case !log.IsKnown("active") || !log.IsKnown("traffic"):
				doubts = append(doubts, log.Why("active"))
			case facts.Active && (facts.Traffic == "all" || facts.Traffic == "rejected"):
				return yes, nil
			}
		}
	}
	return noUnless(doubts), doubts
}

func deriveNetwork(r *inventory.Resource, w World) {
	n := r.Facts.(*inventory.Network)
	timeApproved(r, n, w)
	worn := w.Into(inventory.ClassNetworkInterface, "in_network", r.ID)
	doubts := w.Missing(inventory.ClassNetworkInterface, r.Scope, r.Region)
	used := truthOf(len(worn) > 0)
	if used == no {
		used = noUnless(doubts)
	}
	inUse := used
	switch {
	case !r.IsKnown("default"):
		inUse, doubts = unsure, append(doubts, r.Why("default"))
		if used == no {
			inUse = no
		}
	case !n.Default:
		inUse = no
	}
	settle(r, "default_in_use", inUse, &n.DefaultInUse, doubts)
	reaches, doubts := reachesInternet(r, worn, used, doubts, w)
	settle(r, "reaches_internet", reaches, &n.ReachesInternet, doubts)
}

// reachesInternet asks each subnet that holds an interface for a way out.
func reachesInternet(r *inventory.Resource, worn []*inventory.Resource, used truth, doubts []inventory.Unknown,
	w World) (truth, []inventory.Unknown) {
	answer := used
	if used == yes {
		answer = noUnless(w.Missing(inventory.ClassNetworkInterface, r.Scope, r.Region))
	}
	asked := map[string]bool{}
	for _, i := range worn {
		facts := i.Facts.(*inventory.NetworkInterface)
		if !i.IsKnown("subnet") {
			answer, doubts = unsure, append(doubts, i.Why("subnet"))
			continue
		}
		key := facts.Subnet + "\n" + strings.Join(facts.Groups, "\n")
		if asked[key] {
			continue
		}
		asked[key] = true
		way := routeOf(facts.Subnet, r.ID, facts.Groups, r, w)
		switch way.out {
		case yes:
			return yes, nil
		case unsure:
			answer, doubts = unsure, append(doubts, way.doubts...)
		}
	}
	return answer, doubts
}

func deriveLink(r *inventory.Resource, w World) {
	l := r.Facts.(*inventory.NetworkLink)
	known, doubts := peerKnown(r, w)
	switch {
	case !r.IsKnown("accepted_by_hand"):
		known, doubts = bothOf(known, unsure), append(doubts, r.Why("accepted_by_hand"))
	case !l.AcceptedByHand:
		known = no
	}
	settle(r, "peer_known", known, &l.PeerKnown, doubts)
	crosses, doubts := linkCrosses(r, w)
	settle(r, "crosses_environment", crosses, &l.CrossesEnvironment, doubts)
}

// peerKnown says whether every account on the other side is the organisation's own or a registered supplier.
func peerKnown(r *inventory.Resource, w World) (truth, []inventory.Unknown) {
	l, ok := r.Facts.(*inventory.NetworkLink)
	if !ok || !r.IsKnown("peer_owners") {
		return unsure, []inventory.Unknown{r.Why("peer_owners")}
	}
	for _, owner := range l.PeerOwners {
		if !familiar(owner, w) {
			return no, nil
		}
	}
	return yes, nil
}

// linkCrosses compares the environments of the joined networks.
func linkCrosses(r *inventory.Resource, w World) (truth, []inventory.Unknown) {
	l := r.Facts.(*inventory.NetworkLink)
	if !r.IsKnown("networks") {
		return unsure, []inventory.Unknown{r.Why("networks")}
	}
	var doubts []inventory.Unknown
	live, other := false, false
	for _, id := range l.Networks {
		n := w.Get(id)
		if n == nil {
			doubts = append(doubts, absent(w, inventory.ClassNetwork, r)...)
			continue
		}
		env, why := environmentOf(n, w)
		switch {
		case why != nil:
			doubts = append(doubts, *why)
		case env == production:
			live = true
		default:
			other = true
		}
	}
	if live && other {
		return yes, nil
	}
	return noUnless(doubts), doubts
}
