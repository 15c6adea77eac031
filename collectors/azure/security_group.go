package azure

import (
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var securityGroups = rowsOf{typ: "Microsoft.Network/networkSecurityGroups", version: "2024-05-01"}

// securityGroup is what is read of a group.
type securityGroup struct {
	Rules      *[]securityRule `json:"securityRules,omitempty"`
	BuiltIn    *[]securityRule `json:"defaultSecurityRules,omitempty"`
	Interfaces []ref           `json:"networkInterfaces,omitempty"`
	Subnets    []ref           `json:"subnets,omitempty"`
}

// securityRule is one rule. A field in the singular and its plural exclude each other.
type securityRule struct {
	Name       string `json:"name"`
	Properties struct {
		Protocol            string   `json:"protocol"`
		SourcePort          string   `json:"sourcePortRange,omitempty"`
		SourcePorts         []string `json:"sourcePortRanges,omitempty"`
		DestinationPort     string   `json:"destinationPortRange,omitempty"`
		DestinationPorts    []string `json:"destinationPortRanges,omitempty"`
		SourcePrefix        string   `json:"sourceAddressPrefix,omitempty"`
		SourcePrefixes      []string `json:"sourceAddressPrefixes,omitempty"`
		DestinationPrefix   string   `json:"destinationAddressPrefix,omitempty"`
		DestinationPrefixes []string `json:"destinationAddressPrefixes,omitempty"`
		SourceGroups        []ref    `json:"sourceApplicationSecurityGroups,omitempty"`
		DestinationGroups   []ref    `json:"destinationApplicationSecurityGroups,omitempty"`
		Access              string   `json:"access"`
		Priority            int      `json:"priority"`
		Direction           string   `json:"direction"`
	} `json:"properties"`
}

var _ = registerKept("azure.network.security_group", inventory.ClassFirewall, securityGroups, securityGroupFacts)

func securityGroupFacts(_ collectors.Where, s seen[securityGroup]) *inventory.Resource {
	facts := &inventory.Firewall{}
	r := described(s, facts)
	defer leftOut(r, securityGroups)
	p := s.Row.Properties
	r.SetNotApplicable("the built-in rules of a group cannot be removed and admit nothing from the internet", "is_default")
	for _, subnet := range p.Subnets {
		facts.Network = networkOf(subnet.id())
	}
	facts.Layer = layerOf(r.ID, len(p.Interfaces) > 0)
	r.Known("network", "layer")
	if p.Rules == nil {
		return r
	}
	for _, rule := range *p.Rules {
		written := rulesOf(rule)
		facts.Rules = append(facts.Rules, written...)
		facts.AllowsAny = facts.AllowsAny || lower(rule.Properties.Access) == "allow"
	}
	if p.BuiltIn != nil && len(*p.BuiltIn) > 0 {
		for _, rule := range *p.BuiltIn {
			facts.Rules = append(facts.Rules, rulesOf(rule)...)
		}
	} else {
		facts.Rules = append(facts.Rules, builtInRules()...)
	}
	r.Known("rules", "allows_any")
	return r
}

// layerOf is a layer of its own for each group: the group of a subnet and that of an interface in it must both admit,
// and one group can be either. Those of interfaces come after those of subnets.
func layerOf(id string, worn bool) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	layer := int(h.Sum32())
	if worn {
		layer += 1 << 32
	}
	return layer
}

// everybody is every address of both families.
var everybody = []string{"0.0.0.0/0", "::/0"}

// insideRanges stand for the tag VirtualNetwork: the network, what is linked to it and what is reached over its
// gateways all have addresses that the internet does not route.
var insideRanges = []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"}

// prober is the address that health probes come from.
const prober = "168.63.129.16/32"

