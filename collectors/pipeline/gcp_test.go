package pipeline_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/gcp"
	"github.com/plumbline-posture/plumbline/collectors/gcp/gcptest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
)

const shop = "//compute.googleapis.com/projects/shop-prod/"

// want is what one check says of one resource.
type want struct {
	check, resource string
	verdict         evaluator.Verdict
}

func machine(name string) string { return shop + "zones/europe-west1-b/instances/" + name }
func global(name string) string  { return shop + "global/" + name }
func store(name string) string   { return "//storage.googleapis.com/" + name }
func sqlOf(name string) string {
	return "//cloudsql.googleapis.com/projects/shop-prod/instances/" + name
}

// shopVerdicts are a pass and a fail of every check of the first circle, each from the answers of the project.
var shopVerdicts = []want{
	{"network-not-legacy", global("networks/main"), evaluator.Pass},
	{"network-not-legacy", global("networks/old"), evaluator.Fail},
	{"instance-in-virtual-network", machine("web-1"), evaluator.Pass},
	{"instance-in-virtual-network", machine("relic"), evaluator.Fail},
	{"instance-no-public-address", machine("web-1"), evaluator.Pass},
	{"instance-no-public-address", machine("jump"), evaluator.Fail},
	{"instance-admin-port-reachable", machine("web-1"), evaluator.Pass},
	{"instance-admin-port-reachable", machine("guarded"), evaluator.Pass},
	{"instance-admin-port-reachable", machine("jump"), evaluator.Fail},
	{"instance-admin-port-reachable", machine("tagged-out"), evaluator.Fail},
	{"instance-admin-port-reachable", machine("tagged-in"), evaluator.Pass},
	{"instance-data-port-reachable", machine("jump"), evaluator.Pass},
	{"instance-data-port-reachable", machine("data-open"), evaluator.Fail},
	{"firewall-all-ports-world-open", global("firewalls/ssh-open"), evaluator.Pass},
	{"firewall-all-ports-world-open", global("firewalls/all-open-disabled"), evaluator.Pass},
	{"firewall-all-ports-world-open", global("firewalls/all-open"), evaluator.Fail},
	{"firewall-admin-port-world-open", global("firewalls/data-open"), evaluator.Pass},
	{"firewall-admin-port-world-open", global("firewalls/ssh-guarded"), evaluator.Pass},
	{"firewall-admin-port-world-open", global("firewalls/ssh-open"), evaluator.Fail},
	{"firewall-data-port-world-open", global("firewalls/ssh-open"), evaluator.Pass},
	{"firewall-data-port-world-open", global("firewalls/data-open"), evaluator.Fail},
	{"firewall-legacy-port-world-open", global("firewalls/ssh-open"), evaluator.Pass},
	{"firewall-legacy-port-world-open", global("firewalls/telnet-open"), evaluator.Fail},
	{"firewall-egress-limited", global("networks/main/impliedRules"), evaluator.Fail},
	{"entry-point-firewall-only-443", global("forwardingRules/web"), evaluator.Pass},
	{"entry-point-firewall-only-443", global("forwardingRules/loose"), evaluator.Fail},
	{"entry-point-plaintext-refused", global("forwardingRules/web"), evaluator.Pass},
	{"entry-point-plaintext-refused", global("forwardingRules/web-redirect"), evaluator.Pass},
	{"entry-point-plaintext-refused", global("forwardingRules/loose"), evaluator.Fail},
	{"entry-point-tls-safe", global("forwardingRules/web"), evaluator.Pass},
	{"entry-point-tls-safe", global("forwardingRules/web-old"), evaluator.Fail},
	{"instance-ingress-only-from-load-balancer", machine("web-1"), evaluator.Pass},
	{"instance-ingress-only-from-load-balancer", machine("web-2"), evaluator.Fail},
	{"self-hosted-database-ingress-from-app-only", machine("search-1"), evaluator.Pass},
	{"self-hosted-database-ingress-from-app-only", machine("search-2"), evaluator.Fail},
	{"database-not-public", sqlOf("orders"), evaluator.Pass},
	{"database-not-public", sqlOf("leads"), evaluator.Fail},
	{"database-not-public", "//bigquery.googleapis.com/projects/shop-prod/datasets/sales", evaluator.Pass},
	{"database-not-public", "//bigquery.googleapis.com/projects/shop-prod/datasets/weather", evaluator.Fail},
	{"database-deletion-protected", "//spanner.googleapis.com/projects/shop-prod/instances/core/databases/stock",
		evaluator.Pass},
	{"database-deletion-protected", "//firestore.googleapis.com/projects/shop-prod/databases/carts", evaluator.Pass},
	{"database-tls-required", "//redis.googleapis.com/projects/shop-prod/locations/europe-west1/instances/sessions",
		evaluator.Pass},
	{"database-tls-required", "//alloydb.googleapis.com/projects/shop-prod/locations/europe-west1/clusters/ledger",
		evaluator.Pass},
	{"database-ingress-from-app-only",
		"//redis.googleapis.com/projects/shop-prod/locations/europe-west1/instances/sessions", evaluator.Fail},
	{"database-no-world-range", sqlOf("orders"), evaluator.Pass},
	{"database-no-world-range", sqlOf("leads"), evaluator.Fail},
	{"database-ingress-from-app-only", sqlOf("orders"), evaluator.Pass},
	{"database-ingress-from-app-only", sqlOf("leads"), evaluator.Fail},
	{"database-tls-required", sqlOf("orders"), evaluator.Pass},
	{"database-tls-required", sqlOf("leads"), evaluator.Fail},
	{"object-storage-tls-required", store("shop-private"), evaluator.Pass},
	{"object-storage-not-public-by-policy", store("shop-private"), evaluator.Pass},
	{"object-storage-not-public-by-policy", store("shop-public"), evaluator.Fail},
	{"object-storage-not-public-by-acl", store("shop-public"), evaluator.Pass},
	{"object-storage-not-public-by-acl", store("shop-lists"), evaluator.Fail},
	{"object-storage-public-access-blocked", store("shop-private"), evaluator.Pass},
	{"object-storage-public-access-blocked", store("shop-public"), evaluator.Fail},
	{"object-storage-access-lists-off", store("shop-private"), evaluator.Pass},
	{"object-storage-access-lists-off", store("shop-lists"), evaluator.Fail},
	{"image-not-public", global("images/golden"), evaluator.Pass},
	{"image-not-public", global("images/given-away"), evaluator.Fail},
	{"data-encrypted-at-rest", shop + "zones/europe-west1-b/disks/web-1", evaluator.Pass},
	{"data-encrypted-at-rest", sqlOf("leads"), evaluator.Pass},
	{"data-encrypted-at-rest", store("shop-public"), evaluator.Pass},
	{"data-encrypted-at-rest", fileOf("plain"), evaluator.Pass},
	{"data-encrypted-at-rest", topicOf("topics/offers"), evaluator.Pass},
	{"file-share-encrypted-in-transit", fileOf("sealed"), evaluator.Pass},
	{"file-share-encrypted-in-transit", fileOf("plain"), evaluator.Fail},
	{"service-endpoint-network-restricted", fileOf("sealed"), evaluator.Pass},
	{"service-endpoint-network-restricted", fileOf("plain"), evaluator.Fail},
	{"service-not-public", topicOf("topics/orders"), evaluator.Pass},
	{"service-not-public", topicOf("topics/offers"), evaluator.Fail},
	{"message-channel-tls-required", topicOf("subscriptions/orders-push"), evaluator.Pass},
	{"message-channel-tls-required", topicOf("subscriptions/orders-clear"), evaluator.Fail},
	{"service-not-public", "//managedkafka.googleapis.com/projects/shop-prod/locations/europe-west1/clusters/events",
		evaluator.Pass},
	{"subnet-flow-logged", shop + "regions/europe-west1/subnetworks/main-a", evaluator.Pass},
	{"subnet-flow-logged", shop + "regions/europe-west1/subnetworks/main-b", evaluator.Fail},
}

