"""A simulated AWS on a clock of its own: moto, the answers it lacks, and a way to take rights away.

It knows nothing of the company whose estate stands in it.
"""

import io
import json
import os
import re
import tempfile
import threading
import uuid
from datetime import datetime
from urllib.parse import unquote

# Only these images exist, so that no thousands of the provider's appear as the company's neighbours.
IMAGES = [
    {
        "ami_id": "ami-0a1b2c3d4e5f60001",
        "name": "al2023-ami-2023.8.20260601.0-kernel-6.1-x86_64",
        "description": "Amazon Linux 2023",
        "owner_id": "137112412989",
        "public": True,
        "virtualization_type": "hvm",
        "architecture": "x86_64",
        "state": "available",
        "platform": None,
        "image_type": "machine",
        "hypervisor": "xen",
        "root_device_name": "/dev/xvda",
        "root_device_type": "ebs",
        "sriov": "simple",
    },
    {
        "ami_id": "ami-0a1b2c3d4e5f60002",
        "name": "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20260501",
        "description": "Ubuntu 22.04",
        "owner_id": "099720109477",
        "public": True,
        "virtualization_type": "hvm",
        "architecture": "x86_64",
        "state": "available",
        "platform": None,
        "image_type": "machine",
        "hypervisor": "xen",
        "root_device_name": "/dev/sda1",
        "root_device_type": "ebs",
        "sriov": "simple",
    },
]
with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as images:
    json.dump(IMAGES, images)
os.environ["MOTO_AMIS_PATH"] = images.name
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"

import boto3  # noqa: E402  the settings above are read when moto is imported
from botocore.config import Config  # noqa: E402
from freezegun import freeze_time  # noqa: E402
import moto.ec2.models.elastic_ip_addresses as addresses  # noqa: E402
import moto.ec2.models.elastic_network_interfaces as interfaces  # noqa: E402
from moto.backends import get_backend  # noqa: E402
from moto.moto_api._internal import mock_random  # noqa: E402
from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402

os.unlink(images.name)

# Public addresses come from the ranges that are set aside for documentation.
_public = (f"{net}.{host}" for net in ("203.0.113", "198.51.100") for host in range(10, 250))
addresses.random_ip = lambda: next(_public)
interfaces.random_public_ip = lambda: next(_public)


class Clock:
    """The moment that the simulated provider believes it is."""

    def __init__(self, at):
        self._frozen = freeze_time(at, tick=False)
        self._moment = self._frozen.start()

    def set(self, at):
        """Moves to a moment, and makes the ids of what is made from there on the same in every recording."""
        self._moment.move_to(at)
        mock_random.seed(f"brackenfield {at}")


class Quiet(WSGIRequestHandler):
    """Leaves it to the recorder to say what was not answered."""

    def log(self, *_):
        pass


