package reach

import (
	"slices"
	"sort"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// estate is a small inventory in memory.
type estate struct {
	resources map[string]*inventory.Resource
	missing   map[inventory.Class][]inventory.Unknown
	settings  inventory.Settings
	own       []string
}

const (
	home   = inventory.ScopeID("aws:111122223333")
	region = "eu-central-1"
)

func newEstate(resources ...*inventory.Resource) *estate {
	e := &estate{resources: map[string]*inventory.Resource{}, missing: map[inventory.Class][]inventory.Unknown{},
		settings: inventory.Defaults(), own: []string{home.Account()}}
	e.add(resources...)
	return e
}

func (e *estate) add(resources ...*inventory.Resource) {
	for _, r := range resources {
		e.resources[r.ID] = r
	}
}

func (e *estate) Get(id string) *inventory.Resource { return e.resources[id] }

func (e *estate) Into(class inventory.Class, link, id string) []*inventory.Resource {
	var out []*inventory.Resource
	for _, r := range e.resources {
		if r.Class == class && slices.Contains(r.Links(), inventory.Link{Name: link, To: id}) {
			out = append(out, r)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

func (e *estate) Missing(class inventory.Class, _ inventory.ScopeID, _ string) []inventory.Unknown {
	if class != "" {
		return slices.Clone(e.missing[class])
	}
	var out []inventory.Unknown
	for class, doubts := range e.missing {
		if inventory.Classes[class] != nil {
			out = append(out, doubts...)
		}
	}
	return out
}

func (e *estate) Labels(scope inventory.ScopeID, _ []string) (labels []map[string]string, unread []inventory.Unknown) {
	for _, r := range e.resources {
		if r.Scope != scope || !r.CarriesLabels {
			continue
		}
		labels = append(labels, r.Labels)
		if !r.IsKnown("labels_read") {
			unread = append(unread, r.Why("labels_read"))
		}
	}
	return labels, unread
}

func (e *estate) Owns(account string) bool { return slices.Contains(e.own, account) }

func (e *estate) Settings() *inventory.Settings { return &e.settings }

// derive works out the derived facts of a resource and returns it.
func (e *estate) derive(t testing.TB, id string) *inventory.Resource {
	t.Helper()
	r := e.resources[id]
	if r == nil {
		t.Fatalf("the estate has no %s", id)
	}
	c := r.Copy()
	Derive(c, e)
	return c
}

func (e *estate) deny(class inventory.Class, action string) {
	e.missing[class] = []inventory.Unknown{{Cause: inventory.CauseDenied, Action: action, Permission: "ec2:" + action}}
}

// made is a resource with the named facts known.
func made(id string, kind inventory.Kind, facts any, known ...string) *inventory.Resource {
	r := inventory.New(id, id, region, facts)
	r.Kind, r.Scope = kind, home
	r.Known(known...)
	if r.Class == inventory.ClassDatabase && !slices.Contains(known, "rules") {
		r.SetNotApplicable("it has no filter of its own", "rules")
	}
	if r.Schema().Attribute("labels_read") != nil {
		r.CarriesLabels, r.Labels = true, map[string]string{}
		r.Known("labels_read")
	}
	r.MarkFacts()
	return r
}

func labelledAs(r *inventory.Resource, pairs ...string) *inventory.Resource {
	for i := 0; i < len(pairs); i += 2 {
		r.Labels[pairs[i]] = pairs[i+1]
	}
	return r
}

func group(id string, rules ...inventory.Rule) *inventory.Resource {
	return made(id, "aws.ec2.security_group", &inventory.Firewall{Network: "vpc-1", Rules: rules}, "network", "rules",
		"allows_any", "is_default")
}

func interfaceOf(id, wearer, subnet, private, public string, filters ...string) *inventory.Resource {
	n := &inventory.NetworkInterface{Network: "vpc-1", Subnet: subnet, Wearer: wearer, WearerType: "machine",
		Firewalls: filters}
	if private != "" {
		n.PrivateAddresses = []string{private}
	}
	if public != "" {
		n.PublicAddresses = []string{public}
	}
	return made(id, "aws.ec2.network_interface", n, "network", "subnet", "wearer", "wearer_type", "private_addresses",
		"public_addresses",
		"firewalls")
}

func machine(id string, interfaces ...string) *inventory.Resource {
	return made(id, "aws.ec2.instance", &inventory.ComputeInstance{Interfaces: interfaces, Running: true}, "interfaces",
		"running", "identity")
}

func subnet(id, cidr string) *inventory.Resource {
	return made(id, "aws.ec2.subnet", &inventory.Subnet{Network: "vpc-1", Ranges: []string{cidr}}, "network", "ranges")
}

func table(id string, main bool, to string, subnets ...string) *inventory.Resource {
	routes := []inventory.Route{{Destination: "10.0.0.0/16", To: "local"}}
	if to != "" {
		routes = append(routes, inventory.Route{Destination: "0.0.0.0/0", To: to, Target: to + "-1"})
	}
	return made(id, "aws.ec2.route_table", &inventory.RouteTable{Network: "vpc-1", Main: main, Subnets: subnets,
		Routes: routes},
		"network", "main", "subnets", "routes")
}

func acl(id string, rules []inventory.Rule, subnets ...string) *inventory.Resource {
	return made(id, "aws.ec2.network_acl", &inventory.SubnetFilter{Network: "vpc-1", Subnets: subnets, Rules: rules},
		"network", "subnets", "rules")
}

func numbered(priority int, deny, egress bool, protocol string, from, to int, ranges ...string) inventory.Rule {
	return inventory.Rule{Priority: priority, Deny: deny, Egress: egress, Protocol: protocol, From: from, To: to,
		Ranges: ranges}
}

var openACL = []inventory.Rule{
	numbered(100, false, false, "any", 0, 65535, "0.0.0.0/0"), numbered(100, false, true, "any", 0, 65535, "0.0.0.0/0"),
	numbered(32767, true, false, "any", 0, 65535, "0.0.0.0/0"), numbered(32767, true, true, "any", 0, 65535, "0.0.0.0/0"),
}

func tcp(from, to int, ranges ...string) inventory.Rule {
	return inventory.Rule{Protocol: "tcp", From: from, To: to, Ranges: ranges}
}

func fromGroup(port int, groups ...string) inventory.Rule {
	return inventory.Rule{Protocol: "tcp", From: port, To: port, Groups: groups}
}

// network is a network with a public and a private subnet.
func network() []*inventory.Resource {
	return []*inventory.Resource{
		made("vpc-1", "aws.ec2.vpc", &inventory.Network{Ranges: []string{"10.0.0.0/16"}}, "default", "ranges"),
		subnet("subnet-public", "10.0.1.0/24"), subnet("subnet-private", "10.0.2.0/24"),
		table("rtb-public", false, "internet", "subnet-public"), table("rtb-main", true, "nat"),
		acl("acl-1", openACL, "subnet-public", "subnet-private"),
		made("internet-1", "aws.ec2.internet_gateway", &inventory.NetworkGateway{Type: "internet",
			Networks: []string{"vpc-1"}}, "type", "networks"),
	}
}

func entry(id string, port int, target string, filters ...string) *inventory.Resource {
	return made(id, "aws.elbv2.load_balancer", &inventory.EntryPoint{Kind: "load_balancer", HTTP: true,
		InternetFacing: true, Network: "vpc-1",
		Subnets: []string{"subnet-public"}, Firewalls: filters,
		Listeners: []inventory.Listener{{Protocol: "http", Port: port, Targets: []string{target}}}},
		"kind", "http", "internet_facing", "network", "subnets", "firewalls", "listeners", "pass_through")
}

func targets(id, entry string, port int, members ...string) *inventory.Resource {
	f := &inventory.ForwardingTarget{Protocol: "http", Port: port, Network: "vpc-1", EntryPoints: []string{entry},
		Resources: members}
	for _, m := range members {
		f.Targets = append(f.Targets, inventory.Target{Resource: m, Port: port})
	}
	return made(id, "aws.elbv2.target_group", f, "protocol", "port", "network", "entry_points", "targets", "resources",
		"preserves_caller")
}
