package gcp

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const (
	accountPolicyAction     = "iam.projects.serviceAccounts.getIamPolicy"
	accountPolicyPermission = "iam.serviceAccounts.getIamPolicy"
	providersAction         = "iam.projects.locations.workloadIdentityPools.providers.list"
	providersPermission     = "iam.workloadIdentityPoolProviders.list"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, grantItem, grantAnswers]{
	Kind: "gcp.iam.service_account_binding", Class: inventory.ClassAccessGrant,
	Permissions: serviceAccountsWay.permissions(accountPolicyPermission, policyPermission, rolePermission,
		projectPermission, organizationPermission, providersPermission),
	ListAction: accountPolicyAction, ListPermission: accountPolicyPermission, Global: true, NoLabels: true,
	List: listAccountBindings, Ask: askGrant, Facts: accountBindingFacts,
})

// accountPolicies are the grants on single service accounts of the project, which let others act as them.
type accountPolicies struct {
	once   sync.Once
	grants []grantItem
	err    error
}

// accountGrants reads the policy of every service account of the project once in a run.
func (c *Clients) accountGrants(ctx context.Context) ([]grantItem, error) {
	k := &c.accounts
	k.once.Do(func() {
		for a, err := range serviceAccountsWay.list(ctx, c) {
			if err != nil {
				k.err = failedAt(serviceAccountsWay.action, serviceAccountsWay.permission, err)
				return
			}
			p, err := c.accountPolicy(ctx, a)
			if err != nil {
				k.err = failedAt(accountPolicyAction, accountPolicyPermission, err)
				return
			}
			for _, g := range p.grants("") {
				g.Account = idOf(a)
				k.grants = append(k.grants, g)
			}
		}
	})
	return k.grants, k.err
}

func (c *Clients) accountPolicy(ctx context.Context, a asset) (*policy, error) {
	if p := c.toldPolicy(ctx, a); p != nil {
		return p, nil
	}
	path := "/v1" + strings.TrimPrefix(idOf(a), "//"+iamAPI) + ":getIamPolicy"
	body, err := c.onceBy(ctx, http.MethodPost, iamAPI, path, nil,
		map[string]any{"options": map[string]any{"requestedPolicyVersion": 3}})
	switch {
	case gone(err):
		return &policy{}, nil // It was deleted since it was listed, and its policy with it.
	case err != nil:
		return nil, err
	}
	return decoded[policy](body)
}

func listAccountBindings(ctx context.Context, c *Clients) iter.Seq2[grantItem, error] {
	return func(yield func(grantItem, error) bool) {
		grants, err := c.accountGrants(ctx)
		for _, g := range grants {
			if !yield(g, nil) {
				return
			}
		}
		if err != nil {
			yield(grantItem{}, err)
		}
	}
}

// accountBindingFacts judges one binding of one service account by its own words. It gives nothing over the project: who
// may act as the account counts in the effective grant, by what the account holds.
func accountBindingFacts(w collectors.Where, a grantAnswers) *inventory.Resource {
	facts := &inventory.AccessGrant{}
	name := a.Grant.Roles[0] + " on " + short(a.Grant.Account) + " of " + a.Grant.Member
	r := grantRecord(w, a.Grant, name, facts)
	facts.Wildcard, facts.Admin = facts.Admin, false
	holderFacts(r, facts, a.Grant.Member, w.Scope.Account(), a.Number, a.Directory)
	pinned(r, facts, a)
	writeFacts(r, facts, a)
	r.Known("wildcard", "may_administer")
	r.SetNotApplicable("the effective grant of the holder states what acting as the account comes to",
		"privilege_escalation", "conflicting_duties")
	return r
}

// act is that somebody may act as an account: by a role on it, and what the account holds on the project.
type act struct {
	Role    string
	Account string
	Holds   []string
}

// actsOf are whom each member may act as. The roles of an account are those of the project's policy.
func actsOf(project *policy, scope string, accounts []grantItem) map[string][]act {
	held := map[string][]string{}
	for _, g := range project.grants("") {
		held[principalOf(g.Member, scope)] = append(held[principalOf(g.Member, scope)], g.Roles[0])
	}
	out := map[string][]act{}
	for _, g := range accounts {
		if principalOf(g.Member, scope) == g.Account {
			continue // An account acts as itself anyway.
		}
		out[g.Member] = append(out[g.Member], act{g.Roles[0], g.Account, held[g.Account]})
	}
	return out
}

// borrowed says whether acting as accounts gives a member more than it holds: yes, no, or not known for a reason.
func (a *grantAnswers) borrowed(own *powers) (more bool, why *inventory.Unknown) {
	if u := a.Grant.Acts.Unknown(); u != nil {
		return false, u
	}
	if a.Grant.Acts.Value == nil {
		return false, nil
	}
	for i, act := range *a.Grant.Acts.Value {
		by := a.ActPowers[i]
		if u := by.By.Unknown(); u != nil {
			why = u
			continue
		}
		if !by.By.Value.Escalates {
			continue // The role shows the account, or manages it otherwise.
		}
		sum, sure, unread := together(by.Holds)
		admin := slices.ContainsFunc(act.Holds, func(r string) bool { return slices.Contains(basicRoles, r) })
		switch {
		case admin, sum.Escalates, sum.Write && !own.Write:
			return true, nil
		case !sure:
			why = unread.Unknown()
		}
	}
	return false, why
}

// actPowers are what a role on an account, and the roles of the account, come to.
type actPowers struct {
	By    collectors.Answer[powers]
	Holds []collectors.Answer[powers]
}

// trust is what the providers of a pool of federated identities ask of those they let in.
type trust struct {
	// Open says that some provider in use lets in all whom the other side vouches for.
	Open bool `json:"open,omitempty"`
}

// poolOf is the pool of a federated member, as "projects/1/locations/global/workloadIdentityPools/p"; empty for others.
func poolOf(member string) string {
	_, path, federated := strings.Cut(member, "://iam.googleapis.com/")
	parts := strings.Split(path, "/")
	if !federated || len(parts) < 6 || parts[4] != "workloadIdentityPools" {
		return ""
	}
	return strings.Join(parts[:6], "/")
}

// trustOf asks what the providers of a member's pool ask for, where the pool is the project's own.
func (c *Clients) trustOf(ctx context.Context, member string) collectors.Answer[trust] {
	pool := poolOf(member)
	if number := c.number(ctx); pool == "" || number == "" || projectOf(pool) != number {
		return collectors.Answer[trust]{}
	}
	return ask(providersAction, providersPermission, func() (*trust, error) {
		out, query := &trust{}, url.Values{"pageSize": {"100"}}
		for {
			b, err := fetchOnce[struct {
				Providers []struct {
					Disabled  bool   `json:"disabled"`
					State     string `json:"state"`
					Condition string `json:"attributeCondition"`
				} `json:"workloadIdentityPoolProviders"`
				Next string `json:"nextPageToken"`
			}](ctx, c, iamAPI, "/v1/"+pool+"/providers", query)
			if err != nil {
				return nil, err
			}
			for _, p := range b.Providers {
				out.Open = out.Open || !p.Disabled && p.State != "DELETED" && p.Condition == ""
			}
			if b.Next == "" {
				return out, nil
			}
			query.Set("pageToken", b.Next)
		}
	})
}
