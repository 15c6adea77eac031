package aws

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// accessPoint is another door to a bucket, with a policy of its own.
type accessPoint struct {
	Name string `json:"name"`
	// Inside says that it answers a private network alone, Closed that its own switch makes a public policy void.
	Inside bool   `json:"inside,omitempty"`
	Closed bool   `json:"closed,omitempty"`
	Policy string `json:"policy,omitempty"`
}

// handsOver says whether a bucket's policy leaves it to access points who comes in. Where it does not, what an access
// point allows counts only if the bucket's own policy allows it as well.
func handsOver(policy *string) bool {
	return strings.Contains(strings.ToLower(aws.ToString(policy)), "s3:dataaccesspoint")
}

// askAccessPoints reads the access points that the account has to one of its buckets.
func askAccessPoints(ctx context.Context, c *Clients, bucket *string, region string) collectors.Answer[[]accessPoint] {
	at := func(o *s3control.Options) {
		if region != "" {
			o.Region = region
		}
	}
	return ask("ListAccessPoints", "s3:ListAccessPoints", func() (*[]accessPoint, error) {
		points := []accessPoint{}
		in := &s3control.ListAccessPointsInput{AccountId: aws.String(c.Account), Bucket: bucket}
		for {
			out, err := c.S3Control.ListAccessPoints(ctx, in, at)
			if err != nil {
				return nil, err
			}
			for _, p := range out.AccessPointList {
				point, err := describeAccessPoint(ctx, c, p, at)
				if err != nil {
					return nil, err
				}
				points = append(points, point)
			}
			if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
				return &points, nil
			}
		}
	})
}

func describeAccessPoint(
	ctx context.Context, c *Clients, p types.AccessPoint, at func(*s3control.Options),
) (accessPoint, error) {
	point := accessPoint{Name: aws.ToString(p.Name), Inside: p.NetworkOrigin == types.NetworkOriginVpc}
	account := aws.String(c.Account)
	policy, err := c.S3Control.GetAccessPointPolicy(ctx,
		&s3control.GetAccessPointPolicyInput{AccountId: account, Name: p.Name}, at)
	switch {
	case isAbsent(err, "NoSuchAccessPointPolicy"):
		return point, nil
	case err != nil:
		return point, during("GetAccessPointPolicy", "s3:GetAccessPointPolicy", err)
	}
	point.Policy = aws.ToString(policy.Policy)
	if point.Inside {
		return point, nil
	}
	whole, err := c.S3Control.GetAccessPoint(ctx, &s3control.GetAccessPointInput{AccountId: account, Name: p.Name}, at)
	if err != nil {
		return point, during("GetAccessPoint", "s3:GetAccessPoint", err)
	}
	block := whole.PublicAccessBlockConfiguration
	point.Closed = block != nil && aws.ToBool(block.RestrictPublicBuckets)
	return point, nil
}

// accessPointFacts adds what the access points of a bucket say of the world to what its own policy does, where that
// hands over to them.
func accessPointFacts(r *inventory.Resource, facts *inventory.ObjectStorage, a bucketAnswers) {
	if a.Policy.Value == nil || !handsOver(a.Policy.Value.Policy) || facts.PolicyPublic {
		return
	}
	if why := a.Points.Unknown(); why != nil {
		r.SetUnknown(*why, "policy_public")
		return
	}
	if a.Points.Value == nil {
		return
	}
	for _, p := range *a.Points.Value {
		if p.Policy == "" || p.Inside || p.Closed {
			continue
		}
		doc, err := parsePolicy(p.Policy)
		switch {
		case err != nil:
			r.SetUnknown(inventory.Unknown{Cause: inventory.CauseFailed, Action: "GetAccessPointPolicy",
				Permission: "s3:GetAccessPointPolicy", Code: "MalformedAnswer"}, "policy_public")
		case doc.public():
			facts.PolicyPublic = true
			r.Known("policy_public")
			return
		}
	}
}
