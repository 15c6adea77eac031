package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/store"
)

// keeper answers the first calls of a connection to AWS, and has one aggregator in one region. Its account holds two
// buckets, of which the listing is all that may be asked; the aggregator has a record of one.
type keeper struct{ denied bool }

func (k keeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	if strings.Contains(r.Header.Get("Authorization"), "/s3/aws4_request") {
		k.buckets(w, r)
		return
	}
	switch operation := r.Form.Get("Action") + r.Header.Get("X-Amz-Target"); {
	case operation == "GetCallerIdentity":
		fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	case operation == "DescribeRegions":
		fmt.Fprint(w, `<DescribeRegionsResponse><regionInfo><item><regionName>eu-west-1</regionName></item></regionInfo></DescribeRegionsResponse>`)
	case strings.HasSuffix(operation, ".DescribeOrganization"):
		fmt.Fprint(w, `{"Organization":{"Id":"o-abcdefghij"}}`)
	case strings.HasSuffix(operation, ".ListAccounts"):
		fmt.Fprint(w, `{"Accounts":[{"Id":"111122223333","Status":"ACTIVE"}]}`)
	case k.denied:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"AccessDeniedException"}`)
	case strings.HasSuffix(operation, ".DescribeConfigurationAggregatorSourcesStatus"):
		fmt.Fprint(w, `{"AggregatedSourceStatusList":[]}`)
	case strings.HasSuffix(operation, ".DescribeConfigurationRecorderStatus"):
		fmt.Fprint(w, `{"ConfigurationRecordersStatus":[{"recording":true,"lastStatus":"SUCCESS"}]}`)
	case strings.HasSuffix(operation, ".SelectAggregateResourceConfig"):
		k.record(w)
	case strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/"):
		fmt.Fprint(w, `{"ConfigurationAggregators":[{"ConfigurationAggregatorName":"all"}]}`)
	default:
		fmt.Fprint(w, `{"ConfigurationAggregators":[]}`)
	}
}

func (keeper) buckets(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" {
		fmt.Fprint(w, `<ListAllMyBucketsResult><Buckets><Bucket><Name>told</Name><BucketRegion>eu-west-1</BucketRegion></Bucket>
			<Bucket><Name>untold</Name><BucketRegion>eu-west-1</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>`)
		return
	}
	w.WriteHeader(http.StatusForbidden)
	fmt.Fprint(w, `<Error><Code>AccessDenied</Code></Error>`)
}

func (keeper) record(w http.ResponseWriter) {
	item, err := json.Marshal(map[string]any{
		"resourceType": "AWS::S3::Bucket", "resourceId": "told", "arn": "arn:aws:s3:::told", "accountId": "111122223333",
		"awsRegion": "eu-west-1", "configurationItemStatus": "OK", "configurationItemCaptureTime": "2026-01-02T03:04:05Z",
		"configuration":              map[string]any{"name": "told", "creationDate": "2024-01-02T03:04:05Z"},
		"supplementaryConfiguration": map[string]any{"BucketVersioningConfiguration": map[string]any{"status": "Enabled"}},
	})
	if err != nil {
		panic(err) // words always marshal
	}
	answer, err := json.Marshal(map[string]any{"Results": []string{string(item)}})
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(answer)
}

// TestScanWithAnAggregator judges a bucket by its record where its own answer is denied, keeps the other as unknown, and
// says how much the records told.
func TestScanWithAnAggregator(t *testing.T) {
	server := httptest.NewServer(keeper{})
	t.Cleanup(server.Close)
	for key, value := range map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "id",
		"AWS_SECRET_ACCESS_KEY": "key", "AWS_REGION": "us-east-1", "AWS_CONFIG_FILE": "/none"} {
		t.Setenv(key, value)
	}
	code, out, errs := run(t, "scan", "aws", "--aggregator", "all", "--region", "eu-west-1", "--attempts", "1", "--format", "json",
		"--check", "object-storage-versioned")
	if code != exitDone {
		t.Fatalf("exits with %d: %s", code, errs)
	}
	var found struct {
		Ledger   []inventory.LedgerRow
		Verdicts []struct {
			Verdict  string
			Resource struct{ ID string }
		}
	}
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, v := range found.Verdicts {
		got[v.Resource.ID] = v.Verdict
	}
	if got["arn:aws:s3:::told"] != "pass" || got["arn:aws:s3:::untold"] != "unknown" {
		t.Errorf("judged %v", got)
	}
	for _, row := range found.Ledger {
		if row.Kind == "aws.s3.bucket" && (!row.Complete || row.Listed != 2 || row.Recorded != 3 || row.Asked == 0) {
			t.Errorf("the ledger says %+v", row)
		}
	}
	if !strings.Contains(errs, "records of an aggregator stood in for calls") || !strings.Contains(errs, "answered=3") {
		t.Errorf("the log says %s", errs)
	}
}

// TestConnectionTestFindsTheAggregator tries a connection that names an aggregator, and wants to be told whether it is
// there, and whether that may be asked.
func TestConnectionTestFindsTheAggregator(t *testing.T) {
	for name, c := range map[string]struct {
		aggregator string
		denied     bool
		passed     bool
		says       string
	}{
		"it is there":           {"all", false, true, "Its records save calls."},
		"there is another":      {"none", false, false, `no aggregator "none": the account has all`},
		"it may not be asked":   {"all", true, false, "config:DescribeConfigurationAggregators"},
		"none is asked for":     {"", true, true, ""},
		"an organisation's too": {"all", false, true, "Its records save calls."},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(keeper{c.denied})
			t.Cleanup(server.Close)
			for key, value := range map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "id",
				"AWS_SECRET_ACCESS_KEY": "key", "AWS_REGION": "us-east-1", "AWS_CONFIG_FILE": "/none", "AWS_MAX_ATTEMPTS": "1"} {
				t.Setenv(key, value)
			}
			scope := store.Scope{NaturalID: "aws:111122223333", Connection: store.Connection{Aggregator: c.aggregator}}
			if strings.HasPrefix(name, "an organisation") {
				scope.NaturalID, scope.Connection.MemberRole = "aws-org:o-abcdefghij", "reader"
			}
			probes := testConnection(t.Context(), scope)
			last := probes[len(probes)-1]
			if c.aggregator == "" {
				if strings.Contains(last.what, "aggregator") {
					t.Errorf("%+v", last)
				}
				return
			}
			if !strings.Contains(last.what, "aggregator") || last.passed != c.passed || !strings.Contains(last.answer, c.says) {
				t.Errorf("%+v; want %q", last, c.says)
			}
		})
	}
}

// TestScanRefusesAnAggregatorThatIsNone stops a scan that names an aggregator which nobody has, and goes on where that
// cannot be asked.
func TestScanRefusesAnAggregatorThatIsNone(t *testing.T) {
	for _, denied := range []bool{false, true} {
		server := httptest.NewServer(keeper{denied})
		t.Cleanup(server.Close)
		for key, value := range map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "id",
			"AWS_SECRET_ACCESS_KEY": "key", "AWS_REGION": "us-east-1", "AWS_CONFIG_FILE": "/none"} {
			t.Setenv(key, value)
		}
		c := scanCmd{Clouds: []string{"aws"}, Aggregator: "none", Attempts: 1}
		open, err := c.connect(t.Context(), slog.New(slog.DiscardHandler))
		if denied {
			if err != nil || len(open) != 1 {
				t.Errorf("%d connections: %v", len(open), err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), `no aggregator "none"`) {
			t.Errorf("%v", err)
		}
	}
}
