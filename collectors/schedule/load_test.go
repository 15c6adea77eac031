package schedule

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// loadItem is one thing of a large estate; Padding makes its answer as long as real ones are.
type loadItem struct {
	N       int
	Fails   bool
	Padding string
}

var padding = strings.Repeat(`"attribute":"value of a setting",`, 60)

// large is an estate of a size: machines with an interface each, in subnets behind shared groups, disks and buckets.
// Answers come without delay. It has some two open findings for each resource, as the contract's largest estate.
type large struct {
	size  int
	clock func() time.Time
	// broken is how many in a hundred fail something; fails is how a single one stands that is asked about.
	broken int
	fails  bool
}

func (l large) Scope() inventory.ScopeID { return testScope }

func (l large) Classes() map[inventory.Class]bool { return l.registry().Classes() }

func (l large) collection(now func() time.Time) collectors.Collection[large] {
	return collectors.Collection[large]{
		Scope: testScope, Registry: l.registry(), Regions: []string{"eu-central-1"}, Clients: func(string) large { return l },
		Classify: func(err error) error { return err }, Now: now, Listings: 8, Asks: 8,
	}
}

func (l large) Collect(ctx context.Context, now func() time.Time, out collectors.Out) error {
	return l.collection(now).Collect(ctx, out)
}

func (l large) One(ctx context.Context, kind inventory.Kind, region, id string, now func() time.Time, out collectors.Out) (bool, error) {
	return l.collection(now).One(ctx, kind, region, id, out)
}

func loadID(kind string, n int) string {
	return fmt.Sprintf("arn:aws:ec2:eu-central-1:111122223333:%s/%s-%08d", kind, kind, n)
}

// source registers a kind of which share items in a hundred are.
func source(r *collectors.Registry[large], kind inventory.Kind, class inventory.Class, share int, facts func(item loadItem) *inventory.Resource) {
	collectors.Register(r, collectors.Source[large, loadItem, loadItem]{
		Kind: kind, Class: class, Permissions: []string{"ec2:Describe"}, ListAction: "Describe",
		List: func(_ context.Context, l large) iter.Seq2[loadItem, error] {
			return func(yield func(loadItem, error) bool) {
				for n := range max(l.size*share/100, 1) {
					if !yield(loadItem{N: n, Fails: n%100 < l.broken, Padding: padding}, nil) {
						return
					}
				}
			}
		},
		Find: func(_ context.Context, l large, id string) iter.Seq2[loadItem, error] {
			return func(yield func(loadItem, error) bool) {
				n, err := strconv.Atoi(id[strings.LastIndexByte(id, '-')+1:])
				yield(loadItem{N: n, Fails: l.fails, Padding: padding}, err)
			}
		},
		Facts: func(_ collectors.Where, item loadItem) *inventory.Resource {
			res := facts(item)
			res.Labels = map[string]string{
				"owner": "team-" + fmt.Sprint(item.N%20), "environment": []string{"production", "staging"}[item.N%2],
				"data-classification": "internal", "managed-by": "terraform",
			}
			return res
		},
	})
}

