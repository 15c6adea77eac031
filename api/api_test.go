package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/api"
	"github.com/plumbline-posture/plumbline/api/auth"
)

//go:generate go test -run TestOpenAPIMatchesGolden -update .

func TestOpenAPIMatchesGolden(t *testing.T) {
	t.Parallel()
	s := newService(t)
	c := s.do(t, "", http.MethodGet, "/openapi.json", nil)
	c.want(http.StatusOK)
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, c.Body.Bytes(), "", "  "); err != nil {
		t.Fatal(err)
	}
	pretty.WriteByte('\n')
	const golden = "testdata/openapi.json"
	if *update {
		if err := os.WriteFile(golden, pretty.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, pretty.Bytes()) {
		t.Error("the OpenAPI document has changed; read the difference after go test ./api -run Golden -update")
	}
}

func TestDocsNeedNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	s := newService(t)
	c := s.do(t, "", http.MethodGet, "/docs", nil)
	page := c.Body.String()
	if c.Code != http.StatusOK || !strings.Contains(page, "/v1/findings/{id}/events") {
		t.Fatalf("status %d, page %.300s", c.Code, page)
	}
	if regexp.MustCompile(`<script|style=|(src|href)="(https?:)?//`).MatchString(page) {
		t.Error("the page runs a script, styles in place or reads from another host")
	}
	if csp := c.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy is %q", csp)
	}
	if c := s.do(t, "", http.MethodGet, "/docs/docs.css", nil); c.Code != http.StatusOK || !strings.HasPrefix(c.Header().Get("Content-Type"), "text/css") {
		t.Errorf("style: %d %s", c.Code, c.Header().Get("Content-Type"))
	}
}

