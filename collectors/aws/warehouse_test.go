package aws

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/memorydb"
	memory "github.com/aws/aws-sdk-go-v2/service/memorydb/types"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/redshift/types"
)

func warehouseWith(change func(*warehouseAnswers)) warehouseAnswers {
	a := warehouseAnswers{
		Cluster: types.Cluster{ClusterIdentifier: aws.String("w"), Encrypted: aws.Bool(true), KmsKeyId: aws.String("k"), PubliclyAccessible: aws.Bool(false),
			Endpoint: &types.Endpoint{Port: aws.Int32(5439)}, AutomatedSnapshotRetentionPeriod: aws.Int32(7), AllowVersionUpgrade: aws.Bool(true), NodeType: aws.String("ra3.xlplus"),
			MultiAZ: aws.String("Enabled"), VpcSecurityGroups: []types.VpcSecurityGroupMembership{{VpcSecurityGroupId: aws.String("sg-1")}},
			ClusterParameterGroups: []types.ClusterParameterGroupStatus{{ParameterGroupName: aws.String("p"), ParameterApplyStatus: aws.String("in-sync")}}},
		Place:      answered(&storePlace{Network: "vpc-1", Subnets: []string{"subnet-1"}}),
		Parameters: answered(&map[string]string{"require_ssl": "true", "enable_user_activity_logging": "true"}),
		Logging:    answered(&warehouseLogging{Enabled: true}), Key: answered(&keyHolder{Manager: "CUSTOMER"}),
	}
	if change != nil {
		change(&a)
	}
	return a
}

func TestWarehouseFacts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*warehouseAnswers)
		want   stated
	}{
		"complete": {nil, stated{"family": "warehouse", "endpoint": "network", "public_endpoint": false, "port": 5439, "tls_required": true, "tls_min_version": 1.2, "encrypted_at_rest": true,
			"customer_key": true, "backup_retention_days": 7, "multi_zone": true, "version_supported": true, "audit_logged": true, "auth_required": true, "autoscaled": true,
			"other_region_copy": false, "deletion_protected": notApplicable, "point_in_time": notApplicable, "network": ec2ARN(here, "vpc", "vpc-1"), "firewalls": "[" + ec2ARN(here, "security-group", "sg-1") + "]"}},
		"on the internet":   {func(a *warehouseAnswers) { a.Cluster.PubliclyAccessible = aws.Bool(true) }, stated{"public_endpoint": true}},
		"address untold":    {func(a *warehouseAnswers) { a.Cluster.PubliclyAccessible = nil }, stated{"public_endpoint": nil}},
		"clear text":        {func(a *warehouseAnswers) { a.Parameters = answered(&map[string]string{"require_ssl": "false"}) }, stated{"tls_required": false, "audit_logged": false}},
		"parameters denied": {func(a *warehouseAnswers) { a.Parameters = refused[map[string]string]() }, stated{"tls_required": nil, "audit_logged": nil}},
		"restart awaited": {func(a *warehouseAnswers) {
			a.Cluster.ClusterParameterGroups = []types.ClusterParameterGroupStatus{{ParameterApplyStatus: aws.String("pending-reboot")}}
		}, stated{"tls_required": nil}},
		"not logged": {func(a *warehouseAnswers) {
			a.Logging, a.Parameters = answered(&warehouseLogging{}), refused[map[string]string]()
		}, stated{"audit_logged": false}},
		"shipping fails":    {func(a *warehouseAnswers) { a.Logging = answered(&warehouseLogging{Enabled: true, Failing: true}) }, stated{"audit_logged": false}},
		"logging denied":    {func(a *warehouseAnswers) { a.Logging = refused[warehouseLogging]() }, stated{"audit_logged": nil}},
		"clear disk":        {func(a *warehouseAnswers) { a.Cluster.Encrypted = aws.Bool(false) }, stated{"encrypted_at_rest": false, "customer_key": false}},
		"the service's key": {func(a *warehouseAnswers) { a.Cluster.KmsKeyId = nil }, stated{"customer_key": false}},
		"in a module":       {func(a *warehouseAnswers) { a.Cluster.KmsKeyId, a.Cluster.HsmStatus = nil, &types.HsmStatus{} }, stated{"customer_key": true}},
		"copied away": {func(a *warehouseAnswers) {
			a.Cluster.ClusterSnapshotCopyStatus = &types.ClusterSnapshotCopyStatus{DestinationRegion: aws.String("eu-west-1")}
		}, stated{"other_region_copy": true}},
		"no upgrades, fixed": {func(a *warehouseAnswers) {
			a.Cluster.AllowVersionUpgrade, a.Cluster.NodeType = aws.Bool(false), aws.String("dc2.large")
		}, stated{"version_supported": false, "autoscaled": false}},
		"place denied":        {func(a *warehouseAnswers) { a.Place = refused[storePlace]() }, stated{"network": nil, "subnets": nil}},
		"bare listing answer": {func(a *warehouseAnswers) { a.Cluster = types.Cluster{ClusterIdentifier: aws.String("w")} }, stated{"encrypted_at_rest": nil, "public_endpoint": nil, "port": nil, "backup_retention_days": nil, "version_supported": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := warehouseWith(c.change)
			c.want.check(t, warehouseFacts(here, a))
			roundTrip(t, a)
		})
	}
}

