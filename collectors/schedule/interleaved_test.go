package schedule

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// delivery is one thing a collection hands to a memory, on its way. closes is the moment from which what was not seen is
// gone: that of a complete listing, or of a question about one bucket.
type delivery struct {
	give   func(context.Context, *Memory) error
	closes time.Time
	gone   string
}

// post is a pipeline.Memory that keeps what a run is told, so that it reaches the run's own memory late and in between
// what others are told.
type post struct {
	to  *Memory
	out []delivery
}

func (p *post) Observe(_ context.Context, batch []collectors.Observation) error {
	p.out = append(p.out, delivery{give: func(ctx context.Context, to *Memory) error { return to.Observe(ctx, batch) }})
	return nil
}

func (p *post) Listed(_ context.Context, row inventory.LedgerRow, placeholder *inventory.Resource) error {
	d := delivery{give: func(ctx context.Context, to *Memory) error { return to.Listed(ctx, row, placeholder) }}
	if row.Complete && row.Kind == "aws.s3.bucket" && row.Region == collectors.Global {
		d.closes = row.BeganAt
	}
	p.out = append(p.out, d)
	return nil
}

func (p *post) Removed(_ context.Context, id string, at time.Time) error {
	p.out = append(p.out, delivery{
		give: func(ctx context.Context, to *Memory) error { return to.Removed(ctx, id, at) }, closes: at, gone: id,
	})
	return nil
}

func (p *post) Settle(context.Context, time.Time, func(context.Context, []evaluator.Due, evaluator.View) ([]evaluator.Settled, error)) error {
	return nil
}

func (p *post) RollUp(context.Context, time.Time) error { return nil }

// was is how a bucket stood from a moment on; nil when it was not there.
type was struct {
	from   time.Time
	bucket *bucket
}

// known is what the inventory holds of a bucket.
type known struct {
	observed time.Time
	facts    *inventory.ObjectStorage
	unread   bool
}

// interleaving is a cloud that changes, runs whose findings are on their way, and what must hold of the inventory.
type interleaving struct {
	t       *rapid.T
	h       *house
	posts   []*post
	history map[string][]was
	newest  map[string]time.Time
}

var names = []string{"a", "b", "c"}

func (x *interleaving) mutate() {
	name := rapid.SampledFrom(names).Draw(x.t, "name")
	m := was{from: x.h.cloud.clock()}
	if rapid.IntRange(0, 2).Draw(x.t, "goes") == 0 {
		delete(x.h.cloud.Buckets, name)
	} else {
		b := bucket{name, rapid.SampledFrom([]*bool{yes(), no(), nil}).Draw(x.t, "tls")}
		x.h.cloud.Buckets[name], m.bucket = b, &b
	}
	x.history[name] = append(x.history[name], m)
}

// send begins a run, or a question about one bucket, whose findings are delivered later in their order.
func (x *interleaving) send(to *Memory, what func(*pipeline.Pipeline) error) {
	p := &post{to: to}
	if err := what(x.h.pipeline(p)); err != nil {
		x.t.Fatal(err)
	}
	x.posts = append(x.posts, p)
}

// deliver hands over the next findings of one run, has them written, and checks what became of each bucket.
func (x *interleaving) deliver() {
	n := rapid.IntRange(0, len(x.posts)-1).Draw(x.t, "run")
	p := x.posts[n]
	some := rapid.IntRange(1, len(p.out)).Draw(x.t, "findings")
	before := x.inventory()
	for _, d := range p.out[:some] {
		if err := d.give(context.Background(), p.to); err != nil {
			x.t.Fatal(err)
		}
	}
	if err := p.to.write(context.Background()); err != nil {
		x.t.Fatal(err)
	}
	after := x.inventory()
	for _, name := range names {
		x.check(name, before[name], after[name], p.out[:some])
	}
	if p.out = p.out[some:]; len(p.out) == 0 {
		x.posts = slices.Delete(x.posts, n, n+1)
	}
}

