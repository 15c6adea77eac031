"""What the world comes in by: balancers, gateways, content delivery, names and certificates."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from hand import client, specified, tags, words


def build(e):
    e["certificates"] = certificates()
    balancers(e)
    offered(e)
    web_firewalls(e)
    gateways(e)
    delivery(e)
    names(e)
    groups(e)


def certificates():
    acm, iam, out = client("acm"), client("iam"), {}
    for name, bits, days in (("strong", 2048, 380), ("weak", 1024, 800), ("short", 2048, 10)):
        made, key = certificate(name, bits, days)
        out[name] = acm.import_certificate(Certificate=made, PrivateKey=key, Tags=tags(name))["CertificateArn"]
        if name != "strong":
            iam.upload_server_certificate(
                ServerCertificateName=name, CertificateBody=made.decode(), PrivateKey=key.decode(), Tags=tags(name)
            )
    return out


def certificate(name, bits, days):
    """A certificate that vouches for itself, with its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{name}.careful.example")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
    made = made.not_valid_after(now + datetime.timedelta(days=days)).sign(key, hashes.SHA256())
    written = serialization.PrivateFormat.TraditionalOpenSSL
    return (
        made.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, written, serialization.NoEncryption()),
    )


def balancers(e):
    elb = e["elbv2"] = client("elbv2")

    def balancer(name, subnets, group, listeners, protocol="HTTP", kind="application", attributes=None, headers=None):
        arn = elb.create_load_balancer(
            Name=name,
            Type=kind,
            Scheme="internet-facing",
            Subnets=subnets,
            SecurityGroups=[e["sg"][group]],
            Tags=tags(name),
        )["LoadBalancers"][0]["LoadBalancerArn"]
        target = elb.create_target_group(
            Name=name, Protocol=protocol, Port=8443, VpcId=e["vpc"], TargetType="instance"
        )["TargetGroups"][0]["TargetGroupArn"]
        for listener in listeners:
            made = elb.create_listener(
                LoadBalancerArn=arn, **{"DefaultActions": [{"Type": "forward", "TargetGroupArn": target}], **listener}
            )["Listeners"][0]["ListenerArn"]
            if headers and listener["Protocol"] == "HTTPS":
                elb.modify_listener_attributes(
                    ListenerArn=made,
                    Attributes=[{"Key": f"routing.http.response.{k}", "Value": v} for k, v in headers.items()],
                )
        if attributes:
            elb.modify_load_balancer_attributes(
                LoadBalancerArn=arn, Attributes=[{"Key": k, "Value": v} for k, v in attributes.items()]
            )
        return arn, target

    safe = {
        "Protocol": "HTTPS",
        "Port": 443,
        "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "Certificates": [{"CertificateArn": e["certificates"]["strong"]}],
    }
    weak = {
        "Protocol": "HTTPS",
        "Port": 443,
        "SslPolicy": "ELBSecurityPolicy-2016-08",
        "Certificates": [{"CertificateArn": e["certificates"]["strong"]}],
    }
    redirect = {
        "Protocol": "HTTP",
        "Port": 80,
        "DefaultActions": [
            {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
        ],
    }
    e["safe"], good = balancer(
        "safe",
        e["outer"],
        "https",
        [safe, redirect],
        protocol="HTTPS",
        headers={
            "content_security_policy.header_value": "default-src 'self'; frame-ancestors 'none'",
            "server.enabled": "false",
        },
        attributes={
            "access_logs.s3.enabled": "true",
            "access_logs.s3.bucket": "careful-logs",
            "access_logs.s3.prefix": "balancer",
            "routing.http.drop_invalid_header_fields.enabled": "true",
        },
    )
    elb.register_targets(TargetGroupArn=good, Targets=[{"Id": e["web"]}])
    e["plain"], bad = balancer("plain", e["outer"], "plain", [weak, {"Protocol": "HTTP", "Port": 80}])
    elb.register_targets(TargetGroupArn=bad, Targets=[{"Id": e["front"]}])
    e["forgotten"], _ = balancer("forgotten", e["outer"][:1], "all", [{"Protocol": "HTTP", "Port": 80}])
    classic = client("elb")
    classic.create_load_balancer(
        LoadBalancerName="old",
        Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}],
        Subnets=e["outer"][:1],
        SecurityGroups=[e["sg"]["plain"]],
        Tags=tags("old"),
    )
    classic.register_instances_with_load_balancer(LoadBalancerName="old", Instances=[{"InstanceId": e["gone"]}])
    e["ec2"].terminate_instances(InstanceIds=[e["gone"]])


def offered(e):
    """A service behind a balancer, which other networks may link to."""
    arn = e["elbv2"].create_load_balancer(Name="offered", Type="network", Scheme="internal", Subnets=e["inner"])[
        "LoadBalancers"
    ][0]["LoadBalancerArn"]
    e["ec2"].create_vpc_endpoint_service_configuration(
        NetworkLoadBalancerArns=[arn],
        AcceptanceRequired=True,
        TagSpecifications=specified("vpc-endpoint-service", "offered"),
    )


