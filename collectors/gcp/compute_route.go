package gcp

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var routesWay = &way{
	types: []string{"compute.googleapis.com/Route"}, api: computeAPI,
	path: "/compute/v1/projects/{project}/global/routes", items: "items",
	permission: "compute.routes.list", action: "compute.routes.list",
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, routesOfNetwork, routesOfNetwork]{
	Kind: "gcp.compute.route_table", Class: inventory.ClassRouteTable,
	Permissions: append(routesWay.permissions(), networksWay.permission),
	ListAction:  routesWay.action, ListPermission: routesWay.permission,
	Global: true, NoLabels: true, List: listRouteTables, Facts: routeTableFacts,
})

// routesOfNetwork are the routes of one network: Google Cloud has no tables, and every route of a network is for all
// its subnetworks.
type routesOfNetwork struct {
	Network string
	Routes  []asset
}

type routeBody struct {
	Network          string   `json:"network"`
	DestRange        string   `json:"destRange"`
	Priority         *number  `json:"priority"`
	Tags             []string `json:"tags"`
	NextHopGateway   string   `json:"nextHopGateway"`
	NextHopInstance  string   `json:"nextHopInstance"`
	NextHopIP        string   `json:"nextHopIp"`
	NextHopNetwork   string   `json:"nextHopNetwork"`
	NextHopPeering   string   `json:"nextHopPeering"`
	NextHopVpnTunnel string   `json:"nextHopVpnTunnel"`
	NextHopIlb       string   `json:"nextHopIlb"`
	NextHopHub       string   `json:"nextHopHub"`
}

// listRouteTables groups routes by network. A network without any route has an empty table, which leads nowhere.
func listRouteTables(ctx context.Context, c *Clients) iter.Seq2[routesOfNetwork, error] {
	return safely(func(yield func(routesOfNetwork, error) bool) {
		byNetwork := map[string][]asset{}
		networks, err := c.keep(ctx, networksWay)
		if err != nil {
			yield(routesOfNetwork{}, err)
			return
		}
		for _, n := range networks {
			byNetwork[idOf(n)] = nil
		}
		for a, err := range routesWay.list(ctx, c) {
			if err != nil {
				yield(routesOfNetwork{}, err)
				return
			}
			n := computeID(read[routeBody](a).Network)
			byNetwork[n] = append(byNetwork[n], a)
		}
		for _, n := range sortedKeys(byNetwork) {
			if !yield(routesOfNetwork{n, byNetwork[n]}, nil) {
				return
			}
		}
	})
}

func routeTableFacts(_ collectors.Where, t routesOfNetwork) *inventory.Resource {
	facts := &inventory.RouteTable{Network: t.Network, Main: true, Subnets: []string{}, Routes: []inventory.Route{}}
	r := inventory.New(t.Network+"/routes", "routes of "+short(t.Network), collectors.Global, facts)
	for _, a := range t.Routes {
		facts.Routes = append(facts.Routes, routeOf(read[routeBody](a), t.Network))
	}
	slices.SortFunc(facts.Routes, func(a, b inventory.Route) int {
		switch x, y := fmt.Sprintf("%v", a), fmt.Sprintf("%v", b); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	r.Known("network", "main", "subnets", "routes")
	return r
}

// routeOf states one route. A route for tags is for the machines that carry one of them.
func routeOf(b routeBody, network string) inventory.Route {
	out := inventory.Route{Destination: b.DestRange, Priority: 1000, To: "none"}
	if b.Priority != nil {
		out.Priority = int(*b.Priority)
	}
	for _, tag := range b.Tags {
		out.Groups = append(out.Groups, tagMark(network, tag))
	}
	for _, hop := range []struct{ link, to string }{
		{b.NextHopGateway, "internet"}, {b.NextHopInstance, "interface"}, {b.NextHopIP, "interface"},
		{b.NextHopIlb, "interface"}, {b.NextHopVpnTunnel, "vpn"}, {b.NextHopPeering, "peering"}, {b.NextHopHub, "transit"},
		{b.NextHopNetwork, "local"},
	} {
		if hop.link != "" {
			out.To, out.Target = hop.to, computeID(hop.link)
			break
		}
	}
	return out
}
