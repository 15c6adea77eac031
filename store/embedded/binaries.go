//go:build unix

package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// oldest is the first major version that the schema works on.
const oldest = 15

// binaries is a folder that holds initdb and postgres.
type binaries struct {
	dir   string
	major int
}

// errNoBinaries names the ways out; it follows what went wrong on the last of the ways that the launcher tried itself.
var errNoBinaries = errors.New("there is no PostgreSQL to run: install PostgreSQL 15 or later, or name its folder with " +
	"--pg-bin, or set DATABASE_URL to a server of your own")

// findBinaries picks the first usable installation, or downloads one. Want is the major version of the data folder, or
// zero when there is none yet: a server of another version is never started on existing data.
func findBinaries(ctx context.Context, o Options, who account, want int) (binaries, error) {
	var others []string
	for _, dir := range o.candidates() {
		b, err := inspect(ctx, dir, who)
		switch {
		case err != nil && o.BinDir != "":
			return binaries{}, fmt.Errorf("look at --pg-bin: %w", err)
		case err != nil:
			o.Log.Debug("skip a PostgreSQL installation", "folder", dir, "reason", err)
		case want == 0 || b.major == want:
			return b, nil
		default:
			others = append(others, fmt.Sprintf("PostgreSQL %d in %s", b.major, dir))
		}
	}
	if want != 0 && (o.BinDir != "" || want != pinnedMajor) {
		return binaries{}, otherVersion(o, want, others)
	}
	dir, err := download(ctx, o)
	if err != nil {
		return binaries{}, fmt.Errorf("%w (a download was tried: %w)", errNoBinaries, err)
	}
	return inspect(ctx, dir, who)
}

// otherVersion says why existing data is left alone.
func otherVersion(o Options, want int, others []string) error {
	found := "none"
	if len(others) > 0 {
		found = strings.Join(others, ", ")
	}
	return fmt.Errorf("the data in %s was written by PostgreSQL %d, and what is here is %s: install PostgreSQL %d or name "+
		"it with --pg-bin, or dump that data and load it into a new data folder; nothing was changed",
		o.clusterDir(), want, found, want)
}

// candidates lists folders in the order of preference, each once.
func (o Options) candidates() []string {
	if o.BinDir != "" {
		return []string{o.BinDir}
	}
	var dirs []string
	add := func(dir string) {
		// A link in PATH may point at postgres alone; initdb lies beside its target.
		if file, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres")); err == nil {
			if dir = filepath.Dir(file); !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	for _, dir := range o.path {
		add(dir)
	}
	for _, pattern := range o.systemDirs {
		found, err := filepath.Glob(pattern)
		if err != nil {
			continue // only a malformed pattern
		}
		slices.SortFunc(found, func(a, b string) int { return digits(b) - digits(a) })
		for _, dir := range found {
			add(dir)
		}
	}
	add(o.cachedBinDir())
	return dirs
}

// digits reads the version out of a folder's name.
func digits(path string) int {
	n, err := strconv.Atoi(regexp.MustCompile(`\d+`).FindString(path))
	if err != nil {
		return 0
	}
	return n
}

var versionLine = regexp.MustCompile(`PostgreSQL\) (\d+)`)

// inspect asks an installation for its version, as the user that will run it.
func inspect(ctx context.Context, dir string, who account) (binaries, error) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return binaries{}, fmt.Errorf("find initdb: %w", err)
	}
	if folder := who.barredFrom(dir); folder != "" {
		return binaries{}, fmt.Errorf("user %s may not enter %s", who.name, folder)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version")
	cmd.Env = environment()
	cmd.SysProcAttr = who.attributes()
	out, err := cmd.Output()
	if err != nil {
		return binaries{}, fmt.Errorf("ask %s for its version: %w", cmd.Path, who.explain(err))
	}
	match := versionLine.FindSubmatch(out)
	if match == nil {
		return binaries{}, fmt.Errorf("ask %s for its version: it answers %q", cmd.Path, out)
	}
	major, err := strconv.Atoi(string(match[1]))
	if err != nil {
		return binaries{}, fmt.Errorf("ask %s for its version: %w", cmd.Path, err)
	}
	if major < oldest {
		return binaries{}, fmt.Errorf("%s is PostgreSQL %d, and %d is the oldest that works", cmd.Path, major, oldest)
	}
	return binaries{dir: dir, major: major}, nil
}

// environment is what Postgres and initdb get to see: none of the service's own secrets.
func environment() []string {
	env := []string{"LC_ALL=C", "TZ=UTC"}
	for _, name := range []string{"PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if value := os.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}
