package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// versionCursor is where a list of versions stopped.
type versionCursor struct{ ValidFrom time.Time }

// ResourceVersions lists the versions of a resource, newest first. A resource of another tenant has none.
func (tx Tx) ResourceVersions(ctx context.Context, id uuid.UUID, p Page) ([]Resource, string, error) {
	before := versionCursor{ValidFrom: latest}
	if err := decodeCursor("versions", p.Cursor, &before); err != nil {
		return nil, "", err
	}
	rows, err := tx.Query(ctx, `
		SELECT v.id, v.scope_id, s.natural_id AS scope, v.kind, v.class, v.region, v.natural_id, v.name, v.labels,
		       v.carries_labels, v.placeholder, v.first_seen_at, v.valid_from, v.valid_to, v.gone, v.observed_at, v.run_id
		FROM   (
		       SELECT `+resourceColumns+`, NULL::timestamptz AS valid_to, false AS gone
		       FROM   resources r
		       WHERE  r.tenant_id = @tenant AND r.id = @id AND r.valid_from < @before
		       UNION ALL
		       (SELECT `+resourceColumns+`, r.valid_to, r.gone
		        FROM   resource_versions r
		        WHERE  r.tenant_id = @tenant AND r.id = @id AND r.valid_from < @before
		        ORDER  BY r.valid_from DESC
		        LIMIT  @limit)) v
		JOIN   scopes s ON s.tenant_id = @tenant AND s.id = v.scope_id
		ORDER  BY v.valid_from DESC
		LIMIT  @limit`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id, "before": before.ValidFrom, "limit": p.limit() + 1})
	if err != nil {
		return nil, "", fmt.Errorf("versions of resource %s: %w", id, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Resource])
	if err != nil {
		return nil, "", fmt.Errorf("versions of resource %s: %w", id, err)
	}
	return cut("versions", found, p.limit(), func(r Resource) any { return versionCursor{r.ValidFrom} })
}

// FactState says in which of its states an attribute is.
type FactState string

// The states of an attribute. Absent means that this version says nothing of it.
const (
	FactKnown         FactState = "known"
	FactInherent      FactState = "inherent"
	FactUnknown       FactState = "unknown"
	FactNotApplicable FactState = "not_applicable"
	FactAbsent        FactState = "absent"
)

// FactValue is an attribute in a version.
type FactValue struct {
	State FactState
	// Value is the JSON of a known attribute.
	Value json.RawMessage
	// Unknown is why the attribute is not known; Reason is why the resource does not have it.
	Unknown *inventory.Unknown
	Reason  string
}

// FactChange is an attribute that differs between two versions.
type FactChange struct {
	Name    string
	Derived bool
	From    FactValue
	To      FactValue
}

// ResourceChange is how a resource differs between two moments.
type ResourceChange struct {
	From, To Resource
	Facts    []FactChange
}

// ResourceDiff compares a resource at two moments: its name, region and labels (in From and To), facts and derived
// facts. It returns ErrNotFound when the resource was not there at one of them.
func (tx Tx) ResourceDiff(ctx context.Context, id uuid.UUID, from, to time.Time) (ResourceChange, error) {
	before, err := tx.Resource(ctx, id, from)
	if err != nil {
		return ResourceChange{}, fmt.Errorf("at %s: %w", from.UTC().Format(time.RFC3339), err)
	}
	after, err := tx.Resource(ctx, id, to)
	if err != nil {
		return ResourceChange{}, fmt.Errorf("at %s: %w", to.UTC().Format(time.RFC3339), err)
	}
	changes := append(diffStored(before.Facts, after.Facts, false), diffStored(before.Derived, after.Derived, true)...)
	return ResourceChange{From: before.Resource, To: after.Resource, Facts: changes}, nil
}

func diffStored(before, after inventory.Stored, derived bool) []FactChange {
	from, to := factValues(before), factValues(after)
	names := slices.Collect(maps.Keys(from))
	for name := range to {
		if _, ok := from[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out []FactChange
	for _, name := range names {
		a, b := orAbsent(from, name), orAbsent(to, name)
		if !sameFact(a, b) {
			out = append(out, FactChange{Name: name, Derived: derived, From: a, To: b})
		}
	}
	return out
}

func factValues(s inventory.Stored) map[string]FactValue {
	out := make(map[string]FactValue, len(s.Known)+len(s.Unknown)+len(s.NotApplicable))
	for name, raw := range s.Known {
		state := FactKnown
		if slices.Contains(s.Inherent, name) {
			state = FactInherent
		}
		out[name] = FactValue{State: state, Value: raw}
	}
	for name, why := range s.Unknown {
		why.Fact = name
		out[name] = FactValue{State: FactUnknown, Unknown: &why}
	}
	for name, reason := range s.NotApplicable {
		out[name] = FactValue{State: FactNotApplicable, Reason: reason}
	}
	return out
}

func orAbsent(values map[string]FactValue, name string) FactValue {
	if v, ok := values[name]; ok {
		return v
	}
	return FactValue{State: FactAbsent}
}

func sameFact(a, b FactValue) bool {
	return a.State == b.State && bytes.Equal(a.Value, b.Value) && a.Reason == b.Reason && reflect.DeepEqual(a.Unknown, b.Unknown)
}

// ResourceVersionCount is how many versions a resource has had. It returns ErrNotFound when there is no such resource.
func (tx Tx) ResourceVersionCount(ctx context.Context, id uuid.UUID) (int64, error) {
	var n int64
	err := tx.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM resources WHERE tenant_id = @tenant AND id = @id)
		     + (SELECT count(*) FROM resource_versions WHERE tenant_id = @tenant AND id = @id)`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id}).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count of versions of resource %s: %w", id, err)
	}
	if n == 0 {
		return 0, fmt.Errorf("versions of resource %s: %w", id, ErrNotFound)
	}
	return n, nil
}
