package main

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/azure"
	"github.com/plumbline-posture/plumbline/collectors/azure/armtest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

const (
	directory                    = "aaaaaaaa-0000-0000-0000-000000000000"
	tenantScope                  = "azure-tenant:" + directory
	narrow, dark, closed, latest = "00000000-0000-0000-0000-000000000002", "00000000-0000-0000-0000-000000000003",
		"00000000-0000-0000-0000-000000000004", "00000000-0000-0000-0000-000000000005"
	groupsRight = "Microsoft.Management/managementGroups/descendants/read"
)

// narrowListed is a subscription with one address, which is named.
func narrowListed(id, address string) armtest.Listed {
	return armtest.Listed{Server: armtest.NewServer(armtest.Estate{Subscription: id, Name: "shop " + id[35:], Resources: []armtest.Resource{{
		"id":       "/subscriptions/" + id + "/resourceGroups/shop/providers/Microsoft.Storage/storageAccounts/" + address,
		"location": "westeurope", "kind": "StorageV2", "sku": map[string]any{"name": "Standard_LRS"},
		"properties": map[string]any{"supportsHttpsTrafficOnly": false, "minimumTlsVersion": "TLS1_0", "allowBlobPublicAccess": true},
	}}})}
}

// group serves a tenant of four subscriptions: a wide one, one with a store, one that may not be read, and one that is
// disabled; one to a page. Every call of the process goes to it.
func group(t *testing.T) (*armtest.Tenant, []armtest.Listed) {
	t.Helper()
	wide, err := armtest.Read(armEstate)
	if err != nil {
		t.Fatal(err)
	}
	hidden, disabled := narrowListed(dark, "darkstore"), narrowListed(closed, "closedstore")
	hidden.Hidden, disabled.State = true, "Disabled"
	listed := []armtest.Listed{{Server: armtest.NewServer(wide)}, narrowListed(narrow, "narrowstore"), hidden, disabled}
	tenant := armtest.NewTenant(directory, listed...)
	tenant.PageSize = 1
	server := httptest.NewServer(tenant)
	t.Cleanup(server.Close)
	t.Setenv(azure.EndpointSetting, server.URL)
	return tenant, listed
}

// TestScanATenant scans three subscriptions by one command: each as it is scanned alone. Of the one that may not be read
// nothing passes, and the one that is disabled is left out.
func TestScanATenant(t *testing.T) {
	tenant, _ := group(t)
	dir := t.TempDir()
	r := reported(t, exitIncomplete, "azure", "--scope", tenantScope, "--record", dir)
	want := []inventory.ScopeID{"azure-tenant:" + directory, "azure:" + dark, "azure:" + narrow, subscriptionScope}
	slices.Sort(want)
	if got := slices.Sorted(slices.Values(r.Scopes)); !slices.Equal(got, want) {
		t.Errorf("scopes %v, want %v", got, want)
	}
	row := rowOf(r, tenantScope, azure.KindSubscription)
	if !row.Complete || row.Listed != 4 || len(row.Errors) != 0 {
		t.Errorf("the row of the subscriptions is %+v", row)
	}
	wide := map[string]string{}
	for _, v := range r.Verdicts {
		if v.Resource.Scope == "azure:"+dark && v.Verdict != evaluator.Unknown {
			t.Errorf("%s of %s is a %s", v.Check, v.Resource.ID, v.Verdict)
		}
		wide[v.Resource.Scope] += string(v.Verdict)
	}
	if !strings.Contains(wide[subscriptionScope], "pass") || !strings.Contains(wide["azure:"+narrow], "fail") || len(wide["azure:"+dark]) < 700 {
		t.Errorf("verdicts: %d of the wide, %q of the narrow, %q of the dark", len(wide[subscriptionScope]), wide["azure:"+narrow], wide["azure:"+dark])
	}
	if found := reported(t, exitIncomplete, "azure", "--organization"); len(found.Verdicts) != len(r.Verdicts) {
		t.Errorf("the tenant of the credentials has %d verdicts, want %d", len(found.Verdicts), len(r.Verdicts))
	}
	// A recording of a tenant is one of each subscription, and one that could not be read is still unknown.
	if again := reported(t, exitIncomplete, "--replay", dir, "--scope", tenantScope); len(again.Scopes) != 3 || len(again.Verdicts) != len(r.Verdicts) {
		t.Errorf("replayed %v with %d verdicts, want %d", again.Scopes, len(again.Verdicts), len(r.Verdicts))
	}
	// Without the management groups the hidden one is not seen, and the row says what was refused.
	tenant.Deny(groupsRight)
	r = reported(t, exitDone, "--scope", tenantScope)
	row = rowOf(r, tenantScope, azure.KindSubscription)
	if !row.Complete || row.Listed != 3 || len(row.Errors) != 1 || row.Errors[0].Code != "AuthorizationFailed" || len(r.Scopes) != 3 {
		t.Errorf("%v, and the row of the subscriptions is %+v", r.Scopes, row)
	}
	tenant.Refuse("^/subscriptions", 403, "AuthorizationFailed")
	r = reported(t, exitIncomplete, "--scope", tenantScope)
	if row = rowOf(r, tenantScope, azure.KindSubscription); row.Complete || row.Unknown.Permission != "Microsoft.Resources/subscriptions/read" || len(r.Scopes) != 1 || passes(r) != 0 {
		t.Errorf("%v, and the row of a listing that is refused is %+v", r.Scopes, row)
	}
}

