package aws

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Config tells of EC2 in the words of its API. What a configuration must hold to be taken at its word stands with each
// type; the members that Config publishes: https://github.com/awslabs/aws-config-resource-schema.

var configInstance = configType(recordedType{
	name: "AWS::EC2::Instance", kind: "aws.ec2.instance",
	needs: []string{"instanceId", "imageId", "state", "networkInterfaces", "blockDeviceMappings", "securityGroups"},
})

var _ = lists("EC2.DescribeInstances", configInstance, func(o *ec2.DescribeInstancesOutput, items []types.Instance) {
	o.Reservations = []types.Reservation{{Instances: items}}
})

var configInterface = configType(recordedType{
	name: "AWS::EC2::NetworkInterface", kind: "aws.ec2.network_interface",
	needs:   []string{"networkInterfaceId", "status", "subnetId", "vpcId", "groups", "privateIpAddresses"},
	partial: map[string][]string{"ipv6Addresses": {"private_addresses", "public_addresses"}},
})

var _ = lists("EC2.DescribeNetworkInterfaces", configInterface,
	func(o *ec2.DescribeNetworkInterfacesOutput, items []types.NetworkInterface) {
		o.NetworkInterfaces = items
	})

var configSecurityGroup = configType(recordedType{
	name: "AWS::EC2::SecurityGroup", kind: "aws.ec2.security_group",
	needs: []string{"groupId", "groupName", "description", "ipPermissions", "ipPermissionsEgress"},
	shape: func(configuration map[string]any) {
		shapePermissions(configuration, "ipPermissions")
		shapePermissions(configuration, "ipPermissionsEgress")
	},
	partial: everyMember([]string{"rules", "allows_any"},
		"ipPermissions.ipv4Ranges|ipRanges", "ipPermissions.ipv6Ranges", "ipPermissions.userIdGroupPairs",
		"ipPermissions.prefixListIds", "ipPermissionsEgress.ipv4Ranges|ipRanges", "ipPermissionsEgress.ipv6Ranges",
		"ipPermissionsEgress.userIdGroupPairs", "ipPermissionsEgress.prefixListIds"),
})

// everyMember says that the same facts rest on each of some members.
func everyMember(facts []string, members ...string) map[string][]string {
	out := map[string][]string{}
	for _, m := range members {
		out[m] = facts
	}
	return out
}

// shapePermissions puts the ranges of permissions where the API has them: Config tells them in ipv4Ranges, and before
// that as bare text.
func shapePermissions(configuration map[string]any, member string) {
	permissions, _ := configuration[member].([]any)
	for _, p := range permissions {
		permission, ok := p.(map[string]any)
		if !ok {
			continue
		}
		if ranges, there := permission["ipv4Ranges"]; there {
			permission["ipRanges"] = ranges
			continue
		}
		ranges, _ := permission["ipRanges"].([]any)
		for n, r := range ranges {
			if text, ok := r.(string); ok {
				ranges[n] = map[string]any{"cidrIp": text}
			}
		}
	}
}

var _ = lists("EC2.DescribeSecurityGroups", configSecurityGroup,
	func(o *ec2.DescribeSecurityGroupsOutput, items []types.SecurityGroup) { o.SecurityGroups = items })

var configNetworkACL = configType(recordedType{
	name: "AWS::EC2::NetworkAcl", kind: "aws.ec2.network_acl",
	needs: []string{"networkAclId", "vpcId", "isDefault", "entries", "associations"},
})

var _ = lists("EC2.DescribeNetworkAcls", configNetworkACL,
	func(o *ec2.DescribeNetworkAclsOutput, items []types.NetworkAcl) { o.NetworkAcls = items })

var configSubnet = configType(recordedType{
	name: "AWS::EC2::Subnet", kind: "aws.ec2.subnet",
	needs:   []string{"subnetId", "vpcId", "cidrBlock", "availabilityZone", "mapPublicIpOnLaunch"},
	silent:  map[string][]string{"ipv6CidrBlockAssociationSet": {"auto_public_address"}},
	partial: map[string][]string{"ipv6CidrBlockAssociationSet": {"ranges"}},
})

var _ = lists("EC2.DescribeSubnets", configSubnet,
	func(o *ec2.DescribeSubnetsOutput, items []types.Subnet) { o.Subnets = items })

