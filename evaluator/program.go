package evaluator

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// costLimit bounds what one rule may spend on one resource; the longest of the catalogue spends under a hundredth.
const costLimit = 100_000

// program is one expression compiled for one class.
type program struct {
	run        cel.Program
	attributes []string
	// mask is the set of the attributes; patterns are what marks each as a hole.
	mask       uint64
	patterns   []*cel.AttributePatternType
	parameters []string
	readsAt    bool
}

// environments holds one CEL environment for each class, made when the first rule of the class is compiled.
var environments sync.Map

func environment(class inventory.Class) (*cel.Env, error) {
	if env, ok := environments.Load(class); ok {
		return env.(*cel.Env), nil
	}
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("types of class %s: %w", class, err)
	}
	provider := &facts{Registry: registry, structs: map[string]map[string]*types.FieldType{
		"resource": resourceFields(class),
		"settings": settingFields(),
	}}
	env, err := cel.NewEnv(
		cel.CustomTypeProvider(provider), cel.CustomTypeAdapter(provider),
		cel.Variable("resource", cel.ObjectType("resource")),
		cel.Variable("param", cel.ObjectType("settings")),
		cel.Variable("at", cel.TimestampType),
		cel.Function("days", cel.Overload("days_duration", []*cel.Type{cel.DurationType}, cel.IntType,
			cel.UnaryBinding(func(v ref.Val) ref.Val {
				d, ok := v.Value().(time.Duration)
				if !ok {
					return types.MaybeNoSuchOverloadErr(v)
				}
				return types.Int(math.Floor(d.Hours() / 24))
			}))),
	)
	if err != nil {
		return nil, fmt.Errorf("environment of class %s: %w", class, err)
	}
	environments.Store(class, env)
	return env, nil
}

// facts tells CEL which fields a resource of a class and the settings have, and reads them without reflection over
// struct tags at every evaluation.
type facts struct {
	*types.Registry
	structs map[string]map[string]*types.FieldType
}

// FindStructType implements types.Provider.
func (f *facts) FindStructType(name string) (*types.Type, bool) {
	if f.structs[name] != nil {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return f.Registry.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (f *facts) FindStructFieldNames(name string) ([]string, bool) {
	fields := f.structs[name]
	if fields == nil {
		return f.Registry.FindStructFieldNames(name)
	}
	out := make([]string, 0, len(fields))
	for field := range fields {
		out = append(out, field)
	}
	return out, true
}

// FindStructFieldType implements types.Provider.
func (f *facts) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if fields := f.structs[name]; fields != nil {
		t, ok := fields[field]
		return t, ok
	}
	return f.Registry.FindStructFieldType(name, field)
}

func resourceFields(class inventory.Class) map[string]*types.FieldType {
	schema := inventory.SchemaOf(class)
	out := map[string]*types.FieldType{}
	for i := range schema.Attributes {
		a := &schema.Attributes[i]
		if !a.CEL {
			continue
		}
		out[a.Name] = &types.FieldType{
			Type:  celType(a.Type),
			IsSet: func(any) bool { return true },
			GetFrom: func(target any) (any, error) {
				r, ok := target.(*inventory.Resource)
				if !ok {
					return nil, errors.New("not a resource")
				}
				return countable(a.Get(r)), nil
			},
		}
	}
	return out
}

// A duration spans 292 years. These bounds keep every difference of two moments of our time within one.
var (
	earliestCountable = time.Date(1800, 1, 1, 0, 0, 0, 0, time.UTC)
	latestCountable   = time.Date(2250, 1, 1, 0, 0, 0, 0, time.UTC)
)

// countable moves a moment that no duration reaches to the nearest one that a duration does reach: the zero time says
// that something never happened, and certificates without an end name the year 9999. CEL would fail on the difference,
// and "never restored" would be unknown instead of long overdue.
func countable(value any) any {
	moment, ok := value.(time.Time)
	switch {
	case !ok:
		return value
	case moment.Before(earliestCountable):
		return earliestCountable
	case moment.After(latestCountable):
		return latestCountable
	default:
		return value
	}
}

func settingFields() map[string]*types.FieldType {
	out := map[string]*types.FieldType{}
	t := reflect.TypeFor[inventory.Settings]()
	for i := range t.NumField() {
		name := t.Field(i).Tag.Get("param")
		if name == "" {
			continue
		}
		out[name] = &types.FieldType{
			Type:  celType(t.Field(i).Type),
			IsSet: func(any) bool { return true },
			GetFrom: func(target any) (any, error) {
				s, ok := target.(*inventory.Settings)
				if !ok {
					return nil, errors.New("not the settings")
				}
				return reflect.ValueOf(s).Elem().Field(i).Interface(), nil
			},
		}
	}
	return out
}

// celType is the CEL type of an attribute: bool, int, number, string, moment, or a list or map of them.
func celType(t reflect.Type) *types.Type {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return types.TimestampType
	case t.Kind() == reflect.Bool:
		return types.BoolType
	case t.Kind() == reflect.Float64:
		return types.DoubleType
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		return types.IntType
	case t.Kind() == reflect.String:
		return types.StringType
	case t.Kind() == reflect.Slice:
		return types.NewListType(celType(t.Elem()))
	case t.Kind() == reflect.Map:
		return types.NewMapType(celType(t.Key()), celType(t.Elem()))
	default:
		return types.DynType
	}
}

