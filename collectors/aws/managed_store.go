package aws

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// managedStoreFacts states what holds for every data store that is no SQL engine: nothing looks for weaknesses in it,
// its columns are not seen, and it has none of the switches that widen what a client may do.
func managedStoreFacts(r *inventory.Resource, facts *inventory.Database, family, endpoint string) {
	facts.Family, facts.Endpoint = family, endpoint
	r.Known("family", "endpoint")
	r.SetNotApplicable("no such service for this provider's databases", "vulnerability_assessed")
	r.SetNotApplicable("masking is set inside the database, where the provider does not look", "masked")
	r.SetNotApplicable("the provider watches the logins of relational engines only", "threat_detected")
	r.SetInherent("risky_flags")
}

// groupedStoreFacts states where a store stands that lives in subnets behind security groups.
func groupedStoreFacts(
	w collectors.Where, r *inventory.Resource, facts *inventory.Database,
	groups []string, place collectors.Answer[storePlace],
) {
	r.SetNotApplicable(filteredByGroups, "rules")
	for _, g := range groups {
		facts.Firewalls = append(facts.Firewalls, ec2ARN(w, "security-group", g))
	}
	// Every store in a network wears at least one filter.
	if len(facts.Firewalls) > 0 {
		r.Known("firewalls")
	}
	if why := place.Unknown(); why != nil {
		r.SetUnknown(*why, "network", "subnets")
		return
	}
	if place.Value == nil {
		return
	}
	if facts.Network = ec2ARN(w, "vpc", place.Value.Network); facts.Network != "" {
		r.Known("network")
	}
	if facts.Subnets = ec2ARNs(w, "subnet", place.Value.Subnets); len(facts.Subnets) > 0 {
		r.Known("subnets")
	}
}

// storePlace is the network of a group of subnets, by the short ids of EC2.
type storePlace struct {
	Network string
	Subnets []string
}

// scalingTargets maps the resources of a service that grow and shrink by policy to the dimensions in which they do.
type scalingTargets map[string][]string

// askScaling lists what of a service follows its load.
func askScaling(ctx context.Context, c *Clients, service types.ServiceNamespace) collectors.Answer[scalingTargets] {
	const permission = "application-autoscaling:DescribeScalableTargets"
	return ask("DescribeScalableTargets", permission, func() (*scalingTargets, error) {
		targets := scalingTargets{}
		p := applicationautoscaling.NewDescribeScalableTargetsPaginator(c.ApplicationAutoScaling,
			&applicationautoscaling.DescribeScalableTargetsInput{ServiceNamespace: service})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for _, t := range page.ScalableTargets {
				if aws.ToInt32(t.MaxCapacity) > aws.ToInt32(t.MinCapacity) {
					id := aws.ToString(t.ResourceId)
					targets[id] = append(targets[id], string(t.ScalableDimension))
				}
			}
		}
		return &targets, nil
	})
}

// scalingOf keeps the dimensions of one resource.
func scalingOf(all collectors.Answer[scalingTargets], resource string) collectors.Answer[[]string] {
	one := collectors.Answer[[]string]{Action: all.Action, Permission: all.Permission, Failed: all.Failed}
	if all.Value != nil {
		dimensions := append([]string{}, (*all.Value)[resource]...)
		one.Value = &dimensions
	}
	return one
}

// standardSupport is when a maker's standard support of a version ends; none where no end was announced.
type standardSupport struct {
	StandardEnds *time.Time
	// Ended is kept as it stood when the store was asked: facts read no clock.
	Ended bool
}

// day is a day of the calendar in UTC.
func day(year int, month time.Month, date int) time.Time {
	return time.Date(year, month, date, 0, 0, 0, 0, time.UTC)
}

// supportOf looks a version up in a table of ends by its beginning, the longest that fits.
func supportOf(ends map[string]time.Time, version string, at time.Time) standardSupport {
	for n := len(version); n > 0; n-- {
		if end, ok := ends[version[:n]]; ok && (n == len(version) || version[n] == '.') {
			return standardSupport{StandardEnds: &end, Ended: end.Before(at)}
		}
	}
	return standardSupport{}
}

// storeVersionFact states whether the version is supported and takes minor updates by itself: either "no" is enough.
func storeVersionFact(
	r *inventory.Resource, facts *inventory.Database, version string, minor *bool, s standardSupport,
) {
	switch {
	case s.Ended, minor != nil && !*minor:
		r.Known("version_supported")
	case version != "" && minor != nil:
		facts.VersionSupported = true
		r.Known("version_supported")
	}
}