func shopEstate(t *testing.T) *gcptest.Estate {
	t.Helper()
	f, err := os.Open("testdata/gcp_estate.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	e, err := gcptest.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// collected runs the whole pipeline over what a server answers.
func shopCollected(t *testing.T, s *gcptest.Server) *pipeline.Scratch {
	t.Helper()
	return shopCollectedWithin(t, s, 0)
}

// shopCollectedWithin bounds each call; 0 is the bound that is usual.
func shopCollectedWithin(t *testing.T, s *gcptest.Server, timeout time.Duration) *pipeline.Scratch {
	t.Helper()
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	project, err := gcp.Connect(context.Background(), gcp.Connection{Project: "shop-prod", Endpoint: web.URL, Attempts: 3,
		CallsPerSecond: 10000, Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	return shopJudged(t, project)
}

func shopJudged(t *testing.T, g pipeline.Gatherer) *pipeline.Scratch {
	t.Helper()
	catalogue, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	memory := pipeline.NewScratch(inventory.Defaults())
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := &pipeline.Pipeline{Catalogue: catalogue, Memory: memory, Now: func() time.Time { return at },
		Log: slog.New(slog.DiscardHandler)}
	if err := p.Run(context.Background(), g); err != nil {
		t.Fatal(err)
	}
	return memory
}

type shopAsked struct{ check, resource string }

func shopSays(m *pipeline.Scratch) (map[shopAsked]evaluator.Verdict, map[shopAsked][]inventory.Unknown) {
	out, why := map[shopAsked]evaluator.Verdict{}, map[shopAsked][]inventory.Unknown{}
	for _, s := range m.Settled() {
		for _, j := range s.Judgements {
			out[shopAsked{j.Check.ID, s.Resource.ID}] = j.Verdict
			why[shopAsked{j.Check.ID, s.Resource.ID}] = j.Unknown
		}
	}
	return out, why
}

func checkShop(t *testing.T, m *pipeline.Scratch) {
	t.Helper()
	got, why := shopSays(m)
	for _, w := range shopVerdicts {
		if v := got[shopAsked{w.check, w.resource}]; v != w.verdict {
			t.Errorf("%s of %s: %q, want %q (%v)", w.check, w.resource, v, w.verdict, why[shopAsked{w.check, w.resource}])
		}
	}
}

// TestGoogleCloudEitherWay judges one project through the asset inventory, through each service's own API, and in
// pages.
func TestGoogleCloudEitherWay(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*gcptest.Server){
		"asset inventory":      func(*gcptest.Server) {},
		"inventory in pages":   func(s *gcptest.Server) { s.PageSize = 3 },
		"inventory is off":     func(s *gcptest.Server) { s.Disable("cloudasset.googleapis.com") },
		"inventory is denied":  func(s *gcptest.Server) { s.Deny("cloudasset.assets.listResource") },
		"own APIs in pages":    func(s *gcptest.Server) { s.Disable("cloudasset.googleapis.com"); s.PageSize = 3 },
		"throttled in passing": func(s *gcptest.Server) { s.Throttle("cloudasset.assets.listResource", 2) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := gcptest.NewServer(shopEstate(t))
			set(s)
			m := shopCollected(t, s)
			checkShop(t, m)
			for _, row := range m.Ledger() {
				if !row.Complete {
					t.Errorf("%s is not complete: %+v", row.Kind, row.Unknown)
				}
			}
			if strings.Contains(name, "pages") &&
				s.Calls("compute.instances.list")+s.Calls("cloudasset.assets.listResource") < 6 {
				t.Error("the listings took no further pages")
			}
		})
	}
}

// TestGoogleCloudLedgerNamesTheWay wants the ledger to say that the asset inventory was not what told.
func TestGoogleCloudLedgerNamesTheWay(t *testing.T) {
	t.Parallel()
	s := gcptest.NewServer(shopEstate(t))
	s.Disable("cloudasset.googleapis.com")
	for _, row := range shopCollected(t, s).Ledger() {
		if row.Kind != "gcp.compute.disk" {
			continue
		}
		if len(row.Errors) == 0 || row.Errors[0].Code != "SERVICE_DISABLED" ||
			row.Errors[0].Action != "cloudasset.assets.list" {
			t.Errorf("the row does not say that the asset inventory is off: %+v", row)
		}
		return
	}
	t.Error("disks have no row")
}

// TestGoogleCloudDenied denies each right in turn, on either way: no verdict becomes a pass, and the fails that remain
// in question name what would cure them.
func TestGoogleCloudDenied(t *testing.T) {
	t.Parallel()
	for _, off := range [][]string{nil, {"cloudasset.googleapis.com"}} {
		whole := gcptest.NewServer(shopEstate(t))
		whole.Disable(off...)
		before, _ := shopSays(shopCollected(t, whole))
		for _, permission := range append(gcp.Permissions(), gcp.PermissionsAbove()...) {
			t.Run(permission+strings.Join(off, " "), func(t *testing.T) {
				t.Parallel()
				s := gcptest.NewServer(shopEstate(t))
				s.Disable(off...)
				s.Deny(permission)
				after, _ := shopSays(shopCollected(t, s))
				for a, v := range after {
					if v == evaluator.Pass && before[a] != evaluator.Pass {
						t.Errorf("%s of %s was %q and passes without %s", a.check, a.resource, before[a], permission)
					}
				}
			})
		}
	}
}

// TestGoogleCloudBroken wants what cannot be read, or is refused for being too much, to be unknown and never a pass.
func TestGoogleCloudBroken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set   func(*gcptest.Server)
		cause inventory.Cause
		code  string
	}{
		"malformed": {func(s *gcptest.Server) { s.Malform("compute.firewalls.list") }, inventory.CauseFailed,
			"MalformedAnswer"},
		"throttled": {func(s *gcptest.Server) { s.Throttle("compute.firewalls.list", 1000) }, inventory.CauseThrottled,
			"RESOURCE_EXHAUSTED"},
		"denied": {func(s *gcptest.Server) { s.Deny("compute.firewalls.list") }, inventory.CauseDenied,
			"PERMISSION_DENIED"},
		"off": {func(s *gcptest.Server) { s.Disable("compute.googleapis.com") }, inventory.CauseNotEnabled,
			"SERVICE_DISABLED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := gcptest.NewServer(shopEstate(t))
			s.Disable("cloudasset.googleapis.com")
			c.set(s)
			m := shopCollected(t, s)
			for _, row := range m.Ledger() {
				if row.Kind == "gcp.compute.firewall" {
					if row.Complete || row.Unknown.Cause != c.cause || row.Unknown.Code != c.code {
						t.Errorf("the row of rules says %+v", row.Unknown)
					}
				}
			}
			got, _ := shopSays(m)
			for _, check := range []string{"instance-admin-port-reachable", "instance-data-port-reachable"} {
				if v := got[shopAsked{check, machine("jump")}]; v == evaluator.Pass {
					t.Errorf("%s passes without the rules", check)
				}
			}
		})
	}
}

