package aws

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/memorydb"
	"github.com/aws/aws-sdk-go-v2/service/memorydb/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, memoryItem, memoryAnswers]{
	Kind:  "aws.memorydb.cluster",
	Class: inventory.ClassDatabase,
	Permissions: []string{
		"memorydb:DescribeClusters", "memorydb:DescribeSubnetGroups", "memorydb:DescribeACLs", "memorydb:ListTags", "kms:DescribeKey",
	},
	ListAction: "DescribeClusters", ListPermission: "memorydb:DescribeClusters",
	List: func(ctx context.Context, c *Clients) iter.Seq2[memoryItem, error] {
		return offered(c, memoryClusters(ctx, c, nil))
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[memoryItem, error] {
		return memoryClusters(ctx, c, aws.String(shortID(id)))
	},
	Ask:   askMemoryCluster,
	Facts: memoryFacts,
})

// memoryItem is a cluster with what its listing has learnt so far.
type memoryItem struct {
	cluster types.Cluster
	listing *memoryListing
}

type memoryListing struct {
	keys    once[keyHolder]
	subnets once[map[string]storePlace]
	lists   once[map[string][]string]
}

// memoryAnswers is all that is said about one cluster.
type memoryAnswers struct {
	Cluster types.Cluster
	Place   collectors.Answer[storePlace]
	// Users are the names on the cluster's access list.
	Users   collectors.Answer[[]string]
	Key     collectors.Answer[keyHolder]
	Tags    collectors.Answer[map[string]string]
	Support standardSupport
}

func memoryClusters(ctx context.Context, c *Clients, name *string) iter.Seq2[memoryItem, error] {
	p := memorydb.NewDescribeClustersPaginator(c.MemoryDB, &memorydb.DescribeClustersInput{ClusterName: name})
	listing := &memoryListing{}
	return gone(paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*memorydb.DescribeClustersOutput, error) { return p.NextPage(ctx) },
		func(o *memorydb.DescribeClustersOutput) []memoryItem {
			items := make([]memoryItem, 0, len(o.Clusters))
			for _, k := range o.Clusters {
				items = append(items, memoryItem{k, listing})
			}
			return items
		}), "ClusterNotFoundFault")
}

func askMemoryCluster(ctx context.Context, c *Clients, i memoryItem) memoryAnswers {
	k, l := i.cluster, i.listing
	a := memoryAnswers{Cluster: k, Support: cacheSupportOf(memoryEngine(k), aws.ToString(k.EngineVersion), time.Now())}
	a.Place = placeIn(l.subnets.ask("", func() collectors.Answer[map[string]storePlace] { return askMemorySubnets(ctx, c) }),
		k.SubnetGroupName)
	all := l.lists.ask("", func() collectors.Answer[map[string][]string] { return askMemoryLists(ctx, c) })
	a.Users = collectors.Answer[[]string]{Action: all.Action, Permission: all.Permission, Failed: all.Failed}
	if all.Value != nil {
		users, listed := (*all.Value)[aws.ToString(k.ACLName)]
		if listed {
			a.Users.Value = kept(users)
		} else {
			a.Users.Failed = &collectors.Reason{Cause: inventory.CauseFailed, Code: "AccessListNotListed"}
		}
	}
	a.Key = heldBy(&l.keys, k.KmsKeyId, func(key string) collectors.Answer[keyHolder] { return askKeyHolder(ctx, c, key) })
	a.Tags = ask("ListTags", "memorydb:ListTags", func() (*map[string]string, error) {
		out, err := c.MemoryDB.ListTags(ctx, &memorydb.ListTagsInput{ResourceArn: k.ARN})
		if err != nil {
			return nil, err
		}
		return keptTags(labels(out.TagList, func(t types.Tag) (*string, *string) { return t.Key, t.Value })), nil
	})
	return a
}

// memoryEngine is the engine of a cluster; those from before there were two name none and run Redis.
func memoryEngine(k types.Cluster) string {
	if e := aws.ToString(k.Engine); e != "" {
		return strings.ToLower(e)
	}
	return "redis"
}

