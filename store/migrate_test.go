package store

import (
	"testing"

	"github.com/plumbline-posture/plumbline/store/storetest"
)

// TestMigrationsGoDownAndUp takes every migration back, with rows in the tables, and brings the schema up again.
func TestMigrationsGoDownAndUp(t *testing.T) {
	t.Parallel()
	service, owner := storetest.DSNs(t)
	s, err := Open(t.Context(), service)
	if err != nil {
		t.Fatal(err)
	}
	newMembership(t, s, "a").follow(one, two+" suspended")
	s.Close()
	states, err := MigrationStates(t.Context(), owner)
	if err != nil || len(states) == 0 {
		t.Fatalf("%v %v", states, err)
	}
	for i := len(states) - 1; i >= 0; i-- {
		if !states[i].Applied {
			t.Errorf("%s is not applied", states[i].Name)
		}
		if err := MigrateDown(t.Context(), owner); err != nil {
			t.Fatalf("%s: %v", states[i].Name, err)
		}
	}
	if err := Migrate(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	states, err = MigrationStates(t.Context(), owner)
	for _, state := range states {
		if !state.Applied {
			t.Errorf("%s is not applied again", state.Name)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}
