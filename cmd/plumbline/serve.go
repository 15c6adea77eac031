package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"gopkg.in/yaml.v3"

	"github.com/plumbline-posture/plumbline/api"
	"github.com/plumbline-posture/plumbline/api/auth"
	"github.com/plumbline-posture/plumbline/collectors/schedule"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/web"
)

// listenSettings say where the service answers and who may come in.
type listenSettings struct {
	Listen string `help:"Address and port to answer on. Other addresses than loopback need a token." default:"127.0.0.1:8080" env:"PLUMBLINE_LISTEN"`
	Token  string `help:"Token that opens the API and the pages as administrator. Others are made by admin create-token." placeholder:"SECRET" env:"PLUMBLINE_TOKEN"`
}

// serveCmd is the whole service in one process.
type serveCmd struct {
	databaseSettings
	listenSettings
	catalogueSettings
	Collections int  `help:"How many scopes are collected at once." default:"4" env:"PLUMBLINE_COLLECTIONS"`
	PrintConfig bool `name:"print-config" help:"Print the settings in force, secrets masked, and end."`
}

// Help is printed under the flags.
func (serveCmd) Help() string {
	return `Example:
  plumbline serve --listen 127.0.0.1:8080

Listens on loopback and lets everybody there in until a token exists; after that, everybody needs one.`
}

// Run implements the command.
func (c *serveCmd) Run(ctx context.Context, s streams, log *slog.Logger) error {
	if c.PrintConfig {
		return printSettings(s, c)
	}
	if c.Collections < 1 || c.Collections > 64 {
		return usage(fmt.Errorf("--collections %d: want a number from 1 to 64", c.Collections))
	}
	catalogue, err := c.load()
	if err != nil {
		return err
	}
	listener, err := c.listen(ctx)
	if err != nil {
		return err
	}
	db, err := c.open(ctx, "data", log, s.err)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	err = c.serve(ctx, s, log, catalogue, db, listener)
	return errors.Join(err, db.close(ctx))
}

func (c *serveCmd) serve(ctx context.Context, s streams, log *slog.Logger, catalogue *evaluator.Catalogue, db *database, listener net.Listener) error {
	st, err := db.connect(ctx)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer st.Close()
	now := func() time.Time { return time.Now().UTC() }
	tenant, err := firstTenant(ctx, st, now())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := st.Register(ctx, catalogue, now()); err != nil {
		return errors.Join(err, listener.Close())
	}
	scheduler := &schedule.Scheduler{Store: st, Catalogue: catalogue, Open: openLogged(log), Now: now, Log: log, Collections: c.Collections}
	if err := scheduler.Start(ctx, true); err != nil {
		return errors.Join(err, listener.Close())
	}
	site := site{store: st, catalogue: catalogue, runner: scheduler, judge: scheduler.Judge, now: now, log: log, tenant: tenant}
	err = c.listenSettings.run(ctx, s, site, listener, db.failed())
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	return errors.Join(err, scheduler.Stop(stop))
}

// listen takes the port first: one that is in use ends the start before anything is written.
func (l listenSettings) listen(ctx context.Context) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(l.Listen); err != nil {
		return nil, usage(fmt.Errorf("--listen %q: want an address and a port, such as 127.0.0.1:8080", l.Listen))
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", l.Listen)
	if err != nil {
		return nil, usage(fmt.Errorf("--listen %s: the port cannot be taken; end what uses it or choose another: %w", l.Listen, err))
	}
	return listener, nil
}

// runner starts and ends collections.
type runner interface {
	StartRun(ctx context.Context, tenant, scope uuid.UUID) (uuid.UUID, error)
	CancelRun(ctx context.Context, tenant, run uuid.UUID) error
}

// site is what answers requests.
type site struct {
	store     *store.Store
	catalogue *evaluator.Catalogue
	runner    runner
	// judge works out again what is due soon after a change of checks or settings.
	judge  func(ctx context.Context, tenant uuid.UUID, cause evaluator.Cause) error
	now    func() time.Time
	log    *slog.Logger
	tenant uuid.UUID
	demo   bool
}

