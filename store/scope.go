package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Connection is how a scope is reached. It holds names only, never a credential: the zero value means the default
// credentials of the process.
type Connection struct {
	// Role is what is assumed: a role ARN, or the service account that is impersonated.
	Role       string `json:"role,omitempty"`
	ExternalID string `json:"external_id,omitempty"`
	// Directory and Client name the application that signs in, where a directory decides.
	Directory string `json:"directory,omitempty"`
	Client    string `json:"client,omitempty"`
	// Audience is of federated identity: for whom the token is made out.
	Audience string `json:"audience,omitempty"`
	// Regions limits the collection; empty means all that are enabled.
	Regions []string `json:"regions,omitempty"`
	// MemberRole is of an organisation: the name of the role that is assumed in each account; empty means that of Role.
	MemberRole string `json:"member_role,omitempty"`
	// Aggregator names records that the cloud keeps by itself, which answer calls about single resources; empty is none.
	// AggregatorRole is assumed where they lie; empty means that they lie in the scope, and for what was found in an
	// organisation, where that is read from.
	Aggregator     string `json:"aggregator,omitempty"`
	AggregatorRole string `json:"aggregator_role,omitempty"`
}

// OfMember is the connection of what was found in an organisation that this one reads: by the member's own role, and
// with the records of where the organisation is read from.
func (c Connection) OfMember(m inventory.Member) Connection {
	if c.Aggregator != "" && c.AggregatorRole == "" {
		c.AggregatorRole = c.Role
	}
	c.Role, c.MemberRole = m.Role, ""
	if m.Directory != "" {
		c.Directory = m.Directory
	}
	return c
}

// Scope is an account, subscription or project that is collected, or an organisation of them.
type Scope struct {
	ID         uuid.UUID
	NaturalID  inventory.ScopeID
	Name       string
	Connection Connection
	// Schedule is a cron expression; empty means on request only.
	Schedule  string
	NextRunAt *time.Time
	CreatedAt time.Time
	// ParentID is the organisation that the scope was found in; nil for one that was connected by itself.
	ParentID *uuid.UUID
	// LeftAt is when it was noticed that the scope can be read no more, and LeftWhy says why: what was seen in it stands,
	// and it is not collected. Both are empty while it is.
	LeftAt  *time.Time
	LeftWhy string
}

// scopeColumns are the columns of a Scope.
const scopeColumns = `id, natural_id, name, connection, schedule, next_run_at, created_at, parent_id, left_at, left_why`

// scopeCursor is where a list of scopes stopped.
type scopeCursor struct{ NaturalID inventory.ScopeID }

// Scopes lists the scopes that are collected, by their natural id.
func (tx Tx) Scopes(ctx context.Context, p Page) ([]Scope, string, error) {
	var after scopeCursor
	if err := decodeCursor("scopes", p.Cursor, &after); err != nil {
		return nil, "", err
	}
	rows, err := tx.Query(ctx, `
		SELECT `+scopeColumns+`
		FROM   scopes
		WHERE  tenant_id = @tenant AND removed_at IS NULL AND natural_id > @after
		ORDER  BY natural_id
		LIMIT  @limit`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "after": after.NaturalID, "limit": p.limit() + 1})
	if err != nil {
		return nil, "", fmt.Errorf("scopes: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Scope])
	if err != nil {
		return nil, "", fmt.Errorf("scopes: %w", err)
	}
	return cut("scopes", found, p.limit(), func(s Scope) any { return scopeCursor{s.NaturalID} })
}

// ScopeCount is the number of scopes that are collected.
func (tx Tx) ScopeCount(ctx context.Context) (int64, error) {
	var n int64
	err := tx.QueryRow(ctx, `SELECT count(*) FROM scopes WHERE tenant_id = @tenant AND removed_at IS NULL`,
		pgx.StrictNamedArgs{"tenant": tx.tenant}).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count of scopes: %w", err)
	}
	return n, nil
}

// Scope gives one scope. A removed one is not found.
func (tx Tx) Scope(ctx context.Context, id uuid.UUID) (Scope, error) {
	rows, err := tx.Query(ctx, `
		SELECT `+scopeColumns+`
		FROM   scopes
		WHERE  tenant_id = @tenant AND id = @id AND removed_at IS NULL`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id})
	if err != nil {
		return Scope{}, fmt.Errorf("scope %s: %w", id, err)
	}
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Scope])
	return s, missing("scope "+id.String(), err)
}

