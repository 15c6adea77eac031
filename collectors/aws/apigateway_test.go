package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	v2types "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	waftypes "github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"github.com/plumbline-posture/plumbline/collectors"
)

var (
	_ = sample("aws.apigateway.rest_api", restAPIFacts, restAPIAnswers{API: restAPI{ID: "a1", Name: "orders", Types: []string{"REGIONAL"}}, Stages: answered(&[]restStage{{Name: "prod"}}),
		Routes: answered(&[]restRoute{{Path: "/", Method: "GET", Authorization: "AWS_IAM"}}), Domains: answered(&[]apiDomain{})}, restAPIAnswers{API: restAPI{ID: "a2"}})
	_ = sample("aws.apigatewayv2.api", httpAPIFacts, httpAPIAnswers{API: httpAPI{ID: "b1", Name: "orders", Protocol: "HTTP"}, Logged: answered(&[]bool{true}),
		Routes: answered(&[]httpRoute{}), Origins: answered(&[]apiOrigin{}), Domains: answered(&[]apiDomain{})}, httpAPIAnswers{API: httpAPI{ID: "b2"}})
	_ = sweep("apigateway.GetRestApis", restAPIFacts, func(o *apigateway.GetRestApisOutput) []restAPIAnswers {
		return mapped(o.Items, func(a types.RestApi) restAPIAnswers { return restAPIAnswers{API: narrowRestAPI(a)} })
	})
	_ = sweep("apigateway.GetStages", restAPIFacts, func(o *apigateway.GetStagesOutput) []restAPIAnswers {
		stages := mapped(o.Item, narrowStage)
		return []restAPIAnswers{{API: restAPI{ID: "a"}, Stages: answered(&stages)}}
	})
	_ = sweep("apigateway.GetResources", restAPIFacts, func(o *apigateway.GetResourcesOutput) []restAPIAnswers {
		routes := restRoutes(o.Items)
		return []restAPIAnswers{{API: restAPI{ID: "a"}, Routes: answered(&routes)}}
	})
	_ = sweep("apigatewayv2.GetApis", httpAPIFacts, func(o *apigatewayv2.GetApisOutput) []httpAPIAnswers {
		return mapped(o.Items, func(a v2types.Api) httpAPIAnswers { return httpAPIAnswers{API: narrowHTTPAPI(a)} })
	})
	_ = sweep("apigatewayv2.GetStages", httpAPIFacts, func(o *apigatewayv2.GetStagesOutput) []httpAPIAnswers {
		logged := stagesLogged(o.Items)
		return []httpAPIAnswers{{API: httpAPI{ID: "a"}, Logged: answered(&logged)}}
	})
)

// list is an answer that holds items, or none of them.
func list[T any](items []T) collectors.Answer[[]T] {
	if items == nil {
		items = []T{}
	}
	return answered(&items)
}

