package azure

import (
	"context"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// addressRule is one rule of the filter that is part of a database.
type addressRule struct {
	Name       string `json:"name"`
	Properties struct {
		Start string `json:"startIpAddress,omitempty"`
		End   string `json:"endIpAddress,omitempty"`
		// The cache spells them in another way.
		StartIP string `json:"startIP,omitempty"`
		EndIP   string `json:"endIP,omitempty"`
	} `json:"properties"`
}

// rule is the line of the filter. The range from 0.0.0.0 to itself is Azure's own word for every tenant of the cloud.
func (a addressRule) rule(port int) inventory.Rule {
	start, end := firstOf(a.Properties.Start, a.Properties.StartIP), firstOf(a.Properties.End, a.Properties.EndIP)
	r := inventory.Rule{ID: a.Name, Protocol: "tcp", From: port, To: port}
	switch {
	case start == "0.0.0.0" && end == "0.0.0.0":
		r.AnyTenant = true
	case start == end || end == "":
		r.Ranges = []string{start}
	default:
		r.Ranges = []string{start + "-" + end}
	}
	return r
}

// subnetRule lets in who lives in a subnet.
type subnetRule struct {
	Name       string `json:"name"`
	Properties struct {
		Subnet string `json:"virtualNetworkSubnetId,omitempty"`
	} `json:"properties"`
}

// linkState is a private endpoint as the service it leads to sees it.
type linkState struct {
	Properties struct {
		Endpoint *ref `json:"privateEndpoint,omitempty"`
		State    *struct {
			Status string `json:"status,omitempty"`
		} `json:"privateLinkServiceConnectionState,omitempty"`
	} `json:"properties"`
}

// linked are the private endpoints that were approved.
func linked(states []linkState) []string {
	out := []string{}
	for _, l := range states {
		if p := l.Properties; p.State != nil && lower(p.State.Status) == "approved" {
			out = append(out, p.Endpoint.id())
		}
	}
	return out
}

// atEdge states the place of a database that answers at the provider's edge: in no network, behind its own rules.
func atEdge(r *inventory.Resource, facts *inventory.Database, port int, access string, links []linkState) {
	facts.Family, facts.Endpoint, facts.Port = firstOf(facts.Family, "relational"), "network", port
	facts.Doors = linked(links)
	r.Known("family", "endpoint", "port", "network", "subnets", "firewalls", "engine", "doors")
	switch lower(access) {
	case "enabled", "":
		// Without a word the endpoint is open: every one of these services is made so.
		facts.PublicAddress = true
	case "disabled":
		facts.PrivateNetwork = len(facts.Doors) > 0
	default:
		// A perimeter decides, which is a resource of its own.
		notYet(r, "public_endpoint", "private_network")
		return
	}
	r.Known("public_endpoint", "private_network")
}

// inSubnet states the place of a database that was put into a subnet.
func inSubnet(w collectors.Where, r *inventory.Resource, facts *inventory.Database, port int, subnet string,
	a collectors.Answer[around], overrides collectors.Answer[[]string]) {
	facts.Family, facts.Endpoint, facts.Port = firstOf(facts.Family, "relational"), "network", port
	facts.Network, facts.Subnets, facts.PrivateNetwork = networkOf(subnet), []string{subnet}, true
	r.Known("family", "endpoint", "port", "network", "subnets", "engine", "public_endpoint", "private_network")
	r.SetNotApplicable("the group of its subnet filters for it", "rules")
	knowAround(r, a, func(at around) {
		facts.Firewalls = []string{firstOf(at.Group, impliedFilterID(w.Scope))}
	}, "firewalls")
	knowOverrides(r, &facts.Overrides, overrides)
}

// knowRules states the rules of the filter of a database; each answer adds some, and one that failed leaves all
// unknown.
func knowRules(r *inventory.Resource, facts *inventory.Database, addresses collectors.Answer[[]addressRule],
	subnets *collectors.Answer[[]subnetRule]) {
	collectors.Know(r, addresses, func(found *[]addressRule) {
		for _, a := range deref(found) {
			facts.Rules = append(facts.Rules, a.rule(facts.Port))
		}
	}, "rules")
	if subnets == nil || !r.IsKnown("rules") {
		return
	}
	collectors.Know(r, *subnets, func(found *[]subnetRule) {
		for _, s := range deref(found) {
			facts.Rules = append(facts.Rules, inventory.Rule{ID: s.Name, Protocol: "tcp", From: facts.Port, To: facts.Port,
				Subnets: []string{armID(s.Properties.Subnet)}})
		}
	}, "rules")
}

// tlsVersion reads "1.2", "TLS1_2", "TLSv1.2" or "Tls12"; 1.0 for anything else, since what sets no minimum takes the
// first.
func tlsVersion(word string) float64 {
	digits := strings.NewReplacer("tlsv", "", "tls", "", "_", ".").Replace(lower(word))
	for text, v := range map[string]float64{"1.1": 1.1, "1.2": 1.2, "1.3": 1.3, "11": 1.1, "12": 1.2, "13": 1.3} {
		if digits == text {
			return v
		}
	}
	return 1.0
}

// setting is a parameter of an engine.
type setting struct {
	Name       string `json:"name"`
	Properties struct {
		Value *string `json:"value,omitempty"`
	} `json:"properties"`
}

// settingOf finds a parameter; nil when the server does not have it.
func settingOf(settings []setting, name string) *string {
	for _, s := range settings {
		if lower(s.Name) == name {
			return s.Properties.Value
		}
	}
	return nil
}

// knowTLS states from parameters whether clear text is refused, and the oldest version that is spoken.
func knowTLS(r *inventory.Resource, facts *inventory.Database, settings collectors.Answer[[]setting], versions string) {
	if why := settings.Unknown(); why != nil {
		r.SetUnknown(*why, "tls_required", "tls_min_version", "risky_flags")
		return
	}
	all := deref(settings.Value)
	if v := settingOf(all, "require_secure_transport"); v != nil {
		facts.TLSRequired = lower(*v) == "on"
		r.Known("tls_required")
	}
	if v := settingOf(all, versions); v != nil && *v != "" {
		for i, word := range strings.Split(*v, ",") {
			if at := tlsVersion(strings.TrimSpace(word)); i == 0 || at < facts.TLSMinVersion {
				facts.TLSMinVersion = at
			}
		}
		r.Known("tls_min_version")
	}
	facts.RiskyFlags = []string{}
	if v := settingOf(all, "local_infile"); v != nil && lower(*v) == "on" {
		facts.RiskyFlags = append(facts.RiskyFlags, "local_infile")
	}
	r.Known("risky_flags")
}

// askAround asks what the subnet of a database adds; of no subnet it asks nothing.
func askAround(ctx context.Context, c *Clients, subnet string) collectors.Answer[around] {
	if subnet == "" {
		return collectors.Answer[around]{Action: virtualNetworks.action(), Permission: virtualNetworks.permission(),
			Absent: true}
	}
	return aroundOf(ctx, c, subnet)
}
