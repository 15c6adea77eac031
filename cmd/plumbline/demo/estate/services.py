"""The managed services of both accounts, and what watches over them: a few of each, some set up with less care."""

import io
import json
import zipfile

import people
from simulator import TOLD, tags
from terms import WORLD


def pairs(name, owner="platform", environment="production", classification=None):
    """Tags as the services take them that want a map."""
    return {t["Key"]: t["Value"] for t in tags(name, owner, environment, classification)}


def lower(name, **more):
    """Tags as the services take them that spell the words small."""
    return [{"key": t["Key"], "value": t["Value"]} for t in tags(name, **more)]


def code():
    """The smallest code that a function can have, the same in every recording."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as z:
        z.writestr(zipfile.ZipInfo("main.py", (2026, 1, 1, 0, 0, 0)), "def handle(event, context): return event\n")
    return packed.getvalue()


class Services:
    """The part of the company that runs on what the provider runs."""

    def watch_over_production(self):
        a = self.production
        a("organizations").create_organization(FeatureSet="ALL")
        a("account").put_alternate_contact(
            AlternateContactType="SECURITY",
            Name="Security at Brackenfield",
            Title="Duty officer",
            EmailAddress="security@brackenfield.example",
            PhoneNumber="+44 20 7946 0000",
        )
        a("budgets").create_budget(
            AccountId=a.number,
            Budget={
                "BudgetName": "monthly",
                "BudgetLimit": {"Amount": "40000", "Unit": "USD"},
                "TimeUnit": "MONTHLY",
                "BudgetType": "COST",
            },
        )
        people.role(a, "config-recorder", people.trust({"Service": "config.amazonaws.com"}), owner="security")
        config = a("config")
        config.put_configuration_recorder(
            ConfigurationRecorder={
                "name": "default",
                "roleARN": f"arn:aws:iam::{a.number}:role/config-recorder",
                "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
            }
        )
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "brackenfield-audit-trail"})
        config.start_configuration_recorder(ConfigurationRecorderName="default")
        a("guardduty").create_detector(Enable=True, Tags=pairs("guardduty", "security"))
        a("securityhub").enable_security_hub(EnableDefaultStandards=True, Tags=pairs("securityhub", "security"))
        a("inspector2").enable(accountIds=[a.number], resourceTypes=["EC2", "ECR"])
        a("macie2").enable_macie(status="ENABLED")
        TOLD["anomaly subscriptions", a.number, "us-east-1"] = [
            {
                "SubscriptionName": "finance",
                "SubscriptionArn": f"arn:aws:ce::{a.number}:anomalysubscription/finance",
                "MonitorArnList": [f"arn:aws:ce::{a.number}:anomalymonitor/services"],
                "Subscribers": [{"Address": "finance@brackenfield.example", "Type": "EMAIL", "Status": "CONFIRMED"}],
                "Frequency": "DAILY",
            }
        ]
        TOLD["reviews", a.number, a.region] = [
            {
                "WorkloadId": "6d1f0c2b9a8e4f57b3c2d1e0f9a8b7c6",
                "WorkloadArn": f"arn:aws:wellarchitected:{a.region}:{a.number}:workload/6d1f0c2b9a8e4f57b3c2d1e0f9a8b7c6",
                "WorkloadName": "web shop",
                "Owner": a.number,
                "UpdatedAt": 1782122400,
                "RiskCounts": {"HIGH": 2, "MEDIUM": 5, "NONE": 31},
                "ImprovementStatus": "IN_PROGRESS",
            }
        ]
        TOLD["sessions", a.number, a.region] = "AWSSystemsManagerDefaultEC2InstanceManagementRole"
        TOLD["root used", a.number] = "2024-03-04T09:12:00+00:00"
        TOLD["threats", a.number, a.region] = [
            {
                "id": "b2c8f1d06e7a4c0f9f1e5a3d7c6b8a90",
                "arn": f"arn:aws:guardduty:{a.region}:{a.number}:detector/detector/finding/b2c8f1d06e7a4c0f9f1e5a3d7c6b8a90",
                "accountId": a.number,
                "region": a.region,
                "type": "Recon:EC2/PortProbeUnprotectedPort",
                "severity": 7.5,
                "schemaVersion": "2.0",
                "createdAt": "2026-08-21T03:14:00.000Z",
                "updatedAt": "2026-08-29T03:14:00.000Z",
                "resource": {"resourceType": "Instance"},
                "service": {"archived": False, "count": 12, "eventFirstSeen": "2026-08-21T03:10:00Z"},
            }
        ]
        self.logs_of_production()

    def logs_of_production(self):
        a = self.production
        logs = a("logs")
        for name, days in (("/brackenfield/trail", 400), ("/brackenfield/web", 90), ("/aws/lambda/label-maker", None)):
            logs.create_log_group(logGroupName=name, tags=pairs(name.rsplit("/", 1)[-1]))
            if days:
                logs.put_retention_policy(logGroupName=name, retentionInDays=days)
        alerts = a("sns").create_topic(
            Name="security-alerts", Attributes={"KmsMasterKeyId": "alias/aws/sns"}, Tags=tags("security-alerts", "security")
        )["TopicArn"]
        a("sns").subscribe(TopicArn=alerts, Protocol="email", Endpoint="security@brackenfield.example")
        for name, pattern in (
            ("root-use", '{ $.userIdentity.type = "Root" }'),
            ("refused-calls", '{ $.errorCode = "*UnauthorizedOperation" || $.errorCode = "AccessDenied*" }'),
        ):
            logs.put_metric_filter(
                logGroupName="/brackenfield/trail",
                filterName=name,
                filterPattern=pattern,
                metricTransformations=[{"metricName": name, "metricNamespace": "Trail", "metricValue": "1"}],
            )
            a("cloudwatch").put_metric_alarm(
                AlarmName=name,
                MetricName=name,
                Namespace="Trail",
                Statistic="Sum",
                Period=300,
                EvaluationPeriods=1,
                Threshold=1,
                ComparisonOperator="GreaterThanOrEqualToThreshold",
                AlarmActions=[alerts],
            )

    def services_of_production(self):
        a, n = self.production, self.net
        key = self.keys["kms-data"]
        self.messages(a, key)
        self.tables(a, n, key)
        self.secrets(a, key)
        self.functions(a, n)
        self.containers(a, n)
        efs = a("efs")
        for name, encrypted in (("label-templates", True), ("depot-share", False)):
            efs.create_file_system(CreationToken=name, Encrypted=encrypted, Tags=tags(name, "depots"))
        backup = a("backup")
        vault = backup.create_backup_vault(BackupVaultName="nightly", BackupVaultTags=pairs("nightly", "security"))
        plan = backup.create_backup_plan(
            BackupPlan={
                "BackupPlanName": "nightly",
                "Rules": [
                    {
                        "RuleName": "nightly",
                        "TargetBackupVaultName": vault["BackupVaultName"],
                        "ScheduleExpression": "cron(0 3 * * ? *)",
                        "Lifecycle": {"DeleteAfterDays": 35},
                    }
                ],
            }
        )["BackupPlanId"]
        for name in ("orders", "tracking"):
            TOLD.setdefault(("backup selections", a.number, a.region), []).append(
                {"SelectionName": name, "BackupPlanId": plan, "IamRoleArn": f"arn:aws:iam::{a.number}:role/backup-operator"}
            )
            TOLD.setdefault(("protected resources", a.number, a.region), []).append(
                {
                    "ResourceArn": f"arn:aws:rds:{a.region}:{a.number}:db:{name}",
                    "ResourceType": "RDS",
                    "LastBackupTime": 1788062400,
                }
            )

    def messages(self, a, key):
        sns, sqs = a("sns"), a("sqs")
        sns.create_topic(Name="parcel-events", Attributes={"KmsMasterKeyId": key}, Tags=tags("parcel-events", "tracking"))
        open_topic = sns.create_topic(Name="depot-bells", Tags=tags("depot-bells", "depots"))["TopicArn"]
        sns.set_topic_attributes(
            TopicArn=open_topic,
            AttributeName="Policy",
            AttributeValue=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "Anyone",
                            "Effect": "Allow",
                            "Principal": {"AWS": "*"},
                            "Action": "sns:Publish",
                            "Resource": open_topic,
                        }
                    ],
                }
            ),
        )
        sqs.create_queue(QueueName="labels", Attributes={"KmsMasterKeyId": key}, tags=pairs("labels"))
        sqs.create_queue(QueueName="scans", Attributes={"SqsManagedSseEnabled": "false"}, tags=pairs("scans", "depots"))

    def tables(self, a, n, key):
        dynamodb = a("dynamodb")
        for name, careful in (("sessions", True), ("depot-scans", False)):
            more = {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}} if careful else {}
            dynamodb.create_table(
                TableName=name,
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
                DeletionProtectionEnabled=careful,
                Tags=tags(name, "platform" if careful else "depots", classification="internal"),
                **more,
            )
            if careful:
                dynamodb.update_continuous_backups(
                    TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
                )

        TOLD["cache subnets", a.number, a.region] = [
            {
                "SubnetGroupName": "default",
                "VpcId": n.id,
                "Subnets": [{"SubnetIdentifier": n.subnets[name]} for name in ("data-a", "data-b")],
            }
        ]
        # A cache before each table: the sessions' as it should be, the scans' as it was clicked together.
        people.role(a, "table-cache", people.trust({"Service": "dax.amazonaws.com"}))
        for name, careful in (("sessions-cache", True), ("depot-scans-cache", False)):
            a("dax").create_cluster(
                ClusterName=name,
                NodeType="dax.t3.small",
                ReplicationFactor=2,
                IamRoleArn=f"arn:aws:iam::{a.number}:role/table-cache",
                SSESpecification={"Enabled": careful},
                ClusterEndpointEncryptionType="TLS" if careful else "NONE",
                Tags=tags(name, "platform" if careful else "depots"),
            )

    def secrets(self, a, key):
        manager, ssm = a("secretsmanager"), a("ssm")
        manager.create_secret(
            Name="orders/database", SecretString="not-a-secret", KmsKeyId=key, Tags=tags("orders-database")
        )
        manager.create_secret(Name="customs/partner", SecretString="not-a-secret", Tags=tags("customs-partner", "customs"))
        ssm.put_parameter(Name="/shop/theme", Value="autumn", Type="String", Tags=tags("theme", "web"))
        ssm.put_parameter(
            Name="/tracking/api-token", Value="not-a-secret", Type="SecureString", Tags=tags("api-token", "tracking")
        )
        ssm.put_parameter(
            Name="/depots/printer-password", Value="not-a-secret", Type="String", Tags=tags("printer-password", "depots")
        )

    def functions(self, a, n):
        people.role(
            a,
            "label-maker",
            people.trust({"Service": "lambda.amazonaws.com"}),
            people.allow(["s3:PutObject"], "arn:aws:s3:::brackenfield-labels/*"),
        )
        role = f"arn:aws:iam::{a.number}:role/label-maker"
        n.group("functions", "Functions", egress=[(443, WORLD)])
        for name, runtime, more in (
            (
                "label-maker",
                "python3.13",
                {"VpcConfig": {"SubnetIds": [n.subnets["app-a"]], "SecurityGroupIds": [n.groups["functions"]]}},
            ),
            ("postcode-lookup", "python3.8", {"Environment": {"Variables": {"GEOCODER_PASSWORD": "winter-postcodes-2024"}}}),
        ):
            a("lambda").create_function(
                FunctionName=name,
                Runtime=runtime,
                Role=role,
                Handler="main.handle",
                Code={"ZipFile": code()},
                Tags=pairs(name, "web"),
                **more,
            )
        TOLD["function url", a.number, "postcode-lookup"] = "NONE"
        beanstalk = a("elasticbeanstalk")
        beanstalk.create_application(ApplicationName="depot-portal")
        beanstalk.create_environment(
            ApplicationName="depot-portal",
            EnvironmentName="depot-portal-live",
            SolutionStackName="64bit Amazon Linux 2023 v4.7.0 running PHP 8.3",
            Tags=tags("depot-portal", "depots"),
        )

    def containers(self, a, n):
        ecr, ecs = a("ecr"), a("ecs")
        for name, careful in (("quotes", True), ("depot-tools", False)):
            ecr.create_repository(
                repositoryName=name,
                imageTagMutability="IMMUTABLE" if careful else "MUTABLE",
                imageScanningConfiguration={"scanOnPush": careful},
                encryptionConfiguration={"encryptionType": "KMS" if careful else "AES256"},
                tags=tags(name, "web" if careful else "depots"),
            )
        registry = f"{a.number}.dkr.ecr.{a.region}.amazonaws.com"
        for name, careful in (("quotes", True), ("depot-tools", False)):
            ecs.register_task_definition(
                family=name,
                networkMode="awsvpc" if careful else "host",
                containerDefinitions=[
                    {
                        "name": name,
                        "image": f"{registry}/{name}:2026-06",
                        "memory": 512,
                        "privileged": not careful,
                        "readonlyRootFilesystem": careful,
                        "user": "10001" if careful else "root",
                        "environment": [] if careful else [{"name": "PRINTER_PASSWORD", "value": "depot-printers-2023"}],
                        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/brackenfield/web"}},
                    }
                ],
                tags=lower(name, owner="web" if careful else "depots"),
            )
        people.role(a, "cluster", people.trust({"Service": "eks.amazonaws.com"}))
        a("eks").create_cluster(
            name="parcels",
            version="1.33",
            roleArn=f"arn:aws:iam::{a.number}:role/cluster",
            resourcesVpcConfig={
                "subnetIds": [n.subnets["app-a"], n.subnets["app-b"]],
                "endpointPublicAccess": True,
                "endpointPrivateAccess": True,
                "publicAccessCidrs": [WORLD],
            },
            logging={"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]},
            tags=pairs("parcels"),
        )

    def services_of_staging(self):
        a = self.staging
        TOLD["root used", a.number] = "2026-08-27T16:40:00+00:00"
        a("sqs").create_queue(QueueName="test-labels", tags=pairs("test-labels", environment="staging"))
        a("ssm").put_parameter(Name="/staging/token", Value="not-a-secret", Type="String", Tags=tags("token", environment="staging"))
        a("logs").create_log_group(logGroupName="/staging/web")
        a("ecr").create_repository(repositoryName="trials", tags=tags("trials", environment="staging"))
