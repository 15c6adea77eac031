package aws

import (
	"context"
	"encoding/json"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.ParameterMetadata, parameterAnswers]{
	Kind:        "aws.ssm.parameter",
	Class:       inventory.ClassSecret,
	Permissions: []string{"ssm:DescribeParameters", "ssm:GetResourcePolicies", "ssm:ListTagsForResource"},
	ListAction:  "DescribeParameters", ListPermission: "ssm:DescribeParameters",
	List: func(ctx context.Context, c *Clients) iter.Seq2[types.ParameterMetadata, error] {
		return secureParameters(ctx, c)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.ParameterMetadata, error] {
		_, name, _ := strings.Cut(id, ":parameter")
		return only(secureParameters(ctx, c), func(p types.ParameterMetadata) bool {
			return "/"+strings.TrimPrefix(aws.ToString(p.Name), "/") == name
		})
	},
	Ask:   askParameter,
	Facts: parameterSecretFacts,
})

// parameterAnswers is all that is said about one parameter that is kept encrypted, never its value.
type parameterAnswers struct {
	Parameter types.ParameterMetadata
	Policies  collectors.Answer[[]string]
	Tags      collectors.Answer[map[string]string]
}

// secureParameters lists what is kept encrypted: a parameter in clear text holds no secret, or is judged where it is
// used.
func secureParameters(ctx context.Context, c *Clients) iter.Seq2[types.ParameterMetadata, error] {
	p := ssm.NewDescribeParametersPaginator(c.SSM, &ssm.DescribeParametersInput{
		MaxResults: aws.Int32(50),
		ParameterFilters: []types.ParameterStringFilter{{
			Key: aws.String("Type"), Option: aws.String("Equals"), Values: []string{string(types.ParameterTypeSecureString)},
		}},
	})
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*ssm.DescribeParametersOutput, error) { return p.NextPage(ctx) },
		func(o *ssm.DescribeParametersOutput) []types.ParameterMetadata { return o.Parameters })
}

func askParameter(ctx context.Context, c *Clients, p types.ParameterMetadata) parameterAnswers {
	a := parameterAnswers{Parameter: p}
	a.Parameter.Description, a.Parameter.LastModifiedUser = nil, nil
	if p.Tier == types.ParameterTierAdvanced {
		a.Policies = ask("GetResourcePolicies", "ssm:GetResourcePolicies", func() (*[]string, error) {
			return parameterPolicies(ctx, c, parameterID(c.where(), p))
		})
	}
	a.Tags = ask("ListTagsForResource", "ssm:ListTagsForResource", func() (*map[string]string, error) {
		out, err := c.SSM.ListTagsForResource(ctx, &ssm.ListTagsForResourceInput{
			ResourceId: p.Name, ResourceType: types.ResourceTypeForTaggingParameter,
		})
		if err != nil {
			return nil, err
		}
		return keptTags(labels(out.TagList, func(t types.Tag) (*string, *string) { return t.Key, t.Value })), nil
	})
	return a
}

func parameterPolicies(ctx context.Context, c *Clients, id string) (*[]string, error) {
	texts := []string{}
	p := ssm.NewGetResourcePoliciesPaginator(c.SSM, &ssm.GetResourcePoliciesInput{ResourceArn: aws.String(id)})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, policy := range page.Policies {
			texts = append(texts, aws.ToString(policy.Policy))
		}
	}
	return &texts, nil
}

func parameterID(w collectors.Where, p types.ParameterMetadata) string {
	if aws.ToString(p.ARN) != "" {
		return *p.ARN
	}
	return arn(w, "ssm", "parameter/"+strings.TrimPrefix(aws.ToString(p.Name), "/"))
}

func parameterSecretFacts(w collectors.Where, a parameterAnswers) *inventory.Resource {
	p := a.Parameter
	if p.Type != types.ParameterTypeSecureString {
		return nil
	}
	facts := &inventory.Secret{}
	r := inventory.New(parameterID(w, p), aws.ToString(p.Name), w.Region, facts)
	defer leftOut(r, "DescribeParameters", "ssm:DescribeParameters")
	r.SetNotApplicable(noSuchSwitch, "network_restricted")
	tagFacts(r, a.Tags)
	parameterLifeFact(r, facts, p)
	// A parameter of the standard tier cannot be shared, and none can be shared with everyone.
	r.SetInherent("public")
	if p.Tier != types.ParameterTierAdvanced {
		r.Known("principals")
		return r
	}
	if why := a.Policies.Unknown(); why != nil {
		r.SetUnknown(*why, "principals")
		return r
	}
	if a.Policies.Value == nil {
		r.Known("principals")
		return r
	}
	for _, text := range *a.Policies.Value {
		one := collectors.Answer[string]{Action: a.Policies.Action, Permission: a.Policies.Permission, Value: &text}
		doc, read := readPolicy(r, one, func(s *string) string { return *s }, "principals")
		if !read {
			return r
		}
		facts.Principals = foreign(w.Scope.Account(), append(facts.Principals, doc.foreignAccounts(w.Scope.Account())...)...)
	}
	r.Known("principals")
	return r
}

// parameterLifeFact states whether the parameter expires, counted from when its value was last set: the service rotates
// none.
func parameterLifeFact(r *inventory.Resource, facts *inventory.Secret, p types.ParameterMetadata) {
	for _, policy := range p.Policies {
		if aws.ToString(policy.PolicyType) != "Expiration" {
			continue
		}
		ends, ok := expiration(aws.ToString(policy.PolicyText))
		if !ok || p.LastModifiedDate == nil {
			return
		}
		facts.LifetimeDays = max(1, int64(ends.Sub(*p.LastModifiedDate).Hours()+23)/24)
	}
	r.Known("lifetime_days")
}

func expiration(text string) (time.Time, bool) {
	var policy struct {
		Attributes struct{ Timestamp string }
	}
	if json.Unmarshal([]byte(text), &policy) != nil {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339, policy.Attributes.Timestamp)
	return at, err == nil
}
