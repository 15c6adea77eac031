// Package collectors gathers what clouds answer and states facts from the answers. It knows no SDK, no store and no
// check.
package collectors

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"sort"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Source says how one kind of resource is listed, asked about and turned into facts. C holds the clients of one scope
// and region, I is one item of the listing, A all answers about one item.
type Source[C, I, A any] struct {
	Kind  inventory.Kind
	Class inventory.Class
	// Permissions are the rights the calls of List and Ask need: the least-privilege policy is made from them.
	Permissions []string
	// ListAction is the API action of the listing, and ListPermission the right it needs; empty means the action.
	ListAction     string
	ListPermission string
	// Global sources are listed once for each scope, not once for each region.
	Global bool
	// NoLabels marks kinds that cannot carry labels, so label questions are not asked of them.
	NoLabels bool
	// List yields the items of one region. An error ends the listing, which is then incomplete.
	List func(ctx context.Context, clients C) iter.Seq2[I, error]
	// Ask makes the further calls about one item and keeps every answer, also when the cloud said no. It must be safe
	// for concurrent use. Nil when the listing tells all.
	Ask func(ctx context.Context, clients C, item I) A
	// Facts states facts from the answers alone: it makes no call and reads no clock. Where says which scope and region
	// the answers are of. It returns nil when the answers describe nothing.
	Facts func(where Where, answers A) *inventory.Resource
	// Find asks about one resource by the provider's id, for a change that was announced. It yields nothing when the
	// resource is gone. Nil where the provider cannot be asked for one.
	Find func(ctx context.Context, clients C, id string) iter.Seq2[I, error]
}

// Where is the place answers are from.
type Where struct {
	Scope  inventory.ScopeID
	Region string
}

// Definition is what is known of a source without running it.
type Definition struct {
	Kind           inventory.Kind
	Class          inventory.Class
	Permissions    []string
	ListAction     string
	ListPermission string
	Global         bool
	NoLabels       bool
}

// Entry is a registered source of any item type.
type Entry[C any] interface {
	Definition() Definition
	// list runs the listing and hands each item's answers on.
	list(ctx context.Context, clients C, id string, emit func(ask func(context.Context) any) error) error
	// facts states the facts of answers that list made or Replay read.
	facts(where Where, answers any) *inventory.Resource
	// decode reads answers back from their JSON.
	decode(raw []byte) (any, error)
}

// Registry holds the sources of one cloud.
type Registry[C any] struct {
	// Absent are the classes of which the cloud has nothing: they need no source, and none of them is missing.
	Absent []inventory.Class
	byKind map[inventory.Kind]Entry[C]
}

// Register adds a source to a registry. It panics on a kind that is there already: two files claim it.
func Register[C, I, A any](r *Registry[C], s Source[C, I, A]) struct{} {
	if r.byKind == nil {
		r.byKind = map[inventory.Kind]Entry[C]{}
	}
	if r.byKind[s.Kind] != nil {
		panic(fmt.Sprintf("collectors: kind %s is registered twice", s.Kind))
	}
	if s.ListAction == "" || s.List == nil || s.Facts == nil || len(s.Permissions) == 0 {
		panic(fmt.Sprintf("collectors: kind %s lacks List, ListAction, Facts or Permissions", s.Kind))
	}
	if s.ListPermission == "" {
		s.ListPermission = s.ListAction
	}
	r.byKind[s.Kind] = entry[C, I, A]{s}
	return struct{}{}
}

// Entries lists the sources in the order of their kinds.
func (r *Registry[C]) Entries() []Entry[C] {
	out := make([]Entry[C], 0, len(r.byKind))
	for _, e := range r.byKind {
		out = append(out, e)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Definition().Kind < out[j].Definition().Kind })
	return out
}

// Entry returns the source of a kind, or nil.
func (r *Registry[C]) Entry(kind inventory.Kind) Entry[C] { return r.byKind[kind] }

// Classes says of each class the registry speaks of whether there is anything of it to list: true where some source
// lists it, false where the cloud has no such thing.
func (r *Registry[C]) Classes() map[inventory.Class]bool {
	out := map[inventory.Class]bool{}
	for _, c := range r.Absent {
		out[c] = false
	}
	for _, e := range r.byKind {
		out[e.Definition().Class] = true
	}
	return out
}

// Permissions is the union of what the sources need, sorted.
func (r *Registry[C]) Permissions() []string {
	set := map[string]bool{}
	for _, e := range r.byKind {
		for _, p := range e.Definition().Permissions {
			set[p] = true
		}
	}
	out := make([]string, 0, len(set))
	for p := range set {
		out = append(out, p)
	}
	sort.Strings(out)
	return out
}

type entry[C, I, A any] struct{ s Source[C, I, A] }

func (e entry[C, I, A]) Definition() Definition {
	return Definition{
		Kind: e.s.Kind, Class: e.s.Class, Permissions: e.s.Permissions, ListAction: e.s.ListAction,
		ListPermission: e.s.ListPermission, Global: e.s.Global, NoLabels: e.s.NoLabels,
	}
}

func (e entry[C, I, A]) list(ctx context.Context, clients C, id string, emit func(func(context.Context) any) error) error {
	items := e.s.List(ctx, clients)
	if id != "" {
		if e.s.Find == nil {
			return fmt.Errorf("%s: the provider cannot be asked for one resource of this kind", e.s.Kind)
		}
		items = e.s.Find(ctx, clients, id)
	}
	for item, err := range items {
		if err != nil {
			return err
		}
		ask := func(ctx context.Context) any {
			if e.s.Ask == nil {
				return any(item)
			}
			return e.s.Ask(ctx, clients, item)
		}
		if err := emit(ask); err != nil {
			return err
		}
	}
	return nil
}

func (e entry[C, I, A]) facts(where Where, answers any) *inventory.Resource {
	r := e.s.Facts(where, answers.(A))
	if r == nil {
		return nil
	}
	r.Kind, r.Scope = e.s.Kind, where.Scope
	if r.Region == "" {
		r.Region = where.Region
	}
	_, cannot := r.NotApplicable["labels_read"]
	r.CarriesLabels = !e.s.NoLabels && !cannot && r.Schema().Attribute("labels_read") != nil
	if e.s.NoLabels && r.Schema().Attribute("labels_read") != nil {
		r.SetNotApplicable("what is of this kind carries no labels", "labels_read")
	}
	if _, refused := r.Unknown["labels_read"]; !refused && r.CarriesLabels {
		r.Envelope.LabelsRead = true
		r.Known("labels_read")
	}
	r.MarkFacts()
	return r
}

func (e entry[C, I, A]) decode(raw []byte) (any, error) {
	var a A
	if err := json.Unmarshal(raw, &a); err != nil {
		return nil, fmt.Errorf("stored answers of %s: %w", e.s.Kind, err)
	}
	return a, nil
}

// FactsOf states the facts of stored answers again, as a normaliser of this release sees them. It returns nil when the
// answers describe nothing.
func FactsOf[C any](e Entry[C], where Where, raw []byte) (*inventory.Resource, error) {
	answers, err := e.decode(raw)
	if err != nil {
		return nil, err
	}
	return e.facts(where, answers), nil
}
