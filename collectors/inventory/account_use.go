package inventory

// RegionUse says what an account holds in one region: enough to fold what is set by region over the regions in use,
// without loading what is in them.
type RegionUse struct {
	Account string `json:"account" link:"of_account"`
	// Holds are the workloads found there: machines, disks, databases, functions, kubernetes, containers,
	// object_storage, file_shares.
	Holds []string `json:"holds"`
	// Unread are the workloads that could not be asked for, each with the reason; its fact names the workload.
	Unread []Unknown `json:"unread"`
	// BackupPlans counts the backup plans and snapshot schedules of the region that select something.
	BackupPlans int64 `json:"backup_plans" stage:"derived"`
}

// AlertRule tells people or programs of events as they happen.
type AlertRule struct {
	Account string `json:"account" link:"alerts_for"`
	// Catches are the names of the events it catches, as AlertNeed.Events spells them.
	Catches []string `json:"catches"`
	// Live says that it is switched on and that somebody or something receives what it tells.
	Live bool `json:"live"`
	// Everywhere says that it hears of events of all regions, not only of its own.
	Everywhere bool `json:"everywhere"`
}

// EndpointGuard is malware protection that reports from one machine.
type EndpointGuard struct {
	Machine string `json:"machine" link:"guards_endpoint"`
	Healthy bool   `json:"healthy"`
}

// FloodShield is bought protection of one resource against volumetric attacks.
type FloodShield struct {
	Resource string `json:"resource" link:"shields"`
}
