package schedule

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"sort"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/store/storetest"
)

func TestMain(m *testing.M) {
	if os.Getenv(childDSN) != "" {
		os.Exit(childMain())
	}
	// A case of a random test is some hundred transactions here; -rapid.checks asks for more.
	if err := flag.Set("rapid.checks", "30"); err != nil {
		panic(err)
	}
	storetest.Main(m, store.Migrate)
}

const testScope inventory.ScopeID = "aws:111122223333"

var day = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)

// bucket and group are what the cloud of these tests holds. A group admits ports from the world; an interface wears
// groups.
type bucket struct {
	Name string
	TLS  *bool
}

type group struct {
	Region, Name string
	World        []int
	Network      string
}

// cloud is a small provider in memory: two kinds, one listed once and one in each region.
type cloud struct {
	mu      sync.Mutex
	Buckets map[string]bucket
	Groups  map[string]group
	// Denied holds the regions whose listing is refused, "global" for the buckets.
	Denied map[string]bool
	// Delay is waited before each item, so that a run takes long enough to be cut off.
	Delay time.Duration
	now   time.Time
}

func newCloud() *cloud {
	return &cloud{Buckets: map[string]bucket{}, Groups: map[string]group{}, Denied: map[string]bool{}, now: day}
}

func (c *cloud) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

type place2 struct {
	*cloud
	region string
}

var refused = &collectors.Failure{Reason: collectors.Reason{Cause: inventory.CauseDenied, Code: "AccessDenied"}, Err: errors.New("denied")}

func listed[T any](c place2, all map[string]T, keep func(T) bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		c.mu.Lock()
		denied := c.Denied[c.region]
		var keys []string
		for k, v := range all {
			if keep(v) {
				keys = append(keys, k)
			}
		}
		sort.Strings(keys)
		var items []T
		for _, k := range keys {
			items = append(items, all[k])
		}
		c.mu.Unlock()
		if denied {
			yield(none, refused)
			return
		}
		for _, item := range items {
			time.Sleep(c.Delay)
			if !yield(item, nil) {
				return
			}
		}
	}
}

func registry() *collectors.Registry[place2] {
	var r collectors.Registry[place2]
	collectors.Register(&r, collectors.Source[place2, bucket, bucket]{
		Kind: "aws.s3.bucket", Class: inventory.ClassObjectStorage, Permissions: []string{"s3:ListAllMyBuckets"}, ListAction: "ListBuckets", Global: true,
		List: func(_ context.Context, c place2) iter.Seq2[bucket, error] {
			return listed(c, c.Buckets, func(bucket) bool { return true })
		},
		Find: func(_ context.Context, c place2, id string) iter.Seq2[bucket, error] {
			return listed(c, c.Buckets, func(b bucket) bool { return bucketID(b.Name) == id })
		},
		Facts: func(_ collectors.Where, b bucket) *inventory.Resource {
			f := &inventory.ObjectStorage{}
			res := inventory.New(bucketID(b.Name), b.Name, "eu-central-1", f)
			f.TLSMinVersion = 1.2
			res.SetInherent("tls_min_version")
			if b.TLS == nil {
				res.SetUnknown(inventory.Unknown{Cause: inventory.CauseDenied, Action: "GetBucketPolicy", Permission: "s3:GetBucketPolicy", Code: "AccessDenied"}, "tls_required")
				return res
			}
			f.TLSRequired = *b.TLS
			res.Known("tls_required")
			return res
		},
	})
	collectors.Register(&r, collectors.Source[place2, group, group]{
		Kind: "aws.ec2.security_group", Class: inventory.ClassFirewall, Permissions: []string{"ec2:DescribeSecurityGroups"}, ListAction: "DescribeSecurityGroups",
		List: func(_ context.Context, c place2) iter.Seq2[group, error] {
			return listed(c, c.Groups, func(g group) bool { return g.Region == c.region })
		},
		Facts: func(_ collectors.Where, g group) *inventory.Resource {
			f := &inventory.Firewall{Network: g.Network}
			res := inventory.New(groupID(g), g.Name, g.Region, f)
			for _, p := range g.World {
				f.Rules = append(f.Rules, inventory.Rule{Protocol: "tcp", From: p, To: p, Ranges: []string{"0.0.0.0/0"}})
			}
			f.AllowsAny = len(f.Rules) > 0
			res.Known("is_default", "network", "rules", "allows_any")
			return res
		},
	})
	return &r
}

func bucketID(name string) string { return "arn:aws:s3:::" + name }
func groupID(g group) string {
	return "arn:aws:ec2:" + g.Region + ":111122223333:security-group/" + g.Name
}

