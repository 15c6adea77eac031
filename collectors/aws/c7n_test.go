package aws

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// expectation is a verdict that nobody here wrote: how many resources of a recording a filter of another project selects.
type expectation struct {
	Cloud    string `json:"cloud"`
	Scenario string `json:"scenario"`
	Resource string `json:"c7n_resource"`
	Expected int    `json:"expected_resources"`
	Test     string `json:"test"`
}

// id names an expectation: the file and line of the test it is from.
func (e expectation) id() string {
	first, _, _ := strings.Cut(e.Test, " ")
	return strings.TrimPrefix(first, "tests/")
}

// mapping says which question about our facts a filter asks.
type mapping struct {
	id   string
	kind inventory.Kind
	ask  asks
	// at is the number of the recorded answer at which the state the filter saw begins, by operation, where that is not
	// the first.
	at map[string]int
	// open is how many resources the recording leaves open: what we ask besides was not recorded.
	open int
	// why explains a number other than the expected one: it is ours, got, and no defect of our facts.
	why string
	got int
}

// readExpectations reads the verdicts about AWS, by their ids.
func readExpectations(t *testing.T) map[string]expectation {
	t.Helper()
	file, err := os.Open(filepath.Join(recordedRoot, "..", "c7n_expectations.jsonl"))
	if os.IsNotExist(err) {
		t.Skip("the recorded answers are not beside the project")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	out := map[string]expectation{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var e expectation
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if e.Cloud == "aws" {
			out[e.id()] = e
		}
	}
	return out
}

// TestExpectations compares our facts with the verdicts of Cloud Custodian's own tests on the same recordings: for every
// filter that asks what one of our attributes answers, our facts must select as many resources as its authors expect. A
// number that differs is explained beside the row, and an explanation that is no longer needed fails.
func TestExpectations(t *testing.T) {
	t.Parallel()
	expected := readExpectations(t)
	agree, explained, seen := 0, 0, map[string]bool{}
	for _, m := range mappings {
		e, ok := expected[m.id]
		if !ok || seen[m.id] {
			t.Errorf("%s: no such expectation, or mapped twice", m.id)
			continue
		}
		seen[m.id] = true
		got, open := m.count(collectedOnce.of(t, e.Scenario, m.at))
		switch {
		case open != m.open:
			t.Errorf("%s %s: of %d resources the recording leaves open what is asked; want %d (selected %d, expected %d)",
				m.id, e.Scenario, open, m.open, got, e.Expected)
		case m.why == "" && got != e.Expected:
			t.Errorf("%s %s: our facts select %d; expected %d", m.id, e.Scenario, got, e.Expected)
		case m.why == "":
			agree++
		case got == e.Expected:
			t.Errorf("%s %s: our facts select %d as expected; why explain it: %s", m.id, e.Scenario, got, m.why)
		case got != m.got:
			t.Errorf("%s %s: our facts select %d, not %d as explained: %s", m.id, e.Scenario, got, m.got, m.why)
		default:
			explained++
		}
	}
	t.Logf("of %d filters %d ask what our attributes answer: %d agree, %d differ and are explained",
		len(expected), len(mappings), agree, explained)
	if len(mappings) < 120 {
		t.Errorf("%d filters are mapped; want at least 120", len(mappings))
	}
}

// count is how many resources the question selects, and of how many it is open. A kind of which the recording holds
// nothing leaves the question open.
func (m mapping) count(c *collected) (selected, open int) {
	asked := c.byKind[m.kind]
	if len(asked) == 0 {
		return 0, 1
	}
	for _, r := range asked {
		switch m.ask(c, r) {
		case saidYes:
			selected++
		case saidNo:
		default:
			open++
		}
	}
	return selected, open
}

// mappings are the filters that ask what our attributes answer. The others ask about kinds that are not collected, for
// names and ids alone, for what is measured or recommended (metrics, ages, health, upgrades), for what the other
// project's own actions leave behind, or for settings that no attribute speaks of. Of some the answer that decides was
// not recorded, because the other project reads it by another call: the users and roles of IAM, tags that the tagging
// service lists, the rules of a listener, the web firewall of a balancer.
var mappings = slices.Concat(accountMappings, networkMappings, dataMappings, serviceMappings)
