package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Followed is what a listing of an organisation's members changed.
type Followed struct {
	// Begun are the scopes that are collected from now on: those that joined, and those that came back.
	Begun []uuid.UUID
	// Left are those that can be read no more from now on.
	Left []uuid.UUID
}

// gone is why a scope is no longer collected that its organisation does not list any more.
const gone = "it is no longer in its organisation"

// FollowMembers makes the members of an organisation those of a complete listing. What is open becomes a scope with the
// organisation's schedule, next due at next, and its connection with the member's own role; what is closed or not listed
// keeps all that was seen in it, and is no longer collected. A scope that was connected by itself, and one that somebody
// took out of the organisation, stay as they are. missing is what is said of those that are not listed, where that does
// not mean that they are gone.
func (tx Tx) FollowMembers(
	ctx context.Context, parent Scope, members []inventory.Member, missing string, next *time.Time, at time.Time,
) (Followed, error) {
	if missing == "" {
		missing = gone
	}
	var open []inventory.Member
	var closed []uuid.UUID
	var whys []string
	for _, m := range members {
		if m.Closed == "" {
			open = append(open, m)
			continue
		}
		closed, whys = append(closed, ScopeKey(string(m.Scope))), append(whys, "it is "+m.Closed)
	}
	var out Followed
	var err error
	if out.Begun, err = tx.takeUp(ctx, parent, open, next, at); err != nil {
		return Followed{}, err
	}
	ids := make([]uuid.UUID, len(open))
	for i, m := range open {
		ids[i] = ScopeKey(string(m.Scope))
	}
	rows, err := tx.Query(ctx, `
		WITH before AS (
		     SELECT s.id, s.left_at, coalesce(c.why, @gone) AS why
		     FROM   scopes s
		     LEFT   JOIN unnest(@closed::uuid[], @whys::text[]) AS c (id, why) ON c.id = s.id
		     WHERE  s.tenant_id = @tenant AND s.parent_id = @parent AND s.removed_at IS NULL AND s.id <> ALL (@open)
		     FOR    UPDATE OF s)
		UPDATE scopes s
		SET    left_at = coalesce(s.left_at, @at), left_why = b.why, next_run_at = NULL
		FROM   before b
		WHERE  s.tenant_id = @tenant AND s.id = b.id AND s.left_why <> b.why
		RETURNING s.id, b.left_at IS NULL`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "parent": parent.ID, "open": ids, "closed": orEmpty(closed),
			"whys": orEmpty(whys), "gone": missing, "at": at})
	if err != nil {
		return Followed{}, fmt.Errorf("members that left: %w", err)
	}
	var id uuid.UUID
	var first bool
	_, err = pgx.ForEachRow(rows, []any{&id, &first}, func() error {
		if first {
			out.Left = append(out.Left, id)
		}
		return nil
	})
	if err != nil {
		return Followed{}, fmt.Errorf("members that left: %w", err)
	}
	return out, nil
}

