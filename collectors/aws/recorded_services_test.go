package aws

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// collections are what the collectors make of each recording, made once for each state of it.
type collections struct {
	mu   sync.Mutex
	made map[string]func() *collected
}

// collectedOnce is shared by the tests over whole recordings.
var collectedOnce = collections{made: map[string]func() *collected{}}

// of is what the collectors make of a recording whose answers begin at given numbers.
func (cs *collections) of(t *testing.T, folder string, at map[string]int) *collected {
	t.Helper()
	key, err := json.Marshal([]any{folder, at})
	if err != nil {
		t.Fatal(err)
	}
	cs.mu.Lock()
	once := cs.made[string(key)]
	if once == nil {
		once = sync.OnceValue(func() *collected { return collectRecorded(t, folder, at) })
		cs.made[string(key)] = once
	}
	cs.mu.Unlock()
	return once()
}

// recordedFolders are the recordings, each with the services it holds answers of.
func recordedFolders(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(recordedRoot, "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("the recorded answers are not beside the project")
	}
	out := map[string][]string{}
	for _, file := range files {
		folder := filepath.Base(filepath.Dir(file))
		service, _, _ := strings.Cut(filepath.Base(file), ".")
		if !slices.Contains(out[folder], service) {
			out[folder] = append(out[folder], service)
		}
	}
	return out
}

// covered are the services the collectors have clients of, as recordings name them.
func covered() map[string]bool {
	out := map[string]bool{}
	for operation := range outputs() {
		service, _, _ := strings.Cut(operation, ".")
		out[service] = true
	}
	return out
}

// TestEveryRecordingDecodes wants every recorded answer of a service we ask to decode into what its client answers.
func TestEveryRecordingDecodes(t *testing.T) {
	t.Parallel()
	decoded := 0
	for folder := range recordedFolders(t) {
		for operation, calls := range readCalls(t, folder).calls {
			if outputs()[operation] == nil {
				continue // a service that we do not ask
			}
			for _, call := range calls {
				if call.Error != nil {
					continue
				}
				if _, err := decodeCall(operation, call.Response); err != nil {
					t.Errorf("%s: %s_%d: %v", folder, operation, call.number, err)
				}
				decoded++
			}
		}
	}
	t.Logf("%d recorded answers decode", decoded)
}

// TestEveryRecordingNormalises sends every recording through every collector: none may fail over an answer, leave an
// attribute unspoken of, or describe a resource without an id and a name.
func TestEveryRecordingNormalises(t *testing.T) {
	t.Parallel()
	services := covered()
	for folder, holds := range recordedFolders(t) {
		if !slices.ContainsFunc(holds, func(s string) bool { return services[s] }) {
			continue
		}
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			c := collectedOnce.of(t, folder, nil)
			for kind, row := range c.rows {
				if row.Unknown != nil && row.Unknown.Code == "MalformedAnswer" {
					t.Errorf("%s: an answer could not be read: %+v", kind, *row.Unknown)
				}
			}
			for kind, all := range c.byKind {
				for _, r := range all {
					if r.ID == "" || r.Name == "" {
						t.Errorf("%s: a resource with the id %q and the name %q", kind, r.ID, r.Name)
					}
					if left := unstated(r); len(left) > 0 {
						t.Errorf("%s: %s: neither stated nor derived: %v", kind, r.ID, left)
					}
				}
			}
		})
	}
}

// recordedFact is what a recording says of one resource.
type recordedFact struct {
	folder string
	kind   inventory.Kind
	name   string
	want   stated
	// service is the one whose answers decide, where the kind is listed by another.
	service string
	// answer is the one answer that is stated alone, where the listing it belongs to was not recorded.
	answer string
}

// onHere is how a security service stands that is on in the one recorded region.
var onHere = []inventory.ServiceState{{Region: "us-east-1", On: true}}

