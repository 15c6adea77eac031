package evaluator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// onlyRedirects is C6: the one port too many is 80, and it only redirects to HTTPS.
func onlyRedirects(c *setting) bool {
	e := c.r.Facts.(*inventory.EntryPoint)
	if c.check == "entry-point-firewall-only-443" {
		others := slices.DeleteFunc(slices.Clone(e.FirewallPorts), func(p string) bool { return p == "tcp/443" })
		if !slices.Equal(others, []string{"tcp/80"}) {
			return false
		}
	}
	switch {
	case !c.r.IsKnown("plaintext_only_redirects"):
		c.missing(c.r.Why("plaintext_only_redirects"))
	case e.PlaintextOnlyRedirects:
		c.move("C6", Low, "Port 80 only redirects.", map[string]any{"plaintext_only_redirects": true})
	default:
		return false
	}
	return true
}

// admittedWeighs is the table "Who may talk to a database".
var admittedWeighs = map[string]struct {
	severity Severity
	text     string
}{
	"world":        {Critical, "admits the world, and a way leads there from the internet"},
	"world_latent": {Low, "admits the world, yet no way leads there today; it becomes critical the day one does"},
	"cloud":        {High, "admits every tenant or service of the cloud"},
	"unknown_peer": {High, "admits a party that is not in the supplier register"},
	"network":      {Medium, "admits more than the application"},
	"shared_group": {Low, "admits a group that the application shares with others"},
}

// databaseAdmits is C8.
func databaseAdmits(c *setting) bool {
	who, known := c.admitted()
	if !known {
		c.missing(c.r.Why("admitted"))
		return true
	}
	if c.check == "database-no-world-range" && who.Who != "world" && who.Who != "cloud" {
		// The filter admits the world, or the check had not failed: that no way leads there is proven.
		c.move("C8", Low, sentence(who, admittedWeighs["world_latent"].text), map[string]any{"admits": who.Sources})
		return true
	}
	row, ok := admittedWeighs[who.Who]
	if !ok {
		return false
	}
	c.move("C8", row.severity, sentence(who, row.text), map[string]any{
		"admits": who.Sources, "application": who.Application, "others": who.Others})
	return true
}

// admitted is who the data port admits, of a managed database or of one on a machine.
func (c *setting) admitted() (*inventory.Admitted, bool) {
	v, known := c.r.Value("admitted")
	who, _ := v.(*inventory.Admitted)
	return who, known && who != nil
}

func sentence(who *inventory.Admitted, tail string) string {
	text := fmt.Sprintf("Port %s %s", said(who.Ports), tail)
	if len(who.Sources) > 0 {
		text += ": " + strings.Join(firstFew(who.Sources), ", ")
	}
	if n := who.ApplicationCount + who.OtherCount; n > 0 {
		text += fmt.Sprintf(" (%s, %d of them the application)", plural(int64(n), "machine", "machines"),
			who.ApplicationCount)
	}
	return text + "."
}

func firstFew(words []string) []string {
	if len(words) > 3 {
		return append(words[:3:3], fmt.Sprintf("%d more", len(words)-3))
	}
	return words
}

// publicDatabase is C9: a public address weighs less behind a filter that admits named ranges only, or nobody outside.
func publicDatabase(c *setting) bool {
	who, known := c.admitted()
	switch {
	case !known && c.r.NotApplicable["admitted"] != "":
		return false
	case !known:
		c.missing(c.r.Why("admitted"))
	case !c.r.IsKnown("world_range"):
		c.missing(c.r.Why("world_range"))
	case who.Who == "world" || who.Who == "world_latent" || who.Who == "cloud" ||
		c.r.Facts.(*inventory.Database).WorldRange:
		return false
	case len(who.Outside) > 0:
		c.move("C9", Medium, fmt.Sprintf("Has a public address; the filter admits %s.",
			plural(int64(len(who.Outside)), "named outside range", "named outside ranges")),
			map[string]any{"admits": who.Outside})
	default:
		c.move("C9", Low, "Has a public address; the filter admits no outside address.",
			map[string]any{"admits": who.Sources})
	}
	return true
}

