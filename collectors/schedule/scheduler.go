package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/robfig/cron/v3"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// Scheduler starts collections when they are due or asked for, and keeps verdicts in step with time and catalogue.
type Scheduler struct {
	Store     *store.Store
	Catalogue *evaluator.Catalogue
	// Open reaches a scope by its stored connection. Its errors are shown to people: one sentence with the fix.
	Open func(ctx context.Context, scope store.Scope) (pipeline.Gatherer, error)
	Now  func() time.Time
	Log  *slog.Logger
	// Collections bounds how many scopes this process collects at once; 0 means 4.
	Collections int

	client *river.Client[pgx.Tx]

	begin      sync.Once
	catalogues *store.Catalogues
}

// inForce is the catalogue of a tenant: that of the release with the tenant's own checks.
func (s *Scheduler) inForce(ctx context.Context, tenant uuid.UUID) (*evaluator.Catalogue, error) {
	s.begin.Do(func() { s.catalogues = store.NewCatalogues(s.Catalogue) })
	return s.Store.CatalogueOf(ctx, tenant, s.catalogues)
}

// ParseSchedule checks a cron expression. It may start with CRON_TZ=Zone; without one it is meant in UTC.
func ParseSchedule(expression string) (cron.Schedule, error) {
	s, err := cron.ParseStandard(expression)
	if err != nil {
		return nil, fmt.Errorf("schedule %q: want five fields such as \"0 6 * * *\", optionally after CRON_TZ=Europe/Berlin: %w", expression, err)
	}
	return s, nil
}

// Next is when a schedule fires after a moment; nil when it is empty.
func Next(expression string, after time.Time) (*time.Time, error) {
	if expression == "" {
		return nil, nil //nolint:nilnil // no schedule, no next time
	}
	s, err := ParseSchedule(expression)
	if err != nil {
		return nil, err
	}
	next := s.Next(after.UTC()).UTC()
	return &next, nil
}

