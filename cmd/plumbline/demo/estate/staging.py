"""The second account, where less care is taken."""

import people
import storage
from network import Network
from terms import LINUX, OFFICE, PARTNER, WORLD


class Staging:
    """The part of the company that tries things out."""

    def staging_account(self):
        a = self.staging
        iam = a("iam")
        iam.create_account_alias(AccountAlias="brackenfield-staging")
        iam.create_group(GroupName="developers")
        iam.attach_group_policy(GroupName="developers", PolicyArn="arn:aws:iam::aws:policy/PowerUserAccess")
        people.person(a, "p.duarte", ["developers"], second_factor=False, last_seen="2026-08-28T10:00:00")
        people.person(a, "s.yamada", ["developers"], second_factor=True, last_seen="2026-08-28T13:00:00")
        people.role(
            a,
            "customs-test",
            people.trust(
                {"AWS": f"arn:aws:iam::{PARTNER}:root"}, condition={"StringEquals": {"sts:ExternalId": "quayside-test"}}
            ),
            people.allow(["s3:GetObject"], "arn:aws:s3:::brackenfield-staging-exchange/*"),
            environment="staging",
            owner="customs",
        )
        store = lambda name, **more: storage.bucket(a, f"brackenfield-staging-{name}", environment="staging", **more)
        store("releases")
        store("exchange", owner="customs", tls=False)
        store("scratch", owner=None, classification=None, blocked=False, versioned=False, tls=False, expires=False)
        n = self.test = Network(a, "eu-central-1", "staging", "10.40", "staging")
        n.group("web", "Everything of staging", (443, WORLD), (8443, "10.40.0.0/16"), (22, OFFICE))
        n.group("db", "Databases of staging", (5432, "web"))
        for name in ("staging-web", "staging-tracking"):
            self.machines[name] = n.machine(
                name, LINUX, "public-a", ["web"], owner="web", hardened=name == "staging-web"
            )
        n.address(self.machines["staging-web"], "staging-web")
        a("rds").create_db_subnet_group(
            DBSubnetGroupName="staging-data",
            DBSubnetGroupDescription="Data subnets",
            SubnetIds=[n.subnets["data-a"], n.subnets["data-b"]],
        )
        self.database(
            "staging-orders", "postgres", "16.3", "db", "default.postgres16", account=a, net=n, environment="staging"
        )
        a("kms").create_key(Description="staging", Tags=[{"TagKey": "owner", "TagValue": "platform"}])
