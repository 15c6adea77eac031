package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// aggregator serves the API of AWS Config on the wire: one aggregator in one region, which pages as Config does.
type aggregator struct {
	t *testing.T
	// items are what the aggregator gives, a page each.
	pages [][]string
	// refuse answers an operation with an error code and a status.
	refuse map[string]string
	status int
	// behind are the sources of which the aggregator has not the newest; stopped are regions without a recorder that runs.
	behind  []map[string]any
	stopped map[string]map[string]any

	mu      sync.Mutex
	queries []string
}

const aggregatorRegion = "eu-west-1"

func (g *aggregator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if code := g.refuse[operation]; code != "" {
		w.WriteHeader(g.status)
		g.write(w, map[string]any{"__type": code, "message": "no"})
		return
	}
	switch operation {
	case "DescribeConfigurationAggregators":
		found := []map[string]any{}
		if strings.Contains(r.Header.Get("Authorization"), "/"+aggregatorRegion+"/config/") {
			found = append(found, map[string]any{"ConfigurationAggregatorName": "all"})
		}
		g.write(w, map[string]any{"ConfigurationAggregators": found})
	case "DescribeConfigurationAggregatorSourcesStatus":
		g.write(w, map[string]any{"AggregatedSourceStatusList": g.behind})
	case "DescribeConfigurationRecorderStatus":
		g.write(w, map[string]any{"ConfigurationRecordersStatus": g.recorders(r)})
	case "SelectAggregateResourceConfig":
		g.selected(w, r)
	default:
		g.t.Errorf("%s was called", operation)
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// recorders answers for the region that a call is signed for.
func (g *aggregator) recorders(r *http.Request) []map[string]any {
	for region, state := range g.stopped {
		if strings.Contains(r.Header.Get("Authorization"), "/"+region+"/config/") {
			if state == nil {
				return []map[string]any{}
			}
			return []map[string]any{state}
		}
	}
	return []map[string]any{{"name": "default", "recording": true, "lastStatus": "SUCCESS"}}
}

func (g *aggregator) selected(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		ConfigurationAggregatorName, Expression, NextToken string
		MaxResults                                         int
	}
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil || ask.ConfigurationAggregatorName != "all" || ask.MaxResults != 100 {
		g.t.Errorf("asked %+v: %v", ask, err)
	}
	g.mu.Lock()
	g.queries = append(g.queries, ask.Expression)
	g.mu.Unlock()
	page := len(ask.NextToken) // A token of n letters begins the page n.
	answer := map[string]any{"Results": []string{}}
	if page < len(g.pages) {
		answer["Results"] = g.pages[page]
	}
	if page+1 < len(g.pages) {
		answer["NextToken"] = strings.Repeat("n", page+1)
	}
	g.write(w, answer)
}

func (g *aggregator) write(w http.ResponseWriter, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		g.t.Error(err)
	}
}

// account is one whose Config is asked over the wire, and everything else of a script.
func (g *aggregator) account(lines script) (*Account, func(operation string) int) {
	server := httptest.NewServer(g)
	g.t.Cleanup(server.Close)
	var mu sync.Mutex
	calls := map[string]int{}
	scripted := middleware.InitializeMiddlewareFunc("Script",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
			middleware.InitializeOutput, middleware.Metadata, error,
		) {
			service, operation := awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)
			if service == "Config Service" {
				return next.HandleInitialize(ctx, in)
			}
			mu.Lock()
			calls[service+"."+operation]++
			if service == "S3" {
				calls[operation]++
			}
			mu.Unlock()
			line := lines[service+"."+operation]
			if line == nil {
				line = lines[operation]
			}
			if line == nil {
				line = refuse("AccessDenied")
			}
			out, err := line(in.Parameters)
			return middleware.InitializeOutput{Result: out}, middleware.Metadata{}, err
		})
	a := &Account{id: here.Scope.Account(), regions: []string{"us-east-1", aggregatorRegion}, clients: map[string]*Clients{}}
	a.cfg = aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: credentials.NewStaticCredentialsProvider("id", "key", ""),
		HTTPClient:  unhurried(server),
	}
	a.cfg.APIOptions = append(a.cfg.APIOptions, func(s *middleware.Stack) error {
		return s.Initialize.Add(scripted, middleware.After)
	})
	return a, func(operation string) int {
		mu.Lock()
		defer mu.Unlock()
		return calls[operation]
	}
}

