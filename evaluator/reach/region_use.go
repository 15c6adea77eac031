package reach

import (
	"slices"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// regionsInUse are the regions in which an account holds something. What is set by region must be set in these; in the
// others nothing is lost by leaving it off.
type regionsInUse struct {
	used []string
	// holds are the workloads of each region; unread those that could not be asked for.
	holds  map[string][]string
	unread map[string][]inventory.Unknown
	// missing are the reasons why regions that are not here may be in use as well.
	missing []inventory.Unknown
	listed  map[string]bool
}

// useOf reads which regions an account uses: one small record for each, however much is in it.
func useOf(scope inventory.ScopeID, w World) regionsInUse {
	u := regionsInUse{
		holds: map[string][]string{}, unread: map[string][]inventory.Unknown{}, listed: map[string]bool{},
		missing: w.Missing(inventory.ClassRegionUse, scope, ""),
	}
	for _, r := range w.Into(inventory.ClassRegionUse, "of_account", AccountID(scope)) {
		facts := r.Facts.(*inventory.RegionUse)
		if !r.IsKnown("holds") {
			u.missing = append(u.missing, r.Why("holds"))
			continue
		}
		u.listed[r.Region] = true
		u.holds[r.Region], u.unread[r.Region] = facts.Holds, facts.Unread
		if len(facts.Holds) > 0 {
			u.used = append(u.used, r.Region)
		}
	}
	return u
}

// doubtful says why a region that is not known to be used may be so; it is empty when nothing is there.
func (u regionsInUse) doubtful(region string) []inventory.Unknown {
	if u.listed[region] {
		return u.unread[region]
	}
	return u.missing
}

// held says whether a workload is in a region.
func (u regionsInUse) held(region, workload string) (truth, []inventory.Unknown) {
	if slices.Contains(u.holds[region], workload) {
		return yes, nil
	}
	if !u.listed[region] {
		return noUnless(u.missing), u.missing
	}
	var doubts []inventory.Unknown
	for _, why := range u.unread[region] {
		if why.Fact == workload {
			doubts = append(doubts, why)
		}
	}
	return noUnless(doubts), doubts
}

// holdsAny says whether any region holds one of the workloads.
func (u regionsInUse) holdsAny(workloads ...string) (truth, []inventory.Unknown) {
	doubts := slices.Clone(u.missing)
	for region := range u.listed {
		for _, workload := range workloads {
			answer, why := u.held(region, workload)
			if answer == yes {
				return yes, nil
			}
			doubts = append(doubts, why...)
		}
	}
	doubts = distinct(doubts)
	return noUnless(doubts), doubts
}