func TestAskWarehouse(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, here.Region, script{
		"DescribeClusters": say(&redshift.DescribeClustersOutput{Clusters: []types.Cluster{
			{ClusterIdentifier: aws.String("a"), ClusterSubnetGroupName: aws.String("s"), ClusterParameterGroups: []types.ClusterParameterGroupStatus{{ParameterGroupName: aws.String("p"), ParameterApplyStatus: aws.String("in-sync")}}},
			{ClusterIdentifier: aws.String("b"), ClusterSubnetGroupName: aws.String("s"), ClusterParameterGroups: []types.ClusterParameterGroupStatus{{ParameterGroupName: aws.String("p"), ParameterApplyStatus: aws.String("in-sync")}}}}}),
		"DescribeClusterSubnetGroups": say(&redshift.DescribeClusterSubnetGroupsOutput{ClusterSubnetGroups: []types.ClusterSubnetGroup{{ClusterSubnetGroupName: aws.String("s"), VpcId: aws.String("vpc-1"), Subnets: []types.Subnet{{SubnetIdentifier: aws.String("subnet-1")}}}}}),
		"DescribeClusterParameters":   say(&redshift.DescribeClusterParametersOutput{Parameters: []types.Parameter{{ParameterName: aws.String("require_ssl"), ParameterValue: aws.String("true")}, {ParameterName: aws.String("search_path")}}}),
		"DescribeLoggingStatus":       say(&redshift.DescribeLoggingStatusOutput{LoggingEnabled: aws.Bool(true), LastFailureTime: aws.Time(time.Unix(2, 0)), LastSuccessfulDeliveryTime: aws.Time(time.Unix(1, 0))}),
	})
	for i, err := range warehouses(context.Background(), c, nil) {
		if err != nil {
			t.Fatal(err)
		}
		stated{"tls_required": true, "audit_logged": false, "network": ec2ARN(here, "vpc", "vpc-1")}.check(t, warehouseFacts(here, askWarehouse(context.Background(), c, i)))
	}
	if calls("DescribeClusterParameters") != 1 || calls("DescribeClusterSubnetGroups") != 1 {
		t.Error("what clusters share was asked for more than once")
	}
}

func TestWarehouseSnapshotFacts(t *testing.T) {
	t.Parallel()
	s := types.Snapshot{SnapshotIdentifier: aws.String("s"), ClusterIdentifier: aws.String("w"), Encrypted: aws.Bool(true), SnapshotCreateTime: aws.Time(time.Unix(1, 0).UTC()), OwnerAccount: aws.String("644160558196"),
		AccountsWithRestoreAccess: []types.AccountWithRestoreAccess{{AccountId: aws.String("111111111111")}, {AccountId: aws.String("644160558196")}}}
	stated{"public": false, "principals": "[111111111111]", "encrypted_at_rest": true, "taken_at": time.Unix(1, 0).UTC(), "source": "arn:aws:redshift:us-east-1:644160558196:cluster:w"}.check(t, warehouseSnapshotFacts(here, s))
	s.SourceRegion, s.Encrypted = aws.String("eu-west-1"), nil
	stated{"source": "arn:aws:redshift:eu-west-1:644160558196:cluster:w", "encrypted_at_rest": nil}.check(t, warehouseSnapshotFacts(here, s))
}

