package aws

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/plumbline-posture/plumbline/collectors"
)

var (
	_ = sample("aws.lambda.function", functionFacts, lambdaAnswers{
		Function: lambdaFunction{ARN: "arn:aws:lambda:us-east-1:644160558196:function:f", Name: "f", Runtime: "python3.13"},
		Support:  runtimeSupportAt("python3.13", time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)),
		Policy:   answered(&lambda.GetPolicyOutput{Policy: aws.String(`{"Statement":[]}`)}), URLs: answered(&[]functionURL{}),
		Variables: answered(&collectors.PlainValues{}), Logs: answered(&roleHolds{true}), Tags: answered(&map[string]string{"Owner": "a"}),
	}, lambdaAnswers{Function: lambdaFunction{ARN: "arn:aws:lambda:us-east-1:644160558196:function:g", Name: "g"}})
	_ = sweep("lambda.ListFunctions", functionFacts, func(o *lambda.ListFunctionsOutput) []lambdaAnswers {
		return mapped(o.Functions, recordedFunction)
	})
	_ = sweep("lambda.GetPolicy", functionFacts, func(o *lambda.GetPolicyOutput) []lambdaAnswers {
		return []lambdaAnswers{{Function: lambdaFunction{ARN: "arn:aws:lambda:us-east-1:644160558196:function:f", Name: "f"}, Policy: answered(o)}}
	})
)

func recordedFunction(f types.FunctionConfiguration) lambdaAnswers {
	kept := narrowFunction(f)
	return lambdaAnswers{Function: kept, Support: runtimeSupportAt(kept.Runtime, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)),
		Variables: ask("ListFunctions", "lambda:ListFunctions", func() (*collectors.PlainValues, error) { return functionVariables(f.Environment) })}
}

