package aws

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"sort"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Connection says how an account is reached. No field of it is a secret: credentials come from the SDK's default chain
// and, where a role is named, are exchanged for that role's.
type Connection struct {
	// Account is the account that must answer; empty accepts whichever the credentials belong to.
	Account string
	// RoleARN is a role to assume, ExternalID the word its trust policy asks for.
	RoleARN    string
	ExternalID string
	// Regions limits the collection; empty means every region the account has enabled.
	Regions []string
	// HTTP carries every call: recorders and replayers stand here. Nil is the SDK's own client.
	HTTP aws.HTTPClient
	// CallsPerSecond bounds the calls to each API of each region; 0 means the default of 20.
	CallsPerSecond float64
	// Attempts bounds how often a refused call is tried again; 0 means the default of 5.
	Attempts int
	// Timeout bounds one call; 0 means the default of 30 s.
	Timeout time.Duration
	// Static credentials replace the default chain when recorded answers are replayed.
	Static aws.CredentialsProvider
}

// Account is an AWS account that can be collected.
type Account struct {
	id        string
	regions   []string
	unlisted  *inventory.Unknown
	cfg       aws.Config
	pathStyle bool

	mu      sync.Mutex
	clients map[string]*Clients
}

var regionShape = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)

// Connect finds out which account the credentials belong to and which regions it has enabled. The errors name the
// setting to mend.
func Connect(ctx context.Context, c Connection) (*Account, error) {
	for _, r := range c.Regions {
		if !regionShape.MatchString(r) {
			return nil, fmt.Errorf("region %q is not the name of an AWS region; want one such as eu-central-1", r)
		}
	}
	cfg, err := loadConfig(ctx, c)
	if err != nil {
		return nil, err
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, explainConnect(err)
	}
	id := aws.ToString(who.Account)
	if c.Account != "" && c.Account != id {
		return nil, fmt.Errorf("the credentials belong to account %s, not to %s: use credentials of that account, or a role in it", id, c.Account)
	}
	a := &Account{id: id, cfg: cfg, pathStyle: os.Getenv("AWS_ENDPOINT_URL") != "" || os.Getenv("AWS_ENDPOINT_URL_S3") != "", clients: map[string]*Clients{}}
	return a, a.findRegions(ctx, c.Regions)
}

func loadConfig(ctx context.Context, c Connection) (aws.Config, error) {
	attempts := c.Attempts
	if attempts == 0 {
		attempts = 5
	}
	options := []func(*config.LoadOptions) error{
		// The adaptive mode slows down by itself when the provider throttles, so that the customer's own traffic goes first.
		config.WithRetryer(func() aws.Retryer {
			return retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
				o.StandardOptions = append(o.StandardOptions, func(o *retry.StandardOptions) { o.MaxAttempts = attempts })
			})
		}),
	}
	if c.HTTP != nil {
		options = append(options, config.WithHTTPClient(c.HTTP))
	}
	if c.Static != nil {
		options = append(options, config.WithCredentialsProvider(c.Static))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("AWS settings of the environment: %w", err)
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
		if len(c.Regions) > 0 {
			cfg.Region = c.Regions[0]
		}
	}
	cfg.APIOptions = append(cfg.APIOptions, newBudget(c.CallsPerSecond, c.Timeout).install)
	if c.RoleARN != "" {
		provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), c.RoleARN, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = "plumbline"
			if c.ExternalID != "" {
				o.ExternalID = aws.String(c.ExternalID)
			}
		})
		cfg.Credentials = aws.NewCredentialsCache(provider)
	}
	return cfg, nil
}

// explainConnect puts the first refusal of an account in words that name the fix.
func explainConnect(err error) error {
	switch c := code(err); c {
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired":
		return fmt.Errorf("the AWS credentials have expired: sign in again (%s)", c)
	case "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "AuthFailure":
		return fmt.Errorf("AWS does not accept the credentials: check the access key or the profile (%s)", c)
	case "AccessDenied", "AccessDeniedException":
		return fmt.Errorf("the role cannot be assumed: check its trust policy and the external id (%s)", c)
	case "HostNotFound", "ConnectionFailed", "Timeout":
		var dial interface{ Timeout() bool }
		if errors.As(err, &dial) || c != "ConnectionFailed" || os.Getenv("AWS_ENDPOINT_URL") != "" {
			return fmt.Errorf("AWS cannot be reached: check the network and AWS_ENDPOINT_URL (%s)", c)
		}
		return fmt.Errorf("no AWS credentials were found, or AWS cannot be reached: set a profile, keys or a role, and check the network (%s)", c)
	default:
		return fmt.Errorf("AWS did not say whose credentials these are: %s", c)
	}
}

// findRegions lists the enabled regions. When that is refused, only the named or the default region is collected, and
// every regional kind is unknown elsewhere.
func (a *Account) findRegions(ctx context.Context, wanted []string) error {
	out, err := ec2.NewFromConfig(a.cfg).DescribeRegions(ctx, &ec2.DescribeRegionsInput{AllRegions: aws.Bool(false)})
	if err != nil {
		reason := collectors.Classify(Classify(err))
		a.regions = wanted
		if len(wanted) == 0 {
			a.regions = []string{a.cfg.Region}
			a.unlisted = &inventory.Unknown{Cause: reason.Cause, Code: reason.Code, Action: "DescribeRegions", Permission: "ec2:DescribeRegions"}
		}
		return nil
	}
	enabled := map[string]bool{}
	for _, r := range out.Regions {
		enabled[aws.ToString(r.RegionName)] = true
	}
	for _, r := range wanted {
		if !enabled[r] {
			return fmt.Errorf("region %q is not enabled in account %s: enable it or leave it out", r, a.id)
		}
	}
	a.regions = wanted
	if len(wanted) == 0 {
		for r := range enabled {
			a.regions = append(a.regions, r)
		}
		sort.Strings(a.regions)
	}
	return nil
}

// Scope is the scope id of the account.
func (a *Account) Scope() inventory.ScopeID { return scopeOf(a.id) }

// RegionsListed says whether the account told which regions it has enabled.
func (a *Account) RegionsListed() bool { return a.unlisted == nil }

// Classes are the classes of which these collectors list something.
func (a *Account) Classes() map[inventory.Class]bool { return Sources.Classes() }

// Regions are the regions that are collected.
func (a *Account) Regions() []string { return a.regions }

func (a *Account) clientsFor(region string) *Clients {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.clients[region] == nil {
		a.clients[region] = newClients(a.cfg, a.id, region, a.pathStyle)
	}
	return a.clients[region]
}

func (a *Account) collection(now func() time.Time) collectors.Collection[*Clients] {
	return collectors.Collection[*Clients]{
		Scope: a.Scope(), Registry: &Sources, Regions: a.regions, Unlisted: a.unlisted, Clients: a.clientsFor,
		Classify: Classify, Now: now, Listings: 16, Asks: 32, Deadline: 20 * time.Minute,
	}
}

// Collect lists every kind in every region.
func (a *Account) Collect(ctx context.Context, now func() time.Time, out collectors.Out) error {
	return a.collection(now).Collect(ctx, out)
}

// One asks again about a single resource and reports whether it is there.
func (a *Account) One(ctx context.Context, kind inventory.Kind, region, id string, now func() time.Time, out collectors.Out) (bool, error) {
	return a.collection(now).One(ctx, kind, region, id, out)
}

// Permissions are the rights the collectors need, the listing of regions included.
func Permissions() []string {
	all := append(Sources.Permissions(), "ec2:DescribeRegions", "sts:GetCallerIdentity")
	sort.Strings(all)
	return all
}
