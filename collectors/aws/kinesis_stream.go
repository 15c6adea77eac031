package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, streamItem, streamAnswers]{
	Kind:  "aws.kinesis.stream",
	Class: inventory.ClassMessageChannel,
	Permissions: []string{
		"kinesis:ListStreams", "kinesis:DescribeStreamSummary", "kinesis:GetResourcePolicy", "kinesis:ListTagsForStream",
	},
	ListAction: "ListStreams", ListPermission: "kinesis:ListStreams",
	List: listStreams,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[streamItem, error] {
		return only(listStreams(ctx, c), func(i streamItem) bool { return i.Name == shortID(id) })
	},
	Ask:   askStream,
	Facts: streamFacts,
})

// streamItem is a stream as the listing names it.
type streamItem struct {
	Name string `json:"name"`
}

// streamAnswers is all that Kinesis says about one stream.
type streamAnswers struct {
	Stream   streamItem
	Describe collectors.Answer[streamEncryption]
	Policy   collectors.Answer[kinesis.GetResourcePolicyOutput]
	Tags     collectors.Answer[map[string]string]
}

// streamEncryption is what of a stream's description facts are made of.
type streamEncryption struct {
	Type types.EncryptionType
}

func listStreams(ctx context.Context, c *Clients) iter.Seq2[streamItem, error] {
	p := kinesis.NewListStreamsPaginator(c.Kinesis, &kinesis.ListStreamsInput{Limit: aws.Int32(100)})
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*kinesis.ListStreamsOutput, error) { return p.NextPage(ctx) },
		func(o *kinesis.ListStreamsOutput) []streamItem {
			items := make([]streamItem, 0, len(o.StreamNames))
			for _, name := range o.StreamNames {
				items = append(items, streamItem{Name: name})
			}
			return items
		})
}

func askStream(ctx context.Context, c *Clients, i streamItem) streamAnswers {
	a := streamAnswers{Stream: i}
	a.Describe = ask("DescribeStreamSummary", "kinesis:DescribeStreamSummary", func() (*streamEncryption, error) {
		out, err := c.Kinesis.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: aws.String(i.Name)})
		if err != nil || out.StreamDescriptionSummary == nil {
			return nil, absent(err, "ResourceNotFoundException")
		}
		return &streamEncryption{Type: out.StreamDescriptionSummary.EncryptionType}, nil
	})
	where := collectors.Where{Scope: scopeOf(c.Account), Region: c.Region}
	a.Policy = ask("GetResourcePolicy", "kinesis:GetResourcePolicy", func() (*kinesis.GetResourcePolicyOutput, error) {
		out, err := c.Kinesis.GetResourcePolicy(ctx, &kinesis.GetResourcePolicyInput{
			ResourceARN: aws.String(arn(where, "kinesis", "stream/"+i.Name)),
		})
		return out, absent(err, "ResourceNotFoundException")
	})
	a.Tags = ask("ListTagsForStream", "kinesis:ListTagsForStream", func() (*map[string]string, error) {
		return streamTags(ctx, c, i.Name)
	})
	return a
}

func streamTags(ctx context.Context, c *Clients, name string) (*map[string]string, error) {
	tags := map[string]string{}
	in := &kinesis.ListTagsForStreamInput{StreamName: aws.String(name)}
	for {
		out, err := c.Kinesis.ListTagsForStream(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, t := range out.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		if !aws.ToBool(out.HasMoreTags) || len(out.Tags) == 0 {
			return &tags, nil
		}
		in.ExclusiveStartTagKey = out.Tags[len(out.Tags)-1].Key
	}
}

func streamFacts(w collectors.Where, a streamAnswers) *inventory.Resource {
	if a.Describe.Absent {
		return nil
	}
	facts := &inventory.MessageChannel{}
	r := inventory.New(arn(w, "kinesis", "stream/"+a.Stream.Name), a.Stream.Name, w.Region, facts)
	defer leftOut(r, "DescribeStreamSummary", "kinesis:DescribeStreamSummary")
	r.SetNotApplicable(noSuchSwitch, "network_restricted")
	// The service offers no endpoint for clear text.
	facts.TLSRequired = true
	r.SetInherent("tls_required")
	tagFacts(r, a.Tags)
	if why := a.Describe.Unknown(); why != nil {
		r.SetUnknown(*why, "encrypted_at_rest")
	} else if a.Describe.Value != nil && a.Describe.Value.Type != "" {
		facts.EncryptedAtRest = a.Describe.Value.Type == types.EncryptionTypeKms
		r.Known("encrypted_at_rest")
	}
	doc, read := readPolicy(r, a.Policy, func(v *kinesis.GetResourcePolicyOutput) string { return aws.ToString(v.Policy) },
		"public", "principals")
	if read {
		facts.Public, facts.Principals = doc.public(), doc.foreignAccounts(w.Scope.Account())
		r.Known("public", "principals")
	}
	return r
}
