// Package report writes what a scan found in the formats that people and programs read. It judges nothing and asks
// nothing.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// Report is what one scan found.
type Report struct {
	Tool      Tool                   `json:"tool"`
	Scopes    []inventory.ScopeID    `json:"scopes"`
	StartedAt time.Time              `json:"started_at"`
	EndedAt   time.Time              `json:"ended_at"`
	Complete  bool                   `json:"complete"`
	Coverage  float64                `json:"coverage"`
	Ledger    []inventory.LedgerRow  `json:"ledger"`
	Verdicts  []Verdict              `json:"verdicts"`
	Counts    map[string]int         `json:"-"`
	Catalogue *evaluator.Catalogue   `json:"-"`
	Resources map[string]*Describing `json:"-"`
}

// Describing is what formats that tell more than the verdict read of a resource.
type Describing struct {
	Facts map[string]any
	Cloud inventory.Cloud
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

// New makes a report of settled resources. Only checks that keep selects are in it; nil keeps all.
func New(tool Tool, catalogue *evaluator.Catalogue, settled []evaluator.Settled, ledger []inventory.LedgerRow, keep func(*evaluator.Check) bool) *Report {
	tool.Catalogue = catalogue.Version
	r := &Report{Tool: tool, Complete: true, Ledger: ledger, Verdicts: []Verdict{}, Counts: map[string]int{}, Catalogue: catalogue, Resources: map[string]*Describing{}}
	if r.Ledger == nil {
		r.Ledger = []inventory.LedgerRow{}
	}
	for i := range r.Ledger {
		r.Complete = r.Complete && r.Ledger[i].Complete
		if r.Ledger[i].Errors == nil {
			r.Ledger[i].Errors = []inventory.CallErrors{}
		}
	}
	for _, s := range settled {
		for _, j := range s.Judgements {
			if keep == nil || keep(j.Check) {
				r.add(s.Resource, j)
			}
		}
	}
	asked := r.Counts["pass"] + r.Counts["fail"] + r.Counts["unknown"]
	if asked > 0 {
		r.Coverage = float64(r.Counts["pass"]+r.Counts["fail"]) / float64(asked)
	}
	return r
}

func (r *Report) add(res *inventory.Resource, j evaluator.Judgement) {
	v := Verdict{
		Check: j.Check.ID, Verdict: j.Verdict, Severity: j.Severity, BaseSeverity: j.Base, Inherited: j.Inherited,
		Resource: Resource{ID: res.ID, Kind: res.Kind, Class: res.Class, Region: res.Region, Name: res.Name, Scope: string(res.Scope)},
		Reasons:  j.Reasons, Unknown: j.Unknown,
		Controls: map[string][]string{evaluator.ISO2022: j.Check.ISO2022, evaluator.ISO2013: j.Check.ISO2013},
	}
	if v.Reasons == nil {
		v.Reasons = []evaluator.Reason{}
	}
	if v.Unknown == nil {
		v.Unknown = []inventory.Unknown{}
	}
	r.Verdicts = append(r.Verdicts, v)
	r.Counts[string(j.Verdict)]++
	if _, known := r.Resources[res.ID]; !known {
		facts := map[string]any{}
		for _, a := range res.Schema().Attributes {
			if value, ok := res.Value(a.Name); ok && a.CEL {
				facts[a.Name] = value
			}
		}
		r.Resources[res.ID] = &Describing{Facts: facts, Cloud: res.Kind.Cloud()}
	}
}

// Failing says whether a verdict fails at the severity or worse.
func (r *Report) Failing(at evaluator.Severity) bool {
	return slices.ContainsFunc(r.Verdicts, func(v Verdict) bool {
		return v.Verdict == evaluator.Fail && v.Severity.AtLeast(at)
	})
}

// worst lists the fails and unknowns, worst first.
func (r *Report) worst() []Verdict {
	out := slices.DeleteFunc(slices.Clone(r.Verdicts), func(v Verdict) bool { return v.Verdict == evaluator.Pass })
	slices.SortStableFunc(out, func(a, b Verdict) int {
		if a.Verdict != b.Verdict {
			return strings.Compare(string(a.Verdict), string(b.Verdict))
		}
		return b.Severity.Rank() - a.Severity.Rank()
	})
	return out
}

// statement is what is wrong, as a sentence about the resource.
func (r *Report) statement(v Verdict) string {
	check := r.Catalogue.Check(v.Check)
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
func (r *Report) Write(w io.Writer, format string) error {
	writers := map[string]func(io.Writer) error{
		"table": r.table, "json": r.json, "jsonl": r.jsonl, "csv": r.csv, "sarif": r.sarif, "ocsf": r.ocsf, "html": r.html,
	}
	write := writers[format]
	if write == nil {
		return fmt.Errorf("format %q: want %s", format, strings.Join(Formats, ", "))
	}
	return write(w)
}
