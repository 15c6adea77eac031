package gcp

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// padded makes resources as long as real ones are, about two kilobytes.
var padded = `"description":"` + strings.Repeat("a setting and its value; ", 60) + `"`

// wide is a project of many resources of a few types: how many there are of each, and how one looks.
var wide = map[string]struct {
	rows int
	line string
}{
	"compute.googleapis.com/Disk": {50_000, `{"name":"//compute.googleapis.com/projects/shop-prod/zones/z-a/disks/d%[1]d",` +
		`"assetType":"compute.googleapis.com/Disk","resource":{"data":{"name":"d%[1]d","sizeGb":"10",` +
		`"users":["projects/shop-prod/zones/z-a/instances/i%[1]d"],"labels":{"owner":"team-%[1]d"},` + padded + `}}}`},
	"compute.googleapis.com/Instance": {20_000, `{"name":"//compute.googleapis.com/projects/shop-prod/zones/z-a/instances/i%[1]d",` +
		`"assetType":"compute.googleapis.com/Instance","resource":{"data":{"name":"i%[1]d","status":"RUNNING",` +
		`"networkInterfaces":[{"name":"nic0","networkIP":"10.0.0.1","network":"projects/shop-prod/global/networks/n",` +
		`"subnetwork":"projects/shop-prod/regions/z/subnetworks/s"}],` + padded + `}}}`},
	"storage.googleapis.com/Bucket": {10_000, `{"name":"//storage.googleapis.com/b%[1]d","assetType":` +
		`"storage.googleapis.com/Bucket","resource":{"data":{"name":"b%[1]d","locationType":"region",` +
		`"iamConfiguration":{"uniformBucketLevelAccess":{"enabled":true}},` + padded + `}}}`},
}

// widePolicy is what the asset inventory says of who may use a bucket.
const widePolicy = `{"name":"//storage.googleapis.com/b%[1]d","assetType":"storage.googleapis.com/Bucket","iamPolicy":` +
	`{"bindings":[{"role":"roles/storage.legacyBucketOwner","members":["projectEditor:shop-prod","projectOwner:shop-prod"]}]}}`

// serveWide answers for the wide project, page by page, and for nothing else.
func serveWide(calls *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if !strings.HasSuffix(r.URL.Path, "/assets") {
			_, _ = io.WriteString(w, `{}`)
			return
		}
		q := r.URL.Query()
		of := wide[q.Get("assetTypes")]
		if q.Get("contentType") == "IAM_POLICY" {
			of.line = widePolicy
		}
		from, _ := strconv.Atoi(q.Get("pageToken"))
		to := min(from+1000, of.rows)
		_, _ = io.WriteString(w, `{"assets":[`)
		for n := from; n < to; n++ {
			if n > from {
				_, _ = io.WriteString(w, `,`)
			}
			_, _ = fmt.Fprintf(w, of.line, n)
		}
		next := ""
		if to < of.rows {
			next = `,"nextPageToken":"` + strconv.Itoa(to) + `"`
		}
		_, _ = io.WriteString(w, `]`+next+`}`)
	}
}

// tally counts what a collection hands on.
type tally struct {
	rows, listed atomic.Int64
	broken       atomic.Value
}

func (n *tally) Observe(_ context.Context, batch []collectors.Observation) error {
	n.rows.Add(int64(len(batch)))
	return nil
}

func (n *tally) Listed(_ context.Context, row inventory.LedgerRow) error {
	n.listed.Add(int64(row.Listed))
	if !row.Complete {
		n.broken.Store(fmt.Sprintf("%s: %+v", row.Kind, row.Unknown))
	}
	return nil
}

// inUse is the memory the process holds, in MiB.
func inUse() float64 {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(sample)
	return float64(sample[0].Value.Uint64()-sample[1].Value.Uint64()) / (1 << 20)
}

// peak watches the memory until the end is called, and gives the most that was held.
func peak() (end func() float64) {
	stop, most := make(chan struct{}), make(chan float64)
	go func() {
		high, tick := inUse(), time.NewTicker(5*time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				high = max(high, inUse())
			case <-stop:
				most <- max(high, inUse())
				return
			}
		}
	}()
	return func() float64 { close(stop); return <-most }
}

// BenchmarkScope collects a project of 100,000 rows, in pages of 1,000, from answers that come without delay. The memory
// is that of the whole process, the server of the answers included. The bar is 512 MiB, however many rows there are.
func BenchmarkScope(b *testing.B) {
	for range b.N {
		var calls atomic.Int64
		c := reached(b, serveWide(&calls), Connection{CallsPerSecond: 1e6})
		p := &Project{id: c.Project, http: c.http, endpoint: c.endpoint, attempts: 1, timeout: time.Minute, budget: c.budget}
		debug.FreeOSMemory()
		end, out, began := peak(), &tally{}, time.Now()
		if err := p.Collect(context.Background(), time.Now, out); err != nil {
			b.Fatal(err)
		}
		took := time.Since(began).Seconds()
		if why := out.broken.Load(); why != nil || out.rows.Load() < 100_000 {
			b.Fatalf("%d rows, %v", out.rows.Load(), why)
		}
		b.ReportMetric(float64(out.rows.Load())/took, "gcp-rows/s")
		b.ReportMetric(float64(out.rows.Load()), "gcp-rows")
		held := end()
		if held > 512 {
			b.Errorf("%.0f MiB were held, more than 512", held)
		}
		b.ReportMetric(held, "gcp-MiB")
		b.ReportMetric(float64(calls.Load()), "gcp-calls")
	}
}
