package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/api"
	"github.com/plumbline-posture/plumbline/api/auth"
	"github.com/plumbline-posture/plumbline/store"
)

// local sends a request from this machine.
func (s *service) local(t *testing.T, method, url string, headers ...string) call {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, url, nil)
	r.RemoteAddr = "127.0.0.1:4711"
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return call{w, t}
}

func TestTokenLifecycle(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ask := map[string]any{"name": "ci", "role": "reader"}
	made := s.do(t, "a", http.MethodPost, "/v1/tokens", ask, "Idempotency-Key", "one").want(http.StatusCreated)
	secret, _ := made["secret"].(string)
	if !strings.HasPrefix(secret, "plb_") || len(secret) < 40 {
		t.Fatalf("secret is %q", secret)
	}
	again := s.do(t, "a", http.MethodPost, "/v1/tokens", ask, "Idempotency-Key", "one").want(http.StatusCreated)
	if again["id"] != made["id"] || again["secret"] != nil {
		t.Errorf("the repetition made %v", again)
	}
	s.do(t, "a", http.MethodPost, "/v1/tokens", map[string]any{"name": "other", "role": "reader"}, "Idempotency-Key", "one").want(http.StatusUnprocessableEntity)
	me := s.do(t, secret, http.MethodGet, "/v1/me", nil).want(http.StatusOK)
	if at(t, me, "role") != "reader" || at(t, me, "tenant", "name") != "tenant a" || me["name"] != "ci" {
		t.Errorf("me is %v", me)
	}
	id, _ := made["id"].(string)
	if c := s.do(t, "b", http.MethodDelete, "/v1/tokens/"+id, nil); c.Code != http.StatusNotFound {
		t.Errorf("another tenant revoked it: %d", c.Code)
	}
	if c := s.do(t, "a", http.MethodDelete, "/v1/tokens/"+id, nil); c.Code != http.StatusNoContent {
		t.Errorf("revoke: %d", c.Code)
	}
	s.do(t, secret, http.MethodGet, "/v1/me", nil).want(http.StatusUnauthorized)
	past := now.Add(-1)
	s.do(t, s.token(t, "a", auth.Admin, &past), http.MethodGet, "/v1/me", nil).want(http.StatusUnauthorized)
	if strings.Contains(s.log.String(), secret) || strings.Contains(s.log.String(), strings.TrimPrefix(secret, "plb_")) {
		t.Error("the log holds a secret")
	}
	var kept int
	err := s.store.InTx(context.Background(), s.tenants["a"], func(tx store.Tx) error {
		return tx.QueryRow(context.Background(), `SELECT count(*) FROM idempotency_keys WHERE response::text LIKE '%' || $1 || '%'`, secret).Scan(&kept)
	})
	if err != nil || kept != 0 {
		t.Errorf("the secret is kept in %d rows, %v", kept, err)
	}
}

func TestAnonymousOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	s := newService(t)
	anonymous := newService(t, func(_ *api.Options, ao *auth.Options) { ao.Anonymous = s.tenants["a"] })
	tests := map[string]struct {
		url    string
		header []string
		status int
	}{
		"by address":       {"http://127.0.0.1:8080/v1/me", nil, 200},
		"by name":          {"http://localhost:8080/v1/me", nil, 200},
		"by IPv6":          {"http://[::1]:8080/v1/me", nil, 200},
		"name of stranger": {"http://rebound.example/v1/me", nil, 401},
		"behind a proxy":   {"http://127.0.0.1:8080/v1/me", []string{"X-Forwarded-For", "192.0.2.1"}, 401},
		"wrong token":      {"http://127.0.0.1:8080/v1/me", []string{"Authorization", "Bearer plb_wrong"}, 401},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			anonymous.local(t, http.MethodGet, tt.url, tt.header...).want(tt.status)
			s.local(t, http.MethodGet, tt.url, tt.header...).want(http.StatusUnauthorized)
		})
	}
}

func TestOtherOriginsAreRefused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a := s.subjects(t, "a")
	s.do(t, "a", http.MethodPost, "/v1/scopes/"+a.scope+"/runs", nil, "Sec-Fetch-Site", "cross-site").want(http.StatusForbidden)
	s.do(t, "a", http.MethodPost, "/v1/scopes/"+a.scope+"/runs", nil, "Sec-Fetch-Site", "same-origin").want(http.StatusAccepted)
}

