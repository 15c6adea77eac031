package aws

import (
	"context"
	"iter"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, assignmentAnswers, assignmentAnswers]{
	Kind:        "aws.sso.assignment",
	Class:       inventory.ClassAccessGrant,
	Permissions: accessPermissions,
	ListAction:  "ListAccountAssignments", ListPermission: assignmentPermission,
	NoLabels: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[assignmentAnswers, error] {
		access, err := c.access(ctx)
		return assignmentsOf(access, err)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[assignmentAnswers, error] {
		w := collectors.Where{Scope: scopeOf(c.Account)}
		access, err := readAccess(ctx, c)
		return only(assignmentsOf(access, err), func(a assignmentAnswers) bool { return a.Assignment.grantID(w) == id })
	},
	Facts: assignmentFacts,
})

// assignmentAnswers is all that the identity centre says about one assignment.
type assignmentAnswers struct {
	Assignment assignment
	Principal  collectors.Answer[principalName]
	Set        collectors.Answer[permissionSetName]
	Rights     collectors.Answer[setRights]
}

// assignmentsOf yields what was read, though the reading should have ended early.
func assignmentsOf(access centreAccess, err error) iter.Seq2[assignmentAnswers, error] {
	return func(yield func(assignmentAnswers, error) bool) {
		for _, a := range access.assignments {
			set, read := access.sets[a.Set]
			if !read {
				continue
			}
			if !yield(assignmentAnswers{a, access.names[a.arn()], set.Named, set.Rights}, nil) {
				return
			}
		}
		if err != nil {
			yield(assignmentAnswers{}, err)
		}
	}
}

// assignmentFacts states who may take on a set of rights in an account, and what the set comes to. The role that stands
// for it there is collected with the account.
func assignmentFacts(w collectors.Where, a assignmentAnswers) *inventory.Resource {
	as := a.Assignment
	facts := &inventory.AccessGrant{Principal: as.arn(), PrincipalKind: "human"}
	if as.group() {
		facts.PrincipalKind = "group"
	}
	r := inventory.New(as.grantID(w), a.title(), "", facts)
	// The rights are taken on for a session. Whom they make an administrator is told by the role in the account.
	r.Known("principal", "principal_kind", "standing", "may_administer", "worn_by_people", "roster")
	r.SetNotApplicable("an assignment trusts nobody outside", "trust_pinned", "principal_owner")
	r.SetNotApplicable("people of the directory belong to no environment", "crosses_environment")
	if why := a.Rights.Unknown(); why != nil {
		r.SetUnknown(*why, "admin", "write", "wildcard", "privilege_escalation", "conflicting_duties")
	} else {
		a.set().facts(r, facts)
	}
	return r
}

// title names the set, who may take it on, and where.
func (a assignmentAnswers) title() string {
	set, who, kind := shortID(a.Assignment.Set), a.Assignment.ID, "user "
	if a.Set.Value != nil {
		set = a.Set.Value.Name
	}
	if a.Principal.Value != nil && a.Principal.Value.Name != "" {
		who = a.Principal.Value.Name
	}
	if a.Assignment.group() {
		kind = "group "
	}
	return set + " of " + kind + who + " in " + a.Assignment.Account
}

// set is what was read of the set; one that is empty grants nothing.
func (a assignmentAnswers) set() setRights {
	if a.Rights.Value == nil {
		return setRights{}
	}
	return *a.Rights.Value
}

// facts states what the set comes to. What a policy that lies in the accounts may add is judged there once, by the grants
// of the role that stands for the set.
func (s setRights) facts(r *inventory.Resource, facts *inventory.AccessGrant) {
	granted := s.rights()
	admin, write, escalates := granted.administers(), granted.writes(), granted.escalates()
	facts.Admin, facts.Write, facts.PrivilegeEscalation = admin == yes, write == yes, escalates == yes
	s.state(r, admin != maybe, "admin")
	s.state(r, write != maybe, "write")
	s.state(r, escalates != maybe, "privilege_escalation")
	pairs, open := granted.conflicts()
	facts.ConflictingDuties = pairs
	s.state(r, !open || len(pairs) > 0, "conflicting_duties")
	facts.Wildcard = s.worded()
	s.state(r, facts.Wildcard || len(s.Elsewhere) == 0, "wildcard")
}

// state makes a fact known when the set settles it.
func (s setRights) state(r *inventory.Resource, sure bool, fact string) {
	switch {
	case sure:
		r.Known(fact)
	case s.inAccounts() && fact != "admin" && fact != "write":
		r.SetNotApplicable("a policy of the set lies in the account, where the grants of its role are judged", fact)
	default:
		r.SetUnknown(s.unsettled(), fact)
	}
}
