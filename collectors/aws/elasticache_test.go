package aws

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/elasticache/types"
)

func replicationWith(change func(*replicationAnswers)) replicationAnswers {
	a := replicationAnswers{
		Group: types.ReplicationGroup{ReplicationGroupId: aws.String("g"), TransitEncryptionEnabled: aws.Bool(true), AtRestEncryptionEnabled: aws.Bool(true),
			AuthTokenEnabled: aws.Bool(true), SnapshotRetentionLimit: aws.Int32(7), AutomaticFailover: types.AutomaticFailoverStatusEnabled, MultiAZ: types.MultiAZStatusEnabled,
			ConfigurationEndpoint: &types.Endpoint{Port: aws.Int32(6379)}, AutoMinorVersionUpgrade: aws.Bool(true)},
		Member: answered(&types.CacheCluster{Engine: aws.String("redis"), EngineVersion: aws.String("7.1.0"), SecurityGroups: []types.SecurityGroupMembership{{SecurityGroupId: aws.String("sg-1")}}}),
		Place:  answered(&storePlace{Network: "vpc-1", Subnets: []string{"subnet-1"}}), Scaling: answered(&[]string{}), Tags: answered(&map[string]string{}),
	}
	if change != nil {
		change(&a)
	}
	return a
}

func TestReplicationFacts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*replicationAnswers)
		want   stated
	}{
		"complete": {nil, stated{"family": "cache", "endpoint": "network", "engine": "redis", "port": 6379, "tls_required": true, "tls_min_version": 1.2, "encrypted_at_rest": true,
			"customer_key": false, "auth_required": true, "backup_retention_days": 7, "point_in_time": false, "multi_zone": true, "other_region_copy": false, "version_supported": true,
			"autoscaled": false, "public_endpoint": false, "network": ec2ARN(here, "vpc", "vpc-1"), "subnets": "[" + ec2ARN(here, "subnet", "subnet-1") + "]",
			"firewalls": "[" + ec2ARN(here, "security-group", "sg-1") + "]", "audit_logged": notApplicable, "deletion_protected": notApplicable, "rules": notApplicable}},
		"clear text is preferred": {func(a *replicationAnswers) { a.Group.TransitEncryptionMode = types.TransitEncryptionModePreferred }, stated{"tls_required": false}},
		"clear text":              {func(a *replicationAnswers) { a.Group.TransitEncryptionEnabled = aws.Bool(false) }, stated{"tls_required": false}},
		"open to all":             {func(a *replicationAnswers) { a.Group.AuthTokenEnabled = aws.Bool(false) }, stated{"auth_required": false}},
		"users": {func(a *replicationAnswers) { a.Group.UserGroupIds, a.Open = []string{"u"}, answered(aws.Bool(false)) },
			stated{"auth_required": true}},
		"users with an open default": {func(a *replicationAnswers) { a.Group.UserGroupIds, a.Open = []string{"u"}, answered(aws.Bool(true)) },
			stated{"auth_required": false}},
		"users denied": {func(a *replicationAnswers) { a.Group.UserGroupIds, a.Open = []string{"u"}, refused[bool]() }, stated{"auth_required": nil}},
		"one zone":     {func(a *replicationAnswers) { a.Group.MultiAZ = types.MultiAZStatusDisabled }, stated{"multi_zone": false}},
		"zones untold": {func(a *replicationAnswers) { a.Group.MultiAZ = "" }, stated{"multi_zone": nil}},
		"nodes denied": {func(a *replicationAnswers) { a.Member, a.Place = refused[types.CacheCluster](), refused[storePlace]() }, stated{"firewalls": nil, "network": nil, "subnets": nil, "version_supported": nil}},
		"too old":      {func(a *replicationAnswers) { a.Support.Ended = true }, stated{"version_supported": false}},
		"scaled":       {func(a *replicationAnswers) { a.Scaling = answered(&[]string{"elasticache:replication-group:Replicas"}) }, stated{"autoscaled": true}},
		"own key": {func(a *replicationAnswers) {
			a.Group.KmsKeyId, a.Key = aws.String("k"), answered(&keyHolder{Manager: "CUSTOMER"})
		}, stated{"customer_key": true}},
		"member of one": {func(a *replicationAnswers) {
			a.Group.GlobalReplicationGroupInfo = &types.GlobalReplicationGroupInfo{GlobalReplicationGroupId: aws.String("x")}
			a.Globals = refused[[]types.GlobalReplicationGroup]()
		}, stated{"other_region_copy": nil}},
		"another region": {func(a *replicationAnswers) {
			a.Group.GlobalReplicationGroupInfo = &types.GlobalReplicationGroupInfo{GlobalReplicationGroupId: aws.String("x")}
			a.Globals = answered(&[]types.GlobalReplicationGroup{{Members: []types.GlobalReplicationGroupMember{{ReplicationGroupRegion: aws.String("us-east-1")}, {ReplicationGroupRegion: aws.String("eu-west-1")}}}})
		}, stated{"other_region_copy": true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := replicationWith(c.change)
			c.want.check(t, replicationFacts(here, a))
			roundTrip(t, a)
		})
	}
}

