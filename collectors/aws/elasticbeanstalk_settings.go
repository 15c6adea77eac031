package aws

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticbeanstalk"
	"github.com/aws/aws-sdk-go-v2/service/elasticbeanstalk/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbv2types "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// beanstalkSettings is what is kept of the settings of an environment. Its variables are searched for secrets and let
// go.
type beanstalkSettings struct {
	// Balancer is the type of its balancer: classic, application or network; none where one machine answers.
	Balancer string `json:",omitempty"`
	// Shared says that the balancer was there before, Internal that one of its own has no address on the internet.
	Shared, Internal bool `json:",omitempty"`
	// Listeners are those of a classic balancer: of the others the balancer itself is asked.
	Listeners []beanstalkListener `json:",omitempty"`
	// Streams says that the logs of proxy and application are sent to the log service.
	Streams bool `json:",omitempty"`
	Values  collectors.PlainValues
}

// beanstalkListener is what a balancer answers on.
type beanstalkListener struct {
	Protocol, Policy string `json:",omitempty"`
	// Redirects says that it only sends callers on to HTTPS.
	Redirects bool `json:",omitempty"`
}

// Namespaces of options.
const (
	variablesOf = "aws:elasticbeanstalk:application:environment"
	javaOf      = "aws:elasticbeanstalk:container:tomcat:jvmoptions"
	classicPort = "aws:elb:listener"
	classicTLS  = "aws:elb:policies:"
)

// narrowSettings reads the settings that are in force; a draft that waits or failed stands beside them.
func narrowSettings(all []types.ConfigurationSettingsDescription) (*beanstalkSettings, error) {
	if len(all) == 0 {
		return nil, unreadable("the settings are not told")
	}
	i := max(0, slices.IndexFunc(all, func(d types.ConfigurationSettingsDescription) bool {
		return d.DeploymentStatus == types.ConfigurationDeploymentStatusDeployed
	}))
	s, options := &beanstalkSettings{}, map[string]map[string]string{}
	for _, o := range all[i].OptionSettings {
		space, name, value := aws.ToString(o.Namespace), aws.ToString(o.OptionName), aws.ToString(o.Value)
		if options[space] == nil {
			options[space] = map[string]string{}
		}
		options[space][name] = value
	}
	s.Values.LookAll(options[variablesOf])
	s.Values.LookAll(options[javaOf])
	own := options["aws:elasticbeanstalk:environment"]
	if !strings.EqualFold(own["EnvironmentType"], "SingleInstance") {
		// Balancers were classic before there was a choice.
		s.Balancer = strings.ToLower(own["LoadBalancerType"])
		if s.Balancer == "" {
			s.Balancer = "classic"
		}
	}
	s.Shared = isOn(own["LoadBalancerIsShared"])
	s.Internal = options["aws:ec2:vpc"]["ELBScheme"] == "internal"
	s.Streams = isOn(options["aws:elasticbeanstalk:cloudwatch:logs"]["StreamLogs"])
	if s.Balancer == "classic" {
		s.Listeners = classicListeners(options)
	}
	return s, nil
}

// classicListeners are the listeners that are on, in the order of their namespaces. A policy that lists protocols of
// its own is known by its namespace alone.
func classicListeners(options map[string]map[string]string) []beanstalkListener {
	var out []beanstalkListener
	policy := ""
	for _, space := range slices.Sorted(maps.Keys(options)) {
		if !strings.HasPrefix(space, classicTLS) {
			continue
		}
		if reference := options[space]["SSLReferencePolicy"]; reference != "" {
			policy = reference
		} else if options[space]["SSLProtocols"] != "" {
			policy = space
		}
	}
	for _, space := range slices.Sorted(maps.Keys(options)) {
		o := options[space]
		listens := space == classicPort || strings.HasPrefix(space, classicPort+":")
		if !listens || strings.EqualFold(o["ListenerEnabled"], "false") {
			continue
		}
		l := beanstalkListener{Protocol: strings.ToUpper(o["ListenerProtocol"])}
		if l.Protocol == "HTTPS" || l.Protocol == "SSL" {
			l.Policy = policy
		}
		out = append(out, l)
	}
	return out
}

// askBeanstalkListeners asks the balancer of an environment itself: what redirects is not among the settings, and of a
// balancer that is shared they do not tell at all.
func askBeanstalkListeners(ctx context.Context, c *Clients, name string) collectors.Answer[[]beanstalkListener] {
	balancers := askBeanstalkBalancers(ctx, c, name)
	if balancers.Value == nil {
		return unansweredListeners(balancers.Action, balancers.Permission, balancers.Failed)
	}
	var found []elbv2types.Listener
	kept := ask("DescribeListeners", "elasticloadbalancing:DescribeListeners", func() (*[]beanstalkListener, error) {
		kept := []beanstalkListener{}
		for _, id := range *balancers.Value {
			p := elbv2.NewDescribeListenersPaginator(c.ELBV2, &elbv2.DescribeListenersInput{LoadBalancerArn: aws.String(id)})
			all := listed(ctx, p, func(o *elbv2.DescribeListenersOutput) []elbv2types.Listener { return o.Listeners })
			for l, err := range all {
				if err != nil {
					return nil, err
				}
				found = append(found, l)
				kept = append(kept, beanstalkListener{Protocol: string(l.Protocol), Policy: aws.ToString(l.SslPolicy)})
			}
		}
		return &kept, nil
	})
	redirecting := slices.ContainsFunc(found, func(l elbv2types.Listener) bool { return onlyRedirects(l.DefaultActions) })
	if kept.Value == nil || !redirecting {
		return kept
	}
	rules := askListenerRules(ctx, c, found)
	if rules.Value == nil {
		return unansweredListeners(rules.Action, rules.Permission, rules.Failed)
	}
	for i, l := range found {
		(*kept.Value)[i].Redirects = redirectsToTLS(l, (*rules.Value)[i].Rules)
	}
	return kept
}

