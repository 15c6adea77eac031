package catalog

import (
	"testing"

	"github.com/plumbline-posture/plumbline/evaluator"
)

func TestExamplesGiveTheirVerdicts(t *testing.T) {
	t.Parallel()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range c.Checks {
		t.Run(check.ID, func(t *testing.T) {
			t.Parallel()
			for _, problem := range check.Try() {
				t.Error(problem)
			}
		})
	}
}

func TestFrameworksAreWhole(t *testing.T) {
	t.Parallel()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]int{evaluator.ISO2022: 93, evaluator.ISO2013: 114} {
		if got := len(c.Framework(id).Controls); got != want {
			t.Errorf("%s has %d controls, want %d", id, got, want)
		}
	}
}
