package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// write puts the new form of resources and their edges in place. The columns travel as arrays, so that a batch is one
// statement however many rows it has.
func (tx Tx) write(ctx context.Context, scope, run uuid.UUID, in []Prepared) error {
	n := len(in)
	ids, hashes, answers := make([]uuid.UUID, n), make([][]byte, n), make([][]byte, n)
	kinds, classes, regions, listings, naturals, names := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	labels, facts := make([]*string, n), make([]string, n)
	carries, placeholders, seen := make([]bool, n), make([]bool, n), make([]time.Time, n)
	for k, i := range in {
		r := i.Resource
		ids[k], hashes[k], kinds[k], classes[k], regions[k] = i.id, i.hash, string(r.Kind), string(r.Class), r.Region
		listings[k], naturals[k], names[k], facts[k] = i.Listing, r.ID, r.Name, string(i.facts)
		carries[k], placeholders[k], seen[k] = r.CarriesLabels, r.Placeholder, r.ObservedAt
		if len(i.Answers) > 0 {
			answers[k] = compressor.EncodeAll(i.Answers, nil)
		}
		if len(r.Labels) > 0 {
			raw, err := json.Marshal(r.Labels)
			if err != nil {
				return fmt.Errorf("labels of %s: %w", r.ID, err)
			}
			text := string(raw)
			labels[k] = &text
		}
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO resources (tenant_id, scope_id, run_id, id, kind, class, region, listing, natural_id, name, labels,
		       carries_labels, placeholder, first_seen_at, valid_from, observed_at, hash, facts, answers)
		SELECT @tenant, @scope, @run, v.id, v.kind, v.class, v.region, v.listing, v.natural_id, v.name, v.labels::jsonb,
		       v.carries, v.placeholder, v.seen, v.seen, v.seen, v.hash, v.facts::jsonb, v.answers
		FROM   unnest(@ids::uuid[], @kinds::text[], @classes::text[], @regions::text[], @listings::text[], @naturals::text[],
		              @names::text[], @labels::text[], @carries::bool[], @placeholders::bool[], @seen::timestamptz[],
		              @hashes::bytea[], @facts::text[], @answers::bytea[])
		       AS v (id, kind, class, region, listing, natural_id, name, labels, carries, placeholder, seen, hash, facts, answers)
		ON CONFLICT (tenant_id, id) DO UPDATE SET
		       scope_id = excluded.scope_id, run_id = excluded.run_id, kind = excluded.kind, class = excluded.class,
		       region = excluded.region, listing = excluded.listing, name = excluded.name, labels = excluded.labels,
		       carries_labels = excluded.carries_labels, placeholder = excluded.placeholder, valid_from = excluded.valid_from,
		       observed_at = excluded.observed_at, hash = excluded.hash, facts = excluded.facts, answers = excluded.answers`,
		pgx.StrictNamedArgs{
			"tenant": tx.tenant, "scope": scope, "run": run, "ids": ids, "kinds": kinds, "classes": classes, "regions": regions,
			"listings": listings, "naturals": naturals, "names": names, "labels": labels, "carries": carries,
			"placeholders": placeholders, "seen": seen, "hashes": hashes, "facts": facts, "answers": answers,
		})
	if err != nil {
		return fmt.Errorf("write resources: %w", err)
	}
	return tx.link(ctx, ids, in)
}

// link replaces the edges that go out from resources.
func (tx Tx) link(ctx context.Context, ids []uuid.UUID, in []Prepared) error {
	if err := tx.unlink(ctx, ids); err != nil {
		return err
	}
	var from, to []uuid.UUID
	var links, classes []string
	for _, i := range in {
		for _, l := range i.Resource.Links() {
			from, to = append(from, i.id), append(to, ResourceID(l.To))
			links, classes = append(links, l.Name), append(classes, string(i.Resource.Class))
		}
	}
	if len(from) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO edges (tenant_id, to_id, link, from_class, from_id)
		SELECT @tenant, v.to_id, v.link, v.class, v.from_id
		FROM   unnest(@to::uuid[], @links::text[], @classes::text[], @from::uuid[]) AS v (to_id, link, class, from_id)
		ON CONFLICT DO NOTHING`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "to": to, "links": links, "classes": classes, "from": from})
	if err != nil {
		return fmt.Errorf("write edges: %w", err)
	}
	return nil
}

func (tx Tx) unlink(ctx context.Context, ids []uuid.UUID) error {
	_, err := tx.Exec(ctx, `DELETE FROM edges WHERE tenant_id = @tenant AND from_id = ANY (@ids)`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids})
	if err != nil {
		return fmt.Errorf("remove edges: %w", err)
	}
	return nil
}

// resourceRow is a resource as it stands in its table, without answers.
type resourceRow struct {
	ID            uuid.UUID
	Scope         string
	Kind          string
	Class         string
	Region        string
	NaturalID     string
	Name          string
	Labels        map[string]string
	CarriesLabels bool
	Placeholder   bool
	ObservedAt    time.Time
	Facts         []byte
}

// resource builds the resource with its facts. A class that this release no longer knows is an error of the database.
func (row resourceRow) resource() (*inventory.Resource, error) {
	r, err := inventory.Blank(inventory.Class(row.Class))
	if err != nil {
		return nil, fmt.Errorf("resource %s: %w", row.NaturalID, err)
	}
	r.ID, r.Kind, r.Scope, r.Region, r.Name = row.NaturalID, inventory.Kind(row.Kind), inventory.ScopeID(row.Scope), row.Region, row.Name
	r.Labels, r.CarriesLabels, r.Placeholder, r.ObservedAt = row.Labels, row.CarriesLabels, row.Placeholder, row.ObservedAt
	if err := r.DecodeFacts(row.Facts); err != nil {
		return nil, err
	}
	return r, nil
}

// resourcesByID reads resources with their facts. The lateral query, here and wherever rows are fetched by many keys,
// keeps the planner to the primary key: before a table was first analyzed it takes a tenant for one in two hundred, and
// would rather read all of the tenant's rows than look up a thousand.
func (tx Tx) resourcesByID(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*inventory.Resource, error) {
	rows, err := tx.Query(ctx, `
		SELECT r.id, s.natural_id AS scope, r.kind, r.class, r.region, r.natural_id, r.name, r.labels, r.carries_labels,
		       r.placeholder, r.observed_at, r.facts
		FROM   unnest(@ids::uuid[]) AS k (id)
		CROSS  JOIN LATERAL (
		       SELECT id, scope_id, kind, class, region, natural_id, name, labels, carries_labels, placeholder, observed_at, facts
		       FROM   resources WHERE tenant_id = @tenant AND id = k.id LIMIT 1) r
		JOIN   scopes s ON s.tenant_id = @tenant AND s.id = r.scope_id`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "ids": ids})
	if err != nil {
		return nil, fmt.Errorf("read resources: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[resourceRow])
	if err != nil {
		return nil, fmt.Errorf("read resources: %w", err)
	}
	read := make([]*inventory.Resource, len(found))
	err = onEveryCore(len(found), func(n int) (err error) {
		read[n], err = found[n].resource()
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID]*inventory.Resource, len(found))
	for i, row := range found {
		out[row.ID] = read[i]
	}
	return out, nil
}