func unansweredListeners(action, permission string, failed *collectors.Reason) collectors.Answer[[]beanstalkListener] {
	return collectors.Answer[[]beanstalkListener]{Action: action, Permission: permission, Failed: failed}
}

// askBeanstalkBalancers asks for the ids of the balancers of an environment.
func askBeanstalkBalancers(ctx context.Context, c *Clients, name string) collectors.Answer[[]string] {
	const operation, permission = "DescribeEnvironmentResources", "elasticbeanstalk:DescribeEnvironmentResources"
	return ask(operation, permission, func() (*[]string, error) {
		out, err := c.Beanstalk.DescribeEnvironmentResources(ctx,
			&elasticbeanstalk.DescribeEnvironmentResourcesInput{EnvironmentName: aws.String(name)})
		if err != nil {
			return nil, err
		}
		var ids []string
		if out.EnvironmentResources != nil {
			for _, b := range out.EnvironmentResources.LoadBalancers {
				ids = append(ids, aws.ToString(b.Name))
			}
		}
		if len(ids) == 0 {
			return nil, unreadable("the balancer is not told")
		}
		return &ids, nil
	})
}

// beanstalkCallerFacts states who may call an environment, and whether in clear text.
func beanstalkCallerFacts(r *inventory.Resource, facts *inventory.ServerlessApp, a beanstalkAnswers) {
	s, at := a.Settings.Value, a.Environment.Endpoint
	switch {
	case s.Balancer != "" && !s.Shared:
		facts.Anonymous = !s.Internal
		r.Known("anonymous")
	case at != "":
		// Of a shared balancer, which is of the application type, and of a lone machine the address tells.
		facts.Anonymous = !strings.HasPrefix(at, "internal-") && !privateAddress(at)
		r.Known("anonymous")
	default:
		r.SetUnknown(inventory.Unknown{
			Cause: inventory.CauseFailed, Code: "FieldAbsent",
			Action: "DescribeEnvironments", Permission: "elasticbeanstalk:DescribeEnvironments",
		}, "anonymous")
	}
	switch {
	case s.Balancer == "":
		// The proxy on the machine is set in code.
		r.SetUnknown(inventory.Unknown{
			Cause: inventory.CauseFailed, Code: "SetOnMachine", Action: "DescribeConfigurationSettings",
			Permission: "elasticbeanstalk:DescribeConfigurationSettings",
		}, "https_only")
	case s.Balancer == "classic":
		beanstalkTLSFact(r, facts, s.Listeners, "DescribeConfigurationSettings",
			"elasticbeanstalk:DescribeConfigurationSettings")
	case a.Listeners.Unknown() != nil:
		r.SetUnknown(*a.Listeners.Unknown(), "https_only")
	case a.Listeners.Value != nil:
		beanstalkTLSFact(r, facts, *a.Listeners.Value, "DescribeListeners", "elasticloadbalancing:DescribeListeners")
	}
}

// privateAddress says whether a text is an address that the internet does not route.
func privateAddress(text string) bool {
	at, err := netip.ParseAddr(text)
	return err == nil && at.IsPrivate()
}

// beanstalkTLSFact states whether every listener answers over TLS 1.2 or later, or only sends callers there. One that
// does not is enough for a no. A listener that passes TCP through leaves that to the machines.
func beanstalkTLSFact(
	r *inventory.Resource, facts *inventory.ServerlessApp, listeners []beanstalkListener, operation, permission string,
) {
	told := inventory.Unknown{Cause: inventory.CauseFailed, Action: operation, Permission: permission}
	for _, l := range listeners {
		switch {
		case l.Redirects:
		case l.Protocol == "HTTP":
			r.Known("https_only")
			return
		case l.Protocol == "HTTPS" || l.Protocol == "SSL" || l.Protocol == "TLS":
			oldest, certain := oldestTLS(l.Policy)
			if certain && oldest < 1.2 {
				r.Known("https_only")
				return
			}
			if !certain {
				told.Code = "PolicyNotTold"
			}
		default:
			told.Code = "SetOnMachine"
		}
	}
	switch {
	case told.Code != "":
		r.SetUnknown(told, "https_only")
	case len(listeners) == 0:
		told.Code = "FieldAbsent"
		r.SetUnknown(told, "https_only")
	default:
		facts.HTTPSOnly = true
		r.Known("https_only")
	}
}

// oldestTLS is the oldest version that a policy of the provider's accepts, as its name tells. No policy is the first
// that there was.
func oldestTLS(policy string) (oldest float64, certain bool) {
	name, own := strings.CutPrefix(policy, "ELBSecurityPolicy-")
	switch {
	case policy == "":
		return 1.0, true
	case !own:
		return 0, false
	}
	for _, named := range []struct {
		beginning string
		oldest    float64
	}{
		{"TLS13-1-3-", 1.3}, {"TLS13-1-2-", 1.2}, {"TLS13-1-1-", 1.1}, {"TLS13-1-0-", 1.0}, {"TLS-1-2-", 1.2},
		{"TLS-1-1-", 1.1}, {"TLS-1-0-", 1.0}, {"FS-1-2-", 1.2}, {"FS-1-1-", 1.1}, {"FS-2018", 1.0}, {"201", 1.0},
	} {
		if strings.HasPrefix(name, named.beginning) {
			return named.oldest, true
		}
	}
	return 0, false
}
