package azure

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/azure/armtest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const subscription = "11111111-2222-3333-4444-555555555555"

// connected is a connection to a handler of the test.
func connected(t *testing.T, handler http.Handler) *Subscription {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	s, err := Connect(t.Context(), Connection{Subscription: subscription, Endpoint: server.URL, Attempts: 1,
		Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// answering is a subscription that answers one path with a text and everything else as an empty estate does.
func answering(path, body string, status int) http.Handler {
	empty := armtest.NewServer(armtest.Estate{Subscription: subscription, Name: "Shop"})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, path) {
			empty.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
}

func reasonOf(err error) collectors.Reason { return collectors.Classify(Classify(err)) }

// TestGraphAnswers wants every answer that does not tell all to end the listing in an error.
func TestGraphAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body   string
		status int
		want   collectors.Reason
		rows   int
	}{
		"none": {`{"totalRecords":0,"data":[]}`, 200, collectors.Reason{}, 0},
		"one":  {`{"totalRecords":1,"data":[{"id":"/a","tags":""}]}`, 200, collectors.Reason{}, 1},
		"without data": {`{"totalRecords":0}`, 200, collectors.Reason{Cause: inventory.CauseFailed,
			Code: "MalformedAnswer"}, 0},
		"cut off": {`{"totalRecords":3,"data":[{"id":"/a"}]}`, 200, collectors.Reason{Cause: inventory.CauseFailed,
			Code: "MalformedAnswer"}, 1},
		"without a page": {`{"data":[{"id":"/a"}],"resultTruncated":"true"}`, 200,
			collectors.Reason{Cause: inventory.CauseFailed, Code: "MalformedAnswer"}, 1},
		"half a text": {`{"totalRecords":1,"data":[{"id`, 200, collectors.Reason{Cause: inventory.CauseFailed,
			Code: "MalformedAnswer"}, 0},
		"of another shape": {`{"totalRecords":1,"data":[{"id":7}]}`, 200, collectors.Reason{Cause: inventory.CauseFailed,
			Code: "MalformedAnswer"}, 0},
		"refused": {`{"error":{"code":"AuthorizationFailed","message":"no"}}`, 403,
			collectors.Reason{Cause: inventory.CauseDenied, Code: "AuthorizationFailed"}, 0},
		"too many": {`{"error":{"code":"RateLimiting"}}`, 429, collectors.Reason{Cause: inventory.CauseThrottled,
			Code: "RateLimiting"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := connected(t, answering("ResourceGraph", c.body, c.status))
			rows, got := 0, collectors.Reason{}
			for _, err := range graphRows[row[struct{}]](t.Context(), s.clients(), disks) {
				if err != nil {
					got = reasonOf(err)
					break
				}
				rows++
			}
			if got != c.want || rows != c.rows {
				t.Errorf("%d rows and %+v; want %d and %+v", rows, got, c.rows, c.want)
			}
		})
	}
}

// TestPagesLead wants a link to another host, or back to a page before, never to be followed.
func TestPagesLead(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"elsewhere": `{"value":[],"nextLink":"https://elsewhere.example/next"}`,
		"no list":   `{"items":[]}`,
	} {
		s := connected(t, answering("firewallRules", body, 200))
		_, err := all[addressRule](t.Context(), s.clients(),
			"/subscriptions/"+subscription+"/providers/Microsoft.Sql/servers/s/firewallRules", "2023-08-01")
		if got := reasonOf(err); err == nil || got.Code != "MalformedAnswer" {
			t.Errorf("%s: %v; want a malformed answer", name, err)
		}
	}
	s := connected(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`{"value":[],"nextLink":"http://` + r.Host + r.URL.Path + `?page=1"}`))
	}))
	if _, err := all[addressRule](t.Context(), s.clients(), "/circle", "1"); reasonOf(err).Code != "MalformedAnswer" {
		t.Errorf("a circle of pages ends in %v", err)
	}
}

