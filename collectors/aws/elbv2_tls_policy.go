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

// The policies are the provider's own and the same in every region, so they are listed once.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.SslPolicy, types.SslPolicy]{
	Kind:        "aws.elbv2.tls_policy",
	Class:       inventory.ClassTLSPolicy,
	Permissions: []string{"elasticloadbalancing:DescribeSSLPolicies"},
	ListAction:  "DescribeSSLPolicies", ListPermission: "elasticloadbalancing:DescribeSSLPolicies",
	Global:   true,
	NoLabels: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[types.SslPolicy, error] {
		return tlsPolicies(ctx, c)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.SslPolicy, error] {
		return gone(tlsPolicies(ctx, c, shortID(id)), "SSLPolicyNotFound")
	},
	Facts: tlsPolicyFacts,
})

// tlsPolicies follows the marker by hand: the SDK has no paginator for this listing.
func tlsPolicies(ctx context.Context, c *Clients, names ...string) iter.Seq2[types.SslPolicy, error] {
	in := &elbv2.DescribeSSLPoliciesInput{Names: names}
	more := true
	return paged(ctx, func() bool { return more },
		func(ctx context.Context) (*elbv2.DescribeSSLPoliciesOutput, error) {
			out, err := c.ELBV2.DescribeSSLPolicies(ctx, in)
			if err != nil {
				return nil, err
			}
			in.Marker = out.NextMarker
			more = aws.ToString(out.NextMarker) != ""
			return out, nil
		},
		func(o *elbv2.DescribeSSLPoliciesOutput) []types.SslPolicy { return o.SslPolicies })
}

// tlsVersions are the numbers of the protocol names that balancers and databases use. SSL is older than any TLS.
var tlsVersions = map[string]float64{
	"Protocol-SSLv2": 0.2, "SSLv2": 0.2, "Protocol-SSLv3": 0.3, "SSLv3": 0.3,
	"Protocol-TLSv1": 1.0, "TLSv1": 1.0, "TLSv1.0": 1.0, "Protocol-TLSv1.1": 1.1, "TLSv1.1": 1.1,
	"Protocol-TLSv1.2": 1.2, "TLSv1.2": 1.2, "TLSv1.3": 1.3,
}

func tlsPolicyFacts(w collectors.Where, p types.SslPolicy) *inventory.Resource {
	facts := &inventory.TLSPolicy{}
	name := aws.ToString(p.Name)
	r := inventory.New(tlsPolicyID(w, name), name, w.Region, facts)
	defer leftOut(r, "DescribeSSLPolicies", "elasticloadbalancing:DescribeSSLPolicies")
	readable := len(p.SslProtocols) > 0
	for _, protocol := range p.SslProtocols {
		v, ok := tlsVersions[protocol]
		readable = readable && ok
		facts.Versions = append(facts.Versions, v)
	}
	// A version nobody heard of may be older or newer than all others, so the whole list is left unknown.
	if readable {
		r.Known("versions")
	} else {
		facts.Versions = nil
	}
	if len(p.Ciphers) > 0 {
		for _, c := range p.Ciphers {
			facts.Suites = append(facts.Suites, aws.ToString(c.Name))
		}
		r.Known("suites")
	}
	return r
}
