package aws

import "github.com/plumbline-posture/plumbline/collectors/inventory"

// leftOut states that what nobody spoke of is unknown, because the answer of an operation came without the field that
// says it. It is deferred by normalisers, so that no fact is forgotten without a reason.
func leftOut(r *inventory.Resource, operation, permission string) {
	unspokenRest(r, inventory.Unknown{Cause: inventory.CauseFailed, Code: "FieldAbsent", Action: operation, Permission: permission})
}

// unspokenRest gives the reason for all that nothing has been said of yet.
func unspokenRest(r *inventory.Resource, why inventory.Unknown) {
	for _, a := range r.Schema().Attributes {
		if !a.Derived && a.Name != "labels_read" {
			unspoken(r, why, a.Name)
		}
	}
}

// unspoken gives the reason for those of the facts that nothing has been said of yet.
func unspoken(r *inventory.Resource, why inventory.Unknown, facts ...string) {
	for _, name := range facts {
		_, unknown := r.Unknown[name]
		_, without := r.NotApplicable[name]
		if !r.IsKnown(name) && !unknown && !without {
			r.SetUnknown(why, name)
		}
	}
}
