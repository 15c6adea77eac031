"""Twelve weeks at Brackenfield Parcels. Each function is one week's change; its first line is what the archive says
happened."""

import people
import storage
from simulator import tags
from terms import LINUX, SAFE_TLS, WORLD


def week_01(c):
    """The first collection of both accounts."""


def week_02(c):
    """A hotfix at night opens SSH of the bastion and of the depot gateway to the world."""
    c.net.admit("bastion", 22, WORLD)
    c.net.admit("depot-legacy", 22, WORLD)


def week_03(c):
    """SSH is closed again; tracking gets a redirect and a modern TLS policy."""
    c.net.shut("bastion", 22, WORLD)
    c.net.shut("depot-legacy", 22, WORLD)
    c.net.shut("depot-legacy", 22, "10.0.0.0/8")
    elb = c.production("elbv2")
    for listener in elb.describe_listeners(LoadBalancerArn=c.balancers["tracking"])["Listeners"]:
        if listener["Port"] == 443:
            elb.modify_listener(ListenerArn=listener["ListenerArn"], SslPolicy=SAFE_TLS)
        else:
            elb.modify_listener(
                ListenerArn=listener["ListenerArn"],
                DefaultActions=[
                    {
                        "Type": "redirect",
                        "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
                    }
                ],
            )


def week_04(c):
    """Photos of parcels are made public for a marketing page, though they show addresses. A supplier's bridge is set up
    in the cluster with the rights of its nodes."""
    s3 = c.production("s3")
    s3.delete_public_access_block(Bucket="brackenfield-parcel-photos")
    storage.say(c.production, "brackenfield-parcel-photos", None, storage.everyone_reads("brackenfield-parcel-photos"))


def week_05(c):
    """The photos are closed; every person of production gets a second factor; the password rule is mended."""
    storage.say(
        c.production, "brackenfield-parcel-photos", None, *storage.refuse_clear_text("brackenfield-parcel-photos")
    )
    storage.block_public(c.production, "brackenfield-parcel-photos")
    for name in ("j.lindqvist", "p.duarte", "s.yamada"):
        people.add_second_factor(c.production, name)
    c.production("iam").update_account_password_policy(
        MinimumPasswordLength=16,
        RequireNumbers=True,
        RequireLowercaseCharacters=True,
        RequireUppercaseCharacters=True,
        AllowUsersToChangePassword=True,
        PasswordReusePrevention=24,
    )


def week_06(c):
    """Returns, a new service, goes live without TLS, without a web firewall and from an image that was shared with everyone."""
    n = c.net
    n.group("returns", "Returns portal", (8080, "balancer"), (22, "bastion"))
    for zone in "ab":
        c.machines[f"returns-{zone}"] = n.machine(
            f"returns-{zone}", LINUX, f"app-{zone}", ["returns"], owner="returns", hardened=False, encrypted=False
        )
    c.front(
        "returns", ["returns-a", "returns-b"], redirect=False, origin="HTTP", logged=False, owner="returns", tls=False
    )
    c.images["returns-2026-10"] = n.image(c.machines["returns-a"], "returns-2026-10", owner="returns")
    n.ec2.modify_image_attribute(ImageId=c.images["returns-2026-10"], LaunchPermission={"Add": [{"Group": "all"}]})


def week_07(c):
    """A tidied role loses the right to read databases and bucket policies: what cannot be read is unknown."""
    c.production.deny("rds:DescribeDBInstances", "s3:policy", "s3:policyStatus", "s3:acl")
    for zone in "ab":
        c.machines[f"web-{zone}-new"] = c.net.machine(
            f"web-{zone}-2026-10", LINUX, f"app-{zone}", ["web"], owner="web", profile="web-machine"
        )
    c.production("elbv2").register_targets(
        TargetGroupArn=c.pools["shop"], Targets=[{"Id": c.machines[f"web-{z}-new"], "Port": 8443} for z in "ab"]
    )
    c.production("elbv2").deregister_targets(
        TargetGroupArn=c.pools["shop"], Targets=[{"Id": c.machines[f"web-{z}"]} for z in "ab"]
    )


def week_08(c):
    """The role can read again; the old web machines are gone; the image is private; keys are rotated."""
    c.production.allow()
    c.net.ec2.terminate_instances(InstanceIds=[c.machines.pop("web-a"), c.machines.pop("web-b")])
    c.net.ec2.modify_image_attribute(
        ImageId=c.images["returns-2026-10"], LaunchPermission={"Remove": [{"Group": "all"}]}
    )
    iam = c.production("iam")
    iam.delete_access_key(UserName="ci-deploy", AccessKeyId=c.keys["deploy"])
    c.keys["deploy"] = people.key(c.production, "ci-deploy", used="2026-10-19T05:30:00")
    c.production("kms").enable_key_rotation(KeyId=c.keys["kms-backup"])


