"""Networks, filters, machines, their images and disks."""

from hand import HOME, STRANGER, client, specified

WORLD = "0.0.0.0/0"


def build(estate):
    ec2 = estate["ec2"] = client("ec2")
    e = estate
    e["vpc"] = vpc = ec2.create_vpc(CidrBlock="10.10.0.0/16", TagSpecifications=specified("vpc", "shop"))["Vpc"][
        "VpcId"
    ]
    e["trial"] = trial = ec2.create_vpc(
        CidrBlock="10.20.0.0/16", TagSpecifications=specified("vpc", "trial", environment="test")
    )["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnet = lambda net, block, zone, name, **more: ec2.create_subnet(
        VpcId=net, CidrBlock=block, AvailabilityZone=HOME + zone, TagSpecifications=specified("subnet", name, **more)
    )["Subnet"]["SubnetId"]
    e["outer"] = [subnet(vpc, f"10.10.{n}.0/24", zone, f"outer-{zone}") for n, zone in ((1, "a"), (2, "b"))]
    e["inner"] = [subnet(vpc, f"10.10.{n}.0/24", zone, f"inner-{zone}") for n, zone in ((11, "a"), (12, "b"))]
    e["trials"] = [subnet(trial, "10.20.1.0/24", "a", "trial-a", environment="test")]
    ec2.modify_subnet_attribute(SubnetId=e["outer"][0], MapPublicIpOnLaunch={"Value": True})
    routes = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=routes, DestinationCidrBlock=WORLD, GatewayId=gateway)
    for s in e["outer"]:
        ec2.associate_route_table(RouteTableId=routes, SubnetId=s)
    for s in e["inner"]:
        inside = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=inside, SubnetId=s)
    links(ec2, e, vpc, trial)
    filters(ec2, e, vpc)
    close_default(ec2, vpc)
    watch(ec2, e, vpc)


def close_default(ec2, vpc):
    """Takes every rule from the filter that a network is made with."""
    named = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    for group in ec2.describe_security_groups(Filters=named)["SecurityGroups"]:
        if group["IpPermissions"]:
            ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
        if group["IpPermissionsEgress"]:
            ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])


def links(ec2, e, vpc, trial):
    link = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=trial)["VpcPeeringConnection"][
        "VpcPeeringConnectionId"
    ]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=link)
    shared = ec2.create_vpc(CidrBlock="10.30.0.0/16", TagSpecifications=specified("vpc", "shared"))["Vpc"]["VpcId"]
    link = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=shared)["VpcPeeringConnection"][
        "VpcPeeringConnectionId"
    ]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=link)
    theirs = client("ec2", account=STRANGER)
    far = theirs.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    link = ec2.create_vpc_peering_connection(VpcId=shared, PeerVpcId=far, PeerOwnerId=STRANGER, PeerRegion=HOME)[
        "VpcPeeringConnection"
    ]["VpcPeeringConnectionId"]
    theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=link)
    options = ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "ntp-servers", "Values": ["192.0.2.7"]}])[
        "DhcpOptions"
    ]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=shared)


def filters(ec2, e, vpc):
    e["sg"] = {}
    closed = lambda gid: ec2.revoke_security_group_egress(
        GroupId=gid, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": WORLD}]}]
    )
    for name, ports, everybody in (
        ("https", [(443, 443)], True),
        ("inside", [(8443, 8443)], False),
        ("data", [(5432, 5432), (3306, 3306), (6379, 6379)], False),
        ("all", [(0, 65535)], True),
        ("data-open", [(5432, 5432), (3306, 3306), (6379, 6379), (9200, 9200)], True),
        ("legacy", [(23, 23), (21, 21)], True),
        ("admin", [(22, 22), (3389, 3389)], True),
        ("plain", [(80, 80), (443, 443)], True),
    ):
        gid = e["sg"][name] = ec2.create_security_group(
            GroupName=name, Description=name, VpcId=vpc, TagSpecifications=specified("security-group", name)
        )["GroupId"]
        for low, high in ports:
            source = (
                {"IpRanges": [{"CidrIp": WORLD}]}
                if everybody
                else {"UserIdGroupPairs": [{"GroupId": e["sg"]["https" if name == "inside" else "inside"]}]}
            )
            ec2.authorize_security_group_ingress(
                GroupId=gid, IpPermissions=[{"IpProtocol": "tcp", "FromPort": low, "ToPort": high, **source}]
            )
        if name in ("inside", "data"):
            closed(gid)


