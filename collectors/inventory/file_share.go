package inventory

// FileShare is the class file_share: a network file system.
type FileShare struct {
	// EncryptedAtRest is the bool encrypted_at_rest: Content is encrypted on the medium.
	//   AWS: Encrypted.
	//   Azure: inherent: the platform always encrypts.
	//   Google Cloud: inherent: the platform always encrypts.
	EncryptedAtRest bool `cel:"encrypted_at_rest" json:"encrypted_at_rest"`
	// EncryptedInTransit is the bool encrypted_in_transit: Refuses mounts in the clear.
	//   AWS: elasticfilesystem:DescribeFileSystemPolicy Deny aws:SecureTransport=false.
	//   Azure: supportsHttpsTrafficOnly with protocolSettings.smb.channelEncryption and versions SMB3.1.1.
	//   Google Cloud: protocol NFS_V4_1 with directoryServices, nfsExportOptions securityFlavors krb5p.
	EncryptedInTransit bool `cel:"encrypted_in_transit" json:"encrypted_in_transit"`
	// NetworkRestricted is the bool network_restricted: Mountable from named networks only.
	//   AWS: no file system policy with Principal * and no condition; no mount target in a subnet that routes to
	//   the internet with an open group.
	//   Azure: networkAcls.defaultAction=Deny or publicNetworkAccess=Disabled.
	//   Google Cloud: nfsExportOptions.ipRanges within the private ranges.
	NetworkRestricted bool `cel:"network_restricted" json:"network_restricted" stage:"derived"`
	// BackupCovered is the bool backup_covered: A schedule or plan copies it.
	//   AWS: elasticfilesystem:DescribeBackupPolicy Status=ENABLED; backup:ListProtectedResources.
	//   Azure: recoveryServices protected item AzureFileShare; shareDeleteRetentionPolicy.
	//   Google Cloud: file.backups.list fresh; backup plan association.
	BackupCovered bool `cel:"backup_covered" json:"backup_covered" stage:"derived"`

	// PolicyOpen says whether its own policy lets anyone mount it; one without a policy leaves that to its filters.
	PolicyOpen bool `json:"policy_open"`
	// Ports are those on which clients mount it, as in "tcp/2049".
	Ports []string `json:"ports"`
	// Interfaces are the ids of the network interfaces at which it answers.
	Interfaces []string `json:"interfaces" link:"wears"`
}
