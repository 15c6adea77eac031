"""What every part of the wide estate works with: clients of its account, and tags in the spellings of the services."""

import json
import sys

import boto3
from botocore.config import Config

URL = sys.argv[1]
ACCOUNT, HOME, AWAY, GLOBAL = "234567890123", "eu-central-1", "eu-west-1", "us-east-1"
# A company somebody has named as a supplier, and one that nobody has.
SUPPLIER, STRANGER = "345678901234", "987654321098"

_sts = boto3.client(
    "sts", endpoint_url=URL, region_name=HOME, aws_access_key_id="testing", aws_secret_access_key="testing"
)
# moto tells accounts apart by the role that somebody took on; the role itself need not be there.
_roles = {
    account: _sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/builder", RoleSessionName="builder")["Credentials"]
    for account in (ACCOUNT, STRANGER)
}


def client(name, region=HOME, account=ACCOUNT):
    role = _roles[account]
    return boto3.client(
        name,
        endpoint_url=URL,
        region_name=region,
        aws_access_key_id=role["AccessKeyId"],
        aws_secret_access_key=role["SecretAccessKey"],
        aws_session_token=role["SessionToken"],
        config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, inject_host_prefix=False),
    )


def control():
    made = client("s3control")
    # The account stands before the host's name, where no moto listens.
    made.meta.events.register(
        "request-created.s3-control",
        lambda request, **_: setattr(request, "url", request.url.replace(f"//{ACCOUNT}.", "//")),
    )
    return made


def words(name, environment="production", owner="platform", classification=None, **more):
    out = {"Name": name, "owner": owner, "environment": environment, "managed-by": "terraform", **more}
    if classification:
        out["data-classification"] = classification
    return {key: value for key, value in out.items() if value}


def tags(name, **more):
    return [{"Key": key, "Value": value} for key, value in words(name, **more).items()]


def small(name, **more):
    return [{"key": key, "value": value} for key, value in words(name, **more).items()]


def specified(kind, name, **more):
    return [{"ResourceType": kind, "Tags": tags(name, **more)}]


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(principal, **more):
    federated = "Federated" in principal
    return policy(
        {
            "Effect": "Allow",
            "Principal": principal,
            "Action": "sts:AssumeRoleWithWebIdentity" if federated else "sts:AssumeRole",
            **more,
        }
    )


def anyone(action, resource):
    return {"Sid": "Anyone", "Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource}


def stranger(action, resource):
    return {
        "Sid": "Stranger",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{STRANGER}:root"},
        "Action": action,
        "Resource": resource,
    }


def only_tls(action, resource):
    return {
        "Sid": "OnlyTLS",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def only_from(endpoint, action, resource):
    return {
        "Sid": "OnlyFromOurNetwork",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": {"StringNotEquals": {"aws:SourceVpce": endpoint}},
    }
