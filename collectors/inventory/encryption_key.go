package inventory

// EncryptionKey is the class encryption_key: a customer key in a key service.
type EncryptionKey struct {
	// Rotatable is the bool rotatable: A kind of key that can rotate.
	//   AWS: KeyManager=CUSTOMER, KeySpec=SYMMETRIC_DEFAULT, Origin=AWS_KMS.
	//   Azure: inherent: every key accepts a rotation policy.
	//   Google Cloud: purpose=ENCRYPT_DECRYPT, not imported.
	Rotatable bool `cel:"rotatable" json:"rotatable"`
	// Rotated is the bool rotated: Rotates by itself within param.key_rotation_days, or expires within it.
	//   AWS: KeyRotationEnabled, RotationPeriodInDays.
	//   Azure: rotationPolicy.lifetimeActions Rotate; attributes.exp.
	//   Google Cloud: rotationPeriod, nextRotationTime.
	Rotated bool `cel:"rotated" json:"rotated" stage:"derived"`
	// Public is the bool public: Anyone may use or manage it.
	//   AWS: GetKeyPolicy Principal * without condition.
	//   Azure: n/a: vault permissions name directory principals only.
	//   Google Cloud: getIamPolicy allUsers, allAuthenticatedUsers.
	Public bool `cel:"public" json:"public"`
	// DeletionGuarded is the bool deletion_guarded: Cannot be destroyed at once, and is not on its way out.
	//   AWS: KeyState != PendingDeletion.
	//   Azure: enableSoftDelete and enablePurgeProtection of the vault.
	//   Google Cloud: destroyScheduledDuration >= 30 days; no primary version DESTROY_SCHEDULED.
	DeletionGuarded bool `cel:"deletion_guarded" json:"deletion_guarded"`
	// NetworkRestricted is the bool network_restricted: The key store answers only named networks.
	//   AWS: n/a: the service has no network switch; the key policy is the guard.
	//   Azure: vault publicNetworkAccess=Disabled or networkAcls.defaultAction=Deny, privateEndpointConnections.
	//   Google Cloud: servicePerimeters restrictedServices cloudkms.googleapis.com with the project.
	NetworkRestricted bool `cel:"network_restricted" json:"network_restricted"`
	// UseLogged is the bool use_logged: Uses of the key are recorded.
	//   AWS: cloudtrail:GetEventSelectors ExcludeManagementEventSources lacks kms.amazonaws.com.
	//   Azure: diagnosticSettings of the vault AuditEvent.
	//   Google Cloud: auditConfigs cloudkms.googleapis.com DATA_READ.
	UseLogged bool `cel:"use_logged" json:"use_logged" stage:"derived"`
	// UnknownPrincipals is the int unknown_principals: Principals outside the organisation and outside the
	// supplier register that its own policy lets in. Unit: principals.
	//   AWS: GetKeyPolicy and ListGrants principals of other accounts.
	//   Azure: foreign principals in accessPolicies or role assignments.
	//   Google Cloud: getIamPolicy members outside the customer domains.
	UnknownPrincipals int64 `cel:"unknown_principals" json:"unknown_principals" stage:"derived"`

	// RotationDays is the rotation period in days; 0 when the key does not rotate.
	RotationDays int64 `json:"rotation_days"`
	// Manager is provider or customer: who holds the key.
	Manager string `json:"manager"`
	// Aliases are the ids of the names that stand for the key, so that whoever is encrypted by a name finds its key.
	Aliases []string `json:"aliases" link:"known_as"`
	// Principals are the foreign accounts its policy lets in.
	Principals []string `json:"principals"`
}
