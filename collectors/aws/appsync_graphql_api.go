package aws

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/appsync"
	"github.com/aws/aws-sdk-go-v2/service/appsync/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, graphAPIItem, graphAPIAnswers]{
	Kind:  "aws.appsync.graphql_api",
	Class: inventory.ClassEntryPoint,
	Permissions: []string{
		"appsync:ListGraphqlApis", "appsync:ListDataSources", "appsync:ListDomainNames", "appsync:GetApiAssociation",
		"wafv2:GetWebACL",
	},
	ListAction: "ListGraphqlApis", ListPermission: "appsync:ListGraphqlApis",
	List: listGraphAPIs,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[graphAPIItem, error] {
		return only(listGraphAPIs(ctx, c), func(i graphAPIItem) bool { return i.api.ARN == id })
	},
	Ask:   askGraphAPI,
	Facts: graphAPIFacts,
})

// graphAPIItem is an API with what is asked once for its region.
type graphAPIItem struct {
	api       graphAPI
	domains   *once[[]apiDomain]
	firewalls *once[aclRules]
}

// graphAPI is what is kept of what the listing says.
type graphAPI struct {
	ID, ARN, Name string
	Host          string `json:",omitempty"`
	// Ways are the ways by which callers may show who they are.
	Ways    []string
	Private bool              `json:",omitempty"`
	Logged  bool              `json:",omitempty"`
	WebACL  string            `json:",omitempty"`
	Tags    map[string]string `json:",omitempty"`
}

// graphAPIAnswers is all that is said about one API.
type graphAPIAnswers struct {
	API         graphAPI
	WebFirewall collectors.Answer[aclRules]
	Origins     collectors.Answer[[]apiOrigin]
	Domains     collectors.Answer[[]apiDomain]
}

func listGraphAPIs(ctx context.Context, c *Clients) iter.Seq2[graphAPIItem, error] {
	domains, firewalls := &once[[]apiDomain]{}, &once[aclRules]{}
	p := appsync.NewListGraphqlApisPaginator(c.AppSync, &appsync.ListGraphqlApisInput{MaxResults: 25})
	return listed(ctx, p, func(o *appsync.ListGraphqlApisOutput) []graphAPIItem {
		items := make([]graphAPIItem, len(o.GraphqlApis))
		for i, a := range o.GraphqlApis {
			items[i] = graphAPIItem{narrowGraphAPI(a), domains, firewalls}
		}
		return items
	})
}

func narrowGraphAPI(a types.GraphqlApi) graphAPI {
	api := graphAPI{
		ID: aws.ToString(a.ApiId), ARN: aws.ToString(a.Arn), Name: aws.ToString(a.Name),
		Private: a.Visibility == types.GraphQLApiVisibilityPrivate, WebACL: aws.ToString(a.WafWebAclArn), Tags: someTags(a.Tags),
		Logged: a.LogConfig != nil && a.LogConfig.FieldLogLevel != types.FieldLogLevelNone,
	}
	if u, err := url.Parse(a.Uris["GRAPHQL"]); err == nil {
		api.Host = strings.ToLower(u.Hostname())
	}
	if a.AuthenticationType != "" {
		api.Ways = append(api.Ways, string(a.AuthenticationType))
		for _, also := range a.AdditionalAuthenticationProviders {
			api.Ways = append(api.Ways, string(also.AuthenticationType))
		}
	}
	return api
}

func askGraphAPI(ctx context.Context, c *Clients, i graphAPIItem) graphAPIAnswers {
	a := graphAPIAnswers{API: i.api}
	a.WebFirewall = i.firewalls.ask(i.api.WebACL,
		func() collectors.Answer[aclRules] { return askEdgeFirewall(ctx, c, i.api.WebACL) })
	a.Origins = ask("ListDataSources", "appsync:ListDataSources", func() (*[]apiOrigin, error) {
		p := appsync.NewListDataSourcesPaginator(c.AppSync, &appsync.ListDataSourcesInput{ApiId: aws.String(i.api.ID), MaxResults: 25})
		return gathered(listed(ctx, p, func(o *appsync.ListDataSourcesOutput) []apiOrigin { return graphOrigins(o.DataSources) }))
	})
	a.Domains = domainsOf(i.domains.ask("",
		func() collectors.Answer[[]apiDomain] { return askGraphDomains(ctx, c) }), i.api.ID)
	return a
}

