package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// written heads every page that Reference writes.
const written = "<!-- Written by make generate from the catalogue. Edit the catalogue instead. -->\n\n"

// Reference writes the pages about the catalogue, by their path in the folder of documents: one for each check, an index
// of them, one for each edition of the standard, the coverage, and the settings.
func Reference(c *evaluator.Catalogue) map[string]string {
	pages := map[string]string{"checks/README.md": checkIndex(c), "coverage.md": coveragePage(c),
		"settings.md": settingsPage(c)}
	for _, check := range c.Checks {
		pages["checks/"+check.ID+".md"] = checkPage(c, check)
	}
	for _, f := range c.Frameworks {
		pages[controlsFile(f)] = controlsPage(c, f)
	}
	return pages
}

func controlsFile(f *evaluator.Framework) string { return fmt.Sprintf("controls-%d.md", f.Edition) }

// page gathers a page of Markdown.
type page struct{ strings.Builder }

func newPage(title string) *page {
	p := &page{}
	p.WriteString(written)
	p.say("# %s\n", title)
	return p
}

func (p *page) say(format string, args ...any) { fmt.Fprintf(&p.Builder, format+"\n", args...) }

// row writes a row of a table. A bar would end its cell.
func (p *page) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(strings.Join(strings.Fields(cell), " "), "|", `\|`)
	}
	p.say("| %s |", strings.Join(cells, " | "))
}

func (p *page) table(heads ...string) {
	p.row(heads...)
	p.say("|%s", strings.Repeat(" --- |", len(heads)))
}

func (p *page) text() string { return strings.TrimRight(p.String(), "\n") + "\n" }

// mark shows how a check is answered on a cloud.
func mark(check *evaluator.Check, cloud inventory.Cloud) string {
	switch {
	case check.Reads(cloud):
		return "●"
	case check.Asked(cloud):
		return "◇"
	default:
		return "–"
	}
}

func checkIndex(c *evaluator.Catalogue) string {
	p := newPage("Checks")
	p.say("%d checks, by class. ● reads a setting, ◇ is what the provider does for everyone, – is not asked there.",
		len(c.Checks))
	groups := map[inventory.Class][]*evaluator.Check{}
	for _, check := range c.Checks {
		for _, class := range check.Class {
			groups[class] = append(groups[class], check)
		}
	}
	for _, class := range slices.Sorted(maps.Keys(groups)) {
		title := string(class)
		if class == evaluator.ClassAny {
			title = "any: everything that carries labels"
		}
		p.say("\n## %s\n", title)
		p.table("check", "true when it passes", "severity", "AWS", "Azure", "Google Cloud")
		for _, check := range groups[class] {
			p.row(fmt.Sprintf("[`%s`](%s.md)", check.ID, check.ID), check.Title, string(check.Severity),
				mark(check, inventory.AWS), mark(check, inventory.Azure), mark(check, inventory.GCP))
		}
	}
	return p.text()
}

func checkPage(c *evaluator.Catalogue, check *evaluator.Check) string {
	p := newPage(check.Title)
	classes := make([]string, len(check.Class))
	for i, class := range check.Class {
		classes[i] = "`" + string(class) + "`"
	}
	p.say("`%s` · %s · %s\n\n%s\n", check.ID, check.Severity, strings.Join(classes, ", "), check.Why)
	p.rule(check)
	p.evidence(c, check)
	p.mending(check)
	if check.Notes != "" {
		p.say("## Limits\n\n%s\n", check.Notes)
	}
	if len(check.References) > 0 {
		p.say("## Read more\n")
		for _, r := range check.References {
			p.say("- <%s>", r)
		}
	}
	return p.text()
}

// rule shows what is asked and what it rests on.
func (p *page) rule(check *evaluator.Check) {
	p.say("## The rule\n\n```cel")
	if check.AppliesWhen != "" {
		p.say("// of resources for which\n%s\n// it asks whether", strings.TrimSpace(check.AppliesWhen))
	}
	p.say("%s\n```\n", strings.TrimSpace(check.PassesWhen))
	if names := check.Parameters(); len(names) > 0 {
		p.say("A verdict rests on the settings `%s` as well ([settings](../settings.md)).\n",
			strings.Join(names, "`, `"))
	}
	p.table("example", "verdict")
	for _, e := range check.Examples {
		p.row(e.Name, e.Want)
	}
	p.say("")
}

// evidence lists the controls a check speaks for.
func (p *page) evidence(c *evaluator.Catalogue, check *evaluator.Check) {
	p.say("## Evidence for\n")
	for _, f := range c.Frameworks {
		for _, id := range check.Mapped(f.ID) {
			p.say("- [%s](../%s#%s) %s (%d)", id, controlsFile(f), anchor(id), f.Control(id).Title, f.Edition)
		}
	}
	p.say("")
}

func anchor(id string) string { return strings.ReplaceAll(strings.ToLower(id), ".", "") }

// mending tells how to repair on each cloud, or why the check is not asked there.
func (p *page) mending(check *evaluator.Check) {
	for _, cloud := range inventory.Clouds {
		p.say("## %s\n", cloud.Title())
		switch reason, none := strings.CutPrefix(check.Clouds[cloud], "none: "); {
		case none:
			p.say("Not asked here: %s.\n", strings.TrimSuffix(reason, "."))
		case !check.Reads(cloud):
			p.say("The provider does it for everyone. It is shown as inherited and not counted as automated evidence.\n")
		}
		fix, ok := check.Fix[cloud]
		if !ok {
			continue
		}
		if fix.Console != "" {
			p.say("Console: %s\n", strings.TrimSpace(fix.Console))
		}
		for _, way := range []struct{ lang, text string }{{"sh", fix.CLI}, {"hcl", fix.Terraform}} {
			if way.text != "" {
				p.say("```%s\n%s\n```\n", way.lang, strings.TrimSpace(way.text))
			}
		}
	}
}

