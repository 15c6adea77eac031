package aws

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
)

// fold puts a value of AWS Config into a type of the SDK. Config writes the answers of the API in names that differ in
// case only; its moments are text or counts of seconds or milliseconds, and its words may be wrapped. A value that does
// not fit is an error: dropped, it would read as a setting that is off.
func fold(v any, into reflect.Value) error {
	if v == nil {
		return nil
	}
	if into.Type() == reflect.TypeFor[time.Time]() {
		at, err := configMoment(v)
		if err == nil {
			into.Set(reflect.ValueOf(at))
		}
		return err
	}
	switch into.Kind() {
	case reflect.Pointer:
		target := reflect.New(into.Type().Elem())
		if err := fold(v, target.Elem()); err != nil {
			return err
		}
		into.Set(target)
		return nil
	case reflect.Struct:
		return foldStruct(v, into)
	case reflect.Slice:
		return foldSlice(v, into)
	case reflect.Map:
		return foldMap(v, into)
	case reflect.Interface:
		if into.NumMethod() > 0 {
			return misfit(v, into.Type())
		}
		into.Set(reflect.ValueOf(v))
		return nil
	default:
		return foldScalar(v, into)
	}
}

// misfit says that a value is not what the SDK's type holds.
func misfit(v any, want reflect.Type) error {
	return fmt.Errorf("%T where %s belongs", v, want)
}

func foldStruct(v any, into reflect.Value) error {
	members, ok := v.(map[string]any)
	if !ok {
		return misfit(v, into.Type())
	}
	fields := foldedFields(into.Type())
	for name, member := range members {
		at, known := fields[strings.ToLower(name)]
		if !known {
			continue
		}
		if err := fold(member, into.Field(at)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

var fieldsOfTypes sync.Map

// foldedFields are the fields of a struct by their names in lower case.
func foldedFields(t reflect.Type) map[string]int {
	if known, ok := fieldsOfTypes.Load(t); ok {
		return known.(map[string]int)
	}
	fields := map[string]int{}
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && f.Name != "ResultMetadata" {
			fields[strings.ToLower(f.Name)] = i
		}
	}
	fieldsOfTypes.Store(t, fields)
	return fields
}

func foldSlice(v any, into reflect.Value) error {
	list, ok := v.([]any)
	if !ok {
		return misfit(v, into.Type())
	}
	out := reflect.MakeSlice(into.Type(), len(list), len(list))
	for n, member := range list {
		if err := fold(member, out.Index(n)); err != nil {
			return err
		}
	}
	into.Set(out)
	return nil
}

func foldMap(v any, into reflect.Value) error {
	members, ok := v.(map[string]any)
	if !ok || into.Type().Key().Kind() != reflect.String {
		return misfit(v, into.Type())
	}
	out := reflect.MakeMapWithSize(into.Type(), len(members))
	for name, member := range members {
		value := reflect.New(into.Type().Elem()).Elem()
		if err := fold(member, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		out.SetMapIndex(reflect.ValueOf(name).Convert(into.Type().Key()), value)
	}
	into.Set(out)
	return nil
}

func foldScalar(v any, into reflect.Value) error {
	v = unwrappedWord(v)
	switch into.Kind() {
	case reflect.String:
		text, err := foldText(v)
		into.SetString(text)
		return err
	case reflect.Bool:
		on, err := strconv.ParseBool(textOf(v))
		if err != nil {
			return misfit(v, into.Type())
		}
		into.SetBool(on)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseFloat(textOf(v), 64)
		if err != nil || n != math.Trunc(n) || into.OverflowInt(int64(n)) {
			return misfit(v, into.Type())
		}
		into.SetInt(int64(n))
	case reflect.Float32, reflect.Float64:
		n, err := strconv.ParseFloat(textOf(v), 64)
		if err != nil {
			return misfit(v, into.Type())
		}
		into.SetFloat(n)
	default:
		return misfit(v, into.Type())
	}
	return nil
}

// unwrappedWord is a word that Config writes as an object with one value.
func unwrappedWord(v any) any {
	if members, ok := v.(map[string]any); ok && len(members) == 1 {
		if word, ok := members["value"]; ok {
			return word
		}
	}
	return v
}

// foldText is a word as it stands, and a document as its text: where the API gives a policy as text, Config may give it
// as an object.
func foldText(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number, bool:
		return textOf(v), nil
	default:
		raw, err := json.Marshal(v)
		return string(raw), err
	}
}

// momentForms are the forms in which Config writes moments as text.
var momentForms = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999",
	"Jan 2, 2006 3:04:05 PM", "Jan 2, 2006, 3:04:05 PM", "2006-01-02 15:04:05.999999999Z07:00",
}

// firstMilliseconds is the number from which a count is one of milliseconds: as seconds it lies beyond the year 5000.
const firstMilliseconds = 100_000_000_000

// configMoment reads a moment: text in one of several forms, or a count of seconds or milliseconds since 1970.
func configMoment(v any) (time.Time, error) {
	text, isText := v.(string)
	if isText {
		for _, form := range momentForms {
			if at, err := time.Parse(form, strings.ReplaceAll(text, "\u202f", " ")); err == nil {
				return at.UTC(), nil
			}
		}
	}
	n, err := strconv.ParseFloat(textOf(v), 64)
	switch {
	case err != nil || math.IsNaN(n) || math.IsInf(n, 0):
		return time.Time{}, errors.New("no moment such as 2026-01-31T12:00:00Z")
	case math.Abs(n) >= firstMilliseconds:
		return time.UnixMilli(int64(n)).UTC(), nil
	default:
		whole, part := math.Modf(n)
		return time.Unix(int64(whole), int64(part*1e9)).UTC(), nil
	}
}
