// Package aws lists and asks about the resources of an AWS account and states their facts. It knows the AWS SDK; it
// does not know checks, verdicts or where facts are stored.
package aws

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	accountinfo "github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/apprunner"
	"github.com/aws/aws-sdk-go-v2/service/appsync"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	"github.com/aws/aws-sdk-go-v2/service/dax"
	"github.com/aws/aws-sdk-go-v2/service/dlm"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/elasticbeanstalk"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/inspector2"
	"github.com/aws/aws-sdk-go-v2/service/kafka"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/aws/aws-sdk-go-v2/service/memorydb"
	"github.com/aws/aws-sdk-go-v2/service/mq"
	"github.com/aws/aws-sdk-go-v2/service/networkfirewall"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/opensearchserverless"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/redshiftserverless"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53resolver"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/shield"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wellarchitected"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Clients are the SDK's clients of one account and region.
type Clients struct {
	Account string
	Region  string
	// http carries what is not a call to AWS, to the inside of a cluster for one.
	http aws.HTTPClient
	// signer signs what clusters show to AWS to learn who asks them; it calls nobody.
	signer *sts.PresignClient

	EC2        *ec2.Client
	ELB        *elasticloadbalancing.Client
	ELBV2      *elasticloadbalancingv2.Client
	RDS        *rds.Client
	S3         *s3.Client
	S3Control  *s3control.Client
	IAM        *iam.Client
	CloudTrail *cloudtrail.Client
	KMS        *kms.Client
	WAF        *wafv2.Client
	// WAFEdge asks about web firewalls of content delivery, which live in us-east-1.
	WAFEdge *wafv2.Client

	AccessAnalyzer         *accessanalyzer.Client
	AccountInfo            *accountinfo.Client
	Backup                 *backup.Client
	Budgets                *budgets.Client
	CloudWatch             *cloudwatch.Client
	Cognito                *cognitoidentityprovider.Client
	Config                 *configservice.Client
	CostExplorer           *costexplorer.Client
	DynamoDB               *dynamodb.Client
	ECS                    *ecs.Client
	EFS                    *efs.Client
	EKS                    *eks.Client
	EventBridge            *eventbridge.Client
	FSx                    *fsx.Client
	GuardDuty              *guardduty.Client
	IdentityStore          *identitystore.Client
	Inspector              *inspector2.Client
	Lambda                 *lambda.Client
	Logs                   *cloudwatchlogs.Client
	Macie                  *macie2.Client
	NetworkFirewall        *networkfirewall.Client
	Organizations          *organizations.Client
	Redshift               *redshift.Client
	Resolver               *route53resolver.Client
	SecurityHub            *securityhub.Client
	ServiceQuotas          *servicequotas.Client
	Shield                 *shield.Client
	SNS                    *sns.Client
	SSOAdmin               *ssoadmin.Client
	WellArchitected        *wellarchitected.Client
	ApplicationAutoScaling *applicationautoscaling.Client
	ElastiCache            *elasticache.Client
	Kafka                  *kafka.Client
	Kinesis                *kinesis.Client
	MemoryDB               *memorydb.Client
	OpenSearch             *opensearch.Client
	SecretsManager         *secretsmanager.Client
	SQS                    *sqs.Client
	SSM                    *ssm.Client
	DLM                    *dlm.Client
	MQ                     *mq.Client
	ACM                    *acm.Client
	APIGateway             *apigateway.Client
	APIGatewayV2           *apigatewayv2.Client
	AppRunner              *apprunner.Client
	AppSync                *appsync.Client
	AutoScaling            *autoscaling.Client
	Beanstalk              *elasticbeanstalk.Client
	CloudFront             *cloudfront.Client
	CodeArtifact           *codeartifact.Client
	CodeBuild              *codebuild.Client
	CodePipeline           *codepipeline.Client
	DAX                    *dax.Client
	ECR                    *ecr.Client
	OpenSearchServerless   *opensearchserverless.Client
	RedshiftServerless     *redshiftserverless.Client
	Route53                *route53.Client

	// read is whom the identity centre lets in, once it was asked.
	read accessRead
}

// Sources are the kinds of AWS this package collects; each file adds its own.
var Sources collectors.Registry[*Clients]

