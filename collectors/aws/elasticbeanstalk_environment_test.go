package aws

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticbeanstalk"
	"github.com/aws/aws-sdk-go-v2/service/elasticbeanstalk/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbv2types "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

const beanstalkARN = "arn:aws:elasticbeanstalk:us-east-1:644160558196:environment/shop/shop-live"

// Answers for the tests over the whole registry, and what is recorded.
var (
	_ = sample("aws.elasticbeanstalk.environment", beanstalkFacts, beanstalkWith(nil),
		beanstalkAnswers{Environment: beanstalkEnvironment{ARN: beanstalkARN, Name: "shop-live"}})
	_ = sweep("elasticbeanstalk.DescribeEnvironments", beanstalkFacts, func(o *elasticbeanstalk.DescribeEnvironmentsOutput) []beanstalkAnswers {
		return mapped(o.Environments, func(e types.EnvironmentDescription) beanstalkAnswers {
			return beanstalkAnswers{Environment: narrowBeanstalk(e)}
		})
	})
)

func beanstalkWith(change func(*beanstalkAnswers)) beanstalkAnswers {
	a := beanstalkAnswers{
		Environment: beanstalkEnvironment{ARN: beanstalkARN, Name: "shop-live", Application: "shop", Host: "Shop.us-east-1.elasticbeanstalk.com", Endpoint: "awseb-1.us-east-1.elb.amazonaws.com"},
		Settings:    answered(&beanstalkSettings{Balancer: "application", Streams: true}),
		Listeners:   answered(&[]beanstalkListener{{Protocol: "HTTP", Redirects: true}, {Protocol: "HTTPS", Policy: "ELBSecurityPolicy-TLS13-1-2-2021-06"}}),
		Platform:    answered(&beanstalkPlatform{Branch: "Supported"}), Tags: answered(&map[string]string{"owner": "shop"}),
	}
	if change != nil {
		change(&a)
	}
	return a
}

