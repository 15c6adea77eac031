package collectors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sort"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Observation is one resource as it was seen, with the answers its facts were made from.
type Observation struct {
	Resource *inventory.Resource
	// Listing is the region of the ledger row that lists it: Global for what is listed once for a scope, wherever it is.
	Listing string
	// Answers is the JSON of what the cloud said, stripped of secrets.
	Answers []byte
}

// Out takes what a collection finds. Its methods are called from many goroutines.
type Out interface {
	// Observe takes a batch of resources of one kind and region.
	Observe(ctx context.Context, batch []Observation) error
	// Listed takes the row of the ledger of one kind and region, after all its observations.
	Listed(ctx context.Context, row inventory.LedgerRow) error
}

// Collection says what to collect and how. One Collection serves one run.
type Collection[C any] struct {
	Scope    inventory.ScopeID
	Registry *Registry[C]
	// Regions are where regional kinds are listed.
	Regions []string
	// Unlisted is set when the regions themselves could not be listed: every regional kind is then unknown elsewhere.
	Unlisted *inventory.Unknown
	// Clients gives the clients of a region; "global" for sources that are listed once.
	Clients func(region string) C
	// Classify reads the provider's errors.
	Classify func(error) error
	// Now is the clock observations are stamped with.
	Now func() time.Time
	// Listings and Asks bound how many calls are under way at once.
	Listings, Asks int
	// Deadline bounds one listing; a listing that takes longer is incomplete.
	Deadline time.Duration
}

// Global is the region of what is listed once for each scope; Everywhere stands for the regions that could not be
// listed.
const (
	Global     = "global"
	Everywhere = "*"
)

// batchSize bounds how many observations are in memory for each listing.
const batchSize = 500

// Collect lists every source in every region and hands on what it finds. It returns an error only when out does, or
// when ctx ends: what a cloud refuses is in the ledger.
func (c Collection[C]) Collect(ctx context.Context, out Out) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(c.Listings, 1))
	asks := make(chan struct{}, max(c.Asks, 1))
	for _, e := range c.Registry.Entries() {
		regions := c.Regions
		if e.Definition().Global {
			regions = []string{Global}
		} else {
			row := c.elsewhere(e.Definition())
			group.Go(func() error { return out.Listed(ctx, row) })
		}
		for _, region := range regions {
			group.Go(func() error {
				l := &listing[C]{c: c, e: e, region: region, asks: asks, out: out, row: c.row(e.Definition(), region)}
				return l.run(ctx, "")
			})
		}
	}
	return group.Wait()
}

// One asks again about a single resource. It reports whether the resource is there.
func (c Collection[C]) One(ctx context.Context, kind inventory.Kind, region, id string, out Out) (bool, error) {
	e := c.Registry.Entry(kind)
	if e == nil {
		return false, fmt.Errorf("kind %q is not collected", kind)
	}
	l := &listing[C]{c: c, e: e, region: region, asks: make(chan struct{}, max(c.Asks, 1)), out: out, row: c.row(e.Definition(), region)}
	l.outCtx = ctx
	err := l.list(ctx, id)
	if err == nil {
		err = l.flush(ctx)
	}
	if err == nil {
		err = l.faults
	}
	return l.row.Listed > 0, err
}

// elsewhere is the row of the regions that could not be listed; a complete one closes what stood for them.
func (c Collection[C]) elsewhere(d Definition) inventory.LedgerRow {
	row := c.row(d, Everywhere)
	row.Complete, row.Unknown = c.Unlisted == nil, c.Unlisted
	if c.Unlisted != nil {
		row.Errors = []inventory.CallErrors{{Action: c.Unlisted.Action, Code: c.Unlisted.Code, Count: 1}}
	}
	return row
}

func (c Collection[C]) row(d Definition, region string) inventory.LedgerRow {
	return inventory.LedgerRow{Scope: c.Scope, Kind: d.Kind, Class: d.Class, Region: region, BeganAt: c.Now()}
}

// listing is the state of one source in one region.
type listing[C any] struct {
	c      Collection[C]
	e      Entry[C]
	region string
	asks   chan struct{}
	out    Out
	// outCtx outlives the deadline of the listing: what was seen by then is still handed on.
	outCtx context.Context

	mu    sync.Mutex
	row   inventory.LedgerRow
	batch []Observation
	calls map[[2]string]int
	// faults holds the first answer that could not be understood.
	faults error
}

