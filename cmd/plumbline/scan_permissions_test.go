package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/aws"
	"github.com/plumbline-posture/plumbline/collectors/aws/mototest"
	"github.com/plumbline-posture/plumbline/collectors/kubernetes"
)

// rights are the IAM actions of operations that are called otherwise.
var rights = map[string]string{
	"s3:ListBuckets":                     "s3:ListAllMyBuckets",
	"s3:GetBucketEncryption":             "s3:GetEncryptionConfiguration",
	"s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
	"s3:GetBucketReplication":            "s3:GetReplicationConfiguration",
	"s3:GetObjectLockConfiguration":      "s3:GetBucketObjectLockConfiguration",
	"s3:GetPublicAccessBlock":            "s3:GetBucketPublicAccessBlock",
	"s3control:GetPublicAccessBlock":     "s3:GetAccountPublicAccessBlock",
	"monitoring:GetMetricData":           "cloudwatch:GetMetricData",
	"monitoring:DescribeAlarmsForMetric": "cloudwatch:DescribeAlarmsForMetric",
	"s3control:ListAccessPoints":         "s3:ListAccessPoints",
	"s3control:GetAccessPoint":           "s3:GetAccessPoint",
	"s3control:GetAccessPointPolicy":     "s3:GetAccessPointPolicy",
	"budgets:DescribeBudgets":            "budgets:ViewBudget",
	// One right covers every read of API Gateway.
	"apigateway:GetRestApis":    "apigateway:GET",
	"apigateway:GetApis":        "apigateway:GET",
	"apigateway:GetDomainNames": "apigateway:GET",
	"apigateway:GetStages":      "apigateway:GET",
	"apigateway:GetResources":   "apigateway:GET",
	"apigateway:GetRoutes":      "apigateway:GET",
	"apigateway:GetAuthorizers": "apigateway:GET",
	"apigatewayv2:GetApis":      "apigateway:GET",
}

// TestCallsNeedWhatIsDeclared compares the calls of a whole run with the rights the collectors ask a customer for: a
// missing one would leave facts unknown for good, one too many is a right nobody needs.
func TestCallsNeedWhatIsDeclared(t *testing.T) {
	t.Parallel()
	proxy := mototest.Estate(t).Proxy(t)
	c := newCollected(t)
	c.collect(t, connectionTo(proxy))
	declared := aws.Permissions()
	used, inside := map[string]bool{}, map[string]bool{}
	for _, call := range proxy.Calls() {
		if call.Service == "kubernetes" {
			inside[strings.TrimPrefix(call.Operation, "list ")] = true
			continue
		}
		name := call.Service + ":" + call.Operation
		if right := rights[name]; right != "" {
			name = right
		}
		used[name] = true
		if !slices.Contains(declared, name) {
			t.Errorf("%s is called and not declared", name)
		}
	}
	if len(used) < 80 {
		t.Errorf("only %d operations were called", len(used))
	}
	occasions := c.occasions()
	for _, r := range kubernetes.Rights() {
		delete(inside, r.Resource)
	}
	if len(inside) > 0 {
		t.Errorf("%v are listed inside clusters, and no role is given the right", inside)
	}
	for _, right := range declared {
		_, excused := unused[right]
		switch {
		case occasions[right] && !used[right] && !excused:
			t.Errorf("%s is declared for something that the estate has, and not called", right)
		case used[right] && excused:
			t.Errorf("%s is listed as not called, and is called", right)
		}
		if !reads(right) {
			t.Errorf("%s does not only read", right)
		}
	}
}

// occasions are the rights of every listing, and all rights of the kinds that the estate has something of.
func (c *collected) occasions() map[string]bool {
	listed := map[string]int{}
	for _, row := range c.Ledger() {
		listed[string(row.Kind)] += row.Listed
	}
	out := map[string]bool{}
	for _, e := range aws.Sources.Entries() {
		d := e.Definition()
		out[d.ListPermission] = true
		if listed[string(d.Kind)] == 0 {
			continue
		}
		for _, right := range d.Permissions {
			out[right] = true
		}
	}
	return out
}

