package azure

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var applicationGateways = rowsOf{typ: "Microsoft.Network/applicationGateways", version: "2024-05-01"}

// applicationGateway is what is read of a gateway; its parts come with it and point at each other by id.
type applicationGateway struct {
	Configurations *[]gatewayPart `json:"gatewayIPConfigurations,omitempty"`
	Fronts         *[]front       `json:"frontendIPConfigurations,omitempty"`
	Ports          []gatewayPart  `json:"frontendPorts,omitempty"`
	Listeners      *[]gatewayPart `json:"httpListeners,omitempty"`
	TCPListeners   []gatewayPart  `json:"listeners,omitempty"`
	Rules          *[]gatewayPart `json:"requestRoutingRules,omitempty"`
	TCPRules       []gatewayPart  `json:"routingRules,omitempty"`
	Maps           []gatewayPart  `json:"urlPathMaps,omitempty"`
	Redirects      []gatewayPart  `json:"redirectConfigurations,omitempty"`
	Pools          *[]gatewayPart `json:"backendAddressPools,omitempty"`
	Settings       *[]gatewayPart `json:"backendHttpSettingsCollection,omitempty"`
	TCPSettings    []gatewayPart  `json:"backendSettingsCollection,omitempty"`
	Profiles       []gatewayPart  `json:"sslProfiles,omitempty"`
	TLS            *tlsChoice     `json:"sslPolicy,omitempty"`
	WAF            *gatewayWAF    `json:"webApplicationFirewallConfiguration,omitempty"`
	WAFPolicy      *ref           `json:"firewallPolicy,omitempty"`
}

// gatewayPart is any part of a gateway: each kind fills some of the fields.
type gatewayPart struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Properties struct {
		Subnet          *ref          `json:"subnet,omitempty"`
		Port            int           `json:"port,omitempty"`
		Protocol        string        `json:"protocol,omitempty"`
		Front           *ref          `json:"frontendIPConfiguration,omitempty"`
		FrontPort       *ref          `json:"frontendPort,omitempty"`
		Profile         *ref          `json:"sslProfile,omitempty"`
		WAFPolicy       *ref          `json:"firewallPolicy,omitempty"`
		Listener        *ref          `json:"httpListener,omitempty"`
		TCPListener     *ref          `json:"listener,omitempty"`
		Pool            *ref          `json:"backendAddressPool,omitempty"`
		Settings        *ref          `json:"backendHttpSettings,omitempty"`
		TCPSettings     *ref          `json:"backendSettings,omitempty"`
		Map             *ref          `json:"urlPathMap,omitempty"`
		Redirect        *ref          `json:"redirectConfiguration,omitempty"`
		DefaultPool     *ref          `json:"defaultBackendAddressPool,omitempty"`
		DefaultSettings *ref          `json:"defaultBackendHttpSettings,omitempty"`
		DefaultRedirect *ref          `json:"defaultRedirectConfiguration,omitempty"`
		Paths           []gatewayPart `json:"pathRules,omitempty"`
		ToListener      *ref          `json:"targetListener,omitempty"`
		ToURL           string        `json:"targetUrl,omitempty"`
		Ends            []ref         `json:"backendIPConfigurations,omitempty"`
		Addresses       []poolAddress `json:"backendAddresses,omitempty"`
		TLS             *tlsChoice    `json:"sslPolicy,omitempty"`
	} `json:"properties"`
}

type poolAddress struct {
	FQDN    string `json:"fqdn,omitempty"`
	Address string `json:"ipAddress,omitempty"`
}

// gatewayWAF is a web firewall that is part of a gateway.
type gatewayWAF struct {
	Enabled *bool  `json:"enabled,omitempty"`
	Mode    string `json:"firewallMode,omitempty"`
	RuleSet string `json:"ruleSetType,omitempty"`
}

func partByID(parts []gatewayPart, id string) (gatewayPart, bool) {
	i := slices.IndexFunc(parts, func(p gatewayPart) bool { return id != "" && armID(p.ID) == id })
	if i < 0 {
		return gatewayPart{}, false
	}
	return parts[i], true
}

