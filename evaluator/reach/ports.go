package reach

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxPort is the highest port; port 0 cannot be listened on, so every set begins at 1.
const maxPort = 65535

// span is a range of ports, both ends included.
type span struct{ lo, hi int }

// spans are sorted, apart from each other and not empty.
type spans []span

// ports is a set of TCP and UDP ports. ICMP, ESP and the like have none.
type ports struct{ tcp, udp spans }

var allPorts = ports{tcp: spans{{1, maxPort}}, udp: spans{{1, maxPort}}}

// portsOf is the set a rule speaks of; empty for a protocol that has no ports.
func portsOf(protocol string, from, to int) ports {
	from, to = max(from, 1), min(to, maxPort)
	if from > to {
		return ports{}
	}
	s := spans{{from, to}}
	switch protocol {
	case "tcp":
		return ports{tcp: s}
	case "udp":
		return ports{udp: s}
	case "any":
		return ports{tcp: s, udp: s}
	default:
		return ports{}
	}
}

// parsePort reads "tcp/22" or "tcp/5900-5903"; the set is empty when it is neither.
func parsePort(word string) ports {
	protocol, bounds, _ := strings.Cut(word, "/")
	first, last, ranged := strings.Cut(bounds, "-")
	if !ranged {
		last = first
	}
	lo, err := strconv.Atoi(first)
	hi, err2 := strconv.Atoi(last)
	if err != nil || err2 != nil {
		return ports{}
	}
	return portsOf(protocol, lo, hi)
}

func parsePorts(words []string) ports {
	var out ports
	for _, w := range words {
		out = out.with(parsePort(w))
	}
	return out
}

func (p ports) empty() bool { return len(p.tcp) == 0 && len(p.udp) == 0 }

// whole says that every TCP or every UDP port is in the set.
func (p ports) whole() bool { return p.tcp.whole() || p.udp.whole() }

func (p ports) with(o ports) ports { return ports{p.tcp.with(o.tcp), p.udp.with(o.udp)} }

func (p ports) and(o ports) ports { return ports{p.tcp.and(o.tcp), p.udp.and(o.udp)} }

func (p ports) less(o ports) ports { return ports{p.tcp.less(o.tcp), p.udp.less(o.udp)} }

// words writes the set as protocol/port or protocol/from-to.
func (p ports) words() []string {
	return append(p.tcp.words("tcp"), p.udp.words("udp")...)
}

func (s spans) whole() bool { return len(s) == 1 && s[0] == span{1, maxPort} }

func (s spans) with(o spans) spans {
	if len(o) == 0 {
		return s
	}
	if len(s) == 0 {
		return o
	}
	all := append(slices.Clone(s), o...)
	slices.SortFunc(all, func(a, b span) int { return a.lo - b.lo })
	out := all[:1]
	for _, next := range all[1:] {
		if last := &out[len(out)-1]; next.lo <= last.hi+1 {
			last.hi = max(last.hi, next.hi)
		} else {
			out = append(out, next)
		}
	}
	return out
}

func (s spans) and(o spans) spans {
	var out spans
	for i, j := 0, 0; i < len(s) && j < len(o); {
		if lo, hi := max(s[i].lo, o[j].lo), min(s[i].hi, o[j].hi); lo <= hi {
			out = append(out, span{lo, hi})
		}
		if s[i].hi < o[j].hi {
			i++
		} else {
			j++
		}
	}
	return out
}

func (s spans) less(o spans) spans {
	var out spans
	for _, rest := range s {
		for _, cut := range o {
			if cut.hi < rest.lo || cut.lo > rest.hi {
				continue
			}
			if cut.lo > rest.lo {
				out = append(out, span{rest.lo, cut.lo - 1})
			}
			rest.lo = cut.hi + 1
		}
		if rest.lo <= rest.hi {
			out = append(out, rest)
		}
	}
	return out
}

func (s spans) words(protocol string) []string {
	var out []string
	for _, r := range s {
		if r.lo == r.hi {
			out = append(out, fmt.Sprintf("%s/%d", protocol, r.lo))
		} else {
			out = append(out, fmt.Sprintf("%s/%d-%d", protocol, r.lo, r.hi))
		}
	}
	return out
}

// named are ports that checks ask about by name, one entry for each word of the catalogue.
type named []ports

func namedPorts(words ...string) named {
	var out named
	for _, w := range words {
		if !strings.Contains(w, "/") {
			out = append(out, parsePort("tcp/"+w), parsePort("udp/"+w))
			continue
		}
		out = append(out, parsePort(w))
	}
	return out
}

// The ports the catalogue names. Administration and data services are asked by TCP, and by UDP where the service
// answers there; legacy ports by both unless the catalogue says which.
var (
	adminPorts = namedPorts("tcp/22", "tcp/2375", "tcp/2376", "tcp/3389", "tcp/5900-5903", "tcp/5985", "tcp/5986",
		"tcp/6443",
		"tcp/10250")
	dataPorts = namedPorts("tcp/1433", "tcp/1434", "udp/1434", "tcp/1521", "tcp/2379", "tcp/2483", "tcp/3306", "tcp/5432",
		"tcp/5601", "tcp/5984", "tcp/6379", "tcp/7000", "tcp/7001", "tcp/7199", "tcp/8086", "tcp/9042", "tcp/9092",
		"tcp/9160",
		"tcp/9200", "tcp/9300", "tcp/11211", "udp/11211", "tcp/27017-27019")
	legacyPorts = namedPorts("20", "21", "23", "25", "69", "88", "111", "udp/123", "135", "137-139", "161", "389", "445",
		"512-514", "636", "873", "udp/1900", "2049")
)

// in lists the named ports that are in the set, each under its own name. The list is never nil: none is an answer.
func (n named) in(set ports) []string {
	out := []string{}
	for _, p := range n {
		out = append(out, p.and(set).words()...)
	}
	return out
}

// hits says whether any of the named ports is in the set.
func (n named) hits(set ports) bool {
	for _, p := range n {
		if !p.and(set).empty() {
			return true
		}
	}
	return false
}
