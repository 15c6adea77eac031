package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, packageRepository, packageRepositoryAnswers]{
	Kind:  "aws.codeartifact.repository",
	Class: inventory.ClassContainerRegistry,
	Permissions: []string{
		"codeartifact:ListRepositories", "codeartifact:GetRepositoryPermissionsPolicy", "codeartifact:ListTagsForResource",
	},
	ListAction: "ListRepositories", ListPermission: "codeartifact:ListRepositories",
	List: listPackageRepositories,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[packageRepository, error] {
		return only(listPackageRepositories(ctx, c), func(r packageRepository) bool { return r.ARN == id })
	},
	Ask:   askPackageRepository,
	Facts: packageRepositoryFacts,
})

// packageRepository is a repository of packages as the listing names it.
type packageRepository struct{ ARN, Name, Domain, Owner string }

// packageRepositoryAnswers is all that is said about one repository.
type packageRepositoryAnswers struct {
	Repository packageRepository
	Policy     collectors.Answer[string]
	Tags       collectors.Answer[map[string]string]
}

func listPackageRepositories(ctx context.Context, c *Clients) iter.Seq2[packageRepository, error] {
	p := codeartifact.NewListRepositoriesPaginator(c.CodeArtifact,
		&codeartifact.ListRepositoriesInput{MaxResults: aws.Int32(1000)})
	return listed(ctx, p, func(o *codeartifact.ListRepositoriesOutput) []packageRepository {
		out := make([]packageRepository, 0, len(o.Repositories))
		for _, r := range o.Repositories {
			out = append(out, packageRepository{aws.ToString(r.Arn), aws.ToString(r.Name), aws.ToString(r.DomainName),
				aws.ToString(r.DomainOwner)})
		}
		return out
	})
}

func askPackageRepository(ctx context.Context, c *Clients, r packageRepository) packageRepositoryAnswers {
	a := packageRepositoryAnswers{Repository: r}
	a.Policy = ask("GetRepositoryPermissionsPolicy", "codeartifact:GetRepositoryPermissionsPolicy",
		func() (*string, error) {
			out, err := c.CodeArtifact.GetRepositoryPermissionsPolicy(ctx, &codeartifact.GetRepositoryPermissionsPolicyInput{
				Domain: aws.String(r.Domain), DomainOwner: aws.String(r.Owner), Repository: aws.String(r.Name),
			})
			if err != nil || out.Policy == nil {
				return nil, absent(err, "ResourceNotFoundException")
			}
			return out.Policy.Document, nil
		})
	a.Tags = ask("ListTagsForResource", "codeartifact:ListTagsForResource", func() (*map[string]string, error) {
		out, err := c.CodeArtifact.ListTagsForResource(ctx,
			&codeartifact.ListTagsForResourceInput{ResourceArn: aws.String(r.ARN)})
		if err != nil {
			return nil, err
		}
		tags := labels(out.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
		return &tags, nil
	})
	return a
}

func packageRepositoryFacts(w collectors.Where, a packageRepositoryAnswers) *inventory.Resource {
	facts := &inventory.ContainerRegistry{ImmutableTags: true}
	r := inventory.New(a.Repository.ARN, a.Repository.Name, w.Region, facts)
	r.SetNotApplicable(noSuchSwitch, "network_restricted")
	r.SetNotApplicable("the service has no such account", "shared_admin")
	r.SetNotApplicable("keeps packages, which the service does not scan", "scan_on_push")
	// The service refuses to publish a version twice.
	r.SetInherent("immutable_tags")
	tagFacts(r, a.Tags)
	doc, read := readPolicy(r, a.Policy, func(v *string) string { return *v }, "public", "principals")
	if read {
		facts.Public, facts.Principals = doc.public(), doc.foreignAccounts(w.Scope.Account())
		r.Known("public", "principals")
	}
	return r
}
