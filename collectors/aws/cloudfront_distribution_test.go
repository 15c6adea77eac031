package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	waftypes "github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"github.com/plumbline-posture/plumbline/collectors"
)

var (
	_ = sample("aws.cloudfront.distribution", distributionFacts, distributionAnswers{
		Distribution: distribution{ARN: "arn:aws:cloudfront::1:distribution/E1", ID: "E1", Domain: "d1.cloudfront.net", Behaviors: []behavior{{Viewers: "https-only"}}}},
		distributionAnswers{Distribution: distribution{ARN: "arn:aws:cloudfront::1:distribution/E2", ID: "E2"}})
	_ = sweep("cloudfront.ListDistributions", distributionFacts, func(o *cloudfront.ListDistributionsOutput) []distributionAnswers {
		return mapped(o.DistributionList.Items, func(d types.DistributionSummary) distributionAnswers {
			return distributionAnswers{Distribution: narrowDistribution(d)}
		})
	})
)

func TestDistributionFacts(t *testing.T) {
	t.Parallel()
	with := func(change func(*distributionAnswers)) distributionAnswers {
		a := distributionAnswers{
			Distribution: distribution{ARN: "arn:d", ID: "E1", Domain: "D1.cloudfront.net", Enabled: true, MinimumTLS: "TLSv1.2_2021", Behaviors: []behavior{
				{Viewers: "redirect-to-https", HeadersPolicy: "p"}, {Viewers: "https-only", HeadersPolicy: "q"}},
				Origins: []edgeOrigin{{Domain: "api.example.com", Protocol: "https-only"}, {Domain: "assets.s3.eu-west-1.amazonaws.com"}}},
			Logged: answered(aws.Bool(false)), Delivered: answered(aws.Bool(false)), WebFirewall: collectors.Answer[aclRules]{Absent: true},
			Headers: map[string]collectors.Answer[[]string]{"p": answered(&[]string{"content-security-policy", "frame-options", "server-removed"}), "q": answered(&[]string{"frame-options", "server-removed"})},
		}
		change(&a)
		return a
	}
	for name, c := range map[string]struct {
		answers distributionAnswers
		want    stated
	}{
		"bare answer": {distributionAnswers{}, stated{"tls_min_version": nil, "weak_ciphers": nil, "access_logged": nil, "waf_attached": nil, "waf_blocking": nil,
			"security_headers": nil, "origin_tls": nil, "listeners": nil}},
		"well kept": {with(func(*distributionAnswers) {}), stated{"kind": "cdn", "internet_facing": true, "tls_min_version": 1.2, "weak_ciphers": "[]", "access_logged": false,
			"waf_attached": false, "waf_blocking": false, "security_headers": "[frame-options server-removed]", "origin_tls": true, "multi_zone": true, "authenticated": notApplicable,
			"answers_to": "[d1.cloudfront.net]", "origins": "[{From:assets.s3.eu-west-1.amazonaws.com Name:assets.s3.eu-west-1.amazonaws.com Class:object_storage ID:arn:aws:s3:::assets}]",
			"listeners": "[{Protocol:https Port:443 To:0 TLS:true Policy: RedirectsToTLS:false Targets:[]} {Protocol:http Port:80 To:0 TLS:false Policy: RedirectsToTLS:true Targets:[]}]"}},
		"clear text": {with(func(a *distributionAnswers) { a.Distribution.Behaviors[1].Viewers = "allow-all" }), stated{"origin_tls": false,
			"listeners": "[{Protocol:https Port:443 To:0 TLS:true Policy: RedirectsToTLS:false Targets:[]} {Protocol:http Port:80 To:0 TLS:false Policy: RedirectsToTLS:false Targets:[]}]"}},
		"refuses clear text": {with(func(a *distributionAnswers) { a.Distribution.Behaviors = a.Distribution.Behaviors[1:] }), stated{"listeners": "[{Protocol:https Port:443 To:0 TLS:true Policy: RedirectsToTLS:false Targets:[]}]"}},
		"signed store": {with(func(a *distributionAnswers) {
			a.Distribution.Origins, a.Distribution.Behaviors[0].Viewers = []edgeOrigin{{Signed: true}}, "allow-all"
		}), stated{"origin_tls": true}},
		"as the viewer speaks": {with(func(a *distributionAnswers) { a.Distribution.Origins[0].Protocol = "match-viewer" }), stated{"origin_tls": true}},
		"origin in clear":      {with(func(a *distributionAnswers) { a.Distribution.Origins[0].Protocol = "http-only" }), stated{"origin_tls": false}},
		"inner origin": {with(func(a *distributionAnswers) {
			a.Distribution.Origins[0] = edgeOrigin{VPCOrigin: "v"}
			a.VPCOrigins = map[string]collectors.Answer[string]{"v": answered(aws.String("https-only"))}
		}), stated{"origin_tls": true}},
		"inner origin, unread": {with(func(a *distributionAnswers) {
			a.Distribution.Origins[0] = edgeOrigin{VPCOrigin: "v"}
			a.VPCOrigins = map[string]collectors.Answer[string]{"v": refused[string]()}
		}), stated{"origin_tls": nil}},
		"provider certificate": {with(func(a *distributionAnswers) { a.Distribution.DefaultCertificate = true }), stated{"tls_min_version": 1.0}},
		"older suites":         {with(func(a *distributionAnswers) { a.Distribution.MinimumTLS = "TLSv1.2_2018" }), stated{"tls_min_version": 1.2, "weak_ciphers": "[AES128-GCM-SHA256 AES256-GCM-SHA384 AES128-SHA256]"}},
		"policy to come":       {with(func(a *distributionAnswers) { a.Distribution.MinimumTLS = "TLSv1.4_2030" }), stated{"tls_min_version": nil, "weak_ciphers": nil}},
		"logged":               {with(func(a *distributionAnswers) { a.Logged, a.Delivered = answered(aws.Bool(true)), refused[bool]() }), stated{"access_logged": true}},
		"delivered":            {with(func(a *distributionAnswers) { a.Logged, a.Delivered = refused[bool](), answered(aws.Bool(true)) }), stated{"access_logged": true}},
		"deliveries unread":    {with(func(a *distributionAnswers) { a.Delivered = refused[bool]() }), stated{"access_logged": nil}},
		"logged as it happens": {with(func(a *distributionAnswers) {
			a.Distribution.Behaviors[0].RealtimeLogged, a.Distribution.Behaviors[1].RealtimeLogged = true, true
		}), stated{"access_logged": true}},
		"headers of one unread": {with(func(a *distributionAnswers) { a.Headers["q"] = refused[[]string]() }), stated{"security_headers": nil}},
		"one without headers": {with(func(a *distributionAnswers) {
			a.Headers["q"] = refused[[]string]()
			a.Distribution.Behaviors[0].HeadersPolicy = ""
		}), stated{"security_headers": "[]"}},
		"switched off":    {with(func(a *distributionAnswers) { a.Distribution.Enabled = false }), stated{"internet_facing": false}},
		"firewall unread": {with(func(a *distributionAnswers) { a.Distribution.WebACL, a.WebFirewall = "arn:w", refused[aclRules]() }), stated{"waf_attached": true, "waf_blocking": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roundTrip(t, c.answers)
			c.want.check(t, distributionFacts(here, c.answers))
		})
	}
}