func (l large) registry() *collectors.Registry[large] {
	var r collectors.Registry[large]
	const region = "eu-central-1"
	source(&r, "aws.ec2.instance", inventory.ClassComputeInstance, 16, func(i loadItem) *inventory.Resource {
		f := &inventory.ComputeInstance{InVirtualNetwork: true, MetadataHardened: !i.Fails, OSFamily: "linux", Running: true, Interfaces: []string{loadID("network-interface", i.N)}}
		res := inventory.New(loadID("instance", i.N), fmt.Sprint("machine ", i.N), region, f)
		res.Known("in_virtual_network", "metadata_hardened", "os_family", "running", "interfaces", "identity", "image_id", "plaintext_secrets", "public_address")
		return res
	})
	source(&r, "aws.ec2.network_interface", inventory.ClassNetworkInterface, 16, func(i loadItem) *inventory.Resource {
		f := &inventory.NetworkInterface{
			Network: loadID("vpc", 0), Subnet: loadID("subnet", i.N%20), Wearer: loadID("instance", i.N), WearerType: "machine",
			PrivateAddresses: []string{fmt.Sprintf("10.%d.%d.%d", i.N>>16&255, i.N>>8&255, i.N&255)}, Firewalls: []string{loadID("security-group", i.N%200)},
		}
		res := inventory.New(loadID("network-interface", i.N), fmt.Sprint("interface ", i.N), region, f)
		res.Known("network", "subnet", "wearer", "wearer_type", "private_addresses", "public_addresses", "firewalls")
		return res
	})
	source(&r, "aws.ec2.volume", inventory.ClassDisk, 46, func(i loadItem) *inventory.Resource {
		f := &inventory.Disk{EncryptedAtRest: !i.Fails, Attached: true}
		res := inventory.New(loadID("volume", i.N), fmt.Sprint("disk ", i.N), region, f)
		res.Known("encrypted_at_rest", "attached", "encryption_key", "source")
		return res
	})
	source(&r, "aws.s3.bucket", inventory.ClassObjectStorage, 20, func(i loadItem) *inventory.Resource {
		f := &inventory.ObjectStorage{TLSRequired: !i.Fails, TLSMinVersion: 1.2, Versioning: true, DeleteProtected: !i.Fails, EncryptedAtRest: true, Block: inventory.PublicAccessBlock{IgnoreACLs: true, RestrictPolicy: true, BlockACLs: true, BlockPolicy: true}}
		res := inventory.New(bucketID(fmt.Sprint("bucket-", i.N)), fmt.Sprint("bucket-", i.N), region, f)
		res.Known("tls_required", "versioning", "delete_protected", "expiry_rule", "retention_locked", "network_restricted", "acl_enabled", "policy_public", "acl_public", "block", "principals", "encryption_key", "log_target", "expiry_days", "replicas")
		res.SetInherent("tls_min_version", "encrypted_at_rest")
		return res
	})
	source(&r, "aws.ec2.subnet", inventory.ClassSubnet, 1, func(i loadItem) *inventory.Resource {
		f := &inventory.Subnet{Network: loadID("vpc", 0), Ranges: []string{fmt.Sprintf("10.%d.0.0/16", i.N%250)}}
		res := inventory.New(loadID("subnet", i.N), fmt.Sprint("subnet ", i.N), region, f)
		res.Known("auto_public_address", "network", "ranges", "zone")
		return res
	})
	source(&r, "aws.ec2.security_group", inventory.ClassFirewall, 1, func(i loadItem) *inventory.Resource {
		f := &inventory.Firewall{Network: loadID("vpc", 0), AllowsAny: true, Rules: []inventory.Rule{{Protocol: "tcp", From: 443, To: 443, Ranges: []string{"10.0.0.0/8"}}}}
		res := inventory.New(loadID("security-group", i.N), fmt.Sprint("group ", i.N), region, f)
		res.Known("is_default", "allows_any", "network", "rules", "layer")
		return res
	})
	return &r
}

// run collects the estate once into the house.
func (h *house) load(l large) *Memory {
	h.t.Helper()
	m := NewMemory(h.store, h.catalogue, h.tenant, h.scope.ID, uuid.New())
	if err := (&pipeline.Pipeline{Catalogue: h.catalogue, Memory: m, Now: l.clock}).Run(context.Background(), l); err != nil {
		h.t.Fatal(err)
	}
	return m
}

// size is what the tenant's tables take, in bytes.
func (h *house) size() (bytes int64) {
	h.t.Helper()
	h.within(func(tx store.Tx) error {
		return tx.QueryRow(context.Background(), `SELECT pg_database_size(current_database())`).Scan(&bytes)
	})
	return bytes
}

