package reach

import (
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// leadsNowhere says whether what a name points at is no longer in the inventory of the organisation: whoever makes a
// resource of that name next receives the callers.
func leadsNowhere(p inventory.Pointer, near *inventory.Resource, w World) (truth, []inventory.Unknown) {
	switch {
	case p.Class == "":
		return no, nil
	case p.ID != "" && w.Get(p.ID) != nil, p.ID == "" && len(w.Into(p.Class, "answers_to", p.Name)) > 0:
		return no, nil
	}
	doubts := w.Missing(p.Class, near.Scope, "")
	return opposite(noUnless(doubts)), doubts
}

// originsByName says whether every origin that an entry point names is still there.
func originsByName(r *inventory.Resource, e *inventory.EntryPoint, w World) {
	if len(e.Origins) == 0 {
		notAsked(r, "forwards to nothing that the inventory could hold", "origin_exists")
		return
	}
	gone := no
	var doubts []inventory.Unknown
	for _, p := range e.Origins {
		nowhere, why := leadsNowhere(p, r, w)
		gone, doubts = gone.either(nowhere), append(doubts, why...)
	}
	settle(r, "origin_exists", opposite(gone), &e.OriginExists, doubts)
}

// deriveZone counts the records that lead nowhere. One that is found is a finding, whatever else could not be looked
// up.
func deriveZone(r *inventory.Resource, w World) {
	z := r.Facts.(*inventory.DNSZone)
	const name = "dangling_records"
	if r.IsFixed(name) {
		return
	}
	if !r.IsKnown("pointers") {
		unknown(r, []inventory.Unknown{r.Why("pointers")}, name)
		return
	}
	var dangling int64
	var doubts []inventory.Unknown
	for _, p := range z.Pointers {
		nowhere, why := leadsNowhere(p, r, w)
		switch nowhere {
		case yes:
			dangling++
		case unsure:
			doubts = append(doubts, why...)
		}
	}
	if dangling == 0 && len(doubts) > 0 {
		unknown(r, doubts, name)
		return
	}
	put(r, name, &z.DanglingRecords, dangling)
}