// graphOrigins reads what stands behind an API. Only one of the kind HTTP can be spoken to in clear text.
func graphOrigins(sources []types.DataSource) []apiOrigin {
	var out []apiOrigin
	for _, s := range sources {
		switch {
		case s.Type == types.DataSourceTypeNone:
		case s.LambdaConfig != nil:
			out = append(out, originOf(aws.ToString(s.LambdaConfig.LambdaFunctionArn)))
		case s.HttpConfig != nil:
			out = append(out, originOf(aws.ToString(s.HttpConfig.Endpoint)))
		default:
			out = append(out, apiOrigin{})
		}
	}
	return out
}

// askGraphDomains lists the names of the region's APIs beside their own, each with the API it leads to.
func askGraphDomains(ctx context.Context, c *Clients) collectors.Answer[[]apiDomain] {
	const permission = "appsync:ListDomainNames"
	return ask("ListDomainNames", permission, func() (*[]apiDomain, error) {
		p := appsync.NewListDomainNamesPaginator(c.AppSync, &appsync.ListDomainNamesInput{MaxResults: 25})
		found, err := gathered(listed(ctx, p, func(o *appsync.ListDomainNamesOutput) []types.DomainNameConfig { return o.DomainNameConfigs }))
		if err != nil {
			return nil, err
		}
		out := []apiDomain{}
		for _, d := range *found {
			said, err := c.AppSync.GetApiAssociation(ctx, &appsync.GetApiAssociationInput{DomainName: d.DomainName})
			err = absent(err, "NotFoundException")
			if errors.Is(err, collectors.ErrAbsent) {
				continue
			}
			if err != nil {
				return nil, during("GetApiAssociation", "appsync:GetApiAssociation", err)
			}
			domain := apiDomain{Name: aws.ToString(d.DomainName), Hosts: answersTo(d.AppsyncDomainName)}
			if said.ApiAssociation != nil {
				domain.APIs = []string{aws.ToString(said.ApiAssociation.ApiId)}
			}
			out = append(out, domain)
		}
		return &out, nil
	})
}

func graphAPIFacts(w collectors.Where, a graphAPIAnswers) *inventory.Resource {
	facts := &inventory.EntryPoint{}
	r := inventory.New(a.API.ARN, first(a.API.Name, a.API.ID), w.Region, facts)
	defer leftOut(r, "ListGraphqlApis", "appsync:ListGraphqlApis")
	apiGatewayFacts(r, facts)
	r.Labels = a.API.Tags
	facts.InternetFacing, facts.AccessLogged = !a.API.Private, a.API.Logged
	r.Known("internet_facing", "access_logged")
	// The service offers TLS 1.2 with suites of its own choice.
	facts.TLSMinVersion, facts.WeakCiphers = 1.2, []string{}
	r.SetInherent("tls_min_version", "weak_ciphers")
	if a.API.Host != "" {
		facts.DNSName = a.API.Host
		r.Known("dns_name")
	}
	facts.AnswersTo = answersTo(&facts.DNSName)
	collectors.Know(r, a.Domains, func(v *[]apiDomain) {
		for _, d := range *v {
			facts.AnswersTo = append(facts.AnswersTo, d.Hosts...)
		}
	}, "answers_to")
	if len(a.API.Ways) > 0 {
		// A key is handed to every caller alike: it says which application calls, not who.
		facts.Authenticated = !slices.Contains(a.API.Ways, string(types.AuthenticationTypeApiKey))
		r.Known("authenticated")
	}
	webFirewallFacts(r, facts, a.WebFirewall)
	if a.API.WebACL != "" {
		// The API itself says that a firewall stands in front, also when its rules may not be read.
		facts.WAFAttached = true
		r.Known("waf_attached")
	}
	if why := a.Origins.Unknown(); why != nil {
		r.SetUnknown(*why, "origin_tls", "origins", "origin_exists")
	} else {
		apiOriginFacts(r, facts, *a.Origins.Value)
	}
	return r
}
