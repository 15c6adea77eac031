package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/plumbline-posture/plumbline/collectors/aws"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
)

// connect reaches every scope the scan asks for. closeAll ends what was opened, such as recordings.
func (c *scanCmd) connect(ctx context.Context, log *slog.Logger) (gatherers []pipeline.Gatherer, closeAll func() error, err error) {
	connection := aws.Connection{RoleARN: c.RoleARN, ExternalID: c.ExternalID, Regions: c.Region, Attempts: c.Attempts, Log: log}
	if len(c.Scope) > 1 {
		return nil, nil, usage(errors.New("--scope: one set of AWS credentials reaches one account; scan one scope at a time"))
	}
	if len(c.Scope) == 1 {
		connection.Account = inventory.ScopeID(c.Scope[0]).Account()
	}
	account, closeAll, err := c.connectAWS(ctx, connection)
	switch {
	case errors.Is(err, aws.ErrUnreachable) || ctx.Err() != nil:
		return nil, nil, fmt.Errorf("connect to AWS: %w", err)
	case err != nil:
		return nil, nil, usage(fmt.Errorf("connect to AWS: %w", err))
	}
	return []pipeline.Gatherer{account}, closeAll, nil
}

// connectAWS reaches the account itself, or a recording of it.
func (c *scanCmd) connectAWS(ctx context.Context, connection aws.Connection) (account *aws.Account, closeAll func() error, err error) {
	switch {
	case c.Record != "":
		return aws.ConnectRecording(ctx, connection, c.Record)
	case c.Replay != "":
		account, err = aws.ConnectReplay(ctx, connection, c.Replay)
	default:
		account, err = aws.Connect(ctx, connection)
	}
	return account, func() error { return nil }, err
}