func controlsPage(c *evaluator.Catalogue, f *evaluator.Framework) string {
	p := newPage(f.Name)
	p.say("The %d controls of Annex A in our own words: who answers each, how strong the checks are as evidence, what they\n"+
		"show, what remains for a person to attest, and what is inherited from the provider. ● reads a setting, ◇ is what the\n"+
		"provider does for everyone, – is not asked there. \"Compliant\" is not \"secure\": posture is a figure of its own.", len(f.Controls))
	for _, theme := range f.Themes {
		p.say("\n## %s %s", theme.ID, theme.Title)
		for i := range f.Controls {
			if control := &f.Controls[i]; control.Theme == theme.ID {
				p.control(c, f, control)
			}
		}
	}
	return p.text()
}

func (p *page) control(c *evaluator.Catalogue, f *evaluator.Framework, control *evaluator.Control) {
	p.say("\n<a id=\"%s\"></a>\n### %s %s\n\n%s\n", anchor(control.ID), control.ID, control.Title, control.Question)
	mode := string(control.Mode)
	if control.Strength != "" {
		mode += ", " + control.Strength + " evidence"
	}
	p.say("- Answered: %s", mode)
	if control.AutomatedScope != "" {
		p.say("- The checks: %s", lowerFirst(control.AutomatedScope))
	}
	if control.Attestation != nil {
		p.say("- A person attests every %d days: %s", control.Attestation.CadenceDays,
			lowerFirst(control.Attestation.Evidence))
	}
	if control.Inherited != nil {
		p.say("- Inherited: %s", lowerFirst(control.Inherited.Scope))
		for _, cloud := range inventory.Clouds {
			p.say("  - %s: %s", cloud.Title(), control.Inherited.Reports[cloud])
		}
	}
	for _, other := range c.Frameworks {
		if other.ID != f.ID && len(control.Counterparts) > 0 {
			p.say("- In %d: %s", other.Edition, strings.Join(control.Counterparts, ", "))
		}
	}
	if len(control.Checks) == 0 {
		return
	}
	p.say("")
	p.table("check", "AWS", "Azure", "Google Cloud")
	for _, check := range control.Checks {
		p.row(fmt.Sprintf("[%s](checks/%s.md)", check.Title, check.ID),
			mark(check, inventory.AWS), mark(check, inventory.Azure), mark(check, inventory.GCP))
	}
}

// lowerFirst makes a phrase continue a line, unless it begins with an abbreviation.
func lowerFirst(text string) string {
	if len(text) < 2 || text[1] < 'a' || text[1] > 'z' {
		return text
	}
	return strings.ToLower(text[:1]) + text[1:]
}

func coveragePage(c *evaluator.Catalogue) string {
	p := newPage("Coverage")
	p.say("Controls with at least one check that reads a real setting on that cloud. What the provider does for everyone is not\n" +
		"counted. Strong or partial evidence stands in brackets.")
	for _, f := range c.Frameworks {
		p.say("\n## %s\n", f.Name)
		p.table("theme", "controls", "AWS", "Azure", "Google Cloud")
		for _, row := range evaluator.Coverage(f) {
			cells := []string{row.Theme.ID + " " + row.Theme.Title, fmt.Sprint(row.Controls)}
			if row.Theme.ID == "" {
				cells[0] = "all"
			}
			for _, cloud := range inventory.Clouds {
				cells = append(cells, fmt.Sprintf("%d (%d)", row.Covered[cloud], row.Firm[cloud]))
			}
			p.row(cells...)
		}
		p.modes(f)
	}
	p.say("\n## Checks\n")
	p.table("answered by", "AWS", "Azure", "Google Cloud")
	for _, kind := range []struct{ mark, words string }{
		{"●", "a setting that is read"}, {"◇", "what the provider does"}, {"–", "not asked there"},
	} {
		cells := []string{kind.words}
		for _, cloud := range inventory.Clouds {
			n := 0
			for _, check := range c.Checks {
				if mark(check, cloud) == kind.mark {
					n++
				}
			}
			cells = append(cells, fmt.Sprint(n))
		}
		p.row(cells...)
	}
	return p.text()
}

// modes counts who answers the controls.
func (p *page) modes(f *evaluator.Framework) {
	counts := map[evaluator.Mode]int{}
	for _, control := range f.Controls {
		counts[control.Mode]++
	}
	p.say("\n%d are answered by checks alone, %d by a person, %d by the provider, and %d by several of them.",
		counts[evaluator.ModeAutomated], counts[evaluator.ModeAttested], counts[evaluator.ModeInherited], counts[evaluator.ModeMixed])
}

func settingsPage(c *evaluator.Catalogue) string {
	p := newPage("Settings of an organisation")
	p.say("What an organisation may change, by `PUT /v1/settings` or on the page Settings. Every version is kept; a changed one is\n" +
		"printed wherever a verdict that rests on it is shown, and judges again what is stored.\n")
	p.table("setting", "default", "meaning", "checks that rest on it")
	defaults := inventory.Defaults()
	for _, parameter := range inventory.Parameters {
		n := 0
		for _, check := range c.Checks {
			if slices.Contains(check.Parameters(), parameter.Name) {
				n++
			}
		}
		standard := "none"
		if text := inventory.ValueText(defaults.Parameter(parameter.Name)); text != "" {
			standard = "`" + text + "`"
		}
		p.row("`"+parameter.Name+"`", standard, parameter.Meaning, fmt.Sprint(n))
	}
	return p.text()
}
