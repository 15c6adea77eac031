package pipeline

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// Scratch is a Memory that lives as long as the process: a scan's. It keeps facts and verdicts, not answers.
type Scratch struct {
	mu        sync.Mutex
	settings  inventory.Settings
	resources map[string]*inventory.Resource
	listing   map[string]place
	byLink    map[link]idSet
	rows      map[place]inventory.LedgerRow
	// complete tells when the last complete listing of a place began, gone when a resource was found to be gone: what was
	// observed before comes too late.
	complete map[place]time.Time
	gone     map[string]time.Time

	due map[string]bool
	// round is what is left of what was due when it was last put in order.
	round    []string
	resting  map[evaluator.Key]idSet
	rests    map[string][]evaluator.Key
	settled  map[string]packed
	findings map[string][]following
}

type place struct {
	scope  inventory.ScopeID
	kind   inventory.Kind
	region string
}

// NewScratch returns an empty memory under the given settings.
func NewScratch(settings inventory.Settings) *Scratch {
	return &Scratch{
		settings: settings, resources: map[string]*inventory.Resource{}, listing: map[string]place{}, byLink: map[link]idSet{},
		rows: map[place]inventory.LedgerRow{}, complete: map[place]time.Time{}, gone: map[string]time.Time{}, due: map[string]bool{},
		resting: map[evaluator.Key]idSet{}, rests: map[string][]evaluator.Key{}, settled: map[string]packed{},
		findings: map[string][]following{},
	}
}

// Observe implements Memory.
func (s *Scratch) Observe(_ context.Context, batch []collectors.Observation) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range batch {
		p := place{o.Resource.Scope, o.Resource.Kind, o.Listing}
		if s.current(o.Resource, p) {
			s.put(o.Resource, p)
		}
	}
	return nil
}

// current says whether an observation is newer than all that is known of the resource, its absence included.
func (s *Scratch) current(r *inventory.Resource, p place) bool {
	if before := s.resources[r.ID]; before != nil {
		return r.ObservedAt.After(before.ObservedAt)
	}
	gone, was := s.gone[r.ID]
	return !r.ObservedAt.Before(s.complete[p]) && (!was || r.ObservedAt.After(gone))
}

// put replaces a resource and makes due what the old and the new form touch.
func (s *Scratch) put(r *inventory.Resource, p place) {
	before := s.drop(r.ID)
	s.resources[r.ID], s.listing[r.ID] = r, p
	for _, l := range r.Links() {
		key := link{r.Class, l.Name, l.To}
		s.byLink[key] = s.byLink[key].with(r.ID)
	}
	s.due[r.ID] = true
	s.touch(evaluator.KeysOf(before, r))
}

// drop takes a resource away and returns it; nil if it is not there.
func (s *Scratch) drop(id string) *inventory.Resource {
	r := s.resources[id]
	if r == nil {
		return nil
	}
	delete(s.resources, id)
	for _, l := range r.Links() {
		key := link{r.Class, l.Name, l.To}
		s.byLink[key] = s.byLink[key].without(id)
	}
	return r
}

func (s *Scratch) touch(keys []evaluator.Key) {
	for _, k := range keys {
		for id := range s.resting[k].all() {
			s.due[id] = true
		}
	}
}

// Listed implements Memory.
func (s *Scratch) Listed(_ context.Context, row inventory.LedgerRow, placeholder *inventory.Resource) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := place{row.Scope, row.Kind, row.Region}
	before, had := s.rows[p]
	if had && before.BeganAt.After(row.BeganAt) {
		return nil
	}
	s.rows[p] = row
	if !had || before.Complete != row.Complete {
		s.touch(evaluator.ListingKeys(row))
	}
	if placeholder != nil {
		s.put(placeholder, p)
		return nil
	}
	if !row.Complete {
		return nil
	}
	s.complete[p] = row.BeganAt
	for id, at := range s.listing {
		if r := s.resources[id]; at == p && r != nil && (r.Placeholder || r.ObservedAt.Before(row.BeganAt)) {
			s.remove(id, row.BeganAt)
		}
	}
	return nil
}

// Removed implements Memory.
func (s *Scratch) Removed(_ context.Context, id string, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.resources[id]; r != nil && r.ObservedAt.Before(at) {
		s.remove(id, at)
	}
	return nil
}

func (s *Scratch) remove(id string, at time.Time) {
	s.touch(evaluator.KeysOf(s.drop(id), nil))
	s.gone[id] = at
	s.rest(id, nil)
	delete(s.listing, id)
	delete(s.settled, id)
	delete(s.findings, id)
	delete(s.due, id)
}

// rest notes what the derived facts of a resource rest on now.
func (s *Scratch) rest(id string, keys []evaluator.Key) {
	for _, k := range s.rests[id] {
		s.resting[k] = s.resting[k].without(id)
	}
	s.rests[id] = keys
	for _, k := range keys {
		s.resting[k] = s.resting[k].with(id)
	}
}

// Settle implements Memory.
func (s *Scratch) Settle(ctx context.Context, _ time.Time, work func(context.Context, []evaluator.Due, evaluator.View) ([]evaluator.Settled, error)) error {
	const batchSize = 2000
	for {
		batch := s.take(batchSize)
		if len(batch) == 0 {
			return nil
		}
		settled, err := work(ctx, batch, s)
		if err != nil {
			return err
		}
		s.keep(settled)
	}
}

