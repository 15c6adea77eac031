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
	if word := label(db, applicationKey); word != "" && k.anyLabelled(db, word, networks) {
		a.by, a.label = "label", word
		return a
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
func (k *walk) anyLabelled(db *inventory.Resource, word string, networks []string) bool {
	for _, network := range networks {
		for _, i := range k.interfacesIn(network) {
			wearer := i.Facts.(*inventory.NetworkInterface).Wearer
			if wearer == "" || wearer == db.ID {
				continue
			}
			if m := k.w.Get(wearer); m != nil && isCompute(m) && label(m, applicationKey) == word {
				return true
			}
		}
	}
	return false
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
	for _, network := range networks {
		for _, i := range k.interfacesIn(network) {
			n := i.Facts.(*inventory.NetworkInterface)
			target := a.ids[i.ID] || (n.Wearer != "" && a.ids[n.Wearer]) ||
				slices.ContainsFunc(n.PrivateAddresses, func(p string) bool { return a.ids[p] })
			if target {
				for _, f := range n.Firewalls {
					a.filters[f] = true
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
			return no, nil
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
	for _, f := range n.Firewalls {
		if a.filters[f] {
			return yes, nil
		}
	}
	return noUnless(a.doubts), a.doubts
}
