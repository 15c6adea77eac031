package gcp

import (
	"context"
	"slices"
	"strings"
)

// The parts that make up a balancer, each a small listing that is kept for a run: what callers reach is told by all of
// them together.
var (
	forwardingRulesWay = &way{
		types: []string{"compute.googleapis.com/ForwardingRule", "compute.googleapis.com/GlobalForwardingRule"},
		api:   computeAPI,
		path:  "/compute/v1/projects/{project}/aggregated/forwardingRules", items: "forwardingRules", scoped: true,
		permission: "compute.forwardingRules.list", action: "compute.forwardingRules.aggregatedList",
	}
	httpProxiesWay  = proxiesWay("TargetHttpProxy", "targetHttpProxies")
	httpsProxiesWay = proxiesWay("TargetHttpsProxy", "targetHttpsProxies")
	tcpProxiesWay   = proxiesWay("TargetTcpProxy", "targetTcpProxies")
	sslProxiesWay   = &way{
		types: []string{"compute.googleapis.com/TargetSslProxy"}, api: computeAPI,
		path: "/compute/v1/projects/{project}/global/targetSslProxies", items: "items",
		permission: "compute.targetSslProxies.list", action: "compute.targetSslProxies.list",
	}
	urlMapsWay         = proxiesWay("UrlMap", "urlMaps")
	backendServicesWay = &way{
		types: []string{"compute.googleapis.com/BackendService", "compute.googleapis.com/RegionBackendService"},
		api:   computeAPI,
		path:  "/compute/v1/projects/{project}/aggregated/backendServices", items: "backendServices", scoped: true,
		permission: "compute.backendServices.list", action: "compute.backendServices.aggregatedList",
	}
)

// balancerPermissions are the rights that tell a balancer as a whole; regional parts take rights of their own.
func balancerPermissions(w *way) []string {
	return w.permissions(
		"compute.forwardingRules.list", "compute.globalForwardingRules.list",
		"compute.targetHttpProxies.list", "compute.regionTargetHttpProxies.list",
		"compute.targetHttpsProxies.list", "compute.regionTargetHttpsProxies.list",
		"compute.targetTcpProxies.list", "compute.regionTargetTcpProxies.list", "compute.targetSslProxies.list",
		"compute.urlMaps.list", "compute.regionUrlMaps.list",
		"compute.backendServices.list", "compute.regionBackendServices.list", "compute.subnetworks.list",
	)
}

func proxiesWay(assetType, path string) *way {
	return &way{
		types: []string{"compute.googleapis.com/" + assetType}, api: computeAPI,
		path: "/compute/v1/projects/{project}/aggregated/" + path, items: path, scoped: true,
		permission: "compute." + path + ".list", action: "compute." + path + ".aggregatedList",
	}
}

type forwardingRuleBody struct {
	Name           string   `json:"name"`
	Region         string   `json:"region"`
	IPAddress      string   `json:"IPAddress"`
	IPProtocol     string   `json:"IPProtocol"`
	Scheme         string   `json:"loadBalancingScheme"`
	PortRange      string   `json:"portRange"`
	Ports          []string `json:"ports"`
	AllPorts       bool     `json:"allPorts"`
	Target         string   `json:"target"`
	BackendService string   `json:"backendService"`
	Network        string   `json:"network"`
	NetworkTier    string   `json:"networkTier"`
}

// span is a range of ports.
type span struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// last is the last port of a range; 0 where it is a single port.
func (s span) last() int {
	if s.To == s.From {
		return 0
	}
	return s.To
}

// spans are the ports a forwarding rule takes in; none where its protocol has no ports.
func (b *forwardingRuleBody) spans() []span {
	switch strings.ToUpper(b.IPProtocol) {
	case "ESP", "AH", "ICMP", "SCTP":
		return nil
	}
	var out []span
	for _, word := range b.Ports {
		from, to := portRange(word)
		out = append(out, span{from, to})
	}
	if b.PortRange != "" {
		from, to := portRange(b.PortRange)
		out = append(out, span{from, to})
	}
	if b.AllPorts || len(out) == 0 {
		out = []span{{1, highestPort}}
	}
	return out
}

// carrier is the protocol below what a forwarding rule takes in.
func (b *forwardingRuleBody) carrier() string {
	switch strings.ToUpper(b.IPProtocol) {
	case "UDP":
		return "udp"
	case "L3_DEFAULT", "UNSPECIFIED":
		return "any"
	default:
		return "tcp"
	}
}

// targetType is the word for what a forwarding rule leads to, such as "targetHttpsProxies".
func (b *forwardingRuleBody) targetType() string {
	if b.BackendService != "" {
		return "backendServices"
	}
	parts := strings.Split(b.Target, "/")
	if len(parts) < 2 {
		return b.Target
	}
	return parts[len(parts)-2]
}

// proxyWays are the listings of what ends connections, by their word in links.
var proxyWays = map[string]*way{
	"targetHttpProxies": httpProxiesWay, "targetHttpsProxies": httpsProxiesWay,
	"targetTcpProxies": tcpProxiesWay, "targetSslProxies": sslProxiesWay,
}