// builtInRules are those that Azure adds to every group.
func builtInRules() []inventory.Rule {
	any := inventory.Rule{Protocol: "any", From: 0, To: 65535}
	made := func(id string, priority int, egress, deny bool, ranges ...string) inventory.Rule {
		r := any
		r.ID, r.Priority, r.Egress, r.Deny, r.Ranges = id, priority, egress, deny, ranges
		return r
	}
	return []inventory.Rule{
		made("AllowVnetInBound", 65000, false, false, insideRanges...),
		made("AllowAzureLoadBalancerInBound", 65001, false, false, prober),
		made("DenyAllInBound", 65500, false, true, everybody...),
		made("AllowVnetOutBound", 65000, true, false, insideRanges...),
		made("AllowInternetOutBound", 65001, true, false, everybody...),
		made("DenyAllOutBound", 65500, true, true, everybody...),
	}
}

// rulesOf turns a rule into one for each of its port ranges.
func rulesOf(s securityRule) []inventory.Rule {
	p := s.Properties
	rule := inventory.Rule{ID: s.Name, Priority: p.Priority, Egress: lower(p.Direction) == "outbound",
		Deny:     lower(p.Access) == "deny",
		Protocol: protocolOf(p.Protocol)}
	if rule.Deny && !anyPort(append(p.SourcePorts, p.SourcePort)) {
		// A refusal of some ports of the sender leaves the sender the others.
		return nil
	}
	theirs, ours := append(p.SourcePrefixes, p.SourcePrefix), append(p.DestinationPrefixes, p.DestinationPrefix)
	theirGroups, ourGroups := p.SourceGroups, p.DestinationGroups
	if rule.Egress {
		theirs, ours, theirGroups, ourGroups = ours, theirs, ourGroups, theirGroups
	}
	for _, word := range theirs {
		otherSide(&rule, word)
	}
	for _, g := range theirGroups {
		rule.Groups = append(rule.Groups, g.id())
	}
	if !rule.Egress {
		rule.Destinations = guardedSide(ours)
		for _, g := range ourGroups {
			rule.DestinationGroups = append(rule.DestinationGroups, g.id())
		}
	}
	var out []inventory.Rule
	for _, word := range append(p.DestinationPorts, p.DestinationPort) {
		if from, to, ok := portsOf(word); ok {
			rule.From, rule.To = from, to
			out = append(out, rule)
		}
	}
	return out
}

// otherSide adds what a prefix or service tag stands for. A tag of one service is neither the world nor an address of
// ours: it is named as it is written.
func otherSide(rule *inventory.Rule, word string) {
	tag := lower(word)
	switch {
	case word == "":
	case word == "*" || tag == "internet" || tag == "any":
		rule.Ranges = append(rule.Ranges, everybody...)
	case tag == "virtualnetwork":
		rule.Ranges = append(rule.Ranges, insideRanges...)
	case tag == "azureloadbalancer":
		rule.Ranges = append(rule.Ranges, prober)
	case tag == "azurecloud" || strings.HasPrefix(tag, "azurecloud."):
		rule.AnyTenant = true
	case strings.ContainsAny(word, "./:") && strings.ContainsAny(word[:1], "0123456789abcdefABCDEF:") && isRange(word):
		rule.Ranges = append(rule.Ranges, word)
	default:
		rule.Groups = append(rule.Groups, inventory.Mark("azure", word))
	}
}

// guardedSide are the ranges that a rule is about; none when it is about all that the group guards.
func guardedSide(words []string) []string {
	var out []string
	for _, word := range words {
		switch tag := lower(word); {
		case word == "":
		case word == "*" || word == "0.0.0.0/0" || tag == "virtualnetwork" || tag == "any":
			return nil
		default:
			out = append(out, word)
		}
	}
	return out
}

func protocolOf(word string) string {
	switch p := lower(word); p {
	case "*", "any", "":
		return "any"
	default:
		return p
	}
}

func anyPort(words []string) bool {
	given := false
	for _, word := range words {
		if from, to, ok := portsOf(word); ok && from <= 1 && to == 65535 {
			return true
		}
		given = given || word != ""
	}
	return !given
}

// portsOf reads "*", "22" or "1024-65535".
func portsOf(word string) (from, to int, ok bool) {
	if word == "*" {
		return 0, 65535, true
	}
	first, last, ranged := strings.Cut(word, "-")
	from, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return 0, 0, false
	}
	if !ranged {
		return from, from, true
	}
	to, err = strconv.Atoi(strings.TrimSpace(last))
	return from, to, err == nil
}
