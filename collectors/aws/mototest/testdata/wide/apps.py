"""What the shop runs on: functions, containers, clusters, and the pipelines that deliver to them."""

import io
import json
import urllib.request
import zipfile

from hand import (
    ACCOUNT,
    HOME,
    URL,
    anyone,
    client,
    policy,
    small,
    stranger,
    tags,
    words,
)


def build(e):
    functions(e)
    environments()
    containers(e)
    clusters(e)
    pipelines(e)


def code():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as z:
        z.writestr("main.py", "def handle(event, context): return event\n")
    return packed.getvalue()


def functions(e):
    lam = client("lambda")
    for name, runtime, more in (
        ("labels", "python3.13", {"VpcConfig": {"SubnetIds": e["inner"], "SecurityGroupIds": [e["sg"]["inside"]]}}),
        ("lookup", "python3.8", {"Environment": {"Variables": {"GEOCODER_PASSWORD": "winter-postcodes-2024"}}}),
    ):
        lam.create_function(
            FunctionName=name,
            Runtime=runtime,
            Role=e["lambda"],
            Handler="main.handle",
            Code={"ZipFile": code()},
            Tags=words(name),
            **more,
        )
    lam.add_permission(FunctionName="lookup", StatementId="anyone", Action="lambda:InvokeFunction", Principal="*")


def environments():
    beanstalk = client("elasticbeanstalk")
    beanstalk.create_application(ApplicationName="depot")
    for name in ("depot-live", "depot-old"):
        beanstalk.create_environment(
            ApplicationName="depot",
            EnvironmentName=name,
            SolutionStackName="64bit Amazon Linux 2023 v4.7.0 running PHP 8.3",
            Tags=tags(name),
        )


def containers(e):
    ecr, ecs = client("ecr"), client("ecs")
    for name, careful in (("quotes", True), ("tools", False)):
        ecr.create_repository(
            repositoryName=name,
            imageTagMutability="IMMUTABLE" if careful else "MUTABLE",
            imageScanningConfiguration={"scanOnPush": careful},
            encryptionConfiguration={"encryptionType": "KMS" if careful else "AES256"},
            tags=tags(name),
        )
    ecr.set_repository_policy(
        repositoryName="tools",
        policyText=policy({**anyone("ecr:BatchGetImage", "*"), "Resource": "*"}, stranger("ecr:BatchGetImage", "*")),
    )
    for name in ("quotes", "tools"):
        manifest = json.dumps({"schemaVersion": 2, "config": {"digest": f"sha256:{name}"}, "layers": []})
        digest = ecr.put_image(
            repositoryName=name,
            imageManifest=manifest,
            imageManifestMediaType="application/vnd.docker.distribution.manifest.v2+json",
            imageTag="live",
        )["image"]["imageId"]["imageDigest"]
        ecr.start_image_scan(repositoryName=name, imageId={"imageTag": "live"})
        if name == "tools":
            weak(name, digest)
    registry = f"{ACCOUNT}.dkr.ecr.{HOME}.amazonaws.com"
    for name, careful in (("quotes", True), ("tools", False)):
        ecs.register_task_definition(
            family=name,
            networkMode="awsvpc" if careful else "host",
            tags=small(name),
            containerDefinitions=[
                {
                    "name": name,
                    "image": f"{registry}/quotes@sha256:{'a' * 64}" if careful else "docker.io/somebody/tools:latest",
                    "memory": 512,
                    "privileged": not careful,
                    "readonlyRootFilesystem": careful,
                    "user": "10001" if careful else "root",
                    "environment": [] if careful else [{"name": "PRINTER_PASSWORD", "value": "depot-printers-2023"}],
                    **(
                        {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/careful/web"}}}
                        if careful
                        else {}
                    ),
                }
            ],
        )


def weak(name, digest):
    """Tells moto that the scan of an image found a critical weakness; by itself its scans find none."""
    result = {
        "imageScanFindings": {
            "findings": [{"name": "CVE-2026-0001", "severity": "CRITICAL"}],
            "findingSeverityCounts": {"CRITICAL": 1},
        },
        "registryId": ACCOUNT,
        "repositoryName": name,
        "imageId": {"imageDigest": digest},
        "imageScanStatus": {"status": "COMPLETE", "description": "done"},
    }
    body = json.dumps({"account_id": ACCOUNT, "region": HOME, "results": [result]}).encode()
    urllib.request.urlopen(
        urllib.request.Request(
            f"{URL}/moto-api/static/ecr/scan-finding-results", data=body, headers={"Content-Type": "application/json"}
        )
    )


def clusters(e):
    eks = client("eks")
    for name, careful in (("calm", True), ("loud", False)):
        cluster = eks.create_cluster(
            name=name,
            version="1.33" if careful else "1.23",
            roleArn=e["eks"],
            tags=words(name),
            resourcesVpcConfig={
                "subnetIds": e["inner"],
                "endpointPublicAccess": not careful,
                "endpointPrivateAccess": careful,
                **({} if careful else {"publicAccessCidrs": ["0.0.0.0/0"]}),
            },
            logging={
                "clusterLogging": [
                    {"types": ["api", "audit", "authenticator", "controllerManager", "scheduler"], "enabled": careful}
                ]
            },
            **({"encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": e["key"]}}]} if careful else {}),
        )["cluster"]
        if careful:
            client("iam").create_open_id_connect_provider(
                Url=cluster["identity"]["oidc"]["issuer"], ClientIDList=["sts.amazonaws.com"], ThumbprintList=["b" * 40]
            )
        eks.create_nodegroup(
            clusterName=name,
            nodegroupName=name,
            subnets=e["inner"] if careful else e["outer"],
            nodeRole=e["eks"] if careful else e["mighty"],
            tags=words(name),
        )


def pipelines(e):
    build, pipe = client("codebuild"), client("codepipeline")
    for name, careful in (("shop", True), ("mighty", False)):
        build.create_project(
            name=name,
            source={
                "type": "CODECOMMIT" if careful else "GITHUB",
                "location": f"https://git-codecommit.{HOME}.amazonaws.com/v1/repos/shop"
                if careful
                else "https://github.com/careful/tools",
            },
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
                "environmentVariables": []
                if careful
                else [{"name": "DEPLOY_PASSWORD", "value": "plain-words-2024", "type": "PLAINTEXT"}],
            },
            serviceRole=e["codebuild"] if careful else e["mighty-build"],
            tags=small(name),
        )
    source = {
        "name": "source",
        "actions": [
            {
                "name": "source",
                "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
                "configuration": {"S3Bucket": "careful-data", "S3ObjectKey": "shop.zip"},
                "outputArtifacts": [{"name": "shop"}],
            }
        ],
    }
    approve = {
        "name": "approve",
        "actions": [
            {
                "name": "approve",
                "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"},
            }
        ],
    }
    deploy = {
        "name": "deploy",
        "actions": [
            {
                "name": "deploy",
                "actionTypeId": {"category": "Deploy", "owner": "AWS", "provider": "S3", "version": "1"},
                "configuration": {"BucketName": "careful-open", "Extract": "true"},
                "inputArtifacts": [{"name": "shop"}],
            }
        ],
    }
    for name, stages in (("shop", [source, approve, deploy]), ("straight", [source, deploy])):
        pipe.create_pipeline(
            pipeline={
                "name": name,
                "roleArn": e["codepipeline"],
                "artifactStore": {"type": "S3", "location": "careful-data"},
                "stages": stages,
            },
            tags=small(name),
        )
