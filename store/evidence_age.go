package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// EvidenceAge says when the newest and the oldest reading in use were made; zero times when nothing was read.
type EvidenceAge struct{ Newest, Oldest time.Time }

// EvidenceAge gives the age of the readings in use at a moment; the zero moment means now. Now it goes by the last
// complete listing of each kind and region; of the past only the runs are kept, so there it goes by the last run of
// each scope that had ended.
func (tx Tx) EvidenceAge(ctx context.Context, asOf time.Time) (EvidenceAge, error) {
	sql := `
		SELECT max(l.complete_at), min(l.complete_at)
		FROM   listings l
		JOIN   scopes s ON s.tenant_id = l.tenant_id AND s.id = l.scope_id AND s.removed_at IS NULL
		WHERE  l.tenant_id = @tenant AND l.complete_at <= @at`
	if !asOf.IsZero() {
		sql = `
		SELECT max(began_at), min(began_at)
		FROM   (SELECT DISTINCT ON (scope_id) began_at
		        FROM   runs
		        WHERE  tenant_id = @tenant AND state IN ('complete', 'partial') AND ended_at <= @at
		        ORDER  BY scope_id, queued_at DESC) last`
	}
	var newest, oldest *time.Time
	err := tx.QueryRow(ctx, sql, pgx.StrictNamedArgs{"tenant": tx.tenant, "at": moment(asOf)}).Scan(&newest, &oldest)
	if err != nil {
		return EvidenceAge{}, fmt.Errorf("age of the evidence: %w", err)
	}
	if newest == nil || oldest == nil {
		return EvidenceAge{}, nil
	}
	return EvidenceAge{Newest: *newest, Oldest: *oldest}, nil
}
