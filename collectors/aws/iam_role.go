package aws

import (
	"context"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, roleDetail, roleDetail]{
	Kind:        "aws.iam.role",
	Class:       inventory.ClassIdentity,
	Permissions: []string{detailsPermission},
	ListAction:  detailsAction, ListPermission: detailsPermission,
	Global: true,
	List:   listRoles,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[roleDetail, error] {
		return only(listRoles(ctx, c), func(r roleDetail) bool { return aws.ToString(r.ARN) == id })
	},
	Facts: roleFacts,
})

// roleDetail is what the account's listing says about a role itself; its policies and its trust are access grants.
type roleDetail struct {
	ARN      *string     `json:"arn"`
	Name     *string     `json:"name"`
	Path     *string     `json:"path"`
	MadeAt   *time.Time  `json:"made_at,omitempty"`
	LastUsed *roleUse    `json:"last_used,omitempty"`
	Tags     []types.Tag `json:"tags,omitempty"`
}

// roleUse is when a role was last used; nil inside when it never was in the time IAM looks back.
type roleUse struct {
	At *time.Time `json:"at,omitempty"`
}

func listRoles(ctx context.Context, c *Clients) iter.Seq2[roleDetail, error] {
	return func(yield func(roleDetail, error) bool) {
		for r, err := range accountRoles(ctx, c) {
			if !yield(narrowRole(r), err) || err != nil {
				return
			}
		}
	}
}

func narrowRole(r types.RoleDetail) roleDetail {
	out := roleDetail{ARN: r.Arn, Name: r.RoleName, Path: r.Path, MadeAt: r.CreateDate, Tags: r.Tags}
	if r.RoleLastUsed != nil {
		out.LastUsed = &roleUse{At: r.RoleLastUsed.LastUsedDate}
	}
	return out
}

func roleFacts(w collectors.Where, a roleDetail) *inventory.Resource {
	facts := &inventory.Identity{Kind: "workload", Enabled: true, Grants: []string{grantID(w, "role", aws.ToString(a.Name), "")}}
	r := inventory.New(aws.ToString(a.ARN), aws.ToString(a.Name), collectors.Global, facts)
	r.Labels = iamLabels(a.Tags)
	r.Known("kind", "enabled", "interactive", "directory_managed", "grants")
	if path := aws.ToString(a.Path); permissionSet(path) {
		// People of the directory wear these, and prove who they are there.
		facts.Kind, facts.Interactive, facts.DirectoryManaged = "human", true, true
		r.SetNotApplicable("the identity provider asks for the second factor before it lets anyone take on the role", "mfa", "mfa_phishing_resistant")
	} else {
		r.SetNotApplicable("a role has no sign-in of its own", "mfa", "mfa_phishing_resistant")
	}
	roleUseFacts(r, facts, a)
	return r
}

func roleUseFacts(r *inventory.Resource, facts *inventory.Identity, a roleDetail) {
	if (holder{Type: "role", Path: aws.ToString(a.Path)}).ofService() {
		r.SetNotApplicable("the role belongs to a service of AWS, which uses it when it needs to", "last_used_at")
		return
	}
	if a.LastUsed == nil {
		r.SetUnknown(unread("MissingField"), "last_used_at")
		return
	}
	last := lastUse(a.MadeAt, a.LastUsed.At)
	if last == nil {
		r.SetUnknown(unread("MissingField"), "last_used_at")
		return
	}
	facts.LastUsedAt = inventory.Day(*last)
	r.Known("last_used_at")
}