func TestCacheSupport(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for version, ended := range map[string]bool{"5.0.6": true, "4.0.10": true, "6.2": false, "7.1.0": false, "50.1": false} {
		if got := cacheSupportOf("redis", version, at).Ended; got != ended {
			t.Errorf("redis %s: ended %v", version, got)
		}
	}
	if cacheSupportOf("memcached", "1.4.5", at).Ended || cacheSupportOf("valkey", "5.0", at).Ended {
		t.Error("the table is of Redis alone")
	}
}

func TestCacheClusterFacts(t *testing.T) {
	t.Parallel()
	memcached := types.CacheCluster{CacheClusterId: aws.String("m"), Engine: aws.String("memcached"), EngineVersion: aws.String("1.6.6"), AutoMinorVersionUpgrade: aws.Bool(true),
		TransitEncryptionEnabled: aws.Bool(false), AtRestEncryptionEnabled: aws.Bool(false), ConfigurationEndpoint: &types.Endpoint{Port: aws.Int32(11211)}}
	stated{"auth_required": false, "tls_required": false, "encrypted_at_rest": false, "backup_retention_days": 0, "port": 11211, "multi_zone": false, "version_supported": true, "firewalls": nil, "network": nil}.
		check(t, cacheClusterFacts(here, cacheClusterAnswers{Cluster: memcached}))
	redis := types.CacheCluster{CacheClusterId: aws.String("r"), Engine: aws.String("redis"), AuthTokenEnabled: aws.Bool(false), SnapshotRetentionLimit: aws.Int32(3), CacheNodes: []types.CacheNode{{Endpoint: &types.Endpoint{Port: aws.Int32(6379)}}}}
	stated{"auth_required": false, "backup_retention_days": 3, "port": 6379, "tls_required": nil, "encrypted_at_rest": nil, "version_supported": nil}.check(t, cacheClusterFacts(here, cacheClusterAnswers{Cluster: redis}))
	redis.ReplicationGroupId = aws.String("g")
	if r := cacheClusterFacts(here, cacheClusterAnswers{Cluster: redis}); r != nil {
		t.Error("a node of a group is described twice")
	}
}

func TestServerlessCacheFacts(t *testing.T) {
	t.Parallel()
	s := types.ServerlessCache{ARN: aws.String("arn:aws:elasticache:us-east-1:1:serverlesscache:s"), ServerlessCacheName: aws.String("s"), Engine: aws.String("valkey"),
		SubnetIds: []string{"subnet-1"}, SecurityGroupIds: []string{"sg-1"}, Endpoint: &types.Endpoint{Port: aws.Int32(6379)}}
	stated{"auth_required": false, "tls_required": true, "encrypted_at_rest": true, "multi_zone": true, "autoscaled": true, "backup_retention_days": 0, "subnets": "[" + ec2ARN(here, "subnet", "subnet-1") + "]"}.
		check(t, serverlessCacheFacts(here, serverlessCacheAnswers{Cache: s}))
	s.UserGroupId = aws.String("u")
	stated{"auth_required": true}.check(t, serverlessCacheFacts(here, serverlessCacheAnswers{Cache: s, Open: answered(aws.Bool(false))}))
	stated{"auth_required": nil}.check(t, serverlessCacheFacts(here, serverlessCacheAnswers{Cache: s, Open: refused[bool]()}))
}