def week_09(c):
    """An analyst makes the reporting database public and opens its filter to work from home. Pods of the cluster are held
    to a standard, and the bridge loses the rights of the nodes."""
    n = c.net
    n.group("reporting", "Reporting database", (5432, WORLD))
    rds = c.production("rds")
    rds.create_db_subnet_group(
        DBSubnetGroupName="shop-public",
        DBSubnetGroupDescription="Public subnets",
        SubnetIds=[n.subnets["public-a"], n.subnets["public-b"]],
    )
    rds.modify_db_instance(
        DBInstanceIdentifier="reporting",
        PubliclyAccessible=True,
        VpcSecurityGroupIds=[n.groups["reporting"]],
        DBSubnetGroupName="shop-public",
        ApplyImmediately=True,
    )


def week_10(c):
    """Reporting moves to a private, encrypted database; the contractor leaves."""
    rds = c.production("rds")
    c.net.shut("reporting", 5432, WORLD)
    rds.delete_db_instance(DBInstanceIdentifier="reporting", SkipFinalSnapshot=True)
    c.database(
        "reporting-private",
        "postgres",
        "16.3",
        "postgres",
        "orders-postgres16",
        owner="data",
        classification="confidential",
        MultiAZ=True,
        DeletionProtection=True,
        EnableIAMDatabaseAuthentication=True,
        BackupRetentionPeriod=14,
        KmsKeyId=c.keys["kms-data"],
        EnableCloudwatchLogsExports=["postgresql"],
    )
    c.net.ec2.delete_security_group(GroupId=c.net.groups.pop("reporting"))
    iam = c.production("iam")
    iam.delete_login_profile(UserName="r.contractor")
    iam.remove_user_from_group(UserName="r.contractor", GroupName="developers")
    iam.delete_user(UserName="r.contractor")


def week_11(c):
    """Returns gets TLS, a redirect and the web firewall; a snapshot of tracking is shared with everyone by mistake."""
    elb, n = c.production("elbv2"), c.net
    certificate = c.production("acm").request_certificate(DomainName="returns.brackenfield.example")["CertificateArn"]
    elb.create_listener(
        LoadBalancerArn=c.balancers["returns"],
        Protocol="HTTPS",
        Port=443,
        SslPolicy=SAFE_TLS,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": c.pools["returns"]}],
        Tags=tags("returns-443", "returns"),
    )
    elb.modify_listener(
        ListenerArn=c.listeners["returns"],
        DefaultActions=[
            {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
        ],
    )
    elb.modify_load_balancer_attributes(
        LoadBalancerArn=c.balancers["returns"],
        Attributes=[
            {"Key": "access_logs.s3.enabled", "Value": "true"},
            {"Key": "access_logs.s3.bucket", "Value": "brackenfield-access-logs"},
        ],
    )
    c.production("wafv2").associate_web_acl(WebACLArn=c.web_acl, ResourceArn=c.balancers["returns"])
    snapshot = n.ec2.describe_snapshots(
        OwnerIds=[c.production.number], Filters=[{"Name": "tag:Name", "Values": ["tracking-spool"]}]
    )["Snapshots"][0]["SnapshotId"]
    n.ec2.modify_snapshot_attribute(
        SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add", GroupNames=["all"]
    )


def week_12(c):
    """The snapshot is private; tracking machines are hardened; a test of search leaves Elasticsearch open in staging."""
    n = c.net
    snapshot = n.ec2.describe_snapshots(
        OwnerIds=[c.production.number], Filters=[{"Name": "tag:Name", "Values": ["tracking-spool"]}]
    )["Snapshots"][0]["SnapshotId"]
    n.ec2.modify_snapshot_attribute(
        SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="remove", GroupNames=["all"]
    )
    for zone in "ab":
        n.ec2.modify_instance_metadata_options(
            InstanceId=c.machines[f"tracking-{zone}"], HttpTokens="required", HttpPutResponseHopLimit=1
        )
    t = c.test
    t.group("search", "Search test", (9200, WORLD), (22, WORLD))
    machine = t.machine("search-test", LINUX, "public-b", ["search"], owner=None, hardened=False)
    t.address(machine, "search-test")


WEEKS = [week_01, week_02, week_03, week_04, week_05, week_06, week_07, week_08, week_09, week_10, week_11, week_12]
