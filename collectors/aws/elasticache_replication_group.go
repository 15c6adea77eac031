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

var _ = collectors.Register(&Sources, collectors.Source[*Clients, replicationItem, replicationAnswers]{
	Kind:  "aws.elasticache.replication_group",
	Class: inventory.ClassDatabase,
	Permissions: []string{
		"elasticache:DescribeReplicationGroups", "elasticache:DescribeCacheClusters", "elasticache:DescribeCacheSubnetGroups",
		"elasticache:DescribeUsers", "elasticache:DescribeGlobalReplicationGroups", "elasticache:ListTagsForResource",
		"application-autoscaling:DescribeScalableTargets", "kms:DescribeKey",
	},
	ListAction: "DescribeReplicationGroups", ListPermission: "elasticache:DescribeReplicationGroups",
	List: func(ctx context.Context, c *Clients) iter.Seq2[replicationItem, error] {
		return replicationGroups(ctx, c, nil)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[replicationItem, error] {
		return replicationGroups(ctx, c, aws.String(shortID(id)))
	},
	Ask:   askReplicationGroup,
	Facts: replicationFacts,
})

// replicationItem is a replication group with what its listing has learnt so far.
type replicationItem struct {
	group   types.ReplicationGroup
	listing *cacheListing
}

// replicationAnswers is all that is said about one replication group and the node that stands for its nodes.
type replicationAnswers struct {
	Group   types.ReplicationGroup
	Member  collectors.Answer[types.CacheCluster]
	Place   collectors.Answer[storePlace]
	Open    collectors.Answer[bool]
	Globals collectors.Answer[[]types.GlobalReplicationGroup]
	Scaling collectors.Answer[[]string]
	Key     collectors.Answer[keyHolder]
	Tags    collectors.Answer[map[string]string]
	Support standardSupport
}

func replicationGroups(ctx context.Context, c *Clients, id *string) iter.Seq2[replicationItem, error] {
	p := elasticache.NewDescribeReplicationGroupsPaginator(c.ElastiCache,
		&elasticache.DescribeReplicationGroupsInput{ReplicationGroupId: id})
	listing := &cacheListing{}
	return gone(paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*elasticache.DescribeReplicationGroupsOutput, error) {
			return p.NextPage(ctx)
		},
		func(o *elasticache.DescribeReplicationGroupsOutput) []replicationItem {
			items := make([]replicationItem, 0, len(o.ReplicationGroups))
			for _, g := range o.ReplicationGroups {
				items = append(items, replicationItem{g, listing})
			}
			return items
		}), "ReplicationGroupNotFoundFault")
}

func askReplicationGroup(ctx context.Context, c *Clients, i replicationItem) replicationAnswers {
	g, l := i.group, i.listing
	a := replicationAnswers{Group: g, Member: memberOf(l.members(ctx, c), g.MemberClusters)}
	if a.Member.Value != nil {
		a.Place = placeIn(l.places(ctx, c), a.Member.Value.CacheSubnetGroupName)
		m := a.Member.Value
		a.Support = cacheSupportOf(aws.ToString(m.Engine), aws.ToString(m.EngineVersion), time.Now())
	} else {
		a.Place = collectors.Answer[storePlace]{
			Action: a.Member.Action, Permission: a.Member.Permission, Failed: a.Member.Failed,
		}
	}
	if len(g.UserGroupIds) > 0 {
		a.Open = admitsAll(l.openToAll(ctx, c), g.UserGroupIds)
	}
	if info := g.GlobalReplicationGroupInfo; info != nil && aws.ToString(info.GlobalReplicationGroupId) != "" {
		a.Globals = l.globals.ask(*info.GlobalReplicationGroupId, func() collectors.Answer[[]types.GlobalReplicationGroup] {
			return askGlobalCache(ctx, c, info.GlobalReplicationGroupId)
		})
	}
	a.Scaling = l.scaled(ctx, c, "replication-group/"+aws.ToString(g.ReplicationGroupId))
	a.Key = l.key(ctx, c, g.KmsKeyId)
	a.Tags = cacheTags(ctx, c, g.ARN)
	return a
}

// memberOf picks the first node that is listed; all nodes of a group share network, filters and version.
func memberOf(
	all collectors.Answer[map[string]types.CacheCluster], names []string,
) collectors.Answer[types.CacheCluster] {
	one := collectors.Answer[types.CacheCluster]{Action: all.Action, Permission: all.Permission, Failed: all.Failed}
	if all.Value == nil {
		return one
	}
	for _, name := range names {
		if k, ok := (*all.Value)[name]; ok {
			one.Value = &k
			return one
		}
	}
	one.Failed = &collectors.Reason{Cause: inventory.CauseFailed, Code: "MemberNotListed"}
	return one
}

func askGlobalCache(ctx context.Context, c *Clients, id *string) collectors.Answer[[]types.GlobalReplicationGroup] {
	const permission = "elasticache:DescribeGlobalReplicationGroups"
	return ask("DescribeGlobalReplicationGroups", permission, func() (*[]types.GlobalReplicationGroup, error) {
		out, err := c.ElastiCache.DescribeGlobalReplicationGroups(ctx, &elasticache.DescribeGlobalReplicationGroupsInput{
			GlobalReplicationGroupId: id, ShowMemberInfo: aws.Bool(true),
		})
		if err != nil {
			return nil, err
		}
		return kept(out.GlobalReplicationGroups), nil
	})
}

