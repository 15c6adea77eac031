package evaluator

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// State is what people did about a finding, or what the evaluator found since.
type State string

// The states of a finding. Resolved and regressed are set by the evaluator only.
const (
	StateOpen         State = "open"
	StateAcknowledged State = "acknowledged"
	StateInProgress   State = "in_progress"
	StateExcepted     State = "excepted"
	StateResolved     State = "resolved"
	StateRegressed    State = "regressed"
)

// Cause says why a figure or a finding moved.
type Cause string

// The causes of a movement.
const (
	CauseFixed            Cause = "fixed"
	CauseRegressed        Cause = "regressed"
	CauseNewResource      Cause = "new_resource"
	CauseDeletedResource  Cause = "deleted_resource"
	CauseExceptionGranted Cause = "exception_granted"
	CauseExceptionEnded   Cause = "exception_ended"
	CauseAttestationGiven Cause = "attestation_given"
	CauseAttestationEnded Cause = "attestation_lapsed"
	CauseCatalogueChanged Cause = "catalogue_changed"
	CauseSettingsChanged  Cause = "settings_changed"
	CauseScopeAdded       Cause = "scope_added"
	CauseScopeRemoved     Cause = "scope_removed"
	CauseCoverageLost     Cause = "coverage_lost"
	CauseCoverageRegained Cause = "coverage_regained"
	CauseAged             Cause = "aged"
)

// Finding is a standing fail or unknown of a check on a resource, and one that was.
type Finding struct {
	Verdict  Verdict             `json:"verdict"`
	Base     Severity            `json:"base_severity"`
	Severity Severity            `json:"severity"`
	Reasons  []Reason            `json:"reasons,omitempty"`
	Unknown  []inventory.Unknown `json:"unknown,omitempty"`
	State    State               `json:"state"`
	// Since is when the present verdict began to stand.
	Since time.Time `json:"since"`
	// NotReadSince is set while a fail stands that can no longer be read.
	NotReadSince *time.Time `json:"not_read_since,omitempty"`
	ResolvedAt   *time.Time `json:"resolved_at,omitempty"`
}

// Stands says whether the finding is not resolved.
func (f *Finding) Stands() bool { return f != nil && f.State != StateResolved }

// Movement is one step in the life of a finding.
type Movement struct {
	// What is opened, regressed, resolved, changed or not_read.
	What  string  `json:"what"`
	Cause Cause   `json:"cause"`
	From  Verdict `json:"from"`
	To    Verdict `json:"to"`
}

// Follow gives the finding after a judgement, and how it moved; nil when nothing did. before is nil when the check had
// no finding on the resource. cause is what set the judging off, for movements whose cause the verdicts do not tell:
// a new resource, a changed catalogue, changed settings, or age.
//
// A fail that can no longer be read stands, marked, until it is read again: unknown never closes it.
func Follow(before *Finding, j Judgement, at time.Time, cause Cause) (*Finding, *Movement) {
	switch {
	case !before.Stands():
		return open(before, j, at, cause)
	case j.Verdict == Pass || j.Verdict == None:
		return resolve(*before, at, orCause(cause, closing(before.Verdict)))
	case before.Verdict == Fail && j.Verdict == Unknown:
		return standsUnread(*before, j, at)
	default:
		return change(*before, j, at, cause)
	}
}

// Gone gives the finding after its resource was deleted.
func Gone(before *Finding, at time.Time, cause Cause) (*Finding, *Movement) {
	if !before.Stands() {
		return before, nil
	}
	return resolve(*before, at, cause)
}

func open(before *Finding, j Judgement, at time.Time, cause Cause) (*Finding, *Movement) {
	if j.Verdict != Fail && j.Verdict != Unknown {
		return before, nil
	}
	f := &Finding{Verdict: j.Verdict, Base: j.Base, Severity: j.Severity, Reasons: j.Reasons, Unknown: j.Unknown, State: StateOpen, Since: at}
	m := &Movement{What: "opened", Cause: orCause(cause, CauseRegressed), To: j.Verdict}
	if j.Verdict == Unknown {
		m.Cause = orCause(cause, CauseCoverageLost)
	}
	if before != nil && before.Verdict == Fail && j.Verdict == Fail {
		f.State, m.What = StateRegressed, "regressed"
	}
	return f, m
}

