package main

import (
	"fmt"

	"github.com/plumbline-posture/plumbline/collectors/aws"
)

type permissionsCmd struct {
	Cloud  string `arg:"" help:"Cloud: aws." enum:"aws"`
	Format string `help:"How the rights are written: ${enum}." enum:"json,terraform,cloudformation" default:"json" env:"PLUMBLINE_PERMISSIONS_FORMAT"`
}

// Help is printed under the flags.
func (permissionsCmd) Help() string {
	return "Example:\n  plumbline permissions aws --format cloudformation > plumbline-role.yaml"
}

// Run implements the command.
func (c *permissionsCmd) Run(s streams) error {
	out, err := aws.Policy(c.Format)
	if err != nil {
		return usage(err)
	}
	if _, err := s.out.Write(out); err != nil {
		return fmt.Errorf("print the rights: %w", err)
	}
	return nil
}
