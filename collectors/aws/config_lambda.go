package aws

import (
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// Config keeps no variables of a function.
var configFunction = configType(recordedType{
	name: "AWS::Lambda::Function", kind: "aws.lambda.function",
	needs:   []string{"functionName", "functionArn", "role"},
	partial: map[string][]string{"environment": {"plaintext_secrets"}},
})

var _ = lists("Lambda.ListFunctions", configFunction,
	func(o *lambda.ListFunctionsOutput, items []types.FunctionConfiguration) { o.Functions = items })

var _ = tells("Lambda.GetPolicy", configFunction,
	func(in *lambda.GetPolicyInput) *string { return in.FunctionName },
	func(i *recordedItem) (*lambda.GetPolicyOutput, error) {
		out := &lambda.GetPolicyOutput{}
		return out, i.foldPart("Policy", &out.Policy)
	})

var _ = tells("Lambda.ListTags", configFunction,
	func(in *lambda.ListTagsInput) *string { return in.Resource },
	func(i *recordedItem) (*lambda.ListTagsOutput, error) {
		return &lambda.ListTagsOutput{Tags: i.Tags}, nil
	})