// routes lists every route of the document with a method, as "GET /v1/…".
func routes(t *testing.T, s *service) []string {
	t.Helper()
	doc := s.do(t, "", http.MethodGet, "/openapi.json", nil).want(http.StatusOK)
	paths, ok := doc["paths"].(map[string]any)
	if !ok {
		t.Fatal("the document has no paths")
	}
	var out []string
	for path, item := range paths {
		for method := range item.(map[string]any) { //nolint:forcetypeassert // a test may panic
			out = append(out, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(out)
	return out
}

// subjects are ids of tenant a, and what its answers alone can hold.
type subjects struct{ finding, resource, scope, run, token string }

// fill puts the ids into the path of a route.
func (a subjects) fill(path string) string {
	for folder, id := range map[string]string{"findings": a.finding, "resources": a.resource, "scopes": a.scope, "runs": a.run, "tokens": a.token} {
		path = strings.ReplaceAll(path, "/"+folder+"/{id}", "/"+folder+"/"+id)
	}
	path = strings.NewReplacer("{framework}", "iso27001-2022", "controls/{id}", "controls/A.8.20", "checks/{id}", "checks/object-storage-versioned").Replace(path)
	if strings.HasSuffix(path, "/diff") {
		path += "?from=2025-08-01T00:00:00Z"
	}
	return path
}

func (s *service) subjects(t *testing.T, who string) subjects {
	t.Helper()
	first := func(path string) string {
		id, ok := at(t, s.do(t, who, http.MethodGet, path, nil).want(http.StatusOK), "items", 0, "id").(string)
		if !ok {
			t.Fatalf("%s: the first item has no id", path)
		}
		return id
	}
	return subjects{first("/v1/findings"), first("/v1/resources"), first("/v1/scopes"), first("/v1/runs"), first("/v1/tokens")}
}

// TestTenantsSeeNothingOfEachOther walks every route as tenant b with the ids of tenant a. Scopes have the same id in
// each tenant that collects the account, so b first removes its own.
func TestTenantsSeeNothingOfEachOther(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a, b := s.subjects(t, "a"), s.subjects(t, "b")
	if c := s.do(t, "b", http.MethodDelete, "/v1/scopes/"+b.scope, nil); c.Code != http.StatusNoContent {
		t.Fatalf("remove: %d", c.Code)
	}
	mark := s.tenants["a"].String() // every natural id of the estate holds its tenant
	for _, route := range routes(t, s) {
		method, path, _ := strings.Cut(route, " ")
		concrete := a.fill(path)
		foreign := slices.ContainsFunc([]string{a.finding, a.resource, a.scope, a.run, a.token}, func(id string) bool { return strings.Contains(concrete, id) })
		var body any
		switch {
		case method == http.MethodPatch:
			body = map[string]any{"name": "taken over"}
		case method == http.MethodPost && path == "/v1/tokens":
			body = map[string]any{"name": "x", "role": "reader"}
		case method == http.MethodPost && path == "/v1/scopes":
			body = map[string]any{"scope": "aws:222222222222"}
		case method == http.MethodPost && path == "/v1/checks":
			body = map[string]any{"source": ownCheck}
		case method == http.MethodPost && path == "/v1/checks/try":
			body = map[string]any{"source": ownCheck, "resource": map[string]any{"facts": map[string]any{}}}
		case method == http.MethodPut && path == "/v1/settings":
			body = s.do(t, "b", http.MethodGet, path, nil).want(http.StatusOK)["settings"]
		case method == http.MethodDelete && path == "/v1/checks/{id}":
			if c := s.do(t, "a", http.MethodPost, "/v1/checks", map[string]any{"source": strings.Replace(ownCheck, "acme-tls", "tenant-a-tls", 1)}); c.Code != http.StatusCreated {
				t.Fatalf("add a check as tenant a: %d %s", c.Code, c.Body)
			}
			concrete, foreign = "/v1/checks/tenant-a-tls", true
		}
		c := s.do(t, "b", method, concrete, body)
		switch text := c.Body.String(); {
		case foreign && c.Code != http.StatusNotFound:
			t.Errorf("%s with an id of tenant a: status %d, want 404: %s", route, c.Code, text)
		case !foreign && c.Code >= 300:
			t.Errorf("%s: status %d: %s", route, c.Code, text)
		case strings.Contains(text, mark), strings.Contains(text, "tenant a"):
			t.Errorf("%s shows rows of tenant a: %s", route, text)
		}
	}
	if got := at(t, s.do(t, "a", http.MethodGet, "/v1/scopes/"+a.scope, nil).want(http.StatusOK), "name"); got == "taken over" {
		t.Error("tenant b changed a scope of tenant a")
	}
}

// TestListsPageWithoutLoss walks every list in pages of three and compares with one large page.
func TestListsPageWithoutLoss(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a := s.subjects(t, "a")
	for range 7 {
		s.token(t, "a", auth.Reader, nil)
	}
	for _, path := range []string{
		"/v1/frameworks", "/v1/frameworks/iso27001-2022/controls", "/v1/frameworks/iso27001-2013/controls?status=not_evaluated",
		"/v1/findings", "/v1/findings?sort=recent", "/v1/findings?changed_since=2025-01-01T00:00:00Z", "/v1/findings?as_of=2025-07-01T00:00:00Z",
		"/v1/findings?state=resolved", "/v1/findings?control=A.8.20&severity=high,critical", "/v1/findings/" + a.finding + "/events", "/v1/resources",
		"/v1/resources?as_of=2025-03-01T00:00:00Z", "/v1/resources?q=thing-00000", "/v1/resources/" + a.resource + "/versions",
		"/v1/checks", "/v1/scopes", "/v1/runs", "/v1/runs?scope=gcp:project-one", "/v1/tokens",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			whole := items(t, s.do(t, "a", http.MethodGet, with(path, "limit", "500"), nil).want(http.StatusOK))
			var walked []string
			for cursor := ""; ; {
				body := s.do(t, "a", http.MethodGet, with(with(path, "limit", "3"), "cursor", cursor), nil).want(http.StatusOK)
				walked = append(walked, items(t, body)...)
				if total, ok := body["total_estimate"].(float64); !ok || int(total) != len(whole) {
					t.Errorf("total_estimate is %v, want %d", body["total_estimate"], len(whole))
				}
				next, ok := body["next_cursor"].(string)
				if !ok {
					break
				}
				if cursor = next; len(walked) > len(whole) {
					t.Fatal("the list does not end")
				}
			}
			if !slices.Equal(whole, walked) {
				t.Errorf("walked %d items, want the %d of one page in the same order", len(walked), len(whole))
			}
			if len(whole) == 0 {
				t.Error("the list is empty: it shows nothing about paging")
			}
		})
	}
}

func items(t *testing.T, body map[string]any) []string {
	t.Helper()
	list, ok := body["items"].([]any)
	if !ok {
		t.Fatalf("no items in %v", body)
	}
	out := make([]string, len(list))
	for i, item := range list {
		raw, err := json.Marshal(item)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = string(raw)
	}
	return out
}

func with(path, key, value string) string {
	if value == "" {
		return path
	}
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	return path + separator + key + "=" + url.QueryEscape(value)
}

// TestAnswersKeepToTheDocument asks every read and looks each field of its answer up in the document.
func TestAnswersKeepToTheDocument(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a := s.subjects(t, "a")
	doc := s.do(t, "", http.MethodGet, "/openapi.json", nil).want(http.StatusOK)
	for _, route := range routes(t, s) {
		path, read := strings.CutPrefix(route, "GET ")
		if !read {
			continue
		}
		body := s.do(t, "a", http.MethodGet, a.fill(path), nil).want(http.StatusOK)
		schema := at(t, doc, "paths", path, "get", "responses", "200", "content", "application/json", "schema")
		undocumented(t, route, doc, schema, body)
	}
}

// undocumented reports the fields of a value that its schema does not have, and the required ones it lacks.
func undocumented(t *testing.T, where string, doc map[string]any, schema, value any) {
	t.Helper()
	described, ok := schema.(map[string]any)
	if !ok {
		return
	}
	if ref, ok := described["$ref"].(string); ok {
		described = at(t, doc, "components", "schemas", strings.TrimPrefix(ref, "#/components/schemas/")).(map[string]any) //nolint:forcetypeassert // a test may panic
	}
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			undocumented(t, where+"[]", doc, described["items"], item)
		}
	case map[string]any:
		fields, _ := described["properties"].(map[string]any)
		if fields == nil {
			return
		}
		for name, field := range v {
			if fields[name] == nil {
				t.Errorf("%s answers %q, which the document does not have", where, name)
			}
			undocumented(t, where+"."+name, doc, fields[name], field)
		}
		required, _ := described["required"].([]any)
		for _, name := range required {
			if _, there := v[name.(string)]; !there { //nolint:forcetypeassert // a test may panic
				t.Errorf("%s lacks %q, which the document requires", where, name)
			}
		}
	}
}