func TestBeanstalkFacts(t *testing.T) {
	t.Parallel()
	answering := func(listeners ...beanstalkListener) func(*beanstalkAnswers) {
		return func(a *beanstalkAnswers) { a.Listeners = answered(kept(listeners)) }
	}
	alone := func(address string) func(*beanstalkAnswers) {
		return func(a *beanstalkAnswers) {
			a.Environment.Endpoint, a.Settings, a.Listeners = address, answered(&beanstalkSettings{}), beanstalkAnswers{}.Listeners
		}
	}
	classic := func(listeners ...beanstalkListener) func(*beanstalkAnswers) {
		return func(a *beanstalkAnswers) {
			a.Settings, a.Listeners = answered(&beanstalkSettings{Balancer: "classic", Listeners: listeners}), beanstalkAnswers{}.Listeners
		}
	}
	for name, c := range map[string]struct {
		change func(*beanstalkAnswers)
		want   stated
	}{
		"behind a balancer": {nil, stated{"anonymous": true, "https_only": true, "version_supported": true, "plaintext_secrets": 0, "network_attached": true, "access_logged": true,
			"management_channel_open": notApplicable, "cors_any_origin": notApplicable, "answers_to": "[shop.us-east-1.elasticbeanstalk.com]"}},
		"clear text":         {answering(beanstalkListener{Protocol: "HTTP"}, beanstalkListener{Protocol: "HTTPS", Policy: "ELBSecurityPolicy-TLS13-1-2-2021-06"}), stated{"https_only": false}},
		"old TLS":            {answering(beanstalkListener{Protocol: "HTTPS", Policy: "ELBSecurityPolicy-2016-08"}), stated{"https_only": false}},
		"a policy not known": {answering(beanstalkListener{Protocol: "HTTPS", Policy: "ELBSecurityPolicy-New"}), stated{"https_only": nil}},
		"old and not known":  {answering(beanstalkListener{Protocol: "HTTPS", Policy: "x"}, beanstalkListener{Protocol: "HTTP"}), stated{"https_only": false}},
		"passed through":     {answering(beanstalkListener{Protocol: "TCP"}), stated{"https_only": nil}},
		"no listeners":       {answering(), stated{"https_only": nil}},
		"listeners denied":   {func(a *beanstalkAnswers) { a.Listeners = refused[[]beanstalkListener]() }, stated{"https_only": nil, "anonymous": true}},
		"inner":              {func(a *beanstalkAnswers) { a.Settings.Value.Internal = true }, stated{"anonymous": false}},
		"shared, open":       {func(a *beanstalkAnswers) { a.Settings.Value.Shared, a.Settings.Value.Internal = true, true }, stated{"anonymous": true}},
		"shared, inner": {func(a *beanstalkAnswers) {
			a.Settings.Value.Shared, a.Environment.Endpoint = true, "internal-shared-1.us-east-1.elb.amazonaws.com"
		}, stated{"anonymous": false}},
		"shared, place untold": {func(a *beanstalkAnswers) { a.Settings.Value.Shared, a.Environment.Endpoint = true, "" }, stated{"anonymous": nil}},
		"classic":              {classic(beanstalkListener{Protocol: "HTTPS", Policy: "ELBSecurityPolicy-TLS-1-2-2017-01"}), stated{"https_only": true, "anonymous": true}},
		"classic, clear text":  {classic(beanstalkListener{Protocol: "HTTP"}), stated{"https_only": false}},
		"classic, own policy":  {classic(beanstalkListener{Protocol: "SSL", Policy: "aws:elb:policies:own"}), stated{"https_only": nil}},
		"one machine":          {alone("192.0.2.7"), stated{"anonymous": true, "https_only": nil}},
		"one inner machine":    {alone("10.0.0.7"), stated{"anonymous": false}},
		"not yet there":        {alone(""), stated{"anonymous": nil}},
		"a worker": {func(a *beanstalkAnswers) {
			a.Environment.Worker, a.Environment.Host, a.Listeners = true, "", beanstalkAnswers{}.Listeners
		}, stated{"anonymous": false, "https_only": notApplicable, "answers_to": "[]", "access_logged": true}},
		"settings denied": {func(a *beanstalkAnswers) { a.Settings = refused[beanstalkSettings]() },
			stated{"anonymous": nil, "https_only": nil, "plaintext_secrets": nil, "access_logged": nil, "version_supported": true, "network_attached": true}},
		"a worker, settings denied": {func(a *beanstalkAnswers) { a.Environment.Worker, a.Settings = true, refused[beanstalkSettings]() },
			stated{"anonymous": false, "https_only": notApplicable, "plaintext_secrets": nil}},
		"logs stay":           {func(a *beanstalkAnswers) { a.Settings.Value.Streams = false }, stated{"access_logged": false}},
		"platform retired":    {func(a *beanstalkAnswers) { a.Platform = answered(&beanstalkPlatform{Branch: "Retired"}) }, stated{"version_supported": false}},
		"platform in trial":   {func(a *beanstalkAnswers) { a.Platform = answered(&beanstalkPlatform{Branch: "Beta"}) }, stated{"version_supported": false}},
		"platform of one own": {func(a *beanstalkAnswers) { a.Platform = answered(&beanstalkPlatform{}) }, stated{"version_supported": nil}},
		"platform denied":     {func(a *beanstalkAnswers) { a.Platform = refused[beanstalkPlatform]() }, stated{"version_supported": nil}},
		"platform untold":     {func(a *beanstalkAnswers) { a.Platform = beanstalkAnswers{}.Platform }, stated{"version_supported": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := beanstalkWith(c.change)
			c.want.check(t, beanstalkFacts(here, a))
			roundTrip(t, a)
		})
	}
	why := beanstalkFacts(here, beanstalkWith(func(a *beanstalkAnswers) { a.Listeners = refused[[]beanstalkListener]() })).Why("https_only")
	if why.Cause != "denied" {
		t.Errorf("%+v", why)
	}
}

func option(namespace, name, value string) types.ConfigurationOptionSetting {
	return types.ConfigurationOptionSetting{Namespace: aws.String(namespace), OptionName: aws.String(name), Value: aws.String(value)}
}