// listedCallers is C11: an entry point that only named callers reach.
func listedCallers(c *setting) bool {
	e := c.r.Facts.(*inventory.EntryPoint)
	switch {
	case !c.r.IsKnown("filter_scope"):
		c.missing(c.r.Why("filter_scope"))
	case e.FilterScope == "listed":
		c.move("C11", Low, "Only listed ranges can call it.", map[string]any{"filter_scope": e.FilterScope})
	case e.FilterScope == "private":
		c.move("C11", Low, "Only private ranges can call it.", map[string]any{"filter_scope": e.FilterScope})
	default:
		return false
	}
	return true
}

// notLowered are the classes whose checks weigh the same in every environment.
var notLowered = []inventory.Class{inventory.ClassIdentity, inventory.ClassCredential, inventory.ClassAccessGrant,
	inventory.ClassAuditTrail, inventory.ClassAuthenticationPolicy}

// outsideProduction is C10.
func outsideProduction(c *setting) bool {
	if slices.Contains(notLowered, c.r.Class) || c.judgement.Severity == Low {
		return false
	}
	e := &c.r.Envelope
	switch {
	case !c.r.IsKnown("environment"):
		c.missing(c.r.Why("environment"))
	case e.Environment == "production":
		return false
	case !c.r.IsKnown("data_classification") && c.r.NotApplicable["data_classification"] == "":
		c.missing(c.r.Why("data_classification"))
	case c.sensitive():
		return false
	default:
		c.lower("C10", fmt.Sprintf("%s environment without sensitive data.", capital(e.Environment)),
			map[string]any{"environment": e.Environment})
	}
	return true
}

func capital(word string) string {
	if word == "" {
		return word
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

func (c *setting) sensitive() bool {
	return c.r.IsKnown("data_classification") &&
		slices.ContainsFunc(c.settings.SensitiveClassifications, func(s string) bool {
			return strings.EqualFold(s, c.r.Envelope.DataClassification)
		})
}

// sensitiveData is C14.
func sensitiveData(c *setting) bool {
	if !c.sensitive() {
		return false
	}
	c.raise("C14", fmt.Sprintf("Labelled %s.", c.r.Envelope.DataClassification),
		map[string]any{"data_classification": c.r.Envelope.DataClassification})
	return true
}

// publicKeys and publicWords are how an owner declares that something is meant for everyone.
var (
	publicKeys  = []string{"public", "public-access", "visibility"}
	publicWords = []string{"true", "yes", "public", "intended", "website"}
)

// declaredPublic is C15: data that its owner declared and classified as public, and that holds no records.
func declaredPublic(c *setting) bool {
	if !c.r.IsKnown("data_classification") || !strings.EqualFold(c.r.Envelope.DataClassification, "public") ||
		!c.declared() {
		return false
	}
	if c.r.Schema().Attribute("holds_records") != nil {
		if !c.r.IsKnown("holds_records") {
			c.missing(c.r.Why("holds_records"))
			return true
		}
		if holds, _ := c.r.Value("holds_records"); holds == true {
			return false
		}
	}
	c.move("C15", Low, "Public content, declared by its owner.", map[string]any{"data_classification": "public",
		"accepted": true})
	return true
}

func (c *setting) declared() bool {
	for k, v := range c.r.Labels {
		for _, key := range publicKeys {
			if strings.EqualFold(k, key) && slices.Contains(publicWords, strings.ToLower(strings.TrimSpace(v))) {
				return true
			}
		}
	}
	return false
}

// causes put a cause of unknown in words.
var causes = map[inventory.Cause]string{
	inventory.CauseDenied:         "access denied",
	inventory.CauseThrottled:      "the provider throttled the call",
	inventory.CauseFailed:         "the call failed",
	inventory.CauseNotCollected:   "it is not collected",
	inventory.CauseNotEnabled:     "the service is not enabled",
	inventory.CauseLabelMissing:   "no label says",
	inventory.CauseOwnerUndecided: "its owner has not decided",
	inventory.CausePaidPlan:       "it needs a paid plan",
}

// worstAssumed says what was missing, and that the worst is assumed.
func worstAssumed(u inventory.Unknown) string {
	what := strings.ReplaceAll(u.Fact, "_", " ")
	if u.Action != "" {
		what = u.Action
	}
	if what == "" {
		what = "a fact"
	}
	if u.Cause == inventory.CauseLabelMissing || u.Cause == inventory.CauseOwnerUndecided {
		return fmt.Sprintf("The %s is not known (%s), so the worst is assumed.", what, causes[u.Cause])
	}
	return fmt.Sprintf("Could not read %s (%s), so the worst is assumed.", what, causes[u.Cause])
}