// unhurried carries calls to a test server over its own transport, since httptest closes idle connections of the default
// one. It hands the transport a body of its own: a server this near answers before the transport has seen the end of what
// it sends, the SDK then closes that, and the transport drops the connection while the answer is read.
func unhurried(server *httptest.Server) aws.HTTPClient {
	return transport{func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			raw, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			r.Body = io.NopCloser(bytes.NewReader(raw))
		}
		return server.Client().Do(r)
	}}
}

// use names the aggregator to an account.
func (g *aggregator) use(a *Account) {
	a.records = &keptRecords{"all", a.cfg, a.regions}
}

// result is an item as a query gives it.
func result(t testing.TB, item map[string]any) string {
	t.Helper()
	raw, err := json.Marshal(item)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func recordedBuckets(t testing.TB) [][]string {
	t.Helper()
	bucket := func(name string, parts map[string]any) string {
		item := itemOf(configBucket.name, name, s3types.Bucket{Name: aws.String(name), CreationDate: aws.Time(captured)})
		item["supplementaryConfiguration"], item["tags"] = parts, []map[string]any{{"key": "owner", "value": "finance"}}
		return result(t, item)
	}
	return [][]string{
		{bucket("told", map[string]any{
			"BucketPolicy":                  map[string]any{"policyText": nil},
			"AccessControlList":             map[string]any{"grantList": []any{}, "owner": map[string]any{"id": "me"}},
			"BucketVersioningConfiguration": map[string]any{"status": "Enabled"},
			"BucketLoggingConfiguration":    map[string]any{"destinationBucketName": "logs"},
			"PublicAccessBlockConfiguration": map[string]any{"blockPublicAcls": true, "ignorePublicAcls": true,
				"blockPublicPolicy": true, "restrictPublicBuckets": true},
		})},
		{bucket("half", map[string]any{"BucketVersioningConfiguration": map[string]any{"status": "Off"}})},
	}
}

func bucketsListed(names ...string) script {
	out := &s3.ListBucketsOutput{}
	for _, name := range names {
		out.Buckets = append(out.Buckets, s3types.Bucket{Name: aws.String(name), BucketRegion: aws.String("us-east-1")})
	}
	return script{
		"ListBuckets": say(out), "GetBucketLocation": say(&s3.GetBucketLocationOutput{}),
		"GetBucketVersioning": say(&s3.GetBucketVersioningOutput{Status: s3types.BucketVersioningStatusSuspended}),
	}
}

func collectedAccount(t *testing.T, a *Account) (map[string]*inventory.Resource, *ec2Gathered) {
	t.Helper()
	out := &ec2Gathered{}
	if err := a.Collect(t.Context(), sixOnMarchFirst, out); err != nil {
		t.Fatal(err)
	}
	return byID(out), out
}

// TestAggregatorSavesCalls wants no call about a bucket for what its record tells, every other call made, and the listing
// to be AWS's own.
func TestAggregatorSavesCalls(t *testing.T) {
	t.Parallel()
	g := &aggregator{t: t, pages: recordedBuckets(t)}
	a, calls := g.account(bucketsListed("told", "half", "unrecorded"))
	g.use(a)
	got, out := collectedAccount(t, a)
	if len(g.queries) != 2 || !strings.Contains(g.queries[0], "accountId = '"+here.Scope.Account()+"'") ||
		!strings.Contains(g.queries[0], "'AWS::S3::Bucket'") {
		t.Errorf("queries: %v", g.queries)
	}
	stated{"versioning": true, "tls_required": false, "acl_public": false, "log_target": "arn:aws:s3:::logs", "labels_read": true,
		"policy_public": false, "acl_enabled": nil, "expiry_rule": nil}.check(t, got["arn:aws:s3:::told"])
	stated{"versioning": false, "tls_required": nil, "labels_read": true}.check(t, got["arn:aws:s3:::half"])
	stated{"versioning": false, "labels_read": nil}.check(t, got["arn:aws:s3:::unrecorded"])
	if why := got["arn:aws:s3:::half"].Why("tls_required"); why.Cause != inventory.CauseDenied {
		t.Errorf("what the record does not tell is not asked: %+v", why)
	}
	for operation, want := range map[string]int{
		"ListBuckets": 1, "GetBucketPolicy": 2, "GetBucketVersioning": 1, "GetBucketTagging": 1, "GetPublicAccessBlock": 2,
		"GetBucketOwnershipControls": 3, "GetBucketPolicyStatus": 3, "GetBucketEncryption": 3,
	} {
		// Whether a region is in use is asked by a listing as well.
		if calls(operation) < want || operation != "ListBuckets" && calls(operation) != want {
			t.Errorf("%s was called %d times; want %d", operation, calls(operation), want)
		}
	}
	for _, row := range out.rows {
		if row.Kind == configBucket.kind && (!row.Complete || row.Listed != 3) {
			t.Errorf("the listing of buckets: %+v", row)
		}
	}
}

// TestAggregatorForgetsNothing holds that a record of a bucket that is gone brings it not back.
func TestAggregatorForgetsNothing(t *testing.T) {
	t.Parallel()
	g := &aggregator{t: t, pages: recordedBuckets(t)}
	a, _ := g.account(bucketsListed("half"))
	g.use(a)
	if got, _ := collectedAccount(t, a); got["arn:aws:s3:::told"] != nil || got["arn:aws:s3:::half"] == nil {
		t.Errorf("%d resources", len(got))
	}
}

// TestAggregatorTroubled lets an aggregator deny, ask for fewer calls, or answer nonsense: everything is then asked
// directly, and what was read before the trouble stands.
func TestAggregatorTroubled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refuse map[string]string
		status int
		broken bool
		// told says that the first page was read.
		told bool
	}{
		"the aggregators are denied": {refuse: map[string]string{"DescribeConfigurationAggregators": "AccessDeniedException"}, status: 400},
		"the query is denied":        {refuse: map[string]string{"SelectAggregateResourceConfig": "AccessDeniedException"}, status: 400},
		"the query is throttled":     {refuse: map[string]string{"SelectAggregateResourceConfig": "ThrottlingException"}, status: 400},
		"the service fails":          {refuse: map[string]string{"SelectAggregateResourceConfig": "InternalFailure"}, status: 500},
		"an item is none":            {broken: true, told: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &aggregator{t: t, pages: recordedBuckets(t), refuse: c.refuse, status: c.status}
			if c.broken {
				g.pages[1] = []string{"{"}
			}
			a, calls := g.account(bucketsListed("told", "half"))
			g.use(a)
			got, _ := collectedAccount(t, a)
			if versioned, _ := got["arn:aws:s3:::told"].Value("versioning"); versioned != c.told {
				t.Errorf("told: versioned %v; want %v", versioned, c.told)
			}
			want := 2
			if c.told {
				want = 1
			}
			if calls("GetBucketVersioning") != want {
				t.Errorf("%d calls; want %d", calls("GetBucketVersioning"), want)
			}
		})
	}
}

