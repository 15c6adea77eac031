package gcp

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// effectivePermission is the right to ask which policies apply to a network; regional policies are asked for with a
// right of their own.
const (
	effectivePermission = "compute.networks.getEffectiveFirewalls"
	effectiveAction     = "compute.networks.getEffectiveFirewalls"
	regionalPermission  = "compute.networks.getRegionEffectiveFirewalls"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, asset, inheritedAnswers]{
	Kind: "gcp.compute.inherited_firewall_policy", Class: inventory.ClassFirewall,
	Permissions: networksWay.permissions(effectivePermission),
	ListAction:  networksWay.action, ListPermission: networksWay.permission,
	Global: true, NoLabels: true,
	List: networksWay.kept, Find: networksWay.find, Ask: askInherited, Facts: inheritedFacts,
})

var _ = collectors.Register(&Sources, collectors.Source[*Clients, policyItem, policyItem]{
	Kind: "gcp.compute.firewall_policy", Class: inventory.ClassFirewall,
	Permissions: networksWay.permissions(effectivePermission, regionalPermission, subnetworksWay.permission),
	ListAction:  effectiveAction, ListPermission: effectivePermission,
	Global: true, NoLabels: true, List: listPolicies, Facts: policyFacts,
})

type effectiveBody struct {
	// Policys is the API's own word.
	Policys []effectivePolicy `json:"firewallPolicys"`
}

type effectivePolicy struct {
	Name        string       `json:"name"`
	DisplayName string       `json:"displayName"`
	ShortName   string       `json:"shortName"`
	Type        string       `json:"type"`
	Rules       []policyRule `json:"rules"`
}

type policyRule struct {
	Priority              number      `json:"priority"`
	Action                string      `json:"action"`
	Direction             string      `json:"direction"`
	Disabled              bool        `json:"disabled"`
	TargetResources       []string    `json:"targetResources"`
	TargetServiceAccounts []string    `json:"targetServiceAccounts"`
	TargetSecureTags      []secureTag `json:"targetSecureTags"`
	// TargetType is empty for machines, or another kind of target, which has the rule to itself.
	TargetType string `json:"targetType"`
	Match      struct {
		SrcIPRanges       []string `json:"srcIpRanges"`
		DestIPRanges      []string `json:"destIpRanges"`
		SrcAddressGroups  []string `json:"srcAddressGroups"`
		SrcFqdns          []string `json:"srcFqdns"`
		SrcRegionCodes    []string `json:"srcRegionCodes"`
		SrcThreatLists    []string `json:"srcThreatIntelligences"`
		SrcNetworks       []string `json:"srcNetworks"`
		SrcNetworkType    string   `json:"srcNetworkType"`
		DestAddressGroups []string `json:"destAddressGroups"`
		DestFqdns         []string `json:"destFqdns"`
		DestRegionCodes   []string `json:"destRegionCodes"`
		DestThreatLists   []string `json:"destThreatIntelligences"`
		DestNetworkType   string   `json:"destNetworkType"`
		// The contexts are the types by their newer name.
		SrcNetworkContext  string      `json:"srcNetworkContext"`
		DestNetworkContext string      `json:"destNetworkContext"`
		SrcSecureTags      []secureTag `json:"srcSecureTags"`
		Layer4Configs      []struct {
			IPProtocol string   `json:"ipProtocol"`
			Ports      []string `json:"ports"`
		} `json:"layer4Configs"`
	} `json:"match"`
}

// inheritedAnswers is what folders and the organisation say of one network.
type inheritedAnswers struct {
	Network   string
	Effective collectors.Answer[effectiveBody]
}

func askInherited(ctx context.Context, c *Clients, n asset) inheritedAnswers {
	a := inheritedAnswers{Network: idOf(n)}
	a.Effective = ask(effectiveAction, effectivePermission, func() (*effectiveBody, error) {
		all, err := effective(ctx, c, a.Network)
		if err != nil {
			return nil, err
		}
		out := &effectiveBody{}
		for _, p := range all.Policys {
			if p.inherited() {
				out.Policys = append(out.Policys, p)
			}
		}
		return out, nil
	})
	return a
}

func effective(ctx context.Context, c *Clients, network string) (*effectiveBody, error) {
	path := "/compute/v1" + network[strings.Index(network, "/projects/"):] + "/getEffectiveFirewalls"
	return fetchOnce[effectiveBody](ctx, c, computeAPI, path, nil)
}

