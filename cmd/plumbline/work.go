package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/schedule"
)

// workCmd works jobs without answering requests. Any number of them may share one database.
type workCmd struct {
	catalogueSettings
	DatabaseURL string `name:"database-url" help:"PostgreSQL the service uses, as postgres://user@host/database." placeholder:"URL" env:"PLUMBLINE_DATABASE_URL,DATABASE_URL"`
	Collections int    `help:"How many scopes are collected at once." default:"4" env:"PLUMBLINE_COLLECTIONS"`
}

// Help is printed under the flags.
func (workCmd) Help() string {
	return "Example:\n  plumbline work --database-url postgres://plumbline@db.internal/plumbline"
}

// Run implements the command.
func (c *workCmd) Run(ctx context.Context, log *slog.Logger) error {
	if c.DatabaseURL == "" {
		return usage(errors.New("--database-url: say which database the service uses; workers do not run one of their own"))
	}
	catalogue, err := c.load()
	if err != nil {
		return err
	}
	db := &database{owner: c.DatabaseURL, service: c.DatabaseURL}
	st, err := db.connect(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	now := func() time.Time { return time.Now().UTC() }
	if err := st.Register(ctx, catalogue, now()); err != nil {
		return err
	}
	s := &schedule.Scheduler{Store: st, Catalogue: catalogue, Open: openLogged(log), Now: now, Log: log, Collections: c.Collections}
	if err := s.Start(ctx, true); err != nil {
		return err
	}
	log.Info("working", "collections", c.Collections)
	<-ctx.Done()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	return s.Stop(stop)
}
