package reach

import (
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// spot is where traffic arrives, for rules that name the guarded side.
type spot struct {
	// addresses are where it is, or the range in which it lies; groups what it belongs to.
	addresses [2]block
	groups    []string
	// ungrouped says that it may belong to more groups.
	ungrouped bool
	// exact says that it has all of the addresses, rather than one somewhere among them.
	exact bool
}

// spotOf is the spot of a door: its own addresses, else those of its subnet. Where its own could not be read it may be
// anywhere: what its subnet says is no proof of where it is not.
func (k *walk) spotOf(d *door) *spot {
	s := &spot{groups: d.groups, ungrouped: d.ungrouped, exact: len(d.private) > 0}
	words := d.private
	switch {
	case d.unplaced:
		words = []string{"*"}
	case !s.exact && d.subnet != "":
		if r := k.w.Get(d.subnet); r != nil && r.IsKnown("ranges") {
			words = r.Facts.(*inventory.Subnet).Ranges
		}
	}
	for _, f := range families {
		s.addresses[f] = inFamily(f, words)
	}
	return s
}

func (s *spot) key() string {
	if s == nil {
		return ""
	}
	words := slices.Clone(s.groups)
	if s.ungrouped {
		words = append(words, "?")
	}
	for _, b := range s.addresses {
		for _, a := range b {
			words = append(words, a.from.String()+"-"+a.to.String())
		}
	}
	return strings.Join(words, "\n")
}

// pointed says whether any rule of the filters names the guarded side: only then does it matter where a door stands.
func (k *walk) pointed(ids []string) bool {
	key := strings.Join(ids, "\n")
	if answer, ok := k.points[key]; ok {
		return answer
	}
	answer := slices.ContainsFunc(ids, func(id string) bool {
		r := k.w.Get(id)
		if r == nil {
			return false
		}
		f, ok := r.Facts.(*inventory.Firewall)
		return ok && slices.ContainsFunc(f.Rules, func(rule inventory.Rule) bool { return pointed(&rule) })
	})
	k.points[key] = answer
	return answer
}

func pointed(r *inventory.Rule) bool { return len(r.Destinations) > 0 || len(r.DestinationGroups) > 0 }

// met says whether a rule is about the spot. Of no spot in particular, an admission is about some of what is guarded,
// and a refusal not about all of it.
func (s *spot) met(r *inventory.Rule) truth {
	switch {
	case !pointed(r), r.Egress:
		return yes
	case s == nil:
		return truthOf(!r.Deny)
	case slices.ContainsFunc(r.DestinationGroups, func(g string) bool { return slices.Contains(s.groups, g) }):
		return yes
	case len(r.DestinationGroups) > 0 && s.ungrouped:
		return unsure
	case len(r.Destinations) == 0:
		return no
	}
	var about [2]block
	for _, word := range r.Destinations {
		blocks, ok := parseRange(word)
		if !ok {
			return unsure
		}
		for _, f := range families {
			about[f] = about[f].with(blocks[f])
		}
	}
	if len(s.addresses[v4]) == 0 && len(s.addresses[v6]) == 0 {
		return unsure
	}
	touched, all := false, true
	for _, f := range families {
		touched = touched || len(about[f].and(s.addresses[f])) > 0
		all = all && about[f].covers(s.addresses[f])
	}
	switch {
	case all, touched && s.exact && !r.Deny:
		return yes
	case touched:
		return unsure
	default:
		return no
	}
}

// maybeElsewhere marks a line that may be about another spot: it refuses when the answer must be sure, and admits only
// perhaps.
func (l *line) maybeElsewhere() {
	written := *l.rule
	written.Groups, written.Subnets, written.AnyTenant = nil, nil, false
	l.rule, l.ranges, l.wide, l.unread = &written, [2]block{}, [2]bool{}, true
}
