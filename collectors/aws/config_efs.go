package aws

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"
)

// Config tells of file systems in the words of CloudFormation, and nothing of their targets.
var configFileSystem = configType(recordedType{
	name: "AWS::EFS::FileSystem", kind: "aws.efs.file_system",
	needs: []string{"FileSystemId", "Arn", "Encrypted"},
	shape: func(configuration map[string]any) { configuration["FileSystemArn"] = configuration["Arn"] },
	doubt: func(map[string]any) []string { return []string{"interfaces"} },
})

var _ = answersListing("EFS.DescribeFileSystems", listing(configFileSystem,
	func(i *recordedItem) (types.FileSystemDescription, error) {
		var f types.FileSystemDescription
		err := i.into(configFileSystem, &f)
		if name := i.Tags["Name"]; name != "" {
			f.Name = aws.String(name)
		}
		return f, err
	},
	func(o *efs.DescribeFileSystemsOutput, items []types.FileSystemDescription) { o.FileSystems = items }))

var _ = tells("EFS.DescribeBackupPolicy", configFileSystem,
	func(in *efs.DescribeBackupPolicyInput) *string { return in.FileSystemId },
	func(i *recordedItem) (*efs.DescribeBackupPolicyOutput, error) {
		out := &efs.DescribeBackupPolicyOutput{}
		if err := i.into(configFileSystem, out); err != nil {
			return nil, err
		}
		if out.BackupPolicy == nil {
			return nil, errNotExported
		}
		return out, nil
	})

var _ = tells("EFS.DescribeFileSystemPolicy", configFileSystem,
	func(in *efs.DescribeFileSystemPolicyInput) *string { return in.FileSystemId },
	func(i *recordedItem) (*efs.DescribeFileSystemPolicyOutput, error) {
		var part struct{ FileSystemPolicy *string }
		if err := i.into(configFileSystem, &part); err != nil {
			return nil, err
		}
		if part.FileSystemPolicy == nil {
			return nil, errNotExported
		}
		return &efs.DescribeFileSystemPolicyOutput{Policy: part.FileSystemPolicy}, nil
	})