// check holds a bucket to what may happen to it: only what is newer changes it, and only what began after it was last
// observed removes it.
func (x *interleaving) check(name string, before, after *known, told []delivery) {
	if after == nil {
		if before == nil {
			return
		}
		for _, d := range told {
			if before.observed.Before(d.closes) && (d.gone == "" || d.gone == bucketID(name)) {
				x.newest[name] = d.closes
				return
			}
		}
		x.t.Fatalf("%s, last observed %s, was removed by nothing that began later", name, before.observed)
	}
	if after.observed.Before(x.newest[name]) {
		x.t.Fatalf("%s is as it was at %s; %s was known already", name, after.observed, x.newest[name])
	}
	x.newest[name] = after.observed
	var stood *bucket
	for _, m := range x.history[name] {
		if !m.from.After(after.observed) {
			stood = m.bucket
		}
	}
	if stood == nil || (stood.TLS == nil) != after.unread || (stood.TLS != nil && *stood.TLS != after.facts.TLSRequired) {
		x.t.Fatalf("%s observed at %s is %+v; it was %+v", name, after.observed, after, stood)
	}
}

func (x *interleaving) inventory() map[string]*known {
	out := map[string]*known{}
	for _, name := range names {
		x.h.within(func(tx store.Tx) error {
			var k known
			var raw []byte
			err := tx.QueryRow(context.Background(), `SELECT observed_at, facts FROM resources WHERE tenant_id = $1 AND natural_id = $2`,
				x.h.tenant, bucketID(name)).Scan(&k.observed, &raw)
			if errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			r, err := inventory.Blank(inventory.ClassObjectStorage)
			if err != nil {
				return err
			}
			if err := r.DecodeFacts(raw); err != nil {
				return err
			}
			_, k.unread = r.Unknown["tls_required"]
			k.facts = r.Facts.(*inventory.ObjectStorage)
			out[name] = &k
			return nil
		})
	}
	return out
}

func (x *interleaving) step() {
	ctx, h := context.Background(), x.h
	switch rapid.IntRange(0, 5).Draw(x.t, "step") {
	case 0, 1:
		x.mutate()
	case 2:
		h.cloud.Denied[collectors.Global] = rapid.IntRange(0, 3).Draw(x.t, "denied") == 0
		run := NewMemory(h.store, h.catalogue, h.tenant, h.scope.ID, uuid.New())
		x.send(run, func(p *pipeline.Pipeline) error { return p.Run(ctx, account{h.cloud}) })
		h.cloud.Denied[collectors.Global] = false
	case 3:
		id := bucketID(rapid.SampledFrom(names).Draw(x.t, "changed"))
		one := NewChangeMemory(h.store, h.catalogue, h.tenant, h.scope.ID)
		x.send(one, func(p *pipeline.Pipeline) error {
			return p.Change(ctx, account{h.cloud}, "aws.s3.bucket", collectors.Global, id)
		})
	case 4:
		for range rapid.IntRange(1, 6).Draw(x.t, "deliveries") {
			if len(x.posts) > 0 {
				x.deliver()
			}
		}
	case 5:
		m := NewMemory(h.store, h.catalogue, h.tenant, h.scope.ID, uuid.New())
		if err := h.pipeline(m).Settle(ctx, h.cloud.clock()); err != nil {
			x.t.Fatal(err)
		}
	}
}

// TestInterleavedRunsAndChangesInPostgres mixes runs and questions about single resources, whose findings reach the
// database in any order. What is older never replaces what is newer; removed is only what was last observed before the
// complete listing that lacks it began; and in the end the database holds the cloud, with the verdicts of one run.
func TestInterleavedRunsAndChangesInPostgres(t *testing.T) {
	t.Parallel()
	st := newHouse(t).store
	rapid.Check(t, func(rt *rapid.T) {
		x := &interleaving{t: rt, h: houseIn(t, st, uuid.New()), history: map[string][]was{}, newest: map[string]time.Time{}}
		for range rapid.IntRange(5, 25).Draw(rt, "steps") {
			x.step()
		}
		for len(x.posts) > 0 {
			x.deliver()
		}
		x.h.collect()
		fresh := houseIn(t, st, uuid.New())
		maps.Copy(fresh.cloud.Buckets, x.h.cloud.Buckets)
		fresh.collect()
		if got, want := sight(x.h), sight(fresh); !maps.Equal(got, want) {
			rt.Fatalf("after all deliveries stands %v; a single run says %v", got, want)
		}
	})
}

// sight is what stands, without how it came to: a finding that was open, fixed and is open again says "regressed", and
// one that failed before it could not be read still fails.
func sight(h *house) map[string]string {
	out := map[string]string{}
	for key, value := range h.standing() {
		if value == "fail unread open" || value == "fail unread regressed" {
			value = "unknown open"
		}
		if value == "fail regressed" {
			value = "fail open"
		}
		if value == "unknown regressed" {
			value = "unknown open"
		}
		out[key] = value
	}
	return out
}
