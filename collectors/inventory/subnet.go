package inventory

// Subnet is the class subnet: a slice of a network in which interfaces get addresses.
type Subnet struct {
	// RoutesToInternet is the bool routes_to_internet: The effective default route leads straight to the internet
	// (not through NAT or a firewall).
	//   AWS: route table Routes[0.0.0.0/0 or ::/0].GatewayId=igw-*.
	//   Azure: effective route: no user route 0.0.0.0/0, or nextHopType=Internet.
	//   Google Cloud: route destRange 0.0.0.0/0 nextHopGateway default-internet-gateway with matching tags.
	RoutesToInternet bool `cel:"routes_to_internet" json:"routes_to_internet" stage:"derived"`
	// AutoPublicAddress is the bool auto_public_address: New interfaces get a public address unless someone says
	// no.
	//   AWS: MapPublicIpOnLaunch, AssignIpv6AddressOnCreation.
	//   Azure: n/a: public addresses are separate resources; none is given by default.
	//   Google Cloud: n/a: set for each interface; see guardrail public_address and
	//   compute_instance.public_address.
	AutoPublicAddress bool `cel:"auto_public_address" json:"auto_public_address"`
	// FlowLogged is the bool flow_logged: Traffic records are kept for the subnet.
	//   AWS: ec2:DescribeFlowLogs for the subnet or its VPC, FlowLogStatus=ACTIVE, TrafficType ALL or REJECT.
	//   Azure: Microsoft.Network/networkWatchers/flowLogs enabled, target the network, subnet or its group.
	//   Google Cloud: logConfig.enable.
	FlowLogged bool `cel:"flow_logged" json:"flow_logged" stage:"derived"`
	// FirewallAttached is the bool firewall_attached: A packet filter guards the subnet.
	//   AWS: inherent: a network ACL is always attached, and interfaces always carry a security group.
	//   Azure: properties.networkSecurityGroup.id (gateway and firewall subnets exempt).
	//   Google Cloud: inherent: VPC firewall rules always apply, with an implied deny inbound.
	FirewallAttached bool `cel:"firewall_attached" json:"firewall_attached" stage:"derived"`

	// Network is the id of the network the subnet is cut from.
	Network string `json:"network" link:"in_network"`
	// Ranges are the address ranges of the subnet in CIDR notation.
	Ranges []string `json:"ranges"`
	// Zone is the availability zone, where the cloud has one for each subnet.
	Zone string `json:"zone"`
	// Route says by which table and route traffic to the internet leaves.
	Route *DefaultRoute `json:"route" stage:"derived"`
}