func TestFunctionFacts(t *testing.T) {
	t.Parallel()
	open := answered(&lambda.GetPolicyOutput{Policy: aws.String(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction"}]}`)})
	closed := answered(&lambda.GetPolicyOutput{Policy: aws.String(`{"Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction"}]}`)})
	none := answered(&[]functionURL{})
	signed := answered(&[]functionURL{{AuthType: "AWS_IAM", Origins: []string{"https://example.com"}}})
	free := answered(&[]functionURL{{AuthType: "AWS_IAM"}, {AuthType: "NONE", Origins: []string{"*"}}})
	for name, c := range map[string]struct {
		answers lambdaAnswers
		want    stated
	}{
		"bare answer": {lambdaAnswers{}, stated{"anonymous": nil, "cors_any_origin": nil, "version_supported": nil, "plaintext_secrets": nil,
			"access_logged": nil, "https_only": true, "network_attached": false, "management_channel_open": notApplicable}},
		"closed":                       {lambdaAnswers{Policy: closed, URLs: none}, stated{"anonymous": false, "cors_any_origin": notApplicable}},
		"policy lets in anyone":        {lambdaAnswers{Policy: open, URLs: none}, stated{"anonymous": true}},
		"the same, addresses unread":   {lambdaAnswers{Policy: open, URLs: refused[[]functionURL]()}, stated{"anonymous": true, "cors_any_origin": nil}},
		"closed, addresses unread":     {lambdaAnswers{Policy: closed, URLs: refused[[]functionURL]()}, stated{"anonymous": nil}},
		"signed callers, some origins": {lambdaAnswers{Policy: closed, URLs: signed}, stated{"anonymous": false, "cors_any_origin": false}},
		"free for all":                 {lambdaAnswers{Policy: closed, URLs: free}, stated{"anonymous": true, "cors_any_origin": true}},
		"free for all, policy unread":  {lambdaAnswers{Policy: refused[lambda.GetPolicyOutput](), URLs: free}, stated{"anonymous": true}},
		"policy unread":                {lambdaAnswers{Policy: refused[lambda.GetPolicyOutput](), URLs: none}, stated{"anonymous": nil}},
		"policy malformed":             {lambdaAnswers{Policy: answered(&lambda.GetPolicyOutput{Policy: aws.String("{")}), URLs: none}, stated{"anonymous": nil}},
		"in a network":                 {lambdaAnswers{Function: lambdaFunction{Subnets: []string{"subnet-1"}}}, stated{"network_attached": true}},
		"image":                        {lambdaAnswers{Function: lambdaFunction{Image: true}}, stated{"version_supported": notApplicable}},
		"old runtime":                  {lambdaAnswers{Support: &runtimeSupport{Ended: true}}, stated{"version_supported": false}},
		"supported runtime":            {lambdaAnswers{Support: &runtimeSupport{}}, stated{"version_supported": true}},
		"cannot write logs":            {lambdaAnswers{Logs: answered(&roleHolds{})}, stated{"access_logged": false}},
		"secrets": {lambdaAnswers{Variables: answered(&collectors.PlainValues{Found: []collectors.PlainValue{{Name: "DB_PASSWORD", Found: collectors.FindSecrets("DB_PASSWORD=hunter2x")}}})},
			stated{"plaintext_secrets": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roundTrip(t, c.answers)
			c.want.check(t, functionFacts(here, c.answers))
		})
	}
}

func TestRecordedFunctions(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]stated{
		"test_aws_lambda_function_url":   {"version_supported": true, "network_attached": false, "plaintext_secrets": 0},
		"test_lambda_add_security_group": {"version_supported": false, "network_attached": true},
		"test_lambda_check_permission":   {"version_supported": false, "network_attached": false},
	} {
		out := recorded[lambda.ListFunctionsOutput](t, file+"/lambda.ListFunctions_1.json")
		want.check(t, functionFacts(here, recordedFunction(out.Functions[0])))
	}
}

func TestAskFunction(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, "us-east-1", script{
		"ListFunctions": say(&lambda.ListFunctionsOutput{Functions: []types.FunctionConfiguration{
			{FunctionName: aws.String("a"), FunctionArn: aws.String("arn:a"), Role: aws.String("arn:aws:iam::1:role/r"), Runtime: types.RuntimePython27,
				Environment: &types.EnvironmentResponse{Variables: map[string]string{"API_KEY": "k3y-of-great-length", "MODE": "fast"}}},
			{FunctionName: aws.String("b"), FunctionArn: aws.String("arn:b"), Role: aws.String("arn:aws:iam::1:role/r"),
				Environment: &types.EnvironmentResponse{Error: &types.EnvironmentError{ErrorCode: aws.String("AccessDeniedException")}}},
		}}),
		"GetPolicy":              refuse("ResourceNotFoundException"),
		"ListFunctionUrlConfigs": say(&lambda.ListFunctionUrlConfigsOutput{FunctionUrlConfigs: []types.FunctionUrlConfig{{AuthType: types.FunctionUrlAuthTypeNone, FunctionUrl: aws.String("https://X.lambda-url.us-east-1.on.aws/")}}}),
		"ListTags":               say(&lambda.ListTagsOutput{Tags: map[string]string{"owner": "a"}}),
		"ListAttachedRolePolicies": say(&iam.ListAttachedRolePoliciesOutput{AttachedPolicies: []iamtypes.AttachedPolicy{
			{PolicyArn: aws.String("arn:aws:iam::1:policy/own")}}}),
		"ListRolePolicies": say(&iam.ListRolePoliciesOutput{}),
		"GetPolicyVersion": say(&iam.GetPolicyVersionOutput{PolicyVersion: &iamtypes.PolicyVersion{
			Document: aws.String(`{"Statement":{"Effect":"Allow","Action":"logs:Put*","Resource":"*"}}`)}}),
		"IAM.GetPolicy": say(&iam.GetPolicyOutput{Policy: &iamtypes.Policy{DefaultVersionId: aws.String("v1")}}),
	})
	var all []lambdaAnswers
	for i, err := range listFunctions(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, askFunction(context.Background(), c, i))
	}
	if len(all) != 2 {
		t.Fatalf("%d functions; want 2", len(all))
	}
	stated{"anonymous": true, "answers_to": "[x.lambda-url.us-east-1.on.aws]", "access_logged": true, "plaintext_secrets": 1, "version_supported": false}.check(t, functionFacts(here, all[0]))
	stated{"plaintext_secrets": nil}.check(t, functionFacts(here, all[1]))
	if n := calls("GetPolicyVersion"); n != 1 {
		t.Errorf("the policy of the shared role was read %d times", n)
	}
	roundTrip(t, all[0])
}

