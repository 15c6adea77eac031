package aws

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/aws-sdk-go-v2/service/dlm"
	schedules "github.com/aws/aws-sdk-go-v2/service/dlm/types"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const vaultARN = "arn:aws:backup:us-east-1:644160558196:backup-vault:v"

func vaultWith(change func(*vaultAnswers)) vaultAnswers {
	a := vaultAnswers{Vault: types.BackupVaultListMember{BackupVaultArn: aws.String(vaultARN), BackupVaultName: aws.String("v"), Locked: aws.Bool(false)},
		Rules: answered(&[]types.BackupRule{}), Restored: answered(&time.Time{}), Tests: answered(&[]restoreTest{}), Tags: answered(&map[string]string{})}
	if change != nil {
		change(&a)
	}
	return a
}

func TestVaultFacts(t *testing.T) {
	t.Parallel()
	rule := func(days *int64, copies ...string) types.BackupRule {
		r := types.BackupRule{TargetBackupVaultName: aws.String("v"), Lifecycle: &types.Lifecycle{DeleteAfterDays: days}}
		for _, to := range copies {
			r.CopyActions = append(r.CopyActions, types.CopyAction{DestinationBackupVaultArn: aws.String(to)})
		}
		return r
	}
	when := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		change func(*vaultAnswers)
		want   stated
	}{
		"unused":        {nil, stated{"immutable": false, "last_restored_at": time.Time{}, "min_retention_days": notApplicable, "copied_away": notApplicable}},
		"locked":        {func(a *vaultAnswers) { a.Vault.Locked, a.Settled = aws.Bool(true), true }, stated{"immutable": true}},
		"may be lifted": {func(a *vaultAnswers) { a.Vault.Locked = aws.Bool(true) }, stated{"immutable": false}},
		"air-gapped":    {func(a *vaultAnswers) { a.Vault.Locked, a.Vault.VaultType = nil, airGapped }, stated{"immutable": true}},
		"untold":        {func(a *vaultAnswers) { a.Vault.Locked = nil }, stated{"immutable": nil}},
		"rules": {func(a *vaultAnswers) {
			a.Rules = answered(&[]types.BackupRule{rule(aws.Int64(35)), rule(aws.Int64(7)), rule(nil)})
		}, stated{"min_retention_days": 7, "copied_away": false}},
		"kept for ever": {func(a *vaultAnswers) { a.Rules = answered(&[]types.BackupRule{rule(nil)}) }, stated{"min_retention_days": forEver}},
		"another region": {func(a *vaultAnswers) {
			a.Rules = answered(&[]types.BackupRule{rule(nil, "arn:aws:backup:eu-west-1:644160558196:backup-vault:w")})
		}, stated{"copied_away": true}},
		"another account": {func(a *vaultAnswers) {
			a.Rules = answered(&[]types.BackupRule{rule(nil, "arn:aws:backup:us-east-1:111111111111:backup-vault:w")})
		}, stated{"copied_away": true}},
		"next door": {func(a *vaultAnswers) {
			a.Rules = answered(&[]types.BackupRule{rule(nil, "arn:aws:backup:us-east-1:644160558196:backup-vault:w")})
		}, stated{"copied_away": false}},
		"bound by lock": {func(a *vaultAnswers) { a.Vault.Locked, a.Vault.MinRetentionDays = aws.Bool(true), aws.Int64(14) }, stated{"min_retention_days": 14, "copied_away": notApplicable}},
		"restored":      {func(a *vaultAnswers) { a.Restored = answered(&when) }, stated{"last_restored_at": when}},
		"tried": {func(a *vaultAnswers) {
			a.Tests = answered(&[]restoreTest{{Plan: "p", Vaults: []string{vaultARN}, Restored: when}, {Plan: "q", Vaults: []string{vaultARN}}})
		}, stated{"last_restored_at": when}},
		"tried before": {func(a *vaultAnswers) {
			a.Restored, a.Tests = answered(&when), answered(&[]restoreTest{{Plan: "p", Vaults: []string{vaultARN}, Restored: when.AddDate(0, -1, 0)}})
		}, stated{"last_restored_at": when}},
		"tests denied":              {func(a *vaultAnswers) { a.Tests = refused[[]restoreTest]() }, stated{"last_restored_at": nil}},
		"restored and tests denied": {func(a *vaultAnswers) { a.Restored, a.Tests = answered(&when), refused[[]restoreTest]() }, stated{"last_restored_at": when}},
		"plans denied":              {func(a *vaultAnswers) { a.Rules = refused[[]types.BackupRule]() }, stated{"min_retention_days": nil, "copied_away": nil}},
		"restore denied":            {func(a *vaultAnswers) { a.Restored = refused[time.Time]() }, stated{"last_restored_at": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := vaultWith(c.change)
			c.want.check(t, vaultFacts(here, a))
			roundTrip(t, a)
		})
	}
}

