package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/api"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/web"
)

// openScope reaches a scope by its stored connection.
func openScope(ctx context.Context, scope store.Scope) (pipeline.Gatherer, error) {
	return openLogged(nil)(ctx, scope)
}

// openLogged is openScope, and lets the log know what a connection goes on without.
func openLogged(log *slog.Logger) func(context.Context, store.Scope) (pipeline.Gatherer, error) {
	return func(ctx context.Context, scope store.Scope) (pipeline.Gatherer, error) {
		return openWith(ctx, scope, log)
	}
}

func openWith(ctx context.Context, scope store.Scope, log *slog.Logger) (pipeline.Gatherer, error) {
	p, err := scopeProvider(scope.NaturalID)
	if err != nil {
		return nil, err
	}
	r := reach{account: scope.NaturalID.Account(), connection: scope.Connection, member: scope.ParentID != nil, log: log}
	if scope.NaturalID.Organization() {
		return gathered(p.organization(ctx, r))
	}
	return p.connect(ctx, r)
}

// probe is one question of a connection test.
type probe struct {
	what, answer string
	passed       bool
}

// testConnection makes the first calls of a collection and tells what came back.
func testConnection(ctx context.Context, scope store.Scope) []probe {
	ctx, cancel := context.WithTimeout(ctx, 45*time.Second)
	defer cancel()
	g, err := openScope(ctx, scope)
	if err != nil {
		return []probe{{what: "Sign in to " + string(scope.NaturalID), answer: err.Error()}}
	}
	probes := []probe{{what: "Sign in to " + string(scope.NaturalID), answer: "The credentials belong to " + string(g.Scope()) + ".", passed: true}}
	if o, ok := g.(pipeline.Organization); ok {
		probes = append(probes, probeMembers(ctx, o))
	}
	p, err := scopeProvider(scope.NaturalID)
	if err == nil && p.probes != nil {
		probes = append(probes, p.probes(ctx, g)...)
	}
	return probes
}

// probeMembers lists what lies in an organisation.
func probeMembers(ctx context.Context, o pipeline.Organization) probe {
	members, row := o.Members(ctx, time.Now)
	open := 0
	for _, m := range members {
		if m.Closed == "" {
			open++
		}
	}
	p := probe{what: "List what lies in " + string(o.Scope()), passed: row.Complete,
		answer: fmt.Sprintf("%d are open and %d closed.", open, len(members)-open)}
	if missing := pipeline.Missing(o); missing != "" {
		p.answer += " Of one that is not among them: " + missing + "."
	}
	if !row.Complete {
		why := row.Unknown
		p.answer = fmt.Sprintf("It needs the right %s: %s (%s).", why.Permission, why.Cause, why.Code)
	}
	return p
}

// apiConnector tries connections for the API.
type apiConnector struct{}

// Test implements api.Connector.
func (apiConnector) Test(ctx context.Context, _ uuid.UUID, scope store.Scope) ([]api.Probe, error) {
	var out []api.Probe
	for _, p := range testConnection(ctx, scope) {
		out = append(out, api.Probe{What: p.what, Passed: p.passed, Answer: p.answer})
	}
	return out, nil
}

// pageConnector prepares and tries connections for the pages.
type pageConnector struct{}

// Test implements web.Connector.
func (pageConnector) Test(ctx context.Context, _ uuid.UUID, scope store.Scope) ([]web.Probe, error) {
	var out []web.Probe
	for _, p := range testConnection(ctx, scope) {
		out = append(out, web.Probe{What: p.what, Passed: p.passed, Answer: p.answer})
	}
	return out, nil
}

// Guides implements web.Connector.
func (pageConnector) Guides(externalID string) (out []web.Guide, err error) {
	for _, p := range providers {
		g, err := p.guide(externalID)
		if err != nil {
			return nil, fmt.Errorf("rights on %s: %w", p.cloud.Title(), err)
		}
		g.Cloud = p.cloud
		out = append(out, g)
	}
	return out, nil
}

// maskURL hides the password of a database address.
func maskURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(set)"
	}
	return u.Redacted()
}
