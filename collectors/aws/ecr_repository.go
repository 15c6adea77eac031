package aws

import (
	"context"
	"iter"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, repositoryItem, repositoryAnswers]{
	Kind:  "aws.ecr.repository",
	Class: inventory.ClassContainerRegistry,
	Permissions: []string{
		"ecr:DescribeRepositories", "ecr:GetRepositoryPolicy", "ecr:GetRegistryScanningConfiguration",
		"ecr:ListTagsForResource",
	},
	ListAction: "DescribeRepositories", ListPermission: "ecr:DescribeRepositories",
	List: func(ctx context.Context, c *Clients) iter.Seq2[repositoryItem, error] { return repositories(ctx, c) },
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[repositoryItem, error] {
		return repositories(ctx, c, repositoryName(id))
	},
	Ask:   askRepository,
	Facts: repositoryFacts,
})

// repositoryItem is a repository with the settings of its registry, which are asked once for all of them.
type repositoryItem struct {
	repository types.Repository
	scanning   *once[registryScanning]
}

// registryScanning is which repositories a registry scans on its own account.
type registryScanning struct {
	Enhanced bool           `json:",omitempty"`
	Rules    []scanningRule `json:",omitempty"`
}

type scanningRule struct {
	Frequency string
	Filters   []string
}

// repositoryAnswers is all that ECR says about one repository.
type repositoryAnswers struct {
	Repository types.Repository
	Scanning   collectors.Answer[registryScanning]
	Policy     collectors.Answer[ecr.GetRepositoryPolicyOutput]
	Tags       collectors.Answer[map[string]string]
}

// repositoryName is the name in a repository's ARN; it may hold slashes.
func repositoryName(arn string) string {
	_, name, _ := strings.Cut(resourcePart(arn), "/")
	return name
}

func repositories(ctx context.Context, c *Clients, names ...string) iter.Seq2[repositoryItem, error] {
	p := ecr.NewDescribeRepositoriesPaginator(c.ECR, &ecr.DescribeRepositoriesInput{
		RepositoryNames: names, MaxResults: pageSize(1000, names),
	})
	scanning := &once[registryScanning]{}
	return gone(listed(ctx, p, func(o *ecr.DescribeRepositoriesOutput) []repositoryItem {
		items := make([]repositoryItem, 0, len(o.Repositories))
		for _, r := range o.Repositories {
			items = append(items, repositoryItem{r, scanning})
		}
		return items
	}), "RepositoryNotFoundException")
}

func askRepository(ctx context.Context, c *Clients, i repositoryItem) repositoryAnswers {
	a := repositoryAnswers{Repository: i.repository}
	a.Scanning = i.scanning.ask("", func() collectors.Answer[registryScanning] {
		return ask("GetRegistryScanningConfiguration", "ecr:GetRegistryScanningConfiguration",
			func() (*registryScanning, error) {
				out, err := c.ECR.GetRegistryScanningConfiguration(ctx, &ecr.GetRegistryScanningConfigurationInput{})
				if err != nil {
					return nil, err
				}
				return narrowScanning(out), nil
			})
	})
	a.Policy = ask("GetRepositoryPolicy", "ecr:GetRepositoryPolicy", func() (*ecr.GetRepositoryPolicyOutput, error) {
		out, err := c.ECR.GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{RepositoryName: i.repository.RepositoryName})
		if err != nil {
			return nil, absent(err, "RepositoryPolicyNotFoundException")
		}
		return &ecr.GetRepositoryPolicyOutput{PolicyText: out.PolicyText}, nil
	})
	a.Tags = ask("ListTagsForResource", "ecr:ListTagsForResource", func() (*map[string]string, error) {
		out, err := c.ECR.ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{ResourceArn: i.repository.RepositoryArn})
		if err != nil {
			return nil, err
		}
		tags := labels(out.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
		return &tags, nil
	})
	return a
}

func narrowScanning(o *ecr.GetRegistryScanningConfigurationOutput) *registryScanning {
	s := &registryScanning{}
	if o.ScanningConfiguration == nil {
		return s
	}
	s.Enhanced = o.ScanningConfiguration.ScanType == types.ScanTypeEnhanced
	for _, rule := range o.ScanningConfiguration.Rules {
		kept := scanningRule{Frequency: string(rule.ScanFrequency)}
		for _, f := range rule.RepositoryFilters {
			kept.Filters = append(kept.Filters, aws.ToString(f.Filter))
		}
		s.Rules = append(s.Rules, kept)
	}
	return s
}

// onArrival says whether a rule of the registry scans what arrives in a repository. Both frequencies do.
func (s *registryScanning) onArrival(repository string) bool {
	for _, rule := range s.Rules {
		if rule.Frequency != string(types.ScanFrequencyScanOnPush) &&
			rule.Frequency != string(types.ScanFrequencyContinuousScan) {
			continue
		}
		for _, filter := range rule.Filters {
			if wildcard(filter).MatchString(repository) {
				return true
			}
		}
	}
	return false
}

// wildcard turns a filter into an expression: a star stands for any characters, and a filter without one for a part of
// the name, as the service reads it.
func wildcard(filter string) *regexp.Regexp {
	if !strings.Contains(filter, "*") {
		return regexp.MustCompile(regexp.QuoteMeta(filter))
	}
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(filter), `\*`, ".*") + "$")
}

func repositoryFacts(w collectors.Where, a repositoryAnswers) *inventory.Resource {
	repo := a.Repository
	facts := &inventory.ContainerRegistry{}
	r := inventory.New(aws.ToString(repo.RepositoryArn), aws.ToString(repo.RepositoryName), w.Region, facts)
	defer leftOut(r, "DescribeRepositories", "ecr:DescribeRepositories")
	r.SetNotApplicable(noSuchSwitch, "network_restricted")
	r.SetNotApplicable("the service has no such account", "shared_admin")
	tagFacts(r, a.Tags)
	if repo.ImageTagMutability != "" {
		// With exclusions some published tags can still be moved.
		facts.ImmutableTags = repo.ImageTagMutability == types.ImageTagMutabilityImmutable
		r.Known("immutable_tags")
	}
	scanOnPushFact(r, facts, a)
	doc, read := readPolicy(r, a.Policy,
		func(v *ecr.GetRepositoryPolicyOutput) string { return aws.ToString(v.PolicyText) },
		"public", "principals")
	if read {
		facts.Public, facts.Principals = doc.public(), doc.foreignAccounts(w.Scope.Account())
		r.Known("public", "principals")
	}
	return r
}

// scanOnPushFact states whether arrivals are scanned. The repository's own switch counts for basic scanning alone, so
// that without the registry's answer nothing is sure.
func scanOnPushFact(r *inventory.Resource, facts *inventory.ContainerRegistry, a repositoryAnswers) {
	own := a.Repository.ImageScanningConfiguration
	collectors.Know(r, a.Scanning, func(v *registryScanning) {
		facts.ScanOnPush = v.onArrival(aws.ToString(a.Repository.RepositoryName)) || !v.Enhanced && own != nil &&
			own.ScanOnPush
	}, "scan_on_push")
}
