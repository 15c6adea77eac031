package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/plumbline-posture/plumbline/cmd/plumbline/demo"
)

// document is one resource of an estate that is data, as its provider tells it.
type document = map[string]any

// change is what happens to such an estate in a week.
type change struct {
	Happened string
	// Put adds resources; Merge patches some, as JSON merge patches do; Remove takes some away. Both name a resource by
	// the end of its id.
	Put    []document
	Merge  map[string]document
	Remove []string
	// Deny are the rights that are lacking in this week alone.
	Deny []string
}

// data is an estate that is data: its first week, and what changes from week to week.
type data struct {
	scope   demo.Scope
	ids     []string
	held    map[string]document
	changes []change
	idOf    func(document) string
	// serve makes the provider that answers for what stands.
	serve  func(held []document, denied []string) (http.Handler, error)
	server http.Handler
}

// readChanges reads what changes in the weeks.
func readChanges(name string) ([]change, error) {
	raw, err := os.ReadFile(name) // #nosec G304 -- a file of the project
	if err != nil {
		return nil, fmt.Errorf("read the weeks: %w", err)
	}
	var out []change
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("read the weeks of %s: %w", name, err)
	}
	if len(out) != weeks {
		return nil, fmt.Errorf("%s tells of %d weeks, want %d", name, len(out), weeks)
	}
	return out, nil
}

func (d *data) scopes() []demo.Scope { return []demo.Scope{d.scope} }

func (d *data) stop() error { return nil }

// turn makes the changes of a week and puts a server before what stands then.
func (d *data) turn(week int, _ time.Time) (happened string, err error) {
	c := d.changes[week]
	for end, patch := range c.Merge {
		id, err := d.find(end)
		if err != nil {
			return "", fmt.Errorf("week %d: %w", week+1, err)
		}
		d.held[id] = merged(d.held[id], patch).(document)
	}
	for _, end := range c.Remove {
		id, err := d.find(end)
		if err != nil {
			return "", fmt.Errorf("week %d: %w", week+1, err)
		}
		delete(d.held, id)
	}
	if err := d.put(c.Put); err != nil {
		return "", fmt.Errorf("week %d: %w", week+1, err)
	}
	var stands []document
	for _, id := range d.ids {
		if doc, ok := d.held[id]; ok {
			stands = append(stands, doc)
		}
	}
	d.server, err = d.serve(stands, c.Deny)
	return c.Happened, err
}

// put adds resources, each for the first time.
func (d *data) put(docs []document) error {
	if d.held == nil {
		d.held = map[string]document{}
	}
	for _, doc := range docs {
		id := d.idOf(doc)
		if id == "" {
			return fmt.Errorf("a resource has no id: %v", doc)
		}
		if _, there := d.held[id]; there {
			return fmt.Errorf("%s is there already", id)
		}
		d.held[id] = doc
		d.ids = append(d.ids, id)
	}
	return nil
}

// find finds the one resource whose id ends so.
func (d *data) find(end string) (string, error) {
	found := ""
	for id := range d.held {
		if !strings.HasSuffix(id, "/"+end) && id != end {
			continue
		}
		if found != "" {
			return "", fmt.Errorf("%q names %s and %s", end, found, id)
		}
		found = id
	}
	if found == "" {
		return "", fmt.Errorf("nothing is called %q", end)
	}
	return found, nil
}

// merged is a value with a JSON merge patch (RFC 7396) applied.
func merged(value, patch any) any {
	changes, ok := patch.(document)
	if !ok {
		return patch
	}
	out, ok := value.(document)
	if !ok {
		out = document{}
	}
	for key, v := range changes {
		if v == nil {
			delete(out, key)
		} else {
			out[key] = merged(out[key], v)
		}
	}
	return out
}

// send hands a call to the server without a network in between.
func (d *data) send(_ demo.Scope, req *http.Request) (*http.Response, error) {
	if req.Host == "" {
		req.Host = req.URL.Host
	}
	if req.Body == nil {
		req.Body = http.NoBody
	}
	answer := httptest.NewRecorder()
	d.server.ServeHTTP(answer, req)
	return answer.Result(), nil
}
