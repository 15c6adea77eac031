package aws

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, rosterAnswers, rosterAnswers]{
	Kind:        "aws.sso.roster",
	Class:       inventory.ClassRoster,
	Permissions: accessPermissions,
	ListAction:  "ListAccountAssignments", ListPermission: assignmentPermission,
	NoLabels: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[rosterAnswers, error] {
		access, err := c.access(ctx)
		return rostersOf(access, err)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[rosterAnswers, error] {
		access, err := readAccess(ctx, c)
		return only(rostersOf(access, err), func(a rosterAnswers) bool { return rosterID(a.Account, a.Set) == id })
	},
	Facts: rosterFacts,
})

// rosterAnswers are those who may take on one set of rights in one account. People who are gone are left out.
type rosterAnswers struct {
	Account string   `json:"account"`
	Set     string   `json:"set"`
	People  []string `json:"people,omitempty"`
	Groups  []string `json:"groups,omitempty"`
}

// rostersOf puts together who may take on the same set in the same account. The role in the account tells the set by its
// name, so a set whose name is not told makes the listing incomplete.
func rostersOf(access centreAccess, err error) iter.Seq2[rosterAnswers, error] {
	return func(yield func(rosterAnswers, error) bool) {
		rosters, nameless := access.rosters()
		for _, one := range rosters {
			if !yield(one, nil) {
				return
			}
		}
		switch {
		case err != nil:
			yield(rosterAnswers{}, err)
		case nameless != nil:
			yield(rosterAnswers{}, &collectors.Failure{Reason: *nameless, Action: "DescribePermissionSet",
				Permission: "sso:DescribePermissionSet", Err: errUnsaid})
		}
	}
}

func (a centreAccess) rosters() (rosters []rosterAnswers, nameless *collectors.Reason) {
	at := map[string]int{}
	for _, one := range a.assignments {
		set, read := a.sets[one.Set]
		if !read {
			continue
		}
		if set.Named.Value == nil {
			nameless = set.Named.Failed
			continue
		}
		id := rosterID(one.Account, set.Named.Value.Name)
		i, begun := at[id]
		if !begun {
			i = len(rosters)
			at[id] = i
			rosters = append(rosters, rosterAnswers{Account: one.Account, Set: set.Named.Value.Name})
		}
		switch {
		case one.group():
			rosters[i].Groups = append(rosters[i].Groups, one.arn())
		case !a.names[one.arn()].Absent:
			rosters[i].People = append(rosters[i].People, one.arn())
		}
	}
	return rosters, nameless
}

func rosterFacts(_ collectors.Where, a rosterAnswers) *inventory.Resource {
	people, groups := slices.Sorted(slices.Values(a.People)), slices.Sorted(slices.Values(a.Groups))
	r := inventory.New(rosterID(a.Account, a.Set), a.Set+" in "+a.Account, "",
		&inventory.Roster{People: people, Groups: groups})
	r.Known("people", "groups")
	return r
}

// setOfRole is the name of the set that a role of the identity centre stands for: AWSReservedSSO_<set>_<16 hex digits>.
func setOfRole(role string) string {
	rest, ours := strings.CutPrefix(role, "AWSReservedSSO_")
	at := strings.LastIndexByte(rest, '_')
	if !ours || at < 1 {
		return ""
	}
	return rest[:at]
}
