package aws

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors"
)

func TestNetworkInterfaceWearer(t *testing.T) {
	t.Parallel()
	by := func(owner string) *types.NetworkInterfaceAttachment {
		return &types.NetworkInterfaceAttachment{InstanceOwnerId: aws.String(owner)}
	}
	for name, c := range map[string]struct {
		n        types.NetworkInterface
		kind, id string
	}{
		"machine": {types.NetworkInterface{Attachment: &types.NetworkInterfaceAttachment{InstanceId: aws.String("i-1")}}, "machine", own("instance", "i-1")},
		"unworn":  {types.NetworkInterface{Status: types.NetworkInterfaceStatusAvailable}, "", ""},
		"application balancer": {types.NetworkInterface{Attachment: by("amazon-elb"), RequesterId: aws.String("amazon-elb"), RequesterManaged: aws.Bool(true),
			Description: aws.String("ELB app/web/50dc6c495c0c9188")}, "balancer", "arn:aws:elasticloadbalancing:us-east-1:644160558196:loadbalancer/app/web/50dc6c495c0c9188"},
		"network balancer":         {types.NetworkInterface{InterfaceType: types.NetworkInterfaceTypeNetworkLoadBalancer, Attachment: by("amazon-aws")}, "balancer", ""},
		"description of one's own": {types.NetworkInterface{Description: aws.String("ELB app/web/1"), Status: types.NetworkInterfaceStatusAvailable}, "", ""},
		"database":                 {types.NetworkInterface{RequesterId: aws.String("amazon-rds"), Attachment: by("amazon-rds")}, "database", ""},
		"cache":                    {types.NetworkInterface{RequesterManaged: aws.Bool(true), Description: aws.String("ElastiCache c1"), Attachment: by("amazon-aws")}, "database", ""},
		"function":                 {types.NetworkInterface{InterfaceType: types.NetworkInterfaceTypeLambda, Attachment: by("amazon-aws")}, "function", ""},
		"function, old way":        {types.NetworkInterface{InterfaceType: types.NetworkInterfaceTypeInterface, Description: aws.String("AWS Lambda VPC ENI: 1")}, "function", ""},
		"NAT gateway": {types.NetworkInterface{InterfaceType: "nat_gateway", RequesterManaged: aws.Bool(true),
			Description: aws.String("Interface for NAT Gateway nat-1")}, "gateway", own("natgateway", "nat-1")},
		"transit gateway":  {types.NetworkInterface{InterfaceType: types.NetworkInterfaceTypeTransitGateway}, "gateway", ""},
		"endpoint":         {types.NetworkInterface{InterfaceType: types.NetworkInterfaceTypeVpcEndpoint}, "other", ""},
		"instance connect": {types.NetworkInterface{InterfaceType: "ec2_instance_connect_endpoint", RequesterManaged: aws.Bool(true)}, "broker", ""},
		"file system":      {types.NetworkInterface{InterfaceType: "efs", Attachment: by("amazon-aws"), RequesterManaged: aws.Bool(true)}, "other", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.n.NetworkInterfaceId = aws.String("eni-1")
			stated{"wearer_type": c.kind, "wearer": c.id}.check(t, networkInterfaceFacts(here, c.n))
		})
	}
}

func TestNetworkInterfaceAddresses(t *testing.T) {
	t.Parallel()
	public := &types.NetworkInterfaceAssociation{PublicIp: aws.String("198.51.100.1")}
	r := networkInterfaceFacts(here, types.NetworkInterface{
		NetworkInterfaceId: aws.String("eni-1"), VpcId: aws.String("vpc-1"), SubnetId: aws.String("subnet-1"),
		PrivateIpAddress: aws.String("10.0.0.4"), Association: public, Groups: []types.GroupIdentifier{{GroupId: aws.String("sg-1")}},
		PrivateIpAddresses: []types.NetworkInterfacePrivateIpAddress{
			{PrivateIpAddress: aws.String("10.0.0.4"), Association: public},
			{PrivateIpAddress: aws.String("10.0.0.5"), Association: &types.NetworkInterfaceAssociation{PublicIp: aws.String("198.51.100.2")}},
		},
		Ipv6Addresses: []types.NetworkInterfaceIpv6Address{{Ipv6Address: aws.String("2a05:d018::1")}, {Ipv6Address: aws.String("fd00:ec2::1")}},
	})
	stated{
		"private_addresses": []string{"10.0.0.4", "10.0.0.5", "2a05:d018::1", "fd00:ec2::1"},
		"public_addresses":  []string{"198.51.100.1", "198.51.100.2", "2a05:d018::1"},
		"firewalls":         []string{own("security-group", "sg-1")}, "subnet": own("subnet", "subnet-1"), "network": own("vpc", "vpc-1"),
	}.check(t, r)
}