func TestSessionCookieOpensTheAPI(t *testing.T) {
	t.Parallel()
	s := newService(t)
	who := auth.New(s.store, auth.Options{})
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://plumbline.example/login", nil)
	if err := who.SignIn(w, r, s.secrets["a"]); err != nil {
		t.Fatal(err)
	}
	cookie := w.Result().Cookies()[0] //nolint:bodyclose // a recorder's body needs no closing
	if !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode {
		t.Errorf("cookie is %+v", cookie)
	}
	s.do(t, "", http.MethodGet, "/v1/me", nil, "Cookie", auth.Cookie+"="+cookie.Value).want(http.StatusOK)
	if err := who.SignIn(httptest.NewRecorder(), r, "plb_wrong"); err == nil {
		t.Error("a wrong token signed in")
	}
}

func TestScoresNeverStandAlone(t *testing.T) {
	t.Parallel()
	s := newService(t)
	body := s.do(t, "a", http.MethodGet, "/v1/scores", nil).want(http.StatusOK)
	for i := range 3 {
		for _, key := range []string{"score", "coverage", "formula"} {
			if at(t, body, "items", i, key) == nil {
				t.Errorf("item %d has no %s", i, key)
			}
		}
	}
	if got := at(t, body, "items", 0, "score"); got != 0.79 {
		t.Errorf("score is %v, want 0.79", got)
	}
	before := s.do(t, "a", http.MethodGet, "/v1/scores?framework=posture&as_of=2024-01-01T00:00:00Z", nil).want(http.StatusOK)
	item, _ := at(t, before, "items", 0).(map[string]any)
	if v, there := item["score"]; !there || v != nil || item["coverage"] != 0.0 {
		t.Errorf("before anything was asked: %v", item)
	}
	line := s.do(t, "a", http.MethodGet, "/v1/scores/history?framework=posture&interval=month&from=2025-03-01T00:00:00Z&to=2025-06-15T00:00:00Z", nil).want(http.StatusOK)
	points, _ := line["points"].([]any)
	if len(points) != 4 || at(t, line, "points", 3, "ends") != "2025-06-15T00:00:00Z" || at(t, line, "points", 0, "movements", "fixed") == nil {
		t.Errorf("line is %v", line)
	}
}

func TestControlsTellStatusAndReason(t *testing.T) {
	t.Parallel()
	s := newService(t)
	c := s.do(t, "a", http.MethodGet, "/v1/frameworks/iso27001-2022/controls/A.8.20", nil).want(http.StatusOK)
	if c["status"] != "nonconforming" || c["because"] != "3 unresolved fails." || c["coverage"] != 0.95 {
		t.Errorf("control is %v", c)
	}
	if checks, _ := c["checks"].([]any); len(checks) == 0 {
		t.Error("the control names no check")
	}
	never := s.do(t, "a", http.MethodGet, "/v1/frameworks/iso27001-2022/controls/A.5.1", nil).want(http.StatusOK)
	if never["status"] != "not_evaluated" || never["since"] != nil {
		t.Errorf("a control that was never evaluated is %v", never)
	}
	all := s.do(t, "a", http.MethodGet, "/v1/frameworks/iso27001-2022/controls?limit=500&scope=gcp:project-one&as_of=2025-04-01T00:00:00Z", nil).want(http.StatusOK)
	if all["total_estimate"] != 93.0 {
		t.Errorf("listed %v controls", all["total_estimate"])
	}
}

