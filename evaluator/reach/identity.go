package reach

import (
	"slices"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func deriveIdentity(r *inventory.Resource, w World) {
	i := r.Facts.(*inventory.Identity)
	answer, doubts := privileged(r, w)
	settle(r, "privileged", answer, &i.Privileged, doubts)
}

// privileged says whether an identity holds administrative rights by any path: the grants it names, its groups' among
// them, and the grants that name it. The root of an account holds all rights by being it.
func privileged(r *inventory.Resource, w World) (truth, []inventory.Unknown) {
	i := r.Facts.(*inventory.Identity)
	if r.IsKnown("kind") && i.Kind == "root" {
		return yes, nil
	}
	doubts := w.Missing(inventory.ClassAccessGrant, r.Scope, "")
	if !r.IsKnown("grants") {
		doubts = append(doubts, r.Why("grants"))
	}
	grants := w.Into(inventory.ClassAccessGrant, "held_by", r.ID)
	for _, id := range i.Grants {
		g := w.Get(id)
		if g == nil {
			doubts = append(doubts, absent(w, inventory.ClassAccessGrant, r)...)
			continue
		}
		grants = append(grants, g)
	}
	for _, g := range grants {
		facts, ok := g.Facts.(*inventory.AccessGrant)
		switch {
		case !ok:
		case g.IsKnown("as_written") && facts.AsWritten:
			// A limit may leave less of it than it says.
		case !g.IsKnown("admin"):
			doubts = append(doubts, g.Why("admin"))
		case facts.Admin:
			return yes, nil
		}
	}
	if r.IsKnown("in_directory") && i.InDirectory {
		lent, why := lentByGroups(r, w)
		if lent == yes {
			return yes, nil
		}
		doubts = append(doubts, why...)
	}
	return noUnless(doubts), doubts
}

// lentByGroups says whether some group of the directory that a person is in lets its people take on unrestricted rights.
func lentByGroups(r *inventory.Resource, w World) (truth, []inventory.Unknown) {
	doubts := w.Missing(inventory.ClassDirectoryGroup, r.Scope, "")
	for _, group := range w.Into(inventory.ClassDirectoryGroup, "members", r.ID) {
		switch {
		case !group.IsKnown("administers"):
			doubts = append(doubts, group.Why("administers"))
		case group.Facts.(*inventory.DirectoryGroup).Administers:
			return yes, nil
		}
	}
	return noUnless(doubts), doubts
}

// lentPrivilege says whether what a machine runs as is privileged. A machine may wear its identity under another id, as
// a profile that lends it.
func lentPrivilege(id string, near *inventory.Resource, w World) (truth, []inventory.Unknown) {
	if id == "" {
		return no, nil
	}
	if profile := w.Get(id); profile != nil && profile.Class == inventory.ClassInstanceProfile {
		if !profile.IsKnown("role") {
			return unsure, []inventory.Unknown{profile.Why("role")}
		}
		if id = profile.Facts.(*inventory.InstanceProfile).Role; id == "" {
			return no, nil
		}
	}
	i := w.Get(id)
	if i == nil || i.Class != inventory.ClassIdentity {
		missing := append(w.Missing(inventory.ClassInstanceProfile, near.Scope, ""),
			w.Missing(inventory.ClassIdentity, near.Scope, "")...)
		if len(missing) == 0 {
			missing = []inventory.Unknown{{Fact: string(inventory.ClassIdentity), Cause: inventory.CauseNotCollected}}
		}
		return unsure, missing
	}
	return privileged(i, w)
}

func deriveGrant(r *inventory.Resource, w World) {
	g := r.Facts.(*inventory.AccessGrant)
	grantKnown(r, g, w)
	switch {
	case !r.IsKnown("principal"):
		unknown(r, []inventory.Unknown{r.Why("principal")}, "collector", "crosses_environment")
		return
	default:
		put(r, "collector", &g.Collector, slices.Contains(w.Settings().CollectorPrincipals, g.Principal))
	}
	crosses, doubts := grantCrosses(r, g, w)
	settle(r, "crosses_environment", crosses, &g.CrossesEnvironment, doubts)
}

// grantKnown says whether who holds the grant is the organisation's own, or somebody it named.
func grantKnown(r *inventory.Resource, g *inventory.AccessGrant, w World) {
	const name = "external_known"
	switch {
	case !r.IsKnown("principal_kind"):
		unknown(r, []inventory.Unknown{r.Why("principal_kind")}, name)
	case g.PrincipalKind != "external":
		put(r, name, &g.ExternalKnown, g.PrincipalKind != "anyone")
	case !r.IsKnown("principal_owner"):
		unknown(r, []inventory.Unknown{r.Why("principal_owner")}, name)
	default:
		put(r, name, &g.ExternalKnown, g.PrincipalOwner != "" && familiar(g.PrincipalOwner, w))
	}
}

// grantCrosses compares the environment of who holds the grant with that of the scope it acts on.
func grantCrosses(r *inventory.Resource, g *inventory.AccessGrant, w World) (truth, []inventory.Unknown) {
	on, why := environmentOf(r, w)
	if why != nil {
		return unsure, []inventory.Unknown{*why}
	}
	holder := w.Get(g.Principal)
	if holder == nil {
		return unsure, absent(w, inventory.ClassIdentity, r)
	}
	of, why := environmentOf(holder, w)
	if why != nil {
		return unsure, []inventory.Unknown{*why}
	}
	return truthOf(on != of), nil
}