def web_firewalls(e):
    waf = client("wafv2")
    shown = lambda name: {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": name}
    rule = {
        "Name": "known",
        "Priority": 0,
        "Statement": {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}},
        "OverrideAction": {"None": {}},
        "VisibilityConfig": shown("known"),
    }
    injection = {
        "Name": "injection",
        "Priority": 1,
        "Statement": {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesSQLiRuleSet"}},
        "OverrideAction": {"None": {}},
        "VisibilityConfig": shown("injection"),
    }
    blocking = waf.create_web_acl(
        Name="blocking",
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        Rules=[rule, injection],
        VisibilityConfig=shown("blocking"),
        Tags=tags("blocking"),
    )["Summary"]["ARN"]
    watching = waf.create_web_acl(
        Name="watching",
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        Rules=[{**rule, "OverrideAction": {"Count": {}}}],
        VisibilityConfig=shown("watching"),
        Tags=tags("watching"),
    )["Summary"]["ARN"]
    waf.associate_web_acl(WebACLArn=blocking, ResourceArn=e["safe"])
    waf.associate_web_acl(WebACLArn=watching, ResourceArn=e["forgotten"])
    shield = client("shield", "us-east-1")
    shield.create_subscription()
    shield.create_protection(Name="safe", ResourceArn=e["safe"])


def gateways(e):
    rest = client("apigateway")
    for name, authorised in (("inner-api", "AWS_IAM"), ("open-api", "NONE")):
        api = rest.create_rest_api(name=name, endpointConfiguration={"types": ["REGIONAL"]}, tags=words(name))["id"]
        root = rest.get_resources(restApiId=api)["items"][0]["id"]
        rest.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType=authorised)
        rest.put_integration(
            restApiId=api,
            resourceId=root,
            httpMethod="GET",
            type="HTTP",
            integrationHttpMethod="GET",
            uri="https://orders.careful.example/" if authorised != "NONE" else "http://orders.careful.example/",
        )
        rest.put_method_response(restApiId=api, resourceId=root, httpMethod="GET", statusCode="200")
        rest.put_integration_response(restApiId=api, resourceId=root, httpMethod="GET", statusCode="200")
        deployed = rest.create_deployment(restApiId=api)["id"]
        rest.create_stage(restApiId=api, stageName="live", deploymentId=deployed, tags=words(name))
    http = client("apigatewayv2")
    api = http.create_api(Name="web-api", ProtocolType="HTTP", Tags=words("web-api"))["ApiId"]
    http.create_route(ApiId=api, RouteKey="GET /", AuthorizationType="NONE")

    for name, way in (("graph", "AWS_IAM"), ("open-graph", "API_KEY")):
        client("appsync").create_graphql_api(name=name, authenticationType=way, tags=words(name))


def delivery(e):
    front = client("cloudfront", "us-east-1")
    for name, careful in (("shop", True), ("blog", False)):
        front.create_distribution_with_tags(
            DistributionConfigWithTags={
                "Tags": {"Items": tags(name)},
                "DistributionConfig": {
                    "CallerReference": name,
                    "Comment": name,
                    "Enabled": True,
                    "Origins": {
                        "Quantity": 1,
                        "Items": [
                            {
                                "Id": "origin",
                                "DomainName": f"{name}-origin.careful.example",
                                "CustomOriginConfig": {
                                    "HTTPPort": 80,
                                    "HTTPSPort": 443,
                                    "OriginProtocolPolicy": "https-only" if careful else "http-only",
                                    "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
                                },
                            }
                        ],
                    },
                    "DefaultCacheBehavior": {
                        "TargetOriginId": "origin",
                        "ViewerProtocolPolicy": "redirect-to-https" if careful else "allow-all",
                        "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
                        "MinTTL": 0,
                    },
                    "ViewerCertificate": {
                        "ACMCertificateArn": e["certificates"]["strong"],
                        "SSLSupportMethod": "sni-only",
                        "MinimumProtocolVersion": "TLSv1.2_2021",
                    }
                    if careful
                    else {"CloudFrontDefaultCertificate": True, "MinimumProtocolVersion": "TLSv1"},
                    "Logging": {
                        "Enabled": careful,
                        "IncludeCookies": False,
                        "Bucket": "careful-logs.s3.amazonaws.com" if careful else "",
                        "Prefix": "cdn",
                    },
                },
            }
        )


def names(e):
    route = client("route53", "us-east-1")
    for name, careful in (("careful.example", True), ("loose.example", False)):
        zone = route.create_hosted_zone(Name=name, CallerReference=name)["HostedZone"]["Id"].rsplit("/", 1)[-1]
        route.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, AddTags=tags(name))
        put = lambda host, kind, *values: route.change_resource_record_sets(
            HostedZoneId=zone,
            ChangeBatch={
                "Changes": [
                    {
                        "Action": "UPSERT",
                        "ResourceRecordSet": {
                            "Name": host,
                            "Type": kind,
                            "TTL": 300,
                            "ResourceRecords": [{"Value": v} for v in values],
                        },
                    }
                ]
            },
        )
        put(name, "MX", "10 mail." + name)
        if careful:
            put(name, "TXT", '"v=spf1 include:_spf.careful.example -all"')
            put("_dmarc." + name, "TXT", '"v=DMARC1; p=reject"')
        else:
            put("old." + name, "CNAME", "gone-for-good.s3-website.eu-central-1.amazonaws.com")


def groups(e):
    scaling, ec2 = client("autoscaling"), e["ec2"]
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    template = ec2.create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"}
    )["LaunchTemplate"]["LaunchTemplateId"]
    for name, subnets, top in (("web", e["inner"], 2), ("single", e["inner"][:1], 0)):
        scaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateId": template},
            MinSize=0,
            MaxSize=top,
            VPCZoneIdentifier=",".join(subnets),
            Tags=[
                {"ResourceId": name, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False, **t}
                for t in tags(name)
            ],
        )
        if top:
            scaling.put_scaling_policy(
                AutoScalingGroupName=name,
                PolicyName="load",
                PolicyType="TargetTrackingScaling",
                TargetTrackingConfiguration={
                    "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
                    "TargetValue": 50,
                },
            )
