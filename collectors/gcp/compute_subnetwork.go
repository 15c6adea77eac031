package gcp

import (
	"slices"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var subnetworksWay = &way{
	types: []string{"compute.googleapis.com/Subnetwork"}, api: computeAPI,
	path: "/compute/v1/projects/{project}/aggregated/subnetworks", items: "subnetworks", scoped: true,
	permission: "compute.subnetworks.list", action: "compute.subnetworks.aggregatedList",
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, asset, asset]{
	Kind: "gcp.compute.subnetwork", Class: inventory.ClassSubnet, Permissions: subnetworksWay.permissions(),
	ListAction: subnetworksWay.action, ListPermission: subnetworksWay.permission,
	Global: true, NoLabels: true, List: subnetworksWay.kept, Find: subnetworksWay.find, Facts: subnetworkFacts,
})

type subnetworkBody struct {
	Network           string `json:"network"`
	Region            string `json:"region"`
	IPCIDRRange       string `json:"ipCidrRange"`
	IPv6CIDRRange     string `json:"ipv6CidrRange"`
	ExternalIPv6      string `json:"externalIpv6Prefix"`
	InternalIPv6      string `json:"internalIpv6Prefix"`
	Purpose           string `json:"purpose"`
	EnableFlowLogs    *bool  `json:"enableFlowLogs"`
	SecondaryIPRanges []struct {
		IPCIDRRange string `json:"ipCidrRange"`
	} `json:"secondaryIpRanges"`
	LogConfig *struct {
		Enable *bool `json:"enable"`
	} `json:"logConfig"`
}

func (b *subnetworkBody) ranges() []string {
	out := []string{}
	for _, w := range []string{b.IPCIDRRange, b.IPv6CIDRRange, b.ExternalIPv6, b.InternalIPv6} {
		if w != "" && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	for _, s := range b.SecondaryIPRanges {
		out = append(out, s.IPCIDRRange)
	}
	return out
}

// unlogged are the purposes of subnetworks that hold no machine of the project, so that no flow of one is recorded.
var unlogged = []string{"REGIONAL_MANAGED_PROXY", "GLOBAL_MANAGED_PROXY", "INTERNAL_HTTPS_LOAD_BALANCER",
	"PRIVATE_SERVICE_CONNECT", "PRIVATE_NAT"}

func subnetworkFacts(_ collectors.Where, a asset) *inventory.Resource {
	b := read[subnetworkBody](a)
	facts := &inventory.Subnet{Network: computeID(b.Network), Ranges: b.ranges(), FirewallAttached: true}
	r := begin(a, facts)
	r.Known("network", "ranges", "zone")
	r.SetNotApplicable("a public address is set for each interface here", "auto_public_address")
	// Rules of the network always apply, and end in a refusal.
	r.SetInherent("firewall_attached")
	if slices.Contains(unlogged, b.Purpose) {
		r.SetNotApplicable("holds no machines, and its flows cannot be recorded", "flow_logged")
		return r
	}
	// Without either setting nothing is recorded: the switch is off until somebody turns it on.
	on := b.EnableFlowLogs != nil && *b.EnableFlowLogs
	if b.LogConfig != nil && b.LogConfig.Enable != nil {
		on = on || *b.LogConfig.Enable
	}
	facts.FlowLogged = on
	r.Known("flow_logged")
	return r
}
