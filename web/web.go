// Package web serves the pages people read: server-rendered, complete without JavaScript. It reads the store and the
// catalogue and judges nothing; it must not know how facts are gathered, and nothing here branches on a cloud.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/api/auth"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// Runner starts and ends collections.
type Runner interface {
	// StartRun queues a collection of a scope and returns its id. ErrConflict of the store means that one is under way.
	StartRun(ctx context.Context, tenant, scope uuid.UUID) (uuid.UUID, error)
	// CancelRun asks a collection to end.
	CancelRun(ctx context.Context, tenant, run uuid.UUID) error
}

// Probe is one question of a connection test and its answer.
type Probe struct {
	What   string
	Passed bool
	// Answer is what came back, in words for people; it holds no secret.
	Answer string
}

// Connector prepares and tries connections. What it returns as an error is a fault of ours; a wrong role is a probe
// that did not pass.
type Connector interface {
	// Guides tell of each cloud how its scopes are connected, the first choice first. What they print holds the external
	// id where a cloud has such a thing.
	Guides(externalID string) ([]Guide, error)
	// Test makes the first calls of a collection. The scope need not be kept yet.
	Test(ctx context.Context, tenant uuid.UUID, scope store.Scope) ([]Probe, error)
}

// Options is what the pages need.
type Options struct {
	Store     *store.Store
	Catalogue *evaluator.Catalogue
	// Auth is the one the API uses: its sessions are the ones of the pages.
	Auth      *auth.Auth
	Runner    Runner
	Connector Connector
	// Judge queues the judging of what is due; nil leaves it to the sweep of every minute.
	Judge func(ctx context.Context, tenant uuid.UUID, cause evaluator.Cause) error
	// Demo puts a banner on every page.
	Demo bool
	// Loopback says that the service listens on this machine only and speaks plain HTTP there.
	Loopback bool
	// Now is the clock; nil means time.Now.
	Now     func() time.Time
	Version string
	// Log takes what went wrong; nil means slog.Default.
	Log *slog.Logger
}

// Server holds what every page shares.
type Server struct {
	store     *store.Store
	catalogue *evaluator.Catalogue
	// catalogues give the catalogue in force of a tenant; catalogue is the release's.
	catalogues *store.Catalogues
	auth       *auth.Auth
	runner     Runner
	connector  Connector
	judge      func(ctx context.Context, tenant uuid.UUID, cause evaluator.Cause) error
	demo       bool
	loopback   bool
	now        func() time.Time
	version    string
	log        *slog.Logger

	// names remembers what tenants are called, by id.
	names sync.Map
}

// New returns the handler of all pages and their static files.
func New(o Options) http.Handler {
	s := &Server{
		store: o.Store, catalogue: o.Catalogue, catalogues: store.NewCatalogues(o.Catalogue), auth: o.Auth, runner: o.Runner, connector: o.Connector, judge: o.Judge,
		demo: o.Demo, loopback: o.Loopback, now: o.Now, version: o.Version, log: o.Log,
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	return s.routes()
}

func (s *Server) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(s.numbered, s.guarded, middleware.Compress(5), s.recovered, http.NewCrossOriginProtection().Handler)
	r.Handle("GET /static/*", assets)
	r.Group(func(r chi.Router) {
		r.Use(s.auth.Identify)
		r.Get("/login", s.page(s.login))
		r.Post("/login", s.page(s.signIn))
		r.Post("/logout", s.page(s.signOut))
		r.Post("/theme", s.page(s.theme))
		r.NotFound(s.page(s.nowhere))
		r.Group(func(r chi.Router) {
			r.Use(s.signedIn)
			s.reading(r)
			s.editing(r)
		})
	})
	return r
}

// reading are the pages that change nothing.
func (s *Server) reading(r chi.Router) {
	r.Get("/", s.page(s.overview))
	r.Get("/history", s.page(s.history))
	r.Get("/controls", s.page(s.controls))
	r.Get("/controls/{framework}/{control}", s.page(s.control))
	r.Get("/findings", s.page(s.findings))
	r.Get("/findings/{id}", s.page(s.finding))
	r.Get("/inventory", s.page(s.inventory))
	r.Get("/inventory/{id}", s.page(s.resource))
	r.Get("/scopes", s.page(s.scopes))
	r.Get("/scopes/{id}", s.page(s.scope))
	r.Get("/runs/{id}", s.page(s.run))
	r.Get("/checks", s.page(s.checks))
	r.Get("/checks/{id}", s.page(s.check))
	r.Get("/settings", s.page(s.settings))
	r.Get("/search", s.page(s.search))
	r.Get("/start", s.page(s.start))
}

// editing are the deeds.
func (s *Server) editing(r chi.Router) {
	r.Post("/start", s.page(s.connect))
	r.Post("/settings", s.page(s.saveSettings))
	r.Post("/scopes/{id}/runs", s.page(s.startRun))
	r.Post("/runs/{id}/cancel", s.page(s.cancelRun))
}