func TestBeanstalkSettings(t *testing.T) {
	t.Parallel()
	const secret = "ghp_0123456789012345678901234567890123456789"
	all := []types.ConfigurationSettingsDescription{
		{DeploymentStatus: types.ConfigurationDeploymentStatusFailed, OptionSettings: []types.ConfigurationOptionSetting{option("aws:elasticbeanstalk:environment", "EnvironmentType", "SingleInstance")}},
		{DeploymentStatus: types.ConfigurationDeploymentStatusDeployed, OptionSettings: []types.ConfigurationOptionSetting{
			option(variablesOf, "API_TOKEN", secret), option(variablesOf, "COLOUR", "green"), option(javaOf, "JVM Options", "-Dapi.token="+secret),
			option("aws:elasticbeanstalk:environment", "EnvironmentType", "LoadBalanced"), option("aws:ec2:vpc", "ELBScheme", "internal"),
			option("aws:elb:listener", "ListenerEnabled", "false"), option("aws:elb:listener", "ListenerProtocol", "HTTP"),
			option("aws:elb:listener:443", "ListenerProtocol", "https"), option("aws:elb:policies:modern", "SSLReferencePolicy", "ELBSecurityPolicy-TLS-1-2-2017-01"),
			option("aws:elasticbeanstalk:cloudwatch:logs", "StreamLogs", "true"),
		}},
	}
	s, err := narrowSettings(all)
	if err != nil {
		t.Fatal(err)
	}
	if s.Balancer != "classic" || !s.Internal || s.Shared || !s.Streams || s.Values.Count() != 2 ||
		len(s.Listeners) != 1 || s.Listeners[0] != (beanstalkListener{Protocol: "HTTPS", Policy: "ELBSecurityPolicy-TLS-1-2-2017-01"}) {
		t.Errorf("%+v", s)
	}
	if kept, err := json.Marshal(s); err != nil || strings.Contains(string(kept), secret) {
		t.Errorf("a value is kept: %s %v", kept, err)
	}
	for name, c := range map[string]struct {
		options []types.ConfigurationOptionSetting
		want    beanstalkSettings
	}{
		"one machine": {[]types.ConfigurationOptionSetting{option("aws:elasticbeanstalk:environment", "EnvironmentType", "SingleInstance")}, beanstalkSettings{}},
		"shared": {[]types.ConfigurationOptionSetting{option("aws:elasticbeanstalk:environment", "LoadBalancerType", "application"),
			option("aws:elasticbeanstalk:environment", "LoadBalancerIsShared", "true")}, beanstalkSettings{Balancer: "application", Shared: true}},
		"network": {[]types.ConfigurationOptionSetting{option("aws:elasticbeanstalk:environment", "LoadBalancerType", "network")}, beanstalkSettings{Balancer: "network"}},
	} {
		s, err := narrowSettings([]types.ConfigurationSettingsDescription{{OptionSettings: c.options}})
		if err != nil || s.Balancer != c.want.Balancer || s.Shared != c.want.Shared || s.Listeners != nil {
			t.Errorf("%s: %+v %v", name, s, err)
		}
	}
	if _, err := narrowSettings(nil); err == nil {
		t.Error("no settings are an answer")
	}
	own, err := narrowSettings([]types.ConfigurationSettingsDescription{{OptionSettings: []types.ConfigurationOptionSetting{
		option("aws:elb:listener:443", "ListenerProtocol", "HTTPS"), option("aws:elb:policies:own", "SSLProtocols", "TLSv1.2"),
	}}})
	if err != nil || len(own.Listeners) != 1 || own.Listeners[0].Policy != "aws:elb:policies:own" {
		t.Errorf("%+v %v", own, err)
	}
}

func TestOldestTLS(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]float64{
		"": 1.0, "ELBSecurityPolicy-2016-08": 1.0, "ELBSecurityPolicy-TLS-1-0-2015-04": 1.0, "ELBSecurityPolicy-FS-2018-06": 1.0,
		"ELBSecurityPolicy-TLS-1-1-2017-01": 1.1, "ELBSecurityPolicy-TLS-1-2-Ext-2018-06": 1.2, "ELBSecurityPolicy-FS-1-2-Res-2020-10": 1.2,
		"ELBSecurityPolicy-TLS13-1-0-2021-06": 1.0, "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09": 1.2, "ELBSecurityPolicy-TLS13-1-3-2021-06": 1.3,
	} {
		if got, certain := oldestTLS(policy); got != want || !certain {
			t.Errorf("%s: %v %v; want %v", policy, got, certain, want)
		}
	}
	for _, policy := range []string{"own", "ELBSecurityPolicy-Next-2030-01"} {
		if _, certain := oldestTLS(policy); certain {
			t.Errorf("%s is certain", policy)
		}
	}
}