// effectiveIn is effective for the regional policies of one region.
func effectiveIn(ctx context.Context, c *Clients, network, region string) (*effectiveBody, error) {
	path := "/compute/v1/projects/" + c.Project + "/regions/" + region + "/firewallPolicies/getEffectiveFirewalls"
	return fetchOnce[effectiveBody](ctx, c, computeAPI, path,
		map[string][]string{"network": {strings.TrimPrefix(network, "//"+computeAPI+"/")}})
}

func (p *effectivePolicy) inherited() bool {
	return p.Type == "HIERARCHY" || p.Type == "" || strings.HasPrefix(p.Type, "SYSTEM")
}

// inheritedFacts states the policies above the project as one filter of the network: they count in every walk, and are
// judged where they are set.
func inheritedFacts(_ collectors.Where, a inheritedAnswers) *inventory.Resource {
	facts := &inventory.Firewall{Network: a.Network, AppliesTo: []string{a.Network}, Rules: []inventory.Rule{}}
	r := inventory.New(a.Network+"/inheritedFirewallPolicies", "inherited policies of "+short(a.Network),
		collectors.Global, facts)
	r.Known("network", "applies_to", "layer")
	r.SetNotApplicable("is judged where it is set, in the organisation's scope", "is_default", "allows_any",
		"world_all_ports",
		"world_admin_ports", "world_data_ports", "world_legacy_ports", "egress_world_all")
	collectors.Know(r, a.Effective, func(v *effectiveBody) {
		if v == nil {
			return
		}
		for i, p := range v.Policys {
			facts.Rules = append(facts.Rules, p.lines(a.Network, tierInherited+i)...)
		}
	}, "rules")
	return r
}

// policyItem is a policy of the project as it applies to one network.
type policyItem struct {
	Network string
	Region  string
	// Before says that the network asks its policies before its own rules.
	Before bool
	Policy effectivePolicy
}

// listPolicies asks each network, and each region it has a subnetwork in, which policies of the project apply.
func listPolicies(ctx context.Context, c *Clients) iter.Seq2[policyItem, error] {
	return safely(func(yield func(policyItem, error) bool) {
		networks, err := c.keep(ctx, networksWay)
		if err != nil {
			yield(policyItem{}, err)
			return
		}
		regions, err := regionsOf(ctx, c)
		if err != nil {
			yield(policyItem{}, err)
			return
		}
		for _, n := range networks {
			if !networkPolicies(ctx, c, n, regions[idOf(n)], yield) {
				return
			}
		}
	})
}

// networkPolicies says whether to go on.
func networkPolicies(ctx context.Context, c *Clients, n asset, regions []string, yield func(policyItem,
	error) bool) bool {
	network := idOf(n)
	item := policyItem{Network: network, Before: read[networkBody](n).PolicyOrder == "BEFORE_CLASSIC_FIREWALL"}
	hand := func(b *effectiveBody, region string) bool {
		for _, p := range b.Policys {
			if p.inherited() || (region == "") != (p.Type == "NETWORK") {
				continue
			}
			item.Region, item.Policy = region, p
			if !yield(item, nil) {
				return false
			}
		}
		return true
	}
	b, err := effective(ctx, c, network)
	if err != nil {
		yield(policyItem{}, err)
		return false
	}
	if !hand(b, "") {
		return false
	}
	for _, region := range regions {
		b, err := effectiveIn(ctx, c, network, region)
		if err != nil {
			yield(policyItem{}, err)
			return false
		}
		if !hand(b, region) {
			return false
		}
	}
	return true
}

// regionsOf are the regions in which each network has a subnetwork.
func regionsOf(ctx context.Context, c *Clients) (map[string][]string, error) {
	all, err := c.keep(ctx, subnetworksWay)
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, s := range all {
		b, err := decoded[subnetworkBody](s.Data)
		if err != nil {
			return nil, err
		}
		network, region := computeID(b.Network), short(b.Region)
		if region != "" && !slices.Contains(out[network], region) {
			out[network] = append(out[network], region)
		}
	}
	for _, regions := range out {
		slices.Sort(regions)
	}
	return out, nil
}

