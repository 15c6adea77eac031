package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dax"
	"github.com/aws/aws-sdk-go-v2/service/dax/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, daxItem, daxAnswers]{
	Kind:        "aws.dax.cluster",
	Class:       inventory.ClassDatabase,
	Permissions: []string{"dax:DescribeClusters", "dax:DescribeSubnetGroups", "dax:ListTags"},
	ListAction:  "DescribeClusters", ListPermission: "dax:DescribeClusters",
	List: func(ctx context.Context, c *Clients) iter.Seq2[daxItem, error] {
		return offered(c, daxClusters(ctx, c))
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[daxItem, error] {
		return daxClusters(ctx, c, shortID(id))
	},
	Ask:   askDAX,
	Facts: daxFacts,
})

// daxItem is a cluster with what its listing has learnt of subnets.
type daxItem struct {
	cluster types.Cluster
	subnets *once[map[string]storePlace]
}

// daxAnswers is all that is said about one cluster.
type daxAnswers struct {
	Cluster types.Cluster
	Place   collectors.Answer[storePlace]
	Tags    collectors.Answer[map[string]string]
}

// daxClusters follows the mark by hand, as all listings of this service: the SDK has no paginators for it.
func daxClusters(ctx context.Context, c *Clients, names ...string) iter.Seq2[daxItem, error] {
	in := &dax.DescribeClustersInput{ClusterNames: names}
	subnets, more := &once[map[string]storePlace]{}, true
	return gone(paged(ctx, func() bool { return more },
		func(ctx context.Context) (*dax.DescribeClustersOutput, error) {
			out, err := c.DAX.DescribeClusters(ctx, in)
			if err != nil {
				return nil, err
			}
			in.NextToken, more = out.NextToken, aws.ToString(out.NextToken) != ""
			return out, nil
		},
		func(o *dax.DescribeClustersOutput) []daxItem {
			items := make([]daxItem, 0, len(o.Clusters))
			for _, k := range o.Clusters {
				items = append(items, daxItem{k, subnets})
			}
			return items
		}), "ClusterNotFoundFault")
}

func askDAX(ctx context.Context, c *Clients, i daxItem) daxAnswers {
	a := daxAnswers{Cluster: i.cluster}
	a.Place = placeIn(i.subnets.ask("", func() collectors.Answer[map[string]storePlace] { return askDAXSubnets(ctx, c) }),
		i.cluster.SubnetGroup)
	a.Tags = ask("ListTags", "dax:ListTags", func() (*map[string]string, error) {
		tags, in := map[string]string{}, &dax.ListTagsInput{ResourceName: i.cluster.ClusterArn}
		for {
			out, err := c.DAX.ListTags(ctx, in)
			if err != nil {
				return nil, err
			}
			for _, t := range out.Tags {
				tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
			}
			if aws.ToString(out.NextToken) == "" {
				return &tags, nil
			}
			in.NextToken = out.NextToken
		}
	})
	return a
}

func askDAXSubnets(ctx context.Context, c *Clients) collectors.Answer[map[string]storePlace] {
	return ask("DescribeSubnetGroups", "dax:DescribeSubnetGroups", func() (*map[string]storePlace, error) {
		places, in := map[string]storePlace{}, &dax.DescribeSubnetGroupsInput{}
		for {
			out, err := c.DAX.DescribeSubnetGroups(ctx, in)
			if err != nil {
				return nil, err
			}
			for _, g := range out.SubnetGroups {
				place := storePlace{Network: aws.ToString(g.VpcId)}
				for _, s := range g.Subnets {
					place.Subnets = append(place.Subnets, aws.ToString(s.SubnetIdentifier))
				}
				places[aws.ToString(g.SubnetGroupName)] = place
			}
			if aws.ToString(out.NextToken) == "" {
				return &places, nil
			}
			in.NextToken = out.NextToken
		}
	})
}

// daxFacts states what holds of a cache that stands before tables. Whatever it holds is in them as well: there is
// nothing of its own to back up, to copy or to protect from being deleted.
func daxFacts(w collectors.Where, a daxAnswers) *inventory.Resource {
	k := a.Cluster
	facts := &inventory.Database{Engine: "dax"}
	name := aws.ToString(k.ClusterName)
	id := aws.ToString(k.ClusterArn)
	if id == "" {
		id = arn(w, "dax", "cache/"+name)
	}
	r := inventory.New(id, name, w.Region, facts)
	defer leftOut(r, "DescribeClusters", "dax:DescribeClusters")
	managedStoreFacts(r, facts, "cache", "network")
	tagFacts(r, a.Tags)
	var groups []string
	for _, g := range k.SecurityGroups {
		groups = append(groups, aws.ToString(g.SecurityGroupIdentifier))
	}
	groupedStoreFacts(w, r, facts, groups, a.Place)
	r.SetNotApplicable("the cache holds nothing that its tables do not hold", "backup_retention_days", "point_in_time",
		"other_region_copy", "deletion_protected")
	r.SetNotApplicable("a cache records no logins or statements", "audit_logged")
	// It has no address on the internet, speaks TLS 1.2 or later where it speaks TLS, is kept up to date by the provider,
	// and knows no callers but the provider's identities.
	facts.TLSMinVersion, facts.VersionSupported, facts.CentralIdentity, facts.AuthRequired = 1.2, true, true, true
	r.SetInherent("public_endpoint", "tls_min_version", "version_supported", "central_identity", "auth_required")
	// Nodes are added by hand, the disks are encrypted with the service's own key if with any, and no cluster is made of
	// another.
	r.Known("engine", "source", "autoscaled", "customer_key")
	daxSwitchFacts(r, facts, k)
	return r
}

// daxSwitchFacts states what was chosen when the cluster was made.
func daxSwitchFacts(r *inventory.Resource, facts *inventory.Database, k types.Cluster) {
	if k.ClusterEndpointEncryptionType != "" {
		facts.TLSRequired = k.ClusterEndpointEncryptionType == types.ClusterEndpointEncryptionTypeTls
		r.Known("tls_required")
	}
	if s := k.SSEDescription; s != nil && (s.Status == types.SSEStatusEnabled || s.Status == types.SSEStatusDisabled) {
		facts.EncryptedAtRest = s.Status == types.SSEStatusEnabled
		r.Known("encrypted_at_rest")
	}
	zones := map[string]bool{}
	for _, n := range k.Nodes {
		zones[aws.ToString(n.AvailabilityZone)] = true
	}
	if len(zones) > 0 {
		facts.MultiZone = len(zones) >= 2
		r.Known("multi_zone")
	}
	if at := k.ClusterDiscoveryEndpoint; at != nil && at.Port > 0 {
		facts.Port = int(at.Port)
		r.Known("port")
	}
}
