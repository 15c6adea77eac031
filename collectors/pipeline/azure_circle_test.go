package pipeline_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
)

// azureNeverFails are the checks that no resource of Azure can fail, with the reason.
var azureNeverFails = map[string]string{
	"network-not-legacy":          "classic networks no longer exist: the type cannot be listed any more",
	"instance-in-virtual-network": "classic machines no longer exist: a machine is made in a network",
}

// TestAzureCircleIsWhole holds that every check of the first circle that applies to Azure passes and fails on the
// estate, from answers that came over HTTP, or that the reason is written here and in the catalogue why it cannot.
func TestAzureCircleIsWhole(t *testing.T) {
	t.Parallel()
	catalogue, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	verdicts := map[string]map[evaluator.Verdict]int{}
	for key, j := range azureVerdicts(scanAzure(t, azureServer(t))) {
		if verdicts[key[0]] == nil {
			verdicts[key[0]] = map[evaluator.Verdict]int{}
		}
		verdicts[key[0]][j.Verdict]++
	}
	t.Logf("%-45s %6s %6s  %s", "check", "passes", "fails", "why not both")
	for _, id := range slices.Sorted(maps.Keys(firstCircle)) {
		check := catalogue.Check(id)
		if check == nil {
			t.Errorf("%s is no check of the catalogue", id)
			continue
		}
		says, why := check.Clouds["azure"], azureNeverFails[id]
		got := verdicts[id]
		t.Logf("%-45s %6d %6d  %s", id, got[evaluator.Pass], got[evaluator.Fail], strings.TrimPrefix(says, "reads")+" "+why)
		switch {
		case strings.HasPrefix(says, "none"):
			if got[evaluator.Pass]+got[evaluator.Fail] > 0 {
				t.Errorf("%s is judged, and the catalogue says that it does not apply: %s", id, says)
			}
		case why != "":
			if says != "inherent" || got[evaluator.Pass] == 0 || got[evaluator.Fail] > 0 {
				t.Errorf("%s passes %d times and fails %d times, the catalogue says %q; but %s", id, got[evaluator.Pass],
					got[evaluator.Fail], says, why)
			}
		case got[evaluator.Pass] == 0 || got[evaluator.Fail] == 0:
			t.Errorf("%s passes %d times and fails %d times; want both", id, got[evaluator.Pass], got[evaluator.Fail])
		}
	}
}
