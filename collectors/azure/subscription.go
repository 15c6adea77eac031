package azure

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"golang.org/x/time/rate"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Connection says how a subscription is reached. No field of it is a secret: credentials come from the SDK's default
// chain, from a managed identity, or from the file of a certificate or of a workload's token.
type Connection struct {
	// Subscription is the subscription that must answer; empty accepts the only one the credentials can see.
	Subscription string
	// Member says that the subscription is one of a tenant's. One that cannot be reached is then collected all the same,
	// with everything in it unknown.
	Member bool
	// Tenant is the directory to sign in to, Client the application or identity to sign in as.
	Tenant, Client string
	// Certificate is the path of a certificate with its key, FederatedTokenFile that of a workload's token.
	Certificate, FederatedTokenFile string
	// ManagedIdentity signs in as the identity of the machine this runs on; Client names one where there are several.
	ManagedIdentity bool
	// Endpoint stands for Resource Manager and its token authority; empty is the setting of the environment, else the
	// public cloud. Plain http is taken on this machine only.
	Endpoint string
	// HTTP carries every call: recorders and replayers stand here. Nil is the SDK's own client.
	HTTP policy.Transporter
	// CallsPerSecond bounds the calls to Resource Manager; 0 means the default of 20, and no bound on this machine.
	CallsPerSecond float64
	// Attempts bounds how often a refused call is tried again; 0 means the default of 5.
	Attempts int
	// Timeout bounds one call; 0 means the default of 30 s.
	Timeout time.Duration
	// Static replaces the credentials when recorded answers are replayed.
	Static azcore.TokenCredential
	// wrap stands around what carries the calls, but for those that sign in.
	wrap func(policy.Transporter) (policy.Transporter, error)
}

// Subscription is an Azure subscription that can be collected.
type Subscription struct {
	id, name string
	arm      *arm.Client
	limit    rate.Limit
	export   *Export
	// barred is why the subscription could not be reached; nil for one that was.
	barred *inventory.Unknown
}

// ErrUnreachable is behind errors of connections that the network, not a setting, may have broken.
var ErrUnreachable = errors.New("Azure cannot be reached")

var uuidShape = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// subscriptions is how Resource Manager tells of subscriptions.
var subscriptions = rowsOf{typ: "Microsoft.Resources/subscriptions", version: "2022-12-01"}

// subscriptionAnswer is a subscription as Resource Manager describes it.
type subscriptionAnswer struct {
	SubscriptionID string `json:"subscriptionId"`
	DisplayName    string `json:"displayName"`
	State          string `json:"state"`
	TenantID       string `json:"tenantId,omitempty"`
	Tags           tags   `json:"tags,omitempty"`
}

// Connect finds out whether the subscription answers. The errors name the setting to mend.
func Connect(ctx context.Context, c Connection) (*Subscription, error) {
	if c.Subscription != "" && !uuidShape.MatchString(c.Subscription) {
		return nil, fmt.Errorf("subscription %q is not the id of a subscription; want a uuid", c.Subscription)
	}
	client, limit, err := c.open()
	if err != nil {
		return nil, err
	}
	s := &Subscription{id: strings.ToLower(c.Subscription), arm: client, limit: limit}
	err = s.confirm(ctx)
	if err != nil && c.Member && ctx.Err() == nil {
		why := collectors.Classify(Classify(err))
		s.name, s.barred = s.id, &inventory.Unknown{Cause: why.Cause, Code: why.Code, Action: "GET " + subscriptions.typ,
			Permission: subscriptions.permission()}
		return s, nil
	}
	if err != nil {
		return nil, explainConnect(err, s.id)
	}
	return s, nil
}

// open makes the client of Resource Manager, and says how often it may call.
func (c Connection) open() (*arm.Client, rate.Limit, error) {
	if c.Endpoint == "" {
		c.Endpoint = os.Getenv(EndpointSetting)
	}
	e, err := parseEndpoint(c.Endpoint)
	if err != nil {
		return nil, 0, err
	}
	options := c.options(e)
	credential, err := c.credential(e, options)
	if err != nil {
		return nil, 0, fmt.Errorf("azure credentials: %w", err)
	}
	if c.wrap != nil {
		if options.Transport, err = c.wrap(options.Transport); err != nil {
			return nil, 0, err
		}
	}
	client, err := arm.NewClient("github.com/plumbline-posture/plumbline", "v1.0.0", credential, options)
	if err != nil {
		return nil, 0, fmt.Errorf("azure settings: %w", err)
	}
	switch {
	case math.IsInf(c.CallsPerSecond, 1), c.CallsPerSecond <= 0 && e != nil && e.loopback:
		return client, rate.Inf, nil
	case c.CallsPerSecond <= 0:
		return client, defaultLimit, nil
	}
	return client, rate.Limit(c.CallsPerSecond), nil
}

// defaultLimit is how many calls a second Resource Manager is asked where the connection does not say.
const defaultLimit = rate.Limit(20)

// confirm asks for the subscription. One that is named and refuses to describe itself can be collected all the same:
// its own record is then unknown.
func (s *Subscription) confirm(ctx context.Context) error {
	c := s.clients()
	if s.id == "" {
		return s.theOnlyOne(ctx, c)
	}
	got, err := get[subscriptionAnswer](ctx, c, "/subscriptions/"+s.id, subscriptions.version)
	var response *azcore.ResponseError
	switch {
	case errors.As(err, &response) && response.StatusCode == http.StatusForbidden:
		s.name = s.id
		return nil
	case err != nil:
		return err
	default:
		s.name = got.DisplayName
		return nil
	}
}

