package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

var (
	_ = sample("aws.codebuild.project", projectFacts, buildProject{ARN: "arn:aws:codebuild:us-east-1:644160558196:project/p", Name: "p", Role: "arn:aws:iam::1:role/r",
		Hook: &buildHook{Groups: [][]types.WebhookFilter{{{Type: types.WebhookFilterTypeEvent, Pattern: aws.String("PUSH")}}}}})
	_ = sweep("codebuild.BatchGetProjects", projectFacts, func(o *codebuild.BatchGetProjectsOutput) []buildProject {
		return mapped(o.Projects, narrowProject)
	})
)

func filters(pairs ...string) []types.WebhookFilter {
	var out []types.WebhookFilter
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, types.WebhookFilter{Type: types.WebhookFilterType(pairs[i]), Pattern: aws.String(pairs[i+1])})
	}
	return out
}

func TestProjectUntrustedSource(t *testing.T) {
	t.Parallel()
	excluded := filters("EVENT", "PULL_REQUEST_CREATED", "ACTOR_ACCOUNT_ID", "^1$")
	excluded[1].ExcludeMatchedPattern = aws.Bool(true)
	for name, c := range map[string]struct {
		project buildProject
		want    bool
	}{
		"no hook":                    {buildProject{}, false},
		"shown to the public":        {buildProject{Public: true}, true},
		"hook without filters":       {buildProject{Hook: &buildHook{}}, true},
		"the same, approved":         {buildProject{Hook: &buildHook{Approved: true}}, false},
		"pushes":                     {buildProject{Hook: &buildHook{Groups: [][]types.WebhookFilter{filters("EVENT", "PUSH")}}}, false},
		"pushes and merges":          {buildProject{Hook: &buildHook{Groups: [][]types.WebhookFilter{filters("EVENT", "PUSH, PULL_REQUEST_MERGED")}}}, false},
		"requests":                   {buildProject{Hook: &buildHook{Groups: [][]types.WebhookFilter{filters("EVENT", "PUSH"), filters("EVENT", "PULL_REQUEST_CREATED,PUSH")}}}, true},
		"requests of named people":   {buildProject{Hook: &buildHook{Groups: [][]types.WebhookFilter{filters("EVENT", "PULL_REQUEST_CREATED", "ACTOR_ACCOUNT_ID", "^123$|^456$")}}}, false},
		"requests of such and alike": {buildProject{Hook: &buildHook{Groups: [][]types.WebhookFilter{filters("EVENT", "PULL_REQUEST_CREATED", "ACTOR_ACCOUNT_ID", "123|^456$")}}}, true},
		"grouped names":              {buildProject{Hook: &buildHook{Groups: [][]types.WebhookFilter{filters("EVENT", "PULL_REQUEST_UPDATED", "ACTOR_ACCOUNT_ID", "^(123|456)$")}}}, false},
		"anyone by wildcard":         {buildProject{Hook: &buildHook{Groups: [][]types.WebhookFilter{filters("EVENT", "PULL_REQUEST_UPDATED", "ACTOR_ACCOUNT_ID", "^.*$")}}}, true},
		"all but some":               {buildProject{Hook: &buildHook{Groups: [][]types.WebhookFilter{excluded}}}, true},
		"branch without event":       {buildProject{Hook: &buildHook{Groups: [][]types.WebhookFilter{filters("HEAD_REF", "^refs/heads/main$")}}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stated{"untrusted_source": c.want, "kind": "build", "trust_pinned": notApplicable, "approval_required": notApplicable}.check(t, projectFacts(here, c.project))
		})
	}
}

func TestRecordedProjects(t *testing.T) {
	t.Parallel()
	for file, open := range map[string]bool{
		"test_codebuild": false, "test_codebuild_config": false, "test_codebuild_post_finding": true, "test_security_group_codebuild_unused": false,
	} {
		out := recorded[codebuild.BatchGetProjectsOutput](t, file+"/codebuild.BatchGetProjects_1.json")
		for _, p := range out.Projects {
			stated{"kind": "build", "untrusted_source": open, "plaintext_secrets": 0, "identities": "[" + *p.ServiceRole + "]"}.check(t, projectFacts(here, narrowProject(p)))
		}
	}
}

func TestListProjects(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, "us-east-1", script{
		"ListProjects": say(&codebuild.ListProjectsOutput{Projects: []string{"p"}}),
		"BatchGetProjects": say(&codebuild.BatchGetProjectsOutput{Projects: []types.Project{{Name: aws.String("p"), Arn: aws.String("arn:p"),
			Environment: &types.ProjectEnvironment{EnvironmentVariables: []types.EnvironmentVariable{
				{Name: aws.String("TOKEN"), Value: aws.String("ghp_0123456789012345678901234567890123456789"), Type: types.EnvironmentVariableTypePlaintext},
				{Name: aws.String("PASSWORD"), Value: aws.String("/path/of/parameter"), Type: types.EnvironmentVariableTypeParameterStore}}},
			Source:  &types.ProjectSource{Location: aws.String("https://user:s3cr3t-of-mine@git.example/x.git"), Buildspec: aws.String("version: 0.2")},
			Webhook: &types.Webhook{Secret: aws.String("hush"), PullRequestBuildPolicy: &types.PullRequestBuildPolicy{RequiresCommentApproval: "ALL_PULL_REQUESTS"}}}}}),
	})
	got, err := gathered(listProjects(context.Background(), c))
	if err != nil || len(*got) != 1 {
		t.Fatal(got, err)
	}
	stated{"plaintext_secrets": 2, "untrusted_source": false}.check(t, projectFacts(here, (*got)[0]))
	roundTrip(t, (*got)[0])
	c, _ = scripted(t, "us-east-1", script{"ListProjects": say(&codebuild.ListProjectsOutput{Projects: []string{"p"}})})
	if _, err := gathered(listProjects(context.Background(), c)); err == nil {
		t.Error("without the right to describe projects the listing looks complete")
	}
}
