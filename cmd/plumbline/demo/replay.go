package demo

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Replay answers the calls of one week and scope from the archive. It never touches the network.
type Replay struct {
	archive *Archive
	cloud   inventory.Cloud
	answers map[string]int

	mu sync.Mutex
	// missing are the questions that the archive does not answer.
	missing map[string]bool
}

// Replay returns the answers of a week, counted from 0, to the calls about a scope.
func (a *Archive) Replay(week int, scope inventory.ScopeID) *Replay {
	calls := a.Weeks[week].Calls[scope]
	r := &Replay{archive: a, cloud: scope.Cloud(), answers: make(map[string]int, len(calls)), missing: map[string]bool{}}
	for _, c := range calls {
		r.answers[a.Questions[c[0]]] = c[1]
	}
	return r
}

// RoundTrip implements http.RoundTripper.
func (r *Replay) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := Body(req)
	if err != nil {
		return nil, err
	}
	key := Question(r.cloud, req, body)
	place, ok := r.answers[key]
	if !ok {
		r.mu.Lock()
		r.missing[key] = true
		r.mu.Unlock()
		return nil, fmt.Errorf("the demo's archive has no answer to %s", strings.ReplaceAll(key, "\n", " "))
	}
	answer := r.archive.Answers[place]
	out := &http.Response{
		Status: http.StatusText(answer.Status), StatusCode: answer.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, len(answer.Header)), Body: io.NopCloser(strings.NewReader(answer.Body)),
		ContentLength: int64(len(answer.Body)), Request: req,
	}
	for name, value := range answer.Header {
		out.Header.Set(name, value)
	}
	return out, nil
}

// Missing are the questions that the archive could not answer so far.
func (r *Replay) Missing() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]string, 0, len(r.missing))
	for key := range r.missing {
		out = append(out, key)
	}
	return out
}

// Body reads the body of a request and puts it back.
func Body(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, fmt.Errorf("read a request: %w", err)
	}
	if err := req.Body.Close(); err != nil {
		return nil, fmt.Errorf("read a request: %w", err)
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}
