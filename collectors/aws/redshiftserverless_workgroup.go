package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/redshiftserverless"
	"github.com/aws/aws-sdk-go-v2/service/redshiftserverless/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// A workgroup answers for the one namespace whose content it serves.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, workgroupItem, workgroupAnswers]{
	Kind:  "aws.redshiftserverless.workgroup",
	Class: inventory.ClassDatabase,
	Permissions: []string{
		"redshift-serverless:ListWorkgroups", "redshift-serverless:GetNamespace",
		"redshift-serverless:ListScheduledActions", "redshift-serverless:GetScheduledAction",
		"redshift-serverless:ListSnapshotCopyConfigurations", "redshift-serverless:ListTagsForResource", "kms:DescribeKey",
	},
	ListAction: "ListWorkgroups", ListPermission: "redshift-serverless:ListWorkgroups",
	List: func(ctx context.Context, c *Clients) iter.Seq2[workgroupItem, error] {
		return offered(c, workgroups(ctx, c))
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[workgroupItem, error] {
		// An ARN ends in an id by which nothing is found.
		return only(workgroups(ctx, c), func(i workgroupItem) bool { return i.workgroup.ARN == id })
	},
	Ask:   askWorkgroup,
	Facts: workgroupFacts,
})

// workgroupItem is a workgroup with what its listing has learnt of keys.
type workgroupItem struct {
	workgroup workgroup
	keys      *once[keyHolder]
}

// workgroup is what is kept of a workgroup. Versions move by themselves and are left out.
type workgroup struct {
	ARN, Name, Namespace string
	Network              string   `json:",omitempty"`
	Subnets, Groups      []string `json:",omitempty"`
	Port                 int32    `json:",omitempty"`
	Public               *bool    `json:",omitempty"`
	// Parameters are the two switches that facts are made of.
	Parameters map[string]string `json:",omitempty"`
}

// workgroupContent is what is kept of a namespace.
type workgroupContent struct {
	Key  string            `json:",omitempty"`
	Logs []types.LogExport `json:",omitempty"`
}

// workgroupAnswers is all that is said about one workgroup and its namespace.
type workgroupAnswers struct {
	Workgroup workgroup
	Content   collectors.Answer[workgroupContent]
	Key       collectors.Answer[keyHolder]
	// Schedules is for how many days each schedule keeps the snapshots it takes.
	Schedules collectors.Answer[[]int64]
	// Copies are the regions that snapshots are copied to.
	Copies collectors.Answer[[]string]
	Tags   collectors.Answer[map[string]string]
}

func workgroups(ctx context.Context, c *Clients) iter.Seq2[workgroupItem, error] {
	keys := &once[keyHolder]{}
	p := redshiftserverless.NewListWorkgroupsPaginator(c.RedshiftServerless, &redshiftserverless.ListWorkgroupsInput{})
	return listed(ctx, p, func(o *redshiftserverless.ListWorkgroupsOutput) []workgroupItem {
		items := make([]workgroupItem, 0, len(o.Workgroups))
		for _, g := range o.Workgroups {
			items = append(items, workgroupItem{narrowWorkgroup(g), keys})
		}
		return items
	})
}

func narrowWorkgroup(g types.Workgroup) workgroup {
	out := workgroup{
		ARN: aws.ToString(g.WorkgroupArn), Name: aws.ToString(g.WorkgroupName), Namespace: aws.ToString(g.NamespaceName),
		Subnets: g.SubnetIds, Groups: g.SecurityGroupIds, Public: g.PubliclyAccessible, Port: aws.ToInt32(g.Port),
	}
	if e := g.Endpoint; e != nil {
		if out.Port == 0 {
			out.Port = aws.ToInt32(e.Port)
		}
		for _, v := range e.VpcEndpoints {
			out.Network = aws.ToString(v.VpcId)
		}
	}
	for _, p := range g.ConfigParameters {
		switch name := aws.ToString(p.ParameterKey); name {
		case "require_ssl", "enable_user_activity_logging":
			if out.Parameters == nil {
				out.Parameters = map[string]string{}
			}
			out.Parameters[name] = aws.ToString(p.ParameterValue)
		}
	}
	return out
}

// ownedKey stands in the place of a key where none of the account's is used.
const ownedKey = "AWS_OWNED_KMS_KEY"

