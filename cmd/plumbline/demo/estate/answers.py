"""What the simulated AWS answers where moto has no answer, each in the service's own format.

It is imported by the simulator, after that has set moto up.
"""

import json
import re
import uuid
from base64 import b64encode
from datetime import datetime, timedelta, timezone
from urllib.parse import unquote

from moto.backends import get_backend

NO_ID = str(uuid.UUID(int=0))


def serial_console(_):
    return (
        '<GetSerialConsoleAccessStatusResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>{NO_ID}</requestId><serialConsoleAccessEnabled>false</serialConsoleAccessEnabled></GetSerialConsoleAccessStatusResponse>"
    )


def sharing_with_everyone(operation, field, state):
    """Images cannot be shared with everyone, as in every young account; nobody has thought of snapshots."""
    return lambda _: (
        f'<{operation}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>{NO_ID}</requestId><{field}>{state}</{field}></{operation}Response>"
    )


def protected_by_web_acl(call):
    asked = call.json()
    kind = {"APPLICATION_LOAD_BALANCER": ":loadbalancer/app/"}.get(
        asked.get("ResourceType", "APPLICATION_LOAD_BALANCER"), ":none/"
    )
    acl = get_backend("wafv2")[call.account][call.region].wacls.get(asked.get("WebACLArn"))
    held = acl.associated_resources if acl else []
    return json.dumps({"ResourceArns": sorted(a for a in held if kind in a)})


def policy_status(call):
    """Says whether the bucket's policy lets everyone in; moto would list the bucket's objects instead."""
    name = call.host.split(".s3")[0]
    bucket = get_backend("s3")[call.account]["aws"].buckets[name]
    statements = json.loads(bucket.policy)["Statement"] if bucket.policy else []
    public = any(
        s["Effect"] == "Allow" and s.get("Principal") in ("*", {"AWS": "*"}) and "Condition" not in s
        for s in statements
    )
    if not statements:
        return "404 Not Found", (
            f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchBucketPolicy</Code><Message>The bucket policy does not exist</Message>'
            f"<BucketName>{name}</BucketName><RequestId>{NO_ID}</RequestId></Error>"
        )
    return f'<PolicyStatus xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsPublic>{str(public).upper()}</IsPublic></PolicyStatus>'


def key_rotation(call):
    """Rotation as AWS does it: its own keys rotate every year, and the next date does not move with the day of asking."""
    key = get_backend("kms")[call.account][call.region].keys[call.json()["KeyId"].rsplit("/", 1)[-1]]
    said = {"KeyId": key.id, "KeyRotationEnabled": bool(key.key_rotation_status) or key.key_manager == "AWS"}
    if key.key_rotation_status:
        said["RotationPeriodInDays"] = 365
    return json.dumps(said)


# The regions that every account has. Others must be opted into, and nobody at the company did.
REGIONS = (
    "ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1 "
    "eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2"
).split()


def regions(_):
    items = "".join(
        f"<item><regionName>{r}</regionName><regionEndpoint>ec2.{r}.amazonaws.com</regionEndpoint>"
        "<optInStatus>opt-in-not-required</optInStatus></item>"
        for r in REGIONS
    )
    return (
        '<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>{NO_ID}</requestId><regionInfo>{items}</regionInfo></DescribeRegionsResponse>"
    )


def none_of(word):
    """Nothing of the kind exists."""
    return lambda _: json.dumps({word: []})


def no_serverless_caches(_):
    return (
        '<DescribeServerlessCachesResponse xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/">'
        "<DescribeServerlessCachesResult><ServerlessCaches/></DescribeServerlessCachesResult>"
        f"<ResponseMetadata><RequestId>{NO_ID}</RequestId></ResponseMetadata></DescribeServerlessCachesResponse>"
    )


# Major versions of databases with the end of their makers' support; the last of each engine still has years to go.
SUPPORTED_UNTIL = {("postgres", "12"): "2025-02-28", ("postgres", "16"): "2029-02-28", ("mysql", "8.4"): "2029-07-31"}


def in_rds(operation, body):
    return (
        f'<{operation}Response xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><{operation}Result>{body}</{operation}Result>'
        f"<ResponseMetadata><RequestId>{NO_ID}</RequestId></ResponseMetadata></{operation}Response>"
    )


