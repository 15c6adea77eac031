package inventory

// ContainerRegistry is the class container_registry: a repository of container images or packages.
type ContainerRegistry struct {
	// Public is the bool public: Anyone can pull or push.
	//   AWS: repository policy Principal * without condition.
	//   Azure: anonymousPullEnabled.
	//   Google Cloud: getIamPolicy allUsers, allAuthenticatedUsers.
	Public bool `cel:"public" json:"public"`
	// NetworkRestricted is the bool network_restricted: Answers named networks only.
	//   AWS: n/a: the service has no network switch; the repository policy is the guard.
	//   Azure: publicNetworkAccess=Disabled or networkRuleSet.defaultAction=Deny.
	//   Google Cloud: servicePerimeters restrictedServices artifactregistry.googleapis.com with the project.
	NetworkRestricted bool `cel:"network_restricted" json:"network_restricted"`
	// ScanOnPush is the bool scan_on_push: New images are scanned for vulnerabilities on arrival.
	//   AWS: imageScanningConfiguration.scanOnPush; ecr:GetRegistryScanningConfiguration rules; inspector2 ecr.
	//   Azure: Microsoft.Security/pricings Containers extensions ContainerRegistriesVulnerabilityAssessments.
	//   Google Cloud: vulnerabilityScanningConfig.enablementState; containerscanning service enabled.
	ScanOnPush bool `cel:"scan_on_push" json:"scan_on_push"`
	// ImmutableTags is the bool immutable_tags: A published tag cannot be moved.
	//   AWS: imageTagMutability=IMMUTABLE.
	//   Azure: n/a: locks are set image by image through the data plane.
	//   Google Cloud: dockerConfig.immutableTags.
	ImmutableTags bool `cel:"immutable_tags" json:"immutable_tags"`
	// SharedAdmin is the bool shared_admin: A shared administrator password is on.
	//   AWS: n/a: no such account exists.
	//   Azure: adminUserEnabled.
	//   Google Cloud: n/a: no such account exists.
	SharedAdmin bool `cel:"shared_admin" json:"shared_admin"`
	// UnknownPrincipals is the int unknown_principals: Principals outside the organisation and outside the
	// supplier register that its own policy lets in. Unit: principals.
	//   AWS: repository policy principals of other accounts.
	//   Azure: foreign role assignments; scope map tokens.
	//   Google Cloud: getIamPolicy members outside the customer domains.
	UnknownPrincipals int64 `cel:"unknown_principals" json:"unknown_principals" stage:"derived"`

	// Principals are the foreign accounts its policy lets in.
	Principals []string `json:"principals"`
}
