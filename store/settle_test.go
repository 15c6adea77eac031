package store

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/plumbline-posture/plumbline/evaluator"
)

// TestSettlingGoesOnWhileWritersWait has writers hold every connection that settling leaves them, waiting for its lock:
// those who settle behind the lock must still get at the database.
func TestSettlingGoesOnWhileWritersWait(t *testing.T) {
	t.Parallel()
	s := open(t)
	tenant := seed(t, s, "a", 0)
	within(t, s, tenant, func(tx Tx) error {
		_, err := tx.Exec(context.Background(), `
			INSERT INTO pending_resources (tenant_id, resource_id, cause)
			SELECT $1, gen_random_uuid(), '' FROM generate_series(1, $2)`, tenant, settleBatch+1)
		return err
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	writes := func(tx Tx) error { return tx.lockScope(ctx, uuid.New()) }
	group, ctx := errgroup.WithContext(ctx)
	err := s.InTx(ctx, tenant, func(tx Tx) error {
		if err := writes(tx); err != nil {
			return err
		}
		group.Go(func() error {
			return s.Settle(ctx, tenant, time.Now(), func(context.Context, []evaluator.Due, evaluator.View) ([]evaluator.Settled, error) {
				return nil, nil
			})
		})
		// The settler stands first in the queue for the lock; what comes now waits behind it.
		until(t, s, 2)
		time.Sleep(100 * time.Millisecond)
		for range 3 * s.Pool().Config().MaxConns {
			group.Go(func() error { return s.InTx(ctx, tenant, writes) })
		}
		until(t, s, s.Pool().Config().MaxConns)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := group.Wait(); err != nil {
		t.Errorf("while writers wait: %v", err)
	}
}

// until waits for the pool to have given out connections.
func until(t *testing.T, s *Store, connections int32) {
	t.Helper()
	for range 1000 {
		if s.Pool().Stat().AcquiredConns() >= connections {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d connections are taken, not %d", s.Pool().Stat().AcquiredConns(), connections)
}
