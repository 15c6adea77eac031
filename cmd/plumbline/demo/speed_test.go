package demo_test

import (
	"testing"
	"time"
)

// BenchmarkCollect collects one week of each scope from the archive.
func BenchmarkCollect(b *testing.B) {
	a := archived(b)
	for _, scope := range a.Scopes {
		b.Run(string(scope.ID), func(b *testing.B) {
			for b.Loop() {
				gatherer, err := scope.Connect(b.Context(), a.Replay(0, scope.ID))
				if err != nil {
					b.Fatal(err)
				}
				if err := gatherer.Collect(b.Context(), func() time.Time { return a.Weeks[0].At }, &ledger{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
