package aws

import (
	"context"
	"iter"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, restAPIItem, restAPIAnswers]{
	Kind:        "aws.apigateway.rest_api",
	Class:       inventory.ClassEntryPoint,
	Permissions: []string{apiPermission, "wafv2:GetWebACL"},
	ListAction:  "GetRestApis", ListPermission: apiPermission,
	List: listRestAPIs,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[restAPIItem, error] {
		return only(listRestAPIs(ctx, c), func(i restAPIItem) bool { return i.api.ID == shortID(id) })
	},
	Ask:   askRestAPI,
	Facts: restAPIFacts,
})

// restAPIItem is an API with what its listing remembers.
type restAPIItem struct {
	api     restAPI
	listing *gatewayListing
}

// gatewayListing is asked once for all APIs of a region.
type gatewayListing struct {
	domains   once[[]apiDomain]
	firewalls once[aclRules]
}

// restAPI is what is kept of what the listing says.
type restAPI struct {
	ID, Name string
	Types    []string          `json:",omitempty"`
	Policy   string            `json:",omitempty"`
	Closed   bool              `json:",omitempty"`
	Tags     map[string]string `json:",omitempty"`
}

// restStage is what is kept of a stage; its variables may hold secrets.
type restStage struct {
	Name   string
	WebACL string `json:",omitempty"`
	Logged bool   `json:",omitempty"`
}

// restRoute is a method of a resource.
type restRoute struct {
	Path, Method, Authorization string
	Origin                      *apiOrigin `json:",omitempty"`
}

// restAPIAnswers is all that is said about one API.
type restAPIAnswers struct {
	API          restAPI
	Stages       collectors.Answer[[]restStage]
	Routes       collectors.Answer[[]restRoute]
	Domains      collectors.Answer[[]apiDomain]
	WebFirewalls map[string]collectors.Answer[aclRules] `json:",omitempty"`
}

func listRestAPIs(ctx context.Context, c *Clients) iter.Seq2[restAPIItem, error] {
	l := &gatewayListing{}
	p := apigateway.NewGetRestApisPaginator(c.APIGateway, &apigateway.GetRestApisInput{Limit: aws.Int32(500)})
	return listed(ctx, p, func(o *apigateway.GetRestApisOutput) []restAPIItem {
		items := make([]restAPIItem, 0, len(o.Items))
		for _, a := range o.Items {
			items = append(items, restAPIItem{narrowRestAPI(a), l})
		}
		return items
	})
}

func narrowRestAPI(a types.RestApi) restAPI {
	out := restAPI{
		ID: aws.ToString(a.Id), Name: aws.ToString(a.Name), Policy: string(a.SecurityPolicy),
		Closed: a.DisableExecuteApiEndpoint, Tags: someTags(a.Tags),
	}
	if a.EndpointConfiguration != nil {
		for _, t := range a.EndpointConfiguration.Types {
			out.Types = append(out.Types, string(t))
		}
	}
	return out
}

func askRestAPI(ctx context.Context, c *Clients, i restAPIItem) restAPIAnswers {
	id := aws.String(i.api.ID)
	a := restAPIAnswers{API: i.api, WebFirewalls: map[string]collectors.Answer[aclRules]{}}
	a.Stages = ask("GetStages", apiPermission, func() (*[]restStage, error) {
		out, err := c.APIGateway.GetStages(ctx, &apigateway.GetStagesInput{RestApiId: id})
		if err != nil {
			return nil, err
		}
		stages := []restStage{}
		for _, s := range out.Item {
			stages = append(stages, narrowStage(s))
		}
		return &stages, nil
	})
	a.Routes = ask("GetResources", apiPermission, func() (*[]restRoute, error) {
		p := apigateway.NewGetResourcesPaginator(c.APIGateway, &apigateway.GetResourcesInput{
			RestApiId: id, Limit: aws.Int32(500), Embed: []string{"methods"},
		})
		return gathered(listed(ctx, p, func(o *apigateway.GetResourcesOutput) []restRoute { return restRoutes(o.Items) }))
	})
	a.Domains = domainsOf(i.listing.domains.ask("",
		func() collectors.Answer[[]apiDomain] { return askDomains(ctx, c) }), i.api.ID)
	if a.Stages.Value != nil {
		for _, s := range *a.Stages.Value {
			if s.WebACL != "" {
				a.WebFirewalls[s.WebACL] = i.listing.firewalls.ask(s.WebACL,
					func() collectors.Answer[aclRules] { return askEdgeFirewall(ctx, c, s.WebACL) })
			}
		}
	}
	return a
}

func narrowStage(s types.Stage) restStage {
	return restStage{
		Name: aws.ToString(s.StageName), WebACL: aws.ToString(s.WebAclArn),
		Logged: s.AccessLogSettings != nil && aws.ToString(s.AccessLogSettings.DestinationArn) != "",
	}
}

// restRoutes lists the methods of resources in a fixed order.
func restRoutes(resources []types.Resource) []restRoute {
	var out []restRoute
	for _, r := range resources {
		methods := make([]string, 0, len(r.ResourceMethods))
		for m := range r.ResourceMethods {
			methods = append(methods, m)
		}
		slices.Sort(methods)
		for _, m := range methods {
			out = append(out, narrowMethod(aws.ToString(r.Path), m, r.ResourceMethods[m]))
		}
	}
	return out
}

