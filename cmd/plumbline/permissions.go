package main

import (
	"fmt"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

type permissionsCmd struct {
	Cloud  string `arg:"" help:"Cloud: ${clouds}." enum:"${clouds}"`
	Format string `help:"How the rights are written: json, terraform, cloudformation and kubernetes (aws), bicep (azure), gcloud (gcp)." enum:"${formats}" default:"json" env:"PLUMBLINE_PERMISSIONS_FORMAT"`
}

// Help is printed under the flags.
func (permissionsCmd) Help() string {
	return `Example:
  plumbline permissions aws --format cloudformation > plumbline-role.yaml
  plumbline permissions aws --format kubernetes | kubectl apply -f -
  plumbline permissions azure --format bicep > plumbline-role.bicep`
}

// Run implements the command.
func (c *permissionsCmd) Run(s streams) error {
	p, err := providerOf(inventory.Cloud(c.Cloud))
	if err != nil {
		return usage(err)
	}
	out, err := p.policy(c.Format)
	if err != nil {
		return usage(err)
	}
	if _, err := s.out.Write(out); err != nil {
		return fmt.Errorf("print the rights: %w", err)
	}
	return nil
}
