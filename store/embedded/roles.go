package embedded

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// roles makes the two roles, or mends their attributes: a service role that row security does not bind would show one
// tenant's rows to another.
const roles = `
DO $$
BEGIN
	PERFORM pg_advisory_xact_lock(7073746);
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'plumbline_owner') THEN
		CREATE ROLE plumbline_owner;
	END IF;
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'plumbline') THEN
		CREATE ROLE plumbline;
	END IF;
	ALTER ROLE plumbline_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
	ALTER ROLE plumbline       LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
END
$$`

// privileges let the service read and write what the owner makes, and nothing else.
const privileges = `
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO plumbline;
GRANT USAGE, CREATE ON SCHEMA public TO plumbline_owner;
ALTER DEFAULT PRIVILEGES FOR ROLE plumbline_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO plumbline;
ALTER DEFAULT PRIVILEGES FOR ROLE plumbline_owner GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO plumbline`

// Provision makes the two roles and the named database, all of them only when absent. It connects as config says,
// which must be a superuser, and may be called again at any time.
func Provision(ctx context.Context, config *pgx.ConnConfig, database string) error {
	err := inDatabase(ctx, config, config.Database, func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, roles); err != nil {
			return fmt.Errorf("make the roles: %w", err)
		}
		return makeDatabase(ctx, conn, database)
	})
	if err != nil {
		return err
	}
	return inDatabase(ctx, config, database, func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, privileges); err != nil {
			return fmt.Errorf("grant the service its rights: %w", err)
		}
		return nil
	})
}

func makeDatabase(ctx context.Context, conn *pgx.Conn, name string) error {
	var there bool
	err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&there)
	if err != nil {
		return fmt.Errorf("look for database %s: %w", name, err)
	}
	if there {
		return nil
	}
	create := "CREATE DATABASE " + pgx.Identifier{name}.Sanitize() + " OWNER " + RoleOwner
	if _, err := conn.Exec(ctx, create); err != nil {
		return fmt.Errorf("make database %s: %w", name, err)
	}
	return nil
}

// inDatabase runs a function on a connection of its own.
func inDatabase(ctx context.Context, config *pgx.ConnConfig, database string, do func(*pgx.Conn) error) error {
	config = config.Copy()
	config.Database = database
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connect to database %s: %w", database, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return do(conn)
}
