package aws

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/redshift/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.Snapshot, types.Snapshot]{
	Kind:        "aws.redshift.snapshot",
	Class:       inventory.ClassSnapshot,
	Permissions: []string{"redshift:DescribeClusterSnapshots"},
	ListAction:  "DescribeClusterSnapshots", ListPermission: "redshift:DescribeClusterSnapshots",
	List: func(ctx context.Context, c *Clients) iter.Seq2[types.Snapshot, error] {
		return warehouseSnapshots(ctx, c, nil)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.Snapshot, error] {
		return warehouseSnapshots(ctx, c, aws.String(shortID(id)))
	},
	Facts: warehouseSnapshotFacts,
})

func warehouseSnapshots(ctx context.Context, c *Clients, id *string) iter.Seq2[types.Snapshot, error] {
	p := redshift.NewDescribeClusterSnapshotsPaginator(c.Redshift, &redshift.DescribeClusterSnapshotsInput{SnapshotIdentifier: id})
	return gone(paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*redshift.DescribeClusterSnapshotsOutput, error) { return p.NextPage(ctx) },
		func(o *redshift.DescribeClusterSnapshotsOutput) []types.Snapshot {
			for i := range o.Snapshots {
				o.Snapshots[i] = stillSnapshot(o.Snapshots[i])
			}
			return o.Snapshots
		}), "ClusterSnapshotNotFound", "ClusterSnapshotNotFoundFault")
}

// stillSnapshot leaves out what moves while a copy is made and kept.
func stillSnapshot(s types.Snapshot) types.Snapshot {
	s.BackupProgressInMegaBytes, s.CurrentBackupRateInMegaBytesPerSecond, s.ElapsedTimeInSeconds = nil, nil, nil
	s.EstimatedSecondsToCompletion, s.ManualSnapshotRemainingDays, s.MasterUsername = nil, nil, nil
	s.ActualIncrementalBackupSizeInMegaBytes, s.TotalBackupSizeInMegaBytes = nil, nil
	return s
}

func warehouseSnapshotFacts(w collectors.Where, s types.Snapshot) *inventory.Resource {
	facts := &inventory.Snapshot{}
	name, cluster := aws.ToString(s.SnapshotIdentifier), aws.ToString(s.ClusterIdentifier)
	id := aws.ToString(s.SnapshotArn)
	if id == "" {
		id = arn(w, "redshift", "snapshot:"+cluster+"/"+name)
	}
	r := inventory.New(id, name, w.Region, facts)
	defer leftOut(r, "DescribeClusterSnapshots", "redshift:DescribeClusterSnapshots")
	r.Labels = labels(s.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
	// A copy of a warehouse can be shared with named accounts only.
	r.SetInherent("public")
	for _, who := range s.AccountsWithRestoreAccess {
		if account := aws.ToString(who.AccountId); account != "" && account != w.Scope.Account() {
			facts.Principals = append(facts.Principals, account)
		}
	}
	facts.EncryptionKey = aws.ToString(s.KmsKeyId)
	r.Known("principals", "encryption_key")
	stateFlag(r, "encrypted_at_rest", s.Encrypted, &facts.EncryptedAtRest)
	if s.SnapshotCreateTime != nil {
		facts.TakenAt = *s.SnapshotCreateTime
		r.Known("taken_at")
	}
	if cluster != "" {
		if from := aws.ToString(s.SourceRegion); from != "" {
			w.Region = from
		}
		if owner := aws.ToString(s.OwnerAccount); owner != "" && strings.Trim(owner, "0123456789") == "" {
			w.Scope = scopeOf(owner)
		}
		facts.Source = arn(w, "redshift", "cluster:"+cluster)
		r.Known("source")
	}
	return r
}