func TestRestAPIFacts(t *testing.T) {
	t.Parallel()
	routes := func(r ...restRoute) collectors.Answer[[]restRoute] { return list(r) }
	stages := func(s ...restStage) collectors.Answer[[]restStage] { return list(s) }
	domains := func(d ...apiDomain) collectors.Answer[[]apiDomain] { return list(d) }
	open, closed := restAPI{ID: "a", Name: "orders", Types: []string{"REGIONAL"}}, restAPI{ID: "a", Name: "orders", Types: []string{"REGIONAL"}, Closed: true}
	signed := restRoute{Path: "/", Method: "GET", Authorization: "AWS_IAM"}
	function := "arn:aws:lambda:us-east-1:1:function:f"
	for name, c := range map[string]struct {
		answers restAPIAnswers
		want    stated
	}{
		"bare answer":        {restAPIAnswers{API: restAPI{ID: "a"}}, stated{"internet_facing": nil, "access_logged": nil, "waf_attached": nil, "authenticated": nil, "origin_tls": nil, "tls_min_version": 1.0, "weak_ciphers": "[AES128-GCM-SHA256 AES128-SHA256 AES256-GCM-SHA384 AES256-SHA256]"}},
		"default endpoint":   {restAPIAnswers{API: open, Domains: domains(apiDomain{Policy: "TLS_1_2"})}, stated{"internet_facing": true, "tls_min_version": 1.0, "multi_zone": true, "security_headers": notApplicable}},
		"named":              {restAPIAnswers{API: closed, Domains: domains(apiDomain{Policy: "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09", Hosts: []string{"d-1.execute-api.us-east-1.amazonaws.com"}})}, stated{"tls_min_version": 1.2, "weak_ciphers": "[]", "answers_to": "[a.execute-api.us-east-1.amazonaws.com d-1.execute-api.us-east-1.amazonaws.com]"}},
		"newest policy":      {restAPIAnswers{API: restAPI{ID: "a", Types: []string{"REGIONAL"}, Policy: "SecurityPolicy_TLS13_1_3_2025_09"}, Domains: domains()}, stated{"tls_min_version": 1.3, "weak_ciphers": "[]"}},
		"names unread":       {restAPIAnswers{API: closed, Domains: refused[[]apiDomain]()}, stated{"tls_min_version": nil, "weak_ciphers": nil, "answers_to": nil}},
		"led to by nothing":  {restAPIAnswers{API: closed, Domains: domains()}, stated{"tls_min_version": notApplicable, "internet_facing": false}},
		"inner":              {restAPIAnswers{API: restAPI{ID: "a", Types: []string{"PRIVATE"}}, Domains: domains()}, stated{"internet_facing": false, "tls_min_version": 1.2}},
		"not deployed":       {restAPIAnswers{API: open, Stages: stages()}, stated{"access_logged": notApplicable, "waf_attached": notApplicable}},
		"one stage unlogged": {restAPIAnswers{API: open, Stages: stages(restStage{Logged: true}, restStage{})}, stated{"access_logged": false, "waf_attached": false, "waf_blocking": false}},
		"guarded, unread":    {restAPIAnswers{API: open, Stages: stages(restStage{Logged: true, WebACL: "w"}), WebFirewalls: map[string]collectors.Answer[aclRules]{"w": refused[aclRules]()}}, stated{"access_logged": true, "waf_attached": true, "waf_blocking": nil}},
		"guarded, no rules":  {restAPIAnswers{API: open, Stages: stages(restStage{WebACL: "w"}), WebFirewalls: map[string]collectors.Answer[aclRules]{"w": answered(&aclRules{})}}, stated{"waf_attached": true, "waf_blocking": false}},
		"asks who calls":     {restAPIAnswers{API: open, Routes: routes(signed, restRoute{Path: "/", Method: "OPTIONS", Authorization: "NONE"})}, stated{"authenticated": true, "origin_tls": notApplicable}},
		"one does not":       {restAPIAnswers{API: open, Routes: routes(signed, restRoute{Path: "/x", Method: "POST", Authorization: "NONE"})}, stated{"authenticated": false}},
		"one is not told":    {restAPIAnswers{API: open, Routes: routes(signed, restRoute{Path: "/x", Method: "POST"})}, stated{"authenticated": nil}},
		"no route":           {restAPIAnswers{API: open, Routes: routes()}, stated{"authenticated": notApplicable}},
		"origins": {restAPIAnswers{API: open, Routes: routes(restRoute{Origin: &apiOrigin{Function: function}}, restRoute{Origin: &apiOrigin{Host: "legacy.example", Clear: true}}, restRoute{Origin: &apiOrigin{Function: "${stageVariables.f}"}})},
			stated{"origin_tls": false, "origins": "[{From: Name:f Class:serverless_app ID:" + function + "}]"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roundTrip(t, c.answers)
			c.want.check(t, restAPIFacts(here, c.answers))
		})
	}
}