class Provider:
    """Serves every account on one port and answers what moto cannot."""

    def __init__(self, port):
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.denied = {}  # account → set of "service:Action"
        self.server = make_server("127.0.0.1", port, self, threaded=True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __call__(self, environ, start_response):
        call = Call(environ)
        if f"{call.service}:{call.action}" in self.denied.get(call.account, ()):
            return call.refuse(start_response)
        answer = ANSWERS.get((call.service, call.action))
        if answer:
            return call.answer(start_response, answer(call))
        try:
            return self.moto(environ, start_response)
        except Exception as lacking:  # noqa: BLE001  whatever moto stumbles over, the recorder names the call
            return call.fail(start_response, lacking)


class Call:
    """What one HTTP request asks of which service."""

    def __init__(self, environ):
        self.host = environ.get("HTTP_HOST", "")
        self.account = environ.get("HTTP_X_MOTO_ACCOUNT_ID", "")
        sign = re.search(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        self.region, self.service = sign.groups() if sign else ("us-east-1", "")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        self.body = environ["wsgi.input"].read(length) if length else b""
        if length:
            environ["wsgi.input"] = io.BytesIO(self.body)
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        query = environ.get("QUERY_STRING", "")
        if target:
            self.action = target.rsplit(".", 1)[-1]
            self.protocol = "json"
        elif self.service in ("s3",):
            self.action = query.split("&")[0].split("=")[0] or "bucket"
            self.protocol = "s3"
        else:
            found = re.search(rb"(?:^|&)Action=(\w+)", self.body)
            self.action = found.group(1).decode() if found else environ.get("PATH_INFO", "")
            self.protocol = "ec2" if self.service == "ec2" else "query"

    def json(self):
        return json.loads(self.body or b"{}")

    def field(self, name):
        found = re.search(rb"(?:^|&)" + name.encode() + rb"=([^&]*)", self.body)
        return found.group(1).decode() if found else ""

    def answer(self, start_response, body):
        status, body = body if isinstance(body, tuple) else ("200 OK", body)
        kind = "application/x-amz-json-1.1" if body.startswith("{") else "text/xml"
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body.encode())))])
        return [body.encode()]

    def fail(self, start_response, why):
        """Says that moto has no answer; the recorder prints the call."""
        body = json.dumps({"__type": "InternalFailure", "message": f"moto has no answer: {why!r}"}).encode()
        start_response("500 Internal Server Error", [("Content-Type", "application/json")])
        return [body]

    def refuse(self, start_response):
        word = "You are not authorized to perform this operation."
        if self.protocol == "ec2":
            body = f"<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>{word}</Message></Error></Errors><RequestID>{NO_ID}</RequestID></Response>"
        elif self.protocol == "json":
            body = json.dumps({"__type": "AccessDeniedException", "message": word})
        elif self.protocol == "s3":
            body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>{NO_ID}</RequestId></Error>'
        else:
            body = f"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{word}</Message></Error><RequestId>{NO_ID}</RequestId></ErrorResponse>"
        kind = "application/x-amz-json-1.1" if self.protocol == "json" else "text/xml"
        start_response("403 Forbidden", [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body.encode()]


NO_ID = str(uuid.UUID(int=0))


def serial_console(_):
    return (
        '<GetSerialConsoleAccessStatusResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>{NO_ID}</requestId><serialConsoleAccessEnabled>false</serialConsoleAccessEnabled></GetSerialConsoleAccessStatusResponse>"
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


def told(name, word):
    """What the estate told the provider to answer: the things of which moto keeps no memory."""
    return lambda call: json.dumps({word: TOLD.get((name, call.account, call.region), [])})


# TOLD is what the company set where moto has no call for it, by what it is, account and region.
TOLD = {}


# ANSWERS holds, by service and action, what moto lacks.
ANSWERS = {
    ("ec2", "GetSerialConsoleAccessStatus"): serial_console,
    ("rds", "DescribeDBEngineVersions"): engine_versions,
    ("rds", "DescribeDBMajorEngineVersions"): major_versions,
    ("rds", "DescribeOptionGroups"): option_groups,
    ("s3", "policyStatus"): policy_status,
    ("kms", "GetKeyRotationStatus"): key_rotation,
    ("ec2", "DescribeRegions"): regions,
    ("access-analyzer", "/analyzer"): none_of("analyzers"),
    ("backup", "/resources"): told("protected resources", "Results"),
    ("ce", "GetAnomalySubscriptions"): told("anomaly subscriptions", "AnomalySubscriptions"),
    ("dlm", "/policies"): none_of("Policies"),
    ("ec2", "DescribeAccountAttributes"): account_attributes,
    ("rds", "DescribeCertificates"): authorities,
    ("route53resolver", "ListFirewallRuleGroupAssociations"): none_of("FirewallRuleGroupAssociations"),
    # Quotas without a measure of their use: the use is asked for up to now, which no recording can hold.
    ("servicequotas", "ListServiceQuotas"): none_of("Quotas"),
    ("wellarchitected", "/workloadsSummaries"): told("reviews", "WorkloadSummaries"),
    ("elasticache", "DescribeServerlessCaches"): no_serverless_caches,
    ("wafv2", "ListResourcesForWebACL"): protected_by_web_acl,
}


class Account:
    """One account's clients, and the provider's memory of it for what no call can set."""

    def __init__(self, provider, number, region):
        self.number, self.region, self.provider = number, region, provider
        self._clients = {}

    def __call__(self, service, region=None):
        key = (service, region or self.region)
        if key not in self._clients:
            client = boto3.client(
                service,
                endpoint_url=self.provider.url,
                region_name=key[1],
                aws_access_key_id="recording",
                aws_secret_access_key="recording",
                config=Config(
                    s3={"addressing_style": "path"},
                    retries={"max_attempts": 0},
                    request_checksum_calculation="when_required",
                ),
            )
            client.meta.events.register("before-sign", self._say_account)
            self._clients[key] = client
        return self._clients[key]

    def _say_account(self, request, **_):
        request.headers["x-moto-account-id"] = self.number

    def behind(self, service, region=None):
        """The backend itself."""
        return get_backend(service)[self.number][region or self.region]

    @property
    def iam(self):
        return get_backend("iam")[self.number]["aws"]

    def keep_managed_policies(self, names):
        """Forgets the provider's policies but these: nothing else of the thousand is attached."""
        iam = self.iam
        iam.aws_managed_policies = [p for p in iam.aws_managed_policies if p.name in names]
        kept = {p.arn for p in iam.aws_managed_policies}
        for arn in [a for a in iam.managed_policies if a not in kept]:
            del iam.managed_policies[arn]

    def deny(self, *actions):
        self.provider.denied[self.number] = set(actions)

    def allow(self):
        self.provider.denied.pop(self.number, None)


def moment(text):
    """A moment without zone, as moto keeps them."""
    return datetime.fromisoformat(text).replace(tzinfo=None)


def tags(name, owner="platform", environment="production", classification=None, **more):
    """Tags as most services take them."""
    out = {"Name": name, "owner": owner, "environment": environment, "managed-by": "terraform", **more}
    if classification:
        out["data-classification"] = classification
    return [{"Key": k, "Value": v} for k, v in out.items() if v]


def specified(kind, pairs):
    return [{"ResourceType": kind, "Tags": pairs}]
