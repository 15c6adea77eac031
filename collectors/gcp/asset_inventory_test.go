package gcp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// reached are the calls of one run against a server that stands for every API.
func reached(t testing.TB, h http.HandlerFunc, c Connection) *Clients {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v3/") {
			fmt.Fprint(w, `{"name":"projects/1","projectId":"shop-prod"}`)
			return
		}
		h(w, r)
	}))
	t.Cleanup(web.Close)
	c.Project, c.Endpoint = "shop-prod", web.URL
	if c.CallsPerSecond == 0 {
		c.CallsPerSecond = 10000
	}
	p, err := Connect(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return p.clients()
}

func collected(ctx context.Context, w *way, c *Clients) ([]asset, error) {
	var out []asset
	for a, err := range w.list(ctx, c) {
		if err != nil {
			return out, err
		}
		out = append(out, a)
	}
	return out, nil
}

const diskLine = `{"name":"//compute.googleapis.com/projects/shop-prod/zones/z/disks/d%d","assetType":` +
	`"compute.googleapis.com/Disk","newMember":{"a":1},"resource":{"version":"v1","newMember":true,"data":{"name":"d%d",` +
	`"id":"9007199254740993","sizeGb":"10","ratio":0.1,"count":4503599627370497,"newest":{"kept":[true,null,"<&>"]},` +
	`"diskEncryptionKey":{"rawKey":"let-me-in","kmsKeyName":"projects/p/locations/l/keyRings/r/cryptoKeys/k"}}}}`

// TestInventoryPages takes three pages through Google's own client: what resources say that nobody here knows of stays,
// numbers are what they were, and secrets are gone.
func TestInventoryPages(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c := reached(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.Host != assetAPI || r.URL.Path != "/v1/projects/shop-prod/assets" || q.Get("contentType") != "RESOURCE" ||
			q.Get("pageSize") != "1000" || q.Get("assetTypes") != "compute.googleapis.com/Disk" {
			t.Errorf("asked %s %s", r.Host, r.URL)
		}
		page, _ := strconv.Atoi(q.Get("pageToken"))
		if calls.Add(1); page < 3 {
			fmt.Fprintf(w, `{"assets":[`+diskLine+`],"nextPageToken":"%d"}`, page, page, page+1)
		} else {
			fmt.Fprintf(w, `{"readTime":"2026-03-01T12:00:00Z","assets":[`+diskLine+`]}`, page, page)
		}
	}, Connection{})
	got, err := collected(context.Background(), disksWay, c)
	if err != nil || len(got) != 4 || calls.Load() != 4 {
		t.Fatalf("%d disks by %d calls: %v", len(got), calls.Load(), err)
	}
	for i, a := range got {
		if want := fmt.Sprintf("//compute.googleapis.com/projects/shop-prod/zones/z/disks/d%d", i); a.Name != want {
			t.Errorf("%s, want %s", a.Name, want)
		}
		var data map[string]any
		if err := json.Unmarshal(a.Data, &data); err != nil {
			t.Fatal(err)
		}
		if data["id"] != "9007199254740993" || data["ratio"] != 0.1 || fmt.Sprint(data["newest"]) !=
			"map[kept:[true <nil> <&>]]" || !strings.Contains(string(a.Data), `"count":4503599627370497`) {
			t.Errorf("the resource became %s", a.Data)
		}
		if strings.Contains(string(a.Data), "let-me-in") {
			t.Errorf("a secret is kept: %s", a.Data)
		}
		if r := diskFacts(here, a); !r.Facts.(*inventory.Disk).CustomerKey {
			t.Error("the key is lost")
		}
	}
}

