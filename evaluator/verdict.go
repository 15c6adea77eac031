// Package evaluator judges facts against checks, moves severities by context and rolls verdicts up to controls and
// scores. It is pure: no input or output, no clock, no cloud. It must not know where facts come from or are kept.
package evaluator

import (
	"fmt"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Verdict is what a check says of a resource.
type Verdict string

// The verdicts. None means that the check does not speak of the resource.
const (
	None    Verdict = ""
	Pass    Verdict = "pass"
	Fail    Verdict = "fail"
	Unknown Verdict = "unknown"
)

// Severity orders failures.
type Severity string

// The severities, worst first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
)

// Severities lists all, worst first.
var Severities = []Severity{Critical, High, Medium, Low}

// ParseSeverity reads a severity. The error names what is allowed.
func ParseSeverity(s string) (Severity, error) {
	for _, known := range Severities {
		if string(known) == s {
			return known, nil
		}
	}
	return "", fmt.Errorf("severity %q: want critical, high, medium or low", s)
}

// Rank is 4 for critical down to 1 for low, and 0 for anything else.
func (s Severity) Rank() int {
	for i, known := range Severities {
		if known == s {
			return len(Severities) - i
		}
	}
	return 0
}

// SeverityOf is the severity of a rank.
func SeverityOf(rank int) Severity {
	rank = min(max(rank, 1), len(Severities))
	return Severities[len(Severities)-rank]
}

// Weight is what one verdict of that severity weighs in a score.
func (s Severity) Weight() int64 {
	return map[Severity]int64{Critical: 10, High: 5, Medium: 2, Low: 1}[s]
}

// AtLeast says whether s is as bad as other, or worse.
func (s Severity) AtLeast(other Severity) bool { return s.Rank() >= other.Rank() }

// Reason is one step between the base severity of a check and the severity of a finding.
type Reason struct {
	// Rule is the id of the context rule, C1 to C15.
	Rule string `json:"rule"`
	// Text is the sentence for people.
	Text string `json:"text"`
	// Facts are what the sentence rests on: resource ids and attribute values by name.
	Facts map[string]any `json:"facts,omitempty"`
	// Severity is what the rule made of it.
	Severity Severity `json:"severity"`
}

// Judgement is the verdict of one check on one resource at one moment.
type Judgement struct {
	Check    *Check
	Verdict  Verdict
	Base     Severity
	Severity Severity
	Reasons  []Reason
	// Unknown is what kept the verdict from being known; it can accompany a fail as well.
	Unknown []inventory.Unknown
	// Inherited marks a pass that rests on attributes the provider fills for everyone, and on nothing else.
	Inherited bool
}
