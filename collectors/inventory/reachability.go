package inventory

import "strings"

// Rule is one line of a packet filter or access list.
type Rule struct {
	// ID is the provider's id or name of the rule; may be empty.
	ID string `json:"id,omitempty"`
	// Egress is true for traffic that leaves.
	Egress bool `json:"egress,omitempty"`
	// Deny is true when the rule refuses; filters that only admit never set it.
	Deny bool `json:"deny,omitempty"`
	// Priority orders rules where the first match decides; the lowest comes first.
	Priority int `json:"priority,omitempty"`
	// Protocol is tcp, udp, icmp, any, or the provider's number of another protocol.
	Protocol string `json:"protocol"`
	// From and To bound the ports; 0 to 65535 when the rule has no port limit.
	From int `json:"from"`
	To   int `json:"to"`
	// Ranges are the address ranges of the other side in CIDR notation.
	Ranges []string `json:"ranges,omitempty"`
	// Groups are the ids of filters whose wearers are the other side.
	Groups []string `json:"groups,omitempty"`
	// Lists are the ids of address lists whose content is kept elsewhere.
	Lists []string `json:"lists,omitempty"`
	// Owners are the foreign accounts that the groups of the rule belong to; empty when all are of this account.
	Owners []string `json:"owners,omitempty"`
	// Subnets are the ids of subnets whose interfaces are the other side.
	Subnets []string `json:"subnets,omitempty"`
	// Destinations are the ranges of the guarded side that the rule is about, DestinationGroups the ids of groups whose
	// members it is about; without either it is about all that the filter guards.
	Destinations      []string `json:"destinations,omitempty"`
	DestinationGroups []string `json:"destination_groups,omitempty"`
	// AnyTenant says that every tenant or service of the cloud is admitted, whoever runs it.
	AnyTenant bool `json:"any_tenant,omitempty"`
	// TargetsUnread says that which interfaces the rule is about is not known.
	TargetsUnread bool `json:"targets_unread,omitempty"`
	// Tier orders sets of rules that are asked one after another: the first match of an earlier one decides.
	Tier int `json:"tier,omitempty"`
	// Next says that what matches is handed on to the next tier. Such a rule admits nothing, so Deny is set as well.
	Next bool `json:"next,omitempty"`
}

// Mark is the id of a group that is no resource, such as all machines of a network that carry one tag.
func Mark(network, word string) string { return network + "#" + word }

// IsMark says whether an id is a mark, so that no record of it is missing.
func IsMark(id string) bool { return strings.Contains(id, "#") }

// Hop is one step of a way through the network, in the provider's own words.
type Hop struct {
	Label    string `json:"label"`
	Detail   string `json:"detail"`
	Resource string `json:"resource,omitempty"`
	// Opens marks the step that decides: without it the way is closed.
	Opens bool `json:"opens,omitempty"`
}

// Path is a way from the internet to a port of a machine.
type Path struct {
	// Ports are what the way reaches, as protocol/port or protocol/from-to.
	Ports []string `json:"ports"`
	// Forwarded says that an entry point leads here, not the machine's own address.
	Forwarded bool  `json:"forwarded,omitempty"`
	Hops      []Hop `json:"hops"`
}

// Behind tells what stands behind a packet filter.
type Behind struct {
	// Wearers counts the interfaces the filter guards.
	Wearers int `json:"wearers"`
	// Machines names what wears the interfaces, at most ten of them.
	Machines []string `json:"machines,omitempty"`
	// Exposure is the worst exposure of the wearers.
	Exposure string `json:"exposure"`
	// OpenPorts are reached from the internet at an own address, OpenAt is one such address.
	OpenPorts []string `json:"open_ports,omitempty"`
	OpenAt    string   `json:"open_at,omitempty"`
	// OpenMachine is the id of one machine that is open.
	OpenMachine string `json:"open_machine,omitempty"`
	// ForwardedPorts are reached through a balancer.
	ForwardedPorts []string `json:"forwarded_ports,omitempty"`
	// PrivateSources are the ranges that reach the wearers without the internet.
	PrivateSources []string `json:"private_sources,omitempty"`
	// UnknownPeer says that a link leads from the wearers' network to a party nobody named.
	UnknownPeer bool `json:"unknown_peer,omitempty"`
	// Privileged names a wearer whose identity is an administrator, when one is open.
	Privileged string `json:"privileged,omitempty"`
	// Missing is what could not be read, so that more may be reached than is said here.
	Missing []Unknown `json:"missing,omitempty"`
	// Shadowed names admissions that an earlier refusal leaves nothing of.
	Shadowed []string `json:"shadowed,omitempty"`
}

// Admitted tells who the data port of a database admits: one of the rows of the table "Who may talk to a database".
type Admitted struct {
	// Who is world, world_latent, cloud, unknown_peer, network, shared_group, application or nobody.
	Who string `json:"who"`
	// Ports are the data ports in question.
	Ports []string `json:"ports,omitempty"`
	// Sources are the admitted ranges and filters, as the rules name them.
	Sources []string `json:"sources,omitempty"`
	// Outside are the sources that lie on the internet and are not the world.
	Outside []string `json:"outside,omitempty"`
	// Others are ids of admitted resources that are not the application, some of them where there are many.
	Others     []string `json:"others,omitempty"`
	OtherCount int      `json:"other_count,omitempty"`
	// Application are ids of admitted machines the application runs on, some of them where there are many; By says how
	// they were found.
	Application      []string `json:"application,omitempty"`
	ApplicationCount int      `json:"application_count,omitempty"`
	By               string   `json:"by,omitempty"`
}

// Listener is one port an entry point answers on.
type Listener struct {
	Protocol string `json:"protocol"`
	Port     int    `json:"port"`
	// To is the last port where the listener answers on a range.
	To int `json:"to,omitempty"`
	// TLS says that the listener ends TLS here; Policy is the id of the policy that picks versions and suites.
	TLS    bool   `json:"tls,omitempty"`
	Policy string `json:"policy,omitempty"`
	// RedirectsToTLS says that every rule of the listener only redirects to HTTPS.
	RedirectsToTLS bool `json:"redirects_to_tls,omitempty"`
	// Targets are the ids of the forwarding targets behind it.
	Targets []string `json:"targets,omitempty"`
}

// DefaultRoute is the way out of a subnet.
type DefaultRoute struct {
	// Table is the id of the route table that decides.
	Table string `json:"table"`
	// Target is the provider's id of the next step; To says what it is.
	Target string `json:"target,omitempty"`
	To     string `json:"to"`
}

// PublicAccessBlock is a switch against public access, of a store or of all stores of an account.
type PublicAccessBlock struct {
	IgnoreACLs     bool `json:"ignore_acls"`
	RestrictPolicy bool `json:"restrict_policy"`
	BlockACLs      bool `json:"block_acls"`
	BlockPolicy    bool `json:"block_policy"`
}

// All says whether every part of the switch is on.
func (b PublicAccessBlock) All() bool {
	return b.IgnoreACLs && b.RestrictPolicy && b.BlockACLs && b.BlockPolicy
}
