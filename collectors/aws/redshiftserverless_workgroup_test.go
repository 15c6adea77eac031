package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/redshiftserverless"
	"github.com/aws/aws-sdk-go-v2/service/redshiftserverless/types"
)

const workgroupARN = "arn:aws:redshift-serverless:us-east-1:644160558196:workgroup/0a1b"

func workgroupWith(change func(*workgroupAnswers)) workgroupAnswers {
	a := workgroupAnswers{
		Workgroup: workgroup{ARN: workgroupARN, Name: "w", Namespace: "n", Network: "vpc-1", Subnets: []string{"subnet-1"}, Groups: []string{"sg-1"}, Port: 5439,
			Public: aws.Bool(false), Parameters: map[string]string{"require_ssl": "true", "enable_user_activity_logging": "true"}},
		Content: answered(&workgroupContent{Key: "k", Logs: []types.LogExport{types.LogExportConnectionLog, types.LogExportUserActivityLog}}),
		Key:     answered(&keyHolder{Manager: "CUSTOMER"}), Schedules: answered(&[]int64{7, 30}), Copies: answered(&[]string{"eu-west-1"}), Tags: answered(&map[string]string{}),
	}
	if change != nil {
		change(&a)
	}
	return a
}

func TestWorkgroupFacts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*workgroupAnswers)
		want   stated
	}{
		"complete": {nil, stated{"family": "warehouse", "engine": "redshift", "public_endpoint": false, "port": 5439, "tls_required": true, "tls_min_version": 1.2, "encrypted_at_rest": true, "customer_key": true,
			"backup_retention_days": 30, "other_region_copy": true, "audit_logged": true, "auth_required": true, "central_identity": true, "autoscaled": true, "version_supported": true, "multi_zone": nil,
			"deletion_protected": notApplicable, "point_in_time": notApplicable, "network": ec2ARN(here, "vpc", "vpc-1"), "firewalls": "[" + ec2ARN(here, "security-group", "sg-1") + "]"}},
		"on the internet":  {func(a *workgroupAnswers) { a.Workgroup.Public = aws.Bool(true) }, stated{"public_endpoint": true}},
		"address untold":   {func(a *workgroupAnswers) { a.Workgroup.Public = nil }, stated{"public_endpoint": nil}},
		"clear text":       {func(a *workgroupAnswers) { a.Workgroup.Parameters["require_ssl"] = "false" }, stated{"tls_required": false}},
		"switches untold":  {func(a *workgroupAnswers) { a.Workgroup.Parameters = nil }, stated{"tls_required": nil, "audit_logged": nil}},
		"no statements":    {func(a *workgroupAnswers) { a.Workgroup.Parameters["enable_user_activity_logging"] = "false" }, stated{"audit_logged": false}},
		"logins alone":     {func(a *workgroupAnswers) { a.Content.Value.Logs = a.Content.Value.Logs[:1] }, stated{"audit_logged": false}},
		"no schedule":      {func(a *workgroupAnswers) { a.Schedules = answered(&[]int64{}) }, stated{"backup_retention_days": 1}},
		"schedules denied": {func(a *workgroupAnswers) { a.Schedules = refused[[]int64]() }, stated{"backup_retention_days": nil}},
		"copied at home":   {func(a *workgroupAnswers) { a.Copies = answered(&[]string{here.Region}) }, stated{"other_region_copy": false}},
		"copies denied":    {func(a *workgroupAnswers) { a.Copies = refused[[]string]() }, stated{"other_region_copy": nil}},
		"the service's key": {func(a *workgroupAnswers) {
			a.Content.Value.Key, a.Key = ownedKey, workgroupAnswers{}.Key
		}, stated{"customer_key": false, "encrypted_at_rest": true}},
		"key denied":     {func(a *workgroupAnswers) { a.Key = refused[keyHolder]() }, stated{"customer_key": nil}},
		"content denied": {func(a *workgroupAnswers) { a.Content = refused[workgroupContent]() }, stated{"customer_key": nil, "audit_logged": nil, "encrypted_at_rest": true}},
		"being made": {func(a *workgroupAnswers) {
			a.Workgroup = workgroup{ARN: workgroupARN, Name: "w", Subnets: []string{"subnet-1"}}
		}, stated{"network": "", "subnets": "[" + ec2ARN(here, "subnet", "subnet-1") + "]", "firewalls": nil, "port": nil}},
		"bare": {func(a *workgroupAnswers) { a.Workgroup = workgroup{ARN: workgroupARN, Name: "w"} }, stated{"network": nil, "subnets": nil, "public_endpoint": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := workgroupWith(c.change)
			c.want.check(t, workgroupFacts(here, a))
			roundTrip(t, a)
		})
	}
}

