package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// derivedRow is a resource's derived facts, what they rest on and the ordinals of the checks that pass. One that was not
// derived again has passes only.
type derivedRow struct {
	id                uuid.UUID
	kept              bool
	facts             []byte
	restsOn           []int64
	passed, inherited []int16
	derivedHashes
}

// derivedHashes tell whether derived facts, the checks that pass, and what the facts rest on are what they were.
type derivedHashes struct{ facts, passes, rests []byte }

// keepDerived writes derived facts, what they rest on and which checks pass, where any of it changed.
func (tx Tx) keepDerived(ctx context.Context, settled []evaluator.Settled, at time.Time) error {
	ordinals, err := tx.ordinals(ctx)
	if err != nil {
		return err
	}
	rows, err := derivedRows(settled, ordinals)
	if err != nil {
		return err
	}
	stands, err := tx.derivedOf(ctx, rows)
	if err != nil {
		return err
	}
	var write, passes []derivedRow
	var ended []uuid.UUID
	for _, row := range rows {
		old, there := stands[row.id]
		same := there && bytes.Equal(old.passes, row.passes) && (row.kept || bytes.Equal(old.facts, row.derivedHashes.facts))
		if there && !same {
			ended = append(ended, row.id)
		}
		switch {
		case row.kept && !same:
			passes = append(passes, row)
		case !row.kept && (!same || !bytes.Equal(old.rests, row.rests)):
			write = append(write, row)
		}
	}
	if err := tx.endDerived(ctx, ended, at); err != nil {
		return err
	}
	if err := tx.writePasses(ctx, passes, at); err != nil {
		return err
	}
	return tx.writeDerived(ctx, write, ended, at)
}

// derivedRows encodes and hashes what was settled, on every core.
func derivedRows(settled []evaluator.Settled, ordinals map[string]int16) ([]derivedRow, error) {
	rows := make([]derivedRow, len(settled))
	return rows, onEveryCore(len(settled), func(i int) (err error) {
		rows[i], err = derive(settled[i], ordinals)
		return err
	})
}

// derive turns a settled resource into its row.
func derive(s evaluator.Settled, ordinals map[string]int16) (derivedRow, error) {
	row := derivedRow{id: ResourceID(s.Resource.ID), kept: s.Kept}
	for _, j := range s.Judgements {
		if j.Verdict != evaluator.Pass {
			continue
		}
		ordinal, ok := ordinals[j.Check.ID]
		if !ok {
			return derivedRow{}, fmt.Errorf("check %s has no ordinal: register the catalogue first", j.Check.ID)
		}
		row.passed = append(row.passed, ordinal)
		if j.Inherited {
			row.inherited = append(row.inherited, ordinal)
		}
	}
	slices.Sort(row.passed)
	slices.Sort(row.inherited)
	row.passes = hashed([]byte(arrayText(row.passed) + arrayText(row.inherited)))
	if s.Kept {
		return row, nil
	}
	var err error
	if row.facts, err = s.Resource.EncodeDerived(); err != nil {
		return derivedRow{}, fmt.Errorf("encode derived facts of %s: %w", s.Resource.ID, err)
	}
	row.restsOn = make([]int64, len(s.RestsOn))
	for i, k := range s.RestsOn {
		row.restsOn[i] = int64(k)
	}
	row.derivedHashes.facts, row.rests = hashed(row.facts), hashed([]byte(arrayText(row.restsOn)))
	return row, nil
}

func hashed(content []byte) []byte {
	sum := sha256.Sum256(content)
	return sum[:16]
}

