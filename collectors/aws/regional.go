package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"golang.org/x/sync/errgroup"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// regionAnswer is what a service said in one region. The region is "*" when the regions could not be listed: the answer
// then holds why.
type regionAnswer[T any] struct {
	Region string
	Answer collectors.Answer[T]
}

// regionsAtOnce bounds how many regions are asked side by side about one thing.
const regionsAtOnce = 6

// enabledRegions lists the regions the account has enabled.
func enabledRegions(ctx context.Context, c *Clients) ([]string, error) {
	out, err := c.EC2.DescribeRegions(ctx, &ec2.DescribeRegionsInput{AllRegions: aws.Bool(false)})
	if err != nil {
		return nil, during("DescribeRegions", "ec2:DescribeRegions", err)
	}
	names := make([]string, 0, len(out.Regions))
	for _, r := range out.Regions {
		names = append(names, aws.ToString(r.RegionName))
	}
	return names, nil
}

// everyRegion makes one call in each enabled region and keeps every answer. What is set by region for the whole account
// is asked so: the account is one resource, and one refusal must not hide the other regions.
func everyRegion[T any](
	ctx context.Context, c *Clients, operation, permission string, call func(ctx context.Context, region string) (*T, error),
) []regionAnswer[T] {
	regions, err := enabledRegions(ctx, c)
	if err != nil {
		failed := ask("DescribeRegions", "ec2:DescribeRegions", func() (*T, error) { return nil, err })
		return []regionAnswer[T]{{Region: collectors.Everywhere, Answer: failed}}
	}
	out := make([]regionAnswer[T], len(regions))
	var group errgroup.Group
	group.SetLimit(regionsAtOnce)
	for i, region := range regions {
		group.Go(func() error {
			out[i] = regionAnswer[T]{region, ask(operation, permission, func() (*T, error) { return call(ctx, region) })}
			return nil
		})
	}
	_ = group.Wait() // The calls keep their own errors.
	return out
}

// accountID is the id of the record of the account itself.
func accountID(w collectors.Where) string {
	return string(w.Scope) + "/" + string(inventory.ClassCloudAccount) + "/" + w.Scope.Account()
}
