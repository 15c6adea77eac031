package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// Listing is a row of the ledger with what was seen for it, and what stands for the rest of it.
type Listing struct {
	Row         inventory.LedgerRow
	Seen        map[uuid.UUID]struct{}
	Placeholder *inventory.Resource
}

// Listed keeps rows of a scope's ledger and returns how many resources they removed. A complete row removes what was last
// observed before it began and was not seen. An incomplete one removes nothing: what was seen is confirmed, and the
// placeholder, if any, stands for what could not be listed. A row that began before the one that is kept already changes
// nothing. Most kinds of most regions list nothing, in every run alike: those rows are kept in one statement.
func (tx Tx) Listed(ctx context.Context, scope, run uuid.UUID, listings []Listing) (removed int, err error) {
	if len(listings) == 0 {
		return 0, nil
	}
	if err := tx.lockScope(ctx, scope); err != nil {
		return 0, err
	}
	alike, err := tx.keepAlike(ctx, scope, listings)
	if err != nil {
		return 0, err
	}
	var placeholders []Observed
	for i, l := range listings {
		if !alike[i] {
			n, err := tx.listed(ctx, scope, run, l.Row, l.Seen, l.Placeholder)
			if err != nil {
				return 0, err
			}
			removed += n
		} else if l.Placeholder != nil {
			placeholders = append(placeholders, Observed{Resource: l.Placeholder, Listing: l.Row.Region})
		}
	}
	_, err = tx.Observe(ctx, scope, run, placeholders, false)
	return removed, err
}

