package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticbeanstalk"
	"github.com/aws/aws-sdk-go-v2/service/elasticbeanstalk/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// The balancer, the machines and the groups of an environment are told by sources of their own.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, beanstalkItem, beanstalkAnswers]{
	Kind:  "aws.elasticbeanstalk.environment",
	Class: inventory.ClassServerlessApp,
	Permissions: []string{
		"elasticbeanstalk:DescribeEnvironments", "elasticbeanstalk:DescribeConfigurationSettings",
		"elasticbeanstalk:DescribePlatformVersion", "elasticbeanstalk:DescribeEnvironmentResources",
		"elasticbeanstalk:ListTagsForResource",
		"elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules",
	},
	ListAction: "DescribeEnvironments", ListPermission: "elasticbeanstalk:DescribeEnvironments",
	List: func(ctx context.Context, c *Clients) iter.Seq2[beanstalkItem, error] {
		return offered(c, beanstalks(ctx, c))
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[beanstalkItem, error] {
		return beanstalks(ctx, c, shortID(id))
	},
	Ask:   askBeanstalk,
	Facts: beanstalkFacts,
})

// beanstalkItem is an environment with what its listing remembers of platforms.
type beanstalkItem struct {
	environment beanstalkEnvironment
	platforms   *once[beanstalkPlatform]
}

// beanstalkEnvironment is what is kept of an environment. How healthy it is changes by the minute and is left out.
type beanstalkEnvironment struct {
	ARN, Name, Application string
	// Host is its name, Endpoint the name of its balancer or the address of its one machine.
	Host, Endpoint string `json:",omitempty"`
	Platform       string `json:",omitempty"`
	// Worker says that it takes its work from a queue and answers nobody.
	Worker bool `json:",omitempty"`
}

// beanstalkPlatform is how the provider stands to the platform that an environment runs on.
type beanstalkPlatform struct {
	// Branch is the state of the line of versions: Beta, Supported, Deprecated or Retired.
	Branch string `json:",omitempty"`
}

// beanstalkAnswers is all that is said about one environment.
type beanstalkAnswers struct {
	Environment beanstalkEnvironment
	Settings    collectors.Answer[beanstalkSettings]
	Listeners   collectors.Answer[[]beanstalkListener]
	Platform    collectors.Answer[beanstalkPlatform]
	Tags        collectors.Answer[map[string]string]
}

// beanstalks follows the mark by hand: the SDK has no paginator for this listing. For an hour it would tell of what was
// terminated as well.
func beanstalks(ctx context.Context, c *Clients, names ...string) iter.Seq2[beanstalkItem, error] {
	in := &elasticbeanstalk.DescribeEnvironmentsInput{
		IncludeDeleted: aws.Bool(false), EnvironmentNames: names, MaxRecords: aws.Int32(100),
	}
	platforms, more := &once[beanstalkPlatform]{}, true
	return paged(ctx, func() bool { return more },
		func(ctx context.Context) (*elasticbeanstalk.DescribeEnvironmentsOutput, error) {
			out, err := c.Beanstalk.DescribeEnvironments(ctx, in)
			if err != nil {
				return nil, err
			}
			in.NextToken, more = out.NextToken, aws.ToString(out.NextToken) != ""
			return out, nil
		},
		func(o *elasticbeanstalk.DescribeEnvironmentsOutput) []beanstalkItem {
			var items []beanstalkItem
			for _, e := range o.Environments {
				if e.Status != types.EnvironmentStatusTerminated {
					items = append(items, beanstalkItem{narrowBeanstalk(e), platforms})
				}
			}
			return items
		})
}

func narrowBeanstalk(e types.EnvironmentDescription) beanstalkEnvironment {
	return beanstalkEnvironment{
		ARN: aws.ToString(e.EnvironmentArn), Name: aws.ToString(e.EnvironmentName),
		Application: aws.ToString(e.ApplicationName), Host: aws.ToString(e.CNAME), Endpoint: aws.ToString(e.EndpointURL),
		Platform: aws.ToString(e.PlatformArn), Worker: e.Tier != nil && aws.ToString(e.Tier.Name) == "Worker",
	}
}

