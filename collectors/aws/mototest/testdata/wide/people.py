"""People, programs, their rights, and whom the account trusts."""

from hand import ACCOUNT, STRANGER, SUPPLIER, allow, client, policy, tags, trust, words


def build(estate):
    iam = client("iam")
    iam.create_account_alias(AccountAlias="careful")
    iam.update_account_password_policy(MinimumPasswordLength=8)
    every = iam.create_policy(PolicyName="everything", PolicyDocument=policy(allow("*")))["Policy"]["Arn"]
    look = iam.create_policy(
        PolicyName="look", PolicyDocument=policy(allow(["ec2:DescribeInstances", "s3:ListAllMyBuckets"]))
    )["Policy"]["Arn"]
    for group, arn in (("administrators", every), ("readers", look)):
        iam.create_group(GroupName=group)
        iam.attach_group_policy(GroupName=group, PolicyArn=arn)
    administrators = ("anna", "bert", "dora", "emil", "fritz")
    for name, group in [*((name, "administrators") for name in administrators), ("carla", "readers")]:
        iam.create_user(UserName=name, Tags=tags(name))
        iam.create_login_profile(UserName=name, Password="Not-a-secret-1!")
        iam.add_user_to_group(GroupName=group, UserName=name)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="anna")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName="anna", SerialNumber=device, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )
    iam.enable_mfa_device(
        UserName="bert",
        SerialNumber=f"arn:aws:iam::{ACCOUNT}:u2f/user/bert/key",
        AuthenticationCode1="123456",
        AuthenticationCode2="654321",
    )
    # Programs with keys: one that is used, and one whose key was switched off.
    for name in ("robot", "retired"):
        iam.create_user(UserName=name, Tags=tags(name))
        key = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
        iam.put_user_policy(
            UserName=name, PolicyName="own", PolicyDocument=policy(allow("s3:GetObject", "arn:aws:s3:::careful-data/*"))
        )
        if name == "retired":
            iam.update_access_key(UserName=name, AccessKeyId=key, Status="Inactive")
    iam.put_user_policy(
        UserName="carla",
        PolicyName="climbs",
        PolicyDocument=policy(allow(["iam:CreatePolicyVersion", "iam:AttachUserPolicy", "iam:PassRole"])),
    )
    roles(iam, every, estate)
    for name, length in (("customers", 14), ("guests", 6)):
        client("cognito-idp").create_user_pool(
            PoolName=name, Policies={"PasswordPolicy": {"MinimumLength": length}}, UserPoolTags=words(name)
        )
    directory(iam)


def directory(iam):
    """Whom the identity centre lets into the account: a group to everything, a group and a person to little."""
    sso, store = client("sso-admin"), client("identitystore")
    instance = sso.list_instances()["Instances"][0]
    centre, people = instance["InstanceArn"], instance["IdentityStoreId"]
    ids = {
        name: store.create_user(
            IdentityStoreId=people, UserName=name, DisplayName=name, Name={"GivenName": name, "FamilyName": "G"}
        )["UserId"]
        for name in ("gerda", "hugo", "ida")
    }
    groups = {}
    for group, members in (("directory-administrators", ("gerda", "hugo")), ("directory-readers", ("ida",))):
        groups[group] = store.create_group(IdentityStoreId=people, DisplayName=group)["GroupId"]
        for name in members:
            store.create_group_membership(
                IdentityStoreId=people, GroupId=groups[group], MemberId={"UserId": ids[name]}
            )
    reading = allow("s3:GetObject", "arn:aws:s3:::careful-data/*")
    for name, statement, principals in (
        ("Everything", allow("*"), [("GROUP", groups["directory-administrators"])]),
        ("Reading", reading, [("GROUP", groups["directory-readers"]), ("USER", ids["hugo"])]),
    ):
        # Without a duration moto gives a number, which no client reads.
        permissions = sso.create_permission_set(Name=name, InstanceArn=centre, SessionDuration="PT1H")["PermissionSet"][
            "PermissionSetArn"
        ]
        sso.put_inline_policy_to_permission_set(
            InstanceArn=centre, PermissionSetArn=permissions, InlinePolicy=policy(statement)
        )
        for kind, principal in principals:
            sso.create_account_assignment(
                InstanceArn=centre,
                TargetId=ACCOUNT,
                TargetType="AWS_ACCOUNT",
                PermissionSetArn=permissions,
                PrincipalType=kind,
                PrincipalId=principal,
            )
        sso.provision_permission_set(
            InstanceArn=centre, PermissionSetArn=permissions, TargetType="AWS_ACCOUNT", TargetId=ACCOUNT
        )
        standing_for(iam, name, statement)


