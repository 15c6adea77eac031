package azure

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// adminRulesType is the question which rules network managers have laid on a network. It is put to the network and not
// to the managers, which may live in other subscriptions. Asking it is a right of its own that changes nothing.
const adminRulesType = "Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules"

const (
	adminRulesAction     = "POST " + adminRulesType
	adminRulesPermission = adminRulesType + "/action"
)

// adminRule is one rule of a network manager that acts on a network.
type adminRule struct {
	ID         string `json:"id"`
	Properties struct {
		Protocol         string        `json:"protocol,omitempty"`
		Sources          []adminPrefix `json:"sources,omitempty"`
		Destinations     []adminPrefix `json:"destinations,omitempty"`
		SourcePorts      []string      `json:"sourcePortRanges,omitempty"`
		DestinationPorts []string      `json:"destinationPortRanges,omitempty"`
		Access           string        `json:"access,omitempty"`
		Priority         int           `json:"priority,omitempty"`
		Direction        string        `json:"direction,omitempty"`
	} `json:"properties"`
}

type adminPrefix struct {
	Prefix string `json:"addressPrefix"`
}

// adminPage is a page of the answer.
type adminPage struct {
	Value *[]adminRule `json:"value"`
	Token string       `json:"skipToken"`
}

// adminRulesOf asks once for each network which rules act on it.
func adminRulesOf(ctx context.Context, c *Clients, network string) ([]adminRule, error) {
	network = armID(network)
	return once(c, "admin rules of "+network, func() ([]adminRule, error) {
		at := runtime.JoinPaths(c.arm.Endpoint(), network, "/listNetworkManagerEffectiveSecurityAdminRules")
		var out []adminRule
		for token := ""; ; {
			var p adminPage
			body := struct {
				Token string `json:"skipToken,omitempty"`
			}{token}
			if err := c.call(ctx, http.MethodPost, at, virtualNetworks.version, body, &p); err != nil {
				return nil, err
			}
			if p.Value == nil {
				return nil, &errMalformed{errors.New("a page has no value")}
			}
			out = append(out, *p.Value...)
			if p.Token == "" {
				return out, nil
			}
			if p.Token == token {
				return nil, &errMalformed{errors.New("a page leads back to itself")}
			}
			token = p.Token
		}
	})
}

// adminRulesID names the record of the rules that act on a network: they are no resource of the subscription.
func adminRulesID(network string) string { return armID(network) + "/securityadminrules" }

// overridesOf are the records of the rules that are asked before the groups of what stands in a subnet.
func overridesOf(ctx context.Context, c *Clients, subnet string) collectors.Answer[[]string] {
	return ask(adminRulesAction, adminRulesPermission, func() (*[]string, error) {
		out := []string{}
		network := networkOf(armID(subnet))
		if network == "" {
			return &out, nil
		}
		rules, err := adminRulesOf(ctx, c, network)
		if err != nil {
			return nil, err
		}
		if len(rules) > 0 {
			out = append(out, adminRulesID(network))
		}
		return &out, nil
	})
}

// knowOverrides states what is asked before the groups. Rules that could not be read may refuse or admit anything.
func knowOverrides(r *inventory.Resource, into *[]string, a collectors.Answer[[]string]) {
	collectors.Know(r, a, func(found *[]string) { *into = deref(found) }, "overrides")
}

// adminRuleSet are the rules that act on one network.
type adminRuleSet struct {
	Network inNetwork[struct{}]
	Rules   []adminRule
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, adminRuleSet, adminRuleSet]{
	Kind:        "azure.network.security_admin_rules",
	Class:       inventory.ClassFirewall,
	Permissions: []string{virtualNetworks.permission(), adminRulesPermission},
	ListAction:  adminRulesAction, ListPermission: adminRulesPermission,
	Global: true, NoLabels: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[adminRuleSet, error] {
		return adminRuleSets(ctx, c, partsOf(onceEach)(ctx, c))
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[adminRuleSet, error] {
		return adminRuleSets(ctx, c, findPart(onceEach, func(i inNetwork[struct{}]) string {
			return adminRulesID(i.Network.Row.ID)
		})(ctx, c, id))
	},
	Facts: adminRuleSetFacts,
})

