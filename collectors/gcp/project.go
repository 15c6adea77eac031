package gcp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2/google"
	"google.golang.org/api/impersonate"
	"google.golang.org/api/option"
	transport "google.golang.org/api/transport/http"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// EndpointSetting names the setting that points every API of Google elsewhere.
const EndpointSetting = "PLUMBLINE_GCP_ENDPOINT"

const noCredentials = "no Google credentials were found: sign in, or name a configuration of workload identity " +
	"federation in GOOGLE_APPLICATION_CREDENTIALS"

// tokenScope is what tokens are asked for: the asset inventory and others take no narrower one. What a token may do is
// bounded by the role of the account.
const tokenScope = "https://www.googleapis.com/auth/cloud-platform"

// ErrUnreachable is behind the errors of Connect when Google could not be reached at all.
var ErrUnreachable = errors.New("Google Cloud cannot be reached")

// Connection says how a project is reached. No field of it is a secret: credentials come from the default chain (a
// workload identity, federation by a configuration file, a person's sign-in) and, where a service account is named, are
// exchanged for short-lived ones of that account.
type Connection struct {
	// Project is the id of the project.
	Project string
	// Organization is the number of the organisation whose projects are to be found; empty is the only one that the
	// credentials see. It is used where an organisation is connected, and nowhere else.
	Organization string
	// Impersonate is a service account to act as; Delegates are the accounts on the way to it.
	Impersonate string
	Delegates   []string
	// Endpoint stands for every API; empty means the setting, and without it Google's own.
	Endpoint string
	// HTTP carries every call: recorders and replayers stand here. Nil is the standard transport.
	HTTP http.RoundTripper
	// Unsigned leaves out the credentials, for recorded answers.
	Unsigned bool
	// CallsPerSecond bounds the calls to each API; 0 means the default of 20.
	CallsPerSecond float64
	// Attempts bounds how often a call that was refused in passing is made; 0 means the default of 5.
	Attempts int
	// Timeout bounds one call; 0 means the default of 60 s.
	Timeout time.Duration
	// Log is told what is taken for granted; nil is nobody.
	Log *slog.Logger

	// sealed takes no endpoint from the environment: a replay goes where the recording went.
	sealed bool
}

// Project is a Google Cloud project that can be collected.
type Project struct {
	id       string
	http     *http.Client
	endpoint *url.URL
	attempts int
	timeout  time.Duration
	budget   *budget
	export   *Export
}

// Connect prepares the calls to a project and finds out whether the credentials are accepted. The errors name the
// setting to mend.
func Connect(ctx context.Context, c Connection) (*Project, error) {
	if _, err := inventory.ParseScope("gcp:" + c.Project); err != nil {
		return nil, fmt.Errorf("project %q is not the id of a project; want one such as my-project-1", c.Project)
	}
	p, err := open(ctx, c)
	if err != nil {
		return nil, err
	}
	_, err = fetch[projectBody](ctx, p.clients(), projectAPI, "/v3/projects/"+c.Project, nil)
	return p, explainConnect(err)
}

// open prepares the calls of a connection and makes none.
func open(ctx context.Context, c Connection) (*Project, error) {
	p := &Project{id: c.Project, attempts: c.Attempts, timeout: c.Timeout, budget: newBudget(c.CallsPerSecond)}
	if p.attempts == 0 {
		p.attempts = 5
	}
	if p.timeout == 0 {
		p.timeout = time.Minute
	}
	var err error
	if c.Endpoint == "" && !c.sealed {
		c.Endpoint = os.Getenv(EndpointSetting)
	}
	if p.endpoint, err = endpointOf(c.Endpoint); err != nil {
		return nil, err
	}
	if p.http, err = client(ctx, c, p.endpoint); err != nil {
		return nil, err
	}
	return p, nil
}

// DefaultProject is the project that the environment or the credentials name; empty where neither names one.
func DefaultProject(ctx context.Context) string {
	for _, setting := range []string{"GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"} {
		if project := os.Getenv(setting); project != "" {
			return project
		}
	}
	if os.Getenv(EndpointSetting) != "" {
		// Whose project an endpoint of one's own serves, Google's credentials cannot tell.
		return ""
	}
	found, err := google.FindDefaultCredentials(ctx, tokenScope)
	if err != nil {
		return ""
	}
	return found.ProjectID
}

// FromExport is a project as an export tells it.
func FromExport(e *Export) *Project {
	return &Project{id: e.Project, export: e, attempts: 1, timeout: time.Minute, budget: newBudget(0)}
}