var _ = sample("aws.ec2.network_interface", networkInterfaceFacts, types.NetworkInterface{NetworkInterfaceId: aws.String("eni-1")})

func TestInstanceFacts(t *testing.T) {
	t.Parallel()
	metadata := func(endpoint types.InstanceMetadataEndpointState, tokens types.HttpTokensState) *types.InstanceMetadataOptionsResponse {
		return &types.InstanceMetadataOptionsResponse{HttpEndpoint: endpoint, HttpTokens: tokens}
	}
	v6 := []types.InstanceNetworkInterface{{NetworkInterfaceId: aws.String("eni-1"), Ipv6Addresses: []types.InstanceIpv6Address{{Ipv6Address: aws.String("2a05:d018::1")}}}}
	for name, c := range map[string]struct {
		i    types.Instance
		want stated
	}{
		"in a network": {types.Instance{VpcId: aws.String("vpc-1"), State: &types.InstanceState{Name: types.InstanceStateNameRunning}},
			stated{"in_virtual_network": true, "running": true, "public_address": false, "identity": "", "secure_boot": notApplicable}},
		"in classic":             {types.Instance{PublicIpAddress: aws.String("198.51.100.1")}, stated{"in_virtual_network": false, "public_address": true, "running": nil}},
		"stopped":                {types.Instance{State: &types.InstanceState{Name: types.InstanceStateNameStopped}}, stated{"running": false}},
		"IPv6 only":              {types.Instance{NetworkInterfaces: v6}, stated{"public_address": nil, "interfaces": []string{own("network-interface", "eni-1")}}},
		"IPv6 and IPv4":          {types.Instance{NetworkInterfaces: v6, PublicIpAddress: aws.String("198.51.100.1")}, stated{"public_address": true}},
		"address on second card": {types.Instance{NetworkInterfaces: []types.InstanceNetworkInterface{{}, {Association: &types.InstanceNetworkInterfaceAssociation{PublicIp: aws.String("198.51.100.1")}}}}, stated{"public_address": true}},
		"tokens required":        {types.Instance{MetadataOptions: metadata("enabled", "required")}, stated{"metadata_hardened": true}},
		"tokens optional":        {types.Instance{MetadataOptions: metadata("enabled", "optional")}, stated{"metadata_hardened": false}},
		"metadata off":           {types.Instance{MetadataOptions: metadata("disabled", "optional")}, stated{"metadata_hardened": true}},
		"metadata left out":      {types.Instance{}, stated{"metadata_hardened": nil}},
		"tokens left out":        {types.Instance{MetadataOptions: metadata("enabled", "")}, stated{"metadata_hardened": nil}},
		"Windows":                {types.Instance{Platform: "windows"}, stated{"os_family": "windows"}},
		"Windows by details":     {types.Instance{PlatformDetails: aws.String("Windows with SQL Server Standard")}, stated{"os_family": "windows"}},
		"Linux":                  {types.Instance{PlatformDetails: aws.String("Red Hat Enterprise Linux")}, stated{"os_family": "linux"}},
		"Mac":                    {types.Instance{Architecture: types.ArchitectureValuesArm64Mac, PlatformDetails: aws.String("Linux/UNIX")}, stated{"os_family": notApplicable}},
		"with a role": {types.Instance{ImageId: aws.String("ami-1"), IamInstanceProfile: &types.IamInstanceProfile{Arn: aws.String("arn:aws:iam::644160558196:instance-profile/web")}},
			stated{"identity": "arn:aws:iam::644160558196:instance-profile/web", "image_id": "ami-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.i.InstanceId = aws.String("i-1")
			c.want.check(t, instanceFacts(here, instanceAnswers{Instance: c.i}))
		})
	}
	for _, state := range []types.InstanceStateName{types.InstanceStateNameTerminated, types.InstanceStateNameShuttingDown} {
		if instanceFacts(here, instanceAnswers{Instance: types.Instance{State: &types.InstanceState{Name: state}}}) != nil {
			t.Errorf("a machine that is %s is still described", state)
		}
	}
}

