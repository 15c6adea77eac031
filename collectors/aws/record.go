package aws

import (
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

	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/recorder"
)

// recordingName is the file of a recording inside its folder, without its ending.
const recordingName = "calls"

// Recorder keeps every call that passes through it, without secrets. What it recorded is on disk after Close.
type Recorder struct {
	calls *recorder.Recorder
	file  string
}

// NewRecorder passes calls on to next and keeps them in a folder, which must not hold a recording yet. A nil next is
// the standard transport.
func NewRecorder(dir string, next http.RoundTripper) (*Recorder, error) {
	file := filepath.Join(dir, recordingName)
	if _, err := os.Stat(file + ".yaml"); err == nil {
		return nil, fmt.Errorf("record calls: %s holds a recording already: name another folder", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("record calls: %w", err)
	}
	if next == nil {
		next = http.DefaultTransport
	}
	r, err := recorder.New(file,
		recorder.WithMode(recorder.ModeRecordOnly), recorder.WithRealTransport(next), recorder.WithSkipRequestLatency(true),
		// Before it is saved, not when it is captured: the caller needs the credentials that the answer holds.
		recorder.WithHook(scrub, recorder.BeforeSaveHook))
	if err != nil {
		return nil, fmt.Errorf("record calls: %w", err)
	}
	return &Recorder{r, file + ".yaml"}, nil
}

// RoundTrip makes the call and keeps it.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	return r.calls.RoundTrip(req)
}

// Close writes the recording.
func (r *Recorder) Close() error {
	if err := r.calls.Stop(); err != nil {
		return fmt.Errorf("write recording: %w", err)
	}
	return nil
}

// discard ends the recorder and leaves nothing of what it kept.
func (r *Recorder) discard() error {
	if err := r.Close(); err != nil {
		return err
	}
	if err := os.Remove(r.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("discard recording: %w", err)
	}
	_ = os.Remove(filepath.Dir(r.file)) // only if it holds nothing else
	return nil
}

// Replayer answers calls from a recording and never touches the network. It is safe for concurrent use.
type Replayer struct {
	mu    sync.Mutex
	calls map[string][]*cassette.Interaction
}

// NewReplayer reads the recording in a folder.
func NewReplayer(dir string) (*Replayer, error) {
	c, err := cassette.Load(filepath.Join(dir, recordingName))
	if err != nil {
		return nil, fmt.Errorf("replay calls of %s: %w", dir, err)
	}
	r := &Replayer{calls: map[string][]*cassette.Interaction{}}
	for _, i := range c.Interactions {
		u, err := url.Parse(i.Request.URL)
		if err != nil {
			return nil, fmt.Errorf("replay calls of %s: call %d: %w", dir, i.ID, err)
		}
		key := i.Request.Headers.Get(signedForHeader) + callKey(i.Request.Method, u, i.Request.Headers, []byte(i.Request.Body))
		r.calls[key] = append(r.calls[key], i)
	}
	return r, nil
}