// TestGoogleCloudConstraintsOff wants buckets to fail where no constraint of the organisation refuses clear text.
func TestGoogleCloudConstraintsOff(t *testing.T) {
	t.Parallel()
	e := shopEstate(t)
	for path := range e.Answers {
		if strings.Contains(path, "/policies/") {
			delete(e.Answers, path)
		}
	}
	got, why := shopSays(shopCollected(t, gcptest.NewServer(e)))
	a := shopAsked{"object-storage-tls-required", store("shop-private")}
	if got[a] != evaluator.Fail {
		t.Errorf("%q, want a fail (%v)", got[a], why[a])
	}
}

// TestGoogleCloudExport judges the same project from an export of its assets.
func TestGoogleCloudExport(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	if err := shopEstate(t).Export(&file); err != nil {
		t.Fatal(err)
	}
	export, err := gcp.ReadExport(&file)
	if err != nil {
		t.Fatal(err)
	}
	if export.Project != "shop-prod" {
		t.Fatalf("project %q", export.Project)
	}
	got, why := shopSays(shopJudged(t, gcp.FromExport(export)))
	for _, w := range shopVerdicts {
		if v := got[shopAsked{w.check, w.resource}]; v != w.verdict && v != evaluator.Unknown {
			t.Errorf("%s of %s: %q, want %q or unknown (%v)", w.check, w.resource, v, w.verdict, why[shopAsked{w.check,
				w.resource}])
		}
	}
	for _, a := range []shopAsked{{"network-not-legacy", global("networks/old")}, {"image-not-public",
		global("images/given-away")},
		{"database-not-public", sqlOf("leads")}} {
		if got[a] != evaluator.Fail {
			t.Errorf("%s of %s: %q, want a fail (%v)", a.check, a.resource, got[a], why[a])
		}
	}
}

