// Package report writes what a scan found in the formats that people and programs read. It judges nothing and asks
// nothing.
package report

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// Report is what the JSON of a scan holds.
type Report struct {
	Head
	Verdicts []Verdict `json:"verdicts"`
}

// Head is what a report says of the scan as a whole.
type Head struct {
	Tool      Tool                  `json:"tool"`
	Scopes    []inventory.ScopeID   `json:"scopes"`
	StartedAt time.Time             `json:"started_at"`
	EndedAt   time.Time             `json:"ended_at"`
	Complete  bool                  `json:"complete"`
	Coverage  float64               `json:"coverage"`
	Ledger    []inventory.LedgerRow `json:"ledger"`
}

// Scan is what one scan found, to be written. It holds no verdict itself: a large scope has millions, and each format
// reads them one after the other.
type Scan struct {
	Head
	Counts    map[string]int
	catalogue *evaluator.Catalogue
	found     iter.Seq[evaluator.Settled]
	keep      func(*evaluator.Check) bool
	// failing are the severities at which something fails.
	failing map[evaluator.Severity]bool
}

// Tool says what made the report.
type Tool struct {
	Name      string `json:"name"`
	Version   string `json:"version"`
	Catalogue string `json:"catalogue"`
}

// Resource is what a verdict is about.
type Resource struct {
	ID     string          `json:"id"`
	Kind   inventory.Kind  `json:"kind"`
	Class  inventory.Class `json:"class"`
	Region string          `json:"region"`
	Name   string          `json:"name"`
	Scope  string          `json:"scope"`
}

// Verdict is one judgement of the scan.
type Verdict struct {
	Check        string              `json:"check"`
	Resource     Resource            `json:"resource"`
	Verdict      evaluator.Verdict   `json:"verdict"`
	Severity     evaluator.Severity  `json:"severity"`
	BaseSeverity evaluator.Severity  `json:"base_severity"`
	Inherited    bool                `json:"inherited,omitempty"`
	Reasons      []evaluator.Reason  `json:"reasons"`
	Unknown      []inventory.Unknown `json:"unknown"`
	Controls     map[string][]string `json:"controls"`
}

// New makes a report of settled resources, which can be gone through more than once. Only checks that keep selects are
// in it; nil keeps all.
func New(tool Tool, catalogue *evaluator.Catalogue, found iter.Seq[evaluator.Settled], ledger []inventory.LedgerRow, keep func(*evaluator.Check) bool) *Scan {
	tool.Catalogue = catalogue.Version
	s := &Scan{
		Head: Head{Tool: tool, Complete: true, Ledger: ledger}, Counts: map[string]int{}, catalogue: catalogue, found: found,
		keep: keep, failing: map[evaluator.Severity]bool{},
	}
	if s.Ledger == nil {
		s.Ledger = []inventory.LedgerRow{}
	}
	for i := range s.Ledger {
		s.Complete = s.Complete && s.Ledger[i].Complete
		if s.Ledger[i].Errors == nil {
			s.Ledger[i].Errors = []inventory.CallErrors{}
		}
	}
	for _, j := range s.judgements() {
		s.Counts[string(j.Verdict)]++
		if j.Verdict == evaluator.Fail {
			s.failing[j.Severity] = true
		}
	}
	asked := s.Counts["pass"] + s.Counts["fail"] + s.Counts["unknown"]
	if asked > 0 {
		s.Coverage = float64(s.Counts["pass"]+s.Counts["fail"]) / float64(asked)
	}
	return s
}

// judgements gives each judgement with its resource.
func (s *Scan) judgements() iter.Seq2[*inventory.Resource, evaluator.Judgement] {
	return func(yield func(*inventory.Resource, evaluator.Judgement) bool) {
		for one := range s.found {
			for _, j := range one.Judgements {
				if (s.keep == nil || s.keep(j.Check)) && !yield(one.Resource, j) {
					return
				}
			}
		}
	}
}

// verdicts gives each judgement as formats write it.
func (s *Scan) verdicts() iter.Seq[Verdict] {
	return func(yield func(Verdict) bool) {
		for r, j := range s.judgements() {
			if !yield(verdictOf(r, j)) {
				return
			}
		}
	}
}

func verdictOf(r *inventory.Resource, j evaluator.Judgement) Verdict {
	v := Verdict{
		Check: j.Check.ID, Verdict: j.Verdict, Severity: j.Severity, BaseSeverity: j.Base, Inherited: j.Inherited,
		Resource: Resource{ID: r.ID, Kind: r.Kind, Class: r.Class, Region: r.Region, Name: r.Name, Scope: string(r.Scope)},
		Reasons:  j.Reasons, Unknown: j.Unknown,
		Controls: map[string][]string{evaluator.ISO2022: j.Check.ISO2022, evaluator.ISO2013: j.Check.ISO2013},
	}
	if v.Reasons == nil {
		v.Reasons = []evaluator.Reason{}
	}
	if v.Unknown == nil {
		v.Unknown = []inventory.Unknown{}
	}
	return v
}

// Failing says whether a verdict fails at the severity or worse.
func (s *Scan) Failing(at evaluator.Severity) bool {
	for severity := range s.failing {
		if severity.AtLeast(at) {
			return true
		}
	}
	return false
}

// said is a judgement of a resource.
type said struct {
	resource  *inventory.Resource
	judgement evaluator.Judgement
}

// worst lists the fails and unknowns, worst first.
func (s *Scan) worst() []said {
	out := make([]said, 0, s.Counts["fail"]+s.Counts["unknown"])
	for r, j := range s.judgements() {
		if j.Verdict != evaluator.Pass {
			out = append(out, said{r, j})
		}
	}
	slices.SortStableFunc(out, func(a, b said) int {
		if a.judgement.Verdict != b.judgement.Verdict {
			return strings.Compare(string(a.judgement.Verdict), string(b.judgement.Verdict))
		}
		return b.judgement.Severity.Rank() - a.judgement.Severity.Rank()
	})
	return out
}

// statement is what is wrong, as a sentence about the resource.
func (s *Scan) statement(v Verdict) string {
	check := s.catalogue.Check(v.Check)
	if check == nil {
		return v.Check
	}
	if v.Verdict == evaluator.Fail {
		return check.Statement(v.Resource.Name)
	}
	return check.Title
}

// Formats are the names of the formats, in the order of the help text.
var Formats = []string{"table", "json", "jsonl", "csv", "sarif", "ocsf", "html"}

// Write writes the report in a format. It fails on a name that Formats does not hold.
func (s *Scan) Write(w io.Writer, format string) error {
	writers := map[string]func(io.Writer) error{
		"table": s.table, "json": s.json, "jsonl": s.jsonl, "csv": s.csv, "sarif": s.sarif, "ocsf": s.ocsf, "html": s.html,
	}
	write := writers[format]
	if write == nil {
		return fmt.Errorf("format %q: want %s", format, strings.Join(Formats, ", "))
	}
	return write(w)
}