// TestInventoryRefusals wants the asset inventory's refusals to mean what the same refusals mean everywhere.
func TestInventoryRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   collectors.Reason
		calls  int32
	}{
		"denied": {403, `{"error":{"code":403,"status":"PERMISSION_DENIED","message":"no","details":[{"@type":` +
			`"type.googleapis.com/google.rpc.ErrorInfo","reason":"IAM_PERMISSION_DENIED","domain":"googleapis.com",` +
			`"metadata":{"permission":"cloudasset.assets.listResource"}}]}}`,
			collectors.Reason{Cause: inventory.CauseDenied, Code: "PERMISSION_DENIED",
				Cure: "cloudasset.assets.listResource"}, 1},
		"off": {403, `{"error":{"code":403,"status":"PERMISSION_DENIED","details":[{"@type":` +
			`"type.googleapis.com/google.rpc.ErrorInfo","reason":"SERVICE_DISABLED","domain":"googleapis.com",` +
			`"metadata":{"service":"cloudasset.googleapis.com"}}]}}`,
			collectors.Reason{Cause: inventory.CauseNotEnabled, Code: "SERVICE_DISABLED",
				Cure: "gcloud services enable cloudasset.googleapis.com"}, 1},
		"too many": {429, `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"@type":` +
			`"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"0.001s"}]}}`,
			collectors.Reason{Cause: inventory.CauseThrottled, Code: "RESOURCE_EXHAUSTED"}, 3},
		"out of breath": {503, `{"error":{"code":503,"status":"UNAVAILABLE","details":[{"retryDelay":"0.001s"}]}}`,
			collectors.Reason{Cause: inventory.CauseFailed, Code: "UNAVAILABLE"}, 3},
		"an older form": {403, `{"error":{"code":403,"errors":[{"reason":"accessNotConfigured"}]}}`,
			collectors.Reason{Cause: inventory.CauseNotEnabled, Code: "SERVICE_DISABLED"}, 1},
		"no words":      {500, `<html>`, collectors.Reason{Cause: inventory.CauseFailed, Code: "HTTP500"}, 1},
		"cut off":       {200, `{"assets":[{"na`, collectors.Reason{Cause: inventory.CauseFailed, Code: "MalformedAnswer"}, 1},
		"no JSON":       {200, `<html>`, collectors.Reason{Cause: inventory.CauseFailed, Code: "MalformedAnswer"}, 1},
		"another shape": {200, `{"assets":7}`, collectors.Reason{Cause: inventory.CauseFailed, Code: "MalformedAnswer"}, 1},
		"empty":         {200, ``, collectors.Reason{Cause: inventory.CauseFailed, Code: "MalformedAnswer"}, 1},
		"without a body": {200, `{"assets":[{"name":"//x/y","assetType":"compute.googleapis.com/Disk"}]}`,
			collectors.Reason{Cause: inventory.CauseFailed, Code: "MalformedAnswer"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			clients := reached(t, func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			}, Connection{Attempts: 3})
			_, err := disksWay.fromAssets(context.Background(), clients, func(asset, error) bool { return true })
			if got := collectors.Classify(Classify(err)); err == nil || got != c.want {
				t.Errorf("%+v, want %+v (%v)", got, c.want, err)
			}
			if calls.Load() != c.calls {
				t.Errorf("%d calls, want %d", calls.Load(), c.calls)
			}
		})
	}
}

// TestInventoryDoesNotHang wants a listing to end when its call takes too long, and when the run ends: the client's own
// requests carry no context.
func TestInventoryDoesNotHang(t *testing.T) {
	t.Parallel()
	ended, end := context.WithCancel(context.Background())
	end()
	for name, c := range map[string]struct {
		ctx     context.Context
		timeout time.Duration
		want    string
	}{
		"slow":  {context.Background(), 20 * time.Millisecond, "Timeout"},
		"ended": {ended, time.Minute, "ConnectionFailed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			free := make(chan struct{})
			clients := reached(t, func(http.ResponseWriter, *http.Request) { <-free }, Connection{})
			t.Cleanup(func() { close(free) })
			clients.timeout = c.timeout
			_, err := disksWay.fromAssets(c.ctx, clients, func(asset, error) bool { return true })
			if got := collectors.Classify(Classify(err)); err == nil || got.Code != c.want {
				t.Errorf("%+v, want %s (%v)", got, c.want, err)
			}
		})
	}
}

// TestInventoryPolicies wants the policies of all buckets by one listing, and those that it does not hold from the
// buckets themselves: that it tells none is no answer.
func TestInventoryPolicies(t *testing.T) {
	t.Parallel()
	const bulk = `{"assets":[{"name":"//storage.googleapis.com/a","assetType":"storage.googleapis.com/Bucket",` +
		`"iamPolicy":{"version":3,"etag":"CAE=","bindings":[{"role":"roles/storage.objectViewer","members":["allUsers"],` +
		`"condition":{"title":"t","expression":"request.time < timestamp('2027-01-01T00:00:00Z')"}}]}}]}`
	for name, c := range map[string]struct {
		refused bool
		single  bool
		asked   string
	}{
		"told":    {false, false, " b"},
		"refused": {true, false, " a b"},
		"one":     {false, true, " a b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, listings := "", 0
			clients := reached(t, func(w http.ResponseWriter, r *http.Request) {
				bucket, policy := strings.CutPrefix(r.URL.Path, "/storage/v1/b/")
				switch {
				case policy && strings.HasSuffix(bucket, "/iam"):
					asked += " " + strings.TrimSuffix(bucket, "/iam")
					fmt.Fprint(w, `{"bindings":[{"role":"roles/storage.objectViewer","members":["allUsers"]}]}`)
				case r.URL.Query().Get("contentType") == "IAM_POLICY" && !c.refused:
					listings++
					fmt.Fprint(w, bulk)
				default:
					w.WriteHeader(http.StatusForbidden)
				}
			}, Connection{})
			clients.single = c.single
			for _, bucket := range []string{"a", "b"} {
				got := askBucket(context.Background(), clients, asset{Type: "storage.googleapis.com/Bucket",
					Name: "//storage.googleapis.com/" + bucket, Data: json.RawMessage(`{"name":"` + bucket + `"}`)})
				if !got.Policy.Value.public() {
					t.Errorf("%s: %+v", bucket, got.Policy)
				}
				if bucket == "a" && name == "told" && got.Policy.Value.Bindings[0].Condition == nil {
					t.Error("the condition is lost")
				}
			}
			if asked != c.asked || listings > 1 {
				t.Errorf("asked%s and listed %d times, want%s", asked, listings, c.asked)
			}
		})
	}
}
