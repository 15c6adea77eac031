package evaluator

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// filterInContext holds C1 to C5: what a filter that admits the world weighs by what stands behind it.
func filterInContext(c *setting) bool {
	f := c.r.Facts.(*inventory.Firewall)
	if !c.r.IsKnown("behind") || f.Behind == nil {
		c.missing(c.r.Why("behind"))
		return true
	}
	b := f.Behind
	failing := c.failingPorts()
	open, forwarded := overlap(failing, b.OpenPorts), overlap(failing, b.ForwardedPorts)
	switch {
	case len(open) > 0:
		c.openFilter("C4", open, b, fmt.Sprintf("Reachable from the internet at %s.", at(b.OpenAt, open[0])))
	case len(forwarded) > 0:
		c.openFilter("C3", forwarded, b, fmt.Sprintf("A balancer forwards %s from the internet.", said(forwarded)))
	case len(b.Missing) > 0 || b.Exposure == "unknown":
		c.missing(b.Missing...)
	case b.Wearers == 0:
		c.move("C1", Low, fmt.Sprintf("Admits the world on %s, but guards nothing.", said(failing)),
			map[string]any{"wearers": 0})
	case len(b.ForwardedPorts) > 0:
		c.move("C3", Low, fmt.Sprintf("Only %s is forwarded by the balancer; %s is not reachable.", said(b.ForwardedPorts),
			said(failing)), map[string]any{"forwarded_ports": b.ForwardedPorts})
	case b.UnknownPeer:
		c.move("C5", c.judgement.Severity, "Reached over a link that leads to a party nobody named.",
			map[string]any{"private_sources": b.PrivateSources})
	case len(b.PrivateSources) > 0:
		c.lower("C5", fmt.Sprintf("Reached only from %s over a private link.", strings.Join(b.PrivateSources, ", ")),
			map[string]any{"private_sources": b.PrivateSources})
	case b.Exposure == "private":
		c.lower("C5", "Reached only from private sources.", map[string]any{"exposure": b.Exposure})
	default:
		c.move("C2", Low, fmt.Sprintf("Admits the world on %s. No way from the internet leads to the %s behind it today: no "+
			"public address, or no route. It becomes %s the day one does.", said(failing),
			plural(int64(b.Wearers), "interface", "interfaces"), c.whenOpen()), map[string]any{"machines": b.Machines})
	}
	if len(b.Shadowed) > 0 {
		last := &c.judgement.Reasons[len(c.judgement.Reasons)-1]
		last.Text += fmt.Sprintf(" An earlier refusal shadows %s.", strings.Join(b.Shadowed, ", "))
	}
	return true
}

// openFilter weighs a filter whose failing port is reached: administration and data ports are carried by the machine's
// own finding at critical and count once, there.
func (c *setting) openFilter(rule string, ports []string, b *inventory.Behind, text string) {
	facts := map[string]any{"ports": ports}
	if b.OpenMachine != "" {
		facts["carried_by"] = b.OpenMachine
	}
	c.move(rule, c.whenOpen(), text, facts)
}

// whenOpen is what the check weighs on a port that is reached.
func (c *setting) whenOpen() Severity {
	for _, id := range carried {
		if id == c.check {
			return Critical
		}
	}
	return c.judgement.Base
}

// failingPorts are the ports the check found; every port when it asks for all of them.
func (c *setting) failingPorts() []string {
	name := worldOpen[c.check]
	if name == "" {
		return []string{"tcp/1-65535", "udp/1-65535"}
	}
	v, _ := c.r.Value(name)
	ports, _ := v.([]string)
	return ports
}

// overlap are the ports of a that meet one of b.
func overlap(a, b []string) []string {
	var out []string
	for _, p := range a {
		for _, q := range b {
			if both, ok := meet(p, q); ok {
				out = append(out, both)
			}
		}
	}
	return out
}

// meet is what two port words have in common.
func meet(a, b string) (string, bool) {
	protocol, aLow, aHigh := bounds(a)
	other, bLow, bHigh := bounds(b)
	low, high := max(aLow, bLow), min(aHigh, bHigh)
	switch {
	case protocol != other || low > high:
		return "", false
	case low == high:
		return protocol + "/" + strconv.Itoa(low), true
	default:
		return fmt.Sprintf("%s/%d-%d", protocol, low, high), true
	}
}

func bounds(word string) (protocol string, low, high int) {
	protocol, ports, _ := strings.Cut(word, "/")
	first, last, ranged := strings.Cut(ports, "-")
	low, _ = strconv.Atoi(first)
	if high = low; ranged {
		high, _ = strconv.Atoi(last)
	}
	return protocol, low, high
}

// said names ports for people: the number alone for TCP, as people do.
func said(ports []string) string {
	var out []string
	for _, p := range ports {
		protocol, low, high := bounds(p)
		switch {
		case low == 1 && high == 65535 && protocol == "udp" && len(out) > 0:
			continue
		case low == 1 && high == 65535:
			out = append(out, "every port")
		case protocol == "tcp":
			out = append(out, strings.TrimPrefix(p, "tcp/"))
		default:
			out = append(out, p)
		}
	}
	if len(out) > 5 {
		out = append(out[:5:5], fmt.Sprintf("%d more", len(out)-5))
	}
	return strings.Join(out, ", ")
}

func at(address, port string) string {
	_, low, high := bounds(port)
	word := strconv.Itoa(low)
	if high != low {
		word = fmt.Sprintf("%d-%d", low, high)
	}
	if address == "" {
		return "port " + word
	}
	return net.JoinHostPort(address, word)
}

// privilegedTarget is C7: what the internet reaches runs with administrative rights.
func privilegedTarget(c *setting) bool {
	const text = "Whoever takes this machine holds administrator rights."
	switch facts := c.r.Facts.(type) {
	case *inventory.Firewall:
		b := facts.Behind
		if _, world := worldOpen[c.check]; !world || b == nil || b.Privileged == "" {
			return false
		}
		failing := c.failingPorts()
		if len(overlap(failing, b.OpenPorts))+len(overlap(failing, b.ForwardedPorts)) > 0 {
			c.raise("C7", text, map[string]any{"machine": b.Privileged})
		}
	case *inventory.ComputeInstance:
		if !strings.HasPrefix(c.check, "instance-") || !c.reached(facts) {
			return false
		}
		if !c.r.IsKnown("identity_privileged") {
			c.missing(c.r.Why("identity_privileged"))
		} else if facts.Privileged {
			c.raise("C7", text, map[string]any{"identity": facts.Identity})
		}
	}
	return true
}

// reached says whether the machine is open, or the failing ports are forwarded to it.
func (c *setting) reached(m *inventory.ComputeInstance) bool {
	if c.r.IsKnown("exposure") && m.Exposure == "open" {
		return true
	}
	switch c.check {
	case "instance-admin-port-reachable", "instance-data-port-reachable":
		return true
	default:
		return false
	}
}
