package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

var _ = sample("aws.codepipeline.pipeline", pipelineFacts,
	pipelineAnswers{Name: "p", Pipeline: answered(&deployPipeline{Role: "arn:aws:iam::644160558196:role/r", Stages: []pipelineStage{{Name: "deploy", Deploy: 1}}})},
	pipelineAnswers{Name: "bare"})

func TestPipelineFacts(t *testing.T) {
	t.Parallel()
	stages := func(s ...pipelineStage) pipelineAnswers {
		return pipelineAnswers{Name: "p", Pipeline: answered(&deployPipeline{Stages: s})}
	}
	for name, c := range map[string]struct {
		answers pipelineAnswers
		want    stated
	}{
		"denied":                     {pipelineAnswers{Name: "p", Pipeline: refused[deployPipeline]()}, stated{"approval_required": nil, "plaintext_secrets": nil, "identities": nil, "kind": "deploy"}},
		"never approved":             {stages(pipelineStage{Name: "build"}, pipelineStage{Name: "deploy", Deploy: 1}), stated{"approval_required": false}},
		"approved before":            {stages(pipelineStage{Name: "ask", Approves: 1}, pipelineStage{Name: "deploy", Deploy: 1}), stated{"approval_required": true}},
		"approved in the stage":      {stages(pipelineStage{Name: "deploy", Approves: 1, Deploy: 2}), stated{"approval_required": true}},
		"approved beside":            {stages(pipelineStage{Name: "deploy", Approves: 1, Deploy: 1}), stated{"approval_required": false}},
		"approved too late":          {stages(pipelineStage{Name: "deploy", Deploy: 1}, pipelineStage{Name: "ask", Approves: 1}), stated{"approval_required": false}},
		"between test and the world": {stages(pipelineStage{Deploy: 1}, pipelineStage{Approves: 1}, pipelineStage{Deploy: 1}), stated{"approval_required": true}},
		"deploys by building":        {stages(pipelineStage{Approves: 1}, pipelineStage{}), stated{"approval_required": true}},
		"other accounts": {pipelineAnswers{Name: "p", Pipeline: answered(&deployPipeline{Role: "arn:aws:iam::644160558196:role/r", Roles: []string{"arn:aws:iam::111122223333:role/d"}})},
			stated{"identities": "[arn:aws:iam::644160558196:role/r arn:aws:iam::111122223333:role/d]", "scopes": "[aws:111122223333]", "untrusted_source": notApplicable}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roundTrip(t, c.answers)
			c.want.check(t, pipelineFacts(here, c.answers))
		})
	}
}

func TestAskPipeline(t *testing.T) {
	t.Parallel()
	action := func(category types.ActionCategory, order int32, configuration map[string]string) types.ActionDeclaration {
		return types.ActionDeclaration{ActionTypeId: &types.ActionTypeId{Category: category}, RunOrder: aws.Int32(order), Configuration: configuration}
	}
	c, _ := scripted(t, "us-east-1", script{
		"GetPipeline": say(&codepipeline.GetPipelineOutput{Pipeline: &types.PipelineDeclaration{Name: aws.String("p"), Stages: []types.StageDeclaration{
			{Name: aws.String("source"), Actions: []types.ActionDeclaration{action(types.ActionCategorySource, 1, map[string]string{"OAuthToken": "****", "Repo": "x"})}},
			{Name: aws.String("deploy"), Actions: []types.ActionDeclaration{action(types.ActionCategoryApproval, 1, nil),
				action(types.ActionCategoryDeploy, 2, map[string]string{"EnvironmentVariables": `[{"name":"DB","value":"postgres://u:p4ssw0rd@h/db","type":"PLAINTEXT"}]`})}},
		}}}),
		"ListTagsForResource": say(&codepipeline.ListTagsForResourceOutput{Tags: []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}}}),
	})
	a := askPipeline(context.Background(), c, "p")
	r := pipelineFacts(here, a)
	stated{"approval_required": true, "plaintext_secrets": 1}.check(t, r)
	if r.Labels["env"] != "prod" {
		t.Errorf("labels are %v", r.Labels)
	}
	roundTrip(t, a)
}
