package evaluator

import (
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Judge gives the verdict of one check on one resource at a moment, before context moves its severity. The verdict is
// None when the check does not speak of the resource.
//
// A resource for which it is not known whether the check applies is unknown, so that nothing drops out in silence. A
// rule that ends in an error is unknown with that error as its code. An attribute the resource does not have leaves no
// verdict when the answer hangs on it alone.
func (c *Check) Judge(r *inventory.Resource, settings *inventory.Settings, at time.Time) Judgement {
	j := Judgement{Check: c, Base: c.Severity, Severity: c.Severity}
	rule := c.rules[r.Class]
	if rule == nil || !c.Asked(r.Kind.Cloud()) || (c.Class[0] == ClassAny && !r.CarriesLabels && !r.Placeholder) {
		return j
	}
	if rule.applies != nil {
		applies, unknown := rule.applies.eval(r, settings, at)
		if unknown != nil {
			j.Verdict, j.Unknown = unknownVerdict(unknown)
			return j
		}
		if !applies {
			return j
		}
	}
	passes, unknown := rule.passes.eval(r, settings, at)
	switch {
	case unknown != nil:
		j.Verdict, j.Unknown = unknownVerdict(unknown)
	case passes:
		j.Verdict, j.Inherited = Pass, inherited(r, rule.passNames)
	default:
		j.Verdict = Fail
	}
	return j
}

// unknownVerdict is None when every hole is an attribute that the resource does not have.
func unknownVerdict(holes []hole) (Verdict, []inventory.Unknown) {
	var reasons []inventory.Unknown
	for _, h := range holes {
		if !h.notApplicable {
			reasons = append(reasons, h.why)
		}
	}
	if len(reasons) == 0 {
		return None, nil
	}
	return Unknown, reasons
}

func inherited(r *inventory.Resource, names []string) bool {
	for _, name := range names {
		if !r.Inherent[name] {
			return false
		}
	}
	return len(names) > 0
}

// hole is an attribute without a value that an answer hangs on.
type hole struct {
	why           inventory.Unknown
	notApplicable bool
}

// eval runs the expression. Holes are nil when the answer is known.
func (p *program) eval(r *inventory.Resource, settings *inventory.Settings, at time.Time) (bool, []hole) {
	vars := &activation{resource: r, settings: settings, at: at}
	var input any = vars
	if patterns := p.holes(r); patterns != nil {
		partial, err := cel.PartialVars(vars, patterns...)
		if err != nil {
			return false, failedHole(err)
		}
		input = partial
	}
	out, _, err := p.run.Eval(input)
	if err != nil {
		return false, failedHole(err)
	}
	switch v := out.(type) {
	case types.Bool:
		return bool(v), nil
	case *types.Unknown:
		return false, holesOf(r, v)
	default:
		return false, failedHole(fmt.Errorf("the rule gave %s", out.Type().TypeName()))
	}
}

// holes are patterns of the attributes the expression names and the resource has no value for; nil when it has all.
func (p *program) holes(r *inventory.Resource) []*cel.AttributePatternType {
	if r.KnowsAll(p.mask) {
		return nil
	}
	var out []*cel.AttributePatternType
	for i, name := range p.attributes {
		if !r.IsKnown(name) {
			out = append(out, p.patterns[i])
		}
	}
	return out
}

func holesOf(r *inventory.Resource, u *types.Unknown) []hole {
	var out []hole
	seen := map[string]bool{}
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, trail := range trails {
			path := trail.QualifierPath()
			if len(path) == 0 {
				continue
			}
			name := fmt.Sprint(path[0])
			if seen[name] {
				continue
			}
			seen[name] = true
			_, na := r.NotApplicable[name]
			out = append(out, hole{why: r.Why(name), notApplicable: na})
		}
	}
	if out == nil {
		out = failedHole(fmt.Errorf("the rule ended without an answer"))
	}
	return out
}

func failedHole(err error) []hole {
	return []hole{{why: inventory.Unknown{Fact: "rule", Cause: inventory.CauseFailed, Code: err.Error()}}}
}

// activation gives the variables of a rule without building a map for each evaluation.
type activation struct {
	resource *inventory.Resource
	settings *inventory.Settings
	at       time.Time
}

// ResolveName implements cel.Activation.
func (a *activation) ResolveName(name string) (any, bool) {
	switch name {
	case "resource":
		return a.resource, true
	case "param":
		return a.settings, true
	case "at":
		return types.Timestamp{Time: a.at}, true
	default:
		return nil, false
	}
}

// Parent implements cel.Activation.
func (a *activation) Parent() cel.Activation { return nil }
