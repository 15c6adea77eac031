package aws

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	backuptypes "github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	edgetypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	efstypes "github.com/aws/aws-sdk-go-v2/service/efs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	classictypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	opensearchtypes "github.com/aws/aws-sdk-go-v2/service/opensearch/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	zonetypes "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// estateKind is a kind of which an estate holds many: how AWS lists them, and the item of each, which carries all that
// its type can.
type estateKind struct {
	listing string
	list    func(names []string) any
	// item is the configuration, and parts what is beside it.
	item  func(name string) (typ, id, arn string, configuration, parts map[string]any)
	calls []string
}

type members = map[string]any

func estateKinds() []estateKind {
	plain := func(typ, service, prefix string, configuration func(name, arn string) members, parts members) func(string) (string, string, string, members, members) {
		return func(name string) (string, string, string, members, members) {
			arn := local(service, prefix+name)
			return typ, name, arn, configuration(name, arn), parts
		}
	}
	return []estateKind{
		{"S3.ListBuckets", func(names []string) any {
			out := &s3.ListBucketsOutput{}
			for _, n := range names {
				out.Buckets = append(out.Buckets, s3types.Bucket{Name: &n, BucketRegion: aws.String("us-east-1")})
			}
			return out
		}, func(n string) (string, string, string, members, members) {
			return configBucket.name, n, "arn:aws:s3:::" + n, members{"name": n, "creationDate": captured}, members{
				"BucketPolicy": members{"policyText": nil}, "AccessControlList": members{"grantList": []any{}, "owner": members{"id": "me"}},
				"PublicAccessBlockConfiguration":    members{"blockPublicAcls": true},
				"BucketVersioningConfiguration":     members{"status": "Off"},
				"ServerSideEncryptionConfiguration": members{"rules": []any{}},
				"BucketLoggingConfiguration":        members{"destinationBucketName": nil},
				"BucketLifecycleConfiguration":      members{"rules": []any{}},
				"ObjectLockConfiguration":           members{"objectLockEnabled": "Enabled"},
				"BucketReplicationConfiguration":    members{"rules": members{}},
			}
		}, []string{"S3.GetBucketLocation", "S3.GetBucketPolicy", "S3.GetBucketAcl", "S3.GetPublicAccessBlock", "S3.GetBucketVersioning",
			"S3.GetBucketEncryption", "S3.GetBucketLogging", "S3.GetBucketLifecycleConfiguration", "S3.GetObjectLockConfiguration",
			"S3.GetBucketReplication", "S3.GetBucketTagging"}},
		{"KMS.ListKeys", func(names []string) any {
			out := &kms.ListKeysOutput{}
			for _, n := range names {
				out.Keys = append(out.Keys, kmstypes.KeyListEntry{KeyId: &n, KeyArn: aws.String(local("kms", "key/"+n))})
			}
			return out
		}, plain(configKey.name, "kms", "key/", func(n, arn string) members {
			return members{"keyId": n, "arn": arn, "keyManager": "CUSTOMER", "keyState": "Enabled", "origin": "AWS_KMS", "keySpec": "SYMMETRIC_DEFAULT"}
		}, members{"KeyRotationStatus": false, "Policy": `{"Statement":[]}`}),
			[]string{"KMS.DescribeKey", "KMS.GetKeyRotationStatus", "KMS.GetKeyPolicy", "KMS.ListResourceTags"}},
		{"SQS.ListQueues", func(names []string) any {
			out := &sqs.ListQueuesOutput{}
			for _, n := range names {
				out.QueueUrls = append(out.QueueUrls, "https://sqs.us-east-1.amazonaws.com/1/"+n)
			}
			return out
		}, func(n string) (string, string, string, members, members) {
			url := "https://sqs.us-east-1.amazonaws.com/1/" + n
			return configQueue.name, url, local("sqs", n), members{"QueueUrl": url, "QueueArn": local("sqs", n), "Policy": `{"Statement":[]}`,
				"SqsManagedSseEnabled": true}, nil
		}, []string{"SQS.GetQueueAttributes", "SQS.ListQueueTags"}},
		{"SNS.ListTopics", func(names []string) any {
			out := &sns.ListTopicsOutput{}
			for _, n := range names {
				out.Topics = append(out.Topics, snstypes.Topic{TopicArn: aws.String(local("sns", n))})
			}
			return out
		}, func(n string) (string, string, string, members, members) {
			return configTopic.name, local("sns", n), local("sns", n), members{"TopicArn": local("sns", n), "Policy": `{"Statement":[]}`}, nil
		}, []string{"SNS.GetTopicAttributes", "SNS.ListTagsForResource"}},
		{"DynamoDB.ListTables", func(names []string) any { return &dynamodb.ListTablesOutput{TableNames: names} },
			plain(configTable.name, "dynamodb", "table/", func(n, arn string) members {
				return members{"tableName": n, "tableArn": arn, "tableStatus": "ACTIVE", "keySchema": []any{}, "replicas": []any{},
					"deletionProtectionEnabled": true, "billingModeSummary": members{"billingMode": "PAY_PER_REQUEST"}}
			}, members{"ContinuousBackupsDescription": members{"continuousBackupsStatus": "ENABLED",
				"pointInTimeRecoveryDescription": members{"pointInTimeRecoveryStatus": "DISABLED"}}}),
			[]string{"DynamoDB.DescribeTable", "DynamoDB.DescribeContinuousBackups", "DynamoDB.ListTagsOfResource"}},
		{"Lambda.ListFunctions", func(names []string) any {
			out := &lambda.ListFunctionsOutput{}
			for _, n := range names {
				out.Functions = append(out.Functions, lambdatypes.FunctionConfiguration{FunctionName: &n, FunctionArn: aws.String(local("lambda", "function:"+n)),
					Role: aws.String("arn:aws:iam::123456789012:role/f")})
			}
			return out
		}, plain(configFunction.name, "lambda", "function:", func(n, arn string) members {
			return members{"functionName": n, "functionArn": arn, "role": "arn:aws:iam::123456789012:role/f"}
		}, members{"Policy": `{"Statement":[]}`}), []string{"Lambda.GetPolicy", "Lambda.ListTags"}},
		{"RDS.DescribeDBSnapshots", func(names []string) any {
			out := &rds.DescribeDBSnapshotsOutput{}
			for _, n := range names {
				out.DBSnapshots = append(out.DBSnapshots, rdstypes.DBSnapshot{DBSnapshotIdentifier: &n, DBSnapshotArn: aws.String(local("rds", "snapshot:"+n)),
					SnapshotType: aws.String("manual"), Encrypted: aws.Bool(true)})
			}
			return out
		}, plain(configDBSnapshot.name, "rds", "snapshot:", func(n, _ string) members {
			return members{"dBSnapshotIdentifier": n, "dBInstanceIdentifier": "db", "encrypted": true, "snapshotType": "manual"}
		}, members{"DBSnapshotAttributes": []any{members{"attributeName": "restore", "attributeValues": []any{}}}}),
			[]string{"RDS.DescribeDBSnapshotAttributes"}},
		{"RDS.DescribeDBClusterSnapshots", func(names []string) any {
			out := &rds.DescribeDBClusterSnapshotsOutput{}
			for _, n := range names {
				out.DBClusterSnapshots = append(out.DBClusterSnapshots, rdstypes.DBClusterSnapshot{DBClusterSnapshotIdentifier: &n,
					DBClusterSnapshotArn: aws.String(local("rds", "cluster-snapshot:"+n)), SnapshotType: aws.String("manual")})
			}
			return out
		}, plain(configDBClusterSnapshot.name, "rds", "cluster-snapshot:", func(n, _ string) members {
			return members{"dbclusterSnapshotIdentifier": n, "dbclusterIdentifier": "db", "storageEncrypted": true, "snapshotType": "manual"}
		}, members{"DBClusterSnapshotAttributes": []any{members{"attributeName": "restore", "attributeValues": []any{}}}}),
			[]string{"RDS.DescribeDBClusterSnapshotAttributes"}},
		{"Elastic Load Balancing v2.DescribeLoadBalancers", func(names []string) any {
			out := &elasticloadbalancingv2.DescribeLoadBalancersOutput{}
			for _, n := range names {
				out.LoadBalancers = append(out.LoadBalancers, elbtypes.LoadBalancer{LoadBalancerName: &n, Type: "network",
					LoadBalancerArn: aws.String(local("elasticloadbalancing", "loadbalancer/net/"+n+"/1"+n))})
			}
			return out
		}, func(n string) (string, string, string, members, members) {
			arn := local("elasticloadbalancing", "loadbalancer/net/"+n+"/1"+n)
			return configBalancer.name, arn, arn, members{"loadBalancerArn": arn}, nil
		}, []string{"Elastic Load Balancing v2.DescribeTags"}},
		{"Elastic Load Balancing.DescribeLoadBalancers", func(names []string) any {
			out := &elb.DescribeLoadBalancersOutput{}
			for _, n := range names {
				out.LoadBalancerDescriptions = append(out.LoadBalancerDescriptions, classictypes.LoadBalancerDescription{LoadBalancerName: &n})
			}
			return out
		}, plain(configClassicBalancer.name, "elasticloadbalancing", "loadbalancer/", func(n, _ string) members {
			return members{"loadBalancerName": n}
		}, members{"LoadBalancerAttributes": members{"accessLog": members{"enabled": true}}}),
			[]string{"Elastic Load Balancing.DescribeLoadBalancerAttributes", "Elastic Load Balancing.DescribeTags"}},
		{"ACM.ListCertificates", func(names []string) any {
			out := &acm.ListCertificatesOutput{}
			for _, n := range names {
				out.CertificateSummaryList = append(out.CertificateSummaryList, acmtypes.CertificateSummary{CertificateArn: aws.String(local("acm", "certificate/"+n)),
					Type: "IMPORTED", DomainName: &n})
			}
			return out
		}, plain(configCertificate.name, "acm", "certificate/", func(n, arn string) members {
			return members{"certificateArn": arn, "domainName": n, "status": "ISSUED", "type": "IMPORTED", "keyAlgorithm": "RSA-2048",
				"signatureAlgorithm": "SHA256WITHRSA", "notAfter": captured}
		}, nil), []string{"ACM.DescribeCertificate", "ACM.ListTagsForCertificate"}},
		{"EFS.DescribeFileSystems", func(names []string) any {
			out := &efs.DescribeFileSystemsOutput{}
			for _, n := range names {
				out.FileSystems = append(out.FileSystems, efstypes.FileSystemDescription{FileSystemId: &n, Encrypted: aws.Bool(true)})
			}
			return out
		}, plain(configFileSystem.name, "elasticfilesystem", "file-system/", func(n, arn string) members {
			return members{"FileSystemId": n, "Arn": arn, "Encrypted": true, "BackupPolicy": members{"Status": "ENABLED"}, "FileSystemPolicy": members{"Statement": []any{}}}
		}, nil), []string{"EFS.DescribeBackupPolicy", "EFS.DescribeFileSystemPolicy"}},
		{"CloudFront.ListDistributions", func(names []string) any {
			out := &edgetypes.DistributionList{}
			for _, n := range names {
				out.Items = append(out.Items, edgetypes.DistributionSummary{Id: &n, ARN: aws.String("arn:aws:cloudfront::1:distribution/" + n), Enabled: aws.Bool(true)})
			}
			return &cloudfront.ListDistributionsOutput{DistributionList: out}
		}, func(n string) (string, string, string, members, members) {
			return configDistribution.name, n, "arn:aws:cloudfront::1:distribution/" + n, members{"id": n, "arn": "arn:aws:cloudfront::1:distribution/" + n,
				"domainName": "d", "distributionConfig": members{"enabled": true, "logging": members{"enabled": true}}}, nil
		}, []string{"CloudFront.GetDistributionConfig", "CloudFront.ListTagsForResource"}},
		{"ECR.DescribeRepositories", func(names []string) any {
			out := &ecr.DescribeRepositoriesOutput{}
			for _, n := range names {
				out.Repositories = append(out.Repositories, ecrtypes.Repository{RepositoryName: &n, RepositoryArn: aws.String(local("ecr", "repository/"+n))})
			}
			return out
		}, plain(configRepository.name, "ecr", "repository/", func(n, arn string) members {
			return members{"RepositoryName": n, "Arn": arn, "RepositoryPolicyText": members{"Statement": []any{}}}
		}, nil), []string{"ECR.GetRepositoryPolicy", "ECR.ListTagsForResource"}},
		{"Kinesis.ListStreams", func(names []string) any { return &kinesis.ListStreamsOutput{StreamNames: names} },
			plain(configStream.name, "kinesis", "stream/", func(n, arn string) members {
				return members{"Name": n, "Arn": arn, "StreamEncryption": members{"EncryptionType": "KMS"}}
			}, nil), []string{"Kinesis.DescribeStreamSummary", "Kinesis.ListTagsForStream"}},
		{"OpenSearch.ListDomainNames", func(names []string) any {
			out := &opensearch.ListDomainNamesOutput{}
			for _, n := range names {
				out.DomainNames = append(out.DomainNames, opensearchtypes.DomainInfo{DomainName: &n})
			}
			return out
		}, plain(configSearchDomain.name, "es", "domain/", func(n, arn string) members {
			return members{"DomainName": n, "Arn": arn, "EngineVersion": "OpenSearch_2.19", "ClusterConfig": members{}}
		}, nil), []string{"OpenSearch.ListTags"}},
		{"Route 53.ListHostedZones", func(names []string) any {
			out := &route53.ListHostedZonesOutput{}
			for _, n := range names {
				out.HostedZones = append(out.HostedZones, zonetypes.HostedZone{Id: &n, Name: &n})
			}
			return out
		}, func(n string) (string, string, string, members, members) {
			return configZone.name, n, "arn:aws:route53:::hostedzone/" + n, members{"Id": n, "Name": n}, nil
		}, []string{"Route 53.ListTagsForResource"}},
		{"Backup.ListBackupVaults", func(names []string) any {
			out := &backup.ListBackupVaultsOutput{}
			for _, n := range names {
				out.BackupVaultList = append(out.BackupVaultList, backuptypes.BackupVaultListMember{BackupVaultName: &n,
					BackupVaultArn: aws.String(local("backup", "backup-vault:"+n))})
			}
			return out
		}, plain(configVault.name, "backup", "backup-vault:", func(n, arn string) members {
			return members{"BackupVaultName": n, "BackupVaultArn": arn}
		}, nil), []string{"Backup.ListTags"}},
	}
}

