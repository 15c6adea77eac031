package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apprunner"
	"github.com/aws/aws-sdk-go-v2/service/apprunner/types"
)

const runnerARN = "arn:aws:apprunner:us-east-1:644160558196:service/web/0a1b"

var _ = sample("aws.apprunner.service", runnerFacts, runnerAnswers{ARN: runnerARN, Service: answered(&runnerService{Name: "web", Public: true})}, runnerAnswers{ARN: runnerARN})

func TestRunnerFacts(t *testing.T) {
	t.Parallel()
	image := &types.SourceConfiguration{ImageRepository: &types.ImageRepository{ImageConfiguration: &types.ImageConfiguration{RuntimeEnvironmentVariables: map[string]string{"API_TOKEN": "ghp_0123456789012345678901234567890123456789"}}}}
	code := &types.SourceConfiguration{CodeRepository: &types.CodeRepository{CodeConfiguration: &types.CodeConfiguration{CodeConfigurationValues: &types.CodeConfigurationValues{Runtime: types.RuntimePython311}}}}
	file := &types.SourceConfiguration{CodeRepository: &types.CodeRepository{CodeConfiguration: &types.CodeConfiguration{ConfigurationSource: types.ConfigurationSourceRepository}}}
	inner := &types.NetworkConfiguration{IngressConfiguration: &types.IngressConfiguration{}, EgressConfiguration: &types.EgressConfiguration{EgressType: types.EgressTypeVpc}}
	for name, c := range map[string]struct {
		service types.Service
		want    stated
	}{
		"open, of an image": {types.Service{SourceConfiguration: image, ServiceUrl: aws.String("X.us-east-1.awsapprunner.com")}, stated{"anonymous": true, "network_attached": false, "plaintext_secrets": 1,
			"version_supported": notApplicable, "https_only": true, "access_logged": true, "cors_any_origin": notApplicable, "answers_to": "[x.us-east-1.awsapprunner.com]"}},
		"inner, of code":    {types.Service{SourceConfiguration: code, NetworkConfiguration: inner}, stated{"anonymous": false, "network_attached": true, "plaintext_secrets": 0, "version_supported": nil}},
		"set in repository": {types.Service{SourceConfiguration: file}, stated{"plaintext_secrets": nil, "version_supported": nil}},
		"source untold":     {types.Service{}, stated{"plaintext_secrets": nil, "version_supported": nil, "anonymous": true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := runnerAnswers{ARN: runnerARN, Service: answered(narrowRunner(&c.service))}
			roundTrip(t, a)
			c.want.check(t, runnerFacts(here, a))
		})
	}
	stated{"anonymous": nil, "plaintext_secrets": nil, "network_attached": nil}.check(t, runnerFacts(here, runnerAnswers{ARN: runnerARN, Service: refused[runnerService]()}))
}

func TestAskRunner(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, "us-east-1", script{
		"AppRunner.ListServices": say(&apprunner.ListServicesOutput{ServiceSummaryList: []types.ServiceSummary{{ServiceArn: aws.String(runnerARN)}, {ServiceArn: aws.String("arn:gone"), Status: types.ServiceStatusDeleted}}}),
		"DescribeService":        say(&apprunner.DescribeServiceOutput{Service: &types.Service{ServiceName: aws.String("web")}}),
	})
	got, err := gathered(listRunners(context.Background(), c))
	if err != nil || len(*got) != 1 {
		t.Fatal(got, err)
	}
	r := runnerFacts(here, askRunner(context.Background(), c, (*got)[0]))
	stated{"anonymous": true, "labels_read": nil}.check(t, r)
	if r.Name != "web" {
		t.Errorf("the name is %q", r.Name)
	}
}