func TestProblemsNameTheFieldAndTheFix(t *testing.T) {
	t.Parallel()
	s := newService(t)
	reader := s.token(t, "a", auth.Reader, nil)
	a := s.subjects(t, "a")
	tests := map[string]struct {
		who, method, path string
		body              any
		status            int
		says              string
	}{
		"no token":          {"", "GET", "/v1/scores", nil, 401, "Authorization: Bearer"},
		"wrong token":       {"plb_wrong", "GET", "/v1/scores", nil, 401, "Authorization: Bearer"},
		"role":              {reader, "POST", "/v1/scopes/" + a.scope + "/runs", nil, 403, "needs the role editor"},
		"reader and tokens": {reader, "GET", "/v1/tokens", nil, 403, "needs the role admin"},
		"no route":          {"a", "GET", "/v1/nowhere", nil, 404, "/docs"},
		"no method":         {"a", "PUT", "/v1/scopes", nil, 405, "/docs"},
		"no finding":        {"a", "GET", "/v1/findings/" + uuid.NewString(), nil, 404, "no such thing"},
		"no uuid":           {"a", "GET", "/v1/findings/seven", nil, 422, "path.id"},
		"limit":             {"a", "GET", "/v1/findings?limit=501", nil, 422, "query.limit: expected number <= 500"},
		"unknown parameter": {"a", "GET", "/v1/findings?severty=high", nil, 422, "query.severty: unknown query parameter"},
		"enum":              {"a", "GET", "/v1/findings?severity=huge", nil, 422, "critical, high, medium, low"},
		"cursor":            {"a", "GET", "/v1/findings?cursor=xyz", nil, 422, "query.cursor"},
		"memory cursor":     {"a", "GET", "/v1/checks?cursor=xyz", nil, 422, "query.cursor"},
		"moment":            {"a", "GET", "/v1/scores?as_of=yesterday", nil, 422, "query.as_of"},
		"check":             {"a", "GET", "/v1/findings?check=object-storage-versoned", nil, 422, "object-storage-versioned"},
		"control":           {"a", "GET", "/v1/findings?control=A.99", nil, 422, "query.control"},
		"class":             {"a", "GET", "/v1/resources?class=bucket", nil, 422, "query.class"},
		"scope shape":       {"a", "GET", "/v1/scores?scope=aws:12", nil, 422, "aws:<12 digits>"},
		"scope unknown":     {"a", "GET", "/v1/scores?scope=aws:999999999999", nil, 422, "GET /v1/scopes"},
		"framework":         {"a", "GET", "/v1/scores?framework=iso", nil, 422, "iso27001-2022"},
		"framework path":    {"a", "GET", "/v1/frameworks/iso/controls", nil, 404, "iso27001-2022"},
		"past and order":    {"a", "GET", "/v1/findings?as_of=2025-07-01T00:00:00Z&sort=recent", nil, 422, "query.sort"},
		"past resolved":     {"a", "GET", "/v1/findings?as_of=2025-07-01T00:00:00Z&state=resolved", nil, 422, "query.state"},
		"history bounds":    {"a", "GET", "/v1/scores/history?from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z", nil, 422, "query.from"},
		"history length":    {"a", "GET", "/v1/scores/history?from=1990-01-01T00:00:00Z", nil, 422, "1000 intervals"},
		"schedule":          {"a", "POST", "/v1/scopes", map[string]any{"scope": "aws:222222222222", "schedule": "often"}, 422, "body.schedule"},
		"natural id":        {"a", "POST", "/v1/scopes", map[string]any{"scope": "222"}, 422, "body.scope"},
		"scope taken":       {"a", "POST", "/v1/scopes", map[string]any{"scope": "aws:111111111111"}, 409, "stands in the way"},
		"body field":        {"a", "POST", "/v1/scopes", map[string]any{"scope": "aws:222222222222", "colour": "red"}, 422, "body.colour"},
		"token expiry":      {"a", "POST", "/v1/tokens", map[string]any{"name": "x", "role": "reader", "expires_at": "2020-01-01T00:00:00Z"}, 422, "must lie ahead"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.do(t, tt.who, tt.method, tt.path, tt.body)
			body := c.want(tt.status)
			if got := c.Header().Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("content type is %q", got)
			}
			if detail, _ := body["detail"].(string); !strings.Contains(detail, tt.says) {
				t.Errorf("detail %q does not say %q", detail, tt.says)
			}
			if body["request_id"] == "" || body["request_id"] != c.Header().Get("X-Request-Id") || int(body["status"].(float64)) != tt.status { //nolint:forcetypeassert // a test may panic
				t.Errorf("problem is %v", body)
			}
		})
	}
}

