package aws

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	waftypes "github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, distributionItem, distributionAnswers]{
	Kind:  "aws.cloudfront.distribution",
	Class: inventory.ClassEntryPoint,
	Permissions: []string{
		"cloudfront:ListDistributions", "cloudfront:GetDistributionConfig", "cloudfront:GetResponseHeadersPolicy",
		"cloudfront:GetVpcOrigin", "cloudfront:ListTagsForResource", "logs:DescribeDeliverySources", "wafv2:GetWebACL",
	},
	ListAction: "ListDistributions", ListPermission: "cloudfront:ListDistributions",
	Global: true,
	List:   listDistributions,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[distributionItem, error] {
		return only(listDistributions(ctx, c), func(i distributionItem) bool { return i.distribution.ARN == id })
	},
	Ask:   askDistribution,
	Facts: distributionFacts,
})

// distributionItem is a distribution with what its listing remembers.
type distributionItem struct {
	distribution distribution
	listing      *edgeListing
}

// edgeListing is asked once for all distributions.
type edgeListing struct {
	headers    once[[]string]
	vpcOrigins once[string]
	firewalls  once[aclRules]
	deliveries once[[]string]
}

// distribution is what is kept of what the listing says. The headers that are sent to origins stay out: they carry
// shared secrets.
type distribution struct {
	ARN, ID, Domain, Comment string
	Enabled                  bool `json:",omitempty"`
	DefaultCertificate       bool `json:",omitempty"`
	MinimumTLS, WebACL       string
	Behaviors                []behavior
	Origins                  []edgeOrigin
}

// behavior is how requests for some paths are served.
type behavior struct {
	Viewers        string
	HeadersPolicy  string `json:",omitempty"`
	RealtimeLogged bool   `json:",omitempty"`
}

// edgeOrigin is where a distribution gets content from. Protocol is empty for a store, which is spoken to as the viewer
// speaks.
type edgeOrigin struct {
	Domain    string
	Protocol  string `json:",omitempty"`
	Signed    bool   `json:",omitempty"`
	VPCOrigin string `json:",omitempty"`
}

// distributionAnswers is all that is said about one distribution.
type distributionAnswers struct {
	Distribution distribution
	Logged       collectors.Answer[bool]
	// Delivered says whether its records are delivered in the newer way.
	Delivered   collectors.Answer[bool]
	Headers     map[string]collectors.Answer[[]string] `json:",omitempty"`
	VPCOrigins  map[string]collectors.Answer[string]   `json:",omitempty"`
	WebFirewall collectors.Answer[aclRules]
	Tags        collectors.Answer[map[string]string]
}

func listDistributions(ctx context.Context, c *Clients) iter.Seq2[distributionItem, error] {
	l := &edgeListing{}
	p := cloudfront.NewListDistributionsPaginator(c.CloudFront,
		&cloudfront.ListDistributionsInput{MaxItems: aws.Int32(100)})
	return listed(ctx, p, func(o *cloudfront.ListDistributionsOutput) []distributionItem {
		if o.DistributionList == nil {
			return nil
		}
		items := make([]distributionItem, 0, len(o.DistributionList.Items))
		for _, d := range o.DistributionList.Items {
			items = append(items, distributionItem{narrowDistribution(d), l})
		}
		return items
	})
}

func narrowDistribution(d types.DistributionSummary) distribution {
	out := distribution{
		ARN: aws.ToString(d.ARN), ID: aws.ToString(d.Id), Domain: aws.ToString(d.DomainName),
		Comment: aws.ToString(d.Comment),
		Enabled: aws.ToBool(d.Enabled), WebACL: aws.ToString(d.WebACLId),
	}
	out.serves(d.ViewerCertificate, d.DefaultCacheBehavior, d.CacheBehaviors, d.Origins)
	return out
}

// serves keeps how viewers and origins are spoken to, which the listing and the description word alike.
func (d *distribution) serves(
	v *types.ViewerCertificate, first *types.DefaultCacheBehavior, more *types.CacheBehaviors, origins *types.Origins,
) {
	if v != nil {
		d.DefaultCertificate, d.MinimumTLS = aws.ToBool(v.CloudFrontDefaultCertificate), string(v.MinimumProtocolVersion)
	}
	if first != nil {
		d.Behaviors = []behavior{{string(first.ViewerProtocolPolicy), aws.ToString(first.ResponseHeadersPolicyId),
			aws.ToString(first.RealtimeLogConfigArn) != ""}}
	}
	if more != nil {
		for _, b := range more.Items {
			d.Behaviors = append(d.Behaviors, behavior{string(b.ViewerProtocolPolicy), aws.ToString(b.ResponseHeadersPolicyId),
				aws.ToString(b.RealtimeLogConfigArn) != ""})
		}
	}
	if origins == nil {
		return
	}
	d.Origins = nil
	for _, o := range origins.Items {
		kept := edgeOrigin{Domain: aws.ToString(o.DomainName), Signed: aws.ToString(o.OriginAccessControlId) != ""}
		if o.CustomOriginConfig != nil {
			kept.Protocol = string(o.CustomOriginConfig.OriginProtocolPolicy)
		}
		if o.VpcOriginConfig != nil {
			kept.VPCOrigin = aws.ToString(o.VpcOriginConfig.VpcOriginId)
		}
		d.Origins = append(d.Origins, kept)
	}
}

