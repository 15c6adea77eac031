package aws

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

var configTable = configType(recordedType{
	name: "AWS::DynamoDB::Table", kind: "aws.dynamodb.table",
	needs:  []string{"tableName", "tableArn", "tableStatus", "keySchema"},
	silent: map[string][]string{"replicas": {"other_region_copy"}}, besides: []string{"deletionProtectionEnabled"},
})

var _ = answersListing("DynamoDB.ListTables", listing(configTable, func(i *recordedItem) (string, error) {
	var table types.TableDescription
	err := i.into(configTable, &table)
	return aws.ToString(table.TableName), err
}, func(o *dynamodb.ListTablesOutput, names []string) { o.TableNames = names }))

var _ = describes("DynamoDB.DescribeTable", configTable,
	func(in *dynamodb.DescribeTableInput) *string { return in.TableName },
	func(i *recordedItem) (*dynamodb.DescribeTableOutput, error) {
		out := &types.TableDescription{}
		return &dynamodb.DescribeTableOutput{Table: out}, i.into(configTable, out)
	})

// Config tells whether a table can be put back and not how far: of one that can, the span stays open.
var _ = tells("DynamoDB.DescribeContinuousBackups", configTable,
	func(in *dynamodb.DescribeContinuousBackupsInput) *string { return in.TableName },
	func(i *recordedItem) (*dynamodb.DescribeContinuousBackupsOutput, error) {
		out := &types.ContinuousBackupsDescription{}
		if err := i.foldPart("ContinuousBackupsDescription", out); err != nil {
			return nil, err
		}
		p := out.PointInTimeRecoveryDescription
		if p == nil || p.PointInTimeRecoveryStatus != types.PointInTimeRecoveryStatusDisabled &&
			p.RecoveryPeriodInDays == nil {
			return nil, errNotExported
		}
		return &dynamodb.DescribeContinuousBackupsOutput{ContinuousBackupsDescription: out}, nil
	})

var _ = tells("DynamoDB.ListTagsOfResource", configTable,
	func(in *dynamodb.ListTagsOfResourceInput) *string { return in.ResourceArn },
	func(i *recordedItem) (*dynamodb.ListTagsOfResourceOutput, error) {
		out := &dynamodb.ListTagsOfResourceOutput{}
		for key, value := range i.Tags {
			out.Tags = append(out.Tags, types.Tag{Key: &key, Value: &value})
		}
		return out, nil
	})