func TestAskVault(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, here.Region, script{
		"ListBackupVaults": say(&backup.ListBackupVaultsOutput{BackupVaultList: []types.BackupVaultListMember{
			{BackupVaultArn: aws.String(vaultARN), BackupVaultName: aws.String("v"), Locked: aws.Bool(true), LockDate: aws.Time(time.Now().Add(time.Hour)), NumberOfRecoveryPoints: 9},
			{BackupVaultArn: aws.String(vaultARN + "2"), BackupVaultName: aws.String("v2"), Locked: aws.Bool(true), LockDate: aws.Time(time.Unix(1, 0))}}}),
		"ListBackupPlans": say(&backup.ListBackupPlansOutput{BackupPlansList: []types.BackupPlansListMember{{BackupPlanId: aws.String("p")}, {BackupPlanId: aws.String("gone")}}}),
		"GetBackupPlan": func(in any) (any, error) {
			if aws.ToString(in.(*backup.GetBackupPlanInput).BackupPlanId) == "gone" {
				return refuse("ResourceNotFoundException")(in)
			}
			return &backup.GetBackupPlanOutput{BackupPlan: &types.BackupPlan{Rules: []types.BackupRule{{TargetBackupVaultName: aws.String("v2"), Lifecycle: &types.Lifecycle{DeleteAfterDays: aws.Int64(30)}}}}}, nil
		},
		"ListRestoreTestingPlans": say(&backup.ListRestoreTestingPlansOutput{RestoreTestingPlans: []types.RestoreTestingPlanForList{
			{RestoreTestingPlanName: aws.String("monthly"), LastExecutionTime: aws.Time(time.Unix(1, 0))}, {RestoreTestingPlanName: aws.String("planned")}}}),
		"GetRestoreTestingPlan": func(in any) (any, error) {
			name := aws.ToString(in.(*backup.GetRestoreTestingPlanInput).RestoreTestingPlanName)
			return &backup.GetRestoreTestingPlanOutput{RestoreTestingPlan: &types.RestoreTestingPlanForGet{RestoreTestingPlanArn: aws.String("arn:" + name),
				RecoveryPointSelection: &types.RestoreTestingRecoveryPointSelection{IncludeVaults: []string{vaultARN, vaultARN + "9"}, ExcludeVaults: []string{vaultARN + "9"}}}}, nil
		},
		"ListRestoreJobs": say(&backup.ListRestoreJobsOutput{RestoreJobs: []types.RestoreJobsListMember{
			{CreatedBy: &types.RestoreJobCreator{RestoreTestingPlanArn: aws.String("arn:monthly")}, CompletionDate: aws.Time(time.Date(2026, 1, 1, 7, 0, 0, 0, time.UTC))},
			{CreatedBy: &types.RestoreJobCreator{RestoreTestingPlanArn: aws.String("arn:other")}, CompletionDate: aws.Time(time.Date(2026, 3, 3, 7, 0, 0, 0, time.UTC))},
			{BackupVaultArn: aws.String(vaultARN + "2"), CompletionDate: aws.Time(time.Date(2026, 3, 1, 7, 0, 0, 0, time.UTC))},
			{BackupVaultArn: aws.String(vaultARN + "2"), CompletionDate: aws.Time(time.Date(2026, 2, 1, 7, 0, 0, 0, time.UTC))}}}),
	})
	for i, err := range listVaults(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		a := askVault(context.Background(), c, i)
		roundTrip(t, a)
		want := stated{"immutable": false, "min_retention_days": notApplicable, "last_restored_at": time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), "labels_read": nil}
		if *i.vault.BackupVaultName == "v2" {
			want = stated{"immutable": true, "min_retention_days": 30, "last_restored_at": time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
		}
		want.check(t, vaultFacts(here, a))
	}
	if calls("ListBackupPlans") != 1 || calls("ListRestoreJobs") != 1 || calls("GetBackupPlan") != 2 ||
		calls("ListRestoreTestingPlans") != 1 || calls("GetRestoreTestingPlan") != 1 {
		t.Error("what vaults share was asked for more than once")
	}
}