func askWorkgroup(ctx context.Context, c *Clients, i workgroupItem) workgroupAnswers {
	g := i.workgroup
	a := workgroupAnswers{Workgroup: g}
	a.Content = ask("GetNamespace", "redshift-serverless:GetNamespace", func() (*workgroupContent, error) {
		out, err := c.RedshiftServerless.GetNamespace(ctx,
			&redshiftserverless.GetNamespaceInput{NamespaceName: aws.String(g.Namespace)})
		if err != nil {
			return nil, err
		}
		if out.Namespace == nil {
			return nil, unreadable("the namespace is not told")
		}
		return &workgroupContent{Key: aws.ToString(out.Namespace.KmsKeyId), Logs: out.Namespace.LogExports}, nil
	})
	if n := a.Content.Value; n != nil && n.Key != ownedKey {
		a.Key = heldBy(i.keys, &n.Key, func(key string) collectors.Answer[keyHolder] { return askKeyHolder(ctx, c, key) })
	}
	a.Schedules = askWorkgroupSchedules(ctx, c, g.Namespace)
	const copies = "redshift-serverless:ListSnapshotCopyConfigurations"
	a.Copies = ask("ListSnapshotCopyConfigurations", copies, func() (*[]string, error) {
		p := redshiftserverless.NewListSnapshotCopyConfigurationsPaginator(c.RedshiftServerless,
			&redshiftserverless.ListSnapshotCopyConfigurationsInput{NamespaceName: aws.String(g.Namespace)})
		return gathered(listed(ctx, p, func(o *redshiftserverless.ListSnapshotCopyConfigurationsOutput) []string {
			var regions []string
			for _, s := range o.SnapshotCopyConfigurations {
				regions = append(regions, aws.ToString(s.DestinationRegion))
			}
			return regions
		}))
	})
	a.Tags = ask("ListTagsForResource", "redshift-serverless:ListTagsForResource", func() (*map[string]string, error) {
		out, err := c.RedshiftServerless.ListTagsForResource(ctx,
			&redshiftserverless.ListTagsForResourceInput{ResourceArn: aws.String(g.ARN)})
		if err != nil {
			return nil, err
		}
		return keptTags(labels(out.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })), nil
	})
	return a
}

// askWorkgroupSchedules asks which schedules take snapshots again and again, and how long each is kept. A schedule that
// names no end keeps them for ever.
func askWorkgroupSchedules(ctx context.Context, c *Clients, namespace string) collectors.Answer[[]int64] {
	names := ask("ListScheduledActions", "redshift-serverless:ListScheduledActions", func() (*[]string, error) {
		p := redshiftserverless.NewListScheduledActionsPaginator(c.RedshiftServerless,
			&redshiftserverless.ListScheduledActionsInput{NamespaceName: aws.String(namespace)})
		return gathered(listed(ctx, p, func(o *redshiftserverless.ListScheduledActionsOutput) []string {
			var names []string
			for _, s := range o.ScheduledActions {
				names = append(names, aws.ToString(s.ScheduledActionName))
			}
			return names
		}))
	})
	if names.Value == nil {
		return collectors.Answer[[]int64]{Action: names.Action, Permission: names.Permission, Failed: names.Failed}
	}
	return ask("GetScheduledAction", "redshift-serverless:GetScheduledAction", func() (*[]int64, error) {
		days := []int64{}
		for _, name := range *names.Value {
			out, err := c.RedshiftServerless.GetScheduledAction(ctx,
				&redshiftserverless.GetScheduledActionInput{ScheduledActionName: aws.String(name)})
			if err != nil {
				return nil, err
			}
			if kept, takes := snapshotsKept(out.ScheduledAction); takes {
				days = append(days, kept)
			}
		}
		return &days, nil
	})
}

// snapshotsKept says for how many days a scheduled action keeps what it takes, if it takes snapshots at all and again
// and again.
func snapshotsKept(s *types.ScheduledActionResponse) (days int64, takes bool) {
	if s == nil || s.State != types.StateActive {
		return 0, false
	}
	_, again := s.Schedule.(*types.ScheduleMemberCron)
	snapshot, is := s.TargetAction.(*types.TargetActionMemberCreateSnapshot)
	if !again || !is {
		return 0, false
	}
	if kept := snapshot.Value.RetentionPeriod; kept != nil && *kept > 0 {
		return int64(*kept), true
	}
	return forEver, true
}

