package aws

import (
	"fmt"
	"net/netip"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// said is what our facts say to a question about one resource.
type said int

// A question that meets a fact we do not know is open: it selects nothing, and it is counted.
const (
	saidNo said = iota
	saidYes
	saidOpen
)

// asks is a question about one resource, answered from its facts and from those of what it is linked to.
type asks func(c *collected, r *inventory.Resource) said

func truth(b bool) said {
	if b {
		return saidYes
	}
	return saidNo
}

// fact asks one attribute. What is not applicable to a resource selects nothing.
func fact(name string, test func(any) bool) asks {
	return func(_ *collected, r *inventory.Resource) said {
		if r.NotApplicable[name] != "" {
			return saidNo
		}
		v, known := r.Value(name)
		if !known {
			return saidOpen
		}
		return truth(test(v))
	}
}

func is(name string) asks   { return fact(name, func(v any) bool { return v == true }) }
func isnt(name string) asks { return fact(name, func(v any) bool { return v == false }) }

func equals(name string, want any) asks {
	return fact(name, func(v any) bool { return fmt.Sprint(v) == fmt.Sprint(want) })
}

func below(name string, limit float64) asks {
	return fact(name, func(v any) bool {
		n := reflect.ValueOf(v)
		if n.CanInt() {
			return float64(n.Int()) < limit
		}
		return n.Float() < limit
	})
}

// some asks whether a list holds anything, empty whether it or a text holds nothing.
func some(name string) asks {
	return fact(name, func(v any) bool { return reflect.ValueOf(v).Len() > 0 })
}
func empty(name string) asks {
	return fact(name, func(v any) bool { return reflect.ValueOf(v).Len() == 0 })
}

// links are the ids that an attribute names.
func links(v any) []string {
	if id, ok := v.(string); ok {
		return []string{id}
	}
	return v.([]string)
}

// names asks whether an attribute names the id that ends so.
func names(name, end string) asks {
	return fact(name, func(v any) bool {
		return slices.ContainsFunc(links(v), func(id string) bool { return strings.HasSuffix(id, end) })
	})
}

// startsWith asks how a text begins.
func startsWith(name, begin string) asks {
	return fact(name, func(v any) bool { return strings.HasPrefix(v.(string), begin) })
}

func both(all ...asks) asks {
	return func(c *collected, r *inventory.Resource) said {
		out := saidYes
		for _, q := range all {
			switch q(c, r) {
			case saidNo:
				return saidNo
			case saidOpen:
				out = saidOpen
			case saidYes:
			}
		}
		return out
	}
}

func either(any ...asks) asks {
	return func(c *collected, r *inventory.Resource) said {
		out := saidNo
		for _, q := range any {
			switch q(c, r) {
			case saidYes:
				return saidYes
			case saidOpen:
				out = saidOpen
			case saidNo:
			}
		}
		return out
	}
}

func not(q asks) asks {
	return func(c *collected, r *inventory.Resource) said {
		switch q(c, r) {
		case saidYes:
			return saidNo
		case saidNo:
			return saidYes
		default:
			return saidOpen
		}
	}
}

// called asks for the name, as patterns of files do.
func called(pattern string) asks {
	return func(_ *collected, r *inventory.Resource) said {
		ok, err := path.Match(pattern, r.Name)
		return truth(err == nil && ok)
	}
}

// label asks for a label and its value; "*" is any value.
func label(key, value string) asks {
	return func(_ *collected, r *inventory.Resource) said {
		got, ok := r.Labels[key]
		switch {
		case ok:
			return truth(value == "*" || got == value)
		case !r.IsKnown("labels_read"):
			return saidOpen
		default:
			return saidNo
		}
	}
}

// unlabelled asks for a resource without the label.
func unlabelled(key string) asks { return not(label(key, "*")) }

// bare asks for a resource without any label.
func bare(_ *collected, r *inventory.Resource) said {
	if !r.IsKnown("labels_read") {
		return saidOpen
	}
	return truth(len(r.Labels) == 0)
}

// withLink asks whether an attribute names a resource of a kind of which q holds.
func withLink(name string, kind inventory.Kind, q asks) asks {
	return func(c *collected, r *inventory.Resource) said {
		if r.NotApplicable[name] != "" {
			return saidNo
		}
		v, known := r.Value(name)
		if !known {
			return saidOpen
		}
		out := saidNo
		for _, to := range c.byKind[kind] {
			if !slices.Contains(links(v), to.ID) {
				continue
			}
			switch q(c, to) {
			case saidYes:
				return saidYes
			case saidOpen:
				out = saidOpen
			case saidNo:
			}
		}
		return out
	}
}

// linkedFrom asks whether some resource of a kind, of which q holds, names this one in an attribute.
func linkedFrom(kind inventory.Kind, name string, q asks) asks {
	return func(c *collected, r *inventory.Resource) said {
		out := saidNo
		for _, from := range c.byKind[kind] {
			switch both(names(name, r.ID), q)(c, from) {
			case saidYes:
				return saidYes
			case saidOpen:
				out = saidOpen
			case saidNo:
			}
		}
		return out
	}
}

// anything holds of every resource.
func anything(*collected, *inventory.Resource) said { return saidYes }

// accountHasNo asks about the account as a whole: whether it has no resource of a kind of which q holds.
func accountHasNo(kind inventory.Kind, q asks) asks {
	return func(c *collected, _ *inventory.Resource) said {
		out := saidYes
		for _, r := range c.byKind[kind] {
			switch q(c, r) {
			case saidYes:
				return saidNo
			case saidOpen:
				out = saidOpen
			case saidNo:
			}
		}
		return out
	}
}

// runs asks whether a security service is on in the recorded region.
func runs(on bool) asks {
	return fact("states", func(v any) bool {
		states := v.([]inventory.ServiceState)
		return len(states) == 1 && states[0].Unread == nil && states[0].On == on
	})
}

// blocks asks for one part of a switch against public access.
func blocks(on bool, part func(inventory.PublicAccessBlock) bool) asks {
	return fact("block", func(v any) bool { return part(v.(inventory.PublicAccessBlock)) == on })
}

func blockACLs(b inventory.PublicAccessBlock) bool   { return b.BlockACLs }
func ignoreACLs(b inventory.PublicAccessBlock) bool  { return b.IgnoreACLs }
func blockPolicy(b inventory.PublicAccessBlock) bool { return b.BlockPolicy }
func anyBlock(b inventory.PublicAccessBlock) bool {
	return b.BlockACLs || b.IgnoreACLs || b.BlockPolicy || b.RestrictPolicy
}
func everyBlock(b inventory.PublicAccessBlock) bool { return b.All() }

// rule asks whether some rule of a packet filter is so.
func rule(test func(r *inventory.Resource, rule inventory.Rule) bool) asks {
	return func(_ *collected, r *inventory.Resource) said {
		v, known := r.Value("rules")
		if !known {
			return saidOpen
		}
		return truth(slices.ContainsFunc(v.([]inventory.Rule), func(rule inventory.Rule) bool { return test(r, rule) }))
	}
}

// toItself asks for a rule that names the filter itself as the other side.
func toItself(egress bool) asks {
	return rule(func(r *inventory.Resource, rule inventory.Rule) bool {
		return rule.Egress == egress && slices.Contains(rule.Groups, r.ID)
	})
}

// port asks for a rule that lets a range in to a port.
func port(n int, from string) asks {
	return rule(func(_ *inventory.Resource, rule inventory.Rule) bool {
		return !rule.Egress && rule.From <= n && n <= rule.To && slices.Contains(rule.Ranges, from)
	})
}

// opensBeside asks for a rule that lets in to more than one port alone.
func opensBeside(only int) asks {
	return rule(func(_ *inventory.Resource, rule inventory.Rule) bool {
		return !rule.Egress && (rule.From != only || rule.To != only)
	})
}

// opensToOthers asks for a rule on a port that names another group than the filter itself.
func opensToOthers(port int) asks {
	return rule(func(r *inventory.Resource, rule inventory.Rule) bool {
		return !rule.Egress && rule.From <= port && port <= rule.To &&
			slices.ContainsFunc(rule.Groups, func(id string) bool { return id != r.ID })
	})
}

// inRange asks for a rule of a direction of which some range is so.
func inRange(egress bool, test func(netip.Prefix) bool) asks {
	return rule(func(_ *inventory.Resource, rule inventory.Rule) bool {
		return rule.Egress == egress && slices.ContainsFunc(rule.Ranges, func(cidr string) bool {
			p, err := netip.ParsePrefix(cidr)
			return err == nil && test(p)
		})
	})
}

func admits(address string) asks {
	return inRange(false, func(p netip.Prefix) bool { return p.Contains(netip.MustParseAddr(address)) })
}

func sendsWiderThan(bits int) asks {
	return inRange(true, func(p netip.Prefix) bool { return p.Bits() < bits })
}

// sendsTo asks for a rule that lets traffic out to a group of which q holds. A group is told by its short id: the rule
// may name another owner than the recording does.
func sendsTo(q asks) asks {
	return func(c *collected, r *inventory.Resource) said {
		return rule(func(_ *inventory.Resource, rule inventory.Rule) bool {
			return rule.Egress && slices.ContainsFunc(rule.Groups, func(id string) bool {
				return slices.ContainsFunc(c.byKind["aws.ec2.security_group"], func(to *inventory.Resource) bool {
					return shortID(to.ID) == shortID(id) && q(c, to) == saidYes
				})
			})
		})(c, r)
	}
}

// clearText asks for a door that answers in clear text and does not send on to TLS.
func clearText(_ *collected, r *inventory.Resource) said {
	return fact("listeners", func(v any) bool {
		return slices.ContainsFunc(v.([]inventory.Listener), func(l inventory.Listener) bool {
			return !l.TLS && !l.RedirectsToTLS
		})
	})(nil, r)
}

// routed asks whether the table that acts on a subnet of an interface leads to a kind of target.
func routed(to string) asks {
	return func(c *collected, r *inventory.Resource) said {
		nic, ok := r.Facts.(*inventory.NetworkInterface)
		if !ok || !r.IsKnown("subnet") {
			return saidOpen
		}
		var main, own *inventory.RouteTable
		for _, t := range c.byKind["aws.ec2.route_table"] {
			table := t.Facts.(*inventory.RouteTable)
			if slices.Contains(table.Subnets, nic.Subnet) {
				own = table
			}
			if table.Main && table.Network == nic.Network {
				main = table
			}
		}
		if own == nil {
			own = main
		}
		if own == nil {
			return saidOpen
		}
		return truth(slices.ContainsFunc(own.Routes, func(r inventory.Route) bool { return r.To == to }))
	}
}

// fromImage asks whether an instance was made from an image of which q holds.
func fromImage(q asks) asks {
	return func(c *collected, r *inventory.Resource) said {
		id, known := r.Value("image_id")
		if !known {
			return saidOpen
		}
		for _, image := range c.byKind["aws.ec2.source_image"] {
			if image.Facts.(*inventory.SourceImage).Image == id {
				return q(c, image)
			}
		}
		return saidOpen
	}
}

// misdirected asks whether an origin is a bucket that is not among the account's own.
func misdirected(c *collected, r *inventory.Resource) said {
	return fact("origins", func(v any) bool {
		return slices.ContainsFunc(v.([]inventory.Pointer), func(p inventory.Pointer) bool {
			return p.Class == inventory.ClassObjectStorage &&
				!slices.ContainsFunc(c.byKind["aws.s3.bucket"], func(b *inventory.Resource) bool { return b.ID == p.ID })
		})
	})(c, r)
}

// recordsFlows asks whether a flow log of which q holds records a network.
func recordsFlows(q asks) asks { return linkedFrom("aws.ec2.flow_log", "resource", q) }

// network leaves out the record that stands for machines outside any network.
func network(q asks) asks { return both(not(called("EC2-Classic")), q) }

// providerKey asks for what is encrypted with a key of the provider's.
var providerKey = both(is("encrypted_at_rest"), isnt("customer_key"))
