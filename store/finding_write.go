package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/evaluator"
)

// standingRow is a finding as the evaluator follows it.
type standingRow struct {
	ResourceID   uuid.UUID
	CheckID      string
	Verdict      evaluator.Verdict
	BaseSeverity int16
	Severity     int16
	State        evaluator.State
	Since        time.Time
	NotReadSince *time.Time
	ResolvedAt   *time.Time
	Reasons      []byte
	Unknown      []byte
}

func (row standingRow) finding() (*evaluator.Finding, error) {
	f := &evaluator.Finding{
		Verdict: row.Verdict, Base: evaluator.SeverityOf(int(row.BaseSeverity)), Severity: evaluator.SeverityOf(int(row.Severity)),
		State: row.State, Since: row.Since.UTC(), NotReadSince: row.NotReadSince, ResolvedAt: row.ResolvedAt,
	}
	if row.Reasons != nil {
		if err := json.Unmarshal(row.Reasons, &f.Reasons); err != nil {
			return nil, fmt.Errorf("reasons of %s: %w", row.CheckID, err)
		}
	}
	if row.Unknown != nil {
		if err := json.Unmarshal(row.Unknown, &f.Unknown); err != nil {
			return nil, fmt.Errorf("unknowns of %s: %w", row.CheckID, err)
		}
	}
	return f, nil
}