// adminRuleSets yields the networks that rules act on. A network that does not tell ends the listing in an error once
// the others are told.
func adminRuleSets(ctx context.Context, c *Clients, networks iter.Seq2[inNetwork[struct{}],
	error]) iter.Seq2[adminRuleSet, error] {
	return func(yield func(adminRuleSet, error) bool) {
		var refused error
		for n, err := range networks {
			if err != nil {
				refused = errors.Join(err, refused)
				break
			}
			rules, err := adminRulesOf(ctx, c, n.Network.Row.ID)
			if err != nil {
				refused = err
				continue
			}
			if len(rules) > 0 && !yield(adminRuleSet{n, rules}, nil) {
				return
			}
		}
		if refused != nil {
			yield(adminRuleSet{}, refused)
		}
	}
}

func adminRuleSetFacts(_ collectors.Where, a adminRuleSet) *inventory.Resource {
	facts := &inventory.Firewall{Network: armID(a.Network.Network.Row.ID)}
	r := inventory.New(adminRulesID(facts.Network), "security admin rules of "+a.Network.Network.Row.Name,
		regionOf(a.Network.Network.Row.Location), facts)
	facts.Layer = layerOf(r.ID, false)
	r.Known("network", "layer")
	r.SetNotApplicable("none of them is made by itself", "is_default")
	for _, rule := range a.Rules {
		if !rule.understood() {
			// It may refuse as well as admit.
			r.SetUnknown(inventory.Unknown{Cause: inventory.CauseFailed, Code: "MalformedAnswer", Action: adminRulesAction,
				Permission: adminRulesPermission}, "rules", "allows_any")
			return r
		}
		facts.Rules = append(facts.Rules, rule.lines()...)
		facts.AllowsAny = facts.AllowsAny || lower(rule.Properties.Access) == "alwaysallow"
	}
	r.Known("rules", "allows_any")
	return r
}

// understood says whether a rule says what it does, in which direction.
func (a adminRule) understood() bool {
	return slices.Contains([]string{"allow", "alwaysallow", "deny"}, lower(a.Properties.Access)) &&
		slices.Contains([]string{"inbound", "outbound"}, lower(a.Properties.Direction))
}

// adminTier comes before that of every group.
const adminTier = -1

// lines are the rule for each of its port ranges. Allow only hands on to the groups; about what is always allowed they
// are not asked.
func (a adminRule) lines() []inventory.Rule {
	p := a.Properties
	rule := inventory.Rule{ID: lastOf(a.ID), Tier: adminTier, Priority: p.Priority, Protocol: protocolOf(p.Protocol),
		Egress: lower(p.Direction) == "outbound"}
	switch lower(p.Access) {
	case "alwaysallow":
	case "allow":
		rule.Deny, rule.Next = true, true
	default:
		rule.Deny = true
		if !anyPort(p.SourcePorts) {
			// A refusal of some ports of the sender leaves the sender the others.
			return nil
		}
	}
	theirs, ours := p.Sources, p.Destinations
	if rule.Egress {
		theirs, ours = ours, theirs
	}
	if len(theirs) == 0 {
		theirs = []adminPrefix{{"*"}}
	}
	for _, t := range theirs {
		otherSide(&rule, t.Prefix)
	}
	if !rule.Egress {
		var words []string
		for _, o := range ours {
			words = append(words, o.Prefix)
		}
		rule.Destinations = guardedSide(words)
	}
	ports := p.DestinationPorts
	if len(ports) == 0 {
		ports = []string{"*"}
	}
	var out []inventory.Rule
	for _, word := range ports {
		if from, to, ok := portsOf(word); ok {
			rule.From, rule.To = from, to
			out = append(out, rule)
		}
	}
	return out
}
