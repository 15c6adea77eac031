package reach

import (
	"slices"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// source is who sends: the world of one family, or named addresses and the filters the sender wears.
type source struct {
	family    family
	world     bool
	addresses block
	groups    []string
}

func fromWorld(f family) source { return source{family: f, world: true} }

// met says whether admitted addresses let the source in. Surely: the world as a whole, or all of a named source, since
// the sender may sit anywhere in it; otherwise some of it is enough.
func (s source) met(admitted block, surely bool) bool {
	if s.world {
		return admitted.isWorld(s.family)
	}
	if surely {
		return len(s.addresses) > 0 && admitted.covers(s.addresses)
	}
	return len(admitted) > 0 && (len(s.addresses) == 0 || len(admitted.and(s.addresses)) > 0)
}

// line is one rule, read once.
type line struct {
	rule   *inventory.Rule
	owner  *inventory.Resource
	ports  ports
	ranges [2]block
	// wide marks a family in which a single range of the rule is the world.
	wide [2]bool
	// unread says that a list or range of the rule could not be read, so that it may speak of anybody.
	unread bool
}

// rules are lines that are judged together, with what is not known of them.
type rules struct {
	in, out []line
	// ordered says that refusals or priorities are used, so that the first match decides.
	ordered bool
	// unread are the reasons why an address list could not be read.
	unread []inventory.Unknown
	// hidden names the admissions that earlier refusals leave nothing of.
	hidden []string
}

// add reads the rules of a filter into the set, as far as they are about a spot; without a spot, about any that the
// filter guards.
func (s *rules) add(owner *inventory.Resource, written []inventory.Rule, w World, at *spot) {
	for i := range written {
		l := s.read(owner, &written[i], w)
		about := at.met(&written[i])
		if l.ports.empty() || about == no {
			continue
		}
		if written[i].TargetsUnread && at != nil {
			about = unsure
		}
		if about == unsure {
			l.maybeElsewhere()
			s.unread = append(s.unread, inventory.Unknown{Fact: "private_addresses", Cause: inventory.CauseNotCollected})
		}
		if l.rule.Deny || l.rule.Priority != 0 || l.rule.Tier != 0 {
			s.ordered = true
		}
		if l.rule.Egress {
			s.out = append(s.out, l)
		} else {
			s.in = append(s.in, l)
		}
	}
}

func (s *rules) read(owner *inventory.Resource, r *inventory.Rule, w World) line {
	l := line{rule: r, owner: owner, ports: portsOf(r.Protocol, r.From, r.To)}
	for _, word := range r.Ranges {
		l.include(word)
	}
	for _, id := range r.Lists {
		list := w.Get(id)
		if list == nil {
			l.unread = true
			s.unread = append(s.unread, absent(w, inventory.ClassAddressList, owner)...)
			continue
		}
		facts, ok := list.Facts.(*inventory.AddressList)
		if !ok || !list.IsKnown("ranges") {
			l.unread = true
			s.unread = append(s.unread, list.Why("ranges"))
			continue
		}
		for _, word := range facts.Ranges {
			l.include(word)
		}
	}
	return l
}

// include adds a range. One that cannot be read may be any address.
func (l *line) include(word string) {
	blocks, ok := parseRange(word)
	if !ok {
		l.unread = true
		return
	}
	for _, f := range families {
		if len(blocks[f]) == 0 {
			continue
		}
		l.wide[f] = l.wide[f] || wideRange(f, blocks[f])
		l.ranges[f] = l.ranges[f].with(blocks[f])
	}
}

// sort puts the lines in the order in which they decide: by tier, then by priority, and on a tie a refusal first.
func (s *rules) sort() {
	if !s.ordered {
		return
	}
	for _, lines := range [][]line{s.in, s.out} {
		slices.SortStableFunc(lines, func(a, b line) int {
			if a.rule.Tier != b.rule.Tier {
				return a.rule.Tier - b.rule.Tier
			}
			if a.rule.Priority != b.rule.Priority {
				return a.rule.Priority - b.rule.Priority
			}
			switch {
			case a.rule.Deny == b.rule.Deny:
				return 0
			case a.rule.Deny:
				return -1
			default:
				return 1
			}
		})
	}
	s.in, s.out = s.trim(s.in), s.trim(s.out)
}

// speaks are the addresses of a family the line is about. What could not be read counts against the question that is
// asked: a refusal that may be about anybody refuses when the answer must be sure, and an admission then admits nobody.
func (l *line) speaks(f family, surely bool) block {
	if l.unread && l.rule.Deny == surely {
		return f.world()
	}
	return l.ranges[f]
}

// opens widens what is left of an admission to the world when it counts as the world.
func (l *line) opens(f family, left block) block {
	if l.wide[f] && wideRange(f, left) {
		return f.world()
	}
	return left
}

func (l *line) wornBy(groups []string) bool {
	for _, g := range l.rule.Groups {
		if slices.Contains(groups, g) {
			return true
		}
	}
	return false
}

// admitted are the ports that lines let the source send to. Without refusals each line stands alone, unless several
// narrow ones may add up; with them the first match decides, address by address.
func (s *rules) admitted(lines []line, src source, surely bool) ports {
	if s.ordered {
		return inOrder(lines, src, surely)
	}
	var out ports
	var rest []line
	var size float64
	for i := range lines {
		l := &lines[i]
		spoken := l.speaks(src.family, surely)
		switch {
		case l.wornBy(src.groups) || src.met(l.opens(src.family, spoken), surely):
			out = out.with(l.ports)
		case len(spoken) > 0:
			rest = append(rest, *l)
			size += spoken.size()
		}
	}
	needed := slashEight[src.family]
	if !src.world {
		needed = src.addresses.size() - 1
	}
	if len(rest) > 1 && size > needed {
		out = out.with(inOrder(rest, src, surely))
	}
	return out
}

// inOrder cuts the ports at every bound of a line and lets the lines decide for each piece.
func inOrder(lines []line, src source, surely bool) ports {
	return ports{
		tcp: piecewise(lines, src, surely, func(p ports) spans { return p.tcp }),
		udp: piecewise(lines, src, surely, func(p ports) spans { return p.udp }),
	}
}

func piecewise(lines []line, src source, surely bool, of func(ports) spans) spans {
	var cuts []int
	for i := range lines {
		for _, r := range of(lines[i].ports) {
			cuts = append(cuts, r.lo, r.hi+1)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var out spans
	for i := 0; i+1 < len(cuts); i++ {
		piece := spans{{cuts[i], cuts[i+1] - 1}}
		var about []*line
		for j := range lines {
			if len(of(lines[j].ports).and(piece)) > 0 {
				about = append(about, &lines[j])
			}
		}
		if decide(about, src, surely) {
			out = out.with(piece)
		}
	}
	return out
}

// decide lets the first match speak, address by address.
func decide(lines []*line, src source, surely bool) bool {
	var admitted, decided, handed block
	tier, skip := 0, false
	for _, l := range lines {
		if l.rule.Tier != tier {
			tier, skip, handed = l.rule.Tier, false, nil
		}
		switch worn := l.wornBy(src.groups); {
		case skip:
			continue
		case l.rule.Next && l.unread:
			// Whether the rest of the tier is asked is not known.
			return !surely || src.met(admitted, surely)
		case worn && l.rule.Next:
			skip = true
			continue
		case worn:
			return !l.rule.Deny || src.met(admitted, surely)
		case l.rule.Next:
			handed = handed.with(l.ranges[src.family])
			continue
		}
		left := l.speaks(src.family, surely).less(decided).less(handed)
		if !l.rule.Deny {
			admitted = admitted.with(l.opens(src.family, left))
		}
		decided = decided.with(left)
	}
	return src.met(admitted, surely)
}

// deciders are the admissions through which the source reaches the ports, in order.
func deciders(lines []line, src source, open ports) []*line {
	var sure, part []*line
	for i := range lines {
		l := &lines[i]
		if l.rule.Deny || l.ports.and(open).empty() {
			continue
		}
		switch spoken := l.speaks(src.family, true); {
		case l.wornBy(src.groups) || src.met(l.opens(src.family, spoken), true):
			sure = append(sure, l)
		case len(spoken) > 0 && (src.world || len(spoken.and(src.addresses)) > 0):
			part = append(part, l)
		}
	}
	if len(sure) > 0 {
		return sure
	}
	return part
}

// trim takes from each admission the ports that an earlier refusal denies to all it speaks of: a filter is judged as it
// acts. What nothing is left of is named and no longer asked.
func (s *rules) trim(lines []line) []line {
	out := lines[:0:0]
	for i, l := range lines {
		if !l.rule.Deny {
			for j := range lines[:i] {
				if d := &lines[j]; d.rule.Deny && !d.rule.Next && !d.unread && d.hides(&l) && !passedBy(lines[:j], d) {
					l.ports = l.ports.less(d.ports)
				}
			}
			if l.ports.empty() {
				if !l.rule.Egress && (len(l.ranges[v4]) > 0 || len(l.ranges[v6]) > 0) {
					s.hidden = append(s.hidden, ruleName(&l))
				}
				continue
			}
		}
		out = append(out, l)
	}
	return out
}

// passedBy says whether an earlier line of the tier of a refusal may hand on what the refusal speaks of.
func passedBy(earlier []line, d *line) bool {
	return slices.ContainsFunc(earlier, func(e line) bool {
		return e.rule.Next && e.rule.Tier == d.rule.Tier && !e.ports.and(d.ports).empty()
	})
}

// hides says whether a refusal speaks of every source of an admission. Only the refusal of everybody speaks of those
// that have no range.
func (l *line) hides(admission *line) bool {
	if l.ranges[v4].covers(v4.world()) && l.ranges[v6].covers(v6.world()) {
		return true
	}
	r := admission.rule
	if admission.unread || r.AnyTenant || len(r.Groups) > 0 || len(r.Subnets) > 0 {
		return false
	}
	return l.ranges[v4].covers(admission.ranges[v4]) && l.ranges[v6].covers(admission.ranges[v6])
}