// unused are rights of calls that this estate gives no occasion for, with the occasion.
var unused = map[string]string{
	// Asked about single resources alone.
	"iam:GetInstanceProfile": "a change of one profile",

	// Asked where an aggregator is named.
	"config:DescribeConfigurationAggregatorSourcesStatus": "an aggregator that is named",
	"config:DescribeConfigurationAggregators":             "an aggregator that is named",
	"config:SelectAggregateResourceConfig":                "an aggregator that is named",

	// Asked about what the estate has nothing of.
	"application-autoscaling:DescribeScalableTargets": "a table with provisioned capacity",
	"backup:GetRestoreTestingPlan":                    "a plan that tries restores",
	"backup:ListBackupSelections":                     "a backup plan",
	"backup:ListRestoreTestingPlans":                  "an answer of moto to what comes before",
	"cloudtrail:GetEventDataStore":                    "a store of events, which moto cannot list",
	"config:DescribeConfigurationRecorders":           "a recorder",
	"ec2:DescribeDhcpOptions":                         "a network with options of its own",
	"ec2:DescribeLaunchTemplateVersions":              "a node group with a template",
	"eks:DescribeAddon":                               "an add-on, which moto cannot hold",
	"elasticbeanstalk:DescribeEnvironmentResources":   "settings of an environment, which moto cannot tell",
	"eks:DescribeNodegroup":                           "a node group",
	"elasticfilesystem:DescribeMountTargets":          "a file system with targets",
	"guardduty:GetDetector":                           "a detector",
	"guardduty:GetFindings":                           "a detector",
	"guardduty:ListCoverage":                          "a detector",
	"guardduty:ListFindings":                          "a detector",
	"iam:GetPolicy":                                   "a role of nodes or of a function with a policy of the customer",
	"iam:GetPolicyVersion":                            "a role of nodes or of a function with a policy of the customer",
	"iam:GetRolePolicy":                               "a role of nodes or of a function with a policy of its own",
	"inspector2:ListFindings":                         "Inspector being on",
	"lambda:GetFunctionConfiguration":                 "a function with an address",
	"logs:DescribeAccountPolicies":                    "an answer of moto to what comes before",
	"logs:DescribeMetricFilters":                      "a trail that writes to a log group",
	"logs:GetDataProtectionPolicy":                    "a log group with such a policy",
	"network-firewall:DescribeFirewall":               "a network firewall",
	"network-firewall:DescribeFirewallPolicy":         "a network firewall",
	"network-firewall:DescribeRuleGroup":              "a network firewall",
	"organizations:DescribePolicy":                    "an organisation",
	"organizations:ListDelegatedAdministrators":       "an organisation",
	"organizations:ListDelegatedServicesForAccount":   "an organisation",
	"organizations:ListParents":                       "an organisation",
	"organizations:ListPoliciesForTarget":             "an organisation",
	"rds:DescribeDBMajorEngineVersions":               "an answer of moto to what comes before",
	"s3:GetAccessPoint":                               "a bucket that leaves it to access points who comes in",
	"s3:GetAccessPointPolicy":                         "a bucket that leaves it to access points who comes in",
	"s3:ListAccessPoints":                             "a bucket that leaves it to access points who comes in",
	"rds:DescribeOptionGroups":                        "a database of an engine with options",
	"cloudwatch:GetMetricData":                        "a quota with a measure of its use",

	// Asked of the identity centre of an organisation, which this estate is none of.
	"identitystore:DescribeGroup":                            "an assignment to a group",
	"identitystore:DescribeUser":                             "an assignment to a person",
	"identitystore:ListGroupMemberships":                     "an assignment to a group",
	"sso:DescribePermissionSet":                              "an assignment",
	"sso:GetInlinePolicyForPermissionSet":                    "an assignment",
	"sso:GetPermissionsBoundaryForPermissionSet":             "an assignment",
	"sso:ListAccountAssignments":                             "a permission set in use",
	"sso:ListAccountsForProvisionedPermissionSet":            "a permission set",
	"sso:ListCustomerManagedPolicyReferencesInPermissionSet": "an assignment",
	"sso:ListManagedPoliciesInPermissionSet":                 "an assignment",
	"sso:ListPermissionSets":                                 "an organisation",
}

// reads says whether a right lets its holder read and nothing else. Having a report made changes nothing that a customer
// keeps.
func reads(right string) bool {
	_, action, _ := strings.Cut(right, ":")
	for _, verb := range []string{"Get", "List", "Describe", "Search", "BatchGet", "Select"} {
		if strings.HasPrefix(action, verb) {
			return true
		}
	}
	return right == "iam:GenerateCredentialReport" || right == "apigateway:GET" || right == "budgets:ViewBudget"
}

// TestPermissionsAreAPolicy prints a policy that IAM takes and that holds what the collectors declare.
func TestPermissionsAreAPolicy(t *testing.T) {
	t.Parallel()
	code, out, errs := run(t, "permissions", "aws")
	if code != exitDone {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	var policy struct {
		Version   string
		Statement []struct {
			Sid, Effect, Resource string
			Action                []string
		}
	}
	if err := json.Unmarshal([]byte(out), &policy); err != nil || policy.Version != "2012-10-17" {
		t.Fatalf("%v, version %q", err, policy.Version)
	}
	var granted []string
	for _, s := range policy.Statement {
		granted = append(granted, s.Action...)
	}
	slices.Sort(granted)
	if !slices.Equal(granted, aws.Permissions()) {
		t.Errorf("%d rights granted; %d declared", len(granted), len(aws.Permissions()))
	}
	code, _, errs = run(t, "permissions", "aws", "--format", "bicep")
	if code != exitUsage || !strings.Contains(errs, "terraform") {
		t.Errorf("a format of another cloud: %d %s", code, errs)
	}
}
