package aws

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Of the images of a repository the newest that has a tag is collected, and those that task definitions in use name:
// what else is kept there, nobody starts.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, repositoryImage, repositoryImageAnswers]{
	Kind:  "aws.ecr.image",
	Class: inventory.ClassImage,
	Permissions: []string{
		"ecr:DescribeRepositories", "ecr:DescribeImages", "ecr:DescribeImageScanFindings", "ecs:ListTaskDefinitionFamilies",
		"ecs:ListTaskDefinitions", "ecs:ListClusters", "ecs:ListServices", "ecs:DescribeServices",
		"ecs:DescribeTaskDefinition",
	},
	ListAction: "DescribeImages", ListPermission: "ecr:DescribeImages",
	NoLabels: true,
	List:     listRepositoryImages,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[repositoryImage, error] {
		return only(listRepositoryImages(ctx, c), func(i repositoryImage) bool { return i.id() == id })
	},
	Ask:   askRepositoryImage,
	Facts: repositoryImageFacts,
})

// repositoryImage is what is kept of an image of a repository.
type repositoryImage struct {
	Repository, Name, Digest string
	Tags                     []string `json:",omitempty"`
	// Critical counts the critical weaknesses of the last look; nil when nobody looked, and Scan says how that went.
	Critical *int32 `json:",omitempty"`
	Scan     string `json:",omitempty"`
}

func (i repositoryImage) id() string { return i.Repository + "@" + i.Digest }

// repositoryImageAnswers is all that is said about one image. Fixable counts the critical weaknesses that an update
// would mend.
type repositoryImageAnswers struct {
	Image   repositoryImage
	Fixable collectors.Answer[int]
}

func listRepositoryImages(ctx context.Context, c *Clients) iter.Seq2[repositoryImage, error] {
	return func(yield func(repositoryImage, error) bool) {
		var deployed []string
		asked := false
		for item, err := range repositories(ctx, c) {
			err = during("DescribeRepositories", "ecr:DescribeRepositories", err)
			if err == nil && !asked {
				// Without any repository nothing of the account's can be deployed.
				deployed, err = deployedImages(ctx, c)
				asked = true
			}
			if err != nil {
				yield(repositoryImage{}, err)
				return
			}
			images, err := startedImages(ctx, c, item.repository, deployed)
			if err != nil {
				yield(repositoryImage{}, err)
				return
			}
			for _, i := range images {
				if !yield(i, nil) {
					return
				}
			}
		}
	}
}

// deployedImages are the names of images that task definitions in use give.
func deployedImages(ctx context.Context, c *Clients) ([]string, error) {
	var out []string
	for arn, err := range listTaskDefinitions(ctx, c) {
		if err != nil {
			var named *collectors.Failure
			if errors.As(err, &named) {
				return nil, err
			}
			return nil, during("ListTaskDefinitionFamilies", "ecs:ListTaskDefinitionFamilies", err)
		}
		a := askTaskDefinition(ctx, c, arn)
		if a.Definition.Value == nil {
			if why := a.Definition.Unknown(); why != nil {
				return nil, &collectors.Failure{
					Reason: *a.Definition.Failed, Action: why.Action, Permission: why.Permission,
					Err: fmt.Errorf("what %s starts is not told", arn),
				}
			}
			continue
		}
		for _, container := range a.Definition.Value.Containers {
			out = append(out, container.Image)
		}
	}
	return out, nil
}

// startedImages are the newest image of a repository that has a tag, and the deployed ones.
func startedImages(
	ctx context.Context, c *Clients, repo types.Repository, deployed []string,
) ([]repositoryImage, error) {
	uri := aws.ToString(repo.RepositoryUri)
	p := ecr.NewDescribeImagesPaginator(c.ECR, &ecr.DescribeImagesInput{RepositoryName: repo.RepositoryName,
		MaxResults: aws.Int32(1000)})
	var out []repositoryImage
	var newest *types.ImageDetail
	for i, err := range listed(ctx, p, func(o *ecr.DescribeImagesOutput) []types.ImageDetail { return o.ImageDetails }) {
		if err != nil {
			return nil, err
		}
		if len(i.ImageTags) > 0 && (newest == nil || later(i, *newest)) {
			newest = &i
		}
		used := slices.ContainsFunc(deployed, func(name string) bool {
			rest, ours := strings.CutPrefix(name, uri)
			return ours && (rest == "@"+aws.ToString(i.ImageDigest) || rest == "" && contains(i.ImageTags, "latest") ||
				strings.HasPrefix(rest, ":") && contains(i.ImageTags, strings.Split(rest[1:], "@")[0]))
		})
		if used {
			out = append(out, narrowRepositoryImage(repo, i))
		}
	}
	if newest != nil && !slices.ContainsFunc(out,
		func(i repositoryImage) bool { return i.Digest == aws.ToString(newest.ImageDigest) }) {
		out = append(out, narrowRepositoryImage(repo, *newest))
	}
	return out, nil
}

