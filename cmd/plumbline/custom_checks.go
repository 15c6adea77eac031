package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
)

// catalogueSettings say which checks judge.
type catalogueSettings struct {
	Checks string `help:"Folder of check files of your own; they judge beside those of the release." type:"existingdir" placeholder:"DIR" env:"PLUMBLINE_CHECKS"`
}

// load gives the catalogue of the release with the checks of the folder. A check that is wrong, or whose examples do not
// hold, stops the start.
func (c catalogueSettings) load() (*evaluator.Catalogue, error) {
	catalogue, err := catalog.Load()
	if err != nil {
		return nil, fmt.Errorf("catalogue of this release: %w", err)
	}
	if c.Checks == "" {
		return catalogue, nil
	}
	custom, problems, err := readChecks(c.Checks)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, usage(fmt.Errorf("--checks %s:\n  %s", c.Checks, strings.Join(problems, "\n  ")))
	}
	for _, check := range custom {
		check.Custom = true
	}
	if catalogue, err = catalogue.With(custom...); err != nil {
		return nil, usage(fmt.Errorf("--checks %s: %w", c.Checks, err))
	}
	return catalogue, nil
}

// readCheck reads one check file.
func readCheck(file string) (*evaluator.Check, error) {
	raw, err := os.ReadFile(file) //nolint:gosec // the caller of the command names the file
	if err != nil {
		return nil, fmt.Errorf("read check: %w", err)
	}
	check, err := evaluator.ParseCheck(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return check, nil
}

// readChecks reads every check file of a folder and runs its examples. Problems name the file and the line.
func readChecks(dir string) (checks []*evaluator.Check, problems []string, err error) {
	n, seen := 0, map[string]string{}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || (filepath.Ext(path) != ".yaml" && filepath.Ext(path) != ".yml") {
			return err
		}
		n++
		check, err := readCheck(path)
		if err != nil {
			problems = append(problems, err.Error())
			return nil
		}
		if first, twice := seen[check.ID]; twice {
			problems = append(problems, fmt.Sprintf("%s: id %s is taken by %s", path, check.ID, first))
		}
		seen[check.ID] = path
		for _, p := range check.Try() {
			problems = append(problems, path+": "+p)
		}
		checks = append(checks, check)
		return nil
	})
	switch {
	case err != nil:
		return nil, nil, usage(fmt.Errorf("read checks: %w", err))
	case n == 0:
		return nil, nil, usage(errors.New(dir + ": holds no .yaml file"))
	}
	return checks, problems, nil
}
