package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/plumbline-posture/plumbline/cmd/plumbline/demo"
	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/aws"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// record collects every account in every week and keeps what was answered.
func record(ctx context.Context, e *estate) (*demo.Archive, error) {
	target, err := url.Parse(e.head.URL)
	if err != nil {
		return nil, fmt.Errorf("address of the estate: %w", err)
	}
	keep := &keeper{
		questions: map[string]int{}, answers: map[string]int{},
		archive: &demo.Archive{Company: e.head.Company, Scopes: e.head.Scopes},
	}
	for {
		week, err := e.week()
		if errors.Is(err, io.EOF) && len(keep.archive.Weeks) > 0 {
			return keep.archive, nil
		}
		if err != nil {
			return nil, err
		}
		for _, scope := range e.head.Scopes {
			t := &transport{keep: keep, target: target, account: scope.Account, calls: map[int]int{}}
			if err := collect(ctx, scope, week.At, t); err != nil {
				return nil, fmt.Errorf("week of %s, account %s: %w", week.At.Format(time.DateOnly), scope.Account, err)
			}
			week.Calls[scope.Account] = t.sorted()
		}
		fmt.Fprintf(os.Stderr, "%s  %s\n", week.At.Format(time.DateOnly), week.Happened)
		keep.archive.Weeks = append(keep.archive.Weeks, week)
		if err := e.next(); err != nil {
			return nil, err
		}
	}
}

// collect runs the collectors; only their calls matter. What was not answered is told, for it would show in the demo.
func collect(ctx context.Context, scope demo.Scope, at time.Time, t http.RoundTripper) error {
	account, err := scope.Connect(ctx, t)
	if err != nil {
		return err
	}
	return account.Collect(ctx, func() time.Time { return at }, complaints{})
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

// transport sends the calls about one account to the estate and keeps the last answer to each.
type transport struct {
	keep    *keeper
	target  *url.URL
	account string

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
	question := t.keep.question(aws.CallKey(req, body))
	sent := req.Clone(req.Context())
	// The host still says which service and bucket is meant.
	sent.Host = req.URL.Host
	sent.URL.Scheme, sent.URL.Host = t.target.Scheme, t.target.Host
	sent.Header.Set("X-Moto-Account-Id", t.account)
	got, err := http.DefaultTransport.RoundTrip(sent)
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
