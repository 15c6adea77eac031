package aws

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Connection says how an account is reached. No field of it is a secret: credentials come from the SDK's default chain
// and, where a role is named, are exchanged for that role's.
type Connection struct {
	// Account is the account that must answer; empty accepts whichever the credentials belong to.
	Account string
	// Organization is the organisation that must answer, where accounts are to be found; empty accepts any. MemberRole
	// is the name of the role in each of its accounts.
	Organization string
	MemberRole   string
	// Member says that the account is one of an organisation's. One that cannot be entered is then collected all the
	// same, with everything in it unknown, and of the wanted regions those count that it has enabled.
	Member bool
	// RoleARN is a role to assume, ExternalID the word its trust policy asks for.
	RoleARN    string
	ExternalID string
	// Regions limits the collection; empty means every region the account has enabled.
	Regions []string
	// Aggregator is the name of an aggregator of AWS Config whose records answer calls about single resources; empty is
	// none. It lies in the account, for a member where its organisation is read from, or where AggregatorRole leads.
	Aggregator     string
	AggregatorRole string
	// Region is where what is not regional is asked, Endpoint where every call goes; empty leaves both to the environment.
	Region   string
	Endpoint string
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
	// Sealed takes nothing from the process's environment or the SDK's files, neither endpoint nor region nor profile:
	// what is replayed from an archive must not depend on where it is replayed. Without Static it signs with credentials
	// that open nothing.
	Sealed bool
	// Log is told what a connection goes on without; nil tells nobody.
	Log *slog.Logger

	// wrap stands before the client that carries the calls. Credentials are fetched without it.
	wrap func(aws.HTTPClient) (aws.HTTPClient, error)
}

// Account is an AWS account that can be collected.
type Account struct {
	id       string
	regions  []string
	unlisted *inventory.Unknown
	// barred is why the account could not be entered; nil for one that was.
	barred *inventory.Unknown
	cfg    aws.Config
	// records are where the account's records are read; nil where none is. direct are ids that no record may tell of.
	records *keptRecords
	direct  []string
	log     *slog.Logger
	// elsewhere is set when an endpoint other than Amazon's answers, whose host name no bucket and no account precedes.
	elsewhere bool

	mu      sync.Mutex
	clients map[string]*Clients
}

var regionShape = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)

// ErrUnreachable is wrapped by errors of connections that the network, not a setting, may have broken.
var ErrUnreachable = errors.New("AWS cannot be reached")

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
	a := &Account{id: c.Account, cfg: cfg, elsewhere: cfg.BaseEndpoint != nil, clients: map[string]*Clients{}, log: c.Log}
	a.id, err = identify(ctx, c, cfg)
	var refused *entryError
	if errors.As(err, &refused) && c.Member && ctx.Err() == nil {
		a.id, a.barred = c.Account, refused.why()
		return a, nil
	}
	if err != nil {
		return nil, err
	}
	if err := a.findRegions(ctx, c.Regions, c.Member); err != nil {
		return nil, err
	}
	a.records, err = c.recordsOf(ctx, a)
	return a, err
}

// entryError is why an account could not be entered: in words for people, with what the SDK said.
type entryError struct{ words, said error }

func (e *entryError) Error() string { return e.words.Error() }

func (e *entryError) Unwrap() error { return e.words }

// why is the reason with the right that cures it.
func (e *entryError) why() *inventory.Unknown {
	reason, action := collectors.Classify(Classify(e.said)), "GetCallerIdentity"
	if assuming(e.said) {
		action = "AssumeRole"
	}
	return &inventory.Unknown{Cause: reason.Cause, Code: reason.Code, Action: action, Permission: "sts:" + action}
}

