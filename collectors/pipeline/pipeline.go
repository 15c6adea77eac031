// Package pipeline takes a scope, or one changed resource of it, from the cloud's answers to verdicts: collect, state
// facts, derive, judge, and hand what was found to a Memory. A scan and a scheduled run are the same code over two
// memories. It must not know Postgres, the job queue, or which cloud it works for.
package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/evaluator/reach"
)

// Gatherer collects one scope, or asks again about one resource of it.
type Gatherer interface {
	Scope() inventory.ScopeID
	Collect(ctx context.Context, now func() time.Time, out collectors.Out) error
	One(ctx context.Context, kind inventory.Kind, region, id string, now func() time.Time, out collectors.Out) (bool, error)
	// Classes says of each class that the cloud's collectors list that it is there, and of each that the cloud does not
	// have that it is not.
	Classes() map[inventory.Class]bool
}

// Recorded is a Gatherer whose collection may be helped by records that the cloud keeps and that lag behind it.
type Recorded interface {
	Gatherer
	// Lag is how far the records may lag; 0 where none helps.
	Lag() time.Duration
	// AskDirectly names resources about which no record may answer, because something newer may be known of them.
	AskDirectly(ids []string)
}

// Memory keeps what a pipeline sees and finds, all of what it is given together or nothing. What it sees may wait to be
// kept, in the order it was given, until Settle.
type Memory interface {
	// Observe keeps the observations of one kind and region. An observation older than what is known of its resource is
	// dropped. What a change touches is due from then on.
	Observe(ctx context.Context, batch []collectors.Observation) error
	// Listed keeps a row of the ledger. A complete one removes what was last observed before it began and is not among
	// what the memory observed for that row since. An incomplete one removes nothing; placeholder, if not nil, stands for
	// what could not be listed until a complete row comes.
	Listed(ctx context.Context, row inventory.LedgerRow, placeholder *inventory.Resource) error
	// Removed takes away one resource that the provider says is gone, unless it was observed after that moment.
	Removed(ctx context.Context, id string, at time.Time) error
	// Settle gives work the resources that are due, batch by batch, with a view of the inventory, and keeps what it
	// returns, until none is due.
	Settle(ctx context.Context, at time.Time, work func(ctx context.Context, batch []evaluator.Due, view evaluator.View) ([]evaluator.Settled, error)) error
	// RollUp works out counts, control statuses and scores from what was settled.
	RollUp(ctx context.Context, at time.Time) error
}

// Pipeline is the whole way from answers to verdicts.
type Pipeline struct {
	Catalogue *evaluator.Catalogue
	Memory    Memory
	// Now is the clock that observations are stamped with, and that says when verdicts are made. No stage reads another.
	Now func() time.Time
	Log *slog.Logger
}

// Run collects the whole scope and works out again what changed. It returns an error only when the memory fails or ctx
// ends: what a cloud refuses is in the ledger.
func (p *Pipeline) Run(ctx context.Context, g Gatherer) error {
	if err := p.uncollected(ctx, g); err != nil {
		return err
	}
	if err := g.Collect(ctx, p.Now, p.out()); err != nil {
		return fmt.Errorf("collect %s: %w", g.Scope(), err)
	}
	return p.Settle(ctx, p.Now())
}

// Change asks again about one resource and works out again what depends on it, and nothing else.
func (p *Pipeline) Change(ctx context.Context, g Gatherer, kind inventory.Kind, region, id string) error {
	asked := p.Now()
	there, err := g.One(ctx, kind, region, id, p.Now, p.out())
	if err != nil {
		return fmt.Errorf("ask about %s: %w", id, err)
	}
	if !there {
		if err := p.Memory.Removed(ctx, id, asked); err != nil {
			return fmt.Errorf("remove %s: %w", id, err)
		}
	}
	return p.Settle(ctx, p.Now())
}

// Settle works out again whatever is due at a moment, whoever left it: a run that was cut off leaves what it changed.
func (p *Pipeline) Settle(ctx context.Context, at time.Time) error {
	learnt := &habits{seen: map[habit]struct{}{}}
	err := p.Memory.Settle(ctx, at, func(ctx context.Context, batch []evaluator.Due, view evaluator.View) ([]evaluator.Settled, error) {
		return settle(ctx, p.Catalogue, batch, view, at, learnt)
	})
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	if err := p.Memory.RollUp(ctx, at); err != nil {
		return fmt.Errorf("roll up: %w", err)
	}
	return nil
}

