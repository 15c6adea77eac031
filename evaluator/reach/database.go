package reach

import (
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// databaseDoors are a managed database as doors, one for each subnet its endpoint may live in. It listens on one port.
func databaseDoors(r *inventory.Resource) []*door {
	db := r.Facts.(*inventory.Database)
	d := door{hop: inventory.Hop{Label: title(r), Resource: r.ID}, network: db.Network, firewalls: db.Firewalls,
		overrides: db.Overrides, blind: !r.IsKnown("firewalls")}
	d.askOverrides(r)
	if r.IsKnown("port") && db.Port > 0 {
		listens := portsOf("tcp", db.Port, db.Port)
		d.limit = &listens
	}
	for _, name := range []string{"network", "firewalls", "public_endpoint"} {
		if !r.IsKnown(name) {
			d.doubts = append(d.doubts, r.Why(name))
		}
	}
	if r.IsKnown("public_endpoint") {
		d.holds = [2]truth{truthOf(db.PublicAddress), no}
	}
	if atEdge(r, db) {
		d.edge = true
		return []*door{&d}
	}
	return inSubnets(d, db.Subnets, r, "subnets")
}

// atEdge says whether the endpoint stands in no network of the account: the provider's edge answers for it.
func atEdge(r *inventory.Resource, db *inventory.Database) bool {
	return r.IsKnown("network") && db.Network == "" && r.IsKnown("subnets") && len(db.Subnets) == 0
}

// mayStandAtEdge says whether nothing shows that the endpoint stands in a network of the account.
func mayStandAtEdge(r *inventory.Resource, db *inventory.Database) bool {
	inNetwork := r.IsKnown("network") && db.Network != "" || r.IsKnown("subnets") && len(db.Subnets) > 0
	return !inNetwork
}

// doorsOfDatabase are where a managed database answers: its own endpoint behind its own rules, and at the edge each
// interface that leads to it from inside a network.
func (k *walk) doorsOfDatabase(r *inventory.Resource, db *inventory.Database) ([]*door, []inventory.Unknown) {
	doors := databaseDoors(r)
	if _, none := r.NotApplicable["rules"]; !none {
		rules := &layer{owners: []*inventory.Resource{r}}
		if r.IsKnown("rules") {
			rules.add(r, db.Rules, k.w, nil)
			rules.sort()
		} else {
			rules.unknown = []inventory.Unknown{r.Why("rules")}
		}
		for _, d := range doors {
			d.rules = rules
		}
	}
	if !mayStandAtEdge(r, db) {
		return doors, nil
	}
	limit := doors[0].limit
	var unseen []inventory.Unknown
	if r.IsFixed("doors") && !r.IsKnown("doors") {
		unseen = append(unseen, r.Why("doors"))
	}
	for _, id := range db.Doors {
		worn := k.w.Into(inventory.ClassNetworkInterface, "worn_by", id)
		if len(worn) == 0 {
			unseen = append(unseen, absent(k.w, inventory.ClassNetworkInterface, r)...)
		}
		for _, i := range worn {
			d := doorOf(i)
			d.limit = limit
			doors = append(doors, d)
		}
	}
	return doors, unseen
}

// anyTenant says whether a rule of the database's own admits every tenant of the cloud to the ports.
func anyTenant(doors []*door, asked ports) bool {
	return slices.ContainsFunc(doors, func(d *door) bool {
		return d.rules != nil && slices.ContainsFunc(d.rules.in, func(l line) bool {
			return l.rule.AnyTenant && !l.rule.Deny && !l.ports.and(asked).empty()
		})
	})
}

func deriveDatabase(r *inventory.Resource, w World) {
	db := r.Facts.(*inventory.Database)
	loginsWatched(r, db, w)
	// What says nothing of a record of its own is recorded by the account's trails, if by anything.
	if !r.IsFixed("audit_logged") && r.IsKnown("endpoint") {
		logged, doubts := useRecorded(r, w)
		settle(r, "audit_logged", logged, &db.AuditLogged, doubts)
	}
	if r.IsKnown("endpoint") && db.Endpoint != "network" {
		notAsked(r, "is reached through the provider's API only", "world_range", "ingress_app_only", "private_network",
			"admitted", "paths")
		return
	}
	k := newWalk(r, w)
	if r.IsKnown("public_endpoint") {
		put(r, "public_access", &db.PublicAccess, db.PublicAddress)
	} else {
		unknown(r, []inventory.Unknown{r.Why("public_endpoint")}, "public_access")
	}
	k.privateNetwork(r, db)
	if !r.IsKnown("firewalls") || !r.IsKnown("port") {
		why := r.Why("firewalls")
		if r.IsKnown("firewalls") {
			why = r.Why("port")
		}
		unknown(r, []inventory.Unknown{why}, "world_range", "ingress_app_only", "admitted", "paths")
		return
	}
	doors, unseen := k.doorsOfDatabase(r, db)
	got := k.reachDatabase(doors)
	asked := portsOf("tcp", db.Port, db.Port)
	// The range is that of its own filter: who comes by a way from inside is asked below.
	own := k.reachDatabase(slices.DeleteFunc(slices.Clone(doors), func(d *door) bool { return d.hop.Resource != r.ID }))
	world := unsure
	switch {
	case !own.world.and(asked).empty(), anyTenant(doors, asked):
		world = yes
	case own.worldMaybe.and(asked).empty():
		world = no
	}
	settle(r, "world_range", world, &db.WorldRange, own.doubts)
	put(r, "paths", &db.Paths, got.paths(inventory.Hop{Label: title(r), Resource: r.ID}))

	who := k.admitted(r, got.doors, asked, got)
	who.doubts = append(who.doubts, unseen...)
	if _, none := r.NotApplicable["network"]; !none && !r.IsKnown("network") {
		// Who else lives where it does cannot be told.
		who.doubts = append(who.doubts, r.Why("network"))
	}
	only, doubts := who.only()
	settle(r, "ingress_app_only", only, &db.IngressAppOnly, doubts)
	if record, doubts := who.record(); record != nil {
		put(r, "admitted", &db.Admitted, record)
	} else {
		unknown(r, doubts, "admitted")
	}
}

// reachDatabase walks the doors of a managed database; no entry point forwards to one.
func (k *walk) reachDatabase(doors []*door) reached {
	got := reached{doors: doors}
	for _, d := range doors {
		s := k.look(d)
		got.sights = append(got.sights, s)
		got.open, got.maybe = got.open.with(s.open), got.maybe.with(s.maybe)
		got.world, got.worldMaybe = got.world.with(s.world), got.worldMaybe.with(s.worldMaybe)
		got.doubts = append(got.doubts, s.doubts...)
	}
	got.maybe = got.maybe.less(got.open)
	return got
}

// privateNetwork says whether the database lives in subnets none of which routes straight to the internet.
func (k *walk) privateNetwork(r *inventory.Resource, db *inventory.Database) {
	const name = "private_network"
	switch {
	case !r.IsKnown("subnets"):
		unknown(r, []inventory.Unknown{r.Why("subnets")}, name)
		return
	case len(db.Subnets) == 0:
		put(r, name, &db.PrivateNetwork, false)
		return
	}
	direct := no
	var doubts []inventory.Unknown
	for _, id := range db.Subnets {
		way := k.placeOf(id, db.Network, nil).route
		direct = direct.either(way.direct[v4].either(way.direct[v6]))
		doubts = append(doubts, way.doubts...)
	}
	settle(r, name, opposite(direct), &db.PrivateNetwork, doubts)
}

// engine is a database that people run on machines, by the ports it listens on and the words they label it with.
type engine struct {
	name  string
	words []string
	ports ports
}

func engineOf(name, listens string, words ...string) engine {
	return engine{name, append(words, name), parsePorts(strings.Fields(listens))}
}

var engines = []engine{
	engineOf("elasticsearch", "tcp/9200 tcp/9300 tcp/5601", "opensearch", "kibana", "elastic"),
	engineOf("mongodb", "tcp/27017-27019", "mongo"),
	engineOf("redis", "tcp/6379", "valkey"),
	engineOf("cassandra", "tcp/7000 tcp/7001 tcp/7199 tcp/9042 tcp/9160", "scylla"),
	engineOf("memcached", "tcp/11211 udp/11211", "memcache"),
	engineOf("couchdb", "tcp/5984"),
	engineOf("etcd", "tcp/2379"),
	engineOf("postgresql", "tcp/5432", "postgres", "timescale"),
	engineOf("mysql", "tcp/3306", "mariadb"),
	engineOf("sqlserver", "tcp/1433 tcp/1434 udp/1434", "mssql", "sql-server"),
	engineOf("oracle", "tcp/1521 tcp/2483"),
	engineOf("kafka", "tcp/9092"),
	engineOf("influxdb", "tcp/8086", "influx"),
}

// engineKeys are labels that say what a machine does.
var engineKeys = []string{"role", "engine", "application", "service", "name"}

// enginesByLabel reads engines from what people wrote on the machine.
func enginesByLabel(r *inventory.Resource, found map[string]engine) {
	words := []string{r.Name}
	for _, key := range engineKeys {
		words = append(words, label(r, []string{key}))
	}
	enginesByWords(words, found)
}

// enginesByWords reads engines from names that people gave.
func enginesByWords(words []string, found map[string]engine) {
	for _, word := range words {
		for _, part := range strings.FieldsFunc(strings.ToLower(word),
			func(c rune) bool { return strings.ContainsRune(" -_./:", c) }) {
			for _, e := range engines {
				if slices.Contains(e.words, part) {
					found[e.name] = e
				}
			}
		}
	}
}

// enginesByImage reads engines from the name of the image a machine was started from. One that nothing is told of any
// more tells nothing.
func enginesByImage(
	r *inventory.Resource, m *inventory.ComputeInstance, w World, found map[string]engine,
) []inventory.Unknown {
	if !r.IsKnown("image_id") || m.ImageID == "" {
		return nil
	}
	for _, image := range w.Into(inventory.ClassSourceImage, "describes", m.ImageID) {
		if image.Scope == r.Scope {
			enginesByWords([]string{image.Facts.(*inventory.SourceImage).Title}, found)
		}
	}
	return refusals(w.Missing(inventory.ClassSourceImage, r.Scope, r.Region))
}

// enginesByInventory reads engines from what is installed on a machine, where its provider keeps an inventory of that.
func enginesByInventory(r *inventory.Resource, w World, found map[string]engine) []inventory.Unknown {
	doubts := w.Missing(inventory.ClassManagedNode, r.Scope, r.Region)
	for _, node := range w.Into(inventory.ClassManagedNode, "manages", r.ID) {
		if !node.IsKnown("engines") {
			doubts = append(slices.Clone(doubts), node.Why("engines"))
			continue
		}
		for _, name := range node.Facts.(*inventory.ManagedNode).Engines {
			if i := slices.IndexFunc(engines, func(e engine) bool { return e.name == name }); i >= 0 {
				found[name] = engines[i]
			}
		}
	}
	return refusals(doubts)
}

// refusals are the reasons that speak of what was asked for. A provider that is not asked at all keeps no such record.
func refusals(doubts []inventory.Unknown) []inventory.Unknown {
	return slices.DeleteFunc(slices.Clone(doubts),
		func(d inventory.Unknown) bool { return d.Cause == inventory.CauseNotCollected })
}

// enginesByPort reads engines from data ports that filters admit on purpose: in a rule about ports of that engine and
// no others.
func enginesByPort(lines []line, found map[string]engine) {
	for _, e := range engines {
		for j := range lines {
			l := &lines[j]
			if !l.rule.Deny && l.rule.Protocol != "any" && !l.ports.and(e.ports).empty() && l.ports.less(e.ports).empty() {
				found[e.name] = e
			}
		}
	}
}

// hostsDatabase says whether a machine runs a database, and who may talk to it. A machine that runs several is judged
// by the ports of all.
func (k *walk) hostsDatabase(r *inventory.Resource, m *inventory.ComputeInstance, got reached) {
	found := map[string]engine{}
	enginesByLabel(r, found)
	doubts := slices.Clone(got.unseen)
	doubts = append(doubts, enginesByImage(r, m, k.w, found)...)
	doubts = append(doubts, enginesByInventory(r, k.w, found)...)
	for _, d := range got.doors {
		filters, _, _ := k.guardsOf(d)
		for _, g := range filters {
			l := g.(*layer)
			doubts = append(doubts, l.unknown...)
			enginesByPort(l.in, found)
		}
	}
	if len(found) == 0 {
		if r.CarriesLabels && !r.IsKnown("labels_read") {
			doubts = append(doubts, r.Why("labels_read"))
		}
		if len(doubts) > 0 {
			unknown(r, doubts, "self_hosted_database", "database_ingress_app_only", "admitted")
			return
		}
		put(r, "self_hosted_database", &m.SelfHostedDatabase, "")
		notAsked(r, "runs no database that is seen", "database_ingress_app_only", "admitted")
		return
	}
	var asked ports
	var names []string
	for name, e := range found {
		names = append(names, name)
		asked = asked.with(e.ports)
	}
	slices.Sort(names)
	put(r, "self_hosted_database", &m.SelfHostedDatabase, strings.Join(names, ", "))
	who := k.admitted(r, got.doors, asked, got)
	who.doubts = append(who.doubts, got.unseen...)
	only, why := who.only()
	settle(r, "database_ingress_app_only", only, &m.DatabaseIngressAppOnly, why)
	if record, why := who.record(); record != nil {
		put(r, "admitted", &m.Admitted, record)
	} else {
		unknown(r, why, "admitted")
	}
}
