package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// world is the inventory as derivations see it: it remembers what it fetched for a batch and notes what each derivation
// looked at. One world serves one batch, in which nothing changes.
type world struct {
	ctx      context.Context
	view     evaluator.View
	settings *inventory.Settings
	own      map[string]bool
	gaps     map[gap][]inventory.Unknown
	listed   map[gap]bool

	resources map[string]*inventory.Resource
	links     map[link][]*inventory.Resource
	// err is the first fetch that failed: derivations cannot return it.
	err   error
	looks map[evaluator.Key]struct{}
	// current is the resource whose derivation is under way, batch those it is one of, habits what derivations of a class
	// were seen to ask.
	current *inventory.Resource
	batch   []evaluator.Due
	habits  *habits
}

// habit is a question that derivations of a class ask of themselves or of what they link to: which resources of a class
// link to it by a name.
type habit struct {
	of   inventory.Class
	via  string
	into inventory.Class
	by   string
}

// habits are learnt from one batch to the next, so that a whole batch asks in one query what each of its resources would
// ask by itself. They make nothing right or wrong, only fewer questions.
type habits struct {
	mu   sync.Mutex
	seen map[habit]struct{}
}

// habitOf says how the question names what it asks about, seen from the resource whose derivation asks it.
func habitOf(of *inventory.Resource, class inventory.Class, name, id string) (habit, bool) {
	if of == nil {
		return habit{}, false
	}
	if of.ID == id {
		return habit{of.Class, "", class, name}, true
	}
	for _, l := range of.Links() {
		if l.To == id {
			return habit{of.Class, l.Name, class, name}, true
		}
	}
	return habit{}, false
}

func (h *habits) learn(one habit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen[one] = struct{}{}
}

func (h *habits) learnt() []habit {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Keys(h.seen))
}

type gap struct {
	class  inventory.Class
	scope  inventory.ScopeID
	region string
}

type link struct {
	class inventory.Class
	name  string
	id    string
}

func newWorld(ctx context.Context, view evaluator.View, h *habits) (*world, error) {
	w := &world{
		ctx: ctx, view: view, habits: h, own: map[string]bool{}, gaps: map[gap][]inventory.Unknown{}, listed: map[gap]bool{},
		resources: map[string]*inventory.Resource{}, links: map[link][]*inventory.Resource{},
	}
	var err error
	if w.settings, err = view.Settings(ctx); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	accounts, err := view.Accounts(ctx)
	if err != nil {
		return nil, fmt.Errorf("own accounts: %w", err)
	}
	for _, a := range append(accounts, w.settings.OwnAccounts...) {
		w.own[a] = true
	}
	rows, err := view.Listings(ctx)
	if err != nil {
		return nil, fmt.Errorf("listings: %w", err)
	}
	for _, row := range rows {
		w.note(row)
	}
	return w, nil
}

// note files a listing under the places it speaks of: its region, the whole scope, and all that carries labels there.
func (w *world) note(row inventory.LedgerRow) {
	if row.OnlyCloses() {
		return
	}
	regions := []string{row.Region, ""}
	if row.EveryRegion() {
		regions = []string{"*", ""}
	}
	places := make([]gap, 0, 3)
	for _, region := range regions {
		places = append(places, gap{row.Class, row.Scope, region})
	}
	if row.Labelled() {
		places = append(places, gap{"", row.Scope, ""})
	}
	for _, g := range places {
		w.listed[g] = true
		if !row.Complete && row.Unknown != nil {
			w.gaps[g] = append(w.gaps[g], *row.Unknown)
		}
	}
}

// begin starts to note what is looked at for a resource.
func (w *world) begin(r *inventory.Resource) {
	w.current = r
	w.looks = map[evaluator.Key]struct{}{evaluator.ResourceKey(r.ID): {}}
}