func TestMemoryFacts(t *testing.T) {
	t.Parallel()
	with := func(change func(*memoryAnswers)) memoryAnswers {
		a := memoryAnswers{Cluster: memory.Cluster{Name: aws.String("m"), TLSEnabled: aws.Bool(true), ACLName: aws.String("app"), SnapshotRetentionLimit: aws.Int32(5), EngineVersion: aws.String("7.1"),
			AutoMinorVersionUpgrade: aws.Bool(true), AvailabilityMode: memory.AZStatusMultiAZ, ClusterEndpoint: &memory.Endpoint{Port: 6379}, SecurityGroups: []memory.SecurityGroupMembership{{SecurityGroupId: aws.String("sg-1")}}},
			Place: answered(&storePlace{Network: "vpc-1", Subnets: []string{"subnet-1"}}), Users: answered(&[]string{"app"})}
		if change != nil {
			change(&a)
		}
		return a
	}
	for name, c := range map[string]struct {
		change func(*memoryAnswers)
		want   stated
	}{
		"complete":     {nil, stated{"family": "cache", "engine": "redis", "tls_required": true, "auth_required": true, "backup_retention_days": 5, "multi_zone": true, "version_supported": true, "encrypted_at_rest": true, "customer_key": false, "port": 6379, "other_region_copy": false}},
		"open":         {func(a *memoryAnswers) { a.Cluster.ACLName = aws.String("open-access") }, stated{"auth_required": false}},
		"default user": {func(a *memoryAnswers) { a.Users = answered(&[]string{"default", "app"}) }, stated{"auth_required": false}},
		"lists denied": {func(a *memoryAnswers) { a.Users = refused[[]string]() }, stated{"auth_required": nil}},
		"clear, one zone": {func(a *memoryAnswers) {
			a.Cluster.TLSEnabled, a.Cluster.AvailabilityMode = aws.Bool(false), memory.AZStatusSingleAZ
		}, stated{"tls_required": false, "multi_zone": false}},
		"many regions": {func(a *memoryAnswers) { a.Cluster.MultiRegionClusterName = aws.String("x") }, stated{"other_region_copy": true}},
		"bare":         {func(a *memoryAnswers) { a.Cluster = memory.Cluster{Name: aws.String("m")} }, stated{"tls_required": nil, "auth_required": nil, "multi_zone": nil, "version_supported": nil, "firewalls": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := with(c.change)
			c.want.check(t, memoryFacts(here, a))
			roundTrip(t, a)
		})
	}
}

func TestAskMemoryCluster(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, here.Region, script{
		"DescribeClusters":     say(&memorydb.DescribeClustersOutput{Clusters: []memory.Cluster{{Name: aws.String("m"), ACLName: aws.String("app"), SubnetGroupName: aws.String("s")}}}),
		"DescribeACLs":         say(&memorydb.DescribeACLsOutput{ACLs: []memory.ACL{{Name: aws.String("app"), UserNames: []string{"default"}}}}),
		"DescribeSubnetGroups": say(&memorydb.DescribeSubnetGroupsOutput{SubnetGroups: []memory.SubnetGroup{{Name: aws.String("s"), VpcId: aws.String("vpc-1"), Subnets: []memory.Subnet{{Identifier: aws.String("subnet-1")}}}}}),
	})
	for i, err := range memoryClusters(context.Background(), c, nil) {
		if err != nil {
			t.Fatal(err)
		}
		stated{"auth_required": false, "network": ec2ARN(here, "vpc", "vpc-1"), "labels_read": nil}.check(t, memoryFacts(here, askMemoryCluster(context.Background(), c, i)))
	}
}

// Answers for the tests over the whole registry, and what is recorded.
var (
	_ = sample("aws.redshift.cluster", warehouseFacts, warehouseWith(nil))
	_ = sweep("redshift.DescribeClusters", warehouseFacts, func(o *redshift.DescribeClustersOutput) []warehouseAnswers {
		return mapped(o.Clusters, func(k types.Cluster) warehouseAnswers { return warehouseAnswers{Cluster: stillWarehouse(k)} })
	})
	_ = sample("aws.redshift.snapshot", warehouseSnapshotFacts, types.Snapshot{SnapshotIdentifier: aws.String("s"), ClusterIdentifier: aws.String("w")})
	_ = sweep("redshift.DescribeClusterSnapshots", warehouseSnapshotFacts, func(o *redshift.DescribeClusterSnapshotsOutput) []types.Snapshot { return o.Snapshots })
	_ = sample("aws.memorydb.cluster", memoryFacts, memoryAnswers{Cluster: memory.Cluster{Name: aws.String("m")}})
	_ = sweep("memorydb.DescribeClusters", memoryFacts, func(o *memorydb.DescribeClustersOutput) []memoryAnswers {
		return mapped(o.Clusters, func(k memory.Cluster) memoryAnswers { return memoryAnswers{Cluster: k} })
	})
)
