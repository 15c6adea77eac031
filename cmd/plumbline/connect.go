package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
)

// target is one scope that a scan asks for.
type target struct {
	provider *provider
	// account is the provider's own id; empty is whichever the credentials belong to.
	account string
	// organization says that the id is of what accounts lie in, and that these are meant.
	organization bool
	// member is what was found in an organisation; nil for what was named.
	member *inventory.Member
}

// targets are the scopes that a scan asks for, by the clouds and scopes that were named. Without any it is what the
// recording holds, or the first cloud.
func (c *scanCmd) targets() (out []target, err error) {
	var named []*provider
	for _, word := range c.Clouds {
		p, err := providerOf(inventory.Cloud(word))
		if err != nil {
			return nil, err
		}
		if !slices.Contains(named, p) {
			named = append(named, p)
		}
	}
	scoped := map[*provider]int{}
	for _, word := range c.Scope {
		p, err := scopeProvider(inventory.ScopeID(word))
		if err != nil {
			return nil, fmt.Errorf("--scope: %w", err)
		}
		id := inventory.ScopeID(word)
		t := target{provider: p, account: strings.ToLower(id.Account()), organization: id.Organization()}
		if len(named) > 0 && !slices.Contains(named, p) {
			return nil, fmt.Errorf("--scope %s: %s is not among the clouds to scan; add %s", word, p.cloud.Title(), p.cloud)
		}
		if slices.Contains(out, t) {
			continue
		}
		if scoped[p]++; scoped[p] > 1 && p.single != "" && c.Replay == "" {
			return nil, fmt.Errorf("--scope: %s", p.single)
		}
		out = append(out, t)
	}
	if len(named) == 0 && len(out) == 0 {
		named = c.recorded()
	}
	for _, p := range named {
		if scoped[p] > 0 {
			continue
		}
		if c.Organization && p.organization == nil {
			return nil, fmt.Errorf("--organization: what lies in an organisation of %s is not found by itself in this "+
				"release: name it with --scope", p.cloud.Title())
		}
		out = append(out, target{provider: p, organization: c.Organization})
	}
	if c.Organization && !slices.ContainsFunc(out, func(t target) bool { return t.organization }) {
		return nil, errors.New("--organization: the scopes that are named are no organisations; name one, or none")
	}
	if len(c.Region) > 0 && !slices.ContainsFunc(out, func(t target) bool { return t.provider.regional }) {
		return nil, errors.New("--region: what is scanned is listed whole, in every region; leave it out")
	}
	if c.Aggregator != "" && !slices.ContainsFunc(out, func(t target) bool { return t.provider.records != nil }) {
		return nil, errors.New("--aggregator: no cloud that is scanned has such records; leave it out")
	}
	return out, nil
}

