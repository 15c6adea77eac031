package aws

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const (
	stsAnswer = `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIASECRETID</AccessKeyId>` +
		`<SecretAccessKey>very/secret</SecretAccessKey><SessionToken>tok+en==</SessionToken></Credentials></AssumeRoleResult></AssumeRoleResponse>`
	ssoAnswer = `{"roleCredentials":{"accessKeyId":"ASIAOTHER","secretAccessKey":"also\"secret","sessionToken":"session"}}`
)

// recordCalls makes each call through a recorder and gives the bodies that the caller saw.
func recordCalls(t *testing.T, dir string, server *httptest.Server, calls ...func() *http.Request) []string {
	t.Helper()
	rec, err := NewRecorder(dir, server.Client().Transport)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, call := range calls {
		seen = append(seen, exchange(t, rec, call()))
	}
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	return seen
}

func exchange(t *testing.T, via http.RoundTripper, req *http.Request) string {
	t.Helper()
	resp, err := via.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, body)
}

func form(t *testing.T, server *httptest.Server, body string, headers ...string) func() *http.Request {
	t.Helper()
	return func() *http.Request {
		req, err := http.NewRequest(http.MethodPost, server.URL+"/", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAMINE, Signature=f00d")
		for i := 0; i+1 < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		return req
	}
}

func TestRecordingHoldsNoSecret(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "session=cookie-secret")
		if r.URL.Query().Get("sso") != "" {
			fmt.Fprint(w, ssoAnswer)
			return
		}
		fmt.Fprint(w, stsAnswer)
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	sso := func() *http.Request {
		req, err := http.NewRequest(http.MethodGet, server.URL+"/?sso=1&X-Amz-Security-Token=query-secret&X-Amz-Signature=beef", nil)
		if err != nil {
			t.Fatal(err)
		}
		return req
	}
	seen := recordCalls(t, dir, server,
		form(t, server, "Action=AssumeRoleWithWebIdentity&WebIdentityToken=web-secret&RoleArn=arn",
			"X-Amz-Security-Token", "header-secret", "Cookie", "a=request-cookie"), sso)
	if !strings.Contains(seen[0], "very/secret") || !strings.Contains(seen[1], "also") {
		t.Errorf("the caller lost its credentials: %v", seen)
	}
	data, err := os.ReadFile(filepath.Join(dir, "calls.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{
		"ASIASECRETID", "very/secret", "tok+en", "also", "\"session\"", "web-secret", "header-secret", "query-secret",
		"cookie-secret", "request-cookie", "AKIAMINE", "f00d", "beef",
	} {
		if strings.Contains(string(data), secret) {
			t.Errorf("the recording holds %q", secret)
		}
	}
	replay, err := NewReplayer(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := exchange(t, replay, form(t, server, "Action=AssumeRoleWithWebIdentity&WebIdentityToken=another&RoleArn=arn")())
	if !strings.Contains(got, "REDACTED") || strings.Contains(got, "secret<") {
		t.Errorf("the replay says %s", got)
	}
	exchange(t, replay, sso())
}

func TestReplayAnswersInOrder(t *testing.T) {
	t.Parallel()
	var count atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), "Refused") {
			w.WriteHeader(http.StatusForbidden)
		}
		fmt.Fprintf(w, "%d of %s %s", count.Add(1), r.Header.Get("X-Amz-Target"), body)
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	one, other := form(t, server, "Action=List&Marker=x"), form(t, server, "Action=Refused")
	first, second := form(t, server, "{}", "Content-Type", "application/x-amz-json-1.1", "X-Amz-Target", "A.One"),
		form(t, server, "{}", "Content-Type", "application/x-amz-json-1.1", "X-Amz-Target", "A.Two")
	seen := recordCalls(t, dir, server, one, other, one, first, second)

	replay, err := NewReplayer(dir)
	if err != nil {
		t.Fatal(err)
	}
	turned := form(t, server, "Marker=x&Action=List")
	for i, step := range []struct {
		call func() *http.Request
		want string
	}{{second, seen[4]}, {turned, seen[0]}, {other, seen[1]}, {turned, seen[2]}, {one, seen[2]}, {one, seen[2]}, {first, seen[3]}} {
		if got := exchange(t, replay, step.call()); got != step.want {
			t.Errorf("step %d: %s; want %s", i, got, step.want)
		}
	}
	for _, unknown := range []string{"Action=List&Marker=y", "Action=List", ""} {
		if _, err := replay.RoundTrip(form(t, server, unknown)()); err == nil || strings.Contains(err.Error(), "Marker") {
			t.Errorf("%q: %v; want an error that does not show the body", unknown, err)
		}
	}
}

func TestReplayTogether(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	rec, err := NewRecorder(dir, server.Client().Transport)
	if err != nil {
		t.Fatal(err)
	}
	together(t, rec, server)
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	replay, err := NewReplayer(dir)
	if err != nil {
		t.Fatal(err)
	}
	together(t, replay, server)
}

func together(t *testing.T, via http.RoundTripper, server *httptest.Server) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			body := fmt.Sprintf("Action=Get&Id=%d", i%5)
			resp, err := via.RoundTrip(form(t, server, body)())
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			if got, _ := io.ReadAll(resp.Body); string(got) != body {
				t.Errorf("%s answered by %s", body, got)
			}
		})
	}
	wg.Wait()
}

func TestRecorderKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "calls.yaml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewRecorder(dir, nil); err == nil {
		t.Error("a recording was about to be overwritten")
	}
	if _, err := NewReplayer(t.TempDir()); err == nil {
		t.Error("an empty folder was replayed")
	}
}
