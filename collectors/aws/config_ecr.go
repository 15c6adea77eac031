package aws

import (
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// Config tells of repositories in the words of CloudFormation.
var configRepository = configType(recordedType{
	name: "AWS::ECR::Repository", kind: "aws.ecr.repository",
	needs: []string{"RepositoryName", "Arn"},
	shape: func(configuration map[string]any) { configuration["RepositoryArn"] = configuration["Arn"] },
})

var _ = lists("ECR.DescribeRepositories", configRepository,
	func(o *ecr.DescribeRepositoriesOutput, items []types.Repository) { o.Repositories = items })

// An item without a policy does not say that there is none.
var _ = tells("ECR.GetRepositoryPolicy", configRepository,
	func(in *ecr.GetRepositoryPolicyInput) *string { return in.RepositoryName },
	func(i *recordedItem) (*ecr.GetRepositoryPolicyOutput, error) {
		var part struct{ RepositoryPolicyText *string }
		if err := i.into(configRepository, &part); err != nil {
			return nil, err
		}
		if part.RepositoryPolicyText == nil {
			return nil, errNotExported
		}
		return &ecr.GetRepositoryPolicyOutput{PolicyText: part.RepositoryPolicyText}, nil
	})

var _ = tells("ECR.ListTagsForResource", configRepository,
	func(in *ecr.ListTagsForResourceInput) *string { return in.ResourceArn },
	func(i *recordedItem) (*ecr.ListTagsForResourceOutput, error) {
		out := &ecr.ListTagsForResourceOutput{}
		for key, value := range i.Tags {
			out.Tags = append(out.Tags, types.Tag{Key: &key, Value: &value})
		}
		return out, nil
	})
