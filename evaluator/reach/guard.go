package reach

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// guard is one step of the way that filters: it tells which ports it lets a source send to, and why. A way is open on
// a port when every guard on it admits the port. How rules combine is data (refusals, priorities, layers), so the same
// two guards serve every cloud.
type guard interface {
	// admits are the ports that are let through: surely those no missing fact can close, otherwise those that may be.
	admits(src source, surely bool) ports
	// because is the step of the way that lets the source reach the open ports.
	because(src source, open ports) inventory.Hop
	// doubts are why the two answers of admits differ.
	doubts() []inventory.Unknown
}

// layer is a guard of an interface: the filters it wears that stand in one layer, as one set of rules.
type layer struct {
	rules
	owners []*inventory.Resource
	// unknown are the reasons why a filter of the layer could not be read.
	unknown []inventory.Unknown
}

func (l *layer) admits(src source, surely bool) ports {
	switch {
	case len(l.unknown) == 0:
		return l.admitted(l.in, src, surely)
	case !surely:
		return allPorts
	case l.ordered:
		// A filter that could not be read may refuse first.
		return ports{}
	default:
		return l.admitted(l.in, src, true)
	}
}

func (l *layer) doubts() []inventory.Unknown { return slices.Concat(l.unknown, l.unread) }

func (l *layer) because(src source, open ports) inventory.Hop {
	return admissionHop(deciders(l.in, src, open), open)
}

// subnetGuard is a filter of a whole subnet that keeps no state: what comes in on a port must also be let out on the
// ports that callers use.
type subnetGuard struct {
	rules
	unknown []inventory.Unknown
}

// callerPorts are what callers send from.
var callerPorts = spans{{1024, maxPort}}

func (g *subnetGuard) admits(src source, surely bool) ports {
	if len(g.unknown) > 0 {
		if surely {
			return ports{}
		}
		return allPorts
	}
	in, out := g.admitted(g.in, src, surely), g.admitted(g.out, src, surely)
	if len(out.tcp.and(callerPorts)) == 0 {
		in.tcp = nil
	}
	if len(out.udp.and(callerPorts)) == 0 {
		in.udp = nil
	}
	return in
}

func (g *subnetGuard) doubts() []inventory.Unknown { return slices.Concat(g.unknown, g.unread) }

func (g *subnetGuard) because(src source, open ports) inventory.Hop {
	return admissionHop(deciders(g.in, src, open), open)
}

// admissionHop tells which filter admits by which rules; at most three are named.
func admissionHop(lines []*line, open ports) inventory.Hop {
	if len(lines) == 0 {
		return inventory.Hop{}
	}
	owner := lines[0].owner
	hop := inventory.Hop{Label: title(owner), Resource: owner.ID}
	var said []string
	for _, l := range lines {
		if l.owner == owner && len(said) < 3 {
			said = append(said, fmt.Sprintf("%s admits %s on %s", ruleName(l), strings.Join(sources(l), ", "),
				strings.Join(l.ports.and(open).words(), ", ")))
		}
	}
	hop.Detail = strings.Join(said, "; ")
	return hop
}

// ruleName names a rule as its provider does: by number where the order decides, by id where it has one.
func ruleName(l *line) string {
	switch {
	case l.rule.Priority != 0:
		return fmt.Sprintf("rule %d", l.rule.Priority)
	case l.rule.ID != "":
		return "rule " + l.rule.ID
	default:
		return "rule"
	}
}

// sources are the other side of a rule as it is written, at most three of them.
func sources(l *line) []string {
	all := slices.Concat(l.rule.Ranges, l.rule.Groups, l.rule.Lists)
	if len(all) > 3 {
		return append(slices.Clone(all[:3]), fmt.Sprintf("%d more", len(all)-3))
	}
	return all
}

// title names a resource in the provider's own words: what it is, its name, its short id.
func title(r *inventory.Resource) string {
	what := string(r.Kind)
	if i := strings.LastIndexByte(what, '.'); i >= 0 {
		what = what[i+1:]
	}
	if what == "" {
		what = string(r.Class)
	}
	what = strings.ReplaceAll(what, "_", " ")
	short := shortID(r.ID)
	if r.Name == "" || r.Name == short {
		return what + " " + short
	}
	return fmt.Sprintf("%s %s (%s)", what, r.Name, short)
}

func shortID(id string) string {
	if i := strings.LastIndexAny(id, "/:"); i >= 0 {
		return id[i+1:]
	}
	return id
}

// absent says why a resource that something points at is not there: the listing that should hold it, or that nobody
// collects it.
func absent(w World, class inventory.Class, near *inventory.Resource) []inventory.Unknown {
	if missing := w.Missing(class, near.Scope, near.Region); len(missing) > 0 {
		return missing
	}
	return []inventory.Unknown{{Fact: string(class), Cause: inventory.CauseNotCollected}}
}