func TestRecordedDistributions(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]stated{
		"test_distrbution_custom_origin":       {"internet_facing": false, "tls_min_version": 1.0, "origin_tls": false},
		"test_distribution_post_finding":       {"internet_facing": true, "tls_min_version": 1.0, "origin_tls": false, "weak_ciphers": "[AES128-GCM-SHA256 AES256-GCM-SHA384 AES128-SHA256 AES256-SHA AES128-SHA]"},
		"test_distribution_wafv2_filter_scope": {"internet_facing": true, "waf_attached": true, "origin_tls": true},
	} {
		out := recorded[cloudfront.ListDistributionsOutput](t, file+"/cloudfront.ListDistributions_1.json")
		want.check(t, distributionFacts(here, distributionAnswers{Distribution: narrowDistribution(out.DistributionList.Items[0])}))
	}
}

func TestAskDistribution(t *testing.T) {
	t.Parallel()
	acl := "arn:aws:wafv2:us-east-1:1:global/webacl/edge/id"
	one := func(id, acl string) types.DistributionSummary {
		return types.DistributionSummary{Id: aws.String(id), ARN: aws.String("arn:" + id), WebACLId: aws.String(acl),
			DefaultCacheBehavior: &types.DefaultCacheBehavior{ResponseHeadersPolicyId: aws.String("p"), ViewerProtocolPolicy: types.ViewerProtocolPolicyHttpsOnly},
			Origins:              &types.Origins{Items: []types.Origin{{DomainName: aws.String("x"), CustomHeaders: &types.CustomHeaders{Items: []types.OriginCustomHeader{{HeaderName: aws.String("x-shared"), HeaderValue: aws.String("hush")}}}}}}}
	}
	c, calls := scripted(t, "us-east-1", script{
		"ListDistributions":     say(&cloudfront.ListDistributionsOutput{DistributionList: &types.DistributionList{IsTruncated: aws.Bool(false), Items: []types.DistributionSummary{one("a", acl), one("b", "1-2-3")}}}),
		"GetDistributionConfig": say(&cloudfront.GetDistributionConfigOutput{DistributionConfig: &types.DistributionConfig{}}),
		"DescribeDeliverySources": say(&cloudwatchlogs.DescribeDeliverySourcesOutput{DeliverySources: []logtypes.DeliverySource{{ResourceArns: []string{"arn:a"}},
			{ResourceArns: []string{"arn:b"}, Status: logtypes.DeliverySourceStatusInactive}}}),
		"GetResponseHeadersPolicy": say(&cloudfront.GetResponseHeadersPolicyOutput{ResponseHeadersPolicy: &types.ResponseHeadersPolicy{ResponseHeadersPolicyConfig: &types.ResponseHeadersPolicyConfig{
			SecurityHeadersConfig: &types.ResponseHeadersPolicySecurityHeadersConfig{StrictTransportSecurity: &types.ResponseHeadersPolicyStrictTransportSecurity{},
				ContentSecurityPolicy: &types.ResponseHeadersPolicyContentSecurityPolicy{ContentSecurityPolicy: aws.String("default-src 'self'; frame-ancestors 'none'")}},
			RemoveHeadersConfig: &types.ResponseHeadersPolicyRemoveHeadersConfig{Items: []types.ResponseHeadersPolicyRemoveHeader{{Header: aws.String("Server")}}}}}}),
		"GetWebACL":           say(&wafv2.GetWebACLOutput{WebACL: &waftypes.WebACL{}}),
		"ListTagsForResource": say(&cloudfront.ListTagsForResourceOutput{Tags: &types.Tags{Items: []types.Tag{{Key: aws.String("owner"), Value: aws.String("a")}}}}),
	})
	for i, err := range listDistributions(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		a := askDistribution(context.Background(), c, i)
		roundTrip(t, a)
		stated{"access_logged": i.distribution.ID == "a", "waf_attached": true, "waf_blocking": false,
			"security_headers": "[content-security-policy frame-options server-removed strict-transport-security]"}.check(t, distributionFacts(here, a))
	}
	if calls("GetResponseHeadersPolicy") != 1 || calls("DescribeDeliverySources") != 1 || calls("GetWebACL") != 1 {
		t.Error("what distributions share was not asked once")
	}
}

