"""What the internet reaches of production: balancers, their listeners and pools, and the web firewall."""

from simulator import tags
from terms import OLD_TLS, SAFE_TLS


class Front:
    """The part of the company that answers callers."""

    def front_of_production(self):
        self.web_acl = self.firewall("shop", self.production)
        self.front("shop", ["web-a", "web-b"], acl=self.web_acl)
        self.front("tracking", ["tracking-a", "tracking-b"], policy=OLD_TLS, redirect=False)
        elb, n = self.production("elb"), self.net
        elb.create_load_balancer(
            LoadBalancerName="depot-classic",
            Scheme="internal",
            Subnets=[n.subnets["app-a"]],
            SecurityGroups=[n.groups["app"]],
            Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstanceProtocol": "HTTP", "InstancePort": 8080}],
            Tags=tags("depot-classic", owner="depots"),
        )
        elb.register_instances_with_load_balancer(
            LoadBalancerName="depot-classic", Instances=[{"InstanceId": self.machines["app-a"]}]
        )

    def firewall(self, name, account):
        shown = lambda metric: {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": metric}
        return account("wafv2").create_web_acl(
            Name=name,
            Scope="REGIONAL",
            DefaultAction={"Allow": {}},
            VisibilityConfig=shown(name),
            Tags=tags(name, owner="security"),
            Rules=[
                {
                    "Name": "rate",
                    "Priority": 0,
                    "Action": {"Block": {}},
                    "VisibilityConfig": shown("rate"),
                    "Statement": {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "IP"}},
                },
                {
                    "Name": "common",
                    "Priority": 1,
                    "OverrideAction": {"None": {}},
                    "VisibilityConfig": shown("common"),
                    "Statement": {
                        "ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}
                    },
                },
            ],
        )["Summary"]["ARN"]

    def front(
        self,
        name,
        machines,
        policy=SAFE_TLS,
        redirect=True,
        acl=None,
        origin="HTTPS",
        logged=True,
        owner="web",
        tls=True,
    ):
        """A balancer that the internet reaches, with its listeners and its pool of machines."""
        elb, n = self.production("elbv2"), self.net
        lb = elb.create_load_balancer(
            Name=name,
            Type="application",
            Scheme="internet-facing",
            Subnets=[n.subnets["public-a"], n.subnets["public-b"]],
            SecurityGroups=[n.groups["balancer"]],
            Tags=tags(name, owner),
        )["LoadBalancers"][0]["LoadBalancerArn"]
        port = 8443 if origin == "HTTPS" else 8080
        pool = elb.create_target_group(
            Name=name, Protocol=origin, Port=port, VpcId=n.id, TargetType="instance", Tags=tags(name, owner)
        )["TargetGroups"][0]["TargetGroupArn"]
        elb.register_targets(TargetGroupArn=pool, Targets=[{"Id": self.machines[m], "Port": port} for m in machines])
        forward = [{"Type": "forward", "TargetGroupArn": pool}]
        if tls:
            certificate = self.production("acm").request_certificate(DomainName=f"{name}.brackenfield.example")[
                "CertificateArn"
            ]
            elb.create_listener(
                LoadBalancerArn=lb,
                Protocol="HTTPS",
                Port=443,
                SslPolicy=policy,
                Certificates=[{"CertificateArn": certificate}],
                DefaultActions=forward,
                Tags=tags(f"{name}-443", owner),
            )
        plain = (
            [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}]
            if redirect
            else forward
        )
        self.listeners[name] = elb.create_listener(
            LoadBalancerArn=lb, Protocol="HTTP", Port=80, DefaultActions=plain, Tags=tags(f"{name}-80", owner)
        )["Listeners"][0]["ListenerArn"]
        if logged:
            elb.modify_load_balancer_attributes(
                LoadBalancerArn=lb,
                Attributes=[
                    {"Key": "access_logs.s3.enabled", "Value": "true"},
                    {"Key": "access_logs.s3.bucket", "Value": "brackenfield-access-logs"},
                    {"Key": "access_logs.s3.prefix", "Value": name},
                ],
            )
        if acl:
            self.production("wafv2").associate_web_acl(WebACLArn=acl, ResourceArn=lb)
        self.balancers[name], self.pools[name] = lb, pool