func askDistribution(ctx context.Context, c *Clients, i distributionItem) distributionAnswers {
	d, l := i.distribution, i.listing
	a := distributionAnswers{Distribution: d, Headers: map[string]collectors.Answer[[]string]{},
		VPCOrigins: map[string]collectors.Answer[string]{}}
	a.Logged = ask("GetDistributionConfig", "cloudfront:GetDistributionConfig", func() (*bool, error) {
		out, err := c.CloudFront.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: aws.String(d.ID)})
		if err != nil {
			return nil, err
		}
		conf := out.DistributionConfig
		if conf == nil {
			return nil, unreadable("the distribution is not told")
		}
		// What the listing leaves out the description tells.
		d.serves(conf.ViewerCertificate, conf.DefaultCacheBehavior, conf.CacheBehaviors, conf.Origins)
		logged := conf.Logging != nil && aws.ToBool(conf.Logging.Enabled)
		return &logged, nil
	})
	a.Distribution = d
	deliveries := l.deliveries.ask("", func() collectors.Answer[[]string] { return askDeliveries(ctx, c) })
	a.Delivered = passedOn[bool](deliveries)
	if deliveries.Value != nil {
		a.Delivered.Value = aws.Bool(contains(*deliveries.Value, d.ARN))
	}
	for _, b := range d.Behaviors {
		if id := b.HeadersPolicy; id != "" {
			a.Headers[id] = l.headers.ask(id, func() collectors.Answer[[]string] { return askHeaders(ctx, c, id) })
		}
	}
	for _, o := range d.Origins {
		if id := o.VPCOrigin; id != "" {
			a.VPCOrigins[id] = l.vpcOrigins.ask(id, func() collectors.Answer[string] { return askVPCOrigin(ctx, c, id) })
		}
	}
	a.WebFirewall = l.firewalls.ask(d.WebACL,
		func() collectors.Answer[aclRules] { return askEdgeFirewall(ctx, c, d.WebACL) })
	a.Tags = ask("ListTagsForResource", "cloudfront:ListTagsForResource", func() (*map[string]string, error) {
		out, err := c.CloudFront.ListTagsForResource(ctx, &cloudfront.ListTagsForResourceInput{Resource: aws.String(d.ARN)})
		if err != nil {
			return nil, err
		}
		tags := map[string]string{}
		if out.Tags != nil {
			tags = labels(out.Tags.Items, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
		}
		return &tags, nil
	})
	return a
}

// askDeliveries lists the distributions whose requests are recorded by way of the log service, in the region where it
// knows of content delivery.
func askDeliveries(ctx context.Context, c *Clients) collectors.Answer[[]string] {
	return ask("DescribeDeliverySources", "logs:DescribeDeliverySources", func() (*[]string, error) {
		p := cloudwatchlogs.NewDescribeDeliverySourcesPaginator(c.Logs, &cloudwatchlogs.DescribeDeliverySourcesInput{})
		arns := []string{}
		for p.HasMorePages() {
			page, err := p.NextPage(ctx, func(o *cloudwatchlogs.Options) { o.Region = edgeRegion })
			if err != nil {
				return nil, err
			}
			for _, s := range page.DeliverySources {
				if s.Status == "" || s.Status == logtypes.DeliverySourceStatusActive {
					arns = append(arns, s.ResourceArns...)
				}
			}
		}
		return &arns, nil
	})
}

// askVPCOrigin asks by which protocol an origin inside a network is spoken to.
func askVPCOrigin(ctx context.Context, c *Clients, id string) collectors.Answer[string] {
	return ask("GetVpcOrigin", "cloudfront:GetVpcOrigin", func() (*string, error) {
		out, err := c.CloudFront.GetVpcOrigin(ctx, &cloudfront.GetVpcOriginInput{Id: aws.String(id)})
		if err != nil {
			return nil, err
		}
		protocol := ""
		if out.VpcOrigin != nil && out.VpcOrigin.VpcOriginEndpointConfig != nil {
			protocol = string(out.VpcOrigin.VpcOriginEndpointConfig.OriginProtocolPolicy)
		}
		return &protocol, nil
	})
}

// askEdgeFirewall reads the web firewall a distribution names. One of the first generation is named by a bare id and
// has no rules that a vendor maintains by itself.
func askEdgeFirewall(ctx context.Context, c *Clients, arn string) collectors.Answer[aclRules] {
	return ask("GetWebACL", "wafv2:GetWebACL", func() (*aclRules, error) {
		if arn == "" {
			return nil, collectors.ErrAbsent
		}
		item, ok := webACLNamed(arn)
		if !ok {
			return &aclRules{}, nil
		}
		out, err := getWebACL(ctx, c, item)
		if err != nil {
			return nil, err
		}
		return rulesOf(out.WebACL), nil
	})
}

// webACLNamed reads scope, name and id from the ARN of a web firewall.
func webACLNamed(arn string) (webACLItem, bool) {
	parts := strings.Split(resourcePart(arn), "/")
	if splitARN(arn) == nil || len(parts) != 4 {
		return webACLItem{}, false
	}
	item := webACLItem{ARN: arn, Name: parts[2], ID: parts[3], Scope: waftypes.ScopeRegional}
	if parts[0] == "global" {
		item.Scope = waftypes.ScopeCloudfront
	}
	return item, true
}
