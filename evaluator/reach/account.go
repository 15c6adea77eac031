package reach

import (
	"cmp"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// deriveAccount works out what rests on what is in an account and on who is alerted of what. It reads a record for each
// region, the alerts and the few grants that may administer the account; of the resources in it only which labels they
// carry, all together.
func deriveAccount(r *inventory.Resource, w World) {
	a := r.Facts.(*inventory.CloudAccount)
	use := useOf(r.Scope, w)
	holds, doubts := use.holdsAny("disks", "file_shares", "databases")
	settle(r, "holds_data", holds, &a.HoldsData, doubts)
	backupPlans(r, a, w)
	administrators(r, a, w)
	guardrails(r, a, use)
	environmentsIn(r, a, w)
	if !r.IsKnown("alert_needs") {
		unknown(r, nil, "alerted_events", "service_health_alert", "findings_forwarded")
		return
	}
	alerts := alertsOf(r, w)
	health, doubts := alerts.told(a.AlertNeeds, "service_health", use)
	settle(r, "service_health_alert", health, &a.ServiceHealthAlert, doubts)
	findings, doubts := alerts.told(a.AlertNeeds, "findings", use)
	settle(r, "findings_forwarded", findings, &a.FindingsForwarded, doubts)
	alertedEvents(r, a, alerts, use)
}

// changeKinds are the words of alerted_events.
var changeKinds = []string{
	"data_protection_change", "identity_change", "network_change", "security_setting_change", "sign_in_anomaly",
}

func alertedEvents(r *inventory.Resource, a *inventory.CloudAccount, alerts alerts, use regionsInUse) {
	var kinds []string
	for _, kind := range changeKinds {
		answer, doubts := alerts.told(a.AlertNeeds, kind, use)
		switch answer {
		case unsure:
			unknown(r, doubts, "alerted_events")
			return
		case yes:
			kinds = append(kinds, kind)
		}
	}
	put(r, "alerted_events", &a.AlertedEvents, kinds)
}

// guardrails adds to the guardrails of the whole account the switch that is set in each region. It counts where it is
// on in every region in use: one open region is enough to publish from.
func guardrails(r *inventory.Resource, a *inventory.CloudAccount, use regionsInUse) {
	if !r.IsKnown("guards") {
		return
	}
	words := slices.Clone(a.Guards)
	if r.IsKnown("sharing_switches") && !slices.Contains(words, "public_sharing") {
		blocked, doubts := on(a.SharingSwitches, use)
		if blocked == unsure {
			unknown(r, doubts, "guardrails")
			return
		}
		if blocked == yes {
			words = append(words, "public_sharing")
		}
	}
	slices.Sort(words)
	put(r, "guardrails", &a.Guardrails, words)
}

// backupPlans adds up the plans of all regions. Some are enough to know that there are any; none takes every region.
func backupPlans(r *inventory.Resource, a *inventory.CloudAccount, w World) {
	doubts := w.Missing(inventory.ClassRegionUse, r.Scope, "")
	plans := int64(0)
	for _, region := range w.Into(inventory.ClassRegionUse, "of_account", r.ID) {
		if !region.IsKnown("backup_plans") {
			doubts = append(doubts, region.Why("backup_plans"))
			continue
		}
		plans += region.Facts.(*inventory.RegionUse).BackupPlans
	}
	if plans == 0 && len(doubts) > 0 {
		unknown(r, doubts, "backup_plans")
		return
	}
	put(r, "backup_plans", &a.BackupPlans, plans)
}

// environmentsIn names the environments that the resources of the account say they belong to, and the account itself,
// which speaks for those that say nothing. Two are too many whatever else there is; one may have company in what could
// not be listed, or whose labels could not be read.
func environmentsIn(r *inventory.Resource, a *inventory.CloudAccount, w World) {
	keys := w.Settings().EnvironmentKeys
	labels, doubts := w.Labels(r.Scope, keys)
	doubts = append(slices.Clone(doubts), w.Missing("", r.Scope, "")...)
	var found []string
	for _, set := range labels {
		if env := environments[strings.ToLower(labelIn(set, keys))]; env != "" {
			found = append(found, env)
		}
	}
	switch own, why := environmentOf(r, w); {
	case why == nil:
		found = append(found, own)
	case why.Cause != inventory.CauseLabelMissing:
		doubts = append(doubts, *why)
	}
	slices.Sort(found)
	found = slices.Compact(found)
	if len(found) < 2 && len(doubts) > 0 {
		// They come in no order, and the reason that is given must not hang on chance.
		slices.SortFunc(doubts, func(a, b inventory.Unknown) int {
			return cmp.Or(cmp.Compare(a.Permission, b.Permission), cmp.Compare(a.Action, b.Action),
				cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.Code, b.Code))
		})
		unknown(r, doubts, "environments")
		return
	}
	put(r, "environments", &a.Environments, found)
}