// end returns what was looked at since begin.
func (w *world) end() []evaluator.Key {
	keys := make([]evaluator.Key, 0, len(w.looks))
	for k := range w.looks {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (w *world) look(k evaluator.Key) { w.looks[k] = struct{}{} }

// Get implements reach.World.
func (w *world) Get(id string) *inventory.Resource {
	if id == "" {
		return nil
	}
	w.look(evaluator.ResourceKey(id))
	if r, ok := w.resources[id]; ok {
		return r
	}
	if err := w.fetch([]string{id}); err != nil {
		w.fail(err)
	}
	return w.resources[id]
}

// Into implements reach.World.
func (w *world) Into(class inventory.Class, name, id string) []*inventory.Resource {
	if id == "" {
		return nil
	}
	w.look(evaluator.LinkKey(class, name, id))
	key := link{class, name, id}
	if found, ok := w.links[key]; ok {
		return found
	}
	ids := []string{id}
	if one, ok := habitOf(w.current, class, name, id); ok {
		w.habits.learn(one)
		ids = w.unasked(one)
	}
	if err := w.ask(class, name, ids); err != nil {
		w.fail(err)
		return nil
	}
	return w.links[key]
}

// unasked are the ids that the batch will ask about by a habit and has not asked about yet.
func (w *world) unasked(one habit) []string {
	var ids []string
	taken := map[string]bool{"": true}
	add := func(id string) {
		if _, asked := w.links[link{one.into, one.by, id}]; !asked && !taken[id] {
			taken[id] = true
			ids = append(ids, id)
		}
	}
	for _, due := range w.batch {
		if due.Resource.Class != one.of {
			continue
		}
		if one.via == "" {
			add(due.Resource.ID)
			continue
		}
		for _, l := range due.Resource.Links() {
			if l.Name == one.via {
				add(l.To)
			}
		}
	}
	return ids
}

// ask fetches what of a class links to any of the ids by a name, and what that points at.
func (w *world) ask(class inventory.Class, name string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	found, err := w.view.Into(w.ctx, class, name, ids)
	if err != nil {
		return err
	}
	var wave []*inventory.Resource
	for _, id := range ids {
		w.links[link{class, name, id}] = found[id]
		for _, r := range found[id] {
			w.resources[r.ID] = r
			wave = append(wave, r)
		}
	}
	_, err = w.follow(wave)
	return err
}

// Missing implements reach.World. A class of which nothing was ever listed in the place is not collected.
func (w *world) Missing(class inventory.Class, scope inventory.ScopeID, region string) []inventory.Unknown {
	w.look(evaluator.ListingKey(class, scope, region))
	w.look(evaluator.ListingKey(class, scope, "*"))
	out := slices.Clone(w.gaps[gap{class, scope, region}])
	everywhere := gap{class, scope, "*"}
	if region != "" {
		out = append(out, w.gaps[everywhere]...)
	}
	if !w.listed[gap{class, scope, region}] && !w.listed[everywhere] {
		out = append(out, inventory.Unknown{Cause: inventory.CauseNotCollected})
	}
	return out
}

// Labels implements reach.World. What it answers is not kept for the batch: only the record of an account asks, and a
// scope has one.
func (w *world) Labels(scope inventory.ScopeID, names []string) ([]map[string]string, []inventory.Unknown) {
	w.look(evaluator.LabelKey(scope, ""))
	for _, name := range names {
		w.look(evaluator.LabelKey(scope, name))
	}
	labels, unread, err := w.view.Labels(w.ctx, scope, names)
	if err != nil {
		w.fail(err)
	}
	return labels, unread
}

// Owns implements reach.World.
func (w *world) Owns(account string) bool {
	w.look(evaluator.OwnerKey(account))
	return w.own[account]
}

// Settings implements reach.World.
func (w *world) Settings() *inventory.Settings { return w.settings }

func (w *world) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *world) fetch(ids []string) error {
	found, err := w.view.Resources(w.ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		w.resources[id] = found[id]
	}
	return nil
}

// prefetch brings what a batch will look at in a few questions instead of one for each resource: what its resources
// point at, what that points at in turn, and what is known to be asked of resources of their classes.
func (w *world) prefetch(batch []evaluator.Due) error {
	var wave []*inventory.Resource
	for _, due := range batch {
		if !due.Derived {
			w.batch = append(w.batch, due)
			w.resources[due.Resource.ID] = due.Resource
			wave = append(wave, due.Resource)
		}
	}
	for range 2 {
		var err error
		if wave, err = w.follow(wave); err != nil {
			return err
		}
	}
	for _, one := range w.habits.learnt() {
		if err := w.ask(one.into, one.by, w.unasked(one)); err != nil {
			return err
		}
	}
	return nil
}

// follow fetches what resources point at, as far as it is not known yet, and returns it.
func (w *world) follow(wave []*inventory.Resource) ([]*inventory.Resource, error) {
	var ids []string
	for _, r := range wave {
		for _, l := range r.Links() {
			if _, known := w.resources[l.To]; !known {
				w.resources[l.To] = nil
				ids = append(ids, l.To)
			}
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	if err := w.fetch(ids); err != nil {
		return nil, err
	}
	var next []*inventory.Resource
	for _, id := range ids {
		if r := w.resources[id]; r != nil {
			next = append(next, r)
		}
	}
	return next, nil
}