func askBeanstalk(ctx context.Context, c *Clients, i beanstalkItem) beanstalkAnswers {
	e := i.environment
	a := beanstalkAnswers{Environment: e}
	a.Settings = ask("DescribeConfigurationSettings", "elasticbeanstalk:DescribeConfigurationSettings",
		func() (*beanstalkSettings, error) {
			out, err := c.Beanstalk.DescribeConfigurationSettings(ctx, &elasticbeanstalk.DescribeConfigurationSettingsInput{
				ApplicationName: aws.String(e.Application), EnvironmentName: aws.String(e.Name),
			})
			if err != nil {
				return nil, err
			}
			return narrowSettings(out.ConfigurationSettings)
		})
	if s := a.Settings.Value; s != nil && !e.Worker && (s.Balancer == "application" || s.Balancer == "network") {
		a.Listeners = askBeanstalkListeners(ctx, c, e.Name)
	}
	if e.Platform != "" {
		a.Platform = i.platforms.ask(e.Platform, func() collectors.Answer[beanstalkPlatform] {
			return askBeanstalkPlatform(ctx, c, e.Platform)
		})
	}
	a.Tags = ask("ListTagsForResource", "elasticbeanstalk:ListTagsForResource", func() (*map[string]string, error) {
		out, err := c.Beanstalk.ListTagsForResource(ctx,
			&elasticbeanstalk.ListTagsForResourceInput{ResourceArn: aws.String(e.ARN)})
		if err != nil {
			return nil, err
		}
		return keptTags(labels(out.ResourceTags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })), nil
	})
	return a
}

func askBeanstalkPlatform(ctx context.Context, c *Clients, id string) collectors.Answer[beanstalkPlatform] {
	return ask("DescribePlatformVersion", "elasticbeanstalk:DescribePlatformVersion", func() (*beanstalkPlatform, error) {
		out, err := c.Beanstalk.DescribePlatformVersion(ctx,
			&elasticbeanstalk.DescribePlatformVersionInput{PlatformArn: aws.String(id)})
		if err != nil {
			return nil, err
		}
		if out.PlatformDescription == nil {
			return &beanstalkPlatform{}, nil
		}
		return &beanstalkPlatform{Branch: aws.ToString(out.PlatformDescription.PlatformBranchLifecycleState)}, nil
	})
}

func beanstalkFacts(w collectors.Where, a beanstalkAnswers) *inventory.Resource {
	e := a.Environment
	facts := &inventory.ServerlessApp{}
	r := inventory.New(e.ARN, e.Name, w.Region, facts)
	defer leftOut(r, "DescribeConfigurationSettings", "elasticbeanstalk:DescribeConfigurationSettings")
	tagFacts(r, a.Tags)
	// Its machines always stand in a network of the account.
	facts.NetworkAttached = true
	r.SetInherent("network_attached")
	r.SetNotApplicable("the service has no such channel", "management_channel_open")
	r.SetNotApplicable("set in code, not in configuration", "cors_any_origin")
	facts.AnswersTo = answersTo(&e.Host)
	r.Known("answers_to")
	beanstalkSupportFact(r, facts, a)
	if e.Worker {
		// Whoever may write to its queue gives it work; it has no name and no balancer.
		r.Known("anonymous")
		r.SetNotApplicable("takes its work from a queue and answers nobody", "https_only")
	}
	if why := a.Settings.Unknown(); why != nil {
		unspoken(r, *why, "anonymous", "https_only", "plaintext_secrets", "access_logged")
		return r
	}
	if s := a.Settings.Value; s != nil {
		facts.PlaintextSecrets, facts.AccessLogged = s.Values.Count(), s.Streams
		r.Known("plaintext_secrets", "access_logged")
		if !e.Worker {
			beanstalkCallerFacts(r, facts, a)
		}
	}
	return r
}

// beanstalkSupportFact states whether all that the platform is made of still gets updates. A branch that is in trial or
// on its way out does not count, and of platforms of one's own the provider says nothing.
func beanstalkSupportFact(r *inventory.Resource, facts *inventory.ServerlessApp, a beanstalkAnswers) {
	collectors.Know(r, a.Platform, func(p *beanstalkPlatform) {
		facts.VersionSupported = p != nil && p.Branch == "Supported"
	}, "version_supported")
	if p := a.Platform; p.Unknown() == nil && (p.Value == nil || p.Value.Branch == "") {
		r.SetUnknown(inventory.Unknown{
			Cause: inventory.CauseFailed, Code: "SupportNotTold",
			Action: "DescribePlatformVersion", Permission: "elasticbeanstalk:DescribePlatformVersion",
		}, "version_supported")
	}
}
