package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/store"
)

// TestScopesOfAnOrganisation shows what was found in an organisation under it, and since when and why one of them is not
// collected any more.
func TestScopesOfAnOrganisation(t *testing.T) {
	t.Parallel()
	s := full(t)
	const company inventory.ScopeID = "aws-org:o-exampleorgid"
	var parent store.Scope
	s.in(t, func(ctx context.Context, tx store.Tx) (err error) {
		if err := tx.RemoveScope(ctx, store.ScopeKey(string(data)), today); err != nil {
			return err
		}
		parent, err = tx.CreateScope(ctx, store.Scope{NaturalID: company, Name: "The company", CreatedAt: today,
			Connection: store.Connection{MemberRole: "reader"}})
		return err
	})
	has(t, s.get(t, "/scopes/"+parent.ID.String()), "section", "Nothing is found yet")
	follow := func(at time.Time, why string) {
		s.in(t, func(ctx context.Context, tx store.Tx) error {
			_, err := tx.FollowMembers(ctx, parent, []inventory.Member{{Scope: data, Name: "x"}, {Scope: "aws:400000000000", Name: "new one", Closed: why}}, "", nil, at)
			return err
		})
	}
	follow(today.Add(-72*time.Hour), "")
	follow(today.Add(-48*time.Hour), "suspended")

	list := s.get(t, "/scopes")
	var names []string
	for _, row := range list.Find("tbody tr").EachIter() {
		name := row.Find(".title").Text()
		if row.Find("td.inside").Length() > 0 {
			name = "> " + name
		}
		names = append(names, name)
	}
	if got := strings.Join(names, ", "); !strings.Contains(got, "The company, > shop-data, > new one") {
		t.Errorf("the list is %s", got)
	}
	has(t, list, "tbody tr", "no longer collected since 2 days ago: it is suspended")

	page := s.get(t, "/scopes/"+parent.ID.String())
	has(t, page, "section tbody tr", "shop-data")
	has(t, page, ".facts td", "reader")
	if page.Find(".big").Length() != 1 {
		t.Error("an organisation does not show the figures of what lies in it")
	}
	closed := s.get(t, first(t, page, ".title", "new one"))
	has(t, closed, ".notice", "it is suspended")
	has(t, closed, ".trail a", "The company")
	if closed.Find(`form[action$="/runs"]`).Length() != 0 {
		t.Error("what is not collected any more can be collected now")
	}
	if open := s.get(t, first(t, page, ".title", "shop-data")); open.Find(`form[action$="/runs"]`).Length() == 0 || open.Find(".notice").Length() != 0 {
		t.Error("a member that stands open cannot be collected")
	}
	s.page(t, "/scopes/"+parent.ID.String()+"?as_of=2026-11-01", http.StatusOK)
}

// TestStartTellsATenantFromASubscription takes both by ids that look alike: the word before the id tells them apart.
func TestStartTellsATenantFromASubscription(t *testing.T) {
	t.Parallel()
	const id = "aaaaaaaa-0000-0000-0000-00000000000a"
	for _, tt := range []struct{ above, typed, want string }{
		{"azure-tenant", "Azure-Tenant:" + strings.ToUpper(id), "azure-tenant:" + id},
		{"azure-tenant", strings.ToUpper(id), "azure:" + id},
		{"azure-tenant", "azure-tenant:contoso", ""},
		{"", "azure-tenant:" + id, ""},
	} {
		g := Guide{Cloud: inventory.Azure, Above: tt.above}
		if got, err := g.scopeID(tt.typed); string(got) != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("above %q, %s is %q: %v", tt.above, tt.typed, got, err)
		}
	}
}

// TestStartTakesAnOrganisation connects an organisation where the guide takes one, and nowhere else.
func TestStartTakesAnOrganisation(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		guide Guide
		want  string
	}{
		{Guide{Cloud: inventory.AWS, Above: "aws-org"}, "aws-org:o-exampleorgid"},
		{Guide{Cloud: inventory.AWS}, ""},
		{Guide{Cloud: inventory.GCP}, ""},
	} {
		if id, err := tt.guide.scopeID("O-ExampleOrgId"); string(id) != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%+v takes %q: %v", tt.guide, id, err)
		}
		if id, err := tt.guide.scopeID("1234-5678-9012"); (tt.guide.Cloud == inventory.AWS) != (err == nil) || err == nil && id != "aws:123456789012" {
			t.Errorf("%+v takes %q: %v", tt.guide, id, err)
		}
	}
}