func TestInstanceStartupSecrets(t *testing.T) {
	t.Parallel()
	const password = "hunter22"
	scan := func(data string) collectors.Answer[startupSecrets] {
		return ask("DescribeInstanceAttribute", "ec2:DescribeInstanceAttribute", func() (*startupSecrets, error) {
			return scanStartup(&ec2.DescribeInstanceAttributeOutput{UserData: &types.AttributeValue{Value: aws.String(data)}})
		})
	}
	for name, c := range map[string]struct {
		answer collectors.Answer[startupSecrets]
		want   any
	}{
		"a password": {scan(base64.StdEncoding.EncodeToString([]byte("DB_PASSWORD=" + password))), 1},
		"no secret":  {scan(base64.StdEncoding.EncodeToString([]byte("yum update -y"))), 0},
		"no data":    {scan(""), 0},
		"not base64": {scan("%%" + password), nil},
		"cut off":    {scan(base64.StdEncoding.EncodeToString([]byte{0x1f, 0x8b, 8, 0})), nil},
		"refused":    {refused[startupSecrets](), nil},
		"not asked":  {collectors.Answer[startupSecrets]{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := instanceAnswers{types.Instance{InstanceId: aws.String("i-1")}, c.answer}
			stated{"plaintext_secrets": c.want}.check(t, instanceFacts(here, answers))
			raw, err := json.Marshal(answers)
			if err != nil || strings.Contains(string(raw), password) || strings.Contains(string(raw), base64.StdEncoding.EncodeToString([]byte(password))) {
				t.Errorf("the kept answers hold start-up data: %s, %v", raw, err)
			}
		})
	}
}

var _ = sample("aws.ec2.instance", instanceFacts, instanceAnswers{Instance: types.Instance{InstanceId: aws.String("i-1")}},
	instanceAnswers{types.Instance{InstanceId: aws.String("i-2"), VpcId: aws.String("vpc-1")},
		answered(&startupSecrets{Found: []collectors.SecretMatch{{Pattern: "password", Count: 2}}})})

func TestImageFacts(t *testing.T) {
	t.Parallel()
	launch := func(ps ...types.LaunchPermission) collectors.Answer[ec2.DescribeImageAttributeOutput] {
		return answered(&ec2.DescribeImageAttributeOutput{LaunchPermissions: append([]types.LaunchPermission{}, ps...)})
	}
	denied := refused[ec2.DescribeImageAttributeOutput]()
	for name, c := range map[string]struct {
		listed *bool
		launch collectors.Answer[ec2.DescribeImageAttributeOutput]
		want   stated
	}{
		"private": {aws.Bool(false), launch(), stated{"kind": "machine", "public": false, "principals": []string{}}},
		"shared": {aws.Bool(false), launch(types.LaunchPermission{UserId: aws.String("111122223333")}, types.LaunchPermission{UserId: aws.String(here.Scope.Account())}),
			stated{"public": false, "principals": []string{"111122223333"}}},
		"public by permission":       {aws.Bool(false), launch(types.LaunchPermission{Group: types.PermissionGroupAll}), stated{"public": true}},
		"public by listing":          {aws.Bool(true), launch(), stated{"public": true}},
		"refused, listed private":    {aws.Bool(false), denied, stated{"public": false, "principals": nil}},
		"refused, listed public":     {aws.Bool(true), denied, stated{"public": true, "principals": nil}},
		"refused, listing is silent": {nil, denied, stated{"public": nil, "principals": nil}},
		"permissions left out":       {nil, answered(&ec2.DescribeImageAttributeOutput{}), stated{"public": nil, "principals": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := imageFacts(here, imageAnswers{types.Image{ImageId: aws.String("ami-1"), Name: aws.String("golden"), Public: c.listed}, c.launch})
			c.want.check(t, r)
			if r.ID != "arn:aws:ec2:us-east-1::image/ami-1" || r.Name != "golden" {
				t.Errorf("got %s %s", r.ID, r.Name)
			}
		})
	}
	if imageFacts(here, imageAnswers{Image: types.Image{State: types.ImageStateDeregistered}}) != nil {
		t.Error("an image that is deregistered is still described")
	}
	if day := dayOf(aws.String("2024-05-06T07:08:09.000Z")); aws.ToString(day) != "2024-05-06T00:00:00Z" || dayOf(nil) != nil {
		t.Errorf("the last launch is kept as %v", day)
	}
}

