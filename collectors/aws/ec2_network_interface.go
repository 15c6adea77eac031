package aws

import (
	"context"
	"iter"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.NetworkInterface, types.NetworkInterface]{
	Kind:        "aws.ec2.network_interface",
	Class:       inventory.ClassNetworkInterface,
	Permissions: []string{"ec2:DescribeNetworkInterfaces"},
	ListAction:  "DescribeNetworkInterfaces", ListPermission: "ec2:DescribeNetworkInterfaces",
	List:  lister[types.NetworkInterface](networkInterfaces).all,
	Find:  lister[types.NetworkInterface](networkInterfaces).one,
	Facts: networkInterfaceFacts,
})

func networkInterfaces(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.NetworkInterface, error] {
	p := ec2.NewDescribeNetworkInterfacesPaginator(c.EC2, &ec2.DescribeNetworkInterfacesInput{
		NetworkInterfaceIds: ids, MaxResults: pageSize(1000, ids), IncludeManagedResources: evenHidden,
	})
	return described(ctx, p, func(o *ec2.DescribeNetworkInterfacesOutput) []types.NetworkInterface {
		return o.NetworkInterfaces
	},
		"InvalidNetworkInterfaceID.NotFound")
}

func networkInterfaceFacts(w collectors.Where, n types.NetworkInterface) *inventory.Resource {
	facts := &inventory.NetworkInterface{}
	tags := ec2Labels(n.TagSet)
	id := aws.ToString(n.NetworkInterfaceId)
	r := inventory.New(ec2ARN(w, "network-interface", id), nameOr(tags, id), w.Region, facts)
	r.Labels = tags
	facts.Network = ec2ARN(w, "vpc", aws.ToString(n.VpcId))
	facts.Subnet = ec2ARN(w, "subnet", aws.ToString(n.SubnetId))
	for _, g := range n.Groups {
		facts.Firewalls = append(facts.Firewalls, ec2ARN(w, "security-group", aws.ToString(g.GroupId)))
	}
	facts.PrivateAddresses, facts.PublicAddresses = interfaceAddresses(n)
	facts.WearerType, facts.Wearer = wearer(w, n)
	r.Known("network", "subnet", "firewalls", "groups", "private_addresses", "public_addresses", "wearer_type", "wearer")
	return r
}

// interfaceAddresses are the addresses inside the network and those the internet can send to. Every IPv6 address but a
// unique local one is both: there is no translation on the way.
func interfaceAddresses(n types.NetworkInterface) (private, public []string) {
	add := func(list *[]string, address *string) {
		if a := aws.ToString(address); a != "" && !slices.Contains(*list, a) {
			*list = append(*list, a)
		}
	}
	associated := func(a *types.NetworkInterfaceAssociation) {
		if a != nil {
			add(&public, a.PublicIp)
			add(&public, a.CarrierIp)
		}
	}
	add(&private, n.PrivateIpAddress)
	associated(n.Association)
	for _, p := range n.PrivateIpAddresses {
		add(&private, p.PrivateIpAddress)
		associated(p.Association)
	}
	for _, v6 := range n.Ipv6Addresses {
		add(&private, v6.Ipv6Address)
		if globalIPv6(aws.ToString(v6.Ipv6Address)) {
			add(&public, v6.Ipv6Address)
		}
	}
	return private, public
}

// globalIPv6 says whether an address is one the internet can route to.
func globalIPv6(address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && a.Is6() && a.IsGlobalUnicast() && !a.IsPrivate()
}

// wearerTypes maps the interface types of EC2 to what wears them. The API spells a NAT gateway's in two ways.
var wearerTypes = map[types.NetworkInterfaceType]string{
	"nat_gateway":                                      "gateway",
	types.NetworkInterfaceTypeNatGateway:               "gateway",
	types.NetworkInterfaceTypeTransitGateway:           "gateway",
	types.NetworkInterfaceTypeLoadBalancer:             "balancer",
	types.NetworkInterfaceTypeNetworkLoadBalancer:      "balancer",
	types.NetworkInterfaceTypeGatewayLoadBalancer:      "balancer",
	types.NetworkInterfaceTypeLambda:                   "function",
	types.NetworkInterfaceTypeApiGatewayManaged:        "other",
	types.NetworkInterfaceTypeVpcEndpoint:              "other",
	types.NetworkInterfaceTypeGlobalAcceleratorManaged: "other",
	// Instance Connect asks who somebody is, and records it; the SDK has no name for the type.
	"ec2_instance_connect_endpoint": "broker",
}

// wearerRequesters maps the services that create interfaces on their own to what wears them.
var wearerRequesters = map[string]string{
	"amazon-elb": "balancer", "amazon-rds": "database", "amazon-redshift": "database", "amazon-elasticache": "database",
}

// databaseDescriptions begin the descriptions of interfaces that database services create.
var databaseDescriptions = []string{
	"RDSNetworkInterface", "ElastiCache", "RedshiftNetworkInterface", "DMSNetworkInterface",
}

// wearer says what wears the interface, and its id where the answer names it. An interface of a machine names the
// machine; one of a service tells by its type, by who asked for it, or by its description. An interface that is not
// worn has neither.
func wearer(w collectors.Where, n types.NetworkInterface) (kind, id string) {
	attachedTo, owner := "", ""
	if n.Attachment != nil {
		attachedTo, owner = aws.ToString(n.Attachment.InstanceId), aws.ToString(n.Attachment.InstanceOwnerId)
	}
	if attachedTo != "" {
		return "machine", ec2ARN(w, "instance", attachedTo)
	}
	description := aws.ToString(n.Description)
	kind = wearerTypes[n.InterfaceType]
	for _, requester := range []string{aws.ToString(n.RequesterId), owner} {
		if kind == "" {
			kind = wearerRequesters[requester]
		}
	}
	managed := aws.ToBool(n.RequesterManaged) || strings.HasPrefix(owner, "amazon-")
	switch {
	case kind != "":
	case strings.HasPrefix(description, "AWS Lambda VPC ENI"):
		kind = "function"
	case managed && strings.HasPrefix(description, "ELB "):
		kind = "balancer"
	case managed && slices.ContainsFunc(databaseDescriptions, func(prefix string) bool {
		return strings.HasPrefix(description, prefix)
	}):
		kind = "database"
	case n.Attachment != nil || managed || n.Status == types.NetworkInterfaceStatusInUse:
		kind = "other"
	}
	if managed {
		id = describedWearer(w, description)
	}
	return kind, id
}

// describedWearer reads the id of a wearer from the description that its service writes.
func describedWearer(w collectors.Where, description string) string {
	if nat, ok := strings.CutPrefix(description, "Interface for NAT Gateway "); ok {
		return ec2ARN(w, "natgateway", nat)
	}
	if balancer, ok := strings.CutPrefix(description, "ELB "); ok && !strings.Contains(balancer, " ") {
		return arn(w, "elasticloadbalancing", "loadbalancer/"+balancer)
	}
	return ""
}
