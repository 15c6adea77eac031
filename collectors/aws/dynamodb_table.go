package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, tableItem, tableAnswers]{
	Kind:  "aws.dynamodb.table",
	Class: inventory.ClassDatabase,
	Permissions: []string{
		"dynamodb:ListTables", "dynamodb:DescribeTable", "dynamodb:DescribeContinuousBackups", "dynamodb:GetResourcePolicy",
		"dynamodb:ListTagsOfResource", "application-autoscaling:DescribeScalableTargets", "kms:DescribeKey",
	},
	ListAction: "ListTables", ListPermission: "dynamodb:ListTables",
	List: listTables,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[tableItem, error] {
		return only(listTables(ctx, c), func(i tableItem) bool { return i.name == shortID(id) })
	},
	Ask:   askTable,
	Facts: tableFacts,
})

// tableItem is a table as the listing names it, with what the listing has learnt of its region.
type tableItem struct {
	name    string
	listing *storeListing
}

// storeListing remembers what the stores of one listing share.
type storeListing struct {
	keys    once[keyHolder]
	scaling once[scalingTargets]
}

// tableAnswers is all that is said about one table. Counts of items and moments that move are left out.
type tableAnswers struct {
	Name    string
	Table   collectors.Answer[types.TableDescription]
	Backups collectors.Answer[tableBackups]
	Policy  collectors.Answer[dynamodb.GetResourcePolicyOutput]
	Tags    collectors.Answer[map[string]string]
	Scaling collectors.Answer[[]string]
	Key     collectors.Answer[keyHolder]
}

// tableBackups is how far back a table can be put.
type tableBackups struct {
	PointInTime bool
	Days        int32
}

func listTables(ctx context.Context, c *Clients) iter.Seq2[tableItem, error] {
	p := dynamodb.NewListTablesPaginator(c.DynamoDB, &dynamodb.ListTablesInput{Limit: aws.Int32(100)})
	listing := &storeListing{}
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*dynamodb.ListTablesOutput, error) { return p.NextPage(ctx) },
		func(o *dynamodb.ListTablesOutput) []tableItem {
			items := make([]tableItem, 0, len(o.TableNames))
			for _, name := range o.TableNames {
				items = append(items, tableItem{name, listing})
			}
			return items
		})
}

func askTable(ctx context.Context, c *Clients, i tableItem) tableAnswers {
	a := tableAnswers{Name: i.name}
	a.Table = ask("DescribeTable", "dynamodb:DescribeTable", func() (*types.TableDescription, error) {
		out, err := c.DynamoDB.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(i.name)})
		if err != nil || out.Table == nil {
			return nil, absent(err, "ResourceNotFoundException")
		}
		return stillTable(*out.Table), nil
	})
	id := aws.String(arn(c.where(), "dynamodb", "table/"+i.name))
	a.Backups = askTableBackups(ctx, c, i.name)
	a.Policy = ask("GetResourcePolicy", "dynamodb:GetResourcePolicy", func() (*dynamodb.GetResourcePolicyOutput, error) {
		out, err := c.DynamoDB.GetResourcePolicy(ctx, &dynamodb.GetResourcePolicyInput{ResourceArn: id})
		return out, absent(err, "PolicyNotFoundException")
	})
	a.Tags = ask("ListTagsOfResource", "dynamodb:ListTagsOfResource", func() (*map[string]string, error) {
		return tableTags(ctx, c, id)
	})
	if a.Table.Value == nil {
		return a
	}
	if b := a.Table.Value.BillingModeSummary; b == nil || b.BillingMode != types.BillingModePayPerRequest {
		all := i.listing.scaling.ask("", func() collectors.Answer[scalingTargets] {
			return askScaling(ctx, c, scaling.ServiceNamespaceDynamodb)
		})
		a.Scaling = scalingOf(all, "table/"+i.name)
	}
	if s := a.Table.Value.SSEDescription; s != nil {
		a.Key = heldBy(&i.listing.keys, s.KMSMasterKeyArn, func(key string) collectors.Answer[keyHolder] {
			return askKeyHolder(ctx, c, key)
		})
	}
	return a
}

// stillTable leaves out what changes though nobody changed anything.
func stillTable(t types.TableDescription) *types.TableDescription {
	t.ItemCount, t.TableSizeBytes, t.WarmThroughput, t.ProvisionedThroughput = nil, nil, nil, nil
	t.GlobalSecondaryIndexes, t.LocalSecondaryIndexes, t.VectorIndexes = nil, nil, nil
	t.LatestStreamArn, t.LatestStreamLabel, t.StreamSpecification = nil, nil, nil
	return &t
}

