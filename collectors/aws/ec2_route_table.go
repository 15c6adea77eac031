package aws

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.RouteTable, types.RouteTable]{
	Kind:        "aws.ec2.route_table",
	Class:       inventory.ClassRouteTable,
	Permissions: []string{"ec2:DescribeRouteTables"},
	ListAction:  "DescribeRouteTables", ListPermission: "ec2:DescribeRouteTables",
	List:  lister[types.RouteTable](routeTables).all,
	Find:  lister[types.RouteTable](routeTables).one,
	Facts: routeTableFacts,
})

func routeTables(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.RouteTable, error] {
	p := ec2.NewDescribeRouteTablesPaginator(c.EC2, &ec2.DescribeRouteTablesInput{
		RouteTableIds: ids, MaxResults: pageSize(100, ids),
	})
	return described(ctx, p, func(o *ec2.DescribeRouteTablesOutput) []types.RouteTable { return o.RouteTables },
		"InvalidRouteTableID.NotFound")
}

func routeTableFacts(w collectors.Where, t types.RouteTable) *inventory.Resource {
	facts := &inventory.RouteTable{}
	tags := ec2Labels(t.Tags)
	id := aws.ToString(t.RouteTableId)
	r := inventory.New(ec2ARN(w, "route-table", id), nameOr(tags, id), w.Region, facts)
	r.Labels = tags
	facts.Network = ec2ARN(w, "vpc", aws.ToString(t.VpcId))
	for _, a := range t.Associations {
		if a.AssociationState != nil && a.AssociationState.State != types.RouteTableAssociationStateCodeAssociated {
			continue
		}
		facts.Main = facts.Main || aws.ToBool(a.Main)
		if subnet := aws.ToString(a.SubnetId); subnet != "" {
			facts.Subnets = append(facts.Subnets, ec2ARN(w, "subnet", subnet))
		}
	}
	for _, route := range t.Routes {
		facts.Routes = append(facts.Routes, routeFacts(w, route))
	}
	r.Known("network", "subnets", "main", "routes")
	return r
}

func routeFacts(w collectors.Where, t types.Route) inventory.Route {
	route := inventory.Route{Destination: routeDestination(w, t), Dead: t.State == types.RouteStateBlackhole}
	var target string
	route.To, target = routeTarget(t)
	route.Target = ec2ByPrefix(w, target)
	return route
}

func routeDestination(w collectors.Where, t types.Route) string {
	switch {
	case t.DestinationCidrBlock != nil:
		return *t.DestinationCidrBlock
	case t.DestinationIpv6CidrBlock != nil:
		return *t.DestinationIpv6CidrBlock
	default:
		return ec2ARN(w, "prefix-list", aws.ToString(t.DestinationPrefixListId))
	}
}

// routeTarget says what the next step is, and its short id. The steps are looked at in an order that matters: a route
// to a machine names its interface as well.
func routeTarget(t types.Route) (to, target string) {
	for _, step := range []struct {
		to string
		id *string
	}{
		{"nat", t.NatGatewayId},
		{"egress_only", t.EgressOnlyInternetGatewayId},
		{"peering", t.VpcPeeringConnectionId},
		{"transit", t.TransitGatewayId},
		{"transit", t.CoreNetworkArn},
		// The network behind a local gateway is the customer's own, reached by a private line as behind a VPN.
		{"vpn", t.LocalGatewayId},
		{"transit", t.OdbNetworkArn},
		// Machines in a carrier's zone reach the internet, and the carrier's customers reach them.
		{"internet", t.CarrierGatewayId},
		{"interface", t.NetworkInterfaceId},
		{"interface", t.InstanceId},
	} {
		if aws.ToString(step.id) != "" {
			return step.to, *step.id
		}
	}
	return gatewayTarget(t)
}

// gatewayTarget reads the field that EC2 shares between several sorts of gateway. An endpoint that a range is routed to
// is one of a firewall or another appliance; the endpoint of a service is routed to by the service's address list.
func gatewayTarget(t types.Route) (to, target string) {
	id := aws.ToString(t.GatewayId)
	switch {
	case id == "local":
		return "local", ""
	case strings.HasPrefix(id, "igw-"):
		return "internet", id
	case strings.HasPrefix(id, "vgw-"):
		return "vpn", id
	case strings.HasPrefix(id, "vpce-") && t.DestinationPrefixListId == nil:
		return "firewall", id
	case strings.HasPrefix(id, "vpce-"):
		return "endpoint", id
	default:
		return "none", id
	}
}
