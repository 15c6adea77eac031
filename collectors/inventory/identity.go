package inventory

import "time"

// Identity is the class identity: a human or a workload that can sign in or be granted access.
type Identity struct {
	// Kind is the enum kind: root, human, guest or workload.
	//   AWS: credential report user=<root_account>; user or role type.
	//   Azure: Global Administrator member is root; userType Member or Guest; servicePrincipalType.
	//   Google Cloud: isAdmin user is root; user; external member; service account.
	Kind string `cel:"kind" json:"kind"`
	// Enabled is the bool enabled: Can be used now.
	//   AWS: password_enabled or any active key.
	//   Azure: accountEnabled.
	//   Google Cloud: disabled=false; suspended=false.
	Enabled bool `cel:"enabled" json:"enabled"`
	// Interactive is the bool interactive: Can sign in to a console.
	//   AWS: password_enabled.
	//   Azure: kind human or guest.
	//   Google Cloud: kind human.
	Interactive bool `cel:"interactive" json:"interactive"`
	// Privileged is the bool privileged: Holds administrative rights by any path.
	//   AWS: derived from access_grant.admin.
	//   Azure: derived from access_grant.admin and directoryRoles.
	//   Google Cloud: derived from access_grant.admin.
	Privileged bool `cel:"privileged" json:"privileged" stage:"derived"`
	// MFA is the bool mfa: A second factor is registered and asked for.
	//   AWS: credential report mfa_active; GetAccountSummary AccountMFAEnabled.
	//   Azure: graph /reports/authenticationMethods/userRegistrationDetails isMfaRegistered.
	//   Google Cloud: admin.directory.users.list isEnrolledIn2Sv.
	MFA bool `cel:"mfa" json:"mfa"`
	// MFAPhishingResistant is the bool mfa_phishing_resistant: The factor is a hardware key, a passkey or a
	// certificate.
	//   AWS: iam:ListMFADevices SerialNumber is not virtual (u2f or hardware); iam:ListVirtualMFADevices for root.
	//   Azure: userRegistrationDetails methodsRegistered has fido2 or windowsHelloForBusiness or
	//   passKeyDeviceBound.
	//   Google Cloud: cloudidentity.policies.list security.two_step_verification_enforcement_factor
	//   allowedSignInFactorSet=PASSKEY_ONLY for admins.
	MFAPhishingResistant bool `cel:"mfa_phishing_resistant" json:"mfa_phishing_resistant"`
	// LastUsedAt is the timestamp last_used_at: When it was last used; never used: when it was made. Unit: UTC.
	//   AWS: password_last_used, access_key_*_last_used_date; RoleLastUsed.LastUsedDate.
	//   Azure: signInActivity.lastSuccessfulSignInDateTime; graph beta /reports/servicePrincipalSignInActivities.
	//   Google Cloud: lastLoginTime; policyanalyzer serviceAccountLastAuthentication.
	LastUsedAt time.Time `cel:"last_used_at" json:"last_used_at"`
	// DirectoryManaged is the bool directory_managed: The organisation directory owns the account (joiners and
	// leavers reach it).
	//   AWS: false for every IAM user with a password; true for identity-centre and SAML or OIDC federated users.
	//   Azure: userType=Member and identities[].issuer is a tenant domain.
	//   Google Cloud: user domain is in the Cloud Identity customer; false for gmail.com and foreign domains.
	DirectoryManaged bool `cel:"directory_managed" json:"directory_managed"`

	// Grants are the ids of the access grants the identity holds, by itself or through groups.
	Grants []string `json:"grants" link:"holds"`
	// InDirectory says that groups which it may be in are records of their own, which say what their people may.
	InDirectory bool `json:"in_directory" stage:"derived"`
}
