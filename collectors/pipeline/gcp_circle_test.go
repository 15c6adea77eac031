package pipeline_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/gcp/gcptest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// firstCircle are the checks that all three clouds were first judged by, each with why Google Cloud cannot fail it where
// it cannot.
var firstCircle = map[string]string{
	"network-not-legacy": "", "instance-in-virtual-network": "", "instance-no-public-address": "",
	"instance-admin-port-reachable": "", "instance-data-port-reachable": "", "firewall-all-ports-world-open": "",
	"firewall-admin-port-world-open": "", "firewall-data-port-world-open": "", "firewall-legacy-port-world-open": "",
	"firewall-default-closed": "", "firewall-egress-limited": "", "entry-point-firewall-only-443": "",
	"entry-point-plaintext-refused": "", "entry-point-tls-safe": "", "instance-ingress-only-from-load-balancer": "",
	"self-hosted-database-ingress-from-app-only": "", "database-not-public": "", "database-no-world-range": "",
	"database-ingress-from-app-only": "", "database-tls-required": "", "object-storage-tls-required": "",
	"object-storage-not-public-by-policy": "", "object-storage-not-public-by-acl": "",
	"object-storage-public-access-blocked": "", "object-storage-access-lists-off": "", "image-not-public": "",
	"subnet-flow-logged":     "",
	"data-encrypted-at-rest": "Google encrypts all that it keeps, and nobody can switch that off",
}

// circleVerdicts are the passes and fails that take another project than the shop.
var circleVerdicts = []struct {
	change string
	wants  []want
}{
	{"constraints lifted", []want{{"object-storage-tls-required", store("shop-private"), evaluator.Fail}}},
	{"way out closed", []want{{"firewall-egress-limited", global("networks/main/impliedRules"), evaluator.Pass}}},
	{"rules of the default network", []want{
		{"firewall-default-closed", global("firewalls/default-allow-icmp"), evaluator.Fail},
		{"firewall-default-closed", global("firewalls/default-allow-internal"), evaluator.Pass},
	}},
}

func fileOf(name string) string {
	return "//file.googleapis.com/projects/shop-prod/locations/europe-west1-b/instances/" + name
}

func topicOf(name string) string { return "//pubsub.googleapis.com/projects/shop-prod/" + name }

// changedShop is the shop after a change.
func changedShop(t *testing.T, change string) *gcptest.Estate {
	t.Helper()
	e := shopEstate(t)
	rule := func(name, body string) {
		e.Assets = append(e.Assets, asset("Firewall", "global/firewalls/"+name, `"name":"`+name+
			`","network":"projects/shop-prod/global/networks/main",`+body))
	}
	switch change {
	case "constraints lifted":
		for path := range e.Answers {
			if strings.Contains(path, "/policies/") {
				delete(e.Answers, path)
			}
		}
	case "way out closed":
		rule("no-way-out", `"direction":"EGRESS","priority":65000,"destinationRanges":["0.0.0.0/0"],`+
			`"denied":[{"IPProtocol":"all"}]`)
	case "rules of the default network":
		rule("default-allow-icmp", `"direction":"INGRESS","sourceRanges":["0.0.0.0/0"],"allowed":[{"IPProtocol":"icmp"}]`)
		rule("default-allow-internal", `"direction":"INGRESS","disabled":true,"sourceRanges":["10.128.0.0/9"],`+
			`"allowed":[{"IPProtocol":"all"}]`)
	}
	return e
}

// TestGoogleCloudFirstCircle wants a pass and a fail of each check of the first circle, from answers that went through
// the collectors' clients over HTTP, and prints which resource gives which.
func TestGoogleCloudFirstCircle(t *testing.T) {
	t.Parallel()
	seen := map[string]map[evaluator.Verdict][]string{}
	for check := range firstCircle {
		seen[check] = map[evaluator.Verdict][]string{}
	}
	for _, c := range append(circleVerdicts, struct {
		change string
		wants  []want
	}{"", shopVerdicts}) {
		got, why := shopSays(shopCollected(t, gcptest.NewServer(changedShop(t, c.change))))
		for _, w := range c.wants {
			a := shopAsked{w.check, w.resource}
			if got[a] != w.verdict {
				t.Errorf("%s %s of %s: %q, want %q (%v)", c.change, w.check, w.resource, got[a], w.verdict, why[a])
				continue
			}
			if verdicts := seen[w.check]; verdicts != nil {
				verdicts[w.verdict] = append(verdicts[w.verdict], w.resource)
			}
		}
		for a, v := range got {
			if v == evaluator.Fail && firstCircle[a.check] != "" {
				t.Errorf("%s of %s fails, though %s", a.check, a.resource, firstCircle[a.check])
			}
		}
	}
	for _, check := range slices.Sorted(maps.Keys(seen)) {
		verdicts := seen[check]
		if len(verdicts[evaluator.Pass]) == 0 || len(verdicts[evaluator.Fail]) == 0 && firstCircle[check] == "" {
			t.Errorf("%s passes %v and fails %v; want one of each", check, verdicts[evaluator.Pass], verdicts[evaluator.Fail])
		}
		t.Log(fmt.Sprintf("%-45s", check), "passes", verdicts[evaluator.Pass], "fails", verdicts[evaluator.Fail],
			firstCircle[check])
	}
}

// TestGoogleCloudBrokenInventory breaks the asset inventory in passing: its listings are incomplete for that reason,
// nobody else is asked in its place, and nothing passes that did not before.
func TestGoogleCloudBrokenInventory(t *testing.T) {
	t.Parallel()
	const listing = "cloudasset.assets.listResource"
	whole, _ := shopSays(shopCollected(t, gcptest.NewServer(shopEstate(t))))
	for name, c := range map[string]struct {
		set   func(*gcptest.Server)
		cause inventory.Cause
		code  string
	}{
		"malformed": {func(s *gcptest.Server) { s.Malform(listing) }, inventory.CauseFailed, "MalformedAnswer"},
		"throttled": {func(s *gcptest.Server) { s.Throttle(listing, 1000) }, inventory.CauseThrottled,
			"RESOURCE_EXHAUSTED"},
		"no answer": {func(s *gcptest.Server) { s.Stall(listing) }, inventory.CauseFailed, "Timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := gcptest.NewServer(shopEstate(t))
			c.set(s)
			m := shopCollectedWithin(t, s, 2*time.Second)
			seen := 0
			for _, row := range m.Ledger() {
				if row.Kind == "gcp.compute.firewall" || row.Kind == "gcp.storage.bucket" || row.Kind == "gcp.sql.instance" {
					seen++
					if row.Complete || row.Unknown.Cause != c.cause || row.Unknown.Code != c.code {
						t.Errorf("the row of %s says %+v", row.Kind, row.Unknown)
					}
				}
			}
			if seen != 3 || s.Calls("compute.firewalls.list") > 0 {
				t.Errorf("%d rows, and the rules were asked for in another way", seen)
			}
			after, _ := shopSays(m)
			for a, v := range after {
				if v == evaluator.Pass && whole[a] != evaluator.Pass {
					t.Errorf("%s of %s was %q and passes", a.check, a.resource, whole[a])
				}
			}
		})
	}
}
