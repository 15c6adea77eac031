package gcp

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func TestHolders(t *testing.T) {
	t.Parallel()
	const project, number = "shop-prod", "123"
	for member, want := range map[string]holder{
		"allUsers":               {kind: "anyone"},
		"allAuthenticatedUsers":  {kind: "anyone"},
		"user:Ann@Shop.example":  {kind: "human", owner: "shop.example", byDirectory: true},
		"group:ops@shop.example": {kind: "group", owner: "shop.example", byDirectory: true},
		"domain:shop.example":    {kind: "group", owner: "shop.example", byDirectory: true},
		"serviceAccount:build@shop-prod.iam.gserviceaccount.com":      {kind: "workload"},
		"serviceAccount:123-compute@developer.gserviceaccount.com":    {kind: "workload"},
		"serviceAccount:shop-prod.svc.id.goog[web/front]":             {kind: "workload"},
		"serviceAccount:123@cloudservices.gserviceaccount.com":        {kind: "service"},
		"serviceAccount:service-1@gcp-sa-log.iam.gserviceaccount.com": {kind: "service"},
		"serviceAccount:ci@other.iam.gserviceaccount.com":             {kind: "external", owner: "other"},
		"serviceAccount:9-compute@developer.gserviceaccount.com":      {kind: "external", owner: "9"},
		"principalSet://iam.googleapis.com/projects/1/x/*": {kind: "external",
			owner: "iam.googleapis.com/projects/1/x/*"},
		"somebody:new": {kind: "external", owner: "somebody:new"},
	} {
		if got := holderOf(member, project, number); got != want {
			t.Errorf("%s is %+v, want %+v", member, got, want)
		}
	}
	if got := holderOf("serviceAccount:9-compute@developer.gserviceaccount.com", project, ""); !got.byNumber {
		t.Error("an account by a number is known without the own number")
	}
}

// TestHolderNeedsDirectory wants whose a person is to be unknown while the organisation's domain is.
func TestHolderNeedsDirectory(t *testing.T) {
	t.Parallel()
	denied := &collectors.Reason{Cause: inventory.CauseDenied, Code: "PERMISSION_DENIED"}
	told := func(domain string) collectors.Answer[directory] {
		return collectors.Answer[directory]{Value: &directory{"organizations/1", domain}}
	}
	for name, c := range map[string]struct {
		own  collectors.Answer[directory]
		kind string
	}{
		"own":             {told("shop.example"), "human"},
		"foreign":         {told("other.example"), "external"},
		"no organisation": {collectors.Answer[directory]{Value: &directory{}}, "human"},
		"denied":          {collectors.Answer[directory]{Action: organizationAction, Failed: denied}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := grantAnswers{Grant: grantItem{Member: "user:ann@shop.example", Roles: []string{"roles/viewer"}},
				Directory: c.own, Powers: []collectors.Answer[powers]{{Value: &powers{}}}}
			r := stable(t, a, bindingFacts)[0]
			facts := r.Facts.(*inventory.AccessGrant)
			if known := r.IsKnown("principal_kind"); known != (c.kind != "") || known && facts.PrincipalKind != c.kind {
				t.Errorf("kind %q, known %v; want %q", facts.PrincipalKind, known, c.kind)
			}
			if c.kind == "external" && facts.PrincipalOwner != "shop.example" {
				t.Errorf("owned by %q", facts.PrincipalOwner)
			}
		})
	}
}

func TestPowers(t *testing.T) {
	t.Parallel()
	p := powersOf([]string{"compute.instances.get", "logging.logEntries.list", "cloudasset.assets.searchAllResources"})
	if p.Write || p.Escalates || len(p.Duties) > 0 {
		t.Errorf("rights to read come to %+v", p)
	}
	p = powersOf([]string{"iam.serviceAccounts.create", "iam.serviceAccounts.actAs", "storage.buckets.setIamPolicy"})
	if !p.Write || !p.Escalates || !slices.Equal(p.conflicts(), []string{"identity_admin+identity_use"}) {
		t.Errorf("%+v, in conflict %v", p, p.conflicts())
	}
	if powersOf([]string{"storage.buckets.setIamPolicy"}).Escalates {
		t.Error("who administers all buckets gains nothing by sharing them")
	}
	keys := []collectors.Answer[powers]{
		{Value: powersOf([]string{"cloudkms.cryptoKeys.setIamPolicy"})},
		{Value: powersOf([]string{"cloudkms.cryptoKeyVersions.useToDecrypt"})},
	}
	if sum, sure, _ := together(keys); !sure || !slices.Equal(sum.conflicts(), []string{"key_admin+key_use"}) {
		t.Errorf("together %+v, sure %v", sum, sure)
	}
	if _, sure, why := together(append(keys, collectors.Answer[powers]{Action: roleAction})); sure || why == nil {
		t.Error("what an unread role adds is known")
	}
}

