package inventory

// Image is the class image: a machine image or a container image that can be started.
type Image struct {
	// Kind is the enum kind: machine or container.
	//   AWS: native type.
	//   Azure: native type.
	//   Google Cloud: native type.
	Kind string `cel:"kind" json:"kind"`
	// Public is the bool public: Anyone can start or copy it.
	//   AWS: Public=true; LaunchPermissions[Group=all].
	//   Azure: gallery sharingProfile.permissions=Community.
	//   Google Cloud: compute.images.getIamPolicy allUsers, allAuthenticatedUsers.
	Public bool `cel:"public" json:"public"`
	// CriticalFindings is the int critical_findings: Critical vulnerabilities with a fix, in the newest tag or a
	// deployed one. Unit: findings.
	//   AWS: ecr:DescribeImageScanFindings findingSeverityCounts; inspector2:ListFindings.
	//   Azure: Microsoft.Security/assessments/subAssessments severity Critical or High.
	//   Google Cloud: containeranalysis.occurrences.list vulnerability.effectiveSeverity, fixAvailable.
	CriticalFindings int64 `cel:"critical_findings" json:"critical_findings" stage:"derived"`

	// Principals are the foreign accounts that may start the image.
	Principals []string `json:"principals"`
}
