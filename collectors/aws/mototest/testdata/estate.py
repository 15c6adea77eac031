"""Our own small estate: at least one of each kind that is collected and that moto can hold, good and bad mixed."""
import json
import sys
import boto3

URL = sys.argv[1]


def client(name, region="us-east-1"):
    return boto3.client(name, endpoint_url=URL, region_name=region, aws_access_key_id="testing", aws_secret_access_key="testing")


def tags(kind, name):
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}, {"Key": "owner", "Value": "web"}, {"Key": "environment", "Value": "production"}]}]


ec2, s3, iam, rds, kms = (client(name) for name in ("ec2", "s3", "iam", "rds", "kms"))
everyone = [{"CidrIp": "0.0.0.0/0"}]

# Networks.
vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=tags("vpc", "ours"))["Vpc"]["VpcId"]
peer = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
ec2.create_egress_only_internet_gateway(VpcId=vpc)
subnets = [
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24", AvailabilityZone="us-east-1a", TagSpecifications=tags("subnet", "outer"))["Subnet"]["SubnetId"],
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.2.0/24", AvailabilityZone="us-east-1b", TagSpecifications=tags("subnet", "inner"))["Subnet"]["SubnetId"],
]
routes = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
ec2.create_route(RouteTableId=routes, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
ec2.associate_route_table(RouteTableId=routes, SubnetId=subnets[0])
address = ec2.allocate_address(Domain="vpc")["AllocationId"]
ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)
link = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=peer)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=link)
lists = ec2.create_managed_prefix_list(PrefixListName="partners", MaxEntries=2, AddressFamily="IPv4", Entries=[{"Cidr": "198.51.100.0/24"}])["PrefixList"]["PrefixListId"]
transit = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=transit, VpcId=vpc, SubnetIds=subnets[:1])
vpn = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
customer = ec2.create_customer_gateway(Type="ipsec.1", PublicIp="203.0.113.9", BgpAsn=65000)["CustomerGateway"]["CustomerGatewayId"]
ec2.create_vpn_connection(Type="ipsec.1", VpnGatewayId=vpn, CustomerGatewayId=customer)

# Filters and machines.
wide = ec2.create_security_group(GroupName="wide", Description="everything", VpcId=vpc, TagSpecifications=tags("security-group", "wide"))["GroupId"]
ec2.authorize_security_group_ingress(GroupId=wide, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": everyone}, {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": lists}]}])
narrow = ec2.create_security_group(GroupName="narrow", Description="web", VpcId=vpc, TagSpecifications=tags("security-group", "narrow"))["GroupId"]
ec2.authorize_security_group_ingress(GroupId=narrow, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": everyone}])
trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
iam.create_role(RoleName="machine", AssumeRolePolicyDocument=trust)
iam.create_instance_profile(InstanceProfileName="machine")
iam.add_role_to_instance_profile(InstanceProfileName="machine", RoleName="machine")
image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
outer = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro", SecurityGroupIds=[wide], SubnetId=subnets[0], IamInstanceProfile={"Name": "machine"}, TagSpecifications=tags("instance", "bastion"))["Instances"][0]["InstanceId"]
inner = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro", SecurityGroupIds=[narrow], SubnetId=subnets[1], MetadataOptions={"HttpTokens": "required", "HttpEndpoint": "enabled"}, TagSpecifications=tags("instance", "application"))["Instances"][0]["InstanceId"]
windows = ec2.describe_images(Filters=[{"Name": "name", "Values": ["base-windows-2026.1"]}])["Images"][0]["ImageId"]
ec2.run_instances(ImageId=windows, MinCount=1, MaxCount=1, InstanceType="t3.micro", SecurityGroupIds=[narrow], SubnetId=subnets[1], TagSpecifications=tags("instance", "desktop"))
ec2.associate_address(InstanceId=outer, AllocationId=ec2.allocate_address(Domain="vpc")["AllocationId"])
volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, TagSpecifications=tags("volume", "data"))["VolumeId"]
copy = ec2.create_snapshot(VolumeId=volume, TagSpecifications=tags("snapshot", "shared copy"))["SnapshotId"]
ec2.modify_snapshot_attribute(SnapshotId=copy, Attribute="createVolumePermission", OperationType="add", GroupNames=["all"])
ec2.create_image(InstanceId=inner, Name="application image")

# Balancers and web firewalls.
elb, elbv2, waf = client("elb"), client("elbv2"), client("wafv2")
elb.create_load_balancer(LoadBalancerName="classic", Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}], Subnets=subnets[:1], SecurityGroups=[narrow])
elb.register_instances_with_load_balancer(LoadBalancerName="classic", Instances=[{"InstanceId": inner}])
balancer = elbv2.create_load_balancer(Name="front", Type="application", Scheme="internet-facing", Subnets=subnets, SecurityGroups=[narrow])["LoadBalancers"][0]["LoadBalancerArn"]
target = elbv2.create_target_group(Name="front", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
elbv2.register_targets(TargetGroupArn=target, Targets=[{"Id": inner}])
elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": target}])
certificate = client("acm").request_certificate(DomainName="www.example.com")["CertificateArn"]
elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": certificate}], SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06", DefaultActions=[{"Type": "forward", "TargetGroupArn": target}])
shown = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "front"}
acl = waf.create_web_acl(Name="front", Scope="REGIONAL", DefaultAction={"Allow": {}}, Rules=[], VisibilityConfig=shown)["Summary"]["ARN"]
waf.associate_web_acl(WebACLArn=acl, ResourceArn=balancer)