func workgroupFacts(w collectors.Where, a workgroupAnswers) *inventory.Resource {
	g := a.Workgroup
	facts := &inventory.Database{Engine: "redshift"}
	r := inventory.New(g.ARN, g.Name, w.Region, facts)
	defer leftOut(r, "ListWorkgroups", "redshift-serverless:ListWorkgroups")
	managedStoreFacts(r, facts, "warehouse", "network")
	tagFacts(r, a.Tags)
	r.Known("engine", "source")
	// Clients speak TLS 1.2 or later, sign in with identities of the provider if they like, and always sign in; the
	// content is always encrypted, and the service grows and updates itself.
	facts.TLSMinVersion, facts.CentralIdentity, facts.AuthRequired = 1.2, true, true
	facts.EncryptedAtRest, facts.Autoscaled, facts.VersionSupported = true, true, true
	r.SetInherent("tls_min_version", "central_identity", "auth_required", "encrypted_at_rest", "autoscaled",
		"version_supported")
	r.SetNotApplicable("the service has no such switch", "deletion_protected")
	r.SetNotApplicable("a warehouse is put back to its snapshots", "point_in_time")
	r.SetUnknown(inventory.Unknown{
		Cause: inventory.CauseFailed, Code: "FailoverNotTold",
		Action: "ListWorkgroups", Permission: "redshift-serverless:ListWorkgroups",
	}, "multi_zone")
	workgroupPlaceFacts(w, r, facts, g)
	workgroupKeepFacts(w, r, facts, a)
	return r
}

// workgroupPlaceFacts states where the workgroup answers, and whether in clear text.
func workgroupPlaceFacts(w collectors.Where, r *inventory.Resource, facts *inventory.Database, g workgroup) {
	groupedStoreFacts(w, r, facts, g.Groups, collectors.Answer[storePlace]{
		Value: &storePlace{Network: g.Network, Subnets: g.Subnets},
	})
	if len(g.Subnets) > 0 {
		// Until its endpoint is there, a workgroup names its subnets alone.
		r.Known("network")
	}
	stateFlag(r, "public_endpoint", g.Public, &facts.PublicAddress)
	if g.Port > 0 {
		facts.Port = int(g.Port)
		r.Known("port")
	}
	if v, told := g.Parameters["require_ssl"]; told {
		facts.TLSRequired = isOn(v)
		r.Known("tls_required")
	}
}

// workgroupKeepFacts states how the content is kept. The service itself takes a copy every half hour and keeps it for a
// day.
func workgroupKeepFacts(w collectors.Where, r *inventory.Resource, facts *inventory.Database, a workgroupAnswers) {
	collectors.Know(r, a.Schedules, func(days *[]int64) {
		facts.BackupRetentionDays = 1
		if days != nil {
			for _, kept := range *days {
				facts.BackupRetentionDays = max(facts.BackupRetentionDays, kept)
			}
		}
	}, "backup_retention_days")
	collectors.Know(r, a.Copies, func(regions *[]string) {
		if regions != nil {
			for _, region := range *regions {
				facts.OtherRegionCopy = facts.OtherRegionCopy || region != "" && region != w.Region
			}
		}
	}, "other_region_copy")
	if why := a.Content.Unknown(); why != nil {
		r.SetUnknown(*why, "customer_key", "audit_logged")
		return
	}
	if n := a.Content.Value; n != nil {
		named := &n.Key
		if n.Key == ownedKey {
			named = nil
		}
		ownKeyFact(r, &facts.CustomerKey, named, a.Key)
		workgroupAuditFact(r, facts, *n, a.Workgroup)
	}
}

// workgroupAuditFact states whether logins and statements are shipped: statements are in the log only where the switch
// is on.
func workgroupAuditFact(r *inventory.Resource, facts *inventory.Database, n workgroupContent, g workgroup) {
	shipped := map[types.LogExport]bool{}
	for _, log := range n.Logs {
		shipped[log] = true
	}
	v, told := g.Parameters["enable_user_activity_logging"]
	switch {
	case !shipped[types.LogExportConnectionLog] || !shipped[types.LogExportUserActivityLog]:
		r.Known("audit_logged")
	case told:
		facts.AuditLogged = isOn(v)
		r.Known("audit_logged")
	default:
		r.SetUnknown(inventory.Unknown{
			Cause: inventory.CauseFailed, Code: "FieldAbsent",
			Action: "ListWorkgroups", Permission: "redshift-serverless:ListWorkgroups",
		}, "audit_logged")
	}
}
