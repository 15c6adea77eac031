package inventory

import "time"

// Snapshot is the class snapshot: a point-in-time copy of a disk or a database.
type Snapshot struct {
	// Public is the bool public: Anyone can copy or download it.
	//   AWS: ec2:DescribeSnapshotAttribute createVolumePermission Group=all; rds:DescribeDBSnapshotAttributes
	//   restore=all.
	//   Azure: publicNetworkAccess=Enabled, networkAccessPolicy=AllowAll and an active download link
	//   (diskState=ActiveSAS).
	//   Google Cloud: compute.snapshots.getIamPolicy allUsers, allAuthenticatedUsers.
	Public bool `cel:"public" json:"public"`
	// UnknownPrincipals is the int unknown_principals: Principals outside the organisation and outside the
	// supplier register that its own policy lets in. Unit: principals.
	//   AWS: createVolumePermission UserId; restore account ids; AccountsWithRestoreAccess.
	//   Azure: role assignments on the snapshot by foreign principals.
	//   Google Cloud: getIamPolicy members outside the customer domains.
	UnknownPrincipals int64 `cel:"unknown_principals" json:"unknown_principals" stage:"derived"`
	// EncryptedAtRest is the bool encrypted_at_rest: Content is encrypted on the medium.
	//   AWS: Encrypted, StorageEncrypted.
	//   Azure: inherent: the platform always encrypts.
	//   Google Cloud: inherent: the platform always encrypts.
	EncryptedAtRest bool `cel:"encrypted_at_rest" json:"encrypted_at_rest"`
	// TakenAt is the timestamp taken_at: When it was taken. Unit: UTC.
	//   AWS: StartTime, SnapshotCreateTime.
	//   Azure: timeCreated.
	//   Google Cloud: creationTimestamp, endTime.
	TakenAt time.Time `cel:"taken_at" json:"taken_at"`
	// ClassificationKept is the bool classification_kept: Carries the same classification label as its source.
	//   AWS: Tags against the tags of VolumeId or DBInstanceIdentifier.
	//   Azure: tags against creationData.sourceResourceId.
	//   Google Cloud: labels against sourceDisk.
	ClassificationKept bool `cel:"classification_kept" json:"classification_kept" stage:"derived"`

	// Source is the id of what the copy was taken of.
	Source string `json:"source" link:"copied_from"`
	// Principals are the foreign accounts that may use the copy.
	Principals []string `json:"principals"`
	// EncryptionKey is the id of the key that encrypts the copy; empty for the platform's.
	EncryptionKey string `json:"encryption_key" link:"encrypted_by"`
}
