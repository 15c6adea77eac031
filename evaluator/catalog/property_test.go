package catalog

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// moment is about when examples are judged, so that moments of facts fall before and after it.
var moment = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// A fact that is lost never turns a verdict to pass: over random facts of every class, with facts known, unknown, not
// applicable and inherent.
func TestLosingAFactNeverPasses(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	draw := newDrawer(c)
	for class := range inventory.Classes {
		t.Run(string(class), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				settings := inventory.Defaults()
				r := draw.resource(t, class, "lost")
				before := verdicts(c, r, &settings)
				for _, a := range r.Schema().Attributes {
					if _, na := r.NotApplicable[a.Name]; !a.CEL || !r.IsKnown(a.Name) && !na {
						continue
					}
					poorer := r.Copy()
					poorer.SetUnknown(inventory.Unknown{Cause: inventory.CauseDenied}, a.Name)
					for check, verdict := range verdicts(c, poorer, &settings) {
						if verdict == evaluator.Pass && before[check] != evaluator.Pass {
							t.Fatalf("%s: %q becomes pass when %s is lost", check, before[check], a.Name)
						}
					}
				}
			})
		})
	}
}

// A fact that a rule does not name never changes its verdict.
func TestUnrelatedFactsChangeNothing(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	draw := newDrawer(c)
	for class := range inventory.Classes {
		t.Run(string(class), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				settings := inventory.Defaults()
				r := draw.resource(t, class, "as it was")
				other := r.Copy()
				a := rapid.SampledFrom(r.Schema().Attributes).Draw(t, "attribute")
				draw.set(t, other, a, "added")
				was, is := verdicts(c, r, &settings), verdicts(c, other, &settings)
				for _, check := range c.ByClass(class) {
					if !slices.Contains(check.Attributes(class), a.Name) && was[check.ID] != is[check.ID] {
						t.Fatalf("%s: %q becomes %q by %s, which its rule does not name", check.ID, was[check.ID],
							is[check.ID], a.Name)
					}
				}
			})
		})
	}
}

// The order in which resources are judged changes nothing: no verdict, no severity, no reason and no score.
func TestOrderChangesNothing(t *testing.T) {
	t.Parallel()
	c := loaded(t)
	draw := newDrawer(c)
	var classes []inventory.Class
	for class := range inventory.Classes {
		classes = append(classes, class)
	}
	slices.Sort(classes)
	rapid.Check(t, func(t *rapid.T) {
		settings := inventory.Defaults()
		var all []*inventory.Resource
		for i := range rapid.IntRange(2, 12).Draw(t, "resources") {
			class := rapid.SampledFrom(classes).Draw(t, "class")
			all = append(all, draw.resource(t, class, fmt.Sprintf("r%d", i)))
		}
		one, first := judged(c, all, &settings)
		other, second := judged(c, rapid.Permutation(all).Draw(t, "order"), &settings)
		if !reflect.DeepEqual(one, other) {
			t.Fatalf("judgements differ by the order of the resources:\n%v\n%v", one, other)
		}
		if !reflect.DeepEqual(first, second) {
			t.Fatalf("scores differ by the order of the resources: %+v and %+v", first, second)
		}
	})
}

func verdicts(c *evaluator.Catalogue, r *inventory.Resource, s *inventory.Settings) map[string]evaluator.Verdict {
	out := map[string]evaluator.Verdict{}
	for _, j := range c.Judge(r, s, moment) {
		out[j.Check.ID] = j.Verdict
	}
	return out
}

func judged(c *evaluator.Catalogue, all []*inventory.Resource,
	s *inventory.Settings) (map[string][]evaluator.Judgement, evaluator.Score) {
	out := map[string][]evaluator.Judgement{}
	var tallies []evaluator.Tally
	for _, r := range all {
		out[r.ID] = c.Judge(r, s, moment)
		for _, j := range out[r.ID] {
			t := evaluator.Tally{Check: j.Check.ID}
			switch j.Verdict {
			case evaluator.Pass:
				t.Pass = 1
			case evaluator.Fail:
				t.Fail[j.Severity.Rank()] = 1
			case evaluator.Unknown:
				t.Unknown = 1
			case evaluator.None:
			}
			tallies = append(tallies, t)
		}
	}
	return out, c.Score(tallies, nil)
}

