package aws

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact"
	artifacttypes "github.com/aws/aws-sdk-go-v2/service/codeartifact/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const webRepository = "arn:aws:ecr:us-east-1:644160558196:repository/web"

var (
	_ = sample("aws.ecr.image", repositoryImageFacts, repositoryImageAnswers{Image: repositoryImage{Repository: webRepository, Name: "web", Digest: "sha256:1", Critical: aws.Int32(0)}},
		repositoryImageAnswers{Image: repositoryImage{Repository: webRepository, Name: "web", Digest: "sha256:2"}, Fixable: answered(aws.Int(2))})
	_ = sample("aws.codeartifact.repository", packageRepositoryFacts,
		packageRepositoryAnswers{Repository: packageRepository{ARN: "arn:aws:codeartifact:us-east-1:644160558196:repository/d/r", Name: "r"}, Policy: answered(aws.String(`{"Statement":[]}`))},
		packageRepositoryAnswers{Repository: packageRepository{ARN: "arn:aws:codeartifact:us-east-1:644160558196:repository/d/s", Name: "s"}})
	_ = sweep("ecr.DescribeImages", repositoryImageFacts, func(o *ecr.DescribeImagesOutput) []repositoryImageAnswers {
		return mapped(o.ImageDetails, func(i types.ImageDetail) repositoryImageAnswers {
			return repositoryImageAnswers{Image: narrowRepositoryImage(types.Repository{RepositoryArn: aws.String(webRepository), RepositoryName: i.RepositoryName}, i)}
		})
	})
	_ = sweep("ecr.DescribeImageScanFindings", repositoryImageFacts, func(o *ecr.DescribeImageScanFindingsOutput) []repositoryImageAnswers {
		return []repositoryImageAnswers{{Image: repositoryImage{Repository: webRepository, Name: "web", Digest: "sha256:1"}, Fixable: answered(aws.Int(fixable(o.ImageScanFindings)))}}
	})
)

func TestRepositoryImageFacts(t *testing.T) {
	t.Parallel()
	image := func(critical *int32) repositoryImage {
		return repositoryImage{Repository: webRepository, Name: "web", Digest: "sha256:1", Critical: critical}
	}
	for name, c := range map[string]struct {
		answers repositoryImageAnswers
		want    stated
	}{
		"none":          {repositoryImageAnswers{Image: image(aws.Int32(0))}, stated{"critical_findings": 0, "kind": "container", "public": notApplicable}},
		"some":          {repositoryImageAnswers{Image: image(aws.Int32(3)), Fixable: answered(aws.Int(2))}, stated{"critical_findings": 2}},
		"none fixable":  {repositoryImageAnswers{Image: image(aws.Int32(3)), Fixable: answered(aws.Int(0))}, stated{"critical_findings": 0}},
		"denied":        {repositoryImageAnswers{Image: image(aws.Int32(3)), Fixable: refused[int]()}, stated{"critical_findings": nil}},
		"never scanned": {repositoryImageAnswers{Image: image(nil), Fixable: collectors.Answer[int]{Absent: true}}, stated{"critical_findings": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roundTrip(t, c.answers)
			r := repositoryImageFacts(here, c.answers)
			c.want.check(t, r)
			if name == "never scanned" && r.Why("critical_findings").Cause != inventory.CauseNotEnabled {
				t.Errorf("why is %+v", r.Why("critical_findings"))
			}
		})
	}
	if n := fixable(&types.ImageScanFindings{Findings: []types.ImageScanFinding{{Severity: types.FindingSeverityCritical}, {Severity: types.FindingSeverityHigh}},
		EnhancedFindings: []types.EnhancedImageScanFinding{{Severity: aws.String("CRITICAL"), FixAvailable: aws.String("NO")}, {Severity: aws.String("CRITICAL"), FixAvailable: aws.String("YES")}}}); n != 2 {
		t.Errorf("%d are fixable; want 2", n)
	}
}

