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

// tallyRow is a tally as its columns stand.
type tallyRow struct {
	Scope        string
	CheckID      string
	Pass         int64
	Inherited    int64
	FailCritical int64
	FailHigh     int64
	FailMedium   int64
	FailLow      int64
	Excepted     int64
	Unknown      int64
}

func (r tallyRow) tally() evaluator.Tally {
	return evaluator.Tally{Check: r.CheckID, Scope: inventory.ScopeID(r.Scope), Pass: r.Pass, Inherited: r.Inherited,
		Fail: [5]int64{0, r.FailLow, r.FailMedium, r.FailHigh, r.FailCritical}, Excepted: r.Excepted, Unknown: r.Unknown}
}

// Tallies gives the counts of each scope and check at a moment; the zero moment means now. The nil scope and no checks
// mean all of them.
func (tx Tx) Tallies(ctx context.Context, scope uuid.UUID, checks []string, asOf time.Time) ([]evaluator.Tally, error) {
	rows, err := tx.Query(ctx, `
		SELECT s.natural_id AS scope, t.check_id, t.pass, t.inherited, t.fail_critical, t.fail_high, t.fail_medium,
		       t.fail_low, t.excepted, t.unknown
		FROM   tallies t
		JOIN   scopes s ON s.tenant_id = t.tenant_id AND s.id = t.scope_id
		WHERE  t.tenant_id = @tenant
		AND    t.valid_to > @at
		AND    t.valid_from <= @at
		AND    (@scope::uuid IS NULL OR t.scope_id = @scope)
		AND    (cardinality(@checks::text[]) = 0 OR t.check_id = ANY(@checks))
		ORDER  BY t.check_id, s.natural_id`, pgx.QueryExecModeCacheDescribe,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "scope": orNull(scope), "checks": orEmpty(checks), "at": moment(asOf)})
	if err != nil {
		return nil, fmt.Errorf("tallies: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[tallyRow])
	if err != nil {
		return nil, fmt.Errorf("tallies: %w", err)
	}
	out := make([]evaluator.Tally, len(found))
	for i, row := range found {
		out[i] = row.tally()
	}
	return out, nil
}

// CheckCounts sums the tallies of each check over the scopes at a moment.
func (tx Tx) CheckCounts(ctx context.Context, scope uuid.UUID, checks []string, asOf time.Time) (map[string]evaluator.Tally, error) {
	tallies, err := tx.Tallies(ctx, scope, checks, asOf)
	if err != nil {
		return nil, err
	}
	out := make(map[string]evaluator.Tally, len(tallies))
	for _, t := range tallies {
		sum := out[t.Check].Add(t)
		sum.Check = t.Check
		out[t.Check] = sum
	}
	return out, nil
}

// orNull turns the nil id into NULL, so that a query can tell "any" from an id.
func orNull(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// orEmpty keeps a nil slice from becoming NULL, whose cardinality is not 0.
func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
