package aws

import (
	"context"
	"iter"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, directoryUser, directoryUser]{
	Kind:        "aws.identitystore.user",
	Class:       inventory.ClassIdentity,
	Permissions: append(slices.Clone(accessPermissions), "identitystore:ListUsers"),
	ListAction:  "ListUsers", ListPermission: "identitystore:ListUsers",
	NoLabels: true,
	List:     listDirectoryUsers,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[directoryUser, error] {
		return only(listDirectoryUsers(ctx, c), func(u directoryUser) bool { return u.arn() == id })
	},
	Facts: directoryUserFacts,
})

// directoryUser is a person of the identity centre. Names beyond the one they sign in with are not kept.
type directoryUser struct {
	Store  string           `json:"store"`
	ID     string           `json:"id"`
	Name   string           `json:"name"`
	Status types.UserStatus `json:"status,omitempty"`
	// Access is kept one level down: a refusal of it is one of the assignments' listing, not of each person.
	Access userAccess `json:"access"`
}

// userAccess are the assignments of one person, without those of groups.
type userAccess struct {
	Assigned collectors.Answer[assignedTo] `json:"assigned"`
}

type assignedTo struct {
	Assignments []assignment `json:"assignments,omitempty"`
}

func (u directoryUser) arn() string {
	return "arn:aws:identitystore:::user/" + u.ID
}

// listDirectoryUsers lists the people of the account's own identity centre, which is set up in one region. Those of the
// organisation's belong to the account that runs it.
func listDirectoryUsers(ctx context.Context, c *Clients) iter.Seq2[directoryUser, error] {
	return func(yield func(directoryUser, error) bool) {
		for centre, err := range ownCentres(ctx, c) {
			if err != nil {
				yield(directoryUser{}, err)
				return
			}
			access, refused := c.access(ctx)
			assigned := access.byPerson()
			for u, err := range usersOf(ctx, c, aws.ToString(centre.IdentityStoreId)) {
				u.Access.Assigned = ask("ListAccountAssignments", assignmentPermission, func() (*assignedTo, error) {
					return &assignedTo{assigned[u.ID]}, refused
				})
				if !yield(u, err) || err != nil {
					return
				}
			}
		}
	}
}

// byPerson are the assignments of people by the id of the person.
func (a centreAccess) byPerson() map[string][]assignment {
	out := map[string][]assignment{}
	for _, one := range a.assignments {
		if !one.group() {
			out[one.ID] = append(out[one.ID], one)
		}
	}
	return out
}

func usersOf(ctx context.Context, c *Clients, store string) iter.Seq2[directoryUser, error] {
	p := identitystore.NewListUsersPaginator(c.IdentityStore, &identitystore.ListUsersInput{IdentityStoreId: aws.String(store), MaxResults: aws.Int32(100)})
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*identitystore.ListUsersOutput, error) { return p.NextPage(ctx) },
		func(o *identitystore.ListUsersOutput) []directoryUser {
			out := make([]directoryUser, 0, len(o.Users))
			for _, u := range o.Users {
				out = append(out, directoryUser{Store: store, ID: aws.ToString(u.UserId), Name: aws.ToString(u.UserName),
					Status: u.UserStatus})
			}
			return out
		})
}

// directoryUserFacts states what the identity centre tells of a person. It has no call for second factors or for the
// last sign-in; these stay unknown. What the groups of the person come to is told by the groups.
func directoryUserFacts(w collectors.Where, u directoryUser) *inventory.Resource {
	facts := &inventory.Identity{
		Kind: "human", Interactive: true, DirectoryManaged: true, InDirectory: true,
		Enabled: u.Status == types.UserStatusEnabled,
	}
	r := inventory.New(u.arn(), u.Name, "", facts)
	r.Known("kind", "interactive", "directory_managed", "in_directory")
	if u.Status == "" {
		r.SetUnknown(*orMissing(nil, "ListUsers", "identitystore:ListUsers"), "enabled")
	} else {
		r.Known("enabled")
	}
	collectors.Know(r, u.Access.Assigned, func(v *assignedTo) {
		facts.Grants = []string{}
		if v == nil {
			return
		}
		for _, a := range v.Assignments {
			facts.Grants = append(facts.Grants, a.grantID(w))
		}
	}, "grants")
	r.SetUnknown(inventory.Unknown{Cause: inventory.CauseNotCollected, Action: "ListUsers"},
		"mfa", "mfa_phishing_resistant", "last_used_at")
	return r
}
