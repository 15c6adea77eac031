package reach

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// atTheEdge is a managed database that stands in no network, with rules of its own, and an application in a subnet.
func atTheEdge(public bool, rules ...inventory.Rule) *estate {
	e := newEstate(network()...)
	e.add(group("sg-app"), labelledAs(machine("app-1", "eni-app-1"), "application", "shop"),
		interfaceOf("eni-app-1", "app-1", "subnet-private", "10.0.2.30", "", "sg-app"),
		labelledAs(machine("other-1", "eni-other"), "application", "mail"),
		interfaceOf("eni-other", "other-1", "subnet-public", "10.0.1.30", "", "sg-app"),
		labelledAs(made("db-1", "edge.database", &inventory.Database{Family: "relational", Endpoint: "network", Port: 5432,
			PublicAddress: public, Rules: rules}, "family", "endpoint", "port", "public_endpoint", "network", "subnets",
			"firewalls", "source", "rules"), "application", "shop"))
	return e
}

// leadTo gives the database a way in from inside networks.
func (e *estate) leadTo(door string) {
	db := e.resources["db-1"]
	db.Facts.(*inventory.Database).Doors = []string{door}
	db.Known("doors")
	db.MarkFacts()
}

func TestDatabaseAtTheEdge(t *testing.T) {
	t.Parallel()
	everyTenant := inventory.Rule{Protocol: "tcp", From: 5432, To: 5432, AnyTenant: true}
	fromSubnet := func(id string) inventory.Rule {
		return inventory.Rule{Protocol: "tcp", From: 5432, To: 5432, Subnets: []string{id}}
	}
	for _, c := range []struct {
		name   string
		public bool
		rules  []inventory.Rule
		who    string
		world  bool
		only   bool
	}{
		{"nobody", true, nil, "nobody", false, true},
		{"the world", true, []inventory.Rule{tcp(5432, 5432, "0.0.0.0/0")}, "world", true, false},
		{"the world in two halves", true, []inventory.Rule{tcp(5432, 5432, "0.0.0.0-127.255.255.255"),
			tcp(5432, 5432, "128.0.0.0-255.255.255.255")}, "world", true, false},
		{"the world behind a closed door", false, []inventory.Rule{tcp(5432, 5432, "0.0.0.0/0")}, "world_latent", true,
			false},
		{"every tenant", true, []inventory.Rule{everyTenant}, "cloud", true, false},
		{"every tenant behind a closed door", false, []inventory.Rule{everyTenant}, "world_latent", true, false},
		{"one office", true, []inventory.Rule{tcp(5432, 5432, "198.51.100.7")}, "network", false, false},
		{"the subnet of the application", true, []inventory.Rule{fromSubnet("subnet-private")}, "application", false, true},
		{"the subnet of others", true, []inventory.Rule{fromSubnet("subnet-public")}, "network", false, false},
	} {
		db := atTheEdge(c.public, c.rules...).derive(t, "db-1")
		who := db.Facts.(*inventory.Database).Admitted
		if who == nil || who.Who != c.who {
			t.Errorf("%s: admitted %+v (%+v), want %s", c.name, who, db.Why("admitted"), c.who)
		}
		for fact, want := range map[string]bool{"world_range": c.world, "ingress_app_only": c.only,
			"public_access": c.public} {
			if v, known := db.Value(fact); !known || v != want {
				t.Errorf("%s: %s is %v (known %v, %+v), want %v", c.name, fact, v, known, db.Why(fact), want)
			}
		}
	}
}

// TestDatabaseAtTheEdgeUnread takes away what the edge rests on: nothing may be taken for closed.
func TestDatabaseAtTheEdgeUnread(t *testing.T) {
	t.Parallel()
	why := inventory.Unknown{Cause: inventory.CauseDenied, Action: "rules"}
	for name, c := range map[string]struct {
		spoil   func(*estate)
		unknown []string
	}{
		"rules": {func(e *estate) { e.resources["db-1"].SetUnknown(why, "rules"); e.resources["db-1"].MarkFacts() },
			[]string{"world_range", "ingress_app_only"}},
		"an interface that leads to it": {func(e *estate) {
			e.leadTo("endpoint-1")
		}, []string{"ingress_app_only"}},
		"the interfaces of a subnet": {func(e *estate) {
			e.resources["db-1"].Facts.(*inventory.Database).Rules = []inventory.Rule{{Protocol: "tcp", From: 5432, To: 5432,
				Subnets: []string{"subnet-private"}}}
			e.deny(inventory.ClassNetworkInterface, "DescribeNetworkInterfaces")
		}, []string{"ingress_app_only"}},
	} {
		e := atTheEdge(true)
		c.spoil(e)
		db := e.derive(t, "db-1")
		for _, fact := range c.unknown {
			if v, known := db.Value(fact); known {
				t.Errorf("without %s, %s is %v; want it unknown", name, fact, v)
			}
		}
	}
}

