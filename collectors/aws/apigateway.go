package aws

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	v2types "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// apiPermission is the one right by which the service lets its settings be read.
const apiPermission = "apigateway:GET"

// apiDomain is a name of the customer's that leads to some APIs.
type apiDomain struct {
	Name, Policy string
	// Hosts are the provider's names for it.
	Hosts []string `json:",omitempty"`
	// APIs are the ids of the APIs behind it.
	APIs []string `json:",omitempty"`
}

// domainsOf keeps the domains that lead to one API.
func domainsOf(all collectors.Answer[[]apiDomain], api string) collectors.Answer[[]apiDomain] {
	a := passedOn[[]apiDomain](all)
	if all.Value == nil {
		return a
	}
	kept := []apiDomain{}
	for _, d := range *all.Value {
		if contains(d.APIs, api) {
			d.APIs = nil
			kept = append(kept, d)
		}
	}
	a.Value = &kept
	return a
}

// askDomains lists the domains of the older kind of API with what they lead to.
func askDomains(ctx context.Context, c *Clients) collectors.Answer[[]apiDomain] {
	return ask("GetDomainNames", apiPermission, func() (*[]apiDomain, error) {
		out := []apiDomain{}
		p := apigateway.NewGetDomainNamesPaginator(c.APIGateway, &apigateway.GetDomainNamesInput{Limit: aws.Int32(500)})
		for d, err := range listed(ctx, p,
			func(o *apigateway.GetDomainNamesOutput) []apitypes.DomainName { return o.Items }) {
			if err != nil {
				return nil, err
			}
			mappings := apigateway.NewGetBasePathMappingsPaginator(c.APIGateway, &apigateway.GetBasePathMappingsInput{
				DomainName: d.DomainName, DomainNameId: d.DomainNameId,
			})
			apis, err := gathered(listed(ctx, mappings, func(o *apigateway.GetBasePathMappingsOutput) []string {
				ids := make([]string, 0, len(o.Items))
				for _, m := range o.Items {
					ids = append(ids, aws.ToString(m.RestApiId))
				}
				return ids
			}))
			if err != nil {
				return nil, err
			}
			out = append(out, apiDomain{aws.ToString(d.DomainName), string(d.SecurityPolicy),
				answersTo(d.RegionalDomainName, d.DistributionDomainName), *apis})
		}
		return &out, nil
	})
}