def engine_versions(call):
    engine, version = call.field("Engine"), call.field("EngineVersion")
    major = version.split(".")[0] if engine == "postgres" else ".".join(version.split(".")[:2])
    status = "available" if SUPPORTED_UNTIL.get((engine, major), "") > "2026" else "deprecated"
    return in_rds(
        "DescribeDBEngineVersions",
        f"<DBEngineVersions><DBEngineVersion><Engine>{engine}</Engine><EngineVersion>{version}</EngineVersion>"
        f"<MajorEngineVersion>{major}</MajorEngineVersion><Status>{status}</Status></DBEngineVersion></DBEngineVersions>",
    )


def option_groups(call):
    name = unquote(call.field("OptionGroupName"))
    return in_rds(
        "DescribeOptionGroups",
        f"<OptionGroupsList><OptionGroup><OptionGroupName>{name}</OptionGroupName><EngineName>mysql</EngineName>"
        "<MajorEngineVersion>8.4</MajorEngineVersion><Options/></OptionGroup></OptionGroupsList>",
    )


def major_versions(call):
    engine, major = call.field("Engine"), call.field("MajorEngineVersion")
    return in_rds(
        "DescribeDBMajorEngineVersions",
        f"<DBMajorEngineVersions><DBMajorEngineVersion><Engine>{engine}</Engine><MajorEngineVersion>{major}</MajorEngineVersion>"
        "<SupportedEngineLifecycles><SupportedEngineLifecycle><LifecycleSupportName>open-source-rds-standard-support</LifecycleSupportName>"
        f"<LifecycleSupportEndDate>{SUPPORTED_UNTIL[engine, major]}T00:00:00Z</LifecycleSupportEndDate></SupportedEngineLifecycle></SupportedEngineLifecycles>"
        "</DBMajorEngineVersion></DBMajorEngineVersions>",
    )


def authorities(_):
    """The certificate authorities of databases in every region; the old one ends soon after the simulated weeks."""
    return in_rds(
        "DescribeCertificates",
        "<Certificates>"
        + "".join(
            f"<Certificate><CertificateIdentifier>{name}</CertificateIdentifier><CertificateType>CA</CertificateType>"
            f"<ValidFrom>2021-05-21T00:00:00Z</ValidFrom><ValidTill>{until}T00:00:00Z</ValidTill></Certificate>"
            for name, until in (("rds-ca-rsa2048-g1", "2061-05-21"), ("rds-ca-2019", "2026-12-31"))
        )
        + "</Certificates>",
    )


def account_attributes(_):
    """Accounts of this age have no first generation of networks."""
    return (
        '<DescribeAccountAttributesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>{NO_ID}</requestId><accountAttributeSet><item><attributeName>supported-platforms</attributeName>"
        "<attributeValueSet><item><attributeValue>VPC</attributeValue></item></attributeValueSet></item>"
        "</accountAttributeSet></DescribeAccountAttributesResponse>"
    )


def environment_settings(_):
    """A load-balanced environment as its wizard makes it, with a password among its variables."""
    settings = (
        ("aws:elasticbeanstalk:environment", "EnvironmentType", "LoadBalanced"),
        ("aws:elasticbeanstalk:environment", "LoadBalancerType", "classic"),
        ("aws:elb:listener:80", "ListenerProtocol", "HTTP"),
        ("aws:elb:listener:80", "ListenerEnabled", "true"),
        ("aws:ec2:vpc", "ELBScheme", "public"),
        ("aws:elasticbeanstalk:cloudwatch:logs", "StreamLogs", "false"),
        ("aws:elasticbeanstalk:application:environment", "DEPOT_PASSWORD", "pallets-and-racks-2024"),
    )
    members = "".join(
        f"<member><Namespace>{space}</Namespace><OptionName>{name}</OptionName><Value>{value}</Value></member>"
        for space, name, value in settings
    )
    return beanstalk(
        "DescribeConfigurationSettings",
        "<ConfigurationSettings><member><ApplicationName>depot-portal</ApplicationName><DeploymentStatus>deployed"
        f"</DeploymentStatus><OptionSettings>{members}</OptionSettings></member></ConfigurationSettings>",
    )


def platform_version(_):
    """The makers of the platform do not care for it any more."""
    return beanstalk(
        "DescribePlatformVersion",
        "<PlatformDescription><PlatformBranchLifecycleState>Retired</PlatformBranchLifecycleState></PlatformDescription>",
    )