func TestRuntimeTableIsRecent(t *testing.T) {
	t.Parallel()
	read, err := time.Parse(time.DateOnly, lambdaRuntimesRead)
	if err != nil {
		t.Fatal(err)
	}
	if age := time.Since(read); age > 120*24*time.Hour {
		t.Errorf("the table of Lambda's runtimes was compared with the provider's %.0f days ago: compare it again", age.Hours()/24)
	}
	for runtime, end := range lambdaRuntimeEnds {
		if _, err := time.Parse(time.DateOnly, end); err != nil {
			t.Errorf("%s: %v", runtime, err)
		}
	}
	at := time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)
	if s := runtimeSupportAt("dotnet8", at); s == nil || !s.Ended {
		t.Error("support of dotnet8 ends on that day")
	}
	if s := runtimeSupportAt("dotnet8", at.Add(-time.Second)); s == nil || s.Ended {
		t.Error("support of dotnet8 lasts until that day")
	}
	if runtimeSupportAt("cobol85", at) != nil {
		t.Error("an unknown runtime has no end")
	}
}

func TestRolePolicies(t *testing.T) {
	t.Parallel()
	document := func(text string) func(any) (any, error) {
		return say(&iam.GetRolePolicyOutput{PolicyDocument: aws.String(text)})
	}
	attached := func(arn string) func(any) (any, error) {
		return say(&iam.ListAttachedRolePoliciesOutput{AttachedPolicies: []iamtypes.AttachedPolicy{{PolicyArn: aws.String(arn)}}})
	}
	nothing := say(&iam.ListAttachedRolePoliciesOutput{})
	inline := say(&iam.ListRolePoliciesOutput{PolicyNames: []string{"p"}})
	for name, c := range map[string]struct {
		lines       script
		logs, broad string
	}{
		"known by name": {script{"ListAttachedRolePolicies": attached("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"),
			"ListRolePolicies": say(&iam.ListRolePoliciesOutput{})}, "yes", "unknown"},
		"of the same name, but not of AWS": {script{"ListAttachedRolePolicies": attached("arn:aws:iam::1:policy/AWSLambdaBasicExecutionRole"),
			"ListRolePolicies": say(&iam.ListRolePoliciesOutput{})}, "unknown", "unknown"},
		"node policy": {script{"ListAttachedRolePolicies": attached("arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"),
			"ListRolePolicies": say(&iam.ListRolePoliciesOutput{})}, "unknown", "no"},
		"gone":   {script{"ListAttachedRolePolicies": refuse("NoSuchEntity")}, "absent", "absent"},
		"denied": {script{}, "unknown", "unknown"},
		"written out": {script{"ListAttachedRolePolicies": nothing, "ListRolePolicies": inline,
			"GetRolePolicy": document(`{"Statement":{"Effect":"Allow","Action":["logs:PutLogEvents"],"Resource":"*"}}`)}, "yes", "no"},
		"all of a service": {script{"ListAttachedRolePolicies": nothing, "ListRolePolicies": inline,
			"GetRolePolicy": document(`{"Statement":{"Effect":"Allow","Action":["s3:*"],"Resource":"*"}}`)}, "no", "yes"},
		"all of a bucket": {script{"ListAttachedRolePolicies": nothing, "ListRolePolicies": inline,
			"GetRolePolicy": document(`{"Statement":{"Effect":"Allow","Action":["s3:*"],"Resource":"arn:aws:s3:::b/*/c"}}`)}, "no", "no"},
		"malformed": {script{"ListAttachedRolePolicies": nothing, "ListRolePolicies": inline, "GetRolePolicy": document(`{`)}, "unknown", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := scripted(t, "us-east-1", c.lines)
			for question, want := range map[string]string{"logs": c.logs, "broad": c.broad} {
				a := askLogRights(context.Background(), client, "arn:aws:iam::1:role/r")
				if question == "broad" {
					a = askBroadRights(context.Background(), client, "arn:aws:iam::1:role/r")
				}
				got := "unknown"
				switch {
				case a.Absent:
					got = "absent"
				case a.Value != nil && a.Value.Holds:
					got = "yes"
				case a.Value != nil:
					got = "no"
				}
				if got != want {
					t.Errorf("%s: %s; want %s", question, got, want)
				}
			}
		})
	}
}