// gatewayAnswers is a gateway with what its subnet adds and the policy that Azure takes where none is chosen.
type gatewayAnswers struct {
	Gateway seen[applicationGateway]
	Around  collectors.Answer[around]
	Default collectors.Answer[tlsOptions]
	Records collectors.Answer[[]diagnosticSetting]
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, seen[applicationGateway], gatewayAnswers]{
	Kind: "azure.network.application_gateway", Class: inventory.ClassEntryPoint,
	Permissions: []string{applicationGateways.permission(), resourceGroups.permission(), virtualNetworks.permission(),
		tlsOptionsRead, diagnosticRead},
	ListAction: applicationGateways.action(), ListPermission: applicationGateways.permission(), Global: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[seen[applicationGateway], error] {
		return keptRows[applicationGateway](ctx, c, applicationGateways)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[seen[applicationGateway], error] {
		return findRow[applicationGateway](ctx, c, applicationGateways, id)
	},
	Ask: func(ctx context.Context, c *Clients, s seen[applicationGateway]) gatewayAnswers {
		return gatewayAnswers{s, aroundOf(ctx, c, s.Row.Properties.subnet()), askTLSOptions(ctx, c),
			askDiagnostics(ctx, c, armID(s.Row.ID))}
	},
	Facts: gatewayFacts,
})

func (g applicationGateway) subnet() string {
	for _, c := range deref(g.Configurations) {
		if id := c.Properties.Subnet.id(); id != "" {
			return id
		}
	}
	return ""
}

func gatewayFacts(w collectors.Where, a gatewayAnswers) *inventory.Resource {
	g := a.Gateway.Row.Properties
	facts := &inventory.EntryPoint{Kind: "load_balancer", HTTP: true, MultiZone: len(a.Gateway.Row.Zones) > 1}
	r := described(a.Gateway, facts)
	defer leftOut(r, applicationGateways)
	r.Known("kind", "http", "pass_through", "multi_zone", "dns_name")
	r.SetNotApplicable("a gateway that balances checks no identity", "authenticated")
	knowRecords(r, &facts.AccessLogged, a.Records, gatewayRecords, "access_logged")
	if subnet := g.subnet(); subnet != "" {
		facts.Subnets, facts.Network = []string{subnet}, networkOf(subnet)
		r.Known("subnets", "network")
	}
	knowAround(r, a.Around, func(at around) {
		if at.Group != "" {
			facts.Firewalls = []string{at.Group}
		}
	}, "firewalls")
	if g.Fronts != nil {
		facts.InternetFacing = slices.ContainsFunc(*g.Fronts, front.public)
		r.Known("internet_facing")
	}
	if g.Listeners == nil || g.Rules == nil {
		return r
	}
	why := gatewayListeners(w, r, facts, g, a.Default)
	if why == nil {
		r.Known("listeners")
	} else {
		r.SetUnknown(*why, "listeners")
	}
	gatewayWebFirewall(r, facts, g)
	return r
}

// gatewayListeners are the ports of a gateway, with what stands behind each.
func gatewayListeners(w collectors.Where, r *inventory.Resource, facts *inventory.EntryPoint, g applicationGateway,
	standard collectors.Answer[tlsOptions]) *inventory.Unknown {
	for _, l := range slices.Concat(*g.Listeners, g.TCPListeners) {
		port, _ := partByID(g.Ports, l.Properties.FrontPort.id())
		protocol := lower(l.Properties.Protocol)
		out := inventory.Listener{Protocol: protocol, Port: port.Properties.Port, TLS: protocol == "https" ||
			protocol == "tls"}
		if facts.InternetFacing && !g.onPublicFront(l) {
			// What only the network can call is no way in from the internet.
			continue
		}
		if out.TLS {
			choice, owner := g.tlsOf(l, r.ID)
			if choice.standard() && standard.Unknown() != nil {
				return standard.Unknown()
			}
			out.Policy = policyID(w, choice, owner, deref(standard.Value).Properties.Default)
		}
		out.Targets, out.RedirectsToTLS = g.behind(l, r.ID)
		facts.Listeners = append(facts.Listeners, out)
	}
	return nil
}

func (g applicationGateway) onPublicFront(l gatewayPart) bool {
	for _, f := range deref(g.Fronts) {
		if armID(f.ID) == l.Properties.Front.id() {
			return f.public()
		}
	}
	return true
}

