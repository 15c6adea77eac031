package aws

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var toHTTPS = types.Action{Type: types.ActionTypeEnumRedirect, RedirectConfig: &types.RedirectActionConfig{Protocol: aws.String("HTTPS")}}
var toSame = types.Action{Type: types.ActionTypeEnumRedirect, RedirectConfig: &types.RedirectActionConfig{Protocol: aws.String("#{protocol}"), Host: aws.String("b")}}
var toGroup = types.Action{Type: types.ActionTypeEnumForward, TargetGroupArn: aws.String("tg-1")}
var fixed = types.Action{Type: types.ActionTypeEnumFixedResponse}

func balancer(kind types.LoadBalancerTypeEnum) types.LoadBalancer {
	return types.LoadBalancer{
		LoadBalancerArn: aws.String("arn:lb"), LoadBalancerName: aws.String("lb"), Type: kind, VpcId: aws.String("vpc-1"),
		Scheme: types.LoadBalancerSchemeEnumInternetFacing, SecurityGroups: []string{"sg-1"},
		AvailabilityZones: []types.AvailabilityZone{
			{ZoneName: aws.String("a"), SubnetId: aws.String("subnet-1")}, {ZoneName: aws.String("b"), SubnetId: aws.String("subnet-2")},
		},
	}
}

func listenersAnswer(ls ...types.Listener) collectors.Answer[[]types.Listener] { return answered(&ls) }