// TestAggregatorUnknown names the aggregators that there are.
func TestAggregatorUnknown(t *testing.T) {
	t.Parallel()
	g := &aggregator{t: t}
	a, _ := g.account(script{})
	a.records = &keptRecords{"none", a.cfg, a.regions}
	named, err := a.Aggregator(t.Context())
	if !named || !errors.Is(err, ErrNoAggregator) || !strings.Contains(err.Error(), `no aggregator "none"`) || !strings.Contains(err.Error(), "has all") {
		t.Errorf("%v", err)
	}
}

// TestAggregatedCalls holds every call that records stand in for against the listings: each has an answer, a type that is
// read, and is none of the calls that list a kind.
func TestAggregatedCalls(t *testing.T) {
	t.Parallel()
	for operation, told := range recordAnswers {
		typ := told.typ
		if exportAnswers[operation] == nil || recordedTypes[typ.name] != typ {
			t.Errorf("%s has no answer", operation)
		}
		if d := Sources.Entry(typ.kind); d == nil {
			t.Errorf("%s is of kind %q, which nobody collects", typ.name, typ.kind)
		}
		_, action, _ := strings.Cut(operation, ".")
		for _, e := range Sources.Entries() {
			if d := e.Definition(); d.ListAction == action && d.Kind == typ.kind {
				t.Errorf("%s lists %s", operation, d.Kind)
			}
		}
	}
	for _, right := range aggregatorPermissions {
		if !contains(Permissions(), right) {
			t.Errorf("%s is not among the rights", right)
		}
	}
}

