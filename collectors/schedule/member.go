package schedule

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/store"
)

// follow finds what lies in an organisation and makes scopes of it. Those that joined or came back are collected at
// once, and when somebody asked for the organisation to be collected, so is everything in it. A listing that is not
// complete changes nothing: its row of the ledger says why.
func (c collector) follow(ctx context.Context, job Collect, p *pipeline.Pipeline, o pipeline.Organization) error {
	members, complete, err := p.Members(ctx, o)
	if err != nil || !complete {
		return err
	}
	now := c.Now()
	var followed store.Followed
	err = c.Store.InTx(ctx, job.Tenant, func(tx store.Tx) error {
		parent, err := tx.LockScope(ctx, job.Scope)
		if errors.Is(err, store.ErrNotFound) {
			return nil // it was removed meanwhile
		}
		if err != nil {
			return err
		}
		next, err := Next(parent.Schedule, now)
		if err != nil {
			return err
		}
		if followed, err = tx.FollowMembers(ctx, parent, members, pipeline.Missing(o), next, now); err != nil {
			return err
		}
		return c.queueMembers(ctx, tx, job, followed)
	})
	if err != nil {
		return fmt.Errorf("follow the members of %s: %w", o.Scope(), err)
	}
	c.Log.Info("members followed", "scope", o.Scope(), "listed", len(members), "begun", len(followed.Begun),
		"left", len(followed.Left))
	return nil
}

// queueMembers queues the collections that the run of an organisation sets off. What is being collected already is left
// to it.
func (c collector) queueMembers(ctx context.Context, tx store.Tx, job Collect, followed store.Followed) error {
	run, err := tx.Run(ctx, job.Run)
	if err != nil {
		return err
	}
	due := followed.Begun
	if run.Trigger == "request" {
		if due, err = tx.OpenMembers(ctx, job.Scope); err != nil {
			return err
		}
	}
	for _, scope := range due {
		if err := c.queue(ctx, tx, uuid.New(), scope, run.Trigger); err != nil && !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return nil
}
