package catalog

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// correspondence is which control of one edition became which of the other.
type correspondence struct{ older, newer map[string][]string }

func (c correspondence) isNew(id string) bool { return len(c.older[id]) == 0 }

func readCorrespondence(t *testing.T) correspondence {
	t.Helper()
	c := correspondence{older: map[string][]string{}, newer: map[string][]string{}}
	for _, row := range rows(t, "frameworks/correspondence.csv") {
		c.older[row[0]] = append(c.older[row[0]], row[1])
		c.newer[row[1]] = append(c.newer[row[1]], row[0])
	}
	return c
}

func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(id string) bool { return slices.Contains(b, id) })
}

func TestEachEditionHasItsControls(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	form := map[string]*regexp.Regexp{
		evaluator.ISO2022: regexp.MustCompile(`^A\.[5-8]\.\d+$`),
		evaluator.ISO2013: regexp.MustCompile(`^A\.\d+\.\d+\.\d+$`),
	}
	themes := map[string]map[string]int{
		evaluator.ISO2022: {"A.5": 37, "A.6": 8, "A.7": 14, "A.8": 34},
		evaluator.ISO2013: {"A.5": 2, "A.6": 7, "A.7": 6, "A.8": 10, "A.9": 14, "A.10": 2, "A.11": 15, "A.12": 14,
			"A.13": 7,
			"A.14": 13, "A.15": 5, "A.16": 7, "A.17": 4, "A.18": 8},
	}
	for id, want := range themes {
		f := c.Framework(id)
		got := map[string]int{}
		for _, control := range f.Controls {
			got[control.Theme]++
			if !form[id].MatchString(control.ID) || !strings.HasPrefix(control.ID, control.Theme+".") {
				t.Errorf("%s: %s is not an id of the edition, or not of the theme %s", id, control.ID, control.Theme)
			}
			if control.Title == "" || control.Topic == "" || !strings.HasSuffix(control.Question, "?") {
				t.Errorf("%s: %s has no title, topic or question", id, control.ID)
			}
		}
		for theme, n := range want {
			if got[theme] != n {
				t.Errorf("%s: theme %s has %d controls, want %d", id, theme, got[theme], n)
			}
		}
		if len(got) != len(want) || len(f.Themes) != len(want) {
			t.Errorf("%s: %d themes are used and %d declared, want %d", id, len(got), len(f.Themes), len(want))
		}
	}
}

// Mapping rule 5: an id of 2013 on a check is a predecessor of one of its 2022 ids, and the reverse, except under the
// eleven controls that are new in 2022.
func TestBothEditionsAgree(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	pairs := readCorrespondence(t)
	var fresh []string
	for _, control := range c.Framework(evaluator.ISO2022).Controls {
		if pairs.isNew(control.ID) {
			fresh = append(fresh, control.ID)
		}
	}
	if len(fresh) != 11 {
		t.Errorf("%d controls of 2022 have no predecessor, want 11: %v", len(fresh), fresh)
	}
	for _, check := range c.Checks {
		for _, id := range check.ISO2022 {
			if !pairs.isNew(id) && !meet(pairs.older[id], check.ISO2013) {
				t.Errorf("%s: maps to %s of 2022 and to none of its predecessors %v", check.ID, id, pairs.older[id])
			}
		}
		excused := slices.ContainsFunc(check.ISO2022, pairs.isNew)
		for _, id := range check.ISO2013 {
			if !excused && !meet(pairs.newer[id], check.ISO2022) {
				t.Errorf("%s: maps to %s of 2013 and to none of its successors %v", check.ID, id, pairs.newer[id])
			}
		}
		for _, ids := range [][]string{check.ISO2022, check.ISO2013} {
			if len(ids) == 0 {
				t.Errorf("%s: is evidence for no control of one edition", check.ID)
			}
			if distinct := slices.Compact(slices.Sorted(slices.Values(ids))); len(distinct) != len(ids) {
				t.Errorf("%s: names a control twice: %v", check.ID, ids)
			}
		}
	}
	for id, table := range map[string]map[string][]string{
		evaluator.ISO2022: pairs.older, evaluator.ISO2013: pairs.newer,
	} {
		f := c.Framework(id)
		for from := range table {
			if f.Control(from) == nil {
				t.Errorf("correspondence.csv names %s, which %s does not have", from, id)
			}
		}
		for _, control := range f.Controls {
			got, want := slices.Sorted(slices.Values(control.Counterparts)), slices.Sorted(slices.Values(table[control.ID]))
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s has the counterparts %v, the table says %v", id, control.ID, got, want)
			}
		}
	}
}

