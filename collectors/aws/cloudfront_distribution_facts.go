package aws

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func distributionFacts(w collectors.Where, a distributionAnswers) *inventory.Resource {
	d := a.Distribution
	facts := &inventory.EntryPoint{Kind: "cdn", HTTP: true, InternetFacing: d.Enabled, MultiZone: true, DNSName: d.Domain}
	name := d.Comment
	if name == "" {
		name = d.ID
	}
	r := inventory.New(d.ARN, name, collectors.Global, facts)
	defer leftOut(r, "ListDistributions", "cloudfront:ListDistributions")
	// The edge answers from many places.
	r.SetInherent("multi_zone")
	r.SetNotApplicable("serves content, and is no API", "authenticated")
	facts.AnswersTo, facts.Listeners = answersTo(&d.Domain), d.listeners()
	r.Known("kind", "http", "internet_facing", "network", "subnets", "firewalls", "pass_through", "dns_name",
		"answers_to")
	// There is no distribution without a behaviour or an origin: one that tells none was not told whole.
	for _, told := range []struct {
		fact string
		any  bool
	}{{"listeners", len(d.Behaviors) > 0}, {"origins", len(d.Origins) > 0}} {
		if told.any {
			r.Known(told.fact)
		} else {
			r.SetUnknown(a.unsaid(), told.fact)
		}
	}
	for _, o := range d.Origins {
		if p := pointer(o.Domain, o.Domain); p != nil {
			facts.Origins = append(facts.Origins, *p)
		}
	}
	tagFacts(r, a.Tags)
	distributionTLSFacts(r, facts, a)
	webFirewallFacts(r, facts, a.WebFirewall)
	if d.WebACL != "" {
		// The distribution itself says that a firewall stands in front, also when its rules may not be read.
		facts.WAFAttached = true
		r.Known("waf_attached")
	}
	distributionLogFact(r, facts, a)
	distributionHeadersFact(r, facts, a)
	distributionOriginFact(r, facts, a)
	return r
}

// listeners are the ports of the edge. It listens on both unless every behaviour refuses clear text.
func (d distribution) listeners() []inventory.Listener {
	out := []inventory.Listener{{Protocol: "https", Port: 443, TLS: true}}
	clear, redirects := false, true
	for _, b := range d.Behaviors {
		clear = clear || b.Viewers != string(types.ViewerProtocolPolicyHttpsOnly)
		redirects = redirects && b.Viewers != string(types.ViewerProtocolPolicyAllowAll)
	}
	if clear {
		out = append(out, inventory.Listener{Protocol: "http", Port: 80, RedirectsToTLS: redirects})
	}
	return out
}

// unsaid is why something of a distribution is not known: its description was refused, or says nothing of it either.
func (a distributionAnswers) unsaid() inventory.Unknown {
	if why := a.Logged.Unknown(); why != nil {
		return *why
	}
	return inventory.Unknown{Cause: inventory.CauseFailed, Code: "FieldAbsent", Action: "ListDistributions",
		Permission: "cloudfront:ListDistributions"}
}

// edgeSuites are the weak suites of each policy of the edge: those without forward secrecy, and older ones.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html
var edgeSuites = map[string]struct {
	oldest float64
	weak   []string
}{
	"SSLv3":        {0.3, append([]string{"DES-CBC3-SHA", "RC4-MD5"}, staticSuites...)},
	"TLSv1":        {1.0, append([]string{"DES-CBC3-SHA", "RC4-MD5"}, staticSuites...)},
	"TLSv1_2016":   {1.0, staticSuites},
	"TLSv1.1_2016": {1.1, staticSuites},
	"TLSv1.2_2018": {1.2, staticSuites[:3]},
	"TLSv1.2_2019": {1.2, nil},
	"TLSv1.2_2021": {1.2, nil},
	"TLSv1.2_2025": {1.2, nil},
	"TLSv1.3_2025": {1.3, nil},
}

// staticSuites are the suites whose keys are not thrown away after the session.
var staticSuites = []string{"AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA256", "AES256-SHA", "AES128-SHA"}

// distributionTLSFacts reads the policy. Under the provider's own certificate the oldest one applies, whatever is set.
func distributionTLSFacts(r *inventory.Resource, facts *inventory.EntryPoint, a distributionAnswers) {
	d := a.Distribution
	policy := d.MinimumTLS
	if d.DefaultCertificate {
		policy = "TLSv1"
	}
	suites, known := edgeSuites[policy]
	if !known {
		r.SetUnknown(a.unsaid(), "tls_min_version", "weak_ciphers")
		return
	}
	facts.TLSMinVersion, facts.WeakCiphers = suites.oldest, append([]string{}, suites.weak...)
	r.Known("tls_min_version", "weak_ciphers")
}

// distributionLogFact states whether requests are recorded in one of the three ways there are. One is enough for a yes.
func distributionLogFact(r *inventory.Resource, facts *inventory.EntryPoint, a distributionAnswers) {
	realtime := len(a.Distribution.Behaviors) > 0 &&
		!slices.ContainsFunc(a.Distribution.Behaviors, func(b behavior) bool { return !b.RealtimeLogged })
	facts.AccessLogged = realtime || a.Logged.Value != nil && *a.Logged.Value || a.Delivered.Value != nil &&
		*a.Delivered.Value
	why := a.Logged.Unknown()
	if why == nil {
		why = a.Delivered.Unknown()
	}
	if why != nil && !facts.AccessLogged {
		r.SetUnknown(*why, "access_logged")
		return
	}
	r.Known("access_logged")
}

