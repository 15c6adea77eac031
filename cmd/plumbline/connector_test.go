package main

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/store"
)

// TestConnectionsOfEveryCloud opens stored scopes of two clouds, and tells in words why another cannot be.
func TestConnectionsOfEveryCloud(t *testing.T) {
	twoClouds(t)
	for scope, passes := range map[inventory.ScopeID]bool{
		subscriptionScope: true, projectScope: true, "azure:99999999-2222-3333-4444-555555555555": false, "gcp-org:1": false,
	} {
		probes, err := pageConnector{}.Test(t.Context(), uuid.New(), store.Scope{NaturalID: scope})
		if err != nil || len(probes) == 0 || probes[0].Passed != passes || probes[0].Answer == "" {
			t.Errorf("%s: %+v %v", scope, probes, err)
		}
	}
	g, err := openScope(t.Context(), store.Scope{NaturalID: subscriptionScope,
		Connection: store.Connection{Directory: "contoso"}})
	if err != nil || g.Scope() != subscriptionScope {
		t.Errorf("opened %v: %v", g, err)
	}
}

// TestGuidesOfEveryCloud wants a guide of each cloud that holds its rights and asks for its account by a field that
// refuses what is no id.
func TestGuidesOfEveryCloud(t *testing.T) {
	t.Parallel()
	guides, err := pageConnector{}.Guides("the-external-id")
	if err != nil || len(guides) != len(inventory.Clouds) {
		t.Fatalf("%d guides: %v", len(guides), err)
	}
	for i, g := range guides {
		ids, code := map[string]bool{}, ""
		for _, s := range g.Steps {
			if s.ID == "" || ids[s.ID] || s.Title == "" || s.Text == "" || s.Caption == "" {
				t.Errorf("%s: a step lacks something: %q", g.Scope, s.ID)
			}
			ids[s.ID] = true
			code += s.Code
		}
		rights, err := providers[i].policy("json")
		if err != nil || !strings.Contains(code, string(rights)) || g.Cloud != inventory.Clouds[i] {
			t.Errorf("%s of %s lacks the rights: %v", g.Scope, g.Cloud, err)
		}
		if finds := providers[i].organization != nil; finds != (g.Above != "") || finds && inventory.ScopeID(g.Above+":1").Cloud() != g.Cloud {
			t.Errorf("%s takes what accounts lie in as %q; whether they are found: %v", g.Scope, g.Above, finds)
		}
		if g.Fields[0].Name != "account" || !g.Fields[0].Required || g.Fields[0].Wrong == "" {
			t.Errorf("%s does not ask for the account first", g.Scope)
		}
	}
	if !strings.Contains(guides[0].Steps[0].Code, "the-external-id") {
		t.Error("the commands lack the external id")
	}
}

// TestRightsInEveryForm prints the rights of each cloud in each of its forms, and no other cloud's.
func TestRightsInEveryForm(t *testing.T) {
	t.Parallel()
	for _, p := range providers {
		for _, format := range rightsFormats() {
			code, out, errs := program("permissions", string(p.cloud), "--format", format)
			own := strings.Contains(strings.Join(p.formats, " "), format)
			if own && (code != exitDone || len(out) < 1000) || !own && (code != exitUsage || out != "" || errs == "") {
				t.Errorf("permissions %s --format %s: exit code %d, %d bytes\n%s", p.cloud, format, code, len(out), errs)
			}
		}
		for file, format := range p.documents {
			if !strings.HasPrefix(file, string(p.cloud)) || !strings.Contains(strings.Join(p.formats, " "), format) {
				t.Errorf("the document %s of %s in the form %s", file, p.cloud, format)
			}
		}
	}
}
