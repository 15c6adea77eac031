package aws

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// eventPattern is the pattern of an event rule, as EventBridge documents it:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
type eventPattern map[string]any

func parseEventPattern(text string) (eventPattern, error) {
	var p eventPattern
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&p); err != nil {
		return nil, fmt.Errorf("read event pattern: %w", err)
	}
	return p, nil
}

// matches says whether the example of an event passes. A kind of test that is not known passes nothing: the rule is
// then not known to catch the event.
func (p eventPattern) matches(e sampleEvent) bool {
	flat := map[string]string{"source": e.Source, "detail-type": e.DetailType}
	for field, value := range e.Fields {
		flat["detail."+field] = value
	}
	return matchesObject(p, "", flat)
}

func matchesObject(pattern map[string]any, prefix string, event map[string]string) bool {
	for key, want := range pattern {
		switch w := want.(type) {
		case map[string]any:
			if !matchesObject(w, prefix+key+".", event) {
				return false
			}
		case []any:
			if !matchesAlternative(w, key, prefix, event) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// matchesAlternative says whether one of the alternatives of a field holds; those of $or are patterns of their own.
func matchesAlternative(alternatives []any, key, prefix string, event map[string]string) bool {
	return slices.ContainsFunc(alternatives, func(a any) bool {
		if key == "$or" {
			o, ok := a.(map[string]any)
			return ok && matchesObject(o, prefix, event)
		}
		got, there := event[prefix+key]
		test, isTest := a.(map[string]any)
		switch {
		case isTest:
			return passesTest(test, got, there || exists(event, prefix+key))
		case a == nil:
			return false
		}
		return there && fmt.Sprint(a) == got
	})
}

// passesTest reads the tests that a pattern can make in place of a value.
func passesTest(test map[string]any, got string, there bool) bool {
	for name, arg := range test {
		if name == "exists" {
			if want, ok := arg.(bool); !ok || want != there {
				return false
			}
			continue
		}
		if !there || !passesOne(name, arg, got) {
			return false
		}
	}
	return len(test) > 0
}

func passesOne(name string, arg any, got string) bool {
	word, isWord := arg.(string)
	switch name {
	case "prefix":
		return isWord && strings.HasPrefix(got, word)
	case "suffix":
		return isWord && strings.HasSuffix(got, word)
	case "equals-ignore-case":
		return isWord && strings.EqualFold(got, word)
	case "wildcard":
		return isWord && like(word, got)
	case "anything-but":
		return anythingBut(arg, got)
	case "numeric":
		return numeric(arg, got)
	}
	return false
}

func anythingBut(arg any, got string) bool {
	switch a := arg.(type) {
	case []any:
		return !slices.ContainsFunc(a, func(v any) bool { return fmt.Sprint(v) == got })
	case map[string]any:
		// A test that is not understood must not pass by being turned round.
		for name, inner := range a {
			if _, ok := inner.(string); !ok || passesOne(name, inner, got) || !slices.Contains([]string{"prefix", "suffix", "wildcard", "equals-ignore-case"}, name) {
				return false
			}
		}
		return true
	case nil:
		return false
	}
	return fmt.Sprint(arg) != got
}

// numeric reads pairs such as [">=", 7, "<", 10].
func numeric(arg any, got string) bool {
	pairs, ok := arg.([]any)
	if !ok || len(pairs) == 0 || len(pairs)%2 != 0 {
		return false
	}
	for i := 0; i < len(pairs); i += 2 {
		operator, want := fmt.Sprint(pairs[i]), fmt.Sprint(pairs[i+1])
		switch operator {
		case "=":
			if !ordered("<=", got, want) || !ordered(">=", got, want) {
				return false
			}
		case "<", "<=", ">", ">=":
			if !ordered(operator, got, want) {
				return false
			}
		default:
			return false
		}
	}
	return true
}
