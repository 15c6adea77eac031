"""Keys, buckets, file systems, message channels and secrets."""

from hand import (
    ACCOUNT,
    AWAY,
    HOME,
    anyone,
    client,
    control,
    only_from,
    only_tls,
    policy,
    stranger,
    tags,
    words,
)

BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


def keys(e):
    kms = client("kms")
    own = {
        "Sid": "Own",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }

    def key(name, *more):
        made = kms.create_key(
            Description=name,
            Policy=policy(own, *more),
            Tags=[{"TagKey": t["Key"], "TagValue": t["Value"]} for t in tags(name)],
        )["KeyMetadata"]
        kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=made["KeyId"])
        return made["Arn"]

    e["key"] = key("kept")
    kms.enable_key_rotation(KeyId=e["key"])
    key("shared", stranger("kms:Decrypt", "*"))
    key("public", anyone("kms:Decrypt", "*"))
    kms.schedule_key_deletion(KeyId=key("leaving").rsplit("/", 1)[-1], PendingWindowInDays=7)


def stores(e):
    s3 = e["s3"] = client("s3")

    def bucket(
        name,
        blocked=True,
        versioned=True,
        classification=None,
        statements=(),
        environment="production",
        region=HOME,
        locked=False,
        **labels,
    ):
        where = client("s3", region)
        where.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": region}, ObjectLockEnabledForBucket=locked
        )
        where.put_bucket_tagging(
            Bucket=name,
            Tagging={"TagSet": tags(name, environment=environment, classification=classification, **labels)},
        )
        if versioned:
            where.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        if blocked:
            where.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=BLOCKED)
            where.put_bucket_ownership_controls(
                Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
            )
        if statements:
            where.put_bucket_policy(Bucket=name, Policy=policy(*statements))
        where.put_bucket_encryption(
            Bucket=name,
            ServerSideEncryptionConfiguration={
                "Rules": [
                    {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": e["key"]}}
                ]
            }
            if blocked
            else {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
        )

    both = lambda name: [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    delivers = lambda name: {
        "Sid": "Delivery",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    bucket("careful-logs", locked=True, statements=[delivers("careful-logs"), only_tls("s3:*", both("careful-logs"))])
    s3.put_object_lock_configuration(
        Bucket="careful-logs",
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 400}},
        },
    )
    bucket("careful-copies", region=AWAY)
    bucket(
        "careful-data",
        classification="personal",
        statements=[
            only_tls("s3:*", both("careful-data")),
            only_from("vpce-0a0a0a0a0a0a0a0a0", "s3:*", both("careful-data")),
        ],
    )
    s3.put_bucket_logging(
        Bucket="careful-data",
        BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "careful-logs", "TargetPrefix": "data/"}},
    )
    s3.put_bucket_lifecycle_configuration(
        Bucket="careful-data",
        LifecycleConfiguration={
            "Rules": [{"ID": "end", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 500}}]
        },
    )
    s3.put_bucket_replication(
        Bucket="careful-data",
        ReplicationConfiguration={
            "Role": f"arn:aws:iam::{ACCOUNT}:role/backup",
            "Rules": [
                {
                    "ID": "away",
                    "Status": "Enabled",
                    "Priority": 1,
                    "Filter": {"Prefix": ""},
                    "DeleteMarkerReplication": {"Status": "Disabled"},
                    "Destination": {"Bucket": "arn:aws:s3:::careful-copies"},
                }
            ],
        },
    )
    bucket(
        "careful-open",
        blocked=False,
        versioned=False,
        classification="personal",
        statements=[
            anyone("s3:GetObject", "arn:aws:s3:::careful-open/*"),
            stranger("s3:PutObject", "arn:aws:s3:::careful-open/*"),
        ],
    )
    bucket("careful-trial", environment="test", blocked=False, versioned=False)
    bucket("careful-records", records="ten-years")
    # A record of an account that everybody can read, and that ends early.
    bucket(
        "careful-shown",
        blocked=False,
        versioned=False,
        statements=[anyone("s3:GetObject", "arn:aws:s3:::careful-shown/*")],
    )
    s3.put_bucket_lifecycle_configuration(
        Bucket="careful-shown",
        LifecycleConfiguration={
            "Rules": [{"ID": "end", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}]
        },
    )
    doors(bucket, both)


def doors(bucket, both):
    """Two buckets that leave it to their access points who comes in: one door is open to everyone."""
    for name, closed in (("careful-doors", True), ("careful-doorless", False)):
        handing = {
            "Sid": "Doors",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": both(name),
            "Condition": {"StringEquals": {"s3:DataAccessPointAccount": ACCOUNT}},
        }
        bucket(name, blocked=False, statements=[handing])
        control().create_access_point(
            AccountId=ACCOUNT,
            Name=f"{name}-door",
            Bucket=name,
            PublicAccessBlockConfiguration=BLOCKED if closed else {key: False for key in BLOCKED},
        )
        control().put_access_point_policy(
            AccountId=ACCOUNT,
            Name=f"{name}-door",
            Policy=policy(anyone("s3:GetObject", f"arn:aws:s3:{HOME}:{ACCOUNT}:accesspoint/{name}-door/object/*")),
        )