func TestAskWorkgroup(t *testing.T) {
	t.Parallel()
	cron, at := &types.ScheduleMemberCron{Value: "(0 10 * * ? *)"}, &types.ScheduleMemberAt{}
	takes := func(days *int32) types.TargetAction {
		return &types.TargetActionMemberCreateSnapshot{Value: types.CreateSnapshotScheduleActionParameters{RetentionPeriod: days}}
	}
	schedules := map[string]types.ScheduledActionResponse{
		"nightly": {State: types.StateActive, Schedule: cron, TargetAction: takes(aws.Int32(14))},
		"off":     {State: types.StateDisabled, Schedule: cron, TargetAction: takes(aws.Int32(90))},
		"once":    {State: types.StateActive, Schedule: at, TargetAction: takes(aws.Int32(90))},
	}
	lines := script{
		"ListWorkgroups": say(&redshiftserverless.ListWorkgroupsOutput{Workgroups: []types.Workgroup{{WorkgroupArn: aws.String(workgroupARN), WorkgroupName: aws.String("w"), NamespaceName: aws.String("n"),
			SubnetIds: []string{"subnet-1"}, SecurityGroupIds: []string{"sg-1"}, PubliclyAccessible: aws.Bool(true), Endpoint: &types.Endpoint{Port: aws.Int32(5440), VpcEndpoints: []types.VpcEndpoint{{VpcId: aws.String("vpc-1")}}},
			ConfigParameters: []types.ConfigParameter{{ParameterKey: aws.String("require_ssl"), ParameterValue: aws.String("true")}, {ParameterKey: aws.String("search_path"), ParameterValue: aws.String("$user")}}}}}),
		"GetNamespace": say(&redshiftserverless.GetNamespaceOutput{Namespace: &types.Namespace{KmsKeyId: aws.String("k")}}),
		"DescribeKey":  say(&kms.DescribeKeyOutput{KeyMetadata: &kmstypes.KeyMetadata{KeyManager: kmstypes.KeyManagerTypeCustomer}}),
		"ListScheduledActions": say(&redshiftserverless.ListScheduledActionsOutput{ScheduledActions: []types.ScheduledActionAssociation{
			{ScheduledActionName: aws.String("nightly")}, {ScheduledActionName: aws.String("off")}, {ScheduledActionName: aws.String("once")}}}),
		"GetScheduledAction": func(in any) (any, error) {
			s := schedules[*in.(*redshiftserverless.GetScheduledActionInput).ScheduledActionName]
			return &redshiftserverless.GetScheduledActionOutput{ScheduledAction: &s}, nil
		},
		"ListSnapshotCopyConfigurations": say(&redshiftserverless.ListSnapshotCopyConfigurationsOutput{SnapshotCopyConfigurations: []types.SnapshotCopyConfiguration{{DestinationRegion: aws.String("eu-west-1")}}}),
		"ListTagsForResource":            say(&redshiftserverless.ListTagsForResourceOutput{Tags: []types.Tag{{Key: aws.String("owner"), Value: aws.String("shop")}}}),
	}
	c, _ := scripted(t, here.Region, lines)
	found, err := gathered(workgroups(context.Background(), c))
	if err != nil || len(*found) != 1 {
		t.Fatal(found, err)
	}
	ask := func() workgroupAnswers {
		return askWorkgroup(context.Background(), c, workgroupItem{(*found)[0].workgroup, &once[keyHolder]{}})
	}
	a := ask()
	roundTrip(t, a)
	r := workgroupFacts(here, a)
	stated{"backup_retention_days": 14, "other_region_copy": true, "customer_key": true, "port": 5440, "public_endpoint": true, "tls_required": true, "audit_logged": false, "network": ec2ARN(here, "vpc", "vpc-1")}.check(t, r)
	if r.Labels["owner"] != "shop" || len(a.Workgroup.Parameters) != 1 {
		t.Errorf("%v %v", r.Labels, a.Workgroup.Parameters)
	}
	schedules["nightly"] = types.ScheduledActionResponse{State: types.StateActive, Schedule: cron, TargetAction: takes(nil)}
	stated{"backup_retention_days": forEver}.check(t, workgroupFacts(here, ask()))
	for operation, fact := range map[string]string{"GetScheduledAction": "backup_retention_days", "ListScheduledActions": "backup_retention_days",
		"ListSnapshotCopyConfigurations": "other_region_copy", "DescribeKey": "customer_key", "GetNamespace": "audit_logged"} {
		answers := lines[operation]
		lines[operation] = refuse("AccessDeniedException")
		r := workgroupFacts(here, ask())
		stated{fact: nil}.check(t, r)
		if why := r.Why(fact); why.Cause != "denied" || why.Action != operation {
			t.Errorf("%s is denied, and %s is unknown by %+v", operation, fact, why)
		}
		lines[operation] = answers
	}
}

// Answers for the tests over the whole registry.
var _ = sample("aws.redshiftserverless.workgroup", workgroupFacts, workgroupWith(nil),
	workgroupAnswers{Workgroup: workgroup{ARN: workgroupARN, Name: "w"}})