// bucketSaid is all that S3 says about a bucket, and bucketRecorded the same in the words of Config.
func bucketSaid() script {
	policy := aws.String(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"s3:GetObject","Resource":"*"}]}`)
	group := aws.String("http://acs.amazonaws.com/groups/global/AuthenticatedUsers")
	return script{
		"ListBuckets": say(&s3.ListBucketsOutput{Buckets: []s3types.Bucket{{
			Name: aws.String("whole"), BucketRegion: aws.String("us-east-1"), CreationDate: aws.Time(captured),
		}}}),
		"GetBucketLocation": say(&s3.GetBucketLocationOutput{}), "GetBucketPolicy": say(&s3.GetBucketPolicyOutput{Policy: policy}),
		"GetBucketPolicyStatus": say(&s3.GetBucketPolicyStatusOutput{PolicyStatus: &s3types.PolicyStatus{IsPublic: aws.Bool(false)}}),
		"GetBucketAcl": say(&s3.GetBucketAclOutput{Owner: &s3types.Owner{ID: aws.String("me")}, Grants: []s3types.Grant{
			{Grantee: &s3types.Grantee{URI: group}, Permission: s3types.PermissionRead},
			{Grantee: &s3types.Grantee{ID: aws.String("them")}, Permission: s3types.PermissionWrite},
		}}),
		"GetPublicAccessBlock": say(&s3.GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: &s3types.PublicAccessBlockConfiguration{
			BlockPublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true),
		}}),
		"GetBucketVersioning": say(&s3.GetBucketVersioningOutput{Status: "Enabled", MFADelete: "Enabled"}),
		"GetBucketEncryption": say(&s3.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{
			Rules: []s3types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{
				SSEAlgorithm: "aws:kms", KMSMasterKeyID: aws.String("alias/shop"),
			}}},
		}}),
		"GetBucketLogging": say(&s3.GetBucketLoggingOutput{LoggingEnabled: &s3types.LoggingEnabled{TargetBucket: aws.String("logs")}}),
		"GetBucketLifecycleConfiguration": say(&s3.GetBucketLifecycleConfigurationOutput{Rules: []s3types.LifecycleRule{
			{Status: "Enabled", NoncurrentVersionExpiration: &s3types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(9)}},
			{Status: "Enabled", Expiration: &s3types.LifecycleExpiration{Days: aws.Int32(30)}},
		}}),
		"GetObjectLockConfiguration": say(&s3.GetObjectLockConfigurationOutput{ObjectLockConfiguration: &s3types.ObjectLockConfiguration{
			ObjectLockEnabled: "Enabled",
			Rule:              &s3types.ObjectLockRule{DefaultRetention: &s3types.DefaultRetention{Mode: "COMPLIANCE", Days: aws.Int32(90)}},
		}}),
		"GetBucketReplication": say(&s3.GetBucketReplicationOutput{ReplicationConfiguration: &s3types.ReplicationConfiguration{
			Rules: []s3types.ReplicationRule{{Status: "Enabled", Destination: &s3types.Destination{Bucket: aws.String("arn:aws:s3:::copy")}}},
		}}),
		"GetBucketTagging": say(&s3.GetBucketTaggingOutput{TagSet: []s3types.Tag{{Key: aws.String("owner"), Value: aws.String("finance")}}}),
		"GetBucketOwnershipControls": say(&s3.GetBucketOwnershipControlsOutput{OwnershipControls: &s3types.OwnershipControls{
			Rules: []s3types.OwnershipControlsRule{{ObjectOwnership: "BucketOwnerPreferred"}},
		}}),
	}
}

func bucketRecorded(t *testing.T) string {
	t.Helper()
	policy, err := bucketSaid()["GetBucketPolicy"](nil)
	if err != nil {
		t.Fatal(err)
	}
	item := itemOf(configBucket.name, "whole", s3types.Bucket{Name: aws.String("whole"), CreationDate: aws.Time(captured)})
	type part = map[string]any
	item["tags"] = part{"owner": "finance"}
	item["supplementaryConfiguration"] = part{
		"BucketPolicy": part{"policyText": *policy.(*s3.GetBucketPolicyOutput).Policy},
		"AccessControlList": part{"owner": part{"id": "me"}, "grantList": []part{
			{"grantee": "AuthenticatedUsers", "permission": "Read"}, {"grantee": part{"id": "them"}, "permission": "Write"},
		}},
		"PublicAccessBlockConfiguration": part{"blockPublicAcls": true, "restrictPublicBuckets": true},
		"BucketVersioningConfiguration":  part{"status": "Enabled", "isMfaDeleteEnabled": true},
		"ServerSideEncryptionConfiguration": part{"rules": []part{{"applyServerSideEncryptionByDefault": part{
			"sseAlgorithm": "aws:kms", "kmsMasterKeyID": "alias/shop"}}}},
		"BucketLoggingConfiguration": part{"destinationBucketName": "logs", "logFilePrefix": nil},
		"BucketLifecycleConfiguration": part{"rules": []part{
			{"status": "Enabled", "expirationInDays": -1, "noncurrentVersionExpirationInDays": 9},
			{"status": "Enabled", "expirationInDays": 30, "noncurrentVersionExpirationInDays": -1},
		}},
		"ObjectLockConfiguration": part{"objectLockEnabled": "Enabled",
			"rule": part{"defaultRetention": part{"mode": "COMPLIANCE", "days": 90}}},
		"BucketReplicationConfiguration": part{"rules": part{"all": part{"status": "Enabled",
			"destinationConfig": part{"bucketARN": "arn:aws:s3:::copy"}}}},
	}
	return result(t, item)
}

// TestAggregatorTellsAsTheCloud reads one bucket by calls and by its record, and wants every fact alike. The record saves
// eleven of thirteen calls.
func TestAggregatorTellsAsTheCloud(t *testing.T) {
	t.Parallel()
	g := &aggregator{t: t, pages: [][]string{{bucketRecorded(t)}}}
	plain, called := g.account(bucketSaid())
	saving, saved := g.account(bucketSaid())
	g.use(saving)
	direct, _ := collectedAccount(t, plain)
	recorded, _ := collectedAccount(t, saving)
	a, b := recorded["arn:aws:s3:::whole"], direct["arn:aws:s3:::whole"]
	alike(t, a, b)
	alike(t, b, a)
	made := 0
	for operation := range bucketSaid() {
		if operation != "ListBuckets" && called(operation) != 1 {
			t.Errorf("%s was called %d times by itself", operation, called(operation))
		}
		if operation != "ListBuckets" {
			made += saved(operation)
		}
	}
	if made != 2 {
		t.Errorf("%d calls were made beside the record; want 2", made)
	}
}