// TestDatabaseInsideDoors wants whoever a private door admits to count as well.
func TestDatabaseInsideDoors(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string]bool{"sg-wide": false, "sg-narrow": true} {
		e := atTheEdge(false)
		door := interfaceOf("eni-door", "endpoint-1", "subnet-private", "10.0.2.40", "", filter)
		door.Facts.(*inventory.NetworkInterface).WearerType = "endpoint"
		e.add(door, group("sg-wide", tcp(5432, 5432, "10.0.0.0/8")), group("sg-narrow", tcp(5432, 5432, "10.0.2.30/32")))
		e.leadTo("endpoint-1")
		db := e.derive(t, "db-1")
		if v, known := db.Value("ingress_app_only"); !known || v != want {
			t.Errorf("%s: the application alone is admitted: %v (%v, %+v), want %v", filter, v, known,
				db.Why("ingress_app_only"), want)
		}
	}
}

// TestRulesForOneSpot wants rules that name part of what a filter guards to speak of nobody else.
func TestRulesForOneSpot(t *testing.T) {
	t.Parallel()
	toSpot := func(deny bool, priority int, spots ...string) inventory.Rule {
		r := ranked(priority, deny, 22, 22, "0.0.0.0/0")
		r.Destinations = spots
		return r
	}
	toGroup := ranked(100, false, 22, 22, "0.0.0.0/0")
	toGroup.DestinationGroups = []string{"asg-1"}
	open := ranked(200, false, 22, 22, "0.0.0.0/0")
	for _, c := range []struct {
		name    string
		rules   []inventory.Rule
		private string
		want    []string
	}{
		{"admitted to this one", []inventory.Rule{toSpot(false, 100, "10.0.1.10")}, "10.0.1.10", []string{"tcp/22"}},
		{"admitted to its subnet", []inventory.Rule{toSpot(false, 100, "10.0.1.0/24")}, "10.0.1.10", []string{"tcp/22"}},
		{"admitted to another", []inventory.Rule{toSpot(false, 100, "10.0.1.11")}, "10.0.1.10", []string{}},
		{"refused to this one", []inventory.Rule{toSpot(true, 100, "10.0.1.10"), open}, "10.0.1.10", []string{}},
		{"refused to another", []inventory.Rule{toSpot(true, 100, "10.0.1.11"), open}, "10.0.1.10", []string{"tcp/22"}},
		{"refused where the address is not read", []inventory.Rule{toSpot(true, 100, "10.0.1.11"), open}, "", nil},
		{"admitted to a group it is in", []inventory.Rule{toGroup}, "10.0.1.10", []string{"tcp/22"}},
		{"admitted to a place nobody can read", []inventory.Rule{toSpot(false, 100, "somewhere")}, "10.0.1.10", nil},
	} {
		e := newEstate(network()...)
		i := interfaceOf("eni-1", "web-1", "subnet-public", c.private, "203.0.113.7", "sg")
		i.Facts.(*inventory.NetworkInterface).Groups = []string{"asg-1"}
		e.add(group("sg", c.rules...), machine("web-1", "eni-1"), i)
		r := e.derive(t, "web-1")
		if c.want == nil {
			if v, known := r.Value("reachable_admin_ports"); known {
				t.Errorf("%s: reachable ports are %v, want them unknown", c.name, v)
			}
			continue
		}
		wantList(t, r, "reachable_admin_ports", c.want...)
	}
	e := newEstate(group("sg", toSpot(true, 100, "10.0.1.10"), open))
	wantList(t, e.derive(t, "sg"), "world_admin_ports", "tcp/22")
}

