package reach

import (
	"slices"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// ranked is a rule that is judged by its priority.
func ranked(priority int, deny bool, from, to int, ranges ...string) inventory.Rule {
	return inventory.Rule{Protocol: "tcp", From: from, To: to, Priority: priority, Deny: deny, Ranges: ranges}
}

func TestWhatAFilterAdmitsFromTheWorld(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		rules  []inventory.Rule
		all    bool
		admin  []string
		data   []string
		legacy []string
	}{
		{"closed", nil, false, nil, nil, nil},
		{"all by any protocol", []inventory.Rule{{Protocol: "udp", From: 0, To: 65535, Ranges: []string{"::/0"}}}, true, nil,
			[]string{"udp/1434", "udp/11211"}, nil},
		{"all in two rules", []inventory.Rule{tcp(0, 1023, "0.0.0.0/0"), tcp(1024, 65535, "0.0.0.0/0")}, true, nil, nil, nil},
		{"ICMP alone", []inventory.Rule{{Protocol: "icmp", From: -1, To: -1, Ranges: []string{"0.0.0.0/0"}}}, false,
			[]string{}, []string{}, []string{}},
		{"22 from neighbours over two rules", []inventory.Rule{tcp(22, 22, "20.0.0.0/8"), tcp(20, 30, "21.0.0.0/8")}, false,
			[]string{"tcp/22"}, []string{}, []string{}},
		{"private only", []inventory.Rule{tcp(22, 22, "10.0.0.0/8")}, false, []string{}, []string{}, []string{}},
		{"shadowed by an earlier refusal", []inventory.Rule{ranked(200, false, 22, 22, "0.0.0.0/0"), ranked(100, true, 0,
			65535, "0.0.0.0/0")},
			false, []string{}, []string{}, []string{}},
		{"refused later", []inventory.Rule{ranked(100, false, 22, 22, "0.0.0.0/0"), ranked(200, true, 0, 65535, "0.0.0.0/0")},
			false, []string{"tcp/22"}, []string{}, []string{}},
		{"a refusal wins a tie", []inventory.Rule{ranked(100, false, 22, 22, "0.0.0.0/0"), ranked(100, true, 22, 22,
			"0.0.0.0/0")},
			false, []string{}, []string{}, []string{}},
		{"a refusal of some ports", []inventory.Rule{ranked(100, true, 22, 22, "0.0.0.0/0"), ranked(200, false, 20, 5432,
			"0.0.0.0/0")},
			false, []string{"tcp/2375", "tcp/2376", "tcp/3389"}, nil, nil},
		{"a refusal of one office", []inventory.Rule{ranked(100, true, 22, 22, "198.51.100.0/24"), ranked(200, false, 22,
			22, "0.0.0.0/0")},
			false, []string{"tcp/22"}, []string{}, []string{}},
		{"a refusal in the other family", []inventory.Rule{ranked(100, true, 22, 22, "0.0.0.0/0"), ranked(200, false, 22,
			22, "::/0")},
			false, []string{"tcp/22"}, []string{}, []string{}},
	}
	for _, c := range cases {
		e := newEstate(group("sg", c.rules...))
		r := e.derive(t, "sg")
		wantValue(t, r, "world_all_ports", c.all)
		for name, want := range map[string][]string{"world_admin_ports": c.admin, "world_data_ports": c.data,
			"world_legacy_ports": c.legacy} {
			if want == nil {
				continue
			}
			if v, _ := r.Value(name); !slices.Equal(v.([]string), want) {
				t.Errorf("%s: %s is %v, want %v", c.name, name, v, want)
			}
		}
	}
}

func TestAddressLists(t *testing.T) {
	t.Parallel()
	listed := inventory.Rule{Protocol: "tcp", From: 22, To: 22, Lists: []string{"pl-1"}}
	e := newEstate(group("sg", listed))
	r := e.derive(t, "sg")
	wantUnknown(t, r, "world_admin_ports", inventory.CauseNotCollected)
	wantList(t, r, "world_data_ports")
	e.deny(inventory.ClassAddressList, "GetManagedPrefixListEntries")
	wantUnknown(t, e.derive(t, "sg"), "world_admin_ports", inventory.CauseDenied)
	e.add(group("sg", listed, tcp(3389, 3389, "0.0.0.0/0")))
	wantList(t, e.derive(t, "sg"), "world_admin_ports", "tcp/3389")
	e.add(group("sg", listed), made("pl-1", "aws.ec2.prefix_list", &inventory.AddressList{Ranges: []string{"0.0.0.0/0"}},
		"ranges"))
	wantList(t, e.derive(t, "sg"), "world_admin_ports", "tcp/22")
	e.add(made("pl-1", "aws.ec2.prefix_list", &inventory.AddressList{Ranges: []string{"10.0.0.0/8"}}, "ranges"))
	wantList(t, e.derive(t, "sg"), "world_admin_ports")
}

func TestEgress(t *testing.T) {
	t.Parallel()
	out := func(protocol string, to int, ranges ...string) inventory.Rule {
		return inventory.Rule{Egress: true, Protocol: protocol, From: 0, To: to, Ranges: ranges}
	}
	for name, c := range map[string]struct {
		rule inventory.Rule
		want bool
	}{
		"everything": {out("any", 65535, "0.0.0.0/0"), true},
		"web only": {inventory.Rule{Egress: true, Protocol: "tcp", From: 443, To: 443,
			Ranges: []string{"0.0.0.0/0"}}, false},
		"to own networks": {out("any", 65535, "10.0.0.0/8"), false},
		"TCP only":        {out("tcp", 65535, "0.0.0.0/0"), false},
	} {
		r := newEstate(group("sg", c.rule)).derive(t, "sg")
		if v, known := r.Value("egress_world_all"); !known || v != c.want {
			t.Errorf("%s: egress_world_all %v (known %v), want %v", name, v, known, c.want)
		}
	}
}

