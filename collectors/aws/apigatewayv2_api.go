package aws

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, httpAPIItem, httpAPIAnswers]{
	Kind:        "aws.apigatewayv2.api",
	Class:       inventory.ClassEntryPoint,
	Permissions: []string{apiPermission},
	ListAction:  "GetApis", ListPermission: apiPermission,
	List: listHTTPAPIs,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[httpAPIItem, error] {
		return only(listHTTPAPIs(ctx, c), func(i httpAPIItem) bool { return i.api.ID == shortID(id) })
	},
	Ask:   askHTTPAPI,
	Facts: httpAPIFacts,
})

// httpAPIItem is an API with the domains of its region.
type httpAPIItem struct {
	api     httpAPI
	domains *once[[]apiDomain]
}

// httpAPI is what is kept of what the listing says.
type httpAPI struct {
	ID, Name, Protocol string
	Closed             bool              `json:",omitempty"`
	Tags               map[string]string `json:",omitempty"`
}

// httpRoute is a route of an API.
type httpRoute struct{ Key, Authorization string }

// httpAPIAnswers is all that is said about one API.
type httpAPIAnswers struct {
	API     httpAPI
	Logged  collectors.Answer[[]bool]
	Routes  collectors.Answer[[]httpRoute]
	Origins collectors.Answer[[]apiOrigin]
	Domains collectors.Answer[[]apiDomain]
}

// tokens follows the pages of a listing that the SDK has no paginator for.
func tokens[Item any](page func(token *string) (items []Item, next *string, err error)) (*[]Item, error) {
	all := []Item{}
	var token *string
	for {
		items, next, err := page(token)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		if aws.ToString(next) == "" {
			return &all, nil
		}
		token = next
	}
}

const apiPage = "100"

func listHTTPAPIs(ctx context.Context, c *Clients) iter.Seq2[httpAPIItem, error] {
	return func(yield func(httpAPIItem, error) bool) {
		domains := &once[[]apiDomain]{}
		in := &apigatewayv2.GetApisInput{MaxResults: aws.String(apiPage)}
		for {
			page, err := c.APIGatewayV2.GetApis(ctx, in)
			if err != nil {
				yield(httpAPIItem{}, err)
				return
			}
			for _, a := range page.Items {
				if !yield(httpAPIItem{narrowHTTPAPI(a), domains}, nil) {
					return
				}
			}
			if in.NextToken = page.NextToken; aws.ToString(in.NextToken) == "" {
				return
			}
		}
	}
}

func narrowHTTPAPI(a types.Api) httpAPI {
	return httpAPI{
		ID: aws.ToString(a.ApiId), Name: aws.ToString(a.Name), Protocol: string(a.ProtocolType),
		Closed: aws.ToBool(a.DisableExecuteApiEndpoint), Tags: someTags(a.Tags),
	}
}

