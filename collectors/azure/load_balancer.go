package azure

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var loadBalancers = rowsOf{typ: "Microsoft.Network/loadBalancers", version: "2024-05-01"}

// loadBalancer is what is read of a balancer. Its rules and pools come with it.
type loadBalancer struct {
	Fronts *[]front       `json:"frontendIPConfigurations,omitempty"`
	Rules  *[]balanceRule `json:"loadBalancingRules,omitempty"`
	NAT    *[]balanceRule `json:"inboundNatRules,omitempty"`
	Pools  *[]pool        `json:"backendAddressPools,omitempty"`
}

// front is an address that a balancer or gateway answers at.
type front struct {
	ID         string   `json:"id"`
	Zones      []string `json:"zones,omitempty"`
	Properties struct {
		Public *ref `json:"publicIPAddress,omitempty"`
		Prefix *ref `json:"publicIPPrefix,omitempty"`
		Subnet *ref `json:"subnet,omitempty"`
	} `json:"properties"`
}

func (f front) public() bool { return f.Properties.Public.id() != "" || f.Properties.Prefix.id() != "" }

// balanceRule is a rule to a pool, or an inbound NAT rule to one machine or to each of a pool.
type balanceRule struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Properties struct {
		Protocol  string `json:"protocol,omitempty"`
		Front     *ref   `json:"frontendIPConfiguration,omitempty"`
		FrontPort int    `json:"frontendPort,omitempty"`
		FrontFrom int    `json:"frontendPortRangeStart,omitempty"`
		FrontTo   int    `json:"frontendPortRangeEnd,omitempty"`
		BackPort  int    `json:"backendPort,omitempty"`
		Pool      *ref   `json:"backendAddressPool,omitempty"`
		Pools     []ref  `json:"backendAddressPools,omitempty"`
		End       *ref   `json:"backendIPConfiguration,omitempty"`
	} `json:"properties"`
}

// pool is what traffic is sent to: interfaces by their configurations, or bare addresses in a network.
type pool struct {
	ID         string `json:"id"`
	Properties struct {
		Ends      []ref `json:"backendIPConfigurations,omitempty"`
		Addresses []struct {
			Properties struct {
				Address string `json:"ipAddress,omitempty"`
				Network *ref   `json:"virtualNetwork,omitempty"`
				End     *ref   `json:"networkInterfaceIPConfiguration,omitempty"`
			} `json:"properties"`
		} `json:"loadBalancerBackendAddresses,omitempty"`
		Network *ref `json:"virtualNetwork,omitempty"`
	} `json:"properties"`
}

func (l loadBalancer) rules() []balanceRule { return slices.Concat(deref(l.Rules), deref(l.NAT)) }

// ports are what a rule answers on and sends to; every port when it is a rule for all of them.
func (b balanceRule) ports() (from, to, back int) {
	p := b.Properties
	switch {
	case p.FrontFrom > 0:
		return p.FrontFrom, p.FrontTo, p.BackPort
	case p.FrontPort == 0:
		return 1, 65535, 0
	default:
		return p.FrontPort, p.FrontPort, p.BackPort
	}
}

func (b balanceRule) transport() string {
	if t := lower(b.Properties.Protocol); t != "all" && t != "" {
		return t
	}
	return "any"
}

// balancerAnswers is a balancer with the addresses it answers at.
type balancerAnswers struct {
	Balancer seen[loadBalancer]
	Public   collectors.Answer[[]address]
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, seen[loadBalancer], balancerAnswers]{
	Kind: "azure.network.load_balancer", Class: inventory.ClassEntryPoint,
	Permissions: []string{loadBalancers.permission(), resourceGroups.permission(), publicAddresses.permission()},
	ListAction:  loadBalancers.action(), ListPermission: loadBalancers.permission(), Global: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[seen[loadBalancer], error] {
		return keptRows[loadBalancer](ctx, c, loadBalancers)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[seen[loadBalancer], error] {
		return findRow[loadBalancer](ctx, c, loadBalancers, id)
	},
	Ask: func(ctx context.Context, c *Clients, s seen[loadBalancer]) balancerAnswers {
		var public []string
		for _, f := range deref(s.Row.Properties.Fronts) {
			if id := f.Properties.Public.id(); id != "" {
				public = append(public, id)
			}
		}
		return balancerAnswers{s, addressesOf(ctx, c, public)}
	},
	Facts: loadBalancerFacts,
})

