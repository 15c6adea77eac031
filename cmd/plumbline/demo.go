package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/cmd/plumbline/demo"
	"github.com/plumbline-posture/plumbline/collectors/schedule"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
	"github.com/plumbline-posture/plumbline/store"
)

// demoCmd serves the demo tenant: an invented company on three clouds, collected by the real collectors from recorded
// answers.
type demoCmd struct {
	databaseSettings
	listenSettings
}

// Help is printed under the flags.
func (demoCmd) Help() string {
	return `Example:
  plumbline demo

Nothing leaves this machine and no credentials are read. The demo's clock begins where its last week ends.`
}

// Run implements the command.
func (c *demoCmd) Run(ctx context.Context, s streams, log *slog.Logger) error {
	catalogue, err := catalog.Load()
	if err != nil {
		return fmt.Errorf("catalogue of this release: %w", err)
	}
	listener, err := c.listen(ctx)
	if err != nil {
		return err
	}
	db, err := c.open(ctx, demoData, log, s.err)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	err = c.serve(ctx, s, log, catalogue, db, listener)
	return errors.Join(err, db.close(ctx))
}

func (c *demoCmd) serve(ctx context.Context, s streams, log *slog.Logger, catalogue *evaluator.Catalogue, db *database, listener net.Listener) error {
	st, err := db.connect(ctx)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer st.Close()
	if err := st.Register(ctx, catalogue, time.Now().UTC()); err != nil {
		return errors.Join(err, listener.Close())
	}
	built, err := demo.Build(ctx, st, catalogue, demo.Options{Progress: func(week int, at time.Time) {
		fmt.Fprintf(s.err, "collecting week %2d of 12, %s\n", week, at.Format("2 January 2006"))
	}})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	began := time.Now()
	now := func() time.Time { return built.Now.Add(time.Since(began)).UTC() }
	judge := (&schedule.Scheduler{Store: st, Catalogue: catalogue, Now: now, Log: log}).Rejudge
	site := site{store: st, catalogue: catalogue, runner: demoRunner{}, judge: judge, now: now, log: log, tenant: built.Tenant, demo: true}
	return c.listenSettings.run(ctx, s, site, listener, db.failed())
}

// demoRunner starts nothing: the demo has no cloud behind it.
type demoRunner struct{}

var errDemo = fmt.Errorf("the demo replays recorded answers; connect an account to plumbline serve to collect: %w", store.ErrConflict)

// StartRun implements runner.
func (demoRunner) StartRun(context.Context, uuid.UUID, uuid.UUID) (uuid.UUID, error) {
	return uuid.Nil, errDemo
}

// CancelRun implements runner.
func (demoRunner) CancelRun(context.Context, uuid.UUID, uuid.UUID) error { return errDemo }
