package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/dlm"
	dlmtypes "github.com/aws/aws-sdk-go-v2/service/dlm/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, string, regionUse]{
	Kind:  "aws.region",
	Class: inventory.ClassRegionUse,
	Permissions: []string{
		"ec2:DescribeInstances", "ec2:DescribeVolumes", "rds:DescribeDBInstances", "rds:DescribeDBClusters",
		"dynamodb:ListTables", "elasticache:DescribeReplicationGroups", "redshift:DescribeClusters", "lambda:ListFunctions",
		"eks:ListClusters", "ecs:ListClusters", "s3:ListAllMyBuckets", "elasticfilesystem:DescribeFileSystems",
		"fsx:DescribeFileSystems", "backup:ListBackupPlans", "backup:ListBackupSelections", "dlm:GetLifecyclePolicies",
	},
	ListAction: "DescribeInstances", ListPermission: "ec2:DescribeInstances",
	NoLabels: true,
	// The region itself is listed without a call; what is in it is asked.
	List: func(_ context.Context, c *Clients) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) { yield(c.Region, nil) }
	},
	Find: func(_ context.Context, c *Clients, _ string) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) { yield(c.Region, nil) }
	},
	Ask:   askRegionUse,
	Facts: regionUseFacts,
})

// regionUse is what one small page of each listing says of a region.
type regionUse struct {
	Region string
	Found  []workloadAnswer
	Plans  collectors.Answer[backupPlans]
	Dlm    collectors.Answer[backupPlans]
}

// backupPlans counts the plans that select something.
type backupPlans struct {
	Used int64 `json:"used"`
}

// workloadAnswer says whether a region holds a kind of workload.
type workloadAnswer struct {
	Workload string
	Answer   collectors.Answer[presence]
}

type presence struct {
	Any bool `json:"any"`
}

// workloadProbe asks whether a region holds a workload, with the smallest page its listing allows.
type workloadProbe struct {
	workload, action, permission string
	any                          func(context.Context, *Clients) (int, error)
}

var workloadProbes = []workloadProbe{
	{"machines", "DescribeInstances", "ec2:DescribeInstances", anyInstance},
	{"disks", "DescribeVolumes", "ec2:DescribeVolumes", func(ctx context.Context, c *Clients) (int, error) {
		o, err := c.EC2.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{MaxResults: aws.Int32(5)})
		return count(err, func() int { return len(o.Volumes) })
	}},
	{"databases", "DescribeDBInstances", "rds:DescribeDBInstances", func(ctx context.Context, c *Clients) (int, error) {
		o, err := c.RDS.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{MaxRecords: aws.Int32(20)})
		return count(err, func() int { return len(o.DBInstances) })
	}},
	{"databases", "DescribeDBClusters", "rds:DescribeDBClusters", func(ctx context.Context, c *Clients) (int, error) {
		o, err := c.RDS.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{MaxRecords: aws.Int32(20)})
		return count(err, func() int { return len(o.DBClusters) })
	}},
	{"databases", "ListTables", "dynamodb:ListTables", func(ctx context.Context, c *Clients) (int, error) {
		o, err := c.DynamoDB.ListTables(ctx, &dynamodb.ListTablesInput{Limit: aws.Int32(1)})
		return count(err, func() int { return len(o.TableNames) })
	}},
	{"databases", "DescribeReplicationGroups", "elasticache:DescribeReplicationGroups", func(ctx context.Context, c *Clients) (int, error) {
		o, err := c.ElastiCache.DescribeReplicationGroups(ctx, &elasticache.DescribeReplicationGroupsInput{MaxRecords: aws.Int32(20)})
		return count(err, func() int { return len(o.ReplicationGroups) })
	}},
	{"databases", "DescribeClusters", "redshift:DescribeClusters", func(ctx context.Context, c *Clients) (int, error) {
		o, err := c.Redshift.DescribeClusters(ctx, &redshift.DescribeClustersInput{MaxRecords: aws.Int32(20)})
		return count(err, func() int { return len(o.Clusters) })
	}},
	{"functions", "ListFunctions", "lambda:ListFunctions", func(ctx context.Context, c *Clients) (int, error) {
		o, err := c.Lambda.ListFunctions(ctx, &lambda.ListFunctionsInput{MaxItems: aws.Int32(1)})
		return count(err, func() int { return len(o.Functions) })
	}},
	{"kubernetes", "ListClusters", "eks:ListClusters", func(ctx context.Context, c *Clients) (int, error) {
		o, err := c.EKS.ListClusters(ctx, &eks.ListClustersInput{MaxResults: aws.Int32(1)})
		return count(err, func() int { return len(o.Clusters) })
	}},
	{"containers", "ListClusters", "ecs:ListClusters", func(ctx context.Context, c *Clients) (int, error) {
		o, err := c.ECS.ListClusters(ctx, &ecs.ListClustersInput{MaxResults: aws.Int32(1)})
		return count(err, func() int { return len(o.ClusterArns) })
	}},
	{"object_storage", "ListBuckets", "s3:ListAllMyBuckets", anyBucket},
	{"file_shares", "DescribeFileSystems", "elasticfilesystem:DescribeFileSystems", func(ctx context.Context, c *Clients) (int, error) {
		o, err := c.EFS.DescribeFileSystems(ctx, &efs.DescribeFileSystemsInput{MaxItems: aws.Int32(1)})
		return count(err, func() int { return len(o.FileSystems) })
	}},
	{"file_shares", "DescribeFileSystems", "fsx:DescribeFileSystems", func(ctx context.Context, c *Clients) (int, error) {
		o, err := c.FSx.DescribeFileSystems(ctx, &fsx.DescribeFileSystemsInput{MaxResults: aws.Int32(1)})
		return count(err, func() int { return len(o.FileSystems) })
	}},
}

