package aws

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/opensearch/types"
)

func domainWith(change func(*types.DomainStatus)) domainAnswers {
	d := types.DomainStatus{DomainName: aws.String("d"), EngineVersion: aws.String("OpenSearch_2.11"),
		VPCOptions:              &types.VPCDerivedInfo{VPCId: aws.String("vpc-1"), SubnetIds: []string{"subnet-1"}, SecurityGroupIds: []string{"sg-1"}},
		EncryptionAtRestOptions: &types.EncryptionAtRestOptions{Enabled: aws.Bool(true)}, NodeToNodeEncryptionOptions: &types.NodeToNodeEncryptionOptions{Enabled: aws.Bool(true)},
		DomainEndpointOptions:   &types.DomainEndpointOptions{EnforceHTTPS: aws.Bool(true), TLSSecurityPolicy: types.TLSSecurityPolicyPolicyMinTls12201907},
		AdvancedSecurityOptions: &types.AdvancedSecurityOptions{Enabled: aws.Bool(true)}, ClusterConfig: &types.ClusterConfig{ZoneAwarenessEnabled: aws.Bool(true)},
		SoftwareUpdateOptions: &types.SoftwareUpdateOptions{AutoSoftwareUpdateEnabled: aws.Bool(true)},
		LogPublishingOptions:  map[string]types.LogPublishingOption{"AUDIT_LOGS": {Enabled: aws.Bool(true), CloudWatchLogsLogGroupArn: aws.String("arn:x")}}}
	if change != nil {
		change(&d)
	}
	return domainAnswers{Name: "d", Describe: answered(&d), Tags: answered(&map[string]string{})}
}

