package reach

import (
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const (
	headquarters = inventory.ScopeID("aws:999900001111")
	rosterOfRole = "aws:111122223333/roster/Admin"
)

// refusedFact is a fact that was not read.
var refusedFact = inventory.Unknown{Cause: inventory.CauseDenied, Action: "Ask", Permission: "centre:Ask"}

// directoryOf is an account into which another scope's directory lets people.
func directoryOf() *inventory.Resource {
	return made(accountRecord, "aws.account", &inventory.CloudAccount{Directory: headquarters}, "directory")
}

// worn is what people take on in the account; unsure leaves open whether it is unrestricted.
func worn(id, roster string, unsure bool) *inventory.Resource {
	g := &inventory.AccessGrant{Principal: "role/" + id, Admin: true, MayAdminister: accountRecord, WornByPeople: true,
		Roster: roster}
	r := made(id, "aws.iam.effective_grant", g, "principal", "may_administer", "worn_by_people", "roster", "admin")
	if unsure {
		r.SetUnknown(refusedFact, "admin")
		r.MarkFacts()
	}
	return r
}

func roster(people, groups []string) *inventory.Resource {
	r := made(rosterOfRole, "aws.sso.roster", &inventory.Roster{People: people, Groups: groups}, "people", "groups")
	r.Scope = headquarters
	return r
}

func directoryGroup(id string, members ...string) *inventory.Resource {
	r := made(id, "aws.identitystore.group", &inventory.DirectoryGroup{Members: members}, "members", "administers")
	if members == nil {
		r.SetUnknown(refusedFact, "members")
		r.MarkFacts()
	}
	r.Scope = headquarters
	return r
}

func TestAdministratorsOfADirectory(t *testing.T) {
	t.Parallel()
	local := made("user/ada", "aws.iam.user", &inventory.Identity{Interactive: true}, "interactive")
	localGrant := made("ga", "aws.iam.effective_grant", &inventory.AccessGrant{Principal: "user/ada", Admin: true,
		MayAdminister: accountRecord}, "principal", "may_administer", "worn_by_people", "roster", "admin")
	for name, c := range map[string]struct {
		resources []*inventory.Resource
		unlisted  inventory.Class
		want      string
	}{
		"one by herself": {[]*inventory.Resource{worn("w", rosterOfRole, false), roster([]string{"dora"}, nil)}, "", "1"},
		"people of groups, each once": {[]*inventory.Resource{worn("w", rosterOfRole, false),
			roster([]string{"dora"}, []string{"g1", "g2"}), directoryGroup("g1", "dora", "emil"),
			directoryGroup("g2", "emil", "fritz")}, "", "3"},
		"the same by two sets": {[]*inventory.Resource{worn("w", rosterOfRole, false), worn("v", rosterOfRole, false),
			roster([]string{"dora"}, nil)}, "", "1"},
		"beside a user of the account": {[]*inventory.Resource{worn("w", rosterOfRole, false), local, localGrant,
			roster([]string{"dora"}, nil)}, "", "2"},
		"nobody is let in": {[]*inventory.Resource{worn("w", rosterOfRole, false)}, "", "0"},
		"an empty group": {[]*inventory.Resource{worn("w", rosterOfRole, false), roster(nil, []string{"g"}),
			made("g", "aws.identitystore.group", &inventory.DirectoryGroup{}, "members", "administers")}, "", "0"},
		"rosters not read":  {[]*inventory.Resource{worn("w", rosterOfRole, false)}, inventory.ClassRoster, "unknown"},
		"members not read":  {[]*inventory.Resource{worn("w", rosterOfRole, false), roster(nil, []string{"g"}), directoryGroup("g")}, "", "unknown"},
		"the group is lost": {[]*inventory.Resource{worn("w", rosterOfRole, false), roster(nil, []string{"g"})}, "", "unknown"},
		"perhaps":           {[]*inventory.Resource{worn("w", rosterOfRole, true), roster([]string{"dora"}, nil)}, "", "unknown"},
		"perhaps, nobody":   {[]*inventory.Resource{worn("w", rosterOfRole, true), roster(nil, nil)}, "", "0"},
		"an odd name":       {[]*inventory.Resource{worn("w", "", false)}, "", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEstate(append(c.resources, directoryOf())...)
			if c.unlisted != "" {
				e.missing[c.unlisted] = []inventory.Unknown{{Cause: inventory.CauseNotCollected}}
			}
			r := e.derive(t, accountRecord)
			if got := said(r, "administrators"); got != c.want {
				t.Errorf("%s; want %s", got, c.want)
			}
			if c.unlisted != "" && r.Why("administrators").Action != "collect "+string(headquarters) {
				t.Errorf("%+v does not name the scope to collect", r.Why("administrators"))
			}
		})
	}
	blind := directoryOf()
	blind.SetUnknown(refusedFact, "directory")
	blind.MarkFacts()
	r := newEstate(blind, worn("w", rosterOfRole, false)).derive(t, accountRecord)
	if got := r.Why("administrators"); r.IsKnown("administrators") || got.Permission != refusedFact.Permission {
		t.Errorf("without the organisation: %+v", got)
	}
}

