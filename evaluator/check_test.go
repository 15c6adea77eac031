package evaluator

import (
	"strings"
	"testing"
)

const wellFormed = `id: acme-buckets
title: Buckets are as we want them
class: [object_storage]
severity: high
passes_when: resource.tls_required == true
examples:
  - {name: asked, given: {tls_required: true}, want: pass}
  - {name: not asked, given: {tls_required: false}, want: fail}
  - {name: unread, given: {}, want: unknown}
`

func TestBadChecksNameLineAndMistake(t *testing.T) {
	t.Parallel()
	if c, err := ParseCheck([]byte(wellFormed)); err != nil || len(c.Try()) > 0 {
		t.Fatalf("the check that the mistakes are made in is wrong itself: %v", err)
	}
	for name, c := range map[string]struct{ from, to, want string }{
		"misspelt attribute":  {"resource.tls_required", "resource.tls_requird", `line 5: passes_when: class object_storage has no attribute "tls_requird"; did you mean "tls_required"?`},
		"misspelt key":        {"severity:", "severty:", `line 4: there is no key "severty"; did you mean "severity"?`},
		"misspelt class":      {"[object_storage]", "[object_storag]", `line 3: class: "object_storag" is not known; did you mean "object_storage"?`},
		"not a bool":          {"resource.tls_required == true", "resource.tls_min_version", "line 5: passes_when: "},
		"no such severity":    {"high", "serious", `line 4: severity: severity "serious": want critical, high, medium or low`},
		"types do not fit":    {"== true", "== 'yes'", "line 5: passes_when: class object_storage: found no matching overload"},
		"no such verdict":     {"want: fail", "want: fails", `line 8: examples: "not asked" wants "fails"`},
		"on its second line":  {"passes_when: resource.tls_required == true", "passes_when: |\n  resource.tls_required == true &&\n  resource.versionin", `line 7: passes_when: class object_storage has no attribute "versionin"; did you mean "versioning"?`},
		"the rule is missing": {"passes_when: resource.tls_required == true\n", "", "passes_when: is missing"},
		"two documents":       {"examples:", "---\nexamples:", "more than one document"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(wellFormed, c.from, c.to, 1)
			_, err := ParseCheck([]byte(text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestExamplesOfAWrongRuleAreNamed(t *testing.T) {
	t.Parallel()
	c, err := ParseCheck([]byte(strings.Replace(wellFormed, "== true", "== false", 1)))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`line 7: example "asked" gives fail, want pass`, `line 8: example "not asked" gives pass, want fail`}
	if got := c.Try(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What one rule may spend is bounded: a rule that would never end is unknown, not a pass and not a crash.
func TestACostlyRuleIsUnknown(t *testing.T) {
	t.Parallel()
	list := "[" + strings.TrimSuffix(strings.Repeat("1,", 80), ",") + "]"
	rule := list + ".all(a, " + list + ".all(b, " + list + ".all(c, a + b + c == 3)))"
	c, err := ParseCheck([]byte(strings.Replace(wellFormed, "resource.tls_required == true", "resource.tls_required == true && "+rule, 1)))
	if err != nil {
		t.Fatal(err)
	}
	problems := strings.Join(c.Try(), "\n")
	if !strings.Contains(problems, `example "asked" gives unknown, want pass`) {
		t.Errorf("a rule beyond the limit gives %q", problems)
	}
}

func TestVersionsFollowWhatDecides(t *testing.T) {
	t.Parallel()
	first, err := ParseCheck([]byte(wellFormed))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from, to string
		same     bool
	}{
		{"title: Buckets", "title: All buckets", true},
		{"examples:", "why: Because.\nexamples:", true},
		{"high", "low", false},
		{"tls_required == true", "tls_required != false", false},
		{"examples:", "iso27001-2022: [A.8.24]\nexamples:", false},
		{"examples:", "clouds: {aws: \"none: there is no such thing\"}\nexamples:", false},
	} {
		edited, err := ParseCheck([]byte(strings.Replace(wellFormed, c.from, c.to, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if same := edited.Version == first.Version; same != c.same {
			t.Errorf("%q instead of %q: the version stays the same is %v, want %v", c.to, c.from, same, c.same)
		}
	}
}
