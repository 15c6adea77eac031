package azure

import (
	"net/netip"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, inNetwork[struct{}], inNetwork[struct{}]]{
	Kind:        "azure.network.system_route_table",
	Class:       inventory.ClassRouteTable,
	Permissions: []string{virtualNetworks.permission()},
	ListAction:  virtualNetworks.action(), ListPermission: virtualNetworks.permission(),
	Global: true,
	List:   partsOf(onceEach),
	Find:   findPart(onceEach, func(i inNetwork[struct{}]) string { return armID(i.Network.Row.ID) + systemRoutes }),
	Facts:  systemRouteFacts,
})

var _ = collectors.Register(&Sources, collectors.Source[*Clients, inNetwork[struct{}], inNetwork[struct{}]]{
	Kind:        "azure.network.system_gateway",
	Class:       inventory.ClassNetworkGateway,
	Permissions: []string{virtualNetworks.permission()},
	ListAction:  virtualNetworks.action(), ListPermission: virtualNetworks.permission(),
	Global: true,
	List:   partsOf(onceEach),
	Find:   findPart(onceEach, func(i inNetwork[struct{}]) string { return armID(i.Network.Row.ID) + systemGateway }),
	Facts:  systemGatewayFacts,
})

// Azure gives every network routes and a way to the internet that are no resources; their records are named after the
// network.
const (
	systemRoutes  = "/systemroutes"
	systemGateway = "/internet"
)

// systemRouteFacts are the routes of a subnet that has no table of its own.
func systemRouteFacts(_ collectors.Where, i inNetwork[struct{}]) *inventory.Resource {
	network := armID(i.Network.Row.ID)
	facts := &inventory.RouteTable{Network: network, Main: true, Routes: defaultRoutes(network)}
	r := inventory.New(network+systemRoutes, "system routes of "+i.Network.Row.Name, regionOf(i.Network.Row.Location),
		facts)
	r.Known("network", "subnets", "main", "routes")
	return r
}

func defaultRoutes(network string) []inventory.Route {
	target := ""
	if network != "" {
		target = network + systemGateway
	}
	return []inventory.Route{{Destination: "0.0.0.0/0", To: "internet", Target: target}, {Destination: "::/0",
		To: "internet", Target: target}}
}

func systemGatewayFacts(_ collectors.Where, i inNetwork[struct{}]) *inventory.Resource {
	network := armID(i.Network.Row.ID)
	facts := &inventory.NetworkGateway{Type: "internet", Networks: []string{network}}
	r := inventory.New(network+systemGateway, "internet", regionOf(i.Network.Row.Location), facts)
	r.Known("type", "networks", "public_addresses")
	return r
}

var routeTables = rowsOf{typ: "Microsoft.Network/routeTables", version: "2024-05-01"}

// routeTable is what is read of a table of user routes.
type routeTable struct {
	Subnets []ref `json:"subnets,omitempty"`
	Routes  *[]struct {
		Name       string `json:"name"`
		Properties struct {
			Prefix string `json:"addressPrefix"`
			Type   string `json:"nextHopType"`
			Hop    string `json:"nextHopIpAddress,omitempty"`
		} `json:"properties"`
	} `json:"routes,omitempty"`
}

var _ = register("azure.network.route_table", inventory.ClassRouteTable, routeTables, routeTableFacts)

var nextHops = map[string]string{
	"internet": "internet", "virtualappliance": "firewall", "virtualnetworkgateway": "vpn", "vnetlocal": "local",
	"none":                          "none",
	"virtualnetworkserviceendpoint": "endpoint",
}

// routeTableFacts adds to the user routes the system's default, unless user routes send all of it elsewhere.
func routeTableFacts(_ collectors.Where, s seen[routeTable]) *inventory.Resource {
	facts := &inventory.RouteTable{}
	r := described(s, facts)
	defer leftOut(r, routeTables)
	for _, n := range s.Row.Properties.Subnets {
		facts.Subnets = append(facts.Subnets, n.id())
		facts.Network = networkOf(n.id())
	}
	r.Known("network", "subnets", "main")
	if s.Row.Properties.Routes == nil {
		return r
	}
	elsewhere := map[string]bool{}
	for _, route := range *s.Row.Properties.Routes {
		to := nextHops[lower(route.Properties.Type)]
		if to == "" {
			to = "none"
		}
		target := route.Properties.Hop
		if to == "internet" && facts.Network != "" {
			target = facts.Network + systemGateway
		}
		facts.Routes = append(facts.Routes, inventory.Route{Destination: prefixOf(route.Properties.Prefix), To: to,
			Target: target})
		elsewhere[prefixOf(route.Properties.Prefix)] = true
	}
	for _, d := range defaultRoutes(facts.Network) {
		halves := halvesOf(d.Destination)
		if !elsewhere[d.Destination] && !(elsewhere[halves[0]] && elsewhere[halves[1]]) {
			facts.Routes = append(facts.Routes, d)
		}
	}
	r.Known("routes")
	return r
}

// prefixOf spells a destination as a masked prefix; service tags stay as they are.
func prefixOf(word string) string {
	p, err := netip.ParsePrefix(word)
	if err != nil {
		return word
	}
	return p.Masked().String()
}

func halvesOf(world string) [2]string {
	if world == "::/0" {
		return [2]string{"::/1", "8000::/1"}
	}
	return [2]string{"0.0.0.0/1", "128.0.0.0/1"}
}
