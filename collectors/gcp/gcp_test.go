package gcp

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// readOnly is the shape of a right that changes nothing.
var readOnly = regexp.MustCompile(`^[a-z]+\.([a-zA-Z]+\.)?(get|list|search)[A-Za-z]*$`)

func TestPermissionsAreReadOnly(t *testing.T) {
	t.Parallel()
	for _, e := range Sources.Entries() {
		d := e.Definition()
		for _, p := range d.Permissions {
			if !readOnly.MatchString(p) {
				t.Errorf("%s needs %q, which is not a right to read", d.Kind, p)
			}
		}
		if !slices.Contains(d.Permissions, d.ListPermission) {
			t.Errorf("%s lists with %q, which is not among its permissions", d.Kind, d.ListPermission)
		}
		if !d.Global {
			t.Errorf("%s is listed by region; a project is one place", d.Kind)
		}
	}
	for _, p := range []string{"compute.instances.delete", "storage.buckets.setIamPolicy", "compute.instances",
		"redis.instances.getAuthString"} {
		if p != "redis.instances.getAuthString" && readOnly.MatchString(p) {
			t.Errorf("%q passes for a right to read", p)
		}
		if slices.Contains(Permissions(), p) {
			t.Errorf("%q is asked for", p)
		}
	}
}

func TestPolicyForms(t *testing.T) {
	t.Parallel()
	for _, format := range Formats {
		out, err := Policy(format)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range Permissions() {
			if !strings.Contains(string(out), p) {
				t.Errorf("%s lacks %s", format, p)
			}
		}
		for _, p := range PermissionsAbove() {
			// A role of a project that holds a right of the organisation cannot be made.
			if project, _, _ := strings.Cut(string(out), "rganization"); strings.Contains(project, p) {
				t.Errorf("%s gives %s on the project", format, p)
			}
			if format != "json" && !strings.Contains(string(out), p) {
				t.Errorf("%s lacks %s", format, p)
			}
		}
	}
	if _, err := Policy("bicep"); err == nil || !strings.Contains(err.Error(), "terraform") {
		t.Errorf("a form that is not offered gives %v", err)
	}
}

func TestReadError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   collectors.Reason
	}{
		"right missing": {403,
			`{"error":{"code":403,"status":"PERMISSION_DENIED","message":"no","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"IAM_PERMISSION_DENIED","metadata":{"permission":"compute.instances.list"}}]}}`,
			collectors.Reason{Cause: inventory.CauseDenied, Code: "PERMISSION_DENIED", Cure: "compute.instances.list"}},
		"older form": {403, `{"error":{"code":403,"message":"no","errors":[{"reason":"forbidden"}]}}`,
			collectors.Reason{Cause: inventory.CauseDenied, Code: "PERMISSION_DENIED"}},
		"service off": {403,
			`{"error":{"code":403,"status":"PERMISSION_DENIED","details":[{"reason":"SERVICE_DISABLED","metadata":{"service":"compute.googleapis.com"}}]}}`,
			collectors.Reason{Cause: inventory.CauseNotEnabled, Code: "SERVICE_DISABLED",
				Cure: "gcloud services enable compute.googleapis.com"}},
		"older service off": {403, `{"error":{"code":403,"errors":[{"reason":"accessNotConfigured"}]}}`,
			collectors.Reason{Cause: inventory.CauseNotEnabled, Code: "SERVICE_DISABLED"}},
		"too many": {429, `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}`,
			collectors.Reason{Cause: inventory.CauseThrottled, Code: "RESOURCE_EXHAUSTED"}},
		"too many by the older form": {403, `{"error":{"code":403,"errors":[{"reason":"rateLimitExceeded"}]}}`,
			collectors.Reason{Cause: inventory.CauseThrottled, Code: "rateLimitExceeded"}},
		"no credentials": {401, `{"error":{"code":401,"status":"UNAUTHENTICATED"}}`,
			collectors.Reason{Cause: inventory.CauseFailed, Code: "UNAUTHENTICATED"}},
		"no words": {502, `<html>`, collectors.Reason{Cause: inventory.CauseFailed, Code: "HTTP502"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := readError(&http.Response{StatusCode: c.status, Header: http.Header{}}, []byte(c.body))
			if got := collectors.Classify(Classify(err)); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestRetryInfo(t *testing.T) {
	t.Parallel()
	e := readError(&http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"7"}}}, []byte(`{}`))
	if e.pause(1) != 7*time.Second {
		t.Errorf("waits %v, want what the header asks for", e.pause(1))
	}
	e = readError(&http.Response{StatusCode: 429, Header: http.Header{}},
		[]byte(`{"error":{"details":[{"retryDelay":"3s"}]}}`))
	if e.pause(1) != 3*time.Second {
		t.Errorf("waits %v, want what the answer asks for", e.pause(1))
	}
	if e = (&apiError{after: time.Hour}); e.pause(1) != longestPause {
		t.Errorf("waits %v", e.pause(1))
	}
}

