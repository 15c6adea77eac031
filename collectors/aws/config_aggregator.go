package aws

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// aggregatorPermissions are the rights that reading an aggregator takes, in the account that holds it.
var aggregatorPermissions = []string{
	"config:DescribeConfigurationAggregators", "config:DescribeConfigurationAggregatorSourcesStatus",
	"config:SelectAggregateResourceConfig",
}

// aggregatorPage is how many items an aggregator gives at once, which is its limit.
const aggregatorPage = 100

// ErrNoAggregator is behind the error that says that a setting names no aggregator.
var ErrNoAggregator = errors.New("there is no such aggregator")

// keptRecords is where the records of accounts are read: an aggregator of AWS Config by its name, with the credentials
// of the account that holds it.
type keptRecords struct {
	name string
	cfg  aws.Config
	// regions are where the aggregator is looked for.
	regions []string
}

// recordsOf says where the records of the account are read; nil without an aggregator. Those of an account of an
// organisation lie where the organisation is read from, unless a role is named.
func (c Connection) recordsOf(ctx context.Context, a *Account) (*keptRecords, error) {
	if c.Aggregator == "" {
		return nil, nil //nolint:nilnil // without an aggregator there are no records
	}
	k := &keptRecords{c.Aggregator, a.cfg, a.regions}
	if c.AggregatorRole == "" && !c.Member {
		return k, nil
	}
	c.RoleARN = c.AggregatorRole
	var err error
	k.cfg, err = loadConfig(ctx, c)
	return k, err
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

func (e *noAggregatorError) Unwrap() error { return ErrNoAggregator }

// find looks for the aggregator in every region that is collected and says which it is in.
func (k *keptRecords) find(ctx context.Context) (region string, err error) {
	client := configservice.NewFromConfig(k.cfg)
	var found []string
	var failed error
	for _, region := range append([]string{k.cfg.Region}, k.regions...) {
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
			if aws.ToString(g.ConfigurationAggregatorName) == k.name {
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
	return "", &noAggregatorError{k.name, found}
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

// behind are the regions of an account of which the aggregator says that it has not the newest; "" stands for all.
func (k *keptRecords) behind(ctx context.Context, in, account string) (map[string]bool, error) {
	out := map[string]bool{}
	p := configservice.NewDescribeConfigurationAggregatorSourcesStatusPaginator(configservice.NewFromConfig(k.cfg),
		&configservice.DescribeConfigurationAggregatorSourcesStatusInput{
			ConfigurationAggregatorName: aws.String(k.name), Limit: aggregatorPage,
			UpdateStatus: []types.AggregatedSourceStatusType{
				types.AggregatedSourceStatusTypeFailed, types.AggregatedSourceStatusTypeOutdated,
			},
		})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx, func(o *configservice.Options) { o.Region = in })
		if err != nil {
			return nil, err
		}
		for _, s := range page.AggregatedSourceStatusList {
			if s.SourceType == types.AggregatedSourceTypeOrganization || aws.ToString(s.SourceId) == account {
				out[aws.ToString(s.AwsRegion)] = true
			}
		}
	}
	return out, nil
}

// recordedRegions are the regions in which a recorder of the account runs and does well. Of a recorder that was
// stopped the aggregator goes on to give what was true then, and says nothing about it.
func (a *Account) recordedRegions(ctx context.Context) map[string]bool {
	out := map[string]bool{}
	client := configservice.NewFromConfig(a.cfg)
	for _, region := range a.regions {
		status, err := client.DescribeConfigurationRecorderStatus(ctx,
			&configservice.DescribeConfigurationRecorderStatusInput{},
			func(o *configservice.Options) { o.Region = region })
		if err != nil {
			continue // nobody knows whether it records
		}
		for _, s := range status.ConfigurationRecordersStatus {
			out[region] = out[region] || s.Recording && strings.EqualFold(string(s.LastStatus), "success")
		}
	}
	return out
}

// readRecords reads the items of the account from its aggregator, page by page, and drops those of regions that are
// not up to date. Beside an error it gives what was read until then: each item stands for itself. Without any it gives
// nothing.
func (a *Account) readRecords(ctx context.Context, now func() time.Time) (*records, error) {
	in, err := a.records.find(ctx)
	if err != nil {
		return nil, err
	}
	behind, err := a.records.behind(ctx, in, a.id)
	if err != nil {
		return nil, err
	}
	recorded := a.recordedRegions(ctx)
	spool, err := newItemSpool()
	if err != nil {
		return nil, err
	}
	began := now()
	reader := &itemReader{spool: spool, byAccount: map[string]*Export{}, wanted: func(i *configItem) bool {
		region := i.Region
		if !regionShape.MatchString(region) { // what belongs to no region is recorded where it lives
			region = edgeRegion
		}
		return recorded[region] && !behind[region] && !behind[""] && contains(currentItems, i.Status)
	}}
	err = a.selectItems(ctx, in, reader)
	if flushed := spool.flush(); flushed != nil {
		return nil, errors.Join(flushed, spool.close())
	}
	items := reader.byAccount[a.id]
	if items == nil {
		return nil, errors.Join(err, spool.close())
	}
	items.settle()
	items.forget(a.direct)
	return &records{items: items, readAt: began}, err
}

// selectItems turns the pages of the aggregator.
func (a *Account) selectItems(ctx context.Context, in string, reader *itemReader) error {
	p := configservice.NewSelectAggregateResourceConfigPaginator(configservice.NewFromConfig(a.records.cfg),
		&configservice.SelectAggregateResourceConfigInput{
			ConfigurationAggregatorName: aws.String(a.records.name), Expression: aws.String(aggregatorQuery(a.id)),
			MaxResults: aggregatorPage,
		})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx, func(o *configservice.Options) { o.Region = in })
		if err != nil {
			return err
		}
		if err := reader.results(page.Results); err != nil {
			return err
		}
	}
	return nil
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
	for _, answer := range recordAnswers {
		for _, t := range answer.types() {
			names["'"+t.name+"'"] = true
		}
	}
	return "SELECT resourceId, resourceName, resourceType, arn, accountId, awsRegion, configuration, " +
		"supplementaryConfiguration, tags, configurationItemStatus, configurationItemCaptureTime " +
		"WHERE accountId = '" + account + "' AND resourceType IN (" +
		strings.Join(slices.Sorted(maps.Keys(names)), ", ") + ")"
}
