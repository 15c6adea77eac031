package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

const github = "arn:aws:iam::644160558196:oidc-provider/token.actions.githubusercontent.com"

func githubTrust(condition string) *string {
	return aws.String(`{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"` + github + `"},"Condition":` + condition + `}]}`)
}

var _ = sample("aws.iam.pipeline_trust", pipelineTrustFacts, pipelineTrust{Role: "deploy", RoleARN: "arn:aws:iam::644160558196:role/deploy", Principal: github,
	Document: githubTrust(`{"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/web:ref:refs/heads/main"}}`)})

func TestPipelineTrustPinned(t *testing.T) {
	t.Parallel()
	sub := func(op, value string) string {
		return `{"` + op + `":{"token.actions.githubusercontent.com:sub":` + value + `}}`
	}
	for name, c := range map[string]struct {
		condition string
		want      any
	}{
		"branch":                 {sub("StringEquals", `"repo:acme/web:ref:refs/heads/main"`), true},
		"environment":            {sub("StringEquals", `"repo:acme/web:environment:production"`), true},
		"branches that begin so": {sub("StringLike", `"repo:acme/web:ref:refs/heads/release-*"`), true},
		"any branch":             {sub("StringLike", `"repo:acme/web:ref:refs/heads/*"`), false},
		"whole repository":       {sub("StringLike", `"repo:acme/web:*"`), false},
		"whole organisation":     {sub("StringLike", `"repo:acme/*"`), false},
		"one of two is loose":    {sub("StringLike", `["repo:acme/web:environment:prod","repo:acme/*"]`), false},
		"not that one":           {sub("StringNotEquals", `"repo:acme/web:ref:refs/heads/main"`), false},
		"if it is there":         {sub("StringEqualsIfExists", `"repo:acme/web:ref:refs/heads/main"`), false},
		"audience alone":         {`{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"}}`, false},
		"empty":                  {sub("StringEquals", `[]`), false},
		"no condition":           {`{}`, false},
		"malformed":              {`{`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := pipelineTrustFacts(here, pipelineTrust{Role: "deploy", RoleARN: "arn:r", Principal: github, Document: githubTrust(c.condition)})
			stated{"trust_pinned": c.want, "kind": "federation", "identities": "[arn:r]", "untrusted_source": notApplicable}.check(t, r)
		})
	}
}

func TestListPipelineTrusts(t *testing.T) {
	t.Parallel()
	pods := `{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::1:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/A"}}]}`
	service := `{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}`
	people := `{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithSAML","Principal":{"Federated":"arn:aws:iam::1:saml-provider/corp"}}]}`
	role := func(name, document string) types.RoleDetail {
		return types.RoleDetail{RoleName: aws.String(name), Arn: aws.String("arn:" + name), AssumeRolePolicyDocument: aws.String(document)}
	}
	c, _ := scripted(t, "us-east-1", script{"GetAccountAuthorizationDetails": say(&iam.GetAccountAuthorizationDetailsOutput{
		RoleDetailList: []types.RoleDetail{role("pods", pods), role("service", service), role("people", people), role("deploy", *githubTrust(`{}`))}})})
	got, err := gathered(listPipelineTrusts(context.Background(), c))
	if err != nil || len(*got) != 1 || (*got)[0].Role != "deploy" {
		t.Errorf("listed %+v, %v; want the role of the pipeline alone", got, err)
	}
}