var _ = sample("aws.ec2.image", imageFacts, imageAnswers{types.Image{ImageId: aws.String("ami-1")}, refused[ec2.DescribeImageAttributeOutput]()},
	imageAnswers{types.Image{ImageId: aws.String("ami-2")}, answered(&ec2.DescribeImageAttributeOutput{LaunchPermissions: []types.LaunchPermission{}})})

func TestVolumeFacts(t *testing.T) {
	t.Parallel()
	const key = "arn:aws:kms:us-east-1:644160558196:key/1"
	for name, c := range map[string]struct {
		v    types.Volume
		want stated
	}{
		"clear":              {types.Volume{Encrypted: aws.Bool(false)}, stated{"encrypted_at_rest": false, "customer_key": false, "encryption_key": "", "attached": false, "source": ""}},
		"encrypted":          {types.Volume{Encrypted: aws.Bool(true), KmsKeyId: aws.String(key)}, stated{"encrypted_at_rest": true, "customer_key": nil, "encryption_key": key}},
		"key left out":       {types.Volume{Encrypted: aws.Bool(true)}, stated{"encrypted_at_rest": true, "customer_key": nil, "encryption_key": nil}},
		"left out":           {types.Volume{}, stated{"encrypted_at_rest": nil, "customer_key": nil, "encryption_key": nil}},
		"attached, restored": {types.Volume{SnapshotId: aws.String("snap-1"), Attachments: []types.VolumeAttachment{{State: types.VolumeAttachmentStateAttached}}}, stated{"attached": true, "source": "arn:aws:ec2:us-east-1::snapshot/snap-1"}},
		"taken off":          {types.Volume{Attachments: []types.VolumeAttachment{{State: types.VolumeAttachmentStateDetached}}}, stated{"attached": false}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.v.VolumeId = aws.String("vol-1")
			c.want.check(t, volumeFacts(here, c.v))
		})
	}
}

var _ = sample("aws.ec2.volume", volumeFacts, types.Volume{VolumeId: aws.String("vol-1"), Encrypted: aws.Bool(false)})

func TestSnapshotFacts(t *testing.T) {
	t.Parallel()
	taken := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	create := func(ps ...types.CreateVolumePermission) collectors.Answer[ec2.DescribeSnapshotAttributeOutput] {
		return answered(&ec2.DescribeSnapshotAttributeOutput{CreateVolumePermissions: append([]types.CreateVolumePermission{}, ps...)})
	}
	for name, c := range map[string]struct {
		s      types.Snapshot
		create collectors.Answer[ec2.DescribeSnapshotAttributeOutput]
		want   stated
	}{
		"private": {types.Snapshot{StartTime: &taken, VolumeId: aws.String("vol-1"), Encrypted: aws.Bool(false)}, create(),
			stated{"public": false, "principals": []string{}, "taken_at": taken, "source": own("volume", "vol-1"), "encrypted_at_rest": false, "encryption_key": ""}},
		"shared": {types.Snapshot{}, create(types.CreateVolumePermission{UserId: aws.String("111122223333")}),
			stated{"public": false, "principals": []string{"111122223333"}, "taken_at": nil, "encrypted_at_rest": nil}},
		"public":               {types.Snapshot{}, create(types.CreateVolumePermission{Group: types.PermissionGroupAll}), stated{"public": true}},
		"copied":               {types.Snapshot{VolumeId: aws.String("vol-ffffffff")}, create(), stated{"source": ""}},
		"refused":              {types.Snapshot{}, refused[ec2.DescribeSnapshotAttributeOutput](), stated{"public": nil, "principals": nil}},
		"permissions left out": {types.Snapshot{}, answered(&ec2.DescribeSnapshotAttributeOutput{}), stated{"public": nil, "principals": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.s.SnapshotId = aws.String("snap-1")
			c.want.check(t, snapshotFacts(here, snapshotAnswers{c.s, c.create}))
		})
	}
}

var _ = sample("aws.ec2.snapshot", snapshotFacts, snapshotAnswers{types.Snapshot{SnapshotId: aws.String("snap-1")}, refused[ec2.DescribeSnapshotAttributeOutput]()})
