package reach

import (
	"slices"
	"strings"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// machineCare states how a machine is looked after: by the agent inside it, and by the image it was started from.
func machineCare(r *inventory.Resource, m *inventory.ComputeInstance, w World) {
	nodes := w.Into(inventory.ClassManagedNode, "manages", r.ID)
	missing := w.Missing(inventory.ClassManagedNode, r.Scope, r.Region)
	online, doubts := no, slices.Clone(missing)
	for _, n := range nodes {
		if !n.IsKnown("online") {
			online, doubts = online.either(unsure), append(doubts, n.Why("online"))
			continue
		}
		online = online.either(truthOf(n.Facts.(*inventory.ManagedNode).Online))
	}
	if online == no {
		online = noUnless(doubts)
	}
	settle(r, "agent_managed", online, &m.AgentManaged, doubts)
	patchFact(r, m, w, nodes, missing)
	loginFact(r, m, nodes, missing)
	imageFact(r, m, w)
}

// patchFact says whether nothing important is missing, as far as the last look shows that is not too long ago. A
// machine whose updates nobody looks for is not known to have them.
func patchFact(
	r *inventory.Resource, m *inventory.ComputeInstance, w World, nodes []*inventory.Resource, missing []inventory.Unknown,
) {
	const name = "patched"
	doubts := slices.Clone(missing)
	for _, n := range nodes {
		f := n.Facts.(*inventory.ManagedNode)
		why := slices.IndexFunc([]string{"missing_patches", "pending_restart", "scanned_at", "seen_at"},
			func(a string) bool { return !n.IsKnown(a) })
		switch {
		case n.IsKnown("missing_patches") && f.MissingPatches > 0, n.IsKnown("pending_restart") && f.PendingRestart > 0:
			put(r, name, &m.Patched, false)
			return
		case why >= 0:
			doubts = append(doubts, n.Why([]string{"missing_patches", "pending_restart", "scanned_at", "seen_at"}[why]))
		default:
			put(r, name, &m.Patched, !olderThan(f.ScannedAt, f.SeenAt, w.Settings().PatchDays))
			return
		}
	}
	if len(doubts) == 0 {
		doubts = []inventory.Unknown{{Fact: string(inventory.ClassManagedNode), Cause: inventory.CauseNotEnabled}}
	}
	unknown(r, doubts, name)
}

// olderThan says whether more than so many days lie between two moments.
func olderThan(from, to time.Time, days int64) bool {
	return to.Sub(from) > time.Duration(days)*24*time.Hour
}

// loginFact says whether people log in by their directory identity: no key was given to the machine, or the agent
// brokers their sessions.
func loginFact(
	r *inventory.Resource, m *inventory.ComputeInstance, nodes []*inventory.Resource, missing []inventory.Unknown,
) {
	const name = "central_login"
	switch {
	case !r.IsKnown("login_key"):
		unknown(r, []inventory.Unknown{r.Why("login_key")}, name)
		return
	case m.LoginKey == "":
		put(r, name, &m.CentralLogin, true)
		return
	}
	answer, doubts := no, slices.Clone(missing)
	for _, n := range nodes {
		f := n.Facts.(*inventory.ManagedNode)
		for _, a := range []string{"online", "central_sessions"} {
			if !n.IsKnown(a) {
				doubts = append(doubts, n.Why(a))
			}
		}
		answer = answer.either(truthOf(n.IsKnown("online") && f.Online && n.IsKnown("central_sessions") && f.CentralSessions))
	}
	if answer == no {
		answer = noUnless(doubts)
	}
	settle(r, name, answer, &m.CentralLogin, doubts)
}

// imageFact says whether a machine was started from an image of the provider, of the organisation, or of somebody it
// approved, that is not outdated: an own image by its age, one for all by whether its owner still offers it.
func imageFact(r *inventory.Resource, m *inventory.ComputeInstance, w World) {
	const name = "image_approved"
	if !r.IsKnown("image_id") {
		unknown(r, []inventory.Unknown{r.Why("image_id")}, name)
		return
	}
	doubts := slices.Clone(w.Missing(inventory.ClassSourceImage, r.Scope, r.Region))
	for _, image := range w.Into(inventory.ClassSourceImage, "describes", m.ImageID) {
		if image.Scope != r.Scope {
			// Another account may not see as much of it.
			continue
		}
		f := image.Facts.(*inventory.SourceImage)
		approved, why := approvedImage(image, f, w)
		if approved == yes {
			approved, why = currentImage(image, f, w)
		}
		if approved != unsure {
			put(r, name, &m.ImageApproved, approved == yes)
			return
		}
		doubts = append(doubts, why...)
	}
	if len(doubts) == 0 {
		doubts = []inventory.Unknown{{Fact: string(inventory.ClassSourceImage), Cause: inventory.CauseNotCollected}}
	}
	unknown(r, doubts, name)
}

func approvedImage(image *inventory.Resource, f *inventory.SourceImage, w World) (truth, []inventory.Unknown) {
	listed := func(word string) bool {
		return word != "" && slices.ContainsFunc(w.Settings().ApprovedImages,
			func(a string) bool { return strings.EqualFold(a, word) })
	}
	switch {
	case listed(f.Image), image.IsKnown("provider") && f.Provider:
		return yes, nil
	case !image.IsKnown("owner"):
		return unsure, []inventory.Unknown{image.Why("owner")}
	case listed(f.Owner), w.Owns(f.Owner):
		return yes, nil
	case !image.IsKnown("provider"):
		return unsure, []inventory.Unknown{image.Why("provider")}
	}
	return no, nil
}

func currentImage(image *inventory.Resource, f *inventory.SourceImage, w World) (truth, []inventory.Unknown) {
	known := func(names ...string) *inventory.Unknown {
		for _, name := range names {
			if !image.IsKnown(name) {
				why := image.Why(name)
				return &why
			}
		}
		return nil
	}
	if why := known("public", "seen_at", "withdrawn_at"); why != nil {
		return unsure, []inventory.Unknown{*why}
	}
	if !f.WithdrawnAt.IsZero() && !f.SeenAt.Before(f.WithdrawnAt) {
		return no, nil
	}
	if f.Public {
		return yes, nil
	}
	if why := known("made_at"); why != nil {
		return unsure, []inventory.Unknown{*why}
	}
	return truthOf(!olderThan(f.MadeAt, f.SeenAt, w.Settings().ImageAgeDays)), nil
}