func loadBalancerFacts(_ collectors.Where, a balancerAnswers) *inventory.Resource {
	facts := &inventory.EntryPoint{Kind: "load_balancer", PassThrough: true}
	r := described(a.Balancer, facts)
	defer leftOut(r, loadBalancers)
	p := a.Balancer.Row.Properties
	r.Known("kind", "http", "pass_through", "firewalls", "dns_name")
	r.SetNotApplicable("it passes on what callers send and checks no identity", "authenticated")
	r.SetNotApplicable("it passes packets on and sees no requests; flow logs record them", "access_logged")
	if p.Fronts == nil {
		return r
	}
	facts.InternetFacing = slices.ContainsFunc(*p.Fronts, front.public)
	for _, f := range *p.Fronts {
		if id := f.Properties.Subnet.id(); id != "" && !facts.InternetFacing {
			facts.Subnets, facts.Network = append(facts.Subnets, id), networkOf(id)
		}
		facts.MultiZone = facts.MultiZone || len(f.Zones) != 1
	}
	if facts.InternetFacing {
		publicZones(r, facts, a.Public)
	} else {
		r.Known("multi_zone")
	}
	r.Known("internet_facing", "network", "subnets")
	if p.Rules == nil {
		return r
	}
	for _, rule := range p.rules() {
		from, to, _ := rule.ports()
		l := inventory.Listener{Protocol: rule.transport(), Port: from, Targets: []string{armID(rule.ID)}}
		if to > from {
			l.To = to
		}
		facts.Listeners = append(facts.Listeners, l)
	}
	r.Known("listeners")
	return r
}

// publicZones are those of the public addresses of a balancer. An address that names none does not say.
func publicZones(r *inventory.Resource, facts *inventory.EntryPoint, public collectors.Answer[[]address]) {
	facts.MultiZone = false
	if why := public.Unknown(); why != nil {
		r.SetUnknown(*why, "multi_zone")
		return
	}
	for _, at := range deref(public.Value) {
		switch {
		case len(at.Zones) > 1:
			facts.MultiZone = true
			r.Known("multi_zone")
			return
		case len(at.Zones) == 0:
			r.SetUnknown(inventory.Unknown{Cause: inventory.CauseFailed, Code: "FieldAbsent",
				Action: publicAddresses.action(), Permission: publicAddresses.permission()}, "multi_zone")
			return
		}
	}
	r.Known("multi_zone")
}

// forwarding is one rule with what it sends to.
type forwarding struct {
	Balancer string
	Location string
	Rule     balanceRule
	Pools    []pool
	// Networks are those of the interfaces in the pools.
	Networks collectors.Answer[map[string]string]
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, forwarding, forwarding]{
	Kind: "azure.network.load_balancer_rule", Class: inventory.ClassForwardingTarget,
	Permissions: []string{loadBalancers.permission(), networkInterfaces.permission(), scaleSetInterfaces.permission()},
	ListAction:  loadBalancers.action(), ListPermission: loadBalancers.permission(), Global: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[forwarding, error] {
		return forwardings(ctx, c, keptRows[loadBalancer](ctx, c, loadBalancers))
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[forwarding, error] {
		balancer := above(above(id, "/loadbalancingrules/"), "/inboundnatrules/")
		return only(forwardings(ctx, c, findRow[loadBalancer](ctx, c, loadBalancers, balancer)),
			func(f forwarding) bool { return armID(f.Rule.ID) == armID(id) })
	},
	Facts: forwardingFacts,
})

func forwardings(ctx context.Context, c *Clients, balancers iter.Seq2[seen[loadBalancer],
	error]) iter.Seq2[forwarding, error] {
	return func(yield func(forwarding, error) bool) {
		for s, err := range balancers {
			p := s.Row.Properties
			if err == nil && p.Rules == nil {
				err = &errMalformed{errors.New("a load balancer does not tell its rules")}
			}
			if err != nil {
				yield(forwarding{}, err)
				return
			}
			for _, rule := range p.rules() {
				f := forwarding{Balancer: armID(s.Row.ID), Location: s.Row.Location, Rule: rule, Pools: p.poolsOf(rule)}
				f.Networks = networksOf(ctx, c, f)
				if !yield(f, nil) {
					return
				}
			}
		}
	}
}

