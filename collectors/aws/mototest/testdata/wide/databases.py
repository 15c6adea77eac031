"""Databases of every kind: relational, caches, documents, search and warehouses."""

import json

from hand import ACCOUNT, AWAY, HOME, anyone, client, policy, small, tags


def build(e):
    relational(e)
    caches(e)
    others(e)
    serverless(e)


def relational(e):
    rds = client("rds")
    rds.create_db_subnet_group(DBSubnetGroupName="inner", DBSubnetGroupDescription="inner", SubnetIds=e["inner"])
    rds.create_db_subnet_group(DBSubnetGroupName="outer", DBSubnetGroupDescription="outer", SubnetIds=e["outer"])
    for name, family, settings in (
        (
            "careful-postgres",
            "postgres16",
            {
                "rds.force_ssl": "1",
                "ssl_min_protocol_version": "TLSv1.2",
                "log_connections": "1",
                "log_statement": "all",
                "pgaudit.log": "all",
                "shared_preload_libraries": "pgaudit",
            },
        ),
        ("careful-mysql", "mysql8.0", {"local_infile": "1", "require_secure_transport": "0", "tls_version": "TLSv1.1"}),
    ):
        for region in (HOME, AWAY):
            client("rds", region).create_db_parameter_group(
                DBParameterGroupName=name, DBParameterGroupFamily=family, Description=name
            )
        rds.modify_db_parameter_group(
            DBParameterGroupName=name,
            Parameters=[
                {"ParameterName": k, "ParameterValue": v, "ApplyMethod": "pending-reboot"} for k, v in settings.items()
            ],
        )

    def database(name, engine, version, group, subnets, **more):
        settings = {
            "classification": more.pop("classification", "personal"),
            "environment": more.pop("environment", "production"),
        }
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            Engine=engine,
            EngineVersion=version,
            DBInstanceClass="db.m6g.large",
            AllocatedStorage=100,
            MasterUsername="operator",
            MasterUserPassword="not-a-secret",
            VpcSecurityGroupIds=[e["sg"][group]],
            DBSubnetGroupName=subnets,
            Tags=tags(name, **settings),
            **more,
        )

    database(
        "orders",
        "postgres",
        "16.3",
        "data",
        "inner",
        MultiAZ=True,
        DeletionProtection=True,
        EnableIAMDatabaseAuthentication=True,
        BackupRetentionPeriod=14,
        StorageEncrypted=True,
        KmsKeyId=e["key"],
        EnableCloudwatchLogsExports=["postgresql"],
        DBParameterGroupName="careful-postgres",
        PubliclyAccessible=False,
        AutoMinorVersionUpgrade=True,
        MaxAllocatedStorage=500,
    )
    database(
        "shop",
        "mysql",
        "8.0.36",
        "data-open",
        "outer",
        BackupRetentionPeriod=1,
        StorageEncrypted=False,
        PubliclyAccessible=True,
        DBParameterGroupName="careful-mysql",
        classification=None,
        AutoMinorVersionUpgrade=False,
    )
    database(
        "trial",
        "postgres",
        "16.3",
        "data",
        "inner",
        environment="test",
        BackupRetentionPeriod=1,
        StorageEncrypted=False,
        PubliclyAccessible=False,
    )
    rds.create_db_snapshot(
        DBInstanceIdentifier="orders",
        DBSnapshotIdentifier="orders-copy",
        Tags=tags("orders-copy", classification="personal"),
    )
    rds.create_db_snapshot(
        DBInstanceIdentifier="orders", DBSnapshotIdentifier="orders-plain", Tags=tags("orders-plain")
    )
    client("rds", AWAY).create_db_instance_read_replica(
        DBInstanceIdentifier="orders-away",
        SourceDBInstanceIdentifier=f"arn:aws:rds:{HOME}:{ACCOUNT}:db:orders",
        SourceRegion=HOME,
    )
    rds.create_db_cluster(
        DBClusterIdentifier="ledger",
        Engine="aurora-postgresql",
        EngineVersion="15.4",
        MasterUsername="operator",
        MasterUserPassword="not-a-secret",
        DBSubnetGroupName="inner",
        VpcSecurityGroupIds=[e["sg"]["data"]],
        StorageEncrypted=True,
        KmsKeyId=e["key"],
        BackupRetentionPeriod=14,
        DeletionProtection=True,
        EnableIAMDatabaseAuthentication=True,
        EnableCloudwatchLogsExports=["postgresql"],
        Tags=tags("ledger", classification="personal"),
        Port=5432,
    )
    rds.create_db_cluster(
        DBClusterIdentifier="papers",
        Engine="neptune",
        MasterUsername="operator",
        MasterUserPassword="not-a-secret",
        DBSubnetGroupName="outer",
        VpcSecurityGroupIds=[e["sg"]["data-open"]],
        Tags=tags("papers"),
    )


