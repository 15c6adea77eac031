package reach

import (
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// administrators counts the people who hold unrestricted rights, each once: by themselves, by a role that trusts them, or
// by one that trusts the whole account and that they have the right to take on. Only grants that come to such rights, or
// may, are looked at. Rights that people of a directory take on count for those whom its roster lets in.
func administrators(r *inventory.Resource, a *inventory.CloudAccount, w World) {
	found := people{ids: map[string]bool{}, doubts: w.Missing(inventory.ClassAccessGrant, r.Scope, "")}
	for _, g := range w.Into(inventory.ClassAccessGrant, "may_administer", r.ID) {
		found.addFor(g, holdersOf(g, r, w))
	}
	if len(found.doubts) > 0 {
		unknown(r, found.doubts, "administrators")
		return
	}
	put(r, "administrators", &a.Administrators, int64(len(found.ids)))
}

// people are those who were found to hold something, and why there may be others.
type people struct {
	ids    map[string]bool
	doubts []inventory.Unknown
}

func (p *people) doubt(why ...inventory.Unknown) { p.doubts = append(p.doubts, why...) }

func (p *people) add(others people) {
	p.doubt(others.doubts...)
	for id := range others.ids {
		p.ids[id] = true
	}
}

// addFor adds those who hold a grant if it is unrestricted. Whether it is matters only where somebody may hold it.
func (p *people) addFor(g *inventory.Resource, holders people) {
	switch {
	case len(holders.ids) > 0 && !g.IsKnown("admin"):
		p.doubt(g.Why("admin"))
	case g.IsKnown("admin") && !g.Facts.(*inventory.AccessGrant).Admin:
	default:
		p.add(holders)
	}
}

// holdersOf are the people who hold a grant, in whichever way.
func holdersOf(g, account *inventory.Resource, w World) people {
	p, facts := people{ids: map[string]bool{}}, g.Facts.(*inventory.AccessGrant)
	switch {
	case g.IsKnown("taken_on") && facts.TakenOn != "":
		p.addTakers(facts.TakenOn, account, w)
	case g.IsKnown("worn_by_people") && facts.WornByPeople:
		p.addWearers(g, account, w)
	default:
		p.addHolder(facts.Principal, account, w)
	}
	return p
}

// addTakers adds the people who have the right to take on a role that trusts the whole account.
func (p *people) addTakers(role string, account *inventory.Resource, w World) {
	for _, g := range w.Into(inventory.ClassAccessGrant, "takes_roles_in", account.ID) {
		facts := g.Facts.(*inventory.AccessGrant)
		switch {
		case !g.IsKnown("takes"):
			if who := holdersOf(g, account, w); len(who.ids)+len(who.doubts) > 0 {
				p.doubt(g.Why("takes"))
			}
		case slices.ContainsFunc(facts.Takes, func(pattern string) bool { return matches(pattern, role) }):
			p.add(holdersOf(g, account, w))
		}
	}
}

// matches says whether an id is one that a pattern stands for, in which * is any run of characters.
func matches(pattern, id string) bool {
	fixed, rest, wild := strings.Cut(pattern, "*")
	if !strings.HasPrefix(id, fixed) {
		return false
	}
	id = id[len(fixed):]
	if !wild {
		return id == ""
	}
	for {
		next, after, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(id, next)
		}
		at := strings.Index(id, next)
		if at < 0 {
			return false
		}
		id, rest = id[at+len(next):], after
	}
}

// addHolder adds who holds a grant, where that is a person. Who may use a program that holds it is another question.
func (p *people) addHolder(id string, account *inventory.Resource, w World) {
	who := w.Get(id)
	switch {
	case who == nil || who.Class != inventory.ClassIdentity:
		p.doubt(absent(w, inventory.ClassIdentity, account)...)
	case !who.IsKnown("interactive"):
		p.doubt(who.Why("interactive"))
	case who.Facts.(*inventory.Identity).Interactive:
		p.ids[who.ID] = true
	}
}

// addWearers adds the people whom a directory lets take on the rights of a grant. Where the directory tells all its
// rosters and none is theirs, nobody is let in.
func (p *people) addWearers(g, account *inventory.Resource, w World) {
	if !g.IsKnown("roster") || g.Facts.(*inventory.AccessGrant).Roster == "" {
		p.doubt(inventory.Unknown{Fact: "people", Cause: inventory.CauseNotCollected})
		return
	}
	roster := w.Get(g.Facts.(*inventory.AccessGrant).Roster)
	if roster == nil {
		p.doubt(unreadRosters(account, w)...)
		return
	}
	p.addRoster(roster, w)
}

// unreadRosters says why the rosters of the directory that lets people into an account are not all known. A directory
// that was never collected is named: the account itself cannot be asked.
func unreadRosters(account *inventory.Resource, w World) []inventory.Unknown {
	directory := account.Facts.(*inventory.CloudAccount).Directory
	if !account.IsKnown("directory") || directory == "" {
		return []inventory.Unknown{account.Why("directory")}
	}
	missing := w.Missing(inventory.ClassRoster, directory, "")
	for i := range missing {
		if missing[i].Action == "" {
			missing[i].Fact, missing[i].Action = "people", "collect "+string(directory)
		}
	}
	return missing
}

// addRoster adds the people of a roster: those it names and those of its groups.
func (p *people) addRoster(roster *inventory.Resource, w World) {
	facts, ok := roster.Facts.(*inventory.Roster)
	switch {
	case !ok || !roster.IsKnown("people"):
		p.doubt(roster.Why("people"))
		return
	case !roster.IsKnown("groups"):
		p.doubt(roster.Why("groups"))
	}
	for _, id := range facts.People {
		p.ids[id] = true
	}
	for _, id := range facts.Groups {
		group := w.Get(id)
		switch {
		case group == nil || group.Class != inventory.ClassDirectoryGroup:
			p.doubt(absent(w, inventory.ClassDirectoryGroup, roster)...)
		case !group.IsKnown("members"):
			p.doubt(group.Why("members"))
		default:
			for _, member := range group.Facts.(*inventory.DirectoryGroup).Members {
				p.ids[member] = true
			}
		}
	}
}