// run answers until the context or the database ends.
func (l listenSettings) run(ctx context.Context, s streams, site site, listener net.Listener, failed <-chan struct{}) error {
	loopback := isLoopback(listener.Addr())
	anonymous, err := l.admit(ctx, site, loopback)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: site.handler(anonymous, loopback), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(site.log.Handler(), slog.LevelWarn)}
	fmt.Fprintf(s.err, "Plumbline answers on http://%s\n", listener.Addr())
	if anonymous != uuid.Nil {
		fmt.Fprintln(s.err, "No token exists, so it listens on loopback only and lets everybody there in. Make one with: plumbline admin create-token")
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err = <-ended:
	case <-failed:
		err = errors.New("the embedded PostgreSQL has ended; see the log, then start again")
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, server.Shutdown(stop))
}

// admit decides who comes in without a token: whoever is on loopback, as long as no token exists. An address that others
// can reach needs one.
func (l listenSettings) admit(ctx context.Context, site site, loopback bool) (uuid.UUID, error) {
	if l.Token != "" {
		if len(l.Token) < 20 {
			return uuid.Nil, usage(errors.New("--token: want at least 20 characters, or leave it out and use admin create-token"))
		}
		if err := keepToken(ctx, site.store, site.tenant, "settings", l.Token, site.now()); err != nil {
			return uuid.Nil, err
		}
		return uuid.Nil, nil
	}
	var tokens int64
	err := site.store.InTx(ctx, site.tenant, func(tx store.Tx) (err error) {
		tokens, err = tx.TokenCount(ctx)
		return err
	})
	switch {
	case err != nil:
		return uuid.Nil, err
	case tokens == 0 && !loopback:
		return uuid.Nil, usage(fmt.Errorf("--listen %s: others can reach this address and no token exists; make one with admin create-token, set PLUMBLINE_TOKEN, or listen on 127.0.0.1", l.Listen))
	case tokens == 0 || site.demo && loopback:
		return site.tenant, nil
	default:
		return uuid.Nil, nil
	}
}

func (s site) handler(anonymous uuid.UUID, loopback bool) http.Handler {
	who := auth.New(s.store, auth.Options{Anonymous: anonymous, Now: s.now, Logger: s.log})
	rest := api.New(api.Options{
		Store: s.store, Catalogue: s.catalogue, Runner: s.runner, Connector: apiConnector{}, Judge: s.judge, Auth: who, Logger: s.log, Now: s.now, Version: version,
	})
	pages := web.New(web.Options{
		Store: s.store, Catalogue: s.catalogue, Auth: who, Runner: s.runner, Connector: pageConnector{}, Judge: s.judge, Demo: s.demo, Loopback: loopback,
		Now: s.now, Version: version, Log: s.log,
	})
	mux := http.NewServeMux()
	for _, path := range []string{"/v1/", "/openapi.json", "/openapi.yaml", "/docs", "/docs/", "/healthz", "/readyz", "/metrics"} {
		mux.Handle(path, rest)
	}
	mux.Handle("/", pages)
	return mux
}

func isLoopback(addr net.Addr) bool {
	a, err := netip.ParseAddrPort(addr.String())
	return err == nil && a.Addr().Unmap().IsLoopback()
}

// firstTenant is the oldest customer; on a new database one is made.
func firstTenant(ctx context.Context, st *store.Store, now time.Time) (uuid.UUID, error) {
	tenants, err := st.Tenants(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	for _, t := range tenants {
		if !t.Demo {
			return t.ID, nil
		}
	}
	t := store.Tenant{ID: uuid.New(), Name: "Organisation", CreatedAt: now}
	return t.ID, st.CreateTenant(ctx, t)
}

// keepToken makes the token of the settings known, once.
func keepToken(ctx context.Context, st *store.Store, tenant uuid.UUID, name, secret string, now time.Time) error {
	hash := sha256.Sum256([]byte(secret))
	_, err := st.TokenByHash(ctx, hash[:])
	if err == nil {
		return nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return st.InTx(ctx, tenant, func(tx store.Tx) error {
		return tx.CreateToken(ctx, store.Token{ID: uuid.New(), Name: name, Role: string(auth.Admin), CreatedAt: now}, hash[:])
	})
}

// printSettings prints what is in force, secrets masked.
func printSettings(s streams, c *serveCmd) error {
	token := ""
	if c.Token != "" {
		token = "(set)"
	}
	enc := yaml.NewEncoder(s.out)
	defer func() { _ = enc.Close() }()
	return enc.Encode(map[string]map[string]any{"serve": {
		"listen": c.Listen, "token": token, "database-url": maskURL(c.DatabaseURL), "data-dir": c.DataDir, "pg-bin": c.PgBin,
		"user": c.User, "collections": c.Collections, "checks": c.Checks,
	}})
}
