package web

import (
	"strings"

	"github.com/plumbline-posture/plumbline/evaluator"
)

// look is how a status is drawn: symbol, word and colour, in that order of importance. One template draws it.
type look struct{ Symbol, Word, Class string }

var controlLooks = map[evaluator.Status]look{
	evaluator.StatusConforming:       {"✓", "Conforming", "good"},
	evaluator.StatusNonconforming:    {"✕", "Nonconforming", "bad"},
	evaluator.StatusNotEvaluated:     {"?", "Not evaluated", "dim"},
	evaluator.StatusStale:            {"◷", "Stale", "late"},
	evaluator.StatusNeedsAttestation: {"✎", "Needs attestation", "person"},
	evaluator.StatusNotApplicable:    {"–", "Not applicable", "off"},
}

func controlMark(s evaluator.Status) look {
	if l, ok := controlLooks[s]; ok {
		return l
	}
	return look{"?", "Not evaluated", "dim"}
}

func verdictMark(v evaluator.Verdict) look {
	switch v {
	case evaluator.Pass:
		return look{"✓", "Pass", "good"}
	case evaluator.Fail:
		return look{"✕", "Fail", "bad"}
	case evaluator.Unknown:
		return look{"?", "Unknown", "dim"}
	default:
		return look{"–", "Not asked", "off"}
	}
}

func stateMark(s evaluator.State) look {
	switch s {
	case evaluator.StateOpen:
		return look{"●", "Open", "bad"}
	case evaluator.StateRegressed:
		return look{"↺", "Regressed", "bad"}
	case evaluator.StateAcknowledged:
		return look{"○", "Acknowledged", "late"}
	case evaluator.StateInProgress:
		return look{"◐", "In progress", "late"}
	case evaluator.StateExcepted:
		return look{"✎", "Excepted", "person"}
	case evaluator.StateResolved:
		return look{"✓", "Resolved", "good"}
	default:
		return look{"?", string(s), "dim"}
	}
}

func runMark(state string) look {
	switch state {
	case "complete":
		return look{"✓", "Complete", "good"}
	case "partial":
		return look{"◐", "Partial", "late"}
	case "failed":
		return look{"✕", "Failed", "bad"}
	case "cancelled":
		return look{"–", "Cancelled", "off"}
	case "running":
		return look{"◷", "Running", "late"}
	case "queued":
		return look{"…", "Queued", "dim"}
	default:
		return look{"?", "Never run", "dim"}
	}
}

// severityBar is one of the four bars a severity is drawn with.
type severityBar struct {
	X  int
	On bool
}

// severityDrawing is four bars, a word and a colour.
type severityDrawing struct {
	Word, Class string
	Bars        [4]severityBar
}

func severityLook(s evaluator.Severity) severityDrawing {
	d := severityDrawing{Word: sentence(string(s)), Class: string(s)}
	for i := range d.Bars {
		d.Bars[i] = severityBar{X: i * 6, On: i < s.Rank()}
	}
	return d
}

// sentence begins with a capital letter and has no underscores.
func sentence(s string) string {
	s = strings.ReplaceAll(s, "_", " ")
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
