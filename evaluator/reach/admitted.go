package reach

import (
	"net/netip"
	"slices"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Who a data port admits, worst first. They are the rows of the table "Who may talk to a database".
const (
	whoWorld       = "world"
	whoCloud       = "cloud"
	whoUnknownPeer = "unknown_peer"
	whoNetwork     = "network"
	whoLatent      = "world_latent"
	whoShared      = "shared_group"
	whoApplication = "application"
	whoNobody      = "nobody"
)

var whos = []string{whoWorld, whoCloud, whoUnknownPeer, whoNetwork, whoLatent, whoShared, whoApplication, whoNobody}

// widestPrivate is how many addresses a private range may hold before it is the network as a whole: as many as a /16.
const widestPrivate = 65536

// admission gathers who is admitted to the data ports of one database.
type admission struct {
	inventory.Admitted
	// doubts are why somebody worse might be admitted; app why the application is not known.
	doubts, app []inventory.Unknown
}

func (a *admission) add(who string, sources ...string) {
	if slices.Index(whos, who) < slices.Index(whos, a.Who) {
		a.Who = who
	}
	a.Sources = append(a.Sources, sources...)
}

// admitted tells who the filters of the doors admit to the asked ports.
func (k *walk) admitted(db *inventory.Resource, doors []*door, asked ports, got reached) *admission {
	a := &admission{Admitted: inventory.Admitted{Who: whoNobody, Ports: asked.words()}}
	var networks, own []string
	for _, d := range doors {
		networks, own = append(networks, d.network), append(own, d.firewalls...)
	}
	networks = append(networks, k.namedNetworks(doors)...)
	slices.Sort(networks)
	networks = slices.Compact(networks)
	k.worldAdmitted(a, asked, got)
	app := &application{}
	looked := false
	for _, d := range likeDoors(doors) {
		filters, _, _ := k.guardsOf(d)
		for _, g := range filters {
			a.doubts = append(a.doubts, g.(*layer).unknown...)
			for i := range g.(*layer).in {
				rule := &g.(*layer).in[i]
				if rule.rule.Deny || rule.ports.and(asked).empty() {
					continue
				}
				if !looked {
					app, looked = k.applicationOf(db, networks), true
				}
				if rule.unread {
					a.doubts = append(a.doubts, g.doubts()...)
				}
				k.ruleAdmits(a, rule, d, slices.Concat(own, rule.rule.DestinationGroups), app)
			}
		}
	}
	a.By = app.by
	slices.Sort(a.Sources)
	a.Sources = slices.Compact(a.Sources)
	slices.Sort(a.Outside)
	a.Outside = slices.Compact(a.Outside)
	a.Others, a.OtherCount = few(a.Others)
	a.Application, a.ApplicationCount = few(a.Application)
	return a
}

// mostAdmitted bounds the resources an admission names: a range can hold tens of thousands, and every database behind
// the same filter would keep them all.
const mostAdmitted = 25

// few orders ids, keeps the first of them, and counts them all.
func few(ids []string) ([]string, int) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return ids[:min(len(ids), mostAdmitted):min(len(ids), mostAdmitted)], len(ids)
}

// likeDoors keeps one door for each set of filters: who is admitted does not hang on anything else.
func likeDoors(doors []*door) []*door {
	var out []*door
	for _, d := range doors {
		if !slices.ContainsFunc(out, func(o *door) bool {
			return o.network == d.network && o.blind == d.blind && slices.Equal(o.firewalls, d.firewalls) &&
				slices.Equal(o.overrides, d.overrides) && slices.Equal(o.private, d.private) && o.rules == d.rules
		}) {
			out = append(out, d)
		}
	}
	return out
}

// worldAdmitted tells whether the world is admitted, and whether it has a way.
func (k *walk) worldAdmitted(a *admission, asked ports, got reached) {
	switch {
	case !got.reachable().and(asked).empty():
		a.add(whoWorld)
		return
	case !got.world.and(asked).empty():
		a.add(whoLatent)
	}
	if maybe := got.maybe.with(got.worldMaybe.less(got.world)); !maybe.and(asked).empty() {
		a.doubts = append(a.doubts, got.doubts...)
	}
}

