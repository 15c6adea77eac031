package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, directoryUser, directoryUser]{
	Kind:        "aws.identitystore.user",
	Class:       inventory.ClassIdentity,
	Permissions: []string{"sso:ListInstances", "identitystore:ListUsers"},
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
}

func (u directoryUser) arn() string {
	return "arn:aws:identitystore:::user/" + u.ID
}

// listDirectoryUsers lists the people of the account's own identity centre, which is set up in one region. The centre
// of the organisation is seen from each account it serves; its people belong to the account that runs it.
func listDirectoryUsers(ctx context.Context, c *Clients) iter.Seq2[directoryUser, error] {
	return func(yield func(directoryUser, error) bool) {
		p := ssoadmin.NewListInstancesPaginator(c.SSOAdmin, &ssoadmin.ListInstancesInput{})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				yield(directoryUser{}, during("ListInstances", "sso:ListInstances", err))
				return
			}
			for _, i := range page.Instances {
				if owner := aws.ToString(i.OwnerAccountId); owner != "" && owner != c.Account {
					continue
				}
				for u, err := range usersOf(ctx, c, aws.ToString(i.IdentityStoreId)) {
					if !yield(u, err) || err != nil {
						return
					}
				}
			}
		}
	}
}

func usersOf(ctx context.Context, c *Clients, store string) iter.Seq2[directoryUser, error] {
	p := identitystore.NewListUsersPaginator(c.IdentityStore, &identitystore.ListUsersInput{IdentityStoreId: aws.String(store), MaxResults: aws.Int32(100)})
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*identitystore.ListUsersOutput, error) { return p.NextPage(ctx) },
		func(o *identitystore.ListUsersOutput) []directoryUser {
			out := make([]directoryUser, 0, len(o.Users))
			for _, u := range o.Users {
				out = append(out, directoryUser{store, aws.ToString(u.UserId), aws.ToString(u.UserName), u.UserStatus})
			}
			return out
		})
}

// directoryUserFacts states what the identity centre tells of a person. It has no call for second factors, for the last
// sign-in, or for what groups come to; these stay unknown.
func directoryUserFacts(_ collectors.Where, u directoryUser) *inventory.Resource {
	facts := &inventory.Identity{Kind: "human", Interactive: true, DirectoryManaged: true, Enabled: u.Status == types.UserStatusEnabled}
	r := inventory.New(u.arn(), u.Name, "", facts)
	r.Known("kind", "interactive", "directory_managed")
	if u.Status == "" {
		r.SetUnknown(*orMissing(nil, "ListUsers", "identitystore:ListUsers"), "enabled")
	} else {
		r.Known("enabled")
	}
	r.SetUnknown(inventory.Unknown{Cause: inventory.CauseNotCollected, Action: "ListUsers"}, "mfa", "mfa_phishing_resistant", "last_used_at", "grants")
	return r
}
