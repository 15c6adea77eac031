package aws

import (
	"context"
	"iter"
	"strings"

	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// gathered reads every page of a listing that belongs to one resource. One page that fails makes the whole answer a
// failure: half a list would pass for all of it.
func gathered[T any](seq iter.Seq2[T, error]) (*[]T, error) {
	all := []T{}
	for item, err := range seq {
		if err != nil {
			return nil, err
		}
		all = append(all, item)
	}
	return &all, nil
}

// askELBV2Tags asks for the tags of one balancer or target group.
func askELBV2Tags(ctx context.Context, c *Clients, arn *string) collectors.Answer[elbv2.DescribeTagsOutput] {
	return ask("DescribeTags", "elasticloadbalancing:DescribeTags", func() (*elbv2.DescribeTagsOutput, error) {
		return c.ELBV2.DescribeTags(ctx, &elbv2.DescribeTagsInput{ResourceArns: []string{*arn}})
	})
}

// elbv2Labels states the labels of a resource from the tags that were asked for.
func elbv2Labels(r *inventory.Resource, tags collectors.Answer[elbv2.DescribeTagsOutput]) {
	collectors.Know(r, tags, func(v *elbv2.DescribeTagsOutput) {
		if v == nil {
			return
		}
		for _, d := range v.TagDescriptions {
			r.Labels = labels(d.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
		}
	}, "labels_read")
}

// wireProtocol is the protocol of a listener or target group in the words all clouds share: http, https, tcp, tls,
// udp, tcp_udp and the like. Secure TCP of the classic balancer is TLS.
func wireProtocol(native string) string {
	if strings.EqualFold(native, "SSL") {
		return "tls"
	}
	return strings.ToLower(native)
}

// tlsPolicyID is the id of a TLS policy that the provider offers by name and not by ARN.
func tlsPolicyID(w collectors.Where, name string) string {
	if name == "" {
		return ""
	}
	return string(w.Scope) + "/" + string(inventory.ClassTLSPolicy) + "/" + name
}
