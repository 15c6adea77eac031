package evaluator

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// keyError is what is wrong under a key of a check file.
type keyError struct {
	key string
	// line is where it stands; 0 means where the key stands.
	line int
	err  error
}

func (e *keyError) Error() string { return e.key + ": " + e.err.Error() }

// Unwrap gives what is wrong.
func (e *keyError) Unwrap() error { return e.err }

func wrong(key, format string, args ...any) error {
	return &keyError{key: key, err: fmt.Errorf(format, args...)}
}

// expressionError is what is wrong on a line of an expression.
type expressionError struct {
	line int
	err  error
}

func (e *expressionError) Error() string { return e.err.Error() }

// Unwrap gives what is wrong.
func (e *expressionError) Unwrap() error { return e.err }

// places is where each key of a check file and its value stand.
type places map[string]*yaml.Node

func placesOf(data []byte) places {
	out := places{}
	var doc yaml.Node
	if yaml.Unmarshal(data, &doc) != nil || len(doc.Content) == 0 {
		return out
	}
	for i := 0; i+1 < len(doc.Content[0].Content); i += 2 {
		out[doc.Content[0].Content[i].Value] = doc.Content[0].Content[i+1]
	}
	return out
}

// mark notes in the examples where they stand.
func (p places) mark(examples []Example) {
	list := p["examples"]
	if list == nil || len(list.Content) != len(examples) {
		return
	}
	for i := range examples {
		examples[i].Line = list.Content[i].Line
	}
}

// of puts the line before an error.
func (p places) of(err error) error {
	var keyed *keyError
	if !errors.As(err, &keyed) {
		return err
	}
	line := keyed.line
	if value := p[keyed.key]; line == 0 && value != nil {
		line = value.Line
		var inside *expressionError
		switch {
		case !errors.As(err, &inside):
		case value.Style&yaml.LiteralStyle != 0:
			line += inside.line
		case value.Style&yaml.FoldedStyle != 0:
			line++
		}
	}
	if line == 0 {
		return err
	}
	return fmt.Errorf("line %d: %w", line, err)
}

var unknownKey = regexp.MustCompile(`line (\d+): field (\S+) not found in type evaluator\.(\w+)`)

// explainYAML tells which key was probably meant.
func explainYAML(err error) error {
	m := unknownKey.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	known := keysIn(map[string]reflect.Type{
		"Check": reflect.TypeFor[Check](), "Fix": reflect.TypeFor[Fix](), "Example": reflect.TypeFor[Example](),
	}[m[3]])
	return fmt.Errorf("line %s: there is no key %q%s", m[1], m[2], suggest(m[2], known))
}

func keysIn(t reflect.Type) []string {
	var out []string
	for i := 0; t != nil && i < t.NumField(); i++ {
		if key := t.Field(i).Tag.Get("yaml"); key != "" && key != "-" {
			out = append(out, strings.Split(key, ",")[0])
		}
	}
	return out
}