// tlsOf is the choice of TLS for a listener: that of its profile, else of the gateway; and the id of what makes it.
func (g applicationGateway) tlsOf(l gatewayPart, gateway string) (*tlsChoice, string) {
	if p, found := partByID(g.Profiles, l.Properties.Profile.id()); found && p.Properties.TLS != nil {
		return p.Properties.TLS, armID(p.ID)
	}
	return g.TLS, gateway
}

// gatewayRoute is where a rule, or one path of it, leads.
type gatewayRoute struct{ pool, settings, redirect string }

// routesOf are all the ways that requests to a listener go.
func (g applicationGateway) routesOf(l gatewayPart) []gatewayRoute {
	var out []gatewayRoute
	for _, rule := range slices.Concat(deref(g.Rules), g.TCPRules) {
		p := rule.Properties
		if p.Listener.id() != armID(l.ID) && p.TCPListener.id() != armID(l.ID) {
			continue
		}
		if paths, found := partByID(g.Maps, p.Map.id()); found {
			m := paths.Properties
			out = append(out, gatewayRoute{m.DefaultPool.id(), m.DefaultSettings.id(), m.DefaultRedirect.id()})
			for _, path := range m.Paths {
				out = append(out, gatewayRoute{path.Properties.Pool.id(), path.Properties.Settings.id(),
					path.Properties.Redirect.id()})
			}
			continue
		}
		out = append(out, gatewayRoute{p.Pool.id(), firstOf(p.Settings.id(), p.TCPSettings.id()), p.Redirect.id()})
	}
	return out
}

// behind are the sets of targets behind a listener, and whether all it does is to redirect to HTTPS.
func (g applicationGateway) behind(l gatewayPart, gateway string) (targets []string, redirects bool) {
	routes := g.routesOf(l)
	redirects = len(routes) > 0
	for _, route := range routes {
		if route.redirect != "" {
			redirects = redirects && g.redirectsToTLS(route.redirect)
			continue
		}
		redirects = false
		if id := pairID(gateway, route.pool, route.settings); route.pool != "" && !slices.Contains(targets, id) {
			targets = append(targets, id)
		}
	}
	return targets, redirects
}

func (g applicationGateway) redirectsToTLS(id string) bool {
	redirect, found := partByID(g.Redirects, id)
	if !found {
		return false
	}
	if strings.HasPrefix(lower(redirect.Properties.ToURL), "https://") {
		return true
	}
	to, found := partByID(deref(g.Listeners), redirect.Properties.ToListener.id())
	return found && lower(to.Properties.Protocol) == "https"
}

// pairID names a pool as it is spoken to by some settings: the same pool may be spoken to in clear and encrypted.
func pairID(gateway, pool, settings string) string {
	return gateway + "/targets/" + lastOf(pool) + "/" + lastOf(settings)
}

// gatewayWebFirewall reads a web firewall that is part of the gateway; one of its own is a record that points here.
func gatewayWebFirewall(r *inventory.Resource, facts *inventory.EntryPoint, g applicationGateway) {
	if g.WAF == nil || !deref(g.WAF.Enabled) || g.WAFPolicy.id() != "" {
		return
	}
	facts.WAFAttached = true
	facts.WAFBlocking = lower(g.WAF.Mode) == "prevention" && g.WAF.RuleSet != ""
	r.Known("waf_attached", "waf_blocking")
}

// gatewayPair is a pool of a gateway as it is spoken to by some settings.
type gatewayPair struct {
	Gateway  string
	Name     string
	Location string
	Network  string
	Pool     gatewayPart
	Settings gatewayPart
	// Members are the interfaces that have an address of the pool, by address.
	Members collectors.Answer[map[string][]string]
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, gatewayPair, gatewayPair]{
	Kind: "azure.network.application_gateway_pool", Class: inventory.ClassForwardingTarget,
	Permissions: []string{applicationGateways.permission(), networkInterfaces.permission()},
	ListAction:  applicationGateways.action(), ListPermission: applicationGateways.permission(), Global: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[gatewayPair, error] {
		return gatewayPairs(ctx, c, keptRows[applicationGateway](ctx, c, applicationGateways))
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[gatewayPair, error] {
		return only(gatewayPairs(ctx, c, findRow[applicationGateway](ctx, c, applicationGateways, above(id, "/targets/"))),
			func(p gatewayPair) bool { return pairID(p.Gateway, p.Pool.ID, p.Settings.ID) == id })
	},
	Facts: gatewayPairFacts,
})