// BenchmarkPipeline measures the whole way from answers to figures in Postgres: everything new, nothing changed, and one
// in a hundred changed. The bars are 5,000 new and 20,000 unchanged resources a second.
func BenchmarkPipeline(b *testing.B) {
	const size = 20_000
	for range b.N {
		h := newHouse(b)
		at := day
		estate := large{size: size, broken: 5, clock: func() time.Time { at = at.Add(time.Microsecond); return at }}
		clock := make(chan time.Time)
		close(clock)
		began := time.Now()
		m := h.load(estate)
		b.ReportMetric(float64(m.listed)/time.Since(began).Seconds(), "new/s")
		before := h.size()
		at = at.Add(time.Hour)
		began = time.Now()
		again := h.load(estate)
		b.ReportMetric(float64(again.listed)/time.Since(began).Seconds(), "unchanged/s")
		b.ReportMetric(float64(h.size()-before), "growth-B")
		estate.broken = 6
		at = at.Add(time.Hour)
		began = time.Now()
		changed := h.load(estate)
		b.ReportMetric(float64(changed.listed)/time.Since(began).Seconds(), "1%changed/s")
		var mem runtime.MemStats
		runtime.ReadMemStats(&mem)
		b.ReportMetric(float64(mem.Sys)/(1<<20), "MiB")
	}
}

// BenchmarkRejudge measures the judging again of everything that stands, from stored facts, as after a change of the
// whole catalogue. The bar is 1,000,000 resources in a minute, which is 16,667 a second.
func BenchmarkRejudge(b *testing.B) {
	const size = 20_000
	h := newHouse(b)
	at := day
	estate := large{size: size, broken: 5, clock: func() time.Time { at = at.Add(time.Microsecond); return at }}
	listed := h.load(estate).listed
	for b.Loop() {
		at = at.Add(time.Hour)
		h.within(func(tx store.Tx) error {
			return tx.Rejudge(context.Background(), slices.Sorted(maps.Keys(inventory.Classes)), evaluator.CauseCatalogueChanged)
		})
		m := NewMemory(h.store, h.catalogue, h.tenant, h.scope.ID, uuid.New())
		if err := (&pipeline.Pipeline{Catalogue: h.catalogue, Memory: m, Now: estate.clock}).Settle(context.Background(), at); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(listed)*float64(b.N)/b.Elapsed().Seconds(), "rejudged/s")
}

// BenchmarkChange measures the way of one changed bucket of a large estate, from the question about it to the finding
// that a reader gets, as the 99th of a hundred. The bar is five seconds.
func BenchmarkChange(b *testing.B) {
	h := newHouse(b)
	at := day
	estate := large{size: 20_000, broken: 5, clock: func() time.Time { at = at.Add(time.Microsecond); return at }}
	h.load(estate)
	for b.Loop() {
		took := make([]time.Duration, 100)
		for n := range took {
			estate.fails = !estate.fails
			id := bucketID(fmt.Sprint("bucket-", 1000+n/2))
			began := time.Now()
			m := NewChangeMemory(h.store, h.catalogue, h.tenant, h.scope.ID)
			p := &pipeline.Pipeline{Catalogue: h.catalogue, Memory: m, Now: estate.clock}
			if err := p.Change(context.Background(), estate, "aws.s3.bucket", "eu-central-1", id); err != nil {
				b.Fatal(err)
			}
			if open := h.fails(tlsCheck, id); open != estate.fails {
				b.Fatalf("%s fails: %t; it was changed so that it does: %t", id, open, estate.fails)
			}
			took[n] = time.Since(began)
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[98].Milliseconds()), "change-p99-ms")
	}
}

// fails says whether a check fails on a resource, as a reader of the findings is told.
func (h *house) fails(check, id string) bool {
	h.t.Helper()
	var found []store.Finding
	h.within(func(tx store.Tx) (err error) {
		found, _, err = tx.Findings(context.Background(), store.FindingFilter{Resource: store.ResourceID(id), Checks: []string{check}, Verdict: evaluator.Fail}, store.Page{Limit: 10})
		return err
	})
	return len(found) > 0
}
