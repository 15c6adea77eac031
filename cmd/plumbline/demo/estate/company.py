"""Brackenfield Parcels before the first simulated week: a carrier with a web shop for postage, in two accounts.

The company is invented. Its domains end in .example and its public addresses are from the ranges for documentation.
"""

import people
import storage
from front import Front
from network import Network, drop_default_network
from services import Services
from simulator import specified, tags
from staging import Staging
from terms import LINUX, MANAGED, OFFICE, PARTNER, UBUNTU, WORLD


class Company(Front, Services, Staging):
    """What stands, by the names that the weekly changes use."""

    def __init__(self, clock, production, staging, partner):
        self.clock, self.production, self.staging, self.partner = clock, production, staging, partner
        self.images, self.machines, self.balancers, self.listeners, self.pools, self.keys = {}, {}, {}, {}, {}, {}

    def found(self):
        """Builds both accounts, in the order in which such companies grow."""
        for account, regions in ((self.production, ("eu-central-1", "eu-west-1")), (self.staging, ("eu-central-1",))):
            account.keep_managed_policies(MANAGED)
            for region in regions:
                drop_default_network(account, region)
        self.clock.set("2024-03-04T09:00:00")
        self.people_of_production()
        self.stores_of_production()
        self.clock.set("2024-04-15T10:00:00")
        self.network_of_production()
        self.clock.set("2025-02-10T10:00:00")
        self.databases_of_production()
        self.clock.set("2025-10-06T10:00:00")
        self.images_of_production()
        self.clock.set("2026-06-08T10:00:00")
        self.machines_of_production()
        self.front_of_production()
        self.clock.set("2026-06-22T10:00:00")
        self.second_region()
        self.records_of_production()
        self.watch_over_production()
        self.services_of_production()
        self.clock.set("2026-07-06T10:00:00")
        self.staging_account()
        self.services_of_staging()

    def people_of_production(self):
        a = self.production
        iam = a("iam")
        iam.create_account_alias(AccountAlias="brackenfield-production")
        iam.update_account_password_policy(
            MinimumPasswordLength=10,
            RequireNumbers=True,
            RequireLowercaseCharacters=True,
            RequireUppercaseCharacters=True,
            AllowUsersToChangePassword=True,
        )
        look = people.policy(
            a,
            "brackenfield-look",
            [
                "ec2:Describe*",
                "rds:Describe*",
                "elasticloadbalancing:Describe*",
                "s3:ListAllMyBuckets",
                "cloudwatch:Get*",
            ],
        )
        audit = people.policy(
            a,
            "brackenfield-audit",
            [
                "ec2:Describe*",
                "rds:Describe*",
                "elasticloadbalancing:Describe*",
                "iam:Get*",
                "iam:List*",
                "s3:GetBucket*",
                "s3:ListAllMyBuckets",
                "kms:Describe*",
                "kms:List*",
                "kms:GetKeyPolicy",
                "kms:GetKeyRotationStatus",
                "cloudtrail:Describe*",
                "cloudtrail:Get*",
                "wafv2:Get*",
                "wafv2:List*",
            ],
        )
        for group, policy in (
            ("admins", "arn:aws:iam::aws:policy/AdministratorAccess"),
            ("developers", look),
            ("auditors", audit),
        ):
            iam.create_group(GroupName=group)
            iam.attach_group_policy(GroupName=group, PolicyArn=policy)
        people.person(a, "m.okafor", ["admins"], second_factor=True, last_seen="2026-08-28T08:12:00")
        people.person(a, "j.lindqvist", ["admins"], second_factor=False, last_seen="2026-08-29T14:40:00")
        people.person(a, "p.duarte", ["developers"], second_factor=False, last_seen="2026-08-27T09:05:00")
        people.person(a, "s.yamada", ["developers"], second_factor=False, last_seen="2026-08-25T11:31:00")
        people.person(
            a, "r.contractor", ["developers"], second_factor=False, last_seen="2026-02-11T16:20:00", owner="procurement"
        )
        people.person(a, "audit.external", ["auditors"], second_factor=True, last_seen="2026-08-20T07:45:00")
        self.keys["deploy"] = people.machine_user(
            a,
            "ci-deploy",
            people.allow(["ec2:Describe*", "s3:PutObject", "ecs:UpdateService"]),
            used="2026-08-30T22:10:00",
        )
        self.keys["legacy"] = people.machine_user(
            a, "label-printer", people.allow("s3:*"), used="2026-08-30T03:00:00", owner="depots"
        )
        ec2 = {"Service": "ec2.amazonaws.com"}
        people.role(
            a,
            "web-machine",
            people.trust(ec2),
            people.allow(["s3:GetObject"], "arn:aws:s3:::brackenfield-releases/*"),
            ["AmazonSSMManagedInstanceCore"],
            profile=True,
            used="2026-08-30T23:00:00",
        )
        people.role(
            a,
            "tracking-machine",
            people.trust(ec2),
            people.allow(["sqs:*", "s3:*"]),
            ["AmazonSSMManagedInstanceCore"],
            profile=True,
            owner="tracking",
            used="2026-08-30T23:00:00",
        )
        people.role(
            a,
            "batch-machine",
            people.trust(ec2),
            managed=["AdministratorAccess"],
            profile=True,
            owner="data",
            used="2026-08-30T01:00:00",
        )
        people.role(
            a,
            "plumbline-reader",
            people.trust(
                {"AWS": "arn:aws:iam::111122223333:root"},
                condition={"StringEquals": {"sts:ExternalId": "brackenfield"}},
            ),
            managed=[audit],
            owner="security",
            used="2026-08-30T06:00:00",
        )
        people.role(
            a,
            "customs-partner",
            people.trust({"AWS": f"arn:aws:iam::{PARTNER}:root"}),
            people.allow(["s3:GetObject"], "arn:aws:s3:::brackenfield-customs-exchange/*"),
            owner="customs",
            used="2026-08-27T12:00:00",
        )
        people.role(
            a,
            "backup-operator",
            people.trust({"Service": "backup.amazonaws.com"}),
            people.allow(["ec2:CreateSnapshot", "rds:CreateDBSnapshot"]),
            used="2026-08-30T02:00:00",
        )

    def stores_of_production(self):
        a = self.production
        kms = a("kms")
        for name in ("data", "backup", "trail"):
            self.keys[f"kms-{name}"] = made = kms.create_key(
                Description=f"brackenfield {name}",
                Tags=[{"TagKey": t["Key"], "TagValue": t["Value"]} for t in tags(name, owner="security")],
            )["KeyMetadata"]["Arn"]
            kms.create_alias(AliasName=f"alias/brackenfield-{name}", TargetKeyId=made)
            if name != "backup":
                kms.enable_key_rotation(KeyId=made)
        store = lambda name, **more: storage.bucket(a, f"brackenfield-{name}", **more)
        store(
            "access-logs",
            statements=[
                storage.service_writes("brackenfield-access-logs", service, sid)
                for service, sid in (
                    ("logging.s3.amazonaws.com", "AccessLogs"),
                    ("delivery.logs.amazonaws.com", "FlowLogs"),
                )
            ],
        )
        logged = "brackenfield-access-logs"
        store(
            "audit-trail",
            owner="security",
            classification="confidential",
            key=self.keys["kms-trail"],
            expires=False,
            logs_to=logged,
            records="seven-years",
            statements=[storage.service_writes("brackenfield-audit-trail", "cloudtrail.amazonaws.com", "Trail")],
        )
        store(
            "customer-documents", owner="customs", classification="personal", key=self.keys["kms-data"], logs_to=logged
        )
        store("backups", classification="confidential", key=self.keys["kms-backup"], logs_to=logged)
        store("releases", logs_to=logged)
        store(
            "www",
            owner="web",
            classification="public",
            blocked=False,
            versioned=False,
            tls=False,
            statements=[storage.everyone_reads("brackenfield-www")],
        )
        store("label-archive", owner="depots", classification="personal", versioned=False, tls=False)
        store(
            "customs-exchange",
            owner="customs",
            classification="confidential",
            tls=False,
            statements=[
                {
                    "Sid": "Partner",
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{PARTNER}:root"},
                    "Action": ["s3:GetObject", "s3:PutObject"],
                    "Resource": "arn:aws:s3:::brackenfield-customs-exchange/*",
                }
            ],
        )
        store("parcel-photos", owner="tracking", classification="personal", expires=False)
        storage.block_account(a)

    def network_of_production(self):
        n = self.net = Network(
            self.production, "eu-central-1", "shop", "10.20", "production", flow_bucket="brackenfield-access-logs"
        )
        out = [(443, WORLD)]
        n.group("balancer", "The balancers' filter", (443, WORLD), (80, WORLD))
        n.group("bastion", "Administrators come in here", (22, OFFICE), egress=[(22, "10.20.0.0/16")])
        n.group("web", "Web machines", (8443, "balancer"), (22, "bastion"), egress=[*out, (5432, "10.20.0.0/16")])
        n.group("app", "Application machines", (8080, "web"), (22, "bastion"))
        n.group(
            "tracking",
            "Parcel tracking",
            (8443, "balancer"),
            (22, "bastion"),
            egress=[*out, (3306, "10.20.0.0/16"), (9200, "10.20.0.0/16")],
        )
        n.group("search", "Elasticsearch", (9200, "tracking"), (9300, "10.20.16.0/24"), (22, "bastion"))
        n.group("postgres", "Orders database", (5432, "web"), (5432, "app"), egress=[])
        n.group("mysql", "Tracking database", (3306, "tracking"), egress=[])
        n.group("depot-legacy", "Label printers in the depots", (9100, 9102, "10.90.0.0/16"), (22, "10.0.0.0/8"))
        ec2 = n.ec2
        theirs = self.partner("ec2")
        far = theirs.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
        peer = ec2.create_vpc_peering_connection(
            VpcId=n.id,
            PeerVpcId=far,
            PeerOwnerId=PARTNER,
            PeerRegion="eu-central-1",
            TagSpecifications=specified("vpc-peering-connection", tags("quayside-customs", owner="customs")),
        )["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=peer)
        ec2.create_route(RouteTableId=n.private, DestinationCidrBlock="10.77.0.0/16", VpcPeeringConnectionId=peer)
        ec2.create_managed_prefix_list(
            PrefixListName="offices",
            MaxEntries=5,
            AddressFamily="IPv4",
            Entries=[{"Cidr": OFFICE, "Description": "Head office"}],
            TagSpecifications=specified("prefix-list", tags("offices", owner="network")),
        )

    def databases_of_production(self):
        rds, n = self.production("rds"), self.net
        rds.create_db_subnet_group(
            DBSubnetGroupName="shop-data",
            DBSubnetGroupDescription="Data subnets",
            SubnetIds=[n.subnets["data-a"], n.subnets["data-b"]],
        )
        for name, family, settings in (
            (
                "orders-postgres16",
                "postgres16",
                {
                    "rds.force_ssl": "1",
                    "ssl_min_protocol_version": "TLSv1.2",
                    "pgaudit.log": "all",
                    "shared_preload_libraries": "pgaudit",
                },
            ),
            ("tracking-mysql84", "mysql8.4", {"require_secure_transport": "1", "tls_version": "TLSv1.2,TLSv1.3"}),
        ):
            rds.create_db_parameter_group(DBParameterGroupName=name, DBParameterGroupFamily=family, Description=name)
            rds.modify_db_parameter_group(
                DBParameterGroupName=name,
                Parameters=[
                    {"ParameterName": k, "ParameterValue": v, "ApplyMethod": "pending-reboot"}
                    for k, v in settings.items()
                ],
            )
        self.database(
            "orders",
            "postgres",
            "16.3",
            "postgres",
            "orders-postgres16",
            classification="personal",
            MultiAZ=True,
            DeletionProtection=True,
            EnableIAMDatabaseAuthentication=True,
            BackupRetentionPeriod=14,
            KmsKeyId=self.keys["kms-data"],
            EnableCloudwatchLogsExports=["postgresql"],
        )
        self.database(
            "tracking",
            "mysql",
            "8.4.3",
            "mysql",
            "tracking-mysql84",
            owner="tracking",
            classification="personal",
            MultiAZ=True,
            BackupRetentionPeriod=3,
        )
        self.database(
            "reporting",
            "postgres",
            "12.17",
            "postgres",
            "default.postgres12",
            owner="data",
            classification="confidential",
            encrypted=False,
            BackupRetentionPeriod=1,
        )
        rds.create_db_snapshot(
            DBInstanceIdentifier="orders",
            DBSnapshotIdentifier="orders-before-migration",
            Tags=tags("orders-before-migration", classification="personal"),
        )

    def database(
        self,
        name,
        engine,
        version,
        group,
        parameters,
        account=None,
        net=None,
        owner="platform",
        classification="internal",
        encrypted=True,
        environment="production",
        **more,
    ):
        account, net = account or self.production, net or self.net
        if encrypted and "KmsKeyId" not in more:
            more["KmsKeyId"] = account("kms").describe_key(KeyId="alias/aws/rds")["KeyMetadata"]["Arn"]
        account("rds").create_db_instance(
            DBInstanceIdentifier=name,
            Engine=engine,
            EngineVersion=version,
            DBInstanceClass="db.m6g.large",
            AllocatedStorage=100,
            MasterUsername="operator",
            MasterUserPassword="not-a-secret",
            VpcSecurityGroupIds=[net.groups[group]],
            DBSubnetGroupName=f"{net.name}-data",
            StorageEncrypted=encrypted,
            DBParameterGroupName=parameters,
            Tags=tags(name, owner, environment, classification),
            **{"PubliclyAccessible": False, **more},
        )

    def images_of_production(self):
        n = self.net
        n.group("builder", "Image builder", egress=[(443, WORLD)])
        builder = n.machine("image-builder", LINUX, "app-a", ["builder"])
        for name in ("web-2025-10", "tracking-2025-10"):
            self.images[name] = n.image(builder, name)
        n.ec2.terminate_instances(InstanceIds=[builder])

    def machines_of_production(self):
        n, images = self.net, self.images
        bastion = n.machine("bastion", UBUNTU, "public-a", ["bastion"], size="t3.micro")
        n.address(bastion, "bastion")
        web, track = images["web-2025-10"], images["tracking-2025-10"]
        for zone in "ab":
            self.machines[f"web-{zone}"] = n.machine(
                f"web-{zone}", web, f"app-{zone}", ["web"], owner="web", profile="web-machine"
            )
            self.machines[f"app-{zone}"] = n.machine(
                f"app-{zone}", web, f"app-{zone}", ["app"], owner="web", profile="web-machine"
            )
            self.machines[f"tracking-{zone}"] = n.machine(
                f"tracking-{zone}",
                track,
                f"app-{zone}",
                ["tracking"],
                owner="tracking",
                profile="tracking-machine",
                hardened=False,
            )
            self.machines[f"search-{zone}"] = n.machine(
                f"search-{zone}",
                UBUNTU,
                f"app-{zone}",
                ["search"],
                owner="tracking",
                size="r6g.large",
                hardened=False,
                classification="personal",
            )
        self.machines["batch"] = n.machine(
            "nightly-batch",
            LINUX,
            "app-a",
            ["app"],
            owner="data",
            profile="batch-machine",
            script="#!/bin/bash\nexport REPORTING_PASSWORD=winter-parcels-2024\n/opt/batch/run\n",
        )
        self.machines["depot"] = n.machine(
            "depot-gateway", UBUNTU, "public-b", ["depot-legacy"], owner="depots", hardened=False, encrypted=False
        )
        n.address(self.machines["depot"], "depot-gateway")
        for name, size, encrypted in (("tracking-spool", 200, True), ("old-archive", 500, False)):
            n.ec2.create_volume(
                AvailabilityZone="eu-central-1a",
                Size=size,
                Encrypted=encrypted,
                VolumeType="gp3",
                TagSpecifications=specified("volume", tags(name, owner="tracking", classification="personal")),
            )
        spool = n.ec2.describe_volumes(Filters=[{"Name": "tag:Name", "Values": ["tracking-spool"]}])["Volumes"][0][
            "VolumeId"
        ]
        n.ec2.create_snapshot(
            VolumeId=spool,
            Description="tracking spool",
            TagSpecifications=specified(
                "snapshot", tags("tracking-spool", owner="tracking", classification="personal")
            ),
        )

    def second_region(self):
        """Copies for the worst day, and a small network that would run the shop."""
        a = self.production
        storage.bucket(a, "brackenfield-backups-ireland", region="eu-west-1", classification="confidential")
        n = self.standby = Network(a, "eu-west-1", "standby", "10.30", "production", nat=False)
        n.group("web", "Web machines of the standby", (8443, "10.30.0.0/16"), egress=[(443, WORLD)])
        n.machine("standby-web", LINUX, "app-a", ["web"], owner="web")

    def records_of_production(self):
        trail = self.production("cloudtrail")
        trail.create_trail(
            Name="brackenfield",
            S3BucketName="brackenfield-audit-trail",
            IsMultiRegionTrail=True,
            IncludeGlobalServiceEvents=True,
            EnableLogFileValidation=True,
            KmsKeyId=self.keys["kms-trail"],
            TagsList=tags("brackenfield", owner="security"),
        )
        trail.start_logging(Name="brackenfield")