// Start begins to work jobs, until Stop. work is false for a process that only hands jobs out.
func (s *Scheduler) Start(ctx context.Context, work bool) error {
	config := &river.Config{Logger: slog.New(quiet{s.Log.Handler()})}
	if work {
		workers := river.NewWorkers()
		river.AddWorker(workers, collector{Scheduler: s})
		river.AddWorker(workers, judge{Scheduler: s})
		river.AddWorker(workers, sweeper{Scheduler: s})
		collections := s.Collections
		if collections == 0 {
			collections = 4
		}
		config.Workers = workers
		config.Queues = map[string]river.QueueConfig{"collect": {MaxWorkers: collections}, "judge": {MaxWorkers: 1}, "sweep": {MaxWorkers: 1}}
		config.RescueStuckJobsAfter = runLimit + time.Hour
		config.JobTimeout = runLimit
		config.PeriodicJobs = []*river.PeriodicJob{river.NewPeriodicJob(
			river.PeriodicInterval(time.Minute), func() (river.JobArgs, *river.InsertOpts) { return Sweep{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true})}
	}
	client, err := river.NewClient(riverpgxv5.New(s.Store.Pool()), config)
	if err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	s.client = client
	if !work {
		return nil
	}
	if err := client.Start(ctx); err != nil {
		return fmt.Errorf("start the job queue: %w", err)
	}
	return nil
}

// Stop ends the work, giving runs under way a moment to note where they are; they are taken up again later.
func (s *Scheduler) Stop(ctx context.Context) error {
	if s.client == nil {
		return nil
	}
	if err := s.client.StopAndCancel(ctx); err != nil {
		return fmt.Errorf("stop the job queue: %w", err)
	}
	return nil
}

// StartRun queues a collection of a scope and returns its id. store.ErrConflict means that one is under way, or that the
// scope can be read no more.
func (s *Scheduler) StartRun(ctx context.Context, tenant, scope uuid.UUID) (uuid.UUID, error) {
	id := uuid.New()
	err := s.Store.InTx(ctx, tenant, func(tx store.Tx) error {
		found, err := tx.Scope(ctx, scope)
		if err != nil {
			return err
		}
		if found.LeftAt != nil {
			return fmt.Errorf("no longer collected: %s: %w", found.LeftWhy, store.ErrConflict)
		}
		return s.queue(ctx, tx, id, scope, "request")
	})
	return id, err
}

func (s *Scheduler) queue(ctx context.Context, tx store.Tx, id, scope uuid.UUID, trigger string) error {
	if err := tx.QueueRun(ctx, id, scope, trigger, s.Now()); err != nil {
		return err
	}
	if _, err := s.client.InsertTx(ctx, tx.Tx, Collect{Tenant: tx.Tenant(), Scope: scope, Run: id}, nil); err != nil {
		return fmt.Errorf("queue the collection: %w", err)
	}
	return nil
}

// CancelRun asks a run to end.
func (s *Scheduler) CancelRun(ctx context.Context, tenant, run uuid.UUID) error {
	return s.Store.InTx(ctx, tenant, func(tx store.Tx) error { return tx.CancelRun(ctx, run, s.Now()) })
}

// Change asks again about one resource of a scope and works out again what depends on it.
func (s *Scheduler) Change(ctx context.Context, tenant uuid.UUID, scope store.Scope, kind inventory.Kind, region, id string) error {
	g, err := s.Open(ctx, scope)
	if err != nil {
		return err
	}
	catalogue, err := s.inForce(ctx, tenant)
	if err != nil {
		return err
	}
	p := &pipeline.Pipeline{Catalogue: catalogue, Memory: NewChangeMemory(s.Store, catalogue, tenant, scope.ID), Now: s.Now, Log: s.Log}
	return p.Change(ctx, g, kind, region, id)
}

// Judge queues the work of Rejudge.
func (s *Scheduler) Judge(ctx context.Context, tenant uuid.UUID, cause evaluator.Cause) error {
	if s.client == nil {
		return errNoClient
	}
	if _, err := s.client.Insert(ctx, Judge{Tenant: tenant, Cause: cause}, nil); err != nil {
		return fmt.Errorf("queue the judging: %w", err)
	}
	return nil
}

// Rejudge works out again what is due for a tenant, from what is stored. With the cause aged that is every class of
// which a check reads the moment; with catalogue_changed, what the checks concern that differ from those that judged
// last; with settings_changed, every class.
func (s *Scheduler) Rejudge(ctx context.Context, tenant uuid.UUID, cause evaluator.Cause) error {
	now := s.Now()
	catalogue, err := s.inForce(ctx, tenant)
	if err != nil {
		return err
	}
	err = s.Store.InTx(ctx, tenant, func(tx store.Tx) error { return makeDue(ctx, tx, catalogue, cause, now) })
	if err != nil {
		return fmt.Errorf("judge again: %w", err)
	}
	p := &pipeline.Pipeline{Catalogue: catalogue, Memory: NewMemory(s.Store, catalogue, tenant, uuid.Nil, uuid.Nil), Now: s.Now, Log: s.Log}
	return p.Settle(ctx, now)
}

// makeDue makes due what a cause concerns, and notes in the same transaction that it did.
func makeDue(ctx context.Context, tx store.Tx, catalogue *evaluator.Catalogue, cause evaluator.Cause, now time.Time) error {
	switch cause {
	case evaluator.CauseCatalogueChanged:
		before, err := tx.JudgedChecks(ctx)
		if err != nil {
			return err
		}
		checks, classes := catalogue.Changed(before)
		if err := tx.RejudgeChanged(ctx, checks, classes); err != nil {
			return err
		}
		if err := tx.SetJudgedChecks(ctx, catalogue.Versions()); err != nil {
			return err
		}
		if len(before) == 0 {
			// Everything is judged for the first time, and so is what ages.
			if err := tx.SetAged(ctx, now); err != nil {
				return err
			}
		}
		return tx.SetJudged(ctx, catalogue.Version)
	case evaluator.CauseSettingsChanged:
		if err := tx.Rederive(ctx, slices.Sorted(maps.Keys(inventory.Classes)), cause); err != nil {
			return err
		}
		return tx.SetAged(ctx, now)
	case evaluator.CauseAged:
		if err := tx.Rejudge(ctx, aging(catalogue), cause); err != nil {
			return err
		}
		return tx.SetAged(ctx, now)
	default:
		return nil
	}
}

// aging are the classes of which a check reads the moment.
func aging(catalogue *evaluator.Catalogue) []inventory.Class {
	var out []inventory.Class
	for class := range inventory.Classes {
		if slices.ContainsFunc(catalogue.ByClass(class), (*evaluator.Check).ReadsMoment) {
			out = append(out, class)
		}
	}
	slices.Sort(out)
	return out
}

// errNoClient is a fault of the caller: Start comes first.
var errNoClient = errors.New("the scheduler was not started")
