package reach

import (
	"slices"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// applicationKey is the label that names the application a resource belongs to.
var applicationKey = []string{"application"}

// application is the compute that may talk to a database, and how it was found: label first, then what entry points
// lead to, then what its owner confirmed. It is never guessed.
type application struct {
	by string
	// label is the common label, when it was found by it.
	label string
	// ids are machines, interfaces and addresses; filters are what targets of entry points wear.
	ids, filters map[string]bool
	// doubts are why it could not be found, or might be larger.
	doubts []inventory.Unknown
}

func (a *application) found() bool { return a.by != "" }

// applicationOf finds the application of a database in a network.
func (k *walk) applicationOf(db *inventory.Resource, networks []string) *application {
	a := &application{ids: map[string]bool{}, filters: map[string]bool{}}
	if word := label(db, applicationKey); word != "" {
		switch any, doubts := k.anyLabelled(db, word, networks); any {
		case yes:
			a.by, a.label = "label", word
			return a
		case unsure:
			a.doubts = doubts
			return a
		}
	}
	if db.CarriesLabels && !db.IsKnown("labels_read") {
		a.doubts = append(a.doubts, db.Why("labels_read"))
		return a
	}
	k.behindEntryPoints(a, networks)
	if len(a.ids) > 0 {
		a.by = "entry_point"
		return a
	}
	if len(a.doubts) > 0 {
		return a
	}
	if confirmed := k.w.Settings().Applications[db.ID]; len(confirmed) > 0 {
		a.by = "owner"
		for _, id := range confirmed {
			a.ids[id] = true
		}
		return a
	}
	a.doubts = []inventory.Unknown{{Fact: "application", Cause: inventory.CauseOwnerUndecided}}
	return a
}

// anyLabelled says whether any compute in the networks carries the label; without any the label names nobody.
func (k *walk) anyLabelled(db *inventory.Resource, word string, networks []string) (truth, []inventory.Unknown) {
	doubts := slices.Clone(k.w.Missing(inventory.ClassNetworkInterface, k.near.Scope, k.near.Region))
	for _, network := range networks {
		for _, i := range k.interfacesIn(network) {
			wearer := i.Facts.(*inventory.NetworkInterface).Wearer
			if wearer == "" || wearer == db.ID {
				continue
			}
			m := k.w.Get(wearer)
			switch {
			case m == nil:
				doubts = append(doubts, k.w.Missing(inventory.ClassComputeInstance, k.near.Scope, k.near.Region)...)
			case isCompute(m) && label(m, applicationKey) == word:
				return yes, nil
			case m.CarriesLabels && !m.IsKnown("labels_read"):
				doubts = append(doubts, m.Why("labels_read"))
			}
		}
	}
	return noUnless(doubts), doubts
}

func isCompute(r *inventory.Resource) bool {
	switch r.Class {
	case inventory.ClassComputeInstance, inventory.ClassServerlessApp, inventory.ClassContainerWorkload,
		inventory.ClassKubernetesCluster:
		return true
	default:
		return false
	}
}

// behindEntryPoints gathers what entry points in the networks lead to, and the filters these wear.
func (k *walk) behindEntryPoints(a *application, networks []string) {
	a.doubts = append(a.doubts, k.w.Missing(inventory.ClassForwardingTarget, k.near.Scope, k.near.Region)...)
	for _, network := range networks {
		for _, set := range k.w.Into(inventory.ClassForwardingTarget, "in_network", network) {
			facts := set.Facts.(*inventory.ForwardingTarget)
			if !set.IsKnown("targets") || !set.IsKnown("entry_points") {
				a.doubts = append(a.doubts, set.Why("targets"))
				continue
			}
			if len(facts.EntryPoints) == 0 {
				continue
			}
			for _, t := range facts.Targets {
				a.ids[firstNonEmpty(t.Resource, t.Address)] = true
			}
		}
	}
	if len(a.ids) == 0 {
		return
	}
	// An interface that was not listed may be a target and wear a filter of the application.
	a.doubts = append(a.doubts, k.w.Missing(inventory.ClassNetworkInterface, k.near.Scope, k.near.Region)...)
	for _, network := range networks {
		for _, i := range k.interfacesIn(network) {
			n := i.Facts.(*inventory.NetworkInterface)
			target := a.ids[i.ID] || (n.Wearer != "" && a.ids[n.Wearer]) ||
				slices.ContainsFunc(n.PrivateAddresses, func(p string) bool { return a.ids[p] })
			if target {
				for _, f := range n.Firewalls {
					a.filters[f] = true
				}
				for _, g := range n.Groups {
					// All of a network is no application.
					a.filters[g] = g != n.Network
				}
			}
		}
	}
}

// holds says whether an interface belongs to the application.
func (a *application) holds(k *walk, i *inventory.Resource) (truth, []inventory.Unknown) {
	n := i.Facts.(*inventory.NetworkInterface)
	if a.by == "label" {
		if n.Wearer == "" {
			why := unreadOf(i, "wearer")
			return noUnless(why), why
		}
		m := k.w.Get(n.Wearer)
		switch {
		case m == nil:
			return unsure, absent(k.w, inventory.ClassComputeInstance, i)
		case label(m, applicationKey) == a.label:
			return yes, nil
		case m.CarriesLabels && !m.IsKnown("labels_read"):
			return unsure, []inventory.Unknown{m.Why("labels_read")}
		default:
			return no, nil
		}
	}
	if a.ids[i.ID] || a.ids[n.Wearer] {
		return yes, nil
	}
	for _, p := range n.PrivateAddresses {
		if a.ids[p] {
			return yes, nil
		}
	}
	for _, f := range slices.Concat(n.Firewalls, n.Groups) {
		if a.filters[f] {
			return yes, nil
		}
	}
	doubts := append(unreadOf(i, "wearer", "private_addresses", "firewalls"), a.doubts...)
	return noUnless(doubts), doubts
}