func policyFacts(_ collectors.Where, i policyItem) *inventory.Resource {
	facts := &inventory.Firewall{Network: i.Network, AppliesTo: []string{i.Network}, Rules: []inventory.Rule{}}
	tier, region, place := tierPolicyAfter, "global", "global"
	if i.Region != "" {
		tier, region, place = tierRegionAfter, i.Region, "regions/"+i.Region
	}
	if i.Before {
		tier -= tierPolicyAfter - tierPolicyBefore
	}
	r := inventory.New(i.Network+"/firewallPolicies/"+strings.ReplaceAll(place, "/", "-")+"/"+i.Policy.Name, i.Policy.Name,
		region, facts)
	facts.Rules = i.Policy.lines(i.Network, tier)
	for _, rule := range facts.Rules {
		facts.AllowsAny = facts.AllowsAny || !rule.Deny
	}
	if i.Region != "" {
		facts.AppliesTo = []string{regionMark(i.Network, i.Region)}
		for n := range facts.Rules {
			// That a machine is of the region and of the account too is more than groups can say.
			rule := &facts.Rules[n]
			rule.TargetsUnread = rule.TargetsUnread || len(rule.DestinationGroups) > 0
			rule.DestinationGroups = facts.AppliesTo
		}
	}
	r.Known("network", "applies_to", "rules", "layer", "is_default", "allows_any")
	return r
}

// lines are the rules of a policy as they apply to one network.
func (p *effectivePolicy) lines(network string, tier int) []inventory.Rule {
	out := []inventory.Rule{}
	for i := range p.Rules {
		out = append(out, p.Rules[i].lines(network, tier)...)
	}
	return out
}

func (r *policyRule) lines(network string, tier int) []inventory.Rule {
	if r.Disabled || len(r.TargetResources) > 0 && !r.about(network) ||
		r.TargetType != "" && r.TargetType != "INSTANCES" {
		return nil
	}
	line := inventory.Rule{Tier: tier, Priority: int(r.Priority)}
	// Priority 0 comes first, and no priority means no order: the numbers move up by one.
	line.Priority++
	switch r.Action {
	case "allow":
	case "goto_next":
		line.Deny, line.Next = true, true
	case "apply_security_profile_group":
		// What a profile lets through it has let through.
	default:
		line.Deny = true
	}
	for _, e := range r.TargetServiceAccounts {
		line.DestinationGroups = append(line.DestinationGroups, accountMark(network, short(e)))
	}
	for _, t := range r.TargetSecureTags {
		line.DestinationGroups = append(line.DestinationGroups, secureTagID(t.Name))
	}
	r.otherSide(&line)
	if len(r.Match.Layer4Configs) == 0 {
		return protocolBody{IPProtocol: "all"}.lines(line)
	}
	var out []inventory.Rule
	for _, l := range r.Match.Layer4Configs {
		out = append(out, protocolBody{l.IPProtocol, l.Ports}.lines(line)...)
	}
	return out
}

// otherSide states whom a rule is about. A type of network narrows the addresses to some that are not listed: only that
// an admission from the internet admits the internet is then certain.
func (r *policyRule) otherSide(line *inventory.Rule) {
	m := &r.Match
	narrowed := cmp.Or(m.SrcNetworkContext, m.SrcNetworkType)
	if r.Direction == directionOutwards {
		line.Egress, line.Ranges, narrowed = true, m.DestIPRanges, cmp.Or(m.DestNetworkContext, m.DestNetworkType)
		line.Lists = slices.Concat(m.DestAddressGroups, m.DestFqdns, m.DestRegionCodes, m.DestThreatLists)
	} else {
		line.Ranges, line.Destinations = m.SrcIPRanges, m.DestIPRanges
		line.Lists = slices.Concat(m.SrcAddressGroups, m.SrcFqdns, m.SrcRegionCodes, m.SrcThreatLists, m.SrcNetworks)
		for _, t := range m.SrcSecureTags {
			line.Groups = append(line.Groups, secureTagID(t.Name))
		}
	}
	switch {
	case len(m.SrcNetworks) > 0 && !line.Egress:
		line.Ranges = nil
	case narrowed != "" && narrowed != "UNSPECIFIED" && (line.Deny || narrowed != "INTERNET"):
		line.Ranges, line.Lists = nil, append(line.Lists, narrowed)
	case len(line.Ranges) == 0 && len(line.Lists) == 0 && len(line.Groups) == 0:
		line.Ranges = []string{worldV4, worldV6}
	}
}

// about says whether the networks a rule is for are this one.
func (r *policyRule) about(network string) bool {
	return slices.ContainsFunc(r.TargetResources, func(t string) bool { return computeID(t) == network })
}
