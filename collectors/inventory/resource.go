package inventory

import (
	"fmt"
	"sort"
	"time"
)

// Kind is a native type, such as "aws.s3.bucket".
type Kind string

// Cloud is the provider the kind belongs to: its first word.
func (k Kind) Cloud() Cloud {
	for i := range k {
		if k[i] == '.' {
			return Cloud(k[:i])
		}
	}
	return Cloud(k)
}

// Cause says why a fact is unknown.
type Cause string

// The causes of an unknown fact.
const (
	CauseDenied         Cause = "denied"
	CauseThrottled      Cause = "throttled"
	CauseFailed         Cause = "failed"
	CauseNotCollected   Cause = "not_collected"
	CauseNotEnabled     Cause = "not_enabled"
	CauseLabelMissing   Cause = "label_missing"
	CauseOwnerUndecided Cause = "owner_undecided"
	CausePaidPlan       Cause = "paid_plan"
)

// Unknown is why a fact could not be stated. Action is the API operation that failed; Permission is the right that
// cures it, and the two differ: GetPublicAccessBlock needs s3:GetBucketPublicAccessBlock.
type Unknown struct {
	Fact       string `json:"fact,omitempty"`
	Cause      Cause  `json:"cause"`
	Action     string `json:"action,omitempty"`
	Permission string `json:"permission,omitempty"`
	Code       string `json:"code,omitempty"`
}

// Resource is one observed thing: what it is, its facts, and why the others are not known.
//
// Every attribute of its class is in exactly one state: known, inherent (known, because the provider does it for
// everyone), not applicable to this resource, or unknown. A new resource has every attribute unknown.
type Resource struct {
	// ID is the natural id: the ARN, the ARM id or the full resource name; what has none of these is
	// <scope>/<class>/<name>.
	ID     string
	Kind   Kind
	Class  Class
	Scope  ScopeID
	Region string
	Name   string
	// Labels are the tags or labels as the cloud returned them; CarriesLabels says whether the kind can have any.
	Labels        map[string]string
	CarriesLabels bool
	// Placeholder marks the record that stands for a listing that failed: every attribute of it is unknown.
	Placeholder bool
	ObservedAt  time.Time

	// Facts points at the struct of the class, such as *ObjectStorage.
	Facts    any
	Envelope Envelope
	// Unknown holds the reason of each attribute that was asked for and not learnt.
	Unknown map[string]Unknown
	// NotApplicable holds the reason of each attribute this resource does not have.
	NotApplicable map[string]string
	// Inherent holds the attributes the provider fills for everyone.
	Inherent map[string]bool

	schema *Schema
	known  uint64
	// fixed are the attributes the facts stage spoke of.
	fixed uint64
	// borrowed says that the maps are another resource's.
	borrowed bool
}

// New returns a resource whose every attribute is unknown. facts must be a pointer to the struct of a class.
func New(id, name, region string, facts any) *Resource {
	schema := schemaOf(facts)
	return &Resource{ID: id, Name: name, Region: region, Class: schema.Class, Facts: facts, schema: schema}
}

// Schema describes the attributes of the resource's class.
func (r *Resource) Schema() *Schema { return r.schema }

func (r *Resource) attribute(name string) *Attribute {
	a := r.schema.byName[name]
	if a == nil {
		panic(fmt.Sprintf("class %s has no attribute %q", r.Class, name))
	}
	return a
}

// Known states that the named attributes now hold what was learnt. It panics on a name the class does not have: that
// is a fault of the normaliser, which its first test shows.
func (r *Resource) Known(names ...string) {
	for _, name := range names {
		r.known |= 1 << r.attribute(name).bit
		r.unsay(name)
	}
}

// unsay takes back why an attribute had no value.
func (r *Resource) unsay(name string) {
	_, unknown := r.Unknown[name]
	_, notApplicable := r.NotApplicable[name]
	if unknown || notApplicable {
		r.own()
		delete(r.Unknown, name)
		delete(r.NotApplicable, name)
	}
}

// SetInherent states that the provider fills the named attributes for everyone; their values must be set to what
// passes.
func (r *Resource) SetInherent(names ...string) {
	r.Known(names...)
	r.own()
	if r.Inherent == nil {
		r.Inherent = map[string]bool{}
	}
	for _, name := range names {
		r.Inherent[name] = true
	}
}

