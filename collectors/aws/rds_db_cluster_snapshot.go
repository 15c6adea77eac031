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

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.DBClusterSnapshot, dbClusterSnapshotAnswers]{
	Kind:        "aws.rds.db_cluster_snapshot",
	Class:       inventory.ClassSnapshot,
	Permissions: []string{"rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusterSnapshotAttributes"},
	ListAction:  "DescribeDBClusterSnapshots", ListPermission: "rds:DescribeDBClusterSnapshots",
	List: func(ctx context.Context, c *Clients) iter.Seq2[types.DBClusterSnapshot, error] {
		return dbClusterSnapshots(ctx, c, nil)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.DBClusterSnapshot, error] {
		return dbClusterSnapshots(ctx, c, rdsName(id))
	},
	Ask:   askDBClusterSnapshot,
	Facts: dbClusterSnapshotFacts,
})

// dbClusterSnapshotAnswers is all that is said about one snapshot of a cluster.
type dbClusterSnapshotAnswers struct {
	Snapshot types.DBClusterSnapshot
	Access   collectors.Answer[[]types.DBClusterSnapshotAttribute]
}

func dbClusterSnapshots(ctx context.Context, c *Clients, id *string) iter.Seq2[types.DBClusterSnapshot, error] {
	p := rds.NewDescribeDBClusterSnapshotsPaginator(c.RDS, &rds.DescribeDBClusterSnapshotsInput{
		DBClusterSnapshotIdentifier: id,
	})
	return gone(paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*rds.DescribeDBClusterSnapshotsOutput, error) { return p.NextPage(ctx) },
		func(o *rds.DescribeDBClusterSnapshotsOutput) []types.DBClusterSnapshot { return o.DBClusterSnapshots }),
		"DBClusterSnapshotNotFoundFault")
}

func askDBClusterSnapshot(ctx context.Context, c *Clients, s types.DBClusterSnapshot) dbClusterSnapshotAnswers {
	a := dbClusterSnapshotAnswers{Snapshot: s}
	a.Snapshot.PercentProgress = nil
	if automatic(s.SnapshotType) {
		return a
	}
	a.Access = ask("DescribeDBClusterSnapshotAttributes", "rds:DescribeDBClusterSnapshotAttributes",
		func() (*[]types.DBClusterSnapshotAttribute, error) {
			out, err := c.RDS.DescribeDBClusterSnapshotAttributes(ctx, &rds.DescribeDBClusterSnapshotAttributesInput{
				DBClusterSnapshotIdentifier: s.DBClusterSnapshotIdentifier,
			})
			if err != nil || out.DBClusterSnapshotAttributesResult == nil {
				return nil, err
			}
			return &out.DBClusterSnapshotAttributesResult.DBClusterSnapshotAttributes, nil
		})
	return a
}

func dbClusterSnapshotFacts(w collectors.Where, a dbClusterSnapshotAnswers) *inventory.Resource {
	s := a.Snapshot
	facts := &inventory.Snapshot{}
	id := rdsID(w, "cluster-snapshot", s.DBClusterSnapshotArn, s.DBClusterSnapshotIdentifier)
	r := inventory.New(id, aws.ToString(s.DBClusterSnapshotIdentifier), w.Region, facts)
	defer leftOut(r, "DescribeDBClusterSnapshots", "rds:DescribeDBClusterSnapshots")
	r.Labels = rdsLabels(s.TagList)
	rdsSnapshotFacts(r, facts, s.StorageEncrypted, s.KmsKeyId)
	if s.SnapshotCreateTime != nil {
		facts.TakenAt = *s.SnapshotCreateTime
		r.Known("taken_at")
	}
	if s.DBClusterIdentifier != nil {
		facts.Source = copiedFrom(w, "cluster", aws.ToString(s.SourceDBClusterSnapshotArn), *s.DBClusterIdentifier)
		r.Known("source")
	}
	if automatic(s.SnapshotType) {
		r.SetInherent("public")
		r.Known("principals")
		return r
	}
	var restore []string
	if a.Access.Value != nil {
		for _, at := range *a.Access.Value {
			if aws.ToString(at.AttributeName) == "restore" {
				restore = append(restore, at.AttributeValues...)
			}
		}
	}
	sharedWith(w, r, facts, a.Access.Unknown(), a.Access.Value != nil, restore)
	return r
}
