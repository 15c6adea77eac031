package catalog

import (
	"encoding/csv"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

var clouds = []inventory.Cloud{inventory.AWS, inventory.Azure, inventory.GCP}

func loaded(t testing.TB) *evaluator.Catalogue {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rows reads a table of testdata without its head.
func rows(t *testing.T, name string) [][]string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return all[1:]
}

// testdata/ids.csv is the ledger of every id that ever stood in the catalogue. A check that goes is marked there with
// the release and the reason, and its id is never used again: the past of an organisation names it.
func TestIDsAreNeverReused(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	ledger := map[string]bool{}
	for _, row := range rows(t, "testdata/ids.csv") {
		id, retired, why := row[0], row[1], row[2]
		if _, twice := ledger[id]; twice {
			t.Errorf("the ledger holds %s twice", id)
		}
		ledger[id] = retired != ""
		switch {
		case retired == "" && c.Check(id) == nil:
			t.Errorf("%s is gone: mark it as retired in testdata/ids.csv, with the release and the reason", id)
		case retired != "" && c.Check(id) != nil:
			t.Errorf("%s is retired since %s and stands again: choose another id", id, retired)
		case retired != "" && why == "":
			t.Errorf("%s is retired without a reason", id)
		}
	}
	for _, check := range c.Checks {
		if _, there := ledger[check.ID]; !there {
			t.Errorf("%s is new: add it to testdata/ids.csv", check.ID)
		}
	}
}

func TestIDsAreNeutral(t *testing.T) {
	t.Parallel()
	kebab := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)
	cloudWords := regexp.MustCompile(`(^|-)(aws|amazon|azure|microsoft|gcp|google|s3|ec2|iam|blob|gke|aks|eks)(-|$)`)
	for _, check := range loaded(t).Checks {
		if !kebab.MatchString(check.ID) || cloudWords.MatchString(check.ID) {
			t.Errorf("%s: want lower-case words joined by hyphens, and no word of one cloud", check.ID)
		}
	}
}

func TestCatalogueHasItsSize(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	if got := len(c.Checks); got != 199 {
		t.Errorf("%d checks, want 199", got)
	}
	if got := len(inventory.Classes); got != 33 {
		t.Errorf("%d classes, want 33", got)
	}
	got := map[evaluator.Severity]int{}
	for _, check := range c.Checks {
		got[check.Severity]++
	}
	want := map[evaluator.Severity]int{evaluator.Critical: 15, evaluator.High: 60, evaluator.Medium: 97,
		evaluator.Low: 27}
	if !maps.Equal(got, want) {
		t.Errorf("base severities %v, want %v", got, want)
	}
}

// Every class is asked about, and every attribute that a check can name is named by one, or testdata says what it is
// for. Attributes of the envelope count once for all classes.
func TestEveryAttributeIsUsedOrExplained(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	explained := map[string]bool{}
	for _, row := range rows(t, "testdata/unused_attributes.csv") {
		explained[row[0]+"."+row[1]] = false
		if len(row[2]) < 20 {
			t.Errorf("%s.%s is excused without a reason", row[0], row[1])
		}
	}
	used := map[string]bool{}
	for class := range inventory.Classes {
		if len(c.ByClass(class)) == 0 {
			t.Errorf("no check speaks of the class %s", class)
		}
		for _, check := range c.ByClass(class) {
			for _, name := range check.Attributes(class) {
				used[string(class)+"."+name] = true
				used["any."+name] = true
			}
		}
	}
	for class := range inventory.Classes {
		for _, a := range inventory.SchemaOf(class).Attributes {
			name := string(class) + "." + a.Name
			if a.Envelope() {
				name = "any." + a.Name
			}
			_, excused := explained[name]
			switch {
			case a.CEL && !used[name] && !excused:
				t.Errorf("%s is used by no check and not explained in testdata/unused_attributes.csv", name)
			case excused:
				explained[name] = true
				if !a.CEL || used[name] {
					t.Errorf("%s is excused and needs no excuse", name)
				}
			}
		}
	}
	for name, met := range explained {
		if !met {
			t.Errorf("%s is excused and does not exist", name)
		}
	}
}

// Each check says for each cloud how it is answered there, and tells how to mend what it finds.
func TestEveryCheckIsComplete(t *testing.T) {
	t.Parallel()
	for _, check := range loaded(t).Checks {
		if n := len(regexp.MustCompile(`[.!?](\s|$)`).FindAllString(check.Why, -1)); n != 2 {
			t.Errorf("%s: why has %d sentences, want 2", check.ID, n)
		}
		if !strings.Contains(check.Fails, "{name}") {
			t.Errorf("%s: fails does not name the resource", check.ID)
		}
		if len(check.Clouds) != len(clouds) {
			t.Errorf("%s: speaks of %d clouds, want %d", check.ID, len(check.Clouds), len(clouds))
		}
		for _, cloud := range clouds {
			word := check.Clouds[cloud]
			fix, told := check.Fix[cloud]
			switch {
			case word == "reads":
				if !told || fix.Console == "" || fix.CLI == "" && fix.Terraform == "" {
					t.Errorf("%s: does not tell how to mend it on %s", check.ID, cloud)
				}
			case word == "inherent":
			case strings.HasPrefix(word, "none: "):
				if len(word) < len("none: ")+15 {
					t.Errorf("%s: gives no reason why it is not asked on %s", check.ID, cloud)
				}
				if told {
					t.Errorf("%s: tells how to mend on %s what is not asked there", check.ID, cloud)
				}
			default:
				t.Errorf("%s: %s: %q is not reads, inherent or none: with a reason", check.ID, cloud, word)
			}
		}
	}
}

// A reference that leads nowhere is worse than none. Whether a page still answers cannot be asked without a network;
// whether it is an address of the provider or of a standard can.
func TestReferencesAreAddresses(t *testing.T) {
	t.Parallel()
	address := regexp.MustCompile(`^https://[a-z0-9.-]+\.[a-z]{2,}(/[^\s]*)?$`)
	for _, check := range loaded(t).Checks {
		if len(check.References) == 0 {
			t.Errorf("%s: has no reference", check.ID)
		}
		for i, r := range check.References {
			if !address.MatchString(r) {
				t.Errorf("%s: %q is not an address", check.ID, r)
			}
			if slices.Contains(check.References[:i], r) {
				t.Errorf("%s: refers twice to %s", check.ID, r)
			}
		}
	}
}

// Prose that names another check in backquotes names one that exists.
func TestProseNamesChecksThatExist(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	named := regexp.MustCompile("`([a-z0-9]+(?:-[a-z0-9]+){2,})`")
	for _, check := range c.Checks {
		for _, m := range named.FindAllStringSubmatch(check.Why+" "+check.Notes, -1) {
			if c.Check(m[1]) == nil {
				t.Errorf("%s: names %s, which does not exist; %s", check.ID, m[1], c.Suggest(m[1]))
			}
		}
	}
}
