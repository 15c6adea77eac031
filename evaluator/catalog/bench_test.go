package catalog

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// BenchmarkJudge judges with the whole catalogue: resources of every class, made from the examples of its checks, with
// labels known as they are in most estates. It reports verdicts a second on one core; contract.md asks for 300,000.
func BenchmarkJudge(b *testing.B) {
	c := loaded(b)
	estate := exampleEstate(b, c)
	settings := inventory.Defaults()
	verdicts := 0
	b.ReportAllocs()
	b.ResetTimer()
	began := time.Now()
	for i := 0; i < b.N; i++ {
		verdicts += len(c.Judge(estate[i%len(estate)], &settings, moment))
	}
	b.ReportMetric(float64(verdicts)/time.Since(began).Seconds(), "verdicts/s")
	b.ReportMetric(float64(verdicts)/float64(b.N), "verdicts/op")
}

// exampleEstate builds, for each check of a class, a resource with the facts of its examples that pass: one that fails
// and one that passes most of what its class is asked, as estates do.
func exampleEstate(b *testing.B, c *evaluator.Catalogue) []*inventory.Resource {
	b.Helper()
	var estate []*inventory.Resource
	for _, class := range slices.Sorted(maps.Keys(inventory.Classes)) {
		for _, want := range []string{"pass", "pass", "pass", "fail"} {
			given := map[string]any{"owner": "team", "environment": "production", "environment_labelled": true,
				"data_classification": "internal", "region_allowed": true, "managed_as_code": true, "copied_from_environment": ""}
			var last *evaluator.Check
			for _, check := range c.ByClass(class) {
				for _, e := range check.Examples {
					if e.Want == want && (e.Class == "" && check.Class[0] == class || e.Class == class) {
						maps.Copy(given, e.Given)
						last = check
					}
				}
			}
			if last == nil {
				continue
			}
			r, err := evaluator.Example{Name: string(class), Class: class, Given: given}.Resource(last)
			if err != nil {
				b.Fatal(err)
			}
			r.Kind = "aws.example"
			r.MarkFacts()
			estate = append(estate, r)
		}
	}
	return estate
}
