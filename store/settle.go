package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// settleBatch is how many resources are worked out again in one transaction.
const settleBatch = 2000

// Work derives and judges a batch of resources.
type Work func(ctx context.Context, batch []evaluator.Due, view evaluator.View) ([]evaluator.Settled, error)

// Settle gives work what is due, batch by batch, and keeps what it returns, until nothing is due. A batch and the note
// that it was due go in one transaction: whoever is killed leaves it due.
func (s *Store) Settle(ctx context.Context, tenant uuid.UUID, at time.Time, work Work) error {
	for {
		var n int
		err := s.InTx(ctx, tenant, func(tx Tx) (err error) {
			n, err = tx.settleBatch(ctx, at, work)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

func (tx Tx) settleBatch(ctx context.Context, at time.Time, work Work) (int, error) {
	if err := tx.lockInventory(ctx); err != nil {
		return 0, err
	}
	due, ids, err := tx.takeDue(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	found, err := tx.resourcesByID(ctx, ids)
	if err != nil {
		return 0, err
	}
	if err := tx.restoreDerived(ctx, due, found); err != nil {
		return 0, err
	}
	before, err := tx.findingsOf(ctx, ids)
	if err != nil {
		return 0, err
	}
	batch := make([]evaluator.Due, 0, len(found))
	for _, id := range ids {
		if r := found[id]; r != nil {
			batch = append(batch, evaluator.Due{Resource: r, Derived: due[id].judgeOnly, Before: before[id], Cause: due[id].cause})
		}
	}
	settled, err := work(ctx, batch, view{tx})
	if err != nil {
		return 0, err
	}
	if err := tx.keepDerived(ctx, settled, at); err != nil {
		return 0, err
	}
	if err := tx.keepFindings(ctx, settled, before, at); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `DELETE FROM pending_resources WHERE tenant_id = @tenant AND resource_id = ANY (@ids)`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids})
	if err != nil {
		return 0, fmt.Errorf("note what is settled: %w", err)
	}
	return len(ids), nil
}

// pending is why a resource is due, and whether it need not be derived again.
type pending struct {
	cause     evaluator.Cause
	judgeOnly bool
}

func (tx Tx) takeDue(ctx context.Context) (map[uuid.UUID]*pending, []uuid.UUID, error) {
	rows, err := tx.Query(ctx, `
		SELECT resource_id, cause, judge_only FROM pending_resources WHERE tenant_id = @tenant ORDER BY resource_id LIMIT @limit`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "limit": settleBatch})
	if err != nil {
		return nil, nil, fmt.Errorf("what is due: %w", err)
	}
	due := map[uuid.UUID]*pending{}
	var ids []uuid.UUID
	var id uuid.UUID
	var p pending
	_, err = pgx.ForEachRow(rows, []any{&id, &p.cause, &p.judgeOnly}, func() error {
		one := p
		due[id] = &one
		ids = append(ids, id)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("what is due: %w", err)
	}
	return due, ids, nil
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
