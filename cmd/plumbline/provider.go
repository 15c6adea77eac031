package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/web"
)

// provider is a cloud as the program needs it: how its scopes are reached, and what their owners have to put in place.
// A file for each cloud holds one; nothing else in the program knows a cloud.
type provider struct {
	cloud inventory.Cloud
	// formats are the forms its rights are printed in by policy; documents are the files of the reference by form.
	policy    func(format string) ([]byte, error)
	formats   []string
	documents map[string]string

	connect func(ctx context.Context, r reach) (pipeline.Gatherer, error)
	record  func(ctx context.Context, r reach, dir string) (pipeline.Gatherer, func() error, error)
	replay  func(ctx context.Context, r reach, dir string) (pipeline.Gatherer, error)
	// organization reaches what other scopes lie in; nil where this release does not find scopes by itself.
	organization func(ctx context.Context, r reach) (pipeline.Organization, error)
	// unreachable is behind the errors of connect that are no fault of a setting.
	unreachable error
	// flags are what the settings of a scan say of a connection.
	flags func(c *scanCmd) store.Connection
	// single says why one set of credentials reaches no more than one scope; empty where it may reach several.
	single string
	// regional says that a collection can be limited to regions.
	regional bool
	// records says whether there are the records that a connection names to stand in for calls; nil where the provider
	// keeps none. The error says what is wrong with the name; where they cannot be asked for, that is no error.
	records func(ctx context.Context, g pipeline.Gatherer) error

	// export is the kind of export that readExport reads.
	export     string
	readExport func(r io.Reader) ([]pipeline.Gatherer, error)

	// probes are what else a connection test asks, after it has signed in.
	probes func(ctx context.Context, g pipeline.Gatherer) []probe
	guide  func(externalID string) (web.Guide, error)
}

// reach says which scope is meant and how it is reached.
type reach struct {
	// account is the provider's own id; empty is whichever the credentials belong to.
	account    string
	connection store.Connection
	// member says that the account was found in an organisation: when it cannot be entered, all in it is unknown.
	member bool
	// attempts is how often a call is tried in all; 0 is the collectors' default.
	attempts int
	log      *slog.Logger
}

var providers = []*provider{&amazon, &microsoft, &google}

// recordsNamed adds to an error of connecting that of records which are not there.
func (p *provider) recordsNamed(ctx context.Context, g pipeline.Gatherer, err error) error {
	if err != nil || p.records == nil {
		return err
	}
	return p.records(ctx, g)
}

// providerOf finds the provider of a cloud.
func providerOf(cloud inventory.Cloud) (*provider, error) {
	for _, p := range providers {
		if p.cloud == cloud {
			return p, nil
		}
	}
	return nil, fmt.Errorf("cloud %q is not one of %s", cloud, strings.Join(cloudNames(), ", "))
}

// cloudNames are the clouds as the command line names them.
func cloudNames() (out []string) {
	for _, p := range providers {
		out = append(out, string(p.cloud))
	}
	return out
}

// scopeProvider finds the provider of a scope that can be collected, or whose members can be found.
func scopeProvider(scope inventory.ScopeID) (*provider, error) {
	p, err := providerOf(scope.Cloud())
	if err != nil {
		return nil, err
	}
	if scope.Organization() && p.organization == nil {
		return nil, fmt.Errorf("%s is not collected by itself in this release: name what lies in it, as %s:<id>", scope, p.cloud)
	}
	return p, nil
}

// exportKinds are the kinds of export that are read.
func exportKinds() (out []string) {
	for _, p := range providers {
		out = append(out, p.export)
	}
	return out
}

// gathered makes a gatherer of what a collector's connect returns: none, and not an empty one, beside an error.
func gathered[G pipeline.Gatherer](g G, err error) (pipeline.Gatherer, error) {
	if err != nil {
		return nil, err
	}
	return g, nil
}

// rightsFormats are all the forms that rights are printed in.
func rightsFormats() (out []string) {
	for _, p := range providers {
		for _, f := range p.formats {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out
}
