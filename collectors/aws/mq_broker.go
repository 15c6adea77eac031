package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/mq"
	"github.com/aws/aws-sdk-go-v2/service/mq/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.BrokerSummary, brokerAnswers]{
	Kind:        "aws.mq.broker",
	Class:       inventory.ClassMessageChannel,
	Permissions: []string{"mq:ListBrokers", "mq:DescribeBroker"},
	ListAction:  "ListBrokers", ListPermission: "mq:ListBrokers",
	List: func(ctx context.Context, c *Clients) iter.Seq2[types.BrokerSummary, error] {
		return offered(c, listBrokers(ctx, c))
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.BrokerSummary, error] {
		return only(listBrokers(ctx, c), func(b types.BrokerSummary) bool { return aws.ToString(b.BrokerArn) == id })
	},
	Ask:   askBroker,
	Facts: brokerFacts,
})

// brokerAnswers is all that is said about one broker.
type brokerAnswers struct {
	Broker   types.BrokerSummary
	Describe collectors.Answer[brokerDescription]
}

// brokerDescription is what of a broker's description facts are made of.
type brokerDescription struct {
	Public *bool
	Tags   map[string]string
}

func listBrokers(ctx context.Context, c *Clients) iter.Seq2[types.BrokerSummary, error] {
	p := mq.NewListBrokersPaginator(c.MQ, &mq.ListBrokersInput{MaxResults: aws.Int32(100)})
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*mq.ListBrokersOutput, error) { return p.NextPage(ctx) },
		func(o *mq.ListBrokersOutput) []types.BrokerSummary { return o.BrokerSummaries })
}

func askBroker(ctx context.Context, c *Clients, b types.BrokerSummary) brokerAnswers {
	a := brokerAnswers{Broker: b}
	a.Describe = ask("DescribeBroker", "mq:DescribeBroker", func() (*brokerDescription, error) {
		out, err := c.MQ.DescribeBroker(ctx, &mq.DescribeBrokerInput{BrokerId: b.BrokerId})
		if err != nil {
			return nil, absent(err, "NotFoundException")
		}
		return describedBroker(out), nil
	})
	return a
}

func describedBroker(out *mq.DescribeBrokerOutput) *brokerDescription {
	return &brokerDescription{Public: out.PubliclyAccessible, Tags: out.Tags}
}

func brokerFacts(w collectors.Where, a brokerAnswers) *inventory.Resource {
	if a.Describe.Absent {
		return nil
	}
	facts := &inventory.MessageChannel{}
	r := inventory.New(aws.ToString(a.Broker.BrokerArn), aws.ToString(a.Broker.BrokerName), w.Region, facts)
	defer leftOut(r, "DescribeBroker", "mq:DescribeBroker")
	r.SetNotApplicable("brokers are judged by whether they have addresses on the internet", "network_restricted")
	// Every broker is encrypted and takes TLS connections only, and has no policy that could let others in.
	facts.EncryptedAtRest, facts.TLSRequired = true, true
	r.SetInherent("encrypted_at_rest", "tls_required")
	r.Known("principals")
	collectors.Know(r, a.Describe, func(d *brokerDescription) {
		if len(d.Tags) > 0 {
			r.Labels = d.Tags
		}
	}, "labels_read")
	if why := a.Describe.Unknown(); why != nil {
		r.SetUnknown(*why, "public")
	} else {
		stateFlag(r, "public", a.Describe.Value.Public, &facts.Public)
	}
	return r
}
