package gcp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const (
	bindingAction     = "cloudresourcemanager.projects.getIamPolicy"
	bindingPermission = "resourcemanager.projects.getIamPolicy"
)

var bindingPermissions = []string{bindingPermission, policyPermission, rolePermission, projectPermission,
	organizationPermission, providersPermission}

var (
	_ = collectors.Register(&Sources, collectors.Source[*Clients, grantItem, grantAnswers]{
		Kind: "gcp.iam.binding", Class: inventory.ClassAccessGrant, Permissions: bindingPermissions,
		ListAction: bindingAction, ListPermission: bindingPermission, Global: true, NoLabels: true,
		List: listBindings, Ask: askGrant, Facts: bindingFacts,
	})
	_ = collectors.Register(&Sources, collectors.Source[*Clients, grantItem, grantAnswers]{
		Kind: "gcp.iam.effective_grant", Class: inventory.ClassAccessGrant,
		Permissions: slices.Concat(bindingPermissions, serviceAccountsWay.permissions(accountPolicyPermission)),
		ListAction:  bindingAction, ListPermission: bindingPermission, Global: true, NoLabels: true,
		List: listEffective, Ask: askGrant, Facts: effectiveGrantFacts,
	})
	_ = collectors.Register(&Sources, collectors.Source[*Clients, grantItem, grantItem]{
		Kind: "gcp.iam.inherited_grant", Class: inventory.ClassAccessGrant,
		Permissions: []string{projectPermission, "resourcemanager.folders.getIamPolicy",
			"resourcemanager.organizations.getIamPolicy"},
		ListAction: "cloudresourcemanager.folders.getIamPolicy", ListPermission: "resourcemanager.folders.getIamPolicy",
		Global: true, NoLabels: true, List: listInherited, Facts: inheritedGrantFacts,
	})
)

// grantItem is what one member holds: one role as written, or all roles together.
type grantItem struct {
	Member string
	Roles  []string
	// Bounded says that every role ends at a time that its condition names.
	Bounded bool `json:",omitempty"`
	// Condition marks a role as written that holds under one, so that two such bindings are told apart.
	Condition string `json:",omitempty"`
	// Above is the folder or organisation whose policy says so.
	Above string `json:",omitempty"`
	// Account is the service account whose policy says so.
	Account string `json:",omitempty"`
	// Acts are the accounts the member may act as, for all its roles together.
	Acts collectors.Answer[[]act] `json:",omitzero"`
}

// grantAnswers is what roles come to, and whose the member is.
type grantAnswers struct {
	Grant     grantItem
	Powers    []collectors.Answer[powers]
	Directory collectors.Answer[directory]
	Number    string
	// Trust is asked of federated members, and ActPowers of each account the member may act as.
	Trust     collectors.Answer[trust] `json:",omitzero"`
	ActPowers []actPowers              `json:",omitempty"`
}

// projectPolicy is the policy of the project itself.
func (c *Clients) projectPolicy(ctx context.Context) (*policy, error) {
	if c.export != nil {
		for _, a := range c.export.byType[projectAsset] {
			if a.Policy != nil {
				return a.Policy, nil
			}
		}
		return nil, errNotExported
	}
	a := asset{Type: projectAsset, Name: "//" + projectAPI + "/projects/" + c.number(ctx)}
	if p := c.toldPolicy(ctx, a); p != nil {
		return p, nil
	}
	return c.policyAbove(ctx, "projects/"+c.Project)
}

// policyAbove asks for the policy of a project, folder or organisation.
func (c *Clients) policyAbove(ctx context.Context, name string) (*policy, error) {
	body, err := c.onceBy(ctx, http.MethodPost, projectAPI, "/v3/"+name+":getIamPolicy", nil,
		map[string]any{"options": map[string]any{"requestedPolicyVersion": 3}})
	if err != nil {
		return nil, err
	}
	return decoded[policy](body)
}

// grants are what each binding of a policy gives each member. A deleted member holds nothing any more.
func (p *policy) grants(above string) []grantItem {
	var out []grantItem
	for _, b := range p.Bindings {
		for _, m := range b.Members {
			if strings.HasPrefix(m, "deleted:") {
				continue
			}
			item := grantItem{Member: m, Roles: []string{b.Role}, Above: above}
			if b.Condition != nil {
				item.Condition = b.Condition.Expression
				item.Bounded = strings.Contains(item.Condition, "request.time <")
			}
			out = append(out, item)
		}
	}
	return out
}

