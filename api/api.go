// Package api serves the REST contract: one struct per request and answer, which is also its OpenAPI document. It reads
// the store and judges nothing; what has to be set in motion it asks for through small interfaces.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/api/auth"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// Runner starts and ends collections.
type Runner interface {
	// StartRun queues a collection of a scope and returns its id. ErrConflict of the store means that one is under way.
	StartRun(ctx context.Context, tenant, scope uuid.UUID) (uuid.UUID, error)
	// CancelRun asks a collection to end. ErrConflict of the store means that it has ended already.
	CancelRun(ctx context.Context, tenant, run uuid.UUID) error
}

// Probe is one question of a connection test and its answer.
type Probe struct {
	What   string `json:"what" doc:"What was tried."`
	Passed bool   `json:"passed"`
	Answer string `json:"answer" doc:"What came back, in words; never a secret."`
}

// Connector tries connections.
type Connector interface {
	// Test makes the first calls of a collection. A wrong role is a probe that did not pass, not an error.
	Test(ctx context.Context, tenant uuid.UUID, scope store.Scope) ([]Probe, error)
}

// Options is what the API needs.
type Options struct {
	Store     *store.Store
	Catalogue *evaluator.Catalogue
	Runner    Runner
	Connector Connector
	// Judge queues the judging of what a cause concerns; nil leaves it to the sweep of every minute.
	Judge func(ctx context.Context, tenant uuid.UUID, cause evaluator.Cause) error
	Auth  *auth.Auth
	// Logger takes requests and faults; nil means slog.Default.
	Logger *slog.Logger
	// Now is the clock; nil means time.Now.
	Now     func() time.Time
	Version string
	// RequestsPerMinute bounds each caller; 0 means 1200.
	RequestsPerMinute int
}

// Server holds what every handler shares.
type Server struct {
	store *store.Store
	// catalogue is that of the release; catalogues give the one in force of a tenant.
	catalogue  *evaluator.Catalogue
	catalogues *store.Catalogues
	runner     Runner
	connector  Connector
	judge      func(ctx context.Context, tenant uuid.UUID, cause evaluator.Cause) error
	auth       *auth.Auth
	log        *slog.Logger
	now        func() time.Time
	version    string
	perMinute  int
	metrics    *metrics
	api        huma.API
}

// New returns the handler of /v1, /openapi.json, /docs, /healthz, /readyz and /metrics. It answers any other path with
// a problem, so whoever mounts it beside the pages sends it these paths only.
func New(o Options) http.Handler {
	s := &Server{store: o.Store, catalogue: o.Catalogue, catalogues: store.NewCatalogues(o.Catalogue), judge: o.Judge, runner: o.Runner, connector: o.Connector, auth: o.Auth,
		log: o.Logger, now: o.Now, version: o.Version, perMinute: o.RequestsPerMinute, metrics: newMetrics()}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.perMinute == 0 {
		s.perMinute = 1200
	}
	return s.routes()
}

func (s *Server) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(s.numbered, s.recorded, s.recovered, s.sameOrigin, guarded)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, r, http.StatusNotFound, "There is no such route; /docs lists them.")
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, r, http.StatusMethodNotAllowed, "The route does not take this method; /docs lists what it takes.")
	})
	r.Get("/healthz", s.healthz)
	r.Get("/readyz", s.readyz)
	r.Get("/metrics", s.serveMetrics)
	r.Get("/docs", s.docs)
	r.Get("/docs/docs.css", docsStyle)
	r.Group(func(r chi.Router) {
		r.Use(s.auth.Identify, s.limited(), s.signedIn, tagged)
		s.api = humachi.New(r, s.config())
		s.operations()
	})
	describeProblems(s.api.OpenAPI())
	return r
}

// config is the OpenAPI document before the operations are in it.
func (s *Server) config() huma.Config {
	c := huma.DefaultConfig("Plumbline", s.version)
	c.Info.Description = "Posture of cloud estates against controls. Unknown is never a pass: every score stands with its coverage and its formula."
	c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", nil
	c.RejectUnknownQueryParameters = true
	c.Transformers = []huma.Transformer{explain}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", Description: "A token of POST /v1/tokens."},
	}
	return c
}

// operations lists every route of the contract that this package serves.
func (s *Server) operations() {
	get(s, "/v1/scores", "List the scores", s.listScores)
	get(s, "/v1/scores/history", "Show the line of a score", s.scoreHistory)
	get(s, "/v1/frameworks", "List the frameworks", s.listFrameworks)
	get(s, "/v1/frameworks/{framework}/controls", "List the controls of a framework with their status", s.listControls)
	get(s, "/v1/frameworks/{framework}/controls/{id}", "Show a control", s.showControl)
	get(s, "/v1/findings", "List findings", s.listFindings)
	get(s, "/v1/findings/{id}", "Show a finding", s.showFinding)
	get(s, "/v1/findings/{id}/events", "List what happened to a finding", s.listFindingEvents)
	get(s, "/v1/resources", "List the inventory", s.listResources)
	get(s, "/v1/resources/{id}", "Show a resource with its facts", s.showResource)
	get(s, "/v1/resources/{id}/versions", "List the versions of a resource", s.listVersions)
	get(s, "/v1/resources/{id}/diff", "Compare a resource at two moments", s.diffResource)
	get(s, "/v1/resources/{id}/paths", "Show how the internet reaches a resource", s.showPaths)
	get(s, "/v1/checks", "List the checks with their counts", s.listChecks)
	get(s, "/v1/checks/{id}", "Show a check", s.showCheck)
	post(s, "/v1/checks", "Add a check of your own", auth.Editor, http.StatusCreated, s.createCheck)
	post(s, "/v1/checks/try", "Try a check on a resource", auth.Reader, http.StatusOK, s.tryCheck)
	remove(s, "/v1/checks/{id}", "Remove a check of your own", auth.Editor, s.removeCheck)
	get(s, "/v1/settings", "Show the settings", s.showSettings)
	put(s, "/v1/settings", "Change the settings", auth.Admin, s.putSettings)
	get(s, "/v1/scopes", "List the scopes", s.listScopes)
	post(s, "/v1/scopes", "Connect a scope", auth.Editor, http.StatusCreated, s.createScope)
	get(s, "/v1/scopes/{id}", "Show a scope", s.showScope)
	patch(s, "/v1/scopes/{id}", "Change a scope", auth.Editor, s.updateScope)
	remove(s, "/v1/scopes/{id}", "Stop collecting a scope", auth.Editor, s.removeScope)
	post(s, "/v1/scopes/{id}/test", "Test the connection of a scope", auth.Editor, http.StatusOK, s.testScope)
	post(s, "/v1/scopes/{id}/runs", "Start a run", auth.Editor, http.StatusAccepted, s.startRun)
	get(s, "/v1/runs", "List runs", s.listRuns)
	get(s, "/v1/runs/{id}", "Show a run with its ledger", s.showRun)
	post(s, "/v1/runs/{id}/cancel", "Cancel a run", auth.Editor, http.StatusAccepted, s.cancelRun)
	get(s, "/v1/me", "Show who is asking", s.showMe)
	admin(s, "/v1/tokens", "List the tokens", s.listTokens)
	post(s, "/v1/tokens", "Create a token", auth.Admin, http.StatusCreated, s.createToken)
	remove(s, "/v1/tokens/{id}", "Revoke a token", auth.Admin, s.revokeToken)
}
