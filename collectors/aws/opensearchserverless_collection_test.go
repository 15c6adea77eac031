package aws

import (
	"context"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/opensearchserverless"
	"github.com/aws/aws-sdk-go-v2/service/opensearchserverless/document"
	"github.com/aws/aws-sdk-go-v2/service/opensearchserverless/types"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const collectionARN = "arn:aws:aoss:us-east-1:644160558196:collection/0a1b"

func collectionWith(change func(*collectionAnswers)) collectionAnswers {
	a := collectionAnswers{
		ARN: collectionARN, Name: "finds",
		Describe: answered(&searchCollection{Key: "k", Standby: types.StandbyReplicasEnabled, Protected: types.DeletionProtectionEnabled}),
		Key:      answered(&keyHolder{Manager: "CUSTOMER"}), Access: answered(&collectionAccess{Endpoints: []string{"vpce-1"}}),
		Place: answered(&collectionPlace{Network: "vpc-1", Subnets: []string{"subnet-1"}, Groups: []string{"sg-1"}}), Tags: answered(&map[string]string{}),
	}
	if change != nil {
		change(&a)
	}
	return a
}

func TestCollectionFacts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*collectionAnswers)
		want   stated
	}{
		"inside": {nil, stated{"family": "search", "engine": "opensearch", "endpoint": "network", "public_endpoint": false, "port": 443, "tls_required": true, "tls_min_version": 1.2, "encrypted_at_rest": true, "customer_key": true,
			"multi_zone": true, "deletion_protected": true, "auth_required": true, "central_identity": true, "autoscaled": true, "version_supported": true, "backup_retention_days": nil, "point_in_time": false, "rules": notApplicable,
			"network": ec2ARN(here, "vpc", "vpc-1"), "subnets": "[" + ec2ARN(here, "subnet", "subnet-1") + "]", "firewalls": "[" + ec2ARN(here, "security-group", "sg-1") + "]"}},
		"in two networks": {func(a *collectionAnswers) { a.Place.Value.Network = "" }, stated{"network": "", "subnets": "[" + ec2ARN(here, "subnet", "subnet-1") + "]"}},
		"for services":    {func(a *collectionAnswers) { a.Access = answered(&collectionAccess{}) }, stated{"public_endpoint": false, "network": "", "subnets": "[]", "firewalls": "[]", "rules": "[]"}},
		"access denied": {func(a *collectionAnswers) { a.Access = refused[collectionAccess]() },
			stated{"public_endpoint": nil, "network": nil, "subnets": nil, "firewalls": nil, "rules": nil, "encrypted_at_rest": true}},
		"endpoints denied":  {func(a *collectionAnswers) { a.Place = refused[collectionPlace]() }, stated{"public_endpoint": false, "network": nil, "subnets": nil, "firewalls": nil, "rules": notApplicable}},
		"the service's key": {func(a *collectionAnswers) { a.Describe.Value.Key, a.Key = serviceKey, collectionAnswers{}.Key }, stated{"customer_key": false}},
		"key untold":        {func(a *collectionAnswers) { a.Describe.Value.Key = "" }, stated{"customer_key": nil}},
		"key denied":        {func(a *collectionAnswers) { a.Key = refused[keyHolder]() }, stated{"customer_key": nil}},
		"one zone, free": {func(a *collectionAnswers) {
			a.Describe.Value.Standby, a.Describe.Value.Protected = types.StandbyReplicasDisabled, types.DeletionProtectionDisabled
		}, stated{"multi_zone": false, "deletion_protected": false}},
		"bare":   {func(a *collectionAnswers) { a.Describe = answered(&searchCollection{}) }, stated{"multi_zone": nil, "deletion_protected": nil, "customer_key": nil}},
		"denied": {func(a *collectionAnswers) { a.Describe = refused[searchCollection]() }, stated{"multi_zone": nil, "deletion_protected": nil, "customer_key": nil, "public_endpoint": false}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := collectionWith(c.change)
			c.want.check(t, collectionFacts(here, a))
			roundTrip(t, a)
		})
	}
	open := collectionFacts(here, collectionWith(func(a *collectionAnswers) {
		a.Access = answered(&collectionAccess{Public: true, Endpoints: []string{"vpce-1"}})
	}))
	stated{"public_endpoint": true, "network": "", "subnets": "[]", "firewalls": "[]"}.check(t, open)
	if rules := open.Facts.(*inventory.Database).Rules; len(rules) != 1 || rules[0].From != 443 || !slices.Equal(rules[0].Ranges, []string{"0.0.0.0/0", "::/0"}) {
		t.Errorf("the rules of an open collection are %+v", rules)
	}
	if !open.IsKnown("rules") {
		t.Error("the rules of an open collection are unknown")
	}
}

// networkPolicy is a policy as the SDK hands it over.
func networkPolicy(parts ...map[string]any) *opensearchserverless.GetSecurityPolicyOutput {
	return &opensearchserverless.GetSecurityPolicyOutput{SecurityPolicyDetail: &types.SecurityPolicyDetail{Policy: document.NewLazyDocument(parts)}}
}

