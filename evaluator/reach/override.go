package reach

import (
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// handedOn is what stands where nothing but overriding filters is asked: what they hand on is refused by nobody. Its
// tier comes after theirs.
var handedOn = inventory.Rule{ID: "without a filter", Protocol: "any", To: maxPort, Tier: 1,
	Ranges: []string{"0.0.0.0/0", "::/0"}}

// askOverrides notes when it is not known what is asked before the filters of a door. Where no cloud says anything of
// it, there is none.
func (d *door) askOverrides(r *inventory.Resource) {
	if why, refused := r.Unknown["overrides"]; refused {
		d.overruled, d.blind, d.doubts = true, true, append(d.doubts, why)
	}
}

// override puts the rules of filters that are asked before all others into each layer. Since every layer must admit,
// what they refuse no layer admits, and what they admit for good none refuses. One that could not be read may do either.
func (k *walk) override(ids []string, at *spot, layers map[int]*layer) {
	if len(ids) == 0 {
		return
	}
	if len(layers) == 0 {
		layers[0] = &layer{}
		if f := k.w.Get(ids[0]); f != nil {
			layers[0].add(f, []inventory.Rule{handedOn}, k.w, at)
		}
	}
	for _, l := range layers {
		l.ordered = true
		for _, id := range ids {
			f := k.w.Get(id)
			switch {
			case f == nil:
				l.unknown = append(l.unknown, absent(k.w, inventory.ClassFirewall, k.near)...)
			case !f.IsKnown("rules"):
				l.unknown = append(l.unknown, f.Why("rules"))
			default:
				l.owners = append(l.owners, f)
				l.add(f, f.Facts.(*inventory.Firewall).Rules, k.w, at)
			}
		}
	}
}