// proxyBody is what ends connections: of HTTP with a map of paths, of others with one service.
type proxyBody struct {
	URLMap    string `json:"urlMap"`
	Service   string `json:"service"`
	SSLPolicy string `json:"sslPolicy"`
}

type redirectBody struct {
	HTTPSRedirect bool `json:"httpsRedirect"`
}

type routeActionBody struct {
	Weighted []struct {
		BackendService string `json:"backendService"`
	} `json:"weightedBackendServices"`
}

// urlMapBody says where each path leads: to a service, or away.
type urlMapBody struct {
	pathTarget
	Matchers []struct {
		pathTarget
		PathRules  []ruleTarget `json:"pathRules"`
		RouteRules []ruleTarget `json:"routeRules"`
	} `json:"pathMatchers"`
}

type pathTarget struct {
	Service  string           `json:"defaultService"`
	Redirect *redirectBody    `json:"defaultUrlRedirect"`
	Action   *routeActionBody `json:"defaultRouteAction"`
}

type ruleTarget struct {
	Service  string           `json:"service"`
	Redirect *redirectBody    `json:"urlRedirect"`
	Action   *routeActionBody `json:"routeAction"`
}

// ends are all the places a map leads to.
func (m *urlMapBody) ends() []ruleTarget {
	out := []ruleTarget{ruleTarget(m.pathTarget)}
	for _, p := range m.Matchers {
		out = append(out, ruleTarget(p.pathTarget))
		out = append(out, p.PathRules...)
		out = append(out, p.RouteRules...)
	}
	return out
}

// redirects says whether all a map does is to send callers to HTTPS.
func (m *urlMapBody) redirects() bool {
	return !slices.ContainsFunc(m.ends(), func(e ruleTarget) bool {
		return !e.empty() && (e.Redirect == nil || !e.Redirect.HTTPSRedirect)
	}) && slices.ContainsFunc(m.ends(), func(e ruleTarget) bool { return !e.empty() })
}

func (e ruleTarget) empty() bool { return e.Service == "" && e.Redirect == nil && e.Action == nil }

// services are the ids of what a map leads to.
func (m *urlMapBody) services() []string {
	var out []string
	add := func(link string) {
		if id := computeID(link); id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for _, e := range m.ends() {
		add(e.Service)
		if e.Action != nil {
			for _, w := range e.Action.Weighted {
				add(w.BackendService)
			}
		}
	}
	slices.Sort(out)
	return out
}

// find looks a resource up in a kept listing.
func (w *way) lookup(ctx context.Context, c *Clients, id string) (*asset, error) {
	all, err := c.keep(ctx, w)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if idOf(all[i]) == id {
			return &all[i], nil
		}
	}
	return nil, nil
}

// front is a forwarding rule with what it leads to, as those ask that stand behind it.
type front struct {
	Rule     string `json:"rule"`
	Services []string
	// PassThrough says that callers' packets arrive as they were sent.
	PassThrough bool   `json:"pass_through,omitempty"`
	Carrier     string `json:"carrier,omitempty"`
	Ports       []span `json:"ports,omitempty"`
}

// fronts are the forwarding rules of the project with the ids of what stands behind each.
func (c *Clients) fronts(ctx context.Context) ([]front, error) {
	rules, err := c.keep(ctx, forwardingRulesWay)
	if err != nil {
		return nil, err
	}
	var out []front
	for _, a := range rules {
		b := read[forwardingRuleBody](a)
		f := front{Rule: idOf(a), Carrier: b.carrier(), Ports: b.spans()}
		switch kind := b.targetType(); kind {
		case "backendServices":
			f.PassThrough, f.Services = true, []string{computeID(b.BackendService)}
		case "targetPools", "targetInstances":
			f.PassThrough, f.Services = true, []string{computeID(b.Target)}
		default:
			if f.Services, err = c.behindProxy(ctx, proxyWays[kind], computeID(b.Target)); err != nil {
				return nil, err
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// behindProxy are the ids of the services a proxy leads to.
func (c *Clients) behindProxy(ctx context.Context, w *way, id string) ([]string, error) {
	if w == nil {
		return nil, nil
	}
	a, err := w.lookup(ctx, c, id)
	if err != nil || a == nil {
		return nil, err
	}
	p := read[proxyBody](*a)
	if p.URLMap == "" {
		return []string{computeID(p.Service)}, nil
	}
	m, err := urlMapsWay.lookup(ctx, c, computeID(p.URLMap))
	if err != nil || m == nil {
		return nil, err
	}
	b := read[urlMapBody](*m)
	return b.services(), nil
}

// frontsOf are the forwarding rules that lead to a service, pool or machine.
type frontsOf struct {
	Fronts []front `json:"fronts,omitempty"`
}

func (c *Clients) frontsOf(ctx context.Context, id string) (*frontsOf, error) {
	all, err := c.fronts(ctx)
	if err != nil {
		return nil, err
	}
	out := &frontsOf{}
	for _, f := range all {
		if slices.Contains(f.Services, id) {
			f.Services = nil
			out.Fronts = append(out.Fronts, f)
		}
	}
	return out, nil
}