// alerts are the rules that tell of events in an account.
type alerts struct {
	rules  []*inventory.Resource
	doubts []inventory.Unknown
}

func alertsOf(account *inventory.Resource, w World) alerts {
	return alerts{
		rules:  w.Into(inventory.ClassAlertRule, "alerts_for", account.ID),
		doubts: w.Missing(inventory.ClassAlertRule, account.Scope, ""),
	}
}

// told says whether somebody is told of a kind of change: one of the ways to it is covered.
func (a alerts) told(needs []inventory.AlertNeed, kind string, use regionsInUse) (truth, []inventory.Unknown) {
	answer := no
	var doubts []inventory.Unknown
	for _, n := range needs {
		if n.Kind != kind {
			continue
		}
		covered, why := a.covers(n, use)
		answer, doubts = answer.either(covered), append(doubts, why...)
	}
	return answer, doubts
}

// covers says whether all events of a need are caught: in its region, or in every region in use. In an account that uses
// none it is enough that they are caught somewhere.
func (a alerts) covers(n inventory.AlertNeed, use regionsInUse) (truth, []inventory.Unknown) {
	regions, answer := []string{n.Region}, yes
	var doubts []inventory.Unknown
	if n.Region == "" {
		regions = use.used
		if len(regions) == 0 {
			regions = []string{""}
		}
		// A region that may be in use leaves open only what is not caught there.
		for region := range use.listed {
			if len(use.unread[region]) > 0 && !slices.Contains(regions, region) && !a.catchAll(n.Events, region) {
				answer, doubts = unsure, append(doubts, use.unread[region]...)
			}
		}
		if len(use.missing) > 0 && !a.catchAll(n.Events, "elsewhere") {
			answer, doubts = unsure, append(doubts, use.missing...)
		}
	}
	for _, region := range regions {
		for _, event := range n.Events {
			caught, why := a.caught(event, region)
			if caught == no {
				return no, nil
			}
			if caught == unsure {
				answer, doubts = unsure, append(doubts, why...)
			}
		}
	}
	return answer, doubts
}

func (a alerts) catchAll(events []string, region string) bool {
	return !slices.ContainsFunc(events, func(e string) bool {
		caught, _ := a.caught(e, region)
		return caught != yes
	})
}

// caught says whether a live rule catches an event that arises in a region; an empty region stands for any.
func (a alerts) caught(event, region string) (truth, []inventory.Unknown) {
	doubts := slices.Clone(a.doubts)
	for _, r := range a.rules {
		facts := r.Facts.(*inventory.AlertRule)
		if region != "" && r.Region != region && !facts.Everywhere {
			continue
		}
		switch {
		case !r.IsKnown("catches"):
			doubts = append(doubts, r.Why("catches"))
		case !slices.Contains(facts.Catches, event):
		case !r.IsKnown("live"):
			doubts = append(doubts, r.Why("live"))
		case facts.Live:
			return yes, nil
		}
	}
	return noUnless(doubts), doubts
}
