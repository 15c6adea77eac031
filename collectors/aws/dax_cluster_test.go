package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dax"
	"github.com/aws/aws-sdk-go-v2/service/dax/types"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func daxWith(change func(*daxAnswers)) daxAnswers {
	a := daxAnswers{
		Cluster: types.Cluster{ClusterName: aws.String("d"), ClusterArn: aws.String("arn:aws:dax:us-east-1:644160558196:cache/d"), SubnetGroup: aws.String("s"),
			ClusterEndpointEncryptionType: types.ClusterEndpointEncryptionTypeTls, SSEDescription: &types.SSEDescription{Status: types.SSEStatusEnabled},
			ClusterDiscoveryEndpoint: &types.Endpoint{Port: 9111}, SecurityGroups: []types.SecurityGroupMembership{{SecurityGroupIdentifier: aws.String("sg-1")}},
			Nodes: []types.Node{{AvailabilityZone: aws.String("us-east-1a")}, {AvailabilityZone: aws.String("us-east-1b")}}},
		Place: answered(&storePlace{Network: "vpc-1", Subnets: []string{"subnet-1"}}), Tags: answered(&map[string]string{}),
	}
	if change != nil {
		change(&a)
	}
	return a
}

func TestDAXFacts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*daxAnswers)
		want   stated
	}{
		"careful": {nil, stated{"family": "cache", "engine": "dax", "endpoint": "network", "public_endpoint": false, "port": 9111, "tls_required": true, "tls_min_version": 1.2, "encrypted_at_rest": true,
			"customer_key": false, "multi_zone": true, "version_supported": true, "auth_required": true, "central_identity": true, "autoscaled": false, "audit_logged": notApplicable,
			"backup_retention_days": notApplicable, "point_in_time": notApplicable, "other_region_copy": notApplicable, "deletion_protected": notApplicable, "rules": notApplicable,
			"network": ec2ARN(here, "vpc", "vpc-1"), "subnets": "[" + ec2ARN(here, "subnet", "subnet-1") + "]", "firewalls": "[" + ec2ARN(here, "security-group", "sg-1") + "]"}},
		"clear text": {func(a *daxAnswers) {
			a.Cluster.ClusterEndpointEncryptionType, a.Cluster.SSEDescription.Status = types.ClusterEndpointEncryptionTypeNone, types.SSEStatusDisabled
		}, stated{"tls_required": false, "encrypted_at_rest": false}},
		"one zone":       {func(a *daxAnswers) { a.Cluster.Nodes = a.Cluster.Nodes[:1] }, stated{"multi_zone": false}},
		"being changed":  {func(a *daxAnswers) { a.Cluster.SSEDescription.Status = types.SSEStatusEnabling }, stated{"encrypted_at_rest": nil}},
		"place denied":   {func(a *daxAnswers) { a.Place = refused[storePlace]() }, stated{"network": nil, "subnets": nil, "firewalls": "[" + ec2ARN(here, "security-group", "sg-1") + "]"}},
		"bare":           {func(a *daxAnswers) { a.Cluster = types.Cluster{ClusterName: aws.String("d")} }, stated{"tls_required": nil, "encrypted_at_rest": nil, "multi_zone": nil, "port": nil, "firewalls": nil}},
		"labels refused": {func(a *daxAnswers) { a.Tags = refused[map[string]string]() }, stated{"labels_read": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := daxWith(c.change)
			c.want.check(t, daxFacts(here, a))
			roundTrip(t, a)
		})
	}
	if id := daxFacts(here, daxAnswers{Cluster: types.Cluster{ClusterName: aws.String("d")}}).ID; id != daxFacts(here, daxWith(nil)).ID {
		t.Errorf("a cluster that tells no ARN is %s", id)
	}
}

func TestAskDAX(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, here.Region, script{
		"DescribeClusters": func(in any) (any, error) {
			if aws.ToString(in.(*dax.DescribeClustersInput).NextToken) == "" {
				return &dax.DescribeClustersOutput{NextToken: aws.String("2"), Clusters: []types.Cluster{{ClusterName: aws.String("a"), ClusterArn: aws.String("arn:a"), SubnetGroup: aws.String("s")}}}, nil
			}
			return &dax.DescribeClustersOutput{Clusters: []types.Cluster{{ClusterName: aws.String("b"), ClusterArn: aws.String("arn:b"), SubnetGroup: aws.String("t")}}}, nil
		},
		"DescribeSubnetGroups": func(in any) (any, error) {
			group := func(name, network string) []types.SubnetGroup {
				return []types.SubnetGroup{{SubnetGroupName: aws.String(name), VpcId: aws.String(network), Subnets: []types.Subnet{{SubnetIdentifier: aws.String("subnet-1")}}}}
			}
			if aws.ToString(in.(*dax.DescribeSubnetGroupsInput).NextToken) == "" {
				return &dax.DescribeSubnetGroupsOutput{NextToken: aws.String("2"), SubnetGroups: group("s", "vpc-a")}, nil
			}
			return &dax.DescribeSubnetGroupsOutput{SubnetGroups: group("t", "vpc-b")}, nil
		},
		"ListTags": func(in any) (any, error) {
			if aws.ToString(in.(*dax.ListTagsInput).NextToken) == "" {
				return &dax.ListTagsOutput{NextToken: aws.String("2"), Tags: []types.Tag{{Key: aws.String("owner"), Value: aws.String("shop")}}}, nil
			}
			return &dax.ListTagsOutput{Tags: []types.Tag{{Key: aws.String("environment"), Value: aws.String("test")}}}, nil
		},
	})
	found, err := gathered(daxClusters(context.Background(), c))
	if err != nil || len(*found) != 2 {
		t.Fatal(found, err)
	}
	for i, network := range []string{"vpc-a", "vpc-b"} {
		a := askDAX(context.Background(), c, (*found)[i])
		r := daxFacts(here, a)
		stated{"network": ec2ARN(here, "vpc", network)}.check(t, r)
		if len(r.Labels) != 2 {
			t.Errorf("the labels are %v", r.Labels)
		}
	}
	if calls("DescribeSubnetGroups") != 2 {
		t.Error("what clusters share was asked for more than once")
	}
	gone, _ := scripted(t, here.Region, script{"DescribeClusters": refuse("ClusterNotFoundFault")})
	if left, err := gathered(daxClusters(context.Background(), gone, "d")); err != nil || len(*left) != 0 {
		t.Error("what is gone is an error", err)
	}
	denied, _ := scripted(t, here.Region, script{"DescribeClusters": say(&dax.DescribeClustersOutput{Clusters: []types.Cluster{{ClusterName: aws.String("a")}}})})
	for i, err := range daxClusters(context.Background(), denied) {
		if err != nil {
			t.Fatal(err)
		}
		if why := daxFacts(here, askDAX(context.Background(), denied, i)).Why("subnets"); why.Cause != inventory.CauseDenied || why.Permission != "dax:DescribeSubnetGroups" {
			t.Errorf("%+v", why)
		}
	}
}

// Answers for the tests over the whole registry, and what is recorded.
var (
	_ = sample("aws.dax.cluster", daxFacts, daxWith(nil), daxAnswers{Cluster: types.Cluster{ClusterName: aws.String("d")}})
	_ = sweep("dax.DescribeClusters", daxFacts, func(o *dax.DescribeClustersOutput) []daxAnswers {
		return mapped(o.Clusters, func(k types.Cluster) daxAnswers { return daxAnswers{Cluster: k} })
	})
)
