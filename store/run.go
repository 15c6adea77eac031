package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Run is one collection of one scope.
type Run struct {
	ID              uuid.UUID
	ScopeID         uuid.UUID
	Scope           inventory.ScopeID
	Trigger         string
	State           string
	QueuedAt        time.Time
	BeganAt         *time.Time
	EndedAt         *time.Time
	Catalogue       string
	Listed          int
	Changed         int
	Removed         int
	Progress        string
	Error           string
	CancelRequested bool
}

// RunDetail is a run with its ledger.
type RunDetail struct {
	Run
	// Ledger says for each kind and region how completely it was listed; empty until the run has ended.
	Ledger []inventory.LedgerRow
}

// runCursor is where a list of runs stopped.
type runCursor struct {
	QueuedAt time.Time
	ID       uuid.UUID
}

const runColumns = `r.id, r.scope_id, s.natural_id AS scope, r.trigger, r.state, r.queued_at, r.began_at, r.ended_at,
		r.catalogue, r.listed, r.changed, r.removed, r.progress, r.error, r.cancel_requested`

// Runs lists the runs of a scope, or with the nil id of all scopes, newest first.
func (tx Tx) Runs(ctx context.Context, scope uuid.UUID, p Page) ([]Run, string, error) {
	before := runCursor{QueuedAt: latest}
	if err := decodeCursor("runs", p.Cursor, &before); err != nil {
		return nil, "", err
	}
	rows, err := tx.Query(ctx, `
		SELECT `+runColumns+`
		FROM   runs r
		JOIN   scopes s ON s.tenant_id = r.tenant_id AND s.id = r.scope_id
		WHERE  r.tenant_id = @tenant
		AND    (@scope::uuid IS NULL OR r.scope_id = @scope)
		AND    (r.queued_at, r.id) < (@queued, @id::uuid)
		ORDER  BY r.queued_at DESC, r.id DESC
		LIMIT  @limit`, pgx.QueryExecModeCacheDescribe,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "scope": orNull(scope), "queued": before.QueuedAt, "id": before.ID, "limit": p.limit() + 1})
	if err != nil {
		return nil, "", fmt.Errorf("runs: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Run])
	if err != nil {
		return nil, "", fmt.Errorf("runs: %w", err)
	}
	return cut("runs", found, p.limit(), func(r Run) any { return runCursor{r.QueuedAt, r.ID} })
}

// RunCount is the number of runs of a scope, or with the nil id of all scopes.
func (tx Tx) RunCount(ctx context.Context, scope uuid.UUID) (int64, error) {
	return tx.estimate(ctx, "runs",
		`EXPLAIN (FORMAT JSON) SELECT 1 FROM runs r WHERE r.tenant_id = @tenant AND (@scope::uuid IS NULL OR r.scope_id = @scope)`,
		`SELECT count(*) FROM (SELECT 1 FROM runs r
		 WHERE r.tenant_id = @tenant AND (@scope::uuid IS NULL OR r.scope_id = @scope) LIMIT @limit) AS picked`,
		pgx.NamedArgs{"tenant": tx.tenant, "scope": orNull(scope)})
}

// LastRuns gives the newest run of each of the scopes that has one.
func (tx Tx) LastRuns(ctx context.Context, scopes []uuid.UUID) (map[uuid.UUID]Run, error) {
	rows, err := tx.Query(ctx, `
		SELECT `+runColumns+`
		FROM   unnest(@scopes::uuid[]) AS wanted (id)
		CROSS  JOIN LATERAL (
		       SELECT id, scope_id, trigger, state, queued_at, began_at, ended_at, catalogue, listed, changed, removed,
		              progress, error, cancel_requested
		       FROM   runs
		       WHERE  tenant_id = @tenant AND scope_id = wanted.id
		       ORDER  BY queued_at DESC
		       LIMIT  1) r
		JOIN   scopes s ON s.tenant_id = @tenant AND s.id = r.scope_id`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "scopes": orEmpty(scopes)})
	if err != nil {
		return nil, fmt.Errorf("last runs: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Run])
	if err != nil {
		return nil, fmt.Errorf("last runs: %w", err)
	}
	out := make(map[uuid.UUID]Run, len(found))
	for _, r := range found {
		out[r.ScopeID] = r
	}
	return out, nil
}

// Run gives one run with its ledger.
func (tx Tx) Run(ctx context.Context, id uuid.UUID) (RunDetail, error) {
	rows, err := tx.Query(ctx, `
		SELECT `+runColumns+`, coalesce(l.rows, '[]') AS ledger
		FROM   runs r
		JOIN   scopes s ON s.tenant_id = r.tenant_id AND s.id = r.scope_id
		LEFT   JOIN ledgers l ON l.tenant_id = r.tenant_id AND l.hash = r.ledger
		WHERE  r.tenant_id = @tenant AND r.id = @id`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id})
	if err != nil {
		return RunDetail{}, fmt.Errorf("run %s: %w", id, err)
	}
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[struct {
		Run
		Ledger []byte
	}])
	if err != nil {
		return RunDetail{}, missing("run "+id.String(), err)
	}
	d := RunDetail{Run: row.Run}
	if err := json.Unmarshal(row.Ledger, &d.Ledger); err != nil {
		return RunDetail{}, fmt.Errorf("ledger of run %s: %w", id, err)
	}
	return d, nil
}