def beanstalk(action, result):
    return (
        f'<{action}Response xmlns="http://elasticbeanstalk.amazonaws.com/docs/2010-12-01/"><{action}Result>{result}'
        f"</{action}Result><ResponseMetadata><RequestId>{NO_ID}</RequestId></ResponseMetadata></{action}Response>"
    )


def told(name, word):
    """What the estate told the provider to answer: the things of which moto keeps no memory."""
    return lambda call: json.dumps({word: TOLD.get((name, call.account, call.region), [])})


def cluster_versions(_):
    return json.dumps({"clusterVersions": [{"clusterVersion": "1.33", "status": "standard-support"}]})


def function_urls(call):
    function = unquote(call.path.split("/")[3])
    said = TOLD.get(("function url", call.account, function.rsplit(":", 1)[-1]))
    if not said:
        return json.dumps({"FunctionUrlConfigs": []})
    return json.dumps({"FunctionUrlConfigs": [{"FunctionArn": function, "AuthType": said, "CreationTime": "2026-06-22T10:00:00Z"}]})


def told_threat(call):
    """The one thing that GuardDuty has found."""
    return json.dumps({"findings": TOLD.get(("threats", call.account, call.region), [])})


def threat_names(call):
    return json.dumps({"findingIds": [f["id"] for f in TOLD.get(("threats", call.account, call.region), [])]})


def running(call):
    """The machines of an account and region that wear an identity, which is what lets their agents report."""
    ec2 = get_backend("ec2")[call.account][call.region]
    return [
        i
        for r in ec2.reservations.values()
        for i in r.instances
        if i.state == "running" and i.id in ec2.iam_instance_profile_associations
    ]


def name_of(machine):
    return next((t["value"] for t in machine.get_tags() if t["key"] == "Name"), "")


def managed_machines(call):
    return json.dumps(
        {
            "InstanceInformationList": [
                {"InstanceId": i.id, "PingStatus": "Online", "PlatformType": "Linux", "AgentVersion": "3.3.2299.0"}
                for i in running(call)
            ]
        }
    )


def patch_states(call):
    """Every machine was looked at the night before; the one that runs the batches misses updates."""
    asked, at = call.json()["InstanceIds"], datetime.now(timezone.utc) - timedelta(hours=8)
    return json.dumps(
        {
            "InstancePatchStates": [
                {
                    "InstanceId": i.id,
                    "PatchGroup": "production",
                    "BaselineId": "pb-0a1b2c3d4e5f60001",
                    "Operation": "Scan",
                    "OperationStartTime": at.timestamp() - 60,
                    "OperationEndTime": at.timestamp(),
                    "InstalledCount": 212,
                    "MissingCount": late,
                    "CriticalNonCompliantCount": late // 2,
                    "SecurityNonCompliantCount": late - late // 2,
                    "InstalledPendingRebootCount": 0,
                }
                for i in running(call)
                if i.id in asked
                for late in (9 if name_of(i) == "nightly-batch" else 0,)
            ]
        }
    )


def session_setting(call):
    """Production lets every agent broker sessions; staging leaves it to each machine."""
    role = TOLD.get(("sessions", call.account, call.region), "$None")
    setting = call.json()["SettingId"]
    return json.dumps({"ServiceSetting": {"SettingId": setting, "SettingValue": role, "Status": "Customized", "ARN": setting}})


def credential_report(call):
    """The report with the line of the root user, which moto leaves out; nobody reads the others."""
    used = TOLD.get(("root used", call.account), "no_information")
    told = {
        "user": "<root_account>",
        "arn": f"arn:aws:iam::{call.account}:root",
        "user_creation_time": "2024-03-01T09:00:00+00:00",
        "password_enabled": "not_supported",
        "password_last_used": used,
        "mfa_active": "true",
        "access_key_1_active": "false",
        "access_key_1_last_rotated": "N/A",
        "access_key_1_last_used_date": "N/A",
        "access_key_2_active": "false",
        "access_key_2_last_rotated": "N/A",
        "access_key_2_last_used_date": "N/A",
    }
    report = b64encode("\n".join(",".join(line) for line in (told, told.values())).encode()).decode()
    return (
        '<GetCredentialReportResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetCredentialReportResult>'
        f"<Content>{report}</Content><ReportFormat>text/csv</ReportFormat>"
        "<GeneratedTime>2026-08-31T05:00:00Z</GeneratedTime></GetCredentialReportResult>"
        f"<ResponseMetadata><RequestId>{NO_ID}</RequestId></ResponseMetadata></GetCredentialReportResponse>"
    )


