package pipeline_test

import (
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/gcp/gcptest"
	"github.com/plumbline-posture/plumbline/evaluator"
)

func grant(name string) string { return "gcp:shop-prod/access_grant/" + name }

func robot(name string) string {
	return "serviceAccount:" + name + "@shop-prod.iam.gserviceaccount.com"
}

func account(name string) string {
	return "//iam.googleapis.com/projects/shop-prod/serviceAccounts/" + name + "@shop-prod.iam.gserviceaccount.com"
}

const pool = "principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/ci/"

// grantVerdicts are what the policies of the project, and of those above it, come to.
var grantVerdicts = []want{
	{"access-grant-no-wildcard", grant("roles/owner of user:ann@shop.example"), evaluator.Fail},
	{"access-grant-no-wildcard", grant("roles/editor of " + robot("jump")), evaluator.Fail},
	{"access-grant-no-wildcard", grant("roles/viewer of group:ops@shop.example"), evaluator.Pass},
	{"access-grant-not-standing", grant("roles/owner of user:ann@shop.example"), evaluator.Fail},
	{"access-grant-through-group", grant("roles/owner of user:ann@shop.example"), evaluator.Fail},
	{"access-grant-through-group", grant("roles/viewer of group:ops@shop.example"), evaluator.Pass},
	{"access-grant-trust-pinned", grant("roles/run.invoker of " + pool + "*"), evaluator.Fail},
	{"access-grant-trust-pinned", grant("roles/run.invoker of " + pool + "attribute.repository/shop/web"),
		evaluator.Pass},
	{"access-grant-trust-pinned", grant("roles/iam.workloadIdentityUser on web@shop-prod.iam.gserviceaccount.com of " +
		pool + "attribute.repository/shop/web"), evaluator.Pass},
	{"access-grant-no-privilege-escalation", grant("all rights of user:dev@shop.example"), evaluator.Fail}, // by an account
	{"access-grant-no-privilege-escalation", grant("all rights of " + pool + "attribute.repository/shop/web"),
		evaluator.Pass},
	{"access-grant-no-privilege-escalation", grant("all rights of " + robot("build")), evaluator.Fail},
	{"access-grant-no-privilege-escalation", grant("all rights of " + robot("web")), evaluator.Pass},
	{"access-grant-no-privilege-escalation", grant("all rights of user:eve@partner.example"), evaluator.Pass},
	{"access-grant-duties-separated", grant("all rights of " + robot("keys")), evaluator.Fail},
	{"access-grant-duties-separated", grant("all rights of " + robot("orders")), evaluator.Pass},
	{"workload-identity-not-admin", account("jump"), evaluator.Fail},
	{"workload-identity-not-admin", account("deploy"), evaluator.Fail}, // by the folder above
	{"workload-identity-not-admin", account("web"), evaluator.Pass},
}

// TestGoogleCloudGrants judges who holds what, by the asset inventory and without it.
func TestGoogleCloudGrants(t *testing.T) {
	t.Parallel()
	for _, off := range []string{"", "cloudasset.googleapis.com"} {
		s := gcptest.NewServer(shopEstate(t))
		s.Disable(off)
		got, why := shopSays(shopCollected(t, s))
		for _, w := range grantVerdicts {
			a := shopAsked{w.check, w.resource}
			if got[a] != w.verdict {
				t.Errorf("without %q: %s of %s: %q, want %q (%v)", off, w.check, w.resource, got[a], w.verdict, why[a])
			}
		}
		external := 0
		for a, v := range got {
			if a.check == "access-grant-external-known" && strings.Contains(a.resource, "eve@partner.example") {
				external++
				if v != evaluator.Fail {
					t.Errorf("%s of %s: %q, want a fail", a.check, a.resource, v)
				}
			}
			if strings.Contains(a.resource, "gone@") {
				t.Errorf("%s is judged for a member that is deleted", a.check)
			}
			if strings.Contains(a.resource, "folders/42") && v != evaluator.Unknown {
				t.Errorf("%s of %s: %q; it is judged where it is given", a.check, a.resource, v)
			}
		}
		if external != 1 {
			t.Errorf("%d verdicts on whether the stranger is known, want one", external)
		}
	}
}

// TestGoogleCloudGrantsUnread wants what rests on a policy, a role or the organisation to be unknown without it, with
// the right that cures it.
func TestGoogleCloudGrantsUnread(t *testing.T) {
	t.Parallel()
	for permission, c := range map[string]want{
		"resourcemanager.folders.getIamPolicy": {"workload-identity-not-admin", account("web"), evaluator.Unknown},
		"resourcemanager.organizations.get": {"access-grant-through-group",
			grant("roles/viewer of group:ops@shop.example"), evaluator.Unknown},
		"iam.roles.get": {"access-grant-no-privilege-escalation", grant("all rights of " + robot("web")),
			evaluator.Unknown},
		"iam.serviceAccounts.getIamPolicy": {"access-grant-no-privilege-escalation",
			grant("all rights of " + robot("web")), evaluator.Unknown},
		"iam.workloadIdentityPoolProviders.list": {"access-grant-trust-pinned",
			grant("roles/run.invoker of " + pool + "attribute.repository/shop/web"), evaluator.Unknown},
		"resourcemanager.projects.getIamPolicy": {"workload-identity-not-admin", account("web"), evaluator.Unknown},
	} {
		t.Run(permission, func(t *testing.T) {
			t.Parallel()
			s := gcptest.NewServer(shopEstate(t))
			s.Deny(permission)
			got, why := shopSays(shopCollected(t, s))
			a := shopAsked{c.check, c.resource}
			if got[a] != c.verdict {
				t.Errorf("%s of %s: %q, want %q", c.check, c.resource, got[a], c.verdict)
			}
			cured := false
			for _, u := range why[a] {
				cured = cured || u.Permission == permission
			}
			if !cured {
				t.Errorf("unknown for %+v; want the right that cures it", why[a])
			}
		})
	}
}
