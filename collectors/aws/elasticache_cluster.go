package aws

import (
	"context"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/elasticache/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// A node of a replication group is told by its group; what is left are Memcached and single nodes of Redis.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, cacheClusterItem, cacheClusterAnswers]{
	Kind:  "aws.elasticache.cluster",
	Class: inventory.ClassDatabase,
	Permissions: []string{
		"elasticache:DescribeCacheClusters", "elasticache:DescribeCacheSubnetGroups", "elasticache:ListTagsForResource",
	},
	ListAction: "DescribeCacheClusters", ListPermission: "elasticache:DescribeCacheClusters",
	List: func(ctx context.Context, c *Clients) iter.Seq2[cacheClusterItem, error] {
		return loneCaches(ctx, c, nil)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[cacheClusterItem, error] {
		return loneCaches(ctx, c, aws.String(shortID(id)))
	},
	Ask:   askCacheCluster,
	Facts: cacheClusterFacts,
})

type cacheClusterItem struct {
	cluster types.CacheCluster
	listing *cacheListing
}

// cacheClusterAnswers is all that is said about one cache outside a replication group.
type cacheClusterAnswers struct {
	Cluster types.CacheCluster
	Place   collectors.Answer[storePlace]
	Tags    collectors.Answer[map[string]string]
	Support standardSupport
}

// cacheClusters lists nodes, of replication groups or not.
func cacheClusters(ctx context.Context, c *Clients, id *string) iter.Seq2[types.CacheCluster, error] {
	p := elasticache.NewDescribeCacheClustersPaginator(c.ElastiCache, &elasticache.DescribeCacheClustersInput{
		CacheClusterId: id, ShowCacheNodeInfo: aws.Bool(true),
	})
	return gone(paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*elasticache.DescribeCacheClustersOutput, error) { return p.NextPage(ctx) },
		func(o *elasticache.DescribeCacheClustersOutput) []types.CacheCluster { return o.CacheClusters }),
		"CacheClusterNotFound", "CacheClusterNotFoundFault")
}

func loneCaches(ctx context.Context, c *Clients, id *string) iter.Seq2[cacheClusterItem, error] {
	listing := &cacheListing{}
	return func(yield func(cacheClusterItem, error) bool) {
		for k, err := range cacheClusters(ctx, c, id) {
			if err == nil && aws.ToString(k.ReplicationGroupId) != "" {
				continue
			}
			if !yield(cacheClusterItem{k, listing}, err) {
				return
			}
		}
	}
}

func askCacheCluster(ctx context.Context, c *Clients, i cacheClusterItem) cacheClusterAnswers {
	k := i.cluster
	a := cacheClusterAnswers{Cluster: k, Tags: cacheTags(ctx, c, k.ARN)}
	a.Place = placeIn(i.listing.places(ctx, c), k.CacheSubnetGroupName)
	a.Support = cacheSupportOf(aws.ToString(k.Engine), aws.ToString(k.EngineVersion), time.Now())
	return a
}

func cacheClusterFacts(w collectors.Where, a cacheClusterAnswers) *inventory.Resource {
	k := a.Cluster
	if aws.ToString(k.ReplicationGroupId) != "" {
		return nil
	}
	facts := &inventory.Database{}
	name := aws.ToString(k.CacheClusterId)
	id := aws.ToString(k.ARN)
	if id == "" {
		id = arn(w, "elasticache", "cluster:"+name)
	}
	r := inventory.New(id, name, w.Region, facts)
	defer leftOut(r, "DescribeCacheClusters", "elasticache:DescribeCacheClusters")
	cacheFacts(r, facts, k.Engine)
	tagFacts(r, a.Tags)
	var groups []string
	for _, g := range k.SecurityGroups {
		groups = append(groups, aws.ToString(g.SecurityGroupId))
	}
	groupedStoreFacts(w, r, facts, groups, a.Place)
	cacheTransportFact(r, facts, k.TransitEncryptionEnabled, k.TransitEncryptionMode)
	stateFlag(r, "encrypted_at_rest", k.AtRestEncryptionEnabled, &facts.EncryptedAtRest)
	storeVersionFact(r, facts, aws.ToString(k.EngineVersion), k.AutoMinorVersionUpgrade, a.Support)
	if k.SnapshotRetentionLimit != nil || facts.Engine == "memcached" {
		facts.BackupRetentionDays = int64(aws.ToInt32(k.SnapshotRetentionLimit))
		r.Known("backup_retention_days")
	}
	// Outside a replication group there is no replica, no password but the token, no key and no policy to grow by.
	if facts.Engine == "memcached" {
		r.Known("auth_required")
	} else {
		stateFlag(r, "auth_required", k.AuthTokenEnabled, &facts.AuthRequired)
	}
	r.Known("multi_zone", "other_region_copy", "autoscaled", "customer_key")
	cachePortFact(r, facts, k)
	return r
}

func cachePortFact(r *inventory.Resource, facts *inventory.Database, k types.CacheCluster) {
	at := k.ConfigurationEndpoint
	if at == nil && len(k.CacheNodes) > 0 {
		at = k.CacheNodes[0].Endpoint
	}
	if at != nil && aws.ToInt32(at.Port) > 0 {
		facts.Port = int(*at.Port)
		r.Known("port")
	}
}
