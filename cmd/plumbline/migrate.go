package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"text/tabwriter"

	"github.com/plumbline-posture/plumbline/store"
)

// migrateCmd holds the commands about the schema.
type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" help:"Bring the schema up to this release."`
	Down   migrateDownCmd   `cmd:"" help:"Take the newest migration back, with what its tables hold."`
	Status migrateStatusCmd `cmd:"" help:"List the migrations and which of them the database has."`
}

type migrateUpCmd struct{ databaseSettings }

// Help is printed under the flags.
func (migrateUpCmd) Help() string {
	return "Example:\n  plumbline migrate up --database-url postgres://owner@localhost/plumbline"
}

// Run implements the command.
func (c *migrateUpCmd) Run(ctx context.Context, s streams, log *slog.Logger) error {
	return c.with(ctx, s, log, func(dsn string) error { return store.Migrate(ctx, dsn) })
}

type migrateDownCmd struct{ databaseSettings }

// Help is printed under the flags.
func (migrateDownCmd) Help() string {
	return "Example:\n  plumbline migrate down --database-url postgres://owner@localhost/plumbline"
}

// Run implements the command.
func (c *migrateDownCmd) Run(ctx context.Context, s streams, log *slog.Logger) error {
	return c.with(ctx, s, log, func(dsn string) error { return store.MigrateDown(ctx, dsn) })
}

type migrateStatusCmd struct{ databaseSettings }

// Help is printed under the flags.
func (migrateStatusCmd) Help() string { return "Example:\n  plumbline migrate status" }

// Run implements the command.
func (c *migrateStatusCmd) Run(ctx context.Context, s streams, log *slog.Logger) error {
	return c.with(ctx, s, log, func(dsn string) error {
		states, err := store.MigrationStates(ctx, dsn)
		if err != nil {
			return err
		}
		t := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
		for _, m := range states {
			state := "pending"
			if m.Applied {
				state = "applied"
			}
			fmt.Fprintf(t, "%05d\t%s\t%s\n", m.Version, state, m.Name)
		}
		return t.Flush()
	})
}

// with runs a deed as the owner of the schema.
func (d databaseSettings) with(ctx context.Context, s streams, log *slog.Logger, deed func(dsn string) error) error {
	db, err := d.open(ctx, "data", log, s.err)
	if err != nil {
		return err
	}
	return errors.Join(deed(db.owner), db.close(ctx))
}
