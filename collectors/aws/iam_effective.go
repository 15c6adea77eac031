package aws

import (
	"context"
	"iter"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, holder, holder]{
	Kind:        "aws.iam.effective_grant",
	Class:       inventory.ClassAccessGrant,
	Permissions: []string{detailsPermission},
	ListAction:  detailsAction, ListPermission: detailsPermission,
	Global: true, NoLabels: true,
	List: listEffective,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[holder, error] {
		w := collectors.Where{Scope: scopeOf(c.Account)}
		return only(listEffective(ctx, c), func(h holder) bool { return grantID(w, h.Type, h.Name, "") == id })
	},
	Facts: effectiveFacts,
})

// listEffective lists every user and role: that one holds nothing is an answer too, on which its identity rests.
func listEffective(ctx context.Context, c *Clients) iter.Seq2[holder, error] {
	return only(holders(ctx, c), func(h holder) bool { return h.Type != "group" })
}

// effectiveFacts states what all policies of one user or role come to: grants less denials, within the boundary.
// Denials of the organisation are not read, so rights may be fewer than stated, never more.
func effectiveFacts(w collectors.Where, h holder) *inventory.Resource {
	facts := &inventory.AccessGrant{Principal: h.ARN, Standing: h.Type == "user"}
	r := inventory.New(grantID(w, h.Type, h.Name, ""), "all rights of "+h.Type+" "+h.Name, collectors.Global, facts)
	r.Known("principal", "standing")
	granted := readRights(h.Policies, h.Boundary)
	rightsFacts(r, facts, granted)
	if granted.administers() != no {
		facts.MayAdminister = accountID(w)
	}
	facts.WornByPeople = permissionSet(h.Path)
	if set := setOfRole(h.Name); facts.WornByPeople && set != "" {
		facts.Roster = rosterID(w.Scope.Account(), set)
	}
	r.Known("may_administer", "worn_by_people", "roster")
	takesFacts(w, r, facts, granted)
	// Who holds it, through what and in which words is asked of each policy as written: one fault, one finding.
	r.SetNotApplicable("asked of each policy as written", "principal_kind", "wildcard")
	r.SetNotApplicable("a policy trusts nobody", "trust_pinned", "principal_owner")
	if h.ofService() {
		r.SetNotApplicable("the role belongs to a service of AWS, which alone can change or assume it", "privilege_escalation", "conflicting_duties")
		return r
	}
	escalates := granted.escalates()
	facts.PrivilegeEscalation = escalates == yes
	stateSure(r, "privilege_escalation", escalates)
	pairs, open := granted.conflicts()
	facts.ConflictingDuties = pairs
	if open && len(pairs) == 0 {
		r.SetUnknown(unread("ConditionNotUnderstood"), "conflicting_duties")
	} else {
		r.Known("conflicting_duties")
	}
	return r
}
