package reach

import (
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// administrators counts the people who hold unrestricted rights, each once. Only grants that come to such rights, or may,
// are looked at. Rights that people of a directory take on count for those whom its roster lets in.
func administrators(r *inventory.Resource, a *inventory.CloudAccount, w World) {
	found := people{ids: map[string]bool{}, doubts: w.Missing(inventory.ClassAccessGrant, r.Scope, "")}
	for _, g := range w.Into(inventory.ClassAccessGrant, "may_administer", r.ID) {
		if g.IsKnown("worn_by_people") && g.Facts.(*inventory.AccessGrant).WornByPeople {
			found.addWearers(g, r, w)
		} else {
			found.addHolder(g, r, w)
		}
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

// addHolder adds who holds a grant, where that is a person. Who may use a program that holds it is another question.
func (p *people) addHolder(g, account *inventory.Resource, w World) {
	facts := g.Facts.(*inventory.AccessGrant)
	who := w.Get(facts.Principal)
	switch {
	case who == nil || who.Class != inventory.ClassIdentity:
		p.doubt(absent(w, inventory.ClassIdentity, account)...)
	case !who.IsKnown("interactive"):
		p.doubt(who.Why("interactive"))
	case !who.Facts.(*inventory.Identity).Interactive:
	case !g.IsKnown("admin"):
		p.doubt(g.Why("admin"))
	default:
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
	in := people{ids: map[string]bool{}}
	in.addRoster(roster, w)
	switch {
	case len(in.ids) > 0 && !g.IsKnown("admin"):
		p.doubt(g.Why("admin"))
	case g.IsKnown("admin") && !g.Facts.(*inventory.AccessGrant).Admin:
		return
	}
	p.doubt(in.doubts...)
	for id := range in.ids {
		p.ids[id] = true
	}
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
