package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/plumbline-posture/plumbline/evaluator/catalog"
)

//go:generate go run . checks reference ../../docs

// checksReferenceCmd writes the reference pages into the repository.
type checksReferenceCmd struct {
	Dir string `arg:"" help:"Folder of the documents." type:"existingdir"`
}

// Help is printed under the flags.
func (checksReferenceCmd) Help() string { return "Example:\n  plumbline checks reference docs" }

// Run implements the command. Pages of checks that are gone are removed.
func (c *checksReferenceCmd) Run() error {
	catalogue, err := catalog.Load()
	if err != nil {
		return fmt.Errorf("catalogue of this release: %w", err)
	}
	pages := catalog.Reference(catalogue)
	for _, p := range providers {
		for file, format := range p.documents {
			rights, err := p.policy(format)
			if err != nil {
				return fmt.Errorf("rights on %s: %w", p.cloud.Title(), err)
			}
			pages["permissions/"+file] = string(rights)
		}
	}
	if err := removeStale(filepath.Join(c.Dir, "checks"), pages); err != nil {
		return err
	}
	for name, text := range pages {
		path := filepath.Join(c.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path),
			0o755); err != nil { //nolint:gosec // documents are for everybody to read
			return fmt.Errorf("write %s: %w", name, err)
		}
		if err := os.WriteFile(path, []byte(text),
			0o644); err != nil { //nolint:gosec // documents are for everybody to read
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// removeStale removes the pages of a folder that are no longer written.
func removeStale(dir string, pages map[string]string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the pages that stand: %w", err)
	}
	for _, e := range entries {
		if _, stays := pages["checks/"+e.Name()]; stays || filepath.Ext(e.Name()) != ".md" {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("remove a page that is no longer written: %w", err)
		}
	}
	return nil
}