func askTableBackups(ctx context.Context, c *Clients, name string) collectors.Answer[tableBackups] {
	return ask("DescribeContinuousBackups", "dynamodb:DescribeContinuousBackups", func() (*tableBackups, error) {
		out, err := c.DynamoDB.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{
			TableName: aws.String(name),
		})
		if err != nil {
			return nil, absent(err, "TableNotFoundException")
		}
		b := &tableBackups{}
		if d := out.ContinuousBackupsDescription; d != nil && d.PointInTimeRecoveryDescription != nil {
			p := d.PointInTimeRecoveryDescription
			b.PointInTime = p.PointInTimeRecoveryStatus == types.PointInTimeRecoveryStatusEnabled
			b.Days = aws.ToInt32(p.RecoveryPeriodInDays)
		}
		return b, nil
	})
}

// tableTags turns the pages by hand: the SDK has no paginator for them.
func tableTags(ctx context.Context, c *Clients, id *string) (*map[string]string, error) {
	tags := map[string]string{}
	in := &dynamodb.ListTagsOfResourceInput{ResourceArn: id}
	for {
		out, err := c.DynamoDB.ListTagsOfResource(ctx, in)
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
}

func tableFacts(w collectors.Where, a tableAnswers) *inventory.Resource {
	if a.Table.Absent {
		return nil
	}
	facts := &inventory.Database{Engine: "dynamodb"}
	r := inventory.New(arn(w, "dynamodb", "table/"+a.Name), a.Name, w.Region, facts)
	defer leftOut(r, "DescribeTable", "dynamodb:DescribeTable")
	managedStoreFacts(r, facts, "document", "api")
	r.Known("engine")
	r.SetNotApplicable("is reached through the provider's API only", "tls_required", "tls_min_version", "port",
		"public_endpoint", "network", "subnets", "rules", "firewalls")
	// The service encrypts, spreads over zones, patches itself and knows no callers but the provider's identities.
	facts.EncryptedAtRest, facts.MultiZone, facts.VersionSupported = true, true, true
	facts.CentralIdentity, facts.AuthRequired = true, true
	r.SetInherent("encrypted_at_rest", "multi_zone", "version_supported", "central_identity", "auth_required")
	tagFacts(r, a.Tags)
	collectors.Know(r, a.Backups, func(b *tableBackups) {
		if b == nil || !b.PointInTime {
			return
		}
		// 35 days is the span of every table that was given no other.
		facts.PointInTime, facts.BackupRetentionDays = true, 35
		if b.Days > 0 {
			facts.BackupRetentionDays = int64(b.Days)
		}
	}, "point_in_time", "backup_retention_days")
	doc, read := readPolicy(r, a.Policy,
		func(v *dynamodb.GetResourcePolicyOutput) string { return aws.ToString(v.Policy) }, "public_access")
	if read {
		facts.PublicAccess = doc.public()
		r.Known("public_access")
	}
	if a.Table.Value == nil {
		r.SetUnknown(*orMissing(a.Table.Unknown(), "DescribeTable", "dynamodb:DescribeTable"),
			"customer_key", "other_region_copy", "deletion_protected", "autoscaled", "source")
		return r
	}
	tableDescribedFacts(w, r, facts, a)
	return r
}

// tableDescribedFacts states what the description of a table tells.
func tableDescribedFacts(w collectors.Where, r *inventory.Resource, facts *inventory.Database, a tableAnswers) {
	t := a.Table.Value
	stateFlag(r, "deletion_protected", t.DeletionProtectionEnabled, &facts.DeletionProtected)
	for _, replica := range t.Replicas {
		facts.OtherRegionCopy = facts.OtherRegionCopy || replica.RegionName != nil && *replica.RegionName != w.Region
	}
	if s := t.RestoreSummary; s != nil {
		facts.Source = aws.ToString(s.SourceTableArn)
	}
	r.Known("other_region_copy", "source")
	var key *string
	if t.SSEDescription != nil {
		key = t.SSEDescription.KMSMasterKeyArn
	}
	ownKeyFact(r, &facts.CustomerKey, key, a.Key)
	if b := t.BillingModeSummary; b != nil && b.BillingMode == types.BillingModePayPerRequest {
		facts.Autoscaled = true
		r.Known("autoscaled")
		return
	}
	collectors.Know(r, a.Scaling, func(dimensions *[]string) {
		facts.Autoscaled = dimensions != nil && contains(*dimensions, "dynamodb:table:ReadCapacityUnits") &&
			contains(*dimensions, "dynamodb:table:WriteCapacityUnits")
	}, "autoscaled")
}
