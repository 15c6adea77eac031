package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // goose speaks database/sql
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/plumbline-posture/plumbline/migrations"
)

// ServiceRole is the ordinary role the service connects as where the owner of the schema is another one.
const ServiceRole = "plumbline"

// MigrationState is one migration and whether the database has it.
type MigrationState struct {
	Version int64
	Name    string
	Applied bool
}

// Migrate brings the schema up to this release and lets the service role use it. Several processes may call it at
// once: a session lock lets one through at a time.
func Migrate(ctx context.Context, dsn string) error {
	return withProvider(ctx, dsn, func(db *sql.DB, p *goose.Provider) error {
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("migrate up: %w", err)
		}
		return grant(ctx, db)
	})
}

// MigrateDown takes the newest migration back. It deletes what the migration's tables hold.
func MigrateDown(ctx context.Context, dsn string) error {
	return withProvider(ctx, dsn, func(_ *sql.DB, p *goose.Provider) error {
		if _, err := p.Down(ctx); err != nil {
			return fmt.Errorf("migrate down: %w", err)
		}
		return nil
	})
}

// MigrationStates lists the migrations of this release, oldest first.
func MigrationStates(ctx context.Context, dsn string) ([]MigrationState, error) {
	var out []MigrationState
	err := withProvider(ctx, dsn, func(_ *sql.DB, p *goose.Provider) error {
		states, err := p.Status(ctx)
		if err != nil {
			return fmt.Errorf("migration status: %w", err)
		}
		for _, s := range states {
			out = append(out, MigrationState{Version: s.Source.Version, Name: s.Source.Path, Applied: s.State == goose.StateApplied})
		}
		return nil
	})
	return out, err
}

func withProvider(ctx context.Context, dsn string, fn func(*sql.DB, *goose.Provider) error) (err error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return fmt.Errorf("database settings: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("migration lock: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return fn(db, p)
}

// grant lets the service role read and write rows; it may not change the schema. Where the role does not exist, the
// owner is the one who serves.
func grant(ctx context.Context, db *sql.DB) error {
	var exists bool
	err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1 AND rolname <> current_user)`, ServiceRole).Scan(&exists)
	if err != nil {
		return fmt.Errorf("look for the service role: %w", err)
	}
	if !exists {
		return nil
	}
	role := pgx.Identifier{ServiceRole}.Sanitize()
	for _, statement := range []string{
		`GRANT USAGE ON SCHEMA public TO ` + role,
		`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ` + role,
		`GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ` + role,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("let %s use the schema: %w", ServiceRole, err)
		}
	}
	return nil
}
