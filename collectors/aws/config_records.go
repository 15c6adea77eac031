package aws

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// recordsLag is how far records may lag: a day where Config records daily, and some time for the way.
const recordsLag = 25 * time.Hour

// currentItems are the states in which an item tells what a resource is. Every other one was recorded of something that
// is gone, is no longer recorded, or could not be described.
var currentItems = []string{"OK", "ResourceDiscovered"}

// recordAnswer answers a call about a single resource from its record.
type recordAnswer struct {
	typ    *recordedType
	answer exportAnswer
	// also are further types whose resources the call is about.
	also []*recordedType
}

// types are all types that the answer is made of.
func (a recordAnswer) types() []*recordedType { return append([]*recordedType{a.typ}, a.also...) }

// recordAnswers are the calls about single resources that records stand in for, by service and operation. Listings are
// not among them. What is there, and what a listing tells, AWS itself says at once, in larger pages; and only its own
// word may remove a resource.
var recordAnswers = map[string]recordAnswer{}

// records are the items that an aggregator gave of an account. They save calls and decide nothing.
type records struct {
	items *Export
	// readAt is when they began to be read: of what came later they know nothing.
	readAt time.Time

	mu    sync.Mutex
	tally map[itemPlace]recordTally
}

// recordTally counts the calls that records could have answered in one place: those that they did, and those that were
// made all the same.
type recordTally struct{ answered, asked int }

// Lag is how far the records that answer for the account may lag; 0 without any.
func (a *Account) Lag() time.Duration {
	if a.records == nil {
		return 0
	}
	return recordsLag
}

// AskDirectly names resources about which no record may answer: of them something newer is known.
func (a *Account) AskDirectly(ids []string) { a.direct = ids }

// forget drops the items of resources by their ids. One too many costs a call, one too few tells what was.
func (e *Export) forget(ids []string) {
	for at := range e.byPlace {
		for _, id := range ids {
			for _, name := range []string{id, shortID(id)} {
				if k := e.byName[itemName{at, name}]; k != nil {
					k.gone = true
				}
			}
		}
	}
	e.settle()
}

// Aggregator looks for the aggregator that the connection names. ErrNoAggregator is behind the error of a name that
// none has. It does nothing where none is named.
func (a *Account) Aggregator(ctx context.Context) (named bool, err error) {
	if a.records == nil {
		return false, nil
	}
	_, err = a.records.find(ctx)
	return true, err
}

// collectWithRecords lets records answer what calls about single resources would, for as long as the collection takes.
// Where they cannot be read, the calls are made.
func (a *Account) collectWithRecords(ctx context.Context, now func() time.Time, out collectors.Out) error {
	r, err := a.readRecords(ctx, now)
	if err != nil && a.log != nil {
		a.log.Warn("the aggregator cannot be read to its end; what it lacks is asked directly", "scope", a.Scope(),
			"aggregator", a.records.name, "code", collectors.Classify(Classify(err)).Code, "error", err)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if r == nil {
		return a.collection(now).Collect(ctx, out)
	}
	helped := &Account{id: a.id, regions: a.regions, unlisted: a.unlisted, cfg: a.cfg, elsewhere: a.elsewhere,
		clients: map[string]*Clients{}}
	helped.cfg.APIOptions = append([]func(*middleware.Stack) error{r.install}, a.cfg.APIOptions...)
	err = helped.collection(now).Collect(ctx, recordedOut{out, r})
	if all := r.sum(); a.log != nil {
		a.log.Info("records of an aggregator stood in for calls", "scope", a.Scope(), "aggregator", a.records.name,
			"records", r.items.count(), "answered", all.answered, "asked", all.asked)
	}
	return errors.Join(err, r.items.spool.close())
}

// count is how many items there are.
func (e *Export) count() (n int) {
	for _, items := range e.byPlace {
		n += len(items)
	}
	return n
}

// install lets the records answer the calls that they stand in for. Whatever they do not tell is asked.
func (r *records) install(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("PlumblineRecords",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
			middleware.InitializeOutput, middleware.Metadata, error,
		) {
			told, ok := recordAnswers[awsmiddleware.GetServiceID(ctx)+"."+awsmiddleware.GetOperationName(ctx)]
			if !ok {
				return next.HandleInitialize(ctx, in)
			}
			region := awsmiddleware.GetRegion(ctx)
			out, err := told.answer(r.items, region, in.Parameters)
			told.count(r, region, err)
			if !answers(err) {
				return next.HandleInitialize(ctx, in)
			}
			return middleware.InitializeOutput{Result: out}, middleware.Metadata{}, err
		}), middleware.After)
}

// answers says whether what a record gave is an answer. That something is not set is one.
func answers(err error) bool { return err == nil || errors.Is(err, collectors.ErrAbsent) }

func (a recordAnswer) count(r *records, region string, err error) {
	at := a.typ.place(region)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tally == nil {
		r.tally = map[itemPlace]recordTally{}
	}
	t := r.tally[at]
	if answers(err) {
		t.answered++
	} else {
		t.asked++
	}
	r.tally[at] = t
}

// sum is the tally of all places.
func (r *records) sum() (all recordTally) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.tally {
		all.answered, all.asked = all.answered+t.answered, all.asked+t.asked
	}
	return all
}

// helpedTypes are the types of which a kind is made whose calls records answer.
var helpedTypes = sync.OnceValue(func() map[inventory.Kind][]*recordedType {
	out := map[inventory.Kind][]*recordedType{}
	for _, operation := range slices.Sorted(maps.Keys(recordAnswers)) {
		for _, t := range recordAnswers[operation].types() {
			if !slices.Contains(out[t.kind], t) {
				out[t.kind] = append(out[t.kind], t)
			}
		}
	}
	return out
})

// recordedOut dates what records helped to state, and notes in the ledger how much they told.
type recordedOut struct {
	out     collectors.Out
	records *records
}

// Observe implements collectors.Out. What a record told is as old as the reading of the records, so that it does not
// overwrite what a change told since.
func (o recordedOut) Observe(ctx context.Context, batch []collectors.Observation) error {
	for _, seen := range batch {
		r := seen.Resource
		for _, t := range helpedTypes()[r.Kind] {
			if r.ObservedAt.After(o.records.readAt) && o.records.items.named(t, r.Region, r.ID) != nil {
				r.ObservedAt = o.records.readAt
			}
		}
	}
	return o.out.Observe(ctx, batch)
}

// Listed implements collectors.Out. A listing that records help with begins with them: what they told it has seen, and
// must not take away.
func (o recordedOut) Listed(ctx context.Context, row inventory.LedgerRow) error {
	o.records.mu.Lock()
	for _, t := range helpedTypes()[row.Kind] {
		tally := o.records.tally[t.place(row.Region)]
		row.Recorded, row.Asked = row.Recorded+tally.answered, row.Asked+tally.asked
		if row.BeganAt.After(o.records.readAt) {
			row.BeganAt = o.records.readAt
		}
	}
	o.records.mu.Unlock()
	return o.out.Listed(ctx, row)
}
