package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/evaluator"
)

// Register keeps every version of the checks that are about to judge, and numbers checks that are new. The tables
// belong to the release, not to a tenant.
func (s *Store) Register(ctx context.Context, catalogue *evaluator.Catalogue, at time.Time) error {
	batch := &pgx.Batch{}
	for _, c := range catalogue.Checks {
		definition, err := json.Marshal(map[string]any{
			"title": c.Title, "class": c.Class, "severity": c.Severity, "applies_when": c.AppliesWhen, "passes_when": c.PassesWhen,
			evaluator.ISO2022: c.ISO2022, evaluator.ISO2013: c.ISO2013,
		})
		if err != nil {
			return fmt.Errorf("register check %s: %w", c.ID, err)
		}
		batch.Queue(`INSERT INTO check_ordinals (check_id) SELECT $1 WHERE NOT EXISTS (SELECT FROM check_ordinals WHERE check_id = $1) ON CONFLICT DO NOTHING`, c.ID)
		batch.Queue(`INSERT INTO check_versions (check_id, version, definition, first_used) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, c.ID, c.Version, definition, at)
	}
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("register the catalogue: %w", err)
	}
	return nil
}

// ordinals are the numbers under which passes of checks are remembered.
func (tx Tx) ordinals(ctx context.Context) (map[string]int16, error) {
	rows, err := tx.Query(ctx, `
		SELECT check_id, ordinal FROM check_ordinals
		UNION ALL
		SELECT check_id, ordinal FROM custom_checks WHERE tenant_id = @tenant AND removed_at IS NULL`,
		pgx.StrictNamedArgs{"tenant": tx.tenant})
	if err != nil {
		return nil, fmt.Errorf("ordinals of checks: %w", err)
	}
	out := map[string]int16{}
	var id string
	var ordinal int16
	_, err = pgx.ForEachRow(rows, []any{&id, &ordinal}, func() error {
		out[id] = ordinal
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ordinals of checks: %w", err)
	}
	return out, nil
}
