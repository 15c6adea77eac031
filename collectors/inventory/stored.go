package inventory

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"time"
)

// Stored is the form in which one stage's attributes are kept: what is known, and why the rest is not. Its JSON is
// canonical (keys sorted), so equal states have equal bytes and one content hash.
type Stored struct {
	Known         map[string]json.RawMessage `json:"known,omitempty"`
	Unknown       map[string]Unknown         `json:"unknown,omitempty"`
	NotApplicable map[string]string          `json:"not_applicable,omitempty"`
	Inherent      []string                   `json:"inherent,omitempty"`
}

// EncodeFacts returns the canonical JSON of what the facts stage stated.
func (r *Resource) EncodeFacts() ([]byte, error) { return r.encode(true) }

// EncodeDerived returns the canonical JSON of what the derive stage added.
func (r *Resource) EncodeDerived() ([]byte, error) { return r.encode(false) }

// encode writes the known attributes by hand, in the order of their names: this runs for every resource of every scan.
func (r *Resource) encode(fixed bool) ([]byte, error) {
	rest := Stored{}
	out := append(make([]byte, 0, 1024), `{"known":{`...)
	empty := len(out)
	for _, a := range r.schema.sorted {
		if (r.fixed&(1<<a.bit) != 0) != fixed {
			continue
		}
		if r.known&(1<<a.bit) == 0 {
			rest.explain(r, a.Name)
			continue
		}
		if len(out) > empty {
			out = append(out, ',')
		}
		out = append(append(append(out, '"'), a.Name...), '"', ':')
		var err error
		if out, err = appendJSON(out, a.Get(r)); err != nil {
			return nil, fmt.Errorf("encode %s of %s: %w", a.Name, r.ID, err)
		}
		if r.Inherent[a.Name] {
			rest.Inherent = append(rest.Inherent, a.Name)
		}
	}
	why, err := json.Marshal(rest)
	switch {
	case err != nil:
		return nil, fmt.Errorf("encode %s: %w", r.ID, err)
	case len(out) == empty:
		return why, nil
	case string(why) == "{}":
		return append(out, "}}"...), nil
	}
	return append(append(out, "},"...), why[1:]...), nil
}

// explain notes why an attribute is not known, if anything was said.
func (s *Stored) explain(r *Resource, name string) {
	if u, ok := r.Unknown[name]; ok {
		if s.Unknown == nil {
			s.Unknown = map[string]Unknown{}
		}
		u.Fact = ""
		s.Unknown[name] = u
	} else if why, ok := r.NotApplicable[name]; ok {
		if s.NotApplicable == nil {
			s.NotApplicable = map[string]string{}
		}
		s.NotApplicable[name] = why
	}
}

// appendJSON appends a value as encoding/json writes it.
func appendJSON(out []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case bool:
		return strconv.AppendBool(out, v), nil
	case int64:
		return strconv.AppendInt(out, v, 10), nil
	}
	raw, err := json.Marshal(value)
	return append(out, raw...), err
}

// DecodeFacts fills a fresh resource from what EncodeFacts wrote.
func (r *Resource) DecodeFacts(data []byte) error {
	if err := r.decode(data); err != nil {
		return fmt.Errorf("facts of %s: %w", r.ID, err)
	}
	r.MarkFacts()
	return nil
}

// DecodeDerived adds what EncodeDerived wrote.
func (r *Resource) DecodeDerived(data []byte) error {
	if err := r.decode(data); err != nil {
		return fmt.Errorf("derived facts of %s: %w", r.ID, err)
	}
	return nil
}

// decode ignores attributes the class no longer has: an older release wrote them, and what nobody can read is unknown.
func (r *Resource) decode(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	var s Stored
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	for name, raw := range s.Known {
		a := r.schema.byName[name]
		if a == nil {
			continue
		}
		if err := json.Unmarshal(raw, a.value(r).Addr().Interface()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		r.Known(name)
	}
	for _, name := range s.Inherent {
		if r.schema.byName[name] != nil {
			r.SetInherent(name)
		}
	}
	for name, u := range s.Unknown {
		if r.schema.byName[name] != nil {
			r.SetUnknown(u, name)
		}
	}
	for name, why := range s.NotApplicable {
		if r.schema.byName[name] != nil {
			r.SetNotApplicable(why, name)
		}
	}
	return nil
}

// Blank returns a resource of a class with every attribute unknown, for filling from what is stored.
func Blank(class Class) (*Resource, error) {
	s := SchemaOf(class)
	if s == nil {
		return nil, fmt.Errorf("class %q is not known to this release", class)
	}
	return &Resource{Class: class, Facts: s.Fresh(), schema: s}, nil
}

// Copy returns a resource that shares nothing that the derive stage writes: deriving on the copy leaves the original
// as it was. What the copy does not write it borrows, so the original must stay as it is while the copy is in use.
func (r *Resource) Copy() *Resource {
	c := *r
	facts := reflect.New(r.schema.goType)
	facts.Elem().Set(reflect.ValueOf(r.Facts).Elem())
	c.Facts = facts.Interface()
	c.borrowed = true
	return &c
}

// own makes the maps of a copy its own before it writes to them.
func (r *Resource) own() {
	if r.borrowed {
		r.borrowed = false
		r.Unknown, r.NotApplicable, r.Inherent = maps.Clone(r.Unknown), maps.Clone(r.NotApplicable), maps.Clone(r.Inherent)
	}
}

// Day rounds a moment down to its UTC day, for moments that a cloud moves on all the time and of which rules read days
// only: an unchanged resource then stays unchanged.
func Day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
