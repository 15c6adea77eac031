package aws

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// The API lists the clusters of DocumentDB and Neptune as well, so they are collected here.
//
// A cluster tells what its members share; the address, the filters and the version are told by the members, which
// listen and are patched one by one. A cluster without members tells its version itself, and nothing listens.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, dbClusterItem, dbClusterAnswers]{
	Kind:  "aws.rds.db_cluster",
	Class: inventory.ClassDatabase,
	Permissions: []string{
		"rds:DescribeDBClusters", "rds:DescribeDBClusterParameters", "rds:DescribeGlobalClusters",
		"rds:DescribeDBEngineVersions", "rds:DescribeDBMajorEngineVersions", "kms:DescribeKey",
	},
	ListAction: "DescribeDBClusters", ListPermission: "rds:DescribeDBClusters",
	List: func(ctx context.Context, c *Clients) iter.Seq2[dbClusterItem, error] {
		return dbClusters(ctx, c, nil)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[dbClusterItem, error] {
		return dbClusters(ctx, c, rdsName(id))
	},
	Ask:   askDBCluster,
	Facts: dbClusterFacts,
})

// dbClusterItem is a cluster with what its listing has learnt so far.
type dbClusterItem struct {
	cluster types.DBCluster
	listing *rdsListing
}

// dbClusterAnswers is all that is said about one cluster. Moments that move with every minute are left out.
type dbClusterAnswers struct {
	Cluster    types.DBCluster
	Restorable bool
	Parameters collectors.Answer[dbParameters]
	Globals    collectors.Answer[[]types.GlobalCluster]
	Key        collectors.Answer[keyHolder]
	Version    collectors.Answer[engineVersion]
	Support    collectors.Answer[engineSupport]
}

func dbClusters(ctx context.Context, c *Clients, id *string) iter.Seq2[dbClusterItem, error] {
	p := rds.NewDescribeDBClustersPaginator(c.RDS, &rds.DescribeDBClustersInput{DBClusterIdentifier: id})
	listing := &rdsListing{}
	return gone(paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*rds.DescribeDBClustersOutput, error) { return p.NextPage(ctx) },
		func(o *rds.DescribeDBClustersOutput) []dbClusterItem {
			items := make([]dbClusterItem, 0, len(o.DBClusters))
			for _, cl := range o.DBClusters {
				items = append(items, dbClusterItem{cl, listing})
			}
			return items
		}), "DBClusterNotFoundFault", "DBClusterNotFound")
}

func askDBCluster(ctx context.Context, c *Clients, item dbClusterItem) dbClusterAnswers {
	cl, l := item.cluster, item.listing
	a := dbClusterAnswers{Cluster: withoutMovingMoments(cl), Restorable: cl.LatestRestorableTime != nil}
	engine := aws.ToString(cl.Engine)
	if group := aws.ToString(cl.DBClusterParameterGroup); group != "" {
		a.Parameters = l.clusterParameterGroup(ctx, c, group)
	}
	if key := aws.ToString(cl.KmsKeyId); key != "" {
		a.Key = l.keys.ask(key, func() collectors.Answer[keyHolder] { return askKeyHolder(ctx, c, key) })
	}
	a.Globals = l.globals.ask("", func() collectors.Answer[[]types.GlobalCluster] { return askGlobalClusters(ctx, c) })
	a.Globals = globalsOf(a.Globals, aws.ToString(cl.DBClusterArn))
	if v := aws.ToString(cl.EngineVersion); v != "" && len(cl.DBClusterMembers) == 0 {
		a.Version = l.version(ctx, c, engine, v)
	}
	if a.Version.Value != nil && a.Version.Value.Major != "" {
		a.Support = l.lifecycle(ctx, c, engine, a.Version.Value.Major)
	}
	return a
}

// withoutMovingMoments leaves out what changes though nothing did.
func withoutMovingMoments(cl types.DBCluster) types.DBCluster {
	cl.LatestRestorableTime, cl.EarliestRestorableTime, cl.EarliestBacktrackTime = nil, nil, nil
	cl.PercentProgress, cl.BacktrackConsumedChangeRecords, cl.Capacity = nil, nil, nil
	return cl
}

func askGlobalClusters(ctx context.Context, c *Clients) collectors.Answer[[]types.GlobalCluster] {
	return ask("DescribeGlobalClusters", "rds:DescribeGlobalClusters", func() (*[]types.GlobalCluster, error) {
		p := rds.NewDescribeGlobalClustersPaginator(c.RDS, &rds.DescribeGlobalClustersInput{})
		return gathered(paged(ctx, p.HasMorePages,
			func(ctx context.Context) (*rds.DescribeGlobalClustersOutput, error) { return p.NextPage(ctx) },
			func(o *rds.DescribeGlobalClustersOutput) []types.GlobalCluster { return o.GlobalClusters }))
	})
}

