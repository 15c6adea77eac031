package inventory

// Firewall is the class firewall: a packet filter: security group, network security group, VPC firewall rule or
// policy.
type Firewall struct {
	// IsDefault is the bool is_default: The filter, or the rule, the provider created on its own.
	//   AWS: GroupName=default.
	//   Azure: n/a: the built-in rules of a group cannot be removed and admit nothing from the internet.
	//   Google Cloud: name default-allow-ssh, default-allow-rdp, default-allow-icmp, default-allow-internal.
	IsDefault bool `cel:"is_default" json:"is_default"`
	// AllowsAny is the bool allows_any: Holds any rule that admits traffic.
	//   AWS: IpPermissions or IpPermissionsEgress non-empty.
	//   Azure: securityRules with access=Allow.
	//   Google Cloud: allowed[] with disabled=false.
	AllowsAny bool `cel:"allows_any" json:"allows_any"`
	// WorldAllPorts is the bool world_all_ports: Admits every port from the world (0.0.0.0/0, ::/0, Internet, *,
	// or a public range wider than /8).
	//   AWS: IpPermissions[IpProtocol=-1 or 0-65535].IpRanges, Ipv6Ranges.
	//   Azure: securityRules direction=Inbound access=Allow destinationPortRange=* sourceAddressPrefix(es), after
	//   priority.
	//   Google Cloud: sourceRanges with allowed[].IPProtocol=all or ports absent, after priority.
	WorldAllPorts bool `cel:"world_all_ports" json:"world_all_ports" stage:"derived"`
	// WorldAdminPorts is the list<string> world_admin_ports: Administration ports admitted from the world: 22,
	// 3389, 5985, 5986, 5900-5903, 2375, 2376, 6443, 10250. Unit: protocol/port or protocol/from-to.
	//   AWS: IpPermissions[].FromPort, ToPort, IpRanges, Ipv6Ranges, PrefixListIds.
	//   Azure: securityRules destinationPortRange(s), sourceAddressPrefix(es), priority.
	//   Google Cloud: allowed[].ports, sourceRanges, priority, denied[].
	WorldAdminPorts []string `cel:"world_admin_ports" json:"world_admin_ports" stage:"derived"`
	// WorldDataPorts is the list<string> world_data_ports: Data service ports admitted from the world: 1433, 1434,
	// 1521, 2379, 2483, 3306, 5432, 5601, 5984, 6379, 7000, 7001, 7199, 8086, 9042, 9092, 9160, 9200, 9300, 11211,
	// 27017-27019. Unit: protocol/port or protocol/from-to.
	//   AWS: IpPermissions[].FromPort, ToPort, IpRanges, Ipv6Ranges, PrefixListIds.
	//   Azure: securityRules destinationPortRange(s), sourceAddressPrefix(es), priority.
	//   Google Cloud: allowed[].ports, sourceRanges, priority, denied[].
	WorldDataPorts []string `cel:"world_data_ports" json:"world_data_ports" stage:"derived"`
	// WorldLegacyPorts is the list<string> world_legacy_ports: Clear-text, file-sharing and amplification ports
	// admitted from the world: 20, 21, 23, 25, 69, 111, 123/udp, 135, 137-139, 161, 389, 445, 512-514, 636, 88,
	// 873, 1900/udp, 2049. Unit: protocol/port or protocol/from-to.
	//   AWS: IpPermissions[].FromPort, ToPort, IpProtocol, IpRanges.
	//   Azure: securityRules destinationPortRange(s), protocol.
	//   Google Cloud: allowed[].ports, IPProtocol.
	WorldLegacyPorts []string `cel:"world_legacy_ports" json:"world_legacy_ports" stage:"derived"`
	// EgressWorldAll is the bool egress_world_all: Lets everything out to everywhere.
	//   AWS: IpPermissionsEgress[IpProtocol=-1].IpRanges 0.0.0.0/0.
	//   Azure: outbound: no Deny rule above the built-in AllowInternetOutBound.
	//   Google Cloud: no EGRESS deny rule above the implied allow.
	EgressWorldAll bool `cel:"egress_world_all" json:"egress_world_all" stage:"derived"`

	// Network is the id of the network the filter belongs to.
	Network string `json:"network" link:"in_network"`
	// Layer places the filter on the way to an interface: what stands in one layer is one set of rules, and every layer
	// must admit. Filters that do not say stand in layer 0 together.
	Layer int `json:"layer"`
	// AppliesTo are networks and groups in them of which every interface stands behind the filter, where the cloud's
	// filters are not worn.
	AppliesTo []string `json:"applies_to" link:"applies_to" stage:"derived"`
	// Rules are what the filter admits and refuses, in the provider's order.
	Rules []Rule `json:"rules"`
	// Behind is what stands behind the filter, worked out by the reachability walk.
	Behind *Behind `json:"behind" stage:"derived"`
}
