package aws

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kafka"
	"github.com/aws/aws-sdk-go-v2/service/kafka/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.Cluster, kafkaAnswers]{
	Kind:        "aws.kafka.cluster",
	Class:       inventory.ClassMessageChannel,
	Permissions: []string{"kafka:ListClustersV2", "kafka:GetClusterPolicy"},
	ListAction:  "ListClustersV2", ListPermission: "kafka:ListClustersV2",
	List: func(ctx context.Context, c *Clients) iter.Seq2[types.Cluster, error] {
		return offered(c, listKafkaClusters(ctx, c))
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.Cluster, error] {
		return only(listKafkaClusters(ctx, c), func(k types.Cluster) bool { return aws.ToString(k.ClusterArn) == id })
	},
	Ask:   askKafkaCluster,
	Facts: kafkaFacts,
})

// kafkaAnswers is all that is said about one cluster of brokers.
type kafkaAnswers struct {
	Cluster types.Cluster
	Policy  collectors.Answer[kafka.GetClusterPolicyOutput]
}

func listKafkaClusters(ctx context.Context, c *Clients) iter.Seq2[types.Cluster, error] {
	p := kafka.NewListClustersV2Paginator(c.Kafka, &kafka.ListClustersV2Input{MaxResults: aws.Int32(100)})
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*kafka.ListClustersV2Output, error) { return p.NextPage(ctx) },
		func(o *kafka.ListClustersV2Output) []types.Cluster { return o.ClusterInfoList })
}

func askKafkaCluster(ctx context.Context, c *Clients, k types.Cluster) kafkaAnswers {
	a := kafkaAnswers{Cluster: k}
	a.Policy = ask("GetClusterPolicy", "kafka:GetClusterPolicy", func() (*kafka.GetClusterPolicyOutput, error) {
		out, err := c.Kafka.GetClusterPolicy(ctx, &kafka.GetClusterPolicyInput{ClusterArn: k.ClusterArn})
		return out, absent(err, "NotFoundException")
	})
	return a
}

func kafkaFacts(w collectors.Where, a kafkaAnswers) *inventory.Resource {
	k := a.Cluster
	facts := &inventory.MessageChannel{}
	r := inventory.New(aws.ToString(k.ClusterArn), aws.ToString(k.ClusterName), w.Region, facts)
	defer leftOut(r, "ListClustersV2", "kafka:ListClustersV2")
	r.Labels = k.Tags
	r.SetNotApplicable("brokers are judged by whether they have addresses on the internet", "network_restricted")
	// Every broker's disk is encrypted, with the service's key if with no other.
	facts.EncryptedAtRest = true
	r.SetInherent("encrypted_at_rest")
	doc, read := readPolicy(r, a.Policy, func(v *kafka.GetClusterPolicyOutput) string { return aws.ToString(v.Policy) },
		"public", "principals")
	if read {
		facts.Principals = doc.foreignAccounts(w.Scope.Account())
		r.Known("principals")
	}
	kafkaTransportFact(r, facts, k)
	kafkaPublicFact(r, facts, k, doc, read)
	return r
}

// kafkaTransportFact states whether clear text is refused. Serverless clusters speak nothing else.
func kafkaTransportFact(r *inventory.Resource, facts *inventory.MessageChannel, k types.Cluster) {
	switch {
	case k.ClusterType == types.ClusterTypeServerless, k.Serverless != nil:
		facts.TLSRequired = true
		r.SetInherent("tls_required")
	case k.Provisioned != nil && k.Provisioned.EncryptionInfo != nil && k.Provisioned.EncryptionInfo.EncryptionInTransit != nil:
		in := k.Provisioned.EncryptionInfo.EncryptionInTransit.ClientBroker
		if in != "" {
			facts.TLSRequired = in == types.ClientBrokerTls
			r.Known("tls_required")
		}
	}
}

// kafkaPublicFact states whether the brokers have addresses on the internet, or their policy lets anyone in.
func kafkaPublicFact(
	r *inventory.Resource, facts *inventory.MessageChannel, k types.Cluster, doc policyDocument, read bool,
) {
	provided := false
	told := k.Serverless != nil || k.ClusterType == types.ClusterTypeServerless
	if p := k.Provisioned; p != nil && p.BrokerNodeGroupInfo != nil {
		told = true
		// Clusters from before public access was made tell nothing of it and have none.
		if at := p.BrokerNodeGroupInfo.ConnectivityInfo; at != nil && at.PublicAccess != nil {
			provided = !strings.EqualFold(aws.ToString(at.PublicAccess.Type), "DISABLED")
		}
	}
	switch {
	case provided, read && doc.public():
		facts.Public = true
		r.Known("public")
	case told && read:
		r.Known("public")
	}
}