func gatewayPairs(ctx context.Context, c *Clients, gateways iter.Seq2[seen[applicationGateway],
	error]) iter.Seq2[gatewayPair, error] {
	return func(yield func(gatewayPair, error) bool) {
		for s, err := range gateways {
			if err != nil {
				yield(gatewayPair{}, err)
				return
			}
			for _, p := range s.Row.Properties.pairs(armID(s.Row.ID)) {
				p.Name, p.Location = s.Row.Name, s.Row.Location
				p.Members = membersOf(ctx, c, p.Pool.Properties.Addresses)
				if !yield(p, nil) {
					return
				}
			}
		}
	}
}

// pairs are the pools of the gateway, each as its listeners speak to it.
func (g applicationGateway) pairs(gateway string) []gatewayPair {
	var out []gatewayPair
	known := map[string]bool{}
	for _, l := range slices.Concat(deref(g.Listeners), g.TCPListeners) {
		for _, route := range g.routesOf(l) {
			pool, found := partByID(deref(g.Pools), route.pool)
			id := pairID(gateway, route.pool, route.settings)
			if !found || known[id] {
				continue
			}
			known[id] = true
			settings, _ := partByID(slices.Concat(deref(g.Settings), g.TCPSettings), route.settings)
			out = append(out, gatewayPair{Gateway: gateway, Network: networkOf(g.subnet()), Pool: pool, Settings: settings})
		}
	}
	return out
}

// membersOf finds the interfaces behind the bare addresses of a pool: a gateway reaches into peered networks, where a
// search in its own network finds nothing.
func membersOf(ctx context.Context, c *Clients, addresses []poolAddress) collectors.Answer[map[string][]string] {
	return ask(networkInterfaces.action(), networkInterfaces.permission(), func() (*map[string][]string, error) {
		out := map[string][]string{}
		for _, a := range addresses {
			if a.Address == "" {
				continue
			}
			byAddress, err := interfacesByAddress(ctx, c)
			if err != nil {
				return nil, err
			}
			out[a.Address] = byAddress[a.Address]
		}
		return &out, nil
	})
}

func interfacesByAddress(ctx context.Context, c *Clients) (map[string][]string, error) {
	return once(c, "interfaces by address", func() (map[string][]string, error) {
		rows, err := keep[networkInterface](ctx, c, networkInterfaces)
		out := map[string][]string{}
		for _, r := range rows {
			for _, e := range deref(r.Properties.Ends) {
				if e.Properties.Private != "" {
					out[e.Properties.Private] = append(out[e.Properties.Private], armID(r.ID))
				}
			}
		}
		return out, err
	})
}

func gatewayPairFacts(_ collectors.Where, p gatewayPair) *inventory.Resource {
	facts := &inventory.ForwardingTarget{Protocol: lower(p.Settings.Properties.Protocol), Port: p.Settings.Properties.Port,
		EntryPoints: []string{p.Gateway}, Network: p.Network}
	r := inventory.New(pairID(p.Gateway, p.Pool.ID, p.Settings.ID), p.Pool.Name, regionOf(p.Location), facts)
	defer leftOut(r, applicationGateways)
	r.Known("entry_points", "preserves_caller", "network")
	if facts.Protocol != "" {
		r.Known("protocol", "port")
	}
	member := func(id, address string) {
		facts.Targets = append(facts.Targets, inventory.Target{Resource: id, Address: address, Port: facts.Port})
		if id != "" {
			facts.Resources = append(facts.Resources, id)
		}
	}
	for _, e := range p.Pool.Properties.Ends {
		member(interfaceOf(e.ID), "")
	}
	collectors.Know(r, p.Members, func(found *map[string][]string) {
		for _, a := range p.Pool.Properties.Addresses {
			ids := deref(found)[a.Address]
			for _, id := range ids {
				member(id, "")
			}
			if len(ids) == 0 && a.Address != "" {
				member("", a.Address)
			}
		}
	}, "targets", "resources")
	return r
}