func TestProtectedResources(t *testing.T) {
	t.Parallel()
	items := protectedItems([]types.ProtectedResource{{ResourceArn: aws.String("arn:aws:ec2:us-east-1:644160558196:volume/vol-1"), LastBackupTime: aws.Time(time.Unix(1, 0))}})
	r := protectedFacts(here, items[0])
	stated{"resources": "[arn:aws:ec2:us-east-1:644160558196:volume/vol-1]", "selects": "[]"}.check(t, r)
	if r.Name != "vol-1" {
		t.Errorf("name %q", r.Name)
	}
}

func scheduleWith(d *schedules.PolicyDetails) scheduleAnswers {
	return scheduleAnswers{Item: scheduleItem{Policy: "policy-1", On: true}, Details: answered(d)}
}

func TestScheduleFacts(t *testing.T) {
	t.Parallel()
	daily := schedules.Schedule{CreateRule: &schedules.CreateRule{Interval: aws.Int32(24)}, RetainRule: &schedules.RetainRule{Count: aws.Int32(14)}}
	weekly := schedules.Schedule{CreateRule: &schedules.CreateRule{CronExpression: aws.String("cron(0 8 ? * SUN *)")}, RetainRule: &schedules.RetainRule{Count: aws.Int32(4)}}
	months := schedules.Schedule{RetainRule: &schedules.RetainRule{Interval: aws.Int32(2), IntervalUnit: schedules.RetentionIntervalUnitValuesMonths}}
	away := daily
	away.CrossRegionCopyRules = []schedules.CrossRegionCopyRule{{}}
	for name, c := range map[string]struct {
		answers scheduleAnswers
		want    stated
	}{
		"a count of days":  {scheduleWith(&schedules.PolicyDetails{Schedules: []schedules.Schedule{daily, months}}), stated{"immutable": false, "min_retention_days": 14, "copied_away": false, "last_restored_at": notApplicable}},
		"a count of weeks": {scheduleWith(&schedules.PolicyDetails{Schedules: []schedules.Schedule{weekly}}), stated{"min_retention_days": 28}},
		"months":           {scheduleWith(&schedules.PolicyDetails{Schedules: []schedules.Schedule{months}}), stated{"min_retention_days": 60}},
		"default policy":   {scheduleWith(&schedules.PolicyDetails{RetainInterval: aws.Int32(7), CrossRegionCopyTargets: []schedules.CrossRegionCopyTarget{{}}}), stated{"min_retention_days": 7, "copied_away": true}},
		"away":             {scheduleWith(&schedules.PolicyDetails{Schedules: []schedules.Schedule{away}}), stated{"copied_away": true}},
		"denied":           {scheduleAnswers{Item: scheduleItem{Policy: "policy-1", On: true}, Details: refused[schedules.PolicyDetails]()}, stated{"min_retention_days": nil, "copied_away": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, scheduleFacts(here, c.answers))
			roundTrip(t, c.answers)
		})
	}
	off := scheduleWith(&schedules.PolicyDetails{})
	off.Item.On = false
	if scheduleFacts(here, off) != nil || selectionFacts(here, off) != nil {
		t.Error("a schedule that is off is described")
	}
}