// SetNotApplicable states that this resource does not have the attribute, and why.
func (r *Resource) SetNotApplicable(reason string, names ...string) {
	r.own()
	if r.NotApplicable == nil {
		r.NotApplicable = map[string]string{}
	}
	for _, name := range names {
		r.known &^= 1 << r.attribute(name).bit
		delete(r.Unknown, name)
		r.NotApplicable[name] = reason
	}
}

// SetUnknown states why the named attributes could not be learnt. A value learnt before is forgotten.
func (r *Resource) SetUnknown(why Unknown, names ...string) {
	r.own()
	if r.Unknown == nil {
		r.Unknown = map[string]Unknown{}
	}
	for _, name := range names {
		r.known &^= 1 << r.attribute(name).bit
		delete(r.NotApplicable, name)
		delete(r.Inherent, name)
		why.Fact = name
		r.Unknown[name] = why
	}
}

// IsKnown says whether the attribute holds a value.
func (r *Resource) IsKnown(name string) bool {
	a := r.schema.byName[name]
	return a != nil && r.known&(1<<a.bit) != 0
}

// KnowsAll says whether every attribute of a set holds a value. The set must be of the resource's class.
func (r *Resource) KnowsAll(mask uint64) bool { return r.known&mask == mask }

// Why returns the reason an attribute is unknown. An attribute nobody asked for is not collected.
func (r *Resource) Why(name string) Unknown {
	if u, ok := r.Unknown[name]; ok {
		u.Fact = name
		return u
	}
	return Unknown{Fact: name, Cause: CauseNotCollected}
}

// Holes calls yield for every attribute that checks can name and that has no value, with whether it is not
// applicable (no verdict) or unknown.
func (r *Resource) Holes(yield func(name string, notApplicable bool)) {
	if r.known&r.schema.celMask == r.schema.celMask {
		return
	}
	for i := range r.schema.Attributes {
		a := &r.schema.Attributes[i]
		if !a.CEL || r.known&(1<<a.bit) != 0 {
			continue
		}
		_, na := r.NotApplicable[a.Name]
		yield(a.Name, na)
	}
}

// Value returns the value of a known attribute and whether it is known.
func (r *Resource) Value(name string) (any, bool) {
	a := r.schema.byName[name]
	if a == nil || r.known&(1<<a.bit) == 0 {
		return nil, false
	}
	return a.value(r).Interface(), true
}

// MarkFacts ends the facts stage: every attribute the normaliser spoke of stays as it said, and what the derive stage
// adds later can be forgotten without it.
func (r *Resource) MarkFacts() {
	r.fixed = r.known
	for name := range r.Unknown {
		r.fixed |= 1 << r.attribute(name).bit
	}
	for name := range r.NotApplicable {
		r.fixed |= 1 << r.attribute(name).bit
	}
}

// ForgetDerived clears what the derive stage filled in, so that it can be worked out again.
func (r *Resource) ForgetDerived() {
	for i := range r.schema.Attributes {
		a := &r.schema.Attributes[i]
		if r.fixed&(1<<a.bit) != 0 {
			continue
		}
		if r.known&(1<<a.bit) != 0 {
			a.value(r).SetZero()
			r.known &^= 1 << a.bit
		}
		r.unsay(a.Name)
		if r.Inherent[a.Name] {
			r.own()
			delete(r.Inherent, a.Name)
		}
	}
}

// IsFixed says whether the facts stage spoke of the attribute, so that the derive stage has nothing to add.
func (r *Resource) IsFixed(name string) bool { return r.fixed&(1<<r.attribute(name).bit) != 0 }

// Placehold returns the record that stands for a listing that failed: one resource of the kind, all of it unknown for
// the reason of the ledger row.
func Placehold(row LedgerRow, class Class, at time.Time) *Resource {
	r := New(fmt.Sprintf("%s/%s/%s@%s", row.Scope, class, row.Kind, row.Region),
		fmt.Sprintf("every %s in %s", row.Kind, row.Region), row.Region, Classes[class]())
	r.Kind, r.Scope, r.Placeholder, r.ObservedAt = row.Kind, row.Scope, true, at
	why := Unknown{Cause: CauseFailed}
	if row.Unknown != nil {
		why = *row.Unknown
	}
	for _, a := range r.schema.Attributes {
		r.SetUnknown(why, a.Name)
	}
	r.MarkFacts()
	return r
}

// SortUnknowns orders reasons by fact, then action, so that equal states read alike.
func SortUnknowns(us []Unknown) {
	sort.Slice(us, func(i, j int) bool {
		if us[i].Fact != us[j].Fact {
			return us[i].Fact < us[j].Fact
		}
		return us[i].Action < us[j].Action
	})
}
