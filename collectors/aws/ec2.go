package aws

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// ec2Labels turns the tags of EC2 into labels.
func ec2Labels(tags []types.Tag) map[string]string {
	return labels(tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
}

// shortID is the last part of an ARN: what EC2's own calls take.
func shortID(id string) string {
	if i := strings.LastIndexAny(id, "/:"); i >= 0 {
		return id[i+1:]
	}
	return id
}

// gone ends a listing without an error when the provider says that the one resource asked for is not there.
func gone[T any](seq iter.Seq2[T, error], codes ...string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item, err := range seq {
			if isAbsent(err, codes...) {
				return
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

// ec2Pager is what the paginators of EC2 have in common.
type ec2Pager[Out any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*ec2.Options)) (Out, error)
}

// described yields the items of a paginator of EC2. The codes are what EC2 says when the one resource asked for is not
// there.
func described[Out, Item any](
	ctx context.Context, p ec2Pager[Out], items func(Out) []Item, notFound ...string,
) iter.Seq2[Item, error] {
	next := func(ctx context.Context) (Out, error) { return p.NextPage(ctx) }
	return gone(paged(ctx, p.HasMorePages, next, items), notFound...)
}

// lister lists all resources of a kind, or only those of the short ids.
type lister[Item any] func(ctx context.Context, c *Clients, ids ...string) iter.Seq2[Item, error]

// all is the List of a source.
func (l lister[Item]) all(ctx context.Context, c *Clients) iter.Seq2[Item, error] { return l(ctx, c) }

// one is the Find of a source.
func (l lister[Item]) one(ctx context.Context, c *Clients, id string) iter.Seq2[Item, error] {
	return l(ctx, c, shortID(id))
}

// pageSize asks for large pages, so that a listing takes few calls. EC2 refuses a size together with ids.
func pageSize(size int32, ids []string) *int32 {
	if len(ids) > 0 {
		return nil
	}
	return aws.Int32(size)
}

// evenHidden asks for what the provider's services run in the account as well, though the account may hide it: it
// stands in the same networks.
var evenHidden = aws.Bool(true)

// sharedARN is the id of a snapshot or an image: their ARNs name no account, since any account may be let in.
func sharedARN(region, resource, id string) string {
	if id == "" {
		return ""
	}
	return "arn:aws:ec2:" + region + "::" + resource + "/" + id
}

// ec2Prefixes maps the prefix of a short id to the resource's word in ARNs. Longer prefixes come first.
var ec2Prefixes = []struct{ prefix, resource string }{
	{"tgw-attach-", "transit-gateway-attachment"},
	{"tgw-", "transit-gateway"},
	{"subnet-", "subnet"},
	{"vpc-", "vpc"},
	{"eni-", "network-interface"},
	{"nat-", "natgateway"},
	{"vpn-", "vpn-connection"},
	{"igw-", "internet-gateway"},
	{"eigw-", "egress-only-internet-gateway"},
	{"pcx-", "vpc-peering-connection"},
	{"i-", "instance"},
}

// ec2ByPrefix is the id of a resource that EC2 names by a short id alone; the short id itself where its kind is none
// of ours.
func ec2ByPrefix(w collectors.Where, id string) string {
	for _, p := range ec2Prefixes {
		if strings.HasPrefix(id, p.prefix) {
			return ec2ARN(w, p.resource, id)
		}
	}
	return id
}

// unsaid states that an answer came without a field whose default is not certain.
func unsaid(r *inventory.Resource, operation string, facts ...string) {
	r.SetUnknown(inventory.Unknown{
		Cause: inventory.CauseFailed, Code: "FieldAbsent", Action: operation, Permission: "ec2:" + operation,
	}, facts...)
}

// flag states a yes-or-no fact from a field that an answer may lack.
func flag(r *inventory.Resource, operation, fact string, said *bool, fill *bool) {
	if said == nil {
		unsaid(r, operation, fact)
		return
	}
	*fill = *said
	r.Known(fact)
}

// foreign keeps the accounts that are not the scope's own, each once and in order.
func foreign(own string, accounts ...string) []string {
	var out []string
	for _, a := range accounts {
		if a != "" && a != own && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	slices.Sort(out)
	return out
}

// blockKeyFact states the key of a disk or a copy. EC2 names a key for all that is encrypted, be it the provider's or
// the customer's: encrypted without a key is an answer that leaves the key out.
func blockKeyFact(r *inventory.Resource, operation string, encrypted *bool, key *string, fill *string) {
	switch {
	case aws.ToString(key) != "":
		*fill = *key
	case encrypted == nil || *encrypted:
		unsaid(r, operation, "encryption_key")
		return
	}
	r.Known("encryption_key")
}
