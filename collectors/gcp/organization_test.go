package gcp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/gcp"
	"github.com/plumbline-posture/plumbline/collectors/gcp/gcptest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const (
	testOrganization = "99"
	listResource     = "cloudasset.assets.listResource"
	inventoryAPI     = "cloudasset.googleapis.com"
)

func sixOnMarchFirst() time.Time { return time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC) }

// at is a connection to a server that stands for every API.
func at(t *testing.T, h http.Handler) gcp.Connection {
	t.Helper()
	web := httptest.NewServer(h)
	t.Cleanup(web.Close)
	return gcp.Connection{Organization: testOrganization, Endpoint: web.URL, CallsPerSecond: 10000, Attempts: 1}
}

// membersOf lists the projects of an organisation that a server tells of.
func membersOf(t *testing.T, c gcp.Connection) ([]inventory.Member, inventory.LedgerRow) {
	t.Helper()
	o, err := gcp.ConnectOrganization(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return o.Members(t.Context(), sixOnMarchFirst)
}

// TestProjectsOfAnOrganisation lists projects over three pages, and tells how each is read and which cannot be.
func TestProjectsOfAnOrganisation(t *testing.T) {
	t.Parallel()
	company := gcptest.NewOrganization(testOrganization)
	company.PageSize = 2
	for i, state := range []string{"ACTIVE", "ACTIVE", "DELETE_REQUESTED", "RESTING", "DELETE_IN_PROGRESS"} {
		company.Join(fmt.Sprintf("project-%d", i), fmt.Sprint(100+i), state, nil)
	}
	c := at(t, company)
	c.Impersonate = "plumbline-collector@tools-1.iam.gserviceaccount.com"
	members, row := membersOf(t, c)
	if !row.Complete || row.Unknown != nil || row.Listed != 5 || row.Kind != gcp.KindProject ||
		row.Scope != "gcp-org:99" || !row.BeganAt.Equal(sixOnMarchFirst()) {
		t.Fatalf("%+v", row)
	}
	want := []inventory.Member{
		{Scope: "gcp:project-0", Name: "The project-0", Role: c.Impersonate},
		{Scope: "gcp:project-1", Name: "The project-1", Role: c.Impersonate},
		{Scope: "gcp:project-2", Name: "The project-2", Role: c.Impersonate, Closed: "being deleted"},
		{Scope: "gcp:project-3", Name: "The project-3", Role: c.Impersonate},
		{Scope: "gcp:project-4", Name: "The project-4", Role: c.Impersonate, Closed: "being deleted"},
	}
	if fmt.Sprint(members) != fmt.Sprint(want) {
		t.Errorf("members are\n%v, want\n%v", members, want)
	}
	if n := company.Calls(listResource); n != 3 {
		t.Errorf("%d pages were asked for, want 3", n)
	}
}

// told is a page of the asset inventory; each project is the JSON of its resource.
func told(next string, projects ...string) string {
	var out []string
	for i, p := range projects {
		out = append(out, fmt.Sprintf(`{"name":"//cloudresourcemanager.googleapis.com/projects/%d","assetType":`+
			`"cloudresourcemanager.googleapis.com/Project","resource":{"version":"v3","data":%s}}`, i+1, p))
	}
	return fmt.Sprintf(`{"assets":[%s],"nextPageToken":%q}`, strings.Join(out, ","), next)
}

const (
	sound = `{"projectId":"project-1","name":"One","lifecycleState":"ACTIVE"}`
	newer = `{"projectId":"example.com:project-2","name":"projects/2","displayName":"Two","state":"ACTIVE"}`
)

// pages answers for an organisation by the token of the page; what stands before a blank is a status.
type pages map[string]string

func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/v3/") {
		fmt.Fprint(w, `{"name":"organizations/99"}`)
		return
	}
	if r.URL.Path != "/v1/organizations/99/assets" || r.Host != inventoryAPI {
		http.Error(w, "{}", http.StatusNotFound)
		return
	}
	say(w, p[r.URL.Query().Get("pageToken")])
}

