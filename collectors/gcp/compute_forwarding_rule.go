package gcp

import (
	"context"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, asset, entryAnswers]{
	Kind: "gcp.compute.forwarding_rule", Class: inventory.ClassEntryPoint,
	Permissions: balancerPermissions(forwardingRulesWay),
	ListAction:  forwardingRulesWay.action, ListPermission: forwardingRulesWay.permission,
	Global: true, List: forwardingRulesWay.kept, Find: forwardingRulesWay.find, Ask: askEntry, Facts: entryFacts,
})

// entryAnswers is a forwarding rule with the proxy, the map and the services behind it, and the subnetworks its proxies
// stand in.
type entryAnswers struct {
	Rule     asset
	Proxy    collectors.Answer[proxyBody]
	Map      collectors.Answer[urlMapBody]
	Services collectors.Answer[servicesBehind]
	Proxies  collectors.Answer[proxySubnets]
}

// servicesBehind are the services behind an entry point, by id.
type servicesBehind struct {
	IDs      []string      `json:"ids,omitempty"`
	Services []serviceBody `json:"services,omitempty"`
}

type proxySubnets struct {
	IDs []string `json:"ids,omitempty"`
}

func askEntry(ctx context.Context, c *Clients, a asset) entryAnswers {
	b := read[forwardingRuleBody](a)
	out := entryAnswers{Rule: a}
	w := proxyWays[b.targetType()]
	if w == nil {
		return out
	}
	out.Proxy = ask(w.action, w.permission, func() (*proxyBody, error) {
		return lookedUp[proxyBody](ctx, c, w, computeID(b.Target))
	})
	var ids []string
	if p := out.Proxy.Value; p != nil && p.URLMap != "" {
		out.Map = ask(urlMapsWay.action, urlMapsWay.permission, func() (*urlMapBody, error) {
			return lookedUp[urlMapBody](ctx, c, urlMapsWay, computeID(p.URLMap))
		})
		if out.Map.Value != nil {
			ids = out.Map.Value.services()
		}
	} else if p != nil {
		ids = []string{computeID(p.Service)}
	}
	out.Services = ask(backendServicesWay.action, backendServicesWay.permission, func() (*servicesBehind, error) {
		v := &servicesBehind{IDs: ids}
		for _, id := range ids {
			s, err := lookedUp[serviceBody](ctx, c, backendServicesWay, id)
			if err != nil {
				return nil, err
			}
			if s != nil {
				v.Services = append(v.Services, *s)
			}
		}
		return v, nil
	})
	if b.Region != "" {
		out.Proxies = ask(subnetworksWay.action, subnetworksWay.permission, func() (*proxySubnets, error) {
			return findProxySubnets(ctx, c, &b)
		})
	}
	return out
}

// lookedUp reads a resource out of a kept listing; nil when it is not there.
func lookedUp[T any](ctx context.Context, c *Clients, w *way, id string) (*T, error) {
	a, err := w.lookup(ctx, c, id)
	if err != nil || a == nil {
		return nil, err
	}
	return decoded[T](a.Data)
}

// findProxySubnets finds where the proxies of a regional balancer stand: in the subnetworks of its network and region
// that are set aside for them. An external one may not name its network.
func findProxySubnets(ctx context.Context, c *Clients, b *forwardingRuleBody) (*proxySubnets, error) {
	all, err := c.keep(ctx, subnetworksWay)
	if err != nil {
		return nil, err
	}
	out := &proxySubnets{}
	for _, s := range all {
		n := read[subnetworkBody](s)
		proxies := n.Purpose == "REGIONAL_MANAGED_PROXY" || n.Purpose == "INTERNAL_HTTPS_LOAD_BALANCER"
		if proxies && short(n.Region) == short(b.Region) && (b.Network == "" ||
			computeID(n.Network) == computeID(b.Network)) {
			out.IDs = append(out.IDs, idOf(s))
		}
	}
	return out, nil
}

// probes are the ranges that Google's front ends and health checks send from.
var probes = []string{"35.191.0.0/16", "130.211.0.0/22", "2600:2d00:1:b029::/64", "2600:2d00:1:1::/64"}

