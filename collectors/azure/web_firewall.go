package azure

import (
	"context"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var (
	gatewayWAFPolicies = rowsOf{typ: "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies",
		version: "2024-05-01"}
	edgeWAFPolicies = rowsOf{typ: "Microsoft.Network/frontDoorWebApplicationFirewallPolicies", version: "2024-02-01"}
)

// wafPolicy is what is read of a web firewall, of gateways or of the edge.
type wafPolicy struct {
	Settings *struct {
		State        string `json:"state,omitempty"`
		EnabledState string `json:"enabledState,omitempty"`
		Mode         string `json:"mode,omitempty"`
	} `json:"policySettings,omitempty"`
	Managed *struct {
		Sets []struct {
			Type string `json:"ruleSetType,omitempty"`
		} `json:"managedRuleSets,omitempty"`
	} `json:"managedRules,omitempty"`
	Gateways  []ref `json:"applicationGateways,omitempty"`
	Listeners []ref `json:"httpListeners,omitempty"`
	Frontends []ref `json:"frontendEndpointLinks,omitempty"`
	Security  []ref `json:"securityPolicyLinks,omitempty"`
}

// enabled is unless it is switched off, which is the default on both kinds.
func (w wafPolicy) enabled() bool {
	return w.Settings == nil || lower(w.Settings.State) != "disabled" && lower(w.Settings.EnabledState) != "disabled"
}

// blocks says whether injection and scripting are refused by maintained rules. Prevention must be chosen.
func (w wafPolicy) blocks() bool {
	return w.enabled() && w.Settings != nil && lower(w.Settings.Mode) == "prevention" && w.Managed != nil &&
		slices.ContainsFunc(w.Managed.Sets, func(s struct {
			Type string `json:"ruleSetType,omitempty"`
		}) bool {
			kind := lower(s.Type)
			return strings.Contains(kind, "owasp") || strings.Contains(kind, "defaultruleset")
		})
}

var _ = register("azure.network.web_application_firewall_policy", inventory.ClassWebFirewall, gatewayWAFPolicies,
	gatewayWAFFacts)

func gatewayWAFFacts(_ collectors.Where, s seen[wafPolicy]) *inventory.Resource {
	facts := &inventory.WebFirewall{}
	r := described(s, facts)
	// A policy that is switched off inspects nothing.
	if p := s.Row.Properties; p.enabled() {
		for _, g := range p.Gateways {
			facts.Resources = append(facts.Resources, g.id())
		}
		for _, l := range p.Listeners {
			if id := above(l.id(), "/httplisteners/"); !slices.Contains(facts.Resources, id) {
				facts.Resources = append(facts.Resources, id)
			}
		}
	}
	facts.Blocking = s.Row.Properties.blocks()
	r.Known("resources", "blocking")
	r.SetNotApplicable("what it inspects keeps the records", "logged")
	return r
}

// edgeWAFAnswers is a web firewall of the edge with the domains that its links lead to.
type edgeWAFAnswers struct {
	Policy  seen[wafPolicy]
	Domains collectors.Answer[[]string]
}

// securityPolicy binds a web firewall to domains of a profile.
type securityPolicy struct {
	Properties struct {
		Parameters struct {
			Policy       *ref `json:"wafPolicy,omitempty"`
			Associations []struct {
				Domains []ref `json:"domains,omitempty"`
			} `json:"associations,omitempty"`
		} `json:"parameters"`
	} `json:"properties"`
}

const (
	securityPolicyType = "Microsoft.Cdn/profiles/securityPolicies"
	edgeVersion        = "2024-09-01"
)

var _ = registerAsked("azure.network.front_door_waf_policy", inventory.ClassWebFirewall, edgeWAFPolicies,
	[]string{securityPolicyType + "/read", endpointType + "/read", routeType + "/read"},
	func(ctx context.Context, c *Clients, s seen[wafPolicy]) edgeWAFAnswers {
		return edgeWAFAnswers{s, ask("GET "+securityPolicyType, securityPolicyType+"/read", func() (*[]string, error) {
			domains := []string{}
			for _, link := range s.Row.Properties.Security {
				p, err := get[securityPolicy](ctx, c, link.id(), edgeVersion)
				if err != nil {
					return nil, err
				}
				served, err := servedBy(ctx, c, above(link.id(), "/securitypolicies/"))
				if err != nil {
					return nil, err
				}
				for _, a := range p.Properties.Parameters.Associations {
					for _, d := range a.Domains {
						domains = append(append(domains, d.id()), served[d.id()]...)
					}
				}
			}
			return &domains, nil
		})}
	},
	edgeWAFFacts)

func edgeWAFFacts(w collectors.Where, a edgeWAFAnswers) *inventory.Resource {
	facts := &inventory.WebFirewall{Blocking: a.Policy.Row.Properties.blocks()}
	r := described(a.Policy, facts)
	r.Known("blocking")
	r.SetNotApplicable("what it inspects keeps the records", "logged")
	if a.Domains.Unknown() != nil {
		facts.Unread = string(w.Scope)
		r.Known("unread")
	}
	collectors.Know(r, a.Domains, func(domains *[]string) {
		if !a.Policy.Row.Properties.enabled() {
			return
		}
		facts.Resources = slices.Clone(deref(domains))
		for _, f := range a.Policy.Row.Properties.Frontends {
			facts.Resources = append(facts.Resources, f.id())
		}
	}, "resources")
	return r
}