# Data.
key = kms.create_key(Description="ours")["KeyMetadata"]["KeyId"]
kms.create_alias(AliasName="alias/ours", TargetKeyId=key)
s3.create_bucket(Bucket="ours-open")
s3.put_bucket_policy(Bucket="ours-open", Policy=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::ours-open/*"}]}))
s3.create_bucket(Bucket="ours-listed")
s3.put_bucket_ownership_controls(Bucket="ours-listed", OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]})
s3.put_bucket_acl(Bucket="ours-listed", ACL="public-read")
s3.create_bucket(Bucket="ours-closed")
s3.put_public_access_block(Bucket="ours-closed", PublicAccessBlockConfiguration={"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True})
s3.put_bucket_versioning(Bucket="ours-closed", VersioningConfiguration={"Status": "Enabled"})
s3.put_bucket_tagging(Bucket="ours-closed", Tagging={"TagSet": [{"Key": "owner", "Value": "data"}, {"Key": "environment", "Value": "production"}]})
rds.create_db_instance(DBInstanceIdentifier="ours", Engine="postgres", DBInstanceClass="db.t3.micro", AllocatedStorage=20, MasterUsername="ours", MasterUserPassword="not-a-secret", PubliclyAccessible=True)
rds.create_db_snapshot(DBInstanceIdentifier="ours", DBSnapshotIdentifier="ours-copy")
rds.create_db_cluster(DBClusterIdentifier="ours-cluster", Engine="aurora-postgresql", MasterUsername="ours", MasterUserPassword="not-a-secret")
rds.create_db_cluster_snapshot(DBClusterIdentifier="ours-cluster", DBClusterSnapshotIdentifier="ours-cluster-copy")

# People and rights.
iam.create_user(UserName="alice")
iam.create_login_profile(UserName="alice", Password="Not-a-secret-1!")
iam.create_access_key(UserName="alice")
iam.create_group(GroupName="operators")
iam.add_user_to_group(GroupName="operators", UserName="alice")
iam.create_user(UserName="boris")
iam.create_login_profile(UserName="boris", Password="Not-a-secret-1!")
iam.add_user_to_group(GroupName="operators", UserName="boris")
iam.attach_group_policy(GroupName="operators", PolicyArn=iam.create_policy(PolicyName="everything", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))["Policy"]["Arn"])
stranger = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::210987654321:root"}, "Action": "sts:AssumeRole"}]})
iam.create_role(RoleName="supplier", AssumeRolePolicyDocument=stranger)
iam.put_role_policy(RoleName="supplier", PolicyName="read", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}))
trail = client("cloudtrail")
s3.create_bucket(Bucket="ours-trail")
trail.create_trail(Name="ours", S3BucketName="ours-trail", IsMultiRegionTrail=True, EnableLogFileValidation=True)
trail.start_logging(Name="ours")
trail.put_event_selectors(TrailName="ours", EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}])
# A record of half the account, in a bucket that everybody can read and that ends early.
s3.create_bucket(Bucket="ours-shown")
s3.put_bucket_policy(Bucket="ours-shown", Policy=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::ours-shown/*"}]}))
s3.put_bucket_lifecycle_configuration(Bucket="ours-shown", LifecycleConfiguration={"Rules": [{"ID": "end", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}]})
trail.create_trail(Name="half", S3BucketName="ours-shown", IsMultiRegionTrail=False, EnableLogFileValidation=False)
# Security Hub, in which the one control that it looked at is met.
hub, met = client("securityhub"), "arn:aws:securityhub:us-east-1:123456789012:product/123456789012/default"
hub.enable_security_hub()
hub.batch_import_findings(Findings=[{"SchemaVersion": "2018-10-08", "Id": met + "/control", "ProductArn": met, "GeneratorId": "control", "AwsAccountId": "123456789012", "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"],
                                     "CreatedAt": "2026-01-01T00:00:00Z", "UpdatedAt": "2026-01-01T00:00:00Z", "Severity": {"Label": "LOW"}, "Title": "control", "Description": "control", "Resources": [{"Type": "Other", "Id": "control"}],
                                     "Compliance": {"Status": "PASSED", "SecurityControlId": "S3.1"}}])
# A cache before tables, a collection that is reached from one network, and an environment of an application.
client("dax").create_cluster(ClusterName="ours", NodeType="dax.t3.small", ReplicationFactor=1, IamRoleArn="arn:aws:iam::123456789012:role/machine", ClusterEndpointEncryptionType="TLS", SSESpecification={"Enabled": True}, Tags=[{"Key": "owner", "Value": "web"}])
search = client("opensearchserverless")
door = search.create_vpc_endpoint(name="ours", vpcId=vpc, subnetIds=subnets[1:], securityGroupIds=[narrow])["createVpcEndpointDetail"]["id"]
covered = [{"ResourceType": "collection", "Resource": ["collection/ours"]}]
search.create_security_policy(name="ours", type="encryption", policy=json.dumps({"Rules": covered, "KmsARN": "auto"}))
search.create_collection(name="ours", type="SEARCH", standbyReplicas="ENABLED", tags=[{"key": "owner", "value": "web"}])
search.create_security_policy(name="ours", type="network", policy=json.dumps([{"Rules": covered, "AllowFromPublic": False, "SourceVPCEs": [door]}]))
beanstalk = client("elasticbeanstalk")
beanstalk.create_application(ApplicationName="ours")
beanstalk.create_environment(ApplicationName="ours", EnvironmentName="ours", SolutionStackName="64bit Amazon Linux 2023 v4.7.0 running PHP 8.3", Tags=[{"Key": "owner", "Value": "web"}])