func entryFacts(_ collectors.Where, a entryAnswers) *inventory.Resource {
	b := read[forwardingRuleBody](a.Rule)
	kind := b.targetType()
	passes := slices.Contains([]string{"backendServices", "targetPools", "targetInstances"}, kind)
	if !passes && proxyWays[kind] == nil {
		// It leads to a tunnel, to Google's own services or to somebody's published service: no entry for callers.
		return nil
	}
	facts := &inventory.EntryPoint{
		Kind: "load_balancer", HTTP: strings.HasPrefix(kind, "targetHttp"), InternetFacing: strings.HasPrefix(b.Scheme,
			"EXTERNAL"),
		PassThrough: passes, DNSName: b.IPAddress, MultiZone: true, Subnets: []string{}, Firewalls: []string{},
		Senders: []string{},
	}
	r := begin(a.Rule, facts)
	r.Known("kind", "http", "network", "firewalls", "pass_through", "dns_name")
	if b.Scheme == "" {
		lacks(r, forwardingRulesWay, "internet_facing")
	} else {
		r.Known("internet_facing")
	}
	// A balancer of Google's spans the zones of its region by its nature.
	r.SetInherent("multi_zone")
	if passes {
		passFacts(r, facts, &b)
		return r
	}
	facts.Senders = probes
	r.Known("senders")
	if a.Proxies.Action == "" {
		r.Known("subnets")
	} else {
		collectors.Know(r, a.Proxies, func(v *proxySubnets) { facts.Subnets = append(facts.Subnets, v.IDs...) }, "subnets")
	}
	proxyFacts(r, facts, &b, kind, &a)
	serviceFacts(r, facts, &a)
	return r
}

// passFacts states a balancer that hands packets on as they came.
func passFacts(r *inventory.Resource, facts *inventory.EntryPoint, b *forwardingRuleBody) {
	target := computeID(b.BackendService)
	if target == "" {
		target = computeID(b.Target)
	}
	facts.Listeners = []inventory.Listener{}
	for _, s := range b.spans() {
		facts.Listeners = append(facts.Listeners, inventory.Listener{
			Protocol: b.carrier(), Port: s.From, To: s.last(), Targets: []string{target},
		})
	}
	r.Known("listeners", "subnets", "senders")
	r.SetNotApplicable("hands on packets, not requests", "authenticated")
}

// proxyFacts states what a proxy answers on. A map or service that is gone leaves nothing behind the listener.
func proxyFacts(r *inventory.Resource, facts *inventory.EntryPoint, b *forwardingRuleBody, kind string,
	a *entryAnswers) {
	l := inventory.Listener{Protocol: map[string]string{"targetHttpProxies": "http", "targetHttpsProxies": "https",
		"targetTcpProxies": "tcp", "targetSslProxies": "tls"}[kind]}
	l.TLS = l.Protocol == "https" || l.Protocol == "tls"
	for _, why := range []*inventory.Unknown{a.Proxy.Unknown(), a.Services.Unknown()} {
		if why != nil {
			r.SetUnknown(*why, "listeners")
			return
		}
	}
	if p := a.Proxy.Value; p != nil {
		if l.TLS {
			l.Policy = computeID(p.SSLPolicy)
			if l.Policy == "" {
				l.Policy = defaultTLSPolicy
			}
		}
		if p.URLMap != "" {
			if why := a.Map.Unknown(); why != nil {
				r.SetUnknown(*why, "listeners")
				return
			}
			if a.Map.Value != nil {
				l.RedirectsToTLS = !l.TLS && a.Map.Value.redirects()
			}
		}
	}
	if a.Services.Value != nil && !l.RedirectsToTLS {
		l.Targets = a.Services.Value.IDs
	}
	if b.PortRange == "" && len(b.Ports) == 0 {
		lacks(r, forwardingRulesWay, "listeners")
		return
	}
	for _, s := range b.spans() {
		l.Port, l.To = s.From, s.last()
		facts.Listeners = append(facts.Listeners, l)
	}
	r.Known("listeners")
}

// serviceFacts states what holds when it holds for every service behind the entry point.
func serviceFacts(r *inventory.Resource, facts *inventory.EntryPoint, a *entryAnswers) {
	collectors.Know(r, a.Services, func(v *servicesBehind) {
		facts.Authenticated, facts.AccessLogged = len(v.Services) > 0, len(v.Services) > 0
		for _, s := range v.Services {
			facts.Authenticated = facts.Authenticated && s.IAP != nil && s.IAP.Enabled
			facts.AccessLogged = facts.AccessLogged && s.LogConfig != nil && s.LogConfig.Enable
		}
	}, "authenticated", "access_logged")
}
