"""What watches over the account: records, alerts, security services, backups, the organisation."""

import datetime
import json

from hand import ACCOUNT, AWAY, GLOBAL, HOME, client, control, specified, tags, words


def build(e):
    records(e)
    alerts(e)
    services(e)
    backups(e)
    organisation(e)


def records(e):
    logs, trail = client("logs"), client("cloudtrail")
    for name, days in (
        ("/careful/trail", 400),
        ("/careful/web", 90),
        ("/careful/flow", 30),
        ("/careful/forever", None),
    ):
        logs.create_log_group(
            logGroupName=name, tags=words(name), **({"kmsKeyId": e["key"]} if name == "/careful/trail" else {})
        )
        if days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    group = f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:/careful/trail:*"
    trail.create_trail(
        Name="whole",
        S3BucketName="careful-logs",
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
        KmsKeyId=e["key"],
        CloudWatchLogsLogGroupArn=group,
        CloudWatchLogsRoleArn=e["flow"],
        TagsList=tags("whole"),
    )
    trail.start_logging(Name="whole")
    trail.put_event_selectors(
        TrailName="whole",
        EventSelectors=[
            {
                "ReadWriteType": "All",
                "IncludeManagementEvents": True,
                "ExcludeManagementEventSources": ["kms.amazonaws.com"],
                "DataResources": [],
            }
        ],
    )
    # One that is kept where whoever holds this account cannot reach it.
    trail.create_trail(
        Name="apart",
        S3BucketName="ours-trail",
        IsMultiRegionTrail=False,
        EnableLogFileValidation=True,
        TagsList=tags("apart"),
    )
    trail.start_logging(Name="apart")
    trail.create_trail(
        Name="poor",
        S3BucketName="careful-shown",
        IsMultiRegionTrail=False,
        EnableLogFileValidation=False,
        TagsList=tags("poor"),
    )
    trail.start_logging(Name="poor")
    trail.put_event_selectors(
        TrailName="poor",
        EventSelectors=[{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True, "DataResources": []}],
    )
    ec2 = e["ec2"]
    ec2.create_flow_logs(
        ResourceIds=[e["trial"]],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="cloud-watch-logs",
        LogGroupName="/careful/flow",
        DeliverLogsPermissionArn=e["flow"],
    )


# What each kind of change is called in the benchmark that people follow.
CHANGES = {
    "network": (
        "ec2",
        """AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress RevokeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup CreateNetworkAcl CreateNetworkAclEntry
        DeleteNetworkAcl DeleteNetworkAclEntry ReplaceNetworkAclEntry ReplaceNetworkAclAssociation CreateCustomerGateway DeleteCustomerGateway AttachInternetGateway CreateInternetGateway DeleteInternetGateway DetachInternetGateway
        CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable DeleteRoute DisassociateRouteTable CreateVpc DeleteVpc ModifyVpcAttribute AcceptVpcPeeringConnection CreateVpcPeeringConnection
        DeleteVpcPeeringConnection RejectVpcPeeringConnection""",
    ),
    "identity": (
        "iam",
        """DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion AttachRolePolicy DetachRolePolicy
        AttachUserPolicy DetachUserPolicy AttachGroupPolicy DetachGroupPolicy""",
    ),
    "trail": ("cloudtrail", "CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging"),
    "recorder": (
        "config",
        "StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel PutConfigurationRecorder",
    ),
    "keys": ("kms", "DisableKey ScheduleKeyDeletion"),
    "buckets": (
        "s3",
        "PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication DeleteBucketPolicy DeleteBucketCors DeleteBucketLifecycle DeleteBucketReplication",
    ),
}


def alerts(e):
    topic = e["alerts"] = client("sns").create_topic(
        Name="security", Attributes={"KmsMasterKeyId": e["key"]}, Tags=tags("security")
    )["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{HOME}:{ACCOUNT}:events")
    sign_in = '{ ($.eventName = ConsoleLogin) && (($.errorMessage = "Failed authentication") || ($.additionalEventData.MFAUsed != "Yes") || ($.userIdentity.type = "Root")) }'
    client("logs").put_metric_filter(
        logGroupName="/careful/trail",
        filterName="sign-in",
        filterPattern=sign_in,
        metricTransformations=[{"metricName": "sign-in", "metricNamespace": "Trail", "metricValue": "1"}],
    )
    client("cloudwatch").put_metric_alarm(
        AlarmName="sign-in",
        MetricName="sign-in",
        Namespace="Trail",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[topic],
    )
    caught = {
        "health": {"source": ["aws.health"]},
        "threats": {"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"]},
        "sign-in": {"source": ["aws.signin"]},
    }
    for name, (service, calls) in CHANGES.items():
        caught[name] = {
            "source": [f"aws.{service}"],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {"eventName": calls.split()},
        }
    for region in (HOME, GLOBAL):
        events = client("events", region)
        for name, pattern in caught.items():
            events.put_rule(Name=name, EventPattern=json.dumps(pattern), State="ENABLED")
            events.put_targets(
                Rule=name, Targets=[{"Id": "function", "Arn": f"arn:aws:lambda:{region}:{ACCOUNT}:function:tells"}]
            )