func TestHTTPAPIFacts(t *testing.T) {
	t.Parallel()
	routes := func(r ...httpRoute) collectors.Answer[[]httpRoute] { return list(r) }
	for name, c := range map[string]struct {
		answers httpAPIAnswers
		want    stated
	}{
		"bare answer":        {httpAPIAnswers{}, stated{"internet_facing": true, "access_logged": nil, "authenticated": nil, "origin_tls": nil, "waf_attached": false, "tls_min_version": 1.2}},
		"closed":             {httpAPIAnswers{API: httpAPI{Closed: true}, Domains: answered(&[]apiDomain{})}, stated{"internet_facing": false}},
		"closed, names told": {httpAPIAnswers{API: httpAPI{Closed: true}, Domains: refused[[]apiDomain]()}, stated{"internet_facing": nil}},
		"logged":             {httpAPIAnswers{Logged: answered(&[]bool{true, true})}, stated{"access_logged": true}},
		"one stage not":      {httpAPIAnswers{Logged: answered(&[]bool{true, false})}, stated{"access_logged": false}},
		"no stage":           {httpAPIAnswers{Logged: answered(&[]bool{})}, stated{"access_logged": notApplicable}},
		"asks who calls":     {httpAPIAnswers{Routes: routes(httpRoute{"GET /", "JWT"}, httpRoute{"OPTIONS /", "NONE"})}, stated{"authenticated": true}},
		"does not":           {httpAPIAnswers{Routes: routes(httpRoute{"GET /", "JWT"}, httpRoute{"$default", "NONE"})}, stated{"authenticated": false}},
		"socket":             {httpAPIAnswers{API: httpAPI{Protocol: "WEBSOCKET"}, Routes: routes(httpRoute{"$connect", "CUSTOM"}, httpRoute{"$default", "NONE"})}, stated{"authenticated": true}},
		"clear origin":       {httpAPIAnswers{Origins: answered(&[]apiOrigin{{Host: "x.example", Clear: true}})}, stated{"origin_tls": false, "origins": "[]"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roundTrip(t, c.answers)
			c.want.check(t, httpAPIFacts(here, c.answers))
		})
	}
}

func TestRecordedAPIs(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]stated{
		"test_rest_api_custom_resource_policy": {"internet_facing": false, "tls_min_version": 1.2},
		"test_rest_stage_arn_addition":         {"internet_facing": true, "tls_min_version": 1.0},
		"test_rest_api_delete":                 {"internet_facing": true, "tls_min_version": 1.0},
	} {
		out := recorded[apigateway.GetRestApisOutput](t, file+"/apigateway.GetRestApis_1.json")
		want.check(t, restAPIFacts(here, restAPIAnswers{API: narrowRestAPI(out.Items[0]), Domains: answered(&[]apiDomain{})}))
	}
	for file, guarded := range map[string]bool{"test_rest_stage_arn_addition": true, "test_rest_stage_update": false, "test_rest_stage_get_restapi_type": true} {
		out := recorded[apigateway.GetStagesOutput](t, file+"/apigateway.GetStages_1.json")
		stages := mapped(out.Item, narrowStage)
		stated{"access_logged": false, "waf_attached": guarded}.check(t, restAPIFacts(here, restAPIAnswers{API: restAPI{ID: "a"}, Stages: answered(&stages)}))
	}
}

func TestOriginOf(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]apiOrigin{
		"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:f:live/invocations": {Function: "arn:aws:lambda:us-east-1:1:function:f"},
		"arn:aws:lambda:us-east-1:1:function:f":          {Function: "arn:aws:lambda:us-east-1:1:function:f"},
		"arn:aws:apigateway:us-east-1:sqs:path/1/queue":  {},
		"https://user:pw@back.example:8443/a?token=hush": {Host: "back.example"},
		"http://back.example":                            {Host: "back.example", Clear: true},
		"":                                               {},
	} {
		if got := originOf(uri); got != want {
			t.Errorf("%s is %+v; want %+v", uri, got, want)
		}
	}
}