func TestOwners(t *testing.T) {
	t.Parallel()
	for member, want := range map[string]string{
		"allUsers": "", "allAuthenticatedUsers": "",
		"user:ann@partner.example": "partner.example", "group:ops@example.com": "example.com",
		"domain:example.com": "example.com",
		"serviceAccount:build@other-project.iam.gserviceaccount.com":                              "other-project",
		"serviceAccount:other-project@appspot.gserviceaccount.com":                                "other-project",
		"serviceAccount:123-compute@developer.gserviceaccount.com":                                "123",
		"serviceAccount:service-1@gcp-sa-logging.iam.gserviceaccount.com":                         "",
		"serviceAccount:123@cloudservices.gserviceaccount.com":                                    "",
		"projectViewer:shop-prod":                                                                 "shop-prod",
		"deleted:user:ann@partner.example?uid=1":                                                  "partner.example",
		"principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*": "iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*",
	} {
		if got := ownerOf(member); got != want {
			t.Errorf("%s belongs to %q, want %q", member, got, want)
		}
	}
	p := &policy{Bindings: []binding{{Members: []string{"serviceAccount:123-compute@developer.gserviceaccount.com",
		"projectOwner:shop-prod", "user:a@x.example"}}}}
	if got, sure := p.owners("shop-prod", "123"); !sure || !slices.Equal(got, []string{"x.example"}) {
		t.Errorf("owners %v, sure %v", got, sure)
	}
	if _, sure := p.owners("shop-prod", ""); sure {
		t.Error("an account by its number is known without the number of the project")
	}
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	for word, fine := range map[string]bool{
		"http://127.0.0.1:8080": true, "http://localhost:1": true, "http://[::1]:1": true,
		"https://private.example/google/": true,
		"http://private.example":          false, "http://10.0.0.1": false, "ftp://127.0.0.1": false, "127.0.0.1:8080": false,
	} {
		if _, err := endpointOf(word); (err == nil) != fine {
			t.Errorf("%s: %v", word, err)
		}
	}
}

