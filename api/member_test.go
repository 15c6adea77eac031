package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/store"
)

// TestScopesOfAnOrganisation reads what was found in an organisation: whose schedule it has, and since when and why one
// is not collected any more.
func TestScopesOfAnOrganisation(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ask := map[string]any{"scope": "aws-org:o-exampleorgid", "schedule": "0 6 * * *",
		"connection": map[string]any{"member_role": "plumbline", "external_id": "the word", "regions": []string{"eu-central-1"}}}
	made := s.do(t, "a", http.MethodPost, "/v1/scopes", ask).want(http.StatusCreated)
	if made["parent"] != nil || made["left"] != nil || at(t, made, "connection", "member_role") != "plumbline" {
		t.Errorf("the organisation is %v", made)
	}
	id, _ := made["id"].(string)
	first := []inventory.Member{{Scope: "aws:210000000001", Name: "kept", Role: "r"}, {Scope: "aws:210000000002", Name: "closed", Role: "r"}}
	s.follow(t, first, time.Date(2026, 1, 1, 6, 0, 0, 0, time.UTC))
	first[1].Closed = "suspended"
	s.follow(t, first, time.Date(2026, 1, 2, 6, 0, 0, 0, time.UTC))

	body := s.do(t, "a", http.MethodGet, "/v1/scopes?parent="+id, nil).want(http.StatusOK)
	if len(items(t, body)) != 2 || body["total_estimate"] != 2.0 || at(t, body, "items", 0, "parent") != id || at(t, body, "items", 0, "left") != nil {
		t.Fatalf("members are %v", body)
	}
	if got := at(t, body, "items", 1, "left", "text"); got != "No longer collected since 2 January 2026, 06:00 UTC: it is suspended." {
		t.Errorf("of a suspended account: %q", got)
	}
	if got := at(t, body, "items", 1, "next_run_at"); got != nil {
		t.Errorf("a suspended account is due at %v", got)
	}
	member, _ := at(t, body, "items", 1, "id").(string)
	s.do(t, "a", http.MethodPost, "/v1/scopes/"+member+"/runs", nil).want(http.StatusConflict)
	s.do(t, "a", http.MethodPatch, "/v1/scopes/"+member, map[string]any{"schedule": ""}).want(http.StatusConflict)
	s.do(t, "a", http.MethodPatch, "/v1/scopes/"+member, map[string]any{"connection": map[string]any{}}).want(http.StatusConflict)
	s.do(t, "a", http.MethodPatch, "/v1/scopes/"+member, map[string]any{"name": "ours"}).want(http.StatusOK)

	s.do(t, "b", http.MethodGet, "/v1/scopes?parent="+id, nil).want(http.StatusNotFound)
	s.do(t, "a", http.MethodGet, "/v1/scopes?parent=x", nil).want(http.StatusUnprocessableEntity)
	if c := s.do(t, "a", http.MethodDelete, "/v1/scopes/"+id, nil); c.Code != http.StatusNoContent {
		t.Errorf("remove: %d %s", c.Code, c.Body)
	}
	s.do(t, "a", http.MethodGet, "/v1/scopes/"+member, nil).want(http.StatusNotFound)
}

// TestConnectionsTakeNoKeys refuses a connection that would bring a secret along.
func TestConnectionsTakeNoKeys(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, name := range []string{"access_key_id", "secret_access_key", "session_token", "password", "client_secret", "private_key"} {
		ask := map[string]any{"scope": "aws:220000000001", "connection": map[string]any{name: "x"}}
		s.do(t, "a", http.MethodPost, "/v1/scopes", ask).want(http.StatusUnprocessableEntity)
	}
}

// follow follows a listing of the organisation's members, as its run does.
func (s *service) follow(t *testing.T, members []inventory.Member, at time.Time) {
	t.Helper()
	err := s.store.InTx(t.Context(), s.tenants["a"], func(tx store.Tx) error {
		parent, err := tx.Scope(t.Context(), store.ScopeKey("aws-org:o-exampleorgid"))
		if err != nil {
			return err
		}
		next := at.Add(24 * time.Hour)
		_, err = tx.FollowMembers(t.Context(), parent, members, "", &next, at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
