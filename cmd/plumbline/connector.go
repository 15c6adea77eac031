package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/api"
	"github.com/plumbline-posture/plumbline/collectors/aws"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/web"
)

// openScope reaches a scope by its stored connection.
func openScope(ctx context.Context, scope store.Scope) (pipeline.Gatherer, error) {
	if prefix := scope.NaturalID.Cloud(); prefix != inventory.AWS {
		return nil, fmt.Errorf("%s: this release collects AWS accounts only", scope.NaturalID)
	}
	return aws.Connect(ctx, aws.Connection{
		Account: scope.NaturalID.Account(), RoleARN: scope.Connection.Role, ExternalID: scope.Connection.ExternalID, Regions: scope.Connection.Regions,
	})
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
	if account, ok := g.(*aws.Account); ok {
		probes = append(probes, regionProbe(account))
	}
	return probes
}

func regionProbe(account *aws.Account) probe {
	p := probe{what: "List the regions that are enabled", passed: account.RegionsListed(), answer: fmt.Sprintf("%d regions are collected.", len(account.Regions()))}
	if !p.passed {
		p.answer = "The right ec2:DescribeRegions is missing: every region but one would stay unknown."
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

// Grant implements web.Connector.
func (pageConnector) Grant(cloud inventory.Cloud, externalID string) (web.Grant, error) {
	if cloud != inventory.AWS {
		return web.Grant{}, fmt.Errorf("%s: this release collects AWS accounts only", cloud.Title())
	}
	rights, err := aws.Policy("json")
	if err != nil {
		return web.Grant{}, err
	}
	trust, err := aws.Trust(externalID)
	if err != nil {
		return web.Grant{}, err
	}
	return web.Grant{Rights: string(rights), Trust: string(trust)}, nil
}

// maskURL hides the password of a database address.
func maskURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(set)"
	}
	return u.Redacted()
}
