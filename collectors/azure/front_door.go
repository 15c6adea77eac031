package azure

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var profiles = rowsOf{typ: "Microsoft.Cdn/profiles", version: edgeVersion}

const (
	endpointType = "Microsoft.Cdn/profiles/afdEndpoints"
	routeType    = "Microsoft.Cdn/profiles/afdEndpoints/routes"
	domainType   = "Microsoft.Cdn/profiles/customDomains"
)

// edgeEndpoint is what callers of a profile reach.
type edgeEndpoint struct {
	HostName string `json:"hostName,omitempty"`
	Enabled  string `json:"enabledState,omitempty"`
}

// edgeRoute leads from domains of an endpoint to origins.
type edgeRoute struct {
	Protocols  []string `json:"supportedProtocols,omitempty"`
	Redirect   string   `json:"httpsRedirect,omitempty"`
	Enabled    string   `json:"enabledState,omitempty"`
	Default    string   `json:"linkToDefaultDomain,omitempty"`
	Forwarding string   `json:"forwardingProtocol,omitempty"`
	Domains    []ref    `json:"customDomains,omitempty"`
}

// edgeDomain is a name of one's own with its choice of TLS.
type edgeDomain struct {
	HostName string `json:"hostName,omitempty"`
	TLS      *struct {
		Minimum string `json:"minimumTlsVersion,omitempty"`
		Suites  string `json:"cipherSuiteSetType,omitempty"`
	} `json:"tlsSettings,omitempty"`
}

// edgeItem is an endpoint with the profile it belongs to.
type edgeItem struct {
	Profile  seen[struct{}]
	Endpoint row[edgeEndpoint]
}

type edgeAnswers struct {
	Item    edgeItem
	Routes  collectors.Answer[[]row[edgeRoute]]
	Domains collectors.Answer[[]row[edgeDomain]]
	Records collectors.Answer[[]diagnosticSetting]
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, edgeItem, edgeAnswers]{
	Kind: "azure.cdn.front_door_endpoint", Class: inventory.ClassEntryPoint,
	Permissions: []string{profiles.permission(), resourceGroups.permission(), endpointType + "/read", routeType +
		"/read", domainType + "/read", diagnosticRead},
	ListAction: "GET " + endpointType, ListPermission: endpointType + "/read", Global: true,
	List: listEdge,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[edgeItem, error] {
		return only(listEdge(ctx, c), func(i edgeItem) bool { return armID(i.Endpoint.ID) == armID(id) })
	},
	Ask: func(ctx context.Context, c *Clients, i edgeItem) edgeAnswers {
		return edgeAnswers{i,
			askAll[row[edgeRoute]](ctx, c, armID(i.Endpoint.ID), "/routes", routeType, edgeVersion),
			askAll[row[edgeDomain]](ctx, c, armID(i.Profile.Row.ID), "/customDomains", domainType, edgeVersion),
			recordsOnce(ctx, c, armID(i.Profile.Row.ID))}
	},
	Facts: edgeFacts,
})

// listEdge lists the endpoints of each profile of the current kind. Classic profiles are of another make.
func listEdge(ctx context.Context, c *Clients) iter.Seq2[edgeItem, error] {
	return func(yield func(edgeItem, error) bool) {
		for s, err := range seenRows[struct{}](ctx, c, profiles) {
			if err != nil {
				yield(edgeItem{}, err)
				return
			}
			if s.Row.SKU != nil && !strings.HasSuffix(lower(s.Row.SKU.Name), "_azurefrontdoor") {
				continue
			}
			endpoints, err := all[row[edgeEndpoint]](ctx, c, armID(s.Row.ID)+"/afdEndpoints", edgeVersion)
			if err != nil {
				yield(edgeItem{}, err)
				return
			}
			for _, e := range *endpoints {
				if !yield(edgeItem{s, e}, nil) {
					return
				}
			}
		}
	}
}

func edgeFacts(_ collectors.Where, a edgeAnswers) *inventory.Resource {
	facts := &inventory.EntryPoint{Kind: "cdn", HTTP: true, MultiZone: true, DNSName: a.Item.Endpoint.Properties.HostName}
	endpoint := seen[edgeEndpoint]{Row: a.Item.Endpoint, Group: a.Item.Profile.Group}
	if endpoint.Row.Tags == nil {
		endpoint.Row.Tags = a.Item.Profile.Row.Tags
	}
	r := described(endpoint, facts)
	facts.InternetFacing = lower(a.Item.Endpoint.Properties.Enabled) != "disabled"
	r.Known("kind", "http", "network", "subnets", "firewalls", "dns_name", "pass_through", "internet_facing")
	r.SetInherent("multi_zone")
	r.SetNotApplicable("it is no programming interface", "authenticated")
	collectors.Know(r, a.Routes, func(routes *[]row[edgeRoute]) { facts.Listeners = edgeListeners(deref(routes)) },
		"listeners")
	edgeOrigins(r, facts, a)
	knowRecords(r, &facts.AccessLogged, a.Records, edgeRecords, "access_logged")
	edgeTLS(r, facts, a)
	return r
}

