// Package demo builds the tenant that shows the service at work: an invented company on AWS, Azure and Google Cloud,
// seen in twelve simulated weeks. The answers are recorded, everything after them is the real thing: the same
// collectors, pipeline and store. It knows no verdict and states no fact.
package demo

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/collectors/schedule"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// Options are what a caller may want of a build.
type Options struct {
	// Progress is told of each week, counted from 1, before it is collected; nil tells nobody.
	Progress func(week int, at time.Time)
}

// Result is the tenant that was built, and the moment at which its clock stands still: just after the last week.
type Result struct {
	Tenant uuid.UUID
	Now    time.Time
}

// trigger is what runs of the demo say they were begun by.
const trigger = "demo"

// stride keeps the runs of one week apart, as one worker would.
const stride = 5 * time.Minute

// Build makes the demo's tenant, unless it is there already. One that was cut off is carried on with: what a run has
// written it writes again without effect. A release with another archive makes a tenant of its own.
func Build(ctx context.Context, s *store.Store, catalogue *evaluator.Catalogue, o Options) (Result, error) {
	archive, err := Open()
	if err != nil {
		return Result{}, err
	}
	b := &builder{
		store: s, catalogue: catalogue, archive: archive, progress: o.Progress,
		tenant: uuid.NewSHA1(uuid.NameSpaceOID, Digest()),
	}
	if err := b.found(ctx); err != nil {
		return Result{}, fmt.Errorf("build the demo: %w", err)
	}
	for week := range archive.Weeks {
		if err := b.week(ctx, week); err != nil {
			return Result{}, fmt.Errorf("build week %d of the demo: %w", week+1, err)
		}
	}
	return Result{Tenant: b.tenant, Now: archive.Now()}, nil
}

// Now is just after the last week has been judged.
func (a *Archive) Now() time.Time {
	return a.Weeks[len(a.Weeks)-1].At.Add(time.Duration(len(a.Scopes)) * stride)
}

type builder struct {
	store     *store.Store
	catalogue *evaluator.Catalogue
	archive   *Archive
	tenant    uuid.UUID
	progress  func(week int, at time.Time)
}

// found makes the tenant and its scopes, which are collected by nothing but this package: they carry no schedule.
func (b *builder) found(ctx context.Context) error {
	at := b.archive.Weeks[0].At
	err := b.store.CreateTenant(ctx, store.Tenant{ID: b.tenant, Name: b.archive.Company, Demo: true, CreatedAt: at})
	if err != nil && !errors.Is(err, store.ErrConflict) {
		return err
	}
	if err := b.store.Register(ctx, b.catalogue, at); err != nil {
		return err
	}
	for _, scope := range b.archive.Scopes {
		err := b.store.InTx(ctx, b.tenant, func(tx store.Tx) error {
			_, err := tx.CreateScope(ctx, store.Scope{
				NaturalID: scope.ID, Name: scope.Name, Connection: store.Connection{Regions: scope.Regions}, CreatedAt: at,
			})
			return err
		})
		if err != nil && !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return nil
}

// week collects every scope as it stood in a week.
func (b *builder) week(ctx context.Context, week int) error {
	told := b.progress == nil
	for n, scope := range b.archive.Scopes {
		at := b.archive.Weeks[week].At.Add(time.Duration(n) * stride)
		run := uuid.NewSHA1(b.tenant, []byte(string(scope.ID)+" "+strconv.Itoa(week)))
		todo, err := b.begin(ctx, scope, run, at)
		if err != nil {
			return err
		}
		if !todo {
			continue
		}
		if !told {
			b.progress(week+1, at)
			told = true
		}
		if err := b.run(ctx, scope, week, run, at); err != nil {
			return fmt.Errorf("%s: %w", scope.ID, err)
		}
	}
	return nil
}

// begin notes the run, and says whether it is still to be done.
func (b *builder) begin(ctx context.Context, scope Scope, run uuid.UUID, at time.Time) (todo bool, err error) {
	err = b.store.InTx(ctx, b.tenant, func(tx store.Tx) error {
		before, err := tx.Run(ctx, run)
		switch {
		case err == nil && before.EndedAt != nil:
			return nil
		case errors.Is(err, store.ErrNotFound):
			err = tx.QueueRun(ctx, run, store.ScopeKey(string(scope.ID)), trigger, at)
		}
		if err != nil {
			return err
		}
		todo = true
		return tx.BeginRun(ctx, run, b.catalogue.Version, at)
	})
	return todo, err
}

// run takes a week's answers of a scope all the way to verdicts.
func (b *builder) run(ctx context.Context, scope Scope, week int, run uuid.UUID, at time.Time) error {
	replay := b.archive.Replay(week, scope.ID)
	gatherer, err := scope.Connect(ctx, replay)
	if err != nil {
		return err
	}
	memory := schedule.NewMemory(b.store, b.catalogue, b.tenant, store.ScopeKey(string(scope.ID)), run)
	p := &pipeline.Pipeline{Catalogue: b.catalogue, Memory: memory, Now: func() time.Time { return at }}
	if err := p.Run(ctx, gatherer); err != nil {
		return err
	}
	return b.store.InTx(ctx, b.tenant, func(tx store.Tx) error {
		if err := tx.SetJudged(ctx, b.catalogue.Version); err != nil {
			return err
		}
		return tx.EndRun(ctx, run, memory.Ended(), at)
	})
}
