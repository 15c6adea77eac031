package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/plumbline-posture/plumbline/collectors/aws"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
)

// connect reaches every scope the scan asks for. closeAll ends what was opened, such as recordings.
func (c *scanCmd) connect(ctx context.Context) (gatherers []pipeline.Gatherer, closeAll func() error, err error) {
	connection := aws.Connection{RoleARN: c.RoleARN, ExternalID: c.ExternalID, Regions: c.Region}
	closeAll = func() error { return nil }
	if len(c.Scope) > 1 {
		return nil, nil, usage(errors.New("--scope: one set of AWS credentials reaches one account; scan one scope at a time"))
	}
	if len(c.Scope) == 1 {
		connection.Account = inventory.ScopeID(c.Scope[0]).Account()
	}
	account, err := aws.Connect(ctx, connection)
	if err != nil {
		return nil, nil, usage(fmt.Errorf("connect to AWS: %w", err))
	}
	return []pipeline.Gatherer{account}, closeAll, nil
}