def channels(e):
    sns, sqs = client("sns"), client("sqs")
    for name, careful in (("events", True), ("bells", False)):
        topic = sns.create_topic(
            Name=name, Attributes={"KmsMasterKeyId": e["key"]} if careful else {}, Tags=tags(name)
        )["TopicArn"]
        sns.set_topic_attributes(
            TopicArn=topic,
            AttributeName="Policy",
            AttributeValue=policy(
                only_tls("sns:Publish", topic) if careful else anyone("sns:Publish", topic),
                stranger("sns:Subscribe", topic)
                if not careful
                else {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                    "Action": "sns:Publish",
                    "Resource": topic,
                },
            ),
        )
        url = sqs.create_queue(
            QueueName=name,
            Attributes={"KmsMasterKeyId": e["key"]} if careful else {"SqsManagedSseEnabled": "false"},
            tags=words(name),
        )["QueueUrl"]
        queue = f"arn:aws:sqs:{HOME}:{ACCOUNT}:{name}"
        sqs.set_queue_attributes(
            QueueUrl=url,
            Attributes={"Policy": policy(only_tls("sqs:*", queue) if careful else anyone("sqs:SendMessage", queue))},
        )
    client("kinesis").create_stream(StreamName="clicks", ShardCount=1)
    kafka = client("kafka")
    for name, careful in (("orders", True), ("loose", False)):
        kafka.create_cluster_v2(
            ClusterName=name,
            Tags=words(name),
            Provisioned={
                "BrokerNodeGroupInfo": {
                    "ClientSubnets": e["inner"],
                    "InstanceType": "kafka.m5.large",
                    "SecurityGroups": [e["sg"]["inside"]],
                    "ConnectivityInfo": {"PublicAccess": {"Type": "DISABLED" if careful else "SERVICE_PROVIDED_EIPS"}},
                },
                "KafkaVersion": "3.6.0",
                "NumberOfBrokerNodes": 2,
                "ClientAuthentication": {
                    "Sasl": {"Iam": {"Enabled": careful}},
                    "Unauthenticated": {"Enabled": not careful},
                },
                "EncryptionInfo": {
                    "EncryptionInTransit": {"ClientBroker": "TLS" if careful else "PLAINTEXT", "InCluster": True},
                    "EncryptionAtRest": {"DataVolumeKMSKeyId": e["key"]},
                },
            },
        )
    mq = client("mq")
    mq.create_broker(
        BrokerName="jobs",
        EngineType="ACTIVEMQ",
        EngineVersion="5.18",
        HostInstanceType="mq.m5.large",
        DeploymentMode="ACTIVE_STANDBY_MULTI_AZ",
        PubliclyAccessible=False,
        SubnetIds=e["inner"],
        SecurityGroups=[e["sg"]["inside"]],
        AutoMinorVersionUpgrade=True,
        Users=[{"Username": "operator", "Password": "not-a-secret-1"}],
        Logs={"General": True, "Audit": True},
        Tags=words("jobs"),
    )
    mq.create_broker(
        BrokerName="open",
        EngineType="RABBITMQ",
        EngineVersion="3.8",
        HostInstanceType="mq.t3.micro",
        DeploymentMode="SINGLE_INSTANCE",
        PubliclyAccessible=True,
        AutoMinorVersionUpgrade=False,
        Users=[{"Username": "operator", "Password": "not-a-secret-1"}],
        Tags=words("open"),
    )
    secrets(e)


def secrets(e):
    manager, ssm = client("secretsmanager"), client("ssm")
    manager.create_secret(
        Name="orders/database", SecretString="not-a-secret", KmsKeyId=e["key"], Tags=tags("orders-database")
    )
    manager.rotate_secret(SecretId="orders/database", RotationRules={"AutomaticallyAfterDays": 30})
    manager.create_secret(Name="partner", SecretString="not-a-secret", Tags=tags("partner"))
    manager.put_resource_policy(
        SecretId="partner",
        ResourcePolicy=policy(
            anyone("secretsmanager:GetSecretValue", "*"), stranger("secretsmanager:GetSecretValue", "*")
        ),
    )
    ssm.put_parameter(Name="/shop/token", Value="not-a-secret", Type="SecureString", Tags=tags("token"))


def files(e):
    efs = client("efs")
    for name, careful in (("templates", True), ("drop", False)):
        made = efs.create_file_system(
            CreationToken=name,
            Encrypted=careful,
            Tags=tags(name, classification="internal" if careful else None),
            **({"KmsKeyId": e["key"]} if careful else {}),
        )
        target = e["inner"][0] if careful else e["outer"][0]
        efs.create_mount_target(
            FileSystemId=made["FileSystemId"], SubnetId=target, SecurityGroups=[e["sg"]["inside" if careful else "all"]]
        )
        if careful:
            efs.put_file_system_policy(
                FileSystemId=made["FileSystemId"],
                Policy=policy(
                    only_tls("*", "*"),
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                        "Action": "elasticfilesystem:ClientMount",
                        "Resource": "*",
                    },
                ),
            )
    client("fsx").create_file_system(
        FileSystemType="LUSTRE",
        StorageCapacity=1200,
        SubnetIds=[e["inner"][0]],
        SecurityGroupIds=[e["sg"]["inside"]],
        Tags=tags("models"),
    )
