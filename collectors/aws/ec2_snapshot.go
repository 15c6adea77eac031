package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.Snapshot, snapshotAnswers]{
	Kind:        "aws.ec2.snapshot",
	Class:       inventory.ClassSnapshot,
	Permissions: []string{"ec2:DescribeSnapshots", "ec2:DescribeSnapshotAttribute"},
	ListAction:  "DescribeSnapshots", ListPermission: "ec2:DescribeSnapshots",
	List:  lister[types.Snapshot](snapshots).all,
	Find:  lister[types.Snapshot](snapshots).one,
	Ask:   askSnapshot,
	Facts: snapshotFacts,
})

// snapshotAnswers is all that EC2 says about one snapshot of the account.
type snapshotAnswers struct {
	Snapshot types.Snapshot
	Create   collectors.Answer[ec2.DescribeSnapshotAttributeOutput]
}

func snapshots(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.Snapshot, error] {
	p := ec2.NewDescribeSnapshotsPaginator(c.EC2, &ec2.DescribeSnapshotsInput{
		SnapshotIds: ids, OwnerIds: []string{"self"}, MaxResults: pageSize(1000, ids),
	})
	return described(ctx, p, func(o *ec2.DescribeSnapshotsOutput) []types.Snapshot {
		return o.Snapshots
	}, "InvalidSnapshot.NotFound")
}

func askSnapshot(ctx context.Context, c *Clients, s types.Snapshot) snapshotAnswers {
	return snapshotAnswers{Snapshot: s, Create: ask("DescribeSnapshotAttribute", "ec2:DescribeSnapshotAttribute",
		func() (*ec2.DescribeSnapshotAttributeOutput, error) {
			return c.EC2.DescribeSnapshotAttribute(ctx, &ec2.DescribeSnapshotAttributeInput{
				SnapshotId: s.SnapshotId, Attribute: types.SnapshotAttributeNameCreateVolumePermission,
			})
		})}
}

// noVolume is the volume EC2 names for snapshots that were copied or made without one.
const noVolume = "vol-ffffffff"

func snapshotFacts(w collectors.Where, a snapshotAnswers) *inventory.Resource {
	s := a.Snapshot
	if s.State == types.SnapshotStateError {
		return nil
	}
	facts := &inventory.Snapshot{}
	tags := ec2Labels(s.Tags)
	id := aws.ToString(s.SnapshotId)
	r := inventory.New(sharedARN(w.Region, "snapshot", id), nameOr(tags, id), w.Region, facts)
	r.Labels = tags
	if volume := aws.ToString(s.VolumeId); volume != noVolume {
		facts.Source = ec2ARN(w, "volume", volume)
	}
	r.Known("source")
	flag(r, "DescribeSnapshots", "encrypted_at_rest", s.Encrypted, &facts.EncryptedAtRest)
	blockKeyFact(r, "DescribeSnapshots", s.Encrypted, s.KmsKeyId, &facts.EncryptionKey)
	if s.StartTime == nil {
		unsaid(r, "DescribeSnapshots", "taken_at")
	} else {
		facts.TakenAt = s.StartTime.UTC()
		r.Known("taken_at")
	}
	collectors.Know(r, a.Create, func(o *ec2.DescribeSnapshotAttributeOutput) {
		if o == nil {
			return
		}
		var accounts []string
		for _, p := range o.CreateVolumePermissions {
			facts.Public = facts.Public || p.Group == types.PermissionGroupAll
			accounts = append(accounts, aws.ToString(p.UserId))
		}
		facts.Principals = foreign(w.Scope.Account(), accounts...)
	}, "public", "principals")
	if o := a.Create.Value; o != nil && o.CreateVolumePermissions == nil {
		unsaid(r, "DescribeSnapshotAttribute", "public", "principals")
	}
	return r
}
