package pipeline

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
)

const (
	scope      = inventory.ScopeID("aws:123456789012")
	bucketKind = inventory.Kind("aws.s3.bucket")
	guardKind  = inventory.Kind("aws.s3.account_public_access_block")
	region     = "eu-central-1"
)

// bucket is all that the cloud of these tests says of a bucket.
type bucket struct {
	ID       string
	TLS      bool
	Public   bool
	LogsInto string
}

// cloud is an account in memory: buckets, and the switch of the account that guards them. Its clock ticks with every
// look at it.
type cloud struct {
	ticks   atomic.Int64
	buckets map[string]bucket
	guarded bool
	// refuses makes listings of buckets fail after the first.
	refuses bool
	// during, if not nil, happens between two items of a listing.
	during func()
}

func newCloud() *cloud { return &cloud{buckets: map[string]bucket{}} }

func (c *cloud) now() time.Time {
	return time.Date(2026, 1, 1, 0, 0, int(c.ticks.Add(1)), 0, time.UTC)
}

var errRefused = errors.New("refused")

func (c *cloud) list(context.Context, *cloud) iter.Seq2[bucket, error] {
	return func(yield func(bucket, error) bool) {
		for i, id := range slices.Sorted(maps.Keys(c.buckets)) {
			if c.refuses && i > 0 {
				break
			}
			b, still := c.buckets[id]
			if still && !yield(b, nil) {
				return
			}
			if c.during != nil {
				c.during()
			}
		}
		if c.refuses {
			yield(bucket{}, errRefused)
		}
	}
}

func (c *cloud) registry() *collectors.Registry[*cloud] {
	r := &collectors.Registry[*cloud]{}
	collectors.Register(r, collectors.Source[*cloud, bucket, bucket]{
		Kind: bucketKind, Class: inventory.ClassObjectStorage, Permissions: []string{"s3:ListAllMyBuckets"},
		ListAction: "ListBuckets", ListPermission: "s3:ListAllMyBuckets", List: c.list, Facts: factsOfBucket,
		Find: func(_ context.Context, _ *cloud, id string) iter.Seq2[bucket, error] {
			return func(yield func(bucket, error) bool) {
				if b, ok := c.buckets[id]; ok {
					yield(b, nil)
				}
			}
		},
	})
	guard := func(context.Context, *cloud) iter.Seq2[bool, error] {
		return func(yield func(bool, error) bool) { yield(c.guarded, nil) }
	}
	collectors.Register(r, collectors.Source[*cloud, bool, bool]{
		Kind: guardKind, Class: inventory.ClassPublicAccessGuard, Permissions: []string{"s3:GetAccountPublicAccessBlock"},
		ListAction: "GetPublicAccessBlock", ListPermission: "s3:GetAccountPublicAccessBlock", Global: true, NoLabels: true,
		List: guard, Facts: factsOfGuard,
		Find: func(ctx context.Context, c *cloud, _ string) iter.Seq2[bool, error] { return guard(ctx, c) },
	})
	return r
}

func factsOfBucket(_ collectors.Where, b bucket) *inventory.Resource {
	facts := &inventory.ObjectStorage{TLSRequired: b.TLS, PolicyPublic: b.Public, LogTarget: b.LogsInto}
	r := inventory.New(b.ID, b.ID, region, facts)
	r.Known("tls_required", "policy_public", "log_target", "block", "labels_read")
	return r
}

const guardID = "aws:123456789012/public_access_guard/123456789012"

func factsOfGuard(_ collectors.Where, on bool) *inventory.Resource {
	facts := &inventory.PublicAccessGuard{Block: inventory.PublicAccessBlock{RestrictPolicy: on}}
	r := inventory.New(guardID, "guard", collectors.Global, facts)
	r.Known("block")
	return r
}

func (c *cloud) collection(now func() time.Time) collectors.Collection[*cloud] {
	return collectors.Collection[*cloud]{
		Scope: scope, Registry: c.registry(), Regions: []string{region}, Clients: func(string) *cloud { return c },
		Classify: func(err error) error {
			reason := collectors.Reason{Cause: inventory.CauseDenied, Code: "AccessDenied"}
			return &collectors.Failure{Reason: reason, Err: err}
		},
		Now: now, Listings: 1, Asks: 1,
	}
}

// Scope implements Gatherer.
func (c *cloud) Scope() inventory.ScopeID { return scope }

// Classes implements Gatherer.
func (c *cloud) Classes() map[inventory.Class]bool { return c.registry().Classes() }

// Collect implements Gatherer.
func (c *cloud) Collect(ctx context.Context, now func() time.Time, out collectors.Out) error {
	return c.collection(now).Collect(ctx, out)
}

// One implements Gatherer.
func (c *cloud) One(
	ctx context.Context, kind inventory.Kind, region, id string, now func() time.Time, out collectors.Out,
) (bool, error) {
	return c.collection(now).One(ctx, kind, region, id, out)
}

func newPipeline(t testing.TB, c *cloud, memory Memory) *Pipeline {
	t.Helper()
	catalogue, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return &Pipeline{Catalogue: catalogue, Memory: memory, Now: c.now}
}

// verdicts are what a memory has settled, by check and resource; the passing of time alone changes none of these.
func verdicts(s *Scratch) map[[2]string]evaluator.Verdict {
	out := map[[2]string]evaluator.Verdict{}
	for _, one := range s.Settled() {
		for _, j := range one.Judgements {
			if j.Verdict != evaluator.None {
				out[[2]string{j.Check.ID, one.Resource.ID}] = j.Verdict
			}
		}
	}
	return out
}
