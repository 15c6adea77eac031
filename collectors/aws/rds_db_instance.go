package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// The API lists the instances of DocumentDB and Neptune as well, so they are collected here.
//
// An instance that is a member of a cluster carries what belongs to the machine that listens: address, port, network,
// filters, and the version it runs. What the members share (content, backups, keys, parameters, identities) is the
// cluster's record to tell, and not applicable here: so nothing is judged twice.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, dbInstanceItem, dbInstanceAnswers]{
	Kind:  "aws.rds.db_instance",
	Class: inventory.ClassDatabase,
	Permissions: []string{
		"rds:DescribeDBInstances", "rds:DescribeDBParameters", "rds:DescribeOptionGroups", "rds:DescribeDBEngineVersions",
		"rds:DescribeDBMajorEngineVersions", "kms:DescribeKey",
	},
	ListAction: "DescribeDBInstances", ListPermission: "rds:DescribeDBInstances",
	List: func(ctx context.Context, c *Clients) iter.Seq2[dbInstanceItem, error] {
		return dbInstances(ctx, c, nil)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[dbInstanceItem, error] {
		return dbInstances(ctx, c, rdsName(id))
	},
	Ask:   askDBInstance,
	Facts: dbInstanceFacts,
})

// dbInstanceItem is an instance with what its listing has learnt so far.
type dbInstanceItem struct {
	instance types.DBInstance
	listing  *rdsListing
}

// dbInstanceAnswers is all that is said about one instance. The moment up to which it can be restored moves every few
// minutes and is told as whether there is one.
type dbInstanceAnswers struct {
	Instance   types.DBInstance
	Restorable bool
	Parameters collectors.Answer[dbParameters]
	Options    collectors.Answer[dbOptions]
	Key        collectors.Answer[keyHolder]
	Version    collectors.Answer[engineVersion]
	Support    collectors.Answer[engineSupport]
}

func dbInstances(ctx context.Context, c *Clients, id *string) iter.Seq2[dbInstanceItem, error] {
	p := rds.NewDescribeDBInstancesPaginator(c.RDS, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: id})
	listing := &rdsListing{}
	return gone(paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*rds.DescribeDBInstancesOutput, error) { return p.NextPage(ctx) },
		func(o *rds.DescribeDBInstancesOutput) []dbInstanceItem {
			items := make([]dbInstanceItem, 0, len(o.DBInstances))
			for _, i := range o.DBInstances {
				items = append(items, dbInstanceItem{i, listing})
			}
			return items
		}), "DBInstanceNotFound", "DBInstanceNotFoundFault")
}

func askDBInstance(ctx context.Context, c *Clients, item dbInstanceItem) dbInstanceAnswers {
	i, l := item.instance, item.listing
	a := dbInstanceAnswers{Instance: i, Restorable: i.LatestRestorableTime != nil}
	a.Instance.LatestRestorableTime, a.Instance.PercentProgress, a.Instance.StorageOperationPercentProgress = nil, nil, nil
	engine := aws.ToString(i.Engine)
	if v := aws.ToString(i.EngineVersion); v != "" {
		a.Version = l.version(ctx, c, engine, v)
	}
	if a.Version.Value != nil && a.Version.Value.Major != "" {
		a.Support = l.lifecycle(ctx, c, engine, a.Version.Value.Major)
	}
	if i.DBClusterIdentifier != nil {
		return a
	}
	if len(i.DBParameterGroups) > 0 {
		a.Parameters = l.parameterGroup(ctx, c, aws.ToString(i.DBParameterGroups[0].DBParameterGroupName))
	}
	if usesOptions(engine) && len(i.OptionGroupMemberships) > 0 {
		a.Options = l.optionGroup(ctx, c, aws.ToString(i.OptionGroupMemberships[0].OptionGroupName))
	}
	if key := aws.ToString(i.KmsKeyId); key != "" {
		a.Key = l.keys.ask(key, func() collectors.Answer[keyHolder] { return askKeyHolder(ctx, c, key) })
	}
	return a
}

func dbInstanceFacts(w collectors.Where, a dbInstanceAnswers) *inventory.Resource {
	i := a.Instance
	facts := &inventory.Database{}
	id := rdsID(w, "db", i.DBInstanceArn, i.DBInstanceIdentifier)
	r := inventory.New(id, aws.ToString(i.DBInstanceIdentifier), w.Region, facts)
	defer leftOut(r, "DescribeDBInstances", "rds:DescribeDBInstances")
	r.Labels = rdsLabels(i.TagList)
	engineFacts(r, facts, i.Engine, i.IAMDatabaseAuthenticationEnabled)
	versionFact(r, facts, i.AutoMinorVersionUpgrade, a.Version, a.Support)
	dbInstanceNetworkFacts(w, r, facts, i)
	if i.DBClusterIdentifier != nil {
		r.Known("source")
		r.SetNotApplicable("told by its cluster "+*i.DBClusterIdentifier, heldByCluster...)
		return r
	}
	dbInstanceKeepFacts(w, r, facts, a)
	keyFact(r, facts, i.StorageEncrypted, a.Key)
	identityFact(r, facts, i.IAMDatabaseAuthenticationEnabled, i.DomainMemberships)
	pending := false
	for _, g := range i.DBParameterGroups {
		pending = pending || aws.ToString(g.ParameterApplyStatus) != "in-sync"
	}
	settingFacts(r, facts, engineSettings{
		Engine: facts.Engine, Version: aws.ToString(i.EngineVersion), Parameters: a.Parameters, Options: a.Options,
		Exports: i.EnabledCloudwatchLogsExports, Pending: pending,
		Streams: i.ActivityStreamStatus == types.ActivityStreamStatusStarted,
	})
	return r
}