func TestResourceTellsWhatIsUnknown(t *testing.T) {
	t.Parallel()
	s := newService(t)
	id, _ := at(t, s.do(t, "a", http.MethodGet, "/v1/resources?class=compute_instance", nil).want(http.StatusOK), "items", 0, "id").(string)
	d := s.do(t, "a", http.MethodGet, "/v1/resources/"+id, nil).want(http.StatusOK)
	if at(t, d, "facts", "versioning") != true || at(t, d, "facts", "owner") != "team" {
		t.Errorf("facts are %v", d["facts"])
	}
	causes := map[any]any{}
	unknown, _ := d["unknown"].([]any)
	for i := range unknown {
		causes[at(t, unknown[i], "fact")] = at(t, unknown[i], "cause")
	}
	if causes["public_by_policy"] != "denied" || causes["paths"] != "not_collected" {
		t.Errorf("causes are %v", causes)
	}
	paths := s.do(t, "a", http.MethodGet, "/v1/resources/"+id+"/paths", nil).want(http.StatusOK)
	if paths["state"] != "unknown" || paths["paths"] != nil {
		t.Errorf("ways that were not worked out are %v", paths)
	}
	err := s.store.InTx(context.Background(), s.tenants["a"], func(tx store.Tx) error {
		_, err := tx.Exec(context.Background(), `UPDATE derived_facts SET facts = '{"known": {"paths": [{"ports": ["tcp/22"], "hops": [{"label": "x", "detail": "y"}]}]}}' WHERE resource_id = $1`, uuid.MustParse(id))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	paths = s.do(t, "a", http.MethodGet, "/v1/resources/"+id+"/paths", nil).want(http.StatusOK)
	if paths["state"] != "known" || at(t, paths, "paths", 0, "ports", 0) != "tcp/22" {
		t.Errorf("ways are %v", paths)
	}
	even, _ := at(t, s.do(t, "a", http.MethodGet, "/v1/resources?q=thing-000006", nil).want(http.StatusOK), "items", 0, "id").(string)
	diff := s.do(t, "a", http.MethodGet, "/v1/resources/"+even+"/diff?from=2025-02-01T00:00:00Z", nil).want(http.StatusOK)
	if changes, _ := diff["changes"].([]any); len(changes) == 0 {
		t.Errorf("difference is %v", diff)
	}
}

// TestNaturalIDsAreFilters gives a resource and its findings the ids that the write side gives them.
func TestNaturalIDsAreFilters(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const arn = "arn:aws:s3:::a-bucket/with/slashes"
	err := s.store.InTx(t.Context(), s.tenants["a"], func(tx store.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE findings SET resource_id = $1 WHERE resource_name = 'thing-000001'`, store.ResourceID(arn))
		if err == nil {
			_, err = tx.Exec(t.Context(), `UPDATE resources SET id = $1, natural_id = $2 WHERE name = 'thing-000001'`, store.ResourceID(arn), arn)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/resources?id=" + url.QueryEscape(arn), "/v1/resources?id=" + store.ResourceID(arn).String(), "/v1/resources?q=" + url.QueryEscape(arn), "/v1/findings?resource=" + url.QueryEscape(arn)} {
		if body := s.do(t, "a", http.MethodGet, path, nil).want(http.StatusOK); body["total_estimate"] != 1.0 || len(items(t, body)) != 1 {
			t.Errorf("%s answers %v", path, body)
		}
	}
	if body := s.do(t, "b", http.MethodGet, "/v1/resources?id="+url.QueryEscape(arn), nil).want(http.StatusOK); len(items(t, body)) != 0 {
		t.Errorf("tenant b sees %v", body)
	}
}

func TestScopesAreEditedByTheirTag(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ask := map[string]any{"scope": "azure:00000000-0000-0000-0000-000000000001", "schedule": "0 */6 * * *"}
	c := s.do(t, "a", http.MethodPost, "/v1/scopes", ask, "Idempotency-Key", "k")
	made := c.want(http.StatusCreated)
	if made["next_run_at"] != "2026-01-01T18:00:00Z" || made["cloud"] != "azure" {
		t.Errorf("scope is %v", made)
	}
	if again := s.do(t, "a", http.MethodPost, "/v1/scopes", ask, "Idempotency-Key", "k").want(http.StatusCreated); again["id"] != made["id"] {
		t.Errorf("the repetition made %v", again)
	}
	path, _ := made["id"].(string)
	path = "/v1/scopes/" + path
	tag := s.do(t, "a", http.MethodGet, path, nil).Header().Get("ETag")
	if tag == "" || tag != c.Header().Get("ETag") {
		t.Errorf("tags are %q and %q", tag, c.Header().Get("ETag"))
	}
	edited := s.do(t, "a", http.MethodPatch, path, map[string]any{"name": "new", "schedule": ""}, "If-Match", tag)
	if body := edited.want(http.StatusOK); body["name"] != "new" || body["next_run_at"] != nil {
		t.Errorf("edited scope is %v", body)
	}
	s.do(t, "a", http.MethodPatch, path, map[string]any{"name": "newer"}, "If-Match", tag).want(http.StatusPreconditionFailed)
	if probes := s.do(t, "a", http.MethodPost, path+"/test", nil).want(http.StatusOK); probes["passed"] != false {
		t.Errorf("a test with a probe that did not pass says %v", probes)
	}
	if c := s.do(t, "a", http.MethodDelete, path, nil); c.Code != http.StatusNoContent {
		t.Errorf("remove: %d %s", c.Code, c.Body)
	}
	s.do(t, "a", http.MethodGet, path, nil).want(http.StatusNotFound)
	ask["name"] = "back"
	if back := s.do(t, "a", http.MethodPost, "/v1/scopes", ask).want(http.StatusCreated); back["id"] != made["id"] {
		t.Errorf("the scope came back as %v", back)
	}
}

func TestRunsStartOnceAndCancel(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a := s.subjects(t, "a")
	c := s.do(t, "a", http.MethodPost, "/v1/scopes/"+a.scope+"/runs", nil, "Idempotency-Key", "k")
	started := c.want(http.StatusAccepted)
	if started["state"] != "queued" || !strings.HasSuffix(c.Header().Get("Location"), started["id"].(string)) { //nolint:forcetypeassert // a test may panic
		t.Errorf("run is %v at %s", started, c.Header().Get("Location"))
	}
	if again := s.do(t, "a", http.MethodPost, "/v1/scopes/"+a.scope+"/runs", nil, "Idempotency-Key", "k").want(http.StatusAccepted); again["id"] != started["id"] {
		t.Errorf("the repetition started %v", again)
	}
	s.do(t, "a", http.MethodPost, "/v1/scopes/"+a.scope+"/runs", nil, "Idempotency-Key", "other").want(http.StatusConflict)
	s.do(t, "a", http.MethodPost, "/v1/runs/"+started["id"].(string)+"/cancel", nil).want(http.StatusAccepted) //nolint:forcetypeassert // a test may panic
	if len(s.runner.cancelled) != 1 {
		t.Errorf("cancelled %v", s.runner.cancelled)
	}
	run := s.do(t, "a", http.MethodGet, "/v1/runs/"+a.run, nil).want(http.StatusOK)
	if at(t, run, "ledger", 0, "errors", 0, "code") != "AccessDenied" || at(t, run, "ledger", 0, "complete") != false {
		t.Errorf("ledger is %v", run["ledger"])
	}
}

func TestPolledReadsAnswerNotModified(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, path := range []string{"/v1/scores", "/v1/findings", "/v1/scores/history", "/v1/checks"} {
		first := s.do(t, "a", http.MethodGet, path, nil)
		first.want(http.StatusOK)
		tag := first.Header().Get("ETag")
		if c := s.do(t, "a", http.MethodGet, path, nil, "If-None-Match", `"other", W/`+tag); c.Code != http.StatusNotModified || c.Body.Len() != 0 {
			t.Errorf("%s: status %d with %d bytes", path, c.Code, c.Body.Len())
		}
		if c := s.do(t, "b", http.MethodGet, path, nil, "If-None-Match", `"other"`); c.Code != http.StatusOK {
			t.Errorf("%s: status %d", path, c.Code)
		}
	}
}

func TestTooManyRequestsSayWhenToComeBack(t *testing.T) {
	t.Parallel()
	s := newService(t, func(o *api.Options, _ *auth.Options) { o.RequestsPerMinute = 3 })
	var last call
	for range 4 {
		last = s.do(t, "a", http.MethodGet, "/v1/me", nil)
	}
	last.want(http.StatusTooManyRequests)
	if last.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	s.do(t, "b", http.MethodGet, "/v1/me", nil).want(http.StatusOK)
}

func TestMetricsCountByRoute(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a := s.subjects(t, "a")
	s.do(t, "a", http.MethodGet, "/v1/findings/"+a.finding, nil).want(http.StatusOK)
	text := s.do(t, "", http.MethodGet, "/metrics", nil).Body.String()
	if !strings.Contains(text, `_count{method="GET",route="/v1/findings/{id}",status="200"} 1`) || strings.Contains(text, a.finding) {
		t.Errorf("metrics are %s", text)
	}
}