func replicationFacts(w collectors.Where, a replicationAnswers) *inventory.Resource {
	g := a.Group
	facts := &inventory.Database{}
	name := aws.ToString(g.ReplicationGroupId)
	id := aws.ToString(g.ARN)
	if id == "" {
		id = arn(w, "elasticache", "replicationgroup:"+name)
	}
	r := inventory.New(id, name, w.Region, facts)
	defer leftOut(r, "DescribeReplicationGroups", "elasticache:DescribeReplicationGroups")
	engine := g.Engine
	if engine == nil && a.Member.Value != nil {
		engine = a.Member.Value.Engine
	}
	cacheFacts(r, facts, engine)
	tagFacts(r, a.Tags)
	replicationMemberFacts(w, r, facts, a)
	cacheTransportFact(r, facts, g.TransitEncryptionEnabled, g.TransitEncryptionMode)
	stateFlag(r, "encrypted_at_rest", g.AtRestEncryptionEnabled, &facts.EncryptedAtRest)
	ownKeyFact(r, &facts.CustomerKey, g.KmsKeyId, a.Key)
	if g.SnapshotRetentionLimit != nil {
		facts.BackupRetentionDays = int64(*g.SnapshotRetentionLimit)
		r.Known("backup_retention_days")
	}
	if g.AutomaticFailover != "" && g.MultiAZ != "" {
		facts.MultiZone = g.AutomaticFailover == types.AutomaticFailoverStatusEnabled &&
			g.MultiAZ == types.MultiAZStatusEnabled
		r.Known("multi_zone")
	} else if g.AutomaticFailover == types.AutomaticFailoverStatusDisabled {
		r.Known("multi_zone")
	}
	replicationAuthFact(r, facts, a)
	replicationCopyFact(w, r, facts, a)
	collectors.Know(r, a.Scaling, func(d *[]string) { facts.Autoscaled = d != nil && len(*d) > 0 }, "autoscaled")
	return r
}

// replicationMemberFacts states what only the nodes tell: filters, port, version.
func replicationMemberFacts(
	w collectors.Where, r *inventory.Resource, facts *inventory.Database, a replicationAnswers,
) {
	if why := a.Member.Unknown(); why != nil {
		r.SetUnknown(*why, "firewalls", "version_supported")
	}
	var groups []string
	if m := a.Member.Value; m != nil {
		for _, g := range m.SecurityGroups {
			groups = append(groups, aws.ToString(g.SecurityGroupId))
		}
		minor := a.Group.AutoMinorVersionUpgrade
		if minor == nil {
			minor = m.AutoMinorVersionUpgrade
		}
		storeVersionFact(r, facts, aws.ToString(m.EngineVersion), minor, a.Support)
	}
	groupedStoreFacts(w, r, facts, groups, a.Place)
	if e := a.Group.ConfigurationEndpoint; e != nil && aws.ToInt32(e.Port) > 0 {
		facts.Port = int(*e.Port)
		r.Known("port")
		return
	}
	for _, n := range a.Group.NodeGroups {
		if n.PrimaryEndpoint != nil && aws.ToInt32(n.PrimaryEndpoint.Port) > 0 {
			facts.Port = int(*n.PrimaryEndpoint.Port)
			r.Known("port")
			return
		}
	}
}

// cacheTransportFact states whether clear text is refused. Caches from before the mode was made know no other than
// required.
func cacheTransportFact(
	r *inventory.Resource, facts *inventory.Database, enabled *bool, mode types.TransitEncryptionMode,
) {
	if enabled == nil {
		return
	}
	facts.TLSRequired = *enabled && (mode == "" || mode == types.TransitEncryptionModeRequired)
	r.Known("tls_required")
}

// replicationAuthFact states whether callers must show a password or an identity.
func replicationAuthFact(r *inventory.Resource, facts *inventory.Database, a replicationAnswers) {
	switch {
	case len(a.Group.UserGroupIds) > 0:
		collectors.Know(r, a.Open, func(open *bool) { facts.AuthRequired = open != nil && !*open }, "auth_required")
	case a.Group.AuthTokenEnabled != nil:
		facts.AuthRequired = *a.Group.AuthTokenEnabled
		r.Known("auth_required")
	}
}

// replicationCopyFact states whether another region holds a replica.
func replicationCopyFact(w collectors.Where, r *inventory.Resource, facts *inventory.Database, a replicationAnswers) {
	info := a.Group.GlobalReplicationGroupInfo
	if info == nil || aws.ToString(info.GlobalReplicationGroupId) == "" {
		r.Known("other_region_copy")
		return
	}
	collectors.Know(r, a.Globals, func(globals *[]types.GlobalReplicationGroup) {
		if globals == nil {
			return
		}
		for _, g := range *globals {
			for _, m := range g.Members {
				at := aws.ToString(m.ReplicationGroupRegion)
				facts.OtherRegionCopy = facts.OtherRegionCopy || at != "" && at != w.Region
			}
		}
	}, "other_region_copy")
}
