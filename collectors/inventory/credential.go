package inventory

import "time"

// Credential is the class credential: a long-lived secret the provider issued: key, client secret, API key,
// storage key.
type Credential struct {
	// Kind is the enum kind: access_key, client_secret, service_account_key, api_key or storage_key.
	//   AWS: access_key.
	//   Azure: client_secret or storage_key.
	//   Google Cloud: service_account_key, api_key or storage_key.
	Kind string `cel:"kind" json:"kind"`
	// OwnerKind is the enum owner_kind: root, human or workload.
	//   AWS: UserName or root; tag or naming rule for workload users.
	//   Azure: application or storage account: workload.
	//   Google Cloud: service account: workload; API key: workload.
	OwnerKind string `cel:"owner_kind" json:"owner_kind"`
	// Enabled is the bool enabled: Accepted by the provider now.
	//   AWS: Status=Active.
	//   Azure: endDateTime in the future; storage allowSharedKeyAccess != false.
	//   Google Cloud: disabled=false; state=ACTIVE.
	Enabled bool `cel:"enabled" json:"enabled"`
	// RotatedAt is the timestamp rotated_at: When it was issued or last rotated. Unit: UTC.
	//   AWS: CreateDate.
	//   Azure: startDateTime; keyCreationTime.key1, key2.
	//   Google Cloud: validAfterTime; createTime.
	RotatedAt time.Time `cel:"rotated_at" json:"rotated_at"`
	// LastUsedAt is the timestamp last_used_at: When it was last used; never used: when it was issued. Unit: UTC.
	//   AWS: AccessKeyLastUsed.LastUsedDate.
	//   Azure: graph beta /reports/appCredentialSignInActivities signInActivity.lastSignInDateTime.
	//   Google Cloud: policyanalyzer serviceAccountKeyLastAuthentication.
	LastUsedAt time.Time `cel:"last_used_at" json:"last_used_at"`
	// Restricted is the bool restricted: Bound to named APIs and to callers (address, referrer, app).
	//   AWS: n/a: access keys carry no restriction of their own; see access_grant.
	//   Azure: n/a: client secrets carry no restriction of their own; see access_grant.
	//   Google Cloud: restrictions.apiTargets and one of browserKeyRestrictions, serverKeyRestrictions,
	//   androidKeyRestrictions, iosKeyRestrictions.
	Restricted bool `cel:"restricted" json:"restricted"`
}