func TestAskCaches(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, here.Region, script{
		"DescribeReplicationGroups": say(&elasticache.DescribeReplicationGroupsOutput{ReplicationGroups: []types.ReplicationGroup{
			{ReplicationGroupId: aws.String("a"), MemberClusters: []string{"a-1"}, UserGroupIds: []string{"open"}}, {ReplicationGroupId: aws.String("b"), MemberClusters: []string{"b-1"}, UserGroupIds: []string{"shut"}}}}),
		"DescribeCacheClusters": say(&elasticache.DescribeCacheClustersOutput{CacheClusters: []types.CacheCluster{
			{CacheClusterId: aws.String("a-1"), CacheSubnetGroupName: aws.String("s"), Engine: aws.String("redis"), EngineVersion: aws.String("5.0.6"), ReplicationGroupId: aws.String("a")},
			{CacheClusterId: aws.String("lone"), CacheSubnetGroupName: aws.String("s"), Engine: aws.String("memcached")}}}),
		"DescribeCacheSubnetGroups": say(&elasticache.DescribeCacheSubnetGroupsOutput{CacheSubnetGroups: []types.CacheSubnetGroup{{CacheSubnetGroupName: aws.String("s"), VpcId: aws.String("vpc-1"), Subnets: []types.Subnet{{SubnetIdentifier: aws.String("subnet-1")}}}}}),
		"DescribeUsers": say(&elasticache.DescribeUsersOutput{Users: []types.User{
			{UserName: aws.String("default"), AccessString: aws.String("on ~* +@all"), UserGroupIds: []string{"open"}, Authentication: &types.Authentication{Type: types.AuthenticationTypeNoPassword}},
			{UserName: aws.String("default"), AccessString: aws.String("off ~* -@all"), UserGroupIds: []string{"shut"}, Authentication: &types.Authentication{Type: types.AuthenticationTypeNoPassword}}}}),
	})
	for i, err := range replicationGroups(context.Background(), c, nil) {
		if err != nil {
			t.Fatal(err)
		}
		a := askReplicationGroup(context.Background(), c, i)
		r := replicationFacts(here, a)
		roundTrip(t, a)
		if *i.group.ReplicationGroupId == "a" {
			stated{"auth_required": false, "network": ec2ARN(here, "vpc", "vpc-1"), "version_supported": false, "autoscaled": nil, "labels_read": nil}.check(t, r)
			continue
		}
		stated{"auth_required": true, "network": nil, "firewalls": nil}.check(t, r)
		if why := r.Why("firewalls"); why.Code != "MemberNotListed" {
			t.Errorf("%+v", why)
		}
	}
	for _, op := range []string{"DescribeCacheClusters", "DescribeUsers", "DescribeCacheSubnetGroups", "DescribeScalableTargets"} {
		if calls(op) != 1 {
			t.Errorf("%s: %d calls", op, calls(op))
		}
	}
	n := 0
	for i, err := range loneCaches(context.Background(), c, nil) {
		if err != nil {
			t.Fatal(err)
		}
		stated{"network": ec2ARN(here, "vpc", "vpc-1")}.check(t, cacheClusterFacts(here, askCacheCluster(context.Background(), c, i)))
		n++
	}
	if n != 1 {
		t.Errorf("%d caches outside groups", n)
	}
}

// Answers for the tests over the whole registry, and what is recorded.
var (
	_ = sample("aws.elasticache.replication_group", replicationFacts, replicationWith(nil))
	_ = sweep("elasticache.DescribeReplicationGroups", replicationFacts, func(o *elasticache.DescribeReplicationGroupsOutput) []replicationAnswers {
		return mapped(o.ReplicationGroups, func(g types.ReplicationGroup) replicationAnswers { return replicationAnswers{Group: g} })
	})
	_ = sample("aws.elasticache.cluster", cacheClusterFacts, cacheClusterAnswers{Cluster: types.CacheCluster{CacheClusterId: aws.String("m"), Engine: aws.String("memcached")}})
	_ = sweep("elasticache.DescribeCacheClusters", cacheClusterFacts, func(o *elasticache.DescribeCacheClustersOutput) []cacheClusterAnswers {
		return mapped(o.CacheClusters, func(k types.CacheCluster) cacheClusterAnswers { return cacheClusterAnswers{Cluster: k} })
	})
	_ = sample("aws.elasticache.serverless_cache", serverlessCacheFacts, serverlessCacheAnswers{Cache: types.ServerlessCache{ARN: aws.String("arn:aws:elasticache:us-east-1:1:serverlesscache:s"), ServerlessCacheName: aws.String("s")}})
)