// askDomainsV2 lists the domains of the newer kind of API with what they lead to.
func askDomainsV2(ctx context.Context, c *Clients) collectors.Answer[[]apiDomain] {
	return ask("GetDomainNames", apiPermission, func() (*[]apiDomain, error) {
		found, err := tokens(func(token *string) ([]v2types.DomainName, *string, error) {
			out, err := c.APIGatewayV2.GetDomainNames(ctx, &apigatewayv2.GetDomainNamesInput{MaxResults: aws.String(apiPage),
				NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return out.Items, out.NextToken, nil
		})
		if err != nil {
			return nil, err
		}
		out := []apiDomain{}
		for _, d := range *found {
			apis, err := mappedAPIs(ctx, c, d.DomainName)
			if err != nil {
				return nil, err
			}
			kept := apiDomain{Name: aws.ToString(d.DomainName), APIs: *apis}
			for _, conf := range d.DomainNameConfigurations {
				kept.Policy = string(conf.SecurityPolicy)
				kept.Hosts = append(kept.Hosts, answersTo(conf.ApiGatewayDomainName)...)
			}
			out = append(out, kept)
		}
		return &out, nil
	})
}

func mappedAPIs(ctx context.Context, c *Clients, domain *string) (*[]string, error) {
	return tokens(func(token *string) ([]string, *string, error) {
		out, err := c.APIGatewayV2.GetApiMappings(ctx, &apigatewayv2.GetApiMappingsInput{
			DomainName: domain, MaxResults: aws.String(apiPage), NextToken: token,
		})
		if err != nil {
			return nil, nil, err
		}
		ids := make([]string, 0, len(out.Items))
		for _, m := range out.Items {
			ids = append(ids, aws.ToString(m.ApiId))
		}
		return ids, out.NextToken, nil
	})
}

// gatewayPolicy reads a policy by which the service speaks TLS: the oldest version, and whether every suite gives
// forward secrecy. https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-list.html
func gatewayPolicy(policy string) (oldest float64, secret, known bool) {
	switch {
	case policy == string(apitypes.SecurityPolicyTls10):
		return 1.0, false, true
	case policy == string(apitypes.SecurityPolicyTls12), policy == string(v2types.SecurityPolicyTls12):
		return 1.2, false, true
	case strings.HasPrefix(policy, "SecurityPolicy_TLS13_1_3"), strings.HasPrefix(policy, "SecurityPolicy_TLS13_2025"):
		return 1.3, true, true
	case strings.HasPrefix(policy, "SecurityPolicy_TLS13_1_2"), strings.HasPrefix(policy, "SecurityPolicy_TLS12"):
		return 1.2, strings.Contains(policy, "PFS"), true
	}
	return 0, false, false
}

// gatewaySuites stand for the suites without forward secrecy that every policy not made for it accepts.
var gatewaySuites = []string{"AES128-GCM-SHA256", "AES128-SHA256", "AES256-GCM-SHA384", "AES256-SHA256"}

// apiTLSFacts folds the policies an API is reached by. One below TLS 1.2 decides, whatever the others are.
func apiTLSFacts(r *inventory.Resource, facts *inventory.EntryPoint, policies []string, unread *inventory.Unknown) {
	weak, told := false, true
	for _, p := range policies {
		oldest, secret, known := gatewayPolicy(p)
		if !known {
			told = false
			continue
		}
		weak = weak || !secret
		if facts.TLSMinVersion == 0 || oldest < facts.TLSMinVersion {
			facts.TLSMinVersion = oldest
		}
	}
	why := unread
	if why == nil && (!told || len(policies) == 0) {
		why = &inventory.Unknown{Cause: inventory.CauseFailed, Code: "FieldAbsent", Action: "GetDomainNames",
			Permission: apiPermission}
	}
	facts.WeakCiphers = []string{}
	if weak {
		facts.WeakCiphers = slices.Clone(gatewaySuites)
	}
	if why != nil && (facts.TLSMinVersion == 0 || facts.TLSMinVersion >= 1.2) {
		r.SetUnknown(*why, "tls_min_version")
	} else {
		r.Known("tls_min_version")
	}
	if why != nil && !weak {
		r.SetUnknown(*why, "weak_ciphers")
	} else {
		r.Known("weak_ciphers")
	}
}

// apiOrigin is what stands behind a route: a function, an address, or a service of the provider.
type apiOrigin struct {
	Function string `json:",omitempty"`
	Host     string `json:",omitempty"`
	Clear    bool   `json:",omitempty"`
}

// originOf reads the address of an integration. What it asks callers to show stays out.
func originOf(uri string) apiOrigin {
	// arn:aws:apigateway:region:lambda:path/2015-03-31/functions/<function>/invocations
	if _, rest, found := strings.Cut(uri, "/functions/"); found {
		return apiOrigin{Function: unqualified(strings.TrimSuffix(rest, "/invocations"))}
	}
	if parts := splitARN(uri); parts != nil {
		if parts[2] == "lambda" {
			return apiOrigin{Function: unqualified(uri)}
		}
		return apiOrigin{}
	}
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" {
		return apiOrigin{}
	}
	return apiOrigin{Host: u.Hostname(), Clear: strings.EqualFold(u.Scheme, "http")}
}

// unqualified is a function's ARN without version or alias.
func unqualified(arn string) string {
	parts := strings.SplitN(arn, ":", 8)
	if len(parts) < 7 {
		return arn
	}
	return strings.Join(parts[:7], ":")
}

// apiOriginFacts states what stands behind an API, and that it is spoken to in TLS. Functions and services always are.
func apiOriginFacts(r *inventory.Resource, facts *inventory.EntryPoint, origins []apiOrigin) {
	if len(origins) == 0 {
		r.SetNotApplicable("forwards to no origin", "origin_tls")
		r.Known("origins")
		return
	}
	facts.OriginTLS = true
	for _, o := range origins {
		facts.OriginTLS = facts.OriginTLS && !o.Clear
		var p *inventory.Pointer
		switch {
		case strings.Contains(o.Function, "${"), strings.Contains(o.Host, "$"):
			// Which one it is each stage says for itself.
		case o.Function != "":
			p = &inventory.Pointer{Name: shortID(o.Function), Class: inventory.ClassServerlessApp, ID: o.Function}
		case o.Host != "":
			p = pointer(o.Host, o.Host)
		}
		if p != nil && !slices.Contains(facts.Origins, *p) {
			facts.Origins = append(facts.Origins, *p)
		}
	}
	r.Known("origin_tls", "origins")
}

// apiGatewayFacts states what holds for every API of the service.
func apiGatewayFacts(r *inventory.Resource, facts *inventory.EntryPoint) {
	facts.Kind, facts.HTTP, facts.MultiZone = "api_gateway", true, true
	facts.Listeners = []inventory.Listener{{Protocol: "https", Port: 443, TLS: true}}
	r.SetInherent("multi_zone")
	r.SetNotApplicable("an API serves no pages", "security_headers")
	r.Known("kind", "http", "network", "subnets", "firewalls", "pass_through", "listeners")
}

// someTags is nil for no tags, as what is stored reads back.
func someTags(tags map[string]string) map[string]string {
	if len(tags) == 0 {
		return nil
	}
	return tags
}