func listBindings(ctx context.Context, c *Clients) iter.Seq2[grantItem, error] {
	return func(yield func(grantItem, error) bool) {
		p, err := c.projectPolicy(ctx)
		if err != nil {
			yield(grantItem{}, err)
			return
		}
		for _, g := range p.grants("") {
			if !yield(g, nil) {
				return
			}
		}
	}
}

// listEffective puts together what each member holds, and whom it may act as.
func listEffective(ctx context.Context, c *Clients) iter.Seq2[grantItem, error] {
	return func(yield func(grantItem, error) bool) {
		p, err := c.projectPolicy(ctx)
		if err != nil {
			yield(grantItem{}, err)
			return
		}
		all := map[string]*grantItem{}
		for _, g := range p.grants("") {
			whole := all[g.Member]
			if whole == nil {
				whole = &grantItem{Member: g.Member, Bounded: true}
				all[g.Member] = whole
			}
			whole.Bounded = whole.Bounded && g.Bounded
			if !slices.Contains(whole.Roles, g.Roles[0]) {
				whole.Roles = append(whole.Roles, g.Roles[0])
			}
		}
		acts := ask(accountPolicyAction, accountPolicyPermission, func() (*map[string][]act, error) {
			accounts, err := c.accountGrants(ctx)
			if err != nil {
				return nil, err
			}
			told := actsOf(p, c.Project, accounts)
			return &told, nil
		})
		if acts.Value != nil {
			for member := range *acts.Value {
				if all[member] == nil {
					all[member] = &grantItem{Member: member, Roles: []string{}}
				}
			}
		}
		for _, member := range sortedKeys(all) {
			slices.Sort(all[member].Roles)
			own := collectors.Answer[[]act]{Action: acts.Action, Permission: acts.Permission, Failed: acts.Failed}
			if acts.Value != nil {
				list := slices.Clone((*acts.Value)[member])
				own.Value = &list
			}
			all[member].Acts = own
			if !yield(*all[member], nil) {
				return
			}
		}
	}
}

// listInherited lists who administers the project by a policy above it. Other rights from above are judged where they
// are given.
func listInherited(ctx context.Context, c *Clients) iter.Seq2[grantItem, error] {
	return func(yield func(grantItem, error) bool) {
		above, err := c.ancestors(ctx)
		if err != nil {
			yield(grantItem{}, failedAt(ancestryAction, projectPermission, err))
			return
		}
		for _, place := range above {
			p, err := c.policyAbove(ctx, place)
			if err != nil {
				kind, _, _ := strings.Cut(place, "/")
				yield(grantItem{}, failedAt("cloudresourcemanager."+kind+".getIamPolicy",
					"resourcemanager."+kind+".getIamPolicy", err))
				return
			}
			for _, g := range p.grants(place) {
				if slices.Contains(basicRoles, g.Roles[0]) && !yield(g, nil) {
					return
				}
			}
		}
	}
}

// failedAt names the call behind the failure of a listing that makes several.
func failedAt(action, permission string, err error) error {
	return &collectors.Failure{Reason: reasonOf(err), Action: action, Permission: permission, Err: err}
}

func askGrant(ctx context.Context, c *Clients, g grantItem) grantAnswers {
	out := grantAnswers{Grant: g, Directory: c.directory(ctx), Number: c.number(ctx)}
	for _, role := range g.Roles {
		out.Powers = append(out.Powers, c.role(ctx, role))
	}
	if strings.HasPrefix(g.Member, "principal") {
		out.Trust = c.trustOf(ctx, g.Member)
	}
	if g.Acts.Value != nil {
		for _, a := range *g.Acts.Value {
			p := actPowers{By: c.role(ctx, a.Role)}
			for _, role := range a.Holds {
				p.Holds = append(p.Holds, c.role(ctx, role))
			}
			out.ActPowers = append(out.ActPowers, p)
		}
	}
	return out
}

