package azure

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/azure/armtest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const (
	testTenant  = "aaaaaaaa-0000-0000-0000-000000000000"
	groupsRight = "Microsoft.Management/managementGroups/descendants/read"
	subsRight   = "Microsoft.Resources/subscriptions/read"
	groupsAsked = "LIST Microsoft.Management/managementGroups/descendants"
)

func numbered(n int) string { return fmt.Sprintf("%08d-0000-0000-0000-000000000000", n) }

// listedAs is a subscription of a number, in a state; a star before the state hides it.
func listedAs(n int, state string) armtest.Listed {
	state, hidden := strings.CutPrefix(state, "*")
	return armtest.Listed{Server: armtest.NewServer(armtest.Estate{Subscription: numbered(n), Name: fmt.Sprint("sub ", n)}),
		State: state, Hidden: hidden}
}

// company is a tenant of seven subscriptions, of which one is hidden and one only managed from it, two to a page.
func company() *armtest.Tenant {
	managed := listedAs(6, "Enabled")
	managed.Tenant = numbered(99)
	t := armtest.NewTenant(testTenant, listedAs(1, "Enabled"), listedAs(2, "Warned"), listedAs(3, "PastDue"),
		listedAs(4, "Disabled"), listedAs(5, "Deleted"), managed, listedAs(7, "*Enabled"), listedAs(8, "Expired"))
	t.PageSize = 2
	return t
}

