package gcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"golang.org/x/time/rate"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/recorder"
)

// recordingName is the file of a recording inside its folder, without its ending; recordedName that which says whose
// answers it holds.
const (
	recordingName = "calls"
	recordedName  = "connection.json"
)

// recordedConnection is what of a connection decides what is asked.
type recordedConnection struct {
	Project string `json:"project"`
	// Endpoint is what stood for every API; empty is Google's own.
	Endpoint string `json:"endpoint,omitempty"`
}

// ConnectRecording is Connect, and keeps every call in a folder, without secrets; calls that sign in are not among
// them. The recording is complete after close.
func ConnectRecording(ctx context.Context, c Connection, dir string) (p *Project, closeRecording func() error,
	err error) {
	next := c.HTTP
	if next == nil {
		next = http.DefaultTransport
	}
	calls, err := newRecorder(dir, next)
	if err != nil {
		return nil, nil, err
	}
	c.HTTP = calls
	if p, err = Connect(ctx, c); err != nil {
		return nil, nil, errors.Join(err, calls.Stop(), discard(dir))
	}
	kept := recordedConnection{Project: p.id}
	if p.endpoint != nil {
		kept.Endpoint = p.endpoint.String()
	}
	return p, func() error {
		if err := calls.Stop(); err != nil {
			return fmt.Errorf("write recording: %w", err)
		}
		return kept.write(dir)
	}, nil
}

func newRecorder(dir string, next http.RoundTripper) (*recorder.Recorder, error) {
	file := filepath.Join(dir, recordingName)
	if _, err := os.Stat(file + ".yaml"); err == nil {
		return nil, fmt.Errorf("record calls: %s holds a recording already: name another folder", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("record calls: %w", err)
	}
	r, err := recorder.New(file, recorder.WithMode(recorder.ModeRecordOnly), recorder.WithRealTransport(next),
		recorder.WithSkipRequestLatency(true), recorder.WithHook(scrub, recorder.BeforeSaveHook))
	if err != nil {
		return nil, fmt.Errorf("record calls: %w", err)
	}
	return r, nil
}

// discard leaves nothing of a recording that did not begin.
func discard(dir string) error {
	if err := os.Remove(filepath.Join(dir, recordingName+".yaml")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("discard recording: %w", err)
	}
	_ = os.Remove(dir) // only if it holds nothing else
	return nil
}

func (k recordedConnection) write(dir string) error {
	out, err := json.MarshalIndent(k, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, recordedName), append(out, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write recording: %w", err)
	}
	return nil
}

// scrubbed stands where a secret stood.
const scrubbed = "REDACTED"

// tokenMembers are members of answers that let somebody in and belong to no resource.
var tokenMembers = regexp.MustCompile(`(?i)"(accessToken|clientSecret|access_token|refresh_token|id_token)"\s*:\s*` +
	`"(?:[^"\\]|\\.)*"`)

// withoutSecretsOf takes the members that are secrets out of the body of an answer. What a customer wrote into the
// start of a machine stays: a check asks whether a secret is in it, and a replay must not answer more kindly. A body
// that is no JSON is kept as it is.
func withoutSecretsOf(body string) string {
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return body
	}
	out, err := json.Marshal(strip(v))
	if err != nil {
		return body
	}
	return tokenMembers.ReplaceAllString(string(out), `"$1":"`+scrubbed+`"`)
}

// scrub takes every secret out of a call before it is written.
func scrub(i *cassette.Interaction) error {
	for _, h := range []string{"Authorization", "Cookie", "Set-Cookie", "Proxy-Authorization",
		"X-Goog-User-Project", "X-Goog-Iam-Authorization-Token", "X-Goog-Api-Client"} {
		delete(i.Request.Headers, h)
		delete(i.Response.Headers, h)
	}
	i.Response.Body = withoutSecretsOf(i.Response.Body)
	i.Response.ContentLength = int64(len(i.Response.Body))
	delete(i.Response.Headers, "Content-Length")
	return nil
}

// ConnectReplay connects to a recording: it needs no credentials and no network.
func ConnectReplay(ctx context.Context, c Connection, dir string) (*Project, error) {
	var kept recordedConnection
	raw, err := os.ReadFile(filepath.Join(dir, recordedName)) // #nosec G304 -- the folder was named for this
	if err == nil {
		err = json.Unmarshal(raw, &kept)
	}
	if err != nil {
		return nil, fmt.Errorf("replay calls of %s: %w", dir, err)
	}
	if c.Project != "" && c.Project != kept.Project {
		return nil, fmt.Errorf("the recording is of project %s, not of %s: name another recording or another scope",
			kept.Project, c.Project)
	}
	r, err := newReplayer(dir)
	if err != nil {
		return nil, err
	}
	c.Project, c.Endpoint, c.Unsigned, c.sealed, c.HTTP = kept.Project, kept.Endpoint, true, true, r
	c.Impersonate, c.Delegates, c.CallsPerSecond = "", nil, float64(rate.Inf)
	return Connect(ctx, c)
}

// replayer answers calls from a recording.
type replayer struct {
	mu    sync.Mutex
	calls map[string][]*cassette.Interaction
}

func newReplayer(dir string) (*replayer, error) {
	c, err := cassette.Load(filepath.Join(dir, recordingName))
	if err != nil {
		return nil, fmt.Errorf("replay calls of %s: %w", dir, err)
	}
	r := &replayer{calls: map[string][]*cassette.Interaction{}}
	for _, i := range c.Interactions {
		u, err := url.Parse(i.Request.URL)
		if err != nil {
			return nil, fmt.Errorf("replay calls of %s: call %d: %w", dir, i.ID, err)
		}
		key := callKey(i.Request.Method, i.Request.Host, u, i.Request.Body)
		r.calls[key] = append(r.calls[key], i)
	}
	return r, nil
}

// callKey tells calls apart by method, the API they are for, path, query and body.
func callKey(method, api string, u *url.URL, body string) string {
	if api == "" {
		api = u.Host
	}
	return method + "\n" + api + "\n" + u.Path + "\n" + u.Query().Encode() + "\n" + body
}

// RoundTrip gives equal calls their answers in the order of the recording; after the last, the last again.
func (r *replayer) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		raw, err := io.ReadAll(req.Body)
		_ = req.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("replay call: %w", err)
		}
		body = string(raw)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := callKey(req.Method, req.Host, req.URL, body)
	answers := r.calls[key]
	if len(answers) == 0 {
		return nil, fmt.Errorf("the recording has no answer to %s %s%s", req.Method, req.Host, req.URL.Path)
	}
	if len(answers) > 1 {
		r.calls[key] = answers[1:]
	}
	out, err := answers[0].GetHTTPResponse()
	if err != nil {
		return nil, fmt.Errorf("replay call: %w", err)
	}
	out.Request = req
	return out, nil
}