func TestDomainFacts(t *testing.T) {
	t.Parallel()
	outside := func(policy string) func(*types.DomainStatus) {
		return func(d *types.DomainStatus) {
			d.VPCOptions, d.AdvancedSecurityOptions, d.AccessPolicies = nil, &types.AdvancedSecurityOptions{Enabled: aws.Bool(false)}, aws.String(policy)
		}
	}
	ranges := `{"Statement":[{"Sid":"s","Effect":"Allow","Principal":{"AWS":"*"},"Action":"es:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["192.0.2.7","198.51.100.0/24"]}}}]}`
	denied := domainAnswers{Name: "d", Describe: refused[types.DomainStatus](), Tags: refused[map[string]string]()}
	old := domainWith(func(d *types.DomainStatus) { d.EngineVersion = aws.String("Elasticsearch_5.6") })
	old.Support = supportOf(searchSupport, "Elasticsearch_5.6", day(2026, 1, 1))
	for name, c := range map[string]struct {
		answers domainAnswers
		want    stated
	}{
		"inside": {domainWith(nil), stated{"family": "search", "public_endpoint": false, "public_access": false, "port": 443, "tls_required": true, "tls_min_version": 1.2, "encrypted_at_rest": true,
			"customer_key": false, "auth_required": true, "multi_zone": true, "audit_logged": true, "version_supported": true, "backup_retention_days": 14, "rules": notApplicable,
			"firewalls": "[" + ec2ARN(here, "security-group", "sg-1") + "]", "central_identity": true}},
		"network untold": {domainWith(func(d *types.DomainStatus) { d.VPCOptions.VPCId = nil }), stated{"public_endpoint": false, "public_access": false, "network": nil, "subnets": "[" + ec2ARN(here, "subnet", "subnet-1") + "]"}},
		"open to anyone": {domainWith(outside(openPolicy)), stated{"public_endpoint": true, "public_access": true, "auth_required": false, "network": "", "subnets": "[]",
			"rules": fmt.Sprintf("%+v", mapped([]string{""}, func(string) any { return doc(t, openPolicy).edgeRules()[0] }))}},
		"open to ranges":   {domainWith(outside(ranges)), stated{"public_access": false, "auth_required": false}},
		"named callers":    {domainWith(outside(partyPolicy)), stated{"public_access": false, "auth_required": true, "rules": "[]"}},
		"malformed policy": {domainWith(outside("{")), stated{"public_access": nil, "auth_required": nil, "rules": nil, "encrypted_at_rest": true}},
		"clear text":       {domainWith(func(d *types.DomainStatus) { d.DomainEndpointOptions.EnforceHTTPS = aws.Bool(false) }), stated{"tls_required": false}},
		"nodes in clear":   {domainWith(func(d *types.DomainStatus) { d.NodeToNodeEncryptionOptions = nil }), stated{"tls_required": false}},
		"old TLS": {domainWith(func(d *types.DomainStatus) {
			d.DomainEndpointOptions.TLSSecurityPolicy = types.TLSSecurityPolicyPolicyMinTls10201907
		}), stated{"tls_min_version": 1.0}},
		"unknown TLS": {domainWith(func(d *types.DomainStatus) { d.DomainEndpointOptions.TLSSecurityPolicy = "new" }), stated{"tls_min_version": nil}},
		"anonymous": {domainWith(func(d *types.DomainStatus) {
			d.AdvancedSecurityOptions.AnonymousAuthEnabled, d.AccessPolicies = aws.Bool(true), aws.String(openPolicy)
		}), stated{"auth_required": false}},
		"no audit, clear disk": {domainWith(func(d *types.DomainStatus) {
			d.LogPublishingOptions, d.EncryptionAtRestOptions.Enabled = nil, aws.Bool(false)
		}), stated{"audit_logged": false, "encrypted_at_rest": false}},
		"no updates":     {domainWith(func(d *types.DomainStatus) { d.SoftwareUpdateOptions.AutoSoftwareUpdateEnabled = aws.Bool(false) }), stated{"version_supported": false}},
		"updates untold": {domainWith(func(d *types.DomainStatus) { d.SoftwareUpdateOptions = nil }), stated{"version_supported": nil}},
		"too old":        {old, stated{"version_supported": false}},
		"denied":         {denied, stated{"encrypted_at_rest": nil, "public_access": nil, "tls_required": nil, "audit_logged": nil, "auth_required": nil, "port": 443}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, domainFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
	if why := domainFacts(here, denied).Why("encrypted_at_rest"); why.Cause != "denied" {
		t.Errorf("%+v", why)
	}
}

func doc(t *testing.T, text string) policyDocument {
	t.Helper()
	d, err := parsePolicy(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestEdgeRules(t *testing.T) {
	t.Parallel()
	rules := doc(t, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"es:*","Condition":{"IpAddress":{"aws:SourceIp":["192.0.2.7","198.51.100.0/24","2001:db8::1","*"]}}}]}`).edgeRules()
	if got := fmt.Sprint(rules[0].Ranges); got != "[192.0.2.7/32 198.51.100.0/24 2001:db8::1/128 0.0.0.0/0]" {
		t.Error(got)
	}
	if r := doc(t, openPolicy).edgeRules(); len(r) != 1 || len(r[0].Ranges) != 2 {
		t.Errorf("%+v", r)
	}
}

func TestDomainsAreDescribedTogether(t *testing.T) {
	t.Parallel()
	var infos []types.DomainInfo
	for i := range 7 {
		infos = append(infos, types.DomainInfo{DomainName: aws.String(fmt.Sprint("d", i))})
	}
	c, calls := scripted(t, here.Region, script{
		"ListDomainNames": say(&opensearch.ListDomainNamesOutput{DomainNames: infos}),
		"DescribeDomains": func(in any) (any, error) {
			names := in.(*opensearch.DescribeDomainsInput).DomainNames
			if len(names) == 2 {
				return refuse("AccessDeniedException")(in)
			}
			return &opensearch.DescribeDomainsOutput{DomainStatusList: mapped(names, func(n string) types.DomainStatus { return types.DomainStatus{DomainName: &n} })}, nil
		},
	})
	described, refusals := 0, 0
	for i, err := range domains(context.Background(), c, "") {
		if err != nil {
			t.Fatal(err)
		}
		a := askDomain(context.Background(), c, i)
		if domainFacts(here, a).Why("encrypted_at_rest").Cause == "denied" {
			refusals++
		} else {
			described++
		}
	}
	if described != 5 || refusals != 2 || calls("DescribeDomains") != 2 {
		t.Errorf("%d described, %d refused in %d calls", described, refusals, calls("DescribeDomains"))
	}
}

// Answers for the tests over the whole registry, and what is recorded.
var (
	_ = sample("aws.opensearch.domain", domainFacts, domainWith(nil), domainAnswers{Name: "d", Describe: refused[types.DomainStatus]()})
	_ = sweep("opensearch.DescribeDomains", domainFacts, func(o *opensearch.DescribeDomainsOutput) []domainAnswers {
		return mapped(o.DomainStatusList, func(d types.DomainStatus) domainAnswers {
			return domainAnswers{Name: aws.ToString(d.DomainName), Describe: answered(&d)}
		})
	})
	_ = sweep("elasticsearchservice.DescribeElasticsearchDomains", domainFacts, func(o *opensearch.DescribeDomainsOutput) []domainAnswers {
		return mapped(o.DomainStatusList, func(d types.DomainStatus) domainAnswers {
			return domainAnswers{Name: aws.ToString(d.DomainName), Describe: answered(&d)}
		})
	})
)
