package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// live are the states of a job that has not ended. River's own default also counts completed jobs, which would skip
// every later run until its cleaner comes.
var live = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
}

// Collect is the job that collects one scope.
type Collect struct {
	Tenant uuid.UUID `json:"tenant"`
	Scope  uuid.UUID `json:"scope"`
	Run    uuid.UUID `json:"run"`
	// Try counts how often the run was taken up after its worker died.
	Try int `json:"try"`
}

// Kind implements river.JobArgs.
func (Collect) Kind() string { return "collect" }

// InsertOpts allows one live job for each try of a run.
func (Collect) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: "collect", MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: live}}
}

// runLimit bounds one collection; what is not listed by then is left for the next one.
const runLimit = 6 * time.Hour

// collector works Collect jobs.
type collector struct {
	river.WorkerDefaults[Collect]
	*Scheduler
}

// Timeout implements river.Worker.
func (collector) Timeout(*river.Job[Collect]) time.Duration { return runLimit }

// Work implements river.Worker. A run is fenced by an advisory lock on its scope, which the database frees when the
// process dies: two workers never collect one scope at once, whatever the queue believes.
func (c collector) Work(ctx context.Context, job *river.Job[Collect]) error {
	unlock, err := c.Store.LockRun(ctx, job.Args.Tenant, job.Args.Scope)
	if errors.Is(err, store.ErrConflict) {
		return river.JobSnooze(10 * time.Second)
	}
	if err != nil {
		return err
	}
	defer unlock()
	return c.collect(ctx, job.Args)
}

// collect runs the pipeline for a scope and notes how it ended. Only a fault of ours is returned, so that it is tried
// again; what the cloud refuses is in the ledger.
func (c collector) collect(ctx context.Context, job Collect) error {
	catalogue, err := c.inForce(ctx, job.Tenant)
	if err != nil {
		return err
	}
	var scope store.Scope
	err = c.Store.InTx(ctx, job.Tenant, func(tx store.Tx) (err error) {
		if err := tx.BeginRun(ctx, job.Run, catalogue.Version, c.Now()); err != nil {
			return err
		}
		scope, err = tx.Scope(ctx, job.Scope)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil // cancelled meanwhile, or its scope was removed
	}
	if err != nil {
		return fmt.Errorf("begin run: %w", err)
	}
	if scope.LeftAt != nil {
		// It was queued before it was noticed. What was seen in the scope stands.
		return c.end(ctx, job, store.Ended{State: "cancelled", Error: "No longer collected: " + scope.LeftWhy + "."})
	}
	memory := NewMemory(c.Store, catalogue, job.Tenant, job.Scope, job.Run)
	runCtx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := c.report(runCtx, cancel, job, memory)
	err = c.run(runCtx, job, scope, memory, catalogue)
	stop()
	ended := memory.Ended()
	switch {
	case errors.Is(context.Cause(runCtx), errCancelled):
		ended.State, ended.Error = "cancelled", "Cancelled on request."
	case ctx.Err() != nil:
		return ctx.Err() // the process is stopping: the run is taken up again
	case err != nil:
		ended.State, ended.Error = "failed", err.Error()
		c.Log.Error("run failed", "scope", scope.NaturalID, "run", job.Run, "error", err)
	}
	if err := c.end(context.WithoutCancel(ctx), job, ended); err != nil {
		return err
	}
	c.Log.Info("run ended", "scope", scope.NaturalID, "run", job.Run, "state", ended.State, "listed", ended.Listed, "changed", ended.Changed, "removed", ended.Removed)
	return nil
}

func (c collector) run(ctx context.Context, job Collect, scope store.Scope, memory *Memory, catalogue *evaluator.Catalogue) error {
	g, err := c.Open(ctx, scope)
	if err != nil {
		return err
	}
	if err := c.askDirectly(ctx, job, g); err != nil {
		return err
	}
	p := &pipeline.Pipeline{Catalogue: catalogue, Memory: memory, Now: c.Now, Log: c.Log}
	if err := p.Run(ctx, g); err != nil {
		return err
	}
	if o, ok := g.(pipeline.Organization); ok {
		return c.follow(ctx, job, p, o)
	}
	return nil
}

// askDirectly keeps records that lag from overwriting what changes told within that time.
func (c collector) askDirectly(ctx context.Context, job Collect, g pipeline.Gatherer) error {
	recorded, ok := g.(pipeline.Recorded)
	if !ok || recorded.Lag() == 0 {
		return nil
	}
	return c.Store.InTx(ctx, job.Tenant, func(tx store.Tx) error {
		ids, err := tx.ToldByChanges(ctx, job.Scope, c.Now().Add(-recorded.Lag()))
		recorded.AskDirectly(ids)
		return err
	})
}

func (c collector) end(ctx context.Context, job Collect, ended store.Ended) error {
	return c.Store.InTx(ctx, job.Tenant, func(tx store.Tx) error { return tx.EndRun(ctx, job.Run, ended, c.Now()) })
}

// errCancelled is the cause of a context that a request ended.
var errCancelled = errors.New("cancelled on request")

// report notes progress every second and ends the run when somebody asked for it. The returned func stops it.
func (c collector) report(ctx context.Context, cancel context.CancelCauseFunc, job Collect, memory *Memory) func() {
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			listed, changed, removed, listings := memory.Counts()
			var cancelled bool
			err := c.Store.InTx(ctx, job.Tenant, func(tx store.Tx) (err error) {
				cancelled, err = tx.Progress(ctx, job.Run, fmt.Sprintf("%d listings done", listings), listed, changed, removed)
				return err
			})
			if err != nil && ctx.Err() == nil {
				c.Log.Warn("progress could not be noted", "run", job.Run, "error", err)
			}
			if cancelled {
				cancel(errCancelled)
				return
			}
		}
	}()
	return func() {
		close(done)
		<-stopped
	}
}

// Judge is the job that works out again what is due for a tenant: what a worker that died left, what a new catalogue
// changed, and what aged.
type Judge struct {
	Tenant uuid.UUID       `json:"tenant"`
	Cause  evaluator.Cause `json:"cause"`
}

// Kind implements river.JobArgs.
func (Judge) Kind() string { return "judge" }

// InsertOpts allows one live job for each tenant and cause.
func (Judge) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: "judge", MaxAttempts: 5, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: live}}
}

type judge struct {
	river.WorkerDefaults[Judge]
	*Scheduler
}

// Timeout implements river.Worker.
func (judge) Timeout(*river.Job[Judge]) time.Duration { return time.Hour }

// Work implements river.Worker.
func (j judge) Work(ctx context.Context, job *river.Job[Judge]) error {
	return j.Rejudge(ctx, job.Args.Tenant, job.Args.Cause)
}
