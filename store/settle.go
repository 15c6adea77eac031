package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// settleBatch is how many resources are worked out again in one transaction, settlers how many do so side by side.
const (
	settleBatch = 2000
	settlers    = 2
)

// Work derives and judges a batch of resources. It is called from several goroutines.
type Work func(ctx context.Context, batch []evaluator.Due, view evaluator.View) ([]evaluator.Settled, error)

// Settle gives work what is due, batch by batch, and keeps what it returns, until nothing is due. A batch and the note
// that it was due go in one transaction: whoever is killed leaves it due.
func (s *Store) Settle(ctx context.Context, tenant uuid.UUID, at time.Time, work Work) error {
	for {
		n, err := s.settleRound(ctx, tenant, at, work)
		if err != nil || n == 0 {
			return err
		}
	}
}

// settleRound settles some of what is due. One transaction keeps observations out; when more is due than a batch, others
// do the work behind its lock, each of them on resources of its own and on connections that nobody else takes: writers who
// wait for the lock may hold all others.
func (s *Store) settleRound(ctx context.Context, tenant uuid.UUID, at time.Time, work Work) (n int, err error) {
	err = s.InTx(ctx, tenant, func(tx Tx) error {
		if err := tx.lockInventory(ctx); err != nil {
			return err
		}
		due, err := tx.takeDue(ctx)
		if n = len(due); err != nil || n == 0 {
			return err
		}
		if n <= settleBatch {
			return tx.settle(ctx, due, at, work)
		}
		group, ctx := errgroup.WithContext(ctx)
		for batch := range slices.Chunk(due, settleBatch) {
			group.Go(func() error {
				return inTx(ctx, s.settling, tenant, func(tx Tx) error {
					if err := tx.planAnew(ctx); err != nil {
						return err
					}
					return tx.settle(ctx, batch, at, work)
				})
			})
		}
		return group.Wait()
	})
	return n, err
}

// settle works out a batch and keeps what comes of it.
func (tx Tx) settle(ctx context.Context, due []*pending, at time.Time, work Work) error {
	ids := make([]uuid.UUID, len(due))
	for i, p := range due {
		ids[i] = p.id
	}
	found, err := tx.resourcesByID(ctx, ids)
	if err != nil {
		return err
	}
	if err := tx.restoreDerived(ctx, due, found); err != nil {
		return err
	}
	before, err := tx.findingsOf(ctx, ids)
	if err != nil {
		return err
	}
	batch := make([]evaluator.Due, 0, len(found))
	for _, p := range due {
		if r := found[p.id]; r != nil {
			batch = append(batch, evaluator.Due{Resource: r, Derived: p.judgeOnly, Before: before[p.id], Cause: p.cause})
		}
	}
	settled, err := work(ctx, batch, view{tx})
	if err != nil {
		return err
	}
	if err := tx.keepDerived(ctx, settled, at); err != nil {
		return err
	}
	if err := tx.keepFindings(ctx, settled, before, at); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM pending_resources WHERE tenant_id = @tenant AND resource_id = ANY (@ids)`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids})
	if err != nil {
		return fmt.Errorf("note what is settled: %w", err)
	}
	return nil
}

// pending is a resource that is due: why, and whether it need not be derived again.
type pending struct {
	id        uuid.UUID
	cause     evaluator.Cause
	judgeOnly bool
}

// takeDue reads what all settlers together take in a round.
func (tx Tx) takeDue(ctx context.Context) ([]*pending, error) {
	rows, err := tx.Query(ctx, `
		SELECT resource_id, cause, judge_only FROM pending_resources WHERE tenant_id = @tenant ORDER BY resource_id LIMIT @limit`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "limit": settleBatch * settlers})
	if err != nil {
		return nil, fmt.Errorf("what is due: %w", err)
	}
	due, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*pending, error) {
		p := &pending{}
		return p, row.Scan(&p.id, &p.cause, &p.judgeOnly)
	})
	if err != nil {
		return nil, fmt.Errorf("what is due: %w", err)
	}
	return due, nil
}

// Rejudge makes every resource of the classes due to be judged again from what is derived already, with the cause of it:
// a changed catalogue, or a day that passed.
func (tx Tx) Rejudge(ctx context.Context, classes []inventory.Class, cause evaluator.Cause) error {
	return tx.again(ctx, classes, cause, `
		INSERT INTO pending_resources (tenant_id, resource_id, cause, judge_only)
		SELECT tenant_id, id, @cause, true FROM resources WHERE tenant_id = @tenant AND class = ANY (@classes)
		ON CONFLICT (tenant_id, resource_id) DO NOTHING`)
}

// Rederive makes every resource of the classes due to be derived and judged again: after changed settings, or when what
// decides beside the checks changed.
func (tx Tx) Rederive(ctx context.Context, classes []inventory.Class, cause evaluator.Cause) error {
	return tx.again(ctx, classes, cause, `
		INSERT INTO pending_resources (tenant_id, resource_id, cause)
		SELECT tenant_id, id, @cause FROM resources WHERE tenant_id = @tenant AND class = ANY (@classes)
		ON CONFLICT (tenant_id, resource_id) DO UPDATE SET judge_only = false WHERE pending_resources.judge_only`)
}

func (tx Tx) again(ctx context.Context, classes []inventory.Class, cause evaluator.Cause, statement string) error {
	names := make([]string, len(classes))
	for i, c := range classes {
		names[i] = string(c)
	}
	_, err := tx.Exec(ctx, statement, pgx.StrictNamedArgs{"tenant": tx.tenant, "classes": names, "cause": string(cause)})
	if err != nil {
		return fmt.Errorf("judge again: %w", err)
	}
	return nil
}
