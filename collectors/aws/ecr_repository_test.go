package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/plumbline-posture/plumbline/collectors"
)

var (
	_ = sample("aws.ecr.repository", repositoryFacts, repositoryAnswers{
		Repository: types.Repository{RepositoryArn: aws.String("arn:aws:ecr:us-east-1:644160558196:repository/web"), RepositoryName: aws.String("web"),
			ImageTagMutability: types.ImageTagMutabilityImmutable},
		Scanning: answered(&registryScanning{}), Policy: collectors.Answer[ecr.GetRepositoryPolicyOutput]{Absent: true}, Tags: answered(&map[string]string{}),
	}, repositoryAnswers{Repository: types.Repository{RepositoryArn: aws.String("arn:aws:ecr:us-east-1:644160558196:repository/bare"), RepositoryName: aws.String("bare")}})
	_ = sweep("ecr.DescribeRepositories", repositoryFacts, func(o *ecr.DescribeRepositoriesOutput) []repositoryAnswers {
		return mapped(o.Repositories, func(r types.Repository) repositoryAnswers { return repositoryAnswers{Repository: r} })
	})
	_ = sweep("ecr.GetRepositoryPolicy", repositoryFacts, func(o *ecr.GetRepositoryPolicyOutput) []repositoryAnswers {
		return []repositoryAnswers{{Policy: answered(o), Repository: types.Repository{RepositoryName: aws.String("r"),
			RepositoryArn: aws.String("arn:aws:ecr:us-east-1:644160558196:repository/r")}}}
	})
)

func TestRepositoryFacts(t *testing.T) {
	t.Parallel()
	repo := func(mutability types.ImageTagMutability, scans bool) types.Repository {
		return types.Repository{RepositoryName: aws.String("team/web"), RepositoryArn: aws.String("arn:aws:ecr:us-east-1:1:repository/team/web"),
			ImageTagMutability: mutability, ImageScanningConfiguration: &types.ImageScanningConfiguration{ScanOnPush: scans}}
	}
	policy := func(text string) collectors.Answer[ecr.GetRepositoryPolicyOutput] {
		return answered(&ecr.GetRepositoryPolicyOutput{PolicyText: aws.String(text)})
	}
	basic := answered(&registryScanning{})
	rule := func(enhanced bool, frequency string, filters ...string) collectors.Answer[registryScanning] {
		return answered(&registryScanning{Enhanced: enhanced, Rules: []scanningRule{{frequency, filters}}})
	}
	for name, c := range map[string]struct {
		answers repositoryAnswers
		want    stated
	}{
		"bare answer": {repositoryAnswers{}, stated{"public": nil, "scan_on_push": nil, "immutable_tags": nil, "principals": nil,
			"network_restricted": notApplicable, "shared_admin": notApplicable}},
		"own switch on":      {repositoryAnswers{Repository: repo("IMMUTABLE", true), Scanning: basic}, stated{"scan_on_push": true, "immutable_tags": true}},
		"own switch off":     {repositoryAnswers{Repository: repo("MUTABLE", false), Scanning: basic}, stated{"scan_on_push": false, "immutable_tags": false}},
		"registry unread":    {repositoryAnswers{Repository: repo("MUTABLE", true), Scanning: refused[registryScanning]()}, stated{"scan_on_push": nil}},
		"some tags can move": {repositoryAnswers{Repository: repo("IMMUTABLE_WITH_EXCLUSION", true)}, stated{"immutable_tags": false}},
		"enhanced without rule": {repositoryAnswers{Repository: repo("MUTABLE", true), Scanning: answered(&registryScanning{Enhanced: true})},
			stated{"scan_on_push": false}},
		"rule for all":     {repositoryAnswers{Repository: repo("MUTABLE", false), Scanning: rule(true, "CONTINUOUS_SCAN", "*")}, stated{"scan_on_push": true}},
		"rule for others":  {repositoryAnswers{Repository: repo("MUTABLE", false), Scanning: rule(false, "SCAN_ON_PUSH", "prod-*")}, stated{"scan_on_push": false}},
		"rule for a part":  {repositoryAnswers{Repository: repo("MUTABLE", false), Scanning: rule(false, "SCAN_ON_PUSH", "web")}, stated{"scan_on_push": true}},
		"rule for a start": {repositoryAnswers{Repository: repo("MUTABLE", false), Scanning: rule(false, "SCAN_ON_PUSH", "team/*")}, stated{"scan_on_push": true}},
		"manual scans":     {repositoryAnswers{Repository: repo("MUTABLE", false), Scanning: rule(false, "MANUAL", "*")}, stated{"scan_on_push": false}},
		"anyone": {repositoryAnswers{Policy: policy(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:GetDownloadUrlForLayer"}]}`)},
			stated{"public": true}},
		"another account": {repositoryAnswers{Policy: policy(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"ecr:*"}]}`)},
			stated{"public": false, "principals": "[111122223333]"}},
		"no policy":        {repositoryAnswers{Policy: collectors.Answer[ecr.GetRepositoryPolicyOutput]{Absent: true}}, stated{"public": false, "principals": "[]"}},
		"malformed policy": {repositoryAnswers{Policy: policy(`{`)}, stated{"public": nil, "principals": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roundTrip(t, c.answers)
			c.want.check(t, repositoryFacts(here, c.answers))
		})
	}
}

func TestRecordedRepositories(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]stated{
		"test_ecr_metrics_filter":   {"scan_on_push": true, "immutable_tags": false},
		"test_ecr_set_immutability": {"scan_on_push": false, "immutable_tags": false},
		"test_ecr_set_scanning":     {"scan_on_push": false, "immutable_tags": true},
	} {
		out := recorded[ecr.DescribeRepositoriesOutput](t, file+"/ecr.DescribeRepositories_1.json")
		want.check(t, repositoryFacts(here, repositoryAnswers{Repository: out.Repositories[0], Scanning: answered(&registryScanning{})}))
	}
	policy := recorded[ecr.GetRepositoryPolicyOutput](t, "test_cross_account_ecr/ecr.GetRepositoryPolicy_1.json")
	stated{"public": true}.check(t, repositoryFacts(here, repositoryAnswers{Policy: answered(policy)}))
}

func TestAskRepository(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, "us-east-1", script{
		"DescribeRepositories": say(&ecr.DescribeRepositoriesOutput{Repositories: []types.Repository{
			{RepositoryName: aws.String("a"), RepositoryArn: aws.String("arn:a")}, {RepositoryName: aws.String("b"), RepositoryArn: aws.String("arn:b")}}}),
		"GetRegistryScanningConfiguration": say(&ecr.GetRegistryScanningConfigurationOutput{ScanningConfiguration: &types.RegistryScanningConfiguration{
			ScanType: types.ScanTypeEnhanced, Rules: []types.RegistryScanningRule{{ScanFrequency: types.ScanFrequencyContinuousScan,
				RepositoryFilters: []types.ScanningRepositoryFilter{{Filter: aws.String("a")}}}}}}),
		"GetRepositoryPolicy": refuse("RepositoryPolicyNotFoundException"),
	})
	got := map[string]repositoryAnswers{}
	for i, err := range repositories(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		a := askRepository(context.Background(), c, i)
		got[*a.Repository.RepositoryName] = a
	}
	stated{"scan_on_push": true, "public": false, "labels_read": nil}.check(t, repositoryFacts(here, got["a"]))
	stated{"scan_on_push": false}.check(t, repositoryFacts(here, got["b"]))
	if n := calls("GetRegistryScanningConfiguration"); n != 1 {
		t.Errorf("the registry was asked %d times", n)
	}
}