// takeUp makes scopes of members that are open, and gives those that came back.
func (tx Tx) takeUp(
	ctx context.Context, parent Scope, open []inventory.Member, next *time.Time, at time.Time,
) ([]uuid.UUID, error) {
	ids, naturals := make([]uuid.UUID, len(open)), make([]string, len(open))
	names, connections := make([]string, len(open)), make([][]byte, len(open))
	// In one order, so that organisations which follow their members at once wait for each other and do not lock.
	slices.SortFunc(open, func(a, b inventory.Member) int {
		x, y := ScopeKey(string(a.Scope)), ScopeKey(string(b.Scope))
		return bytes.Compare(x[:], y[:])
	})
	for i, m := range open {
		ids[i], naturals[i], names[i] = ScopeKey(string(m.Scope)), string(m.Scope), m.Name
		if m.Name == "" {
			names[i] = naturals[i]
		}
		raw, err := json.Marshal(parent.Connection.OfMember(m))
		if err != nil {
			return nil, fmt.Errorf("connection of member %s: %w", m.Scope, err)
		}
		connections[i] = raw
	}
	rows, err := tx.Query(ctx, `
		WITH listed AS (
		     SELECT * FROM unnest(@ids::uuid[], @naturals::text[], @names::text[], @connections::jsonb[])
		              AS m (id, natural_id, name, connection)),
		before AS (
		     SELECT s.id, s.left_at, s.removed_at FROM scopes s JOIN listed l ON l.id = s.id WHERE s.tenant_id = @tenant),
		kept AS (
		     INSERT INTO scopes AS s (tenant_id, id, natural_id, name, connection, schedule, next_run_at, created_at,
		                              parent_id)
		     SELECT @tenant::uuid, l.id, l.natural_id, l.name, l.connection, @schedule::text, @next::timestamptz,
		            @at::timestamptz, @parent::uuid
		     FROM   listed l
		     ORDER  BY l.id
		     ON     CONFLICT (tenant_id, id) DO UPDATE
		     SET    connection = excluded.connection, schedule = excluded.schedule, parent_id = excluded.parent_id,
		            next_run_at = CASE WHEN s.parent_id = excluded.parent_id AND s.left_at IS NULL
		                                    AND s.schedule = excluded.schedule
		                               THEN s.next_run_at ELSE excluded.next_run_at END,
		            left_at = NULL, left_why = '', removed_at = NULL
		     WHERE  CASE WHEN s.parent_id = excluded.parent_id
		                 THEN s.removed_at IS NULL AND (s.left_at IS NOT NULL OR s.connection <> excluded.connection
		                                                OR s.schedule <> excluded.schedule)
		                 ELSE s.removed_at IS NOT NULL OR s.left_at IS NOT NULL END
		     RETURNING s.id)
		SELECT k.id
		FROM   kept k
		LEFT   JOIN before b ON b.id = k.id
		WHERE  b.id IS NULL OR b.left_at IS NOT NULL OR b.removed_at IS NOT NULL`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "parent": parent.ID, "ids": ids, "naturals": naturals, "names": names,
			"connections": connections, "schedule": parent.Schedule, "next": next, "at": at})
	if err != nil {
		return nil, fmt.Errorf("members that joined: %w", err)
	}
	begun, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("members that joined: %w", err)
	}
	return begun, nil
}

// membersListed are the scopes that were found in one, in the order of their natural ids.
const membersListed = `
		SELECT ` + scopeColumns + `
		FROM   scopes
		WHERE  tenant_id = @tenant AND parent_id = @parent AND removed_at IS NULL AND natural_id > @after
		ORDER  BY natural_id
		LIMIT  @limit`

// Members lists the scopes that were found in an organisation, those that left included.
func (tx Tx) Members(ctx context.Context, parent uuid.UUID, p Page) ([]Scope, string, error) {
	var after scopeCursor
	if err := decodeCursor("members", p.Cursor, &after); err != nil {
		return nil, "", err
	}
	rows, err := tx.Query(ctx, membersListed,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "parent": parent, "after": after.NaturalID, "limit": p.limit() + 1})
	if err != nil {
		return nil, "", fmt.Errorf("members of scope %s: %w", parent, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Scope])
	if err != nil {
		return nil, "", fmt.Errorf("members of scope %s: %w", parent, err)
	}
	return cut("members", found, p.limit(), func(s Scope) any { return scopeCursor{s.NaturalID} })
}

// MemberCount is the number of scopes that were found in an organisation.
func (tx Tx) MemberCount(ctx context.Context, parent uuid.UUID) (int64, error) {
	var n int64
	err := tx.QueryRow(ctx, `
		SELECT count(*) FROM scopes WHERE tenant_id = @tenant AND parent_id = @parent AND removed_at IS NULL`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "parent": parent}).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count of members: %w", err)
	}
	return n, nil
}

// OpenMembers are the members of an organisation that are collected.
func (tx Tx) OpenMembers(ctx context.Context, parent uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `
		SELECT id FROM scopes
		WHERE  tenant_id = @tenant AND parent_id = @parent AND removed_at IS NULL AND left_at IS NULL
		ORDER  BY natural_id`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "parent": parent})
	if err != nil {
		return nil, fmt.Errorf("open members: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("open members: %w", err)
	}
	return ids, nil
}