def watch(ec2, e, vpc):
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::careful-logs/flow",
    )


def machines(e):
    ec2 = e["ec2"]
    ec2.register_image(Name="ours", RootDeviceName="/dev/sda1", BlockDeviceMappings=[])
    shown = ec2.register_image(Name="shown", RootDeviceName="/dev/sda1", BlockDeviceMappings=[])["ImageId"]
    ec2.modify_image_attribute(ImageId=shown, LaunchPermission={"Add": [{"Group": "all"}]})
    offered = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    hardened = {"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 1}
    ec2.create_key_pair(KeyName="old")

    def machine(name, subnet, groups, image=offered, kind="production", **more):
        return ec2.run_instances(
            ImageId=image,
            MinCount=1,
            MaxCount=1,
            InstanceType="t3.micro",
            SubnetId=subnet,
            SecurityGroupIds=[e["sg"][g] for g in groups],
            TagSpecifications=specified("instance", name, environment=kind),
            **more,
        )["Instances"][0]["InstanceId"]

    e["web"] = machine(
        "web", e["inner"][0], ["inside"], MetadataOptions=hardened, IamInstanceProfile={"Name": "machine"}
    )
    e["open"] = machine(
        "open",
        e["outer"][0],
        ["data-open", "admin"],
        KeyName="old",
        IamInstanceProfile={"Name": "crossing"},
        UserData="#!/bin/sh\nexport DATABASE_PASSWORD=correct-horse-battery-7\n",
    )
    machine("mighty", e["inner"][1], ["inside"], IamInstanceProfile={"Name": "mighty"})
    machine("postgres", e["inner"][0], ["data"])
    machine("redis", e["outer"][1], ["data-open"])
    windows = ec2.describe_images(Filters=[{"Name": "name", "Values": ["base-windows-2026.1"]}])["Images"][0]["ImageId"]
    machine("windows", e["inner"][0], ["inside"], image=windows)
    default = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"][0]["SubnetId"]
    ec2.run_instances(
        ImageId=offered,
        MinCount=1,
        MaxCount=1,
        InstanceType="t3.micro",
        SubnetId=default,
        TagSpecifications=specified("instance", "dropped"),
    )
    e["gone"] = machine("gone", e["inner"][0], ["inside"])
    e["front"] = machine("front", e["outer"][0], ["plain", "all"])
    disks(ec2, e)


def disks(ec2, e):
    for name, encrypted, kind in (
        ("kept", True, "production"),
        ("bare", False, "production"),
        ("trial", False, "test"),
    ):
        more = {"Encrypted": True, "KmsKeyId": e["key"]} if encrypted else {}
        volume = ec2.create_volume(
            AvailabilityZone=HOME + "a",
            Size=1,
            TagSpecifications=specified("volume", name, environment=kind, classification="personal"),
            **more,
        )["VolumeId"]
        if name == "kept":
            ec2.attach_volume(VolumeId=volume, InstanceId=e["web"], Device="/dev/sdf")
        kept = ec2.create_snapshot(
            VolumeId=volume,
            TagSpecifications=specified("snapshot", name, classification="personal" if encrypted else None),
        )["SnapshotId"]
        if name == "bare":
            ec2.modify_snapshot_attribute(
                SnapshotId=kept, Attribute="createVolumePermission", OperationType="add", UserIds=[STRANGER]
            )
            ec2.create_volume(
                AvailabilityZone=HOME + "a",
                SnapshotId=kept,
                TagSpecifications=specified("volume", "copy", environment="test"),
            )
        if name == "kept":
            ec2.create_volume(
                AvailabilityZone=HOME + "a", SnapshotId=kept, TagSpecifications=specified("volume", "restored")
            )