func TestSubnetFilterSteps(t *testing.T) {
	t.Parallel()
	allOut := numbered(100, false, true, "any", 0, 65535, "0.0.0.0/0")
	for name, c := range map[string]struct {
		rules []inventory.Rule
		open  bool
	}{
		"admits both ways":    {[]inventory.Rule{numbered(100, false, false, "tcp", 22, 22, "0.0.0.0/0"), allOut}, true},
		"answers are refused": {[]inventory.Rule{numbered(100, false, false, "tcp", 22, 22, "0.0.0.0/0")}, false},
		"answers on 443 only": {[]inventory.Rule{numbered(100, false, false, "tcp", 22, 22, "0.0.0.0/0"), numbered(100,
			false, true, "tcp", 443, 443, "0.0.0.0/0")}, false},
		"refused first": {[]inventory.Rule{numbered(90, true, false, "tcp", 22, 22, "0.0.0.0/0"), numbered(100,
			false, false, "any", 0, 65535, "0.0.0.0/0"), allOut}, false},
		"refused later": {[]inventory.Rule{numbered(110, true, false, "tcp", 22, 22, "0.0.0.0/0"), numbered(100,
			false, false, "any", 0, 65535, "0.0.0.0/0"), allOut}, true},
		"another port": {[]inventory.Rule{numbered(100, false, false, "tcp", 80, 80, "0.0.0.0/0"), allOut},
			false},
		"refuses one office first": {[]inventory.Rule{numbered(90, true, false, "tcp", 22, 22, "198.51.100.0/24"),
			numbered(100, false, false, "tcp", 22, 22, "0.0.0.0/0"), allOut}, true},
	} {
		e := hiddenMachine()
		e.add(interfaceOf("eni-1", "i-1", "subnet-public", "10.0.1.10", "203.0.113.7", "sg-1"), acl("acl-1", c.rules,
			"subnet-public"))
		got := e.derive(t, "i-1").Facts.(*inventory.ComputeInstance).Exposure
		if want := map[bool]string{true: "open", false: "latent"}[c.open]; got != want {
			t.Errorf("%s: exposure %q, want %q", name, got, want)
		}
	}
}

func TestRouteSteps(t *testing.T) {
	t.Parallel()
	e := newEstate(network()...)
	wantValue(t, e.derive(t, "subnet-public"), "routes_to_internet", true)
	private := e.derive(t, "subnet-private")
	wantValue(t, private, "routes_to_internet", false)
	if by := private.Facts.(*inventory.Subnet).Route; by.Table != "rtb-main" || by.To != "nat" {
		t.Errorf("the private subnet leaves by %+v", by)
	}
	e.add(made("rtb-public", "aws.ec2.route_table", &inventory.RouteTable{Network: "vpc-1",
		Subnets: []string{"subnet-public"},
		Routes:  []inventory.Route{{Destination: "0.0.0.0/0", To: "internet", Target: "igw", Dead: true}}}, "network",
		"main", "subnets", "routes"))
	wantValue(t, e.derive(t, "subnet-public"), "routes_to_internet", false)
	e.add(made("rtb-public", "aws.ec2.route_table", &inventory.RouteTable{Network: "vpc-1",
		Subnets: []string{"subnet-public"},
		Routes:  []inventory.Route{{Destination: "0.0.0.0/1", To: "internet"}, {Destination: "128.0.0.0/1", To: "internet"}}},
		"network", "main", "subnets", "routes"))
	wantValue(t, e.derive(t, "subnet-public"), "routes_to_internet", true)
	e.deny(inventory.ClassRouteTable, "DescribeRouteTables")
	wantValue(t, e.derive(t, "subnet-public"), "routes_to_internet", true)
	wantUnknown(t, e.derive(t, "subnet-private"), "routes_to_internet", inventory.CauseDenied)
	wantValue(t, e.derive(t, "subnet-public"), "flow_logged", false)
	e.deny(inventory.ClassFlowLog, "DescribeFlowLogs")
	wantUnknown(t, e.derive(t, "subnet-public"), "flow_logged", inventory.CauseDenied)
}

func TestFamiliesAreApart(t *testing.T) {
	t.Parallel()
	e := hiddenMachine()
	e.add(group("sg-1", tcp(22, 22, "::/0")), interfaceOf("eni-1", "i-1", "subnet-public", "10.0.1.10", "203.0.113.7",
		"sg-1"))
	wantList(t, e.derive(t, "i-1"), "reachable_admin_ports")
	e.add(interfaceOf("eni-1", "i-1", "subnet-public", "10.0.1.10", "2a00::7", "sg-1"))
	wantList(t, e.derive(t, "i-1"), "reachable_admin_ports")
	e.add(made("rtb-public", "aws.ec2.route_table", &inventory.RouteTable{Network: "vpc-1",
		Subnets: []string{"subnet-public"},
		Routes:  []inventory.Route{{Destination: "::/0", To: "internet", Target: "igw"}}}, "network", "main", "subnets",
		"routes"),
		acl("acl-1", append(slices.Clone(openACL), numbered(101, false, false, "any", 0, 65535, "::/0"), numbered(101,
			false, true, "any", 0, 65535, "::/0")), "subnet-public"))
	wantList(t, e.derive(t, "i-1"), "reachable_admin_ports", "tcp/22")
}
