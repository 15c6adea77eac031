package store

import (
	"context"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store/storetest"
)

// benchSize is how many resources, each with a finding and a year of its past, the reads are measured on.
func benchSize(b *testing.B) int {
	b.Helper()
	size := 200_000
	if text := os.Getenv("PLUMBLINE_BENCH_SIZE"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			b.Fatalf("PLUMBLINE_BENCH_SIZE=%q: want a number of resources", text)
		}
		size = n
	}
	return size
}

// BenchmarkReads measures the polled reads on a large tenant, as the 99th of a hundred, and how many times as long they
// take as the bare query of the same rows from the same index, left undecoded. The bars are 20 ms now, 100 ms for any day
// of the past, and three times the bare query.
func BenchmarkReads(b *testing.B) {
	service, owner := storetest.DSNs(b)
	s, err := Open(b.Context(), service)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	size := benchSize(b)
	tenant := seed(b, s, "large", size)
	analyze(b, owner)
	past := time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC)
	timed := func(name string, read func(Tx) error) float64 {
		const rounds = 300
		took := make([]time.Duration, 0, rounds)
		for range rounds {
			began := time.Now()
			within(b, s, tenant, read)
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		p99 := float64(took[rounds*99/100].Microseconds()) / 1000
		if name != "" {
			b.ReportMetric(p99, name)
		}
		return float64(took[rounds/2].Microseconds()) / 1000
	}
	for range b.N {
		bare := timed("", func(tx Tx) error {
			rows, err := tx.Query(context.Background(), `
				SELECT * FROM findings WHERE tenant_id = $1 AND severity = 4 AND state <> 'resolved'
				ORDER BY severity DESC, since, id LIMIT 51`, tenant)
			if err != nil {
				return err
			}
			for rows.Next() {
				_ = rows.RawValues()
			}
			return rows.Err()
		})
		median := timed("findings-p99-ms", func(tx Tx) error {
			_, _, err := tx.Findings(context.Background(), FindingFilter{}, Page{Limit: 50})
			return err
		})
		b.ReportMetric(median/bare, "findings-vs-bare")
		timed("findings-past-p99-ms", func(tx Tx) error {
			_, _, err := tx.Findings(context.Background(), FindingFilter{AsOf: past}, Page{Limit: 50})
			return err
		})
		timed("scores-p99-ms", func(tx Tx) error {
			_, err := tx.Score(context.Background(), evaluator.ISO2022, uuid.Nil, time.Time{})
			return err
		})
		timed("scores-past-p99-ms", func(tx Tx) error {
			_, err := tx.Score(context.Background(), evaluator.ISO2022, uuid.Nil, past)
			return err
		})
		b.ReportMetric(float64(size), "resources")
	}
}
