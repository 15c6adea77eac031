package inventory

// AuthenticationPolicy is the class authentication_policy: rules an organisation sets for how its people, or
// its customers, prove who they are.
type AuthenticationPolicy struct {
	// Scope is the enum scope: workforce or customer.
	//   AWS: account password policy: workforce; user pool: customer.
	//   Azure: tenant: workforce; external tenant: customer.
	//   Google Cloud: Cloud Identity: workforce; Identity Platform: customer.
	Scope string `cel:"scope" json:"scope"`
	// PasswordMinLength is the int password_min_length: Shortest password accepted. Unit: characters.
	//   AWS: PasswordPolicy.MinimumPasswordLength; user pool Policies.PasswordPolicy.MinimumLength.
	//   Azure: n/a: fixed by the provider at 8 with a banned-password list; no setting to read.
	//   Google Cloud: setting security.password minimumLength; identitytoolkit passwordPolicyConfig.
	PasswordMinLength int64 `cel:"password_min_length" json:"password_min_length"`
	// MFARequiredFor is the enum mfa_required_for: none, admins or all.
	//   AWS: n/a: the MFA setting of the identity centre has no read call; identity.mfa gives the outcome.
	//   Azure: securityDefaults isEnabled, or enabled CA policies with grantControls.builtInControls mfa or
	//   authenticationStrength on all users.
	//   Google Cloud: setting security.two_step_verification_enforcement enforcedFrom.
	MFARequiredFor string `cel:"mfa_required_for" json:"mfa_required_for"`
	// LegacyProtocolsBlocked is the bool legacy_protocols_blocked: Sign-in paths that cannot ask for a second
	// factor are refused.
	//   AWS: n/a: no legacy sign-in protocol exists.
	//   Azure: CA policy conditions.clientAppTypes exchangeActiveSync, other with block, or security defaults.
	//   Google Cloud: setting security.less_secure_apps allowLessSecureApps=false.
	LegacyProtocolsBlocked bool `cel:"legacy_protocols_blocked" json:"legacy_protocols_blocked"`
	// ManagedDeviceRequired is the bool managed_device_required: Consoles open only from a managed or compliant
	// device.
	//   AWS: n/a: device state is the identity provider's to judge; attested.
	//   Azure: enabled CA policy grantControls.builtInControls compliantDevice or domainJoinedDevice for admin
	//   portals.
	//   Google Cloud: accessLevels basic.conditions[].devicePolicy bound by gcpUserAccessBindings.
	ManagedDeviceRequired bool `cel:"managed_device_required" json:"managed_device_required"`
	// SelfServiceRestricted is the bool self_service_restricted: Ordinary members cannot invite guests, consent to
	// foreign apps or create applications, tenants and projects.
	//   AWS: n/a: IAM denies all of these unless granted.
	//   Azure: authorizationPolicy allowInvitesFrom, defaultUserRolePermissions.allowedToCreateApps,
	//   allowedToCreateTenants, allowedToCreateSecurityGroups, permissionGrantPoliciesAssigned.
	//   Google Cloud: organizations.getIamPolicy: no domain-wide member on roles/resourcemanager.projectCreator or
	//   billing.creator; setting api_controls.
	SelfServiceRestricted bool `cel:"self_service_restricted" json:"self_service_restricted"`
}
