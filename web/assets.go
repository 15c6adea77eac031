package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static
var staticFiles embed.FS

// asset is one static file under the name that carries the hash of its content, so that it may be kept for ever.
type asset struct {
	content []byte
	kind    string
}

// assetSet serves static files: by their hashed names for a year, by any other name not at all.
type assetSet struct {
	byName map[string]asset
	hashed map[string]string
}

var assets = loadAssets()

func loadAssets() *assetSet {
	set := &assetSet{byName: map[string]asset{}, hashed: map[string]string{}}
	err := fs.WalkDir(staticFiles, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := staticFiles.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		extension := path.Ext(name)
		plain := strings.TrimPrefix(name, "static/")
		hashed := strings.TrimSuffix(plain, extension) + "." + hex.EncodeToString(sum[:])[:10] + extension
		set.hashed[plain] = hashed
		set.byName[hashed] = asset{content, mime.TypeByExtension(extension)}
		return nil
	})
	if err != nil {
		panic(fmt.Sprintf("static files: %v", err))
	}
	return set
}

// assetPath is where a static file is served. It is an error to name one that does not exist.
func assetPath(name string) (string, error) {
	hashed, ok := assets.hashed[name]
	if !ok {
		return "", fmt.Errorf("there is no static file %q", name)
	}
	return "/static/" + hashed, nil
}

// ServeHTTP answers with one file.
func (s *assetSet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := s.byName[strings.TrimPrefix(r.URL.Path, "/static/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Content-Type", file.kind)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file.content))
}
