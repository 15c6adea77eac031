package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.LoadBalancer, loadBalancerAnswers]{
	Kind:  "aws.elbv2.load_balancer",
	Class: inventory.ClassEntryPoint,
	Permissions: []string{
		"elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancerAttributes",
		"elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules",
		"elasticloadbalancing:DescribeListenerAttributes", "elasticloadbalancing:DescribeTags",
		"wafv2:GetWebACLForResource",
	},
	ListAction: "DescribeLoadBalancers", ListPermission: "elasticloadbalancing:DescribeLoadBalancers",
	List: func(ctx context.Context, c *Clients) iter.Seq2[types.LoadBalancer, error] {
		return loadBalancers(ctx, c)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.LoadBalancer, error] {
		return loadBalancers(ctx, c, id)
	},
	Ask:   askLoadBalancer,
	Facts: loadBalancerFacts,
})

// loadBalancerAnswers is all that is said about one application or network load balancer.
type loadBalancerAnswers struct {
	LoadBalancer types.LoadBalancer
	Attributes   collectors.Answer[elbv2.DescribeLoadBalancerAttributesOutput]
	Listeners    collectors.Answer[[]types.Listener]
	Rules        collectors.Answer[[]listenerRules]
	Headers      collectors.Answer[[]listenerAttributes]
	WebFirewall  collectors.Answer[aclRules]
	Tags         collectors.Answer[elbv2.DescribeTagsOutput]
}

// listenerRules are the rules of one listener, the default one included.
type listenerRules struct {
	Listener string
	Rules    []types.Rule
}

// listenerAttributes are the attributes of one listener.
type listenerAttributes struct {
	Listener   string
	Attributes []types.ListenerAttribute
}

func loadBalancers(ctx context.Context, c *Clients, arns ...string) iter.Seq2[types.LoadBalancer, error] {
	p := elbv2.NewDescribeLoadBalancersPaginator(c.ELBV2, &elbv2.DescribeLoadBalancersInput{LoadBalancerArns: arns})
	return gone(paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*elbv2.DescribeLoadBalancersOutput, error) {
			return p.NextPage(ctx)
		},
		func(o *elbv2.DescribeLoadBalancersOutput) []types.LoadBalancer {
			return o.LoadBalancers
		}), "LoadBalancerNotFound")
}

func askLoadBalancer(ctx context.Context, c *Clients, lb types.LoadBalancer) loadBalancerAnswers {
	a := loadBalancerAnswers{LoadBalancer: lb}
	a.Attributes = ask("DescribeLoadBalancerAttributes", "elasticloadbalancing:DescribeLoadBalancerAttributes",
		func() (*elbv2.DescribeLoadBalancerAttributesOutput, error) {
			return c.ELBV2.DescribeLoadBalancerAttributes(ctx, &elbv2.DescribeLoadBalancerAttributesInput{
				LoadBalancerArn: lb.LoadBalancerArn,
			})
		})
	a.Listeners = ask("DescribeListeners", "elasticloadbalancing:DescribeListeners", func() (*[]types.Listener, error) {
		p := elbv2.NewDescribeListenersPaginator(c.ELBV2, &elbv2.DescribeListenersInput{LoadBalancerArn: lb.LoadBalancerArn})
		found, err := gathered(paged(ctx, p.HasMorePages,
			func(ctx context.Context) (*elbv2.DescribeListenersOutput, error) {
				return p.NextPage(ctx)
			},
			func(o *elbv2.DescribeListenersOutput) []types.Listener { return o.Listeners }))
		if found != nil {
			for _, l := range *found {
				withoutClientSecrets(l.DefaultActions)
			}
		}
		return found, err
	})
	a.Tags = askELBV2Tags(ctx, c, lb.LoadBalancerArn)
	if lb.Type == types.LoadBalancerTypeEnumApplication {
		a.WebFirewall = askWebFirewall(ctx, c, lb.LoadBalancerArn)
	}
	// Only listeners of application balancers have rules and headers.
	if lb.Type == types.LoadBalancerTypeEnumApplication && a.Listeners.Value != nil {
		a.Rules = askListenerRules(ctx, c, *a.Listeners.Value)
		a.Headers = askListenerHeaders(ctx, c, *a.Listeners.Value)
	}
	return a
}

