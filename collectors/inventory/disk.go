package inventory

// Disk is the class disk: a block volume.
type Disk struct {
	// EncryptedAtRest is the bool encrypted_at_rest: Content is encrypted on the medium.
	//   AWS: Encrypted.
	//   Azure: inherent: the platform always encrypts.
	//   Google Cloud: inherent: the platform always encrypts.
	EncryptedAtRest bool `cel:"encrypted_at_rest" json:"encrypted_at_rest"`
	// CustomerKey is the bool customer_key: The key is the organisation's own, so it can be withheld.
	//   AWS: KmsKeyId resolved by kms:DescribeKey KeyManager=CUSTOMER.
	//   Azure: encryption.type EncryptionAtRestWithCustomerKey or WithPlatformAndCustomerKeys.
	//   Google Cloud: diskEncryptionKey.kmsKeyName or sha256.
	CustomerKey bool `cel:"customer_key" json:"customer_key" stage:"derived"`
	// Attached is the bool attached: In use by a machine.
	//   AWS: Attachments[] non-empty.
	//   Azure: diskState=Attached or Reserved; managedBy.
	//   Google Cloud: users[] non-empty.
	Attached bool `cel:"attached" json:"attached"`
	// BackupCovered is the bool backup_covered: A schedule or plan copies it.
	//   AWS: backup:ListProtectedResources; ec2:DescribeSnapshots StartTime; dlm target tags.
	//   Azure: recoveryServices backupProtectedItems of the machine; backupInstances.
	//   Google Cloud: resourcePolicies[] with snapshotSchedulePolicy; backupPlanAssociations.
	BackupCovered bool `cel:"backup_covered" json:"backup_covered" stage:"derived"`

	// EncryptionKey is the id of the key that encrypts the volume; empty for the platform's.
	EncryptionKey string `json:"encryption_key" link:"encrypted_by"`
	// Machines are the ids of the machines it is attached to.
	Machines []string `json:"machines" link:"attached_to"`
	// Source is the id of the copy the volume was made from; empty for an original.
	Source string `json:"source" link:"copied_from"`
}