// findingsOf reads the findings that resources have or had, by resource and check.
func (tx Tx) findingsOf(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]map[string]*evaluator.Finding, error) {
	rows, err := tx.Query(ctx, `
		SELECT k.id AS resource_id, f.check_id, f.verdict, f.base_severity, f.severity, f.state, f.since, f.not_read_since,
		       f.resolved_at, f.reasons, f.unknown
		FROM   unnest(@ids::uuid[]) AS k (id)
		CROSS  JOIN LATERAL (
		       SELECT check_id, verdict, base_severity, severity, state, since, not_read_since, resolved_at, reasons, unknown
		       FROM   findings
		       WHERE  tenant_id = @tenant AND resource_id = k.id
		       OFFSET 0) f`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids})
	if err != nil {
		return nil, fmt.Errorf("findings of resources: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[standingRow])
	if err != nil {
		return nil, fmt.Errorf("findings of resources: %w", err)
	}
	out := map[uuid.UUID]map[string]*evaluator.Finding{}
	for _, row := range found {
		f, err := row.finding()
		if err != nil {
			return nil, err
		}
		if out[row.ResourceID] == nil {
			out[row.ResourceID] = map[string]*evaluator.Finding{}
		}
		out[row.ResourceID][row.CheckID] = f
	}
	return out, nil
}

// movedRow is a finding that moved, with the resource it is about. kept says that a form of it is in its table already.
type movedRow struct {
	id, resource uuid.UUID
	kept         bool
	evaluator.Moved
}

// keepFindings writes the findings that moved, their past forms and their events.
func (tx Tx) keepFindings(ctx context.Context, settled []evaluator.Settled, before map[uuid.UUID]map[string]*evaluator.Finding, at time.Time) error {
	var moved []movedRow
	for _, s := range settled {
		id := ResourceID(s.Resource.ID)
		for _, m := range s.Moved {
			moved = append(moved, movedRow{resource: id, kept: before[id][m.Check] != nil, Moved: m})
		}
	}
	return tx.keepMoved(ctx, moved, at)
}

// closeFindings resolves what stands on resources that are gone.
func (tx Tx) closeFindings(ctx context.Context, ids []uuid.UUID, at time.Time, cause evaluator.Cause) error {
	before, err := tx.findingsOf(ctx, ids)
	if err != nil {
		return err
	}
	var moved []movedRow
	for id, findings := range before {
		for check, f := range findings {
			if after, m := evaluator.Gone(f, at, cause); m != nil {
				moved = append(moved, movedRow{resource: id, kept: true, Moved: evaluator.Moved{Check: check, Finding: after, Movement: m}})
			}
		}
	}
	return tx.keepMoved(ctx, moved, at)
}

func (tx Tx) keepMoved(ctx context.Context, moved []movedRow, at time.Time) error {
	if len(moved) == 0 {
		return nil
	}
	for i := range moved {
		moved[i].id = FindingID(moved[i].resource, moved[i].Check)
	}
	// In the order of the indexes, which end in the id: rows that follow one another land on the same pages.
	slices.SortFunc(moved, func(a, b movedRow) int { return bytes.Compare(a.id[:], b.id[:]) })
	ids := make([]uuid.UUID, len(moved))
	var kept []uuid.UUID
	for i, m := range moved {
		ids[i] = m.id
		if m.kept {
			kept = append(kept, ids[i])
		}
	}
	if err := tx.endFindings(ctx, kept, at); err != nil {
		return err
	}
	if err := tx.writeFindings(ctx, ids, moved, at); err != nil {
		return err
	}
	return tx.writeEvents(ctx, ids, moved, at)
}

// endFindings copies the present forms of findings to the past.
func (tx Tx) endFindings(ctx context.Context, ids []uuid.UUID, at time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO finding_versions (tenant_id, id, valid_from, valid_to, verdict, base_severity, severity, state, since,
		       not_read_since, reasons, unknown)
		SELECT tenant_id, id, valid_from, greatest(@at, valid_from), verdict, base_severity, severity, state, since,
		       not_read_since, reasons, unknown
		FROM   findings
		WHERE  tenant_id = @tenant AND id = ANY (@ids)
		ON CONFLICT (tenant_id, id, valid_from) DO NOTHING`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids, "at": at})
	if err != nil {
		return fmt.Errorf("end finding versions: %w", err)
	}
	return nil
}

func (tx Tx) writeFindings(ctx context.Context, ids []uuid.UUID, moved []movedRow, at time.Time) error {
	n := len(moved)
	resources, checks, verdicts, states := make([]uuid.UUID, n), make([]string, n), make([]string, n), make([]string, n)
	bases, severities := make([]int16, n), make([]int16, n)
	since, notRead, resolved := make([]time.Time, n), make([]*time.Time, n), make([]*time.Time, n)
	reasons, unknown := make([]*string, n), make([]*string, n)
	for i, m := range moved {
		f := m.Finding
		resources[i], checks[i], verdicts[i], states[i] = m.resource, m.Check, string(f.Verdict), string(f.State)
		bases[i], severities[i] = int16(f.Base.Rank()), int16(f.Severity.Rank()) //nolint:gosec // a rank is 1 to 4
		since[i], notRead[i], resolved[i] = f.Since, f.NotReadSince, f.ResolvedAt
		var err error
		if reasons[i], err = jsonOrNull(f.Reasons, len(f.Reasons)); err != nil {
			return fmt.Errorf("reasons of %s: %w", m.Check, err)
		}
		if unknown[i], err = jsonOrNull(f.Unknown, len(f.Unknown)); err != nil {
			return fmt.Errorf("unknowns of %s: %w", m.Check, err)
		}
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO findings (tenant_id, id, resource_id, scope_id, check_id, class, kind, region, resource_name, verdict,
		       base_severity, severity, state, since, not_read_since, resolved_at, valid_from, changed_at, reasons, unknown)
		SELECT @tenant, v.id, v.resource_id, r.scope_id, v.check_id, r.class, r.kind, r.region, r.name, v.verdict,
		       v.base, v.severity, v.state, v.since, v.not_read, v.resolved, @at, @at, v.reasons::jsonb, v.unknown::jsonb
		FROM   unnest(@ids::uuid[], @resources::uuid[], @checks::text[], @verdicts::text[], @bases::smallint[],
		              @severities::smallint[], @states::text[], @since::timestamptz[], @not_read::timestamptz[],
		              @resolved::timestamptz[], @reasons::text[], @unknown::text[])
		       AS v (id, resource_id, check_id, verdict, base, severity, state, since, not_read, resolved, reasons, unknown)
		CROSS  JOIN LATERAL (
		       SELECT scope_id, class, kind, region, name FROM resources WHERE tenant_id = @tenant AND id = v.resource_id LIMIT 1) r
		ON CONFLICT (tenant_id, id) DO UPDATE SET
		       scope_id = excluded.scope_id, class = excluded.class, kind = excluded.kind, region = excluded.region,
		       resource_name = excluded.resource_name, verdict = excluded.verdict, base_severity = excluded.base_severity,
		       severity = excluded.severity, state = excluded.state, since = excluded.since, not_read_since = excluded.not_read_since,
		       resolved_at = excluded.resolved_at, valid_from = excluded.valid_from, changed_at = excluded.changed_at,
		       reasons = excluded.reasons, unknown = excluded.unknown`,
		pgx.StrictNamedArgs{
			"tenant": tx.tenant, "at": at, "ids": ids, "resources": resources, "checks": checks, "verdicts": verdicts, "bases": bases,
			"severities": severities, "states": states, "since": since, "not_read": notRead, "resolved": resolved,
			"reasons": reasons, "unknown": unknown,
		})
	if err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	return nil
}

func jsonOrNull(v any, n int) (*string, error) {
	if n == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	text := string(raw)
	return &text, nil
}

func (tx Tx) writeEvents(ctx context.Context, ids []uuid.UUID, moved []movedRow, at time.Time) error {
	n := len(moved)
	whats, causes, from, to, severities := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]int16, n)
	for i, m := range moved {
		whats[i], causes[i], from[i], to[i] = m.Movement.What, string(m.Movement.Cause), string(m.Movement.From), string(m.Movement.To)
		severities[i] = int16(m.Finding.Severity.Rank()) //nolint:gosec // a rank is 1 to 4
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO finding_events (tenant_id, finding_id, at, what, cause, from_verdict, to_verdict, severity)
		SELECT @tenant, v.id, @at, v.what, v.cause, v.from_verdict, v.to_verdict, v.severity
		FROM   unnest(@ids::uuid[], @whats::text[], @causes::text[], @from::text[], @to::text[], @severities::smallint[])
		       AS v (id, what, cause, from_verdict, to_verdict, severity)`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "at": at, "ids": ids, "whats": whats, "causes": causes, "from": from, "to": to, "severities": severities})
	if err != nil {
		return fmt.Errorf("write finding events: %w", err)
	}
	return nil
}
