"""A simulated AWS on a clock of its own: moto, the answers it lacks, and a way to take rights away.

It knows nothing of the company whose estate stands in it.
"""

import io
import json
import os
import re
import tempfile
import threading
from datetime import datetime

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
from answers import NO_ID, TOLD, answer_of  # noqa: E402, F401
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
        answer = answer_of(call)
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
        self.path = environ.get("PATH_INFO", "")
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
