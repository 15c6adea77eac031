package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func classicListener(protocol string, port int32, policies ...string) types.ListenerDescription {
	return types.ListenerDescription{PolicyNames: policies, Listener: &types.Listener{
		Protocol: aws.String(protocol), LoadBalancerPort: port, InstancePort: aws.Int32(8080), InstanceProtocol: aws.String("HTTP"),
	}}
}

func negotiation(name string, on ...string) types.PolicyDescription {
	p := types.PolicyDescription{PolicyName: aws.String(name), PolicyTypeName: aws.String("SSLNegotiationPolicyType")}
	for _, key := range on {
		p.PolicyAttributeDescriptions = append(p.PolicyAttributeDescriptions, types.PolicyAttributeDescription{AttributeName: aws.String(key), AttributeValue: aws.String("true")})
	}
	off := types.PolicyAttributeDescription{AttributeName: aws.String("Protocol-SSLv2"), AttributeValue: aws.String("false")}
	p.PolicyAttributeDescriptions = append(p.PolicyAttributeDescriptions, off)
	return p
}

func policiesAnswer(ps ...types.PolicyDescription) collectors.Answer[elb.DescribeLoadBalancerPoliciesOutput] {
	return answered(&elb.DescribeLoadBalancerPoliciesOutput{PolicyDescriptions: ps})
}

