package inventory

import "time"

// SecurityFinding is the class security_finding: a finding made by a provider service and pulled in as
// evidence.
type SecurityFinding struct {
	// Kind is the enum kind: threat, vulnerability or architecture.
	//   AWS: ProductFields and Types[].
	//   Azure: alert, subassessment or advisor category.
	//   Google Cloud: findingClass THREAT or VULNERABILITY; recommender type.
	Kind string `cel:"kind" json:"kind"`
	// Severity is the enum severity: critical, high, medium or low.
	//   AWS: Severity.Label.
	//   Azure: properties.severity or properties.status.severity.
	//   Google Cloud: severity.
	Severity string `cel:"severity" json:"severity"`
	// Open is the bool open: Nobody has closed, muted or triaged it.
	//   AWS: Workflow.Status=NEW and RecordState=ACTIVE.
	//   Azure: alert properties.status=Active; assessment properties.status.code=Unhealthy.
	//   Google Cloud: state=ACTIVE and mute!=MUTED.
	Open bool `cel:"open" json:"open"`
	// FirstSeenAt is the timestamp first_seen_at: When it was first seen. Unit: UTC.
	//   AWS: FirstObservedAt or CreatedAt.
	//   Azure: properties.startTimeUtc or timeGenerated.
	//   Google Cloud: createTime.
	FirstSeenAt time.Time `cel:"first_seen_at" json:"first_seen_at"`
}