func (l *listing[C]) run(ctx context.Context, id string) error {
	l.outCtx = ctx
	listCtx := ctx
	if l.c.Deadline > 0 {
		var cancel context.CancelFunc
		listCtx, cancel = context.WithTimeout(ctx, l.c.Deadline)
		defer cancel()
	}
	err := l.list(listCtx, id)
	var refused *outError
	if errors.As(err, &refused) {
		return refused.err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && l.faults != nil {
		err = l.faults
	}
	l.row.Complete = err == nil
	if err != nil {
		l.row.Unknown = l.why(l.c.Classify(err))
		l.count(l.row.Unknown.Action, l.row.Unknown.Code)
	}
	if err := l.flush(ctx); err != nil {
		return err
	}
	for key, n := range l.calls {
		l.row.Errors = append(l.row.Errors, inventory.CallErrors{Action: key[0], Code: key[1], Count: n})
	}
	sort.Slice(l.row.Errors, func(i, j int) bool {
		a, b := l.row.Errors[i], l.row.Errors[j]
		return a.Action+a.Code < b.Action+b.Code
	})
	return l.out.Listed(ctx, l.row)
}

// why is the reason a listing is not complete: by the call that failed, if the error names it.
func (l *listing[C]) why(err error) *inventory.Unknown {
	d, reason := l.e.Definition(), Classify(err)
	out := &inventory.Unknown{Cause: reason.Cause, Code: reason.Code, Action: d.ListAction, Permission: d.ListPermission}
	var f *Failure
	if errors.As(err, &f) && f.Action != "" {
		out.Action, out.Permission = f.Action, f.Permission
	}
	if reason.Cure != "" {
		out.Permission = reason.Cure
	}
	return out
}

// outError keeps an error of the receiving side apart from one of the cloud's.
type outError struct{ err error }

func (e *outError) Error() string { return e.err.Error() }

// list asks about every item, a few at a time, and waits for the last answer.
func (l *listing[C]) list(ctx context.Context, id string) error {
	var wg sync.WaitGroup
	var failed error
	err := l.each(ctx, id, func(ask func(context.Context) any) error {
		l.mu.Lock()
		l.row.Listed++
		err := failed
		l.mu.Unlock()
		if err != nil {
			return err
		}
		select {
		case l.asks <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		seen := l.c.Now()
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer func() { <-l.asks }()
			if err := l.take(ctx, ask, seen); err != nil {
				l.mu.Lock()
				failed = err
				l.mu.Unlock()
			}
		}()
		return nil
	})
	wg.Wait()
	if failed != nil {
		return failed
	}
	return err
}

// each hands on the source's items. A listing that stumbles over an answer is incomplete; it never ends the run.
func (l *listing[C]) each(ctx context.Context, id string, item func(ask func(context.Context) any) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = l.unreadable(p)
		}
	}()
	return l.e.list(ctx, l.c.Clients(l.region), id, item)
}

// unreadable is what became of an answer that a source stumbled over.
func (l *listing[C]) unreadable(what any) error {
	return &Failure{
		Reason: Reason{Cause: inventory.CauseFailed, Code: "MalformedAnswer"},
		Err:    fmt.Errorf("%s: an answer could not be read: %v", l.e.Definition().Kind, what),
	}
}

// take asks about one item, states its facts and adds it to the batch. A normaliser that cannot read an answer makes
// the listing incomplete; it never ends the run.
func (l *listing[C]) take(ctx context.Context, ask func(context.Context) any, seen time.Time) (err error) {
	defer func() {
		if p := recover(); p != nil {
			l.mu.Lock()
			l.faults = l.unreadable(p)
			l.mu.Unlock()
		}
	}()
	answers := ask(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r := l.e.facts(Where{Scope: l.c.Scope, Region: l.region}, answers)
	if r == nil {
		l.mu.Lock()
		l.row.Listed--
		l.mu.Unlock()
		return nil
	}
	r.ObservedAt = seen
	raw, err := json.Marshal(answers)
	if err != nil {
		return fmt.Errorf("keep answers of %s: %w", r.ID, err)
	}
	refused := refusals(answers)
	var full []Observation
	l.mu.Lock()
	for _, why := range refused {
		l.countLocked(why.Action, why.Code)
	}
	if len(refused) == 0 {
		l.row.Described++
	}
	l.batch = append(l.batch, Observation{Resource: r, Listing: l.region, Answers: raw})
	if len(l.batch) >= batchSize {
		full, l.batch = l.batch, nil
	}
	l.mu.Unlock()
	if full != nil {
		if err := l.out.Observe(l.outCtx, full); err != nil {
			return &outError{err}
		}
	}
	return nil
}

func (l *listing[C]) flush(ctx context.Context) error {
	if len(l.batch) == 0 {
		return nil
	}
	batch := l.batch
	l.batch = nil
	return l.out.Observe(ctx, batch)
}

func (l *listing[C]) count(action, code string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.countLocked(action, code)
}

func (l *listing[C]) countLocked(action, code string) {
	if l.calls == nil {
		l.calls = map[[2]string]int{}
	}
	l.calls[[2]string{action, code}]++
}

// refusals finds the answers among the fields of an answers struct that are refusals.
func refusals(answers any) []inventory.Unknown {
	v := reflect.ValueOf(answers)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return nil
	}
	var out []inventory.Unknown
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			continue
		}
		if a, ok := v.Field(i).Interface().(interface{ Unknown() *inventory.Unknown }); ok {
			if why := a.Unknown(); why != nil && why.Cause != inventory.CauseNotCollected {
				out = append(out, *why)
			}
		}
	}
	return out
}
