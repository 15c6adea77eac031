package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/evaluator"
)

// ControlStatus is where a control stands in a scope, and since when.
type ControlStatus struct {
	Framework   string
	ScopeID     uuid.UUID
	ControlID   string
	ValidFrom   time.Time
	Status      evaluator.Status
	Because     string
	PassWeight  int64
	TotalWeight int64
	Judged      int64
	Asked       int64
}

// Figure is the control's own score.
func (c ControlStatus) Figure() evaluator.Score {
	return evaluator.Score{PassWeight: c.PassWeight, TotalWeight: c.TotalWeight, Judged: c.Judged, Asked: c.Asked}
}

// controlStatusesAt finds the interval that holds the moment by one look into the primary key for each control.
const controlStatusesAt = `
		SELECT s.framework, s.scope_id, s.control_id, s.valid_from, s.status, s.because, s.pass_weight, s.total_weight,
		       s.judged, s.asked
		FROM   unnest(@controls::text[]) WITH ORDINALITY AS c (id, place)
		CROSS  JOIN LATERAL (
		       SELECT framework, scope_id, control_id, valid_from, valid_to, status, because, pass_weight, total_weight,
		              judged, asked
		       FROM   control_statuses
		       WHERE  tenant_id = @tenant AND framework = @framework AND scope_id = @scope AND control_id = c.id
		       AND    valid_from <= @at
		       ORDER  BY valid_from DESC
		       LIMIT  1) s
		WHERE  s.valid_to > @at
		ORDER  BY c.place`

// ControlStatuses gives the status of each named control that had one at a moment; the zero moment means now, the nil
// scope the whole tenant. A control that was never assessed is left out: its reader must say "not evaluated". It costs
// one descent of the primary key for each control, on any day of the past.
func (tx Tx) ControlStatuses(ctx context.Context, framework string, scope uuid.UUID, controls []string, asOf time.Time) ([]ControlStatus, error) {
	rows, err := tx.Query(ctx, controlStatusesAt,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "framework": framework, "scope": scope, "controls": controls, "at": moment(asOf)})
	if err != nil {
		return nil, fmt.Errorf("control statuses of %s: %w", framework, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[ControlStatus])
	if err != nil {
		return nil, fmt.Errorf("control statuses of %s: %w", framework, err)
	}
	return out, nil
}

// ControlStatus gives the status of one control at a moment. It returns ErrNotFound when it was not assessed then.
func (tx Tx) ControlStatus(ctx context.Context, framework string, scope uuid.UUID, control string, asOf time.Time) (ControlStatus, error) {
	all, err := tx.ControlStatuses(ctx, framework, scope, []string{control}, asOf)
	if err != nil {
		return ControlStatus{}, err
	}
	if len(all) == 0 {
		return ControlStatus{}, fmt.Errorf("status of control %s: %w", control, ErrNotFound)
	}
	return all[0], nil
}

// ControlHistory gives the statuses a control went through, newest first, at most limit of them.
func (tx Tx) ControlHistory(ctx context.Context, framework string, scope uuid.UUID, control string, limit int) ([]ControlStatus, error) {
	rows, err := tx.Query(ctx, `
		SELECT framework, scope_id, control_id, valid_from, status, because, pass_weight, total_weight, judged, asked
		FROM   control_statuses
		WHERE  tenant_id = @tenant AND framework = @framework AND scope_id = @scope AND control_id = @control
		ORDER  BY valid_from DESC
		LIMIT  @limit`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "framework": framework, "scope": scope, "control": control, "limit": limit})
	if err != nil {
		return nil, fmt.Errorf("history of control %s: %w", control, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[ControlStatus])
	if err != nil {
		return nil, fmt.Errorf("history of control %s: %w", control, err)
	}
	return out, nil
}
