package inventory

// AuditTrail is the class audit_trail: the record of who did what through the control plane.
type AuditTrail struct {
	// Complete is the bool complete: Running, for all regions and all kinds of control-plane change.
	//   AWS: IsMultiRegionTrail, IncludeGlobalServiceEvents, IsLogging, ReadWriteType=All.
	//   Azure: logs[] Administrative, Security, Policy, Alert enabled.
	//   Google Cloud: sink filter empty or admitting cloudaudit.googleapis.com/activity, system_event, policy; no
	//   exclusion on them.
	Complete bool `cel:"complete" json:"complete"`
	// DataEvents is the bool data_events: Reads and writes of stored data are recorded too.
	//   AWS: EventSelectors[].DataResources, AdvancedEventSelectors.
	//   Azure: diagnosticSettings of storage accounts and vaults, by policy or one by one.
	//   Google Cloud: auditConfigs allServices or storage, bigquery, secretmanager DATA_READ, DATA_WRITE without
	//   exemptedMembers.
	DataEvents bool `cel:"data_events" json:"data_events"`
	// IntegrityProtected is the bool integrity_protected: The record cannot be changed or shortened unseen.
	//   AWS: LogFileValidationEnabled; or Object Lock of S3BucketName.
	//   Azure: storageId container immutability Locked.
	//   Google Cloud: destination bucket retentionPolicy.isLocked, or log bucket locked; _Required inherent for
	//   admin activity.
	IntegrityProtected bool `cel:"integrity_protected" json:"integrity_protected" stage:"derived"`
	// DestinationPublic is the bool destination_public: Anyone can read where it is kept.
	//   AWS: object_storage.public_by_policy or public_by_acl of S3BucketName.
	//   Azure: same of storageId.
	//   Google Cloud: same of the sink destination.
	DestinationPublic bool `cel:"destination_public" json:"destination_public" stage:"derived"`
	// SeparateAccount is the bool separate_account: Kept in an account that the watched administrators cannot
	// change.
	//   AWS: owner of S3BucketName != account.
	//   Azure: subscription of storageId or workspaceId != subscription.
	//   Google Cloud: project of the sink destination != project.
	SeparateAccount bool `cel:"separate_account" json:"separate_account" stage:"derived"`
	// RetentionDays is the int retention_days: Days it is kept. Unit: days.
	//   AWS: lifecycle expiry of S3BucketName, or RetentionInDays of the log group; none is unlimited.
	//   Azure: retentionPolicy, management policy of storageId, or workspace retentionInDays.
	//   Google Cloud: retentionDays of the log bucket, lifecycle of the storage bucket; 400 for _Required.
	RetentionDays int64 `cel:"retention_days" json:"retention_days" stage:"derived"`
	// Queryable is the bool queryable: Flows to a place where rules can raise alerts on it.
	//   AWS: CloudWatchLogsLogGroupArn, LatestCloudWatchLogsDeliveryTime; or event data store.
	//   Azure: workspaceId or eventHubAuthorizationRuleId.
	//   Google Cloud: inherent: audit logs are always in Cloud Logging, where alert rules read them.
	Queryable bool `cel:"queryable" json:"queryable" stage:"derived"`

	// Destination is the id of the store the record is kept in.
	Destination string `json:"destination" link:"records_to"`
	// LogStore is the id of the log store that the record flows to as well, where it can be queried.
	LogStore string `json:"log_store" link:"queried_in"`
	// Delivered says that what is recorded arrives in the log store, and Stored that the record is itself a store that
	// takes in events and can be queried.
	Delivered bool `json:"delivered" stage:"derived"`
	Stored    bool `json:"stored" stage:"derived"`
	// DataKinds are the kinds of resources of which it records the reading and the writing of data.
	DataKinds []string `json:"data_kinds"`
	// Watches are the scopes whose changes the trail records; the record of an account without a trail names its own.
	Watches []string `json:"watches" link:"watches"`
	// Validated says that each file of the record is signed by the provider.
	Validated bool `json:"validated"`
	// LeavesOutKeyUse says that use of encryption keys is left out of the record.
	LeavesOutKeyUse bool `json:"leaves_out_key_use"`
}
