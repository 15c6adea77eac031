package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, attachment, attachmentAnswers]{
	Kind:        "aws.iam.policy_attachment",
	Class:       inventory.ClassAccessGrant,
	Permissions: []string{detailsPermission, "iam:GetLoginProfile"},
	ListAction:  detailsAction, ListPermission: detailsPermission,
	Global: true, NoLabels: true,
	List: listAttachments,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[attachment, error] {
		w := collectors.Where{Scope: scopeOf(c.Account)}
		return only(listAttachments(ctx, c), func(a attachment) bool { return a.id(w) == id })
	},
	Ask:   askAttachment,
	Facts: attachmentFacts,
})

// attachment is one policy as written and who has it. What a group has is an attachment of the group, not of each
// member.
type attachment struct {
	Holder holder     `json:"holder"`
	Policy heldPolicy `json:"policy"`
}

// attachmentAnswers is all that IAM says about one attachment.
type attachmentAnswers struct {
	Attachment attachment
	Console    collectors.Answer[iam.GetLoginProfileOutput]
}

func (a attachment) id(w collectors.Where) string {
	if a.Policy.ARN == "" {
		return grantID(w, a.Holder.Type, a.Holder.Name, "inline/"+a.Policy.Name)
	}
	return grantID(w, a.Holder.Type, a.Holder.Name, "policy/"+a.Policy.ARN)
}

func listAttachments(ctx context.Context, c *Clients) iter.Seq2[attachment, error] {
	return func(yield func(attachment, error) bool) {
		for h, err := range holders(ctx, c) {
			if err != nil {
				yield(attachment{}, err)
				return
			}
			bare := h
			bare.Policies, bare.Boundary = nil, nil
			for _, p := range h.Policies {
				if p.Through == "" && !yield(attachment{Holder: bare, Policy: p}, nil) {
					return
				}
			}
		}
	}
}

func askAttachment(ctx context.Context, c *Clients, a attachment) attachmentAnswers {
	out := attachmentAnswers{Attachment: a}
	if a.Holder.Type == "user" {
		out.Console = askConsole(ctx, c, a.Holder.Name)
	}
	return out
}

// attachmentFacts judges one policy by its own words. What all policies of a holder come to, boundaries and denials
// included, is stated by its effective grant.
func attachmentFacts(w collectors.Where, a attachmentAnswers) *inventory.Resource {
	h, p := a.Attachment.Holder, a.Attachment.Policy
	facts := &inventory.AccessGrant{Principal: h.ARN, AsWritten: true}
	r := inventory.New(a.Attachment.id(w), p.Name+" of "+h.Type+" "+h.Name, collectors.Global, facts)
	r.Known("principal", "as_written")
	principalKindFacts(r, facts, h, a.Console)

	facts.Standing = h.Type != "role"
	r.Known("standing")

	granted := readRights([]heldPolicy{p}, nil)
	rightsFacts(r, facts, granted)
	switch {
	case p.providerWritten():
		r.Known("wildcard")
	case granted.gaps:
		r.SetUnknown(unread("PolicyUnread"), "wildcard")
	default:
		facts.Wildcard = granted.wordedAsEverything()
		r.Known("wildcard")
	}
	r.SetNotApplicable("the effective grant of the holder states what its policies come to together", "privilege_escalation", "conflicting_duties")
	r.SetNotApplicable("a policy trusts nobody", "trust_pinned", "principal_owner")
	return r
}

// principalKindFacts says who a holder is: a user with a console password is a person, one without is a workload. A
// role of the identity centre is worn by the people and groups assigned to it there, so it stands for a group.
func principalKindFacts(r *inventory.Resource, facts *inventory.AccessGrant, h holder, console collectors.Answer[iam.GetLoginProfileOutput]) {
	switch {
	case h.Type == "group", permissionSet(h.Path):
		facts.PrincipalKind = "group"
	case h.ofService():
		facts.PrincipalKind = "service"
	case h.Type == "role":
		facts.PrincipalKind = "workload"
	default:
		collectors.Know(r, console, func(v *iam.GetLoginProfileOutput) { facts.PrincipalKind = ownerOfUser(v) }, "principal_kind")
		return
	}
	r.Known("principal_kind")
}

// rightsFacts states whether rights are unrestricted and whether they change anything.
func rightsFacts(r *inventory.Resource, facts *inventory.AccessGrant, granted rights) {
	admin, write := granted.administers(), granted.writes()
	facts.Admin, facts.Write = admin == yes, write == yes
	stateSure(r, "admin", admin)
	stateSure(r, "write", write)
}

// stateSure makes a fact known when the rights settle it.
func stateSure(r *inventory.Resource, fact string, sure certainty) {
	if sure == maybe {
		r.SetUnknown(unread("ConditionNotUnderstood"), fact)
		return
	}
	r.Known(fact)
}

// wordedAsEverything says whether a statement allows a bare wildcard, or all but a few actions, on every resource.
func (r rights) wordedAsEverything() bool {
	for _, s := range r.statements {
		if s.Effect != "Allow" || !contains(s.Resource, "*") {
			continue
		}
		if len(s.NotAction) > 0 || contains(s.Action, "*") || contains(s.Action, "*:*") {
			return true
		}
	}
	return false
}
