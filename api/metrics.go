package api

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// buckets bound the durations that are told apart, in seconds.
var buckets = []float64{0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10}

// series is one route's requests with one status.
type series struct {
	method, route string
	status        int
}

// histogram counts durations up to each bound.
type histogram struct {
	count   int64
	seconds float64
	upTo    []int64
}

// metrics counts requests in the text form that Prometheus reads. The routes are patterns, so the series stay few.
type metrics struct {
	mu   sync.Mutex
	seen map[series]*histogram
}

func newMetrics() *metrics { return &metrics{seen: map[series]*histogram{}} }

func (m *metrics) observe(method, route string, status int, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := series{method, route, status}
	h := m.seen[key]
	if h == nil {
		h = &histogram{upTo: make([]int64, len(buckets))}
		m.seen[key] = h
	}
	h.count++
	h.seconds += took.Seconds()
	for i, bound := range buckets {
		if took.Seconds() <= bound {
			h.upTo[i]++
		}
	}
}

func (m *metrics) write(w io.Writer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	const name = "plumbline_http_request_duration_seconds"
	_, _ = fmt.Fprintf(w, "# HELP %s How long requests took.\n# TYPE %s histogram\n", name, name)
	keys := slices.SortedFunc(maps.Keys(m.seen), func(a, b series) int {
		return cmp.Or(cmp.Compare(a.route, b.route), cmp.Compare(a.method, b.method), cmp.Compare(a.status, b.status))
	})
	for _, key := range keys {
		h := m.seen[key]
		labels := fmt.Sprintf("method=%q,route=%q,status=\"%d\"", key.method, key.route, key.status)
		for i, bound := range buckets {
			_, _ = fmt.Fprintf(w, "%s_bucket{%s,le=%q} %d\n", name, labels, strconv.FormatFloat(bound, 'g', -1, 64), h.upTo[i])
		}
		_, _ = fmt.Fprintf(w, "%s_bucket{%s,le=\"+Inf\"} %d\n%s_sum{%s} %g\n%s_count{%s} %d\n", name, labels, h.count,
			name, labels, h.seconds, name, labels, h.count)
	}
}