func say(w http.ResponseWriter, body string) {
	if body == "hang up" {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, `{"assets":[`)
		return
	}
	if status, after, ok := strings.Cut(body, " "); ok && len(status) == 3 {
		code := 0
		_, _ = fmt.Sscan(status, &code)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		body = after
	}
	fmt.Fprint(w, body)
}

const (
	refusedPage = `403 {"error":{"code":403,"status":"PERMISSION_DENIED","message":"The caller does not have permission"}}`
	offPage     = `403 {"error":{"code":403,"status":"PERMISSION_DENIED","details":[{"@type":` +
		`"type.googleapis.com/google.rpc.ErrorInfo","reason":"SERVICE_DISABLED","domain":"googleapis.com",` +
		`"metadata":{"service":"cloudasset.googleapis.com","consumer":"projects/1"}}]}}`
	busyPage = `429 {"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}`
)

// TestProjectsInBothWords reads projects in the words of either version of their API, each once.
func TestProjectsInBothWords(t *testing.T) {
	t.Parallel()
	members, row := membersOf(t, at(t, pages{"": told("2", sound), "2": told("3"), "3": told("", newer, sound)}))
	want := []inventory.Member{{Scope: "gcp:project-1", Name: "One"}, {Scope: "gcp:example.com:project-2", Name: "Two"}}
	if !row.Complete || fmt.Sprint(members) != fmt.Sprint(want) {
		t.Errorf("members are %v, want %v: %+v", members, want, row)
	}
}

// TestAProjectListingThatIsNotWhole gives no member and says why, whatever came before it broke.
func TestAProjectListingThatIsNotWhole(t *testing.T) {
	t.Parallel()
	malformed := func(p pages) listingFault {
		return listingFault{p, inventory.CauseFailed, "MalformedAnswer", listResource}
	}
	first := told("2", sound)
	for name, tt := range map[string]listingFault{
		"denied":    {pages{"": refusedPage}, inventory.CauseDenied, "PERMISSION_DENIED", listResource},
		"throttled": {pages{"": busyPage}, inventory.CauseThrottled, "RESOURCE_EXHAUSTED", listResource},
		"off": {pages{"": offPage}, inventory.CauseNotEnabled, "SERVICE_DISABLED",
			"gcloud services enable cloudasset.googleapis.com"},
		"denied at the third": {pages{"": first, "2": told("3", newer), "3": refusedPage},
			inventory.CauseDenied, "PERMISSION_DENIED", listResource},
		"throttled at the second": {pages{"": first, "2": busyPage}, inventory.CauseThrottled, "RESOURCE_EXHAUSTED",
			listResource},
		"broken off at the second": {pages{"": first, "2": "hang up"}, inventory.CauseFailed, "ConnectionFailed",
			listResource},
		"no JSON":                 malformed(pages{"": "<html>"}),
		"cut short":               malformed(pages{"": first, "2": first[:40]}),
		"round in a circle":       malformed(pages{"": first, "2": told("3", newer), "3": told("2")}),
		"round in an empty one":   malformed(pages{"": first, "2": told("2")}),
		"empty":                   malformed(pages{"": `{}`}),
		"empty over several":      malformed(pages{"": told("2"), "2": told("")}),
		"without a resource":      malformed(pages{"": told("", sound, `null`)}),
		"without an id":           malformed(pages{"": told("", sound, `{"lifecycleState":"ACTIVE"}`)}),
		"with an id of no shape":  malformed(pages{"": told("", sound, `{"projectId":"A!","lifecycleState":"ACTIVE"}`)}),
		"with a number for an id": malformed(pages{"": told("", sound, `{"projectId":7,"lifecycleState":"ACTIVE"}`)}),
		"without a state":         malformed(pages{"": told("", sound, `{"projectId":"project-2","name":"Two"}`)}),
		"in no stated state": malformed(pages{"": told("", sound,
			`{"projectId":"project-2","lifecycleState":"LIFECYCLE_STATE_UNSPECIFIED"}`)}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.check(t)
		})
	}
}

