package gcp

import (
	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const iamAPI = "iam.googleapis.com"

var serviceAccountsWay = &way{
	types: []string{"iam.googleapis.com/ServiceAccount"}, api: iamAPI,
	path: "/v1/projects/{project}/serviceAccounts", items: "accounts",
	permission: "iam.serviceAccounts.list", action: "iam.projects.serviceAccounts.list",
}

var _ = source("gcp.iam.service_account", inventory.ClassIdentity, serviceAccountsWay, serviceAccountFacts, true)

// serviceAccountFacts states an identity of programs. People of the directory are told where the organisation is read.
func serviceAccountFacts(_ collectors.Where, a asset) *inventory.Resource {
	b := read[struct {
		Email    string `json:"email"`
		Disabled bool   `json:"disabled"`
	}](a)
	facts := &inventory.Identity{Kind: "workload", Enabled: !b.Disabled, Grants: []string{}}
	r := begin(a, facts)
	if b.Email != "" {
		r.Name = b.Email
	}
	r.Known("kind", "enabled", "interactive", "grants")
	r.SetNotApplicable("a service account has no sign-in of its own", "mfa", "mfa_phishing_resistant",
		"directory_managed")
	notAsked(r, "policyanalyzer.activities.query", "policyanalyzer.serviceAccountLastAuthenticationActivities.query",
		"last_used_at")
	return r
}
