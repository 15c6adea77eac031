package aws

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

func secretEntry(change func(*types.SecretListEntry)) types.SecretListEntry {
	s := types.SecretListEntry{ARN: aws.String("arn:aws:secretsmanager:us-east-1:644160558196:secret:s-1"), Name: aws.String("s")}
	if change != nil {
		change(&s)
	}
	return s
}

func TestSecretFacts(t *testing.T) {
	t.Parallel()
	rotates := func(rules *types.RotationRulesType) types.SecretListEntry {
		return secretEntry(func(s *types.SecretListEntry) { s.RotationEnabled, s.RotationRules = aws.Bool(true), rules })
	}
	monthly := rotates(&types.RotationRulesType{AutomaticallyAfterDays: aws.Int64(30)})
	none := answered(&secretsmanager.GetResourcePolicyOutput{})
	policy := func(text string) secretAnswers {
		return secretAnswers{Secret: monthly, Policy: answered(&secretsmanager.GetResourcePolicyOutput{ResourcePolicy: &text})}
	}
	for name, c := range map[string]struct {
		answers secretAnswers
		want    stated
	}{
		"monthly":         {secretAnswers{Secret: monthly, Policy: none}, stated{"lifetime_days": 30, "public": false, "principals": "[]", "network_restricted": notApplicable}},
		"by schedule":     {secretAnswers{Secret: rotates(&types.RotationRulesType{ScheduleExpression: aws.String("rate(10 days)")}), Policy: none}, stated{"lifetime_days": 10}},
		"strange":         {secretAnswers{Secret: rotates(&types.RotationRulesType{ScheduleExpression: aws.String("at(noon)")}), Policy: none}, stated{"lifetime_days": nil}},
		"never":           {secretAnswers{Secret: secretEntry(nil), Policy: none}, stated{"lifetime_days": 0}},
		"overdue":         {secretAnswers{Secret: monthly, Overdue: true, Policy: none}, stated{"lifetime_days": 0}},
		"open":            {policy(openPolicy), stated{"public": true}},
		"a party":         {policy(partyPolicy), stated{"public": false, "principals": "[111111111111]"}},
		"policy denied":   {secretAnswers{Secret: monthly, Policy: refused[secretsmanager.GetResourcePolicyOutput]()}, stated{"public": nil, "principals": nil, "lifetime_days": 30}},
		"malformed words": {policy("{"), stated{"public": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, secretFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
	if r := secretFacts(here, secretAnswers{Secret: secretEntry(func(s *types.SecretListEntry) { s.DeletedDate = aws.Time(time.Unix(1, 0)) })}); r != nil {
		t.Error("a secret that waits for its end is described")
	}
}

func TestScheduleDays(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]int64{
		"rate(10 days)": 10, "rate(1 day)": 1, "rate(4 hours)": 1, "rate(30 hours)": 2, "rate(x days)": 0, "cron(0 8 * * ? *)": 1,
		"cron(0 8 1 * ? *)": 31, "cron(0 8 ? * SUN *)": 7, "cron(0 8 ? * SUN#1 *)": 31, "cron(0 8 L * ? *)": 31,
		"cron(0 8 1 1/3 ? *)": 93, "cron(0 8 1 1 ? *)": 366, "cron(0 8 1 * ? 2030)": 0, "noon": 0, "cron(0 8)": 0,
	} {
		if got := scheduleDays(expression); got != want {
			t.Errorf("%s: %d days; want %d", expression, got, want)
		}
	}
}

func TestAskSecret(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, here.Region, script{"GetResourcePolicy": say(&secretsmanager.GetResourcePolicyOutput{ResourcePolicy: aws.String(openPolicy)})})
	a := askSecret(context.Background(), c, secretEntry(func(s *types.SecretListEntry) {
		s.NextRotationDate, s.LastAccessedDate = aws.Time(time.Unix(1, 0)), aws.Time(time.Unix(2, 0))
		s.RotationEnabled, s.RotationRules = aws.Bool(true), &types.RotationRulesType{AutomaticallyAfterDays: aws.Int64(30)}
	}))
	if !a.Overdue || a.Secret.LastAccessedDate != nil {
		t.Errorf("%+v", a)
	}
	stated{"public": true, "lifetime_days": 0}.check(t, secretFacts(here, a))
	c, _ = scripted(t, here.Region, script{})
	r := secretFacts(here, askSecret(context.Background(), c, secretEntry(nil)))
	if why := r.Why("public"); why.Permission != "secretsmanager:GetResourcePolicy" || why.Cause != "denied" {
		t.Errorf("%+v", why)
	}
}

func secureParameter(change func(*ssmtypes.ParameterMetadata)) ssmtypes.ParameterMetadata {
	p := ssmtypes.ParameterMetadata{Name: aws.String("/app/key"), Type: ssmtypes.ParameterTypeSecureString, Tier: ssmtypes.ParameterTierStandard,
		LastModifiedDate: aws.Time(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
	if change != nil {
		change(&p)
	}
	return p
}

func TestParameterFacts(t *testing.T) {
	t.Parallel()
	expiring := secureParameter(func(p *ssmtypes.ParameterMetadata) {
		p.Tier = ssmtypes.ParameterTierAdvanced
		p.Policies = []ssmtypes.ParameterInlinePolicy{{PolicyType: aws.String("Expiration"), PolicyText: aws.String(`{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2026-01-31T00:00:00.000Z"}}`)}}
	})
	for name, c := range map[string]struct {
		answers parameterAnswers
		want    stated
	}{
		"standard":     {parameterAnswers{Parameter: secureParameter(nil)}, stated{"lifetime_days": 0, "public": false, "principals": "[]", "network_restricted": notApplicable, "labels_read": nil}},
		"expires":      {parameterAnswers{Parameter: expiring, Policies: answered(&[]string{})}, stated{"lifetime_days": 30, "principals": "[]"}},
		"shared":       {parameterAnswers{Parameter: expiring, Policies: answered(&[]string{partyPolicy})}, stated{"principals": "[111111111111]"}},
		"share denied": {parameterAnswers{Parameter: expiring, Policies: refused[[]string]()}, stated{"principals": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, parameterSecretFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
	if r := parameterSecretFacts(here, parameterAnswers{Parameter: secureParameter(func(p *ssmtypes.ParameterMetadata) { p.Type = ssmtypes.ParameterTypeString })}); r != nil {
		t.Error("a parameter in clear text is described as a secret")
	}
}

func TestAskParameter(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, here.Region, script{"GetResourcePolicies": say(&ssm.GetResourcePoliciesOutput{Policies: []ssmtypes.GetResourcePoliciesResponseEntry{{Policy: aws.String(partyPolicy)}}})})
	askParameter(context.Background(), c, secureParameter(nil))
	if calls("GetResourcePolicies") != 0 {
		t.Error("a parameter of the standard tier was asked whom it is shared with")
	}
	a := askParameter(context.Background(), c, secureParameter(func(p *ssmtypes.ParameterMetadata) { p.Tier = ssmtypes.ParameterTierAdvanced }))
	stated{"principals": "[111111111111]", "labels_read": nil}.check(t, parameterSecretFacts(here, a))
}

// Answers for the tests over the whole registry, and what is recorded.
var (
	_ = sample("aws.secretsmanager.secret", secretFacts, secretAnswers{Secret: secretEntry(nil)})
	_ = sweep("secretsmanager.ListSecrets", secretFacts, func(o *secretsmanager.ListSecretsOutput) []secretAnswers {
		return mapped(o.SecretList, func(s types.SecretListEntry) secretAnswers { return secretAnswers{Secret: s} })
	})
	_ = sweep("secretsmanager.GetResourcePolicy", secretFacts, func(o *secretsmanager.GetResourcePolicyOutput) []secretAnswers {
		return []secretAnswers{{Secret: secretEntry(nil), Policy: answered(o)}}
	})
	_ = sample("aws.ssm.parameter", parameterSecretFacts, parameterAnswers{Parameter: secureParameter(nil)})
	_ = sweep("ssm.DescribeParameters", parameterSecretFacts, func(o *ssm.DescribeParametersOutput) []parameterAnswers {
		return mapped(o.Parameters, func(p ssmtypes.ParameterMetadata) parameterAnswers { return parameterAnswers{Parameter: p} })
	})
)
