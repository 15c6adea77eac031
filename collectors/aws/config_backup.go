package aws

import (
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
)

// Config tells of vaults in the words of CloudFormation, and neither how they are locked nor what fills them.
var configVault = configType(recordedType{
	name: "AWS::Backup::BackupVault", kind: "aws.backup.vault", needs: []string{"BackupVaultName", "BackupVaultArn"},
})

var _ = lists("Backup.ListBackupVaults", configVault,
	func(o *backup.ListBackupVaultsOutput, items []types.BackupVaultListMember) { o.BackupVaultList = items })

var _ = tells("Backup.ListTags", configVault,
	func(in *backup.ListTagsInput) *string { return in.ResourceArn },
	func(i *recordedItem) (*backup.ListTagsOutput, error) {
		return &backup.ListTagsOutput{Tags: i.Tags}, nil
	})