// ruleAdmits adds whom one rule admits.
func (k *walk) ruleAdmits(a *admission, l *line, d *door, own []string, app *application) {
	switch {
	case l.rule.AnyTenant && d.edge && d.holds[v4] == no:
		// The endpoint that tenants of the cloud would use is off.
		a.add(whoLatent, "every tenant of the cloud")
	case l.rule.AnyTenant:
		a.add(whoCloud, "every tenant of the cloud")
	}
	for _, id := range l.rule.Subnets {
		k.subnetAdmits(a, id, app)
	}
	for _, owner := range l.rule.Owners {
		if !familiar(owner, k.w) {
			a.add(whoUnknownPeer, owner)
		}
	}
	for _, word := range l.rule.Ranges {
		k.rangeAdmits(a, word, d, own, app)
	}
	for _, id := range l.rule.Groups {
		if slices.Contains(own, id) {
			// What wears the database's own filter is the database: its other nodes.
			continue
		}
		k.groupAdmits(a, id, app)
	}
	for _, id := range l.rule.Lists {
		if list := k.w.Get(id); list != nil && list.IsKnown("ranges") {
			for _, word := range list.Facts.(*inventory.AddressList).Ranges {
				k.rangeAdmits(a, word, d, own, app)
			}
		}
	}
}

// rangeAdmits adds who lives in a range: a party at the other end of a link, the network as a whole, or single
// machines.
func (k *walk) rangeAdmits(a *admission, word string, d *door, own []string, app *application) {
	blocks, ok := parseRange(word)
	f := v4
	if len(blocks[v6]) > 0 {
		f = v6
	}
	if !ok || wideRange(f, blocks[f]) {
		// The world was asked before; as a source it is named all the same.
		a.Sources = append(a.Sources, word)
		return
	}
	if !isPrivate(word) {
		a.Outside = append(a.Outside, word)
	}
	if d.edge {
		// Whoever holds such an address comes over the internet.
		a.add(whoNetwork, word)
		return
	}
	links := k.linksOf(d.network)
	ranges, why := k.networkRanges(d.network, f)
	overLink := len(inFamily(f, links.ranges).and(blocks[f])) > 0
	// What lies in the network itself is at the other end of no link.
	mayBe := links.unbounded && !ranges.covers(blocks[f])
	switch {
	case overLink && links.stranger == yes:
		a.add(whoUnknownPeer, word)
		return
	case links.stranger != no && (overLink || mayBe):
		a.doubts = append(a.doubts, links.doubts...)
	}
	insiders, others, doubts := k.livesIn(blocks[f], d.network, own, app)
	a.Application, a.Others = append(a.Application, insiders...), append(a.Others, others...)
	switch {
	case f == v4 && blocks[f].size() >= widestPrivate, len(others) > 0:
		a.add(whoNetwork, word)
	case why != nil:
		a.add(whoApplication, word)
		a.doubts = append(a.doubts, why...)
	case !ranges.covers(blocks[f]), blocks[f].covers(ranges):
		// Beyond the network, or all of it.
		a.add(whoNetwork, word)
	case !app.found():
		a.add(whoApplication, word)
		a.app = append(a.app, app.doubts...)
	default:
		a.add(whoApplication, word)
		a.doubts = append(a.doubts, doubts...)
	}
}

func (k *walk) networkRanges(network string, f family) (block, []inventory.Unknown) {
	n := k.w.Get(network)
	if n == nil || n.Class != inventory.ClassNetwork {
		return nil, absent(k.w, inventory.ClassNetwork, k.near)
	}
	if !n.IsKnown("ranges") {
		return nil, []inventory.Unknown{n.Why("ranges")}
	}
	return inFamily(f, n.Facts.(*inventory.Network).Ranges), nil
}

// livesIn sorts the wearers of interfaces in a range into the application and others. What wears the database's own
// filters is the database itself.
func (k *walk) livesIn(b block, network string, own []string, app *application) (mine, others []string,
	doubts []inventory.Unknown) {
	doubts = k.w.Missing(inventory.ClassNetworkInterface, k.near.Scope, k.near.Region)
	for _, i := range k.interfacesIn(network) {
		n := i.Facts.(*inventory.NetworkInterface)
		if why := unreadOf(i, "private_addresses", "firewalls"); why != nil {
			doubts = append(doubts, why...)
			continue
		}
		inside := slices.ContainsFunc(n.PrivateAddresses, func(word string) bool {
			at, err := netip.ParseAddr(word)
			return err == nil && slices.ContainsFunc(b, func(r addresses) bool {
				return r.from.Compare(at) <= 0 && at.Compare(r.to) <= 0
			})
		})
		if !inside || n.Wearer != "" && n.Wearer == k.near.ID ||
			slices.ContainsFunc(n.Firewalls, func(f string) bool { return slices.Contains(own, f) }) {
			continue
		}
		mine, others, doubts = sortWearer(k, i, app, mine, others, doubts)
	}
	return mine, others, doubts
}

