package evaluator

import (
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Trial is the verdict of a check on a resource that somebody wants to see, and what it rests on.
type Trial struct {
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	// Severity is that in context; it is empty unless the verdict is fail.
	Severity Severity `json:"severity,omitempty"`
	Reasons  []Reason `json:"reasons,omitempty"`
	// Facts are the values of the attributes that the rule reads and the resource has.
	Facts map[string]any `json:"facts"`
	// Unknown is what kept the verdict from being known; Unread is every attribute of the rule without a value.
	Unknown []inventory.Unknown `json:"unknown,omitempty"`
	Unread  []string            `json:"unread,omitempty"`
	At      time.Time           `json:"at"`
}

// Trial judges a resource and shows what the verdict rests on. A check that does not speak of it gives "none".
func (c *Check) Trial(r *inventory.Resource, settings *inventory.Settings, at time.Time) Trial {
	j := InContext(c.Judge(r, settings, at), r, settings)
	t := Trial{Check: c.ID, Verdict: j.Verdict, Facts: map[string]any{}, Unknown: j.Unknown, At: at}
	if j.Verdict == None {
		t.Verdict = "none"
	}
	if j.Verdict == Fail {
		t.Severity, t.Reasons = j.Severity, j.Reasons
	}
	for _, name := range c.Attributes(r.Class) {
		if value, known := r.Value(name); known {
			t.Facts[name] = value
		} else {
			t.Unread = append(t.Unread, name)
		}
	}
	return t
}
