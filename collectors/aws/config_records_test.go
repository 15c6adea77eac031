package aws

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// TestAggregatorBehind uses no record of a region that the aggregator is behind with, in which no recorder runs, or whose
// state says that it is none of what is.
func TestAggregatorBehind(t *testing.T) {
	t.Parallel()
	source := func(kind, id, region string) []map[string]any {
		return []map[string]any{{"SourceType": kind, "SourceId": id, "AwsRegion": region, "LastUpdateStatus": "OUTDATED"}}
	}
	own := here.Scope.Account()
	for name, c := range map[string]struct {
		behind  []map[string]any
		stopped map[string]map[string]any
		status  string
		refuse  map[string]string
		told    bool
	}{
		"all is well":                    {told: true},
		"another account is behind":      {behind: source("ACCOUNT", "999988887777", "us-east-1"), told: true},
		"another region is behind":       {behind: source("ACCOUNT", own, "eu-west-1"), told: true},
		"a recorder elsewhere stopped":   {stopped: map[string]map[string]any{"eu-west-1": nil}, told: true},
		"the region is behind":           {behind: source("ACCOUNT", own, "us-east-1")},
		"the organisation is behind":     {behind: source("ORGANIZATION", "o-abcdefghij", "us-east-1")},
		"the whole account is behind":    {behind: source("ACCOUNT", own, "")},
		"nobody says how it is":          {refuse: map[string]string{"DescribeConfigurationAggregatorSourcesStatus": "AccessDeniedException"}},
		"the region has no recorder":     {stopped: map[string]map[string]any{"us-east-1": nil}},
		"the recorder is stopped":        {stopped: map[string]map[string]any{"us-east-1": {"recording": false, "lastStatus": "SUCCESS"}}},
		"the recorder fails":             {stopped: map[string]map[string]any{"us-east-1": {"recording": true, "lastStatus": "FAILURE"}}},
		"nobody says whether it records": {refuse: map[string]string{"DescribeConfigurationRecorderStatus": "AccessDeniedException"}},
		"the bucket is gone":             {status: "ResourceDeleted"},
		"the bucket is not recorded":     {status: "ResourceNotRecorded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &aggregator{t: t, pages: recordedBuckets(t), behind: c.behind, stopped: c.stopped, refuse: c.refuse, status: 400}
			if c.status != "" {
				for n, page := range g.pages {
					g.pages[n] = []string{strings.Replace(page[0], `"OK"`, `"`+c.status+`"`, 1)}
				}
			}
			a, calls := g.account(bucketsListed("told", "half"))
			g.use(a)
			got, _ := collectedAccount(t, a)
			// The record says that the bucket keeps versions, AWS itself that it does not any more.
			if versioned, _ := got["arn:aws:s3:::told"].Value("versioning"); versioned != c.told {
				t.Errorf("versioned %v; want %v", versioned, c.told)
			}
			if want := map[bool]int{true: 0, false: 2}[c.told]; calls("GetBucketVersioning") != want {
				t.Errorf("%d calls; want %d", calls("GetBucketVersioning"), want)
			}
		})
	}
}

// TestAggregatorCounts wants the ledger to say how much the records told, and what they told to be as old as they are.
func TestAggregatorCounts(t *testing.T) {
	t.Parallel()
	g := &aggregator{t: t, pages: recordedBuckets(t)}
	a, calls := g.account(bucketsListed("told", "half", "unrecorded"))
	g.use(a)
	minute := sixOnMarchFirst()
	var mu sync.Mutex
	now := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		minute = minute.Add(time.Minute)
		return minute
	}
	out := &ec2Gathered{}
	if err := a.Collect(t.Context(), now, out); err != nil {
		t.Fatal(err)
	}
	began := sixOnMarchFirst().Add(time.Minute)
	for name, recorded := range map[string]bool{"told": true, "half": true, "unrecorded": false} {
		r := byID(out)["arn:aws:s3:::"+name]
		if r.ObservedAt.Equal(began) != recorded {
			t.Errorf("%s was observed at %v; the records were read at %v", name, r.ObservedAt, began)
		}
	}
	made := 0
	for operation := range recordAnswers {
		if service, name, _ := strings.Cut(operation, "."); service == "S3" {
			made += calls(name)
		}
	}
	for _, row := range out.rows {
		for _, r := range byID(out) {
			if r.Kind == row.Kind && r.ObservedAt.Before(row.BeganAt) && row.Region == "global" {
				t.Errorf("%s was observed at %v, before the listing that it is in began at %v", r.ID, r.ObservedAt, row.BeganAt)
			}
		}
		switch {
		case row.Kind == configBucket.kind && (row.Recorded != 10 || row.Asked != made || made != 33-10):
			t.Errorf("%d calls answered, %d asked, %d made", row.Recorded, row.Asked, made)
		case row.Kind == "aws.ec2.vpc" && row.Recorded+row.Asked != 0:
			t.Errorf("records about %s: %+v", row.Kind, row)
		}
	}
}

