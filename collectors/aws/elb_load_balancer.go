package aws

import (
	"context"
	"iter"
	"sort"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.LoadBalancerDescription, classicBalancerAnswers]{
	Kind:  "aws.elb.load_balancer",
	Class: inventory.ClassEntryPoint,
	Permissions: []string{
		"elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancerAttributes",
		"elasticloadbalancing:DescribeLoadBalancerPolicies", "elasticloadbalancing:DescribeTags",
	},
	ListAction: "DescribeLoadBalancers", ListPermission: "elasticloadbalancing:DescribeLoadBalancers",
	List: func(ctx context.Context, c *Clients) iter.Seq2[types.LoadBalancerDescription, error] {
		return classicBalancers(ctx, c)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.LoadBalancerDescription, error] {
		return classicBalancers(ctx, c, shortID(id))
	},
	Ask:   askClassicBalancer,
	Facts: classicBalancerFacts,
})

// classicBalancerAnswers is all that is said about one load balancer of the first generation.
type classicBalancerAnswers struct {
	LoadBalancer types.LoadBalancerDescription
	Attributes   collectors.Answer[elb.DescribeLoadBalancerAttributesOutput]
	Policies     collectors.Answer[elb.DescribeLoadBalancerPoliciesOutput]
	Tags         collectors.Answer[elb.DescribeTagsOutput]
}

func classicBalancers(ctx context.Context, c *Clients, names ...string) iter.Seq2[types.LoadBalancerDescription, error] {
	p := elb.NewDescribeLoadBalancersPaginator(c.ELB, &elb.DescribeLoadBalancersInput{LoadBalancerNames: names})
	return gone(paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*elb.DescribeLoadBalancersOutput, error) {
			return p.NextPage(ctx)
		},
		func(o *elb.DescribeLoadBalancersOutput) []types.LoadBalancerDescription {
			return o.LoadBalancerDescriptions
		}), "LoadBalancerNotFound")
}

func askClassicBalancer(ctx context.Context, c *Clients, lb types.LoadBalancerDescription) classicBalancerAnswers {
	a := classicBalancerAnswers{LoadBalancer: lb}
	a.Attributes = ask("DescribeLoadBalancerAttributes", "elasticloadbalancing:DescribeLoadBalancerAttributes",
		func() (*elb.DescribeLoadBalancerAttributesOutput, error) {
			return c.ELB.DescribeLoadBalancerAttributes(ctx, &elb.DescribeLoadBalancerAttributesInput{
				LoadBalancerName: lb.LoadBalancerName,
			})
		})
	a.Policies = ask("DescribeLoadBalancerPolicies", "elasticloadbalancing:DescribeLoadBalancerPolicies",
		func() (*elb.DescribeLoadBalancerPoliciesOutput, error) {
			return c.ELB.DescribeLoadBalancerPolicies(ctx, &elb.DescribeLoadBalancerPoliciesInput{
				LoadBalancerName: lb.LoadBalancerName,
			})
		})
	a.Tags = ask("DescribeTags", "elasticloadbalancing:DescribeTags", func() (*elb.DescribeTagsOutput, error) {
		return c.ELB.DescribeTags(ctx, &elb.DescribeTagsInput{LoadBalancerNames: []string{aws.ToString(lb.LoadBalancerName)}})
	})
	return a
}

// classicID is the ARN of a classic balancer, which the API itself does not give.
func classicID(w collectors.Where, name string) string {
	return arn(w, "elasticloadbalancing", "loadbalancer/"+name)
}

