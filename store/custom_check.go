package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/evaluator"
)

// CustomCheck is a check that an organisation added to the catalogue of the release.
type CustomCheck struct {
	CheckID string
	Version string
	// Source is the YAML as it was handed in.
	Source    string
	CreatedAt time.Time
	ChangedAt time.Time
}

// mostCustomChecks bounds what one organisation adds, so that its inventory is still judged in time.
const mostCustomChecks = 500

// ErrTooMany is returned when an organisation has as many custom checks as it may.
var ErrTooMany = fmt.Errorf("an organisation may add %d checks of its own; remove one first", mostCustomChecks)

// CustomChecks lists the checks the tenant added, by id.
func (tx Tx) CustomChecks(ctx context.Context) ([]CustomCheck, error) {
	rows, err := tx.Query(ctx, `
		SELECT check_id, version, source, created_at, changed_at FROM custom_checks
		WHERE  tenant_id = @tenant AND removed_at IS NULL
		ORDER  BY check_id`,
		pgx.StrictNamedArgs{"tenant": tx.tenant})
	if err != nil {
		return nil, fmt.Errorf("custom checks: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[CustomCheck])
	if err != nil {
		return nil, fmt.Errorf("custom checks: %w", err)
	}
	return out, nil
}

// PutCustomCheck adds a check of the tenant's own, or replaces the one of that id. It says whether it is new. Every
// version of it is kept.
func (tx Tx) PutCustomCheck(ctx context.Context, check *evaluator.Check, source string, at time.Time) (added bool,
	err error) {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('custom checks ' || $1::text, 0))`,
		tx.tenant); err != nil {
		return false, fmt.Errorf("lock the custom checks: %w", err)
	}
	var standing int
	var there bool
	err = tx.QueryRow(ctx, `
		SELECT count(*), coalesce(bool_or(check_id = @id), false) FROM custom_checks WHERE tenant_id = @tenant AND removed_at IS NULL`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": check.ID}).Scan(&standing, &there)
	if err != nil {
		return false, fmt.Errorf("count the custom checks: %w", err)
	}
	if !there && standing >= mostCustomChecks {
		return false, ErrTooMany
	}
	args := pgx.StrictNamedArgs{"tenant": tx.tenant, "id": check.ID, "version": check.Version, "source": source,
		"at": at}
	_, err = tx.Exec(ctx, `
		INSERT INTO custom_checks (tenant_id, check_id, ordinal, version, source, created_at, changed_at)
		SELECT @tenant, @id, coalesce(min(ordinal), 0) - 1, @version, @source, @at, @at FROM custom_checks WHERE tenant_id = @tenant
		ON CONFLICT (tenant_id, check_id) DO UPDATE SET
		       version = excluded.version, source = excluded.source, changed_at = excluded.changed_at, removed_at = NULL`, args)
	if err != nil {
		return false, fmt.Errorf("keep custom check %s: %w", check.ID, err)
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO custom_check_versions (tenant_id, check_id, version, source, first_used)
		VALUES (@tenant, @id, @version, @source, @at) ON CONFLICT DO NOTHING`, args)
	if err != nil {
		return false, fmt.Errorf("keep the version of custom check %s: %w", check.ID, err)
	}
	return !there, nil
}

// RemoveCustomCheck takes a check of the tenant's own out of the catalogue. What it judged stays, as the past. It
// returns ErrNotFound when the tenant has no such check.
func (tx Tx) RemoveCustomCheck(ctx context.Context, id string, at time.Time) error {
	tag, err := tx.Exec(ctx, `
		UPDATE custom_checks SET removed_at = @at WHERE tenant_id = @tenant AND check_id = @id AND removed_at IS NULL`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id, "at": at})
	if err != nil {
		return fmt.Errorf("remove custom check %s: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("remove custom check %s: %w", id, ErrNotFound)
	}
	return nil
}

// Catalogues gives the catalogue in force of each tenant: that of the release with the tenant's own checks. Compiled
// ones are kept as long as the tenant's checks stay as they are.
type Catalogues struct {
	release *evaluator.Catalogue

	mu   sync.Mutex
	held map[uuid.UUID]heldCatalogue
}

type heldCatalogue struct {
	changed   string
	catalogue *evaluator.Catalogue
}

// NewCatalogues begins with the catalogue of the release.
func NewCatalogues(release *evaluator.Catalogue) *Catalogues {
	return &Catalogues{release: release, held: map[uuid.UUID]heldCatalogue{}}
}

// Release is the catalogue without anybody's own checks.
func (c *Catalogues) Release() *evaluator.Catalogue { return c.release }

// Of returns the catalogue in force of the transaction's tenant. A check of its own that this release no longer reads,
// or whose id the release has taken, is an error that names it: judging without it would look like an improvement.
func (c *Catalogues) Of(ctx context.Context, tx Tx) (*evaluator.Catalogue, error) {
	var changed string
	err := tx.QueryRow(ctx, `
		SELECT coalesce(string_agg(check_id || '@' || md5(source), ',' ORDER BY check_id), '')
		FROM   custom_checks WHERE tenant_id = @tenant AND removed_at IS NULL`,
		pgx.StrictNamedArgs{"tenant": tx.tenant}).Scan(&changed)
	if err != nil {
		return nil, fmt.Errorf("custom checks: %w", err)
	}
	if changed == "" {
		return c.release, nil
	}
	c.mu.Lock()
	held := c.held[tx.tenant]
	c.mu.Unlock()
	if held.changed == changed {
		return held.catalogue, nil
	}
	catalogue, err := c.compile(ctx, tx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.held[tx.tenant] = heldCatalogue{changed, catalogue}
	c.mu.Unlock()
	return catalogue, nil
}

func (c *Catalogues) compile(ctx context.Context, tx Tx) (*evaluator.Catalogue, error) {
	kept, err := tx.CustomChecks(ctx)
	if err != nil {
		return nil, err
	}
	var custom []*evaluator.Check
	var wrong []error
	for _, k := range kept {
		check, err := evaluator.ParseCheck([]byte(k.Source))
		if err != nil {
			wrong = append(wrong, fmt.Errorf("custom check %s: %w", k.CheckID, err))
			continue
		}
		check.Custom = true
		custom = append(custom, check)
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	catalogue, err := c.release.With(custom...)
	if err != nil {
		return nil, fmt.Errorf("custom checks: %w", err)
	}
	return catalogue, nil
}

// CatalogueOf is Of in a transaction of its own.
func (s *Store) CatalogueOf(ctx context.Context, tenant uuid.UUID,
	catalogues *Catalogues) (catalogue *evaluator.Catalogue, err error) {
	err = s.InTx(ctx, tenant, func(tx Tx) error {
		catalogue, err = catalogues.Of(ctx, tx)
		return err
	})
	return catalogue, err
}