// TestAggregatorAskedDirectly lets no record answer about what a change told of, and none about a single resource.
func TestAggregatorAskedDirectly(t *testing.T) {
	t.Parallel()
	g := &aggregator{t: t, pages: recordedBuckets(t)}
	a, calls := g.account(bucketsListed("told", "half"))
	if a.Lag() != 0 {
		t.Error("an account without records lags")
	}
	g.use(a)
	if a.Lag() < 24*time.Hour {
		t.Errorf("records may be a day old, and lag by %v", a.Lag())
	}
	a.AskDirectly([]string{"arn:aws:s3:::told"})
	got, _ := collectedAccount(t, a)
	stated{"versioning": false}.check(t, got["arn:aws:s3:::told"])
	asked := calls("GetBucketVersioning")
	out := &ec2Gathered{}
	there, err := a.One(t.Context(), configBucket.kind, "global", "arn:aws:s3:::half", sixOnMarchFirst, out)
	if err != nil || !there || calls("GetBucketVersioning") != asked+1 {
		t.Errorf("%v, %v, %d calls after %d", there, err, calls("GetBucketVersioning"), asked)
	}
}

// TestAggregatorOfMembers wants the aggregator to be asked with the credentials of where it lies: a member's with those
// its organisation is read by, unless a role is named, and another account's with its own.
func TestAggregatorOfMembers(t *testing.T) {
	t.Parallel()
	const member, keeper = "arn:aws:iam::111122223333:role/reader", "arn:aws:iam::999988887777:role/keeper"
	for name, c := range map[string]struct {
		connection Connection
		want       string
	}{
		"the account's own":        {Connection{RoleARN: member}, member},
		"another account's":        {Connection{RoleARN: member, AggregatorRole: keeper}, keeper},
		"of a member":              {Connection{RoleARN: member, Member: true}, "base"},
		"of a member, with a role": {Connection{RoleARN: member, Member: true, AggregatorRole: keeper}, keeper},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := &whoAsks{}
			server := httptest.NewServer(asked)
			t.Cleanup(server.Close)
			c.connection.Account, c.connection.Aggregator = "111122223333", "all"
			c.connection.Region, c.connection.Endpoint, c.connection.Sealed = "eu-west-1", server.URL, true
			c.connection.Attempts, c.connection.HTTP = 1, unhurried(server)
			c.connection.Static = credentials.NewStaticCredentialsProvider("base", "key", "")
			a, err := Connect(t.Context(), c.connection)
			if err != nil {
				t.Fatal(err)
			}
			if named, err := a.Aggregator(t.Context()); !named || err != nil {
				t.Errorf("named %v: %v", named, err)
			}
			if got := asked.who("StarlingDoveService.DescribeConfigurationAggregators"); got != c.want {
				t.Errorf("the aggregator is asked by %q; want %q", got, c.want)
			}
			if got := asked.who("DescribeRegions"); got != member {
				t.Errorf("the account is asked by %q", got)
			}
		})
	}
}

// whoAsks answers the first calls of a connection and notes by whose credentials each was made: those of a role are
// named like it.
type whoAsks struct {
	mu    sync.Mutex
	asked map[string]string
}

func (w *whoAsks) who(operation string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked[operation]
}

func (w *whoAsks) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	_, key, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	key, _, _ = strings.Cut(key, "/20")
	operation := r.Form.Get("Action") + r.Header.Get("X-Amz-Target")
	w.mu.Lock()
	if w.asked == nil {
		w.asked = map[string]string{}
	}
	w.asked[operation] = key
	w.mu.Unlock()
	switch operation {
	case "AssumeRole":
		fmt.Fprintf(out, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
			<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
			r.Form.Get("RoleArn"))
	case "GetCallerIdentity":
		fmt.Fprint(out, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	case "StarlingDoveService.DescribeConfigurationAggregators":
		fmt.Fprint(out, `{"ConfigurationAggregators":[{"ConfigurationAggregatorName":"all"}]}`)
	default:
		out.WriteHeader(http.StatusForbidden)
		fmt.Fprint(out, `<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>`)
	}
}

