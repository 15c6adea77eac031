package reach

import (
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// fails gives the severity of a failing check on a resource, with the rules that moved it.
func fails(e *estate, r *inventory.Resource, check string, base evaluator.Severity) (evaluator.Severity,
	[]evaluator.Reason) {
	j := evaluator.InContext(evaluator.Judgement{Check: &evaluator.Check{ID: check, Severity: base},
		Verdict: evaluator.Fail, Base: base,
		Severity: base}, r, &e.settings)
	return j.Severity, j.Reasons
}

func wantSeverity(t *testing.T, e *estate, r *inventory.Resource, check string, base, want evaluator.Severity,
	rule string) evaluator.Reason {
	t.Helper()
	got, reasons := fails(e, r, check, base)
	if got != want {
		t.Errorf("%s on %s: severity %s, want %s; reasons %+v", check, r.ID, got, want, reasons)
	}
	for _, reason := range reasons {
		if reason.Rule == rule {
			return reason
		}
	}
	t.Errorf("%s on %s: no reason of %s in %+v", check, r.ID, rule, reasons)
	return evaluator.Reason{}
}

func wantList(t *testing.T, r *inventory.Resource, name string, want ...string) {
	t.Helper()
	v, known := r.Value(name)
	got, _ := v.([]string)
	if !known || !slices.Equal(got, want) {
		t.Errorf("%s of %s is %v (known %v, %+v), want %v", name, r.ID, got, known, r.Why(name), want)
	}
}

func wantValue(t *testing.T, r *inventory.Resource, name string, want any) {
	t.Helper()
	if v, known := r.Value(name); !known || v != want {
		t.Errorf("%s of %s is %v (known %v, %+v), want %v", name, r.ID, v, known, r.Why(name), want)
	}
}

func wantUnknown(t *testing.T, r *inventory.Resource, name string, cause inventory.Cause) {
	t.Helper()
	if v, known := r.Value(name); known {
		t.Errorf("%s of %s is %v, want unknown", name, r.ID, v)
	} else if r.Why(name).Cause != cause {
		t.Errorf("%s of %s is unknown by %+v, want %s", name, r.ID, r.Why(name), cause)
	}
}

// hidden is the machine of the first worked case: its group admits 22 from the world, no way leads there.
func hiddenMachine() *estate {
	e := newEstate(network()...)
	e.add(group("sg-1", tcp(22, 22, "0.0.0.0/0")), machine("i-1", "eni-1"),
		interfaceOf("eni-1", "i-1", "subnet-private", "10.0.2.10", "", "sg-1"))
	e.settings.Environments = map[inventory.ScopeID]string{home: "production"}
	return e
}

func TestWorkedCase1_LatentHole(t *testing.T) {
	t.Parallel()
	e := hiddenMachine()
	sg, i := e.derive(t, "sg-1"), e.derive(t, "i-1")
	wantList(t, sg, "world_admin_ports", "tcp/22")
	reason := wantSeverity(t, e, sg, "firewall-admin-port-world-open", evaluator.High, evaluator.Low, "C2")
	if !strings.Contains(reason.Text, "critical") || !strings.Contains(reason.Text, "22") {
		t.Errorf("the reason does not say what would open it: %q", reason.Text)
	}
	wantValue(t, i, "exposure", "latent")
	wantList(t, i, "reachable_admin_ports")
	wantValue(t, i, "session_brokered", false)
	if got, _ := fails(e, i, "instance-session-brokered", evaluator.Medium); got != evaluator.Medium {
		t.Errorf("session-brokered weighs %s, want medium", got)
	}
}

func TestWorkedCase2_OpenMachine(t *testing.T) {
	t.Parallel()
	e := hiddenMachine()
	e.add(interfaceOf("eni-1", "i-1", "subnet-public", "10.0.1.10", "203.0.113.7", "sg-1"))
	m := machine("i-1", "eni-1")
	m.Facts.(*inventory.ComputeInstance).Identity = "profile-1"
	e.add(m, made("profile-1", "aws.iam.instance_profile", &inventory.InstanceProfile{Role: "role-1"}, "role"),
		made("role-1", "aws.iam.role", &inventory.Identity{Kind: "workload", Grants: []string{"grant-1"}}, "kind", "grants"),
		made("grant-1", "aws.iam.grant", &inventory.AccessGrant{Admin: true, Principal: "role-1"}, "admin", "principal"))
	sg, i := e.derive(t, "sg-1"), e.derive(t, "i-1")
	wantValue(t, i, "exposure", "open")
	wantValue(t, i, "public_address", true)
	wantList(t, i, "reachable_admin_ports", "tcp/22")
	wantValue(t, i, "identity_privileged", true)
	wantSeverity(t, e, i, "instance-admin-port-reachable", evaluator.Critical, evaluator.Critical, "C7")
	reason := wantSeverity(t, e, sg, "firewall-admin-port-world-open", evaluator.High, evaluator.Critical, "C4")
	if reason.Facts["carried_by"] != "i-1" || !strings.Contains(reason.Text, "203.0.113.7:22") {
		t.Errorf("the finding does not point to the machine: %+v", reason)
	}
	paths := i.Facts.(*inventory.ComputeInstance).Paths
	if len(paths) != 1 {
		t.Fatalf("want one path, got %+v", paths)
	}
	var way []string
	for _, h := range paths[0].Hops {
		way = append(way, h.Label)
	}
	want := []string{"Internet", "internet gateway internet-1", "route table rtb-public", "network acl acl-1",
		"security group sg-1",
		"network interface eni-1", "instance i-1"}
	if !slices.Equal(way, want) {
		t.Errorf("the way is %q, want %q", way, want)
	}
}

// balanced are web machines behind a balancer that forwards 80, whose group admits 80 and 22 from the world.
func balanced() *estate {
	e := newEstate(network()...)
	e.add(group("sg-web", tcp(80, 80, "0.0.0.0/0"), tcp(22, 22, "0.0.0.0/0")), group("sg-lb", tcp(80, 80, "0.0.0.0/0")),
		machine("i-1", "eni-1"), interfaceOf("eni-1", "i-1", "subnet-private", "10.0.2.10", "", "sg-web"),
		entry("lb-1", 80, "tg-1", "sg-lb"), targets("tg-1", "lb-1", 80, "i-1"))
	e.settings.Environments = map[inventory.ScopeID]string{home: "production"}
	return e
}

func TestWorkedCase3_BehindBalancer(t *testing.T) {
	t.Parallel()
	e := balanced()
	i := e.derive(t, "i-1")
	wantValue(t, i, "exposure", "load_balancer")
	wantValue(t, i, "load_balanced", true)
	wantValue(t, i, "ingress_only_from_load_balancer", false)
	wantList(t, i, "reachable_admin_ports")
	got, _ := fails(e, i, "instance-ingress-only-from-load-balancer", evaluator.Medium)
	if got != evaluator.Medium {
		t.Errorf("ingress-only-from-load-balancer weighs %s, want medium", got)
	}
	reason := wantSeverity(t, e, e.derive(t, "sg-web"), "firewall-admin-port-world-open", evaluator.High, evaluator.Low,
		"C3")
	if reason.Text != "Only 80 is forwarded by the balancer; 22 is not reachable." {
		t.Errorf("reason %q", reason.Text)
	}
}

func TestWorkedCase4_SearchEngineForTheNetwork(t *testing.T) {
	t.Parallel()
	e := newEstate(network()...)
	e.add(group("sg-es", tcp(9200, 9200, "10.0.0.0/16")), group("sg-app"), group("sg-other"))
	for _, id := range []string{"1", "2", "3"} {
		e.add(labelledAs(machine("es-"+id, "eni-es-"+id), "application", "shop"),
			interfaceOf("eni-es-"+id, "es-"+id, "subnet-private", "10.0.2.1"+id, "", "sg-es"))
	}
	e.add(labelledAs(machine("app-1", "eni-app-1"), "application", "shop"),
		interfaceOf("eni-app-1", "app-1", "subnet-private", "10.0.2.30", "", "sg-app"),
		machine("other-1", "eni-other-1"), interfaceOf("eni-other-1", "other-1", "subnet-public", "10.0.1.30", "",
			"sg-other"))
	i := e.derive(t, "es-1")
	wantValue(t, i, "self_hosted_database", "elasticsearch")
	wantValue(t, i, "database_ingress_app_only", false)
	reason := wantSeverity(t, e, i, "self-hosted-database-ingress-from-app-only", evaluator.High, evaluator.Medium, "C8")
	if others, _ := reason.Facts["others"].([]string); !slices.Equal(others, []string{"other-1"}) {
		t.Errorf("the others are %v, want other-1", reason.Facts["others"])
	}
}

// managed is a managed PostgreSQL that admits the group of the application machines.
func managed(public bool) *estate {
	e := newEstate(network()...)
	e.add(group("sg-db", fromGroup(5432, "sg-app")), group("sg-app", tcp(80, 80, "10.0.0.0/16")),
		labelledAs(machine("app-1", "eni-app-1"), "application", "shop"),
		interfaceOf("eni-app-1", "app-1", "subnet-private", "10.0.2.30", "", "sg-app"),
		labelledAs(made("db-1", "aws.rds.db_instance", &inventory.Database{Family: "relational", Endpoint: "network",
			Port:          5432,
			PublicAddress: public, Network: "vpc-1", Subnets: []string{"subnet-private"}, Firewalls: []string{"sg-db"}},
			"family", "endpoint", "port", "public_endpoint", "network", "subnets", "firewalls", "source"), "application",
			"shop"))
	e.settings.Environments = map[inventory.ScopeID]string{home: "production"}
	return e
}

func TestWorkedCase5_ManagedDatabaseForItsApplication(t *testing.T) {
	t.Parallel()
	e := managed(false)
	db := e.derive(t, "db-1")
	wantValue(t, db, "ingress_app_only", true)
	wantValue(t, db, "public_access", false)
	wantValue(t, db, "world_range", false)
	wantValue(t, db, "private_network", true)
}

func TestWorkedCase6_PublicButFiltered(t *testing.T) {
	t.Parallel()
	e := managed(true)
	db := e.derive(t, "db-1")
	wantValue(t, db, "public_access", true)
	wantSeverity(t, e, db, "database-not-public", evaluator.Critical, evaluator.Low, "C9")

	e.add(group("sg-db", fromGroup(5432, "sg-app"), tcp(5432, 5432, "198.51.100.7/32")))
	wantSeverity(t, e, e.derive(t, "db-1"), "database-not-public", evaluator.Critical, evaluator.Medium, "C9")
}

func TestWorkedCase7_RoutesUnread(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]*estate{"latent": hiddenMachine(), "public": func() *estate {
		e := hiddenMachine()
		e.add(interfaceOf("eni-1", "i-1", "subnet-public", "10.0.1.10", "203.0.113.7", "sg-1"))
		return e
	}()} {
		for id, r := range e.resources {
			if r.Class == inventory.ClassRouteTable {
				delete(e.resources, id)
			}
		}
		e.deny(inventory.ClassRouteTable, "DescribeRouteTables")
		i := e.derive(t, "i-1")
		wantUnknown(t, i, "exposure", inventory.CauseDenied)
		if name == "latent" {
			wantList(t, i, "reachable_admin_ports")
		} else {
			wantUnknown(t, i, "reachable_admin_ports", inventory.CauseDenied)
		}
		if p := i.Why("exposure").Permission; p != "ec2:DescribeRouteTables" {
			t.Errorf("the cure is %q", p)
		}
		reason := wantSeverity(t, e, e.derive(t, "sg-1"), "firewall-admin-port-world-open", evaluator.High, evaluator.High,
			"C12")
		if !strings.Contains(reason.Text, "DescribeRouteTables (access denied)") {
			t.Errorf("the reason does not name the call: %q", reason.Text)
		}
	}
}