// take gives the next of what is due, at most n. What is due is put in order once for each round: in the order of ids,
// what became due meanwhile after the rest. To order all of it for each batch would cost more, the larger the estate.
func (s *Scratch) take(n int) []evaluator.Due {
	s.mu.Lock()
	defer s.mu.Unlock()
	var batch []evaluator.Due
	for len(batch) < n {
		if len(s.round) == 0 {
			s.round = slices.Sorted(maps.Keys(s.due))
		}
		if len(s.round) == 0 {
			return batch
		}
		id := s.round[0]
		s.round = s.round[1:]
		if !s.due[id] {
			continue
		}
		delete(s.due, id)
		if r := s.resources[id]; r != nil {
			batch = append(batch, evaluator.Due{Resource: r, Before: findingsOf(s.findings[id])})
		}
	}
	return batch
}

func (s *Scratch) keep(settled []evaluator.Settled) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range settled {
		id := one.Resource.ID
		s.settled[id] = pack(one)
		s.rest(id, one.RestsOn)
		s.findings[id] = followed(s.findings[id], one.Moved)
	}
}

// RollUp implements Memory. A scan shows verdicts; nothing is counted ahead.
func (s *Scratch) RollUp(context.Context, time.Time) error { return nil }

// Settled returns every resource with its judgements, in the order of the ids.
func (s *Scratch) Settled() []evaluator.Settled { return slices.Collect(s.All()) }

// All gives every resource with its judgements, in the order of the ids, one after the other.
func (s *Scratch) All() iter.Seq[evaluator.Settled] {
	return func(yield func(evaluator.Settled) bool) {
		s.mu.Lock()
		ids := slices.Sorted(maps.Keys(s.settled))
		s.mu.Unlock()
		for _, id := range ids {
			s.mu.Lock()
			one, there := s.settled[id]
			s.mu.Unlock()
			if there && !yield(one.unpack()) {
				return
			}
		}
	}
}

// Finding returns the finding of a check on a resource, or nil.
func (s *Scratch) Finding(resource, check string) *evaluator.Finding {
	s.mu.Lock()
	defer s.mu.Unlock()
	return findingsOf(s.findings[resource])[check]
}

// Ledger returns the last row of each kind and region, in their order. What no collector lists has no row.
func (s *Scratch) Ledger() []inventory.LedgerRow {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []inventory.LedgerRow
	for _, row := range s.rows {
		if !row.OnlyCloses() && (row.Unknown == nil || row.Unknown.Cause != inventory.CauseNotCollected ||
			row.Region != collectors.Everywhere) {
			out = append(out, row)
		}
	}
	slices.SortFunc(out, func(a, b inventory.LedgerRow) int {
		return compare(string(a.Scope)+"\x00"+string(a.Kind)+"\x00"+a.Region, string(b.Scope)+"\x00"+string(b.Kind)+"\x00"+b.Region)
	})
	return out
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// Resources implements evaluator.View.
func (s *Scratch) Resources(_ context.Context, ids []string) (map[string]*inventory.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]*inventory.Resource{}
	for _, id := range ids {
		if r := s.resources[id]; r != nil {
			out[id] = r
		}
	}
	return out, nil
}

// Into implements evaluator.View.
func (s *Scratch) Into(_ context.Context, class inventory.Class, name string, ids []string) (map[string][]*inventory.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string][]*inventory.Resource{}
	for _, id := range ids {
		for _, r := range slices.Sorted(s.byLink[link{class, name, id}].all()) {
			out[id] = append(out[id], s.resources[r])
		}
	}
	return out, nil
}

// Labels implements evaluator.View.
func (s *Scratch) Labels(_ context.Context, scope inventory.ScopeID, names []string) ([]map[string]string, []inventory.Unknown, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, unread := map[string]map[string]string{}, map[inventory.Unknown]struct{}{}
	for _, r := range s.resources {
		if r.Scope != scope || !r.CarriesLabels {
			continue
		}
		if !r.IsKnown("labels_read") {
			unread[r.Why("labels_read")] = struct{}{}
		}
		asked := maps.Clone(r.Labels)
		maps.DeleteFunc(asked, func(key, _ string) bool {
			return !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(key, name) })
		})
		if len(asked) > 0 {
			seen[fmt.Sprint(asked)] = asked
		}
	}
	return slices.Collect(maps.Values(seen)), slices.Collect(maps.Keys(unread)), nil
}

// Listings implements evaluator.View.
func (s *Scratch) Listings(context.Context) ([]inventory.LedgerRow, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]inventory.LedgerRow, 0, len(s.rows))
	for _, row := range s.rows {
		out = append(out, row)
	}
	return out, nil
}

// Accounts implements evaluator.View: the scopes of the scan are the organisation's own.
func (s *Scratch) Accounts(context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[string]bool{}
	for p := range s.rows {
		seen[p.scope.Account()] = true
	}
	var out []string
	for a := range seen {
		out = append(out, a)
	}
	return out, nil
}

// Settings implements evaluator.View.
func (s *Scratch) Settings(context.Context) (*inventory.Settings, error) { return &s.settings, nil }
