package inventory

// SecurityService is the class security_service: a managed security capability of an account, one record for
// each kind, folded over the regions in use.
type SecurityService struct {
	// Kind is the enum kind: threat_detection, malware_protection, vulnerability_scanning, posture_management,
	// configuration_history, sensitive_data_discovery or access_review.
	//   AWS: the service the record came from.
	//   Azure: the plan or extension name.
	//   Google Cloud: the service name.
	Kind string `cel:"kind" json:"kind"`
	// Enabled is the bool enabled: On in every region in use.
	//   AWS: GuardDuty Status=ENABLED; Features[EBS_MALWARE_PROTECTION or RUNTIME_MONITORING]; inspector2
	//   resourceState.*.status; SecurityHub HubArn; recorder recording=true and lastStatus=SUCCESS; macie2
	//   status=ENABLED; analyzer status=ACTIVE.
	//   Azure: properties.pricingTier=Standard for VirtualMachines, Arm, CloudPosture; extensions[]
	//   AgentlessVmScanning, ContainerRegistriesVulnerabilityAssessments, OnUploadMalwareScanning,
	//   SensitiveDataDiscovery isEnabled; graph /identityGovernance/accessReviews/definitions.
	//   Google Cloud: effectiveEnablementState=ENABLED for event-threat-detection, vm-threat-detection, vm-manager
	//   or gce-vulnerability-assessment, security-health-analytics; dlp.discoveryConfigs status=RUNNING;
	//   cloudasset, containeranalysis, recommender, policyanalyzer services enabled.
	Enabled bool `cel:"enabled" json:"enabled" stage:"derived"`
	// PlansMissing is the list<string> plans_missing: Workload plans of the service that are off although the
	// account holds that workload.
	//   AWS: guardduty:GetDetector Features[].Status for S3_DATA_EVENTS, EKS_AUDIT_LOGS, RDS_LOGIN_EVENTS,
	//   LAMBDA_NETWORK_LOGS, RUNTIME_MONITORING.
	//   Azure: Microsoft.Security/pricings properties.pricingTier=Free for AppServices, SqlServers,
	//   SqlServerVirtualMachines, OpenSourceRelationalDatabases, CosmosDbs, StorageAccounts, Containers,
	//   KeyVaults, Dns.
	//   Google Cloud: securityCenterServices effectiveEnablementState for container-threat-detection,
	//   cloud-run-threat-detection, vm-threat-detection, event-threat-detection.
	PlansMissing []string `cel:"plans_missing" json:"plans_missing" stage:"derived"`
	// ScorePercent is the number score_percent: Posture score the provider itself reports. Unit: %.
	//   AWS: securityhub:GetFindings: share of controls with no FAILED finding (the provider shows this figure but
	//   offers no call for it).
	//   Azure: Microsoft.Security/secureScores/ascScore properties.score.percentage.
	//   Google Cloud: n/a: Security Command Center publishes findings, no score.
	ScorePercent float64 `cel:"score_percent" json:"score_percent"`

	// States say how the service stands in each region, where its provider keeps it by region.
	States []ServiceState `json:"states" stage:"derived"`
}

// ServiceState is how a security service stands in one region.
type ServiceState struct {
	// Region is "*" where the regions themselves could not be listed.
	Region string `json:"region"`
	On     bool   `json:"on,omitempty"`
	// Unread is why the region did not say.
	Unread *Unknown `json:"unread,omitempty"`
	// Plans are its parts that watch one kind of workload each.
	Plans []ServicePlan `json:"plans,omitempty"`
}

// ServicePlan is a part of a security service that watches one kind of workload.
type ServicePlan struct {
	Name string `json:"name"`
	// Workload is one of the words of RegionUse.Holds.
	Workload string `json:"workload"`
	On       bool   `json:"on,omitempty"`
	// Engines are the only engines it watches, where it does not watch all.
	Engines []string `json:"engines,omitempty"`
}