// TestAggregatorOfOrganization looks for the aggregator with the credentials that the organisation is read by.
func TestAggregatorOfOrganization(t *testing.T) {
	t.Parallel()
	asked := &whoAsks{}
	server := httptest.NewServer(asked)
	t.Cleanup(server.Close)
	c := Connection{Organization: "o-abcdefghij", MemberRole: "reader", Region: "eu-west-1", Endpoint: server.URL, Sealed: true,
		Attempts: 1, HTTP: unhurried(server), Static: credentials.NewStaticCredentialsProvider("base", "key", "")}
	o, err := ConnectOrganization(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if named, err := o.Aggregator(t.Context()); named || err != nil {
		t.Errorf("named %v: %v", named, err)
	}
	c.Aggregator = "all"
	if o, err = ConnectOrganization(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if named, err := o.Aggregator(t.Context()); !named || err != nil {
		t.Errorf("named %v: %v", named, err)
	}
	if got := asked.who("StarlingDoveService.DescribeConfigurationAggregators"); got != "base" {
		t.Errorf("asked by %q", got)
	}
}

// TestAggregatorMemory reads and collects the records of many resources, and wants the index of them to stay small: the
// records themselves lie in a file.
func TestAggregatorMemory(t *testing.T) {
	t.Parallel()
	const buckets = 3000
	template := recordedBuckets(t)[0][0]
	g := &aggregator{t: t}
	var page, names []string
	for n := range buckets {
		name := fmt.Sprintf("bucket-%06d", n)
		page, names = append(page, strings.ReplaceAll(template, `"told"`, `"`+name+`"`)), append(names, name)
		if len(page) == aggregatorPage {
			g.pages, page = append(g.pages, page), nil
		}
	}
	a, calls := g.account(bucketsListed(names...))
	g.use(a)
	got, _ := collectedAccount(t, a)
	recorded := 0
	for id, r := range got {
		if strings.HasPrefix(id, "arn:aws:s3:::bucket-") && r.Class == inventory.ClassObjectStorage {
			if on, _ := r.Value("versioning"); on == true {
				recorded++
			}
		}
	}
	if recorded != buckets || calls("GetBucketVersioning")+calls("GetBucketTagging")+calls("GetBucketLogging") != 0 {
		t.Errorf("%d buckets, %d calls", recorded, calls("GetBucketVersioning"))
	}
	if len(g.queries) != buckets/aggregatorPage {
		t.Errorf("%d pages", len(g.queries))
	}
}

// BenchmarkAggregator reads the records of 100,000 buckets in pages, and reports what is held in memory of them meanwhile:
// the records themselves lie in a file.
func BenchmarkAggregator(b *testing.B) {
	const items = 100_000
	template := recordedBuckets(b)[0][0]
	for b.Loop() {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			answerMany(b, w, r, template, items)
		}))
		a := &Account{id: here.Scope.Account(), regions: []string{"us-east-1"}, clients: map[string]*Clients{}}
		a.cfg = aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(server.URL), HTTPClient: unhurried(server),
			Credentials: credentials.NewStaticCredentialsProvider("id", "key", "")}
		a.records = &keptRecords{"all", a.cfg, a.regions}
		before := heldMemory()
		r, err := a.readRecords(b.Context(), time.Now)
		if err != nil || r.items.count() != items {
			b.Fatalf("%v: %v", r, err)
		}
		b.ReportMetric(float64(heldMemory()-before)/(1<<20), "MiB-held")
		if err := r.items.spool.close(); err != nil {
			b.Fatal(err)
		}
		server.Close()
	}
}

func heldMemory() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

// answerMany is an aggregator of many buckets that are all alike but for their names.
func answerMany(b *testing.B, w http.ResponseWriter, r *http.Request, template string, items int) {
	b.Helper()
	answer := map[string]any{"ConfigurationAggregators": []any{map[string]any{"ConfigurationAggregatorName": "all"}},
		"AggregatedSourceStatusList":   []any{},
		"ConfigurationRecordersStatus": []any{map[string]any{"recording": true, "lastStatus": "SUCCESS"}}}
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "SelectAggregateResourceConfig") {
		var ask struct{ NextToken string }
		if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
			b.Error(err)
		}
		first, _ := strconv.Atoi(ask.NextToken) // the first page has no token
		var page []string
		for n := first; n < min(first+aggregatorPage, items); n++ {
			page = append(page, strings.ReplaceAll(template, `"told"`, fmt.Sprintf(`"bucket-%06d"`, n)))
		}
		answer = map[string]any{"Results": page}
		if first+aggregatorPage < items {
			answer["NextToken"] = strconv.Itoa(first + aggregatorPage)
		}
	}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		b.Error(err)
	}
}