func TestAskBeanstalk(t *testing.T) {
	t.Parallel()
	described := func(name, status string) types.EnvironmentDescription {
		return types.EnvironmentDescription{EnvironmentName: aws.String(name), ApplicationName: aws.String("shop"), EnvironmentArn: aws.String("arn:x/" + name),
			PlatformArn: aws.String("arn:platform"), Status: types.EnvironmentStatus(status), EndpointURL: aws.String("lb.example")}
	}
	redirect := []elbv2types.Action{{Type: elbv2types.ActionTypeEnumRedirect, RedirectConfig: &elbv2types.RedirectActionConfig{Protocol: aws.String("HTTPS")}}}
	lines := script{
		"DescribeEnvironments": func(in any) (any, error) {
			if aws.ToString(in.(*elasticbeanstalk.DescribeEnvironmentsInput).NextToken) == "" {
				return &elasticbeanstalk.DescribeEnvironmentsOutput{NextToken: aws.String("2"), Environments: []types.EnvironmentDescription{described("a", "Ready"), described("gone", "Terminated")}}, nil
			}
			return &elasticbeanstalk.DescribeEnvironmentsOutput{Environments: []types.EnvironmentDescription{described("b", "Ready")}}, nil
		},
		"DescribeConfigurationSettings": say(&elasticbeanstalk.DescribeConfigurationSettingsOutput{ConfigurationSettings: []types.ConfigurationSettingsDescription{{
			OptionSettings: []types.ConfigurationOptionSetting{option("aws:elasticbeanstalk:environment", "LoadBalancerType", "application")}}}}),
		"DescribePlatformVersion": say(&elasticbeanstalk.DescribePlatformVersionOutput{PlatformDescription: &types.PlatformDescription{PlatformBranchLifecycleState: aws.String("Supported")}}),
		"DescribeEnvironmentResources": say(&elasticbeanstalk.DescribeEnvironmentResourcesOutput{EnvironmentResources: &types.EnvironmentResourceDescription{
			LoadBalancers: []types.LoadBalancer{{Name: aws.String("arn:lb")}}}}),
		"DescribeListeners": say(&elbv2.DescribeListenersOutput{Listeners: []elbv2types.Listener{{ListenerArn: aws.String("arn:80"), Protocol: elbv2types.ProtocolEnumHttp, DefaultActions: redirect},
			{ListenerArn: aws.String("arn:443"), Protocol: elbv2types.ProtocolEnumHttps, SslPolicy: aws.String("ELBSecurityPolicy-TLS13-1-2-2021-06")}}}),
		"DescribeRules":       say(&elbv2.DescribeRulesOutput{Rules: []elbv2types.Rule{{Actions: redirect}}}),
		"ListTagsForResource": say(&elasticbeanstalk.ListTagsForResourceOutput{ResourceTags: []types.Tag{{Key: aws.String("owner"), Value: aws.String("shop")}}}),
	}
	c, calls := scripted(t, here.Region, lines)
	found, err := gathered(beanstalks(context.Background(), c))
	if err != nil || len(*found) != 2 {
		t.Fatal(found, err)
	}
	for _, i := range *found {
		a := askBeanstalk(context.Background(), c, i)
		r := beanstalkFacts(here, a)
		stated{"https_only": true, "anonymous": true, "version_supported": true}.check(t, r)
		if r.Labels["owner"] != "shop" {
			t.Errorf("the labels are %v", r.Labels)
		}
		roundTrip(t, a)
	}
	if calls("DescribePlatformVersion") != 1 {
		t.Error("a platform was asked about more than once")
	}
	// A rule beside the redirect answers in clear text.
	lines["DescribeRules"] = say(&elbv2.DescribeRulesOutput{Rules: []elbv2types.Rule{{Actions: []elbv2types.Action{{Type: elbv2types.ActionTypeEnumForward}}}}})
	stated{"https_only": false}.check(t, beanstalkFacts(here, askBeanstalk(context.Background(), c, (*found)[0])))
	for _, operation := range []string{"DescribeRules", "DescribeListeners", "DescribeEnvironmentResources"} {
		lines[operation] = refuse("AccessDenied")
		r := beanstalkFacts(here, askBeanstalk(context.Background(), c, (*found)[0]))
		stated{"https_only": nil, "anonymous": true}.check(t, r)
		if why := r.Why("https_only"); why.Action != operation || why.Cause != "denied" {
			t.Errorf("%s is denied, and the reason is %+v", operation, why)
		}
	}
	lines["DescribeEnvironmentResources"] = say(&elasticbeanstalk.DescribeEnvironmentResourcesOutput{})
	stated{"https_only": nil}.check(t, beanstalkFacts(here, askBeanstalk(context.Background(), c, (*found)[0])))
	lines["DescribeConfigurationSettings"] = refuse("InsufficientPrivilegesException")
	r := beanstalkFacts(here, askBeanstalk(context.Background(), c, (*found)[0]))
	if why := r.Why("plaintext_secrets"); why.Cause != "denied" {
		t.Errorf("%+v", why)
	}
}