func (l loadBalancer) poolsOf(rule balanceRule) []pool {
	var out []pool
	for _, id := range append(slices.Clone(rule.Properties.Pools), deref(rule.Properties.Pool)) {
		for _, p := range deref(l.Pools) {
			known := slices.ContainsFunc(out, func(o pool) bool { return o.ID == p.ID })
			if id.ID != "" && armID(p.ID) == armID(id.ID) && !known {
				out = append(out, p)
			}
		}
	}
	return out
}

// interfaceOf is the interface of one of its configurations.
func interfaceOf(configuration string) string {
	return above(armID(configuration), "/ipconfigurations/")
}

// interfaces are the interfaces that a rule sends to.
func (f forwarding) interfaces() []string {
	var out []string
	add := func(id string) {
		if id = interfaceOf(id); id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	add(deref(f.Rule.Properties.End).ID)
	for _, p := range f.Pools {
		for _, e := range p.Properties.Ends {
			add(e.ID)
		}
		for _, a := range p.Properties.Addresses {
			add(deref(a.Properties.End).ID)
		}
	}
	return out
}

// networksOf says in which networks the interfaces of a rule stand.
func networksOf(ctx context.Context, c *Clients, f forwarding) collectors.Answer[map[string]string] {
	return ask(networkInterfaces.action(), networkInterfaces.permission(), func() (*map[string]string, error) {
		out := map[string]string{}
		for _, id := range f.interfaces() {
			l := networkInterfaces
			if strings.Contains(id, "/virtualmachinescalesets/") {
				l = scaleSetInterfaces
			}
			byID, err := interfacesByID(ctx, c, l)
			if err != nil {
				return nil, err
			}
			out[id] = networkOf(byID[id].subnet())
		}
		return &out, nil
	})
}

func interfacesByID(ctx context.Context, c *Clients, l rowsOf) (map[string]networkInterface, error) {
	return once(c, "interfaces of "+l.typ, func() (map[string]networkInterface, error) {
		rows, err := keep[networkInterface](ctx, c, l)
		out := map[string]networkInterface{}
		for _, r := range rows {
			out[armID(r.ID)] = r.Properties
		}
		return out, err
	})
}

func forwardingFacts(_ collectors.Where, f forwarding) *inventory.Resource {
	from, _, back := f.Rule.ports()
	facts := &inventory.ForwardingTarget{Protocol: f.Rule.transport(), Port: back, EntryPoints: []string{f.Balancer},
		PreservesCaller: true}
	if back == 0 {
		facts.Port = from
	}
	r := inventory.New(armID(f.Rule.ID), f.Rule.Name, regionOf(f.Location), facts)
	r.Known("protocol", "port", "entry_points", "preserves_caller")
	for _, id := range f.interfaces() {
		facts.Targets = append(facts.Targets, f.target(id, "", back))
		facts.Resources = append(facts.Resources, id)
	}
	for _, p := range f.Pools {
		for _, a := range p.Properties.Addresses {
			if a.Properties.Address != "" && a.Properties.End.id() == "" && len(p.Properties.Ends) == 0 {
				facts.Targets = append(facts.Targets, f.target("", a.Properties.Address, back))
				facts.Network = firstOf(facts.Network, a.Properties.Network.id(), p.Properties.Network.id())
			}
		}
	}
	r.Known("targets", "resources")
	collectors.Know(r, f.Networks, func(networks *map[string]string) {
		for _, id := range f.interfaces() {
			facts.Network = firstOf(facts.Network, deref(networks)[id])
		}
	}, "network")
	return r
}

// target is a member of the pool; a rule for every port sends to every port.
func (f forwarding) target(id, address string, port int) inventory.Target {
	if port == 0 {
		return inventory.Target{Resource: id, Address: address, Port: 1, To: 65535}
	}
	return inventory.Target{Resource: id, Address: address, Port: port}
}

func firstOf(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}