// count counts what an answer holds, when there is one.
func count(err error, of func() int) (int, error) {
	if err != nil {
		return 0, err
	}
	return of(), nil
}

// anyInstance looks for a machine that is not gone; terminated ones stay listed for an hour.
func anyInstance(ctx context.Context, c *Clients) (int, error) {
	p := ec2.NewDescribeInstancesPaginator(c.EC2, &ec2.DescribeInstancesInput{
		MaxResults: aws.Int32(5),
		Filters: []ec2types.Filter{{
			Name: aws.String("instance-state-name"), Values: []string{"pending", "running", "stopping", "stopped", "shutting-down"},
		}},
	})
	// A filtered page may be empty though a later one is not.
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return 0, err
		}
		if len(page.Reservations) > 0 {
			return 1, nil
		}
	}
	return 0, nil
}

func anyBucket(ctx context.Context, c *Clients) (int, error) {
	o, err := c.S3.ListBuckets(ctx, &s3.ListBucketsInput{MaxBuckets: aws.Int32(1), BucketRegion: aws.String(c.Region)})
	if err != nil {
		return 0, err
	}
	n := 0
	for _, b := range o.Buckets {
		// An answer that ignores the filter names the region itself.
		if b.BucketRegion == nil || *b.BucketRegion == c.Region {
			n++
		}
	}
	return n, nil
}

func askRegionUse(ctx context.Context, c *Clients, region string) regionUse {
	use := regionUse{Region: region}
	for _, p := range workloadProbes {
		use.Found = append(use.Found, workloadAnswer{p.workload, ask(p.action, p.permission, func() (*presence, error) {
			n, err := p.any(ctx, c)
			return &presence{Any: n > 0}, err
		})})
	}
	use.Plans = ask("ListBackupSelections", "backup:ListBackupSelections", func() (*backupPlans, error) { return plansInUse(ctx, c) })
	use.Dlm = ask("GetLifecyclePolicies", "dlm:GetLifecyclePolicies", func() (*backupPlans, error) {
		out, err := c.DLM.GetLifecyclePolicies(ctx, &dlm.GetLifecyclePoliciesInput{State: dlmtypes.GettablePolicyStateValuesEnabled})
		if err != nil {
			return nil, err
		}
		return &backupPlans{int64(len(out.Policies))}, nil
	})
	return use
}

func plansInUse(ctx context.Context, c *Clients) (*backupPlans, error) {
	out := &backupPlans{}
	p := backup.NewListBackupPlansPaginator(c.Backup, &backup.ListBackupPlansInput{})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, plan := range page.BackupPlansList {
			selections, err := c.Backup.ListBackupSelections(ctx, &backup.ListBackupSelectionsInput{
				BackupPlanId: plan.BackupPlanId, MaxResults: aws.Int32(1),
			})
			if err != nil {
				return nil, err
			}
			if len(selections.BackupSelectionsList) > 0 {
				out.Used++
			}
		}
	}
	return out, nil
}

func regionUseFacts(w collectors.Where, u regionUse) *inventory.Resource {
	facts := &inventory.RegionUse{Account: accountID(w)}
	r := inventory.New(string(w.Scope)+"/"+string(inventory.ClassRegionUse)+"/"+u.Region, u.Region, u.Region, facts)
	for _, f := range u.Found {
		if why := f.Answer.Unknown(); why != nil {
			why.Fact = f.Workload
			facts.Unread = append(facts.Unread, *why)
		} else if f.Answer.Value != nil && f.Answer.Value.Any {
			facts.Holds = append(facts.Holds, f.Workload)
		}
	}
	facts.Holds = distinctWords(facts.Holds)
	r.Known("account", "holds", "unread")
	for _, a := range []collectors.Answer[backupPlans]{u.Plans, u.Dlm} {
		if a.Value != nil {
			facts.BackupPlans += a.Value.Used
		}
	}
	collectors.Know(r, u.Plans, func(*backupPlans) {}, "backup_plans")
	if u.Plans.Unknown() == nil {
		collectors.Know(r, u.Dlm, func(*backupPlans) {}, "backup_plans")
	}
	return r
}
