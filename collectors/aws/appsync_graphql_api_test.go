package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/appsync"
	"github.com/aws/aws-sdk-go-v2/service/appsync/types"

	"github.com/plumbline-posture/plumbline/collectors"
)

const graphARN = "arn:aws:appsync:us-east-1:644160558196:apis/a1"

var _ = sample("aws.appsync.graphql_api", graphAPIFacts,
	graphAPIAnswers{API: graphAPI{ID: "a1", ARN: graphARN, Name: "orders", Ways: []string{"AWS_IAM"}}, Origins: list([]apiOrigin{}), Domains: list([]apiDomain{})},
	graphAPIAnswers{API: graphAPI{ID: "a1", ARN: graphARN}})

func TestGraphAPIFacts(t *testing.T) {
	t.Parallel()
	none := collectors.Answer[aclRules]{Absent: true, Action: "GetWebACL"}
	said := func(a types.GraphqlApi, sources ...types.DataSource) graphAPIAnswers {
		a.ApiId, a.Arn, a.Name = aws.String("a1"), aws.String(graphARN), aws.String("orders")
		return graphAPIAnswers{API: narrowGraphAPI(a), WebFirewall: none, Origins: list(graphOrigins(sources)), Domains: list([]apiDomain{})}
	}
	open := types.GraphqlApi{AuthenticationType: types.AuthenticationTypeApiKey, Uris: map[string]string{"GRAPHQL": "https://X1.appsync-api.us-east-1.amazonaws.com/graphql"}}
	also := types.GraphqlApi{AuthenticationType: types.AuthenticationTypeAwsIam, AdditionalAuthenticationProviders: []types.AdditionalAuthenticationProvider{{AuthenticationType: types.AuthenticationTypeApiKey}},
		LogConfig: &types.LogConfig{FieldLogLevel: types.FieldLogLevelNone}}
	inner := types.GraphqlApi{AuthenticationType: types.AuthenticationTypeOpenidConnect, Visibility: types.GraphQLApiVisibilityPrivate, LogConfig: &types.LogConfig{FieldLogLevel: types.FieldLogLevelError}}
	clear := types.DataSource{Type: types.DataSourceTypeHttp, HttpConfig: &types.HttpDataSourceConfig{Endpoint: aws.String("http://orders.example.com")}}
	function := types.DataSource{Type: types.DataSourceTypeAwsLambda, LambdaConfig: &types.LambdaDataSourceConfig{LambdaFunctionArn: aws.String("arn:aws:lambda:us-east-1:1:function:f")}}
	named := said(inner)
	named.Domains = list([]apiDomain{{Name: "api.example.com", Hosts: []string{"d1.cloudfront.net"}, APIs: []string{"a1"}}})
	unread := said(inner)
	unread.Origins, unread.Domains, unread.WebFirewall = refused[[]apiOrigin](), refused[[]apiDomain](), refused[aclRules]()
	for name, c := range map[string]struct {
		answers graphAPIAnswers
		want    stated
	}{
		"by key":       {said(open), stated{"authenticated": false, "internet_facing": true, "access_logged": false, "waf_attached": false, "dns_name": "x1.appsync-api.us-east-1.amazonaws.com", "origin_tls": notApplicable}},
		"also by key":  {said(also), stated{"authenticated": false, "access_logged": false}},
		"inner":        {said(inner, function), stated{"authenticated": true, "internet_facing": false, "access_logged": true, "origin_tls": true, "tls_min_version": 1.2}},
		"clear origin": {said(inner, function, clear), stated{"origin_tls": false}},
		"stored data":  {said(inner, types.DataSource{Type: types.DataSourceTypeAmazonDynamodb}, types.DataSource{Type: types.DataSourceTypeNone}), stated{"origin_tls": true}},
		"named":        {named, stated{"answers_to": "[d1.cloudfront.net]"}},
		"unread":       {unread, stated{"origin_tls": nil, "answers_to": nil, "waf_attached": nil, "waf_blocking": nil, "origins": nil}},
		"untold":       {said(types.GraphqlApi{}), stated{"authenticated": nil, "dns_name": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roundTrip(t, c.answers)
			c.want.check(t, graphAPIFacts(here, c.answers))
		})
	}
}

func TestAskGraphAPI(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, "us-east-1", script{
		"ListGraphqlApis":   say(&appsync.ListGraphqlApisOutput{GraphqlApis: []types.GraphqlApi{{ApiId: aws.String("a1"), Arn: aws.String(graphARN), AuthenticationType: types.AuthenticationTypeAwsIam}}}),
		"ListDataSources":   say(&appsync.ListDataSourcesOutput{DataSources: []types.DataSource{{Type: types.DataSourceTypeHttp, HttpConfig: &types.HttpDataSourceConfig{Endpoint: aws.String("https://a.example.com")}}}}),
		"ListDomainNames":   say(&appsync.ListDomainNamesOutput{DomainNameConfigs: []types.DomainNameConfig{{DomainName: aws.String("api.example.com"), AppsyncDomainName: aws.String("D1.cloudfront.net")}}}),
		"GetApiAssociation": say(&appsync.GetApiAssociationOutput{ApiAssociation: &types.ApiAssociation{ApiId: aws.String("a1")}}),
	})
	got, err := gathered(listGraphAPIs(context.Background(), c))
	if err != nil || len(*got) != 1 {
		t.Fatal(got, err)
	}
	stated{"authenticated": true, "origin_tls": true, "waf_attached": false, "answers_to": "[d1.cloudfront.net]"}.check(t,
		graphAPIFacts(here, askGraphAPI(context.Background(), c, (*got)[0])))
}
