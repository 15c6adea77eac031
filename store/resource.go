package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Resource is one version of an observed thing, without its facts.
type Resource struct {
	ID            uuid.UUID
	ScopeID       uuid.UUID
	Scope         inventory.ScopeID
	Kind          inventory.Kind
	Class         inventory.Class
	Region        string
	NaturalID     string
	Name          string
	Labels        map[string]string
	CarriesLabels bool
	// Placeholder marks the record that stands for a listing that failed.
	Placeholder bool
	FirstSeenAt time.Time
	ValidFrom   time.Time
	// ValidTo is when the version ended; nil while it is the current one. Gone says that the resource went with it.
	ValidTo    *time.Time
	Gone       bool
	ObservedAt time.Time
	RunID      *uuid.UUID
}

// ResourceDetail is a version with all that is known of it.
type ResourceDetail struct {
	Resource
	// Facts are what the collectors stated, Derived what was worked out from other resources.
	Facts   inventory.Stored
	Derived inventory.Stored
	// Answers is what the cloud said, as JSON, stripped of secrets; nil when it was not kept.
	Answers json.RawMessage
}

// ResourceFilter picks resources. An empty field asks for nothing.
type ResourceFilter struct {
	Class  inventory.Class
	Kind   inventory.Kind
	Scope  uuid.UUID
	Region string
	ID     uuid.UUID
	// Query is a part of the name, any case, or a whole natural id.
	Query string
	// AsOf shows the inventory of a moment; the zero moment means now.
	AsOf time.Time
}

const resourceColumns = `r.id, r.scope_id, r.kind, r.class, r.region, r.natural_id, r.name, r.labels, r.carries_labels,
		r.placeholder, r.first_seen_at, r.valid_from, r.observed_at, r.run_id`

const resourceMatch = `
		AND    (@class = '' OR r.class = @class)
		AND    (@kind = '' OR r.kind = @kind)
		AND    (@scope::uuid IS NULL OR r.scope_id = @scope)
		AND    (@region = '' OR r.region = @region)
		AND    (@id::uuid IS NULL OR r.id = @id)
		AND    (@pattern = '' OR r.name ILIKE @pattern OR r.natural_id = @query)`

// resourcesListed reads one stretch of the index in the order of the list. Past versions are read only for the past,
// from an index in the same order that holds their moments.
const resourcesListed = `
		SELECT p.id, p.scope_id, s.natural_id AS scope, p.kind, p.class, p.region, p.natural_id, p.name, p.labels,
		       p.carries_labels, p.placeholder, p.first_seen_at, p.valid_from, p.valid_to, p.gone, p.observed_at, p.run_id
		FROM   (
		       (SELECT ` + resourceColumns + `, NULL::timestamptz AS valid_to, false AS gone
		        FROM   resources r
		        WHERE  r.tenant_id = @tenant AND r.valid_from <= @at
		        AND    (r.class, r.name, r.id) > (@after_class, @after_name, @after_id::uuid)` + resourceMatch + `
		        ORDER  BY r.class, r.name, r.id
		        LIMIT  @limit)
		       UNION ALL
		       (SELECT ` + resourceColumns + `, r.valid_to, r.gone
		        FROM   resource_versions r
		        WHERE  r.tenant_id = @tenant AND r.valid_from <= @at AND r.valid_to > @at
		        AND    (r.class, r.name, r.id) > (@after_class, @after_name, @after_id::uuid)` + resourceMatch + `
		        ORDER  BY r.class, r.name, r.id
		        LIMIT  CASE WHEN @past THEN @limit ELSE 0 END)
		       ORDER  BY class, name, id
		       LIMIT  @limit) p
		JOIN   scopes s ON s.tenant_id = @tenant AND s.id = p.scope_id
		ORDER  BY p.class, p.name, p.id`

const resourcesPicked = `
		(SELECT 1 FROM resources r WHERE r.tenant_id = @tenant AND r.valid_from <= @at` + resourceMatch + `
		 UNION ALL
		 SELECT 1 FROM resource_versions r
		 WHERE  r.tenant_id = @tenant AND @past AND r.valid_from <= @at AND r.valid_to > @at` + resourceMatch + `)`

// resourceCursor is where a list of resources stopped.
type resourceCursor struct {
	Class inventory.Class
	Name  string
	ID    uuid.UUID
}

func (f ResourceFilter) args(tenant uuid.UUID) pgx.NamedArgs {
	return pgx.NamedArgs{"tenant": tenant, "class": f.Class, "kind": f.Kind, "scope": orNull(f.Scope), "region": f.Region,
		"id": orNull(f.ID), "pattern": containing(f.Query), "query": f.Query, "at": moment(f.AsOf), "past": !f.AsOf.IsZero()}
}