func TestReadExportSpellings(t *testing.T) {
	t.Parallel()
	e, err := ReadExport(strings.NewReader(`
{"name":"//compute.googleapis.com/projects/p-one/global/firewalls/a","asset_type":"compute.googleapis.com/Firewall","resource":{"data":{"name":"a","network":"projects/p-one/global/networks/n","allowed":[{"ipProtocol":"TCP","ports":["22"]}],"sourceRanges":["0.0.0.0/0"]}}}
{"name":"//storage.googleapis.com/b","assetType":"storage.googleapis.com/Bucket","iamPolicy":{"bindings":[{"role":"r","members":["allUsers"]}]}}
{"name":"//storage.googleapis.com/b","assetType":"storage.googleapis.com/Bucket","resource":{"data":{"name":"b"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if e.Project != "p-one" {
		t.Errorf("project %q", e.Project)
	}
	b := e.byType["storage.googleapis.com/Bucket"]
	if len(b) != 1 || !b[0].Policy.public() || len(b[0].Data) == 0 {
		t.Errorf("a resource and its policy are not one asset: %+v", b)
	}
	rules := firewallFacts(here, e.byType["compute.googleapis.com/Firewall"][0]).Facts.(*inventory.Firewall).Rules
	if len(rules) != 1 || rules[0].Protocol != "tcp" || rules[0].From != 22 || rules[0].Priority != 1000 {
		t.Errorf("the other spelling reads as %+v", rules)
	}
	for _, broken := range []string{`{"name":`, `{"name":"//x"}`, `[]`} {
		if _, err := ReadExport(strings.NewReader(broken)); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%s: %v", broken, err)
		}
	}
}

// TestExportIsNotTheWhole wants what an export of some types leaves out to be not collected, and never none.
func TestExportIsNotTheWhole(t *testing.T) {
	t.Parallel()
	lines := `{"name":"//compute.googleapis.com/projects/p-one/zones/z/instances/i","assetType":"compute.googleapis.com/Instance","resource":{"data":{"name":"i"}}}`
	for whole, fine := range map[string]bool{
		lines: false,
		lines + "\n" + `{"name":"//compute.googleapis.com/projects/p-one","assetType":"compute.googleapis.com/Project","resource":{"data":{"name":"p-one"}}}`: true,
	} {
		e, err := ReadExport(strings.NewReader(whole))
		if err != nil {
			t.Fatal(err)
		}
		var refused error
		e.list(firewallsWay.types, func(_ asset, err error) bool { refused = err; return true })
		if (refused == nil) != fine {
			t.Errorf("a listing of rules says %v", refused)
		}
	}
}

func TestSecretsAreTakenOut(t *testing.T) {
	t.Parallel()
	item, err := withoutMetadata(asset{Type: "compute.googleapis.com/Instance",
		Name: "//compute.googleapis.com/projects/p-one/zones/z/instances/i", Data: json.RawMessage(
			`{"name":"i","metadata":{"items":[{"key":"startup-script","value":"export DB_PASSWORD=hunter2hunter2"},{"key":"enable-oslogin","value":"TRUE"}]}}`)})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(item)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "hunter2") || !strings.Contains(string(raw), "TRUE") {
		t.Errorf("kept: %s", raw)
	}
	if n := instanceFacts(here, item).Facts.(*inventory.ComputeInstance).PlaintextSecrets; n != 1 {
		t.Errorf("%d secrets are counted, want 1", n)
	}
	if left := withoutSecrets(json.RawMessage(`{"name":"t","sharedSecret":"x","a":[{"oauth2ClientSecret":"y"}]}`)); strings.ContainsAny(string(left), "xy") {
		t.Errorf("kept: %s", left)
	}
}

// TestUnreachablePlaces wants a listing that left a place out to fail, and one whose places are merely empty not to.
func TestUnreachablePlaces(t *testing.T) {
	t.Parallel()
	for body, fine := range map[string]bool{
		`{"items":{"zones/a":{"warning":{"code":"NO_RESULTS_ON_PAGE"}},"zones/b":{"disks":[{"name":"d"}]}}}`: true,
		`{"items":{"zones/a":{"warning":{"code":"UNREACHABLE"}},"zones/b":{"disks":[{"name":"d"}]}}}`:        false,
		`{"items":{"zones/a":7}}`: false,
		`{"items":7}`:             false,
	} {
		if _, _, err := disksWay.page([]byte(body)); (err == nil) != fine {
			t.Errorf("%s: %v", body, err)
		}
	}
	if _, _, err := redisWay.page([]byte(`{"instances":[],"unreachable":["projects/p/locations/x"]}`)); err == nil {
		t.Error("an unreachable location passes for an empty one")
	}
}
