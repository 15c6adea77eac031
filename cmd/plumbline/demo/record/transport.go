package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/plumbline-posture/plumbline/cmd/plumbline/demo"
	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// The archive holds this many weeks, the first of which is looked at on this morning.
const weeks = 12

var first = time.Date(2026, time.August, 31, 6, 0, 0, 0, time.UTC)

const company = "Brackenfield Parcels"

// player plays one provider, week by week.
type player interface {
	scopes() []demo.Scope
	// turn goes on to a week, counted from 0, and says what happened in it.
	turn(week int, at time.Time) (happened string, err error)
	// send answers a call about a scope.
	send(scope demo.Scope, req *http.Request) (*http.Response, error)
	stop() error
}

// play collects every scope of a cloud in every week and keeps what was answered.
func (k *keeper) play(ctx context.Context, cloud inventory.Cloud, dir string) (err error) {
	p, err := players[cloud](ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	k.archive.Scopes = append(k.archive.Scopes, p.scopes()...)
	slices.SortFunc(k.archive.Scopes, func(a, b demo.Scope) int { return strings.Compare(string(a.ID), string(b.ID)) })
	for n := range k.archive.Weeks {
		week := &k.archive.Weeks[n]
		if week.Happened[cloud], err = p.turn(n, week.At); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s  %s  %s\n", week.At.Format(time.DateOnly), cloud, week.Happened[cloud])
		for _, scope := range p.scopes() {
			t := &transport{keep: k, player: p, scope: scope, calls: map[int]int{}}
			if err := collect(ctx, scope, week.At, t); err != nil {
				return fmt.Errorf("week %d of %s: %w", n+1, scope.ID, err)
			}
			week.Calls[scope.ID] = t.sorted()
		}
	}
	return nil
}

// collect runs the collectors; only their calls matter. What was not answered is told, for it would show in the demo.
func collect(ctx context.Context, scope demo.Scope, at time.Time, t http.RoundTripper) error {
	gatherer, err := scope.Connect(ctx, t)
	if err != nil {
		return err
	}
	return gatherer.Collect(ctx, func() time.Time { return at }, complaints{})
}

// complaints is a receiver that forgets what it is given, and tells of calls that failed.
type complaints struct{}

func (complaints) Observe(context.Context, []collectors.Observation) error { return nil }

func (complaints) Listed(_ context.Context, row inventory.LedgerRow) error {
	for _, e := range row.Errors {
		fmt.Fprintf(os.Stderr, "  %s %s %s: %s %s × %d\n", row.Scope, row.Region, row.Kind, e.Action, e.Code, e.Count)
	}
	return nil
}

// keeper holds each question and answer once.
type keeper struct {
	mu        sync.Mutex
	questions map[string]int
	answers   map[string]int
	archive   *demo.Archive
}

// keeping is a keeper that holds of an archive what was answered about some of its scopes.
func keeping(before *demo.Archive, wanted func(demo.Scope) bool) *keeper {
	k := &keeper{
		questions: map[string]int{}, answers: map[string]int{}, archive: &demo.Archive{Company: company},
	}
	for n := range weeks {
		k.archive.Weeks = append(k.archive.Weeks, demo.Week{
			At: first.AddDate(0, 0, 7*n), Happened: map[inventory.Cloud]string{},
			Calls: map[inventory.ScopeID][][2]int{},
		})
	}
	for _, scope := range before.Scopes {
		if !wanted(scope) {
			continue
		}
		k.archive.Scopes = append(k.archive.Scopes, scope)
		for n, week := range before.Weeks {
			k.archive.Weeks[n].Happened[scope.ID.Cloud()] = week.Happened[scope.ID.Cloud()]
			for _, c := range week.Calls[scope.ID] {
				k.archive.Weeks[n].Calls[scope.ID] = append(k.archive.Weeks[n].Calls[scope.ID],
					[2]int{k.question(before.Questions[c[0]]), k.answer(before.Answers[c[1]])})
			}
		}
	}
	return k
}

func (k *keeper) question(key string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	place, ok := k.questions[key]
	if !ok {
		place = len(k.archive.Questions)
		k.questions[key] = place
		k.archive.Questions = append(k.archive.Questions, key)
	}
	return place
}

func (k *keeper) answer(a demo.Answer) int {
	key := fmt.Sprint(a.Status, a.Header, a.Body)
	k.mu.Lock()
	defer k.mu.Unlock()
	place, ok := k.answers[key]
	if !ok {
		place = len(k.archive.Answers)
		k.answers[key] = place
		k.archive.Answers = append(k.archive.Answers, a)
	}
	return place
}

// transport sends the calls about one scope to its estate and keeps the last answer to each.
type transport struct {
	keep   *keeper
	player player
	scope  demo.Scope

	mu    sync.Mutex
	calls map[int]int
}

// keptHeaders are the headers by which the SDK reads an answer.
var keptHeaders = []string{"Content-Type", "X-Amz-Bucket-Region", "X-Amzn-Errortype"}

// callIDs differ with every call and say nothing.
var callIDs = regexp.MustCompile(`(?i)(<(?:requestid|hostid)>)[^<]*(</(?:requestid|hostid)>)`)

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := demo.Body(req)
	if err != nil {
		return nil, err
	}
	question := t.keep.question(demo.Question(t.scope.ID.Cloud(), req, body))
	got, err := t.player.send(t.scope, req.Clone(req.Context()))
	if err != nil {
		return nil, fmt.Errorf("ask the estate: %w", err)
	}
	raw, err := io.ReadAll(got.Body)
	if err = errors.Join(err, got.Body.Close()); err != nil {
		return nil, fmt.Errorf("ask the estate: %w", err)
	}
	if got.StatusCode >= 500 || got.StatusCode == http.StatusNotFound && strings.Contains(string(raw), "<title>") {
		fmt.Fprintf(os.Stderr, "  not answered: %s %s%s %s %.100s\n",
			req.Method, req.URL.Host, req.URL.Path, req.Header.Get("X-Amz-Target"), body)
	}
	answer := demo.Answer{
		Status: got.StatusCode, Header: map[string]string{}, Body: callIDs.ReplaceAllString(string(raw), "$1-$2"),
	}
	for _, h := range keptHeaders {
		if v := got.Header.Get(h); v != "" {
			answer.Header[h] = v
		}
	}
	place := t.keep.answer(answer)
	t.mu.Lock()
	t.calls[question] = place
	t.mu.Unlock()
	got.Body = io.NopCloser(bytes.NewReader(raw))
	return got, nil
}

// sorted puts the calls in an order that does not depend on which came first.
func (t *transport) sorted() [][2]int {
	out := make([][2]int, 0, len(t.calls))
	for q, a := range t.calls {
		out = append(out, [2]int{q, a})
	}
	slices.SortFunc(out, func(a, b [2]int) int { return a[0] - b[0] })
	return out
}
