package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/elasticache/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, serverlessCacheItem, serverlessCacheAnswers]{
	Kind:  "aws.elasticache.serverless_cache",
	Class: inventory.ClassDatabase,
	Permissions: []string{
		"elasticache:DescribeServerlessCaches", "elasticache:DescribeUsers", "elasticache:ListTagsForResource",
		"kms:DescribeKey",
	},
	ListAction: "DescribeServerlessCaches", ListPermission: "elasticache:DescribeServerlessCaches",
	List: func(ctx context.Context, c *Clients) iter.Seq2[serverlessCacheItem, error] {
		return serverlessCaches(ctx, c, nil)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[serverlessCacheItem, error] {
		return serverlessCaches(ctx, c, aws.String(shortID(id)))
	},
	Ask:   askServerlessCache,
	Facts: serverlessCacheFacts,
})

type serverlessCacheItem struct {
	cache   types.ServerlessCache
	listing *cacheListing
}

// serverlessCacheAnswers is all that is said about one cache without nodes.
type serverlessCacheAnswers struct {
	Cache types.ServerlessCache
	Open  collectors.Answer[bool]
	Key   collectors.Answer[keyHolder]
	Tags  collectors.Answer[map[string]string]
}

func serverlessCaches(ctx context.Context, c *Clients, name *string) iter.Seq2[serverlessCacheItem, error] {
	p := elasticache.NewDescribeServerlessCachesPaginator(c.ElastiCache,
		&elasticache.DescribeServerlessCachesInput{ServerlessCacheName: name})
	listing := &cacheListing{}
	return gone(paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*elasticache.DescribeServerlessCachesOutput, error) { return p.NextPage(ctx) },
		func(o *elasticache.DescribeServerlessCachesOutput) []serverlessCacheItem {
			items := make([]serverlessCacheItem, 0, len(o.ServerlessCaches))
			for _, s := range o.ServerlessCaches {
				items = append(items, serverlessCacheItem{s, listing})
			}
			return items
		}), "ServerlessCacheNotFoundFault")
}

func askServerlessCache(ctx context.Context, c *Clients, i serverlessCacheItem) serverlessCacheAnswers {
	s, l := i.cache, i.listing
	a := serverlessCacheAnswers{Cache: s, Key: l.key(ctx, c, s.KmsKeyId), Tags: cacheTags(ctx, c, s.ARN)}
	if group := aws.ToString(s.UserGroupId); group != "" {
		a.Open = admitsAll(l.openToAll(ctx, c), []string{group})
	}
	return a
}

func serverlessCacheFacts(w collectors.Where, a serverlessCacheAnswers) *inventory.Resource {
	s := a.Cache
	facts := &inventory.Database{}
	r := inventory.New(aws.ToString(s.ARN), aws.ToString(s.ServerlessCacheName), w.Region, facts)
	defer leftOut(r, "DescribeServerlessCaches", "elasticache:DescribeServerlessCaches")
	cacheFacts(r, facts, s.Engine)
	tagFacts(r, a.Tags)
	place := collectors.Answer[storePlace]{Value: &storePlace{Subnets: s.SubnetIds}}
	groupedStoreFacts(w, r, facts, s.SecurityGroupIds, place)
	// The network is that of the subnets, which alone the cache names.
	r.Known("network")
	// A cache without nodes always encrypts, on the medium and on the way, spans zones, grows and is kept up to date.
	facts.TLSRequired, facts.EncryptedAtRest, facts.MultiZone = true, true, true
	facts.Autoscaled, facts.VersionSupported = true, true
	r.SetInherent("tls_required", "encrypted_at_rest", "multi_zone", "autoscaled", "version_supported")
	r.Known("other_region_copy")
	ownKeyFact(r, &facts.CustomerKey, s.KmsKeyId, a.Key)
	facts.BackupRetentionDays = int64(aws.ToInt32(s.SnapshotRetentionLimit))
	r.Known("backup_retention_days")
	if s.Endpoint != nil && aws.ToInt32(s.Endpoint.Port) > 0 {
		facts.Port = int(*s.Endpoint.Port)
		r.Known("port")
	}
	if aws.ToString(s.UserGroupId) == "" {
		r.Known("auth_required")
		return r
	}
	collectors.Know(r, a.Open, func(open *bool) { facts.AuthRequired = open != nil && !*open }, "auth_required")
	return r
}
