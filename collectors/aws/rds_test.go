package aws

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func TestDBInstanceFacts(t *testing.T) {
	t.Parallel()
	full := types.DBInstance{
		DBInstanceIdentifier: aws.String("db"), DBInstanceArn: aws.String("arn:aws:rds:us-east-1:1:db:db"), Engine: aws.String("postgres"), EngineVersion: aws.String("16.3"),
		PubliclyAccessible: aws.Bool(false), Endpoint: &types.Endpoint{Port: aws.Int32(5432)}, StorageEncrypted: aws.Bool(true), KmsKeyId: aws.String("key"),
		DBSubnetGroup:         &types.DBSubnetGroup{VpcId: aws.String("vpc-1"), Subnets: []types.Subnet{{SubnetIdentifier: aws.String("subnet-1")}}},
		VpcSecurityGroups:     []types.VpcSecurityGroupMembership{{VpcSecurityGroupId: aws.String("sg-1")}},
		BackupRetentionPeriod: aws.Int32(14), MultiAZ: aws.Bool(true), DeletionProtection: aws.Bool(true), AllocatedStorage: aws.Int32(20), MaxAllocatedStorage: aws.Int32(100),
		IAMDatabaseAuthenticationEnabled: aws.Bool(true), DBParameterGroups: []types.DBParameterGroupStatus{{ParameterApplyStatus: aws.String("in-sync")}},
	}
	with := func(change func(*types.DBInstance)) types.DBInstance {
		i := full
		change(&i)
		return i
	}
	customer := answered(&keyHolder{Manager: "CUSTOMER"})
	force := parameters(map[string]*string{"rds.force_ssl": set("1")})
	for name, c := range map[string]struct {
		answers dbInstanceAnswers
		want    stated
	}{
		"complete": {dbInstanceAnswers{Instance: full, Restorable: true, Key: customer, Parameters: force},
			stated{"family": "relational", "endpoint": "network", "public_endpoint": false, "port": 5432, "network": ec2ARN(here, "vpc", "vpc-1"),
				"subnets": "[" + ec2ARN(here, "subnet", "subnet-1") + "]", "firewalls": "[" + ec2ARN(here, "security-group", "sg-1") + "]",
				"encrypted_at_rest": true, "customer_key": true, "backup_retention_days": 14, "point_in_time": true, "multi_zone": true,
				"deletion_protected": true, "autoscaled": true, "central_identity": true, "auth_required": true, "tls_required": true,
				"masked": notApplicable, "vulnerability_assessed": notApplicable, "threat_detected": nil, "other_region_copy": false, "source": "", "public_access": nil}},
		"bare answer": {dbInstanceAnswers{Instance: types.DBInstance{DBInstanceIdentifier: aws.String("db")}},
			stated{"family": nil, "public_endpoint": nil, "port": nil, "network": nil, "firewalls": nil, "encrypted_at_rest": nil, "customer_key": nil, "backup_retention_days": nil,
				"point_in_time": nil, "multi_zone": nil, "deletion_protected": nil, "autoscaled": nil, "central_identity": nil, "tls_required": nil, "version_supported": nil}},
		"clear disk": {dbInstanceAnswers{Instance: with(func(i *types.DBInstance) { i.StorageEncrypted = aws.Bool(false) })},
			stated{"encrypted_at_rest": false, "customer_key": false}},
		"the provider's key": {dbInstanceAnswers{Instance: full, Key: answered(&keyHolder{Manager: "AWS"})},
			stated{"customer_key": false}},
		"key denied": {dbInstanceAnswers{Instance: full, Key: refused[keyHolder]()},
			stated{"encrypted_at_rest": true, "customer_key": nil}},
		"no backups": {dbInstanceAnswers{Instance: with(func(i *types.DBInstance) { i.BackupRetentionPeriod = aws.Int32(0) })},
			stated{"backup_retention_days": 0, "point_in_time": false}},
		"first backup awaited": {dbInstanceAnswers{Instance: full},
			stated{"backup_retention_days": 14, "point_in_time": nil}},
		"no room to grow": {dbInstanceAnswers{Instance: with(func(i *types.DBInstance) { i.MaxAllocatedStorage = nil })},
			stated{"autoscaled": false}},
		"restart awaited": {dbInstanceAnswers{Parameters: force, Instance: with(func(i *types.DBInstance) {
			i.DBParameterGroups = []types.DBParameterGroupStatus{{ParameterApplyStatus: aws.String("pending-reboot")}}
		})}, stated{"tls_required": nil}},
		"joined a directory": {dbInstanceAnswers{Instance: with(func(i *types.DBInstance) {
			i.IAMDatabaseAuthenticationEnabled, i.DomainMemberships = nil, []types.DomainMembership{{Status: aws.String("joined")}}
		})}, stated{"central_identity": true}},
		"replica of another region": {dbInstanceAnswers{Instance: with(func(i *types.DBInstance) {
			i.ReadReplicaSourceDBInstanceIdentifier = aws.String("arn:aws:rds:eu-west-1:1:db:origin")
		})}, stated{"other_region_copy": true, "source": "arn:aws:rds:eu-west-1:1:db:origin"}},
		"replica here": {dbInstanceAnswers{Instance: with(func(i *types.DBInstance) { i.ReadReplicaSourceDBInstanceIdentifier = aws.String("origin") })},
			stated{"other_region_copy": false, "source": "arn:aws:rds:us-east-1:644160558196:db:origin"}},
		"backups copied away": {dbInstanceAnswers{Instance: with(func(i *types.DBInstance) {
			i.DBInstanceAutomatedBackupsReplications = []types.DBInstanceAutomatedBackupsReplication{{DBInstanceAutomatedBackupsArn: aws.String("arn:aws:rds:us-west-2:1:auto-backup:ab")}}
		})}, stated{"other_region_copy": true}},
		"member of a cluster": {dbInstanceAnswers{Instance: with(func(i *types.DBInstance) { i.DBClusterIdentifier = aws.String("c") })},
			stated{"public_endpoint": false, "port": 5432, "encrypted_at_rest": notApplicable, "tls_required": notApplicable, "backup_retention_days": notApplicable,
				"audit_logged": notApplicable, "multi_zone": notApplicable, "risky_flags": notApplicable, "customer_key": notApplicable, "version_supported": nil}},
		"documents": {dbInstanceAnswers{Instance: with(func(i *types.DBInstance) { i.Engine = aws.String("docdb") })},
			stated{"family": "document", "central_identity": nil}},
		"graph without identities": {dbInstanceAnswers{Instance: with(func(i *types.DBInstance) {
			i.Engine, i.IAMDatabaseAuthenticationEnabled = aws.String("neptune"), aws.Bool(false)
		})}, stated{"auth_required": false, "central_identity": false}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, dbInstanceFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
}

func TestDBClusterFacts(t *testing.T) {
	t.Parallel()
	full := types.DBCluster{
		DBClusterIdentifier: aws.String("c"), DBClusterArn: aws.String("arn:aws:rds:us-east-1:1:cluster:c"), Engine: aws.String("aurora-postgresql"), EngineVersion: aws.String("16.1"),
		StorageEncrypted: aws.Bool(true), BackupRetentionPeriod: aws.Int32(7), MultiAZ: aws.Bool(true), DeletionProtection: aws.Bool(false), Port: aws.Int32(5432),
		DBClusterMembers: []types.DBClusterMember{{DBClusterParameterGroupStatus: aws.String("in-sync")}}, IAMDatabaseAuthenticationEnabled: aws.Bool(true),
	}
	with := func(change func(*types.DBCluster)) types.DBCluster {
		cl := full
		change(&cl)
		return cl
	}
	force := parameters(map[string]*string{"rds.force_ssl": set("1")})
	none := answered(&[]types.GlobalCluster{})
	global := answered(&[]types.GlobalCluster{{GlobalClusterMembers: []types.GlobalClusterMember{{DBClusterArn: full.DBClusterArn}, {DBClusterArn: aws.String("arn:aws:rds:eu-west-1:1:cluster:c2")}}}})
	for name, c := range map[string]struct {
		answers dbClusterAnswers
		want    stated
	}{
		"complete": {dbClusterAnswers{Cluster: full, Restorable: true, Parameters: force, Globals: none},
			stated{"tls_required": true, "encrypted_at_rest": true, "backup_retention_days": 7, "point_in_time": true, "multi_zone": true, "autoscaled": true,
				"deletion_protected": false, "central_identity": true, "other_region_copy": false, "port": 5432, "version_supported": notApplicable,
				"public_access": notApplicable, "world_range": notApplicable, "private_network": notApplicable, "ingress_app_only": notApplicable, "firewalls": notApplicable}},
		"second region": {dbClusterAnswers{Cluster: full, Globals: global}, stated{"other_region_copy": true}},
		"globals denied": {dbClusterAnswers{Cluster: full, Globals: refused[[]types.GlobalCluster]()},
			stated{"other_region_copy": nil}},
		"replica is seen": {dbClusterAnswers{Cluster: with(func(cl *types.DBCluster) { cl.ReadReplicaIdentifiers = []string{"arn:aws:rds:eu-west-1:1:cluster:r"} }), Globals: refused[[]types.GlobalCluster]()},
			stated{"other_region_copy": true}},
		"restart awaited": {dbClusterAnswers{Parameters: force, Cluster: with(func(cl *types.DBCluster) {
			cl.DBClusterMembers = []types.DBClusterMember{{DBClusterParameterGroupStatus: aws.String("pending-reboot")}}
		})}, stated{"tls_required": nil}},
		"first serverless": {dbClusterAnswers{Cluster: with(func(cl *types.DBCluster) { cl.EngineMode, cl.DBClusterMembers = aws.String("serverless"), nil })},
			stated{"public_endpoint": false, "subnets": nil, "public_access": nil, "version_supported": nil}},
		"no members": {dbClusterAnswers{Cluster: with(func(cl *types.DBCluster) { cl.DBClusterMembers = nil; cl.AutoMinorVersionUpgrade = aws.Bool(false) })},
			stated{"public_access": notApplicable, "version_supported": false}},
		"rows in two zones": {dbClusterAnswers{Cluster: with(func(cl *types.DBCluster) { cl.Engine = aws.String("mysql") })},
			stated{"autoscaled": false}},
		"bare answer": {dbClusterAnswers{Cluster: types.DBCluster{DBClusterIdentifier: aws.String("c")}},
			stated{"family": nil, "encrypted_at_rest": nil, "multi_zone": nil, "deletion_protected": nil, "backup_retention_days": nil, "autoscaled": nil, "central_identity": nil, "other_region_copy": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, dbClusterFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
}

// rdsScript answers like an account whose two databases share everything.
func rdsScript() script {
	instance := func(name string) types.DBInstance {
		return types.DBInstance{DBInstanceIdentifier: aws.String(name), Engine: aws.String("postgres"), EngineVersion: aws.String("16.3"), AutoMinorVersionUpgrade: aws.Bool(true),
			StorageEncrypted: aws.Bool(true), KmsKeyId: aws.String("key"), LatestRestorableTime: aws.Time(time.Unix(1, 0)),
			DBParameterGroups: []types.DBParameterGroupStatus{{DBParameterGroupName: aws.String("g"), ParameterApplyStatus: aws.String("in-sync")}}}
	}
	return script{
		"DescribeDBInstances": func(in any) (any, error) {
			if in.(*rds.DescribeDBInstancesInput).Marker == nil {
				return &rds.DescribeDBInstancesOutput{Marker: aws.String("2"), DBInstances: []types.DBInstance{instance("a")}}, nil
			}
			return &rds.DescribeDBInstancesOutput{DBInstances: []types.DBInstance{instance("b")}}, nil
		},
		"DescribeDBParameters": func(in any) (any, error) {
			if in.(*rds.DescribeDBParametersInput).Marker == nil {
				return &rds.DescribeDBParametersOutput{Marker: aws.String("2"), Parameters: []types.Parameter{{ParameterName: aws.String("other")}}}, nil
			}
			return &rds.DescribeDBParametersOutput{Parameters: []types.Parameter{{ParameterName: aws.String("rds.force_ssl"), ParameterValue: aws.String("1")}}}, nil
		},
		"DescribeDBEngineVersions": say(&rds.DescribeDBEngineVersionsOutput{DBEngineVersions: []types.DBEngineVersion{{EngineVersion: aws.String("16.3"), MajorEngineVersion: aws.String("16"), Status: aws.String("available")}}}),
		"DescribeDBMajorEngineVersions": say(&rds.DescribeDBMajorEngineVersionsOutput{DBMajorEngineVersions: []types.DBMajorEngineVersion{{MajorEngineVersion: aws.String("16"), SupportedEngineLifecycles: []types.SupportedEngineLifecycle{
			{LifecycleSupportName: types.LifecycleSupportNameOpenSourceRdsStandardSupport, LifecycleSupportEndDate: aws.Time(time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC))}}}}}),
		"DescribeKey": say(&kms.DescribeKeyOutput{KeyMetadata: &kmstypes.KeyMetadata{KeyId: aws.String("key"), KeyManager: kmstypes.KeyManagerTypeCustomer}}),
	}
}

func TestAskDBInstancesAsksOnce(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, here.Region, rdsScript())
	n := 0
	for item, err := range dbInstances(context.Background(), c, nil) {
		if err != nil {
			t.Fatal(err)
		}
		a := askDBInstance(context.Background(), c, item)
		if a.Instance.LatestRestorableTime != nil || !a.Restorable {
			t.Error("the moment that moves is told as whether there is one")
		}
		stated{"tls_required": true, "customer_key": true, "version_supported": true, "point_in_time": true}.check(t, dbInstanceFacts(here, a))
		roundTrip(t, a)
		n++
	}
	if n != 2 {
		t.Fatalf("%d instances on two pages", n)
	}
	for op, want := range map[string]int{"DescribeDBParameters": 2, "DescribeDBEngineVersions": 1, "DescribeDBMajorEngineVersions": 1, "DescribeKey": 1} {
		if calls(op) != want {
			t.Errorf("%s: %d calls, want %d", op, calls(op), want)
		}
	}
}

func TestAskDBInstanceRefused(t *testing.T) {
	t.Parallel()
	lines := script{"DescribeDBInstances": rdsScript()["DescribeDBInstances"], "DescribeDBEngineVersions": refuse("InternalFailure")}
	c, _ := scripted(t, here.Region, lines)
	for item, err := range dbInstances(context.Background(), c, nil) {
		if err != nil {
			t.Fatal(err)
		}
		r := dbInstanceFacts(here, askDBInstance(context.Background(), c, item))
		stated{"tls_required": nil, "customer_key": nil, "version_supported": nil}.check(t, r)
		if why := r.Why("customer_key"); why.Cause != inventory.CauseDenied || why.Permission != "kms:DescribeKey" {
			t.Errorf("%+v", why)
		}
		if why := r.Why("version_supported"); why.Cause != inventory.CauseFailed || why.Code != "InternalFailure" {
			t.Errorf("%+v", why)
		}
	}
}

func TestAskDBCluster(t *testing.T) {
	t.Parallel()
	own, other := "arn:aws:rds:us-east-1:1:cluster:c", "arn:aws:rds:us-east-1:1:cluster:d"
	c, calls := scripted(t, here.Region, script{
		"DescribeDBClusters": say(&rds.DescribeDBClustersOutput{DBClusters: []types.DBCluster{{DBClusterArn: &own, EarliestRestorableTime: aws.Time(time.Unix(1, 0))}, {DBClusterArn: &other}}}),
		"DescribeGlobalClusters": say(&rds.DescribeGlobalClustersOutput{GlobalClusters: []types.GlobalCluster{
			{GlobalClusterMembers: []types.GlobalClusterMember{{DBClusterArn: &own}, {DBClusterArn: aws.String("arn:aws:rds:eu-west-1:1:cluster:c")}}}}}),
	})
	copied := map[string]bool{}
	for item, err := range dbClusters(context.Background(), c, nil) {
		if err != nil {
			t.Fatal(err)
		}
		a := askDBCluster(context.Background(), c, item)
		if a.Cluster.EarliestRestorableTime != nil {
			t.Error("a moment that moves was kept")
		}
		r := dbClusterFacts(here, a)
		v, _ := r.Value("other_region_copy")
		copied[r.ID] = v.(bool)
	}
	if !copied[own] || copied[other] || calls("DescribeGlobalClusters") != 1 {
		t.Errorf("%v in %d calls", copied, calls("DescribeGlobalClusters"))
	}
}

func TestKeyOfTheServiceNeedsNoCall(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, here.Region, script{})
	for _, key := range []string{"alias/aws/rds", "arn:aws:kms:us-east-1:1:alias/aws/s3"} {
		if a := askKeyHolder(context.Background(), c, key); a.Value == nil || a.Value.Manager != "AWS" {
			t.Errorf("%s: %+v", key, a)
		}
	}
	if calls("DescribeKey") != 0 {
		t.Error("the alias tells")
	}
	if a := askKeyHolder(context.Background(), c, "arn:aws:kms:us-east-1:1:key/1"); a.Unknown() == nil {
		t.Error("a refused key is not known")
	}
}

func TestDBSnapshotFacts(t *testing.T) {
	t.Parallel()
	taken := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	manual := types.DBSnapshot{DBSnapshotIdentifier: aws.String("s"), DBInstanceIdentifier: aws.String("db"), SnapshotType: aws.String("manual"), Encrypted: aws.Bool(true), KmsKeyId: aws.String("key"), SnapshotCreateTime: &taken}
	restore := func(who ...string) collectors.Answer[[]types.DBSnapshotAttribute] {
		return answered(&[]types.DBSnapshotAttribute{{AttributeName: aws.String("restore"), AttributeValues: who}})
	}
	automated := manual
	automated.SnapshotType = aws.String("automated")
	copied := manual
	copied.SourceDBSnapshotIdentifier = aws.String("arn:aws:rds:eu-west-1:123456789012:snapshot:rds:db-2026-01-01")
	for name, c := range map[string]struct {
		answers dbSnapshotAnswers
		want    stated
	}{
		"own": {dbSnapshotAnswers{manual, restore()},
			stated{"public": false, "principals": "[]", "encrypted_at_rest": true, "taken_at": taken, "source": "arn:aws:rds:us-east-1:644160558196:db:db", "encryption_key": "key"}},
		"public": {dbSnapshotAnswers{manual, restore("all")}, stated{"public": true, "principals": "[]"}},
		"shared": {dbSnapshotAnswers{manual, restore("644160558196", "123456789012")},
			stated{"public": false, "principals": "[123456789012]"}},
		"denied": {dbSnapshotAnswers{manual, refused[[]types.DBSnapshotAttribute]()},
			stated{"public": nil, "principals": nil}},
		"unasked":   {dbSnapshotAnswers{Snapshot: manual}, stated{"public": nil, "principals": nil}},
		"automatic": {dbSnapshotAnswers{Snapshot: automated}, stated{"public": false, "principals": "[]"}},
		"copied":    {dbSnapshotAnswers{copied, restore()}, stated{"source": "arn:aws:rds:eu-west-1:123456789012:db:db"}},
		"bare": {dbSnapshotAnswers{Snapshot: types.DBSnapshot{DBSnapshotIdentifier: aws.String("s")}},
			stated{"encrypted_at_rest": nil, "taken_at": nil, "source": nil, "public": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, dbSnapshotFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
	cluster := types.DBClusterSnapshot{DBClusterSnapshotIdentifier: aws.String("s"), DBClusterIdentifier: aws.String("c"), StorageEncrypted: aws.Bool(false)}
	shared := answered(&[]types.DBClusterSnapshotAttribute{{AttributeName: aws.String("restore"), AttributeValues: []string{"all"}}})
	stated{"public": true, "encrypted_at_rest": false, "source": "arn:aws:rds:us-east-1:644160558196:cluster:c"}.check(t, dbClusterSnapshotFacts(here, dbClusterSnapshotAnswers{cluster, shared}))
	stated{"public": nil}.check(t, dbClusterSnapshotFacts(here, dbClusterSnapshotAnswers{cluster, refused[[]types.DBClusterSnapshotAttribute]()}))
}

func TestAskSnapshots(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, here.Region, script{})
	auto := askDBSnapshot(context.Background(), c, types.DBSnapshot{SnapshotType: aws.String("automated")})
	if auto.Access.Failed != nil || calls("DescribeDBSnapshotAttributes") != 0 {
		t.Error("an automatic snapshot is not asked about")
	}
	manual := askDBSnapshot(context.Background(), c, types.DBSnapshot{DBSnapshotIdentifier: aws.String("s"), SnapshotType: aws.String("manual")})
	if why := manual.Access.Unknown(); why == nil || why.Cause != inventory.CauseDenied {
		t.Errorf("%+v", manual.Access)
	}
	cluster := askDBClusterSnapshot(context.Background(), c, types.DBClusterSnapshot{DBClusterSnapshotIdentifier: aws.String("s"), SnapshotType: aws.String("manual")})
	if why := cluster.Access.Unknown(); why == nil || why.Permission != "rds:DescribeDBClusterSnapshotAttributes" {
		t.Errorf("%+v", cluster.Access)
	}
	if got := aws.ToString(rdsName("arn:aws:rds:us-east-1:1:snapshot:rds:db-2026")); got != "rds:db-2026" {
		t.Errorf("the name in the ARN of an automatic snapshot: %q", got)
	}
}

func TestRecordedDatabases(t *testing.T) {
	t.Parallel()
	instance := func(scenario string, i int) dbInstanceAnswers {
		v := recorded[rds.DescribeDBInstancesOutput](t, scenario+"/rds.DescribeDBInstances_1.json").DBInstances[i]
		return dbInstanceAnswers{Instance: v, Restorable: v.LatestRestorableTime != nil}
	}
	cluster := func(scenario string, i int) dbClusterAnswers {
		v := recorded[rds.DescribeDBClustersOutput](t, scenario+"/rds.DescribeDBClusters_1.json").DBClusters[i]
		return dbClusterAnswers{Cluster: v, Restorable: v.LatestRestorableTime != nil}
	}
	stated{"encrypted_at_rest": true, "backup_retention_days": 7, "point_in_time": true, "multi_zone": false, "deletion_protected": true, "autoscaled": true, "public_endpoint": false, "central_identity": false}.check(t, dbInstanceFacts(here, instance("test_rds_db_option_groups", 0)))
	stated{"point_in_time": false, "version_supported": false, "backup_retention_days": 0}.check(t, dbInstanceFacts(here, instance("test_rds_db_option_groups", 1)))
	stated{"public_endpoint": true, "encrypted_at_rest": false, "customer_key": false, "deletion_protected": nil, "central_identity": nil}.check(t, dbInstanceFacts(here, instance("test_rds_kms_alias", 1)))
	stated{"source": "arn:aws:rds:us-east-1:644160558196:db:qapipfit", "point_in_time": false}.check(t, dbInstanceFacts(here, instance("test_rds_retention", 2)))
	stated{"audit_logged": false, "encrypted_at_rest": nil, "public_endpoint": nil}.check(t, dbInstanceFacts(here, instance("test_rds_modify_db_enable_cloudwatch", 0)))
	stated{"encrypted_at_rest": notApplicable, "public_endpoint": false, "family": "relational"}.check(t, dbInstanceFacts(here, instance("test_rds_delete_aurora_filter", 0)))
	stated{"multi_zone": true, "central_identity": true, "deletion_protected": true, "backup_retention_days": 1, "autoscaled": true}.check(t, dbClusterFacts(here, cluster("test_modify_rds_cluster", 0)))
	stated{"public_endpoint": false, "deletion_protected": false, "multi_zone": false}.check(t, dbClusterFacts(here, cluster("test_modify_rds_cluster_serverless_v2", 1)))
	stated{"family": "document", "auth_required": false, "public_access": notApplicable}.check(t, dbClusterFacts(here, cluster("test_rdscluster_config", 1)))
	if r := dbClusterFacts(here, cluster("test_rdscluster_config", 0)); r.Labels["Owner"] != "Mc-Mcslice" {
		t.Errorf("labels: %v", r.Labels)
	}
	pending := cluster("test_rdsclusterparamgroup_filter", 2)
	pending.Parameters = parameters(map[string]*string{"tls_version": set("TLSv1.2")})
	stated{"tls_min_version": nil}.check(t, dbClusterFacts(here, pending))
}

func TestRecordedSnapshots(t *testing.T) {
	t.Parallel()
	listed := recorded[rds.DescribeDBSnapshotsOutput](t, "test_rds_snapshot_access/rds.DescribeDBSnapshots_1.json").DBSnapshots
	access := func(n string) collectors.Answer[[]types.DBSnapshotAttribute] {
		return answered(&recorded[rds.DescribeDBSnapshotAttributesOutput](t, "test_rds_snapshot_access/rds.DescribeDBSnapshotAttributes_"+n+".json").DBSnapshotAttributesResult.DBSnapshotAttributes)
	}
	stated{"public": false, "encrypted_at_rest": false}.check(t, dbSnapshotFacts(here, dbSnapshotAnswers{Snapshot: listed[0]}))
	stated{"public": true, "principals": "[]", "source": "arn:aws:rds:us-east-1:644160558196:db:tidx"}.check(t, dbSnapshotFacts(here, dbSnapshotAnswers{listed[2], access("3")}))
	stated{"public": false, "principals": "[619193117841]"}.check(t, dbSnapshotFacts(here, dbSnapshotAnswers{listed[3], access("4")}))
	cluster := recorded[rds.DescribeDBClusterSnapshotsOutput](t, "test_rdscluster_snapshot_config/rds.DescribeDBClusterSnapshots_1.json").DBClusterSnapshots[0]
	shared := answered(&recorded[rds.DescribeDBClusterSnapshotAttributesOutput](t, "test_rdscluster_snapshot_clear_permissions/rds.DescribeDBClusterSnapshotAttributes_1.json").DBClusterSnapshotAttributesResult.DBClusterSnapshotAttributes)
	stated{"public": true, "principals": "[123456789012]", "encrypted_at_rest": true}.check(t, dbClusterSnapshotFacts(here, dbClusterSnapshotAnswers{cluster, shared}))
	automated := recorded[rds.DescribeDBClusterSnapshotsOutput](t, "test_rds_cluster_snapshot_get_resources/rds.DescribeDBClusterSnapshots_1.json").DBClusterSnapshots[0]
	stated{"public": false}.check(t, dbClusterSnapshotFacts(here, dbClusterSnapshotAnswers{Snapshot: automated}))
}

// A cluster and an instance for the tests over the whole registry, and what is recorded of them.
var (
	_ = sample("aws.rds.db_instance", dbInstanceFacts,
		dbInstanceAnswers{Instance: types.DBInstance{DBInstanceIdentifier: aws.String("db"), Engine: aws.String("mysql"), EngineVersion: aws.String("8.0.35")}},
		dbInstanceAnswers{Instance: types.DBInstance{DBInstanceIdentifier: aws.String("member"), Engine: aws.String("aurora-mysql"), DBClusterIdentifier: aws.String("c")}})
	_ = sample("aws.rds.db_cluster", dbClusterFacts, dbClusterAnswers{Cluster: types.DBCluster{DBClusterIdentifier: aws.String("c"), Engine: aws.String("aurora-mysql")}})
	_ = sample("aws.rds.db_snapshot", dbSnapshotFacts, dbSnapshotAnswers{Snapshot: types.DBSnapshot{DBSnapshotIdentifier: aws.String("s")}})
	_ = sample("aws.rds.db_cluster_snapshot", dbClusterSnapshotFacts, dbClusterSnapshotAnswers{Snapshot: types.DBClusterSnapshot{DBClusterSnapshotIdentifier: aws.String("s")}})

	_ = sweep("rds.DescribeDBInstances", dbInstanceFacts, func(o *rds.DescribeDBInstancesOutput) []dbInstanceAnswers {
		return mapped(o.DBInstances, func(i types.DBInstance) dbInstanceAnswers { return dbInstanceAnswers{Instance: i} })
	})
	_ = sweep("rds.DescribeDBClusters", dbClusterFacts, func(o *rds.DescribeDBClustersOutput) []dbClusterAnswers {
		return mapped(o.DBClusters, func(c types.DBCluster) dbClusterAnswers { return dbClusterAnswers{Cluster: c} })
	})
	_ = sweep("rds.DescribeDBSnapshots", dbSnapshotFacts, func(o *rds.DescribeDBSnapshotsOutput) []dbSnapshotAnswers {
		return mapped(o.DBSnapshots, func(s types.DBSnapshot) dbSnapshotAnswers { return dbSnapshotAnswers{Snapshot: s} })
	})
	_ = sweep("rds.DescribeDBClusterSnapshots", dbClusterSnapshotFacts, func(o *rds.DescribeDBClusterSnapshotsOutput) []dbClusterSnapshotAnswers {
		return mapped(o.DBClusterSnapshots, func(s types.DBClusterSnapshot) dbClusterSnapshotAnswers { return dbClusterSnapshotAnswers{Snapshot: s} })
	})
	_ = sweep("rds.DescribeDBParameters", swept, func(o *rds.DescribeDBParametersOutput) []engineSettings { return sweptSettings("mysql", o.Parameters) })
	_ = sweep("rds.DescribeDBClusterParameters", swept, func(o *rds.DescribeDBClusterParametersOutput) []engineSettings {
		return sweptSettings("aurora-postgresql", o.Parameters)
	})
)

func sweptSettings(engine string, listed []types.Parameter) []engineSettings {
	p := &dbParameters{}
	p.add(listed)
	return []engineSettings{{Engine: engine, Version: "8.0.35", Parameters: answered(p)}}
}

func swept(w collectors.Where, s engineSettings) *inventory.Resource {
	return dbInstanceFacts(w, dbInstanceAnswers{
		Instance:   types.DBInstance{DBInstanceIdentifier: aws.String("db"), Engine: &s.Engine, EngineVersion: &s.Version},
		Parameters: s.Parameters,
	})
}