func TestPointer(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"d1.cloudfront.net.":                              "entry_point d1.cloudfront.net ",
		"dualstack.My-LB-12.eu-west-1.elb.amazonaws.com.": "entry_point my-lb-12.eu-west-1.elb.amazonaws.com ",
		"lb-12.elb.eu-west-1.amazonaws.com":               "entry_point lb-12.elb.eu-west-1.amazonaws.com ",
		"a1b2.execute-api.eu-west-1.amazonaws.com":        "entry_point a1b2.execute-api.eu-west-1.amazonaws.com ",
		"x.lambda-url.eu-west-1.on.aws":                   "serverless_app x.lambda-url.eu-west-1.on.aws ",
		"env.eu-west-1.elasticbeanstalk.com":              "serverless_app env.eu-west-1.elasticbeanstalk.com ",
		"my.bucket.s3.amazonaws.com":                      "object_storage arn:aws:s3:::my.bucket",
		"b.s3.eu-west-1.amazonaws.com":                    "object_storage arn:aws:s3:::b",
		"b.s3-website-us-east-1.amazonaws.com":            "object_storage arn:aws:s3:::b",
		"b.s3-website.eu-central-1.amazonaws.com":         "object_storage arn:aws:s3:::b",
		"s3-website-us-east-1.amazonaws.com.":             "object_storage arn:aws:s3:::www.example.com",
		"ec2-192-0-2-7.compute-1.amazonaws.com":           "network_interface 192.0.2.7 ",
		"ec2-192-0-2-7.eu-west-1.compute.amazonaws.com":   "network_interface 192.0.2.7 ",
		"mail.example.org":                                "",
		"ns-1.awsdns-00.com":                              "",
	} {
		got := ""
		if p := pointer("www.example.com.", name); p != nil {
			got = string(p.Class) + " " + p.Name + " "
			if p.ID != "" {
				got = string(p.Class) + " " + p.ID
			}
		}
		if got != want {
			t.Errorf("%s leads to %q; want %q", name, got, want)
		}
	}
}