func enabledRoutes(routes []row[edgeRoute]) []edgeRoute {
	var out []edgeRoute
	for _, r := range routes {
		if lower(r.Properties.Enabled) != "disabled" {
			out = append(out, r.Properties)
		}
	}
	return out
}

// edgeListeners are the ports of an endpoint: plain HTTP only redirects when each route that takes it does.
func edgeListeners(routes []row[edgeRoute]) []inventory.Listener {
	plain, secure := 0, false
	redirects := 0
	for _, r := range enabledRoutes(routes) {
		takes := func(word string) bool {
			return slices.ContainsFunc(r.Protocols, func(p string) bool { return lower(p) == word })
		}
		secure = secure || takes("https")
		if takes("http") {
			plain++
			if lower(r.Redirect) == "enabled" {
				redirects++
			}
		}
	}
	var out []inventory.Listener
	if plain > 0 {
		out = append(out, inventory.Listener{Protocol: "http", Port: 80, RedirectsToTLS: plain == redirects})
	}
	if secure {
		out = append(out, inventory.Listener{Protocol: "https", Port: 443, TLS: true})
	}
	return out
}

// edgeOrigins says whether requests go on encrypted.
func edgeOrigins(r *inventory.Resource, facts *inventory.EntryPoint, a edgeAnswers) {
	collectors.Know(r, a.Routes, func(routes *[]row[edgeRoute]) {
		facts.OriginTLS = originsEncrypted(deref(routes))
	}, "origin_tls")
}

// originsEncrypted says whether every route goes on encrypted. One that follows the caller's protocol is as clear as it.
func originsEncrypted(routes []row[edgeRoute]) bool {
	return !slices.ContainsFunc(enabledRoutes(routes), func(e edgeRoute) bool {
		switch lower(e.Forwarding) {
		case "httpsonly":
			return false
		case "matchrequest":
			return slices.ContainsFunc(e.Protocols, func(p string) bool { return lower(p) == "http" }) &&
				lower(e.Redirect) != "enabled"
		default:
			return true
		}
	})
}

// clearSuites are what the edge accepts besides those with forward secrecy when versions below 1.2 are taken.
var clearSuites = []string{"TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"}

// edgeTLS states versions and suites. The provider's own domain speaks 1.2 and later with forward secrecy only; domains
// of one's own choose.
func edgeTLS(r *inventory.Resource, facts *inventory.EntryPoint, a edgeAnswers) {
	for _, answer := range []*inventory.Unknown{a.Routes.Unknown(), a.Domains.Unknown()} {
		if answer != nil {
			r.SetUnknown(*answer, "tls_min_version", "weak_ciphers")
			return
		}
	}
	if !slices.ContainsFunc(facts.Listeners, func(l inventory.Listener) bool { return l.TLS }) {
		r.SetNotApplicable("no route takes HTTPS", "tls_min_version", "weak_ciphers")
		return
	}
	facts.TLSMinVersion, facts.WeakCiphers = 1.2, []string{}
	r.Known("tls_min_version", "weak_ciphers")
	for _, route := range enabledRoutes(*a.Routes.Value) {
		for _, named := range route.Domains {
			for _, d := range deref(a.Domains.Value) {
				if armID(d.ID) != named.id() || d.Properties.TLS == nil {
					continue
				}
				if lower(d.Properties.TLS.Minimum) == "tls10" {
					facts.TLSMinVersion, facts.WeakCiphers = 1.0, clearSuites
				}
				if lower(d.Properties.TLS.Suites) == "customized" {
					notYet(r, "weak_ciphers")
				}
			}
		}
	}
}

// servedBy are the endpoints of a profile by the domains of one's own that their routes serve.
func servedBy(ctx context.Context, c *Clients, profile string) (map[string][]string, error) {
	return once(c, "domains of "+profile, func() (map[string][]string, error) {
		endpoints, err := all[row[edgeEndpoint]](ctx, c, profile+"/afdEndpoints", edgeVersion)
		if err != nil {
			return nil, err
		}
		out := map[string][]string{}
		for _, e := range *endpoints {
			routes, err := all[row[edgeRoute]](ctx, c, armID(e.ID)+"/routes", edgeVersion)
			if err != nil {
				return nil, err
			}
			for _, r := range *routes {
				for _, d := range r.Properties.Domains {
					out[d.id()] = append(out[d.id()], armID(e.ID))
				}
			}
		}
		return out, nil
	})
}
