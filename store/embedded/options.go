// Package embedded runs a private Postgres beside the service, for whoever has given it no database. It knows nothing
// of the schema, and never deletes what it finds in a data folder.
package embedded

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
)

const (
	// RoleOwner owns the database and runs the migrations.
	RoleOwner = "plumbline_owner"
	// RoleService is what the service connects as: an ordinary role, so that row security binds it.
	RoleService = "plumbline"
	// Database is the one the service uses.
	Database = "plumbline"

	// superuser is the role that initdb makes; only this package connects as it.
	superuser = "postgres"
)

// Options say where the server lives. Only DataDir is required.
type Options struct {
	// DataDir holds the cluster, the socket and the lock. It is made when absent.
	DataDir string
	// BinDir is the folder with initdb and postgres; when set, no other is tried.
	BinDir string
	// CacheDir keeps downloaded binaries. Default: the user's cache folder, for root /var/cache/plumbline.
	CacheDir string
	// User is the system user that runs Postgres when the caller is root, which Postgres refuses to be. Default: the
	// owner of the cluster, else postgres, else nobody.
	User string
	// Log receives what Postgres prints, at debug level, and what the launcher decides. Default: nothing is logged.
	Log *slog.Logger
	// Progress receives a line for each step that takes long, for people who wait. Default: none.
	Progress io.Writer
	// Settings override Postgres settings. Turn fsync off only for data that may be lost.
	Settings map[string]string

	// path and systemDirs are where installed binaries are looked for; tests empty them.
	path       []string
	systemDirs []string
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if o.path == nil {
		o.path = filepath.SplitList(os.Getenv("PATH"))
	}
	if o.systemDirs == nil {
		o.systemDirs = []string{
			"/usr/lib/postgresql/*/bin",
			"/usr/pgsql-*/bin",
			"/opt/homebrew/opt/postgresql@*/bin",
			"/usr/local/opt/postgresql@*/bin",
		}
	}
	if o.CacheDir == "" {
		o.CacheDir = defaultCacheDir(o.DataDir)
	}
	return o
}

// defaultCacheDir is outside root's home, which the user that Postgres runs as could not enter.
func defaultCacheDir(dataDir string) string {
	if os.Geteuid() == 0 {
		return "/var/cache/plumbline"
	}
	if dir, err := os.UserCacheDir(); err == nil {
		return filepath.Join(dir, "plumbline")
	}
	return filepath.Join(dataDir, "cache")
}
