package main

import (
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/gcp"
	"github.com/plumbline-posture/plumbline/collectors/gcp/gcptest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

const (
	holdingScope = "gcp-org:99"
	listProjects = "cloudasset.assets.listResource"
	// branchEstate is a project with one store, which everybody may read.
	branchEstate = `{"project":"shop-test","number":"2","parent":"organizations/99"}
{"name":"//storage.googleapis.com/test-store","assetType":"storage.googleapis.com/Bucket","resource":{"data":{"name":"test-store",` +
		`"location":"EUROPE-WEST1","iamConfiguration":{"uniformBucketLevelAccess":{"enabled":true},"publicAccessPrevention":"inherited"}}},` +
		`"iamPolicy":{"bindings":[{"role":"roles/storage.objectViewer","members":["allUsers"]}]}}
{"path":"/v3/projects/shop-test:getIamPolicy","body":{"bindings":[{"role":"roles/viewer","members":["user:ann@example.com"]}]}}
{"path":"/v3/organizations/99:getIamPolicy","body":{"bindings":[{"role":"roles/viewer","members":["user:bob@example.com"]}]}}
{"path":"/v1/roles/viewer","body":{"name":"roles/viewer","includedPermissions":["storage.buckets.list"]}}
`
)

// holding serves an organisation of four projects: a wide one, one with a store, one that may not be read, and one that
// is being deleted. Every call of the process goes to it.
func holding(t *testing.T) *gcptest.Organization {
	t.Helper()
	wide, err := os.ReadFile(projectEstate)
	if err != nil {
		t.Fatal(err)
	}
	o := gcptest.NewOrganization("99")
	o.PageSize = 1
	o.Join("shop-prod", "123456789012", "ACTIVE", projectServer(t, string(wide)))
	o.Join("shop-test", "2", "ACTIVE", projectServer(t, branchEstate))
	o.Join("shop-dark", "3", "ACTIVE", nil)
	o.Join("shop-gone", "4", "DELETE_REQUESTED", nil)
	server := httptest.NewServer(o)
	t.Cleanup(server.Close)
	t.Setenv(gcp.EndpointSetting, server.URL)
	return o
}

func projectServer(t *testing.T, estate string) *gcptest.Server {
	t.Helper()
	e, err := gcptest.Read(strings.NewReader(estate))
	if err != nil {
		t.Fatal(err)
	}
	return gcptest.NewServer(e)
}

// TestScanAnOrganisationOfProjects scans three projects by one command: each as it is scanned alone. Of the one that may
// not be read nothing passes, and the one that is being deleted is left out.
func TestScanAnOrganisationOfProjects(t *testing.T) {
	o := holding(t)
	dir := t.TempDir()
	r := reported(t, exitIncomplete, "--scope", holdingScope, "--record", dir)
	want := []inventory.ScopeID{"gcp-org:99", "gcp:shop-dark", "gcp:shop-prod", "gcp:shop-test"}
	if got := slices.Sorted(slices.Values(r.Scopes)); !slices.Equal(got, want) {
		t.Errorf("scopes %v, want %v", got, want)
	}
	if row := rowOf(r, holdingScope, gcp.KindProject); !row.Complete || row.Listed != 4 || o.Calls(listProjects) != 4 {
		t.Errorf("the row of the projects is %+v, after %d pages", row, o.Calls(listProjects))
	}
	passed, unknown := map[string]int{}, map[string]int{}
	for _, v := range r.Verdicts {
		if v.Resource.Scope == holdingScope {
			t.Errorf("the organisation has a verdict of its own: %s of %s", v.Check, v.Resource.ID)
		}
		if v.Verdict == evaluator.Pass {
			passed[v.Resource.Scope]++
		}
		if v.Verdict == evaluator.Unknown {
			unknown[v.Resource.Scope]++
		}
	}
	if passed["gcp:shop-dark"] != 0 || unknown["gcp:shop-dark"] < 100 || passed["gcp:shop-prod"] < 100 || passed["gcp:shop-test"] == 0 {
		t.Errorf("passes by scope %v, unknowns %v", passed, unknown)
	}
	got := told(r)
	for _, scope := range []string{"gcp:shop-prod", "gcp:shop-test"} {
		alone := told(reported(t, exitDone, "--scope", scope))
		for key, verdict := range alone {
			if got[key] != verdict {
				t.Errorf("%s\n     is %s\nalone %s", key, got[key], verdict)
			}
		}
		if len(alone) < 50 {
			t.Errorf("%s alone has %d verdicts", scope, len(alone))
		}
	}
	if found := reported(t, exitIncomplete, "gcp", "--organization"); len(found.Verdicts) != len(r.Verdicts) {
		t.Errorf("the organisation of the credentials has %d verdicts, want %d", len(found.Verdicts), len(r.Verdicts))
	}
	// A recording of an organisation is one of each project.
	if again := reported(t, exitIncomplete, "--replay", dir, "--scope", holdingScope); len(again.Scopes) != 3 || len(again.Verdicts) != len(r.Verdicts) {
		t.Errorf("replayed %v with %d verdicts, want %d", again.Scopes, len(again.Verdicts), len(r.Verdicts))
	}
}

// TestScanAnOrganisationThatIsNotListed is an incomplete scan of nothing that says what is missing.
func TestScanAnOrganisationThatIsNotListed(t *testing.T) {
	for want, refuse := range map[string]func(*gcptest.Organization){
		listProjects: func(o *gcptest.Organization) { o.Deny(listProjects) },
		"gcloud services enable cloudasset.googleapis.com": func(o *gcptest.Organization) { o.Disable("cloudasset.googleapis.com") },
	} {
		refuse(holding(t))
		r := reported(t, exitIncomplete, "--scope", holdingScope)
		if row := rowOf(r, holdingScope, gcp.KindProject); row.Complete || row.Unknown == nil || row.Unknown.Permission != want {
			t.Errorf("the row of the listing is %+v, want %q", row, want)
		}
		if len(r.Scopes) != 1 || passes(r) != 0 || r.Coverage != 0 {
			t.Errorf("%v: %d passes, coverage %v", r.Scopes, passes(r), r.Coverage)
		}
	}
}

// TestServeAnOrganisationOfProjects follows an organisation through the scheduler and its workers: one project comes, one
// is being deleted, one leaves, and then the listing is refused.
func TestServeAnOrganisationOfProjects(t *testing.T) {
	o := holding(t)
	account := "plumbline-collector@shop-prod.iam.gserviceaccount.com"
	s := serveCompany(t, holdingScope, store.Connection{Role: account})
	ended := s.collect()
	if len(ended) != 4 || ended[holdingScope] != "complete" || ended["gcp:shop-test"] != "complete" ||
		!strings.HasPrefix(ended["gcp:shop-dark"], "partial") {
		t.Fatalf("runs ended as %v", ended)
	}
	stores := s.bucket("test-store")
	if stores == 0 {
		t.Fatal("no finding of the store")
	}

	o.Join("shop-test", "2", "DELETE_REQUESTED", nil)
	o.Join("shop-late", "5", "ACTIVE", projectServer(t, strings.NewReplacer("shop-test", "shop-late", "test-store", "late-store").Replace(branchEstate)))
	o.Leave("shop-dark")
	ended = s.collect()
	if len(ended) != 3 || ended[holdingScope] != "complete" || ended["gcp:shop-late"] != "complete" || ended["gcp:shop-prod"] == "" {
		t.Errorf("after one came, one is being deleted and one left: %v", ended)
	}
	if s.bucket("test-store") != stores || s.bucket("late-store") != stores {
		t.Errorf("findings: %d of the old store, %d of the new, want %d of each", s.bucket("test-store"), s.bucket("late-store"), stores)
	}
	for id, why := range map[inventory.ScopeID]string{"gcp:shop-test": "it is being deleted", "gcp:shop-dark": "it is no longer in its organisation", "gcp:shop-late": ""} {
		if m := s.scope(id); m.LeftWhy != why || (m.LeftAt == nil) != (why == "") || m.Connection.Role != account || *m.ParentID != s.parent.ID {
			t.Errorf("%s is %+v, want %q", id, m, why)
		}
	}

	o.Deny(listProjects)
	if ended = s.collect(); len(ended) != 1 || ended[holdingScope] != "partial, 1 by "+listProjects {
		t.Errorf("with the listing refused: %v", ended)
	}
	if s.scope("gcp:shop-late").LeftAt != nil || s.bucket("late-store") != stores {
		t.Error("a listing that was refused changed a project")
	}
	if probes := testConnection(t.Context(), s.scope(holdingScope)); len(probes) != 2 || probes[1].passed || !strings.Contains(probes[1].answer, listProjects) {
		t.Errorf("the test of the connection says %+v", probes)
	}
}