func narrowMethod(path, name string, m types.Method) restRoute {
	route := restRoute{Path: path, Method: name, Authorization: aws.ToString(m.AuthorizationType)}
	if i := m.MethodIntegration; i != nil && i.Type != types.IntegrationTypeMock {
		origin := originOf(aws.ToString(i.Uri))
		if i.ConnectionType == types.ConnectionTypeVpcLink {
			// The host only names the caller's wish: the link decides where it goes.
			origin.Host = ""
		}
		route.Origin = &origin
	}
	return route
}

func restAPIFacts(w collectors.Where, a restAPIAnswers) *inventory.Resource {
	facts := &inventory.EntryPoint{}
	r := inventory.New("arn:aws:apigateway:"+w.Region+"::/restapis/"+a.API.ID, a.API.Name, w.Region, facts)
	if a.API.Name == "" {
		r.Name = a.API.ID
	}
	defer leftOut(r, "GetRestApis", apiPermission)
	apiGatewayFacts(r, facts)
	r.Labels = a.API.Tags
	if len(a.API.Types) > 0 {
		facts.InternetFacing = !contains(a.API.Types, string(types.EndpointTypePrivate))
		r.Known("internet_facing")
	}
	facts.DNSName = a.API.ID + ".execute-api." + w.Region + ".amazonaws.com"
	facts.AnswersTo = answersTo(&facts.DNSName)
	var policies []string
	if !a.API.Closed {
		// Until its policy could be chosen the default endpoint took TLS 1.0, and a private one TLS 1.2.
		policy := string(types.SecurityPolicyTls10)
		if contains(a.API.Types, string(types.EndpointTypePrivate)) {
			policy = string(types.SecurityPolicyTls12)
		}
		policies = append(policies, first(a.API.Policy, policy))
	}
	if a.Domains.Value != nil {
		for _, d := range *a.Domains.Value {
			policies = append(policies, d.Policy)
			facts.AnswersTo = append(facts.AnswersTo, d.Hosts...)
		}
	}
	collectors.Know(r, a.Domains, func(*[]apiDomain) {}, "answers_to")
	r.Known("dns_name")
	apiTLSFacts(r, facts, policies, a.Domains.Unknown())
	if a.API.Closed && a.Domains.Value != nil && len(*a.Domains.Value) == 0 {
		r.SetNotApplicable("its default endpoint is closed and no name leads to it", "tls_min_version", "weak_ciphers")
		facts.InternetFacing = false
	}
	stageFacts(r, facts, a)
	restRouteFacts(r, facts, a)
	return r
}

// stageFacts states what every stage must do for the API to do it.
func stageFacts(r *inventory.Resource, facts *inventory.EntryPoint, a restAPIAnswers) {
	if why := a.Stages.Unknown(); why != nil {
		r.SetUnknown(*why, "access_logged", "waf_attached", "waf_blocking")
		return
	}
	stages := *a.Stages.Value
	if len(stages) == 0 {
		r.SetNotApplicable("is not deployed in any stage", "access_logged", "waf_attached", "waf_blocking")
		return
	}
	facts.AccessLogged, facts.WAFAttached, facts.WAFBlocking = true, true, true
	var why *inventory.Unknown
	for _, s := range stages {
		facts.AccessLogged = facts.AccessLogged && s.Logged
		facts.WAFAttached = facts.WAFAttached && s.WebACL != ""
		acl := a.WebFirewalls[s.WebACL]
		blocks, known := acl.Value.blocking()
		switch {
		case s.WebACL == "", acl.Value != nil && known && !blocks:
			facts.WAFBlocking = false
		case acl.Unknown() != nil:
			why = acl.Unknown()
		case !known:
			why = &inventory.Unknown{Cause: inventory.CauseFailed, Code: "VendorRulesNotTold", Action: "GetWebACL",
				Permission: "wafv2:GetWebACL"}
		}
	}
	r.Known("access_logged", "waf_attached", "waf_blocking")
	if facts.WAFBlocking && why != nil {
		r.SetUnknown(*why, "waf_blocking")
	}
}

// restRouteFacts states whether every route asks who calls, and what stands behind them. A browser asks by OPTIONS what
// it may do, before it can show who it is.
func restRouteFacts(r *inventory.Resource, facts *inventory.EntryPoint, a restAPIAnswers) {
	if why := a.Routes.Unknown(); why != nil {
		r.SetUnknown(*why, "authenticated", "origin_tls", "origins", "origin_exists")
		return
	}
	facts.Authenticated = true
	routes, told := 0, true
	var origins []apiOrigin
	for _, route := range *a.Routes.Value {
		if route.Origin != nil {
			origins = append(origins, *route.Origin)
		}
		if route.Method == "OPTIONS" {
			continue
		}
		routes++
		told = told && route.Authorization != ""
		facts.Authenticated = facts.Authenticated && route.Authorization != "" && route.Authorization != "NONE"
	}
	switch {
	case routes == 0:
		r.SetNotApplicable("has no route", "authenticated")
	case told, !told && slices.ContainsFunc(*a.Routes.Value,
		func(r restRoute) bool { return r.Authorization == "NONE" && r.Method != "OPTIONS" }):
		r.Known("authenticated")
	default:
		r.SetUnknown(inventory.Unknown{Cause: inventory.CauseFailed, Code: "FieldAbsent", Action: "GetResources",
			Permission: apiPermission}, "authenticated")
	}
	apiOriginFacts(r, facts, origins)
}
