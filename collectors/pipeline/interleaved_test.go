package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// work is what a memory gives what is due to.
type work = func(context.Context, []evaluator.Due, evaluator.View) ([]evaluator.Settled, error)

// delivery is one thing a collection hands to a memory, on its way.
type delivery struct {
	give func(context.Context, Memory) error
	// closes is the moment of a complete listing, gone the resource that a question found gone at that moment.
	closes time.Time
	gone   string
}

// mail is a Memory that keeps what it is given, so that it can be delivered late and in between other things.
type mail struct{ out []delivery }

func (m *mail) Observe(_ context.Context, batch []collectors.Observation) error {
	m.out = append(m.out, delivery{give: func(ctx context.Context, to Memory) error { return to.Observe(ctx, batch) }})
	return nil
}

func (m *mail) Listed(_ context.Context, row inventory.LedgerRow, placeholder *inventory.Resource) error {
	d := delivery{give: func(ctx context.Context, to Memory) error { return to.Listed(ctx, row, placeholder) }}
	if row.Complete && row.Kind == bucketKind && row.Region == region {
		d.closes = row.BeganAt
	}
	m.out = append(m.out, d)
	return nil
}

func (m *mail) Removed(_ context.Context, id string, at time.Time) error {
	m.out = append(m.out, delivery{
		give: func(ctx context.Context, to Memory) error { return to.Removed(ctx, id, at) }, closes: at, gone: id,
	})
	return nil
}

func (m *mail) Settle(context.Context, time.Time, work) error {
	return nil
}

func (m *mail) RollUp(context.Context, time.Time) error { return nil }

// moment is how a bucket was from a moment on; nil when it was not there.
type moment struct {
	from time.Time
	was  *bucket
}

// interleaving is a cloud that changes, the collections of it whose findings are on their way, and what must hold.
type interleaving struct {
	t       *rapid.T
	cloud   *cloud
	memory  *Scratch
	line    *Pipeline
	ways    []*mail
	history map[string][]moment
	// newest is the latest moment that the memory knows of each bucket, its absence included.
	newest map[string]time.Time
}

var ids = []string{"a", "b", "c", "d"}

func (x *interleaving) mutate() {
	id := rapid.SampledFrom(ids).Draw(x.t, "id")
	m := moment{from: x.cloud.now()}
	if rapid.IntRange(0, 2).Draw(x.t, "goes") == 0 {
		delete(x.cloud.buckets, id)
	} else {
		b := bucket{
			ID: id, TLS: rapid.Bool().Draw(x.t, "tls"), Public: rapid.Bool().Draw(x.t, "public"),
			LogsInto: rapid.SampledFrom(ids).Draw(x.t, "logs"),
		}
		x.cloud.buckets[id], m.was = b, &b
	}
	x.history[id] = append(x.history[id], m)
	x.cloud.guarded = rapid.Bool().Draw(x.t, "guarded")
}

func (x *interleaving) at(id string, when time.Time) *bucket {
	var was *bucket
	for _, m := range x.history[id] {
		if !m.from.After(when) {
			was = m.was
		}
	}
	return was
}

// send starts a collection whose findings are delivered later, in their order.
func (x *interleaving) send(what func(*Pipeline) error) {
	m := &mail{}
	if err := what(&Pipeline{Catalogue: x.line.Catalogue, Memory: m, Now: x.cloud.now}); err != nil {
		x.t.Fatal(err)
	}
	x.ways = append(x.ways, m)
}

// deliver hands the next finding of one collection over and checks what the memory made of it.
func (x *interleaving) deliver(way int) {
	d := x.ways[way].out[0]
	if x.ways[way].out = x.ways[way].out[1:]; len(x.ways[way].out) == 0 {
		x.ways = slices.Delete(x.ways, way, way+1)
	}
	before := map[string]time.Time{}
	for _, id := range ids {
		if r := x.memory.resources[id]; r != nil {
			before[id] = r.ObservedAt
		}
	}
	if err := d.give(context.Background(), x.memory); err != nil {
		x.t.Fatal(err)
	}
	for _, id := range ids {
		x.check(id, before[id], d)
	}
}