func TestPrivilegedByGroups(t *testing.T) {
	t.Parallel()
	person := func(grants ...string) *inventory.Resource {
		i := &inventory.Identity{InDirectory: true, Grants: grants}
		return made("dora", "aws.identitystore.user", i, "grants", "in_directory")
	}
	group := func(administers bool, known ...string) *inventory.Resource {
		return made("g", "aws.identitystore.group", &inventory.DirectoryGroup{Members: []string{"dora"},
			Administers: administers}, append(known, "members")...)
	}
	written := made("written", "aws.iam.policy_attachment", &inventory.AccessGrant{Principal: "dora", Admin: true,
		AsWritten: true}, "principal", "admin", "as_written")
	left := made("left", "aws.iam.effective_grant", &inventory.AccessGrant{Principal: "dora"}, "principal", "admin")
	direct := made("direct", "aws.sso.assignment", &inventory.AccessGrant{Admin: true}, "admin")
	for name, c := range map[string]struct {
		resources []*inventory.Resource
		deny      inventory.Class
		want      string
	}{
		"by a group":        {[]*inventory.Resource{person(), group(true, "administers")}, "", "true"},
		"by herself":        {[]*inventory.Resource{person("direct"), direct}, "", "true"},
		"by nothing":        {[]*inventory.Resource{person(), group(false, "administers")}, "", "false"},
		"not told of":       {[]*inventory.Resource{person(), group(false)}, "", "unknown"},
		"by what is left":   {[]*inventory.Resource{person("left"), written, left}, "", "false"},
		"groups not listed": {[]*inventory.Resource{person()}, inventory.ClassDirectoryGroup, "unknown"},
		"assignment lost":   {[]*inventory.Resource{person("direct")}, "", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEstate(c.resources...)
			if c.deny != "" {
				e.deny(c.deny, "ListAccountAssignments")
			}
			if got := said(e.derive(t, "dora"), "privileged"); got != c.want {
				t.Errorf("%s; want %s", got, c.want)
			}
		})
	}
}

func TestAdministratorsByRoles(t *testing.T) {
	t.Parallel()
	person := made("ada", "aws.iam.user", &inventory.Identity{Interactive: true}, "interactive")
	program := made("ci", "aws.iam.user", &inventory.Identity{}, "interactive")
	trust := func(principal, role string) *inventory.Resource {
		g := &inventory.AccessGrant{Principal: principal, Admin: true, MayAdminister: accountRecord, TakenOn: role}
		return made("trust of "+principal, "aws.iam.trust", g, "principal", "may_administer", "worn_by_people", "taken_on", "admin")
	}
	takes := func(who string, sure bool, roles ...string) *inventory.Resource {
		g := &inventory.AccessGrant{Principal: who, Takes: roles, TakesIn: accountRecord}
		r := made("rights of "+who, "aws.iam.effective_grant", g, "principal", "admin", "worn_by_people", "takes", "takes_in")
		if !sure {
			r.SetUnknown(refusedFact, "takes")
			r.MarkFacts()
		}
		return r
	}
	for name, c := range map[string]struct {
		resources []*inventory.Resource
		want      string
	}{
		"named by the role":      {[]*inventory.Resource{person, trust("ada", "")}, "1"},
		"whoever may, and may":   {[]*inventory.Resource{person, trust("all", "role/mighty"), takes("ada", true, "role/x", "role/m*")}, "1"},
		"whoever may, may not":   {[]*inventory.Resource{person, trust("all", "role/mighty"), takes("ada", true, "role/plain")}, "0"},
		"both ways":              {[]*inventory.Resource{person, trust("ada", ""), trust("all", "role/mighty"), takes("ada", true, "*")}, "1"},
		"perhaps":                {[]*inventory.Resource{person, trust("all", "role/mighty"), takes("ada", false)}, "unknown"},
		"a program perhaps":      {[]*inventory.Resource{program, trust("all", "role/mighty"), takes("ci", false)}, "0"},
		"a program may":          {[]*inventory.Resource{program, trust("all", "role/mighty"), takes("ci", true, "*")}, "0"},
		"nobody has the right":   {[]*inventory.Resource{person, trust("all", "role/mighty")}, "0"},
		"no role to take on":     {[]*inventory.Resource{person, takes("ada", true, "*")}, "0"},
		"people not yet told of": {[]*inventory.Resource{trust("gone", "")}, "unknown"},
	} {
		if got := said(newEstate(append(c.resources, account())...).derive(t, accountRecord), "administrators"); got != c.want {
			t.Errorf("%s: %s; want %s", name, got, c.want)
		}
	}
	for _, c := range []struct {
		pattern, id string
		want        bool
	}{
		{"*", "a", true}, {"a", "a", true}, {"a", "ab", false}, {"a*", "ab", true}, {"a*c", "abc", true}, {"a*c", "abcd", false},
		{"*b*d", "abcd", true}, {"a*bc*d", "abd", false}, {"*", "", true}, {"ab*b", "ab", false}, {"", "a", false},
	} {
		if matches(c.pattern, c.id) != c.want {
			t.Errorf("%q matches %q: %v", c.pattern, c.id, !c.want)
		}
	}
}