func TestSlowAnswers(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release); server.Close() })
	_, err := Connect(t.Context(), Connection{Subscription: subscription, Endpoint: server.URL, Attempts: 1,
		Timeout: 50 * time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "Timeout") {
		t.Errorf("a server that does not answer ends in %v", err)
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern string
		action  string
		want    bool
	}{
		{"*", "Microsoft.Sql/servers/read", true},
		{"*/read", "Microsoft.Sql/servers/firewallRules/read", true},
		{"Microsoft.Sql/*", "microsoft.sql/servers/read", true},
		{"Microsoft.Sql/servers/read", "Microsoft.Sql/servers/firewallRules/read", false},
		{"Microsoft.Sql/*/read", "Microsoft.Sql/servers/read", true},
		{"MicrosoftxSql/servers/read", "Microsoft.Sql/servers/read", false},
		{"*/write", "Microsoft.Sql/servers/read", false},
	} {
		if got := covers([]string{c.pattern}, c.action); got != c.want {
			t.Errorf("%s covers %s: %v", c.pattern, c.action, got)
		}
	}
}

// TestRightsOnPart wants a caller whose rights reach only part of the subscription to be told that much is missing.
func TestRightsOnPart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		grants string
		want   inventory.Cause
	}{
		"reader": {`{"value":[{"actions":["*/read"],"notActions":[]}]}`, ""},
		"without disks": {`{"value":[{"actions":["*/read"],"notActions":["Microsoft.Compute/disks/*"]}]}`,
			inventory.CauseDenied},
		"by another role":  {`{"value":[{"actions":["*/read"],"notActions":["Microsoft.Compute/disks/*"]},{"actions":["Microsoft.Compute/disks/read"]}]}`, ""},
		"nothing at all":   {`{"value":[]}`, inventory.CauseDenied},
		"not told":         {`{}`, inventory.CauseFailed},
		"rights in a text": {`nonsense`, inventory.CauseFailed},
	} {
		s := connected(t, answering("/permissions", c.grants, 200))
		var got inventory.Cause
		for _, err := range graphRows[row[disk]](t.Context(), s.clients(), disks) {
			if err != nil {
				got = reasonOf(err).Cause
			}
		}
		if got != c.want {
			t.Errorf("%s: the listing ends %q; want %q", name, got, c.want)
		}
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for address, fine := range map[string]bool{
		"http://127.0.0.1:8080": true, "http://localhost:1": true, "http://[::1]:1": true, "https://management.example": true,
		"http://management.example": false, "http://10.0.0.1": false, "ftp://localhost": false, "localhost:1": false,
		"https://": false,
	} {
		e, err := parseEndpoint(address)
		if (err == nil) != fine {
			t.Errorf("%s: %v", address, err)
		}
		if err != nil && !strings.Contains(err.Error(), EndpointSetting) {
			t.Errorf("%s: %v does not name the setting", address, err)
		}
		if err == nil && e.loopback != strings.HasPrefix(address, "http:") {
			t.Errorf("%s: loopback %v", address, e.loopback)
		}
	}
}

// TestConnect wants the first refusal to name the fix, and a subscription that does not describe itself to be
// collected.
func TestConnect(t *testing.T) {
	t.Parallel()
	if _, err := Connect(t.Context(), Connection{Subscription: "shop"}); err == nil || !strings.Contains(err.Error(),
		"uuid") {
		t.Errorf("a wrong id is taken: %v", err)
	}
	for body, c := range map[string]struct {
		status int
		want   string
	}{
		`{"error":{"code":"SubscriptionNotFound"}}`:       {404, "check the id and the tenant"},
		`{"error":{"code":"ExpiredAuthenticationToken"}}`: {401, "sign in again"},
		`{"error":{"code":"AuthorizationFailed"}}`:        {403, ""},
	} {
		server := httptest.NewServer(answering("/subscriptions/", body, c.status))
		s, err := Connect(t.Context(), Connection{Subscription: subscription, Endpoint: server.URL, Attempts: 1})
		server.Close()
		switch {
		case c.want == "" && (err != nil || s.Scope() != "azure:"+subscription):
			t.Errorf("%s: %v", body, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v; want %q", body, err, c.want)
		}
	}
	server := httptest.NewServer(armtest.NewServer(armtest.Estate{Subscription: subscription, Name: "Shop"}))
	defer server.Close()
	s, err := Connect(t.Context(), Connection{Endpoint: server.URL, Attempts: 1})
	if err != nil || s.Scope() != "azure:"+subscription || s.Name() != "Shop" {
		t.Errorf("the only subscription is not found: %v", err)
	}
}

func TestClassifyOthers(t *testing.T) {
	t.Parallel()
	if got := reasonOf(errors.New("dial")); got != (collectors.Reason{Cause: inventory.CauseFailed,
		Code: "ConnectionFailed"}) {
		t.Errorf("%+v", got)
	}
	if Classify(nil) != nil {
		t.Error("no error is classified")
	}
}
