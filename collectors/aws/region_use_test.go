package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	backuptypes "github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/aws-sdk-go-v2/service/dlm"
	dlmtypes "github.com/aws/aws-sdk-go-v2/service/dlm/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = sample("aws.region", regionUseFacts, regionUse{Region: "us-east-1", Found: []workloadAnswer{
	{"machines", answered(&presence{true})}, {"disks", answered(&presence{})}, {"databases", refused[presence]()},
}})

func TestRegionUse(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, "us-east-1", script{
		// The first page is empty: what fills it was filtered out.
		"DescribeInstances": func(in any) (any, error) {
			if in.(*ec2.DescribeInstancesInput).NextToken == nil {
				return &ec2.DescribeInstancesOutput{NextToken: aws.String("2")}, nil
			}
			return &ec2.DescribeInstancesOutput{Reservations: []ec2types.Reservation{{}}}, nil
		},
		"DescribeVolumes": say(&ec2.DescribeVolumesOutput{}),
		"ListTables":      say(&dynamodb.ListTablesOutput{TableNames: []string{"t"}}),
		"ListFunctions":   say(&lambda.ListFunctionsOutput{}),
		"ListBackupPlans": say(&backup.ListBackupPlansOutput{BackupPlansList: []backuptypes.BackupPlansListMember{{BackupPlanId: aws.String("used")}, {BackupPlanId: aws.String("idle")}}}),
		"ListBackupSelections": func(in any) (any, error) {
			if aws.ToString(in.(*backup.ListBackupSelectionsInput).BackupPlanId) == "idle" {
				return &backup.ListBackupSelectionsOutput{}, nil
			}
			return &backup.ListBackupSelectionsOutput{BackupSelectionsList: []backuptypes.BackupSelectionsListMember{{}}}, nil
		},
		"GetLifecyclePolicies": say(&dlm.GetLifecyclePoliciesOutput{Policies: []dlmtypes.LifecyclePolicySummary{{}}}),
		"ListBuckets":          say(&s3.ListBucketsOutput{Buckets: []s3types.Bucket{{Name: aws.String("b"), BucketRegion: aws.String("eu-west-1")}}}),
	})
	use := askRegionUse(context.Background(), c, "us-east-1")
	roundTrip(t, use)
	r := regionUseFacts(here, use)
	stated{"backup_plans": 2, "holds": []string{"databases", "machines"}, "account": "aws:644160558196/cloud_account/644160558196"}.check(t, r)
	use.Dlm = refused[backupPlans]()
	stated{"backup_plans": nil}.check(t, regionUseFacts(here, use))
	unread := map[string]string{}
	for _, u := range r.Facts.(*inventory.RegionUse).Unread {
		unread[u.Permission] = u.Fact
	}
	if unread["eks:ListClusters"] != "kubernetes" || unread["rds:DescribeDBInstances"] != "databases" || unread["s3:ListAllMyBuckets"] != "" {
		t.Errorf("unread: %v", unread)
	}
}

// TestWorkloadProbesAreDeclared wants each question to name a right that the source declares.
func TestWorkloadProbesAreDeclared(t *testing.T) {
	t.Parallel()
	declared := map[string]bool{}
	for _, p := range Sources.Entry("aws.region").Definition().Permissions {
		declared[p] = true
	}
	for _, p := range workloadProbes {
		if !declared[p.permission] {
			t.Errorf("%s needs %s, which the source does not declare", p.workload, p.permission)
		}
	}
}
