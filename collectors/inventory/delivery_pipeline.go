package inventory

// DeliveryPipeline is the class delivery_pipeline: what builds or deploys: build project, pipeline, trigger,
// and the trust a foreign pipeline is given.
type DeliveryPipeline struct {
	// Kind is the enum kind: build, deploy or federation.
	//   AWS: native type.
	//   Azure: native type.
	//   Google Cloud: native type.
	Kind string `cel:"kind" json:"kind"`
	// Production is the bool production: Can change a production account.
	//   AWS: environment of the accounts its role acts on.
	//   Azure: environment of the scopes its identity acts on.
	//   Google Cloud: environment of the targets or projects.
	Production bool `cel:"production" json:"production" stage:"derived"`
	// TrustPinned is the bool trust_pinned: The trust names repository and branch or environment, not a whole host
	// or organisation.
	//   AWS: Condition StringEquals or StringLike <issuer>:sub.
	//   Azure: subject, claimsMatchingExpression without a bare wildcard.
	//   Google Cloud: attributeCondition names repository; attributeMapping google.subject.
	TrustPinned bool `cel:"trust_pinned" json:"trust_pinned"`
	// AdminIdentity is the bool admin_identity: Runs with unrestricted rights.
	//   AWS: access_grant.admin of serviceRole or trusted role.
	//   Azure: access_grant.admin of the application or identity.
	//   Google Cloud: access_grant.admin of serviceAccount or principalSet.
	AdminIdentity bool `cel:"admin_identity" json:"admin_identity" stage:"derived"`
	// PlaintextSecrets is the int plaintext_secrets: Secret patterns found in plain configuration values. Unit:
	// matches.
	//   AWS: environment.environmentVariables[type=PLAINTEXT]; source.location with credentials.
	//   Azure: task step arguments and values with isSecret=false.
	//   Google Cloud: substitutions; build.steps[].env.
	PlaintextSecrets int64 `cel:"plaintext_secrets" json:"plaintext_secrets"`
	// ApprovalRequired is the bool approval_required: A person approves before production.
	//   AWS: pipeline stages[].actions[].actionTypeId.category=Approval.
	//   Azure: n/a: approval lives in the delivery tool outside the subscription; attested.
	//   Google Cloud: approvalConfig.approvalRequired; clouddeploy target requireApproval.
	ApprovalRequired bool `cel:"approval_required" json:"approval_required"`
	// UntrustedSource is the bool untrusted_source: Builds code anyone can submit, or is open to the public.
	//   AWS: projectVisibility=PUBLIC_READ; webhook filterGroups absent or unanchored.
	//   Azure: sourceTriggers on pull request with public repository.
	//   Google Cloud: github.pullRequest.commentControl=COMMENTS_DISABLED.
	UntrustedSource bool `cel:"untrusted_source" json:"untrusted_source"`

	// Identities are the ids of the workload identities it acts as.
	Identities []string `json:"identities" link:"acts_as" stage:"derived"`
	// Scopes are the scopes besides its own that it acts on.
	Scopes []string `json:"scopes" stage:"derived"`
}
