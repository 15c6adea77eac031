package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// counting notes which resources were worked out again.
type counting struct {
	*Scratch
	derived map[string]int
}

func (c *counting) Settle(ctx context.Context, at time.Time, do work) error {
	return c.Scratch.Settle(ctx, at, func(
		ctx context.Context, batch []evaluator.Due, view evaluator.View,
	) ([]evaluator.Settled, error) {
		for _, due := range batch {
			c.derived[due.Resource.ID]++
		}
		return do(ctx, batch, view)
	})
}

// derivedAgain lists what was worked out since the last call.
func (c *counting) derivedAgain() []string {
	out := slices.Sorted(maps.Keys(c.derived))
	c.derived = map[string]int{}
	return out
}

// TestChangeDerivesWhatDependsOnIt asks again about one resource of many. Only what rests on it is worked out again, and
// all of that.
func TestChangeDerivesWhatDependsOnIt(t *testing.T) {
	t.Parallel()
	ctx, c := context.Background(), newCloud()
	for i := range 30 {
		id := fmt.Sprintf("bucket-%02d", i)
		c.buckets[id] = bucket{ID: id, TLS: true, Public: i%2 == 0}
	}
	memory := &counting{NewScratch(inventory.Defaults()), map[string]int{}}
	p := newPipeline(t, c, memory)
	if err := p.Run(ctx, c); err != nil {
		t.Fatal(err)
	}
	if n := len(memory.derivedAgain()); n < 31 {
		t.Fatalf("the first run worked out %d resources", n)
	}
	const changed = "bucket-07"
	publicCheck, tlsCheck := "object-storage-not-public-by-policy", "object-storage-tls-required"
	change := func(kind inventory.Kind, region, id string) []string {
		t.Helper()
		if err := p.Change(ctx, c, kind, region, id); err != nil {
			t.Fatal(err)
		}
		return memory.derivedAgain()
	}

	c.buckets[changed] = bucket{ID: changed}
	if got := change(bucketKind, region, changed); !slices.Equal(got, []string{changed}) {
		t.Errorf("a change of one bucket worked out %v", got)
	}
	if f := memory.Finding(changed, tlsCheck); !f.Stands() {
		t.Error("the change left no finding")
	}
	delete(c.buckets, changed)
	if got := change(bucketKind, region, changed); len(got) != 0 {
		t.Errorf("a bucket that nothing rests on went, and %v was worked out", got)
	}
	if memory.Finding(changed, tlsCheck) != nil || len(memory.resources) < 30 {
		t.Error("the bucket that went left its finding, or took others along")
	}

	if !memory.Finding("bucket-00", publicCheck).Stands() {
		t.Fatal("a public bucket is not found while nothing guards it")
	}
	c.guarded = true
	got := change(guardKind, "global", guardID)
	for i := range 30 {
		if id := fmt.Sprintf("bucket-%02d", i); id != changed && !slices.Contains(got, id) {
			t.Errorf("the account's switch was set and %s not worked out again", id)
		}
	}
	if memory.Finding("bucket-00", publicCheck).Stands() {
		t.Error("a finding stands that the switch has settled")
	}
	fresh := NewScratch(inventory.Defaults())
	if err := newPipeline(t, c, fresh).Run(ctx, c); err != nil {
		t.Fatal(err)
	}
	if a, b := verdicts(memory.Scratch), verdicts(fresh); !maps.Equal(a, b) {
		t.Errorf("%d verdicts after changes; a single run gives %d others", len(a), len(b))
	}
}

// TestAListingThatStumblesIsIncomplete has a source fall over an answer in the middle of its listing: the run goes on, and
// the listing removes and closes nothing.
func TestAListingThatStumblesIsIncomplete(t *testing.T) {
	t.Parallel()
	c := newCloud()
	c.buckets["a"], c.buckets["b"] = bucket{ID: "a"}, bucket{ID: "b"}
	memory := NewScratch(inventory.Defaults())
	p := newPipeline(t, c, memory)
	if err := p.Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	before := verdicts(memory)
	delete(c.buckets, "b")
	c.during = func() { panic("an answer of a shape that nobody foresaw") }
	if err := p.Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if memory.resources["b"] == nil {
		t.Error("the listing was not read to its end and removed a bucket")
	}
	after := verdicts(memory)
	for key, was := range before {
		if is := after[key]; is != was && is == evaluator.Pass {
			t.Errorf("%v was %q and passes now", key, was)
		}
	}
	for _, row := range memory.Ledger() {
		if row.Kind == bucketKind && row.Region == region && row.Complete {
			t.Errorf("the row is %+v", row)
		}
	}
}