// newClients makes the clients of a region. elsewhere says that the endpoint is not Amazon's: then no bucket and no
// account is put before its host name.
func newClients(cfg aws.Config, account, region string, elsewhere bool) *Clients {
	if region == collectors.Global {
		region = cfg.Region
	}
	cfg.Region = region
	edge := cfg.Copy()
	edge.Region = "us-east-1"
	return &Clients{
		Account: account, Region: region, http: cfg.HTTPClient,
		signer: sts.NewPresignClient(sts.NewFromConfig(cfg)),
		EC2:    ec2.NewFromConfig(cfg),
		ELB:    elasticloadbalancing.NewFromConfig(cfg),
		ELBV2:  elasticloadbalancingv2.NewFromConfig(cfg),
		RDS:    rds.NewFromConfig(cfg),
		S3: s3.NewFromConfig(cfg, func(o *s3.Options) {
			o.UsePathStyle = elsewhere || os.Getenv("AWS_ENDPOINT_URL_S3") != ""
			o.DisableLogOutputChecksumValidationSkipped = true
		}),
		S3Control:  s3control.NewFromConfig(cfg, keepHost),
		IAM:        iam.NewFromConfig(cfg),
		CloudTrail: cloudtrail.NewFromConfig(cfg),
		KMS:        kms.NewFromConfig(cfg),
		WAF:        wafv2.NewFromConfig(cfg),
		WAFEdge:    wafv2.NewFromConfig(edge),

		AccessAnalyzer:         accessanalyzer.NewFromConfig(cfg),
		AccountInfo:            accountinfo.NewFromConfig(cfg),
		Backup:                 backup.NewFromConfig(cfg),
		Budgets:                budgets.NewFromConfig(cfg),
		CloudWatch:             cloudwatch.NewFromConfig(cfg),
		Cognito:                cognitoidentityprovider.NewFromConfig(cfg),
		Config:                 configservice.NewFromConfig(cfg),
		CostExplorer:           costexplorer.NewFromConfig(cfg),
		DynamoDB:               dynamodb.NewFromConfig(cfg),
		ECS:                    ecs.NewFromConfig(cfg),
		EFS:                    efs.NewFromConfig(cfg),
		EKS:                    eks.NewFromConfig(cfg),
		EventBridge:            eventbridge.NewFromConfig(cfg),
		FSx:                    fsx.NewFromConfig(cfg),
		GuardDuty:              guardduty.NewFromConfig(cfg),
		IdentityStore:          identitystore.NewFromConfig(cfg),
		Inspector:              inspector2.NewFromConfig(cfg),
		Lambda:                 lambda.NewFromConfig(cfg),
		Logs:                   cloudwatchlogs.NewFromConfig(cfg),
		Macie:                  macie2.NewFromConfig(cfg),
		NetworkFirewall:        networkfirewall.NewFromConfig(cfg),
		Organizations:          organizations.NewFromConfig(cfg),
		Redshift:               redshift.NewFromConfig(cfg),
		Resolver:               route53resolver.NewFromConfig(cfg),
		SecurityHub:            securityhub.NewFromConfig(cfg),
		ServiceQuotas:          servicequotas.NewFromConfig(cfg),
		Shield:                 shield.NewFromConfig(cfg),
		SNS:                    sns.NewFromConfig(cfg),
		SSOAdmin:               ssoadmin.NewFromConfig(cfg),
		WellArchitected:        wellarchitected.NewFromConfig(cfg),
		ApplicationAutoScaling: applicationautoscaling.NewFromConfig(cfg),
		ElastiCache:            elasticache.NewFromConfig(cfg),
		Kafka:                  kafka.NewFromConfig(cfg),
		Kinesis:                kinesis.NewFromConfig(cfg),
		MemoryDB:               memorydb.NewFromConfig(cfg),
		OpenSearch:             opensearch.NewFromConfig(cfg),
		SecretsManager:         secretsmanager.NewFromConfig(cfg),
		SQS:                    sqs.NewFromConfig(cfg),
		SSM:                    ssm.NewFromConfig(cfg),
		DLM:                    dlm.NewFromConfig(cfg),
		MQ:                     mq.NewFromConfig(cfg),
		ACM:                    acm.NewFromConfig(cfg),
		APIGateway:             apigateway.NewFromConfig(cfg),
		APIGatewayV2:           apigatewayv2.NewFromConfig(cfg),
		AppRunner:              apprunner.NewFromConfig(cfg),
		AppSync:                appsync.NewFromConfig(cfg),
		AutoScaling:            autoscaling.NewFromConfig(cfg),
		Beanstalk:              elasticbeanstalk.NewFromConfig(cfg),
		CloudFront:             cloudfront.NewFromConfig(cfg),
		CodeArtifact:           codeartifact.NewFromConfig(cfg),
		CodeBuild:              codebuild.NewFromConfig(cfg),
		CodePipeline:           codepipeline.NewFromConfig(cfg),
		DAX:                    dax.NewFromConfig(cfg),
		ECR:                    ecr.NewFromConfig(cfg),
		OpenSearchServerless:   opensearchserverless.NewFromConfig(cfg),
		RedshiftServerless:     redshiftserverless.NewFromConfig(cfg),
		Route53:                route53.NewFromConfig(cfg),
	}
}

// ask makes one call about a resource. permission is the right it needs, such as "s3:GetBucketPolicyStatus"; the action
// it is reported by is the API operation.
func ask[T any](operation, permission string, call func() (*T, error)) collectors.Answer[T] {
	return collectors.Ask(operation, permission, Classify, call)
}

// arn builds the ARN of a resource that the API names by a short id.
func arn(w collectors.Where, service, resource string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, w.Region, w.Scope.Account(), resource)
}

// ec2ARN is the id of an EC2 resource, such as ec2ARN(w, "subnet", "subnet-1"); empty for an empty short id.
func ec2ARN(w collectors.Where, resource, id string) string {
	if id == "" {
		return ""
	}
	return arn(w, "ec2", resource+"/"+id)
}

// ec2ARNs maps short ids to ids.
func ec2ARNs(w collectors.Where, resource string, ids []string) []string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		out = append(out, ec2ARN(w, resource, id))
	}
	return out
}

// nameOr returns the Name tag, or the fallback where there is none.
func nameOr(labels map[string]string, fallback string) string {
	if name := labels["Name"]; name != "" {
		return name
	}
	return fallback
}

// labels turns any service's tags into a map.
func labels[T any](tags []T, pair func(T) (key, value *string)) map[string]string {
	if len(tags) == 0 {
		return nil
	}
	out := make(map[string]string, len(tags))
	for _, t := range tags {
		k, v := pair(t)
		out[aws.ToString(k)] = aws.ToString(v)
	}
	return out
}

// paged yields the items of a paginator's pages.
func paged[Out, Item any](ctx context.Context, more func() bool, next func(context.Context) (Out, error), items func(Out) []Item) func(func(Item, error) bool) {
	return func(yield func(Item, error) bool) {
		var none Item
		for more() {
			page, err := next(ctx)
			if err != nil {
				yield(none, err)
				return
			}
			for _, item := range items(page) {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// scopeOf is the scope id of an account.
func scopeOf(account string) inventory.ScopeID { return inventory.ScopeID("aws:" + account) }