// TestAggregatorEstate collects an estate of many resources of every kind that records help with, whose records carry all
// they can: no call is made about any of them for what a record carries, and the records come in pages.
func TestAggregatorEstate(t *testing.T) {
	t.Parallel()
	const each = 40
	g := &aggregator{t: t}
	lines := script{}
	saved := map[string]bool{}
	var all []string
	for _, k := range estateKinds() {
		var names []string
		for n := range each {
			name := fmt.Sprintf("thing-%04d", n)
			names = append(names, name)
			typ, id, arn, configuration, parts := k.item(name)
			all = append(all, result(t, members{"resourceType": typ, "resourceId": id, "resourceName": name, "arn": arn,
				"accountId": here.Scope.Account(), "awsRegion": "us-east-1", "configurationItemStatus": "OK",
				"configurationItemCaptureTime": captured, "configuration": configuration, "supplementaryConfiguration": parts,
				"tags": []members{{"key": "owner", "value": "finance"}}}))
		}
		lines[k.listing] = say(k.list(names))
		for _, call := range k.calls {
			saved[call] = true
			lines[call] = func(any) (any, error) {
				t.Errorf("%s was called", call)
				return nil, errNotExported
			}
		}
	}
	for len(all) > 0 {
		n := min(len(all), aggregatorPage)
		g.pages, all = append(g.pages, all[:n]), all[n:]
	}
	for operation := range recordAnswers {
		if !saved[operation] {
			t.Errorf("the estate has nothing that %s is about", operation)
		}
	}
	a, calls := g.account(lines)
	a.regions = []string{"us-east-1"}
	a.records = &keptRecords{"all", a.cfg, []string{"us-east-1", aggregatorRegion}}
	a.log = slog.New(slog.NewTextHandler(t.Output(), nil))
	got, out := collectedAccount(t, a)
	answered := 0
	for _, row := range out.rows {
		answered += row.Recorded
		if row.Asked != 0 {
			t.Errorf("%d calls about single resources of %s were made", row.Asked, row.Kind)
		}
	}
	if want := each * len(saved); answered < want {
		t.Errorf("%d calls were answered; want %d", answered, want)
	}
	if len(g.queries) != len(g.pages) || calls("S3.ListBuckets") == 0 {
		t.Errorf("%d queries for %d pages", len(g.queries), len(g.pages))
	}
	labelled := 0
	for _, r := range got {
		if strings.Contains(r.ID, "thing-") && r.Labels["owner"] == "finance" {
			labelled++
		}
	}
	if want := each * (len(estateKinds()) - 4); labelled < want {
		t.Errorf("%d resources have labels; want %d", labelled, want)
	}
}