# TOLD is what the company set where moto has no call for it, by what it is, account and region.
TOLD = {}


# ANSWERS holds, by service and action, what moto lacks.
ANSWERS = {
    ("ec2", "GetSerialConsoleAccessStatus"): serial_console,
    ("ec2", "GetSnapshotBlockPublicAccessState"): sharing_with_everyone(
        "GetSnapshotBlockPublicAccessState", "state", "unblocked"
    ),
    ("ec2", "GetImageBlockPublicAccessState"): sharing_with_everyone(
        "GetImageBlockPublicAccessState", "imageBlockPublicAccessState", "block-new-sharing"
    ),
    ("rds", "DescribeDBEngineVersions"): engine_versions,
    ("rds", "DescribeDBMajorEngineVersions"): major_versions,
    ("rds", "DescribeOptionGroups"): option_groups,
    ("s3", "policyStatus"): policy_status,
    ("kms", "GetKeyRotationStatus"): key_rotation,
    ("ec2", "DescribeRegions"): regions,
    ("access-analyzer", "/analyzer"): none_of("analyzers"),
    ("backup", "/resources"): told("protected resources", "Results"),
    ("backup", "/restore-testing/plans"): none_of("RestoreTestingPlans"),
    ("cloudtrail", "ListEventDataStores"): none_of("EventDataStores"),
    ("apprunner", "ListServices"): none_of("ServiceSummaryList"),
    ("ce", "GetAnomalySubscriptions"): told("anomaly subscriptions", "AnomalySubscriptions"),
    ("codeartifact", "/v1/repositories"): none_of("repositories"),
    ("dax", "DescribeSubnetGroups"): told("cache subnets", "SubnetGroups"),
    ("elasticbeanstalk", "DescribeConfigurationSettings"): environment_settings,
    ("elasticbeanstalk", "DescribePlatformVersion"): platform_version,
    ("dlm", "/policies"): none_of("Policies"),
    ("ec2", "DescribeAccountAttributes"): account_attributes,
    ("rds", "DescribeCertificates"): authorities,
    ("redshift-serverless", "ListWorkgroups"): none_of("workgroups"),
    ("route53resolver", "ListFirewallRuleGroupAssociations"): none_of("FirewallRuleGroupAssociations"),
    # Quotas without a measure of their use: the use is asked for up to now, which no recording can hold.
    ("servicequotas", "ListServiceQuotas"): none_of("Quotas"),
    ("ssm", "DescribeInstanceInformation"): managed_machines,
    ("ssm", "DescribeInstancePatchStates"): patch_states,
    ("ssm", "GetServiceSetting"): session_setting,
    ("ssm", "GetInventory"): none_of("Entities"),
    ("iam", "GetCredentialReport"): credential_report,
    ("wellarchitected", "/workloadsSummaries"): told("reviews", "WorkloadSummaries"),
    ("elasticache", "DescribeServerlessCaches"): no_serverless_caches,
    ("wafv2", "ListResourcesForWebACL"): protected_by_web_acl,
}

# PATTERNS does so by service and path, where the path names a resource.
PATTERNS = [
    ("backup", r"/restore-jobs", none_of("RestoreJobs")),
    ("backup", r"/backup/plans/[^/]+/selections", told("backup selections", "BackupSelectionsList")),
    ("eks", r"/cluster-versions", cluster_versions),
    ("eks", r"/clusters/[^/]+/addons", none_of("addons")),
    ("guardduty", r"/detector/[^/]+/coverage", none_of("resources")),
    ("guardduty", r"/detector/[^/]+/findings", threat_names),
    ("guardduty", r"/detector/[^/]+/findings/get", told_threat),
    ("lambda", r"/2021-10-31/functions/.+/urls", function_urls),
]


def answer_of(call):
    """The function that answers a call in moto's place, or nothing."""
    found = ANSWERS.get((call.service, call.action))
    if found:
        return found
    return next((f for s, path, f in PATTERNS if s == call.service and re.fullmatch(path, call.path)), None)
