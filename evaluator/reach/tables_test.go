package reach

import (
	"fmt"
	"slices"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// exposed is a machine whose group admits one port from the world, at each exposure of the catalogue's table.
func exposed(how string, port inventory.Rule, forwardedPort int) *estate {
	e := newEstate(network()...)
	e.settings.Environments = map[inventory.ScopeID]string{home: "production"}
	e.add(group("sg-1", port), machine("i-1", "eni-1"), interfaceOf("eni-1", "i-1", "subnet-private", "10.0.2.10", "",
		"sg-1"))
	switch how {
	case "open":
		e.add(interfaceOf("eni-1", "i-1", "subnet-public", "10.0.1.10", "203.0.113.7", "sg-1"))
	case "forwarded":
		e.add(group("sg-lb", tcp(443, 443, "0.0.0.0/0")), entry("lb-1", 443, "tg-1", "sg-lb"), targets("tg-1", "lb-1",
			forwardedPort, "i-1"))
	case "not forwarded":
		// The balancer forwards a port that another group of the machine admits from it.
		e.add(group("sg-lb", tcp(443, 443, "0.0.0.0/0")), group("sg-2", fromGroup(8080, "sg-lb")), entry("lb-1", 443,
			"tg-1", "sg-lb"),
			targets("tg-1", "lb-1", 8080, "i-1"), interfaceOf("eni-1", "i-1", "subnet-private", "10.0.2.10", "", "sg-1", "sg-2"))
	case "private":
		e.add(made("vpn-1", "aws.ec2.vpn", &inventory.NetworkLink{Kind: "vpn", Networks: []string{"vpc-1"},
			PeerOwners:     []string{"111122223333"},
			AcceptedByHand: true, PeerRanges: []string{"10.8.0.0/16"}, Active: true}, "kind", "networks", "peer_owners",
			"peer_ranges", "active", "accepted_by_hand"))
	case "nothing behind":
		e.add(interfaceOf("eni-1", "i-1", "subnet-private", "10.0.2.10", "", "sg-2"), group("sg-2"))
	case "unknown":
		e.deny(inventory.ClassNetworkInterface, "DescribeNetworkInterfaces")
	}
	return e
}

// TestExposureTable holds the catalogue's table "What the path rules give for world-open filters".
func TestExposureTable(t *testing.T) {
	t.Parallel()
	const c, h, m, l = evaluator.Critical, evaluator.High, evaluator.Medium, evaluator.Low
	columns := []struct {
		check string
		base  evaluator.Severity
		rule  inventory.Rule
		port  int
	}{
		{"firewall-all-ports-world-open", c, inventory.Rule{Protocol: "any", From: 0, To: 65535,
			Ranges: []string{"0.0.0.0/0"}}, 9},
		{"firewall-admin-port-world-open", h, tcp(22, 22, "0.0.0.0/0"), 22},
		{"firewall-data-port-world-open", h, tcp(5432, 5432, "0.0.0.0/0"), 5432},
		{"firewall-legacy-port-world-open", h, tcp(23, 23, "0.0.0.0/0"), 23},
	}
	for how, want := range map[string][4]evaluator.Severity{
		"open":           {c, c, c, h},
		"forwarded":      {c, c, c, h},
		"not forwarded":  {l, l, l, l},
		"private":        {h, m, m, m},
		"latent":         {l, l, l, l},
		"nothing behind": {l, l, l, l},
		"unknown":        {c, h, h, h},
	} {
		for i, col := range columns {
			if how == "not forwarded" && i == 0 {
				// A filter of every port admits whatever is forwarded.
				continue
			}
			e := exposed(how, col.rule, col.port)
			got, reasons := fails(e, e.derive(t, "sg-1"), col.check, col.base)
			if got != want[i] {
				t.Errorf("%s, %s: %s, want %s; %+v", how, col.check, got, want[i], reasons)
			}
		}
	}
}

func TestUnknownPeerKeepsTheSeverity(t *testing.T) {
	t.Parallel()
	e := exposed("private", tcp(22, 22, "0.0.0.0/0"), 22)
	e.own = nil
	wantSeverity(t, e, e.derive(t, "sg-1"), "firewall-admin-port-world-open", evaluator.High, evaluator.High, "C5")
	wantValue(t, e.derive(t, "vpn-1"), "peer_known", false)
	e.settings.Suppliers = []string{"111122223333"}
	wantSeverity(t, e, e.derive(t, "sg-1"), "firewall-admin-port-world-open", evaluator.High, evaluator.Medium, "C5")
	wantValue(t, e.derive(t, "vpn-1"), "peer_known", true)
}

// TestDatabaseTable holds the catalogue's table "Who may talk to a database".
func TestDatabaseTable(t *testing.T) {
	t.Parallel()
	own := func(owner string) inventory.Rule {
		return inventory.Rule{Protocol: "tcp", From: 5432, To: 5432, Groups: []string{"sg-far"}, Owners: []string{owner}}
	}
	cases := []struct {
		name   string
		rules  []inventory.Rule
		public bool
		who    string
		passes bool
		want   evaluator.Severity
	}{
		{"the world, path proven", []inventory.Rule{tcp(5432, 5432, "0.0.0.0/0")}, true, "world", false, evaluator.Critical},
		{"the world, latent", []inventory.Rule{tcp(5432, 5432, "0.0.0.0/0")}, false, "world_latent", false, evaluator.Low},
		{"every tenant of the cloud", []inventory.Rule{{Protocol: "tcp", From: 0, To: 65535, AnyTenant: true}}, false,
			"cloud", false, evaluator.High},
		{"a stranger's group", []inventory.Rule{own("999999999999")}, false, "unknown_peer", false, evaluator.High},
		{"the whole network", []inventory.Rule{tcp(5432, 5432, "10.0.0.0/16")}, false, "network", false, evaluator.Medium},
		{"a range that holds others", []inventory.Rule{tcp(5432, 5432, "10.0.1.0/24")}, false, "network", false,
			evaluator.Medium},
		{"a group shared with others", []inventory.Rule{fromGroup(5432, "sg-shared")}, false, "shared_group", false,
			evaluator.Low},
		{"the application by its group", []inventory.Rule{fromGroup(5432, "sg-app")}, false, "application", true, ""},
		{"the application by its subnet", []inventory.Rule{tcp(5432, 5432, "10.0.2.0/24")}, false, "application", true, ""},
		{"nobody", nil, false, "nobody", true, ""},
		{"its own nodes", []inventory.Rule{fromGroup(5432, "sg-db")}, false, "nobody", true, ""},
		{"another port", []inventory.Rule{tcp(80, 80, "0.0.0.0/0")}, false, "nobody", true, ""},
	}
	for _, c := range cases {
		e := managed(c.public)
		e.add(group("sg-db", c.rules...), group("sg-shared"), group("sg-far"),
			interfaceOf("eni-app-1", "app-1", "subnet-private", "10.0.2.30", "", "sg-app", "sg-shared"),
			machine("other-1", "eni-other"), interfaceOf("eni-other", "other-1", "subnet-public", "10.0.1.30", "", "sg-shared"))
		if c.public {
			e.resources["db-1"].Facts.(*inventory.Database).Subnets = []string{"subnet-public"}
		}
		db := e.derive(t, "db-1")
		who := db.Facts.(*inventory.Database).Admitted
		if who == nil || who.Who != c.who {
			t.Errorf("%s: admitted %+v (%+v), want %s", c.name, who, db.Why("admitted"), c.who)
			continue
		}
		if only := db.Facts.(*inventory.Database).IngressAppOnly; only != c.passes || !db.IsKnown("ingress_app_only") {
			t.Errorf("%s: ingress_app_only %v", c.name, only)
		}
		if !c.passes {
			wantSeverity(t, e, db, "database-ingress-from-app-only", evaluator.High, c.want, "C8")
		}
	}
}

func TestApplicationIsNeverGuessed(t *testing.T) {
	t.Parallel()
	e := managed(false)
	delete(e.resources["app-1"].Labels, "application")
	wantUnknown(t, e.derive(t, "db-1"), "ingress_app_only", inventory.CauseOwnerUndecided)

	e.settings.Applications = map[string][]string{"db-1": {"app-1"}}
	db := e.derive(t, "db-1")
	wantValue(t, db, "ingress_app_only", true)
	if by := db.Facts.(*inventory.Database).Admitted.By; by != "owner" {
		t.Errorf("the application was found by %q, want owner", by)
	}
	e.settings.Applications = nil
	e.add(group("sg-lb", tcp(443, 443, "0.0.0.0/0")), entry("lb-1", 443, "tg-1", "sg-lb"), targets("tg-1", "lb-1", 80,
		"app-1"))
	db = e.derive(t, "db-1")
	wantValue(t, db, "ingress_app_only", true)
	if by := db.Facts.(*inventory.Database).Admitted.By; by != "entry_point" {
		t.Errorf("the application was found by %q, want entry_point", by)
	}
}

func TestForwardingByAddressAndKeptCaller(t *testing.T) {
	t.Parallel()
	e := balanced()
	set := targets("tg-1", "lb-1", 80)
	f := set.Facts.(*inventory.ForwardingTarget)
	f.Targets = []inventory.Target{{Address: "10.0.2.10", Port: 80}}
	e.add(set)
	wantValue(t, e.derive(t, "i-1"), "exposure", "load_balancer")

	f.PreservesCaller = true
	i := e.derive(t, "i-1")
	wantValue(t, i, "exposure", "load_balancer")
	// The caller's address is kept, so the world is admitted on 80 rightly, and on 22 wrongly.
	wantValue(t, i, "ingress_only_from_load_balancer", false)
	e.add(group("sg-web", tcp(80, 80, "0.0.0.0/0")))
	wantValue(t, e.derive(t, "i-1"), "ingress_only_from_load_balancer", true)
	f.PreservesCaller = false
	wantValue(t, e.derive(t, "i-1"), "ingress_only_from_load_balancer", false)
	e.add(group("sg-web", fromGroup(80, "sg-lb")))
	wantValue(t, e.derive(t, "i-1"), "ingress_only_from_load_balancer", true)
	e.add(group("sg-web", tcp(80, 80, "10.0.1.0/24")))
	wantValue(t, e.derive(t, "i-1"), "ingress_only_from_load_balancer", true)
	wantValue(t, e.derive(t, "i-1"), "exposure", "load_balancer")
}

func TestLayersMustAllAdmit(t *testing.T) {
	t.Parallel()
	e := exposed("open", tcp(22, 22, "0.0.0.0/0"), 22)
	outer := group("nsg-subnet", ranked(100, true, 22, 22, "Internet"), ranked(200, false, 0, 65535, "*"))
	outer.Facts.(*inventory.Firewall).Layer = 1
	e.add(outer, interfaceOf("eni-1", "i-1", "subnet-public", "10.0.1.10", "203.0.113.7", "sg-1", "nsg-subnet"))
	wantList(t, e.derive(t, "i-1"), "reachable_admin_ports")
	outer.Facts.(*inventory.Firewall).Rules[0].Priority = 300
	wantList(t, e.derive(t, "i-1"), "reachable_admin_ports", "tcp/22")
}

// TestManyWearers walks a filter that thousands of interfaces wear: they stand at two places, so two walks are made.
func TestManyWearers(t *testing.T) {
	t.Parallel()
	const n = 4000
	all := []*inventory.Resource{}
	for i := range n {
		where := []string{"subnet-public", "subnet-private"}[i%2]
		all = append(all, interfaceOf(fmt.Sprintf("eni-%05d", i), fmt.Sprintf("i-%05d", i), where, fmt.Sprintf("10.0.%d.%d",
			i/250, i%250), "", "sg-1"))
	}
	e := exposed("latent", tcp(22, 22, "0.0.0.0/0"), 22)
	delete(e.resources, "eni-1")
	looks := &counted{estate: e, guarded: all}
	r := e.resources["sg-1"].Copy()
	Derive(r, looks)
	b := r.Facts.(*inventory.Firewall).Behind
	if b.Wearers != n || b.Exposure != "latent" || len(b.Machines) != mostNamed {
		t.Errorf("behind: %d wearers, %s, %d named", b.Wearers, b.Exposure, len(b.Machines))
	}
	if looks.into > 60 {
		t.Errorf("%d looks into the inventory for two places", looks.into)
	}
}

// counted counts looks for edges, and answers the one about wearers from a list.
type counted struct {
	*estate
	guarded []*inventory.Resource
	into    int
}

func (c *counted) Into(class inventory.Class, link, id string) []*inventory.Resource {
	c.into++
	if class == inventory.ClassNetworkInterface && link == "guarded_by" {
		return slices.Clone(c.guarded)
	}
	return c.estate.Into(class, link, id)
}