// drawer makes random resources. Words come from the examples of the catalogue, so that rules about "production" or
// "tcp/22" meet them.
type drawer struct{ words map[string][]string }

func newDrawer(c *evaluator.Catalogue) drawer {
	d := drawer{words: map[string][]string{}}
	for _, check := range c.Checks {
		for _, e := range check.Examples {
			for name, value := range e.Given {
				switch v := value.(type) {
				case string:
					d.words[name] = append(d.words[name], v)
				case []any:
					for _, item := range v {
						if word, ok := item.(string); ok {
							d.words[name] = append(d.words[name], word)
						}
					}
				}
			}
		}
	}
	for name := range d.words {
		slices.Sort(d.words[name])
		d.words[name] = slices.Compact(d.words[name])
	}
	return d
}

// resource draws one of the class with every attribute in one of its four states.
func (d drawer) resource(t *rapid.T, class inventory.Class, id string) *inventory.Resource {
	r := inventory.New(id, id, "here", inventory.Classes[class]())
	cloud := rapid.SampledFrom(clouds).Draw(t, "cloud")
	r.Kind = inventory.Kind(string(cloud) + ".drawn")
	r.CarriesLabels = rapid.Bool().Draw(t, "carries labels")
	for _, a := range r.Schema().Attributes {
		d.set(t, r, a, id)
	}
	return r
}

// set puts one attribute of the resource in a random state. Three of five are known, or few rules would get an answer.
func (d drawer) set(t *rapid.T, r *inventory.Resource, a inventory.Attribute, label string) {
	switch rapid.IntRange(0, 9).Draw(t, label+" state of "+a.Name) {
	case 0:
		r.SetUnknown(inventory.Unknown{Cause: inventory.CauseDenied}, a.Name)
	case 1:
		r.SetUnknown(inventory.Unknown{Cause: inventory.CauseFailed}, a.Name)
	case 2:
		r.SetNotApplicable("drawn so", a.Name)
	case 3:
		a.Set(r, d.value(t, a.Name, a.Type))
		r.SetInherent(a.Name)
	default:
		a.Set(r, d.value(t, a.Name, a.Type))
		r.Known(a.Name)
	}
}

// value draws a value of any type that facts are made of.
func (d drawer) value(t *rapid.T, name string, of reflect.Type) any {
	v := reflect.New(of).Elem()
	if of == reflect.TypeFor[time.Time]() {
		return moment.AddDate(0, 0, rapid.IntRange(-800, 400).Draw(t, name))
	}
	switch of.Kind() {
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, name))
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(rapid.Int64Range(-1, 800).Draw(t, name))
	case reflect.Float64:
		v.SetFloat(rapid.SampledFrom([]float64{0, 1, 1.2, 1.3, 5, 20, 80, 99, 100, 400}).Draw(t, name))
	case reflect.String:
		words := append([]string{"", "other"}, d.words[name]...)
		v.SetString(rapid.SampledFrom(words).Draw(t, name))
	case reflect.Slice:
		for range rapid.IntRange(0, 2).Draw(t, name+" length") {
			v.Set(reflect.Append(v, reflect.ValueOf(d.value(t, name, of.Elem())).Convert(of.Elem())))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(of))
		for range rapid.IntRange(0, 2).Draw(t, name+" length") {
			v.SetMapIndex(reflect.ValueOf(d.value(t, name, of.Key())).Convert(of.Key()),
				reflect.ValueOf(d.value(t, name, of.Elem())).Convert(of.Elem()))
		}
	case reflect.Pointer:
		v.Set(reflect.New(of.Elem()))
		v.Elem().Set(reflect.ValueOf(d.value(t, name, of.Elem())))
	case reflect.Struct:
		for i := range of.NumField() {
			if of.Field(i).IsExported() {
				v.Field(i).Set(reflect.ValueOf(d.value(t, of.Field(i).Name, of.Field(i).Type)))
			}
		}
	default:
		t.Fatalf("no way to draw a %s for %s", of, name)
	}
	return v.Interface()
}
