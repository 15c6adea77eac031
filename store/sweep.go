package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// SweepDue finds the scopes of every tenant whose time has come, moves each on to next(schedule), and calls due for it
// in the same transaction, as its tenant. A schedule that cannot be read any more is switched off.
func (s *Store) SweepDue(ctx context.Context, now time.Time, next func(schedule string) (*time.Time, error), due func(tx Tx, scope uuid.UUID) error) error {
	return s.inSweep(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT tenant_id, id, schedule FROM scopes
			WHERE  next_run_at <= @now AND removed_at IS NULL AND left_at IS NULL
			ORDER  BY next_run_at
			LIMIT  500
			FOR    UPDATE SKIP LOCKED`,
			pgx.StrictNamedArgs{"now": now})
		if err != nil {
			return fmt.Errorf("scopes that are due: %w", err)
		}
		type one struct {
			TenantID uuid.UUID
			ID       uuid.UUID
			Schedule string
		}
		found, err := pgx.CollectRows(rows, pgx.RowToStructByName[one])
		if err != nil {
			return fmt.Errorf("scopes that are due: %w", err)
		}
		for _, f := range found {
			at, err := next(f.Schedule)
			if err != nil {
				at = nil
			}
			_, err = tx.Exec(ctx, `UPDATE scopes SET next_run_at = @next WHERE tenant_id = @tenant AND id = @id`,
				pgx.StrictNamedArgs{"tenant": f.TenantID, "id": f.ID, "next": at})
			if err != nil {
				return fmt.Errorf("next time of a scope: %w", err)
			}
			if _, err := tx.Exec(ctx, `SELECT set_config('plumbline.tenant', $1, true)`, f.TenantID.String()); err != nil {
				return fmt.Errorf("enter the tenant: %w", err)
			}
			if err := due(Tx{Tx: tx, tenant: f.TenantID}, f.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// LockRun fences a scope: while it is held nobody else gets it, and the database frees it when the process dies. It
// returns ErrConflict when another process holds it.
func (s *Store) LockRun(ctx context.Context, tenant, scope uuid.UUID) (unlock func(), err error) {
	conn, err := s.fences.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("fence the scope: %w", err)
	}
	const key = `hashtextextended('run ' || $1::text || $2::text, 0)`
	var held bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(`+key+`)`, tenant, scope).Scan(&held); err != nil {
		conn.Release()
		return nil, fmt.Errorf("fence the scope: %w", err)
	}
	if !held {
		conn.Release()
		return nil, fmt.Errorf("the scope is being collected: %w", ErrConflict)
	}
	return func() {
		// A connection that cannot give the lock back is closed, which frees it.
		if _, err := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(`+key+`)`, tenant, scope); err != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx))
		}
		conn.Release()
	}, nil
}

// RunsUnderWay lists the runs of the tenant that are queued or running.
func (tx Tx) RunsUnderWay(ctx context.Context) ([]Run, error) {
	rows, err := tx.Query(ctx, `
		SELECT id FROM runs WHERE tenant_id = @tenant AND state IN ('queued', 'running')`,
		pgx.StrictNamedArgs{"tenant": tx.tenant})
	if err != nil {
		return nil, fmt.Errorf("runs under way: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("runs under way: %w", err)
	}
	var out []Run
	for _, id := range ids {
		run, err := tx.Run(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, run.Run)
	}
	return out, nil
}

// Aged tells when verdicts that read the moment were judged again last; the zero time means never.
func (tx Tx) Aged(ctx context.Context) (time.Time, error) {
	var at *time.Time
	err := tx.QueryRow(ctx, `SELECT aged_at FROM tenants WHERE id = @tenant`, pgx.StrictNamedArgs{"tenant": tx.tenant}).Scan(&at)
	if err != nil || at == nil {
		return time.Time{}, missing("when verdicts aged", err)
	}
	return *at, nil
}

// SetAged notes that verdicts were judged again at a moment.
func (tx Tx) SetAged(ctx context.Context, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE tenants SET aged_at = @at WHERE id = @tenant`, pgx.StrictNamedArgs{"tenant": tx.tenant, "at": at})
	if err != nil {
		return fmt.Errorf("note when verdicts aged: %w", err)
	}
	return nil
}

// IdleDue says whether resources wait to be worked out while no run is under way that would do it.
func (tx Tx) IdleDue(ctx context.Context) (bool, error) {
	var idle bool
	err := tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM pending_resources WHERE tenant_id = @tenant)
		AND    NOT EXISTS (SELECT FROM runs WHERE tenant_id = @tenant AND state IN ('queued', 'running'))`,
		pgx.StrictNamedArgs{"tenant": tx.tenant}).Scan(&idle)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("what waits: %w", err)
	}
	return idle, nil
}
