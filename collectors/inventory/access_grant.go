package inventory

// AccessGrant is the class access_grant: one principal given one set of rights on one scope: attached policy,
// trust policy statement, role assignment, binding.
type AccessGrant struct {
	// PrincipalKind is the enum principal_kind: human, group, workload, external, service or anyone.
	//   AWS: user, group, role, Principal.AWS of another account, Principal.Service, *.
	//   Azure: properties.principalType User, Group, ServicePrincipal, ForeignGroup; Lighthouse tenant.
	//   Google Cloud: member prefix user:, group:, serviceAccount:, principalSet:, domain:, allUsers.
	PrincipalKind string `cel:"principal_kind" json:"principal_kind"`
	// Admin is the bool admin: Unrestricted rights: every action on every resource of the account, by any wording.
	//   AWS: Action * with Resource * and Effect Allow, or AdministratorAccess.
	//   Azure: role Owner, or a custom role with actions *, at subscription or above.
	//   Google Cloud: roles/owner or roles/editor.
	Admin bool `cel:"admin" json:"admin"`
	// Wildcard is the bool wildcard: Worded as everything: a home-made policy or role with a bare wildcard, or a
	// basic role.
	//   AWS: customer-managed or inline policy, Effect Allow, Action * (also by NotAction) with Resource *.
	//   Azure: custom role with actions * assignable at subscription or above.
	//   Google Cloud: roles/owner, roles/editor.
	Wildcard bool `cel:"wildcard" json:"wildcard"`
	// PrivilegeEscalation is the bool privilege_escalation: Lets the holder give itself more rights.
	//   AWS: iam:PassRole on *, iam:CreatePolicyVersion, iam:Put*Policy, iam:Attach*Policy, sts:AssumeRole on *,
	//   lambda:UpdateFunctionCode with PassRole and the like.
	//   Azure: User Access Administrator, Role Based Access Control Administrator without condition, or actions
	//   Microsoft.Authorization/roleAssignments/write.
	//   Google Cloud: roles/iam.serviceAccountUser or serviceAccountTokenCreator at project level,
	//   iam.roles.update, setIamPolicy permissions.
	PrivilegeEscalation bool `cel:"privilege_escalation" json:"privilege_escalation" stage:"derived"`
	// ExternalKnown is the bool external_known: Principal is inside the organisation, or outside it and listed in
	// the supplier register.
	//   AWS: Principal account in organizations:ListAccounts or in the register.
	//   Azure: tenant of the principal equals home tenant or is in the register.
	//   Google Cloud: member domain in the customer domains or in the register.
	ExternalKnown bool `cel:"external_known" json:"external_known" stage:"derived"`
	// TrustPinned is the bool trust_pinned: A trust given to an outside system names the exact caller (external
	// id, repository and branch, audience).
	//   AWS: AssumeRolePolicyDocument Condition sts:ExternalId, aws:SourceArn, aws:SourceAccount, or <issuer>:sub
	//   without a bare wildcard.
	//   Azure: federatedIdentityCredentials subject and audiences without wildcard.
	//   Google Cloud: providers attributeCondition non-empty, and principalSet binding not the whole pool.
	TrustPinned bool `cel:"trust_pinned" json:"trust_pinned"`
	// ConflictingDuties is the list<string> conflicting_duties: Pairs of duties one principal should not hold
	// together: key_admin+key_use, identity_admin+identity_use, audit_admin+workload_admin.
	//   AWS: kms:* with kms:Decrypt on the same key; iam:* with sts:AssumeRole; cloudtrail:StopLogging,
	//   DeleteTrail or PutEventSelectors together with workload write.
	//   Azure: Key Vault Administrator with Key Vault Crypto User; Managed Identity Contributor with Operator;
	//   Microsoft.Insights/diagnosticSettings/delete with workload write.
	//   Google Cloud: roles/cloudkms.admin with cryptoKeyEncrypterDecrypter; iam.serviceAccountAdmin with
	//   serviceAccountUser; logging.configWriter with workload write.
	ConflictingDuties []string `cel:"conflicting_duties" json:"conflicting_duties" stage:"derived"`
	// Standing is the bool standing: Held all the time, not activated for a bounded session.
	//   AWS: attached to an IAM user; false for permission sets and assumed roles.
	//   Azure: active roleAssignment without a PIM schedule end.
	//   Google Cloud: binding without an expiry condition and not made by Privileged Access Manager.
	Standing bool `cel:"standing" json:"standing"`
	// CrossesEnvironment is the bool crosses_environment: Principal belongs to another environment than the scope
	// it acts on.
	//   AWS: principal account or tag environment against the environment of the trusting account.
	//   Azure: environment of the identity or its subscription against the scope.
	//   Google Cloud: environment of the project that owns the service account against the scope.
	CrossesEnvironment bool `cel:"crosses_environment" json:"crosses_environment" stage:"derived"`
	// Collector is the bool collector: The principal is one of the identities this product collects with.
	//   AWS: role ARN in settings.
	//   Azure: application id in settings.
	//   Google Cloud: service account in settings.
	Collector bool `cel:"collector" json:"collector" stage:"derived"`
	// Write is the bool write: Grants any create, change or delete action.
	//   AWS: actions outside Describe*, Get*, List*, BatchGet*, View*, Lookup*, Search*, Generate*Report.
	//   Azure: roleDefinition actions outside */read.
	//   Google Cloud: permissions outside *.get, *.list, *.search*.
	Write bool `cel:"write" json:"write"`

	// Principal is the id of who holds the grant.
	Principal string `json:"principal" link:"held_by"`
	// PrincipalOwner is the account or issuer of an external principal.
	PrincipalOwner string `json:"principal_owner"`
	// MayAdminister is the id of the account's record when the grant, of all that its principal holds, comes to
	// unrestricted rights or may do so. It makes the few administrators of an account findable among its many grants.
	MayAdminister string `json:"may_administer" link:"may_administer" stage:"derived"`
	// WornByPeople says that people of a directory take the rights on, so that its principal stands for any number.
	WornByPeople bool `json:"worn_by_people" stage:"derived"`
	// AsWritten says that the grant is one policy by its own words. What it comes to with the others of its holder, with
	// what limits and denies them, another grant of the holder states.
	AsWritten bool `json:"as_written" stage:"derived"`
	// Roster is the id of the roster that says who they are; empty for rights that nobody of a directory takes on.
	Roster string `json:"roster" link:"taken_on_by" stage:"derived"`
	// TakenOn is the id of the role that a trust of the whole account lets whoever has the right to take on.
	TakenOn string `json:"taken_on" stage:"derived"`
	// Takes are the ids of the roles that the holder has the right to take on, as patterns; TakesIn is the account's record
	// where there are any, so that those who take on roles are found among its many grants.
	Takes   []string `json:"takes" stage:"derived"`
	TakesIn string   `json:"takes_in" link:"takes_roles_in" stage:"derived"`
}
