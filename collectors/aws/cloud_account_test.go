package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	accountinfo "github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	budgettypes "github.com/aws/aws-sdk-go-v2/service/budgets/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	cetypes "github.com/aws/aws-sdk-go-v2/service/costexplorer/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	s3ctypes "github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	quotatypes "github.com/aws/aws-sdk-go-v2/service/servicequotas/types"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = sample("aws.account", accountFacts, accountAnswers{
	Account: "644160558196", Organization: answered(&organizations.DescribeOrganizationOutput{Organization: &orgtypes.Organization{Id: aws.String("o-1")}}),
	Policies: answered(&actingPolicies{[]actingPolicy{{"deny", orgtypes.PolicyTypeServiceControlPolicy, `{"Statement":{"Effect":"Deny","Action":"iam:CreateUser","Resource":"*"}}`}}}),
	Block:    answered(&s3control.GetPublicAccessBlockOutput{}), Contact: answered(&securityContact{true}),
	Budgets: answered(&spendWatch{}), Anomalies: answered(&spendWatch{[]string{"a"}}),
	Quotas: []regionAnswer[quotaUse]{inRegion("us-east-1", &quotaUse{[]usedQuota{{"L-1", 10, 4}}})},
})

// askedAccount runs all calls about the account against a script.
func askedAccount(t *testing.T, lines script) *inventory.Resource {
	t.Helper()
	if lines["DescribeRegions"] == nil {
		lines["DescribeRegions"] = twoRegions
	}
	c, _ := scripted(t, "us-east-1", lines)
	a := askAccount(context.Background(), c, "644160558196")
	roundTrip(t, a)
	return accountFacts(here, a)
}

var (
	inOrganization = say(&organizations.DescribeOrganizationOutput{Organization: &orgtypes.Organization{Id: aws.String("o-1"), MasterAccountId: aws.String("1")}})
	noBlock        = refuse("NoSuchPublicAccessBlockConfiguration")
	fullBlock      = say(&s3control.GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: &s3ctypes.PublicAccessBlockConfiguration{
		BlockPublicAcls: aws.Bool(true), IgnorePublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true),
	}})
	halfBlock = say(&s3control.GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: &s3ctypes.PublicAccessBlockConfiguration{BlockPublicAcls: aws.Bool(true)}})
)

// policies gives an organisation of root and unit, with one policy on the unit.
func policies(lines script, kind orgtypes.PolicyType, content string) script {
	lines["ListParents"] = func(in any) (any, error) {
		parent := "ou-1"
		if aws.ToString(in.(*organizations.ListParentsInput).ChildId) == "ou-1" {
			parent = "r-1"
		}
		return &organizations.ListParentsOutput{Parents: []orgtypes.Parent{{Id: aws.String(parent)}}}, nil
	}
	lines["ListPoliciesForTarget"] = func(in any) (any, error) {
		i := in.(*organizations.ListPoliciesForTargetInput)
		switch {
		case i.Filter == orgtypes.PolicyTypeS3Policy && kind != i.Filter:
			return refuse("PolicyTypeNotEnabledException")(nil)
		case aws.ToString(i.TargetId) != "ou-1" || i.Filter != kind:
			return &organizations.ListPoliciesForTargetOutput{Policies: []orgtypes.PolicySummary{{Id: aws.String("p-FullAWSAccess"), AwsManaged: true}}}, nil
		}
		return &organizations.ListPoliciesForTargetOutput{Policies: []orgtypes.PolicySummary{{Id: aws.String("p-1"), Name: aws.String("n"), Type: kind}}}, nil
	}
	lines["DescribePolicy"] = say(&organizations.DescribePolicyOutput{Policy: &orgtypes.Policy{Content: aws.String(content)}})
	return lines
}

func TestAccountOrganization(t *testing.T) {
	t.Parallel()
	const scp = orgtypes.PolicyTypeServiceControlPolicy
	deny := func(action, condition string) string {
		if condition != "" {
			condition = `,"Condition":` + condition
		}
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":` + action + `,"Resource":"*"` + condition + `}]}`
	}
	for name, c := range map[string]struct {
		lines script
		want  stated
	}{
		"alone":                     {script{"DescribeOrganization": refuse("AWSOrganizationsNotInUseException"), "GetPublicAccessBlock": noBlock}, stated{"in_organization": false, "guards": []string{}}},
		"alone but guarded":         {script{"DescribeOrganization": refuse("AWSOrganizationsNotInUseException"), "GetPublicAccessBlock": fullBlock}, stated{"guards": []string{"public_sharing"}}},
		"half guarded":              {script{"DescribeOrganization": refuse("AWSOrganizationsNotInUseException"), "GetPublicAccessBlock": halfBlock}, stated{"guards": []string{}}},
		"denied":                    {script{"GetPublicAccessBlock": fullBlock}, stated{"in_organization": nil, "guards": nil, "guardrails": nil}},
		"a member that may not ask": {script{"DescribeOrganization": inOrganization, "GetPublicAccessBlock": fullBlock}, stated{"in_organization": true, "guards": nil, "guardrails": nil}},
		"block unread":              {script{"DescribeOrganization": refuse("AWSOrganizationsNotInUseException")}, stated{"guards": nil, "guardrails": nil}},
		"regions": {policies(script{"DescribeOrganization": inOrganization, "GetPublicAccessBlock": noBlock}, scp,
			`{"Statement":[{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-west-1"]}}}]}`), stated{"guards": []string{"region"}}},
		"audit": {policies(script{"DescribeOrganization": inOrganization, "GetPublicAccessBlock": noBlock}, scp, deny(`["cloudtrail:Stop*","cloudtrail:DeleteTrail"]`, "")), stated{"guards": []string{"audit_tamper"}}},
		"several": {policies(script{"DescribeOrganization": inOrganization, "GetPublicAccessBlock": fullBlock}, scp, deny(`["iam:CreateAccessKey","ec2:CreateDefaultVpc","ec2:AllocateAddress"]`, "")),
			stated{"guards": []string{"default_network", "key_creation", "public_address", "public_sharing"}}},
		"outsiders": {policies(script{"DescribeOrganization": inOrganization, "GetPublicAccessBlock": noBlock}, orgtypes.PolicyTypeResourceControlPolicy,
			deny(`"s3:*"`, `{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}`)), stated{"guards": []string{"external_sharing"}}},
		"something else": {policies(script{"DescribeOrganization": inOrganization, "GetPublicAccessBlock": noBlock}, scp, deny(`"sagemaker:*"`, "")), stated{"guards": []string{"other"}}},
		"only allows":    {policies(script{"DescribeOrganization": inOrganization, "GetPublicAccessBlock": noBlock}, scp, `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`), stated{"guards": []string{}}},
		"declared": {policies(script{"DescribeOrganization": inOrganization, "GetPublicAccessBlock": noBlock}, orgtypes.PolicyTypeDeclarativePolicyEc2,
			`{"ec2_attributes":{"snapshot_block_public_access":{"state":{"@@assign":"block_all_sharing"}}}}`), stated{"guards": []string{"public_sharing"}}},
		"declared open": {policies(script{"DescribeOrganization": inOrganization, "GetPublicAccessBlock": noBlock}, orgtypes.PolicyTypeDeclarativePolicyEc2,
			`{"ec2_attributes":{"snapshot_block_public_access":{"state":{"@@assign":"unblocked"}}}}`), stated{"guards": []string{"other"}}},
		"buckets declared": {policies(script{"DescribeOrganization": inOrganization, "GetPublicAccessBlock": noBlock}, orgtypes.PolicyTypeS3Policy,
			`{"s3_attributes":{"public_access_block_configuration":{"@@assign":"all"}}}`), stated{"guards": []string{"public_sharing"}}},
		"broken": {policies(script{"DescribeOrganization": inOrganization, "GetPublicAccessBlock": noBlock}, scp, `{`), stated{"guards": nil, "guardrails": nil}},
		"the one that manages": {policies(script{
			"DescribeOrganization": say(&organizations.DescribeOrganizationOutput{Organization: &orgtypes.Organization{Id: aws.String("o-1"), MasterAccountId: aws.String("644160558196")}}),
			"GetPublicAccessBlock": noBlock,
		}, scp, deny(`"iam:CreateUser"`, "")), stated{"guards": []string{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, askedAccount(t, c.lines))
		})
	}
}

func TestAccountOfRecordings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line func(any) (any, error)
		want any
	}{
		{recordedRefusal(t, "test_account_org_no_org/organizations.DescribeOrganization_1.json"), false},
		{recordedRefusal(t, "test_account_org_info_denied/organizations.DescribeOrganization_1.json"), nil},
	} {
		stated{"in_organization": c.want}.check(t, askedAccount(t, script{"DescribeOrganization": c.line}))
	}
}

func TestAccountContactAndSpending(t *testing.T) {
	t.Parallel()
	contact := func(mail *string) func(any) (any, error) {
		return say(&accountinfo.GetAlternateContactOutput{AlternateContact: &accounttypes.AlternateContact{EmailAddress: mail}})
	}
	budget := say(&budgets.DescribeBudgetsOutput{Budgets: []budgettypes.Budget{{BudgetName: aws.String("b")}}})
	noBudget := say(&budgets.DescribeBudgetsOutput{})
	notice := say(&budgets.DescribeNotificationsForBudgetOutput{Notifications: []budgettypes.Notification{{Threshold: 80}}})
	subscription := func(status cetypes.SubscriberStatus, monitors ...string) func(any) (any, error) {
		return say(&costexplorer.GetAnomalySubscriptionsOutput{AnomalySubscriptions: []cetypes.AnomalySubscription{{
			SubscriptionName: aws.String("s"), MonitorArnList: monitors, Subscribers: []cetypes.Subscriber{{Status: status}},
		}}})
	}
	noSubscription := say(&costexplorer.GetAnomalySubscriptionsOutput{})
	for name, c := range map[string]struct {
		lines script
		want  stated
	}{
		"contact":                    {script{"GetAlternateContact": contact(aws.String("security@example.com"))}, stated{"security_contact": true}},
		"no contact":                 {script{"GetAlternateContact": refuse("ResourceNotFoundException")}, stated{"security_contact": false}},
		"contact without an address": {script{"GetAlternateContact": contact(nil)}, stated{"security_contact": false}},
		"contact denied":             {script{}, stated{"security_contact": nil, "spend_alert": nil}},
		"budget":                     {script{"DescribeBudgets": budget, "DescribeNotificationsForBudget": notice}, stated{"spend_alert": true}},
		"silent budget":              {script{"DescribeBudgets": budget, "DescribeNotificationsForBudget": say(&budgets.DescribeNotificationsForBudgetOutput{}), "GetAnomalySubscriptions": noSubscription}, stated{"spend_alert": false}},
		"none":                       {script{"DescribeBudgets": noBudget, "GetAnomalySubscriptions": noSubscription}, stated{"spend_alert": false}},
		"budgets denied":             {script{"GetAnomalySubscriptions": noSubscription}, stated{"spend_alert": nil}},
		"anomalies denied":           {script{"DescribeBudgets": noBudget}, stated{"spend_alert": nil}},
		"notices denied":             {script{"DescribeBudgets": budget, "GetAnomalySubscriptions": noSubscription}, stated{"spend_alert": nil}},
		"anomalies":                  {script{"GetAnomalySubscriptions": subscription(cetypes.SubscriberStatusConfirmed, "m")}, stated{"spend_alert": true}},
		"nobody wants to hear":       {script{"DescribeBudgets": noBudget, "GetAnomalySubscriptions": subscription(cetypes.SubscriberStatusDeclined, "m")}, stated{"spend_alert": false}},
		"nothing is watched":         {script{"DescribeBudgets": noBudget, "GetAnomalySubscriptions": subscription(cetypes.SubscriberStatusConfirmed)}, stated{"spend_alert": false}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, askedAccount(t, c.lines))
		})
	}
}

func TestAccountQuotas(t *testing.T) {
	t.Parallel()
	quota := func(code string, value float64, metered bool) quotatypes.ServiceQuota {
		q := quotatypes.ServiceQuota{QuotaCode: aws.String(code), Value: aws.Float64(value)}
		if metered {
			q.UsageMetric = &quotatypes.MetricInfo{MetricName: aws.String("ResourceCount"), MetricNamespace: aws.String("AWS/Usage"), MetricDimensions: map[string]string{"Resource": code}}
		}
		return q
	}
	list := func(in any) (any, error) {
		if aws.ToString(in.(*servicequotas.ListServiceQuotasInput).ServiceCode) != "ec2" {
			return &servicequotas.ListServiceQuotasOutput{}, nil
		}
		return &servicequotas.ListServiceQuotasOutput{Quotas: []quotatypes.ServiceQuota{quota("L-1", 100, true), quota("L-2", 5, false), quota("L-3", 10, true), quota("L-4", 1, true)}}, nil
	}
	usage := say(&cloudwatch.GetMetricDataOutput{MetricDataResults: []cwtypes.MetricDataResult{
		{Id: aws.String("q0"), Values: []float64{10, 30}}, {Id: aws.String("q1"), Values: []float64{9}}, {Id: aws.String("q2")},
	}})
	near := func(t *testing.T, lines script, want float64) {
		t.Helper()
		got, known := askedAccount(t, lines).Value("quota_headroom_percent")
		if !known || got.(float64) < want-0.001 || got.(float64) > want+0.001 {
			t.Errorf("%v (known %v); want %v", got, known, want)
		}
	}
	near(t, script{"ListServiceQuotas": list, "GetMetricData": usage}, 10)
	near(t, script{"ListServiceQuotas": say(&servicequotas.ListServiceQuotasOutput{})}, 100)
	stated{"quota_headroom_percent": nil}.check(t, askedAccount(t, script{}))
	stated{"quota_headroom_percent": nil}.check(t, askedAccount(t, script{"ListServiceQuotas": list}))
}
