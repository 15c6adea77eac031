package aws

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/redshift/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, warehouseItem, warehouseAnswers]{
	Kind:  "aws.redshift.cluster",
	Class: inventory.ClassDatabase,
	Permissions: []string{
		"redshift:DescribeClusters", "redshift:DescribeClusterSubnetGroups", "redshift:DescribeClusterParameters",
		"redshift:DescribeLoggingStatus", "kms:DescribeKey",
	},
	ListAction: "DescribeClusters", ListPermission: "redshift:DescribeClusters",
	List: func(ctx context.Context, c *Clients) iter.Seq2[warehouseItem, error] {
		return offered(c, warehouses(ctx, c, nil))
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[warehouseItem, error] {
		return warehouses(ctx, c, aws.String(shortID(id)))
	},
	Ask:   askWarehouse,
	Facts: warehouseFacts,
})

// warehouseItem is a cluster with what its listing has learnt so far.
type warehouseItem struct {
	cluster types.Cluster
	listing *warehouseListing
}

type warehouseListing struct {
	keys       once[keyHolder]
	subnets    once[map[string]storePlace]
	parameters once[map[string]string]
}

// warehouseAnswers is all that is said about one cluster.
type warehouseAnswers struct {
	Cluster    types.Cluster
	Place      collectors.Answer[storePlace]
	Parameters collectors.Answer[map[string]string]
	Logging    collectors.Answer[warehouseLogging]
	Key        collectors.Answer[keyHolder]
}

// warehouseLogging is whether the audit log is shipped; the moments of the last shipment move and are left out.
type warehouseLogging struct {
	Enabled bool
	Exports []string
	// Failing says that the last shipment failed.
	Failing bool
}

func warehouses(ctx context.Context, c *Clients, id *string) iter.Seq2[warehouseItem, error] {
	p := redshift.NewDescribeClustersPaginator(c.Redshift, &redshift.DescribeClustersInput{ClusterIdentifier: id})
	listing := &warehouseListing{}
	return gone(paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*redshift.DescribeClustersOutput, error) { return p.NextPage(ctx) },
		func(o *redshift.DescribeClustersOutput) []warehouseItem {
			items := make([]warehouseItem, 0, len(o.Clusters))
			for _, k := range o.Clusters {
				items = append(items, warehouseItem{k, listing})
			}
			return items
		}), "ClusterNotFound", "ClusterNotFoundFault")
}

func askWarehouse(ctx context.Context, c *Clients, i warehouseItem) warehouseAnswers {
	k, l := i.cluster, i.listing
	a := warehouseAnswers{Cluster: stillWarehouse(k)}
	a.Place = placeIn(l.subnets.ask("", func() collectors.Answer[map[string]storePlace] { return askWarehouseSubnets(ctx, c) }),
		k.ClusterSubnetGroupName)
	if len(k.ClusterParameterGroups) > 0 {
		group := aws.ToString(k.ClusterParameterGroups[0].ParameterGroupName)
		a.Parameters = l.parameters.ask(group, func() collectors.Answer[map[string]string] {
			return askWarehouseParameters(ctx, c, group)
		})
	}
	a.Logging = ask("DescribeLoggingStatus", "redshift:DescribeLoggingStatus", func() (*warehouseLogging, error) {
		out, err := c.Redshift.DescribeLoggingStatus(ctx, &redshift.DescribeLoggingStatusInput{ClusterIdentifier: k.ClusterIdentifier})
		if err != nil {
			return nil, err
		}
		failing := out.LastFailureTime != nil &&
			(out.LastSuccessfulDeliveryTime == nil || out.LastFailureTime.After(*out.LastSuccessfulDeliveryTime))
		return &warehouseLogging{Enabled: aws.ToBool(out.LoggingEnabled), Exports: out.LogExports, Failing: failing}, nil
	})
	a.Key = heldBy(&l.keys, k.KmsKeyId, func(key string) collectors.Answer[keyHolder] { return askKeyHolder(ctx, c, key) })
	return a
}

// stillWarehouse leaves out what changes though nobody changed anything, and the names of people.
func stillWarehouse(k types.Cluster) types.Cluster {
	k.NextMaintenanceWindowStartTime, k.ExpectedNextSnapshotScheduleTime, k.DataTransferProgress = nil, nil, nil
	k.TotalStorageCapacityInMegaBytes, k.ClusterPublicKey, k.MasterUsername = nil, nil, nil
	k.RestoreStatus, k.ResizeInfo, k.ClusterNodes = nil, nil, nil
	return k
}

func askWarehouseSubnets(ctx context.Context, c *Clients) collectors.Answer[map[string]storePlace] {
	const permission = "redshift:DescribeClusterSubnetGroups"
	return ask("DescribeClusterSubnetGroups", permission, func() (*map[string]storePlace, error) {
		places := map[string]storePlace{}
		p := redshift.NewDescribeClusterSubnetGroupsPaginator(c.Redshift, &redshift.DescribeClusterSubnetGroupsInput{})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for _, g := range page.ClusterSubnetGroups {
				place := storePlace{Network: aws.ToString(g.VpcId)}
				for _, s := range g.Subnets {
					place.Subnets = append(place.Subnets, aws.ToString(s.SubnetIdentifier))
				}
				places[aws.ToString(g.ClusterSubnetGroupName)] = place
			}
		}
		return &places, nil
	})
}

