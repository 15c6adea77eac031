package schedule

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/store"
)

// recorded is an account that records help to collect.
type recorded struct {
	account
	lag    time.Duration
	direct []string
	told   int
}

func (r *recorded) Lag() time.Duration { return r.lag }

func (r *recorded) AskDirectly(ids []string) {
	r.direct, r.told = slices.Sorted(slices.Values(ids)), r.told+1
}

// TestWhatChangesToldIsAskedDirectly wants a run that records help to ask about what a change told within the time by which
// they may lag, and about nothing else.
func TestWhatChangesToldIsAskedDirectly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, name := range []string{"steady", "changed", "confirmed", "long ago", "gone"} {
		h.cloud.Buckets[name] = bucket{Name: name, TLS: yes()}
	}
	h.collect()
	h.change("long ago")
	h.cloud.now = h.cloud.now.Add(48 * time.Hour)
	h.cloud.Buckets["changed"] = bucket{Name: "changed", TLS: no()}
	h.cloud.Buckets["new"] = bucket{Name: "new", TLS: no()}
	delete(h.cloud.Buckets, "gone")
	for _, name := range []string{"changed", "confirmed", "new", "gone"} {
		h.change(name)
	}
	g := &recorded{account: account{h.cloud}, lag: 24 * time.Hour}
	s := schedulerOver(h.store, h.catalogue, h.cloud)
	s.Open = func(context.Context, store.Scope) (pipeline.Gatherer, error) { return g, nil }
	run := func() {
		t.Helper()
		job := Collect{Tenant: h.tenant, Scope: h.scope.ID, Run: uuid.New()}
		h.within(func(tx store.Tx) error {
			return tx.QueueRun(context.Background(), job.Run, job.Scope, "request", h.cloud.clock())
		})
		if err := (collector{Scheduler: s}).collect(context.Background(), job); err != nil {
			t.Fatal(err)
		}
	}
	run()
	if want := []string{bucketID("changed"), bucketID("confirmed"), bucketID("new")}; !slices.Equal(g.direct, want) {
		t.Errorf("asked directly: %v; want %v of %v", g.direct, want, slices.Collect(maps.Keys(h.cloud.Buckets)))
	}
	g.lag, g.told = 0, 0
	run()
	if g.told != 0 {
		t.Error("a run without records was told what to ask directly")
	}
}
