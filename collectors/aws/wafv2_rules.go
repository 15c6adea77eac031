package aws

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"
)

// aclRules are the rule groups of a web firewall that somebody maintains. Home-made rules are left out: they decide
// nothing here, and what they match on may be a secret that a caller must show.
type aclRules struct {
	Groups []maintainedGroup
}

// maintainedGroup is a set of rules that a vendor keeps up to date.
type maintainedGroup struct {
	Vendor, Name string
	// Counted says that the whole group only counts; Narrow that it looks at a part of the requests.
	Counted, Narrow bool
	// Passed are its rules that were told to let requests pass.
	Passed []string
}

// rulesOf reads the groups of a web firewall, those that an organisation puts before and after them included.
func rulesOf(acl *types.WebACL) *aclRules {
	rules := &aclRules{}
	if acl == nil {
		return rules
	}
	add := func(m *types.ManagedRuleGroupStatement, override *types.OverrideAction) {
		if m != nil {
			rules.Groups = append(rules.Groups, groupOf(m, override))
		}
	}
	for _, g := range slices.Concat(acl.PreProcessFirewallManagerRuleGroups, acl.PostProcessFirewallManagerRuleGroups) {
		if g.FirewallManagerStatement != nil {
			add(g.FirewallManagerStatement.ManagedRuleGroupStatement, g.OverrideAction)
		}
	}
	for _, rule := range acl.Rules {
		if rule.Statement != nil {
			add(rule.Statement.ManagedRuleGroupStatement, rule.OverrideAction)
		}
	}
	return rules
}

func groupOf(m *types.ManagedRuleGroupStatement, override *types.OverrideAction) maintainedGroup {
	g := maintainedGroup{
		Vendor: aws.ToString(m.VendorName), Name: aws.ToString(m.Name),
		Counted: override != nil && override.Count != nil, Narrow: m.ScopeDownStatement != nil,
	}
	for _, r := range m.ExcludedRules {
		g.Passed = append(g.Passed, aws.ToString(r.Name))
	}
	for _, o := range m.RuleActionOverrides {
		if o.ActionToUse != nil && (o.ActionToUse.Count != nil || o.ActionToUse.Allow != nil) {
			g.Passed = append(g.Passed, aws.ToString(o.Name))
		}
	}
	return g
}

// blocking says whether injection and scripting are blocked by maintained groups: the core set, which stops scripting,
// and the one against SQL injection. What the groups of other vendors stop is not told, so with one of those a "no"
// is not certain.
func (a *aclRules) blocking() (blocks, known bool) {
	if a == nil {
		return false, false
	}
	scripting, injection, others := false, false, false
	for _, g := range a.Groups {
		if g.Counted || g.Narrow {
			continue
		}
		switch {
		case g.Vendor != "AWS":
			others = true
		case g.Name == "AWSManagedRulesCommonRuleSet":
			scripting = scripting || !g.lets("crosssitescripting")
		case g.Name == "AWSManagedRulesSQLiRuleSet":
			injection = injection || !g.lets("sqli")
		}
	}
	blocks = scripting && injection
	return blocks, blocks || !others
}

// lets says whether a rule of the group against an attack was told to let it pass.
func (g maintainedGroup) lets(attack string) bool {
	for _, name := range g.Passed {
		if strings.Contains(strings.ToLower(name), attack) {
			return true
		}
	}
	return false
}