var configVPC = configType(recordedType{
	name: "AWS::EC2::VPC", kind: "aws.ec2.vpc",
	needs:   []string{"vpcId", "cidrBlock", "isDefault", "instanceTenancy"},
	silent:  map[string][]string{"dhcpOptionsId": {"time_servers"}},
	partial: everyMember([]string{"ranges"}, "cidrBlockAssociationSet", "ipv6CidrBlockAssociationSet"),
})

var _ = lists("EC2.DescribeVpcs", configVPC, func(o *ec2.DescribeVpcsOutput, items []types.Vpc) { o.Vpcs = items })

var configRouteTable = configType(recordedType{
	name: "AWS::EC2::RouteTable", kind: "aws.ec2.route_table",
	needs: []string{"routeTableId", "vpcId", "routes", "associations"},
	doubt: func(configuration map[string]any) []string {
		if routes, _ := configuration["routes"].([]any); slices.ContainsFunc(routes, withoutTarget) {
			return []string{"routes"}
		}
		return nil
	},
})

// withoutTarget says whether a route leads to none of the steps that the API names. Config learnt of some of them late,
// and such a route would read as one that leads nowhere.
func withoutTarget(route any) bool {
	members, _ := route.(map[string]any)
	for name, target := range members {
		word := strings.ToLower(name)
		step := strings.HasSuffix(word, "id") || strings.HasSuffix(word, "arn")
		named := word != "destinationprefixlistid" && word != "instanceownerid"
		if step && named && textOf(target) != "" {
			return false
		}
	}
	return true
}

var _ = lists("EC2.DescribeRouteTables", configRouteTable,
	func(o *ec2.DescribeRouteTablesOutput, items []types.RouteTable) { o.RouteTables = items })

var configInternetGateway = configType(recordedType{
	name: "AWS::EC2::InternetGateway", kind: "aws.ec2.internet_gateway",
	needs: []string{"internetGatewayId", "attachments"},
})

var _ = lists("EC2.DescribeInternetGateways", configInternetGateway,
	func(o *ec2.DescribeInternetGatewaysOutput, items []types.InternetGateway) { o.InternetGateways = items })

var configNATGateway = configType(recordedType{
	name: "AWS::EC2::NatGateway", kind: "aws.ec2.nat_gateway",
	needs: []string{"natGatewayId", "state", "vpcId", "subnetId", "natGatewayAddresses"},
	// Gateways without public addresses came later than the type.
	partial: map[string][]string{"connectivityType": {"type"}},
})

var _ = lists("EC2.DescribeNatGateways", configNATGateway,
	func(o *ec2.DescribeNatGatewaysOutput, items []types.NatGateway) { o.NatGateways = items })

var configVolume = configType(recordedType{
	name: "AWS::EC2::Volume", kind: "aws.ec2.volume",
	needs:  []string{"volumeId", "state", "size", "availabilityZone", "encrypted", "attachments"},
	silent: map[string][]string{"sourceVolumeId": {"source"}},
})

var _ = lists("EC2.DescribeVolumes", configVolume,
	func(o *ec2.DescribeVolumesOutput, items []types.Volume) { o.Volumes = items })

var configPeering = configType(recordedType{
	name: "AWS::EC2::VPCPeeringConnection", kind: "aws.ec2.vpc_peering_connection",
	needs: []string{"vpcPeeringConnectionId", "status", "requesterVpcInfo", "accepterVpcInfo"},
	shape: func(configuration map[string]any) {
		if code, ok := configuration["status"].(string); ok {
			configuration["status"] = map[string]any{"code": code}
		}
	},
})

var _ = lists("EC2.DescribeVpcPeeringConnections", configPeering,
	func(o *ec2.DescribeVpcPeeringConnectionsOutput, items []types.VpcPeeringConnection) {
		o.VpcPeeringConnections = items
	})

var configFlowLog = configType(recordedType{
	name: "AWS::EC2::FlowLog", kind: "aws.ec2.flow_log",
	needs:   []string{"flowLogId", "resourceId", "flowLogStatus", "trafficType"},
	partial: map[string][]string{"deliverLogsStatus": {"active"}},
})

var _ = lists("EC2.DescribeFlowLogs", configFlowLog,
	func(o *ec2.DescribeFlowLogsOutput, items []types.FlowLog) { o.FlowLogs = items })
