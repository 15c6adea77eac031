package catalog

import "testing"

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