func resolve(f Finding, at time.Time, cause Cause) (*Finding, *Movement) {
	m := &Movement{What: "resolved", Cause: cause, From: f.Verdict, To: Pass}
	f.State, f.ResolvedAt, f.NotReadSince = StateResolved, &at, nil
	return &f, m
}

func standsUnread(f Finding, j Judgement, at time.Time) (*Finding, *Movement) {
	if f.NotReadSince != nil && equal(f.Unknown, j.Unknown) {
		return &f, nil
	}
	m := &Movement{What: "not_read", Cause: CauseCoverageLost, From: Fail, To: Fail}
	f.Unknown = j.Unknown
	if f.NotReadSince == nil {
		f.NotReadSince = &at
	}
	return &f, m
}

func change(f Finding, j Judgement, at time.Time, cause Cause) (*Finding, *Movement) {
	j = keepWorse(f, j)
	same := f.Verdict == j.Verdict && f.Base == j.Base && f.Severity == j.Severity && f.NotReadSince == nil &&
		equal(f.Reasons, j.Reasons) && equal(f.Unknown, j.Unknown)
	if same {
		return &f, nil
	}
	m := &Movement{What: "changed", Cause: orCause(cause, byWeight(f, j)), From: f.Verdict, To: j.Verdict}
	if f.NotReadSince != nil || f.Verdict == Unknown {
		m.Cause = orCause(cause, CauseCoverageRegained)
	}
	if f.Verdict != j.Verdict {
		f.Since = at
	}
	f.Verdict, f.Base, f.Severity, f.Reasons, f.Unknown, f.NotReadSince = j.Verdict, j.Base, j.Severity, j.Reasons, j.Unknown, nil
	return &f, m
}

// keepWorse keeps the severity that was proven before where a lower one rests on something that could not be read: a
// permission that is lost must not make anything look better.
func keepWorse(f Finding, j Judgement) Judgement {
	if f.Verdict != Fail || j.Verdict != Fail || j.Severity.Rank() >= f.Severity.Rank() || !unproven(j) {
		return j
	}
	j.Severity = f.Severity
	reasons := f.Reasons
	for _, r := range j.Reasons {
		if r.Rule == "C12" && !slices.ContainsFunc(reasons, func(old Reason) bool { return equal(old.Text, r.Text) }) {
			reasons = append(slices.Clone(reasons), Reason{Rule: r.Rule, Text: r.Text + " What was seen before stands.", Facts: r.Facts, Severity: f.Severity})
		}
	}
	if len(reasons) > len(f.Reasons) && slices.ContainsFunc(f.Reasons, func(old Reason) bool { return old.Rule == "C12" }) {
		reasons = f.Reasons
	}
	j.Reasons = reasons
	return j
}

// unproven says whether a fact that the severity rests on could not be read.
func unproven(j Judgement) bool {
	return slices.ContainsFunc(j.Reasons, func(r Reason) bool { return r.Rule == "C12" })
}

// byWeight is the cause of a change that the verdict does not tell: what got worse regressed, what got better was mended
// in part. What only reads differently moved no figure and has no cause.
func byWeight(f Finding, j Judgement) Cause {
	switch {
	case j.Severity.Rank() > f.Severity.Rank():
		return CauseRegressed
	case j.Severity.Rank() < f.Severity.Rank():
		return CauseFixed
	default:
		return ""
	}
}

func closing(verdict Verdict) Cause {
	if verdict == Unknown {
		return CauseCoverageRegained
	}
	return CauseFixed
}

func orCause(cause, otherwise Cause) Cause {
	if cause != "" {
		return cause
	}
	return otherwise
}

// equal compares what is stored as JSON by its JSON, so that a value read back compares with one just made. A reason
// holds values of any type: read back, they are objects whose keys come in another order.
func equal(a, b any) bool {
	left, err := json.Marshal(a)
	if err != nil {
		return false
	}
	right, err := json.Marshal(b)
	if err != nil {
		return false
	}
	if bytes.Equal(left, right) || emptyJSON(left) && emptyJSON(right) {
		return true
	}
	var x, y any
	return json.Unmarshal(left, &x) == nil && json.Unmarshal(right, &y) == nil && reflect.DeepEqual(x, y)
}

func emptyJSON(b []byte) bool { return string(b) == "null" || string(b) == "[]" }
