package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Edge is a link between a resource and another, seen from the first.
type Edge struct {
	// Outward says that the resource's own facts make the link.
	Outward bool
	Link    string
	// Other is the far end; Name and the rest are empty while nobody has seen it.
	Other     uuid.UUID
	Name      string
	Class     inventory.Class
	Kind      inventory.Kind
	NaturalID string
}

// Edges lists the links of a resource as the current facts say, outward ones first, at most limit of each direction.
func (tx Tx) Edges(ctx context.Context, id uuid.UUID, limit int) ([]Edge, error) {
	rows, err := tx.Query(ctx, `
		SELECT e.outward, e.link, e.other, coalesce(r.name, '') AS name, coalesce(r.class, '') AS class,
		       coalesce(r.kind, '') AS kind, coalesce(r.natural_id, '') AS natural_id
		FROM   (
		       (SELECT true AS outward, link, to_id AS other FROM edges
		        WHERE  tenant_id = @tenant AND from_id = @id
		        ORDER  BY link, to_id LIMIT @limit)
		       UNION ALL
		       (SELECT false, link, from_id FROM edges
		        WHERE  tenant_id = @tenant AND to_id = @id
		        ORDER  BY link, from_class, from_id LIMIT @limit)) e
		LEFT   JOIN resources r ON r.tenant_id = @tenant AND r.id = e.other
		ORDER  BY e.outward DESC, e.link, name, e.other`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id, "limit": limit})
	if err != nil {
		return nil, fmt.Errorf("edges of resource %s: %w", id, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Edge])
	if err != nil {
		return nil, fmt.Errorf("edges of resource %s: %w", id, err)
	}
	return out, nil
}
