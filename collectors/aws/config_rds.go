package aws

import (
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

var configDBInstance = configType(recordedType{
	name: "AWS::RDS::DBInstance", kind: "aws.rds.db_instance",
	needs: []string{"dBInstanceIdentifier", "dBInstanceStatus", "engine", "engineVersion", "storageEncrypted",
		"publiclyAccessible", "vpcSecurityGroups", "dBParameterGroups"},
	silent: map[string][]string{
		"maxAllocatedStorage": {"autoscaled"}, "dBInstanceAutomatedBackupsReplications": {"other_region_copy"},
		"activityStreamStatus": {"audit_logged"}, "enabledCloudwatchLogsExports": {"audit_logged"},
		"domainMemberships": {"central_identity"}, "readReplicaSourceDBClusterIdentifier": {"source"},
		"latestRestorableTime": {"point_in_time"},
	},
})

var _ = lists("RDS.DescribeDBInstances", configDBInstance,
	func(o *rds.DescribeDBInstancesOutput, items []types.DBInstance) { o.DBInstances = items })

// Config does not tell whether a cluster is joined to a directory, and up to when it can be restored moves too fast to
// be recorded.
var configDBCluster = configType(recordedType{
	name: "AWS::RDS::DBCluster", kind: "aws.rds.db_cluster",
	needs: []string{"dbclusterIdentifier", "status", "engine", "storageEncrypted", "dbclusterMembers",
		"vpcSecurityGroups"},
	silent: map[string][]string{
		"activityStreamStatus": {"audit_logged"}, "enabledCloudwatchLogsExports": {"audit_logged"},
		"domainMemberships": {"central_identity"}, "readReplicaIdentifiers": {"other_region_copy"},
		"latestRestorableTime": {"point_in_time"},
	},
})

var _ = lists("RDS.DescribeDBClusters", configDBCluster,
	func(o *rds.DescribeDBClustersOutput, items []types.DBCluster) { o.DBClusters = items })

var configDBSnapshot = configType(recordedType{
	name: "AWS::RDS::DBSnapshot", kind: "aws.rds.db_snapshot",
	needs: []string{"dBSnapshotIdentifier", "dBInstanceIdentifier", "encrypted", "snapshotType"},
})

var _ = lists("RDS.DescribeDBSnapshots", configDBSnapshot,
	func(o *rds.DescribeDBSnapshotsOutput, items []types.DBSnapshot) { o.DBSnapshots = items })

var _ = tells("RDS.DescribeDBSnapshotAttributes", configDBSnapshot,
	func(in *rds.DescribeDBSnapshotAttributesInput) *string { return in.DBSnapshotIdentifier },
	func(i *recordedItem) (*rds.DescribeDBSnapshotAttributesOutput, error) {
		out := &types.DBSnapshotAttributesResult{}
		return &rds.DescribeDBSnapshotAttributesOutput{DBSnapshotAttributesResult: out},
			i.foldPart("DBSnapshotAttributes", &out.DBSnapshotAttributes)
	})

var configDBClusterSnapshot = configType(recordedType{
	name: "AWS::RDS::DBClusterSnapshot", kind: "aws.rds.db_cluster_snapshot",
	needs: []string{"dbclusterSnapshotIdentifier", "dbclusterIdentifier", "storageEncrypted", "snapshotType"},
})

var _ = lists("RDS.DescribeDBClusterSnapshots", configDBClusterSnapshot,
	func(o *rds.DescribeDBClusterSnapshotsOutput, items []types.DBClusterSnapshot) {
		o.DBClusterSnapshots = items
	})

var _ = tells("RDS.DescribeDBClusterSnapshotAttributes", configDBClusterSnapshot,
	func(in *rds.DescribeDBClusterSnapshotAttributesInput) *string { return in.DBClusterSnapshotIdentifier },
	func(i *recordedItem) (*rds.DescribeDBClusterSnapshotAttributesOutput, error) {
		out := &types.DBClusterSnapshotAttributesResult{}
		return &rds.DescribeDBClusterSnapshotAttributesOutput{DBClusterSnapshotAttributesResult: out},
			i.foldPart("DBClusterSnapshotAttributes", &out.DBClusterSnapshotAttributes)
	})