// endpointOf reads the endpoint that stands for every API. Plain http is for this machine alone: over a network it
// would show the token to whoever listens.
func endpointOf(word string) (*url.URL, error) {
	if word == "" {
		return nil, nil
	}
	u, err := url.Parse(word)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, fmt.Errorf("%s %q is not an address; want https://host or http://127.0.0.1:port", EndpointSetting, word)
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, fmt.Errorf("%s %q: plain http is allowed on this machine only; use https", EndpointSetting, word)
	}
	for len(u.Path) > 0 && u.Path[len(u.Path)-1] == '/' {
		u.Path = u.Path[:len(u.Path)-1]
	}
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// client signs calls, unless they go to this machine over plain http: nobody there asks for a token.
func client(ctx context.Context, c Connection, endpoint *url.URL) (*http.Client, error) {
	base := c.HTTP
	if base == nil {
		base = http.DefaultTransport
	}
	if c.Unsigned || endpoint != nil && endpoint.Scheme == "http" {
		return &http.Client{Transport: base}, nil
	}
	options := []option.ClientOption{option.WithScopes(tokenScope)}
	if c.Impersonate != "" {
		tokens, err := impersonate.CredentialsTokenSource(ctx, impersonate.CredentialsConfig{
			TargetPrincipal: c.Impersonate, Delegates: c.Delegates, Scopes: []string{tokenScope},
		})
		if err != nil {
			return nil, fmt.Errorf("act as %s: no Google credentials were found to start from: %w", c.Impersonate, err)
		}
		options = []option.ClientOption{option.WithTokenSource(tokens)}
	}
	signed, err := transport.NewTransport(ctx, base, options...)
	if err != nil {
		return nil,
			fmt.Errorf("%s: %w", noCredentials, err)
	}
	return &http.Client{Transport: signed}, nil
}

// explainConnect puts the first refusal of a project in words that name the fix. A right that is missing is no reason
// to stop: the ledger of the run says what could not be read.
func explainConnect(err error) error {
	if err == nil {
		return nil
	}
	switch r := reasonOf(err); {
	case r.Code == "UNAUTHENTICATED" || r.Code == "HTTP401" || r.Code == "CredentialsRefused":
		return fmt.Errorf("Google does not accept the credentials: sign in again (%s)", r.Code)
	case r.Code == "CredentialsMissing":
		return errors.New(noCredentials)
	case r.Code == "HostNotFound" || r.Code == "ConnectionFailed" || r.Code == "Timeout":
		return fmt.Errorf("%w: check the network and %s (%s)", ErrUnreachable, EndpointSetting, r.Code)
	}
	return nil
}

// clients are those of one run: what they remember is forgotten with it.
func (p *Project) clients() *Clients {
	return &Clients{
		Project: p.id, http: p.http, endpoint: p.endpoint, attempts: p.attempts, timeout: p.timeout, budget: p.budget,
		export: p.export, kept: map[string]*keptListing{}, once: map[string]*keptCall{}, direct: map[string]bool{},
		policies: map[string]*keptPolicies{},
	}
}

// Scope is the scope id of the project.
func (p *Project) Scope() inventory.ScopeID { return inventory.ScopeID("gcp:" + p.id) }

// Classes say of each class whether these collectors list it or Google Cloud does not have it.
func (p *Project) Classes() map[inventory.Class]bool { return Sources.Classes() }

func (p *Project) collection(c *Clients, now func() time.Time) collectors.Collection[*Clients] {
	return collectors.Collection[*Clients]{
		Scope: p.Scope(), Registry: &Sources, Clients: func(string) *Clients { return c },
		Classify: Classify, Now: now, Listings: 16, Asks: 32, Deadline: 20 * time.Minute,
	}
}

// Collect lists every kind of the project.
func (p *Project) Collect(ctx context.Context, now func() time.Time, out collectors.Out) error {
	c := p.clients()
	return p.collection(c, now).Collect(ctx, &noted{Out: out, clients: c})
}

// One asks again about a single resource and reports whether it is there.
func (p *Project) One(ctx context.Context, kind inventory.Kind, _, id string, now func() time.Time,
	out collectors.Out) (bool, error) {
	c := p.clients()
	c.single = true
	return p.collection(c, now).One(ctx, kind, collectors.Global, id, out)
}

// noted writes in the ledger which way a kind was listed where that was not the asset inventory.
type noted struct {
	collectors.Out
	clients *Clients
}

// Listed implements collectors.Out.
func (n *noted) Listed(ctx context.Context, row inventory.LedgerRow) error {
	e := Sources.Entry(row.Kind)
	n.clients.mu.Lock()
	refused := n.clients.refused
	direct := e != nil && n.clients.direct[e.Definition().ListAction]
	n.clients.mu.Unlock()
	if direct && refused != nil {
		row.Errors = append(row.Errors, inventory.CallErrors{Action: assetAction, Code: refused.Code, Count: 1})
	}
	return n.Out.Listed(ctx, row)
}

// Permissions are the rights the collectors need on the project.
func Permissions() []string {
	return slices.DeleteFunc(allPermissions(), givenAbove)
}

// PermissionsAbove are the rights that are given on a folder or on the organisation, and that a role of a project cannot
// hold.
func PermissionsAbove() []string {
	return slices.DeleteFunc(allPermissions(), func(p string) bool { return !givenAbove(p) })
}

func givenAbove(permission string) bool {
	return strings.HasPrefix(permission, "resourcemanager.folders.") ||
		strings.HasPrefix(permission, "resourcemanager.organizations.")
}

func allPermissions() []string {
	all := append(Sources.Permissions(), projectPermission)
	slices.Sort(all)
	return slices.Compact(all)
}