// globalsOf keeps the global clusters that one cluster belongs to.
func globalsOf(all collectors.Answer[[]types.GlobalCluster], cluster string) collectors.Answer[[]types.GlobalCluster] {
	if all.Value == nil {
		return all
	}
	own := []types.GlobalCluster{}
	for _, g := range *all.Value {
		for _, m := range g.GlobalClusterMembers {
			if aws.ToString(m.DBClusterArn) == cluster {
				own = append(own, g)
			}
		}
	}
	all.Value = &own
	return all
}

func dbClusterFacts(w collectors.Where, a dbClusterAnswers) *inventory.Resource {
	cl := a.Cluster
	facts := &inventory.Database{}
	id := rdsID(w, "cluster", cl.DBClusterArn, cl.DBClusterIdentifier)
	r := inventory.New(id, aws.ToString(cl.DBClusterIdentifier), w.Region, facts)
	defer leftOut(r, "DescribeDBClusters", "rds:DescribeDBClusters")
	r.Labels = rdsLabels(cl.TagList)
	engineFacts(r, facts, cl.Engine, cl.IAMDatabaseAuthenticationEnabled)
	dbClusterNetworkFacts(w, r, facts, cl)
	if len(cl.DBClusterMembers) > 0 {
		r.SetNotApplicable("told by its instances", "version_supported")
	} else {
		versionFact(r, facts, cl.AutoMinorVersionUpgrade, a.Version, a.Support)
	}
	dbClusterKeepFacts(w, r, facts, a)
	keyFact(r, facts, cl.StorageEncrypted, a.Key)
	identityFact(r, facts, cl.IAMDatabaseAuthenticationEnabled, cl.DomainMemberships)
	pending := false
	for _, m := range cl.DBClusterMembers {
		pending = pending || m.DBClusterParameterGroupStatus != nil && *m.DBClusterParameterGroupStatus != "in-sync"
	}
	settingFacts(r, facts, engineSettings{
		Engine: facts.Engine, Version: aws.ToString(cl.EngineVersion), Parameters: a.Parameters,
		Exports: cl.EnabledCloudwatchLogsExports, Pending: pending,
		Streams: cl.ActivityStreamStatus == types.ActivityStreamStatusStarted,
	})
	return r
}

// dbClusterNetworkFacts leaves the network to the members. The first serverless Aurora has none: it listens inside the
// network by itself and cannot be given a public address.
func dbClusterNetworkFacts(w collectors.Where, r *inventory.Resource, facts *inventory.Database, cl types.DBCluster) {
	r.SetNotApplicable(filteredByGroups, "rules")
	if aws.ToInt32(cl.Port) > 0 {
		facts.Port = int(*cl.Port)
		r.Known("port")
	}
	if aws.ToString(cl.EngineMode) == "serverless" {
		r.Known("public_endpoint")
		if facts.Firewalls = vpcGroups(w, cl.VpcSecurityGroups); len(facts.Firewalls) > 0 {
			r.Known("firewalls")
		}
		return
	}
	reason := "told by its instances, which are what listens"
	if len(cl.DBClusterMembers) == 0 {
		reason = "it has no instance, so nothing listens"
	}
	r.SetNotApplicable(reason, "public_access", "world_range", "ingress_app_only", "private_network",
		"public_endpoint", "network", "subnets", "firewalls", "admitted", "paths")
}

// dbClusterKeepFacts states how the content is kept: backups, copies, zones and room to grow.
func dbClusterKeepFacts(w collectors.Where, r *inventory.Resource, facts *inventory.Database, a dbClusterAnswers) {
	cl := a.Cluster
	backupFacts(r, facts, cl.BackupRetentionPeriod, a.Restorable)
	if cl.MultiAZ != nil {
		facts.MultiZone = *cl.MultiAZ
		r.Known("multi_zone")
	}
	if cl.DeletionProtection != nil {
		facts.DeletionProtected = *cl.DeletionProtection
		r.Known("deletion_protected")
	}
	switch engine := engineOf(facts.Engine); {
	// The storage of Aurora, DocumentDB and Neptune grows by itself up to the ceiling of the service.
	case strings.HasPrefix(facts.Engine, "aurora"), engine == engineDocDB, engine == engineNeptune:
		facts.Autoscaled = true
		r.SetInherent("autoscaled")
	case facts.Engine != "":
		r.Known("autoscaled")
	}
	facts.Source = rdsARN(w, "cluster", cl.ReplicationSourceIdentifier)
	r.Known("source")
	for _, id := range append([]string{facts.Source}, cl.ReadReplicaIdentifiers...) {
		facts.OtherRegionCopy = facts.OtherRegionCopy || elsewhere(w, id)
	}
	if facts.OtherRegionCopy {
		r.Known("other_region_copy")
		return
	}
	collectors.Know(r, a.Globals, func(globals *[]types.GlobalCluster) {
		if globals == nil {
			return
		}
		for _, g := range *globals {
			for _, m := range g.GlobalClusterMembers {
				facts.OtherRegionCopy = facts.OtherRegionCopy || elsewhere(w, aws.ToString(m.DBClusterArn))
			}
		}
	}, "other_region_copy")
}