// keepAlike keeps those of the rows that saw nothing and find a row like them before them, and says which they are. A
// complete one must also find no resource.
func (tx Tx) keepAlike(ctx context.Context, scope uuid.UUID, listings []Listing) (map[int]bool, error) {
	var at []int
	var kinds, regions []string
	var began []time.Time
	var complete []bool
	var unknown []*string
	for i, l := range listings {
		if len(l.Seen) > 0 {
			continue
		}
		reason, err := reasonOf(l.Row)
		if err != nil {
			return nil, err
		}
		at, kinds, regions = append(at, i), append(kinds, string(l.Row.Kind)), append(regions, l.Row.Region)
		began, complete, unknown = append(began, l.Row.BeganAt), append(complete, l.Row.Complete), append(unknown, reason)
	}
	found, err := tx.Query(ctx, `
		UPDATE listings l SET began_at = v.began_at, listed = 0,
		       complete_at = CASE WHEN v.complete THEN v.began_at ELSE l.complete_at END
		FROM   unnest(@at::int[], @kinds::text[], @regions::text[], @began::timestamptz[], @complete::bool[], @unknown::text[])
		       AS v (at, kind, region, began_at, complete, unknown)
		WHERE  l.tenant_id = @tenant AND l.scope_id = @scope AND l.kind = v.kind AND l.region = v.region
		AND    l.complete = v.complete AND l.unknown IS NOT DISTINCT FROM v.unknown::jsonb AND l.began_at <= v.began_at
		AND    NOT (v.complete AND EXISTS (
		       SELECT FROM resources r
		       WHERE  r.tenant_id = @tenant AND r.scope_id = @scope AND r.kind = v.kind AND r.listing = v.region))
		RETURNING v.at`,
		pgx.StrictNamedArgs{
			"tenant": tx.tenant, "scope": scope, "at": at, "kinds": kinds, "regions": regions, "began": began, "complete": complete,
			"unknown": unknown,
		})
	if err != nil {
		return nil, fmt.Errorf("keep listings: %w", err)
	}
	alike := map[int]bool{}
	var i int
	_, err = pgx.ForEachRow(found, []any{&i}, func() error {
		alike[i] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("keep listings: %w", err)
	}
	return alike, nil
}

// reasonOf encodes why a row is not complete; nil when it is.
func reasonOf(row inventory.LedgerRow) (*string, error) {
	if row.Unknown == nil {
		return nil, nil
	}
	raw, err := json.Marshal(row.Unknown)
	if err != nil {
		return nil, fmt.Errorf("encode listing: %w", err)
	}
	text := string(raw)
	return &text, nil
}

func (tx Tx) listed(ctx context.Context, scope, run uuid.UUID, row inventory.LedgerRow, seen map[uuid.UUID]struct{}, placeholder *inventory.Resource) (int, error) {
	late, flipped, err := tx.keepListing(ctx, scope, row)
	if err != nil || late {
		return 0, err
	}
	if flipped {
		if err := tx.touch(ctx, evaluator.ListingKeys(row)); err != nil {
			return 0, err
		}
	}
	if row.Complete {
		return tx.removeUnseen(ctx, scope, row, seen)
	}
	if err := tx.confirmSeen(ctx, seen, row.BeganAt); err != nil {
		return 0, err
	}
	if placeholder == nil {
		return 0, nil
	}
	_, err = tx.Observe(ctx, scope, run, []Observed{{Resource: placeholder, Listing: row.Region}}, false)
	return 0, err
}

// keepListing writes the row. late says that a newer one stands; flipped that completeness changed.
func (tx Tx) keepListing(ctx context.Context, scope uuid.UUID, row inventory.LedgerRow) (late, flipped bool, err error) {
	var beganAt time.Time
	var complete bool
	err = tx.QueryRow(ctx, `
		SELECT began_at, complete FROM listings
		WHERE  tenant_id = @tenant AND scope_id = @scope AND kind = @kind AND region = @region`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "scope": scope, "kind": string(row.Kind), "region": row.Region}).Scan(&beganAt, &complete)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		flipped = true
	case err != nil:
		return false, false, fmt.Errorf("read listing: %w", err)
	case beganAt.After(row.BeganAt):
		return true, false, nil
	default:
		flipped = complete != row.Complete
	}
	unknown, err := reasonOf(row)
	if err != nil {
		return false, false, err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO listings (tenant_id, scope_id, kind, region, class, began_at, complete, complete_at, listed, unknown)
		VALUES (@tenant, @scope, @kind, @region, @class, @began_at, @complete, CASE WHEN @complete THEN @began_at::timestamptz END, @listed, @unknown)
		ON CONFLICT (tenant_id, scope_id, kind, region) DO UPDATE SET
		       began_at = excluded.began_at, complete = excluded.complete, listed = excluded.listed, unknown = excluded.unknown,
		       complete_at = coalesce(excluded.complete_at, listings.complete_at)`,
		pgx.StrictNamedArgs{
			"tenant": tx.tenant, "scope": scope, "kind": string(row.Kind), "region": row.Region, "class": string(row.Class),
			"began_at": row.BeganAt, "complete": row.Complete, "listed": row.Listed, "unknown": unknown,
		})
	if err != nil {
		return false, false, fmt.Errorf("keep listing: %w", err)
	}
	return false, flipped, nil
}

// removeUnseen removes what the complete row lacks, the placeholder of earlier failures included.
func (tx Tx) removeUnseen(ctx context.Context, scope uuid.UUID, row inventory.LedgerRow, seen map[uuid.UUID]struct{}) (int, error) {
	rows, err := tx.Query(ctx, `
		SELECT id FROM resources
		WHERE  tenant_id = @tenant AND scope_id = @scope AND kind = @kind AND listing = @listing AND observed_at < @began_at`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "scope": scope, "kind": string(row.Kind), "listing": row.Region, "began_at": row.BeganAt})
	if err != nil {
		return 0, fmt.Errorf("look for what is gone: %w", err)
	}
	var gone []uuid.UUID
	var id uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&id}, func() error {
		if _, there := seen[id]; !there {
			gone = append(gone, id)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("look for what is gone: %w", err)
	}
	return len(gone), tx.remove(ctx, gone, row.BeganAt, evaluator.CauseDeletedResource)
}

// confirmSeen notes when the resources of a listing that was cut short were seen: no complete row will say so.
func (tx Tx) confirmSeen(ctx context.Context, seen map[uuid.UUID]struct{}, at time.Time) error {
	if len(seen) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, 0, len(seen))
	for id := range seen {
		ids = append(ids, id)
	}
	_, err := tx.Exec(ctx, `UPDATE resources SET observed_at = @at WHERE tenant_id = @tenant AND id = ANY (@ids) AND observed_at < @at`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids, "at": at})
	if err != nil {
		return fmt.Errorf("confirm what was listed: %w", err)
	}
	return nil
}

// Removed takes away one resource that the provider says is gone, unless it was observed after that moment, by itself
// or by a complete listing. It reports whether it did.
func (tx Tx) Removed(ctx context.Context, naturalID string, at time.Time) (bool, error) {
	id := ResourceID(naturalID)
	var scope uuid.UUID
	err := tx.QueryRow(ctx, `SELECT scope_id FROM resources WHERE tenant_id = @tenant AND id = @id`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id}).Scan(&scope)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the resource: %w", err)
	}
	if err := tx.lockScope(ctx, scope); err != nil {
		return false, err
	}
	var older bool
	err = tx.QueryRow(ctx, `
		SELECT r.observed_at < @at AND coalesce(l.complete_at < @at, true)
		FROM   resources r
		LEFT   JOIN listings l ON l.tenant_id = r.tenant_id AND l.scope_id = r.scope_id AND l.kind = r.kind AND l.region = r.listing
		WHERE  r.tenant_id = @tenant AND r.id = @id`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id, "at": at}).Scan(&older)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("when the resource was observed: %w", err)
	}
	if !older {
		return false, nil
	}
	return true, tx.remove(ctx, []uuid.UUID{id}, at, evaluator.CauseDeletedResource)
}

// remove moves resources to the past, closes their findings and makes due what rested on them.
func (tx Tx) remove(ctx context.Context, ids []uuid.UUID, at time.Time, cause evaluator.Cause) error {
	if len(ids) == 0 {
		return nil
	}
	before, err := tx.resourcesByID(ctx, ids)
	if err != nil {
		return err
	}
	var keys []evaluator.Key
	for _, r := range before {
		keys = append(keys, evaluator.KeysOf(r, nil)...)
	}
	ends := make([]time.Time, len(ids))
	for i := range ends {
		ends[i] = at
	}
	if err := tx.endVersions(ctx, ids, ends, true); err != nil {
		return err
	}
	if err := tx.endDerived(ctx, ids, at); err != nil {
		return err
	}
	if err := tx.closeFindings(ctx, ids, at, cause); err != nil {
		return err
	}
	if err := tx.unlink(ctx, ids); err != nil {
		return err
	}
	for _, statement := range []string{
		`DELETE FROM derived_facts WHERE tenant_id = @tenant AND resource_id = ANY (@ids)`,
		`DELETE FROM pending_resources WHERE tenant_id = @tenant AND resource_id = ANY (@ids)`,
		`DELETE FROM resources WHERE tenant_id = @tenant AND id = ANY (@ids)`,
	} {
		if _, err := tx.Exec(ctx, statement, pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids}); err != nil {
			return fmt.Errorf("remove resources: %w", err)
		}
	}
	return tx.touch(ctx, keys)
}