// identify asks whose credentials these are. Where that one question is refused and the account was named, the name is
// believed: what the credentials may not read is unknown all the same.
func identify(ctx context.Context, c Connection, cfg aws.Config) (string, error) {
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	switch {
	case err == nil && c.Account != "" && c.Account != aws.ToString(who.Account):
		return "", fmt.Errorf("the credentials belong to account %s, not to %s: use credentials of that account, or a role in it",
			aws.ToString(who.Account), c.Account)
	case err == nil:
		return aws.ToString(who.Account), nil
	case !denied[code(err)] || assuming(err):
		return "", &entryError{explainConnect(err, c), err}
	case c.Account == "":
		return "", fmt.Errorf("the credentials may not ask which account they belong to: name it with --scope aws:<12 digits> (%s)",
			code(err))
	}
	if c.Log != nil {
		c.Log.Warn("the account could not be confirmed and is taken as named", "account", c.Account,
			"action", "GetCallerIdentity", "permission", "sts:GetCallerIdentity", "code", code(err))
	}
	return c.Account, nil
}

// assuming says whether it was the exchange of credentials for a role's that failed.
func assuming(err error) bool {
	var op *smithy.OperationError
	for errors.As(err, &op) {
		if strings.HasPrefix(op.OperationName, "AssumeRole") {
			return true
		}
		err = op.Err
	}
	return false
}

// maxBackoff bounds the wait before a refused call is tried again: a service that is broken must not hold up a scan.
const maxBackoff = 3 * time.Second

func (c Connection) retryer() aws.Retryer {
	attempts := c.Attempts
	if attempts == 0 {
		attempts = 5
	}
	if attempts == 1 {
		return retry.AddWithMaxAttempts(retry.NewStandard(), 1)
	}
	// The adaptive mode slows down by itself when the provider throttles, so that the customer's own traffic goes first.
	return retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
		o.StandardOptions = append(o.StandardOptions, func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff = attempts, maxBackoff
			if c.Sealed {
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			}
		})
	})
}