func (s *Subscription) theOnlyOne(ctx context.Context, c *Clients) error {
	found, err := all[subscriptionAnswer](ctx, c, "/subscriptions", subscriptions.version)
	if err != nil {
		return err
	}
	usable := slices.DeleteFunc(*found, func(a subscriptionAnswer) bool {
		return a.State == "Deleted" ||
			a.State == "Disabled"
	})
	if len(usable) != 1 {
		return &choiceError{len(usable)}
	}
	s.id, s.name = strings.ToLower(usable[0].SubscriptionID), usable[0].DisplayName
	return nil
}

// choiceError says that it must be told which subscription is meant.
type choiceError struct{ seen int }

func (e *choiceError) Error() string {
	return fmt.Sprintf("the credentials can see %d subscriptions: name one, as azure:<uuid>", e.seen)
}

// explainConnect puts the first refusal of a subscription, or of a tenant, in words that name the fix.
func explainConnect(err error, id string) error {
	var choice *choiceError
	if errors.As(err, &choice) {
		return err
	}
	if strings.Contains(err.Error(), "failed to acquire a token") {
		return errors.New("no Azure credentials were found: sign in with az login, or set AZURE_TENANT_ID and " +
			"AZURE_CLIENT_ID with a certificate or a federated token")
	}
	switch c := code(err); c {
	case "AuthenticationFailed", "InvalidAuthenticationToken", "ExpiredAuthenticationToken",
		"InvalidAuthenticationTokenTenant", "HTTP401":
		return fmt.Errorf("Azure does not accept the credentials: sign in again, or check tenant and client (%s)", c)
	case "SubscriptionNotFound", "InvalidSubscriptionId":
		return fmt.Errorf("subscription %s is not in the tenant of the credentials: check the id and the tenant (%s)", id, c)
	case "HostNotFound", "ConnectionFailed", "Timeout":
		return fmt.Errorf("%w: check the network and %s (%s)", ErrUnreachable, EndpointSetting, c)
	default:
		return fmt.Errorf("%w: it refused the first question with %s; try again later", ErrUnreachable, c)
	}
}

// Scope is the scope id of the subscription.
func (s *Subscription) Scope() inventory.ScopeID { return scopeOf(s.id) }

// scopeOf is the scope id of a subscription.
func scopeOf(subscription string) inventory.ScopeID {
	return inventory.ScopeID("azure:" + strings.ToLower(subscription))
}

// Name is what people call the subscription.
func (s *Subscription) Name() string { return s.name }

// Classes says of which classes these collectors list something, and which of them Azure does not have.
func (s *Subscription) Classes() map[inventory.Class]bool { return Sources.Classes() }

// graphBurst and graphPerSecond are what Resource Graph allows a caller: 15 questions in 5 seconds.
const (
	graphBurst     = 15
	graphPerSecond = 3
)

// clients are fresh for each collection: what they share among sources is of one moment.
func (s *Subscription) clients() *Clients {
	graph := rate.Limit(graphPerSecond)
	if s.limit == rate.Inf {
		graph = rate.Inf
	}
	return &Clients{Subscription: s.id, Name: s.name, arm: s.arm, budget: budgetOf(s.limit),
		graphBudget: rate.NewLimiter(graph, graphBurst), export: s.export}
}

// budgetOf lets calls through at a rate, those of one second at once.
func budgetOf(limit rate.Limit) *rate.Limiter {
	if limit == rate.Inf {
		return rate.NewLimiter(limit, 1)
	}
	return rate.NewLimiter(limit, max(int(limit), 1))
}

func (s *Subscription) collection(now func() time.Time) collectors.Collection[*Clients] {
	c := s.clients()
	return collectors.Collection[*Clients]{
		Scope: s.Scope(), Registry: &Sources, Clients: func(string) *Clients { return c },
		Classify: Classify, Now: now, Listings: 16, Asks: 32, Deadline: 20 * time.Minute,
	}
}

// Collect lists every kind of the subscription. Of one that could not be reached nothing is listed, and every kind says
// why.
func (s *Subscription) Collect(ctx context.Context, now func() time.Time, out collectors.Out) error {
	if s.barred != nil {
		return s.collection(now).Barred(ctx, *s.barred, out)
	}
	return s.collection(now).Collect(ctx, out)
}

// One asks again about a single resource and reports whether it is there.
func (s *Subscription) One(ctx context.Context, kind inventory.Kind, region, id string, now func() time.Time,
	out collectors.Out) (bool, error) {
	if why := s.barred; why != nil {
		return false, fmt.Errorf("subscription %s cannot be reached: %s %s (%s)", s.id, why.Permission, why.Cause, why.Code)
	}
	return s.collection(now).One(ctx, kind, region, id, out)
}

// Permissions are the rights the collectors need, those of every listing included.
func Permissions() []string {
	all := append(Sources.Permissions(), permissionsRead, subscriptions.permission(), resourceGroups.permission(),
		"Microsoft.ResourceGraph/resources/read")
	slices.Sort(all)
	return slices.Compact(all)
}