func classicBalancerFacts(w collectors.Where, a classicBalancerAnswers) *inventory.Resource {
	lb := a.LoadBalancer
	name := aws.ToString(lb.LoadBalancerName)
	facts := &inventory.EntryPoint{Kind: "load_balancer"}
	r := inventory.New(classicID(w, name), name, w.Region, facts)
	defer leftOut(r, "DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers")
	// A classic balancer opens a connection of its own to the machine, also for TCP, and cannot add response headers.
	r.Known("kind", "pass_through", "security_headers")
	r.SetNotApplicable("a balancer is not an API", "authenticated")
	collectors.Know(r, a.Tags, func(v *elb.DescribeTagsOutput) {
		if v == nil {
			return
		}
		for _, d := range v.TagDescriptions {
			r.Labels = labels(d.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
		}
	}, "labels_read")
	if lb.Scheme != nil {
		facts.InternetFacing = *lb.Scheme == "internet-facing"
		r.Known("internet_facing")
	}
	if lb.VPCId != nil {
		facts.Network = ec2ARN(w, "vpc", *lb.VPCId)
		r.Known("network")
	}
	if len(lb.AvailabilityZones) > 0 {
		facts.MultiZone = len(lb.AvailabilityZones) >= 2
		r.Known("multi_zone")
	}
	facts.Subnets = ec2ARNs(w, "subnet", lb.Subnets)
	facts.Firewalls = ec2ARNs(w, "security-group", lb.SecurityGroups)
	facts.DNSName = aws.ToString(lb.DNSName)
	facts.AnswersTo = answersTo(lb.DNSName)
	r.Known("subnets", "firewalls", "dns_name", "answers_to")
	classicLogFact(r, facts, a)
	classicListenerFacts(w, r, facts, a)
	return r
}

func classicLogFact(r *inventory.Resource, facts *inventory.EntryPoint, a classicBalancerAnswers) {
	if why := a.Attributes.Unknown(); why != nil {
		r.SetUnknown(*why, "access_logged")
		return
	}
	v := a.Attributes.Value
	if v == nil || v.LoadBalancerAttributes == nil || v.LoadBalancerAttributes.AccessLog == nil {
		return
	}
	facts.AccessLogged = v.LoadBalancerAttributes.AccessLog.Enabled
	r.Known("access_logged")
}

// classicListenerFacts states what the balancer answers on, and which TLS its own policies accept. A balancer without
// any TLS listener is left to the derived facts, as for every other entry point.
func classicListenerFacts(
	w collectors.Where, r *inventory.Resource, facts *inventory.EntryPoint, a classicBalancerAnswers,
) {
	var policies []string
	negotiates, complete := false, true
	for _, d := range a.LoadBalancer.ListenerDescriptions {
		if d.Listener == nil {
			continue
		}
		l := inventory.Listener{
			Protocol: wireProtocol(aws.ToString(d.Listener.Protocol)), Port: int(d.Listener.LoadBalancerPort),
			Targets: []string{registeredID(w, aws.ToString(a.LoadBalancer.LoadBalancerName), *d.Listener)},
		}
		facts.HTTP = facts.HTTP || l.Protocol == "http" || l.Protocol == "https"
		if l.Protocol == "https" || l.Protocol == "tls" {
			l.TLS, negotiates = true, true
			complete = complete && len(d.PolicyNames) > 0
			policies = append(policies, d.PolicyNames...)
		}
		facts.Listeners = append(facts.Listeners, l)
	}
	r.Known("listeners", "http")
	switch why := a.Policies.Unknown(); {
	case !negotiates:
	case why != nil:
		r.SetUnknown(*why, "tls_min_version", "weak_ciphers")
	case complete && a.Policies.Value != nil:
		classicTLSFacts(r, facts, a.Policies.Value.PolicyDescriptions, policies)
	}
}

// classicTLSFacts reads the negotiation policies the listeners use. Each lists every protocol and suite it knows with
// "true" or "false"; one that names no protocol says nothing.
func classicTLSFacts(r *inventory.Resource, facts *inventory.EntryPoint, all []types.PolicyDescription, used []string) {
	lowest, weak := 0.0, map[string]bool{}
	for _, name := range used {
		p := policyNamed(all, name)
		if p == nil {
			return
		}
		if aws.ToString(p.PolicyTypeName) != "SSLNegotiationPolicyType" {
			continue
		}
		own := 0.0
		for _, at := range p.PolicyAttributeDescriptions {
			if aws.ToString(at.AttributeValue) != "true" {
				continue
			}
			key := aws.ToString(at.AttributeName)
			if v, ok := tlsVersions[key]; ok && (own == 0 || v < own) {
				own = v
			}
			if isSuite(key) && weakSuite(key) {
				weak[key] = true
			}
		}
		if own == 0 {
			return
		}
		if lowest == 0 || own < lowest {
			lowest = own
		}
	}
	if lowest == 0 {
		return
	}
	facts.TLSMinVersion = lowest
	for suite := range weak {
		facts.WeakCiphers = append(facts.WeakCiphers, suite)
	}
	sort.Strings(facts.WeakCiphers)
	r.Known("tls_min_version", "weak_ciphers")
}

func policyNamed(all []types.PolicyDescription, name string) *types.PolicyDescription {
	for i := range all {
		if aws.ToString(all[i].PolicyName) == name {
			return &all[i]
		}
	}
	return nil
}

// isSuite tells the suites among the attributes of a negotiation policy from its protocols and options.
func isSuite(attribute string) bool {
	return !strings.HasPrefix(attribute, "Protocol-") &&
		attribute != "Server-Defined-Cipher-Order" && attribute != "Reference-Security-Policy"
}

// weakSuite says whether a suite, by its OpenSSL name, has a broken or anonymous part or lacks forward secrecy.
func weakSuite(name string) bool {
	upper := strings.ToUpper(name)
	for _, part := range []string{"RC4", "RC2", "3DES", "DES-CBC", "NULL", "EXP-", "EXPORT", "MD5", "ADH-", "AECDH-", "ANON"} {
		if strings.Contains(upper, part) {
			return true
		}
	}
	for _, prefix := range []string{"ECDHE-", "DHE-", "EDH-", "TLS_AES_", "TLS_CHACHA20_"} {
		if strings.HasPrefix(upper, prefix) {
			return false
		}
	}
	return true
}
