package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/plumbline-posture/plumbline/evaluator"
)

// derivedRow is a resource's derived facts, what they rest on and the ordinals of the checks that pass.
type derivedRow struct {
	id                uuid.UUID
	facts             []byte
	restsOn           []int64
	passed, inherited []int16
	derivedHashes
}

// derivedHashes tell whether derived facts and passes, or what they rest on, are what they were.
type derivedHashes struct{ Hash, RestsHash []byte }

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
	var write []derivedRow
	var ended []uuid.UUID
	for _, row := range rows {
		old, there := stands[row.id]
		same := there && bytes.Equal(old.Hash, row.Hash)
		if there && !same {
			ended = append(ended, row.id)
		}
		if !same || !bytes.Equal(old.RestsHash, row.RestsHash) {
			write = append(write, row)
		}
	}
	if err := tx.endDerived(ctx, ended, at); err != nil {
		return err
	}
	return tx.writeDerived(ctx, write, ended, at)
}

// derivedRows encodes and hashes what was settled, on every core.
func derivedRows(settled []evaluator.Settled, ordinals map[string]int16) ([]derivedRow, error) {
	rows := make([]derivedRow, len(settled))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := 0; i < len(settled); i += chunk {
		group.Go(func() (err error) {
			for n := i; n < min(i+chunk, len(settled)) && err == nil; n++ {
				rows[n], err = derive(settled[n], ordinals)
			}
			return err
		})
	}
	return rows, group.Wait()
}

// chunk is how many resources one core works on before it takes up others.
const chunk = 100

// derive turns a settled resource into its row.
func derive(s evaluator.Settled, ordinals map[string]int16) (derivedRow, error) {
	facts, err := s.Resource.EncodeDerived()
	if err != nil {
		return derivedRow{}, fmt.Errorf("encode derived facts of %s: %w", s.Resource.ID, err)
	}
	row := derivedRow{id: ResourceID(s.Resource.ID), facts: facts, restsOn: make([]int64, len(s.RestsOn))}
	for i, k := range s.RestsOn {
		row.restsOn[i] = int64(k)
	}
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
	row.derivedHashes, err = row.hashes()
	return row, err
}

func (row derivedRow) hashes() (derivedHashes, error) {
	content, rests := sha256.New(), sha256.New()
	_, _ = content.Write(row.facts)
	for _, ordinals := range [][]int16{row.passed, row.inherited} {
		_, _ = content.Write([]byte{0})
		if err := binary.Write(content, binary.BigEndian, ordinals); err != nil {
			return derivedHashes{}, fmt.Errorf("hash derived facts: %w", err)
		}
	}
	if err := binary.Write(rests, binary.BigEndian, row.restsOn); err != nil {
		return derivedHashes{}, fmt.Errorf("hash what derived facts rest on: %w", err)
	}
	return derivedHashes{content.Sum(nil)[:16], rests.Sum(nil)[:16]}, nil
}

func (tx Tx) derivedOf(ctx context.Context, of []derivedRow) (map[uuid.UUID]derivedHashes, error) {
	ids := make([]uuid.UUID, len(of))
	for i, row := range of {
		ids[i] = row.id
	}
	rows, err := tx.Query(ctx, `
		SELECT k.id, d.hash, d.rests_hash
		FROM   unnest(@ids::uuid[]) AS k (id)
		CROSS  JOIN LATERAL (
		       SELECT hash, rests_hash FROM derived_facts WHERE tenant_id = @tenant AND resource_id = k.id LIMIT 1) d`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids})
	if err != nil {
		return nil, fmt.Errorf("derived facts: %w", err)
	}
	out := make(map[uuid.UUID]derivedHashes, len(of))
	var id uuid.UUID
	var h derivedHashes
	_, err = pgx.ForEachRow(rows, []any{&id, &h.Hash, &h.RestsHash}, func() error {
		out[id] = derivedHashes{bytes.Clone(h.Hash), bytes.Clone(h.RestsHash)}
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
	hashes, restsHashes := make([][]byte, n), make([][]byte, n)
	for i, row := range rows {
		ids[i], facts[i], hashes[i], restsHashes[i] = row.id, string(row.facts), row.Hash, row.RestsHash
		rests[i], passed[i], inherited[i] = arrayText(row.restsOn), arrayText(row.passed), arrayText(row.inherited)
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO derived_facts (tenant_id, resource_id, scope_id, valid_from, facts, rests_on, passed, inherited, hash, rests_hash)
		SELECT @tenant, v.id, r.scope_id, @at, v.facts::jsonb, v.rests::bigint[], v.passed::smallint[], v.inherited::smallint[],
		       v.hash, v.rests_hash
		FROM   unnest(@ids::uuid[], @facts::text[], @rests::text[], @passed::text[], @inherited::text[], @hashes::bytea[],
		              @rests_hashes::bytea[])
		       AS v (id, facts, rests, passed, inherited, hash, rests_hash)
		CROSS  JOIN LATERAL (SELECT scope_id FROM resources WHERE tenant_id = @tenant AND id = v.id LIMIT 1) r
		ON CONFLICT (tenant_id, resource_id) DO UPDATE SET
		       scope_id = excluded.scope_id, facts = excluded.facts, rests_on = excluded.rests_on, passed = excluded.passed,
		       inherited = excluded.inherited, hash = excluded.hash, rests_hash = excluded.rests_hash,
		       valid_from = CASE WHEN derived_facts.resource_id = ANY (@ended) THEN excluded.valid_from ELSE derived_facts.valid_from END`,
		pgx.StrictNamedArgs{
			"tenant": tx.tenant, "at": at, "ids": ids, "facts": facts, "rests": rests, "passed": passed, "inherited": inherited,
			"hashes": hashes, "rests_hashes": restsHashes, "ended": ended,
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
