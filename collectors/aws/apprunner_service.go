package aws

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apprunner"
	"github.com/aws/aws-sdk-go-v2/service/apprunner/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, string, runnerAnswers]{
	Kind:        "aws.apprunner.service",
	Class:       inventory.ClassServerlessApp,
	Permissions: []string{"apprunner:ListServices", "apprunner:DescribeService", "apprunner:ListTagsForResource"},
	ListAction:  "ListServices", ListPermission: "apprunner:ListServices",
	List: listRunners,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[string, error] {
		return only(listRunners(ctx, c), func(arn string) bool { return arn == id })
	},
	Ask:   askRunner,
	Facts: runnerFacts,
})

// runnerService is what is kept of a service. Its variables are searched for secrets and let go.
type runnerService struct {
	Name, Host    string
	Public, Inner bool   `json:",omitempty"`
	Runtime       string `json:",omitempty"`
	Values        collectors.PlainValues
	// Elsewhere says that the settings are kept in the repository of the code.
	Elsewhere bool `json:",omitempty"`
}

// runnerAnswers is all that is said about one service.
type runnerAnswers struct {
	ARN     string
	Service collectors.Answer[runnerService]
	Tags    collectors.Answer[map[string]string]
}

func listRunners(ctx context.Context, c *Clients) iter.Seq2[string, error] {
	p := apprunner.NewListServicesPaginator(c.AppRunner, &apprunner.ListServicesInput{})
	return listed(ctx, p, func(o *apprunner.ListServicesOutput) []string {
		var out []string
		for _, s := range o.ServiceSummaryList {
			if s.Status != types.ServiceStatusDeleted {
				out = append(out, aws.ToString(s.ServiceArn))
			}
		}
		return out
	})
}

func askRunner(ctx context.Context, c *Clients, arn string) runnerAnswers {
	a := runnerAnswers{ARN: arn}
	a.Service = ask("DescribeService", "apprunner:DescribeService", func() (*runnerService, error) {
		out, err := c.AppRunner.DescribeService(ctx, &apprunner.DescribeServiceInput{ServiceArn: aws.String(arn)})
		if err != nil {
			return nil, err
		}
		if out.Service == nil {
			return nil, unreadable("the service is not told")
		}
		return narrowRunner(out.Service), nil
	})
	a.Tags = ask("ListTagsForResource", "apprunner:ListTagsForResource", func() (*map[string]string, error) {
		out, err := c.AppRunner.ListTagsForResource(ctx, &apprunner.ListTagsForResourceInput{ResourceArn: aws.String(arn)})
		if err != nil {
			return nil, err
		}
		tags := labels(out.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
		return &tags, nil
	})
	return a
}

func narrowRunner(s *types.Service) *runnerService {
	// A service is open to the internet until it is told otherwise.
	out := &runnerService{Name: aws.ToString(s.ServiceName), Host: aws.ToString(s.ServiceUrl), Public: true}
	if n := s.NetworkConfiguration; n != nil {
		out.Public = n.IngressConfiguration == nil || n.IngressConfiguration.IsPubliclyAccessible
		out.Inner = n.EgressConfiguration != nil && n.EgressConfiguration.EgressType == types.EgressTypeVpc
	}
	source := s.SourceConfiguration
	switch {
	case source == nil:
		out.Elsewhere = true
	case source.ImageRepository != nil:
		if conf := source.ImageRepository.ImageConfiguration; conf != nil {
			out.Values.LookAll(conf.RuntimeEnvironmentVariables)
			out.Values.Look("command", aws.ToString(conf.StartCommand))
		}
	case source.CodeRepository != nil && source.CodeRepository.CodeConfiguration != nil &&
		source.CodeRepository.CodeConfiguration.CodeConfigurationValues != nil:
		conf := source.CodeRepository.CodeConfiguration.CodeConfigurationValues
		out.Runtime = string(conf.Runtime)
		out.Values.LookAll(conf.RuntimeEnvironmentVariables)
		out.Values.Look("command", aws.ToString(conf.StartCommand))
	default:
		out.Elsewhere = true
	}
	return out
}

func runnerFacts(w collectors.Where, a runnerAnswers) *inventory.Resource {
	facts := &inventory.ServerlessApp{HTTPSOnly: true, AccessLogged: true}
	r := inventory.New(a.ARN, runnerName(a.ARN), w.Region, facts)
	// The service answers over TLS alone, and sends what it does and what the code prints to the log service.
	r.SetInherent("https_only", "access_logged")
	r.SetNotApplicable("the service has no such channel", "management_channel_open")
	r.SetNotApplicable("set in code, not in configuration", "cors_any_origin")
	tagFacts(r, a.Tags)
	if why := a.Service.Unknown(); why != nil {
		r.SetUnknown(*why, "anonymous", "network_attached", "plaintext_secrets", "version_supported")
		return r
	}
	s := a.Service.Value
	facts.Anonymous, facts.NetworkAttached, facts.PlaintextSecrets = s.Public, s.Inner, s.Values.Count()
	facts.AnswersTo = answersTo(&s.Host)
	r.Known("anonymous", "network_attached", "plaintext_secrets", "answers_to")
	told := inventory.Unknown{Cause: inventory.CauseFailed, Action: "DescribeService",
		Permission: "apprunner:DescribeService"}
	switch {
	case s.Elsewhere:
		told.Code = "SetInRepository"
		r.SetUnknown(told, "plaintext_secrets", "version_supported")
	case s.Runtime == "":
		r.SetNotApplicable("the container image brings its own runtime", "version_supported")
	default:
		told.Code = "SupportNotTold"
		r.SetUnknown(told, "version_supported")
	}
	return r
}

// runnerName is the name in an ARN, which ends in an id: service/name/id.
func runnerName(arn string) string {
	if cut := strings.LastIndex(arn, "/"); cut > 0 {
		return shortID(arn[:cut])
	}
	return arn
}