func TestAskCollection(t *testing.T) {
	t.Parallel()
	part := func(public bool, endpoints []string, patterns ...string) map[string]any {
		return map[string]any{"Rules": []map[string]any{{"ResourceType": "collection", "Resource": patterns}}, "AllowFromPublic": public, "SourceVPCEs": endpoints}
	}
	lines := script{
		"ListCollections": say(&opensearchserverless.ListCollectionsOutput{CollectionSummaries: []types.CollectionSummary{
			{Arn: aws.String("arn:a"), Id: aws.String("a"), Name: aws.String("finds-open")}, {Arn: aws.String("arn:b"), Id: aws.String("b"), Name: aws.String("shut")}, {Arn: aws.String("arn:c"), Id: aws.String("c"), Name: aws.String("gone")}}}),
		"BatchGetCollection": say(&opensearchserverless.BatchGetCollectionOutput{CollectionDetails: []types.CollectionDetail{
			{Arn: aws.String("arn:a"), Name: aws.String("finds-open"), KmsKeyArn: aws.String("auto")}, {Arn: aws.String("arn:b"), Name: aws.String("shut"), KmsKeyArn: aws.String("alias/aws/x")}}}),
		"ListSecurityPolicies": say(&opensearchserverless.ListSecurityPoliciesOutput{SecurityPolicySummaries: []types.SecurityPolicySummary{{Name: aws.String("one")}, {Name: aws.String("two")}}}),
		"GetSecurityPolicy": func(in any) (any, error) {
			if *in.(*opensearchserverless.GetSecurityPolicyInput).Name == "one" {
				return networkPolicy(part(true, nil, "collection/finds*"), part(false, []string{"vpce-1"}, "collection/shut")), nil
			}
			return networkPolicy(part(false, []string{"vpce-1", "vpce-2"}, "collection/*")), nil
		},
		"BatchGetVpcEndpoint": say(&opensearchserverless.BatchGetVpcEndpointOutput{VpcEndpointDetails: []types.VpcEndpointDetail{
			{VpcId: aws.String("vpc-1"), SubnetIds: []string{"subnet-1"}, SecurityGroupIds: []string{"sg-1"}}, {VpcId: aws.String("vpc-2"), SubnetIds: []string{"subnet-2"}, SecurityGroupIds: []string{"sg-2"}}}}),
		"ListTagsForResource": say(&opensearchserverless.ListTagsForResourceOutput{Tags: []types.Tag{{Key: aws.String("owner"), Value: aws.String("shop")}}}),
	}
	c, calls := scripted(t, here.Region, lines)
	ask := func() []collectionAnswers {
		found, err := gathered(searchCollections(context.Background(), c))
		if err != nil {
			t.Fatal(err)
		}
		return mapped(*found, func(i collectionItem) collectionAnswers { return askCollection(context.Background(), c, i) })
	}
	got := ask()
	if len(got) != 2 || calls("GetSecurityPolicy") != 2 || calls("BatchGetVpcEndpoint") != 1 {
		t.Fatalf("%d collections; %d policies and %d endpoints were asked for", len(got), calls("GetSecurityPolicy"), calls("BatchGetVpcEndpoint"))
	}
	for _, a := range got {
		roundTrip(t, a)
	}
	stated{"public_endpoint": true, "customer_key": false, "subnets": "[]"}.check(t, collectionFacts(here, got[0]))
	stated{"public_endpoint": false, "customer_key": false, "network": "", "subnets": "[" + ec2ARN(here, "subnet", "subnet-1") + " " + ec2ARN(here, "subnet", "subnet-2") + "]"}.check(t, collectionFacts(here, got[1]))
	lines["BatchGetVpcEndpoint"] = say(&opensearchserverless.BatchGetVpcEndpointOutput{VpcEndpointDetails: []types.VpcEndpointDetail{{VpcId: aws.String("vpc-1")}}})
	stated{"public_endpoint": false, "subnets": nil, "firewalls": nil}.check(t, collectionFacts(here, ask()[1]))
	for operation, fact := range map[string]string{"BatchGetVpcEndpoint": "firewalls", "GetSecurityPolicy": "public_endpoint", "BatchGetCollection": "multi_zone"} {
		held := lines[operation]
		lines[operation] = refuse("AccessDeniedException")
		if why := collectionFacts(here, ask()[1]).Why(fact); why.Cause != "denied" || why.Action != operation {
			t.Errorf("%s is denied, and %s is unknown by %+v", operation, fact, why)
		}
		lines[operation] = held
	}
	lines["ListSecurityPolicies"] = refuse("AccessDeniedException")
	if why := collectionFacts(here, ask()[0]).Why("rules"); why.Permission != "aoss:ListSecurityPolicies" {
		t.Errorf("%+v", why)
	}
}

// Answers for the tests over the whole registry.
var _ = sample("aws.opensearchserverless.collection", collectionFacts, collectionWith(nil),
	collectionAnswers{ARN: collectionARN, Name: "finds", Describe: refused[searchCollection](), Access: refused[collectionAccess]()})