func TestListRepositoryImages(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	image := func(digest string, days int, tags ...string) types.ImageDetail {
		return types.ImageDetail{ImageDigest: aws.String(digest), ImageTags: tags, ImagePushedAt: aws.Time(day.AddDate(0, 0, days))}
	}
	lines := script{
		"DescribeRepositories":       say(&ecr.DescribeRepositoriesOutput{Repositories: []types.Repository{{RepositoryArn: aws.String(webRepository), RepositoryName: aws.String("web"), RepositoryUri: aws.String("1.dkr.ecr/web")}}}),
		"DescribeImages":             say(&ecr.DescribeImagesOutput{ImageDetails: []types.ImageDetail{image("d1", 1, "v1"), image("d2", 2, "v2"), image("d3", 3), image("d4", 0, "v0")}}),
		"DescribeImageScanFindings":  refuse("ScanNotFoundException"),
		"ListTaskDefinitionFamilies": say(&ecs.ListTaskDefinitionFamiliesOutput{Families: []string{"web"}}),
		"ListTaskDefinitions":        say(&ecs.ListTaskDefinitionsOutput{TaskDefinitionArns: []string{"arn/web:1"}}),
		"ListClusters":               say(&ecs.ListClustersOutput{}),
		"DescribeTaskDefinition": say(&ecs.DescribeTaskDefinitionOutput{TaskDefinition: &ecstypes.TaskDefinition{ContainerDefinitions: []ecstypes.ContainerDefinition{
			{Image: aws.String("1.dkr.ecr/web:v1")}, {Image: aws.String("1.dkr.ecr/web-api:v0")}}}}),
	}
	c, _ := scripted(t, "us-east-1", lines)
	got, err := gathered(listRepositoryImages(context.Background(), c))
	if err != nil || len(*got) != 2 || (*got)[0].Digest != "d1" || (*got)[1].Digest != "d2" {
		t.Fatalf("listed %+v, %v; want the deployed and the newest with a tag", got, err)
	}
	stated{"critical_findings": nil}.check(t, repositoryImageFacts(here, askRepositoryImage(context.Background(), c, (*got)[0])))
	for _, missing := range []string{"DescribeImages", "ListTaskDefinitionFamilies", "DescribeTaskDefinition"} {
		fewer := script{}
		for op, line := range lines {
			if op != missing {
				fewer[op] = line
			}
		}
		c, _ := scripted(t, "us-east-1", fewer)
		if _, err := gathered(listRepositoryImages(context.Background(), c)); err == nil {
			t.Errorf("without %s the listing looks complete", missing)
		}
	}
}

func TestPackageRepository(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, "us-east-1", script{
		"ListRepositories": say(&codeartifact.ListRepositoriesOutput{Repositories: []artifacttypes.RepositorySummary{{Arn: aws.String("arn:aws:codeartifact:us-east-1:1:repository/d/r"), Name: aws.String("r")}}}),
		"GetRepositoryPermissionsPolicy": say(&codeartifact.GetRepositoryPermissionsPolicyOutput{Policy: &artifacttypes.ResourcePolicy{
			Document: aws.String(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"codeartifact:ReadFromRepository","Resource":"*"}]}`)}}),
	})
	got, err := gathered(listPackageRepositories(context.Background(), c))
	if err != nil || len(*got) != 1 {
		t.Fatal(got, err)
	}
	a := askPackageRepository(context.Background(), c, (*got)[0])
	roundTrip(t, a)
	stated{"public": false, "principals": "[111122223333]", "immutable_tags": true, "scan_on_push": notApplicable, "labels_read": nil}.check(t, packageRepositoryFacts(here, a))
	for name, c := range map[string]struct {
		policy collectors.Answer[string]
		public any
	}{
		"none":      {collectors.Answer[string]{Absent: true}, false},
		"denied":    {refused[string](), nil},
		"malformed": {answered(aws.String("{")), nil},
		"open":      {answered(aws.String(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*"}]}`)), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stated{"public": c.public}.check(t, packageRepositoryFacts(here, packageRepositoryAnswers{Policy: c.policy}))
		})
	}
}
