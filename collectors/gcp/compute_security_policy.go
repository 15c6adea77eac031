package gcp

import (
	"context"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var securityPoliciesWay = proxiesWay("SecurityPolicy", "securityPolicies")

var _ = collectors.Register(&Sources, collectors.Source[*Clients, asset, webFirewallAnswers]{
	Kind: "gcp.compute.security_policy", Class: inventory.ClassWebFirewall,
	Permissions: append(balancerPermissions(securityPoliciesWay), "compute.regionSecurityPolicies.list"),
	ListAction:  securityPoliciesWay.action, ListPermission: securityPoliciesWay.permission,
	Global: true, NoLabels: true, List: securityPoliciesWay.list, Find: securityPoliciesWay.find,
	Ask: askWebFirewall, Facts: webFirewallFacts,
})

type securityPolicyBody struct {
	Rules []securityRule `json:"rules"`
}

type securityRule struct {
	Action  string `json:"action"`
	Preview bool   `json:"preview"`
	Match   struct {
		Expr struct {
			Expression string `json:"expression"`
		} `json:"expr"`
	} `json:"match"`
}

// webFirewallAnswers is a policy with the entry points all of whose services it, or another, inspects.
type webFirewallAnswers struct {
	Policy asset
	Guards collectors.Answer[guarded]
}

type guarded struct {
	Rules []string `json:"rules,omitempty"`
}

func askWebFirewall(ctx context.Context, c *Clients, a asset) webFirewallAnswers {
	return webFirewallAnswers{a, ask(backendServicesWay.action, backendServicesWay.permission, func() (*guarded, error) {
		fronts, err := c.fronts(ctx)
		if err != nil {
			return nil, err
		}
		out := &guarded{}
		for _, f := range fronts {
			inspects, err := c.inspects(ctx, f, idOf(a))
			if err != nil {
				return nil, err
			}
			if inspects {
				out.Rules = append(out.Rules, f.Rule)
			}
		}
		return out, nil
	})}
}

// inspects says whether some service behind a forwarding rule has the policy and none has no policy at all.
func (c *Clients) inspects(ctx context.Context, f front, policy string) (bool, error) {
	found := false
	for _, id := range f.Services {
		s, err := lookedUp[serviceBody](ctx, c, backendServicesWay, id)
		if err != nil {
			return false, err
		}
		if s == nil || s.Policy == "" {
			return false, nil
		}
		found = found || computeID(s.Policy) == policy
	}
	return found, nil
}

func webFirewallFacts(_ collectors.Where, a webFirewallAnswers) *inventory.Resource {
	b := read[securityPolicyBody](a.Policy)
	facts := &inventory.WebFirewall{Resources: []string{}, Blocking: b.blocks("sqli") && b.blocks("xss")}
	r := begin(a.Policy, facts)
	collectors.Know(r, a.Guards, func(v *guarded) { facts.Resources = append(facts.Resources, v.Rules...) }, "resources")
	r.Known("blocking")
	notAsked(r, "logging.sinks.list", "logging.sinks.list", "logged")
	return r
}

// blocks says whether a rule refuses what a maintained set of patterns finds.
func (b *securityPolicyBody) blocks(set string) bool {
	return slices.ContainsFunc(b.Rules, func(r securityRule) bool {
		expression := r.Match.Expr.Expression
		evaluates := strings.Contains(expression, "evaluatePreconfiguredWaf") || strings.Contains(expression,
			"evaluatePreconfiguredExpr")
		return strings.HasPrefix(r.Action, "deny") && !r.Preview && evaluates && strings.Contains(expression, set)
	})
}
