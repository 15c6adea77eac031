package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Tenant is a customer.
type Tenant struct {
	ID        uuid.UUID
	Name      string
	Demo      bool
	CreatedAt time.Time
}

// Tenants lists the customers, oldest first. It is for the process itself, never for a caller's request.
func (s *Store) Tenants(ctx context.Context) ([]Tenant, error) {
	var out []Tenant
	err := s.inSweep(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id, name, demo, created_at FROM tenants ORDER BY created_at, id`)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowToStructByName[Tenant])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("tenants: %w", err)
	}
	return out, nil
}

// CreateTenant adds a customer. It returns ErrConflict when the id is taken.
func (s *Store) CreateTenant(ctx context.Context, t Tenant) error {
	return s.InTx(ctx, t.ID, func(tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO tenants (id, name, demo, created_at) VALUES (@id, @name, @demo, @created)`,
			pgx.StrictNamedArgs{"id": t.ID, "name": t.Name, "demo": t.Demo, "created": t.CreatedAt})
		return conflict("create tenant "+t.Name, err)
	})
}

// OwnTenant gives the customer whose rows the transaction sees.
func (tx Tx) OwnTenant(ctx context.Context) (Tenant, error) {
	rows, err := tx.Query(ctx, `SELECT id, name, demo, created_at FROM tenants WHERE id = @tenant`,
		pgx.StrictNamedArgs{"tenant": tx.tenant})
	if err != nil {
		return Tenant{}, fmt.Errorf("own tenant: %w", err)
	}
	t, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Tenant])
	return t, missing("own tenant", err)
}

// Settings gives what the organisation told the service about itself, at a moment; the zero moment means now. Before
// anybody changed one, they are the defaults.
func (tx Tx) Settings(ctx context.Context, asOf time.Time) (inventory.Settings, error) {
	settings, raw := inventory.Defaults(), []byte(nil)
	err := tx.QueryRow(ctx, `
		SELECT settings FROM settings_versions
		WHERE  tenant_id = @tenant AND valid_from <= @at
		ORDER  BY version DESC
		LIMIT  1`, pgx.StrictNamedArgs{"tenant": tx.tenant, "at": moment(asOf)}).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return settings, nil
	}
	if err == nil {
		// What an older version did not know keeps its default.
		err = json.Unmarshal(raw, &settings)
	}
	if err != nil {
		return settings, fmt.Errorf("settings: %w", err)
	}
	return settings, nil
}

// conflict turns a broken uniqueness into ErrConflict and wraps anything else with the deed.
func conflict(deed string, err error) error {
	var broken *pgconn.PgError
	if errors.As(err, &broken) && broken.Code == "23505" {
		return fmt.Errorf("%s: %w", deed, ErrConflict)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", deed, err)
	}
	return nil
}