// unreadOf are the reasons why any of the named facts is not known.
func unreadOf(r *inventory.Resource, names ...string) []inventory.Unknown {
	var out []inventory.Unknown
	for _, name := range names {
		if !r.IsKnown(name) {
			out = append(out, r.Why(name))
		}
	}
	return out
}

// sortWearer puts the wearer of an interface where it belongs. Without an application nobody is a stranger to it.
func sortWearer(k *walk, i *inventory.Resource, app *application, mine, others []string,
	doubts []inventory.Unknown) ([]string, []string, []inventory.Unknown) {
	if !app.found() || i.Facts.(*inventory.NetworkInterface).WearerType == "endpoint" {
		return mine, others, doubts
	}
	id := firstNonEmpty(i.Facts.(*inventory.NetworkInterface).Wearer, i.ID)
	belongs, why := app.holds(k, i)
	switch belongs {
	case yes:
		return append(mine, id), others, doubts
	case no:
		return mine, append(others, id), doubts
	default:
		return mine, others, append(doubts, why...)
	}
}

// groupAdmits adds who wears a filter that a rule names.
func (k *walk) groupAdmits(a *admission, id string, app *application) {
	if !inventory.IsMark(id) && k.w.Get(id) == nil {
		a.doubts = append(a.doubts, absent(k.w, inventory.ClassFirewall, k.near)...)
	}
	doubts := slices.Clone(k.w.Missing(inventory.ClassNetworkInterface, k.near.Scope, k.near.Region))
	worn := append(k.w.Into(inventory.ClassNetworkInterface, "guarded_by", id),
		k.w.Into(inventory.ClassNetworkInterface, "member_of", id)...)
	k.wearersAdmitted(a, id, worn, app, doubts)
}

// subnetAdmits adds who lives in a subnet that a rule names.
func (k *walk) subnetAdmits(a *admission, id string, app *application) {
	var doubts []inventory.Unknown
	if k.w.Get(id) == nil {
		doubts = absent(k.w, inventory.ClassSubnet, k.near)
	}
	doubts = append(doubts, k.w.Missing(inventory.ClassNetworkInterface, k.near.Scope, k.near.Region)...)
	k.wearersAdmitted(a, id, k.w.Into(inventory.ClassNetworkInterface, "in_subnet", id), app, doubts)
}

// namedNetworks are the networks of the subnets that a database's own rules name.
func (k *walk) namedNetworks(doors []*door) []string {
	var out []string
	for _, d := range doors {
		if d.rules == nil {
			continue
		}
		for i := range d.rules.in {
			for _, id := range d.rules.in[i].rule.Subnets {
				if r := k.w.Get(id); r != nil && r.IsKnown("network") {
					out = append(out, r.Facts.(*inventory.Subnet).Network)
				}
			}
		}
	}
	return out
}

// wearersAdmitted adds the wearers of interfaces that a rule names together by one id.
func (k *walk) wearersAdmitted(a *admission, id string, worn []*inventory.Resource, app *application,
	doubts []inventory.Unknown) {
	var mine, others []string
	for _, i := range worn {
		mine, others, doubts = sortWearer(k, i, app, mine, others, doubts)
	}
	a.Application, a.Others = append(a.Application, mine...), append(a.Others, others...)
	switch {
	case !app.found() && len(worn) > 0:
		a.add(whoApplication, id)
		a.app = append(a.app, app.doubts...)
	case len(others) > 0 && len(mine) > 0:
		a.add(whoShared, id)
	case len(others) > 0:
		a.add(whoNetwork, id)
	case len(worn) > 0:
		a.add(whoApplication, id)
	}
	a.doubts = append(a.doubts, doubts...)
}

// interfacesIn are the interfaces of a network.
func (k *walk) interfacesIn(network string) []*inventory.Resource {
	if network == "" {
		return nil
	}
	return k.w.Into(inventory.ClassNetworkInterface, "in_network", network)
}

// only says whether the application alone is admitted, or nobody.
func (a *admission) only() (truth, []inventory.Unknown) {
	switch {
	case a.Who != whoApplication && a.Who != whoNobody:
		return no, nil
	case len(a.doubts) > 0:
		return unsure, a.doubts
	case len(a.app) > 0:
		return unsure, a.app
	default:
		return yes, nil
	}
}

// record is what is told of the admission; nil with the reasons when somebody worse might be admitted.
func (a *admission) record() (*inventory.Admitted, []inventory.Unknown) {
	if a.Who != whoWorld && len(a.doubts) > 0 {
		return nil, a.doubts
	}
	if slices.Index(whos, a.Who) > slices.Index(whos, whoNetwork) && len(a.app) > 0 {
		return nil, a.app
	}
	return &a.Admitted, nil
}