// Mapping rules 1 and 2, as far as a machine can hold them. topics.csv lists, for each control, the classes whose checks
// can answer its question: a mapping from another topic needs an edit there, and with it a second look. borrowed.yaml
// lists what never counts.
func TestNoCheckAnswersAnotherTopic(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	topics := map[string][]string{}
	for _, row := range rows(t, "testdata/topics.csv") {
		topics[row[0]] = strings.Split(row[1], ";")
	}
	for _, check := range c.Checks {
		for _, id := range check.ISO2022 {
			for _, class := range check.Class {
				if !slices.Contains(topics[id], string(class)) {
					t.Errorf("%s: %s is not a topic of %s (testdata/topics.csv)", check.ID, class, id)
				}
			}
		}
	}
	for _, rule := range borrowed(t) {
		for _, check := range c.Checks {
			if meet(check.ISO2022, rule.Controls) && rule.speaks(check) {
				t.Errorf("%s is mapped to one of %v: %s", check.ID, rule.Controls, rule.Why)
			}
		}
	}
}

type borrowing struct {
	Controls   []string          `yaml:"controls"`
	Attributes []string          `yaml:"attributes"`
	Classes    []inventory.Class `yaml:"classes"`
	Why        string            `yaml:"why"`
}

func (b borrowing) speaks(check *evaluator.Check) bool {
	for class := range inventory.Classes {
		if check.Speaks(class) && (slices.Contains(b.Classes, class) || meet(check.Attributes(class), b.Attributes)) {
			return true
		}
	}
	return false
}

// borrowed reads the rules; a rule that names what does not exist holds nothing, so that is an error.
func borrowed(t *testing.T) []borrowing {
	t.Helper()
	raw, err := os.ReadFile("testdata/borrowed.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out []borrowing
	if err := yaml.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for class := range inventory.Classes {
		for _, a := range inventory.SchemaOf(class).Attributes {
			known[a.Name] = a.CEL
		}
	}
	c := loaded(t)
	for _, rule := range out {
		for _, name := range rule.Attributes {
			if !known[name] {
				t.Errorf("borrowed.yaml names the attribute %q, which no class has", name)
			}
		}
		for _, class := range rule.Classes {
			if inventory.Classes[class] == nil {
				t.Errorf("borrowed.yaml names the class %q, which does not exist", class)
			}
		}
		for _, id := range rule.Controls {
			if c.Framework(evaluator.ISO2022).Control(id) == nil {
				t.Errorf("borrowed.yaml names the control %q, which does not exist", id)
			}
		}
	}
	return out
}

// Mapping rules 3 and 4: each control says who answers it, how strong the checks are, and what remains.
func TestEveryControlSaysWhoAnswers(t *testing.T) {
	t.Parallel()
	for _, f := range loaded(t).Frameworks {
		for i := range f.Controls {
			for _, problem := range answering(&f.Controls[i]) {
				t.Errorf("%s: %s", f.ID, problem)
			}
		}
	}
}

func answering(c *evaluator.Control) (problems []string) {
	say := func(wrong bool, what string) {
		if wrong {
			problems = append(problems, c.ID+" ("+string(c.Mode)+") "+what)
		}
	}
	checked, attested, inherited := len(c.Checks) > 0, c.Attestation != nil, c.Inherited != nil
	switch c.Mode {
	case evaluator.ModeAutomated:
		say(!checked || attested || inherited, "wants checks and nothing else")
	case evaluator.ModeAttested:
		say(checked || !attested || inherited, "wants an attestation and nothing else")
	case evaluator.ModeInherited:
		say(checked || attested || !inherited, "wants a provider's report and nothing else")
	case evaluator.ModeMixed:
		parts := 0
		for _, there := range []bool{checked, attested, inherited} {
			if there {
				parts++
			}
		}
		say(parts < 2, "wants two parts or three")
	}
	strengths := []string{"strong", "partial", "supporting"}
	say(checked != slices.Contains(strengths, c.Strength), "states the strength "+c.Strength)
	say(checked && c.AutomatedScope == "", "does not say what the checks show")
	say(c.Mode == evaluator.ModeAutomated && c.Strength != "strong",
		"is answered by checks alone, which are not strong")
	if attested {
		say(c.Attestation.Evidence == "", "asks for an attestation of nothing")
		say(c.Attestation.CadenceDays < 1 || c.Attestation.CadenceDays > 1100, "asks for no sensible cadence")
	}
	if inherited {
		say(c.Inherited.Scope == "", "inherits nothing")
		for _, cloud := range clouds {
			say(c.Inherited.Reports[cloud] == "", "names no report of "+string(cloud))
		}
	}
	return problems
}
