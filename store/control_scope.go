package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// ControlByScope gives the status of a control in each scope that had one at a moment; the zero moment means now.
func (tx Tx) ControlByScope(ctx context.Context, framework, control string,
	asOf time.Time) (map[inventory.ScopeID]evaluator.Status, error) {
	rows, err := tx.Query(ctx, `
		SELECT s.natural_id, c.status
		FROM   scopes s
		CROSS  JOIN LATERAL (
		       SELECT status, valid_to
		       FROM   control_statuses
		       WHERE  tenant_id = @tenant AND framework = @framework AND scope_id = s.id AND control_id = @control
		       AND    valid_from <= @at
		       ORDER  BY valid_from DESC
		       LIMIT  1) c
		WHERE  s.tenant_id = @tenant AND s.removed_at IS NULL AND c.valid_to > @at`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "framework": framework, "control": control, "at": moment(asOf)})
	if err != nil {
		return nil, fmt.Errorf("control %s by scope: %w", control, err)
	}
	out := map[inventory.ScopeID]evaluator.Status{}
	var scope, status string
	_, err = pgx.ForEachRow(rows, []any{&scope, &status}, func() error {
		out[inventory.ScopeID(scope)] = evaluator.Status(status)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("control %s by scope: %w", control, err)
	}
	return out, nil
}
