package reach

import (
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func deriveFileShare(r *inventory.Resource, w World) {
	f := r.Facts.(*inventory.FileShare)
	covered, doubts := backedUp(r, w)
	settle(r, "backup_covered", covered, &f.BackupCovered, doubts)
	if r.IsFixed("network_restricted") {
		return
	}
	open, doubts := shareOpen(r, f, w)
	settle(r, "network_restricted", opposite(open), &f.NetworkRestricted, doubts)
}

// shareOpen says whether a share can be mounted from anywhere: its own policy lets anyone in, or an interface of it
// admits the world in a subnet that routes straight to the internet.
func shareOpen(r *inventory.Resource, f *inventory.FileShare, w World) (truth, []inventory.Unknown) {
	answer := no
	var doubts []inventory.Unknown
	if !r.IsKnown("policy_open") {
		answer, doubts = unsure, append(doubts, r.Why("policy_open"))
	} else if f.PolicyOpen {
		return yes, nil
	}
	if !r.IsKnown("interfaces") {
		return unsure, append(doubts, r.Why("interfaces"))
	}
	k := newWalk(r, w)
	asked := parsePorts(f.Ports)
	for _, id := range f.Interfaces {
		i := w.Get(id)
		if i == nil {
			answer, doubts = answer.either(unsure), append(doubts, absent(w, inventory.ClassNetworkInterface, r)...)
			continue
		}
		open, why := k.mountable(doorOf(i), asked)
		answer, doubts = answer.either(open), append(doubts, why...)
	}
	return answer, doubts
}

// mountable says whether the filters of a door admit the world to the ports where its subnet routes to the internet.
func (k *walk) mountable(d *door, asked ports) (truth, []inventory.Unknown) {
	s := k.look(d)
	admits := unsure
	switch {
	case !s.world.and(asked).empty():
		admits = yes
	case s.worldMaybe.and(asked).empty():
		return no, nil
	}
	way := k.placeOf(d.subnet, d.network, d.groups).route
	routed := way.direct[v4].either(way.direct[v6])
	if routed == no {
		return no, nil
	}
	if admits == yes && routed == yes {
		return yes, nil
	}
	filters, _, _ := k.guardsOf(d)
	return unsure, append(append(doubtsOf(filters), d.doubts...), way.doubts...)
}
