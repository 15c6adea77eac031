package reach

import (
	"math"
	"net/netip"
	"slices"
	"strings"
)

// addresses is a range of addresses of one family, both ends included.
type addresses struct{ from, to netip.Addr }

// block is a set of addresses of one family: sorted, apart from each other.
type block []addresses

// family is an address family. Each has a world of its own: a rule for one opens nothing for the other.
type family int

const (
	v4 family = iota
	v6
)

var families = []family{v4, v6}

// world is every address of a family.
func (f family) world() block {
	if f == v4 {
		return wholeV4
	}
	return wholeV6
}

func familyOf(a netip.Addr) family {
	if a.Is4() {
		return v4
	}
	return v6
}

var (
	wholeV4 = block{spanOf(netip.MustParsePrefix("0.0.0.0/0"))}
	wholeV6 = block{spanOf(netip.MustParsePrefix("::/0"))}
	// private are the addresses the internet does not route, by family.
	private = [2]block{
		blockOf("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
			"192.168.0.0/16"),
		blockOf("::1/128", "fc00::/7", "fe80::/10"),
	}
)

// slashEight is how many addresses a public range may hold before it is the world: as many as a /8 does.
var slashEight = [2]float64{math.Exp2(32 - 8), math.Exp2(128 - 8)}

func blockOf(words ...string) block {
	var out block
	for _, w := range words {
		out = out.with(block{spanOf(netip.MustParsePrefix(w))})
	}
	return out
}

func spanOf(p netip.Prefix) addresses {
	p = p.Masked()
	last := p.Addr().AsSlice()
	for i := p.Bits(); i < len(last)*8; i++ {
		last[i/8] |= 0x80 >> (i % 8)
	}
	to, _ := netip.AddrFromSlice(last)
	return addresses{p.Addr(), to}
}

// parseRange reads a range in CIDR notation, a bare address, "first-last", or a cloud's own words for the world. ok is
// false for what is none of these.
func parseRange(word string) (blocks [2]block, ok bool) {
	switch word {
	case "0.0.0.0/0":
		return [2]block{wholeV4, nil}, true
	case "::/0":
		return [2]block{nil, wholeV6}, true
	case "*", "Internet", "any", "Any":
		return [2]block{wholeV4, wholeV6}, true
	}
	if first, last, ranged := strings.Cut(word, "-"); ranged {
		a, err := netip.ParseAddr(strings.TrimSpace(first))
		b, err2 := netip.ParseAddr(strings.TrimSpace(last))
		if err != nil || err2 != nil || a.Is4() != b.Is4() || b.Less(a) {
			return blocks, false
		}
		blocks[familyOf(a)] = block{{a, b}}
		return blocks, true
	}
	p, err := netip.ParsePrefix(word)
	if err != nil {
		a, err := netip.ParseAddr(word)
		if err != nil {
			return blocks, false
		}
		a = a.Unmap().WithZone("")
		p = netip.PrefixFrom(a, a.BitLen())
	}
	blocks[familyOf(p.Addr())] = block{spanOf(p)}
	return blocks, true
}

func (b block) with(o block) block {
	if len(o) == 0 {
		return b
	}
	if len(b) == 0 {
		return o
	}
	all := append(slices.Clone(b), o...)
	slices.SortFunc(all, func(x, y addresses) int { return x.from.Compare(y.from) })
	out := all[:1]
	for _, next := range all[1:] {
		last := &out[len(out)-1]
		// The address after the last one of a family is not valid: nothing lies beyond it.
		if after := last.to.Next(); !after.IsValid() || next.from.Compare(after) <= 0 {
			if last.to.Less(next.to) {
				last.to = next.to
			}
		} else {
			out = append(out, next)
		}
	}
	return out
}

func (b block) and(o block) block {
	var out block
	for i, j := 0, 0; i < len(b) && j < len(o); {
		from, to := b[i].from, b[i].to
		if from.Less(o[j].from) {
			from = o[j].from
		}
		if o[j].to.Less(to) {
			to = o[j].to
		}
		if from.Compare(to) <= 0 {
			out = append(out, addresses{from, to})
		}
		if b[i].to.Less(o[j].to) {
			i++
		} else {
			j++
		}
	}
	return out
}

func (b block) less(o block) block {
	if len(o) == 0 {
		return b
	}
	var out block
	for _, rest := range b {
		gone := false
		for _, cut := range o {
			if cut.to.Less(rest.from) || rest.to.Less(cut.from) {
				continue
			}
			if rest.from.Less(cut.from) {
				out = append(out, addresses{rest.from, cut.from.Prev()})
			}
			if rest.to.Compare(cut.to) <= 0 {
				gone = true
				break
			}
			rest.from = cut.to.Next()
		}
		if !gone {
			out = append(out, rest)
		}
	}
	return out
}

// covers says whether all of o is in b.
func (b block) covers(o block) bool { return len(o.less(b)) == 0 }

func (a addresses) size() float64 {
	return number(a.to) - number(a.from) + 1
}

func (b block) size() float64 {
	var n float64
	for _, a := range b {
		n += a.size()
	}
	return n
}

func number(a netip.Addr) float64 {
	var n float64
	for _, octet := range a.AsSlice() {
		n = n*256 + float64(octet)
	}
	return n
}

// isWorld says whether the addresses are the world: everything, a public range wider than /8, or ranges that lie side
// by side and together are one. A range that is partly private counts by its whole width when it is one range, and by
// its public part when it is put together from several.
func (b block) isWorld(f family) bool {
	for _, run := range b.less(private[f]) {
		if run.size() > slashEight[f] {
			return true
		}
	}
	return false
}

// wideRange says whether one range by itself is the world.
func wideRange(f family, b block) bool {
	return b.size() > slashEight[f] && !private[f].covers(b)
}

// isPrivate says whether every address of the word is one the internet does not route.
func isPrivate(word string) bool {
	blocks, ok := parseRange(word)
	return ok && private[v4].covers(blocks[v4]) && private[v6].covers(blocks[v6])
}

// inFamily are the ranges of a family among the words; what cannot be read is left out.
func inFamily(f family, words []string) block {
	var out block
	for _, w := range words {
		if blocks, ok := parseRange(w); ok {
			out = out.with(blocks[f])
		}
	}
	return out
}