func (x *interleaving) check(id string, before time.Time, d delivery) {
	r := x.memory.resources[id]
	if r == nil {
		if before.IsZero() {
			return
		}
		if d.closes.IsZero() || !before.Before(d.closes) || (d.gone != "" && d.gone != id) {
			x.t.Fatalf("%s, last observed %s, was removed by what began %s", id, before, d.closes)
		}
		x.newest[id] = d.closes
		return
	}
	if r.ObservedAt.Before(x.newest[id]) {
		x.t.Fatalf("%s is as it was at %s; %s was known already", id, r.ObservedAt, x.newest[id])
	}
	x.newest[id] = r.ObservedAt
	facts, was := r.Facts.(*inventory.ObjectStorage), x.at(id, r.ObservedAt)
	if was == nil || was.TLS != facts.TLSRequired || was.Public != facts.PolicyPublic || was.LogsInto != facts.LogTarget {
		x.t.Fatalf("%s observed at %s is %+v; it was %+v", id, r.ObservedAt, facts, was)
	}
}

func (x *interleaving) settle() {
	if err := x.line.Settle(context.Background(), x.cloud.now()); err != nil {
		x.t.Fatal(err)
	}
}

// TestInterleavedRunsAndChanges mixes whole collections and questions about single resources, whose findings arrive in
// any order. What is older never replaces what is newer; removed is only what was last observed before the complete
// listing that lacks it began; and in the end the memory holds the cloud, with the verdicts of a single run.
func TestInterleavedRunsAndChanges(t *testing.T) {
	t.Parallel()
	base := newPipeline(t, newCloud(), nil)
	rapid.Check(t, func(t *rapid.T) {
		c, ctx := newCloud(), context.Background()
		x := &interleaving{
			t: t, cloud: c, memory: NewScratch(inventory.Defaults()),
			history: map[string][]moment{}, newest: map[string]time.Time{},
		}
		x.line = &Pipeline{Catalogue: base.Catalogue, Memory: x.memory, Now: c.now}
		for range rapid.IntRange(5, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1:
				x.mutate()
			case 2:
				c.refuses = rapid.IntRange(0, 3).Draw(t, "refused") == 0
				if rapid.Bool().Draw(t, "busy") {
					c.during = x.mutate
				}
				x.send(func(p *Pipeline) error { return p.Run(ctx, c) })
				c.refuses, c.during = false, nil
			case 3:
				id := rapid.SampledFrom(ids).Draw(t, "changed")
				x.send(func(p *Pipeline) error { return p.Change(ctx, c, bucketKind, region, id) })
			case 4:
				for range rapid.IntRange(1, 30).Draw(t, "deliveries") {
					if len(x.ways) > 0 {
						x.deliver(rapid.IntRange(0, len(x.ways)-1).Draw(t, "way"))
					}
				}
			case 5:
				x.settle()
			}
		}
		for len(x.ways) > 0 {
			x.deliver(rapid.IntRange(0, len(x.ways)-1).Draw(t, "way"))
		}
		if err := x.line.Run(ctx, c); err != nil {
			t.Fatal(err)
		}
		x.compare()
	})
}

// compare holds the memory against a fresh one that saw the cloud once.
func (x *interleaving) compare() {
	fresh := NewScratch(inventory.Defaults())
	line := &Pipeline{Catalogue: x.line.Catalogue, Memory: fresh, Now: x.cloud.now}
	if err := line.Run(context.Background(), x.cloud); err != nil {
		x.t.Fatal(err)
	}
	got, want := slices.Sorted(maps.Keys(x.memory.resources)), slices.Sorted(maps.Keys(fresh.resources))
	if !slices.Equal(got, want) {
		x.t.Fatalf("the memory holds %v; the cloud %v", got, want)
	}
	if a, b := verdicts(x.memory), verdicts(fresh); !maps.Equal(a, b) {
		for k, v := range b {
			if a[k] != v {
				x.t.Errorf("%v: %q; a single run says %q", k, a[k], v)
			}
		}
		x.t.Fatal(fmt.Sprintf("%d verdicts; a single run gives %d", len(a), len(b)))
	}
}