// Resources lists the inventory by class and name, and the cursor of the next page.
func (tx Tx) Resources(ctx context.Context, f ResourceFilter, p Page) ([]Resource, string, error) {
	var after resourceCursor
	if err := decodeCursor("resources", p.Cursor, &after); err != nil {
		return nil, "", err
	}
	args := f.args(tx.tenant)
	args["after_class"], args["after_name"], args["after_id"] = after.Class, after.Name, after.ID
	args["limit"] = p.limit() + 1
	rows, err := tx.Query(ctx, resourcesListed, pgx.QueryExecModeCacheDescribe, args)
	if err != nil {
		return nil, "", fmt.Errorf("resources: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Resource])
	if err != nil {
		return nil, "", fmt.Errorf("resources: %w", err)
	}
	return cut("resources", found, p.limit(), func(r Resource) any { return resourceCursor{r.Class, r.Name, r.ID} })
}

// ResourceEstimate is about how many resources the filter picks.
func (tx Tx) ResourceEstimate(ctx context.Context, f ResourceFilter) (int64, error) {
	return tx.estimate(ctx, "resources", `EXPLAIN (FORMAT JSON) `+resourcesPicked,
		`SELECT count(*) FROM (`+resourcesPicked+` LIMIT @limit) AS picked`, f.args(tx.tenant))
}

// detailRow is a version with its facts as they are stored.
type detailRow struct {
	Resource
	Facts   []byte
	Derived []byte
	Answers []byte
}

// Resource gives the version of a resource that held at a moment, with facts and answers. The zero moment means the
// current version, or the last one when the resource is gone. It returns ErrNotFound when there was none.
func (tx Tx) Resource(ctx context.Context, id uuid.UUID, asOf time.Time) (ResourceDetail, error) {
	rows, err := tx.Query(ctx, `
		SELECT p.id, p.scope_id, s.natural_id AS scope, p.kind, p.class, p.region, p.natural_id, p.name, p.labels,
		       p.carries_labels, p.placeholder, p.first_seen_at, p.valid_from, p.valid_to, p.gone, p.observed_at, p.run_id,
		       p.facts, p.answers, coalesce(d.facts, '{}') AS derived
		FROM   (
		       SELECT `+resourceColumns+`, NULL::timestamptz AS valid_to, false AS gone, r.facts, r.answers
		       FROM   resources r
		       WHERE  r.tenant_id = @tenant AND r.id = @id AND r.valid_from <= @at
		       UNION ALL
		       (SELECT `+resourceColumns+`, r.valid_to, r.gone, r.facts, r.answers
		        FROM   resource_versions r
		        WHERE  r.tenant_id = @tenant AND r.id = @id AND r.valid_from <= @at AND (r.valid_to > @at OR NOT @past)
		        ORDER  BY r.valid_from DESC
		        LIMIT  1)) p
		JOIN   scopes s ON s.tenant_id = @tenant AND s.id = p.scope_id
		LEFT   JOIN LATERAL (
		       SELECT facts, valid_from FROM derived_facts
		       WHERE  tenant_id = @tenant AND resource_id = p.id AND valid_from <= @at
		       UNION ALL
		       SELECT facts, valid_from FROM derived_fact_versions
		       WHERE  tenant_id = @tenant AND resource_id = p.id AND valid_from <= @at AND (valid_to > @at OR NOT @past)
		       ORDER  BY valid_from DESC
		       LIMIT  1) d ON true
		ORDER  BY p.valid_from DESC
		LIMIT  1`, pgx.QueryExecModeCacheDescribe,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id, "at": moment(asOf), "past": !asOf.IsZero()})
	if err != nil {
		return ResourceDetail{}, fmt.Errorf("resource %s: %w", id, err)
	}
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[detailRow])
	if err != nil {
		return ResourceDetail{}, missing("resource "+id.String(), err)
	}
	return row.detail()
}

func (row detailRow) detail() (ResourceDetail, error) {
	d := ResourceDetail{Resource: row.Resource}
	if err := json.Unmarshal(row.Facts, &d.Facts); err != nil {
		return d, fmt.Errorf("facts of resource %s: %w", row.ID, err)
	}
	if err := json.Unmarshal(row.Derived, &d.Derived); err != nil {
		return d, fmt.Errorf("derived facts of resource %s: %w", row.ID, err)
	}
	answers, err := unpack(row.Answers)
	if err != nil {
		return d, fmt.Errorf("answers of resource %s: %w", row.ID, err)
	}
	d.Answers = answers
	return d, nil
}

// unpack gives the JSON of compressed answers. What is not zstd is taken as it stands.
func unpack(answers []byte) (json.RawMessage, error) {
	if len(answers) == 0 {
		return nil, nil
	}
	if !bytes.HasPrefix(answers, []byte{0x28, 0xb5, 0x2f, 0xfd}) {
		return answers, nil
	}
	// 64 MiB is far beyond any answer: it keeps a damaged row from filling memory.
	d, err := zstd.NewReader(bytes.NewReader(answers), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	defer d.Close()
	raw, err := io.ReadAll(d)
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return raw, nil
}

// CheckPass is a check that passes on a resource; Inherited when the provider does it for everyone.
type CheckPass struct {
	CheckID   string
	Inherited bool
}

// Passes lists the checks that passed on a resource at a moment, by id. The zero moment means now.
func (tx Tx) Passes(ctx context.Context, resource uuid.UUID, asOf time.Time) ([]CheckPass, error) {
	rows, err := tx.Query(ctx, `
		SELECT o.check_id, o.ordinal = ANY(d.inherited) AS inherited
		FROM   (SELECT passed, inherited FROM derived_facts
		        WHERE  tenant_id = @tenant AND resource_id = @resource AND valid_from <= @at
		        UNION ALL
		        SELECT passed, inherited FROM derived_fact_versions
		        WHERE  tenant_id = @tenant AND resource_id = @resource AND valid_from <= @at AND valid_to > @at) d
		JOIN   (SELECT ordinal, check_id FROM check_ordinals
		        UNION ALL
		        SELECT ordinal, check_id FROM custom_checks WHERE tenant_id = @tenant) o
		       ON o.ordinal = ANY(d.passed || d.inherited)
		ORDER  BY o.check_id`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "resource": resource, "at": moment(asOf)})
	if err != nil {
		return nil, fmt.Errorf("passes of resource %s: %w", resource, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[CheckPass])
	if err != nil {
		return nil, fmt.Errorf("passes of resource %s: %w", resource, err)
	}
	return out, nil
}