func TestSelectionFacts(t *testing.T) {
	t.Parallel()
	tags := []schedules.Tag{{Key: aws.String("backup"), Value: aws.String("daily")}}
	id := func(class inventory.Class, key, value string) string {
		return "[" + inventory.SelectionID(here.Scope, here.Region, class, key, value) + "]"
	}
	stated{"selects": id(inventory.ClassDisk, "backup", "daily")}.check(t, selectionFacts(here, scheduleWith(&schedules.PolicyDetails{ResourceTypes: []schedules.ResourceTypeValues{schedules.ResourceTypeValuesVolume}, TargetTags: tags})))
	stated{"selects": id(inventory.ClassComputeInstance, "backup", "daily")}.check(t, selectionFacts(here, scheduleWith(&schedules.PolicyDetails{ResourceTypes: []schedules.ResourceTypeValues{schedules.ResourceTypeValuesInstance}, TargetTags: tags})))
	stated{"selects": id(inventory.ClassDisk, "*", "*")}.check(t, selectionFacts(here, scheduleWith(&schedules.PolicyDetails{ResourceType: schedules.ResourceTypeValuesVolume})))
	stated{"selects": nil, "resources": nil}.check(t, selectionFacts(here, scheduleAnswers{Item: scheduleItem{Policy: "p", On: true}, Details: refused[schedules.PolicyDetails]()}))
}

func TestAskSchedule(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, here.Region, script{
		"GetLifecyclePolicies": say(&dlm.GetLifecyclePoliciesOutput{Policies: []schedules.LifecyclePolicySummary{{PolicyId: aws.String("policy-1"), State: schedules.GettablePolicyStateValuesEnabled}}}),
		"GetLifecyclePolicy":   say(&dlm.GetLifecyclePolicyOutput{Policy: &schedules.LifecyclePolicy{PolicyDetails: &schedules.PolicyDetails{RetainInterval: aws.Int32(3)}}}),
	})
	for i, err := range listSchedules(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		stated{"min_retention_days": 3}.check(t, scheduleFacts(here, askSchedule(context.Background(), c, i)))
	}
}

// Answers for the tests over the whole registry, and what is recorded.
var (
	_ = sample("aws.backup.vault", vaultFacts, vaultWith(nil))
	_ = sweep("backup.ListBackupVaults", vaultFacts, func(o *backup.ListBackupVaultsOutput) []vaultAnswers {
		return mapped(o.BackupVaultList, func(v types.BackupVaultListMember) vaultAnswers { return vaultAnswers{Vault: v} })
	})
	_ = sweep("backup.GetBackupPlan", vaultFacts, func(o *backup.GetBackupPlanOutput) []vaultAnswers {
		if o.BackupPlan == nil {
			return nil
		}
		return []vaultAnswers{vaultWith(func(a *vaultAnswers) { a.Rules = answered(kept(o.BackupPlan.Rules)) })}
	})
	_ = sample("aws.backup.protected_resource", protectedFacts, protectedItem{Resource: "arn:aws:ec2:us-east-1:644160558196:volume/vol-1"})
	_ = sample("aws.dlm.lifecycle_policy", scheduleFacts, scheduleWith(&schedules.PolicyDetails{RetainInterval: aws.Int32(7)}))
	_ = sample("aws.dlm.selection", selectionFacts, scheduleWith(&schedules.PolicyDetails{RetainInterval: aws.Int32(7)}))
)
