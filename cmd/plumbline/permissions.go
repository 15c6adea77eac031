package main

import (
	"encoding/json"

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
	return json.NewEncoder(s.out).Encode(aws.Permissions())
}
