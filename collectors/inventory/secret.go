package inventory

// Secret is the class secret: a stored secret: password, token, connection string.
type Secret struct {
	// LifetimeBounded is the bool lifetime_bounded: Rotates or expires within param.secret_rotation_days.
	//   AWS: RotationEnabled, RotationRules, LastRotatedDate.
	//   Azure: attributes.exp.
	//   Google Cloud: rotation.rotationPeriod, nextRotationTime; expireTime.
	LifetimeBounded bool `cel:"lifetime_bounded" json:"lifetime_bounded" stage:"derived"`
	// Public is the bool public: Anyone may read it.
	//   AWS: GetResourcePolicy Principal * without condition.
	//   Azure: n/a: vault permissions name directory principals only.
	//   Google Cloud: getIamPolicy allUsers, allAuthenticatedUsers.
	Public bool `cel:"public" json:"public"`
	// NetworkRestricted is the bool network_restricted: The secret store answers only named networks.
	//   AWS: n/a: the service has no network switch; the resource policy is the guard.
	//   Azure: vault publicNetworkAccess=Disabled or networkAcls.defaultAction=Deny.
	//   Google Cloud: servicePerimeters restrictedServices secretmanager.googleapis.com with the project.
	NetworkRestricted bool `cel:"network_restricted" json:"network_restricted"`
	// UnknownPrincipals is the int unknown_principals: Principals outside the organisation and outside the
	// supplier register that its own policy lets in. Unit: principals.
	//   AWS: GetResourcePolicy principals of other accounts.
	//   Azure: foreign principals in accessPolicies or role assignments.
	//   Google Cloud: getIamPolicy members outside the customer domains.
	UnknownPrincipals int64 `cel:"unknown_principals" json:"unknown_principals" stage:"derived"`

	// LifetimeDays is within how many days of its making it rotates or expires by itself; 0 is never.
	LifetimeDays int64 `json:"lifetime_days"`
	// Principals are the foreign accounts its policy lets in.
	Principals []string `json:"principals"`
}
