package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// JudgedChecks gives the version of each check that judged the tenant's inventory last, by its id; the empty id stands
// for what decides beside the checks.
func (tx Tx) JudgedChecks(ctx context.Context) (map[string]string, error) {
	rows, err := tx.Query(ctx, `SELECT check_id, version FROM judged_checks WHERE tenant_id = @tenant`,
		pgx.StrictNamedArgs{"tenant": tx.tenant})
	if err != nil {
		return nil, fmt.Errorf("checks that judged last: %w", err)
	}
	out := map[string]string{}
	var id, version string
	_, err = pgx.ForEachRow(rows, []any{&id, &version}, func() error {
		out[id] = version
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("checks that judged last: %w", err)
	}
	return out, nil
}

// SetJudgedChecks notes which versions judge the tenant's inventory from now on.
func (tx Tx) SetJudgedChecks(ctx context.Context, versions map[string]string) error {
	ids := slices.Sorted(maps.Keys(versions))
	values := make([]string, len(ids))
	for i, id := range ids {
		values[i] = versions[id]
	}
	args := pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids, "versions": values}
	_, err := tx.Exec(ctx, `
		INSERT INTO judged_checks AS j (tenant_id, check_id, version)
		SELECT @tenant, v.id, v.version FROM unnest(@ids::text[], @versions::text[]) AS v (id, version)
		ON CONFLICT (tenant_id, check_id) DO UPDATE SET version = excluded.version WHERE j.version <> excluded.version`, args)
	if err != nil {
		return fmt.Errorf("note the checks that judge: %w", err)
	}
	_, err = tx.Exec(ctx, `DELETE FROM judged_checks WHERE tenant_id = @tenant AND NOT check_id = ANY (@ids)`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids})
	if err != nil {
		return fmt.Errorf("forget the checks that judge no more: %w", err)
	}
	return nil
}

// RejudgeChanged makes due again what a changed catalogue concerns: the resources of the classes that new and changed
// checks speak of, and those of which a verdict of a changed or retired check stands.
func (tx Tx) RejudgeChanged(ctx context.Context, checks []string, classes []inventory.Class) error {
	// The empty id stands for the workings: with them, what is derived may have changed.
	again := tx.Rejudge
	if slices.Contains(checks, "") {
		again = tx.Rederive
	}
	if err := again(ctx, classes, evaluator.CauseCatalogueChanged); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		WITH numbered AS (
		    SELECT ordinal FROM check_ordinals WHERE check_id = ANY (@checks)
		    UNION ALL
		    SELECT ordinal FROM custom_checks WHERE tenant_id = @tenant AND check_id = ANY (@checks)
		)
		INSERT INTO pending_resources (tenant_id, resource_id, cause, judge_only)
		SELECT @tenant, r.id, @cause, true
		FROM   (SELECT resource_id AS id FROM findings
		        WHERE  tenant_id = @tenant AND check_id = ANY (@checks) AND state <> 'resolved'
		        UNION
		        SELECT resource_id FROM derived_facts
		        WHERE  tenant_id = @tenant AND passed && ARRAY (SELECT ordinal FROM numbered)) r
		ON CONFLICT (tenant_id, resource_id) DO NOTHING`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "checks": checks, "cause": string(evaluator.CauseCatalogueChanged)})
	if err != nil {
		return fmt.Errorf("judge again what changed: %w", err)
	}
	return nil
}