// CreateScope adds a scope, or takes a removed one up again with its past. It returns ErrConflict when the scope is
// there already.
func (tx Tx) CreateScope(ctx context.Context, s Scope) (Scope, error) {
	rows, err := tx.Query(ctx, `
		INSERT INTO scopes AS s (tenant_id, id, natural_id, name, connection, schedule, next_run_at, created_at)
		VALUES (@tenant, @id, @natural, @name, @connection, @schedule, @next, @created)
		ON CONFLICT (tenant_id, id) DO UPDATE
		SET    name = excluded.name, connection = excluded.connection, schedule = excluded.schedule,
		       next_run_at = excluded.next_run_at, removed_at = NULL, parent_id = NULL, left_at = NULL, left_why = ''
		WHERE  s.removed_at IS NOT NULL
		RETURNING `+scopeColumns,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": ScopeKey(string(s.NaturalID)), "natural": s.NaturalID, "name": s.Name,
			"connection": s.Connection, "schedule": s.Schedule, "next": s.NextRunAt, "created": s.CreatedAt})
	if err != nil {
		return Scope{}, fmt.Errorf("create scope %s: %w", s.NaturalID, err)
	}
	created, err := pgx.CollectRows(rows, pgx.RowToStructByName[Scope])
	if err != nil {
		return Scope{}, fmt.Errorf("create scope %s: %w", s.NaturalID, err)
	}
	if len(created) == 0 {
		return Scope{}, fmt.Errorf("create scope %s: %w", s.NaturalID, ErrConflict)
	}
	return created[0], nil
}

// LockScope gives a scope and keeps others from changing it until the transaction ends.
func (tx Tx) LockScope(ctx context.Context, id uuid.UUID) (Scope, error) {
	rows, err := tx.Query(ctx, `
		SELECT `+scopeColumns+`
		FROM   scopes
		WHERE  tenant_id = @tenant AND id = @id AND removed_at IS NULL
		FOR    UPDATE`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id})
	if err != nil {
		return Scope{}, fmt.Errorf("lock scope %s: %w", id, err)
	}
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Scope])
	return s, missing("lock scope "+id.String(), err)
}

// UpdateScope writes name, connection, schedule and when the scope is next due.
func (tx Tx) UpdateScope(ctx context.Context, s Scope) error {
	tag, err := tx.Exec(ctx, `
		UPDATE scopes
		SET    name = @name, connection = @connection, schedule = @schedule, next_run_at = @next
		WHERE  tenant_id = @tenant AND id = @id AND removed_at IS NULL`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": s.ID, "name": s.Name, "connection": s.Connection,
			"schedule": s.Schedule, "next": s.NextRunAt})
	if err != nil {
		return fmt.Errorf("update scope %s: %w", s.ID, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("update scope %s: %w", s.ID, ErrNotFound)
	}
	return nil
}

// RemoveScope stops the collection of a scope, and of what was found in it. What was seen there stays, as its past. A
// member that is removed alone is left out from then on; those that go with their organisation come back with it.
func (tx Tx) RemoveScope(ctx context.Context, id uuid.UUID, at time.Time) error {
	tag, err := tx.Exec(ctx, `
		UPDATE scopes SET removed_at = @at, next_run_at = NULL WHERE tenant_id = @tenant AND id = @id AND removed_at IS NULL`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id, "at": at})
	if err != nil {
		return fmt.Errorf("remove scope %s: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("remove scope %s: %w", id, ErrNotFound)
	}
	_, err = tx.Exec(ctx, `
		UPDATE scopes SET removed_at = @at, next_run_at = NULL, parent_id = NULL
		WHERE  tenant_id = @tenant AND parent_id = @id AND removed_at IS NULL`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id, "at": at})
	if err != nil {
		return fmt.Errorf("remove what lies in scope %s: %w", id, err)
	}
	return nil
}

// KnowsScope says whether the tenant has or had the scope: what was seen in a removed one can still be read.
func (tx Tx) KnowsScope(ctx context.Context, id uuid.UUID) (bool, error) {
	var known bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM scopes WHERE tenant_id = @tenant AND id = @id)`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id}).Scan(&known)
	if err != nil {
		return false, fmt.Errorf("look for scope %s: %w", id, err)
	}
	return known, nil
}