func reached(t *testing.T, company http.Handler) *Tenant {
	t.Helper()
	server := httptest.NewServer(company)
	t.Cleanup(server.Close)
	found, err := ConnectTenant(t.Context(), Connection{Tenant: testTenant, Endpoint: server.URL, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func sixOnMarchFirst() time.Time { return time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC) }

func member(n int, closed string) inventory.Member {
	return inventory.Member{Scope: inventory.ScopeID("azure:" + numbered(n)), Name: fmt.Sprint("sub ", n), Directory: testTenant,
		Closed: closed}
}

// TestSubscriptionsOfATenant lists subscriptions over pages: with the management groups all of them, without only what
// is shown, and then it says that one which is missing may be hidden.
func TestSubscriptionsOfATenant(t *testing.T) {
	t.Parallel()
	shown := []inventory.Member{member(1, ""), member(2, ""), member(3, ""), member(4, "disabled"), member(5, "deleted"), member(8, "")}
	for name, tt := range map[string]struct {
		change func(*armtest.Tenant)
		want   []inventory.Member
		errors []inventory.CallErrors
	}{
		"with its groups": {func(*armtest.Tenant) {}, append(slices.Clone(shown), member(7, "")), nil},
		"groups denied": {func(c *armtest.Tenant) { c.Deny(groupsRight) }, shown,
			[]inventory.CallErrors{{Action: groupsAsked, Code: "AuthorizationFailed", Count: 1}}},
		"groups not in use": {func(c *armtest.Tenant) { c.Refuse("descendants", 404, "NotFound") }, shown,
			[]inventory.CallErrors{{Action: groupsAsked, Code: "NotFound", Count: 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := company()
			tt.change(c)
			found := reached(t, c)
			members, row := found.Members(t.Context(), sixOnMarchFirst)
			if !row.Complete || row.Unknown != nil || row.Listed != len(tt.want) || row.Kind != KindSubscription ||
				row.Scope != "azure-tenant:"+testTenant || !row.BeganAt.Equal(sixOnMarchFirst()) {
				t.Fatalf("%+v", row)
			}
			if fmt.Sprint(members) != fmt.Sprint(tt.want) {
				t.Errorf("members are\n%v, want\n%v", members, tt.want)
			}
			if fmt.Sprint(row.Errors) != fmt.Sprint(tt.errors) {
				t.Errorf("the row says %v, want %v", row.Errors, tt.errors)
			}
			says := found.Missing()
			if (says == "") != (tt.errors == nil) || says != "" && (!strings.Contains(says, "left the tenant") || !strings.Contains(says, "right to read it")) {
				t.Errorf("of one that is missing it says %q", says)
			}
			pages := 0
			for _, asked := range c.Asked() {
				if strings.HasPrefix(asked, "GET /subscriptions?") {
					pages++
				}
			}
			if pages != 4 {
				t.Errorf("%d pages were read, want 4: %v", pages, c.Asked())
			}
		})
	}
}

// TestASubscriptionListingThatIsNotWhole gives no member and names the right, whatever came before it broke.
func TestASubscriptionListingThatIsNotWhole(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*armtest.Tenant)
		want   inventory.Unknown
	}{
		"denied":    {func(c *armtest.Tenant) { c.Refuse("^/subscriptions", 403, "AuthorizationFailed") }, inventory.Unknown{Cause: inventory.CauseDenied, Code: "AuthorizationFailed", Permission: subsRight}},
		"throttled": {func(c *armtest.Tenant) { c.Throttle("^/subscriptions") }, inventory.Unknown{Cause: inventory.CauseThrottled, Code: "TooManyRequests", Permission: subsRight}},
		"malformed": {func(c *armtest.Tenant) { c.Garble("^/subscriptions") }, inventory.Unknown{Cause: inventory.CauseFailed, Code: "MalformedAnswer", Permission: subsRight}},
		"denied at the third page": {func(c *armtest.Tenant) { c.Refuse("^/subscriptions.*skiptoken=4", 403, "AuthorizationFailed") },
			inventory.Unknown{Cause: inventory.CauseDenied, Code: "AuthorizationFailed", Permission: subsRight}},
		"throttled at the second page": {func(c *armtest.Tenant) { c.Throttle("^/subscriptions.*skiptoken=2") },
			inventory.Unknown{Cause: inventory.CauseThrottled, Code: "TooManyRequests", Permission: subsRight}},
		"empty":      {func(c *armtest.Tenant) { c.Answer("^/subscriptions", `{"value":[]}`) }, inventory.Unknown{Cause: inventory.CauseDenied, Code: "AuthorizationFailed", Permission: subsRight}},
		"all hidden": {func(c *armtest.Tenant) { c.List(listedAs(1, "*Enabled")) }, inventory.Unknown{Cause: inventory.CauseDenied, Code: "AuthorizationFailed", Permission: subsRight}},
		"no value":   {func(c *armtest.Tenant) { c.Answer("^/subscriptions", `{}`) }, inventory.Unknown{Cause: inventory.CauseFailed, Code: "MalformedAnswer", Permission: subsRight}},
		"no id": {func(c *armtest.Tenant) {
			c.Answer("^/subscriptions", `{"value":[{"state":"Enabled","tenantId":"`+testTenant+`"}]}`)
		}, inventory.Unknown{Cause: inventory.CauseFailed, Code: "MalformedAnswer", Permission: subsRight}},
		"no state": {func(c *armtest.Tenant) {
			c.Answer("^/subscriptions", `{"value":[{"subscriptionId":"`+numbered(1)+`","tenantId":"`+testTenant+`"}]}`)
		}, inventory.Unknown{Cause: inventory.CauseFailed, Code: "MalformedAnswer", Permission: subsRight}},
		"no tenant": {func(c *armtest.Tenant) {
			c.Answer("^/subscriptions", `{"value":[{"subscriptionId":"`+numbered(1)+`","state":"Enabled"}]}`)
		}, inventory.Unknown{Cause: inventory.CauseFailed, Code: "MalformedAnswer", Permission: subsRight}},
		"groups slow": {func(c *armtest.Tenant) { c.Throttle("descendants") }, inventory.Unknown{Cause: inventory.CauseThrottled, Code: "TooManyRequests", Permission: groupsRight}},
		"groups broken at the second page": {func(c *armtest.Tenant) { c.Garble("descendants.*skiptoken=2") },
			inventory.Unknown{Cause: inventory.CauseFailed, Code: "MalformedAnswer", Permission: groupsRight}},
		"groups without an id": {func(c *armtest.Tenant) { c.Answer("descendants", `{"value":[{"name":"x"}]}`) },
			inventory.Unknown{Cause: inventory.CauseFailed, Code: "MalformedAnswer", Permission: groupsRight}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := company()
			tt.change(c)
			found := reached(t, c)
			members, row := found.Members(t.Context(), sixOnMarchFirst)
			if members != nil || row.Complete || row.Unknown == nil {
				t.Fatalf("%v %+v", members, row)
			}
			tt.want.Action = "LIST " + strings.TrimSuffix(tt.want.Permission, "/read")
			if *row.Unknown != tt.want || len(row.Errors) != 1 || row.Errors[0].Code != tt.want.Code || found.Missing() != "" {
				t.Errorf("%+v %+v %q, want %+v", *row.Unknown, row.Errors, found.Missing(), tt.want)
			}
		})
	}
}

