package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// Sweep is the job of every minute: it hands out what is due. What is due stands in the scopes' table, so a missed
// minute, or a day without the service, is caught up once.
type Sweep struct{}

// Kind implements river.JobArgs.
func (Sweep) Kind() string { return "sweep" }

// InsertOpts allows one live sweep.
func (Sweep) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: "sweep", MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByState: live}}
}

type sweeper struct {
	river.WorkerDefaults[Sweep]
	*Scheduler
}

// Work implements river.Worker.
func (s sweeper) Work(ctx context.Context, _ *river.Job[Sweep]) error { return s.Sweep(ctx) }

// agedAfter is how long verdicts that read the moment may stand without being judged again.
const agedAfter = 24 * time.Hour

// Sweep queues the collections that are due, takes up runs whose worker died, and has verdicts judged again where the
// catalogue changed or a day passed.
func (s *Scheduler) Sweep(ctx context.Context) error {
	if s.client == nil {
		return errNoClient
	}
	now := s.Now()
	err := s.Store.SweepDue(ctx, now, func(schedule string) (*time.Time, error) { return Next(schedule, now) },
		func(tx store.Tx, scope uuid.UUID) error {
			err := s.queue(ctx, tx, uuid.New(), scope, "schedule")
			if errors.Is(err, store.ErrConflict) {
				return nil
			}
			return err
		})
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	tenants, err := s.Store.Tenants(ctx)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for _, t := range tenants {
		if err := s.sweepTenant(ctx, t.ID, now); err != nil {
			return fmt.Errorf("sweep tenant %s: %w", t.ID, err)
		}
	}
	return nil
}

func (s *Scheduler) sweepTenant(ctx context.Context, tenant uuid.UUID, now time.Time) error {
	if err := s.takeUp(ctx, tenant); err != nil {
		return err
	}
	catalogue, err := s.inForce(ctx, tenant)
	if err != nil {
		// One organisation's own checks must not stop the service of the others.
		s.Log.Error("the catalogue of a tenant cannot be read", "tenant", tenant, "error", err)
		return nil
	}
	return s.Store.InTx(ctx, tenant, func(tx store.Tx) error {
		judged, err := tx.Judged(ctx)
		if err != nil {
			return err
		}
		aged, err := tx.Aged(ctx)
		if err != nil {
			return err
		}
		idle, err := tx.IdleDue(ctx)
		if err != nil {
			return err
		}
		var cause evaluator.Cause
		switch {
		case judged != catalogue.Version:
			cause = evaluator.CauseCatalogueChanged
		case aged.IsZero() || now.Sub(aged) >= agedAfter:
			cause = evaluator.CauseAged
		case !idle:
			return nil
		}
		_, err = s.client.InsertTx(ctx, tx.Tx, Judge{Tenant: tenant, Cause: cause}, nil)
		return err
	})
}

// takeUp queues again the runs that are said to be under way while nobody holds their scope: the process that did is
// gone.
func (s *Scheduler) takeUp(ctx context.Context, tenant uuid.UUID) error {
	var runs []store.Run
	err := s.Store.InTx(ctx, tenant, func(tx store.Tx) (err error) {
		runs, err = tx.RunsUnderWay(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for _, run := range runs {
		unlock, err := s.Store.LockRun(ctx, tenant, run.ScopeID)
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return err
		}
		unlock()
		// A run that was queued a moment ago has a job that has not begun yet; an equal job is not inserted twice.
		try := 0
		if run.State == "running" {
			try = int(s.Now().Unix())
		}
		if _, err := s.client.Insert(ctx, Collect{Tenant: tenant, Scope: run.ScopeID, Run: run.ID, Try: try}, nil); err != nil {
			return fmt.Errorf("take up run %s: %w", run.ID, err)
		}
		if try > 0 {
			s.Log.Warn("a run was cut off and is taken up again", "run", run.ID)
		}
	}
	return nil
}

// quiet keeps River's own news below warnings out of the log.
type quiet struct{ slog.Handler }

// Enabled implements slog.Handler.
func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}