// heldByCluster are the facts that a cluster tells for its members.
var heldByCluster = []string{
	"tls_required", "tls_min_version", "encrypted_at_rest", "customer_key", "backup_retention_days", "point_in_time",
	"other_region_copy", "multi_zone", "deletion_protected", "audit_logged", "central_identity",
	"autoscaled", "risky_flags", "threat_detected",
}

// filteredByGroups is why a database has no rules of its own.
const filteredByGroups = "its security groups filter for it"

func dbInstanceNetworkFacts(w collectors.Where, r *inventory.Resource, facts *inventory.Database, i types.DBInstance) {
	r.SetNotApplicable(filteredByGroups, "rules")
	if i.PubliclyAccessible != nil {
		facts.PublicAddress = *i.PubliclyAccessible
		r.Known("public_endpoint")
	}
	switch {
	case i.Endpoint != nil && aws.ToInt32(i.Endpoint.Port) > 0:
		facts.Port = int(*i.Endpoint.Port)
		r.Known("port")
	case aws.ToInt32(i.DbInstancePort) > 0:
		facts.Port = int(*i.DbInstancePort)
		r.Known("port")
	}
	if g := i.DBSubnetGroup; g != nil && g.VpcId != nil {
		facts.Network = ec2ARN(w, "vpc", *g.VpcId)
		for _, s := range g.Subnets {
			facts.Subnets = append(facts.Subnets, ec2ARN(w, "subnet", aws.ToString(s.SubnetIdentifier)))
		}
		r.Known("network")
		if len(facts.Subnets) > 0 {
			r.Known("subnets")
		}
	}
	// Every instance in a network wears at least one filter.
	if facts.Firewalls = vpcGroups(w, i.VpcSecurityGroups); len(facts.Firewalls) > 0 {
		r.Known("firewalls")
	}
}

func vpcGroups(w collectors.Where, groups []types.VpcSecurityGroupMembership) []string {
	var ids []string
	for _, g := range groups {
		if g.VpcSecurityGroupId != nil {
			ids = append(ids, ec2ARN(w, "security-group", *g.VpcSecurityGroupId))
		}
	}
	return ids
}

// dbInstanceKeepFacts states how the content is kept: backups, copies, zones and room to grow.
func dbInstanceKeepFacts(w collectors.Where, r *inventory.Resource, facts *inventory.Database, a dbInstanceAnswers) {
	i := a.Instance
	backupFacts(r, facts, i.BackupRetentionPeriod, a.Restorable)
	if i.MultiAZ != nil {
		facts.MultiZone = *i.MultiAZ
		r.Known("multi_zone")
	}
	if i.DeletionProtection != nil {
		facts.DeletionProtected = *i.DeletionProtection
		r.Known("deletion_protected")
	}
	// The ceiling is left out where storage does not grow.
	if i.AllocatedStorage != nil {
		facts.Autoscaled = aws.ToInt32(i.MaxAllocatedStorage) > *i.AllocatedStorage
		r.Known("autoscaled")
	}
	facts.Source = rdsARN(w, "db", i.ReadReplicaSourceDBInstanceIdentifier)
	if i.ReadReplicaSourceDBClusterIdentifier != nil {
		facts.Source = rdsARN(w, "cluster", i.ReadReplicaSourceDBClusterIdentifier)
	}
	copies := append([]string{facts.Source}, i.ReadReplicaDBInstanceIdentifiers...)
	copies = append(copies, i.ReadReplicaDBClusterIdentifiers...)
	for _, b := range i.DBInstanceAutomatedBackupsReplications {
		copies = append(copies, aws.ToString(b.DBInstanceAutomatedBackupsArn))
	}
	for _, id := range copies {
		facts.OtherRegionCopy = facts.OtherRegionCopy || elsewhere(w, id)
	}
	r.Known("source", "other_region_copy")
}

// backupFacts states how long backups are kept, and whether the log between them is. A database that was just made has
// no moment to go back to yet, so its answer is awaited.
func backupFacts(r *inventory.Resource, facts *inventory.Database, days *int32, restorable bool) {
	if days != nil {
		facts.BackupRetentionDays = int64(*days)
		r.Known("backup_retention_days")
	}
	if restorable || days != nil && *days == 0 {
		facts.PointInTime = restorable
		r.Known("point_in_time")
	}
}
