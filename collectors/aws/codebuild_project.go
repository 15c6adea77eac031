package aws

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, buildProject, buildProject]{
	Kind:        "aws.codebuild.project",
	Class:       inventory.ClassDeliveryPipeline,
	Permissions: []string{"codebuild:ListProjects", "codebuild:BatchGetProjects"},
	ListAction:  "ListProjects", ListPermission: "codebuild:ListProjects",
	List: listProjects,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[buildProject, error] {
		return func(yield func(buildProject, error) bool) { projectsNamed(ctx, c, []string{shortID(id)}, yield) }
	},
	Facts: projectFacts,
})

// buildProject is what is kept of a project. Its variables, its commands and the addresses of its sources are searched
// for secrets and let go.
type buildProject struct {
	ARN, Name, Role string
	Public          bool `json:",omitempty"`
	Hook            *buildHook
	Values          collectors.PlainValues
	Tags            map[string]string `json:",omitempty"`
}

// buildHook is what makes a project build by itself.
type buildHook struct {
	// Groups are alternatives; every filter of a group must match.
	Groups [][]types.WebhookFilter
	// Approved says that somebody must agree before a request from a fork is built.
	Approved bool `json:",omitempty"`
}

func listProjects(ctx context.Context, c *Clients) iter.Seq2[buildProject, error] {
	return func(yield func(buildProject, error) bool) {
		p := codebuild.NewListProjectsPaginator(c.CodeBuild, &codebuild.ListProjectsInput{})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				yield(buildProject{}, err)
				return
			}
			if !projectsNamed(ctx, c, page.Projects, yield) {
				return
			}
		}
	}
}

// projectsNamed describes a page of projects; a call takes a hundred, which is what a page holds.
func projectsNamed(ctx context.Context, c *Clients, names []string, yield func(buildProject, error) bool) bool {
	if len(names) == 0 {
		return true
	}
	out, err := c.CodeBuild.BatchGetProjects(ctx, &codebuild.BatchGetProjectsInput{Names: names})
	if err != nil {
		yield(buildProject{}, during("BatchGetProjects", "codebuild:BatchGetProjects", err))
		return false
	}
	for _, p := range out.Projects {
		if !yield(narrowProject(p), nil) {
			return false
		}
	}
	return true
}

func narrowProject(p types.Project) buildProject {
	out := buildProject{
		ARN: aws.ToString(p.Arn), Name: aws.ToString(p.Name), Role: aws.ToString(p.ServiceRole),
		Public: p.ProjectVisibility == types.ProjectVisibilityTypePublicRead,
		Tags:   labels(p.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value }),
	}
	if p.Webhook != nil {
		out.Hook = &buildHook{Groups: p.Webhook.FilterGroups}
		if b := p.Webhook.PullRequestBuildPolicy; b != nil {
			out.Hook.Approved = b.RequiresCommentApproval != "" &&
				b.RequiresCommentApproval != types.PullRequestBuildCommentApprovalDisabled
		}
	}
	if p.Environment != nil {
		for _, v := range p.Environment.EnvironmentVariables {
			if v.Type == "" || v.Type == types.EnvironmentVariableTypePlaintext {
				out.Values.Look(aws.ToString(v.Name), aws.ToString(v.Value))
			}
		}
	}
	sources := p.SecondarySources
	if p.Source != nil {
		sources = append([]types.ProjectSource{*p.Source}, sources...)
	}
	for _, s := range sources {
		out.Values.Look("source", aws.ToString(s.Location))
		out.Values.Look("buildspec", aws.ToString(s.Buildspec))
	}
	return out
}

func projectFacts(w collectors.Where, p buildProject) *inventory.Resource {
	facts := &inventory.DeliveryPipeline{Kind: "build", PlaintextSecrets: p.Values.Count()}
	r := inventory.New(p.ARN, p.Name, w.Region, facts)
	r.Labels = p.Tags
	r.SetNotApplicable("builds, and trusts no foreign pipeline", "trust_pinned")
	r.SetNotApplicable("builds, and deploys nothing by itself", "approval_required")
	facts.UntrustedSource = p.Public || p.Hook != nil && p.Hook.open()
	if p.Role != "" {
		facts.Identities = []string{p.Role}
	}
	r.Known("kind", "plaintext_secrets", "untrusted_source", "identities", "scopes")
	return r
}

// open says whether the hook builds what strangers submit: without filters it builds every request, and so does a group
// that reacts to requests and does not name by whom.
func (h *buildHook) open() bool {
	if h.Approved {
		return false
	}
	for _, group := range h.Groups {
		if groupOpen(group) {
			return true
		}
	}
	return len(h.Groups) == 0
}

func groupOpen(group []types.WebhookFilter) bool {
	requests, event, named := false, false, false
	for _, f := range group {
		pattern := aws.ToString(f.Pattern)
		switch f.Type {
		case types.WebhookFilterTypeEvent:
			event = true
			for _, e := range strings.Split(pattern, ",") {
				e = strings.TrimSpace(e)
				// Merging takes the right to write, as pushing does.
				requests = requests || strings.HasPrefix(e, "PULL_REQUEST_") && e != "PULL_REQUEST_MERGED"
			}
		case types.WebhookFilterTypeActorAccountId:
			if !anchored(pattern) {
				// The name of a stranger may hold the name that was meant.
				return true
			}
			named = named || !aws.ToBool(f.ExcludeMatchedPattern)
		}
	}
	return (requests || !event) && !named
}

// anchored says whether every alternative of a pattern speaks of the whole name.
func anchored(pattern string) bool {
	inner := strings.TrimSuffix(strings.TrimPrefix(pattern, "^"), "$")
	if strings.HasPrefix(pattern, "^(") && strings.HasSuffix(pattern, ")$") {
		return !strings.Contains(inner, ".*")
	}
	for _, alternative := range strings.Split(pattern, "|") {
		alternative = strings.TrimSpace(alternative)
		if !strings.HasPrefix(alternative, "^") || !strings.HasSuffix(alternative, "$") || strings.Contains(alternative,
			".*") {
			return false
		}
	}
	return true
}
