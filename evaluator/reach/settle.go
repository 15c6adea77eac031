package reach

import (
	"slices"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// settle states a yes-or-no attribute, or why it is not known. What the facts stage fixed is left alone.
func settle(r *inventory.Resource, name string, answer truth, into *bool, doubts []inventory.Unknown) {
	if answer == unsure {
		unknown(r, doubts, name)
		return
	}
	put(r, name, into, answer == yes)
}

// put states an attribute, unless the facts stage spoke of it.
func put[T any](r *inventory.Resource, name string, into *T, value T) {
	if r.IsFixed(name) {
		return
	}
	*into = value
	r.Known(name)
}

// unknown leaves attributes unknown for the first of the reasons that a person can act on.
func unknown(r *inventory.Resource, doubts []inventory.Unknown, names ...string) {
	why := inventory.Unknown{Cause: inventory.CauseNotCollected}
	if len(doubts) > 0 {
		why = first(doubts)
	}
	for _, name := range names {
		if !r.IsFixed(name) {
			r.SetUnknown(why, name)
		}
	}
}

// notAsked says that the resource does not have the attributes, and why.
func notAsked(r *inventory.Resource, reason string, names ...string) {
	for _, name := range names {
		if !r.IsFixed(name) {
			r.SetNotApplicable(reason, name)
		}
	}
}

// first prefers a refusal, which the named permission cures, to other failures, and any of them to a reason that only
// says that nothing was collected.
func first(doubts []inventory.Unknown) inventory.Unknown {
	for _, better := range []func(inventory.Unknown) bool{
		func(d inventory.Unknown) bool { return d.Cause == inventory.CauseDenied && d.Permission != "" },
		func(d inventory.Unknown) bool { return d.Permission != "" && d.Cause != inventory.CauseNotCollected },
		func(d inventory.Unknown) bool { return d.Permission != "" },
		func(d inventory.Unknown) bool { return d.Cause != inventory.CauseNotCollected },
	} {
		if i := slices.IndexFunc(doubts, better); i >= 0 {
			return doubts[i]
		}
	}
	return doubts[0]
}

// distinct drops repeated reasons and orders the rest, so that equal states read alike.
func distinct(doubts []inventory.Unknown) []inventory.Unknown {
	if len(doubts) == 0 {
		return nil
	}
	out := slices.Clone(doubts)
	inventory.SortUnknowns(out)
	return slices.Compact(out)
}

// noUnless is no when nothing is in doubt.
func noUnless(doubts []inventory.Unknown) truth {
	if len(doubts) > 0 {
		return unsure
	}
	return no
}

// familiar says whether an account is the organisation's own or in the supplier register.
func familiar(account string, w World) bool {
	return w.Owns(account) || slices.Contains(w.Settings().Suppliers, account)
}