// recordedServiceFacts are what recordings come to through the collectors, of services whose recordings no other table
// asserts.
var recordedServiceFacts = []recordedFact{
	{folder: "test_acm_certificate_augment", kind: "aws.acm.certificate", name: "cloudcustodian.io",
		want: stated{"strong": true, "expires_at": time.Date(2020, 1, 7, 7, 0, 0, 0, time.UTC)}},
	{folder: "test_acm_certificate_delete", kind: "aws.acm.certificate", name: "foobar.com",
		want: stated{"strong": true}},
	{folder: "test_acm_certificate_delete_in_use_error", kind: "aws.acm.certificate", name: "foobar.com",
		want: stated{"strong": true}},
	{folder: "test_access_analyzer_finding_org_analyzer", kind: "aws.accessanalyzer", name: "IAM Access Analyzer",
		want: stated{"states": onHere}},
	{folder: "test_account_access_analyzer_filter", kind: "aws.accessanalyzer", name: "IAM Access Analyzer",
		want: stated{"states": onHere}},
	{folder: "test_sqs_analyzer_finding", kind: "aws.accessanalyzer", name: "IAM Access Analyzer",
		want: stated{"states": onHere}},
	{folder: "test_apigwv2_api_delete", kind: "aws.apigatewayv2.api", name: "c7n-test",
		want: stated{"internet_facing": true, "http": true}},
	{folder: "test_apigwv2_api_update", kind: "aws.apigatewayv2.api", name: "c7n-test",
		want: stated{"internet_facing": true, "kind": "api_gateway"}},
	{folder: "test_apigwv2_stage_update", kind: "aws.apigatewayv2.api", name: "c7n-test",
		want: stated{"access_logged": false}},
	{folder: "test_backup_vault_kms_filter", kind: "aws.backup.vault", name: "Default", want: stated{"immutable": nil}},
	{folder: "test_graphql_api_cache_filter", kind: "aws.appsync.graphql_api", name: "My AppSync App",
		want: stated{"waf_attached": false, "access_logged": false, "authenticated": false}},
	{folder: "test_graphql_api_filter_wafv2", kind: "aws.appsync.graphql_api", name: "My AppSync Api1",
		want: stated{"waf_attached": true, "waf_blocking": nil}},
	{folder: "test_graphql_api_action_wafv2", kind: "aws.appsync.graphql_api", name: "My AppSync Api2",
		want: stated{"waf_attached": false, "waf_blocking": false}},
	{folder: "test_backup_augment", answer: "backup.GetBackupPlan_1.json", kind: "aws.backup.vault", name: "v",
		want: stated{"min_retention_days": 21}},
	{folder: "test_cloudtrail_set_logging", kind: "aws.cloudtrail.trail", name: "orgTrail",
		want: stated{"complete": true, "validated": true}},
	{folder: "test_cloudtrail_status", kind: "aws.cloudtrail.trail", name: "S3-DataEvents",
		want: stated{"complete": false}},
	{folder: "test_cloudtrail_fail_include_management_events", kind: "aws.cloudtrail.trail",
		name: "tf-trail-3bf19dec-127e-11ed-861d-0242ac12000", want: stated{"complete": false, "validated": false}},
	{folder: "test_codebuild", kind: "aws.codebuild.project", name: "custodian-build-python",
		want: stated{"untrusted_source": false, "plaintext_secrets": 0}},
	{folder: "test_codebuild_config", kind: "aws.codebuild.project", name: "test-project",
		want: stated{"untrusted_source": false}},
	// A webhook without filters builds what anybody proposes.
	{folder: "test_codebuild_post_finding", kind: "aws.codebuild.project", name: "custodian",
		want: stated{"untrusted_source": true}},
	{folder: "test_dax_get_resource", kind: "aws.dax.cluster", name: "c7n-test-cluster",
		want: stated{"encrypted_at_rest": true, "tls_required": nil, "port": 8111, "multi_zone": false}},
	{folder: "test_dax_subnet_group_filter", kind: "aws.dax.cluster", name: "c7n-test",
		want: stated{"encrypted_at_rest": nil, "network": own("vpc", "vpc-f1516b97"), "multi_zone": nil}},
	{folder: "test_dax_update_cluster", kind: "aws.dax.cluster", name: "c7n-dax",
		want: stated{"firewalls": "[" + own("security-group", "sg-4b9ada34") + "]", "subnets": nil}},
	{folder: "test_elasticbeanstalk_describe_envs", kind: "aws.elasticbeanstalk.environment", name: "c7n-eb-tag-test",
		want: stated{"answers_to": "[c7n-eb-tag-test.us-east-1.elasticbeanstalk.com]", "anonymous": nil, "https_only": nil}},
	{folder: "test_elasticbeanstalk_describe_envs_exception", kind: "aws.elasticbeanstalk.environment",
		name: "c7n-eb-tag-test-inactive", want: stated{"network_attached": true, "plaintext_secrets": nil}},
	{folder: "test_elasticbeanstalk_env_unmark", kind: "aws.elasticbeanstalk.environment", name: "c7n-eb-tag-test",
		want: stated{"version_supported": nil, "access_logged": nil}},
	{folder: "test_ecs_task_delete", kind: "aws.region", name: "us-east-1", service: "ecs",
		want: stated{"holds": "[containers]"}},
	{folder: "test_elb_instance_filter", kind: "aws.elb.load_balancer", name: "balanced",
		want: stated{"internet_facing": true, "http": true}},
	{folder: "test_lambda_remove_matched_security_groups", kind: "aws.lambda.function", name: "resource-fixer",
		want: stated{"network_attached": true}},
	{folder: "test_lambda_remove_matched_security_groups", kind: "aws.lambda.function", name: "test-func-2",
		want: stated{"network_attached": false}},
	{folder: "test_route53_filter_query_logging", kind: "aws.route53.hosted_zone", name: "custodian.io",
		want: stated{"public": true, "has_mail": nil}},
	{folder: "test_route53_filter_query_logging", kind: "aws.route53.hosted_zone", name: "vpc.internal",
		want: stated{"public": false}},
	{folder: "test_route53_hostedzone_delete", kind: "aws.route53.hosted_zone", name: "custodian.net",
		want: stated{"public": true, "has_mail": false}},
	{folder: "test_r53_resourcerecordset_remove", kind: "aws.route53.hosted_zone", name: "subdomain.example.com",
		want: stated{"public": false, "signed": notApplicable}},
	{folder: "test_eip_shield", kind: "aws.shield.protection", name: "3.226.194.67",
		want: stated{"resource": own("eip-allocation", "eipalloc-053c2b4c29221d25d")}},
	{folder: "test_eip_shield_sync_1", kind: "aws.shield.protection", name: "shield-protection",
		want: stated{"resource": own("eip-allocation", "eipalloc-06d17a754d59a4f62")}},
	{folder: "test_shield_tag_protection", kind: "aws.shield.protection", name: "3.226.194.67",
		want: stated{"resource": own("eip-allocation", "eipalloc-053c2b4c29221d25d")}},
}

