package main

import (
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/cmd/plumbline/demo"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/store/storetest"
)

// TestPagesInABrowser opens one page of every kind in Chromium, on the demo and on a service that has collected nothing:
// no message on the console, nothing the content policy refuses, no serious fault of accessibility, nothing wider than
// its window. The pictures are in screenshots/.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	modules := os.Getenv("PLUMBLINE_TEST_NODE_MODULES")
	if _, err := os.Stat(filepath.Join(modules, "playwright-core")); modules == "" || err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("the browser's driver is missing: run make setup")
		}
		t.Skip("the browser's driver is not here; make test fetches it")
	}
	ctx := context.Background()
	catalogue, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	open := func(t *testing.T) *store.Store {
		t.Helper()
		st, err := store.Open(ctx, storetest.DSN(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(st.Close)
		if err := st.Register(ctx, catalogue, time.Now()); err != nil {
			t.Fatal(err)
		}
		return st
	}
	picture := func(t *testing.T, s site, folder string) {
		t.Helper()
		server := httptest.NewServer(s.handler(s.tenant, true))
		defer server.Close()
		cmd := exec.CommandContext(ctx, "node", ".ci/screenshots", server.URL, folder) //nolint:gosec // fixed words
		cmd.Dir = filepath.Join("..", "..")
		cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		t.Logf("%s", out)
	}
	t.Run("full", func(t *testing.T) {
		st := open(t)
		built, err := demo.Build(ctx, st, catalogue, demo.Options{})
		if err != nil {
			t.Fatal(err)
		}
		picture(t, site{store: st, catalogue: catalogue, runner: demoRunner{}, now: func() time.Time { return built.Now }, log: log, tenant: built.Tenant, demo: true}, "demo")
	})
	t.Run("empty", func(t *testing.T) {
		st, tenant := open(t), uuid.New()
		if err := st.CreateTenant(ctx, store.Tenant{ID: tenant, Name: "Organisation", CreatedAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
		picture(t, site{store: st, catalogue: catalogue, runner: demoRunner{}, now: time.Now, log: log, tenant: tenant}, "empty")
	})
}