// RoundTrip answers a call as it was answered when it was recorded. Equal calls get their answers in the order of the
// recording; after the last, the last again.
func (r *Replayer) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		body, err = io.ReadAll(req.Body)
		req.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("replay call: %w", err)
		}
	}
	key := signedFor(req.Header) + callKey(req.Method, req.URL, req.Header, body)
	r.mu.Lock()
	defer r.mu.Unlock()
	answers := r.calls[key]
	if len(answers) == 0 {
		return nil, &unrecordedError{call: req.Method + " " + req.URL.Host + req.URL.Path}
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

// RetryableError implements what the SDK's retryer asks an error.
func (e *unrecordedError) RetryableError() bool { return false }

// signedForHeader keeps the region and service a call was signed for, which alone tell calls apart where every one goes
// to the same host.
const signedForHeader = "X-Plumbline-Signed-For"

var signature = regexp.MustCompile(`Credential=[^/,]+/\d{8}/([^/,]+/[^/,]+)/aws4_request`)

func signedFor(headers http.Header) string {
	if m := signature.FindStringSubmatch(headers.Get("Authorization")); m != nil {
		return m[1]
	}
	return ""
}

// callKey tells calls apart by method, host, path, query, the operation that JSON protocols name in a header, and body.
// The order of form fields and of JSON keys does not matter, and secrets do not count: a replay has none.
func callKey(method string, u *url.URL, headers http.Header, body []byte) string {
	return strings.Join([]string{
		method, u.Host, u.Path, scrubQuery(u.Query()).Encode(), headers.Get("X-Amz-Target"),
		sortedBody(headers.Get("Content-Type"), scrubBody(string(body))),
	}, "\n")
}

func sortedBody(contentType, body string) string {
	switch {
	case strings.HasPrefix(contentType, "application/x-www-form-urlencoded"):
		if form, err := url.ParseQuery(body); err == nil {
			return form.Encode()
		}
	case strings.Contains(contentType, "json"):
		var v any
		if json.Unmarshal([]byte(body), &v) == nil {
			if sorted, err := json.Marshal(v); err == nil {
				return string(sorted)
			}
		}
	}
	return body
}

const scrubbed = "REDACTED"

// secretHeaders carry who is asking; secretFields do so in the query and in forms.
var (
	secretHeaders = []string{"Authorization", "X-Amz-Security-Token", "Cookie", "Set-Cookie", "Proxy-Authorization", "X-Aws-Ec2-Metadata-Token", "X-Amz-Sso_bearer_token"}
	secretFields  = []string{"X-Amz-Security-Token", "X-Amz-Credential", "X-Amz-Signature", "WebIdentityToken", "SAMLAssertion", "TokenCode", "ExternalId"}
	// movingFields differ with every signing of the same call.
	movingFields = []string{"X-Amz-Date"}
)

// secretElements are credentials in the XML answers of STS; secretMembers the same in JSON answers and requests;
// secretForms in the forms that ask for them.
var (
	secretElements = regexp.MustCompile(`(?is)<(AccessKeyId|SecretAccessKey|SessionToken|AssumedRoleToken)>.*?</(AccessKeyId|SecretAccessKey|SessionToken|AssumedRoleToken)>`)
	secretMembers  = regexp.MustCompile(`(?i)"(secretAccessKey|sessionToken|token|accessToken|refreshToken|idToken|clientSecret|webIdentityToken|samlAssertion|password)"\s*:\s*"(?:[^"\\]|\\.)*"`)
	secretForms    = regexp.MustCompile(`(^|&)(WebIdentityToken|SAMLAssertion|TokenCode|ExternalId)=[^&]*`)
	besideSecret   = regexp.MustCompile(`(?i)<(Credentials|SessionToken|SecretAccessKey)>`)
)

// scrub takes every secret out of a call before it is written.
func scrub(i *cassette.Interaction) error {
	if place := signedFor(i.Request.Headers); place != "" {
		i.Request.Headers.Set(signedForHeader, place)
	}
	for _, h := range secretHeaders {
		delete(i.Request.Headers, h)
		delete(i.Response.Headers, h)
	}
	u, err := url.Parse(i.Request.URL)
	if err != nil {
		return fmt.Errorf("scrub call: %w", err)
	}
	u.User = nil
	u.RawQuery = scrubQuery(u.Query()).Encode()
	i.Request.URL, i.Request.RequestURI = u.String(), ""
	i.Request.Body = scrubBody(i.Request.Body)
	for _, f := range secretFields {
		if i.Request.Form.Has(f) {
			i.Request.Form.Set(f, scrubbed)
		}
	}
	i.Response.Body = scrubBody(i.Response.Body)
	i.Response.ContentLength = int64(len(i.Response.Body))
	delete(i.Response.Headers, "Content-Length")
	return nil
}

func scrubQuery(q url.Values) url.Values {
	for _, f := range secretFields {
		if q.Has(f) {
			q.Set(f, scrubbed)
		}
	}
	for _, f := range movingFields {
		q.Del(f)
	}
	return q
}

func scrubBody(body string) string {
	if besideSecret.MatchString(body) {
		// Only beside a secret is an access key's id a credential; alone it is the name of a key.
		body = secretElements.ReplaceAllString(body, "<$1>"+scrubbed+"</$1>")
	}
	body = secretForms.ReplaceAllString(body, "$1$2="+scrubbed)
	return secretMembers.ReplaceAllString(body, `"$1":"`+scrubbed+`"`)
}
