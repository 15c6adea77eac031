package azure

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var frontDoors = rowsOf{typ: "Microsoft.Network/frontDoors", version: "2021-06-01"}

// frontDoor is what is read of the classic kind of the edge, which tells everything in one answer.
type frontDoor struct {
	Enabled   string           `json:"enabledState,omitempty"`
	Frontends *[]frontend      `json:"frontendEndpoints,omitempty"`
	Rules     *[]frontDoorRule `json:"routingRules,omitempty"`
}

// frontend is a name that callers reach.
type frontend struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Properties struct {
		HostName string `json:"hostName,omitempty"`
		TLS      *struct {
			Minimum string `json:"minimumTlsVersion,omitempty"`
		} `json:"customHttpsConfiguration,omitempty"`
	} `json:"properties"`
}

// frontDoorRule leads from names to a pool, or to another address.
type frontDoorRule struct {
	Properties struct {
		Enabled   string   `json:"enabledState,omitempty"`
		Protocols []string `json:"acceptedProtocols,omitempty"`
		Frontends []ref    `json:"frontendEndpoints,omitempty"`
		Route     *struct {
			Type       string `json:"@odata.type,omitempty"`
			Forwarding string `json:"forwardingProtocol,omitempty"`
			Redirect   string `json:"redirectProtocol,omitempty"`
		} `json:"routeConfiguration,omitempty"`
	} `json:"properties"`
}

// route is the rule in the words of the current kind.
func (f frontDoorRule) route() edgeRoute {
	p := f.Properties
	e := edgeRoute{Protocols: p.Protocols, Enabled: p.Enabled, Redirect: "Disabled"}
	if p.Route == nil {
		return e
	}
	e.Forwarding = p.Route.Forwarding
	if f.redirects() {
		e.Forwarding = "HttpsOnly"
		if lower(p.Route.Redirect) == "httpsonly" {
			e.Redirect = "Enabled"
		}
	}
	return e
}

func (f frontDoorRule) redirects() bool {
	return f.Properties.Route != nil && strings.HasSuffix(lower(f.Properties.Route.Type), "redirectconfiguration")
}

// frontendItem is a frontend with the front door it belongs to; the others of its names are dropped.
type frontendItem struct {
	Door     seen[frontDoor]
	Frontend frontend
}

// frontendAnswers is a frontend with the records that its front door keeps.
type frontendAnswers struct {
	Item    frontendItem
	Records collectors.Answer[[]diagnosticSetting]
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, frontendItem, frontendAnswers]{
	Kind: "azure.network.front_door_frontend", Class: inventory.ClassEntryPoint,
	Permissions: []string{frontDoors.permission(), resourceGroups.permission(), diagnosticRead},
	ListAction:  frontDoors.action(), ListPermission: frontDoors.permission(), Global: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[frontendItem, error] {
		return frontends(seenRows[frontDoor](ctx, c, frontDoors))
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[frontendItem, error] {
		return only(frontends(findRow[frontDoor](ctx, c, frontDoors, above(id, "/frontendendpoints/"))),
			func(i frontendItem) bool { return armID(i.Frontend.ID) == armID(id) })
	},
	Ask: func(ctx context.Context, c *Clients, i frontendItem) frontendAnswers {
		return frontendAnswers{i, recordsOnce(ctx, c, armID(i.Door.Row.ID))}
	},
	Facts: frontendFacts,
})

func frontends(doors iter.Seq2[seen[frontDoor], error]) iter.Seq2[frontendItem, error] {
	return func(yield func(frontendItem, error) bool) {
		for s, err := range doors {
			if err == nil && s.Row.Properties.Frontends == nil {
				err = &errMalformed{errNoFrontends}
			}
			if err != nil {
				yield(frontendItem{}, err)
				return
			}
			whole := s
			whole.Row.Properties.Frontends = nil
			for _, f := range *s.Row.Properties.Frontends {
				if !yield(frontendItem{whole, f}, nil) {
					return
				}
			}
		}
	}
}

func frontendFacts(_ collectors.Where, a frontendAnswers) *inventory.Resource {
	i := a.Item
	facts := &inventory.EntryPoint{Kind: "cdn", HTTP: true, MultiZone: true, DNSName: i.Frontend.Properties.HostName}
	r := described(i.Door, facts)
	r.ID, r.Name = armID(i.Frontend.ID), firstOf(i.Frontend.Properties.HostName, i.Frontend.Name)
	defer leftOut(r, frontDoors)
	facts.InternetFacing = lower(i.Door.Row.Properties.Enabled) != "disabled"
	r.Known("kind", "http", "network", "subnets", "firewalls", "dns_name", "pass_through", "internet_facing")
	r.SetInherent("multi_zone")
	r.SetNotApplicable("it is no programming interface", "authenticated")
	knowRecords(r, &facts.AccessLogged, a.Records, classicRecords, "access_logged")
	if i.Door.Row.Properties.Rules == nil {
		return r
	}
	routes, forwards := i.routes()
	facts.Listeners = edgeListeners(routes)
	r.Known("listeners")
	if forwards {
		facts.OriginTLS = originsEncrypted(routes)
		r.Known("origin_tls")
	} else {
		r.SetNotApplicable("it forwards nothing", "origin_tls")
	}
	frontendTLS(r, facts, i)
	return r
}

// routes are the rules that serve the frontend; forwards says whether any that is enabled leads to a pool.
func (i frontendItem) routes() (routes []row[edgeRoute], forwards bool) {
	for _, rule := range deref(i.Door.Row.Properties.Rules) {
		if !slices.ContainsFunc(rule.Properties.Frontends, func(f ref) bool { return f.id() == armID(i.Frontend.ID) }) {
			continue
		}
		routes = append(routes, row[edgeRoute]{Properties: rule.route()})
		forwards = forwards || !rule.redirects() && lower(rule.Properties.Enabled) != "disabled"
	}
	return routes, forwards
}

// frontendTLS states versions and suites: a name of one's own chooses, the provider's own speaks 1.2 and later.
func frontendTLS(r *inventory.Resource, facts *inventory.EntryPoint, i frontendItem) {
	if !slices.ContainsFunc(facts.Listeners, func(l inventory.Listener) bool { return l.TLS }) {
		r.SetNotApplicable("no rule takes HTTPS", "tls_min_version", "weak_ciphers")
		return
	}
	facts.TLSMinVersion, facts.WeakCiphers = 1.2, []string{}
	if t := i.Frontend.Properties.TLS; t != nil && t.Minimum != "" {
		if facts.TLSMinVersion = tlsVersion(t.Minimum); facts.TLSMinVersion < 1.2 {
			facts.WeakCiphers = clearSuites
		}
	}
	r.Known("tls_min_version", "weak_ciphers")
}
