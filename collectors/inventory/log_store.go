package inventory

// LogStore is the class log_store: a place where logs live: log group, workspace, log bucket.
type LogStore struct {
	// RetentionDays is the int retention_days: Days logs are kept; 0 is for ever. Unit: days.
	//   AWS: retentionInDays (absent is 0).
	//   Azure: properties.retentionInDays; tables totalRetentionInDays.
	//   Google Cloud: retentionDays.
	RetentionDays int64 `cel:"retention_days" json:"retention_days"`
	// HoldsAudit is the bool holds_audit: Receives audit or security logs.
	//   AWS: derived: destination of audit_trail, flow or query logs.
	//   Azure: derived: destination of diagnostic settings with audit categories.
	//   Google Cloud: derived: destination of sinks with audit filters.
	HoldsAudit bool `cel:"holds_audit" json:"holds_audit" stage:"derived"`
	// Public is the bool public: Anyone can read it.
	//   AWS: logs:DescribeResourcePolicies Principal *.
	//   Azure: n/a: queries always need a directory identity.
	//   Google Cloud: n/a: log buckets cannot be granted to the public.
	Public bool `cel:"public" json:"public"`
	// Masked is the bool masked: Personal data and secrets in log lines are hidden from readers.
	//   AWS: logs:GetDataProtectionPolicy Statement Operation Deidentify.
	//   Azure: n/a: masking is done by transformation text whose effect cannot be proved from configuration.
	//   Google Cloud: restrictedFields[] non-empty.
	Masked bool `cel:"masked" json:"masked"`
	// CustomerKey is the bool customer_key: The key is the organisation's own, so it can be withheld.
	//   AWS: kmsKeyId.
	//   Azure: linked cluster with keyVaultProperties.
	//   Google Cloud: cmekSettings.kmsKeyName.
	CustomerKey bool `cel:"customer_key" json:"customer_key"`
}
