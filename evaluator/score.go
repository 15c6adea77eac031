package evaluator

import (
	"slices"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Tally counts the verdicts of one check in one scope.
type Tally struct {
	Check string
	Scope inventory.ScopeID
	// Pass counts passes, Inherited those among them that the provider does for everyone.
	Pass, Inherited int64
	// Fail counts unresolved fails by the rank of their severity in context; excepted ones are in Excepted only.
	Fail     [5]int64
	Excepted int64
	Unknown  int64
}

// Fails is the number of unresolved fails of any severity.
func (t Tally) Fails() int64 { return t.Fail[1] + t.Fail[2] + t.Fail[3] + t.Fail[4] }

// Add sums two tallies.
func (t Tally) Add(o Tally) Tally {
	t.Pass, t.Inherited, t.Excepted, t.Unknown = t.Pass+o.Pass, t.Inherited+o.Inherited, t.Excepted+o.Excepted, t.Unknown+o.Unknown
	for i := range t.Fail {
		t.Fail[i] += o.Fail[i]
	}
	return t
}

// Score is a figure and all that it is made of.
type Score struct {
	// PassWeight ÷ TotalWeight is the score: unknown is in the total, excepted is left out.
	PassWeight, TotalWeight int64
	// Judged ÷ Asked is the coverage.
	Judged, Asked int64
	Pass          int64
	Fail          [5]int64
	Unknown       int64
	Excepted      int64
	Inherited     int64
}

// ScoreFormula is printed wherever a score is shown.
const ScoreFormula = "weight of passes ÷ weight of all that should have been judged, unknown included, excepted left out; " +
	"critical weighs 10, high 5, medium 2, low 1"

// Value is the score from 0 to 1; false when nothing should have been judged.
func (s Score) Value() (float64, bool) {
	if s.TotalWeight == 0 {
		return 0, false
	}
	return float64(s.PassWeight) / float64(s.TotalWeight), true
}

// Coverage is the share of what should have been judged that was; 0 when nothing should have been.
func (s Score) Coverage() float64 {
	if s.Asked == 0 {
		return 0
	}
	return float64(s.Judged) / float64(s.Asked)
}

// Score sums the tallies of the checks that keep selects; nil keeps all. Passes and unknowns weigh by the base severity
// of their check, fails by their severity in context.
func (c *Catalogue) Score(tallies []Tally, keep func(*Check) bool) Score {
	var s Score
	for _, t := range tallies {
		check := c.Check(t.Check)
		if check == nil || (keep != nil && !keep(check)) {
			continue
		}
		base := check.Severity.Weight()
		s.PassWeight += t.Pass * base
		s.TotalWeight += (t.Pass + t.Unknown) * base
		for _, severity := range Severities {
			s.TotalWeight += t.Fail[severity.Rank()] * severity.Weight()
		}
		for i := range t.Fail {
			s.Fail[i] += t.Fail[i]
		}
		s.Judged += t.Pass + t.Fails()
		s.Asked += t.Pass + t.Fails() + t.Unknown
		s.Pass, s.Unknown, s.Excepted, s.Inherited = s.Pass+t.Pass, s.Unknown+t.Unknown, s.Excepted+t.Excepted, s.Inherited+t.Inherited
	}
	return s
}

// InFramework selects the checks that are evidence for a framework.
func InFramework(id string) func(*Check) bool {
	return func(c *Check) bool { return len(c.Mapped(id)) > 0 }
}

// Status is where a control stands.
type Status string

// The statuses, in the order in which the first that holds is taken.
const (
	StatusNotApplicable    Status = "not_applicable"
	StatusNonconforming    Status = "nonconforming"
	StatusStale            Status = "stale"
	StatusNotEvaluated     Status = "not_evaluated"
	StatusNeedsAttestation Status = "needs_attestation"
	StatusConforming       Status = "conforming"
)

// Statuses lists all, in the order in which they are counted on pages.
var Statuses = []Status{StatusConforming, StatusNonconforming, StatusNotEvaluated, StatusStale, StatusNeedsAttestation, StatusNotApplicable}

// Standing is all a control's status rests on.
type Standing struct {
	// Tallies are those of the checks mapped to the control, of every scope in question.
	Tallies []Tally
	// OldestRead is when the oldest reading in use was made; the zero time means that nothing was read.
	OldestRead time.Time
	At         time.Time
	// NotApplicable is a decision of the statement of applicability.
	NotApplicable bool
	// Attested says that a valid attestation is there, AttestationFailed that one is there and says no.
	Attested, AttestationFailed bool
	// Reported says that a valid report of each provider in scope is there.
	Reported bool
}

// Assessed is the status of a control and why it is so.
type Assessed struct {
	Status Status
	// Because is one sentence for people.
	Because string
	Score   Score
	// UnknownEverywhere lists mapped checks of medium or worse of which nothing could be judged.
	UnknownEverywhere []string
}

// Assess gives the status of a control by the rules of the contract, the first that holds.
func (c *Catalogue) Assess(control *Control, s Standing, settings *inventory.Settings) Assessed {
	a := Assessed{Score: c.Score(s.Tallies, nil)}
	a.UnknownEverywhere = c.unknownEverywhere(s.Tallies)
	a.Status, a.Because = status(control, s, a, settings)
	return a
}

func status(control *Control, s Standing, a Assessed, settings *inventory.Settings) (Status, string) {
	worse := a.Score.Fail[Critical.Rank()] + a.Score.Fail[High.Rank()] + a.Score.Fail[Medium.Rank()]
	automated := (control.Mode == ModeAutomated || control.Mode == ModeMixed) && len(control.Checks) > 0
	cadence := time.Duration(settings.CadenceHours) * time.Hour
	switch {
	case s.NotApplicable:
		return StatusNotApplicable, "Excluded by the statement of applicability."
	case worse > 0:
		return StatusNonconforming, plural(worse, "unresolved fail", "unresolved fails") + " of medium severity or worse."
	case s.AttestationFailed:
		return StatusNonconforming, "The attestation says that it is not met."
	case automated && !s.OldestRead.IsZero() && s.At.Sub(s.OldestRead) > cadence:
		return StatusStale, "Something in scope was last read longer ago than " + plural(settings.CadenceHours, "hour", "hours") + "."
	case automated && a.Score.Pass-a.Score.Inherited+a.Score.Fail[Low.Rank()] == 0:
		return StatusNotEvaluated, "Nothing has been judged by a real setting yet."
	case automated && a.Score.Coverage()*100 < settings.ControlCoveragePercent:
		return StatusNotEvaluated, plural(a.Score.Unknown, "question", "questions") + " could not be answered."
	case automated && len(a.UnknownEverywhere) > 0:
		return StatusNotEvaluated, plural(int64(len(a.UnknownEverywhere)), "mapped check is", "mapped checks are") + " unknown everywhere."
	case control.Attestation != nil && !s.Attested:
		return StatusNeedsAttestation, "A person has to attest what no machine can see."
	case control.Inherited != nil && !s.Reported:
		return StatusNeedsAttestation, "The report of the provider has to be filed."
	default:
		return StatusConforming, "Every part of it is shown by evidence."
	}
}

// unknownEverywhere lists the checks of medium or worse that have unknowns and not one answer.
func (c *Catalogue) unknownEverywhere(tallies []Tally) []string {
	sums := map[string]Tally{}
	for _, t := range tallies {
		sums[t.Check] = sums[t.Check].Add(t)
	}
	var out []string
	for id, t := range sums {
		check := c.Check(id)
		if check != nil && check.Severity.AtLeast(Medium) && t.Unknown > 0 && t.Pass+t.Fails() == 0 {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}
