package azure

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var (
	azureFirewalls  = rowsOf{typ: "Microsoft.Network/azureFirewalls", version: "2024-05-01"}
	ruleCollections = rowsOf{typ: "Microsoft.Network/firewallPolicies/ruleCollectionGroups", version: "2024-05-01"}
)

// azureFirewall is what is read of a firewall: the rules that let the internet in are those that translate an address.
type azureFirewall struct {
	Ends []configuration `json:"ipConfigurations,omitempty"`
	// Collections are the rules of a firewall without a policy.
	Collections []struct {
		Properties struct {
			Rules []natRule `json:"rules,omitempty"`
		} `json:"properties"`
	} `json:"natRuleCollections,omitempty"`
	Policy *ref `json:"firewallPolicy,omitempty"`
}

// natRule is a rule that translates an address, in the old form and in that of a policy.
type natRule struct {
	Type              string   `json:"ruleType,omitempty"`
	Name              string   `json:"name"`
	Sources           []string `json:"sourceAddresses,omitempty"`
	SourceGroups      []string `json:"sourceIpGroups,omitempty"`
	Protocols         []string `json:"protocols,omitempty"`
	Protocols2        []string `json:"ipProtocols,omitempty"`
	Ports             []string `json:"destinationPorts,omitempty"`
	TranslatedAddress string   `json:"translatedAddress,omitempty"`
	TranslatedPort    string   `json:"translatedPort,omitempty"`
}

// ruleCollectionGroup is a part of a firewall policy.
type ruleCollectionGroup struct {
	Properties struct {
		Collections []struct {
			Type  string    `json:"ruleCollectionType,omitempty"`
			Rules []natRule `json:"rules,omitempty"`
		} `json:"ruleCollections,omitempty"`
	} `json:"properties"`
}

// fromWorld says whether a rule is for callers on the internet at large. Whom a group of addresses holds is not asked,
// so it counts as all.
func (n natRule) fromWorld() bool {
	return len(n.SourceGroups) > 0 || slices.ContainsFunc(n.Sources, func(s string) bool {
		return s == "*" || s == "0.0.0.0/0" || lower(s) == "internet"
	})
}

// firewallAnswers is a firewall with the rules of its policy and the subnet it stands in.
type firewallAnswers struct {
	Firewall seen[azureFirewall]
	Rules    collectors.Answer[[]natRule]
	Records  collectors.Answer[[]diagnosticSetting]
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, seen[azureFirewall], firewallAnswers]{
	Kind: "azure.network.firewall", Class: inventory.ClassEntryPoint,
	Permissions: []string{azureFirewalls.permission(), resourceGroups.permission(), ruleCollections.permission(),
		diagnosticRead},
	ListAction: azureFirewalls.action(), ListPermission: azureFirewalls.permission(), Global: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[seen[azureFirewall], error] {
		return keptRows[azureFirewall](ctx, c, azureFirewalls)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[seen[azureFirewall], error] {
		return findRow[azureFirewall](ctx, c, azureFirewalls, id)
	},
	Ask: func(ctx context.Context, c *Clients, s seen[azureFirewall]) firewallAnswers {
		return firewallAnswers{s, natRulesOf(ctx, c, s.Row.Properties), askDiagnostics(ctx, c, armID(s.Row.ID))}
	},
	Facts: firewallFacts,
})

// natRulesOf are the translating rules of a firewall: its own, or those of its policy, asked once for each policy.
func natRulesOf(ctx context.Context, c *Clients, f azureFirewall) collectors.Answer[[]natRule] {
	return ask("GET "+ruleCollections.typ, ruleCollections.permission(), func() (*[]natRule, error) {
		out := []natRule{}
		for _, collection := range f.Collections {
			out = append(out, collection.Properties.Rules...)
		}
		policy := f.Policy.id()
		if policy == "" {
			return &out, nil
		}
		groups, err := once(c, "rules of "+policy, func() (*[]ruleCollectionGroup, error) {
			return all[ruleCollectionGroup](ctx, c, policy+"/ruleCollectionGroups", ruleCollections.version)
		})
		if err != nil {
			return nil, err
		}
		for _, g := range *groups {
			for _, collection := range g.Properties.Collections {
				if lower(collection.Type) == "firewallpolicynatrulecollection" {
					out = append(out, collection.Rules...)
				}
			}
		}
		return &out, nil
	})
}

