package aws

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// aggregatorPermissions are the rights that reading an aggregator takes.
var aggregatorPermissions = []string{"config:DescribeConfigurationAggregators", "config:SelectAggregateResourceConfig"}

// aggregatorPage is how many items an aggregator gives at once, which is its limit.
const aggregatorPage = 100

// aggregatedCalls are the calls about single resources that an aggregator's records stand in for: those whose answers
// Config tells whole. Listings are not among them. What is there, and what a listing tells, AWS itself says at once, in
// larger pages; and only its own word may remove a resource.
var aggregatedCalls = map[string]*recordedType{
	"S3.GetBucketPolicy": configBucket, "S3.GetBucketAcl": configBucket, "S3.GetPublicAccessBlock": configBucket,
	"S3.GetBucketVersioning": configBucket, "S3.GetBucketEncryption": configBucket, "S3.GetBucketLogging": configBucket,
	"S3.GetBucketLifecycleConfiguration": configBucket, "S3.GetObjectLockConfiguration": configBucket,
	"S3.GetBucketReplication": configBucket, "S3.GetBucketTagging": configBucket,
	"KMS.GetKeyPolicy": configKey, "KMS.ListResourceTags": configKey,
	"RDS.DescribeDBSnapshotAttributes":        configDBSnapshot,
	"RDS.DescribeDBClusterSnapshotAttributes": configDBClusterSnapshot,
	"DynamoDB.ListTagsOfResource":             configTable,
	"Lambda.GetPolicy":                        configFunction, "Lambda.ListTags": configFunction,
	"SQS.ListQueueTags": configQueue, "SNS.ListTagsForResource": configTopic,
	"Elastic Load Balancing v2.DescribeTags": configBalancer,
}

// useAggregator lets the records of an aggregator answer what calls about single resources would. Where they cannot be
// read, the calls are made: an aggregator saves calls and decides nothing. A name that no aggregator has is an error.
func (a *Account) useAggregator(ctx context.Context, c Connection) error {
	if c.Aggregator == "" {
		return nil
	}
	records, err := a.aggregated(ctx, c.Aggregator)
	var unknown *noAggregatorError
	switch {
	case errors.As(err, &unknown):
		return err
	case err != nil && c.Log != nil:
		c.Log.Warn("the aggregator cannot be read to its end; what it lacks is asked directly", "aggregator", c.Aggregator,
			"code", collectors.Classify(Classify(err)).Code, "error", err)
	}
	if records == nil {
		return nil
	}
	if c.Log != nil {
		c.Log.Info("records of an aggregator stand in for calls about single resources", "aggregator", c.Aggregator,
			"records", records.count())
	}
	a.cfg.APIOptions = append(slices.Clone(a.cfg.APIOptions), records.fill)
	return nil
}

// count is how many items there are.
func (e *Export) count() (n int) {
	for _, items := range e.byPlace {
		n += len(items)
	}
	return n
}

// noAggregatorError says that a setting names no aggregator.
type noAggregatorError struct {
	name  string
	found []string
}

func (e *noAggregatorError) Error() string {
	if len(e.found) == 0 {
		return fmt.Sprintf("there is no aggregator %q: the account has none in the regions that are collected", e.name)
	}
	return fmt.Sprintf("there is no aggregator %q: the account has %s", e.name, strings.Join(e.found, ", "))
}

// aggregated reads the items of the account from its aggregator of the name, page by page. Beside an error it gives
// what was read until then: each item stands for itself.
func (a *Account) aggregated(ctx context.Context, name string) (*Export, error) {
	client := configservice.NewFromConfig(a.cfg)
	in, err := a.findAggregator(ctx, client, name)
	if err != nil {
		return nil, err
	}
	spool, err := newItemSpool()
	if err != nil {
		return nil, err
	}
	reader := &itemReader{spool: spool, byAccount: map[string]*Export{}}
	p := configservice.NewSelectAggregateResourceConfigPaginator(client, &configservice.SelectAggregateResourceConfigInput{
		ConfigurationAggregatorName: aws.String(name), Expression: aws.String(aggregatorQuery(a.id)),
		MaxResults: aggregatorPage,
	})
	for p.HasMorePages() && err == nil {
		var page *configservice.SelectAggregateResourceConfigOutput
		page, err = p.NextPage(ctx, func(o *configservice.Options) { o.Region = in })
		if err == nil {
			err = reader.results(page.Results)
		}
	}
	if flushed := spool.flush(); flushed != nil {
		return nil, flushed
	}
	records := reader.byAccount[a.id]
	if records != nil {
		records.settle()
	}
	return records, err
}

