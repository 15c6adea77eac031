package web

import (
	"cmp"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// causeCount is how often one cause moved a figure.
type causeCount struct {
	Word  string
	Count int64
	// Class says whether the cause lifts the figure, lowers it, or either.
	Class string
}

var causeWords = map[evaluator.Cause]causeCount{
	evaluator.CauseFixed:            {Word: "fixed", Class: "plus"},
	evaluator.CauseRegressed:        {Word: "regressed", Class: "minus"},
	evaluator.CauseNewResource:      {Word: "on new resources"},
	evaluator.CauseDeletedResource:  {Word: "gone with deleted resources"},
	evaluator.CauseExceptionGranted: {Word: "excepted", Class: "plus"},
	evaluator.CauseExceptionEnded:   {Word: "exceptions ended", Class: "minus"},
	evaluator.CauseAttestationGiven: {Word: "attested", Class: "plus"},
	evaluator.CauseAttestationEnded: {Word: "attestations lapsed", Class: "minus"},
	evaluator.CauseCatalogueChanged: {Word: "by a new catalogue"},
	evaluator.CauseSettingsChanged:  {Word: "by changed settings"},
	evaluator.CauseScopeAdded:       {Word: "with scopes added"},
	evaluator.CauseScopeRemoved:     {Word: "with scopes removed"},
	evaluator.CauseCoverageLost:     {Word: "no longer read", Class: "minus"},
	evaluator.CauseCoverageRegained: {Word: "read again", Class: "plus"},
	evaluator.CauseAged:             {Word: "by age", Class: "minus"},
}

// causes lists what moved a figure, the most frequent first.
func causes(movements map[evaluator.Cause]int64) []causeCount {
	var out []causeCount
	for cause, n := range movements {
		if n == 0 {
			continue
		}
		c, ok := causeWords[cause]
		if !ok {
			c.Word = cmp.Or(strings.ReplaceAll(string(cause), "_", " "), "changed otherwise")
		}
		c.Count = n
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b causeCount) int {
		if a.Count != b.Count {
			return int(b.Count - a.Count)
		}
		return strings.Compare(a.Word, b.Word)
	})
	return out
}

// sum adds the movements of several days.
func sum(points []chartPoint) map[evaluator.Cause]int64 {
	out := map[evaluator.Cause]int64{}
	for _, p := range points {
		for cause, n := range p.Movements {
			out[cause] += n
		}
	}
	return out
}

var unknownWords = map[inventory.Cause]string{
	inventory.CauseDenied:         "Permission denied",
	inventory.CauseThrottled:      "The cloud asked us to slow down",
	inventory.CauseFailed:         "The call failed",
	inventory.CauseNotCollected:   "Not collected by this release",
	inventory.CauseNotEnabled:     "The service is not enabled",
	inventory.CauseLabelMissing:   "A label is missing",
	inventory.CauseOwnerUndecided: "Who owns the other side is not decided",
	inventory.CausePaidPlan:       "Only a paid plan of the cloud tells",
}

// unknownWord says in words why something is not known.
func unknownWord(c inventory.Cause) string {
	if w, ok := unknownWords[c]; ok {
		return w
	}
	return sentence(string(c))
}
