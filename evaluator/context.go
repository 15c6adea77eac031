package evaluator

import (
	"slices"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// InContext moves the severity of a fail by the context rules of the catalogue, in the open: each step leaves a reason.
// The verdict never changes. A rule lowers only on proof: when a fact it needs is unknown, the severity stays and the
// reason (C12) says what was missing.
//
// The order is the catalogue's: C13 replaces the base; then the first of the path rules that speaks; then C10; then the
// raises C7 and C14; then C15. A raise comes after every lowering but the last, so that it has the last word over them;
// C15 is the owner's own declaration.
func InContext(j Judgement, r *inventory.Resource, s *inventory.Settings) Judgement {
	if j.Verdict != Fail || j.Check == nil || r.Placeholder {
		return j
	}
	c := &setting{check: j.Check.ID, judgement: &j, r: r, settings: s}
	if base, ok := replacedBase[c.check][r.Kind.Cloud()]; ok {
		j.Base = base
		c.move("C13", base, "The setting is recent and needs an agent.", nil)
	}
	for _, rule := range pathRules {
		if rule.speaks(c) && rule.apply(c) {
			break
		}
	}
	for _, rule := range laterRules {
		if rule.speaks(c) {
			rule.apply(c)
		}
	}
	return j
}

// setting is one fail in its surroundings.
type setting struct {
	check     string
	judgement *Judgement
	r         *inventory.Resource
	settings  *inventory.Settings
}

// move sets the severity and leaves the reason.
func (c *setting) move(rule string, to Severity, text string, facts map[string]any) {
	c.judgement.Severity = to
	c.judgement.Reasons = append(c.judgement.Reasons, Reason{Rule: rule, Text: text, Facts: facts, Severity: to})
}

// lower and raise move by one step; nothing goes below low or above critical.
func (c *setting) lower(rule, text string, facts map[string]any) {
	c.move(rule, SeverityOf(c.judgement.Severity.Rank()-1), text, facts)
}

func (c *setting) raise(rule, text string, facts map[string]any) {
	c.move(rule, SeverityOf(c.judgement.Severity.Rank()+1), text, facts)
}

// missing leaves the severity as it is and says what was not read (C12). The same thing is said once.
func (c *setting) missing(why ...inventory.Unknown) {
	text := "Not everything is known, so the worst is assumed."
	if len(why) > 0 {
		// What names a right that cures it says the most.
		first := max(0, slices.IndexFunc(why, func(u inventory.Unknown) bool { return u.Permission != "" }))
		text = worstAssumed(why[first])
	}
	for _, said := range c.judgement.Reasons {
		if said.Text == text {
			return
		}
	}
	facts := map[string]any{}
	for _, u := range why {
		facts[u.Fact] = u
	}
	c.move("C12", c.judgement.Severity, text, facts)
}

// contextRule is one row of the table: which checks it speaks of, and what it does. apply says whether the rule had a
// say, so that no other path rule is asked.
type contextRule struct {
	id     string
	checks []string
	// classes are asked when no checks are named; except leaves some checks out.
	classes []inventory.Class
	except  []string
	apply   func(*setting) bool
}

func (rule *contextRule) speaks(c *setting) bool {
	if slices.Contains(rule.except, c.check) {
		return false
	}
	if len(rule.checks) > 0 && slices.Contains(rule.checks, c.check) {
		return true
	}
	if len(rule.classes) > 0 {
		return slices.Contains(rule.classes, c.r.Class)
	}
	return len(rule.checks) == 0
}

// replacedBase is rule C13: what a check weighs on a cloud where its setting is too young to be expected.
var replacedBase = map[string]map[inventory.Cloud]Severity{
	"instance-metadata-hardened": {inventory.Azure: Medium},
}

// worldOpen are the checks about what a filter admits from the world, with the attribute that lists the failing ports;
// an empty one means every port.
var worldOpen = map[string]string{
	"firewall-all-ports-world-open":   "",
	"firewall-admin-port-world-open":  "world_admin_ports",
	"firewall-data-port-world-open":   "world_data_ports",
	"firewall-legacy-port-world-open": "world_legacy_ports",
}

// carried are the world-open checks whose open ports are told at the machine, at critical.
var carried = []string{"firewall-admin-port-world-open", "firewall-data-port-world-open"}

// publicData are the checks about data that anyone can have.
var publicData = []string{
	"object-storage-not-public-by-policy", "object-storage-not-public-by-acl", "snapshot-not-public", "image-not-public",
	"service-not-public", "key-material-not-public", "container-registry-not-public", "audit-trail-not-public",
	"database-not-public",
}

// dataClasses hold data; dataChecks are the others that C14 names.
var (
	dataClasses = []inventory.Class{
		inventory.ClassObjectStorage, inventory.ClassFileShare, inventory.ClassDatabase, inventory.ClassDisk,
		inventory.ClassSnapshot, inventory.ClassMessageChannel,
	}
	dataChecks = []string{"resource-in-allowed-region", "firewall-egress-limited", "log-retention-floor",
		"log-retention-ceiling", "audit-trail-retained", "backup-vault-retention"}
)

// pathRules are C1 to C6, C8, C9 and C11; the first that has a say is the only one.
var pathRules = []contextRule{
	{id: "C1-C5", checks: keysOf(worldOpen), apply: filterInContext},
	{id: "C6", checks: []string{"entry-point-firewall-only-443", "entry-point-plaintext-refused"}, apply: onlyRedirects},
	{id: "C8", checks: []string{"self-hosted-database-ingress-from-app-only", "database-ingress-from-app-only",
		"database-no-world-range"}, apply: databaseAdmits},
	{id: "C9", checks: []string{"database-not-public"}, apply: publicDatabase},
	{id: "C11", checks: []string{"entry-point-waf-attached"}, apply: listedCallers},
}

// laterRules follow in this order, each on its own.
var laterRules = []contextRule{
	{id: "C10", except: publicData, apply: outsideProduction},
	{id: "C7", classes: []inventory.Class{inventory.ClassComputeInstance, inventory.ClassFirewall},
		apply: privilegedTarget},
	{id: "C14", checks: dataChecks, classes: dataClasses, apply: sensitiveData},
	{id: "C15", checks: publicData, apply: declaredPublic},
}

func keysOf(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
