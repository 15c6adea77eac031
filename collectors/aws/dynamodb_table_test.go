package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func tableWith(change func(*types.TableDescription)) tableAnswers {
	d := types.TableDescription{TableName: aws.String("t"), DeletionProtectionEnabled: aws.Bool(true),
		BillingModeSummary: &types.BillingModeSummary{BillingMode: types.BillingModePayPerRequest}}
	if change != nil {
		change(&d)
	}
	return tableAnswers{Name: "t", Table: answered(&d), Backups: answered(&tableBackups{PointInTime: true, Days: 14}),
		Policy: without[dynamodb.GetResourcePolicyOutput](), Tags: answered(&map[string]string{})}
}

func TestTableFacts(t *testing.T) {
	t.Parallel()
	with := func(a tableAnswers, change func(*tableAnswers)) tableAnswers {
		change(&a)
		return a
	}
	provisioned := func(d *types.TableDescription) { d.BillingModeSummary = nil }
	keyed := func(d *types.TableDescription) {
		d.SSEDescription = &types.SSEDescription{KMSMasterKeyArn: aws.String("arn:aws:kms:us-east-1:1:key/k")}
	}
	both := []string{"dynamodb:table:ReadCapacityUnits", "dynamodb:table:WriteCapacityUnits"}
	for name, c := range map[string]struct {
		answers tableAnswers
		want    stated
	}{
		"complete": {tableWith(nil), stated{"family": "document", "endpoint": "api", "encrypted_at_rest": true, "multi_zone": true, "backup_retention_days": 14,
			"point_in_time": true, "deletion_protected": true, "autoscaled": true, "other_region_copy": false, "customer_key": false, "public_access": false,
			"auth_required": true, "version_supported": true, "risky_flags": "[]", "tls_required": notApplicable, "masked": notApplicable, "source": ""}},
		"another region": {tableWith(func(d *types.TableDescription) {
			d.Replicas = []types.ReplicaDescription{{RegionName: aws.String("eu-west-1")}}
		}),
			stated{"other_region_copy": true}},
		"restored": {tableWith(func(d *types.TableDescription) {
			d.RestoreSummary = &types.RestoreSummary{SourceTableArn: aws.String("arn:x")}
		}), stated{"source": "arn:x"}},
		"untold protection":   {tableWith(func(d *types.TableDescription) { d.DeletionProtectionEnabled = nil }), stated{"deletion_protected": nil}},
		"own key":             {with(tableWith(keyed), func(a *tableAnswers) { a.Key = answered(&keyHolder{Manager: "CUSTOMER"}) }), stated{"customer_key": true}},
		"the provider's key":  {with(tableWith(keyed), func(a *tableAnswers) { a.Key = answered(&keyHolder{Manager: "AWS"}) }), stated{"customer_key": false}},
		"key denied":          {with(tableWith(keyed), func(a *tableAnswers) { a.Key = refused[keyHolder]() }), stated{"customer_key": nil}},
		"fixed capacity":      {with(tableWith(provisioned), func(a *tableAnswers) { a.Scaling = answered(&[]string{}) }), stated{"autoscaled": false}},
		"half scaled":         {with(tableWith(provisioned), func(a *tableAnswers) { a.Scaling = answered(kept(both[:1])) }), stated{"autoscaled": false}},
		"scaled":              {with(tableWith(provisioned), func(a *tableAnswers) { a.Scaling = answered(&both) }), stated{"autoscaled": true}},
		"scaling denied":      {with(tableWith(provisioned), func(a *tableAnswers) { a.Scaling = refused[[]string]() }), stated{"autoscaled": nil}},
		"no backups":          {with(tableWith(nil), func(a *tableAnswers) { a.Backups = answered(&tableBackups{}) }), stated{"backup_retention_days": 0, "point_in_time": false}},
		"span is the default": {with(tableWith(nil), func(a *tableAnswers) { a.Backups = answered(&tableBackups{PointInTime: true}) }), stated{"backup_retention_days": 35}},
		"backups denied":      {with(tableWith(nil), func(a *tableAnswers) { a.Backups = refused[tableBackups]() }), stated{"backup_retention_days": nil, "point_in_time": nil}},
		"open": {with(tableWith(nil), func(a *tableAnswers) {
			a.Policy = answered(&dynamodb.GetResourcePolicyOutput{Policy: aws.String(openPolicy)})
		}), stated{"public_access": true}},
		"policy denied": {with(tableWith(nil), func(a *tableAnswers) { a.Policy = refused[dynamodb.GetResourcePolicyOutput]() }), stated{"public_access": nil}},
		"description is denied": {with(tableWith(nil), func(a *tableAnswers) { a.Table = refused[types.TableDescription]() }),
			stated{"customer_key": nil, "deletion_protected": nil, "autoscaled": nil, "other_region_copy": nil, "source": nil, "encrypted_at_rest": true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, tableFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
}

func TestAskTables(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, here.Region, script{
		"ListTables": func(in any) (any, error) {
			if in.(*dynamodb.ListTablesInput).ExclusiveStartTableName == nil {
				return &dynamodb.ListTablesOutput{TableNames: []string{"a"}, LastEvaluatedTableName: aws.String("a")}, nil
			}
			return &dynamodb.ListTablesOutput{TableNames: []string{"b", "gone"}}, nil
		},
		"DescribeTable": func(in any) (any, error) {
			name := aws.ToString(in.(*dynamodb.DescribeTableInput).TableName)
			if name == "gone" {
				return refuse("ResourceNotFoundException")(in)
			}
			return &dynamodb.DescribeTableOutput{Table: &types.TableDescription{TableName: &name, ItemCount: aws.Int64(9)}}, nil
		},
		"GetResourcePolicy": refuse("PolicyNotFoundException"),
		"DescribeScalableTargets": say(&applicationautoscaling.DescribeScalableTargetsOutput{ScalableTargets: []scaling.ScalableTarget{
			{ResourceId: aws.String("table/b"), ScalableDimension: "dynamodb:table:ReadCapacityUnits", MinCapacity: aws.Int32(1), MaxCapacity: aws.Int32(9)},
			{ResourceId: aws.String("table/b"), ScalableDimension: "dynamodb:table:WriteCapacityUnits", MinCapacity: aws.Int32(1), MaxCapacity: aws.Int32(9)}}}),
	})
	scaled := map[string]bool{}
	for i, err := range listTables(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		a := askTable(context.Background(), c, i)
		r := tableFacts(here, a)
		if i.name == "gone" {
			if r != nil {
				t.Error("a table that is gone is described")
			}
			continue
		}
		if a.Table.Value.ItemCount != nil {
			t.Error("a count that moves was kept")
		}
		stated{"public_access": false, "labels_read": nil, "point_in_time": nil}.check(t, r)
		v, _ := r.Value("autoscaled")
		scaled[i.name] = v.(bool)
		roundTrip(t, a)
	}
	if scaled["a"] || !scaled["b"] || calls("DescribeScalableTargets") != 1 {
		t.Errorf("%v in %d calls", scaled, calls("DescribeScalableTargets"))
	}
}

// Answers for the tests over the whole registry, and what is recorded.
var (
	_ = sample("aws.dynamodb.table", tableFacts, tableWith(nil), tableAnswers{Name: "t", Table: refused[types.TableDescription]()})
	_ = sweep("dynamodb.DescribeTable", tableFacts, func(o *dynamodb.DescribeTableOutput) []tableAnswers {
		if o.Table == nil {
			return nil
		}
		return []tableAnswers{{Name: aws.ToString(o.Table.TableName), Table: answered(stillTable(*o.Table))}}
	})
	_ = sweep("dynamodb.GetResourcePolicy", tableFacts, func(o *dynamodb.GetResourcePolicyOutput) []tableAnswers {
		return []tableAnswers{{Name: "t", Policy: answered(o)}}
	})
)
