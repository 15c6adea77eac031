package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.FileSystemDescription, elasticFileAnswers]{
	Kind:  "aws.efs.file_system",
	Class: inventory.ClassFileShare,
	Permissions: []string{
		"elasticfilesystem:DescribeFileSystems", "elasticfilesystem:DescribeFileSystemPolicy",
		"elasticfilesystem:DescribeMountTargets", "elasticfilesystem:DescribeBackupPolicy",
	},
	ListAction: "DescribeFileSystems", ListPermission: "elasticfilesystem:DescribeFileSystems",
	List: func(ctx context.Context, c *Clients) iter.Seq2[types.FileSystemDescription, error] {
		return elasticFiles(ctx, c, nil)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.FileSystemDescription, error] {
		return elasticFiles(ctx, c, aws.String(shortID(id)))
	},
	Ask:   askElasticFiles,
	Facts: elasticFileFacts,
})

// elasticFileAnswers is all that is said about one file system. Its size moves with every write and is left out.
type elasticFileAnswers struct {
	FileSystem types.FileSystemDescription
	Policy     collectors.Answer[efs.DescribeFileSystemPolicyOutput]
	Targets    collectors.Answer[[]types.MountTargetDescription]
	Backup     collectors.Answer[efs.DescribeBackupPolicyOutput]
}

func elasticFiles(ctx context.Context, c *Clients, id *string) iter.Seq2[types.FileSystemDescription, error] {
	p := efs.NewDescribeFileSystemsPaginator(c.EFS, &efs.DescribeFileSystemsInput{FileSystemId: id})
	return gone(paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*efs.DescribeFileSystemsOutput, error) { return p.NextPage(ctx) },
		func(o *efs.DescribeFileSystemsOutput) []types.FileSystemDescription { return o.FileSystems }),
		"FileSystemNotFound")
}

func askElasticFiles(ctx context.Context, c *Clients, f types.FileSystemDescription) elasticFileAnswers {
	a := elasticFileAnswers{FileSystem: f}
	a.FileSystem.SizeInBytes = nil
	a.Policy = ask("DescribeFileSystemPolicy", "elasticfilesystem:DescribeFileSystemPolicy",
		func() (*efs.DescribeFileSystemPolicyOutput, error) {
			out, err := c.EFS.DescribeFileSystemPolicy(ctx, &efs.DescribeFileSystemPolicyInput{FileSystemId: f.FileSystemId})
			return out, absent(err, "PolicyNotFound")
		})
	a.Targets = ask("DescribeMountTargets", "elasticfilesystem:DescribeMountTargets",
		func() (*[]types.MountTargetDescription, error) {
			if f.NumberOfMountTargets == 0 {
				return &[]types.MountTargetDescription{}, nil
			}
			p := efs.NewDescribeMountTargetsPaginator(c.EFS, &efs.DescribeMountTargetsInput{FileSystemId: f.FileSystemId})
			return gathered(paged(ctx, p.HasMorePages,
				func(ctx context.Context) (*efs.DescribeMountTargetsOutput, error) { return p.NextPage(ctx) },
				func(o *efs.DescribeMountTargetsOutput) []types.MountTargetDescription { return o.MountTargets }))
		})
	a.Backup = ask("DescribeBackupPolicy", "elasticfilesystem:DescribeBackupPolicy",
		func() (*efs.DescribeBackupPolicyOutput, error) {
			out, err := c.EFS.DescribeBackupPolicy(ctx, &efs.DescribeBackupPolicyInput{FileSystemId: f.FileSystemId})
			return out, absent(err, "PolicyNotFound")
		})
	return a
}

func elasticFileFacts(w collectors.Where, a elasticFileAnswers) *inventory.Resource {
	f := a.FileSystem
	facts := &inventory.FileShare{Ports: []string{"tcp/2049"}}
	id, short := aws.ToString(f.FileSystemArn), aws.ToString(f.FileSystemId)
	if id == "" {
		id = arn(w, "elasticfilesystem", "file-system/"+short)
	}
	r := inventory.New(id, short, w.Region, facts)
	defer leftOut(r, "DescribeFileSystems", "elasticfilesystem:DescribeFileSystems")
	if name := aws.ToString(f.Name); name != "" {
		r.Name = name
	}
	r.Labels = labels(f.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
	r.Known("ports")
	stateFlag(r, "encrypted_at_rest", f.Encrypted, &facts.EncryptedAtRest)
	doc, read := readPolicy(r, a.Policy, func(v *efs.DescribeFileSystemPolicyOutput) string { return aws.ToString(v.Policy) },
		"encrypted_in_transit", "policy_open")
	if read {
		facts.EncryptedInTransit = doc.deniesClearText("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite")
		facts.PolicyOpen = doc.mountableByAnyone()
		r.Known("encrypted_in_transit", "policy_open")
	}
	collectors.Know(r, a.Targets, func(targets *[]types.MountTargetDescription) {
		if targets == nil {
			return
		}
		for _, t := range *targets {
			facts.Interfaces = append(facts.Interfaces, ec2ARN(w, "network-interface", aws.ToString(t.NetworkInterfaceId)))
		}
	}, "interfaces")
	// A policy of the file system's own is enough; without one, a plan may still pick it.
	if b := a.Backup.Value; b != nil && b.BackupPolicy != nil {
		switch b.BackupPolicy.Status {
		case types.StatusEnabled, types.StatusEnabling:
			facts.BackupCovered = true
			r.Known("backup_covered")
		}
	}
	return r
}

// mountableByAnyone says whether the policy lets anyone in without a condition. One that asks for no more than that the
// call came through a mount target leaves the guard to the filters there.
func (d policyDocument) mountableByAnyone() bool {
	for _, s := range d.Statement {
		if s.Effect == "Allow" && s.anyone() && !s.narrowed() && !s.throughMountTarget() {
			return true
		}
	}
	return false
}

func (s policyStatement) throughMountTarget() bool {
	for op, keys := range s.Condition {
		if op == "Bool" && contains(keys["elasticfilesystem:accessedviamounttarget"], "true") {
			return true
		}
	}
	return false
}
