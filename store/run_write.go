package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// QueueRun notes that a scope is to be collected. ErrConflict means that a run of the scope is queued or under way:
// runs of one scope never overlap.
func (tx Tx) QueueRun(ctx context.Context, id, scope uuid.UUID, trigger string, at time.Time) error {
	tag, err := tx.Exec(ctx, `
		INSERT INTO runs (tenant_id, id, scope_id, trigger, state, queued_at) VALUES (@tenant, @id, @scope, @trigger, 'queued', @at)
		ON CONFLICT (tenant_id, scope_id) WHERE state IN ('queued', 'running') DO NOTHING`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id, "scope": scope, "trigger": trigger, "at": at})
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.Code == "23503":
		return fmt.Errorf("scope of the run: %w", ErrNotFound)
	case err != nil:
		return fmt.Errorf("queue run: %w", err)
	case tag.RowsAffected() == 0:
		return fmt.Errorf("a run of the scope is under way: %w", ErrConflict)
	}
	return nil
}

// BeginRun notes that a worker took the run. A run that was cut off is begun again. ErrNotFound means that there is
// nothing to do: it was cancelled or has ended.
func (tx Tx) BeginRun(ctx context.Context, id uuid.UUID, catalogue string, at time.Time) error {
	tag, err := tx.Exec(ctx, `
		UPDATE runs SET state = 'running', began_at = @at, catalogue = @catalogue, progress = '', error = ''
		WHERE  tenant_id = @tenant AND id = @id AND state IN ('queued', 'running') AND NOT cancel_requested`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id, "catalogue": catalogue, "at": at})
	if err != nil {
		return fmt.Errorf("begin run: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("begin run: %w", ErrNotFound)
	}
	return nil
}

// Progress notes how far a run is, and tells whether somebody asked to cancel it.
func (tx Tx) Progress(ctx context.Context, id uuid.UUID, text string, listed, changed, removed int) (cancelled bool, err error) {
	err = tx.QueryRow(ctx, `
		UPDATE runs SET progress = @text, listed = @listed, changed = @changed, removed = @removed
		WHERE  tenant_id = @tenant AND id = @id
		RETURNING cancel_requested`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id, "text": text, "listed": listed, "changed": changed, "removed": removed}).Scan(&cancelled)
	return cancelled, missing("note progress", err)
}

// CancelRun asks a run to end. One that is queued ends at once.
func (tx Tx) CancelRun(ctx context.Context, id uuid.UUID, at time.Time) error {
	tag, err := tx.Exec(ctx, `
		UPDATE runs SET cancel_requested = true,
		       state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END,
		       ended_at = CASE WHEN state = 'queued' THEN @at ELSE ended_at END
		WHERE  tenant_id = @tenant AND id = @id AND state IN ('queued', 'running')`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id, "at": at})
	if err != nil {
		return fmt.Errorf("cancel run: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("cancel run: it is not queued or running: %w", ErrConflict)
	}
	return nil
}

// Ended is how a run ended.
type Ended struct {
	State                    string
	Listed, Changed, Removed int
	Ledger                   []inventory.LedgerRow
	Error                    string
}

// EndRun notes how a run ended. The ledger is kept by its content, without moments, so that runs which met the same
// world share one.
func (tx Tx) EndRun(ctx context.Context, id uuid.UUID, e Ended, at time.Time) error {
	rows := make([]inventory.LedgerRow, len(e.Ledger))
	copy(rows, e.Ledger)
	for i := range rows {
		rows[i].BeganAt = time.Time{}
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("encode ledger: %w", err)
	}
	sum := sha256.Sum256(raw)
	_, err = tx.Exec(ctx, `INSERT INTO ledgers (tenant_id, hash, rows) VALUES (@tenant, @hash, @rows) ON CONFLICT DO NOTHING`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "hash": sum[:16], "rows": raw})
	if err != nil {
		return fmt.Errorf("keep ledger: %w", err)
	}
	_, err = tx.Exec(ctx, `
		UPDATE runs SET state = @state, ended_at = @at, listed = @listed, changed = @changed, removed = @removed, ledger = @ledger,
		       error = @error, progress = ''
		WHERE  tenant_id = @tenant AND id = @id`,
		pgx.StrictNamedArgs{
			"tenant": tx.tenant, "id": id, "state": e.State, "at": at, "listed": e.Listed, "changed": e.Changed, "removed": e.Removed,
			"ledger": sum[:16], "error": e.Error,
		})
	if err != nil {
		return fmt.Errorf("end run: %w", err)
	}
	return nil
}

// Judged returns the version of the catalogue that judged the tenant's inventory last.
func (tx Tx) Judged(ctx context.Context) (string, error) {
	var version string
	err := tx.QueryRow(ctx, `SELECT judged_with FROM tenants WHERE id = @tenant`, pgx.StrictNamedArgs{"tenant": tx.tenant}).Scan(&version)
	return version, missing("catalogue of the last judging", err)
}

// SetJudged notes which version of the catalogue judges the tenant's inventory from now on.
func (tx Tx) SetJudged(ctx context.Context, version string) error {
	_, err := tx.Exec(ctx, `UPDATE tenants SET judged_with = @version WHERE id = @tenant`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "version": version})
	if err != nil {
		return fmt.Errorf("note the catalogue: %w", err)
	}
	return nil
}
