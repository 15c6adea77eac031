package gcp

import (
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var firewallsWay = &way{
	types: []string{"compute.googleapis.com/Firewall"}, api: computeAPI,
	path: "/compute/v1/projects/{project}/global/firewalls", items: "items",
	permission: "compute.firewalls.list", action: "compute.firewalls.list",
}

var _ = source("gcp.compute.firewall", inventory.ClassFirewall, firewallsWay, firewallFacts, true)

// The order in which rules are asked: hierarchical policies from the top down, then the network's own rules and its
// policies (before these where the network says so), and at last what every network ends in.
const (
	tierInherited     = 0
	tierPolicyBefore  = 20
	tierNetwork       = 30
	tierPolicyAfter   = 40
	tierRegionAfter   = 41
	tierImplied       = 90
	defaultPriority   = 1000
	highestPort       = 65535
	worldV4, worldV6  = "0.0.0.0/0", "::/0"
	directionOutwards = "EGRESS"
)

// tagMark and accountMark are the groups that rules speak of: the machines of a network that carry a tag, or that run
// as a service account.
func tagMark(network, tag string) string { return inventory.Mark(network, "tag:"+tag) }

func accountMark(network, email string) string { return inventory.Mark(network, "sa:"+email) }

// regionMark is the group of all machines of a network in one region: a regional policy is about these.
func regionMark(network, region string) string { return inventory.Mark(network, "region:"+region) }

type firewallBody struct {
	Name                  string         `json:"name"`
	Network               string         `json:"network"`
	Direction             string         `json:"direction"`
	Priority              *number        `json:"priority"`
	Disabled              bool           `json:"disabled"`
	SourceRanges          []string       `json:"sourceRanges"`
	DestinationRanges     []string       `json:"destinationRanges"`
	SourceTags            []string       `json:"sourceTags"`
	TargetTags            []string       `json:"targetTags"`
	SourceServiceAccounts []string       `json:"sourceServiceAccounts"`
	TargetServiceAccounts []string       `json:"targetServiceAccounts"`
	Allowed               []protocolBody `json:"allowed"`
	Denied                []protocolBody `json:"denied"`
}

// protocolBody is a protocol with ports. Exports spell the first both ways, which decoding does not mind.
type protocolBody struct {
	IPProtocol string   `json:"IPProtocol"`
	Ports      []string `json:"ports"`
}

// madeByGoogle are the rules that come with the default network.
var madeByGoogle = []string{"default-allow-ssh", "default-allow-rdp", "default-allow-icmp", "default-allow-internal"}

func firewallFacts(_ collectors.Where, a asset) *inventory.Resource {
	b := read[firewallBody](a)
	network := computeID(b.Network)
	facts := &inventory.Firewall{Network: network, IsDefault: slices.Contains(madeByGoogle, b.Name),
		AppliesTo: b.targets(network)}
	r := begin(a, facts)
	facts.Rules = b.rules(network, facts.AppliesTo)
	for _, rule := range facts.Rules {
		facts.AllowsAny = facts.AllowsAny || !rule.Deny
	}
	r.Known("network", "applies_to", "rules", "layer", "is_default", "allows_any")
	if b.Direction == directionOutwards {
		outwardsOnly(r)
	} else {
		r.SetNotApplicable("speaks of what enters; what leaves is judged by the rules for that", "egress_world_all")
	}
	return r
}

// outwardsOnly states that a rule about what leaves admits nobody, so that no question about that is asked of it.
func outwardsOnly(r *inventory.Resource) {
	r.SetNotApplicable("speaks of what leaves; what enters is judged by the rules for that",
		"world_all_ports", "world_admin_ports", "world_data_ports", "world_legacy_ports")
}

// targets are the groups a rule is about; without any it is about the whole network.
func (b *firewallBody) targets(network string) []string {
	var out []string
	for _, t := range b.TargetTags {
		out = append(out, tagMark(network, t))
	}
	for _, e := range b.TargetServiceAccounts {
		out = append(out, accountMark(network, e))
	}
	if len(out) == 0 {
		return []string{network}
	}
	slices.Sort(out)
	return out
}

// rules are the lines of a rule, one for each range of ports. A disabled rule has none.
func (b *firewallBody) rules(network string, targets []string) []inventory.Rule {
	if b.Disabled {
		return []inventory.Rule{}
	}
	line := inventory.Rule{ID: b.Name, Tier: tierNetwork, Priority: defaultPriority, DestinationGroups: targets}
	if b.Priority != nil {
		line.Priority = int(*b.Priority)
	}
	if b.Direction == directionOutwards {
		line.Egress, line.Ranges = true, b.DestinationRanges
	} else {
		line.Ranges, line.Destinations = b.SourceRanges, b.DestinationRanges
		for _, t := range b.SourceTags {
			line.Groups = append(line.Groups, tagMark(network, t))
		}
		for _, e := range b.SourceServiceAccounts {
			line.Groups = append(line.Groups, accountMark(network, e))
		}
	}
	if len(line.Ranges) == 0 && len(line.Groups) == 0 {
		// A rule that names no other side is about everybody.
		line.Ranges = []string{worldV4}
	}
	out := []inventory.Rule{}
	for _, p := range b.Allowed {
		out = append(out, p.lines(line)...)
	}
	line.Deny = true
	for _, p := range b.Denied {
		out = append(out, p.lines(line)...)
	}
	return out
}

// lines repeat a rule for each range of ports. A range that cannot be read may be any: an admission is then about all
// ports.
func (p protocolBody) lines(rule inventory.Rule) []inventory.Rule {
	switch rule.Protocol = strings.ToLower(p.IPProtocol); rule.Protocol {
	case "all":
		rule.Protocol = "any"
	case "6":
		rule.Protocol = "tcp"
	case "17":
		rule.Protocol = "udp"
	}
	if len(p.Ports) == 0 {
		rule.From, rule.To = 0, highestPort
		return []inventory.Rule{rule}
	}
	var out []inventory.Rule
	for _, word := range p.Ports {
		rule.From, rule.To = portRange(word)
		out = append(out, rule)
	}
	return out
}

// portRange reads "80" or "80-90"; every port where it is neither.
func portRange(word string) (from, to int) {
	first, last, ranged := strings.Cut(word, "-")
	if !ranged {
		last = first
	}
	from, err := strconv.Atoi(strings.TrimSpace(first))
	to, err2 := strconv.Atoi(strings.TrimSpace(last))
	if err != nil || err2 != nil {
		return 0, highestPort
	}
	return from, to
}