// TestRecordedServiceFacts holds what whole recordings come to through the collectors.
func TestRecordedServiceFacts(t *testing.T) {
	t.Parallel()
	for _, f := range recordedServiceFacts {
		recordedFolders(t) // skips where there are none
		found := false
		made := collectedOnce.of(t, f.folder, nil).byKind[f.kind]
		if f.answer != "" {
			made = slices.Collect(maps.Values(sweptFrom(t, f.folder+"/"+f.answer)))
		}
		for _, r := range made {
			if r.Name == f.name {
				found = true
				f.want.check(t, r)
			}
		}
		if !found {
			t.Errorf("%s: no %s of the name %q", f.folder, f.kind, f.name)
		}
	}
}

// recordedFirewalls are the networks of firewalls, by the recording that holds the firewall and not the network.
var recordedFirewalls = map[string]string{
	"test_firewall_tag_untag": "vpc-0d4f819d13b730139", "test_delete_firewall": "vpc-072f438c953672ace",
	"test_network_firewall": "vpc-0517fa6f2b78569ac",
}

// TestRecordedFirewalls stands the networks of recorded firewalls behind them: a network is told from the next, and a
// policy that may not be read is named as what is missing.
func TestRecordedFirewalls(t *testing.T) {
	t.Parallel()
	for folder, network := range recordedFirewalls {
		recordedFolders(t)
		for _, vpc := range []string{network, "vpc-of-another"} {
			calls := readCalls(t, folder)
			calls.rewind()
			ctx := context.WithValue(t.Context(), recordedKey{}, calls)
			a := askNetwork(ctx, recordedClients("us-east-1"), networkItem{VPC: &ec2types.Vpc{VpcId: &vpc}})
			switch why := a.Gate.Unknown(); {
			case vpc == network && (why == nil || why.Permission != "network-firewall:DescribeFirewallPolicy"):
				t.Errorf("%s: %s stands behind a firewall whose policy is unread; got %+v", folder, vpc, a.Gate)
			case vpc != network && (why != nil || len(a.Gate.Value.Firewalls) > 0):
				t.Errorf("%s: no firewall stands before %s; got %+v", folder, vpc, a.Gate)
			}
			stated{"egress_filtered": nil}.check(t, watchedNetworkFacts(here, a))
		}
	}
}

