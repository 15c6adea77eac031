"""The networks of Brackenfield Parcels: one function builds a network with its subnets, ways out and filters."""

from simulator import specified, tags


class Network:
    """A network with public, application and data subnets in two zones."""

    def __init__(self, account, region, name, block, environment, flow_bucket=None, nat=True):
        self.ec2, self.name, self.environment, self.region = account("ec2", region), name, environment, region
        self.tag = lambda what, **more: tags(what, environment=environment, **more)
        self.id = self.ec2.create_vpc(CidrBlock=f"{block}.0.0/16", TagSpecifications=specified("vpc", self.tag(name)))[
            "Vpc"
        ]["VpcId"]
        self.ec2.modify_vpc_attribute(VpcId=self.id, EnableDnsHostnames={"Value": True})
        self.gateway = self.ec2.create_internet_gateway(
            TagSpecifications=specified("internet-gateway", self.tag(name))
        )["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.id)
        self.subnets, self.groups = {}, {}
        self._close_default_group()
        self.public = self._table("public")
        self.ec2.create_route(RouteTableId=self.public, DestinationCidrBlock="0.0.0.0/0", GatewayId=self.gateway)
        self.private = self._table("private")
        self.isolated = self._table("isolated")
        for tier, table, base in (("public", self.public, 0), ("app", self.private, 16), ("data", self.isolated, 32)):
            for n, zone in enumerate("ab"):
                self._subnet(f"{tier}-{zone}", f"{block}.{base + n}.0/24", region + zone, table)
        if nat:
            address = self.ec2.allocate_address(
                Domain="vpc", TagSpecifications=specified("elastic-ip", self.tag(f"{name}-nat"))
            )["AllocationId"]
            gateway = self.ec2.create_nat_gateway(
                SubnetId=self.subnets["public-a"],
                AllocationId=address,
                TagSpecifications=specified("natgateway", self.tag(f"{name}-nat")),
            )["NatGateway"]["NatGatewayId"]
            self.ec2.create_route(RouteTableId=self.private, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)
        if flow_bucket:
            self.log_flows(flow_bucket)

    def log_flows(self, bucket):
        self.ec2.create_flow_logs(
            ResourceIds=[self.id],
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination=f"arn:aws:s3:::{bucket}/flow/",
            TagSpecifications=specified("vpc-flow-log", self.tag(f"{self.name}-flow")),
        )

    def _close_default_group(self):
        group = self.ec2.describe_security_groups(
            Filters=[{"Name": "vpc-id", "Values": [self.id]}, {"Name": "group-name", "Values": ["default"]}]
        )["SecurityGroups"][0]
        if self.environment == "production":
            for direction, revoke in (
                (group["IpPermissions"], self.ec2.revoke_security_group_ingress),
                (group["IpPermissionsEgress"], self.ec2.revoke_security_group_egress),
            ):
                if direction:
                    revoke(GroupId=group["GroupId"], IpPermissions=direction)
        self.ec2.create_tags(Resources=[group["GroupId"]], Tags=self.tag(f"{self.name}-default"))

    def _table(self, name):
        return self.ec2.create_route_table(
            VpcId=self.id, TagSpecifications=specified("route-table", self.tag(f"{self.name}-{name}"))
        )["RouteTable"]["RouteTableId"]

    def _subnet(self, name, block, zone, table):
        subnet = self.ec2.create_subnet(
            VpcId=self.id,
            CidrBlock=block,
            AvailabilityZone=zone,
            TagSpecifications=specified("subnet", self.tag(f"{self.name}-{name}")),
        )["Subnet"]["SubnetId"]
        self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        self.subnets[name] = subnet

    def group(self, name, text, *rules, egress=None):
        """Makes a filter. A rule is (port, source), or (first, last, source); a source is a range or another filter's name."""
        group = self.ec2.create_security_group(
            GroupName=f"{self.name}-{name}",
            Description=text,
            VpcId=self.id,
            TagSpecifications=specified("security-group", self.tag(f"{self.name}-{name}")),
        )["GroupId"]
        self.groups[name] = group
        for rule in rules:
            self.admit(name, *rule)
        if egress is not None:
            self.ec2.revoke_security_group_egress(
                GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
            )
            for rule in egress:
                self.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[self._permission(*rule)])
        return group

    def admit(self, name, *rule):
        self.ec2.authorize_security_group_ingress(GroupId=self.groups[name], IpPermissions=[self._permission(*rule)])

    def shut(self, name, *rule):
        self.ec2.revoke_security_group_ingress(GroupId=self.groups[name], IpPermissions=[self._permission(*rule)])

    def _permission(self, *rule):
        first, last, source = (rule[0], *rule) if len(rule) == 2 else rule
        out = {"IpProtocol": "tcp", "FromPort": first, "ToPort": last}
        if source in self.groups:
            return out | {"UserIdGroupPairs": [{"GroupId": self.groups[source]}]}
        return out | {"IpRanges": [{"CidrIp": source}]}

    def machine(
        self,
        name,
        image,
        subnet,
        groups,
        owner="platform",
        size="t3.medium",
        hardened=True,
        script="",
        profile=None,
        classification=None,
        encrypted=True,
        **more,
    ):
        """Starts a machine with a volume of its own."""
        arguments = {} if not profile else {"IamInstanceProfile": {"Name": profile}}
        instance = self.ec2.run_instances(
            ImageId=image,
            InstanceType=size,
            MinCount=1,
            MaxCount=1,
            SubnetId=self.subnets[subnet],
            SecurityGroupIds=[self.groups[g] for g in groups],
            UserData=script,
            MetadataOptions={
                "HttpTokens": "required" if hardened else "optional",
                "HttpEndpoint": "enabled",
                "HttpPutResponseHopLimit": 1 if hardened else 2,
            },
            BlockDeviceMappings=[
                {
                    "DeviceName": "/dev/xvda",
                    "Ebs": {"VolumeSize": 30, "VolumeType": "gp3", "Encrypted": encrypted, "DeleteOnTermination": True},
                }
            ],
            TagSpecifications=specified("instance", self.tag(name, owner=owner, classification=classification, **more))
            + specified("volume", self.tag(f"{name}-root", owner=owner, classification=classification or "internal")),
            **arguments,
        )["Instances"][0]
        self.ec2.create_tags(
            Resources=[i["NetworkInterfaceId"] for i in instance["NetworkInterfaces"]], Tags=self.tag(name, owner=owner)
        )
        return instance["InstanceId"]

    def image(self, machine, name, owner="platform"):
        """Takes an image of a machine and tags it and its snapshot."""
        image = self.ec2.create_image(InstanceId=machine, Name=name)["ImageId"]
        snapshot = self.ec2.describe_images(ImageIds=[image])["Images"][0]["BlockDeviceMappings"][0]["Ebs"][
            "SnapshotId"
        ]
        self.ec2.create_tags(Resources=[image, snapshot], Tags=self.tag(name, owner=owner))
        return image

    def address(self, machine, name):
        address = self.ec2.allocate_address(Domain="vpc", TagSpecifications=specified("elastic-ip", self.tag(name)))[
            "AllocationId"
        ]
        self.ec2.associate_address(InstanceId=machine, AllocationId=address)


def drop_default_network(account, region):
    """Removes the network that every new account has."""
    ec2 = account("ec2", region)
    for vpc in ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]:
        inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        for subnet in ec2.describe_subnets(Filters=inside)["Subnets"]:
            ec2.delete_subnet(SubnetId=subnet["SubnetId"])
        for gateway in ec2.describe_internet_gateways(
            Filters=[{"Name": "attachment.vpc-id", "Values": [vpc["VpcId"]]}]
        )["InternetGateways"]:
            ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc["VpcId"])
            ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
        ec2.delete_vpc(VpcId=vpc["VpcId"])