func askMemorySubnets(ctx context.Context, c *Clients) collectors.Answer[map[string]storePlace] {
	return ask("DescribeSubnetGroups", "memorydb:DescribeSubnetGroups", func() (*map[string]storePlace, error) {
		places := map[string]storePlace{}
		p := memorydb.NewDescribeSubnetGroupsPaginator(c.MemoryDB, &memorydb.DescribeSubnetGroupsInput{})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for _, g := range page.SubnetGroups {
				place := storePlace{Network: aws.ToString(g.VpcId)}
				for _, s := range g.Subnets {
					place.Subnets = append(place.Subnets, aws.ToString(s.Identifier))
				}
				places[aws.ToString(g.Name)] = place
			}
		}
		return &places, nil
	})
}

func askMemoryLists(ctx context.Context, c *Clients) collectors.Answer[map[string][]string] {
	return ask("DescribeACLs", "memorydb:DescribeACLs", func() (*map[string][]string, error) {
		lists := map[string][]string{}
		p := memorydb.NewDescribeACLsPaginator(c.MemoryDB, &memorydb.DescribeACLsInput{})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for _, l := range page.ACLs {
				lists[aws.ToString(l.Name)] = l.UserNames
			}
		}
		return &lists, nil
	})
}

func memoryFacts(w collectors.Where, a memoryAnswers) *inventory.Resource {
	k := a.Cluster
	facts := &inventory.Database{}
	id := aws.ToString(k.ARN)
	if id == "" {
		id = arn(w, "memorydb", "cluster/"+aws.ToString(k.Name))
	}
	r := inventory.New(id, aws.ToString(k.Name), w.Region, facts)
	defer leftOut(r, "DescribeClusters", "memorydb:DescribeClusters")
	engine := memoryEngine(k)
	cacheFacts(r, facts, &engine)
	tagFacts(r, a.Tags)
	var groups []string
	for _, g := range k.SecurityGroups {
		groups = append(groups, aws.ToString(g.SecurityGroupId))
	}
	groupedStoreFacts(w, r, facts, groups, a.Place)
	stateFlag(r, "tls_required", k.TLSEnabled, &facts.TLSRequired)
	// The service encrypts every cluster, with its own key if with no other.
	facts.EncryptedAtRest = true
	r.SetInherent("encrypted_at_rest")
	ownKeyFact(r, &facts.CustomerKey, k.KmsKeyId, a.Key)
	storeVersionFact(r, facts, aws.ToString(k.EngineVersion), k.AutoMinorVersionUpgrade, a.Support)
	if k.SnapshotRetentionLimit != nil {
		facts.BackupRetentionDays = int64(*k.SnapshotRetentionLimit)
		r.Known("backup_retention_days")
	}
	if k.AvailabilityMode != "" {
		facts.MultiZone = k.AvailabilityMode == types.AZStatusMultiAZ
		r.Known("multi_zone")
	}
	facts.OtherRegionCopy = aws.ToString(k.MultiRegionClusterName) != ""
	r.Known("other_region_copy", "autoscaled")
	if k.ClusterEndpoint != nil && k.ClusterEndpoint.Port > 0 {
		facts.Port = int(k.ClusterEndpoint.Port)
		r.Known("port")
	}
	memoryAuthFact(r, facts, a)
	return r
}

// memoryAuthFact states whether callers must show who they are. Only the user "default" needs no password, and the list
// "open-access" holds that user alone.
func memoryAuthFact(r *inventory.Resource, facts *inventory.Database, a memoryAnswers) {
	switch aws.ToString(a.Cluster.ACLName) {
	case "":
		return
	case "open-access":
		r.Known("auth_required")
		return
	}
	collectors.Know(r, a.Users, func(users *[]string) {
		facts.AuthRequired = users != nil && !contains(*users, "default")
	}, "auth_required")
}