func firewallFacts(_ collectors.Where, a firewallAnswers) *inventory.Resource {
	f := a.Firewall.Row.Properties
	facts := &inventory.EntryPoint{Kind: "load_balancer", MultiZone: len(a.Firewall.Row.Zones) > 1}
	r := described(a.Firewall, facts)
	r.Known("kind", "http", "multi_zone", "network", "subnets", "firewalls", "dns_name", "pass_through", "internet_facing")
	r.SetNotApplicable("it passes on what callers send and checks no identity", "authenticated")
	knowRecords(r, &facts.AccessLogged, a.Records, firewallRecords, "access_logged")
	for _, e := range f.Ends {
		if id := e.Properties.Subnet.id(); id != "" {
			facts.Subnets = append(facts.Subnets, id)
		}
		facts.InternetFacing = facts.InternetFacing || e.Properties.Public.id() != ""
	}
	collectors.Know(r, a.Rules, func(rules *[]natRule) {
		for _, rule := range deref(rules) {
			if !rule.fromWorld() {
				continue
			}
			for _, word := range rule.Ports {
				if from, to, ok := portsOf(word); ok {
					l := inventory.Listener{Protocol: rule.transport(), Port: from, Targets: []string{natID(r.ID, rule.Name)}}
					if to > from {
						l.To = to
					}
					facts.Listeners = append(facts.Listeners, l)
				}
			}
		}
	}, "listeners")
	return r
}

func (n natRule) transport() string {
	words := append(slices.Clone(n.Protocols), n.Protocols2...)
	if len(words) == 1 && lower(words[0]) != "any" {
		return lower(words[0])
	}
	return "any"
}

func natID(firewall, rule string) string { return firewall + "/natrules/" + lower(rule) }

// natTarget is what one rule of a firewall leads to.
type natTarget struct {
	Firewall string
	Location string
	Rule     natRule
	Members  collectors.Answer[map[string][]string]
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, natTarget, natTarget]{
	Kind: "azure.network.firewall_nat_rule", Class: inventory.ClassForwardingTarget,
	Permissions: []string{azureFirewalls.permission(), ruleCollections.permission(), networkInterfaces.permission()},
	ListAction:  azureFirewalls.action(), ListPermission: azureFirewalls.permission(), Global: true,
	List: listNATTargets,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[natTarget, error] {
		return only(listNATTargets(ctx, c), func(n natTarget) bool { return natID(n.Firewall, n.Rule.Name) == id })
	},
	Facts: natTargetFacts,
})

func listNATTargets(ctx context.Context, c *Clients) iter.Seq2[natTarget, error] {
	return func(yield func(natTarget, error) bool) {
		for s, err := range keptRows[azureFirewall](ctx, c, azureFirewalls) {
			var rules []natRule
			if err == nil {
				answer := natRulesOf(ctx, c, s.Row.Properties)
				rules = deref(answer.Value)
				if answer.Failed != nil {
					err = &collectors.Failure{Reason: *answer.Failed, Err: fmt.Errorf("%s was refused", answer.Action)}
				}
			}
			if err != nil {
				yield(natTarget{}, err)
				return
			}
			for _, rule := range rules {
				n := natTarget{Firewall: armID(s.Row.ID), Location: s.Row.Location, Rule: rule}
				n.Members = membersOf(ctx, c, []poolAddress{{Address: rule.TranslatedAddress}})
				if !yield(n, nil) {
					return
				}
			}
		}
	}
}

func natTargetFacts(_ collectors.Where, n natTarget) *inventory.Resource {
	port, _ := strconv.Atoi(strings.TrimSpace(n.Rule.TranslatedPort))
	facts := &inventory.ForwardingTarget{Protocol: n.Rule.transport(), Port: port, EntryPoints: []string{n.Firewall}}
	r := inventory.New(natID(n.Firewall, n.Rule.Name), n.Rule.Name, regionOf(n.Location), facts)
	r.Known("protocol", "port", "entry_points", "preserves_caller", "network")
	collectors.Know(r, n.Members, func(found *map[string][]string) {
		ids := deref(found)[n.Rule.TranslatedAddress]
		for _, id := range ids {
			facts.Targets = append(facts.Targets, inventory.Target{Resource: id, Port: port})
			facts.Resources = append(facts.Resources, id)
		}
		if len(ids) == 0 && n.Rule.TranslatedAddress != "" {
			facts.Targets = append(facts.Targets, inventory.Target{Address: n.Rule.TranslatedAddress, Port: port})
		}
	}, "targets", "resources")
	return r
}
