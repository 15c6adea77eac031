"""Buckets as Brackenfield Parcels makes them: the good habits are the defaults, and each slip is an argument."""

import json

from moto.backends import get_backend

from simulator import tags


def bucket(
    account,
    name,
    environment="production",
    owner="platform",
    classification="internal",
    region=None,
    blocked=True,
    versioned=True,
    tls=True,
    logs_to=None,
    key=None,
    expires=True,
    statements=(),
    **more,
):
    region = region or account.region
    s3 = account("s3", region)
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, ObjectOwnership="BucketOwnerEnforced", **where)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags(name, owner, environment, classification, **more)})
    rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else {"SSEAlgorithm": "AES256"}
    s3.put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": rule, "BucketKeyEnabled": bool(key)}]
        },
    )
    if blocked:
        block_public(account, name, region)
    if versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    if expires:
        s3.put_bucket_lifecycle_configuration(
            Bucket=name,
            LifecycleConfiguration={
                "Rules": [
                    {
                        "ID": "expire",
                        "Status": "Enabled",
                        "Filter": {"Prefix": ""},
                        "Expiration": {"Days": 400},
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
                    }
                ]
            },
        )
    say(account, name, region, *(refuse_clear_text(name) if tls else ()), *statements)
    if logs_to:
        # The call refuses a target whose policy also denies something.
        get_backend("s3")[account.number]["aws"].buckets[name].logging = {
            "TargetBucket": logs_to,
            "TargetPrefix": f"{name}/",
        }
    return name


def block_public(account, name, region=None):
    account("s3", region).put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration=dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        ),
    )


def block_account(account):
    """Sets half of the account's switch, in the provider's memory: the call's host begins with the account's number."""
    get_backend("s3control")[account.number]["aws"].put_public_access_block(
        account.number,
        {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False, "RestrictPublicBuckets": False},
    )


def say(account, name, region=None, *statements):
    """Puts a policy, or takes it away when it says nothing."""
    s3 = account("s3", region)
    if statements:
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    else:
        s3.delete_bucket_policy(Bucket=name)


def refuse_clear_text(name):
    both = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    return (
        {
            "Sid": "RefuseClearText",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "s3:*",
            "Resource": both,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {
            "Sid": "RefuseOldTLS",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "s3:*",
            "Resource": both,
            "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
        },
    )


def everyone_reads(name):
    return {
        "Sid": "EveryoneReads",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }


def service_writes(name, service, sid):
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["s3:PutObject", "s3:GetBucketAcl"],
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
    }
