package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/api/auth"
	"github.com/plumbline-posture/plumbline/store"
)

// adminCmd holds first access and rescue.
type adminCmd struct {
	CreateToken createTokenCmd `cmd:"" help:"Make a token for the API and the pages. It is shown once."`
}

type createTokenCmd struct {
	databaseSettings
	Name string        `help:"What the token is for." default:"administrator" env:"PLUMBLINE_TOKEN_NAME"`
	Role string        `help:"What it may do: ${enum}." enum:"reader,editor,admin" default:"admin" env:"PLUMBLINE_TOKEN_ROLE"`
	For  time.Duration `help:"How long it is valid, such as 720h; without it, until it is revoked." placeholder:"DURATION" env:"PLUMBLINE_TOKEN_FOR"`
}

// Help is printed under the flags.
func (createTokenCmd) Help() string {
	return "Example:\n  plumbline admin create-token --name ci --role reader --for 720h\n\nWith the embedded PostgreSQL, stop the service first."
}

// Run implements the command.
func (c *createTokenCmd) Run(ctx context.Context, s streams, log *slog.Logger) error {
	if c.For < 0 {
		return usage(errors.New("--for: want a time span that is not negative, such as 720h"))
	}
	db, err := c.open(ctx, "data", log, s.err)
	if err != nil {
		return err
	}
	secret, err := c.create(ctx, db)
	if err := errors.Join(err, db.close(ctx)); err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, secret)
	return err
}

func (c *createTokenCmd) create(ctx context.Context, db *database) (string, error) {
	st, err := db.connect(ctx)
	if err != nil {
		return "", err
	}
	defer st.Close()
	now := time.Now().UTC()
	tenant, err := firstTenant(ctx, st, now)
	if err != nil {
		return "", err
	}
	secret, hash := auth.NewSecret()
	token := store.Token{ID: uuid.New(), Name: c.Name, Role: c.Role, CreatedAt: now}
	if c.For > 0 {
		until := now.Add(c.For)
		token.ExpiresAt = &until
	}
	err = st.InTx(ctx, tenant, func(tx store.Tx) error { return tx.CreateToken(ctx, token, hash) })
	return secret, err
}