// settings are those of the connection, over those of the environment and the SDK's files unless it is sealed.
func (c Connection) settings(ctx context.Context) (aws.Config, error) {
	if c.Sealed {
		cfg := aws.Config{Region: c.Region, HTTPClient: c.HTTP, Credentials: c.Static, Retryer: c.retryer}
		if cfg.Credentials == nil {
			cfg.Credentials = credentials.NewStaticCredentialsProvider("sealed", "sealed", "")
		}
		if c.Endpoint != "" {
			cfg.BaseEndpoint = aws.String(c.Endpoint)
		}
		return cfg, nil
	}
	options := []func(*config.LoadOptions) error{
		config.WithRetryer(c.retryer), config.WithRegion(c.Region), config.WithBaseEndpoint(c.Endpoint),
		c.tokenExchange,
	}
	if c.HTTP != nil {
		options = append(options, config.WithHTTPClient(c.HTTP))
	}
	if c.Static != nil {
		options = append(options, config.WithCredentialsProvider(c.Static))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err == nil && c.wrap != nil {
		cfg.HTTPClient, err = c.wrap(cfg.HTTPClient)
	}
	return cfg, err
}

// firstOf is the region that answers for a whole partition: which regions there are is asked where there surely is one.
func firstOf(regions []string) string {
	for _, r := range regions {
		switch {
		case strings.HasPrefix(r, "cn-"):
			return "cn-north-1"
		case strings.HasPrefix(r, "us-gov-"):
			return "us-gov-west-1"
		}
	}
	return "us-east-1"
}

func loadConfig(ctx context.Context, c Connection) (aws.Config, error) {
	cfg, err := c.settings(ctx)
	if err != nil {
		return aws.Config{}, fmt.Errorf("AWS settings of the environment: %w", err)
	}
	if cfg.Region == "" {
		cfg.Region = firstOf(c.Regions)
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
func explainConnect(err error, c Connection) error {
	switch got := code(err); got {
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired":
		return fmt.Errorf("the AWS credentials have expired: sign in again (%s)", got)
	case "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "AuthFailure":
		return fmt.Errorf("AWS does not accept the credentials: check the access key or the profile (%s)", got)
	case "AccessDenied", "AccessDeniedException":
		return fmt.Errorf("the role cannot be assumed: check its trust policy and the external id (%s)", got)
	case "HostNotFound", "ConnectionFailed", "Timeout":
		return explainNetwork(err, c, got)
	default:
		return fmt.Errorf("AWS did not say whose credentials these are: %s", got)
	}
}

// explainNetwork tells missing credentials, whose sources were asked in vain, from a network that does not carry.
func explainNetwork(err error, c Connection, got string) error {
	var op *smithy.OperationError
	switch {
	case c.Sealed:
		return fmt.Errorf("the recording does not say whose credentials these were: record the scan again (%w)",
			unwrapped(err))
	case errors.As(err, &op) && strings.Contains(op.Err.Error(), "get credentials") && !assuming(err):
		return fmt.Errorf("no AWS credentials were found: set a profile, keys or a role (%s)", got)
	default:
		return fmt.Errorf("%w: check the network and AWS_ENDPOINT_URL (%s)", ErrUnreachable, got)
	}
}

// unwrapped is the first cause of an error, without what the SDK wrapped around it.
func unwrapped(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}

// findRegions lists the enabled regions. When that is refused, only the named or the default region is collected, and
// every regional kind is unknown elsewhere. lenient leaves out wanted regions that are not enabled: nothing is there.
func (a *Account) findRegions(ctx context.Context, wanted []string, lenient bool) error {
	out, err := ec2.NewFromConfig(a.cfg).DescribeRegions(ctx, &ec2.DescribeRegionsInput{AllRegions: aws.Bool(false)})
	if err != nil {
		reason := collectors.Classify(Classify(err))
		a.regions = wanted
		if len(wanted) == 0 {
			a.regions = []string{a.cfg.Region}
			a.unlisted = &inventory.Unknown{
				Cause: reason.Cause, Code: reason.Code, Action: "DescribeRegions", Permission: "ec2:DescribeRegions",
			}
		}
		return nil
	}
	enabled := map[string]bool{}
	for _, r := range out.Regions {
		enabled[aws.ToString(r.RegionName)] = true
	}
	if lenient && len(wanted) > 0 {
		a.regions = slices.DeleteFunc(slices.Clone(wanted), func(r string) bool { return !enabled[r] })
		return nil
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
		a.clients[region] = newClients(a.cfg, a.id, region, a.elsewhere)
	}
	return a.clients[region]
}

func (a *Account) collection(now func() time.Time) collectors.Collection[*Clients] {
	return collectors.Collection[*Clients]{
		Scope: a.Scope(), Registry: &Sources, Regions: a.regions, Unlisted: a.unlisted, Clients: a.clientsFor,
		Classify: Classify, Now: now, Listings: 16, Asks: 32, Deadline: 20 * time.Minute,
	}
}

// Collect lists every kind in every region. Of an account that could not be entered nothing is listed, and every kind
// says why.
func (a *Account) Collect(ctx context.Context, now func() time.Time, out collectors.Out) error {
	if a.barred != nil {
		return a.collection(now).Barred(ctx, *a.barred, out)
	}
	if a.records != nil {
		return a.collectWithRecords(ctx, now, out)
	}
	return a.collection(now).Collect(ctx, out)
}

// One asks again about a single resource and reports whether it is there. It asks AWS itself: no record is that new.
func (a *Account) One(
	ctx context.Context, kind inventory.Kind, region, id string, now func() time.Time, out collectors.Out,
) (bool, error) {
	if a.barred != nil {
		return false, fmt.Errorf("account %s cannot be entered: %s %s (%s)", a.id, a.barred.Permission, a.barred.Cause,
			a.barred.Code)
	}
	return a.collection(now).One(ctx, kind, region, id, out)
}

// Permissions are the rights the collectors need, the listing of regions and of an organisation's accounts included, and
// what reading an aggregator takes.
func Permissions() []string {
	all := append(Sources.Permissions(), "ec2:DescribeRegions", "organizations:ListAccounts", "sts:GetCallerIdentity")
	all = append(all, aggregatorPermissions...)
	sort.Strings(all)
	return slices.Compact(all)
}