// compile reads one expression over a class. It must be a bool and name only attributes the class has.
func compile(class inventory.Class, expression string) (*program, error) {
	env, err := environment(class)
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(expression)
	if issues.Err() != nil {
		return nil, explainIssues(class, issues)
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		return nil, fmt.Errorf("%q gives %s; want true or false", expression, ast.OutputType())
	}
	p, loops := &program{}, false
	celast.PreOrderVisit(ast.NativeRep().Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		switch e.Kind() {
		case celast.SelectKind:
			s := e.AsSelect()
			if s.Operand().Kind() != celast.IdentKind {
				return
			}
			switch s.Operand().AsIdent() {
			case "resource":
				p.attributes = append(p.attributes, s.FieldName())
			case "param":
				p.parameters = append(p.parameters, s.FieldName())
			}
		case celast.IdentKind:
			p.readsAt = p.readsAt || e.AsIdent() == "at"
		case celast.ComprehensionKind:
			loops = true
		}
	}))
	slices.Sort(p.attributes)
	p.attributes = slices.Compact(p.attributes)
	p.mask = inventory.SchemaOf(class).Mask(p.attributes...)
	for _, name := range p.attributes {
		p.patterns = append(p.patterns, cel.AttributePattern("resource").QualString(name))
	}
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize, cel.OptPartialEval)}
	if loops {
		// What an expression without a loop spends is bounded by its length; keeping count would cost more than it saves.
		options = append(options, cel.CostLimit(costLimit))
	}
	if p.run, err = env.Program(ast, options...); err != nil {
		return nil, fmt.Errorf("%q: %w", expression, err)
	}
	return p, nil
}

// explainIssues adds to CEL's own message which attribute was probably meant.
func explainIssues(class inventory.Class, issues *cel.Issues) error {
	text := strings.TrimSpace(issues.Err().Error())
	if _, rest, ok := strings.Cut(text, "undefined field '"); ok {
		name, _, _ := strings.Cut(rest, "'")
		var known []string
		for _, a := range inventory.SchemaOf(class).Attributes {
			if a.CEL {
				known = append(known, a.Name)
			}
		}
		line := 1
		if all := issues.Errors(); len(all) > 0 {
			line = all[0].Location.Line()
		}
		return &expressionError{line, fmt.Errorf("class %s has no attribute %q%s", class, name, suggest(name, known))}
	}
	if all := issues.Errors(); len(all) > 0 {
		return &expressionError{all[0].Location.Line(), fmt.Errorf("class %s: %s (column %d)", class, all[0].Message,
			all[0].Location.Column()+1)}
	}
	return fmt.Errorf("class %s: %s", class, text)
}

// suggest names the closest of the known words, or nothing when none is close.
func suggest(word string, known []string) string {
	best, distance := "", len(word)/2+1
	for _, k := range known {
		if d := editDistance(word, k); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