// TestServeATenant follows a tenant through the scheduler and its workers: one subscription comes, one is disabled, one is
// no longer shown, and then the listing is refused.
func TestServeATenant(t *testing.T) {
	tenant, listed := group(t)
	tenant.Deny(groupsRight)
	s := serveCompany(t, tenantScope, store.Connection{})
	ended := s.collect()
	if len(ended) != 3 || ended[tenantScope] != "complete" || ended["azure:"+narrow] != "complete" || ended[subscriptionScope] == "" {
		t.Fatalf("runs ended as %v", ended)
	}
	found := s.bucket("narrowstore")
	if found == 0 {
		t.Fatal("no finding of the store")
	}
	listed[1].Hidden = true
	listed[0].State = "Disabled"
	tenant.List(append(listed, narrowListed(latest, "lateststore"))...)
	if ended = s.collect(); len(ended) != 2 || ended[tenantScope] != "complete" || ended["azure:"+latest] != "complete" {
		t.Errorf("after one came, one was disabled and one hidden: %v", ended)
	}
	if s.bucket("narrowstore") != found || s.bucket("lateststore") != found {
		t.Errorf("findings: %d of the hidden store, %d of the new, want %d of each", s.bucket("narrowstore"), s.bucket("lateststore"), found)
	}
	for id, why := range map[inventory.ScopeID]string{"azure:" + narrow: "or the right to read it was taken away", subscriptionScope: "it is disabled", "azure:" + latest: ""} {
		m := s.scope(id)
		if !strings.Contains(m.LeftWhy, why) || (m.LeftAt == nil) != (why == "") || m.Connection.Directory != directory || *m.ParentID != s.parent.ID {
			t.Errorf("%s is %+v, want %q", id, m, why)
		}
	}
	if probes := testConnection(t.Context(), s.scope(tenantScope)); len(probes) != 2 || !probes[1].passed || !strings.Contains(probes[1].answer, "left the tenant") {
		t.Errorf("the test of the connection says %+v", probes)
	}
	tenant.Throttle("^/subscriptions.*skiptoken=1")
	if ended = s.collect(); len(ended) != 1 || ended[tenantScope] != "partial, 1 by Microsoft.Resources/subscriptions/read" {
		t.Errorf("with the listing throttled: %v", ended)
	}
	if s.scope("azure:"+latest).LeftAt != nil || s.bucket("lateststore") != found {
		t.Error("a listing that was throttled changed a subscription")
	}
}

// TestATenantSignsInToItself refuses a connection that would show the subscriptions of another tenant.
func TestATenantSignsInToItself(t *testing.T) {
	group(t)
	_, err := openScope(t.Context(), store.Scope{NaturalID: tenantScope, Connection: store.Connection{Directory: narrow}})
	if err == nil || !strings.Contains(err.Error(), "signs in to tenant "+narrow) {
		t.Errorf("signed in elsewhere: %v", err)
	}
	if g, err := openScope(t.Context(), store.Scope{NaturalID: tenantScope, Connection: store.Connection{Directory: strings.ToUpper(directory)}}); err != nil || g.Scope() != tenantScope {
		t.Errorf("%v: %v", g, err)
	}
}
