package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	fsxtypes "github.com/aws/aws-sdk-go-v2/service/fsx/types"
)

func TestElasticFileFacts(t *testing.T) {
	t.Parallel()
	system := types.FileSystemDescription{FileSystemId: aws.String("fs-1"), Encrypted: aws.Bool(true), Name: aws.String("share"), Tags: []types.Tag{{Key: aws.String("owner"), Value: aws.String("team")}}}
	policy := func(text string) elasticFileAnswers {
		return elasticFileAnswers{FileSystem: system, Policy: answered(&efs.DescribeFileSystemPolicyOutput{Policy: &text})}
	}
	inClear := `{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`
	backup := func(s types.Status) elasticFileAnswers {
		return elasticFileAnswers{FileSystem: system, Backup: answered(&efs.DescribeBackupPolicyOutput{BackupPolicy: &types.BackupPolicy{Status: s}})}
	}
	for name, c := range map[string]struct {
		answers elasticFileAnswers
		want    stated
	}{
		"no policy": {elasticFileAnswers{FileSystem: system, Policy: without[efs.DescribeFileSystemPolicyOutput](), Targets: answered(&[]types.MountTargetDescription{{NetworkInterfaceId: aws.String("eni-1")}})},
			stated{"encrypted_at_rest": true, "encrypted_in_transit": false, "policy_open": false, "interfaces": "[" + ec2ARN(here, "network-interface", "eni-1") + "]", "ports": "[tcp/2049]", "backup_covered": nil}},
		"refuses clear text": {policy(`{"Statement":[` + inClear + `]}`), stated{"encrypted_in_transit": true, "policy_open": false}},
		"open":               {policy(openPolicy), stated{"policy_open": true, "encrypted_in_transit": false}},
		"through a mount target": {policy(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"elasticfilesystem:ClientMount","Condition":{"Bool":{"elasticfilesystem:AccessedViaMountTarget":"true"}}}]}`),
			stated{"policy_open": false}},
		"policy denied":  {elasticFileAnswers{FileSystem: system, Policy: refused[efs.DescribeFileSystemPolicyOutput](), Targets: refused[[]types.MountTargetDescription]()}, stated{"encrypted_in_transit": nil, "policy_open": nil, "interfaces": nil}},
		"backed up":      {backup(types.StatusEnabled), stated{"backup_covered": true}},
		"not by itself":  {backup(types.StatusDisabled), stated{"backup_covered": nil}},
		"bare":           {elasticFileAnswers{FileSystem: types.FileSystemDescription{FileSystemId: aws.String("fs-1")}}, stated{"encrypted_at_rest": nil}},
		"backups denied": {elasticFileAnswers{FileSystem: system, Backup: refused[efs.DescribeBackupPolicyOutput]()}, stated{"backup_covered": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, elasticFileFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
}

func TestAskElasticFiles(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, here.Region, script{
		"DescribeFileSystemPolicy": refuse("PolicyNotFound"), "DescribeBackupPolicy": refuse("PolicyNotFound"),
		"DescribeMountTargets": func(in any) (any, error) {
			if in.(*efs.DescribeMountTargetsInput).Marker == nil {
				return &efs.DescribeMountTargetsOutput{NextMarker: aws.String("2"), MountTargets: []types.MountTargetDescription{{NetworkInterfaceId: aws.String("eni-1")}}}, nil
			}
			return &efs.DescribeMountTargetsOutput{MountTargets: []types.MountTargetDescription{{NetworkInterfaceId: aws.String("eni-2")}}}, nil
		},
	})
	a := askElasticFiles(context.Background(), c, types.FileSystemDescription{FileSystemId: aws.String("fs-1"), NumberOfMountTargets: 2, SizeInBytes: &types.FileSystemSize{Value: 9}})
	if a.FileSystem.SizeInBytes != nil {
		t.Error("a size that moves was kept")
	}
	stated{"policy_open": false, "interfaces": "[" + ec2ARN(here, "network-interface", "eni-1") + " " + ec2ARN(here, "network-interface", "eni-2") + "]"}.check(t, elasticFileFacts(here, a))
	a = askElasticFiles(context.Background(), c, types.FileSystemDescription{FileSystemId: aws.String("fs-2")})
	stated{"interfaces": "[]"}.check(t, elasticFileFacts(here, a))
	if calls("DescribeMountTargets") != 2 {
		t.Error("a file system without mount targets was asked for them")
	}
}

func TestFSxFacts(t *testing.T) {
	t.Parallel()
	f := fsxtypes.FileSystem{FileSystemId: aws.String("fs-1"), FileSystemType: fsxtypes.FileSystemTypeWindows, NetworkInterfaceIds: []string{"eni-1"},
		WindowsConfiguration: &fsxtypes.WindowsFileSystemConfiguration{AutomaticBackupRetentionDays: aws.Int32(7)}}
	stated{"encrypted_at_rest": true, "policy_open": false, "ports": "[tcp/445]", "backup_covered": true, "encrypted_in_transit": notApplicable,
		"interfaces": "[" + ec2ARN(here, "network-interface", "eni-1") + "]"}.check(t, fsxFacts(here, f))
	f.WindowsConfiguration.AutomaticBackupRetentionDays, f.NetworkInterfaceIds = aws.Int32(0), nil
	stated{"backup_covered": nil, "interfaces": nil}.check(t, fsxFacts(here, f))
	for kind := range fsxPorts {
		f.FileSystemType = kind
		stated{"encrypted_at_rest": true}.check(t, fsxFacts(here, f))
	}
	f.FileSystemType = "NEW"
	stated{"ports": nil}.check(t, fsxFacts(here, f))
}

// Answers for the tests over the whole registry, and what is recorded.
var (
	_ = sample("aws.efs.file_system", elasticFileFacts, elasticFileAnswers{FileSystem: types.FileSystemDescription{FileSystemId: aws.String("fs-1")}})
	_ = sweep("efs.DescribeFileSystems", elasticFileFacts, func(o *efs.DescribeFileSystemsOutput) []elasticFileAnswers {
		return mapped(o.FileSystems, func(f types.FileSystemDescription) elasticFileAnswers { return elasticFileAnswers{FileSystem: f} })
	})
	_ = sweep("efs.DescribeFileSystemPolicy", elasticFileFacts, func(o *efs.DescribeFileSystemPolicyOutput) []elasticFileAnswers {
		return []elasticFileAnswers{{FileSystem: types.FileSystemDescription{FileSystemId: aws.String("fs-1")}, Policy: answered(o)}}
	})
	_ = sweep("efs.DescribeMountTargets", elasticFileFacts, func(o *efs.DescribeMountTargetsOutput) []elasticFileAnswers {
		return []elasticFileAnswers{{FileSystem: types.FileSystemDescription{FileSystemId: aws.String("fs-1")}, Targets: answered(kept(o.MountTargets))}}
	})
	_ = sample("aws.fsx.file_system", fsxFacts, fsxtypes.FileSystem{FileSystemId: aws.String("fs-1"), FileSystemType: fsxtypes.FileSystemTypeLustre})
	_ = sweep("fsx.DescribeFileSystems", fsxFacts, func(o *fsx.DescribeFileSystemsOutput) []fsxtypes.FileSystem { return mapped(o.FileSystems, stillFiles) })
)