def caches(e):
    cache = client("elasticache")
    cache.create_cache_subnet_group(
        CacheSubnetGroupName="inner", CacheSubnetGroupDescription="inner", SubnetIds=e["inner"]
    )
    cache.create_replication_group(
        ReplicationGroupId="sessions",
        ReplicationGroupDescription="sessions",
        Engine="redis",
        CacheNodeType="cache.t4g.small",
        NumCacheClusters=2,
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
        CacheSubnetGroupName="inner",
        SecurityGroupIds=[e["sg"]["data"]],
        AtRestEncryptionEnabled=True,
        TransitEncryptionEnabled=True,
        AuthToken="a-long-token-of-no-worth",
        KmsKeyId=e["key"],
        SnapshotRetentionLimit=14,
        Tags=tags("sessions", classification="internal"),
    )
    cache.create_replication_group(
        ReplicationGroupId="bare",
        ReplicationGroupDescription="bare",
        Engine="redis",
        CacheNodeType="cache.t4g.small",
        NumCacheClusters=1,
        SecurityGroupIds=[e["sg"]["data-open"]],
        Tags=tags("bare"),
    )
    cache.create_cache_cluster(
        CacheClusterId="plain", Engine="memcached", CacheNodeType="cache.t4g.small", NumCacheNodes=1, Tags=tags("plain")
    )
    memory = client("memorydb")
    memory.create_subnet_group(SubnetGroupName="inner", SubnetIds=e["inner"])
    memory.create_cluster(
        ClusterName="fast",
        NodeType="db.t4g.small",
        ACLName="own",
        SubnetGroupName="inner",
        SecurityGroupIds=[e["sg"]["data"]],
        TLSEnabled=True,
        KmsKeyId=e["key"],
        SnapshotRetentionLimit=14,
        Tags=tags("fast"),
    )
    memory.create_cluster(
        ClusterName="loose",
        NodeType="db.t4g.small",
        ACLName="open-access",
        SubnetGroupName="inner",
        SecurityGroupIds=[e["sg"]["data-open"]],
        TLSEnabled=False,
        Tags=tags("loose"),
    )


def others(e):
    dynamo = client("dynamodb")
    for name, careful in (("baskets", True), ("visits", False)):
        dynamo.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            DeletionProtectionEnabled=careful,
            Tags=tags(name, classification="personal"),
            **(
                {
                    "BillingMode": "PAY_PER_REQUEST",
                    "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": e["key"]},
                }
                if careful
                else {
                    "BillingMode": "PROVISIONED",
                    "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
                }
            ),
        )
        if careful:
            dynamo.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
            )
    search = client("opensearch")
    search.create_domain(
        DomainName="finds",
        EngineVersion="OpenSearch_2.11",
        ClusterConfig={"InstanceType": "m6g.large.search", "InstanceCount": 2, "ZoneAwarenessEnabled": True},
        VPCOptions={"SubnetIds": e["inner"], "SecurityGroupIds": [e["sg"]["data"]]},
        EncryptionAtRestOptions={"Enabled": True, "KmsKeyId": e["key"]},
        NodeToNodeEncryptionOptions={"Enabled": True},
        DomainEndpointOptions={"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-2019-07"},
        AdvancedSecurityOptions={"Enabled": True, "InternalUserDatabaseEnabled": True},
        TagList=tags("finds"),
    )
    search.create_domain(
        DomainName="loose",
        EngineVersion="Elasticsearch_5.6",
        AccessPolicies=policy(anyone("es:*", "*")),
        DomainEndpointOptions={"EnforceHTTPS": False, "TLSSecurityPolicy": "Policy-Min-TLS-1-0-2019-07"},
        TagList=tags("loose"),
    )
    red = client("redshift")
    red.create_cluster_subnet_group(ClusterSubnetGroupName="inner", Description="inner", SubnetIds=e["inner"])
    red.create_cluster(
        ClusterIdentifier="stock",
        NodeType="ra3.xlplus",
        MasterUsername="operator",
        MasterUserPassword="Not-a-secret-1",
        ClusterType="multi-node",
        NumberOfNodes=2,
        Encrypted=True,
        KmsKeyId=e["key"],
        PubliclyAccessible=False,
        ClusterSubnetGroupName="inner",
        VpcSecurityGroupIds=[e["sg"]["data"]],
        AutomatedSnapshotRetentionPeriod=14,
        Tags=tags("stock", classification="personal"),
    )
    red.create_cluster(
        ClusterIdentifier="bare",
        NodeType="ra3.xlplus",
        MasterUsername="operator",
        MasterUserPassword="Not-a-secret-1",
        ClusterType="single-node",
        PubliclyAccessible=True,
        Tags=tags("bare"),
    )
    red.create_cluster_snapshot(SnapshotIdentifier="stock-copy", ClusterIdentifier="stock", Tags=tags("stock-copy"))


def serverless(e):
    """A cache before tables, and collections of a service without servers of one's own."""
    for name, careful in (("baskets-cache", True), ("bare-cache", False)):
        client("dax").create_cluster(
            ClusterName=name,
            NodeType="dax.t3.small",
            ReplicationFactor=2,
            IamRoleArn=e["lambda"],
            SSESpecification={"Enabled": careful},
            ClusterEndpointEncryptionType="TLS" if careful else "NONE",
            Tags=tags(name),
        )
    search = client("opensearchserverless")
    for name, careful in (("papers", True), ("leaflets", False)):
        covered = [{"ResourceType": "collection", "Resource": [f"collection/{name}"]}]
        search.create_security_policy(
            name=name,
            type="encryption",
            policy=json.dumps({"Rules": covered, "KmsARN": e["key"] if careful else "auto"}),
        )
        search.create_collection(
            name=name, type="SEARCH", standbyReplicas="ENABLED" if careful else "DISABLED", tags=small(name)
        )
        # moto takes the key from whatever policy it finds last.
        endpoint = {"SourceVPCEs": [search_endpoint(search, e)]} if careful else {}
        search.create_security_policy(
            name=name,
            type="network",
            policy=json.dumps([{"Rules": covered, "AllowFromPublic": not careful, **endpoint}]),
        )


def search_endpoint(search, e):
    return search.create_vpc_endpoint(
        name="papers", vpcId=e["vpc"], subnetIds=e["inner"], securityGroupIds=[e["sg"]["data"]]
    )["createVpcEndpointDetail"]["id"]