def standing_for(iam, name, statement):
    """The role that the identity centre makes in an account for a set of rights, which moto leaves out."""
    provider = f"arn:aws:iam::{ACCOUNT}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
    role = f"AWSReservedSSO_{name}_0123456789abcdef"
    iam.create_role(
        RoleName=role,
        Path="/aws-reserved/sso.amazonaws.com/eu-central-1/",
        AssumeRolePolicyDocument=policy(
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
                "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
            }
        ),
    )
    iam.put_role_policy(RoleName=role, PolicyName="AwsSSOInlinePolicy", PolicyDocument=policy(statement))


def roles(iam, every, estate):
    def role(name, principal, *statements, managed=(), environment="production", **more):
        iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=trust(principal, **more), Tags=tags(name, environment=environment)
        )
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        for arn in managed:
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        return f"arn:aws:iam::{ACCOUNT}:role/{name}"

    # Anna takes her rights on for as long as she needs them.
    role("takes-on", {"AWS": f"arn:aws:iam::{ACCOUNT}:user/anna"}, managed=[every])
    known, unknown = {"AWS": f"arn:aws:iam::{SUPPLIER}:root"}, {"AWS": f"arn:aws:iam::{STRANGER}:root"}
    role(
        "supplier",
        known,
        allow("s3:GetObject", "arn:aws:s3:::careful-data/*"),
        Condition={"StringEquals": {"sts:ExternalId": "agreed"}},
    )
    role("stranger", unknown, allow("s3:GetObject", "arn:aws:s3:::careful-data/*"))
    estate["collector"] = role(
        "collector", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, allow(["ec2:DescribeInstances", "s3:ListAllMyBuckets"])
    )
    estate["writer"] = role("writing-collector", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, allow("s3:PutObject"))
    machine = {"Service": "ec2.amazonaws.com"}
    for name, environment, statement in (
        ("machine", "production", allow("s3:PutObject", "arn:aws:s3:::careful-data/*")),
        ("crossing", "test", allow("s3:PutObject", "arn:aws:s3:::careful-data/*")),
        ("mighty", "production", allow("*")),
    ):
        estate[name] = role(name, machine, statement, environment=environment)
        iam.create_instance_profile(InstanceProfileName=name)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    for service in ("lambda", "eks", "config", "codebuild", "codepipeline", "flow", "ecs-tasks", "backup"):
        address = {"flow": "vpc-flow-logs"}.get(service, service)
        estate[service] = role(
            service,
            {"Service": f"{address}.amazonaws.com"},
            allow("logs:PutLogEvents", "arn:aws:logs:*:*:log-group:/careful/*"),
        )
    estate["mighty-build"] = role("mighty-build", {"Service": "codebuild.amazonaws.com"}, managed=[every])
    pipelines(iam, role, every)


def pipelines(iam, role, every):
    provider = iam.create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["a" * 40]
    )["OpenIDConnectProviderArn"]
    host = "token.actions.githubusercontent.com"
    pinned = {
        "StringEquals": {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": "repo:careful/shop:ref:refs/heads/main"}
    }
    loose = {"StringEquals": {f"{host}:aud": "sts.amazonaws.com"}, "StringLike": {f"{host}:sub": "*"}}
    role("deploys", {"Federated": provider}, allow("s3:PutObject", "arn:aws:s3:::careful-data/*"), Condition=pinned)
    role("deploys-anything", {"Federated": provider}, managed=[every], Condition=loose)