func askListenerRules(ctx context.Context, c *Clients, listeners []types.Listener) collectors.Answer[[]listenerRules] {
	return ask("DescribeRules", "elasticloadbalancing:DescribeRules", func() (*[]listenerRules, error) {
		all := []listenerRules{}
		for _, l := range listeners {
			p := elbv2.NewDescribeRulesPaginator(c.ELBV2, &elbv2.DescribeRulesInput{ListenerArn: l.ListenerArn})
			rules, err := gathered(paged(ctx, p.HasMorePages,
				func(ctx context.Context) (*elbv2.DescribeRulesOutput, error) { return p.NextPage(ctx) },
				func(o *elbv2.DescribeRulesOutput) []types.Rule { return o.Rules }))
			if err != nil {
				return nil, err
			}
			for _, rule := range *rules {
				withoutClientSecrets(rule.Actions)
			}
			all = append(all, listenerRules{Listener: aws.ToString(l.ListenerArn), Rules: *rules})
		}
		return &all, nil
	})
}

func askListenerHeaders(ctx context.Context, c *Clients, listeners []types.Listener) collectors.Answer[[]listenerAttributes] {
	return ask("DescribeListenerAttributes", "elasticloadbalancing:DescribeListenerAttributes",
		func() (*[]listenerAttributes, error) {
			all := []listenerAttributes{}
			for _, l := range listeners {
				out, err := c.ELBV2.DescribeListenerAttributes(ctx, &elbv2.DescribeListenerAttributesInput{
					ListenerArn: l.ListenerArn,
				})
				if err != nil {
					return nil, err
				}
				all = append(all, listenerAttributes{Listener: aws.ToString(l.ListenerArn), Attributes: out.Attributes})
			}
			return &all, nil
		})
}

// withoutClientSecrets blanks what a sign-in action may carry: answers are kept as evidence, secrets are not.
func withoutClientSecrets(actions []types.Action) {
	for _, a := range actions {
		if a.AuthenticateOidcConfig != nil {
			a.AuthenticateOidcConfig.ClientSecret = nil
		}
	}
}

// loadBalancerFacts describes nothing for a gateway balancer: that passes packets through appliances inside the network
// and answers no caller.
func loadBalancerFacts(w collectors.Where, a loadBalancerAnswers) *inventory.Resource {
	lb := a.LoadBalancer
	if lb.Type == types.LoadBalancerTypeEnumGateway {
		return nil
	}
	facts := &inventory.EntryPoint{Kind: "load_balancer"}
	r := inventory.New(aws.ToString(lb.LoadBalancerArn), aws.ToString(lb.LoadBalancerName), w.Region, facts)
	defer leftOut(r, "DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers")
	r.Known("kind")
	elbv2Labels(r, a.Tags)
	loadBalancerPlaceFacts(w, r, facts, lb)
	switch lb.Type {
	case types.LoadBalancerTypeEnumApplication:
		facts.HTTP = true
		r.Known("http", "pass_through")
		loadBalancerHeaderFacts(r, facts, a)
		webFirewallFacts(r, facts, a.WebFirewall)
	case types.LoadBalancerTypeEnumNetwork:
		facts.PassThrough = true
		r.Known("http", "pass_through")
		r.SetNotApplicable("it does not speak HTTP", "security_headers", "waf_attached", "waf_blocking")
	}
	r.SetNotApplicable("a balancer is not an API", "authenticated")
	if why := a.Attributes.Unknown(); why != nil {
		r.SetUnknown(*why, "access_logged")
	} else if v, ok := attributeValue(a.Attributes.Value, "access_logs.s3.enabled"); ok {
		facts.AccessLogged = v == "true"
		r.Known("access_logged")
	}
	loadBalancerListenerFacts(w, r, facts, a)
	return r
}

