package reach

import (
	"slices"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// backedUp says whether a plan or schedule copies a resource: one that names it, or one that picks by a label it
// carries.
func backedUp(r *inventory.Resource, w World) (truth, []inventory.Unknown) {
	if len(w.Into(inventory.ClassBackupCoverage, "backs_up", r.ID)) > 0 || selected(r, w) {
		return yes, nil
	}
	doubts := slices.Clone(w.Missing(inventory.ClassBackupCoverage, r.Scope, r.Region))
	if r.CarriesLabels && !r.IsKnown("labels_read") {
		doubts = append(doubts, r.Why("labels_read"))
	}
	return noUnless(doubts), doubts
}

// selected says whether a schedule picks the resource by a label, or all of its class.
func selected(r *inventory.Resource, w World) bool {
	all := inventory.SelectionID(r.Scope, r.Region, r.Class, "*", "*")
	if len(w.Into(inventory.ClassBackupCoverage, "selects", all)) > 0 {
		return true
	}
	for key, value := range r.Labels {
		id := inventory.SelectionID(r.Scope, r.Region, r.Class, key, value)
		if len(w.Into(inventory.ClassBackupCoverage, "selects", id)) > 0 {
			return true
		}
	}
	return false
}

// backedUpWithMachine says whether a disk is copied along with a machine it is attached to.
func backedUpWithMachine(r *inventory.Resource, d *inventory.Disk, w World) (truth, []inventory.Unknown) {
	if !r.IsKnown("machines") {
		return unsure, []inventory.Unknown{r.Why("machines")}
	}
	answer := no
	var doubts []inventory.Unknown
	for _, id := range d.Machines {
		m := w.Get(id)
		if m == nil {
			answer, doubts = answer.either(unsure), append(doubts, absent(w, inventory.ClassComputeInstance, r)...)
			continue
		}
		covered, why := backedUp(m, w)
		answer, doubts = answer.either(covered), append(doubts, why...)
	}
	return answer, doubts
}
