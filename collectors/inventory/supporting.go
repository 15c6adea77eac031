package inventory

// Supporting classes: what no check speaks of, but derived facts rest on.
const (
	ClassNetworkInterface  Class = "network_interface"
	ClassRouteTable        Class = "route_table"
	ClassSubnetFilter      Class = "subnet_filter"
	ClassNetworkGateway    Class = "network_gateway"
	ClassForwardingTarget  Class = "forwarding_target"
	ClassFlowLog           Class = "flow_log"
	ClassTLSPolicy         Class = "tls_policy"
	ClassWebFirewall       Class = "web_firewall"
	ClassPublicAccessGuard Class = "public_access_guard"
	ClassInstanceProfile   Class = "instance_profile"
	ClassAddressList       Class = "address_list"
	ClassRegionUse         Class = "region_use"
	ClassAlertRule         Class = "alert_rule"
	ClassEndpointGuard     Class = "endpoint_guard"
	ClassFloodShield       Class = "flood_shield"
	ClassBackupCoverage    Class = "backup_coverage"
	ClassManagedNode       Class = "managed_node"
	ClassSourceImage       Class = "source_image"
	ClassRoster            Class = "roster"
	ClassDirectoryGroup    Class = "directory_group"
)

// NetworkInterface is a port of a machine, database, balancer or function in a subnet.
type NetworkInterface struct {
	Network string `json:"network" link:"in_network"`
	Subnet  string `json:"subnet" link:"in_subnet"`
	// Wearer is the id of what wears the interface; empty when unattached or not known.
	Wearer string `json:"wearer" link:"worn_by"`
	// WearerType is machine, database, balancer, function, gateway, endpoint (which only receives), broker (through which
	// people sign in to machines) or other.
	WearerType string `json:"wearer_type"`
	// PrivateAddresses are all its addresses inside the network.
	PrivateAddresses []string `json:"private_addresses"`
	// PublicAddresses are the addresses the internet can send to, IPv6 included.
	PublicAddresses []string `json:"public_addresses" link:"answers_to"`
	// Firewalls are the ids of the packet filters it wears.
	Firewalls []string `json:"firewalls" link:"guarded_by"`
	// Groups are the ids of groups it belongs to that rules name as one side, and that filter nothing themselves.
	Groups []string `json:"groups" link:"member_of"`
	// Overrides are the ids of filters that are asked before all it wears: what they refuse no other admits, and what
	// they admit for good no other refuses. Only clouds that have such filters state it.
	Overrides []string `json:"overrides" link:"overridden_by" stage:"derived"`
}

// Route is one line of a route table.
type Route struct {
	Destination string `json:"destination"`
	// To is internet, nat, egress_only, peering, transit, vpn, interface, endpoint, local, firewall or none.
	To     string `json:"to"`
	Target string `json:"target,omitempty"`
	// Dead says that the target is gone, so the route leads nowhere.
	Dead bool `json:"dead,omitempty"`
	// Priority decides between routes to the same destination; the lowest counts.
	Priority int `json:"priority,omitempty"`
	// Groups are the ids of groups whose members the route is for; empty for all.
	Groups []string `json:"groups,omitempty"`
}

// RouteTable says where the traffic of its subnets goes.
type RouteTable struct {
	Network string   `json:"network" link:"in_network"`
	Subnets []string `json:"subnets" link:"routes"`
	// Main says that subnets without a table of their own use this one.
	Main   bool    `json:"main"`
	Routes []Route `json:"routes"`
}

// SubnetFilter is a packet filter of whole subnets in which the first match decides.
type SubnetFilter struct {
	Network string   `json:"network" link:"in_network"`
	Subnets []string `json:"subnets" link:"filters"`
	Default bool     `json:"default"`
	Rules   []Rule   `json:"rules"`
}

// NetworkGateway is a door of a network to the internet.
type NetworkGateway struct {
	// Type is internet, nat, private_nat (which leads to other networks only) or egress_only.
	Type            string   `json:"type"`
	Networks        []string `json:"networks" link:"in_network"`
	PublicAddresses []string `json:"public_addresses"`
}

