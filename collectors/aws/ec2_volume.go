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

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.Volume, types.Volume]{
	Kind:        "aws.ec2.volume",
	Class:       inventory.ClassDisk,
	Permissions: []string{"ec2:DescribeVolumes"},
	ListAction:  "DescribeVolumes", ListPermission: "ec2:DescribeVolumes",
	List:  lister[types.Volume](volumes).all,
	Find:  lister[types.Volume](volumes).one,
	Facts: volumeFacts,
})

func volumes(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.Volume, error] {
	p := ec2.NewDescribeVolumesPaginator(c.EC2, &ec2.DescribeVolumesInput{
		VolumeIds: ids, MaxResults: pageSize(1000, ids), IncludeManagedResources: evenHidden,
	})
	return described(ctx, p, func(o *ec2.DescribeVolumesOutput) []types.Volume {
		return o.Volumes
	}, "InvalidVolume.NotFound")
}

func volumeFacts(w collectors.Where, v types.Volume) *inventory.Resource {
	if v.State == types.VolumeStateDeleted || v.State == types.VolumeStateDeleting {
		return nil
	}
	facts := &inventory.Disk{}
	tags := ec2Labels(v.Tags)
	id := aws.ToString(v.VolumeId)
	r := inventory.New(ec2ARN(w, "volume", id), nameOr(tags, id), w.Region, facts)
	r.Labels = tags
	for _, a := range v.Attachments {
		if a.State == types.VolumeAttachmentStateDetached {
			continue
		}
		facts.Attached = true
		if a.InstanceId != nil {
			facts.Machines = append(facts.Machines, ec2ARN(w, "instance", *a.InstanceId))
		}
	}
	facts.Source = sharedARN(w.Region, "snapshot", aws.ToString(v.SnapshotId))
	if facts.Source == "" {
		facts.Source = ec2ARN(w, "volume", aws.ToString(v.SourceVolumeId))
	}
	r.Known("attached", "source", "machines")
	flag(r, "DescribeVolumes", "encrypted_at_rest", v.Encrypted, &facts.EncryptedAtRest)
	blockKeyFact(r, "DescribeVolumes", v.Encrypted, v.KmsKeyId, &facts.EncryptionKey)
	if v.Encrypted != nil && !*v.Encrypted {
		// No key at all is no key of the customer's; whose a key is, the key itself says.
		r.Known("customer_key")
	}
	return r
}