// askWarehouseParameters keeps the two switches that facts are made of.
func askWarehouseParameters(ctx context.Context, c *Clients, group string) collectors.Answer[map[string]string] {
	const permission = "redshift:DescribeClusterParameters"
	return ask("DescribeClusterParameters", permission, func() (*map[string]string, error) {
		values := map[string]string{}
		p := redshift.NewDescribeClusterParametersPaginator(c.Redshift, &redshift.DescribeClusterParametersInput{
			ParameterGroupName: aws.String(group),
		})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for _, v := range page.Parameters {
				switch name := aws.ToString(v.ParameterName); name {
				case "require_ssl", "enable_user_activity_logging":
					values[name] = aws.ToString(v.ParameterValue)
				}
			}
		}
		return &values, nil
	})
}

func warehouseFacts(w collectors.Where, a warehouseAnswers) *inventory.Resource {
	k := a.Cluster
	facts := &inventory.Database{Engine: "redshift"}
	name := aws.ToString(k.ClusterIdentifier)
	r := inventory.New(arn(w, "redshift", "cluster:"+name), name, w.Region, facts)
	defer leftOut(r, "DescribeClusters", "redshift:DescribeClusters")
	managedStoreFacts(r, facts, "warehouse", "network")
	r.Labels = labels(k.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
	r.Known("engine", "source")
	// Clients speak TLS 1.2 or later, sign in with identities of the provider if they like, and always sign in.
	facts.TLSMinVersion, facts.CentralIdentity, facts.AuthRequired = 1.2, true, true
	r.SetInherent("tls_min_version", "central_identity", "auth_required")
	r.SetNotApplicable("the service has no such switch", "deletion_protected")
	r.SetNotApplicable("a warehouse is put back to its snapshots", "point_in_time")
	warehouseNetworkFacts(w, r, facts, a)
	keyFact(r, facts, k.Encrypted, a.Key)
	if aws.ToBool(k.Encrypted) && aws.ToString(k.KmsKeyId) == "" {
		// A key in a hardware module is the customer's; the service's own key has no name.
		facts.CustomerKey = k.HsmStatus != nil
		r.Known("customer_key")
	}
	if k.AutomatedSnapshotRetentionPeriod != nil {
		facts.BackupRetentionDays = int64(*k.AutomatedSnapshotRetentionPeriod)
		r.Known("backup_retention_days")
	}
	if s := k.ClusterSnapshotCopyStatus; s != nil {
		facts.OtherRegionCopy = s.DestinationRegion != nil && *s.DestinationRegion != w.Region
	}
	// Clusters from before there was a second zone say nothing of it and have none.
	facts.MultiZone = strings.EqualFold(aws.ToString(k.MultiAZ), "enabled")
	r.Known("other_region_copy", "multi_zone")
	stateFlag(r, "version_supported", k.AllowVersionUpgrade, &facts.VersionSupported)
	if node := aws.ToString(k.NodeType); node != "" {
		// The storage of these nodes grows by itself.
		facts.Autoscaled = strings.HasPrefix(node, "ra3") || strings.HasPrefix(node, "rg")
		r.Known("autoscaled")
	}
	warehouseSwitchFacts(r, facts, a)
	return r
}

func warehouseNetworkFacts(w collectors.Where, r *inventory.Resource, facts *inventory.Database, a warehouseAnswers) {
	k := a.Cluster
	var groups []string
	for _, g := range k.VpcSecurityGroups {
		groups = append(groups, aws.ToString(g.VpcSecurityGroupId))
	}
	groupedStoreFacts(w, r, facts, groups, a.Place)
	stateFlag(r, "public_endpoint", k.PubliclyAccessible, &facts.PublicAddress)
	if facts.Network == "" && aws.ToString(k.VpcId) != "" {
		facts.Network = ec2ARN(w, "vpc", *k.VpcId)
		r.Known("network")
	}
	if k.Endpoint != nil && aws.ToInt32(k.Endpoint.Port) > 0 {
		facts.Port = int(*k.Endpoint.Port)
		r.Known("port")
	}
}

// warehouseSwitchFacts states what the parameters and the audit log decide. A group whose changes wait for a restart
// does not tell what is in force.
func warehouseSwitchFacts(r *inventory.Resource, facts *inventory.Database, a warehouseAnswers) {
	pending := false
	for _, g := range a.Cluster.ClusterParameterGroups {
		pending = pending || aws.ToString(g.ParameterApplyStatus) != "in-sync"
	}
	why := a.Parameters.Unknown()
	if why == nil && pending {
		why = &inventory.Unknown{
			Cause: inventory.CauseFailed, Code: "ParametersNotInForce",
			Action: "DescribeClusterParameters", Permission: "redshift:DescribeClusterParameters",
		}
	}
	if why != nil {
		r.SetUnknown(*why, "tls_required")
	} else if v, ok := (*a.Parameters.Value)["require_ssl"]; ok {
		facts.TLSRequired = isOn(v)
		r.Known("tls_required")
	}
	switch {
	case a.Logging.Unknown() != nil:
		r.SetUnknown(*a.Logging.Unknown(), "audit_logged")
	case a.Logging.Value == nil, !a.Logging.Value.Enabled, a.Logging.Value.Failing:
		r.Known("audit_logged")
	case why != nil:
		r.SetUnknown(*why, "audit_logged")
	default:
		// Logins are in every audit log, statements only where the switch is on.
		facts.AuditLogged = isOn((*a.Parameters.Value)["enable_user_activity_logging"])
		r.Known("audit_logged")
	}
}