// TestGoogleCloudOddItems puts an item into each listing that is not what its kind looks like: the listing is not
// complete, and nothing else is lost.
func TestGoogleCloudOddItems(t *testing.T) {
	t.Parallel()
	types := map[string]bool{}
	for _, a := range shopEstate(t).Assets {
		types[a.Type] = true
	}
	whole, _ := shopSays(shopCollected(t, gcptest.NewServer(shopEstate(t))))
	for odd := range types {
		t.Run(odd, func(t *testing.T) {
			t.Parallel()
			e := shopEstate(t)
			e.Assets = append(e.Assets, gcptest.Asset{Type: odd, Name: shop + "global/odd/odd",
				Data: []byte(`{"name":["odd"],"network":7,"labels":"none","instances":{},"tags":3,"settings":[]}`)})
			m := shopCollected(t, gcptest.NewServer(e))
			after, _ := shopSays(m)
			for a, v := range after {
				if v == evaluator.Pass && whole[a] != evaluator.Pass && !strings.Contains(a.resource, "/odd") {
					t.Errorf("%s of %s was %q and passes beside what cannot be read", a.check, a.resource, whole[a])
				}
			}
		})
	}
}

// TestGoogleCloudCure wants a service that is off to be cured by the asset inventory, not by switching it on.
func TestGoogleCloudCure(t *testing.T) {
	t.Parallel()
	for want, set := range map[string]func(*gcptest.Server){
		"gcloud services enable cloudasset.googleapis.com": func(s *gcptest.Server) { s.Disable("cloudasset.googleapis.com") },
		"cloudasset.assets.listResource":                   func(s *gcptest.Server) { s.Deny("cloudasset.assets.listResource") },
	} {
		s := gcptest.NewServer(shopEstate(t))
		s.Disable("alloydb.googleapis.com")
		set(s)
		for _, row := range shopCollected(t, s).Ledger() {
			if row.Kind == "gcp.alloydb.cluster" && (row.Complete || row.Unknown.Permission != want) {
				t.Errorf("cured by %+v, want %s", row.Unknown, want)
			}
		}
	}
}