// results takes a page of items. An item that is none ends the reading.
func (r *itemReader) results(page []string) error {
	for _, text := range page {
		if err := r.take([]byte(text)); err != nil {
			return &collectors.Failure{Err: err,
				Reason: collectors.Reason{Cause: inventory.CauseFailed, Code: "MalformedAnswer"}}
		}
	}
	return nil
}

// aggregatorQuery asks for the items of one account, of the types that stand in for calls.
func aggregatorQuery(account string) string {
	names := map[string]bool{}
	for _, t := range aggregatedCalls {
		names["'"+t.name+"'"] = true
	}
	return "SELECT resourceId, resourceName, resourceType, arn, accountId, awsRegion, configuration, " +
		"supplementaryConfiguration, tags, configurationItemStatus, configurationItemCaptureTime " +
		"WHERE accountId = '" + account + "' AND resourceType IN (" +
		strings.Join(slices.Sorted(maps.Keys(names)), ", ") + ")"
}

// findAggregator looks for the aggregator in every region that is collected and says which it is in.
func (a *Account) findAggregator(
	ctx context.Context, client *configservice.Client, name string,
) (region string, err error) {
	var found []string
	var failed error
	for _, region := range append([]string{a.cfg.Region}, a.regions...) {
		p := configservice.NewDescribeConfigurationAggregatorsPaginator(client,
			&configservice.DescribeConfigurationAggregatorsInput{})
		all, err := gathered(listed(ctx, inRegionOf{p, region},
			func(o *configservice.DescribeConfigurationAggregatorsOutput) []types.ConfigurationAggregator {
				return o.ConfigurationAggregators
			}))
		if err != nil {
			failed = err
			continue
		}
		for _, g := range *all {
			if aws.ToString(g.ConfigurationAggregatorName) == name {
				return region, nil
			}
			if known := aws.ToString(g.ConfigurationAggregatorName); !contains(found, known) {
				found = append(found, known)
			}
		}
	}
	if failed != nil {
		return "", failed
	}
	return "", &noAggregatorError{name, found}
}

// inRegionOf turns the pages of another region.
type inRegionOf struct {
	*configservice.DescribeConfigurationAggregatorsPaginator
	region string
}

// NextPage implements pager.
func (p inRegionOf) NextPage(ctx context.Context, options ...func(*configservice.Options)) (
	*configservice.DescribeConfigurationAggregatorsOutput, error,
) {
	options = append(options, func(o *configservice.Options) { o.Region = p.region })
	return p.DescribeConfigurationAggregatorsPaginator.NextPage(ctx, options...)
}

// fill lets the records answer the calls that they stand in for. Whatever they do not tell is asked.
func (e *Export) fill(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("PlumblineAggregator",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
			middleware.InitializeOutput, middleware.Metadata, error,
		) {
			operation := awsmiddleware.GetServiceID(ctx) + "." + awsmiddleware.GetOperationName(ctx)
			if aggregatedCalls[operation] == nil {
				return next.HandleInitialize(ctx, in)
			}
			out, err := exportAnswers[operation](e, awsmiddleware.GetRegion(ctx), in.Parameters)
			if err != nil && !errors.Is(err, collectors.ErrAbsent) {
				return next.HandleInitialize(ctx, in)
			}
			return middleware.InitializeOutput{Result: out}, middleware.Metadata{}, err
		}), middleware.After)
}