// uncollected leaves one unknown for each check of a class that this release cannot collect on the cloud: never
// collected is not the same as none. Of a class that the cloud does not have it notes that there is none. In an
// organisation nothing is missing: what lies in it says so itself.
func (p *Pipeline) uncollected(ctx context.Context, g Gatherer) error {
	if _, above := g.(Organization); above {
		return nil
	}
	cloud, classes := g.Scope().Cloud(), g.Classes()
	all := slices.Collect(maps.Keys(inventory.Classes))
	for class, there := range classes {
		if inventory.Classes[class] == nil && !there {
			all = append(all, class)
		}
	}
	for _, class := range all {
		asked := false
		for _, c := range p.Catalogue.ByClass(class) {
			asked = asked || (c.Asked(cloud) && c.Class[0] != evaluator.ClassAny)
		}
		row := inventory.LedgerRow{
			Scope: g.Scope(), Kind: inventory.Kind(string(cloud) + "." + string(class)), Class: class, Region: collectors.Everywhere,
			BeganAt: p.Now(), Unknown: &inventory.Unknown{Cause: inventory.CauseNotCollected},
		}
		var placeholder *inventory.Resource
		switch there, spoken := classes[class]; {
		case asked && !spoken:
			placeholder = inventory.Placehold(row, class, row.BeganAt)
		case spoken && !there:
			// A listing of nothing: nothing of the class is missing.
			row.Region, row.Complete, row.Unknown = collectors.Global, true, nil
		default:
			row.Complete, row.Unknown = true, nil
		}
		if err := p.Memory.Listed(ctx, row, placeholder); err != nil {
			return fmt.Errorf("note that %s is not collected: %w", class, err)
		}
	}
	return nil
}

func (p *Pipeline) out() collectors.Out {
	return &out{memory: p.Memory, catalogue: p.Catalogue, log: p.Log}
}

// out hands what a collection finds to the memory.
type out struct {
	memory    Memory
	catalogue *evaluator.Catalogue
	log       *slog.Logger
}

// Observe implements collectors.Out.
func (o *out) Observe(ctx context.Context, batch []collectors.Observation) error {
	return o.memory.Observe(ctx, batch)
}

// Listed implements collectors.Out. A listing that failed leaves one record that stands for all it would have listed.
func (o *out) Listed(ctx context.Context, row inventory.LedgerRow) error {
	var placeholder *inventory.Resource
	if !row.Complete {
		if o.log != nil {
			o.log.Warn("listing is not complete", "scope", row.Scope, "kind", row.Kind, "region", row.Region, "action", row.Unknown.Action, "cause", row.Unknown.Cause, "code", row.Unknown.Code)
		}
		if inventory.Classes[row.Class] != nil {
			placeholder = inventory.Placehold(row, row.Class, row.BeganAt)
		}
	}
	return o.memory.Listed(ctx, row, placeholder)
}

// settle derives, judges and follows each resource that is due.
func settle(ctx context.Context, catalogue *evaluator.Catalogue, batch []evaluator.Due, view evaluator.View, at time.Time, h *habits) ([]evaluator.Settled, error) {
	world, err := newWorld(ctx, view, h)
	if err != nil {
		return nil, err
	}
	if err := world.prefetch(batch); err != nil {
		return nil, err
	}
	settled := make([]evaluator.Settled, len(batch))
	for i, due := range batch {
		if due.Derived {
			settled[i] = evaluator.Settled{Resource: due.Resource, Kept: true}
			continue
		}
		r := due.Resource.Copy()
		world.begin(due.Resource)
		reach.Derive(r, world)
		if world.err != nil {
			return nil, fmt.Errorf("derive %s: %w", r.ID, world.err)
		}
		settled[i] = evaluator.Settled{Resource: r, RestsOn: world.end()}
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := 0; i < len(batch); i += chunk {
		group.Go(func() error {
			for n := i; n < min(i+chunk, len(batch)); n++ {
				s := &settled[n]
				s.Judgements = catalogue.Judge(s.Resource, world.settings, at)
				s.Moved = follow(catalogue, batch[n], s.Judgements, at)
			}
			return nil
		})
	}
	return settled, group.Wait()
}

// chunk is how many resources one core judges before it takes up others.
const chunk = 100

// follow compares the judgements with the findings the resource had. Those of a check that the catalogue no longer holds
// end with it, whatever set the work off.
func follow(catalogue *evaluator.Catalogue, due evaluator.Due, judgements []evaluator.Judgement, at time.Time) []evaluator.Moved {
	var moved []evaluator.Moved
	spoken := map[string]bool{}
	for _, j := range judgements {
		spoken[j.Check.ID] = true
		before := due.Before[j.Check.ID]
		if f, m := evaluator.Follow(before, j, at, due.Cause); m != nil {
			moved = append(moved, evaluator.Moved{Check: j.Check.ID, Finding: f, Movement: m})
		}
	}
	for check, before := range due.Before {
		if spoken[check] {
			continue
		}
		cause := due.Cause
		if catalogue.Check(check) == nil {
			cause = evaluator.CauseCatalogueChanged
		}
		if f, m := evaluator.Follow(before, evaluator.Judgement{Verdict: evaluator.None}, at, cause); m != nil {
			moved = append(moved, evaluator.Moved{Check: check, Finding: f, Movement: m})
		}
	}
	return moved
}