func (tx Tx) derivedOf(ctx context.Context, of []derivedRow) (map[uuid.UUID]derivedHashes, error) {
	ids := make([]uuid.UUID, len(of))
	for i, row := range of {
		ids[i] = row.id
	}
	rows, err := tx.Query(ctx, `
		SELECT k.id, d.hash, d.passes_hash, d.rests_hash
		FROM   unnest(@ids::uuid[]) AS k (id)
		CROSS  JOIN LATERAL (
		       SELECT hash, passes_hash, rests_hash FROM derived_facts WHERE tenant_id = @tenant AND resource_id = k.id LIMIT 1) d`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids})
	if err != nil {
		return nil, fmt.Errorf("derived facts: %w", err)
	}
	out := make(map[uuid.UUID]derivedHashes, len(of))
	var id uuid.UUID
	var h derivedHashes
	_, err = pgx.ForEachRow(rows, []any{&id, &h.facts, &h.passes, &h.rests}, func() error {
		out[id] = derivedHashes{bytes.Clone(h.facts), bytes.Clone(h.passes), bytes.Clone(h.rests)}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("derived facts: %w", err)
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
	hashes, passesHashes, restsHashes := make([][]byte, n), make([][]byte, n), make([][]byte, n)
	for i, row := range rows {
		ids[i], facts[i] = row.id, string(row.facts)
		hashes[i], passesHashes[i], restsHashes[i] = row.derivedHashes.facts, row.passes, row.rests
		rests[i], passed[i], inherited[i] = arrayText(row.restsOn), arrayText(row.passed), arrayText(row.inherited)
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO derived_facts (tenant_id, resource_id, scope_id, valid_from, facts, rests_on, passed, inherited, hash,
		       passes_hash, rests_hash)
		SELECT @tenant, v.id, r.scope_id, @at, v.facts::jsonb, v.rests::bigint[], v.passed::smallint[], v.inherited::smallint[],
		       v.hash, v.passes_hash, v.rests_hash
		FROM   unnest(@ids::uuid[], @facts::text[], @rests::text[], @passed::text[], @inherited::text[], @hashes::bytea[],
		              @passes_hashes::bytea[], @rests_hashes::bytea[])
		       AS v (id, facts, rests, passed, inherited, hash, passes_hash, rests_hash)
		CROSS  JOIN LATERAL (SELECT scope_id FROM resources WHERE tenant_id = @tenant AND id = v.id LIMIT 1) r
		ON CONFLICT (tenant_id, resource_id) DO UPDATE SET
		       scope_id = excluded.scope_id, facts = excluded.facts, rests_on = excluded.rests_on, passed = excluded.passed,
		       inherited = excluded.inherited, hash = excluded.hash,
		       passes_hash = excluded.passes_hash, rests_hash = excluded.rests_hash,
		       valid_from = CASE WHEN derived_facts.resource_id = ANY (@ended) THEN excluded.valid_from ELSE derived_facts.valid_from END`,
		pgx.StrictNamedArgs{
			"tenant": tx.tenant, "at": at, "ids": ids, "facts": facts, "rests": rests, "passed": passed, "inherited": inherited,
			"hashes": hashes, "passes_hashes": passesHashes, "rests_hashes": restsHashes, "ended": ended,
		})
	if err != nil {
		return fmt.Errorf("write derived facts: %w", err)
	}
	return nil
}

// writePasses writes which checks pass, of rows that were not derived again. They begin anew at the moment.
func (tx Tx) writePasses(ctx context.Context, rows []derivedRow, at time.Time) error {
	if len(rows) == 0 {
		return nil
	}
	n := len(rows)
	ids, passed, inherited, hashes := make([]uuid.UUID, n), make([]string, n), make([]string, n), make([][]byte, n)
	for i, row := range rows {
		ids[i], passed[i], inherited[i], hashes[i] = row.id, arrayText(row.passed), arrayText(row.inherited), row.passes
	}
	_, err := tx.Exec(ctx, `
		UPDATE derived_facts d SET valid_from = @at, passed = v.passed::smallint[], inherited = v.inherited::smallint[],
		       passes_hash = v.hash
		FROM   unnest(@ids::uuid[], @passed::text[], @inherited::text[], @hashes::bytea[]) AS v (id, passed, inherited, hash)
		WHERE  d.tenant_id = @tenant AND d.resource_id = v.id`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "at": at, "ids": ids, "passed": passed, "inherited": inherited, "hashes": hashes})
	if err != nil {
		return fmt.Errorf("write passes: %w", err)
	}
	return nil
}

// restoreDerived gives resources that need only be judged the facts that were derived for them. Those that have none yet
// have to be derived after all.
func (tx Tx) restoreDerived(ctx context.Context, due []*pending, found map[uuid.UUID]*inventory.Resource) error {
	var ids []uuid.UUID
	byID := map[uuid.UUID]*pending{}
	for _, p := range due {
		if p.judgeOnly {
			p.judgeOnly, byID[p.id] = false, p
			ids = append(ids, p.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, `
		SELECT k.id, d.facts
		FROM   unnest(@ids::uuid[]) AS k (id)
		CROSS  JOIN LATERAL (SELECT facts FROM derived_facts WHERE tenant_id = @tenant AND resource_id = k.id LIMIT 1) d`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids})
	if err != nil {
		return fmt.Errorf("derived facts: %w", err)
	}
	type storedRow struct {
		ID    uuid.UUID
		Facts []byte
	}
	stored, err := pgx.CollectRows(rows, pgx.RowToStructByPos[storedRow])
	if err != nil {
		return fmt.Errorf("derived facts: %w", err)
	}
	for _, row := range stored {
		byID[row.ID].judgeOnly = found[row.ID] != nil
	}
	return onEveryCore(len(stored), func(n int) error {
		if r := found[stored[n].ID]; r != nil {
			return r.DecodeDerived(stored[n].Facts)
		}
		return nil
	})
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