// askHeaders reads which of the headers that checks ask for a policy sets or removes.
func askHeaders(ctx context.Context, c *Clients, id string) collectors.Answer[[]string] {
	return ask("GetResponseHeadersPolicy", "cloudfront:GetResponseHeadersPolicy", func() (*[]string, error) {
		out, err := c.CloudFront.GetResponseHeadersPolicy(ctx, &cloudfront.GetResponseHeadersPolicyInput{Id: aws.String(id)})
		if err != nil {
			return nil, err
		}
		set := []string{}
		if p := out.ResponseHeadersPolicy; p != nil && p.ResponseHeadersPolicyConfig != nil {
			set = headersOf(p.ResponseHeadersPolicyConfig)
		}
		return &set, nil
	})
}

func headersOf(p *types.ResponseHeadersPolicyConfig) []string {
	set := map[string]bool{}
	policy := func(value string) {
		set["content-security-policy"] = set["content-security-policy"] || value != ""
		set["frame-options"] = set["frame-options"] || strings.Contains(strings.ToLower(value), "frame-ancestors")
	}
	if s := p.SecurityHeadersConfig; s != nil {
		if s.ContentSecurityPolicy != nil {
			policy(aws.ToString(s.ContentSecurityPolicy.ContentSecurityPolicy))
		}
		set["frame-options"] = set["frame-options"] || s.FrameOptions != nil
		set["strict-transport-security"] = s.StrictTransportSecurity != nil
	}
	if p.CustomHeadersConfig != nil {
		for _, h := range p.CustomHeadersConfig.Items {
			switch strings.ToLower(aws.ToString(h.Header)) {
			case "content-security-policy":
				policy(aws.ToString(h.Value))
			case "x-frame-options":
				set["frame-options"] = true
			case "strict-transport-security":
				set["strict-transport-security"] = true
			}
		}
	}
	if p.RemoveHeadersConfig != nil {
		for _, h := range p.RemoveHeadersConfig.Items {
			set["server-removed"] = set["server-removed"] || strings.EqualFold(aws.ToString(h.Header), "server")
		}
	}
	return edgeHeaders(set)
}

// edgeHeaders lists the headers of a set in the order of their names.
func edgeHeaders(set map[string]bool) []string {
	out := []string{}
	for _, h := range []string{"content-security-policy", "frame-options", "server-removed", "strict-transport-security"} {
		if set[h] {
			out = append(out, h)
		}
	}
	return out
}

// distributionHeadersFact states the headers that every behaviour sets.
func distributionHeadersFact(r *inventory.Resource, facts *inventory.EntryPoint, a distributionAnswers) {
	common := map[string]bool{
		"content-security-policy": true, "frame-options": true, "server-removed": true, "strict-transport-security": true,
	}
	var why *inventory.Unknown
	for _, b := range a.Distribution.Behaviors {
		policy := a.Headers[b.HeadersPolicy]
		if b.HeadersPolicy != "" && policy.Unknown() != nil {
			why = policy.Unknown()
			continue
		}
		for h := range common {
			common[h] = common[h] && policy.Value != nil && slices.Contains(*policy.Value, h)
		}
	}
	facts.SecurityHeaders = edgeHeaders(common)
	switch {
	case len(a.Distribution.Behaviors) == 0:
	case why != nil && len(facts.SecurityHeaders) > 0:
		r.SetUnknown(*why, "security_headers")
	default:
		r.Known("security_headers")
	}
}

// distributionOriginFact states whether every origin is spoken to in TLS: by its own setting, or because the viewer is.
func distributionOriginFact(r *inventory.Resource, facts *inventory.EntryPoint, a distributionAnswers) {
	const name = "origin_tls"
	viewers := !slices.ContainsFunc(a.Distribution.Behaviors, func(b behavior) bool {
		return b.Viewers != string(types.ViewerProtocolPolicyHttpsOnly) &&
			b.Viewers != string(types.ViewerProtocolPolicyRedirectToHttps)
	})
	var why *inventory.Unknown
	for _, o := range a.Distribution.Origins {
		protocol := o.Protocol
		if o.VPCOrigin != "" {
			asked := a.VPCOrigins[o.VPCOrigin]
			if asked.Value == nil || *asked.Value == "" {
				why = &inventory.Unknown{Cause: inventory.CauseFailed, Code: "FieldAbsent", Action: "GetVpcOrigin",
					Permission: "cloudfront:GetVpcOrigin"}
				if asked.Unknown() != nil {
					why = asked.Unknown()
				}
				continue
			}
			protocol = *asked.Value
		}
		encrypted := protocol == string(types.OriginProtocolPolicyHttpsOnly) ||
			protocol == "" && (o.Signed || viewers) || protocol == string(types.OriginProtocolPolicyMatchViewer) && viewers
		if !encrypted {
			r.Known(name)
			return
		}
	}
	switch {
	case len(a.Distribution.Origins) == 0:
		r.SetUnknown(a.unsaid(), name)
	case why != nil:
		r.SetUnknown(*why, name)
	default:
		facts.OriginTLS = true
		r.Known(name)
	}
}
