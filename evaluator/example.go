package evaluator

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// exampleMoment is when examples are judged that do not say when.
var exampleMoment = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Resource builds the resource of an example of a check. The error names the attribute that does not fit.
func (e Example) Resource(c *Check) (*inventory.Resource, error) {
	class := e.Class
	if class == "" {
		class = c.Class[0]
	}
	if class == ClassAny {
		class = inventory.ClassObjectStorage
	}
	if !c.Speaks(class) {
		return nil, fmt.Errorf("class %q is not one of the check's", class)
	}
	r := inventory.New("example", e.Name, "example", inventory.Classes[class]())
	r.CarriesLabels = true
	known := map[string]json.RawMessage{}
	for name, value := range e.Given {
		if r.Schema().Attribute(name) == nil {
			return nil, fmt.Errorf("class %s has no attribute %q%s", class, name, suggest(name, attributeNames(r)))
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		known[name] = raw
	}
	raw, err := json.Marshal(inventory.Stored{Known: known})
	if err != nil {
		return nil, fmt.Errorf("given: %w", err)
	}
	if err := r.DecodeFacts(raw); err != nil {
		return nil, fmt.Errorf("given: %w", err)
	}
	for _, name := range e.NotApplicable {
		if r.Schema().Attribute(name) == nil {
			return nil, fmt.Errorf("class %s has no attribute %q%s", class, name, suggest(name, attributeNames(r)))
		}
		r.SetNotApplicable("given by the example", name)
	}
	return r, nil
}

// place is where the example stands, for messages.
func (e Example) place() string {
	if e.Line == 0 {
		return ""
	}
	return fmt.Sprintf("line %d: ", e.Line)
}

func attributeNames(r *inventory.Resource) []string {
	var out []string
	for _, a := range r.Schema().Attributes {
		out = append(out, a.Name)
	}
	return out
}

// Try runs the examples of a check and lists what is wrong: an example that gives another verdict, or a kind of example
// that is missing. Each check needs one that passes, one that fails and one that is unknown, and, where applies_when can
// exclude a resource, one that is out of scope.
func (c *Check) Try() []string {
	var problems []string
	seen := map[string]bool{}
	settings := inventory.Defaults()
	for _, e := range c.Examples {
		seen[e.Want] = true
		r, err := e.Resource(c)
		if err != nil {
			problems = append(problems, fmt.Sprintf("%sexample %q: %v", e.place(), e.Name, err))
			continue
		}
		at := e.At
		if at.IsZero() {
			at = exampleMoment
		}
		got := c.Judge(r, &settings, at).Verdict
		if got == None {
			got = "none"
		}
		if string(got) != e.Want {
			problems = append(problems, fmt.Sprintf("%sexample %q gives %s, want %s", e.place(), e.Name, got, e.Want))
		}
	}
	wanted := []string{"pass", "fail", "unknown"}
	if c.AppliesWhen != "" {
		wanted = append(wanted, "none")
	}
	for _, want := range wanted {
		if !seen[want] {
			problems = append(problems, "no example wants "+want)
		}
	}
	return problems
}