// TestRoleWithoutRights wants an answer that leaves the rights of a role out not to pass for a role without any.
func TestRoleWithoutRights(t *testing.T) {
	t.Parallel()
	c := reached(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"name":"roles/owner"}`) },
		Connection{})
	if a := c.role(context.Background(), "roles/owner"); a.Value != nil || a.Failed == nil ||
		a.Failed.Code != "MalformedAnswer" {
		t.Errorf("%+v", a)
	}
}

// TestBoundedGrants wants a grant to be standing unless its condition names an end.
func TestBoundedGrants(t *testing.T) {
	t.Parallel()
	p := &policy{Bindings: []binding{
		{Role: "roles/viewer", Members: []string{"user:a@x.example", "deleted:user:b@x.example?uid=1"}},
		{Role: "roles/viewer", Members: []string{"user:a@x.example"},
			Condition: &condition{"request.time < timestamp('2027-01-01T00:00:00Z')"}},
		{Role: "roles/viewer", Members: []string{"user:a@x.example"}, Condition: &condition{"resource.name == 'x'"}},
	}}
	grants := p.grants("")
	if len(grants) != 3 {
		t.Fatalf("%d grants", len(grants))
	}
	ids := map[string]bool{}
	for i, want := range []bool{true, false, true} {
		r := bindingFacts(here, grantAnswers{Grant: grants[i], Powers: []collectors.Answer[powers]{{Value: &powers{}}}})
		ids[r.ID] = true
		if got := r.Facts.(*inventory.AccessGrant).Standing; got != want {
			t.Errorf("%s stands: %v", r.ID, got)
		}
	}
	if len(ids) != 3 {
		t.Errorf("grants share ids: %v", ids)
	}
}

// TestActingAs wants acting as an account to be an escalation where the account holds more, and not known where what it
// holds, or what the role on it is for, is not.
func TestActingAs(t *testing.T) {
	t.Parallel()
	answer := func(p *powers) collectors.Answer[powers] {
		return collectors.Answer[powers]{Action: roleAction, Value: p}
	}
	acting, unread := answer(&powers{Write: true, Escalates: true}), answer(nil)
	writing := []collectors.Answer[powers]{answer(&powers{Write: true})}
	untold := []collectors.Answer[powers]{unread}
	a, owner := []string{"roles/a"}, []string{"roles/owner"}
	for name, c := range map[string]struct {
		own   powers
		holds []string
		by    collectors.Answer[powers]
		their []collectors.Answer[powers]
		more  bool
		sure  bool
	}{
		"an owner":                   {powers{}, owner, acting, untold, true, true},
		"who may write":              {powers{}, a, acting, writing, true, true},
		"no more than oneself":       {powers{Write: true}, a, acting, writing, false, true},
		"who holds nothing":          {powers{}, nil, acting, nil, false, true},
		"an unread role":             {powers{}, a, acting, untold, false, false},
		"by a role that shows":       {powers{}, owner, answer(&powers{}), nil, false, true},
		"by a role that is not read": {powers{}, owner, unread, nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acts := []act{{Role: "roles/x", Account: "//iam.googleapis.com/projects/p/serviceAccounts/s", Holds: c.holds}}
			a := grantAnswers{
				Grant: grantItem{Member: "user:a@x.example",
					Acts: collectors.Answer[[]act]{Action: accountPolicyAction, Value: &acts}},
				Powers:    []collectors.Answer[powers]{answer(&c.own)},
				ActPowers: []actPowers{{c.by, c.their}},
			}
			r := stable(t, a, effectiveGrantFacts)[0]
			if known := r.IsKnown("privilege_escalation"); known != c.sure ||
				known && r.Facts.(*inventory.AccessGrant).PrivilegeEscalation != c.more {
				t.Errorf("%+v, known %v; want %v, %v", r.Facts, known, c.more, c.sure)
			}
		})
	}
}

// TestPools wants the pool of a member, and the trust of pools elsewhere not to be asked for.
func TestPools(t *testing.T) {
	t.Parallel()
	const pool = "projects/1/locations/global/workloadIdentityPools/ci"
	for member, want := range map[string]string{
		"principalSet://iam.googleapis.com/" + pool + "/*":                           pool,
		"principal://iam.googleapis.com/" + pool + "/subject/a":                      pool,
		"principal://iam.googleapis.com/locations/global/workforcePools/w/subject/a": "",
		"user:a@x.example": "",
	} {
		if got := poolOf(member); got != want {
			t.Errorf("%s is of %q, want %q", member, got, want)
		}
	}
	c := reached(t, func(http.ResponseWriter, *http.Request) { t.Error("a pool of another project is asked about") },
		Connection{})
	if a := c.trustOf(context.Background(), "principalSet://iam.googleapis.com/projects/2/locations/global/"+
		"workloadIdentityPools/ci/*"); a.Action != "" {
		t.Errorf("%+v", a)
	}
}
