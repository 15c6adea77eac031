package inventory

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Attribute describes one fact of a class.
type Attribute struct {
	Name string
	// Derived says that the attribute may rest on more than the resource's own answers.
	Derived bool
	// CEL says that checks may name it; other attributes are details that derived facts and context rules read.
	CEL bool
	// Link is the name of the edge that the ids in this attribute make; empty when it makes none.
	Link string
	Type reflect.Type

	bit      uint
	index    int
	envelope bool
}

// Envelope says whether every class has the attribute.
func (a *Attribute) Envelope() bool { return a.envelope }

func (a *Attribute) value(r *Resource) reflect.Value {
	if a.envelope {
		return reflect.ValueOf(&r.Envelope).Elem().Field(a.index)
	}
	return reflect.ValueOf(r.Facts).Elem().Field(a.index)
}

// Get reads the attribute from a resource, known or not.
func (a *Attribute) Get(r *Resource) any { return a.value(r).Interface() }

// Set writes the attribute of a resource. It does not make it known. The value must be of the attribute's type.
func (a *Attribute) Set(r *Resource, value any) { a.value(r).Set(reflect.ValueOf(value)) }

// Schema describes the attributes of a class, its own and those of the envelope.
type Schema struct {
	Class      Class
	Attributes []Attribute

	byName  map[string]*Attribute
	sorted  []*Attribute
	celMask uint64
	fresh   func() any
	goType  reflect.Type
}

// Attribute returns the attribute of that name, or nil.
func (s *Schema) Attribute(name string) *Attribute { return s.byName[name] }

// Mask is the set of the named attributes, for Resource.KnowsAll.
func (s *Schema) Mask(names ...string) uint64 {
	var mask uint64
	for _, name := range names {
		mask |= 1 << s.byName[name].bit
	}
	return mask
}

// Fresh returns a pointer to an empty struct of the class.
func (s *Schema) Fresh() any { return s.fresh() }

var (
	schemaByClass = map[Class]*Schema{}
	schemaByType  = map[reflect.Type]*Schema{}
	// The schemas are built before any package that imports this one starts, by the initialisation of this variable.
	_ = buildSchemas()
)

func buildSchemas() bool {
	for class, fresh := range Classes {
		addSchema(class, fresh, true)
	}
	for class, fresh := range SupportingClasses {
		addSchema(class, fresh, false)
	}
	return true
}

func addSchema(class Class, fresh func() any, envelope bool) {
	t := reflect.TypeOf(fresh()).Elem()
	s := &Schema{Class: class, byName: map[string]*Attribute{}, fresh: fresh, goType: t}
	s.add(t, false)
	if envelope {
		s.add(reflect.TypeFor[Envelope](), true)
	}
	if len(s.Attributes) > 64 {
		panic(fmt.Sprintf("class %s has %d attributes; the set of known ones holds 64", class, len(s.Attributes)))
	}
	for i := range s.Attributes {
		a := &s.Attributes[i]
		a.bit = uint(i)
		if s.byName[a.Name] != nil {
			panic(fmt.Sprintf("class %s has two attributes %q", class, a.Name))
		}
		s.byName[a.Name] = a
		s.sorted = append(s.sorted, a)
		if a.CEL {
			s.celMask |= 1 << a.bit
		}
	}
	slices.SortFunc(s.sorted, func(a, b *Attribute) int { return strings.Compare(a.Name, b.Name) })
	schemaByClass[class] = s
	schemaByType[t] = s
}

func (s *Schema) add(t reflect.Type, envelope bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		_, cel := f.Tag.Lookup("cel")
		s.Attributes = append(s.Attributes, Attribute{
			Name: name, CEL: cel, Derived: f.Tag.Get("stage") == "derived", Link: f.Tag.Get("link"),
			Type: f.Type, index: i, envelope: envelope,
		})
	}
}

// SchemaOf returns the schema of a class, or nil for a class nobody declared.
func SchemaOf(class Class) *Schema { return schemaByClass[class] }

func schemaOf(facts any) *Schema {
	t := reflect.TypeOf(facts)
	if t == nil || t.Kind() != reflect.Pointer || schemaByType[t.Elem()] == nil {
		panic(fmt.Sprintf("inventory: %T is not a pointer to the struct of a class", facts))
	}
	return schemaByType[t.Elem()]
}

// Link is an edge from a resource to another, by name and target id.
type Link struct {
	Name string
	To   string
}

// Links lists the edges that the known facts of the resource make, in the order of the attributes.
func (r *Resource) Links() []Link {
	var links []Link
	for i := range r.schema.Attributes {
		a := &r.schema.Attributes[i]
		if a.Link == "" || r.known&(1<<a.bit) == 0 {
			continue
		}
		switch v := a.Get(r).(type) {
		case string:
			if v != "" {
				links = append(links, Link{a.Link, v})
			}
		case []string:
			for _, to := range v {
				links = append(links, Link{a.Link, to})
			}
		}
	}
	return links
}
