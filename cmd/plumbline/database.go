package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/store/embedded"
)

// databaseSettings say where the database is. Commands that need one embed them.
type databaseSettings struct {
	DatabaseURL string `name:"database-url" help:"PostgreSQL to use, as postgres://user@host/database. Without it, one is run in the data folder." placeholder:"URL" env:"PLUMBLINE_DATABASE_URL,DATABASE_URL"`
	DataDir     string `name:"data-dir" help:"Folder of the embedded PostgreSQL." placeholder:"DIR" env:"PLUMBLINE_DATA_DIR"`
	PgBin       string `name:"pg-bin" help:"Folder with initdb and postgres, for the embedded PostgreSQL." placeholder:"DIR" env:"PLUMBLINE_PG_BIN"`
	User        string `help:"System user that runs the embedded PostgreSQL when started by root." placeholder:"NAME" env:"PLUMBLINE_USER"`
}

// demoData is the folder of the demo's database.
const demoData = "demo"

// database is a database under way: the service's own, or one that was given.
type database struct {
	// owner may change the schema, service may only use it.
	owner, service string
	server         *embedded.Server
}

// folder is where the embedded database lives: below the folder that was set, or where the system keeps such things.
func (d databaseSettings) folder(name string) (string, error) {
	base := d.DataDir
	if base == "" && os.Geteuid() == 0 {
		base = "/var/lib/plumbline"
	}
	if base == "" {
		base = os.Getenv("XDG_DATA_HOME")
		if base == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", usage(errors.New("--data-dir: say where to keep the data; this user has no home folder"))
			}
			base = filepath.Join(home, ".local", "share")
		}
		base = filepath.Join(base, "plumbline")
	}
	return filepath.Join(base, name), nil
}

// open starts the embedded database unless one was given. name keeps the data of different commands apart.
func (d databaseSettings) open(ctx context.Context, name string, log *slog.Logger, progress io.Writer) (*database, error) {
	if d.DatabaseURL != "" {
		return &database{owner: d.DatabaseURL, service: d.DatabaseURL}, nil
	}
	dir, err := d.folder(name)
	if err != nil {
		return nil, err
	}
	options := embedded.Options{DataDir: dir, BinDir: d.PgBin, User: d.User, Log: log, Progress: progress}
	if name == demoData {
		// The demo can be built again: it need not wait for the disk at every step.
		options.Settings = map[string]string{"synchronous_commit": "off"}
	}
	server, err := embedded.Start(ctx, options)
	if err != nil {
		return nil, usage(fmt.Errorf("embedded PostgreSQL: %w", err))
	}
	return &database{owner: server.DSN(embedded.RoleOwner), service: server.DSN(embedded.RoleService), server: server}, nil
}

// connect brings the schema up to date and connects the service.
func (d *database) connect(ctx context.Context) (*store.Store, error) {
	if err := store.Migrate(ctx, d.owner); err != nil {
		return nil, fmt.Errorf("bring the schema up to date: %w", err)
	}
	return store.Open(ctx, d.service)
}

// close stops the embedded database, if there is one.
func (d *database) close(ctx context.Context) error {
	if d.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	return d.server.Stop(ctx)
}

// failed is closed when the embedded database ends by itself; nil when there is none.
func (d *database) failed() <-chan struct{} {
	if d.server == nil {
		return nil
	}
	return d.server.Done()
}