func later(a, b types.ImageDetail) bool {
	return a.ImagePushedAt != nil && (b.ImagePushedAt == nil || a.ImagePushedAt.After(*b.ImagePushedAt))
}

func narrowRepositoryImage(repo types.Repository, i types.ImageDetail) repositoryImage {
	out := repositoryImage{
		Repository: aws.ToString(repo.RepositoryArn), Name: aws.ToString(repo.RepositoryName),
		Digest: aws.ToString(i.ImageDigest), Tags: i.ImageTags,
	}
	if i.ImageScanStatus != nil {
		out.Scan = string(i.ImageScanStatus.Status)
	}
	if s := i.ImageScanFindingsSummary; s != nil {
		out.Critical = aws.Int32(s.FindingSeverityCounts[string(types.FindingSeverityCritical)])
	}
	return out
}

// askRepositoryImage asks about single weaknesses only where the listing counts some.
func askRepositoryImage(ctx context.Context, c *Clients, i repositoryImage) repositoryImageAnswers {
	a := repositoryImageAnswers{Image: i}
	if i.Critical != nil && *i.Critical == 0 {
		return a
	}
	a.Fixable = ask("DescribeImageScanFindings", "ecr:DescribeImageScanFindings", func() (*int, error) {
		p := ecr.NewDescribeImageScanFindingsPaginator(c.ECR, &ecr.DescribeImageScanFindingsInput{
			RepositoryName: aws.String(i.Name), ImageId: &types.ImageIdentifier{ImageDigest: aws.String(i.Digest)},
			MaxResults: aws.Int32(1000),
		})
		n := 0
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				return nil, absent(err, "ScanNotFoundException")
			}
			if page.ImageScanFindings == nil {
				return nil, collectors.ErrAbsent
			}
			n += fixable(page.ImageScanFindings)
		}
		return &n, nil
	})
	return a
}

// fixable counts the critical weaknesses that have a fix. Basic scans do not tell, so that each of theirs counts.
func fixable(f *types.ImageScanFindings) int {
	n := 0
	for _, basic := range f.Findings {
		if basic.Severity == types.FindingSeverityCritical {
			n++
		}
	}
	for _, enhanced := range f.EnhancedFindings {
		if aws.ToString(enhanced.Severity) == string(types.FindingSeverityCritical) &&
			aws.ToString(enhanced.FixAvailable) != "NO" {
			n++
		}
	}
	return n
}

func repositoryImageFacts(w collectors.Where, a repositoryImageAnswers) *inventory.Resource {
	facts := &inventory.Image{Kind: "container"}
	name := a.Image.Name + "@" + a.Image.Digest
	if len(a.Image.Tags) > 0 {
		name = a.Image.Name + ":" + a.Image.Tags[0]
	}
	r := inventory.New(a.Image.id(), name, w.Region, facts)
	r.Known("kind")
	r.SetNotApplicable("who may pull it is told by its repository", "public", "principals")
	switch {
	case a.Image.Critical != nil && *a.Image.Critical == 0:
		r.Known("critical_findings")
	case a.Fixable.Absent:
		r.SetUnknown(inventory.Unknown{
			Cause: inventory.CauseNotEnabled, Code: "NeverScanned", Action: a.Fixable.Action,
			Permission: "ecr:DescribeImageScanFindings",
		}, "critical_findings")
	default:
		collectors.Know(r, a.Fixable, func(n *int) { facts.CriticalFindings = int64(*n) }, "critical_findings")
	}
	return r
}
