package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// LockSettings keeps the settings as they are until the transaction ends, so that an edit can be checked against them.
func (tx Tx) LockSettings(ctx context.Context) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('settings ' || $1::text, 0))`,
		tx.tenant); err != nil {
		return fmt.Errorf("lock the settings: %w", err)
	}
	return nil
}

// PutSettings makes settings those in force from a moment on, as a new version, and makes everything that they touch due
// again. Settings that do not differ from those in force make no version. It returns ErrConflict when somebody else
// changed them meanwhile. The settings must be valid.
func (tx Tx) PutSettings(ctx context.Context, settings inventory.Settings, at time.Time) error {
	raw, err := json.Marshal(settings)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO settings_versions (tenant_id, version, valid_from, settings)
		SELECT @tenant, coalesce(max(version), 0) + 1, @at, @settings
		FROM   settings_versions
		WHERE  tenant_id = @tenant
		HAVING NOT coalesce((SELECT s.settings = @settings::jsonb FROM settings_versions s WHERE s.tenant_id = @tenant
		                     ORDER BY s.version DESC LIMIT 1), false)`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "at": at, "settings": string(raw)})
	if err := conflict("keep the settings", err); err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return nil
	}
	// Derived facts and severities in context rest on settings as well as rules do.
	classes := slices.Sorted(maps.Keys(inventory.Classes))
	return tx.Rederive(ctx, classes, evaluator.CauseSettingsChanged)
}
