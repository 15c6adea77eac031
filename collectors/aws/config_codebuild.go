package aws

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// Of what makes a project build by itself, Config is not known to record more than that there is something, and it
// does not record whether anyone may see the builds.
var configProject = configType(recordedType{
	name: "AWS::CodeBuild::Project", kind: "aws.codebuild.project",
	needs:  []string{"name", "serviceRole", "source", "environment"},
	silent: map[string][]string{"projectVisibility": {"untrusted_source"}},
	partial: map[string][]string{
		"environment.environmentVariables": {"plaintext_secrets"},
	},
	doubt: func(configuration map[string]any) []string {
		hook, _ := configuration["webhook"].(map[string]any)
		_, told := foldedMember(hook, []string{"filterGroups"})
		public := textOf(configuration["projectVisibility"]) == string(types.ProjectVisibilityTypePublicRead)
		if hook != nil && !told && !public {
			return []string{"untrusted_source"}
		}
		return nil
	},
})

func projectAs(i *recordedItem) (p types.Project, err error) {
	err = i.into(configProject, &p)
	p.Arn = aws.String(i.ARN)
	return p, err
}

var _ = answersListing("CodeBuild.ListProjects", listing(configProject, func(i *recordedItem) (string, error) {
	p, err := projectAs(i)
	return aws.ToString(p.Name), err
}, func(o *codebuild.ListProjectsOutput, names []string) { o.Projects = names }))

var _ = answersListing("CodeBuild.BatchGetProjects", func(e *Export, region string, in any) (any, error) {
	question, ok := in.(*codebuild.BatchGetProjectsInput)
	if !ok {
		return nil, errNotExported
	}
	out := &codebuild.BatchGetProjectsOutput{}
	for _, name := range question.Names {
		if k := e.named(configProject, region, name); k != nil {
			p, err := readAs(e, k, projectAs)
			if err != nil {
				return nil, misread(configProject, k, err)
			}
			out.Projects = append(out.Projects, p)
		}
	}
	return out, nil
})
