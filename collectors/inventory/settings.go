package inventory

// Settings are what an organisation tells the service about itself: the parameters that checks read, and the registers
// that derived facts rest on. The zero value is not useful; start from Defaults.
type Settings struct {
	OwnerKeys                []string       `json:"owner_keys" param:"owner_keys"`
	EnvironmentKeys          []string       `json:"environment_keys" param:"environment_keys"`
	ClassificationKeys       []string       `json:"classification_keys" param:"classification_keys"`
	IaCKeys                  []string       `json:"iac_keys" param:"iac_keys"`
	SensitiveClassifications []string       `json:"sensitive_classifications" param:"sensitive_classifications"`
	RecordsKeys              []string       `json:"records_keys" param:"records_keys"`
	ApprovedRegistries       []string       `json:"approved_registries" param:"approved_registries"`
	AllowedRegions           []string       `json:"allowed_regions" param:"allowed_regions"`
	QuotaHeadroomPercent     float64        `json:"quota_headroom_percent" param:"quota_headroom_percent"`
	PostureScorePercent      float64        `json:"posture_score_percent" param:"posture_score_percent"`
	ThreatTriageDays         int64          `json:"threat_triage_days" param:"threat_triage_days"`
	ControlCoveragePercent   float64        `json:"control_coverage_percent" param:"control_coverage_percent"`
	FixDays                  map[string]int `json:"fix_days" param:"fix_days"`
	ReviewDays               int64          `json:"review_days" param:"review_days"`
	RootIdleDays             int64          `json:"root_idle_days" param:"root_idle_days"`
	IdentityIdleDays         int64          `json:"identity_idle_days" param:"identity_idle_days"`
	KeyAgeDays               int64          `json:"key_age_days" param:"key_age_days"`
	KeyRotationDays          int64          `json:"key_rotation_days" param:"key_rotation_days"`
	SecretRotationDays       int64          `json:"secret_rotation_days" param:"secret_rotation_days"`
	TimeSources              []string       `json:"time_sources" param:"time_sources"`
	PatchDays                int64          `json:"patch_days" param:"patch_days"`
	ApprovedImages           []string       `json:"approved_images" param:"approved_images"`
	ImageAgeDays             int64          `json:"image_age_days" param:"image_age_days"`
	MalwareOSFamilies        []string       `json:"malware_os_families" param:"malware_os_families"`
	SnapshotMaxAgeDays       int64          `json:"snapshot_max_age_days" param:"snapshot_max_age_days"`
	BackupRetentionDays      int64          `json:"backup_retention_days" param:"backup_retention_days"`
	RestoreTestDays          int64          `json:"restore_test_days" param:"restore_test_days"`
	CertificateDays          int64          `json:"certificate_days" param:"certificate_days"`
	AuditRetentionDays       int64          `json:"audit_retention_days" param:"audit_retention_days"`
	LogMinDays               int64          `json:"log_min_days" param:"log_min_days"`
	LogMaxDays               int64          `json:"log_max_days" param:"log_max_days"`

	// CadenceHours is how old the oldest reading in use may be before a control is stale.
	CadenceHours int64 `json:"cadence_hours"`
	// Suppliers are the foreign accounts somebody has named: the supplier register.
	Suppliers []string `json:"suppliers"`
	// OwnAccounts are the organisation's accounts that are not scopes here.
	OwnAccounts []string `json:"own_accounts"`
	// Environments maps a scope to the environment everything in it belongs to, unless a label says otherwise.
	Environments map[ScopeID]string `json:"environments"`
	// Applications maps a database to the ids of the machines its owner confirmed as its application.
	Applications map[string][]string `json:"applications"`
	// CollectorPrincipals are the identities this service collects with.
	CollectorPrincipals []string `json:"collector_principals"`
}

// Defaults are the settings before anybody changes one.
func Defaults() Settings {
	return Settings{
		OwnerKeys:                []string{"owner", "team", "contact"},
		EnvironmentKeys:          []string{"environment", "env", "stage"},
		ClassificationKeys:       []string{"data-classification", "classification"},
		IaCKeys:                  []string{"managed-by", "terraform", "pulumi"},
		SensitiveClassifications: []string{"confidential", "restricted", "personal"},
		RecordsKeys:              []string{"records", "retention"},
		QuotaHeadroomPercent:     20,
		PostureScorePercent:      99,
		ThreatTriageDays:         3,
		ControlCoveragePercent:   95,
		FixDays:                  map[string]int{"critical": 7, "high": 30, "medium": 90, "low": 180},
		ReviewDays:               90,
		RootIdleDays:             30,
		IdentityIdleDays:         90,
		KeyAgeDays:               90,
		KeyRotationDays:          365,
		SecretRotationDays:       180,
		PatchDays:                30,
		ImageAgeDays:             180,
		MalwareOSFamilies:        []string{"windows"},
		SnapshotMaxAgeDays:       365,
		BackupRetentionDays:      7,
		RestoreTestDays:          180,
		CertificateDays:          30,
		AuditRetentionDays:       365,
		LogMinDays:               90,
		LogMaxDays:               400,
		CadenceHours:             48,
		ApprovedRegistries:       []string{},
		AllowedRegions:           []string{},
		TimeSources:              []string{},
		ApprovedImages:           []string{},
		Suppliers:                []string{},
		OwnAccounts:              []string{},
		CollectorPrincipals:      []string{},
		Environments:             map[ScopeID]string{},
		Applications:             map[string][]string{},
	}
}