func askHTTPAPI(ctx context.Context, c *Clients, i httpAPIItem) httpAPIAnswers {
	id, size := aws.String(i.api.ID), aws.String(apiPage)
	a := httpAPIAnswers{API: i.api}
	a.Logged = ask("GetStages", apiPermission, func() (*[]bool, error) {
		return tokens(func(token *string) ([]bool, *string, error) {
			out, err := c.APIGatewayV2.GetStages(ctx, &apigatewayv2.GetStagesInput{ApiId: id, MaxResults: size,
				NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return stagesLogged(out.Items), out.NextToken, nil
		})
	})
	a.Routes = ask("GetRoutes", apiPermission, func() (*[]httpRoute, error) {
		return tokens(func(token *string) ([]httpRoute, *string, error) {
			out, err := c.APIGatewayV2.GetRoutes(ctx, &apigatewayv2.GetRoutesInput{ApiId: id, MaxResults: size,
				NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			routes := make([]httpRoute, 0, len(out.Items))
			for _, r := range out.Items {
				routes = append(routes, httpRoute{aws.ToString(r.RouteKey), string(r.AuthorizationType)})
			}
			return routes, out.NextToken, nil
		})
	})
	a.Origins = ask("GetIntegrations", apiPermission, func() (*[]apiOrigin, error) {
		return tokens(func(token *string) ([]apiOrigin, *string, error) {
			out, err := c.APIGatewayV2.GetIntegrations(ctx, &apigatewayv2.GetIntegrationsInput{ApiId: id, MaxResults: size,
				NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return integrationOrigins(out.Items), out.NextToken, nil
		})
	})
	a.Domains = domainsOf(i.domains.ask("",
		func() collectors.Answer[[]apiDomain] { return askDomainsV2(ctx, c) }), i.api.ID)
	return a
}

func stagesLogged(stages []types.Stage) []bool {
	out := make([]bool, 0, len(stages))
	for _, s := range stages {
		out = append(out, s.AccessLogSettings != nil && aws.ToString(s.AccessLogSettings.DestinationArn) != "")
	}
	return out
}

// integrationOrigins reads what stands behind the routes. A link into a network names a listener there, and speaks TLS
// where the name to check is set.
func integrationOrigins(all []types.Integration) []apiOrigin {
	var out []apiOrigin
	for _, i := range all {
		switch {
		case i.IntegrationType == types.IntegrationTypeMock:
		case i.ConnectionType == types.ConnectionTypeVpcLink:
			clear := i.TlsConfig == nil && !strings.HasPrefix(aws.ToString(i.IntegrationUri), "https:")
			out = append(out, apiOrigin{Clear: clear})
		default:
			out = append(out, originOf(aws.ToString(i.IntegrationUri)))
		}
	}
	return out
}

func httpAPIFacts(w collectors.Where, a httpAPIAnswers) *inventory.Resource {
	facts := &inventory.EntryPoint{}
	r := inventory.New("arn:aws:apigateway:"+w.Region+"::/apis/"+a.API.ID, a.API.Name, w.Region, facts)
	if a.API.Name == "" {
		r.Name = a.API.ID
	}
	defer leftOut(r, "GetApis", apiPermission)
	apiGatewayFacts(r, facts)
	r.Labels = a.API.Tags
	facts.InternetFacing = true
	facts.DNSName = a.API.ID + ".execute-api." + w.Region + ".amazonaws.com"
	facts.AnswersTo = answersTo(&facts.DNSName)
	collectors.Know(r, a.Domains, func(v *[]apiDomain) {
		for _, d := range *v {
			facts.AnswersTo = append(facts.AnswersTo, d.Hosts...)
		}
		facts.InternetFacing = !a.API.Closed || len(*v) > 0
	}, "internet_facing", "answers_to")
	if !a.API.Closed {
		r.Known("internet_facing")
	}
	// The service offers TLS 1.2 with suites of its own choice, and takes no web firewall.
	facts.TLSMinVersion = 1.2
	r.SetInherent("tls_min_version", "weak_ciphers")
	facts.WeakCiphers = []string{}
	r.Known("dns_name", "waf_attached", "waf_blocking")
	if why := a.Logged.Unknown(); why != nil {
		r.SetUnknown(*why, "access_logged")
	} else if len(*a.Logged.Value) == 0 {
		r.SetNotApplicable("is not deployed in any stage", "access_logged")
	} else {
		facts.AccessLogged = !slices.Contains(*a.Logged.Value, false)
		r.Known("access_logged")
	}
	httpRouteFacts(r, facts, a)
	if why := a.Origins.Unknown(); why != nil {
		r.SetUnknown(*why, "origin_tls", "origins", "origin_exists")
	} else {
		apiOriginFacts(r, facts, *a.Origins.Value)
	}
	return r
}

// httpRouteFacts states whether every route asks who calls. A socket is asked once, when it connects.
func httpRouteFacts(r *inventory.Resource, facts *inventory.EntryPoint, a httpAPIAnswers) {
	if why := a.Routes.Unknown(); why != nil {
		r.SetUnknown(*why, "authenticated")
		return
	}
	facts.Authenticated = true
	routes := 0
	for _, route := range *a.Routes.Value {
		if strings.HasPrefix(route.Key, "OPTIONS ") || a.API.Protocol == string(types.ProtocolTypeWebsocket) &&
			route.Key != "$connect" {
			continue
		}
		routes++
		facts.Authenticated = facts.Authenticated && route.Authorization != "" &&
			route.Authorization != string(types.AuthorizationTypeNone)
	}
	if routes == 0 {
		r.SetNotApplicable("has no route", "authenticated")
		return
	}
	r.Known("authenticated")
}
