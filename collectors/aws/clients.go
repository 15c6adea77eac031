// Package aws lists and asks about the resources of an AWS account and states their facts. It knows the AWS SDK; it
// does not know checks, verdicts or where facts are stored.
package aws

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Clients are the SDK's clients of one account and region.
type Clients struct {
	Account string
	Region  string

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
		Account: account, Region: region,
		EC2:   ec2.NewFromConfig(cfg),
		ELB:   elasticloadbalancing.NewFromConfig(cfg),
		ELBV2: elasticloadbalancingv2.NewFromConfig(cfg),
		RDS:   rds.NewFromConfig(cfg),
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