func TestListenerOnlyRedirects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		defaults []types.Action
		rules    [][]types.Action
		want     bool
	}{
		"default redirects":                {[]types.Action{toHTTPS}, nil, true},
		"every rule redirects":             {[]types.Action{toHTTPS}, [][]types.Action{{toHTTPS}, {toHTTPS}}, true},
		"one rule forwards":                {[]types.Action{toHTTPS}, [][]types.Action{{toHTTPS}, {toGroup}}, false},
		"one rule answers itself":          {[]types.Action{toHTTPS}, [][]types.Action{{fixed}}, false},
		"rules redirect, default forwards": {[]types.Action{toGroup}, [][]types.Action{{toHTTPS}}, false},
		"redirect keeps the protocol":      {[]types.Action{toSame}, nil, false},
		"redirect without settings":        {[]types.Action{{Type: types.ActionTypeEnumRedirect}}, nil, false},
		"no action":                        {nil, nil, false},
	} {
		var rules []types.Rule
		for _, actions := range c.rules {
			rules = append(rules, types.Rule{Actions: actions})
		}
		if got := redirectsToTLS(types.Listener{DefaultActions: c.defaults}, rules); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestLoadBalancerFacts(t *testing.T) {
	t.Parallel()
	plain := types.Listener{ListenerArn: aws.String("l80"), Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80), DefaultActions: []types.Action{toHTTPS}}
	secure := types.Listener{ListenerArn: aws.String("l443"), Protocol: types.ProtocolEnumHttps, Port: aws.Int32(443), SslPolicy: aws.String("P"), DefaultActions: []types.Action{toGroup}}
	attributes := func(on string) collectors.Answer[elbv2.DescribeLoadBalancerAttributesOutput] {
		return answered(&elbv2.DescribeLoadBalancerAttributesOutput{Attributes: []types.LoadBalancerAttribute{{Key: aws.String("access_logs.s3.enabled"), Value: aws.String(on)}}})
	}
	headers := answered(&[]listenerAttributes{{Listener: "l443", Attributes: []types.ListenerAttribute{
		{Key: aws.String("routing.http.response.server.enabled"), Value: aws.String("false")},
		{Key: aws.String("routing.http.response.content_security_policy.header_value"), Value: aws.String("frame-ancestors 'none'")},
		{Key: aws.String("routing.http.response.x_frame_options.header_value"), Value: aws.String("")},
	}}})
	tls := fmt.Sprintf("{Protocol:https Port:443 To:0 TLS:true Policy:%s/tls_policy/P RedirectsToTLS:false Targets:[tg-1]}", here.Scope)
	for name, c := range map[string]struct {
		answers loadBalancerAnswers
		want    stated
	}{
		"application": {
			loadBalancerAnswers{LoadBalancer: balancer(types.LoadBalancerTypeEnumApplication), Attributes: attributes("true"),
				Listeners: listenersAnswer(plain, secure), Rules: answered(&[]listenerRules{}), Headers: headers},
			stated{"kind": "load_balancer", "http": true, "internet_facing": true, "multi_zone": true, "access_logged": true,
				"pass_through": false, "authenticated": notApplicable,
				"security_headers": "[content-security-policy frame-options server-removed]",
				"listeners":        "[{Protocol:http Port:80 To:0 TLS:false Policy: RedirectsToTLS:true Targets:[]} " + tls + "]",
				"firewalls":        "[" + ec2ARN(here, "security-group", "sg-1") + "]", "network": ec2ARN(here, "vpc", "vpc-1")},
		},
		"network": {
			loadBalancerAnswers{LoadBalancer: balancer(types.LoadBalancerTypeEnumNetwork), Attributes: attributes("false"),
				Listeners: listenersAnswer(types.Listener{Protocol: types.ProtocolEnumTls, Port: aws.Int32(443), SslPolicy: aws.String("P"), DefaultActions: []types.Action{toGroup}})},
			stated{"http": false, "pass_through": true, "access_logged": false, "security_headers": notApplicable,
				"waf_attached": notApplicable, "listeners": "[{Protocol:tls Port:443 To:0 TLS:true Policy:" + tlsPolicyID(here, "P") + " RedirectsToTLS:false Targets:[tg-1]}]"},
		},
		"rules denied": {
			loadBalancerAnswers{LoadBalancer: balancer(types.LoadBalancerTypeEnumApplication), Attributes: attributes("true"),
				Listeners: listenersAnswer(plain, secure), Rules: refused[[]listenerRules](), Headers: headers},
			stated{"listeners": nil, "security_headers": nil, "access_logged": true},
		},
		"headers not offered": {
			loadBalancerAnswers{LoadBalancer: balancer(types.LoadBalancerTypeEnumApplication), Attributes: refused[elbv2.DescribeLoadBalancerAttributesOutput](),
				Listeners: listenersAnswer(secure), Rules: answered(&[]listenerRules{}), Headers: refused[[]listenerAttributes]()},
			stated{"listeners": "[" + tls + "]", "security_headers": nil, "access_logged": nil},
		},
		"listeners denied": {
			loadBalancerAnswers{LoadBalancer: balancer(types.LoadBalancerTypeEnumApplication), Listeners: refused[[]types.Listener]()},
			stated{"listeners": nil, "security_headers": nil, "access_logged": nil, "plaintext_listener": nil},
		},
		"bare answer": {
			loadBalancerAnswers{LoadBalancer: types.LoadBalancer{LoadBalancerArn: aws.String("arn:lb")}},
			stated{"internet_facing": nil, "multi_zone": nil, "http": nil, "network": nil, "listeners": nil, "pass_through": nil},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, loadBalancerFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
	if r := loadBalancerFacts(here, loadBalancerAnswers{LoadBalancer: balancer(types.LoadBalancerTypeEnumGateway)}); r != nil {
		t.Error("a gateway balancer answers no caller")
	}
}

func TestHeadersHoldOnEveryServingListener(t *testing.T) {
	t.Parallel()
	csp := []types.ListenerAttribute{{Key: aws.String("routing.http.response.content_security_policy.header_value"), Value: aws.String("default-src 'self'")}}
	serving := func(arn string) types.Listener {
		return types.Listener{ListenerArn: aws.String(arn), DefaultActions: []types.Action{toGroup}}
	}
	a := loadBalancerAnswers{LoadBalancer: balancer(types.LoadBalancerTypeEnumApplication), Listeners: listenersAnswer(serving("a"), serving("b")),
		Rules: answered(&[]listenerRules{}), Headers: answered(&[]listenerAttributes{{Listener: "a", Attributes: csp}, {Listener: "b"}})}
	stated{"security_headers": "[]"}.check(t, loadBalancerFacts(here, a))
}

func TestAskLoadBalancer(t *testing.T) {
	t.Parallel()
	secret := types.Action{Type: types.ActionTypeEnumAuthenticateOidc, AuthenticateOidcConfig: &types.AuthenticateOidcActionConfig{ClientSecret: aws.String("hush")}}
	c, calls := scripted(t, here.Region, script{
		"DescribeListeners": func(in any) (any, error) {
			if in.(*elbv2.DescribeListenersInput).Marker == nil {
				return &elbv2.DescribeListenersOutput{NextMarker: aws.String("2"), Listeners: []types.Listener{{ListenerArn: aws.String("a"), DefaultActions: []types.Action{secret}}}}, nil
			}
			return &elbv2.DescribeListenersOutput{Listeners: []types.Listener{{ListenerArn: aws.String("b")}}}, nil
		},
		"DescribeRules": func(in any) (any, error) {
			if aws.ToString(in.(*elbv2.DescribeRulesInput).ListenerArn) == "b" {
				return refuse("AccessDenied")(in)
			}
			return &elbv2.DescribeRulesOutput{Rules: []types.Rule{{}}}, nil
		},
		"DescribeTags": say(&elbv2.DescribeTagsOutput{TagDescriptions: []types.TagDescription{{Tags: []types.Tag{{Key: aws.String("owner"), Value: aws.String("web")}}}}}),
	})
	a := askLoadBalancer(context.Background(), c, balancer(types.LoadBalancerTypeEnumApplication))
	if a.Listeners.Value == nil || len(*a.Listeners.Value) != 2 {
		t.Fatalf("listeners of both pages: %+v", a.Listeners)
	}
	if (*a.Listeners.Value)[0].DefaultActions[0].AuthenticateOidcConfig.ClientSecret != nil {
		t.Error("a client secret was kept")
	}
	// The rules of one listener were refused, so the rules as a whole are not known.
	if why := a.Rules.Unknown(); why == nil || why.Cause != inventory.CauseDenied || why.Permission != "elasticloadbalancing:DescribeRules" {
		t.Errorf("rules: %+v", a.Rules)
	}
	r := loadBalancerFacts(here, a)
	stated{"listeners": nil, "access_logged": nil, "security_headers": nil}.check(t, r)
	if r.Labels["owner"] != "web" {
		t.Errorf("labels: %v", r.Labels)
	}
	before := calls("DescribeRules")
	askLoadBalancer(context.Background(), c, balancer(types.LoadBalancerTypeEnumNetwork))
	if calls("DescribeRules") != before {
		t.Error("a network balancer has no rules to ask for")
	}
}

func TestFindGoneLoadBalancer(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, here.Region, script{"DescribeLoadBalancers": refuse("LoadBalancerNotFound")})
	for _, err := range loadBalancers(context.Background(), c, "arn:lb") {
		t.Fatalf("a balancer that is gone yields nothing, and no error: %v", err)
	}
}

func TestTargetGroupFacts(t *testing.T) {
	t.Parallel()
	targets := func(ids ...string) collectors.Answer[[]types.TargetDescription] {
		var ts []types.TargetDescription
		for _, id := range ids {
			ts = append(ts, types.TargetDescription{Id: aws.String(id), Port: aws.Int32(8080)})
		}
		return answered(&ts)
	}
	preserves := func(v string) collectors.Answer[elbv2.DescribeTargetGroupAttributesOutput] {
		return answered(&elbv2.DescribeTargetGroupAttributesOutput{Attributes: []types.TargetGroupAttribute{{Key: aws.String("preserve_client_ip.enabled"), Value: aws.String(v)}}})
	}
	machine := ec2ARN(here, "instance", "i-1")
	for name, c := range map[string]struct {
		answers targetGroupAnswers
		want    stated
	}{
		"machines": {targetGroupAnswers{TargetGroup: types.TargetGroup{Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80), LoadBalancerArns: []string{"arn:lb"}}, Targets: targets("i-1")},
			stated{"protocol": "http", "port": 80, "targets": "[{Resource:" + machine + " Class:compute_instance Address: Port:8080 To:0}]", "resources": "[" + machine + "]", "preserves_caller": false, "entry_points": "[arn:lb]"}},
		"addresses keep the caller": {targetGroupAnswers{TargetGroup: types.TargetGroup{Protocol: types.ProtocolEnumTcp, TargetType: types.TargetTypeEnumIp}, Targets: targets("10.0.0.1"), Attributes: preserves("true")},
			stated{"targets": "[{Resource: Class: Address:10.0.0.1 Port:8080 To:0}]", "resources": "[]", "preserves_caller": true}},
		"function": {targetGroupAnswers{TargetGroup: types.TargetGroup{TargetType: types.TargetTypeEnumLambda}, Targets: targets("arn:fn")},
			stated{"protocol": "https", "resources": "[arn:fn]", "preserves_caller": false}},
		"datagrams": {targetGroupAnswers{TargetGroup: types.TargetGroup{Protocol: types.ProtocolEnumUdp}, Targets: refused[[]types.TargetDescription]()},
			stated{"preserves_caller": true, "targets": nil, "resources": nil}},
		"attributes denied": {targetGroupAnswers{TargetGroup: types.TargetGroup{Protocol: types.ProtocolEnumTcp}, Attributes: refused[elbv2.DescribeTargetGroupAttributesOutput]()},
			stated{"preserves_caller": nil, "targets": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, targetGroupFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
}

func TestTLSPolicyFacts(t *testing.T) {
	t.Parallel()
	policy := func(protocols ...string) types.SslPolicy {
		return types.SslPolicy{Name: aws.String("P"), SslProtocols: protocols, Ciphers: []types.Cipher{{Name: aws.String("ECDHE-RSA-AES128-GCM-SHA256")}}}
	}
	stated{"versions": "[1 1.2 1.3]", "suites": "[ECDHE-RSA-AES128-GCM-SHA256]"}.check(t, tlsPolicyFacts(here, policy("TLSv1", "TLSv1.2", "TLSv1.3")))
	stated{"versions": nil}.check(t, tlsPolicyFacts(here, policy("TLSv1.2", "TLSv9")))
	stated{"versions": nil, "suites": nil}.check(t, tlsPolicyFacts(here, types.SslPolicy{Name: aws.String("P")}))
	if got := tlsPolicyFacts(here, policy("TLSv1.2")).ID; got != tlsPolicyID(here, "P") {
		t.Errorf("listeners point to %s, the policy is %s", tlsPolicyID(here, "P"), got)
	}
}

func TestTLSPoliciesFollowTheMarker(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, here.Region, script{"DescribeSSLPolicies": func(in any) (any, error) {
		if in.(*elbv2.DescribeSSLPoliciesInput).Marker == nil {
			return &elbv2.DescribeSSLPoliciesOutput{NextMarker: aws.String("2"), SslPolicies: []types.SslPolicy{{}}}, nil
		}
		return &elbv2.DescribeSSLPoliciesOutput{SslPolicies: []types.SslPolicy{{}, {}}}, nil
	}})
	n := 0
	for _, err := range tlsPolicies(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 3 || calls("DescribeSSLPolicies") != 2 {
		t.Errorf("%d policies in %d calls", n, calls("DescribeSSLPolicies"))
	}
}

func TestRecordedLoadBalancers(t *testing.T) {
	t.Parallel()
	lb := func(file string, i int) types.LoadBalancer {
		return recorded[elbv2.DescribeLoadBalancersOutput](t, file+"/elasticloadbalancingv2.DescribeLoadBalancers_1.json").LoadBalancers[i]
	}
	attributes := func(file string) collectors.Answer[elbv2.DescribeLoadBalancerAttributesOutput] {
		return answered(recorded[elbv2.DescribeLoadBalancerAttributesOutput](t, file+"/elasticloadbalancingv2.DescribeLoadBalancerAttributes_1.json"))
	}
	listeners := func(file string) collectors.Answer[[]types.Listener] {
		return answered(&recorded[elbv2.DescribeListenersOutput](t, file+"/elasticloadbalancingv2.DescribeListeners_1.json").Listeners)
	}
	none := answered(&[]listenerRules{})
	stated{"access_logged": true, "http": true, "internet_facing": true, "multi_zone": true}.check(t,
		loadBalancerFacts(here, loadBalancerAnswers{LoadBalancer: lb("test_appelb_attributes_filter", 0), Attributes: attributes("test_appelb_attributes_filter")}))
	stated{"access_logged": false}.check(t,
		loadBalancerFacts(here, loadBalancerAnswers{LoadBalancer: lb("test_appelb_disable_s3_logging", 0), Attributes: attributes("test_appelb_disable_s3_logging")}))
	stated{"access_logged": true, "http": false, "pass_through": true}.check(t,
		loadBalancerFacts(here, loadBalancerAnswers{LoadBalancer: lb("test_netelb_attributes_filter", 0), Attributes: attributes("test_netelb_attributes_filter")}))
	stated{"internet_facing": false, "multi_zone": true}.check(t, loadBalancerFacts(here, loadBalancerAnswers{LoadBalancer: lb("test_appelb_default_vpc", 1)}))
	stated{"listeners": "[{Protocol:http Port:80 To:0 TLS:false Policy: RedirectsToTLS:false Targets:[arn:aws:elasticloadbalancing:us-east-1:644160558196:targetgroup/test-target/6bc632a2d5dabaac]}]"}.check(t,
		loadBalancerFacts(here, loadBalancerAnswers{LoadBalancer: lb("test_appelb_delete_force", 0), Listeners: listeners("test_appelb_delete_force"), Rules: none}))
	// The default of this listener redirects, yet one of its rules forwards in clear text.
	redirecting := loadBalancerAnswers{LoadBalancer: lb("test_appelb_listener_rules", 0), Listeners: listeners("test_appelb_listener_rules")}
	found := (*redirecting.Listeners.Value)[0]
	redirecting.Rules = answered(&[]listenerRules{{Listener: aws.ToString(found.ListenerArn),
		Rules: recorded[elbv2.DescribeRulesOutput](t, "test_appelb_listener_rules/elasticloadbalancingv2.DescribeRules_1.json").Rules}})
	stated{"multi_zone": false, "listeners": "[{Protocol:http Port:80 To:0 TLS:false Policy: RedirectsToTLS:false Targets:[arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/test-tg/1234567890abcdef]}]"}.check(t,
		loadBalancerFacts(here, redirecting))
}

func TestRecordedTargetGroups(t *testing.T) {
	t.Parallel()
	group := func(file string) types.TargetGroup {
		return recorded[elbv2.DescribeTargetGroupsOutput](t, file+"/elasticloadbalancingv2.DescribeTargetGroups_1.json").TargetGroups[0]
	}
	health := recorded[elbv2.DescribeTargetHealthOutput](t, "test_appelb_instance_count_non_zero/elasticloadbalancingv2.DescribeTargetHealth_1.json")
	one, two := ec2ARN(here, "instance", "i-123456"), ec2ARN(here, "instance", "i-7890")
	stated{"targets": "[{Resource:" + one + " Class:compute_instance Address: Port:123 To:0} {Resource:" + two + " Class:compute_instance Address: Port:456 To:0}]", "protocol": "http"}.check(t,
		targetGroupFacts(here, targetGroupAnswers{TargetGroup: group("test_appelb_instance_count_non_zero"), Targets: answered(targetAddresses(health))}))
	for n, want := range map[int]bool{1: false, 2: true} {
		at := recorded[elbv2.DescribeTargetGroupAttributesOutput](t, fmt.Sprintf("test_target_group_attributes_filter_action/elasticloadbalancingv2.DescribeTargetGroupAttributes_%d.json", n))
		stated{"preserves_caller": want, "protocol": "tcp"}.check(t,
			targetGroupFacts(here, targetGroupAnswers{TargetGroup: group("test_target_group_attributes_filter_action"), Attributes: answered(at)}))
	}
}

// Answers for the tests over the whole registry, and what is recorded.
var (
	_ = sample("aws.elbv2.load_balancer", loadBalancerFacts,
		loadBalancerAnswers{LoadBalancer: balancer(types.LoadBalancerTypeEnumApplication)}, loadBalancerAnswers{LoadBalancer: balancer(types.LoadBalancerTypeEnumGateway)})
	_ = sample("aws.elbv2.target_group", targetGroupFacts, targetGroupAnswers{TargetGroup: types.TargetGroup{TargetGroupArn: aws.String("arn:tg"), TargetGroupName: aws.String("tg")}})
	_ = sample("aws.elbv2.tls_policy", tlsPolicyFacts, types.SslPolicy{Name: aws.String("P")})

	_ = sweep("elasticloadbalancingv2.DescribeLoadBalancers", loadBalancerFacts, func(o *elbv2.DescribeLoadBalancersOutput) []loadBalancerAnswers {
		return mapped(o.LoadBalancers, func(lb types.LoadBalancer) loadBalancerAnswers { return loadBalancerAnswers{LoadBalancer: lb} })
	})
	_ = sweep("elasticloadbalancingv2.DescribeTargetGroups", targetGroupFacts, func(o *elbv2.DescribeTargetGroupsOutput) []targetGroupAnswers {
		return mapped(o.TargetGroups, func(g types.TargetGroup) targetGroupAnswers { return targetGroupAnswers{TargetGroup: g} })
	})
	_ = sweep("elasticloadbalancingv2.DescribeTargetHealth", targetGroupFacts, func(o *elbv2.DescribeTargetHealthOutput) []targetGroupAnswers {
		return []targetGroupAnswers{{TargetGroup: types.TargetGroup{TargetGroupArn: aws.String("arn:tg"), TargetGroupName: aws.String("tg")}, Targets: answered(targetAddresses(o))}}
	})
)
