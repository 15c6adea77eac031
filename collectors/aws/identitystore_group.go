package aws

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, groupAnswers, groupAnswers]{
	Kind:        "aws.identitystore.group",
	Class:       inventory.ClassDirectoryGroup,
	Permissions: append(slices.Clone(accessPermissions), "identitystore:ListGroupMemberships"),
	ListAction:  "ListAccountAssignments", ListPermission: assignmentPermission,
	NoLabels: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[groupAnswers, error] {
		access, err := c.access(ctx)
		return withMembers(ctx, c, groupsOf(access, err))
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[groupAnswers, error] {
		access, err := readAccess(ctx, c)
		return withMembers(ctx, c, only(groupsOf(access, err), func(g groupAccess) bool { return directoryGroupARN(g.ID) == id }))
	},
	Facts: groupFacts,
})

// withMembers asks for the people of each group. Where that is refused the listing is not complete: whoever is in a group
// is found by the group alone, and would seem to be in none.
func withMembers(ctx context.Context, c *Clients, groups iter.Seq2[groupAccess, error]) iter.Seq2[groupAnswers, error] {
	return func(yield func(groupAnswers, error) bool) {
		var incomplete error
		for g, err := range groups {
			if err != nil {
				incomplete = err
				continue
			}
			a := askGroup(ctx, c, g)
			if why := a.Members.Failed; why != nil {
				incomplete = &collectors.Failure{Reason: *why, Action: a.Members.Action, Permission: a.Members.Permission,
					Err: errors.New("the people of a group are not told")}
			}
			if !yield(a, nil) {
				return
			}
		}
		if incomplete != nil {
			yield(groupAnswers{}, incomplete)
		}
	}
}

// groupAccess is a group that is let into some account, with the sets of rights that its people may take on. Other
// groups of the directory are nobody's business here.
type groupAccess struct {
	Store string                           `json:"store"`
	ID    string                           `json:"id"`
	Name  collectors.Answer[principalName] `json:"name"`
	Sets  []collectors.Answer[setRights]   `json:"sets"`
}

type groupAnswers struct {
	Group   groupAccess
	Members collectors.Answer[groupMembers]
}

// groupMembers are the ids of the people of a group; an identity store has no groups in groups.
type groupMembers struct {
	People []string `json:"people,omitempty"`
}

func groupsOf(access centreAccess, err error) iter.Seq2[groupAccess, error] {
	return func(yield func(groupAccess, error) bool) {
		for _, g := range access.groups() {
			if !yield(g, nil) {
				return
			}
		}
		if err != nil {
			yield(groupAccess{}, err)
		}
	}
}

func (a centreAccess) groups() []groupAccess {
	var out []groupAccess
	at, counted := map[string]int{}, map[[2]string]bool{}
	for _, one := range a.assignments {
		set, read := a.sets[one.Set]
		if !one.group() || !read || counted[[2]string{one.ID, one.Set}] {
			continue
		}
		counted[[2]string{one.ID, one.Set}] = true
		i, begun := at[one.ID]
		if !begun {
			i = len(out)
			at[one.ID] = i
			out = append(out, groupAccess{Store: one.Store, ID: one.ID, Name: a.names[one.arn()]})
		}
		out[i].Sets = append(out[i].Sets, set.Rights)
	}
	return out
}

// askGroup asks for the people of a group. A group that is gone has none.
func askGroup(ctx context.Context, c *Clients, g groupAccess) groupAnswers {
	const action = "ListGroupMemberships"
	return groupAnswers{g, ask(action, "identitystore:"+action, func() (*groupMembers, error) {
		p := identitystore.NewListGroupMembershipsPaginator(c.IdentityStore, &identitystore.ListGroupMembershipsInput{
			IdentityStoreId: aws.String(g.Store), GroupId: aws.String(g.ID), MaxResults: aws.Int32(100),
		})
		members := &groupMembers{}
		for m, err := range listed(ctx, p, func(o *identitystore.ListGroupMembershipsOutput) []types.GroupMembership {
			return o.GroupMemberships
		}) {
			if err != nil {
				return nil, absent(err, "ResourceNotFoundException")
			}
			person, ok := m.MemberId.(*types.MemberIdMemberUserId)
			if !ok {
				return nil, errUnsaid
			}
			members.People = append(members.People, directoryUser{ID: person.Value}.arn())
		}
		return members, nil
	})}
}

func groupFacts(_ collectors.Where, a groupAnswers) *inventory.Resource {
	g := a.Group
	facts := &inventory.DirectoryGroup{}
	name := g.ID
	if g.Name.Value != nil && g.Name.Value.Name != "" {
		name = g.Name.Value.Name
	}
	r := inventory.New(directoryGroupARN(g.ID), name, "", facts)
	collectors.Know(r, a.Members, func(v *groupMembers) {
		if v != nil {
			facts.Members = slices.Sorted(slices.Values(v.People))
		}
	}, "members")
	administers, why := g.administers()
	facts.Administers = administers == yes
	if administers == maybe {
		r.SetUnknown(why, "administers")
	} else {
		r.Known("administers")
	}
	return r
}

// administers says whether some set of rights that the group's people may take on is unrestricted, or why that is open.
func (g groupAccess) administers() (sure certainty, why inventory.Unknown) {
	for _, set := range g.Sets {
		if refused := set.Unknown(); refused != nil {
			sure, why = max(sure, maybe), *refused
			continue
		}
		if set.Value == nil {
			continue
		}
		switch set.Value.rights().administers() {
		case yes:
			return yes, why
		case maybe:
			sure, why = maybe, set.Value.unsettled()
		}
	}
	return sure, why
}