// grantRecord begins the record of a grant.
func grantRecord(w collectors.Where, g grantItem, name string, facts *inventory.AccessGrant) *inventory.Resource {
	id := strings.Join([]string{string(w.Scope), string(inventory.ClassAccessGrant), name}, "/")
	if g.Condition != "" {
		sum := sha256.Sum256([]byte(g.Condition))
		id += "?" + hex.EncodeToString(sum[:6])
	}
	facts.Principal, facts.Standing = principalOf(g.Member, w.Scope.Account()), !g.Bounded
	facts.Admin = slices.ContainsFunc(g.Roles, func(r string) bool { return slices.Contains(basicRoles, r) })
	r := inventory.New(id, name, collectors.Global, facts)
	r.Known("principal", "standing", "admin", "worn_by_people")
	return r
}

// mayAdminister points at the account where its holder, who is no service of Google's, administers it.
func mayAdminister(r *inventory.Resource, w collectors.Where, g grantItem, facts *inventory.AccessGrant) {
	if facts.Admin && holderOf(g.Member, w.Scope.Account(), "").kind != "service" {
		facts.MayAdminister = string(w.Scope) + "/" + string(inventory.ClassCloudAccount) + "/" + w.Scope.Account()
	}
	r.Known("may_administer")
}

// writeFacts states whether the roles change anything: one that does is enough for a yes.
func writeFacts(r *inventory.Resource, facts *inventory.AccessGrant, a grantAnswers) *powers {
	sum, sure, why := together(a.Powers)
	facts.Write = sum.Write || facts.Admin
	if facts.Write || sure {
		r.Known("write")
	} else {
		collectors.Know(r, *why, func(*powers) {}, "write")
	}
	return sum
}

// bindingFacts judges one binding by its own words.
func bindingFacts(w collectors.Where, a grantAnswers) *inventory.Resource {
	facts := &inventory.AccessGrant{}
	r := grantRecord(w, a.Grant, a.Grant.Roles[0]+" of "+a.Grant.Member, facts)
	holderFacts(r, facts, a.Grant.Member, w.Scope.Account(), a.Number, a.Directory)
	pinned(r, facts, a)
	writeFacts(r, facts, a)
	facts.Wildcard = facts.Admin
	r.Known("wildcard", "may_administer")
	r.SetNotApplicable("the effective grant of the holder states what its roles come to together",
		"privilege_escalation", "conflicting_duties")
	return r
}

// effectiveGrantFacts states what all roles of a member on the project come to.
func effectiveGrantFacts(w collectors.Where, a grantAnswers) *inventory.Resource {
	facts := &inventory.AccessGrant{}
	r := grantRecord(w, a.Grant, "all rights of "+a.Grant.Member, facts)
	mayAdminister(r, w, a.Grant, facts)
	// Who holds it, through what and in which words is asked of each binding as written: one fault, one finding.
	r.SetNotApplicable("asked of each binding as written", "principal_kind", "wildcard", "trust_pinned",
		"principal_owner")
	sum := writeFacts(r, facts, a)
	if holderOf(a.Grant.Member, w.Scope.Account(), a.Number).kind == "service" {
		r.SetNotApplicable("the account belongs to a service of Google's, which alone can act as it",
			"privilege_escalation", "conflicting_duties")
		return r
	}
	_, sure, why := together(a.Powers)
	more, unread := a.borrowed(sum)
	facts.PrivilegeEscalation, facts.ConflictingDuties = sum.Escalates || more, sum.conflicts()
	switch {
	case facts.PrivilegeEscalation, sure && unread == nil:
		r.Known("privilege_escalation")
	case !sure:
		collectors.Know(r, *why, func(*powers) {}, "privilege_escalation")
	default:
		r.SetUnknown(*unread, "privilege_escalation")
	}
	if sure || len(facts.ConflictingDuties) > 0 {
		r.Known("conflicting_duties")
	} else {
		collectors.Know(r, *why, func(*powers) {}, "conflicting_duties")
	}
	return r
}

// inheritedGrantFacts states that somebody administers the project by a policy above it: it counts here, and is judged
// where it is given.
func inheritedGrantFacts(w collectors.Where, g grantItem) *inventory.Resource {
	facts := &inventory.AccessGrant{Write: true}
	r := grantRecord(w, g, g.Roles[0]+" on "+g.Above+" of "+g.Member, facts)
	mayAdminister(r, w, g, facts)
	r.Known("write")
	r.SetNotApplicable("is judged where it is given, in the organisation's scope", "principal_kind", "wildcard",
		"trust_pinned", "principal_owner", "privilege_escalation", "conflicting_duties")
	return r
}
