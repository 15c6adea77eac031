package inventory

// ObjectStorage is the class object_storage: a bucket, or a storage account with its containers.
type ObjectStorage struct {
	// PublicByPolicy is the bool public_by_policy: Its policy lets anyone on the internet read, list or write,
	// block settings counted in.
	//   AWS: s3:GetBucketPolicyStatus PolicyStatus.IsPublic; s3:GetBucketPolicy Statement[]; access point
	//   policies; minus PublicAccessBlock.
	//   Azure: n/a: anonymous access is granted container by container; see object-storage-not-public-by-acl.
	//   Google Cloud: getIamPolicy bindings[].members allUsers, allAuthenticatedUsers; minus
	//   publicAccessPrevention.
	PublicByPolicy bool `cel:"public_by_policy" json:"public_by_policy" stage:"derived"`
	// PublicByACL is the bool public_by_acl: An access list on the bucket or container lets anyone in, block
	// settings counted in.
	//   AWS: s3:GetBucketAcl Grants[].Grantee.URI AllUsers, AuthenticatedUsers; minus IgnorePublicAcls.
	//   Azure: containers[].properties.publicAccess Blob or Container with allowBlobPublicAccess.
	//   Google Cloud: acl[], defaultObjectAcl[].entity allUsers, allAuthenticatedUsers; minus
	//   publicAccessPrevention.
	PublicByACL bool `cel:"public_by_acl" json:"public_by_acl" stage:"derived"`
	// PublicBlocked is the bool public_blocked: A switch makes public access impossible whatever the policy says.
	//   AWS: s3:GetPublicAccessBlock (bucket and account) all four true.
	//   Azure: properties.allowBlobPublicAccess=false.
	//   Google Cloud: iamConfiguration.publicAccessPrevention=enforced, or inherited and enforced by organisation
	//   policy.
	PublicBlocked bool `cel:"public_blocked" json:"public_blocked" stage:"derived"`
	// ACLEnabled is the bool acl_enabled: Per-object access lists still count.
	//   AWS: s3:GetBucketOwnershipControls ObjectOwnership != BucketOwnerEnforced.
	//   Azure: n/a: blobs have no access lists; containers only the level read by public_by_acl.
	//   Google Cloud: iamConfiguration.uniformBucketLevelAccess.enabled=false.
	ACLEnabled bool `cel:"acl_enabled" json:"acl_enabled"`
	// TLSRequired is the bool tls_required: Refuses clear-text requests.
	//   AWS: s3:GetBucketPolicy Deny * with Bool aws:SecureTransport=false.
	//   Azure: properties.supportsHttpsTrafficOnly.
	//   Google Cloud: effective organisation policy storage.secureHttpTransport.
	TLSRequired bool `cel:"tls_required" json:"tls_required"`
	// TLSMinVersion is the number tls_min_version: Oldest TLS version served. Unit: TLS version as 1.0 … 1.3.
	//   AWS: inherent: the service serves 1.2 and later only.
	//   Azure: properties.minimumTlsVersion.
	//   Google Cloud: effective organisation policy gcp.restrictTLSVersion, else 1.0.
	TLSMinVersion float64 `cel:"tls_min_version" json:"tls_min_version"`
	// EncryptedAtRest is the bool encrypted_at_rest: Content is encrypted on the medium.
	//   AWS: inherent: the platform always encrypts new objects.
	//   Azure: inherent: the platform always encrypts.
	//   Google Cloud: inherent: the platform always encrypts.
	EncryptedAtRest bool `cel:"encrypted_at_rest" json:"encrypted_at_rest"`
	// CustomerKey is the bool customer_key: The key is the organisation's own, so it can be withheld.
	//   AWS: s3:GetBucketEncryption ServerSideEncryptionConfiguration SSEAlgorithm=aws:kms with a customer key.
	//   Azure: properties.encryption.keySource=Microsoft.Keyvault.
	//   Google Cloud: encryption.defaultKmsKeyName.
	CustomerKey bool `cel:"customer_key" json:"customer_key" stage:"derived"`
	// Versioning is the bool versioning: Old versions of objects are kept.
	//   AWS: s3:GetBucketVersioning Status=Enabled.
	//   Azure: blobServices/default properties.isVersioningEnabled.
	//   Google Cloud: versioning.enabled.
	Versioning bool `cel:"versioning" json:"versioning"`
	// DeleteProtected is the bool delete_protected: Deleted data can be had back, or cannot be deleted: object
	// lock, soft delete of 7 days or more, or deletion with a second factor.
	//   AWS: s3:GetBucketVersioning MFADelete; s3:GetObjectLockConfiguration.
	//   Azure: deleteRetentionPolicy.enabled, days; containerDeleteRetentionPolicy; immutabilityPolicy.
	//   Google Cloud: softDeletePolicy.retentionDurationSeconds; retentionPolicy.retentionPeriod.
	DeleteProtected bool `cel:"delete_protected" json:"delete_protected"`
	// AccessLogged is the bool access_logged: Reads and writes of objects are recorded.
	//   AWS: s3:GetBucketLogging TargetBucket; cloudtrail:GetEventSelectors data events.
	//   Azure: diagnosticSettings on blobServices/default StorageRead, StorageWrite, StorageDelete.
	//   Google Cloud: logging.logBucket; auditConfigs storage.googleapis.com DATA_READ, DATA_WRITE.
	AccessLogged bool `cel:"access_logged" json:"access_logged" stage:"derived"`
	// ExpiryRule is the bool expiry_rule: A rule deletes or expires what is no longer needed.
	//   AWS: s3:GetLifecycleConfiguration Rules[].Expiration, NoncurrentVersionExpiration.
	//   Azure: managementPolicies/default policy.rules[].definition.actions.*.delete.
	//   Google Cloud: lifecycle.rule[].action.type=Delete.
	ExpiryRule bool `cel:"expiry_rule" json:"expiry_rule"`
	// HoldsRecords is the bool holds_records: Target of audit trails, log exports or backups, or labelled as
	// records.
	//   AWS: derived: destination of audit_trail, flow logs, access logs; tag.
	//   Azure: derived: storageId of diagnostic settings; tag.
	//   Google Cloud: derived: sink destinations; label.
	HoldsRecords bool `cel:"holds_records" json:"holds_records" stage:"derived"`
	// RetentionLocked is the bool retention_locked: Nobody can shorten the retention.
	//   AWS: s3:GetObjectLockConfiguration DefaultRetention Mode=COMPLIANCE (GOVERNANCE can be bypassed and does
	//   not count).
	//   Azure: immutabilityPolicies state=Locked, or immutableStorageWithVersioning.
	//   Google Cloud: retentionPolicy.isLocked.
	RetentionLocked bool `cel:"retention_locked" json:"retention_locked"`
	// OtherRegionCopy is the bool other_region_copy: A second region holds a copy.
	//   AWS: s3:GetBucketReplication Rules[].Destination in another region.
	//   Azure: sku.name *GRS, *GZRS; objectReplicationPolicies.
	//   Google Cloud: locationType multi-region or dual-region.
	OtherRegionCopy bool `cel:"other_region_copy" json:"other_region_copy" stage:"derived"`
	// NetworkRestricted is the bool network_restricted: Reachable only from named networks or private endpoints.
	//   AWS: s3:GetBucketPolicy Deny unless aws:SourceVpce, aws:SourceVpc, aws:SourceIp or aws:PrincipalOrgID.
	//   Azure: networkAcls.defaultAction=Deny or publicNetworkAccess=Disabled.
	//   Google Cloud: accesscontextmanager servicePerimeters resources and restrictedServices;
	//   ipFilter.mode=Enabled.
	NetworkRestricted bool `cel:"network_restricted" json:"network_restricted"`
	// UnknownPrincipals is the int unknown_principals: Principals outside the organisation and outside the
	// supplier register that its own policy lets in. Unit: principals.
	//   AWS: s3:GetBucketPolicy and GetBucketAcl principals of other accounts; replication to other accounts.
	//   Azure: properties.allowCrossTenantReplication; foreign role assignments.
	//   Google Cloud: getIamPolicy members outside the customer domains.
	UnknownPrincipals int64 `cel:"unknown_principals" json:"unknown_principals" stage:"derived"`

	// PolicyPublic is what the policy alone says, before any block setting.
	PolicyPublic bool `json:"policy_public"`
	// ACLPublic is what the access list alone says, before any block setting.
	ACLPublic bool `json:"acl_public"`
	// Block is the bucket's own switch against public access.
	Block PublicAccessBlock `json:"block"`
	// Principals are the foreign accounts its policy and access list let in.
	Principals []string `json:"principals"`
	// EncryptionKey is the id of the key that encrypts new objects; empty for the platform's.
	EncryptionKey string `json:"encryption_key" link:"encrypted_by"`
	// LogTarget is the id of the bucket that use of objects is recorded to; empty when it is not recorded that way.
	LogTarget string `json:"log_target" link:"logs_to"`
	// ExpiryDays is after how many days objects expire; 0 when no rule says so.
	ExpiryDays int64 `json:"expiry_days"`
	// Replicas are the ids of the stores that get a copy of every object.
	Replicas []string `json:"replicas" link:"replicates_to"`
}
