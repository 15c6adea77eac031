package main

import (
	"fmt"

	"github.com/plumbline-posture/plumbline/evaluator/catalog"
)

type versionCmd struct{}

// Help is printed under the flags.
func (versionCmd) Help() string { return "Example:\n  plumbline version" }

// Run implements the command.
func (versionCmd) Run(s streams) error {
	catalogue, err := catalog.Load()
	if err != nil {
		return fmt.Errorf("catalogue of this release: %w", err)
	}
	_, err = fmt.Fprintf(s.out, "plumbline %s\ncommit    %s\ncatalogue %s (%d checks)\n", version, revision(), catalogue.Version, len(catalogue.Checks))
	return err
}
