package inventory

// Network is the class network: a private network: VPC, virtual network, VPC network.
type Network struct {
	// Legacy is the bool legacy: A first-generation network without subnets of its own or outside the current
	// resource model.
	//   AWS: ec2:DescribeAccountAttributes supported-platforms contains EC2.
	//   Azure: type Microsoft.ClassicNetwork/virtualNetworks.
	//   Google Cloud: IPv4Range set, or autoCreateSubnetworks absent.
	Legacy bool `cel:"legacy" json:"legacy"`
	// DefaultInUse is the bool default_in_use: The network the provider made by default holds resources.
	//   AWS: IsDefault and any interface in ec2:DescribeNetworkInterfaces.
	//   Azure: n/a: the provider makes no default network.
	//   Google Cloud: name=default and any instance networkInterfaces[].network.
	DefaultInUse bool `cel:"default_in_use" json:"default_in_use" stage:"derived"`
	// DNSQueriesLogged is the bool dns_queries_logged: Name queries from the network are recorded.
	//   AWS: route53resolver:ListResolverQueryLogConfigAssociations ResourceId.
	//   Azure: Microsoft.Network/dnsResolverPolicies linked to the network, with a diagnostic setting.
	//   Google Cloud: dns.policies.list enableLogging with networks[].
	DNSQueriesLogged bool `cel:"dns_queries_logged" json:"dns_queries_logged" stage:"derived"`
	// EgressFiltered is the bool egress_filtered: Outbound web traffic passes a filter by domain or URL category.
	//   AWS: route53resolver:ListFirewallRuleGroupAssociations VpcId; network-firewall:DescribeFirewallPolicy with
	//   a domain list rule group.
	//   Azure: Microsoft.Network/azureFirewalls on the default route with applicationRuleCollections, or
	//   firewallPolicies threatIntelMode=Deny; dnsResolverPolicies block rules.
	//   Google Cloud: networkservices.gateways type SECURE_WEB_GATEWAY; networksecurity.gatewaySecurityPolicies;
	//   dns.responsePolicies.list; firewall policy rule match.destFqdns with a deny-all below.
	EgressFiltered bool `cel:"egress_filtered" json:"egress_filtered" stage:"derived"`
	// ReachesInternet is the bool reaches_internet: Machines, nodes or functions in it have a path out.
	//   AWS: derived: a subnet with interfaces routes 0.0.0.0/0 to igw-, nat- or tgw-.
	//   Azure: derived: a subnet with interfaces has outbound access, a NAT gateway or a firewall.
	//   Google Cloud: derived: default route with external addresses or Cloud NAT.
	ReachesInternet bool `cel:"reaches_internet" json:"reaches_internet" stage:"derived"`
	// TimeSourceApproved is the bool time_source_approved: Machines are pointed at the provider time service or at
	// an approved one.
	//   AWS: ec2:DescribeDhcpOptions DhcpConfigurations[ntp-servers] absent, 169.254.169.123, or in
	//   param.time_sources.
	//   Azure: inherent: machines take time from the host; the network has no setting.
	//   Google Cloud: inherent: machines take time from the metadata server; the network has no setting.
	TimeSourceApproved bool `cel:"time_source_approved" json:"time_source_approved" stage:"derived"`

	// Default says that the provider made the network on its own.
	Default bool `json:"default"`
	// Ranges are the address ranges of the network in CIDR notation.
	Ranges []string `json:"ranges"`
	// TimeServers are the time sources that machines of the network are told to use; none stands for the provider's.
	TimeServers []string `json:"time_servers" stage:"derived"`
}
