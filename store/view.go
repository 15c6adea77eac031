package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// view is the inventory as derivations look at it, within one transaction. It implements evaluator.View.
type view struct{ tx Tx }

// Resources implements evaluator.View.
func (v view) Resources(ctx context.Context, ids []string) (map[string]*inventory.Resource, error) {
	keys := make([]uuid.UUID, len(ids))
	for i, id := range ids {
		keys[i] = ResourceID(id)
	}
	found, err := v.tx.resourcesByID(ctx, keys)
	if err != nil {
		return nil, err
	}
	out := make(map[string]*inventory.Resource, len(found))
	for _, r := range found {
		out[r.ID] = r
	}
	return out, nil
}

// Into implements evaluator.View.
func (v view) Into(ctx context.Context, class inventory.Class, link string, ids []string) (map[string][]*inventory.Resource, error) {
	keys := make([]uuid.UUID, len(ids))
	names := make(map[uuid.UUID]string, len(ids))
	for i, id := range ids {
		keys[i] = ResourceID(id)
		names[keys[i]] = id
	}
	rows, err := v.tx.Query(ctx, `
		SELECT k.id, e.from_id
		FROM   unnest(@ids::uuid[]) AS k (id)
		CROSS  JOIN LATERAL (
		       SELECT from_id FROM edges
		       WHERE  tenant_id = @tenant AND to_id = k.id AND link = @link AND from_class = @class
		       OFFSET 0) e`,
		pgx.StrictNamedArgs{"tenant": v.tx.tenant, "ids": keys, "link": link, "class": string(class)})
	if err != nil {
		return nil, fmt.Errorf("edges into: %w", err)
	}
	var from []uuid.UUID
	into := map[uuid.UUID][]uuid.UUID{}
	var to, id uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&to, &id}, func() error {
		into[to] = append(into[to], id)
		from = append(from, id)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("edges into: %w", err)
	}
	out := map[string][]*inventory.Resource{}
	if len(from) == 0 {
		return out, nil
	}
	found, err := v.tx.resourcesByID(ctx, from)
	if err != nil {
		return nil, err
	}
	for to, ids := range into {
		name := names[to]
		for _, id := range ids {
			if r := found[id]; r != nil {
				out[name] = append(out[name], r)
			}
		}
		sort.Slice(out[name], func(i, j int) bool { return out[name][i].ID < out[name][j].ID })
	}
	return out, nil
}

// labelsCarried reads the rows of one scope by the index that begins with it, and no others. All of them are looked at,
// since no index holds labels: it is asked only when the record of an account is due, which a change makes it by touching
// a label of these names. Names that are not all ASCII are left to the caller, which knows their cases better than the
// locale of a database.
const labelsCarried = `
		SELECT DISTINCT
		       (SELECT jsonb_object_agg(l.key, l.value) FROM jsonb_each_text(r.labels) l
		        WHERE  lower(l.key) = ANY (@names) OR octet_length(l.key) > length(l.key)) AS labels,
		       CASE WHEN r.facts -> 'known' ? 'labels_read' THEN NULL
		            ELSE coalesce(r.facts -> 'unknown' -> 'labels_read', jsonb_build_object('cause', @cause::text))
		       END AS unread
		FROM   resources r
		WHERE  r.tenant_id = @tenant AND r.scope_id = @scope AND r.carries_labels`

// Labels implements evaluator.View.
func (v view) Labels(ctx context.Context, scope inventory.ScopeID, names []string) ([]map[string]string, []inventory.Unknown, error) {
	lower := make([]string, len(names))
	for i, name := range names {
		lower[i] = strings.ToLower(name)
	}
	rows, err := v.tx.Query(ctx, labelsCarried, pgx.StrictNamedArgs{
		"tenant": v.tx.tenant, "scope": ScopeKey(string(scope)), "names": lower, "cause": string(inventory.CauseNotCollected),
	})
	if err != nil {
		return nil, nil, fmt.Errorf("labels: %w", err)
	}
	var labels []map[string]string
	var unread []inventory.Unknown
	type carried struct {
		Labels map[string]string
		Unread *inventory.Unknown
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[carried])
	if err != nil {
		return nil, nil, fmt.Errorf("labels: %w", err)
	}
	for _, one := range found {
		if len(one.Labels) > 0 {
			labels = append(labels, one.Labels)
		}
		if one.Unread != nil {
			one.Unread.Fact = "labels_read"
			unread = append(unread, *one.Unread)
		}
	}
	return labels, unread, nil
}

// Listings implements evaluator.View.
func (v view) Listings(ctx context.Context) ([]inventory.LedgerRow, error) {
	rows, err := v.tx.Query(ctx, `
		SELECT s.natural_id, l.kind, l.class, l.region, l.complete, l.listed, l.began_at, l.unknown
		FROM   listings l
		JOIN   scopes s ON s.tenant_id = l.tenant_id AND s.id = l.scope_id AND s.removed_at IS NULL
		WHERE  l.tenant_id = @tenant`,
		pgx.StrictNamedArgs{"tenant": v.tx.tenant})
	if err != nil {
		return nil, fmt.Errorf("listings: %w", err)
	}
	var out []inventory.LedgerRow
	var row inventory.LedgerRow
	var began time.Time
	var unknown []byte
	_, err = pgx.ForEachRow(rows, []any{&row.Scope, &row.Kind, &row.Class, &row.Region, &row.Complete, &row.Listed, &began, &unknown}, func() error {
		one := row
		one.BeganAt, one.Unknown = began, nil
		if unknown != nil {
			one.Unknown = &inventory.Unknown{}
			if err := json.Unmarshal(unknown, one.Unknown); err != nil {
				return err
			}
		}
		out = append(out, one)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listings: %w", err)
	}
	return out, nil
}

// Accounts implements evaluator.View.
func (v view) Accounts(ctx context.Context) ([]string, error) {
	rows, err := v.tx.Query(ctx, `SELECT natural_id FROM scopes WHERE tenant_id = @tenant AND removed_at IS NULL`,
		pgx.StrictNamedArgs{"tenant": v.tx.tenant})
	if err != nil {
		return nil, fmt.Errorf("own accounts: %w", err)
	}
	scopes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("own accounts: %w", err)
	}
	out := make([]string, len(scopes))
	for i, s := range scopes {
		out[i] = inventory.ScopeID(s).Account()
	}
	return out, nil
}

// Settings implements evaluator.View.
func (v view) Settings(ctx context.Context) (*inventory.Settings, error) {
	return v.tx.settingsInForce(ctx)
}

// settingsInForce are the newest version of the tenant's settings, over the defaults.
func (tx Tx) settingsInForce(ctx context.Context) (*inventory.Settings, error) {
	settings := inventory.Defaults()
	var raw []byte
	err := tx.QueryRow(ctx, `
		SELECT settings FROM settings_versions WHERE tenant_id = @tenant ORDER BY version DESC LIMIT 1`,
		pgx.StrictNamedArgs{"tenant": tx.tenant}).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return &settings, nil
	}
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	if err := json.Unmarshal(raw, &settings); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	return &settings, nil
}