// TestInternalErrorsTellNothing closes the database under the API.
func TestInternalErrorsTellNothing(t *testing.T) {
	t.Parallel()
	s := newService(t, func(_ *api.Options, ao *auth.Options) { ao.Anonymous = uuid.New() })
	s.store.Close()
	c := s.do(t, "", http.MethodGet, "http://127.0.0.1/v1/scores", nil)
	if c.Code != http.StatusUnauthorized {
		t.Fatalf("a caller from elsewhere is anonymous: %d", c.Code)
	}
	r := s.local(t, http.MethodGet, "http://127.0.0.1:8080/v1/scores")
	body := r.want(http.StatusInternalServerError)
	if detail, _ := body["detail"].(string); strings.Contains(detail, "pool") || !strings.Contains(detail, "Internal error") {
		t.Errorf("detail is %q", detail)
	}
	if id, _ := body["request_id"].(string); !strings.Contains(s.log.String(), id) || !strings.Contains(s.log.String(), "closed pool") {
		t.Error("the log does not tell what happened")
	}
	if c := s.do(t, "", http.MethodGet, "/readyz", nil); c.Code != http.StatusServiceUnavailable {
		t.Errorf("ready without a database: %d", c.Code)
	}
	if c := s.do(t, "", http.MethodGet, "/healthz", nil); c.Code != http.StatusOK {
		t.Errorf("not healthy: %d", c.Code)
	}
}
