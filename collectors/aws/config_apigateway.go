package aws

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	gatewaytypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/appsync"
	appsynctypes "github.com/aws/aws-sdk-go-v2/service/appsync/types"
)

// Stages are items of their own, which never tell that there is no more of them; routes are in none. Whether the
// default endpoint of a REST API is closed, and which TLS it takes, Config does not record.
var configRestAPI = configType(recordedType{
	name: "AWS::ApiGateway::RestApi", kind: "aws.apigateway.rest_api",
	needs:   []string{"id", "name", "endpointConfiguration"},
	partial: map[string][]string{"securityPolicy": {"tls_min_version", "weak_ciphers"}},
	doubt: func(configuration map[string]any) []string {
		endpoint, _ := configuration["endpointConfiguration"].(map[string]any)
		kinds, _ := endpoint["types"].([]any)
		_, told := foldedMember(configuration, []string{"disableExecuteApiEndpoint"})
		if told || slices.ContainsFunc(kinds, func(k any) bool { return textOf(k) == "PRIVATE" }) {
			return nil
		}
		return []string{"internet_facing"}
	},
})

var _ = lists("API Gateway.GetRestApis", configRestAPI,
	func(o *apigateway.GetRestApisOutput, items []gatewaytypes.RestApi) { o.Items = items })

var configHTTPAPI = configType(recordedType{
	name: "AWS::ApiGatewayV2::Api", kind: "aws.apigatewayv2.api",
	needs:   []string{"apiId", "name", "protocolType"},
	partial: map[string][]string{"disableExecuteApiEndpoint": {"internet_facing"}},
})

var _ = lists("ApiGatewayV2.GetApis", configHTTPAPI,
	func(o *apigatewayv2.GetApisOutput, items []types.Api) { o.Items = items })

// Config tells of GraphQL APIs in the words of CloudFormation, and neither whether they are private nor which web
// firewall stands in front.
var configGraphAPI = configType(recordedType{
	name: "AWS::AppSync::GraphQLApi", kind: "aws.appsync.graphql_api",
	needs: []string{"ApiId", "Arn", "Name", "AuthenticationType"},
	shape: func(configuration map[string]any) {
		if at := textOf(configuration["GraphQLUrl"]); at != "" {
			configuration["Uris"] = map[string]any{"GRAPHQL": at}
		}
	},
	partial: map[string][]string{
		"Visibility":   {"internet_facing"},
		"WafWebAclArn": {"waf_attached", "waf_blocking"},
	},
})

var _ = lists("AppSync.ListGraphqlApis", configGraphAPI,
	func(o *appsync.ListGraphqlApisOutput, items []appsynctypes.GraphqlApi) { o.GraphqlApis = items })