// listingFault is a listing that is not whole, and what the ledger must say of it.
type listingFault struct {
	pages      pages
	cause      inventory.Cause
	code       string
	permission string
}

func (f listingFault) check(t *testing.T) {
	t.Helper()
	members, row := membersOf(t, at(t, f.pages))
	if members != nil || row.Complete || row.Unknown == nil {
		t.Fatalf("%v %+v", members, row)
	}
	want := inventory.Unknown{Cause: f.cause, Code: f.code, Action: "cloudasset.assets.list", Permission: f.permission}
	if *row.Unknown != want || len(row.Errors) != 1 || row.Errors[0].Code != f.code {
		t.Errorf("%+v %+v, want %+v", *row.Unknown, row.Errors, want)
	}
}

// TestAProjectListingEnds wants a listing to end with the run, and without it when a call takes too long.
func TestAProjectListingEnds(t *testing.T) {
	t.Parallel()
	company := gcptest.NewOrganization(testOrganization)
	company.Join("project-1", "1", "ACTIVE", nil)
	company.Stall(listResource)
	c := at(t, company)
	c.Timeout = 50 * time.Millisecond
	if members, row := membersOf(t, c); members != nil || row.Complete || row.Unknown.Code != "Timeout" {
		t.Errorf("%v %+v", members, row)
	}
	c.Timeout = 0
	o, err := gcp.ConnectOrganization(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer end()
	if members, row := o.Members(ctx, sixOnMarchFirst); members != nil || row.Complete {
		t.Errorf("%v %+v", members, row)
	}
}

// TestAnOrganisationIsConfirmed wants the setting to mend in each error, a named organisation believed where it cannot
// be asked, and one that is not named found where it is the only one.
func TestAnOrganisationIsConfirmed(t *testing.T) {
	t.Parallel()
	const gone = `404 {"error":{"code":404,"status":"NOT_FOUND","message":"no"}}`
	const bad = `401 {"error":{"code":401,"status":"UNAUTHENTICATED","message":"no"}}`
	one := `{"organizations":[{"name":"organizations/99"}]}`
	for name, tt := range map[string]struct {
		organization, answer, want string
	}{
		"named":             {"99", `{"name":"organizations/99"}`, ""},
		"named and refused": {"99", refusedPage, ""},
		"named and off":     {"99", offPage, ""},
		"named and busy":    {"99", busyPage, ""},
		"not there":         {"99", gone, "there is no organisation 99"},
		"another":           {"99", `{"name":"organizations/98"}`, `answers as "organizations/98"`},
		"nameless":          {"99", `{}`, `answers as ""`},
		"not signed in":     {"99", bad, "sign in again"},
		"no number":         {"example.com", "", "not the number of one"},
		"found":             {"", one, ""},
		"none to be seen":   {"", `{}`, "see 0 organisations"},
		"several": {"", `{"organizations":[{"name":"organizations/99"},{"name":"organizations/98"}]}`,
			"--scope gcp-org:<number>"},
		"more to come":         {"", `{"organizations":[{"name":"organizations/99"}],"nextPageToken":"2"}`, "name one"},
		"search refused":       {"", refusedPage, "grant resourcemanager.organizations.get"},
		"found without a name": {"", `{"organizations":[{"name":"folders/99"}]}`, "could not be read"},
		"search not signed in": {"", bad, "sign in again"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Value
			c := at(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Store(r.URL.Path)
				say(w, tt.answer)
			}))
			c.Organization = tt.organization
			o, err := gcp.ConnectOrganization(t.Context(), c)
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) || o != nil {
					t.Errorf("%v, want %q", err, tt.want)
				}
				return
			}
			if err != nil || o.Scope() != "gcp-org:99" {
				t.Errorf("%v by %v", err, asked.Load())
			}
		})
	}
}