// loadBalancerPlaceFacts states where the balancer stands. Every balancer has a scheme, a network and zones, so what is
// missing from the answer is not known.
func loadBalancerPlaceFacts(
	w collectors.Where, r *inventory.Resource, facts *inventory.EntryPoint, lb types.LoadBalancer,
) {
	if lb.Scheme != "" {
		facts.InternetFacing = lb.Scheme == types.LoadBalancerSchemeEnumInternetFacing
		r.Known("internet_facing")
	}
	if lb.VpcId != nil {
		facts.Network = ec2ARN(w, "vpc", *lb.VpcId)
		r.Known("network")
	}
	if len(lb.AvailabilityZones) > 0 {
		zones := map[string]bool{}
		for _, z := range lb.AvailabilityZones {
			zones[aws.ToString(z.ZoneName)] = true
			if z.SubnetId != nil {
				facts.Subnets = append(facts.Subnets, ec2ARN(w, "subnet", *z.SubnetId))
			}
		}
		facts.MultiZone = len(zones) >= 2
		r.Known("multi_zone", "subnets")
	}
	facts.Firewalls = ec2ARNs(w, "security-group", lb.SecurityGroups)
	facts.DNSName = aws.ToString(lb.DNSName)
	facts.AnswersTo = answersTo(lb.DNSName)
	r.Known("firewalls", "dns_name", "answers_to")
}

// attributeValue finds one of the attributes of a balancer.
func attributeValue(v *elbv2.DescribeLoadBalancerAttributesOutput, key string) (string, bool) {
	if v == nil {
		return "", false
	}
	for _, at := range v.Attributes {
		if aws.ToString(at.Key) == key {
			return aws.ToString(at.Value), true
		}
	}
	return "", false
}

// loadBalancerListenerFacts states what the balancer answers on. Where a listener goes and whether it only redirects
// rests on its rules as well, so without them the listeners are not known.
func loadBalancerListenerFacts(
	w collectors.Where, r *inventory.Resource, facts *inventory.EntryPoint, a loadBalancerAnswers,
) {
	rules := map[string][]types.Rule{}
	if a.LoadBalancer.Type == types.LoadBalancerTypeEnumApplication && a.Listeners.Value != nil {
		if why := a.Rules.Unknown(); why != nil {
			r.SetUnknown(*why, "listeners")
			return
		}
		rules = rulesByListener(a)
	}
	collectors.Know(r, a.Listeners, func(found *[]types.Listener) {
		for _, l := range *found {
			facts.Listeners = append(facts.Listeners, listenerOf(w, l, rules[aws.ToString(l.ListenerArn)]))
		}
	}, "listeners")
}

func rulesByListener(a loadBalancerAnswers) map[string][]types.Rule {
	rules := map[string][]types.Rule{}
	if a.Rules.Value != nil {
		for _, l := range *a.Rules.Value {
			rules[l.Listener] = l.Rules
		}
	}
	return rules
}

func listenerOf(w collectors.Where, l types.Listener, rules []types.Rule) inventory.Listener {
	out := inventory.Listener{Protocol: wireProtocol(string(l.Protocol)), Port: int(aws.ToInt32(l.Port))}
	switch l.Protocol {
	case types.ProtocolEnumHttps, types.ProtocolEnumTls:
		out.TLS, out.Policy = true, tlsPolicyID(w, aws.ToString(l.SslPolicy))
	}
	out.RedirectsToTLS = redirectsToTLS(l, rules)
	seen := map[string]bool{}
	add := func(actions []types.Action) {
		for _, target := range forwardsTo(actions) {
			if !seen[target] {
				seen[target] = true
				out.Targets = append(out.Targets, target)
			}
		}
	}
	add(l.DefaultActions)
	for _, rule := range rules {
		add(rule.Actions)
	}
	return out
}

// redirectsToTLS says that whatever a caller asks for, the listener only sends it on to HTTPS.
func redirectsToTLS(l types.Listener, rules []types.Rule) bool {
	if !onlyRedirects(l.DefaultActions) {
		return false
	}
	for _, rule := range rules {
		if !onlyRedirects(rule.Actions) {
			return false
		}
	}
	return true
}

func onlyRedirects(actions []types.Action) bool {
	for _, a := range actions {
		// A protocol left out, or "#{protocol}", is the one the caller came by.
		if a.Type != types.ActionTypeEnumRedirect || a.RedirectConfig == nil ||
			aws.ToString(a.RedirectConfig.Protocol) != "HTTPS" {
			return false
		}
	}
	return len(actions) > 0
}

func forwardsTo(actions []types.Action) []string {
	var targets []string
	for _, a := range actions {
		if a.TargetGroupArn != nil {
			targets = append(targets, *a.TargetGroupArn)
		}
		if a.ForwardConfig != nil {
			for _, g := range a.ForwardConfig.TargetGroups {
				targets = append(targets, aws.ToString(g.TargetGroupArn))
			}
		}
	}
	return targets
}
