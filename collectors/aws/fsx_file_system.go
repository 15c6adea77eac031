package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.FileSystem, types.FileSystem]{
	Kind:        "aws.fsx.file_system",
	Class:       inventory.ClassFileShare,
	Permissions: []string{"fsx:DescribeFileSystems"},
	ListAction:  "DescribeFileSystems", ListPermission: "fsx:DescribeFileSystems",
	List: func(ctx context.Context, c *Clients) iter.Seq2[types.FileSystem, error] {
		return offered(c, fsxFiles(ctx, c))
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.FileSystem, error] {
		return fsxFiles(ctx, c, shortID(id))
	},
	Facts: fsxFacts,
})

func fsxFiles(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.FileSystem, error] {
	p := fsx.NewDescribeFileSystemsPaginator(c.FSx, &fsx.DescribeFileSystemsInput{FileSystemIds: ids})
	return gone(paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*fsx.DescribeFileSystemsOutput, error) { return p.NextPage(ctx) },
		func(o *fsx.DescribeFileSystemsOutput) []types.FileSystem {
			for i := range o.FileSystems {
				o.FileSystems[i] = stillFiles(o.FileSystems[i])
			}
			return o.FileSystems
		}), "FileSystemNotFound")
}

// stillFiles leaves out the tasks that are under way, which come and go.
func stillFiles(f types.FileSystem) types.FileSystem {
	f.AdministrativeActions, f.FailureDetails = nil, nil
	return f
}

// fsxPorts are those on which clients of each type of file system mount it: NFS, SMB, and Lustre's own.
var fsxPorts = map[types.FileSystemType][]string{
	types.FileSystemTypeWindows: {"tcp/445"},
	types.FileSystemTypeLustre:  {"tcp/988", "tcp/1018-1023"},
	types.FileSystemTypeOntap:   {"tcp/111", "tcp/445", "tcp/635", "tcp/2049", "tcp/3260"},
	types.FileSystemTypeOpenzfs: {"tcp/111", "tcp/2049", "tcp/20001-20003"},
}

func fsxFacts(w collectors.Where, f types.FileSystem) *inventory.Resource {
	facts := &inventory.FileShare{}
	id, short := aws.ToString(f.ResourceARN), aws.ToString(f.FileSystemId)
	if id == "" {
		id = arn(w, "fsx", "file-system/"+short)
	}
	tags := labels(f.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
	r := inventory.New(id, nameOr(tags, short), w.Region, facts)
	defer leftOut(r, "DescribeFileSystems", "fsx:DescribeFileSystems")
	r.Labels = tags
	// Every file system is encrypted, with the service's key if with no other, and has no policy: its filters guard it.
	facts.EncryptedAtRest = true
	r.SetInherent("encrypted_at_rest")
	r.Known("policy_open")
	r.SetNotApplicable("who refuses clear text is set inside the file system, where the provider does not look",
		"encrypted_in_transit")
	if ports, ok := fsxPorts[f.FileSystemType]; ok {
		facts.Ports = ports
		r.Known("ports")
	}
	facts.Interfaces = ec2ARNs(w, "network-interface", f.NetworkInterfaceIds)
	// A file system without interfaces is still being made.
	if len(f.NetworkInterfaceIds) > 0 {
		r.Known("interfaces")
	}
	if automaticBackupDays(f) > 0 {
		facts.BackupCovered = true
		r.Known("backup_covered")
	}
	return r
}

// automaticBackupDays is how long the service keeps the copies it makes by itself; 0 where it makes none.
func automaticBackupDays(f types.FileSystem) int32 {
	switch {
	case f.WindowsConfiguration != nil:
		return aws.ToInt32(f.WindowsConfiguration.AutomaticBackupRetentionDays)
	case f.LustreConfiguration != nil:
		return aws.ToInt32(f.LustreConfiguration.AutomaticBackupRetentionDays)
	case f.OntapConfiguration != nil:
		return aws.ToInt32(f.OntapConfiguration.AutomaticBackupRetentionDays)
	case f.OpenZFSConfiguration != nil:
		return aws.ToInt32(f.OpenZFSConfiguration.AutomaticBackupRetentionDays)
	}
	return 0
}