// recorded are the clouds that a replay finds recordings of; without a replay, the first.
func (c *scanCmd) recorded() (out []*provider) {
	for _, p := range providers {
		if c.Replay != "" && len(recordings(c.Replay, p)) > 0 {
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		return providers[:1]
	}
	return out
}

// recordings are the folders in a folder that hold the answers of a cloud.
func recordings(dir string, p *provider) (out []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if e.IsDir() && (e.Name() == string(p.cloud) || strings.HasPrefix(e.Name(), string(p.cloud)+"-")) {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out
}

// folder is where a target is recorded: recordings of several scopes in one folder do not meet.
func (t target) folder(dir string) string {
	if t.account == "" {
		return filepath.Join(dir, string(t.provider.cloud))
	}
	return filepath.Join(dir, string(t.provider.cloud)+"-"+strings.ReplaceAll(t.account, ":", "_"))
}

// connection is an open gatherer with what ends it.
type connection struct {
	gatherer pipeline.Gatherer
	end      func() error
}

// connections are all that a scan has open.
type connections []connection

// close ends what was opened, such as recordings.
func (c connections) close() (err error) {
	for _, o := range c {
		err = errors.Join(err, o.end())
	}
	return err
}

// connect reaches every scope the scan asks for.
func (c *scanCmd) connect(ctx context.Context, log *slog.Logger) (open connections, err error) {
	if len(c.From) > 0 {
		gatherers, err := c.readExports()
		for _, g := range gatherers {
			open = append(open, connection{g, func() error { return nil }})
		}
		return open, err
	}
	targets, err := c.targets()
	if err != nil {
		return nil, usage(err)
	}
	for _, t := range targets {
		found, err := c.reachOne(ctx, t, log)
		if err != nil {
			return nil, errors.Join(connectFault(ctx, t.provider, err), open.close())
		}
		open = append(open, found...)
	}
	return open, nil
}

// members reaches what lies in an organisation and is open. Where that cannot be listed whole, the ledger says so and
// nothing in it is scanned.
func (c *scanCmd) members(
	ctx context.Context, p *pipeline.Pipeline, o pipeline.Organization, log *slog.Logger,
) (open connections, err error) {
	of, err := providerOf(o.Scope().Cloud())
	if err != nil {
		return nil, err
	}
	members, _, err := p.Members(ctx, o)
	if err != nil {
		return nil, err
	}
	if why := pipeline.Missing(o); why != "" {
		log.Warn("what the credentials may not read is not listed", "scope", o.Scope(), "missing", why)
	}
	for _, m := range members {
		if m.Closed != "" {
			log.Info("not scanned", "scope", m.Scope, "name", m.Name, "because", "it is "+m.Closed)
			continue
		}
		found, err := c.reachOne(ctx, target{provider: of, account: m.Scope.Account(), member: &m}, log)
		if err != nil {
			return open, connectFault(ctx, of, fmt.Errorf("%s: %w", m.Scope, err))
		}
		open = append(open, found...)
	}
	return open, nil
}

// connectFault says whether a setting is at fault or the way to the cloud.
func connectFault(ctx context.Context, p *provider, err error) error {
	err = fmt.Errorf("connect to %s: %w", p.cloud.Title(), err)
	if errors.Is(err, p.unreachable) || ctx.Err() != nil {
		return err
	}
	return usage(err)
}

// reachOne reaches one scope itself, or the recordings of it.
func (c *scanCmd) reachOne(ctx context.Context, t target, log *slog.Logger) ([]connection, error) {
	r := reach{account: t.account, connection: t.provider.flags(c), attempts: c.Attempts, log: log}
	if t.member != nil {
		r.member, r.connection = true, r.connection.OfMember(*t.member)
	}
	nothing := func() error { return nil }
	switch {
	case t.organization && c.Replay == "":
		g, err := gathered(t.provider.organization(ctx, r))
		return []connection{{g, nothing}}, t.provider.recordsNamed(ctx, g, err)
	case c.Record != "":
		g, end, err := t.provider.record(ctx, r, t.folder(c.Record))
		return []connection{{g, end}}, err
	case c.Replay != "":
		var out []connection
		if t.organization {
			r.account = "" // the recordings know whose they are
		}
		for _, dir := range t.replays(c.Replay) {
			g, err := t.provider.replay(ctx, r, dir)
			if err != nil {
				return nil, err
			}
			out = append(out, connection{g, nothing})
		}
		return out, nil
	default:
		g, err := t.provider.connect(ctx, r)
		if r.member {
			return []connection{{g, nothing}}, err
		}
		return []connection{{g, nothing}}, t.provider.recordsNamed(ctx, g, err)
	}
}

// replays are the recordings that a target may mean: its own, all of its cloud where none is named, or the folder
// itself where it is one.
func (t target) replays(dir string) []string {
	all := recordings(dir, t.provider)
	switch {
	case len(all) == 0:
		return []string{dir}
	case t.account == "", t.organization: // what is recorded of an organisation is each account
		return all
	case slices.Contains(all, t.folder(dir)):
		return []string{t.folder(dir)}
	default:
		// It may have been recorded without its name; the recording knows whose it is.
		return all[:1]
	}
}

// readExports reads the files that stand for live calls, each a kind and a file.
func (c *scanCmd) readExports() (out []pipeline.Gatherer, err error) {
	seen := map[inventory.ScopeID]string{}
	for _, word := range c.From {
		kind, file, ok := strings.Cut(word, "=")
		if !ok || file == "" {
			return nil, usage(fmt.Errorf("--from %q: want KIND=FILE, with a kind of %s", word, strings.Join(exportKinds(), ", ")))
		}
		found, err := readExport(kind, file)
		if err != nil {
			return nil, usage(fmt.Errorf("--from %s: %w", word, err))
		}
		for _, g := range found {
			if len(c.Scope) > 0 && !slices.Contains(c.Scope, string(g.Scope())) {
				continue
			}
			if other, twice := seen[g.Scope()]; twice {
				return nil, usage(fmt.Errorf("--from %s: %s tells of %s already; put the rows of both into one file", word, other,
					g.Scope()))
			}
			seen[g.Scope()] = file
			out = append(out, g)
		}
	}
	if len(out) == 0 {
		return nil, usage(fmt.Errorf("--scope: no export tells of %s", strings.Join(c.Scope, ", ")))
	}
	return out, nil
}

func readExport(kind, file string) ([]pipeline.Gatherer, error) {
	at := slices.IndexFunc(providers, func(p *provider) bool { return p.export == kind })
	if at < 0 {
		return nil, fmt.Errorf("there is no such kind of export; want one of %s", strings.Join(exportKinds(), ", "))
	}
	f, err := os.Open(file) // #nosec G304 -- the file was named for this
	if err != nil {
		return nil, err
	}
	out, err := providers[at].readExport(f)
	return out, errors.Join(err, f.Close())
}
