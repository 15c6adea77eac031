package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/api"
	"github.com/plumbline-posture/plumbline/api/auth"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/store/storetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { storetest.Main(m, store.Migrate) }

// now is the moment at which all requests of tests are made; the estates lie in the year before it.
var now = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// service is an API over a fresh database, with what its tests look at.
type service struct {
	http.Handler
	store   *store.Store
	runner  *runner
	log     *lockedBuffer
	tenants map[string]uuid.UUID
	secrets map[string]string
}

// newService starts an API with two tenants, a and b, that have an estate and an administrator's token each.
func newService(t *testing.T, change ...func(*api.Options, *auth.Options)) *service {
	t.Helper()
	st, err := store.Open(context.Background(), storetest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	catalogue, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := &service{store: st, runner: &runner{store: st}, log: &lockedBuffer{}, tenants: map[string]uuid.UUID{}, secrets: map[string]string{}}
	for _, name := range []string{"a", "b"} {
		s.tenants[name] = seed(t, st, name, 60)
		s.secrets[name] = s.token(t, name, auth.Admin, nil)
	}
	clock := func() time.Time { return now }
	log := slog.New(slog.NewJSONHandler(s.log, nil))
	ao := auth.Options{Now: clock, Logger: log}
	o := api.Options{Store: st, Catalogue: catalogue, Runner: s.runner, Connector: connector{}, Logger: log, Now: clock, Version: "test"}
	for _, f := range change {
		f(&o, &ao)
	}
	o.Auth = auth.New(st, ao)
	s.Handler = api.New(o)
	return s
}

func seed(t *testing.T, st *store.Store, name string, size int) uuid.UUID {
	t.Helper()
	ctx, tenant, began := context.Background(), uuid.NewSHA1(uuid.NameSpaceDNS, []byte(name)), now.AddDate(-1, 0, 0)
	if err := st.CreateTenant(ctx, store.Tenant{ID: tenant, Name: "tenant " + name, CreatedAt: began}); err != nil {
		t.Fatal(err)
	}
	estate, err := os.ReadFile("../store/testdata/estate.sql")
	if err != nil {
		t.Fatal(err)
	}
	err = st.InTx(ctx, tenant, func(tx store.Tx) error {
		for _, id := range []inventory.ScopeID{"aws:111111111111", "gcp:project-one"} {
			if _, err := tx.CreateScope(ctx, store.Scope{NaturalID: id, Name: string(id), CreatedAt: began}); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `SELECT set_config('seed.size', $1, true)`, strconv.Itoa(size)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, string(estate), pgx.QueryExecModeSimpleProtocol)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tenant
}

// token makes a token of a tenant past the API.
func (s *service) token(t *testing.T, tenant string, role auth.Role, expires *time.Time) string {
	t.Helper()
	secret, hash := auth.NewSecret()
	err := s.store.InTx(context.Background(), s.tenants[tenant], func(tx store.Tx) error {
		return tx.CreateToken(context.Background(), store.Token{ID: uuid.New(), Name: string(role) + " of " + tenant, Role: string(role),
			CreatedAt: now.AddDate(0, -1, 0), ExpiresAt: expires}, hash)
	})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// call is a request and what came back.
type call struct {
	*httptest.ResponseRecorder
	t *testing.T
}

// do sends a request with a tenant's token, or with the secret itself, or without any for "".
func (s *service) do(t *testing.T, who, method, path string, body any, headers ...string) call {
	t.Helper()
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, in)
	r.RemoteAddr = "192.0.2.7:4711"
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if secret := s.secrets[who]; secret != "" {
		who = secret
	}
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+who)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return call{w, t}
}

// want fails the test unless the status is the one wanted, and gives the body as JSON.
func (c call) want(status int) map[string]any {
	c.t.Helper()
	if c.Code != status {
		c.t.Fatalf("status is %d, want %d: %s", c.Code, status, c.Body)
	}
	var body map[string]any
	if c.Body.Len() > 0 {
		if err := json.Unmarshal(c.Body.Bytes(), &body); err != nil {
			c.t.Fatalf("body is no JSON: %v", err)
		}
	}
	return body
}

// runner queues runs in the store and does nothing else.
type runner struct {
	store     *store.Store
	mu        sync.Mutex
	cancelled []uuid.UUID
}

func (r *runner) StartRun(ctx context.Context, tenant, scope uuid.UUID) (uuid.UUID, error) {
	id := uuid.New()
	return id, r.store.InTx(ctx, tenant, func(tx store.Tx) error {
		tag, err := tx.Exec(ctx, `
			INSERT INTO runs (tenant_id, id, scope_id, trigger, state, queued_at) VALUES ($1, $2, $3, 'request', 'queued', $4)
			ON CONFLICT (tenant_id, scope_id) WHERE state IN ('queued', 'running') DO NOTHING`, tenant, id, scope, now)
		if err == nil && tag.RowsAffected() == 0 {
			return store.ErrConflict
		}
		return err
	})
}

func (r *runner) CancelRun(_ context.Context, _, run uuid.UUID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cancelled = append(r.cancelled, run)
	return nil
}

// connector finds every connection half in order.
type connector struct{}

func (connector) Test(_ context.Context, _ uuid.UUID, s store.Scope) ([]api.Probe, error) {
	return []api.Probe{{What: "reach " + string(s.NaturalID), Passed: true, Answer: "reached"}, {What: "list", Answer: "denied"}}, nil
}

// lockedBuffer collects log lines of concurrent requests.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// at reads a value out of JSON by its path of keys and indexes.
func at(t *testing.T, v any, path ...any) any {
	t.Helper()
	for _, p := range path {
		switch key := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				t.Fatalf("no object at %v of %v", key, path)
			}
			v = m[key]
		case int:
			l, ok := v.([]any)
			if !ok || key >= len(l) {
				t.Fatalf("no item %d of %v", key, path)
			}
			v = l[key]
		}
	}
	return v
}

var _ http.Handler = (*service)(nil)
