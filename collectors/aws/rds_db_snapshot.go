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

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.DBSnapshot, dbSnapshotAnswers]{
	Kind:        "aws.rds.db_snapshot",
	Class:       inventory.ClassSnapshot,
	Permissions: []string{"rds:DescribeDBSnapshots", "rds:DescribeDBSnapshotAttributes"},
	ListAction:  "DescribeDBSnapshots", ListPermission: "rds:DescribeDBSnapshots",
	List: func(ctx context.Context, c *Clients) iter.Seq2[types.DBSnapshot, error] {
		return dbSnapshots(ctx, c, nil)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.DBSnapshot, error] {
		return dbSnapshots(ctx, c, rdsName(id))
	},
	Ask:   askDBSnapshot,
	Facts: dbSnapshotFacts,
})

// dbSnapshotAnswers is all that is said about one snapshot of an instance.
type dbSnapshotAnswers struct {
	Snapshot types.DBSnapshot
	Access   collectors.Answer[[]types.DBSnapshotAttribute]
}

func dbSnapshots(ctx context.Context, c *Clients, id *string) iter.Seq2[types.DBSnapshot, error] {
	p := rds.NewDescribeDBSnapshotsPaginator(c.RDS, &rds.DescribeDBSnapshotsInput{DBSnapshotIdentifier: id})
	return gone(paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*rds.DescribeDBSnapshotsOutput, error) { return p.NextPage(ctx) },
		func(o *rds.DescribeDBSnapshotsOutput) []types.DBSnapshot { return o.DBSnapshots }),
		"DBSnapshotNotFound", "DBSnapshotNotFoundFault")
}

func askDBSnapshot(ctx context.Context, c *Clients, s types.DBSnapshot) dbSnapshotAnswers {
	a := dbSnapshotAnswers{Snapshot: s}
	a.Snapshot.PercentProgress = nil
	if automatic(s.SnapshotType) {
		return a
	}
	a.Access = ask("DescribeDBSnapshotAttributes", "rds:DescribeDBSnapshotAttributes",
		func() (*[]types.DBSnapshotAttribute, error) {
			out, err := c.RDS.DescribeDBSnapshotAttributes(ctx, &rds.DescribeDBSnapshotAttributesInput{
				DBSnapshotIdentifier: s.DBSnapshotIdentifier,
			})
			if err != nil || out.DBSnapshotAttributesResult == nil {
				return nil, err
			}
			return &out.DBSnapshotAttributesResult.DBSnapshotAttributes, nil
		})
	return a
}

// automatic snapshots cannot be shared with anyone, so nobody is asked.
func automatic(snapshotType *string) bool { return aws.ToString(snapshotType) == "automated" }

func dbSnapshotFacts(w collectors.Where, a dbSnapshotAnswers) *inventory.Resource {
	s := a.Snapshot
	facts := &inventory.Snapshot{}
	id := rdsID(w, "snapshot", s.DBSnapshotArn, s.DBSnapshotIdentifier)
	r := inventory.New(id, aws.ToString(s.DBSnapshotIdentifier), w.Region, facts)
	defer leftOut(r, "DescribeDBSnapshots", "rds:DescribeDBSnapshots")
	r.Labels = rdsLabels(s.TagList)
	rdsSnapshotFacts(r, facts, s.Encrypted, s.KmsKeyId)
	if s.SnapshotCreateTime != nil {
		facts.TakenAt = *s.SnapshotCreateTime
		r.Known("taken_at")
	}
	if s.DBInstanceIdentifier != nil {
		facts.Source = copiedFrom(w, "db", aws.ToString(s.SourceDBSnapshotIdentifier), *s.DBInstanceIdentifier)
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

func rdsSnapshotFacts(r *inventory.Resource, facts *inventory.Snapshot, encrypted *bool, key *string) {
	if encrypted != nil {
		facts.EncryptedAtRest = *encrypted
		r.Known("encrypted_at_rest")
	}
	facts.EncryptionKey = aws.ToString(key)
	r.Known("encryption_key")
}

// copiedFrom is the id of the database a snapshot was taken of. A snapshot that was itself copied keeps the name of the
// database, which lives where the first snapshot does.
func copiedFrom(w collectors.Where, resource, sourceSnapshot, database string) string {
	parts := splitARN(sourceSnapshot)
	if parts == nil {
		return arn(w, "rds", resource+":"+database)
	}
	w.Region, w.Scope = parts[3], scopeOf(parts[4])
	return arn(w, "rds", resource+":"+database)
}

// sharedWith states who may restore a snapshot: everyone, or named accounts.
func sharedWith(
	w collectors.Where, r *inventory.Resource, facts *inventory.Snapshot,
	why *inventory.Unknown, read bool, restore []string,
) {
	switch {
	case why != nil:
		r.SetUnknown(*why, "public", "principals")
		return
	case !read:
		return
	}
	for _, who := range restore {
		switch who {
		case "all":
			facts.Public = true
		case w.Scope.Account():
		default:
			facts.Principals = append(facts.Principals, who)
		}
	}
	r.Known("public", "principals")
}