// kindServices are the services of kinds that bear another name.
var kindServices = map[string]string{
	"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancingv2", "logs": "cloudwatchlogs", "events": "eventbridge",
	"config": "configservice", "account": "organizations",
}

// serviceOf is the service that a kind is listed with.
func serviceOf(kind inventory.Kind) string {
	word, _, _ := strings.Cut(strings.TrimPrefix(string(kind), "aws."), ".")
	if s := kindServices[word]; s != "" {
		return s
	}
	return word
}

// fewRecorded are the services of which fewer than three recordings hold an answer to what we ask, and how many do.
var fewRecorded = map[string]struct {
	asked      []string
	recordings int
}{
	"backup":        {[]string{"ListBackupVaults", "ListBackupPlans", "GetBackupPlan"}, 2},
	"guardduty":     {[]string{"ListDetectors", "GetDetector", "ListFindings", "GetFindings"}, 2},
	"inspector2":    {[]string{"ListFindings"}, 1},
	"macie2":        {[]string{"GetMacieSession"}, 1},
	"organizations": {[]string{"DescribeOrganization"}, 2},
	"s3control":     {[]string{"GetPublicAccessBlock"}, 1},
}

// namedAnswer finds the recorded answers that the other tests name and assert facts of, as a whole or by folder.
var (
	namedAnswer  = regexp.MustCompile(`([A-Za-z0-9_\[\]-]+)/([a-z0-9]+)\.[A-Za-z0-9]+_[0-9]+\.json`)
	namedFolder  = regexp.MustCompile(`"((?:test|docs|ec2)_?[A-Za-z0-9_\[\]-]+)"`)
	namedService = regexp.MustCompile(`"/([a-z0-9]+)\.[A-Za-z0-9]+_`)
)

// assertedElsewhere reads from the other tests of which recordings they assert facts, by service.
func assertedElsewhere(t *testing.T, folders map[string][]string, assert func(service, folder string)) {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if file == "recorded_services_test.go" {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range namedAnswer.FindAllSubmatch(source, -1) {
			if slices.Contains(folders[string(m[1])], string(m[2])) {
				assert(string(m[2]), string(m[1]))
			}
		}
		for _, service := range namedService.FindAllSubmatch(source, -1) {
			for _, m := range namedFolder.FindAllSubmatch(source, -1) {
				if slices.Contains(folders[string(m[1])], string(service[1])) {
					assert(string(service[1]), string(m[1]))
				}
			}
		}
	}
}

// TestRecordedServices wants facts asserted of at least three recordings of each service that is recorded and that we
// ask: by the verdicts of another project that our facts agree with, by tests over single answers, or by a table here.
func TestRecordedServices(t *testing.T) {
	t.Parallel()
	expected, folders := readExpectations(t), recordedFolders(t)
	asserted, held := map[string]map[string]bool{}, map[string]int{}
	assert := func(service, folder string) {
		if asserted[service] == nil {
			asserted[service] = map[string]bool{}
		}
		asserted[service][folder] = true
	}
	for _, m := range mappings {
		if m.why == "" {
			assert(serviceOf(m.kind), expected[m.id].Scenario)
		}
	}
	for _, f := range recordedServiceFacts {
		assert(cmp.Or(f.service, serviceOf(f.kind)), f.folder)
	}
	for folder := range recordedFirewalls {
		assert("networkfirewall", folder)
	}
	assertedElsewhere(t, folders, assert)
	for _, services := range folders {
		for _, s := range services {
			held[s]++
		}
	}
	services := 0
	for service := range covered() {
		want := 3
		if few, ok := fewRecorded[service]; ok {
			want = few.recordings
			if got := holding(t, service, few.asked); got != want {
				t.Errorf("%s: %d recordings hold an answer to what we ask, not %d", service, got, want)
			}
		}
		if held[service] == 0 {
			continue
		}
		services++
		if got := len(asserted[service]); got < want {
			t.Errorf("%s: facts are asserted of %d of %d recordings; want %d", service, got, held[service], want)
		}
	}
	t.Logf("%d services are recorded; facts of three recordings are asserted of all but %d", services, len(fewRecorded))
}

// holding counts the recordings that hold an answer of one of the operations.
func holding(t *testing.T, service string, operations []string) int {
	t.Helper()
	in := map[string]bool{}
	for _, operation := range operations {
		files, err := filepath.Glob(filepath.Join(recordedRoot, "*", service+"."+operation+"_*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			in[filepath.Dir(f)] = true
		}
	}
	return len(in)
}