func TestClassicBalancerFacts(t *testing.T) {
	t.Parallel()
	lb := func(ls ...types.ListenerDescription) types.LoadBalancerDescription {
		return types.LoadBalancerDescription{LoadBalancerName: aws.String("web"), Scheme: aws.String("internet-facing"), VPCId: aws.String("vpc-1"),
			AvailabilityZones: []string{"a", "b"}, ListenerDescriptions: ls}
	}
	good := negotiation("P", "Protocol-TLSv1.2", "Server-Defined-Cipher-Order", "ECDHE-RSA-AES128-GCM-SHA256")
	old := negotiation("Q", "Protocol-TLSv1", "Protocol-TLSv1.2", "DES-CBC3-SHA", "AES128-SHA", "ECDHE-RSA-AES128-SHA")
	for name, c := range map[string]struct {
		answers classicBalancerAnswers
		want    stated
	}{
		"safe": {classicBalancerAnswers{LoadBalancer: lb(classicListener("HTTPS", 443, "P")), Policies: policiesAnswer(good)},
			stated{"tls_min_version": 1.2, "weak_ciphers": "[]", "http": true, "internet_facing": true, "multi_zone": true, "pass_through": false, "security_headers": "[]", "access_logged": nil}},
		"worst of two listeners": {classicBalancerAnswers{LoadBalancer: lb(classicListener("HTTPS", 443, "P"), classicListener("SSL", 8443, "Q")), Policies: policiesAnswer(good, old)},
			stated{"tls_min_version": 1.0, "weak_ciphers": "[AES128-SHA DES-CBC3-SHA]"}},
		"other policies do not count": {classicBalancerAnswers{LoadBalancer: lb(classicListener("HTTPS", 443, "P")), Policies: policiesAnswer(good, old)},
			stated{"tls_min_version": 1.2}},
		"policies denied": {classicBalancerAnswers{LoadBalancer: lb(classicListener("HTTPS", 443, "P")), Policies: refused[elb.DescribeLoadBalancerPoliciesOutput]()},
			stated{"tls_min_version": nil, "weak_ciphers": nil}},
		"policy is not in the answer": {classicBalancerAnswers{LoadBalancer: lb(classicListener("HTTPS", 443, "X")), Policies: policiesAnswer(good)},
			stated{"tls_min_version": nil, "weak_ciphers": nil}},
		"listener without a policy": {classicBalancerAnswers{LoadBalancer: lb(classicListener("HTTPS", 443), classicListener("HTTPS", 444, "P")), Policies: policiesAnswer(good)},
			stated{"tls_min_version": nil}},
		"policy names no protocol": {classicBalancerAnswers{LoadBalancer: lb(classicListener("HTTPS", 443, "E")), Policies: policiesAnswer(negotiation("E"))},
			stated{"tls_min_version": nil}},
		"clear text only": {classicBalancerAnswers{LoadBalancer: lb(classicListener("TCP", 25)), Policies: policiesAnswer()},
			stated{"tls_min_version": nil, "http": false}},
		"recorded to a bucket": {classicBalancerAnswers{LoadBalancer: lb(), Attributes: answered(&elb.DescribeLoadBalancerAttributesOutput{LoadBalancerAttributes: &types.LoadBalancerAttributes{AccessLog: &types.AccessLog{Enabled: true}}})},
			stated{"access_logged": true}},
		"attributes denied": {classicBalancerAnswers{LoadBalancer: lb(), Attributes: refused[elb.DescribeLoadBalancerAttributesOutput]()},
			stated{"access_logged": nil}},
		"bare answer": {classicBalancerAnswers{LoadBalancer: types.LoadBalancerDescription{LoadBalancerName: aws.String("web")}},
			stated{"internet_facing": nil, "multi_zone": nil, "network": nil, "access_logged": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, classicBalancerFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
}

func TestAskClassicBalancer(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, here.Region, script{"DescribeTags": say(&elb.DescribeTagsOutput{TagDescriptions: []types.TagDescription{{Tags: []types.Tag{{Key: aws.String("env"), Value: aws.String("test")}}}}})})
	a := askClassicBalancer(context.Background(), c, types.LoadBalancerDescription{LoadBalancerName: aws.String("web")})
	if a.Policies.Unknown() == nil || a.Attributes.Unknown() == nil {
		t.Errorf("refusals are kept: %+v", a)
	}
	if r := classicBalancerFacts(here, a); r.Labels["env"] != "test" || r.ID != "arn:aws:elasticloadbalancing:us-east-1:644160558196:loadbalancer/web" {
		t.Errorf("%s %v", r.ID, r.Labels)
	}
}

func TestWeakSuites(t *testing.T) {
	t.Parallel()
	for suite, weak := range map[string]bool{
		"ECDHE-RSA-AES128-GCM-SHA256": false, "DHE-RSA-AES256-SHA": false, "TLS_AES_128_GCM_SHA256": false,
		"AES128-GCM-SHA256": true, "DES-CBC3-SHA": true, "ECDHE-RSA-RC4-SHA": true, "EDH-RSA-DES-CBC3-SHA": true,
		"EXP-RC4-MD5": true, "ADH-AES128-SHA": true, "AECDH-AES128-SHA": true, "NULL-SHA": true,
	} {
		if weakSuite(suite) != weak {
			t.Errorf("%s: weak is %v", suite, !weak)
		}
	}
}

func TestRegisteredInstances(t *testing.T) {
	t.Parallel()
	tls := classicListener("SSL", 443)
	tls.Listener.InstanceProtocol = nil
	lb := types.LoadBalancerDescription{LoadBalancerName: aws.String("web"), VPCId: aws.String("vpc-1"), Instances: []types.Instance{{InstanceId: aws.String("i-1")}},
		ListenerDescriptions: []types.ListenerDescription{classicListener("HTTP", 80), classicListener("HTTPS", 443), tls}}
	items := registeredWith(lb)
	if len(items) != 2 {
		t.Fatalf("two listeners share a port of the machines, one has its own: %+v", items)
	}
	machine := ec2ARN(here, "instance", "i-1")
	stated{"protocol": "http", "port": 8080, "targets": "[{Resource:" + machine + " Class:compute_instance Address: Port:8080 To:0}]", "resources": "[" + machine + "]",
		"entry_points": "[" + classicID(here, "web") + "]", "preserves_caller": false}.check(t, registeredFacts(here, items[0]))
	stated{"protocol": "tls"}.check(t, registeredFacts(here, items[1]))
	roundTrip(t, items[0])
	entry, _ := classicBalancerFacts(here, classicBalancerAnswers{LoadBalancer: lb}).Value("listeners")
	if want := registeredFacts(here, items[0]).ID; !contains(targetIDs(entry.([]inventory.Listener)), want) {
		t.Errorf("the listeners point to %v, not to %s", entry, want)
	}
}

func TestListRegisteredInstancesEndsInTheError(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, here.Region, script{})
	for _, err := range listRegisteredInstances(context.Background(), c) {
		if err == nil {
			t.Fatal("a refused listing must not look empty")
		}
		return
	}
	t.Fatal("the error was swallowed")
}

func TestRecordedClassicBalancers(t *testing.T) {
	t.Parallel()
	facts := func(scenario, n string, i int, policies string) (types.LoadBalancerDescription, classicBalancerAnswers) {
		lb := recorded[elb.DescribeLoadBalancersOutput](t, scenario+"/elasticloadbalancing.DescribeLoadBalancers_"+n+".json").LoadBalancerDescriptions[i]
		a := classicBalancerAnswers{LoadBalancer: lb}
		if policies != "" {
			a.Policies = answered(recorded[elb.DescribeLoadBalancerPoliciesOutput](t, scenario+"/elasticloadbalancing.DescribeLoadBalancerPolicies_"+policies+".json"))
		}
		return lb, a
	}
	_, before := facts("test_set_ssl_listener", "1", 0, "1")
	stated{"tls_min_version": 0.3, "weak_ciphers": "[AES128-GCM-SHA256 AES128-SHA AES128-SHA256 AES256-GCM-SHA384 AES256-SHA AES256-SHA256]", "internet_facing": true}.check(t, classicBalancerFacts(here, before))
	_, after := facts("test_set_ssl_listener", "2", 0, "2")
	stated{"tls_min_version": 1.2, "weak_ciphers": "[AES128-SHA256]"}.check(t, classicBalancerFacts(here, after))
	// The policies in that answer are another balancer's: what is not there is not known.
	_, other := facts("test_set_ssl_listener", "1", 0, "2")
	stated{"tls_min_version": nil}.check(t, classicBalancerFacts(here, other))
	lb, plain := facts("test_elb_instance_filter", "1", 0, "")
	stated{"http": true, "internet_facing": true, "listeners": "[{Protocol:http Port:80 To:0 TLS:false Policy: RedirectsToTLS:false Targets:[aws:644160558196/forwarding_target/us-east-1/balanced/http-80]}]"}.check(t, classicBalancerFacts(here, plain))
	if items := registeredWith(lb); len(items) != 1 || len(items[0].Instances) != 1 {
		t.Errorf("registered: %+v", items)
	}
	_, internal := facts("test_elb_default_vpc", "1", 0, "")
	stated{"internet_facing": false}.check(t, classicBalancerFacts(here, internal))
	_, silent := facts("test_healthcheck_protocol_mismatch", "1", 2, "")
	stated{"listeners": "[]", "http": false}.check(t, classicBalancerFacts(here, silent))
}

func targetIDs(listeners []inventory.Listener) []string {
	var ids []string
	for _, l := range listeners {
		ids = append(ids, l.Targets...)
	}
	return ids
}

// Answers for the tests over the whole registry, and what is recorded.
var (
	_ = sample("aws.elb.load_balancer", classicBalancerFacts, classicBalancerAnswers{LoadBalancer: types.LoadBalancerDescription{LoadBalancerName: aws.String("web"),
		ListenerDescriptions: []types.ListenerDescription{classicListener("HTTPS", 443)}}})
	_ = sample("aws.elb.registered_instances", registeredFacts, registeredInstances{LoadBalancer: "web", Listener: *classicListener("HTTP", 80).Listener})

	_ = sweep("elasticloadbalancing.DescribeLoadBalancers", classicBalancerFacts, func(o *elb.DescribeLoadBalancersOutput) []classicBalancerAnswers {
		return mapped(o.LoadBalancerDescriptions, func(lb types.LoadBalancerDescription) classicBalancerAnswers {
			return classicBalancerAnswers{LoadBalancer: lb}
		})
	})
)