// account gathers the cloud.
type account struct{ *cloud }

func (a account) Scope() inventory.ScopeID { return testScope }

func (a account) Classes() map[inventory.Class]bool { return registry().Classes() }

func (a account) collection(now func() time.Time) collectors.Collection[place2] {
	return collectors.Collection[place2]{
		Scope: testScope, Registry: registry(), Regions: []string{"eu-central-1", "us-east-1"},
		Clients:  func(region string) place2 { return place2{a.cloud, region} },
		Classify: func(err error) error { return err }, Now: now, Listings: 3, Asks: 4,
	}
}

func (a account) Collect(ctx context.Context, now func() time.Time, out collectors.Out) error {
	return a.collection(now).Collect(ctx, out)
}

func (a account) One(ctx context.Context, kind inventory.Kind, region, id string, now func() time.Time, out collectors.Out) (bool, error) {
	return a.collection(now).One(ctx, kind, region, id, out)
}

// house is a tenant with one scope over a cloud.
type house struct {
	t         testing.TB
	store     *store.Store
	catalogue *evaluator.Catalogue
	tenant    uuid.UUID
	scope     store.Scope
	cloud     *cloud
}

func newHouse(t testing.TB) *house {
	t.Helper()
	return houseOn(t, storetest.DSN(t), uuid.New())
}

func houseOn(t testing.TB, dsn string, tenant uuid.UUID) *house {
	t.Helper()
	ctx := context.Background()
	st, err := store.Open(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	return houseIn(t, st, tenant)
}

func houseIn(t testing.TB, st *store.Store, tenant uuid.UUID) *house {
	t.Helper()
	ctx, err := context.Background(), error(nil)
	h := &house{t: t, store: st, tenant: tenant, cloud: newCloud()}
	if h.catalogue, err = catalog.Load(); err != nil {
		t.Fatal(err)
	}
	if err := st.Register(ctx, h.catalogue, day); err != nil {
		t.Fatal(err)
	}
	if err := st.CreateTenant(ctx, store.Tenant{ID: tenant, Name: "house", CreatedAt: day}); err != nil {
		t.Fatal(err)
	}
	h.within(func(tx store.Tx) (err error) {
		h.scope, err = tx.CreateScope(ctx, store.Scope{NaturalID: testScope, Name: "house", CreatedAt: day})
		return err
	})
	return h
}

func (h *house) within(fn func(store.Tx) error) {
	h.t.Helper()
	if err := h.store.InTx(context.Background(), h.tenant, fn); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) pipeline(memory pipeline.Memory) *pipeline.Pipeline {
	return &pipeline.Pipeline{Catalogue: h.catalogue, Memory: memory, Now: h.cloud.clock}
}

// collect runs the whole scope once.
func (h *house) collect() *Memory {
	h.t.Helper()
	m := NewMemory(h.store, h.catalogue, h.tenant, h.scope.ID, uuid.New())
	if err := h.pipeline(m).Run(context.Background(), account{h.cloud}); err != nil {
		h.t.Fatal(err)
	}
	return m
}

// change asks again about one bucket.
func (h *house) change(name string) {
	h.t.Helper()
	m := NewChangeMemory(h.store, h.catalogue, h.tenant, h.scope.ID)
	if err := h.pipeline(m).Change(context.Background(), account{h.cloud}, "aws.s3.bucket", collectors.Global, bucketID(name)); err != nil {
		h.t.Fatal(err)
	}
}

// standing lists what stands open of the two kinds, as "check resource verdict state".
func (h *house) standing() map[string]string {
	h.t.Helper()
	out := map[string]string{}
	h.within(func(tx store.Tx) error {
		rows, err := tx.Query(context.Background(), `
			SELECT f.check_id, f.resource_name, f.verdict, f.state, f.not_read_since IS NOT NULL
			FROM   findings f WHERE f.tenant_id = $1 AND f.state <> 'resolved' AND f.kind IN ('aws.s3.bucket', 'aws.ec2.security_group')`, h.tenant)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var check, name, verdict, state string
			var unread bool
			if err := rows.Scan(&check, &name, &verdict, &state, &unread); err != nil {
				return err
			}
			if unread {
				verdict += " unread"
			}
			out[check+" "+name] = verdict + " " + state
		}
		return rows.Err()
	})
	return out
}

// count counts the rows of a table of the tenant.
func (h *house) count(table string) (n int) {
	h.t.Helper()
	h.within(func(tx store.Tx) error {
		return tx.QueryRow(context.Background(), fmt.Sprintf(`SELECT count(*) FROM %s WHERE tenant_id = $1`, table), h.tenant).Scan(&n)
	})
	return n
}

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

func quietLog() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }
