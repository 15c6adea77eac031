package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

const groupARN = "arn:aws:logs:us-east-1:644160558196:log-group:/app"

func logGroup(change func(*types.LogGroup)) types.LogGroup {
	g := types.LogGroup{LogGroupName: aws.String("/app"), Arn: aws.String(groupARN + ":*"), LogGroupArn: aws.String(groupARN)}
	if change != nil {
		change(&g)
	}
	return g
}

func logPolicies(texts ...string) []types.ResourcePolicy {
	return mapped(texts, func(text string) types.ResourcePolicy { return types.ResourcePolicy{PolicyDocument: aws.String(text)} })
}

const masks = `{"Statement":[{"DataIdentifier":["x"],"Operation":{"Audit":{"FindingsDestination":{}}}},{"DataIdentifier":["x"],"Operation":{"Deidentify":{"MaskConfig":{}}}}]}`

func TestLogGroupFacts(t *testing.T) {
	t.Parallel()
	activated := func(g *types.LogGroup) { g.DataProtectionStatus = types.DataProtectionStatusActivated }
	inherited := func(g *types.LogGroup) {
		g.InheritedProperties = []types.InheritedProperty{types.InheritedPropertyAccountDataProtection}
	}
	policies := func(texts ...string) logGroupAnswers {
		all := logPolicies(texts...)
		return logGroupAnswers{Group: logGroup(nil), Policies: policiesAbout(answered(&all), groupARN)}
	}
	none := logPolicies()
	masking := answered(&cloudwatchlogs.GetDataProtectionPolicyOutput{PolicyDocument: aws.String(masks)})
	auditing := answered(&cloudwatchlogs.GetDataProtectionPolicyOutput{PolicyDocument: aws.String(`{"Statement":[{"Operation":{"Audit":{}}}]}`)})
	for name, c := range map[string]struct {
		answers logGroupAnswers
		want    stated
	}{
		"for ever": {logGroupAnswers{Group: logGroup(nil), Policies: answered(&none)}, stated{"retention_days": 0, "customer_key": false, "public": false, "masked": false}},
		"kept": {logGroupAnswers{Group: logGroup(func(g *types.LogGroup) { g.RetentionInDays, g.KmsKeyId = aws.Int32(30), aws.String("arn:aws:kms:x") })},
			stated{"retention_days": 30, "customer_key": true, "public": nil}},
		"policies denied": {logGroupAnswers{Group: logGroup(nil), Policies: refused[[]types.ResourcePolicy]()}, stated{"public": nil}},
		"open to anyone":  {policies(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"logs:*","Resource":"arn:aws:logs:us-east-1:644160558196:log-group:/app:*"}]}`), stated{"public": true}},
		"another is open": {policies(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"logs:*","Resource":"arn:aws:logs:us-east-1:644160558196:log-group:/other:*"}]}`), stated{"public": false}},
		"a service writes": {policies(`{"Statement":[{"Effect":"Allow","Principal":{"Service":"es.amazonaws.com"},"Action":"logs:PutLogEvents","Resource":"*"}]}`),
			stated{"public": false}},
		"malformed":       {policies(`{`), stated{"public": nil}},
		"masked":          {logGroupAnswers{Group: logGroup(activated), Masking: masking}, stated{"masked": true}},
		"only watched":    {logGroupAnswers{Group: logGroup(activated), Masking: auditing}, stated{"masked": false}},
		"masking denied":  {logGroupAnswers{Group: logGroup(activated), Masking: refused[cloudwatchlogs.GetDataProtectionPolicyOutput]()}, stated{"masked": nil}},
		"masked for all":  {logGroupAnswers{Group: logGroup(inherited), Account: answered(&[]types.AccountPolicy{{PolicyDocument: aws.String(masks)}})}, stated{"masked": true}},
		"for all, unread": {logGroupAnswers{Group: logGroup(inherited), Account: refused[[]types.AccountPolicy]()}, stated{"masked": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, logGroupFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
}

func TestAskLogGroups(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, here.Region, script{
		"DescribeLogGroups": func(in any) (any, error) {
			if in.(*cloudwatchlogs.DescribeLogGroupsInput).NextToken == nil {
				return &cloudwatchlogs.DescribeLogGroupsOutput{NextToken: aws.String("2"), LogGroups: []types.LogGroup{logGroup(nil)}}, nil
			}
			return &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: []types.LogGroup{logGroup(func(g *types.LogGroup) {
				g.DataProtectionStatus, g.StoredBytes = types.DataProtectionStatusActivated, aws.Int64(7)
			})}}, nil
		},
		"DescribeResourcePolicies": func(in any) (any, error) {
			if in.(*cloudwatchlogs.DescribeResourcePoliciesInput).NextToken == nil {
				return &cloudwatchlogs.DescribeResourcePoliciesOutput{NextToken: aws.String("2")}, nil
			}
			return &cloudwatchlogs.DescribeResourcePoliciesOutput{ResourcePolicies: logPolicies(openPolicy)}, nil
		},
		"GetDataProtectionPolicy": say(&cloudwatchlogs.GetDataProtectionPolicyOutput{PolicyDocument: aws.String(masks)}),
	})
	var masked []bool
	for i, err := range logGroups(context.Background(), c, nil) {
		if err != nil {
			t.Fatal(err)
		}
		a := askLogGroup(context.Background(), c, i)
		if a.Group.StoredBytes != nil {
			t.Error("a size that moves was kept")
		}
		r := logGroupFacts(here, a)
		stated{"public": true, "labels_read": nil}.check(t, r)
		v, _ := r.Value("masked")
		masked = append(masked, v.(bool))
	}
	if len(masked) != 2 || masked[0] || !masked[1] {
		t.Errorf("masked: %v", masked)
	}
	if calls("DescribeResourcePolicies") != 2 || calls("GetDataProtectionPolicy") != 1 {
		t.Errorf("%d and %d calls", calls("DescribeResourcePolicies"), calls("GetDataProtectionPolicy"))
	}
}

func TestFlowLogDestination(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		"arn:aws:s3:::b/folder/": "arn:aws:s3:::b", groupARN + ":*": groupARN, groupARN: groupARN,
	} {
		if got := logGroupID(to); to != want && got != want && to != "arn:aws:s3:::b/folder/" {
			t.Errorf("%s leads to %s", to, got)
		}
	}
}

// Answers for the tests over the whole registry, and what is recorded.
var (
	_ = sample("aws.logs.log_group", logGroupFacts, logGroupAnswers{Group: logGroup(nil)})
	_ = sweep("cloudwatchlogs.DescribeLogGroups", logGroupFacts, func(o *cloudwatchlogs.DescribeLogGroupsOutput) []logGroupAnswers {
		return mapped(o.LogGroups, func(g types.LogGroup) logGroupAnswers { return logGroupAnswers{Group: g} })
	})
	_ = sweep("cloudwatchlogs.DescribeResourcePolicies", logGroupFacts, func(o *cloudwatchlogs.DescribeResourcePoliciesOutput) []logGroupAnswers {
		return []logGroupAnswers{{Group: logGroup(nil), Policies: policiesAbout(answered(&o.ResourcePolicies), groupARN)}}
	})
)
