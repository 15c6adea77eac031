package pipeline

import (
	"iter"
	"slices"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// packed is what a Scratch keeps of a settled resource. Most judgements are passes that say no more than their check
// does, of which it keeps the check alone: a scan of a large scope makes millions.
type packed struct {
	resource   *inventory.Resource
	judgements []packedJudgement
	// told are the judgements that say more, in their order.
	told []evaluator.Judgement
}

// packedJudgement is a plain pass of the check, or, without one, the next of those that are told.
type packedJudgement struct {
	check     *evaluator.Check
	inherited bool
}

func pack(s evaluator.Settled) packed {
	p := packed{resource: s.Resource, judgements: make([]packedJudgement, len(s.Judgements))}
	told := 0
	for _, j := range s.Judgements {
		if !plainPass(j) {
			told++
		}
	}
	p.told = make([]evaluator.Judgement, 0, told)
	for i, j := range s.Judgements {
		if plainPass(j) {
			p.judgements[i] = packedJudgement{j.Check, j.Inherited}
		} else {
			p.told = append(p.told, j)
		}
	}
	return p
}

// plainPass says whether a judgement follows from its check and from its being a pass.
func plainPass(j evaluator.Judgement) bool {
	return j.Verdict == evaluator.Pass && j.Base == j.Check.Severity && j.Severity == j.Base && len(j.Reasons) == 0 &&
		len(j.Unknown) == 0
}

func (p packed) unpack() evaluator.Settled {
	out := evaluator.Settled{Resource: p.resource, Judgements: make([]evaluator.Judgement, len(p.judgements))}
	told := p.told
	for i, j := range p.judgements {
		if j.check == nil {
			out.Judgements[i], told = told[0], told[1:]
			continue
		}
		out.Judgements[i] = evaluator.Judgement{
			Check: j.check, Verdict: evaluator.Pass, Base: j.check.Severity, Severity: j.check.Severity, Inherited: j.inherited,
		}
	}
	return out
}

// following is the finding of a check on a resource.
type following struct {
	check   string
	finding *evaluator.Finding
}

// followed are the findings after some of them moved.
func followed(before []following, moved []evaluator.Moved) []following {
	if before == nil {
		before = make([]following, 0, len(moved))
	}
	for _, m := range moved {
		if i := slices.IndexFunc(before, func(f following) bool { return f.check == m.Check }); i >= 0 {
			before[i].finding = m.Finding
			continue
		}
		before = append(before, following{m.Check, m.Finding})
	}
	return before
}

func findingsOf(all []following) map[string]*evaluator.Finding {
	if len(all) == 0 {
		return nil
	}
	out := make(map[string]*evaluator.Finding, len(all))
	for _, f := range all {
		out[f.check] = f.finding
	}
	return out
}

// idSet is a set of ids, of which most have one or a few and some have thousands.
type idSet struct {
	few  []string
	many map[string]struct{}
}

// fewest is how many ids a set holds before it is worth a map.
const fewest = 16

// with is the set with an id more. The set it was made from must not be used any more.
func (s idSet) with(id string) idSet {
	switch {
	case s.many != nil:
		s.many[id] = struct{}{}
	case slices.Contains(s.few, id):
	case len(s.few) < fewest:
		s.few = append(s.few, id)
	default:
		s.many = make(map[string]struct{}, 2*fewest)
		for _, other := range append(s.few, id) {
			s.many[other] = struct{}{}
		}
		s.few = nil
	}
	return s
}

// without is the set without an id. The set it was made from must not be used any more.
func (s idSet) without(id string) idSet {
	if s.many != nil {
		delete(s.many, id)
		return s
	}
	if i := slices.Index(s.few, id); i >= 0 {
		s.few = slices.Delete(s.few, i, i+1)
	}
	return s
}

// all gives the ids in no order.
func (s idSet) all() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, id := range s.few {
			if !yield(id) {
				return
			}
		}
		for id := range s.many {
			if !yield(id) {
				return
			}
		}
	}
}
