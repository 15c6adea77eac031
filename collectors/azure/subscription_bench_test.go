package azure

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
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

const (
	wideGroup   = "/subscriptions/" + subscription + "/resourceGroups/wide/providers/"
	wideNetwork = wideGroup + "Microsoft.Network/virtualNetworks/main"
)

// settings make rows as long as real ones are, about two kilobytes.
var settings = `"settings":"` + strings.Repeat("a setting and its value; ", 60) + `"`

// wide is a subscription of many resources of a few types: how many rows there are of each, and how one looks.
var wide = map[string]struct {
	rows int
	line string
}{
	"microsoft.compute/disks": {50_000, `{"id":"` + wideGroup + `Microsoft.Compute/disks/d%[1]d","name":"d%[1]d",` +
		`"location":"westeurope","tags":{"owner":"team-%[1]d"},"properties":{"diskState":"Attached",` +
		`"encryption":{"type":"EncryptionAtRestWithPlatformKey"},"creationData":{},` + settings + `}}`},
	"microsoft.compute/virtualmachines": {20_000, `{"id":"` + wideGroup + `Microsoft.Compute/virtualMachines/m%[1]d",` +
		`"name":"m%[1]d","location":"westeurope","properties":{"networkProfile":{"networkInterfaces":[{"id":"` + wideGroup +
		`Microsoft.Network/networkInterfaces/n%[1]d"}]},"storageProfile":{"osDisk":{"osType":"Linux"}},` + settings + `}}`},
	"microsoft.network/networkinterfaces": {20_000, `{"id":"` + wideGroup + `Microsoft.Network/networkInterfaces/n%[1]d",` +
		`"name":"n%[1]d","location":"westeurope","properties":{"virtualMachine":{"id":"` + wideGroup +
		`Microsoft.Compute/virtualMachines/m%[1]d"},"ipConfigurations":[{"properties":{"privateIPAddress":"10.0.0.4",` +
		`"subnet":{"id":"` + wideNetwork + `/subnets/work"}}}],` + settings + `}}`},
	"microsoft.compute/snapshots": {10_000, `{"id":"` + wideGroup + `Microsoft.Compute/snapshots/s%[1]d","name":"s%[1]d",` +
		`"location":"westeurope","properties":{"timeCreated":"2026-01-01T00:00:00Z","creationData":{},` + settings + `}}`},
	"microsoft.network/virtualnetworks": {1, `{"id":"` + wideNetwork + `","name":"main","location":"westeurope",` +
		`"properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]},"subnets":[{"id":"` + wideNetwork +
		`/subnets/work","name":"work","properties":{"addressPrefix":"10.0.0.0/16"}}],"virtualNetworkPeerings":[]}}`},
}

// serveWide answers for the wide subscription, page by page, and that there is nothing else.
func serveWide(pages *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, graphPath):
			pages.Add(1)
			graphPageOf(w, r)
		case strings.HasSuffix(r.URL.Path, "/permissions"):
			_, _ = io.WriteString(w, `{"value":[{"actions":["*/read"],"notActions":[]}]}`)
		case strings.Count(strings.Trim(r.URL.Path, "/"), "/") == 1:
			_, _ = io.WriteString(w, `{"subscriptionId":"`+subscription+`","displayName":"wide"}`)
		case strings.HasSuffix(r.URL.Path, "/default"):
			_, _ = io.WriteString(w, `{}`)
		default:
			_, _ = io.WriteString(w, `{"value":[]}`)
		}
	}
}

func graphPageOf(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Query   string `json:"query"`
		Options struct {
			Token string `json:"$skipToken"`
			Top   int    `json:"$top"`
		} `json:"options"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, after, _ := strings.Cut(q.Query, "=~ '")
	typ, _, _ := strings.Cut(after, "'")
	of := wide[typ]
	from, _ := strconv.Atoi(q.Options.Token)
	to := min(from+min(q.Options.Top, graphPage), of.rows)
	_, _ = fmt.Fprintf(w, `{"totalRecords":%d,"resultTruncated":"false","data":[`, of.rows)
	for n := from; n < to; n++ {
		if n > from {
			_, _ = io.WriteString(w, `,`)
		}
		_, _ = io.WriteString(w, strings.ReplaceAll(of.line, "%[1]d", strconv.Itoa(n)))
	}
	next := ""
	if to < of.rows {
		next = `,"$skipToken":"` + strconv.Itoa(to) + `"`
	}
	_, _ = io.WriteString(w, `]`+next+`}`)
}

// tally counts what a collection hands on.
type tally struct {
	rows   atomic.Int64
	broken atomic.Value
}

func (n *tally) Observe(_ context.Context, batch []collectors.Observation) error {
	n.rows.Add(int64(len(batch)))
	return nil
}

func (n *tally) Listed(_ context.Context, row inventory.LedgerRow) error {
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

// BenchmarkSubscription collects a subscription of 100,000 rows from Resource Graph, in pages of 1,000 with skip tokens,
// from answers that come without delay. The memory is that of the whole process, the server of the answers included.
// The bar is 512 MiB, however many rows there are.
func BenchmarkSubscription(b *testing.B) {
	for range b.N {
		var pages atomic.Int64
		server := httptest.NewServer(serveWide(&pages))
		s, err := Connect(b.Context(), Connection{Subscription: subscription, Endpoint: server.URL, Attempts: 1,
			CallsPerSecond: math.Inf(1)})
		if err != nil {
			b.Fatal(err)
		}
		debug.FreeOSMemory()
		end, out, began := peak(), &tally{}, time.Now()
		if err := s.Collect(context.Background(), time.Now, out); err != nil {
			b.Fatal(err)
		}
		took := time.Since(began).Seconds()
		held := end()
		server.Close()
		if why := out.broken.Load(); why != nil || out.rows.Load() < 100_000 {
			b.Fatalf("%d rows, %v", out.rows.Load(), why)
		}
		if held > 512 {
			b.Errorf("%.0f MiB were held, more than 512", held)
		}
		b.ReportMetric(float64(out.rows.Load())/took, "azure-rows/s")
		b.ReportMetric(float64(out.rows.Load()), "azure-rows")
		b.ReportMetric(held, "azure-MiB")
		b.ReportMetric(float64(pages.Load()), "azure-pages")
	}
}
