package store

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestFencesLeaveConnectionsToWorkWith fences more scopes than the pool has connections: the runs behind the fences must
// still get at the database.
func TestFencesLeaveConnectionsToWorkWith(t *testing.T) {
	t.Parallel()
	s := open(t)
	tenant := seed(t, s, "a", 0)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for range s.Pool().Config().MaxConns + 2 {
		unlock, err := s.LockRun(ctx, tenant, uuid.New())
		if err != nil {
			t.Fatal(err)
		}
		defer unlock()
	}
	if err := s.InTx(ctx, tenant, func(tx Tx) error { _, err := tx.ScopeCount(ctx); return err }); err != nil {
		t.Errorf("while scopes are fenced: %v", err)
	}
}
