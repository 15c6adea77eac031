package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
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
	causes, ids, err := tx.takeDue(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	found, err := tx.resourcesByID(ctx, ids)
	if err != nil {
		return 0, err
	}
	before, err := tx.findingsOf(ctx, ids)
	if err != nil {
		return 0, err
	}
	batch := make([]evaluator.Due, 0, len(found))
	for _, id := range ids {
		if r := found[id]; r != nil {
			batch = append(batch, evaluator.Due{Resource: r, Before: before[id], Cause: causes[id]})
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

func (tx Tx) takeDue(ctx context.Context) (map[uuid.UUID]evaluator.Cause, []uuid.UUID, error) {
	rows, err := tx.Query(ctx, `
		SELECT resource_id, cause FROM pending_resources WHERE tenant_id = @tenant ORDER BY resource_id LIMIT @limit`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "limit": settleBatch})
	if err != nil {
		return nil, nil, fmt.Errorf("what is due: %w", err)
	}
	causes := map[uuid.UUID]evaluator.Cause{}
	var ids []uuid.UUID
	var id uuid.UUID
	var cause evaluator.Cause
	_, err = pgx.ForEachRow(rows, []any{&id, &cause}, func() error {
		causes[id] = cause
		ids = append(ids, id)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("what is due: %w", err)
	}
	return causes, ids, nil
}

// Rejudge makes every resource of the classes due again, with the cause of it: a changed catalogue, changed settings, or
// a day that passed.
func (tx Tx) Rejudge(ctx context.Context, classes []inventory.Class, cause evaluator.Cause) error {
	names := make([]string, len(classes))
	for i, c := range classes {
		names[i] = string(c)
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO pending_resources (tenant_id, resource_id, cause)
		SELECT tenant_id, id, @cause FROM resources WHERE tenant_id = @tenant AND class = ANY (@classes)
		ON CONFLICT (tenant_id, resource_id) DO NOTHING`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "classes": names, "cause": string(cause)})
	if err != nil {
		return fmt.Errorf("judge again: %w", err)
	}
	return nil
}

// derivedRow is what stands of a resource's derived facts.
type derivedRow struct {
	ResourceID uuid.UUID
	Facts      []byte
	RestsOn    []int64
	Passed     []int16
	Inherited  []int16
}

// keepDerived writes derived facts, what they rest on and which checks pass, where any of it changed.
func (tx Tx) keepDerived(ctx context.Context, settled []evaluator.Settled, at time.Time) error {
	ordinals, err := tx.ordinals(ctx)
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(settled))
	for i, s := range settled {
		ids[i] = ResourceID(s.Resource.ID)
	}
	stands, err := tx.derivedOf(ctx, ids)
	if err != nil {
		return err
	}
	var write []derivedRow
	var ended []uuid.UUID
	for i, s := range settled {
		row, err := derive(ids[i], s, ordinals)
		if err != nil {
			return err
		}
		old, there := stands[ids[i]]
		same := there && sameJSON(old.Facts, row.Facts) && slices.Equal(old.Passed, row.Passed) && slices.Equal(old.Inherited, row.Inherited)
		switch {
		case same && slices.Equal(old.RestsOn, row.RestsOn):
		case there && !same:
			ended = append(ended, ids[i])
			fallthrough
		default:
			write = append(write, row)
		}
	}
	if err := tx.endDerived(ctx, ended, at); err != nil {
		return err
	}
	return tx.writeDerived(ctx, write, ended, at)
}

// derive turns a settled resource into its row.
func derive(id uuid.UUID, s evaluator.Settled, ordinals map[string]int16) (derivedRow, error) {
	facts, err := s.Resource.EncodeDerived()
	if err != nil {
		return derivedRow{}, fmt.Errorf("encode derived facts of %s: %w", s.Resource.ID, err)
	}
	row := derivedRow{ResourceID: id, Facts: facts, RestsOn: make([]int64, len(s.RestsOn)), Passed: []int16{}, Inherited: []int16{}}
	for i, k := range s.RestsOn {
		row.RestsOn[i] = int64(k)
	}
	for _, j := range s.Judgements {
		if j.Verdict != evaluator.Pass {
			continue
		}
		ordinal, ok := ordinals[j.Check.ID]
		if !ok {
			return derivedRow{}, fmt.Errorf("check %s has no ordinal: register the catalogue first", j.Check.ID)
		}
		row.Passed = append(row.Passed, ordinal)
		if j.Inherited {
			row.Inherited = append(row.Inherited, ordinal)
		}
	}
	slices.Sort(row.Passed)
	slices.Sort(row.Inherited)
	return row, nil
}

// sameJSON compares what Postgres gives back for jsonb with what was written: keys come back in another order.
func sameJSON(a, b []byte) bool {
	var left, right any
	if json.Unmarshal(a, &left) != nil || json.Unmarshal(b, &right) != nil {
		return false
	}
	x, err := json.Marshal(left)
	if err != nil {
		return false
	}
	y, err := json.Marshal(right)
	return err == nil && string(x) == string(y)
}

func (tx Tx) derivedOf(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]derivedRow, error) {
	rows, err := tx.Query(ctx, `
		SELECT k.id AS resource_id, d.facts, d.rests_on, d.passed, d.inherited
		FROM   unnest(@ids::uuid[]) AS k (id)
		CROSS  JOIN LATERAL (
		       SELECT facts, rests_on, passed, inherited FROM derived_facts
		       WHERE  tenant_id = @tenant AND resource_id = k.id
		       LIMIT  1) d`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids})
	if err != nil {
		return nil, fmt.Errorf("derived facts: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[derivedRow])
	if err != nil {
		return nil, fmt.Errorf("derived facts: %w", err)
	}
	out := make(map[uuid.UUID]derivedRow, len(found))
	for _, row := range found {
		out[row.ResourceID] = row
	}
	return out, nil
}

// endDerived copies present derived facts to the past.
func (tx Tx) endDerived(ctx context.Context, ids []uuid.UUID, at time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO derived_fact_versions (tenant_id, resource_id, valid_from, valid_to, facts, passed, inherited)
		SELECT tenant_id, resource_id, valid_from, greatest(@at, valid_from), facts, passed, inherited
		FROM   derived_facts
		WHERE  tenant_id = @tenant AND resource_id = ANY (@ids)
		ON CONFLICT (tenant_id, resource_id, valid_from) DO NOTHING`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids, "at": at})
	if err != nil {
		return fmt.Errorf("end derived facts: %w", err)
	}
	return nil
}

// writeDerived writes rows. Those among ended begin anew at the moment; of the others, if they stood before, only what
// they rest on changed.
func (tx Tx) writeDerived(ctx context.Context, rows []derivedRow, ended []uuid.UUID, at time.Time) error {
	if len(rows) == 0 {
		return nil
	}
	n := len(rows)
	ids, facts, rests, passed, inherited := make([]uuid.UUID, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i, row := range rows {
		ids[i], facts[i], rests[i], passed[i], inherited[i] = row.ResourceID, string(row.Facts), arrayText(row.RestsOn), arrayText(row.Passed), arrayText(row.Inherited)
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO derived_facts (tenant_id, resource_id, scope_id, valid_from, facts, rests_on, passed, inherited)
		SELECT @tenant, v.id, r.scope_id, @at, v.facts::jsonb, v.rests::bigint[], v.passed::smallint[], v.inherited::smallint[]
		FROM   unnest(@ids::uuid[], @facts::text[], @rests::text[], @passed::text[], @inherited::text[])
		       AS v (id, facts, rests, passed, inherited)
		CROSS  JOIN LATERAL (SELECT scope_id FROM resources WHERE tenant_id = @tenant AND id = v.id LIMIT 1) r
		ON CONFLICT (tenant_id, resource_id) DO UPDATE SET
		       scope_id = excluded.scope_id, facts = excluded.facts, rests_on = excluded.rests_on, passed = excluded.passed,
		       inherited = excluded.inherited,
		       valid_from = CASE WHEN derived_facts.resource_id = ANY (@ended) THEN excluded.valid_from ELSE derived_facts.valid_from END`,
		pgx.StrictNamedArgs{
			"tenant": tx.tenant, "at": at, "ids": ids, "facts": facts, "rests": rests, "passed": passed, "inherited": inherited, "ended": ended,
		})
	if err != nil {
		return fmt.Errorf("write derived facts: %w", err)
	}
	return nil
}

// arrayText writes numbers as Postgres reads an array: arrays of unlike lengths cannot travel as one array of arrays.
func arrayText[N int16 | int64](numbers []N) string {
	text := []byte{'{'}
	for i, n := range numbers {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, int64(n), 10)
	}
	return string(append(text, '}'))
}
