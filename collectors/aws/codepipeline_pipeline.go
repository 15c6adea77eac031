package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, string, pipelineAnswers]{
	Kind:        "aws.codepipeline.pipeline",
	Class:       inventory.ClassDeliveryPipeline,
	Permissions: []string{"codepipeline:ListPipelines", "codepipeline:GetPipeline", "codepipeline:ListTagsForResource"},
	ListAction:  "ListPipelines", ListPermission: "codepipeline:ListPipelines",
	List: func(ctx context.Context, c *Clients) iter.Seq2[string, error] {
		p := codepipeline.NewListPipelinesPaginator(c.CodePipeline, &codepipeline.ListPipelinesInput{})
		return listed(ctx, p, func(o *codepipeline.ListPipelinesOutput) []string {
			names := make([]string, 0, len(o.Pipelines))
			for _, s := range o.Pipelines {
				names = append(names, aws.ToString(s.Name))
			}
			return names
		})
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[string, error] {
		return single(func() (string, error) {
			name := shortID(id)
			_, err := c.CodePipeline.GetPipeline(ctx, &codepipeline.GetPipelineInput{Name: aws.String(name)})
			if isAbsent(err, "PipelineNotFoundException") {
				return "", err
			}
			// A pipeline that may not be described is still there.
			return name, nil
		}, "PipelineNotFoundException")
	},
	Ask:   askPipeline,
	Facts: pipelineFacts,
})

// deployPipeline is what is kept of a pipeline. What its actions are set to is searched for secrets and let go.
type deployPipeline struct {
	Role   string
	Roles  []string `json:",omitempty"`
	Stages []pipelineStage
	Values collectors.PlainValues
}

// pipelineStage says in which order a stage approves and deploys; 0 means that it does not.
type pipelineStage struct {
	Name             string
	Approves, Deploy int32 `json:",omitempty"`
}

// pipelineAnswers is all that is said about one pipeline.
type pipelineAnswers struct {
	Name     string
	Pipeline collectors.Answer[deployPipeline]
	Tags     collectors.Answer[map[string]string]
}

func askPipeline(ctx context.Context, c *Clients, name string) pipelineAnswers {
	a := pipelineAnswers{Name: name}
	a.Pipeline = ask("GetPipeline", "codepipeline:GetPipeline", func() (*deployPipeline, error) {
		out, err := c.CodePipeline.GetPipeline(ctx, &codepipeline.GetPipelineInput{Name: aws.String(name)})
		if err != nil {
			return nil, err
		}
		if out.Pipeline == nil {
			return nil, unreadable("the pipeline is not told")
		}
		return narrowPipeline(*out.Pipeline), nil
	})
	w := collectors.Where{Scope: scopeOf(c.Account), Region: c.Region}
	a.Tags = ask("ListTagsForResource", "codepipeline:ListTagsForResource", func() (*map[string]string, error) {
		p := codepipeline.NewListTagsForResourcePaginator(c.CodePipeline, &codepipeline.ListTagsForResourceInput{
			ResourceArn: aws.String(arn(w, "codepipeline", name)),
		})
		tags, err := gathered(listed(ctx, p, func(o *codepipeline.ListTagsForResourceOutput) []types.Tag { return o.Tags }))
		if err != nil {
			return nil, err
		}
		read := labels(*tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
		return &read, nil
	})
	return a
}

func narrowPipeline(p types.PipelineDeclaration) *deployPipeline {
	out := &deployPipeline{Role: aws.ToString(p.RoleArn)}
	for _, v := range p.Variables {
		out.Values.Look(aws.ToString(v.Name), aws.ToString(v.DefaultValue))
	}
	for _, s := range p.Stages {
		stage := pipelineStage{Name: aws.ToString(s.Name)}
		for _, action := range s.Actions {
			order := max(aws.ToInt32(action.RunOrder), 1)
			if t := action.ActionTypeId; t != nil {
				switch t.Category {
				case types.ActionCategoryApproval:
					if stage.Approves == 0 || order < stage.Approves {
						stage.Approves = order
					}
				case types.ActionCategoryDeploy, types.ActionCategoryInvoke, types.ActionCategoryCompute:
					stage.Deploy = max(stage.Deploy, order)
				}
			}
			if role := aws.ToString(action.RoleArn); role != "" && role != out.Role && !contains(out.Roles, role) {
				out.Roles = append(out.Roles, role)
			}
			out.Values.LookAll(action.Configuration)
			for _, v := range action.EnvironmentVariables {
				if v.Type == "" || v.Type == types.EnvironmentVariableTypePlaintext {
					out.Values.Look(aws.ToString(v.Name), aws.ToString(v.Value))
				}
			}
			for _, command := range action.Commands {
				out.Values.Look("command", command)
			}
		}
		out.Stages = append(out.Stages, stage)
	}
	return out
}

// approved says whether a person agrees before the last thing is deployed, which is what production gets. A pipeline
// that deploys by building is approved by any approval.
func (p *deployPipeline) approved() bool {
	approved, deploys, last := false, false, false
	for _, s := range p.Stages {
		if s.Deploy > 0 {
			deploys, last = true, approved || s.Approves > 0 && s.Approves < s.Deploy
		}
		approved = approved || s.Approves > 0
	}
	if !deploys {
		return approved
	}
	return last
}

func pipelineFacts(w collectors.Where, a pipelineAnswers) *inventory.Resource {
	facts := &inventory.DeliveryPipeline{Kind: "deploy"}
	r := inventory.New(arn(w, "codepipeline", a.Name), a.Name, w.Region, facts)
	r.Known("kind")
	r.SetNotApplicable("deploys, and trusts no foreign pipeline", "trust_pinned")
	r.SetNotApplicable("deploys what others build", "untrusted_source")
	tagFacts(r, a.Tags)
	collectors.Know(r, a.Pipeline, func(p *deployPipeline) {
		facts.PlaintextSecrets, facts.ApprovalRequired = p.Values.Count(), p.approved()
		for _, role := range append([]string{p.Role}, p.Roles...) {
			if role == "" {
				continue
			}
			facts.Identities = append(facts.Identities, role)
			if account := principalAccount(role); account != w.Scope.Account() {
				facts.Scopes = append(facts.Scopes, string(scopeOf(account)))
			}
		}
	}, "plaintext_secrets", "approval_required", "identities", "scopes")
	return r
}
