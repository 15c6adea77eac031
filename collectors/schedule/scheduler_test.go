package schedule

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/store"
)

// started gives a scheduler that hands jobs out and works none.
func (h *house) started() *Scheduler {
	h.t.Helper()
	s := schedulerOver(h.store, h.catalogue, h.cloud)
	if err := s.Start(context.Background(), false); err != nil {
		h.t.Fatal(err)
	}
	return s
}

func (h *house) runs() (states []string) {
	h.t.Helper()
	h.within(func(tx store.Tx) error {
		runs, err := tx.RunsUnderWay(context.Background())
		for _, r := range runs {
			states = append(states, r.Trigger+" "+r.State)
		}
		return err
	})
	return states
}

func TestAMissedTimeIsCaughtUpOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.started()
	ctx := context.Background()
	missed := day.Add(-72 * time.Hour)
	h.within(func(tx store.Tx) error {
		scope := h.scope
		scope.Schedule, scope.NextRunAt = "CRON_TZ=Europe/Berlin 0 6 * * *", &missed
		return tx.UpdateScope(ctx, scope)
	})
	for range 2 {
		if err := s.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if got := h.runs(); len(got) != 1 || got[0] != "schedule queued" {
		t.Errorf("after three missed days and two sweeps: %v, want one queued run", got)
	}
	h.within(func(tx store.Tx) error {
		scope, err := tx.Scope(ctx, h.scope.ID)
		// Six in Berlin is five in UTC in winter; it is past six there already.
		want := time.Date(2026, 3, 2, 5, 0, 0, 0, time.UTC)
		if err == nil && (scope.NextRunAt == nil || !scope.NextRunAt.Equal(want)) {
			t.Errorf("next run at %v, want %v", scope.NextRunAt, want)
		}
		return err
	})
}

func TestRunsOfOneScopeNeverOverlap(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.started()
	ctx := context.Background()
	if _, err := s.StartRun(ctx, h.tenant, h.scope.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.StartRun(ctx, h.tenant, h.scope.ID); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a second run was queued: %v", err)
	}
	unlock, err := h.store.LockRun(ctx, h.tenant, h.scope.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.LockRun(ctx, h.tenant, h.scope.ID); !errors.Is(err, store.ErrConflict) {
		t.Errorf("two workers hold one scope: %v", err)
	}
	unlock()
	again, err := h.store.LockRun(ctx, h.tenant, h.scope.ID)
	if err != nil {
		t.Fatalf("a scope that was given back cannot be taken: %v", err)
	}
	again()
}

func TestARunOfADeadWorkerIsTakenUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.started()
	ctx := context.Background()
	id, err := s.StartRun(ctx, h.tenant, h.scope.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.within(func(tx store.Tx) error { return tx.BeginRun(ctx, id, "x", day) })
	jobs := func() (n int) {
		h.within(func(tx store.Tx) error {
			return tx.QueryRow(ctx, `SELECT count(*) FROM river_job WHERE kind = 'collect'`).Scan(&n)
		})
		return n
	}
	unlock, err := h.store.LockRun(ctx, h.tenant, h.scope.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if jobs() != 1 {
		t.Errorf("a run whose worker lives was taken up")
	}
	unlock()
	if err := s.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if jobs() != 2 {
		t.Errorf("%d jobs, want the one of the dead worker and one that takes the run up", jobs())
	}
}

func TestACancelledRunEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.started()
	ctx := context.Background()
	id, err := s.StartRun(ctx, h.tenant, h.scope.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CancelRun(ctx, h.tenant, id); err != nil {
		t.Fatal(err)
	}
	if err := (collector{Scheduler: s}).collect(ctx, Collect{Tenant: h.tenant, Scope: h.scope.ID, Run: id}); err != nil {
		t.Fatal(err)
	}
	if n := h.count("resources"); n != 0 {
		t.Errorf("a cancelled run collected %d resources", n)
	}
	for i := range 40 {
		h.cloud.Buckets[string(rune('a'+i))] = bucket{string(rune('a' + i)), yes()}
	}
	h.cloud.Delay = 100 * time.Millisecond
	if id, err = s.StartRun(ctx, h.tenant, h.scope.ID); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- collector{Scheduler: s}.collect(ctx, Collect{Tenant: h.tenant, Scope: h.scope.ID, Run: id})
	}()
	time.Sleep(200 * time.Millisecond)
	if err := s.CancelRun(ctx, h.tenant, id); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	h.within(func(tx store.Tx) error {
		run, err := tx.Run(ctx, id)
		if err == nil && run.State != "cancelled" {
			t.Errorf("the run is %s, want cancelled", run.State)
		}
		return err
	})
}

func TestAChangedCatalogueJudgesAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.cloud.Buckets = map[string]bucket{"a": {"a", no()}}
	h.collect()
	s := h.started()
	ctx := context.Background()
	if err := s.Rejudge(ctx, h.tenant, "catalogue_changed"); err != nil {
		t.Fatal(err)
	}
	h.within(func(tx store.Tx) error {
		judged, err := tx.Judged(ctx)
		if err == nil && judged != h.catalogue.Version {
			t.Errorf("judged with %q, want %q", judged, h.catalogue.Version)
		}
		return err
	})
	if got := h.standing()[tlsCheck+" a"]; got != "fail open" {
		t.Errorf("after judging again: %q, want fail open", got)
	}
	if _, err := s.StartRun(ctx, h.tenant, uuid.New()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a run of an unknown scope: %v, want not found", err)
	}
}

func TestScheduleErrorsNameTheShape(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"every day", "* * * *", "CRON_TZ=Nowhere/Land 0 6 * * *", "61 6 * * *"} {
		if _, err := Next(wrong, day); err == nil {
			t.Errorf("%q was taken for a schedule", wrong)
		}
	}
	if next, err := Next("", day); err != nil || next != nil {
		t.Errorf("no schedule gives %v, %v", next, err)
	}
}
