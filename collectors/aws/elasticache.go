package aws

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/elasticache/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// cacheListing remembers what the caches of one listing share: each of these is listed once for the whole region.
type cacheListing struct {
	keys     once[keyHolder]
	scaling  once[scalingTargets]
	clusters once[map[string]types.CacheCluster]
	subnets  once[map[string]storePlace]
	users    once[openGroups]
	globals  once[[]types.GlobalReplicationGroup]
}

// openGroups are the groups of users that hold one who needs no password.
type openGroups map[string]bool

func (l *cacheListing) places(ctx context.Context, c *Clients) collectors.Answer[map[string]storePlace] {
	return l.subnets.ask("", func() collectors.Answer[map[string]storePlace] {
		const operation, permission = "DescribeCacheSubnetGroups", "elasticache:DescribeCacheSubnetGroups"
		return ask(operation, permission, func() (*map[string]storePlace, error) {
			places := map[string]storePlace{}
			p := elasticache.NewDescribeCacheSubnetGroupsPaginator(c.ElastiCache, &elasticache.DescribeCacheSubnetGroupsInput{})
			for p.HasMorePages() {
				page, err := p.NextPage(ctx)
				if err != nil {
					return nil, err
				}
				for _, g := range page.CacheSubnetGroups {
					place := storePlace{Network: aws.ToString(g.VpcId)}
					for _, s := range g.Subnets {
						place.Subnets = append(place.Subnets, aws.ToString(s.SubnetIdentifier))
					}
					places[aws.ToString(g.CacheSubnetGroupName)] = place
				}
			}
			return &places, nil
		})
	})
}

// placeIn picks one group of subnets; a group nobody listed is not known.
func placeIn(all collectors.Answer[map[string]storePlace], group *string) collectors.Answer[storePlace] {
	one := collectors.Answer[storePlace]{Action: all.Action, Permission: all.Permission, Failed: all.Failed}
	if all.Value != nil {
		place := (*all.Value)[aws.ToString(group)]
		one.Value = &place
	}
	return one
}

// members lists the nodes of every cache: what a replication group wears, only its nodes say.
func (l *cacheListing) members(ctx context.Context, c *Clients) collectors.Answer[map[string]types.CacheCluster] {
	return l.clusters.ask("", func() collectors.Answer[map[string]types.CacheCluster] {
		const operation, permission = "DescribeCacheClusters", "elasticache:DescribeCacheClusters"
		return ask(operation, permission, func() (*map[string]types.CacheCluster, error) {
			all := map[string]types.CacheCluster{}
			for k, err := range cacheClusters(ctx, c, nil) {
				if err != nil {
					return nil, err
				}
				all[aws.ToString(k.CacheClusterId)] = k
			}
			return &all, nil
		})
	})
}

// openToAll lists the groups whose default user shows no password and may do something.
func (l *cacheListing) openToAll(ctx context.Context, c *Clients) collectors.Answer[openGroups] {
	return l.users.ask("", func() collectors.Answer[openGroups] {
		return ask("DescribeUsers", "elasticache:DescribeUsers", func() (*openGroups, error) {
			open := openGroups{}
			p := elasticache.NewDescribeUsersPaginator(c.ElastiCache, &elasticache.DescribeUsersInput{})
			for p.HasMorePages() {
				page, err := p.NextPage(ctx)
				if err != nil {
					return nil, err
				}
				for _, u := range page.Users {
					if opensTo(u) {
						for _, g := range u.UserGroupIds {
							open[g] = true
						}
					}
				}
			}
			return &open, nil
		})
	})
}

// opensTo says whether a user lets in whoever shows nothing: callers who name nobody are the user "default".
func opensTo(u types.User) bool {
	free := u.Authentication != nil && u.Authentication.Type == types.AuthenticationTypeNoPassword
	off := strings.HasPrefix(strings.TrimSpace(aws.ToString(u.AccessString)), "off")
	return free && aws.ToString(u.UserName) == "default" && !off
}

// admitsAll says of the groups of one cache whether any lets in whoever shows no password.
func admitsAll(all collectors.Answer[openGroups], groups []string) collectors.Answer[bool] {
	one := collectors.Answer[bool]{Action: all.Action, Permission: all.Permission, Failed: all.Failed}
	if all.Value != nil {
		open := false
		for _, g := range groups {
			open = open || (*all.Value)[g]
		}
		one.Value = &open
	}
	return one
}

func (l *cacheListing) scaled(ctx context.Context, c *Clients, resource string) collectors.Answer[[]string] {
	return scalingOf(l.scaling.ask("", func() collectors.Answer[scalingTargets] {
		return askScaling(ctx, c, scaling.ServiceNamespaceElasticache)
	}), resource)
}

func (l *cacheListing) key(ctx context.Context, c *Clients, named *string) collectors.Answer[keyHolder] {
	return heldBy(&l.keys, named, func(key string) collectors.Answer[keyHolder] { return askKeyHolder(ctx, c, key) })
}

func cacheTags(ctx context.Context, c *Clients, id *string) collectors.Answer[map[string]string] {
	return ask("ListTagsForResource", "elasticache:ListTagsForResource", func() (*map[string]string, error) {
		out, err := c.ElastiCache.ListTagsForResource(ctx, &elasticache.ListTagsForResourceInput{ResourceName: id})
		if err != nil {
			return nil, err
		}
		return keptTags(labels(out.TagList, func(t types.Tag) (*string, *string) { return t.Key, t.Value })), nil
	})
}

// cacheSupport is when standard support of Redis OSS ends or ended, by the beginning of the version. What is not listed
// has no announced end; for what is, extended support is paid for and does not count.
var cacheSupport = map[string]time.Time{
	"2": day(2023, 7, 31), "3": day(2023, 7, 31), "4": day(2026, 1, 31), "5": day(2026, 1, 31), "6": day(2027, 1, 31),
}

func cacheSupportOf(engine, version string, at time.Time) standardSupport {
	if engine != "redis" {
		return standardSupport{}
	}
	return supportOf(cacheSupport, version, at)
}

// cacheFacts states what holds for every cache of the service.
func cacheFacts(r *inventory.Resource, facts *inventory.Database, engine *string) {
	managedStoreFacts(r, facts, "cache", "network")
	if engine != nil {
		facts.Engine = *engine
		r.Known("engine")
	}
	// Encryption on the way is TLS 1.2 or later.
	facts.TLSMinVersion = 1.2
	// It cannot be given an address on the internet.
	r.SetInherent("tls_min_version", "public_endpoint")
	r.SetNotApplicable("a cache records no logins or statements", "audit_logged")
	r.SetNotApplicable("a cache keeps its users in access lists of its own", "central_identity")
	r.SetNotApplicable("the service has no such switch", "deletion_protected")
	// Copies of a cache are taken at moments; there is no log between them.
	r.Known("point_in_time", "source")
}
