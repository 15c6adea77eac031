package inventory

import "time"

// BackupVault is the class backup_vault: where backups are kept.
type BackupVault struct {
	// Immutable is the bool immutable: Backups cannot be deleted before their time.
	//   AWS: Locked, MinRetentionDays.
	//   Azure: securitySettings.immutabilitySettings.state Unlocked or Locked, softDeleteSettings AlwaysON.
	//   Google Cloud: backupMinimumEnforcedRetentionDuration, effectiveTime.
	Immutable bool `cel:"immutable" json:"immutable"`
	// MinRetentionDays is the int min_retention_days: Shortest retention of a daily backup. Unit: days.
	//   AWS: backup:GetBackupPlan Rules[].Lifecycle.DeleteAfterDays.
	//   Azure: backupPolicies retentionPolicy.dailySchedule.retentionDuration.
	//   Google Cloud: backupPlans backupRules[].backupRetentionDays;
	//   snapshotSchedulePolicy.retentionPolicy.maxRetentionDays.
	MinRetentionDays int64 `cel:"min_retention_days" json:"min_retention_days"`
	// CopiedAway is the bool copied_away: A copy goes to another region or account.
	//   AWS: GetBackupPlan Rules[].CopyActions.
	//   Azure: redundancySettings.standardTierStorageRedundancy=GeoRedundant with crossRegionRestore.
	//   Google Cloud: backup vault location differs from the source; snapshot storageLocations multi-region.
	CopiedAway bool `cel:"copied_away" json:"copied_away" stage:"derived"`
	// LastRestoredAt is the timestamp last_restored_at: When the last restore finished; the zero time when none
	// ever has. Unit: UTC.
	//   AWS: ListRestoreJobs Status=COMPLETED CompletionDate; restore testing plan.
	//   Azure: backupJobs operation=Restore status=Completed endTime.
	//   Google Cloud: backupdr operations restore done; sql.operations.list RESTORE_VOLUME; cloudaudit disk from
	//   snapshot.
	LastRestoredAt time.Time `cel:"last_restored_at" json:"last_restored_at" stage:"derived"`
}