// TestSubscriptionsInACircle ends at a page that leads back.
func TestSubscriptionsInACircle(t *testing.T) {
	t.Parallel()
	c := company()
	found := reached(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("$skiptoken") != "4" {
			c.ServeHTTP(w, r)
			return
		}
		fmt.Fprintf(w, `{"value":[],"nextLink":"http://%s/subscriptions?api-version=2022-12-01&$skiptoken=2"}`, r.Host)
	}))
	if members, row := found.Members(t.Context(), sixOnMarchFirst); members != nil || row.Complete || row.Unknown.Code != "MalformedAnswer" {
		t.Errorf("%v %+v", members, row)
	}
}

// TestATenantIsConfirmed wants the setting to mend in each error, and a named tenant believed where it cannot be asked.
func TestATenantIsConfirmed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		named  string
		change func(*armtest.Tenant)
		want   string
	}{
		"named":            {testTenant, func(*armtest.Tenant) {}, ""},
		"named loudly":     {strings.ToUpper(testTenant), func(*armtest.Tenant) {}, ""},
		"found":            {"", func(*armtest.Tenant) {}, ""},
		"another":          {numbered(1), func(*armtest.Tenant) {}, "not of tenant " + numbered(1)},
		"no id":            {"contoso", func(*armtest.Tenant) {}, "want a uuid"},
		"several":          {"", func(c *armtest.Tenant) { c.Answer("^/tenants", `{"value":[{},{}]}`) }, "azure-tenant:<uuid>"},
		"unsaid":           {"", func(c *armtest.Tenant) { c.Answer("^/tenants", `{"value":[{}]}`) }, "azure-tenant:<uuid>"},
		"refused":          {"", func(c *armtest.Tenant) { c.Refuse("^/tenants", 403, "AuthorizationFailed") }, "AuthorizationFailed"},
		"refused, named":   {testTenant, func(c *armtest.Tenant) { c.Refuse("^/tenants", 403, "AuthorizationFailed") }, ""},
		"signed out":       {testTenant, func(c *armtest.Tenant) { c.Refuse("^/tenants", 401, "ExpiredAuthenticationToken") }, "sign in again"},
		"throttled, named": {testTenant, func(c *armtest.Tenant) { c.Throttle("^/tenants") }, "try again later"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := company()
			tt.change(c)
			server := httptest.NewServer(c)
			t.Cleanup(server.Close)
			found, err := ConnectTenant(t.Context(), Connection{Tenant: tt.named, Endpoint: server.URL, Attempts: 1})
			switch {
			case tt.want == "" && (err != nil || found.Scope() != "azure-tenant:"+testTenant):
				t.Errorf("%+v: %v", found, err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("%v, want %q in it", err, tt.want)
			}
		})
	}
}

// TestASubscriptionThatCannotBeReached is collected all the same when it is one of a tenant's: every kind says which
// right is missing, from a recording as well. By itself it is an error, unless it only refuses to describe itself.
func TestASubscriptionThatCannotBeReached(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(company())
	t.Cleanup(server.Close)
	for name, tt := range map[string]struct {
		subscription int
		alone        string
		code         string
	}{"hidden": {7, "", "AuthorizationFailed"}, "gone": {9, "check the id and the tenant", "SubscriptionNotFound"}} {
		c := Connection{Subscription: numbered(tt.subscription), Endpoint: server.URL, Attempts: 1}
		if _, err := Connect(t.Context(), c); (err == nil) != (tt.alone == "") || err != nil && !strings.Contains(err.Error(), tt.alone) {
			t.Errorf("%s, by itself: %v", name, err)
		}
		c.Member = true
		dir := filepath.Join(t.TempDir(), name)
		s, end, err := ConnectRecording(t.Context(), c, dir)
		if err != nil {
			t.Fatal(err)
		}
		nothingPasses(t, name, s, tt.code)
		if err := end(); err != nil {
			t.Fatal(err)
		}
		again, err := ConnectReplay(t.Context(), Connection{Attempts: 1}, dir)
		if err != nil {
			t.Fatal(err)
		}
		nothingPasses(t, name+" again", again, tt.code)
	}
}

func nothingPasses(t *testing.T, name string, s *Subscription, code string) {
	t.Helper()
	out := &kept{}
	if err := s.Collect(t.Context(), sixOnMarchFirst, out); err != nil {
		t.Fatal(err)
	}
	if len(out.rows) != len(Sources.Entries()) {
		t.Errorf("%s: %d rows, want %d", name, len(out.rows), len(Sources.Entries()))
	}
	for _, row := range out.rows {
		if row.Complete || row.Unknown == nil || row.Unknown.Code != code || row.Listed != 0 || row.Region != collectors.Global {
			t.Errorf("%s: %+v", name, row)
		}
	}
}
