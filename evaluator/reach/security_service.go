package reach

import (
	"slices"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// deriveService folds how a service stands in each region over the regions in use.
func deriveService(r *inventory.Resource, w World) {
	if !r.IsKnown("states") {
		return
	}
	s := r.Facts.(*inventory.SecurityService)
	use := useOf(r.Scope, w)
	enabled, doubts := on(s.States, use)
	settle(r, "enabled", enabled, &s.Enabled, doubts)
	missing, doubts := plansMissing(s.States, use)
	if len(doubts) > 0 {
		unknown(r, doubts, "plans_missing")
		return
	}
	put(r, "plans_missing", &s.PlansMissing, missing)
}

// on says whether a service is on in every region in use. One used region in which it is off is enough to know that it
// is not; that it is takes all of them. An account that uses none must have it somewhere.
func on(states []inventory.ServiceState, use regionsInUse) (truth, []inventory.Unknown) {
	answer, anywhere := yes, false
	var doubts []inventory.Unknown
	seen := map[string]bool{}
	for _, s := range states {
		seen[s.Region] = true
		used, why := slices.Contains(use.used, s.Region), use.doubtful(s.Region)
		switch {
		case s.On:
			anywhere = true
		case s.Unread != nil && (used || len(why) > 0 || s.Region == "*"):
			answer, doubts = unsure, append(doubts, *s.Unread)
		case s.Unread != nil:
		case used:
			return no, nil
		case len(why) > 0:
			answer, doubts = unsure, append(doubts, why...)
		}
	}
	for _, region := range use.used {
		if !seen[region] && !seen["*"] {
			answer, doubts = unsure, append(doubts, inventory.Unknown{Fact: region, Cause: inventory.CauseNotCollected})
		}
	}
	if answer == yes && !anywhere {
		return no, nil
	}
	return answer, doubts
}

// plansMissing are the parts that are off in a region that holds what they watch.
func plansMissing(states []inventory.ServiceState, use regionsInUse) ([]string, []inventory.Unknown) {
	missing := []string{}
	var doubts []inventory.Unknown
	for _, s := range states {
		if s.Unread != nil {
			if slices.Contains(use.used, s.Region) || s.Region == "*" || len(use.doubtful(s.Region)) > 0 {
				doubts = append(doubts, *s.Unread)
			}
			continue
		}
		for _, p := range s.Plans {
			if p.On {
				continue
			}
			held, why := use.held(s.Region, p.Workload)
			if held == yes {
				missing = append(missing, p.Name+" in "+s.Region)
			}
			doubts = append(doubts, why...)
		}
	}
	slices.Sort(missing)
	return missing, distinct(doubts)
}

// watchedBy finds the part of a service that watches a workload in the region of a resource.
func watchedBy(r *inventory.Resource, capability, workload string, w World) (*inventory.ServicePlan, []inventory.Unknown) {
	service := w.Get(string(r.Scope) + "/" + string(inventory.ClassSecurityService) + "/" + capability)
	if service == nil {
		return nil, absent(w, inventory.ClassSecurityService, r)
	}
	if !service.IsKnown("states") {
		return nil, []inventory.Unknown{service.Why("states")}
	}
	why := inventory.Unknown{Fact: string(inventory.ClassSecurityService), Cause: inventory.CauseNotCollected}
	for _, s := range service.Facts.(*inventory.SecurityService).States {
		if s.Unread != nil && (s.Region == r.Region || s.Region == "*") {
			return nil, []inventory.Unknown{*s.Unread}
		}
		if s.Region != r.Region {
			continue
		}
		for _, p := range s.Plans {
			if p.Workload == workload {
				return &p, nil
			}
		}
		if !s.On {
			return &inventory.ServicePlan{Workload: workload}, nil
		}
	}
	return nil, []inventory.Unknown{why}
}

// loginsWatched says whether odd sign-ins to a database are watched for. An engine that the service does not know is
// not watched by it, and whether by anything else is not known.
func loginsWatched(r *inventory.Resource, db *inventory.Database, w World) {
	const name = "threat_detected"
	if r.IsFixed(name) {
		return
	}
	plan, doubts := watchedBy(r, "threat_detection", "databases", w)
	switch {
	case plan == nil:
		unknown(r, doubts, name)
	case len(plan.Engines) > 0 && !r.IsKnown("engine"):
		unknown(r, []inventory.Unknown{r.Why("engine")}, name)
	case len(plan.Engines) > 0 && !slices.Contains(plan.Engines, db.Engine):
		unknown(r, nil, name)
	default:
		put(r, name, &db.ThreatDetected, plan.On)
	}
}

// endpointProtected says whether malware protection covers a machine: it reports from inside, or its disks are scanned.
func endpointProtected(r *inventory.Resource, m *inventory.ComputeInstance, w World) {
	const name = "endpoint_protected"
	if r.IsFixed(name) {
		return
	}
	doubts := w.Missing(inventory.ClassEndpointGuard, r.Scope, r.Region)
	for _, g := range w.Into(inventory.ClassEndpointGuard, "guards_endpoint", r.ID) {
		switch {
		case !g.IsKnown("healthy"):
			doubts = append(doubts, g.Why("healthy"))
		case g.Facts.(*inventory.EndpointGuard).Healthy:
			put(r, name, &m.EndpointProtected, true)
			return
		}
	}
	plan, why := watchedBy(r, "malware_protection", "machines", w)
	if plan != nil && plan.On {
		put(r, name, &m.EndpointProtected, true)
		return
	}
	doubts = append(doubts, why...)
	settle(r, name, noUnless(doubts), &m.EndpointProtected, doubts)
}

// shielded says whether protection against floods was bought for an entry point.
func shielded(r *inventory.Resource, e *inventory.EntryPoint, w World) {
	if len(w.Into(inventory.ClassFloodShield, "shields", r.ID)) > 0 {
		put(r, "ddos_protected", &e.DDoSProtected, true)
		return
	}
	doubts := w.Missing(inventory.ClassFloodShield, r.Scope, "")
	settle(r, "ddos_protected", noUnless(doubts), &e.DDoSProtected, doubts)
}

// timeApproved says whether the machines of a network are pointed at clocks that somebody stands for.
func timeApproved(r *inventory.Resource, n *inventory.Network, w World) {
	if r.IsFixed("time_source_approved") {
		return
	}
	if !r.IsKnown("time_servers") {
		unknown(r, []inventory.Unknown{r.Why("time_servers")}, "time_source_approved")
		return
	}
	strange := slices.ContainsFunc(n.TimeServers, func(s string) bool {
		return !slices.Contains(w.Settings().TimeSources, s)
	})
	put(r, "time_source_approved", &n.TimeSourceApproved, !strange)
}