// Target is where a forwarding target sends traffic.
type Target struct {
	// Resource is the id of the machine, interface or function; empty for a bare address.
	Resource string `json:"resource,omitempty"`
	// Class is what Resource is, where the provider tells it: only the listing of that class can then say that it is gone.
	Class   Class  `json:"class,omitempty"`
	Address string `json:"address,omitempty"`
	Port    int    `json:"port"`
	// To is the last port where traffic arrives on a range.
	To int `json:"to,omitempty"`
}

// ForwardingTarget is a set of machines an entry point forwards to.
type ForwardingTarget struct {
	Protocol string `json:"protocol"`
	Port     int    `json:"port"`
	Network  string `json:"network" link:"in_network"`
	// EntryPoints are the ids of the entry points that use it.
	EntryPoints []string `json:"entry_points" link:"forwards_from"`
	Targets     []Target `json:"targets"`
	// Resources are the ids among the targets, so that a machine finds what leads to it.
	Resources []string `json:"resources" link:"forwards_to"`
	// PreservesCaller says that the caller's address reaches the target.
	PreservesCaller bool `json:"preserves_caller"`
}

// FlowLog is a record of traffic that is kept for a network, subnet or interface.
type FlowLog struct {
	Resource string `json:"resource" link:"records"`
	Active   bool   `json:"active"`
	// Traffic is all, accepted or rejected.
	Traffic string `json:"traffic"`
	// Destination is the id of the store the records go to.
	Destination string `json:"destination" link:"records_to"`
}

// TLSPolicy picks the versions and suites of a listener.
type TLSPolicy struct {
	// Versions are 1.0 to 1.3, and lower for SSL.
	Versions []float64 `json:"versions"`
	// Suites are the accepted suites by name.
	Suites []string `json:"suites"`
}

// WebFirewall is a web application firewall with what it guards.
type WebFirewall struct {
	Resources []string `json:"resources" link:"inspects"`
	// Blocking says that maintained rule sets against injection and scripting block rather than count.
	Blocking bool `json:"blocking"`
	Logged   bool `json:"logged"`
	// Unread is the scope of which it may inspect any entry point, while what it inspects is not known.
	Unread string `json:"unread" link:"may_inspect" stage:"derived"`
}

// PublicAccessGuard is the switch of a whole account against public stores.
type PublicAccessGuard struct {
	Block PublicAccessBlock `json:"block"`
}

// AddressList is a named set of address ranges that rules refer to.
type AddressList struct {
	// Ranges are its address ranges in CIDR notation.
	Ranges []string `json:"ranges"`
}

// InstanceProfile is what a machine wears to act as a role.
type InstanceProfile struct {
	Role string `json:"role" link:"runs_as"`
}

// SupportingClasses maps each supporting class to an empty struct of it.
var SupportingClasses = map[Class]func() any{
	ClassNetworkInterface:  func() any { return &NetworkInterface{} },
	ClassRouteTable:        func() any { return &RouteTable{} },
	ClassSubnetFilter:      func() any { return &SubnetFilter{} },
	ClassNetworkGateway:    func() any { return &NetworkGateway{} },
	ClassForwardingTarget:  func() any { return &ForwardingTarget{} },
	ClassFlowLog:           func() any { return &FlowLog{} },
	ClassTLSPolicy:         func() any { return &TLSPolicy{} },
	ClassWebFirewall:       func() any { return &WebFirewall{} },
	ClassPublicAccessGuard: func() any { return &PublicAccessGuard{} },
	ClassInstanceProfile:   func() any { return &InstanceProfile{} },
	ClassAddressList:       func() any { return &AddressList{} },
	ClassRegionUse:         func() any { return &RegionUse{} },
	ClassAlertRule:         func() any { return &AlertRule{} },
	ClassEndpointGuard:     func() any { return &EndpointGuard{} },
	ClassFloodShield:       func() any { return &FloodShield{} },
	ClassBackupCoverage:    func() any { return &BackupCoverage{} },
	ClassManagedNode:       func() any { return &ManagedNode{} },
	ClassSourceImage:       func() any { return &SourceImage{} },
	ClassRoster:            func() any { return &Roster{} },
	ClassDirectoryGroup:    func() any { return &DirectoryGroup{} },
}