// TestHiddenAdmissions wants an admission that an earlier refusal leaves nothing of to admit nobody to a database.
func TestHiddenAdmissions(t *testing.T) {
	t.Parallel()
	app, network := fromGroup(5432, "sg-app"), ranked(65000, false, 0, 65535, "10.0.0.0/8")
	app.Priority = 100
	for name, c := range map[string]struct {
		refusal inventory.Rule
		want    bool
	}{
		"all refused before":           {ranked(4096, true, 0, 65535, "0.0.0.0/0", "::/0"), true},
		"another port refused before":  {ranked(4096, true, 22, 22, "0.0.0.0/0", "::/0"), false},
		"some senders refused before":  {ranked(4096, true, 0, 65535, "10.0.1.0/24"), false},
		"those very senders":           {ranked(4096, true, 0, 65535, "10.0.0.0/8"), true},
		"all refused, but only after":  {ranked(65500, true, 0, 65535, "0.0.0.0/0", "::/0"), false},
		"the application refused, too": {ranked(50, true, 0, 65535, "0.0.0.0/0", "::/0"), true},
	} {
		e := managed(false)
		e.add(group("sg-db", app, c.refusal, network))
		db := e.derive(t, "db-1")
		if v, known := db.Value("ingress_app_only"); !known || v != c.want {
			t.Errorf("%s: the application alone is admitted: %v (known %v), want %v", name, v, known, c.want)
		}
	}
}

// drawEdge adds to an estate a database at the edge, with rules and a way in from inside, and rules about one spot.
func drawEdge(t *rapid.T) *estate {
	e := drawEstate(t)
	subnets := []string{"subnet-public", "subnet-private"}
	rule := inventory.Rule{Protocol: "tcp", From: 5432, To: 5432}
	switch rapid.IntRange(0, 3).Draw(t, "edge source") {
	case 0:
		rule.AnyTenant = true
	case 1:
		rule.Subnets = []string{rapid.SampledFrom(subnets).Draw(t, "edge subnet")}
	case 2:
		rule.Ranges = []string{rapid.SampledFrom([]string{"0.0.0.0/0", "198.51.100.7"}).Draw(t, "edge range")}
	}
	edge := &inventory.Database{Family: "relational", Endpoint: "network", Port: 5432,
		PublicAddress: rapid.Bool().Draw(t, "edge public"), Rules: []inventory.Rule{rule}}
	if rapid.Bool().Draw(t, "edge door") {
		edge.Doors = []string{"endpoint-1"}
		door := interfaceOf("eni-door", "endpoint-1", "subnet-private", "10.0.2.40", "",
			rapid.SampledFrom([]string{"sg-1", "sg-2"}).Draw(t, "door group"))
		door.Facts.(*inventory.NetworkInterface).WearerType = "endpoint"
		e.add(door)
	}
	e.add(labelledAs(made("db-2", "edge.database", edge, "family", "endpoint", "port", "public_endpoint", "network",
		"subnets", "firewalls", "source", "rules", "doors"), "application", "shop"))
	spot := ranked(50, rapid.Bool().Draw(t, "spot refuses"), 22, 22, "0.0.0.0/0")
	if rapid.Bool().Draw(t, "spot by group") {
		spot.DestinationGroups = []string{"asg-1"}
	} else {
		spot.Destinations = []string{rapid.SampledFrom([]string{"10.0.2.10", "10.0.2.0/24"}).Draw(t, "spot")}
	}
	filter := e.resources["sg-1"].Facts.(*inventory.Firewall)
	filter.Rules = append([]inventory.Rule{spot}, filter.Rules...)
	if rapid.Bool().Draw(t, "in the group") {
		i := e.resources["eni-i-1"]
		i.Facts.(*inventory.NetworkInterface).Groups = []string{"asg-1"}
	}
	for _, id := range []string{"eni-i-1", "eni-i-2", "eni-i-3"} {
		e.resources[id].Known("groups")
		e.resources[id].MarkFacts()
	}
	return e
}

func TestHidingNeverImprovesTheEdge(t *testing.T) {
	t.Parallel()
	neverImproves(t, drawEdge)
}