def services(e):
    features = [
        {"Name": n, "Status": "ENABLED"}
        for n in (
            "S3_DATA_EVENTS",
            "EKS_AUDIT_LOGS",
            "RDS_LOGIN_EVENTS",
            "LAMBDA_NETWORK_LOGS",
            "RUNTIME_MONITORING",
            "EBS_MALWARE_PROTECTION",
        )
    ]
    for region in (HOME, GLOBAL):
        client("guardduty", region).create_detector(Enable=True, Features=features)
        client("inspector2", region).enable(accountIds=[ACCOUNT], resourceTypes=["EC2", "ECR"])
    client("macie2").enable_macie(status="PAUSED")
    config = client("config")
    config.put_configuration_recorder(
        ConfigurationRecorder={
            "name": "default",
            "roleARN": e["config"],
            "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
        }
    )
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "careful-logs"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    # Only one of the two regions that are in use has Security Hub.
    client("ec2", GLOBAL).create_volume(
        AvailabilityZone=GLOBAL + "a", Size=1, Encrypted=True, TagSpecifications=specified("volume", "far")
    )
    hub = client("securityhub")
    hub.enable_security_hub(EnableDefaultStandards=True)
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    product = f"arn:aws:securityhub:{HOME}:{ACCOUNT}:product/{ACCOUNT}/default"
    hub.batch_import_findings(
        Findings=[
            {
                "SchemaVersion": "2018-10-08",
                "Id": f"{product}/{name}",
                "ProductArn": product,
                "GeneratorId": name,
                "AwsAccountId": ACCOUNT,
                "Types": [kind],
                "CreatedAt": now,
                "UpdatedAt": now,
                "FirstObservedAt": now,
                "Severity": {"Label": "HIGH"},
                "Title": name,
                "Description": name,
                "Resources": [{"Type": "Other", "Id": name}],
                "Workflow": {"Status": "NEW"},
                "RecordState": "ACTIVE",
            }
            for name, kind in (
                ("beacon", "TTPs/Command and Control"),
                ("old-library", "Software and Configuration Checks/Vulnerabilities/CVE"),
            )
        ]
        + [
            {
                "SchemaVersion": "2018-10-08",
                "Id": f"{product}/control",
                "ProductArn": product,
                "GeneratorId": "control",
                "AwsAccountId": ACCOUNT,
                "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"],
                "CreatedAt": now,
                "UpdatedAt": now,
                "Severity": {"Label": "LOW"},
                "Title": "control",
                "Description": "control",
                "Resources": [{"Type": "Other", "Id": "control"}],
                "Workflow": {"Status": "NEW"},
                "RecordState": "ACTIVE",
                "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.1"},
            }
        ]
    )
    resolver = client("route53resolver")
    queries = resolver.create_resolver_query_log_config(
        Name="queries",
        DestinationArn=f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:/careful/flow",
        CreatorRequestId="queries",
    )["ResolverQueryLogConfig"]["Id"]
    resolver.associate_resolver_query_log_config(ResolverQueryLogConfigId=queries, ResourceId=e["vpc"])
    client("account").put_alternate_contact(
        AlternateContactType="SECURITY",
        Name="Security",
        Title="Duty officer",
        EmailAddress="security@careful.example",
        PhoneNumber="+44 20 7946 0000",
    )
    budgets = client("budgets", "us-east-1")
    budgets.create_budget(
        AccountId=ACCOUNT,
        Budget={
            "BudgetName": "monthly",
            "BudgetLimit": {"Amount": "1000", "Unit": "USD"},
            "TimeUnit": "MONTHLY",
            "BudgetType": "COST",
        },
        NotificationsWithSubscribers=[
            {
                "Notification": {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80},
                "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "finance@careful.example"}],
            }
        ],
    )
    control().put_public_access_block(
        AccountId=ACCOUNT,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )


def backups(e):
    backup = client("backup")
    for name, days, away in (("kept", 35, True), ("brief", 1, False)):
        backup.create_backup_vault(BackupVaultName=name, BackupVaultTags=words(name))
        copies = [{"DestinationBackupVaultArn": f"arn:aws:backup:{AWAY}:{ACCOUNT}:backup-vault:kept"}] if away else []
        backup.create_backup_plan(
            BackupPlan={
                "BackupPlanName": name,
                "Rules": [
                    {
                        "RuleName": name,
                        "TargetBackupVaultName": name,
                        "ScheduleExpression": "cron(0 3 * * ? *)",
                        "Lifecycle": {"DeleteAfterDays": days},
                        "CopyActions": copies,
                    }
                ],
            }
        )
    backup.put_backup_vault_lock_configuration(
        BackupVaultName="kept", MinRetentionDays=7, MaxRetentionDays=400, ChangeableForDays=3
    )


def organisation(e):
    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    security = organizations.create_account(AccountName="security", Email="security@careful.example")
    organizations.register_delegated_administrator(
        AccountId=security["CreateAccountStatus"]["AccountId"], ServicePrincipal="guardduty.amazonaws.com"
    )
