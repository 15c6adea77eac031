package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
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
	Subscription string `json:"subscription"`
	// Endpoint is where the calls went: pages lead to it.
	Endpoint string `json:"endpoint"`
	// Member is of a subscription of a tenant, which is recorded even where it could not be reached.
	Member bool `json:"member,omitempty"`
}

// transporter lets a RoundTripper carry the calls of the SDK, and the SDK's client those of a recorder.
type transporter func(*http.Request) (*http.Response, error)

// Do implements policy.Transporter.
func (t transporter) Do(req *http.Request) (*http.Response, error) { return t(req) }

// RoundTrip implements http.RoundTripper.
func (t transporter) RoundTrip(req *http.Request) (*http.Response, error) { return t(req) }

// ConnectRecording is Connect, and keeps every call in a folder, without secrets; calls that sign in are not among
// them. The recording is complete after close.
func ConnectRecording(ctx context.Context, c Connection, dir string) (s *Subscription, closeRecording func() error,
	err error) {
	var calls *recorder.Recorder
	c.wrap = func(next policy.Transporter) (policy.Transporter, error) {
		if next == nil {
			next = http.DefaultClient
		}
		var err error
		calls, err = newRecorder(dir, next)
		if err != nil {
			return nil, err
		}
		return transporter(calls.RoundTrip), nil
	}
	if s, err = Connect(ctx, c); err != nil {
		if calls != nil {
			err = errors.Join(err, calls.Stop(), discard(dir))
		}
		return nil, nil, err
	}
	return s, func() error {
		if err := calls.Stop(); err != nil {
			return fmt.Errorf("write recording: %w", err)
		}
		return recordedConnection{s.id, s.arm.Endpoint(), c.Member}.write(dir)
	}, nil
}

func newRecorder(dir string, next policy.Transporter) (*recorder.Recorder, error) {
	file := filepath.Join(dir, recordingName)
	if _, err := os.Stat(file + ".yaml"); err == nil {
		return nil, fmt.Errorf("record calls: %s holds a recording already: name another folder", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("record calls: %w", err)
	}
	r, err := recorder.New(file, recorder.WithMode(recorder.ModeRecordOnly),
		recorder.WithRealTransport(transporter(next.Do)),
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

// secretMembers are members of answers that hold what lets somebody in. Resource Manager gives few of them to readers.
var secretMembers = regexp.MustCompile(`(?i)"(sharedKey|authorizationKey|adminPassword|password|` +
	`administratorLoginPassword|` + `customData|userData|protectedSettings|connectionString|primaryKey|secondaryKey|accessKey|sasToken|accessSAS|` +
	`clientSecret|access_token|refresh_token|id_token)"\s*:\s*"(?:[^"\\]|\\.)*"`)

// scrub takes every secret out of a call before it is written.
func scrub(i *cassette.Interaction) error {
	for _, h := range []string{"Authorization", "Cookie", "Set-Cookie", "Proxy-Authorization",
		"X-Ms-Authorization-Auxiliary"} {
		delete(i.Request.Headers, h)
		delete(i.Response.Headers, h)
	}
	i.Request.Body = secretMembers.ReplaceAllString(i.Request.Body, `"$1":"`+scrubbed+`"`)
	i.Response.Body = secretMembers.ReplaceAllString(i.Response.Body, `"$1":"`+scrubbed+`"`)
	i.Response.ContentLength = int64(len(i.Response.Body))
	delete(i.Response.Headers, "Content-Length")
	return nil
}

// ConnectReplay connects to a recording: it needs no credentials and no network.
func ConnectReplay(ctx context.Context, c Connection, dir string) (*Subscription, error) {
	var kept recordedConnection
	raw, err := os.ReadFile(filepath.Join(dir, recordedName)) // #nosec G304 -- the folder was named for this
	if err == nil {
		err = json.Unmarshal(raw, &kept)
	}
	if err != nil {
		return nil, fmt.Errorf("replay calls of %s: %w", dir, err)
	}
	if c.Subscription != "" && c.Subscription != kept.Subscription {
		return nil, fmt.Errorf("the recording is of subscription %s, not of %s: name another recording or another scope",
			kept.Subscription, c.Subscription)
	}
	r, err := newReplayer(dir)
	if err != nil {
		return nil, err
	}
	c.Subscription, c.Endpoint, c.Static, c.HTTP = kept.Subscription, kept.Endpoint, Static("replayed"),
		transporter(r.answer)
	c.CallsPerSecond, c.Member = math.Inf(1), kept.Member
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
		key := callKey(i.Request.Method, u, i.Request.Body)
		r.calls[key] = append(r.calls[key], i)
	}
	return r, nil
}

// callKey tells calls apart by method, path, query and body; not by host, since a recording may be of any.
func callKey(method string, u *url.URL, body string) string {
	return method + "\n" + u.Path + "\n" + u.Query().Encode() + "\n" + body
}

// answer gives equal calls their answers in the order of the recording; after the last, the last again.
func (r *replayer) answer(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		raw, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, fmt.Errorf("replay call: %w", err)
		}
		body = string(raw)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := callKey(req.Method, req.URL, body)
	answers := r.calls[key]
	if len(answers) == 0 {
		return nil, &unrecordedError{req.Method + " " + req.URL.Path}
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

// unrecordedError says that a recording lacks a call. It never heals, so the SDK need not try again.
type unrecordedError struct{ call string }

func (e *unrecordedError) Error() string { return "the recording has no answer to " + e.call }

// NonRetriable implements what the SDK's retryer asks an error.
func (*unrecordedError) NonRetriable() {}
