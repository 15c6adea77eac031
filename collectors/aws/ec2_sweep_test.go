package aws

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// What is recorded of EC2 and where it goes.
var (
	_ = sweep("ec2.DescribeVpcs", networkFacts, func(o *ec2.DescribeVpcsOutput) []networkItem {
		return mapped(o.Vpcs, func(v types.Vpc) networkItem { return networkItem{VPC: &v} })
	})
	_ = sweep("ec2.DescribeSubnets", subnetFacts, func(o *ec2.DescribeSubnetsOutput) []types.Subnet { return o.Subnets })
	_ = sweep("ec2.DescribeRouteTables", routeTableFacts, func(o *ec2.DescribeRouteTablesOutput) []types.RouteTable {
		return o.RouteTables
	})
	_ = sweep("ec2.DescribeNetworkAcls", networkACLFacts, func(o *ec2.DescribeNetworkAclsOutput) []types.NetworkAcl {
		return o.NetworkAcls
	})
	_ = sweep("ec2.DescribeInternetGateways", internetGatewayFacts, func(o *ec2.DescribeInternetGatewaysOutput) []types.InternetGateway {
		return o.InternetGateways
	})
	_ = sweep("ec2.DescribeNatGateways", natGatewayFacts, func(o *ec2.DescribeNatGatewaysOutput) []types.NatGateway {
		return o.NatGateways
	})
	_ = sweep("ec2.DescribeVpcPeeringConnections", peeringFacts, func(o *ec2.DescribeVpcPeeringConnectionsOutput) []types.VpcPeeringConnection {
		return o.VpcPeeringConnections
	})
	_ = sweep("ec2.DescribeTransitGatewayAttachments", transitFacts, func(o *ec2.DescribeTransitGatewayAttachmentsOutput) []transitAnswers {
		return mapped(o.TransitGatewayAttachments, func(a types.TransitGatewayAttachment) transitAnswers { return transitAnswers{Attachment: a} })
	})
	_ = sweep("ec2.DescribeTransitGateways", transitFacts, func(o *ec2.DescribeTransitGatewaysOutput) []transitAnswers {
		return mapped(o.TransitGateways, func(types.TransitGateway) transitAnswers {
			return transitAnswers{Attachment: types.TransitGatewayAttachment{TransitGatewayAttachmentId: aws.String("tgw-attach-1")}, Gateway: answered(o)}
		})
	})
	_ = sweep("ec2.DescribeVpcEndpointServiceConfigurations", endpointServiceFacts,
		func(o *ec2.DescribeVpcEndpointServiceConfigurationsOutput) []endpointServiceAnswers {
			return mapped(o.ServiceConfigurations, func(s types.ServiceConfiguration) endpointServiceAnswers {
				return endpointServiceAnswers{Service: s}
			})
		})
	_ = sweep("ec2.DescribeFlowLogs", flowLogFacts, func(o *ec2.DescribeFlowLogsOutput) []types.FlowLog { return o.FlowLogs })
	_ = sweep("ec2.DescribeManagedPrefixLists", prefixListFacts, func(o *ec2.DescribeManagedPrefixListsOutput) []prefixListAnswers {
		return mapped(o.PrefixLists, func(l types.ManagedPrefixList) prefixListAnswers { return prefixListAnswers{List: l} })
	})
	_ = sweep("ec2.GetManagedPrefixListEntries", prefixListFacts, func(o *ec2.GetManagedPrefixListEntriesOutput) []prefixListAnswers {
		return []prefixListAnswers{{List: types.ManagedPrefixList{PrefixListId: aws.String("pl-1")}, Entries: answered(o)}}
	})
	_ = sweep("ec2.DescribeSecurityGroups", securityGroupFacts, func(o *ec2.DescribeSecurityGroupsOutput) []types.SecurityGroup {
		return o.SecurityGroups
	})
	_ = sweep("ec2.DescribeNetworkInterfaces", networkInterfaceFacts, func(o *ec2.DescribeNetworkInterfacesOutput) []types.NetworkInterface {
		return o.NetworkInterfaces
	})
	_ = sweep("ec2.DescribeInstances", instanceFacts, func(o *ec2.DescribeInstancesOutput) []instanceAnswers {
		var out []instanceAnswers
		for _, r := range o.Reservations {
			out = append(out, mapped(r.Instances, func(i types.Instance) instanceAnswers { return instanceAnswers{Instance: i} })...)
		}
		return out
	})
	_ = sweep("ec2.DescribeInstanceAttribute", instanceFacts, func(o *ec2.DescribeInstanceAttributeOutput) []instanceAnswers {
		return []instanceAnswers{{
			Instance: types.Instance{InstanceId: o.InstanceId},
			Startup:  ask("DescribeInstanceAttribute", "", func() (*startupSecrets, error) { return scanStartup(o) }),
		}}
	})
	_ = sweep("ec2.DescribeImages", imageFacts, func(o *ec2.DescribeImagesOutput) []imageAnswers {
		return mapped(o.Images, func(i types.Image) imageAnswers { return imageAnswers{Image: i} })
	})
	_ = sweep("ec2.DescribeImageAttribute", imageFacts, func(o *ec2.DescribeImageAttributeOutput) []imageAnswers {
		return []imageAnswers{{Image: types.Image{ImageId: o.ImageId}, Launch: answered(o)}}
	})
	_ = sweep("ec2.DescribeVolumes", volumeFacts, func(o *ec2.DescribeVolumesOutput) []types.Volume { return o.Volumes })
	_ = sweep("ec2.DescribeSnapshots", snapshotFacts, func(o *ec2.DescribeSnapshotsOutput) []snapshotAnswers {
		return mapped(o.Snapshots, func(s types.Snapshot) snapshotAnswers { return snapshotAnswers{Snapshot: s} })
	})
	_ = sweep("ec2.DescribeSnapshotAttribute", snapshotFacts, func(o *ec2.DescribeSnapshotAttributeOutput) []snapshotAnswers {
		return []snapshotAnswers{{Snapshot: types.Snapshot{SnapshotId: o.SnapshotId}, Create: answered(o)}}
	})
)

// mapped turns each item of a list into answers.
func mapped[I, A any](items []I, answers func(I) A) []A {
	out := make([]A, 0, len(items))
	for _, i := range items {
		out = append(out, answers(i))
	}
	return out
}
