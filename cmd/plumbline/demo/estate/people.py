"""Users, groups, roles and keys of an account. What no call can set, such as when a password was last used, is put into
the provider's memory directly."""

import json

from moto.iam.models import AccessKeyLastUsed

from simulator import moment


def trust(*principals, federated=None, condition=None):
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": federated} if federated else principals[0],
        "Action": "sts:AssumeRoleWithWebIdentity" if federated else "sts:AssumeRole",
    }
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allow(actions, resources="*"):
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}]}
    )


def policy(account, name, actions):
    """A policy of the company's own."""
    return account("iam").create_policy(
        PolicyName=name, PolicyDocument=allow(actions), Tags=[{"Key": "owner", "Value": "security"}]
    )["Policy"]["Arn"]


def person(account, name, groups=(), console=True, second_factor=False, last_seen=None, owner="people-ops"):
    iam = account("iam")
    iam.create_user(UserName=name, Tags=[{"Key": "owner", "Value": owner}, {"Key": "kind", "Value": "human"}])
    for group in groups:
        iam.add_user_to_group(UserName=name, GroupName=group)
    if console:
        iam.create_login_profile(UserName=name, Password="not-a-Secret-1!", PasswordResetRequired=False)
    if second_factor:
        add_second_factor(account, name)
    seen(account, name, last_seen)


def add_second_factor(account, name):
    iam = account("iam")
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName=name, SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )


def seen(account, name, at):
    if at:
        account.iam.users[name].password_last_used = moment(at)


def key(account, user, used=None, service="s3", region="eu-central-1"):
    made = account("iam").create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    use(account, made, used, service, region)
    return made


def use(account, made, at, service="s3", region="eu-central-1"):
    if at:
        account.iam.access_keys[made].last_used = AccessKeyLastUsed(moment(at), service, region)


def machine_user(account, name, document, used=None, owner="platform"):
    iam = account("iam")
    iam.create_user(
        UserName=name, Path="/service/", Tags=[{"Key": "owner", "Value": owner}, {"Key": "kind", "Value": "workload"}]
    )
    iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=document)
    return key(account, name, used)


def role(
    account,
    name,
    trusted,
    document=None,
    managed=(),
    profile=False,
    owner="platform",
    environment="production",
    used=None,
):
    iam = account("iam")
    iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=trusted,
        Tags=[{"Key": "owner", "Value": owner}, {"Key": "environment", "Value": environment}],
    )
    if document:
        iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=document)
    for policy in managed:
        iam.attach_role_policy(
            RoleName=name, PolicyArn=policy if policy.startswith("arn:") else f"arn:aws:iam::aws:policy/{policy}"
        )
    if profile:
        iam.create_instance_profile(InstanceProfileName=name)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    if used:
        account.iam.get_role(name).last_used = moment(used)