func TestAskAPIs(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, "us-east-1", script{
		"API Gateway.GetRestApis": say(&apigateway.GetRestApisOutput{Items: []types.RestApi{{Id: aws.String("a"), DisableExecuteApiEndpoint: true}, {Id: aws.String("b"), DisableExecuteApiEndpoint: true}}}),
		"API Gateway.GetStages":   say(&apigateway.GetStagesOutput{Item: []types.Stage{{StageName: aws.String("s"), WebAclArn: aws.String("arn:aws:wafv2:us-east-1:1:regional/webacl/w/i"), Variables: map[string]string{"PASSWORD": "hush-hush"}}}}),
		"GetResources": say(&apigateway.GetResourcesOutput{Items: []types.Resource{{Path: aws.String("/"), ResourceMethods: map[string]types.Method{
			"GET": {AuthorizationType: aws.String("COGNITO_USER_POOLS"), MethodIntegration: &types.Integration{Uri: aws.String("https://back.example")}}}}}}),
		"API Gateway.GetDomainNames":  say(&apigateway.GetDomainNamesOutput{Items: []types.DomainName{{DomainName: aws.String("api.example"), SecurityPolicy: types.SecurityPolicyTls12, RegionalDomainName: aws.String("D-1.execute-api")}}}),
		"GetBasePathMappings":         say(&apigateway.GetBasePathMappingsOutput{Items: []types.BasePathMapping{{RestApiId: aws.String("a")}}}),
		"GetWebACL":                   say(&wafv2.GetWebACLOutput{WebACL: &waftypes.WebACL{}}),
		"ApiGatewayV2.GetApis":        say(&apigatewayv2.GetApisOutput{Items: []v2types.Api{{ApiId: aws.String("h"), DisableExecuteApiEndpoint: aws.Bool(true)}}}),
		"ApiGatewayV2.GetStages":      say(&apigatewayv2.GetStagesOutput{Items: []v2types.Stage{{AccessLogSettings: &v2types.AccessLogSettings{DestinationArn: aws.String("arn:l")}}}}),
		"GetRoutes":                   say(&apigatewayv2.GetRoutesOutput{Items: []v2types.Route{{RouteKey: aws.String("GET /"), AuthorizationType: v2types.AuthorizationTypeJwt}}}),
		"GetIntegrations":             say(&apigatewayv2.GetIntegrationsOutput{Items: []v2types.Integration{{IntegrationUri: aws.String("http://back.example")}}}),
		"ApiGatewayV2.GetDomainNames": say(&apigatewayv2.GetDomainNamesOutput{Items: []v2types.DomainName{{DomainName: aws.String("h.example"), DomainNameConfigurations: []v2types.DomainNameConfiguration{{ApiGatewayDomainName: aws.String("d-2")}}}}}),
		"GetApiMappings":              say(&apigatewayv2.GetApiMappingsOutput{Items: []v2types.ApiMapping{{ApiId: aws.String("h")}}}),
	})
	for i, err := range listRestAPIs(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		a := askRestAPI(context.Background(), c, i)
		roundTrip(t, a)
		want := stated{"tls_min_version": 1.2, "waf_attached": true, "waf_blocking": false, "authenticated": true, "origin_tls": true}
		if i.api.ID == "b" {
			want["tls_min_version"] = notApplicable
		}
		want.check(t, restAPIFacts(here, a))
	}
	if n := calls("GetBasePathMappings"); n != 1 {
		t.Errorf("the domains were asked about %d times", n)
	}
	for i, err := range listHTTPAPIs(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		stated{"internet_facing": true, "access_logged": true, "authenticated": true, "origin_tls": false, "answers_to": "[h.execute-api.us-east-1.amazonaws.com d-2]"}.check(t, httpAPIFacts(here, askHTTPAPI(context.Background(), c, i)))
	}
}
