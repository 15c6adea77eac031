package inventory

// CloudAccount is the class cloud_account: An AWS account, an Azure subscription (with its tenant facts) or a
// Google Cloud project: what is set once for all that lives in it.
type CloudAccount struct {
	// InOrganization is the bool in_organization: The account hangs under the organisation, so central policy
	// reaches it.
	//   AWS: organizations:DescribeOrganization Organization.Id.
	//   Azure: Microsoft.Management/managementGroups descendants: parent is not the tenant root group alone.
	//   Google Cloud: project parent is an organization or a folder.
	InOrganization bool `cel:"in_organization" json:"in_organization"`
	// SecurityContact is the bool security_contact: A person or list is registered with the provider for security
	// notices.
	//   AWS: account:GetAlternateContact (SECURITY) AlternateContact.EmailAddress.
	//   Azure: Microsoft.Security/securityContacts properties.emails or notificationsByRole.roles.
	//   Google Cloud: essentialcontacts.contacts.list notificationCategorySubscriptions has SECURITY or ALL.
	SecurityContact bool `cel:"security_contact" json:"security_contact"`
	// FindingsForwarded is the bool findings_forwarded: High and critical provider findings leave the console for
	// a person or a queue.
	//   AWS: events:ListRules + ListTargetsByRule: enabled rule on aws.guardduty or aws.securityhub with a live
	//   target.
	//   Azure: Microsoft.Security/securityContacts properties.isEnabled,
	//   notificationsSources[Alert].minimalSeverity <= High; or Microsoft.Security/automations isEnabled.
	//   Google Cloud: securitycenter.notificationConfigs.list pubsubTopic.
	FindingsForwarded bool `cel:"findings_forwarded" json:"findings_forwarded" stage:"derived"`
	// Guardrails is the set<enum> guardrails: Preventive organisation policies in force: region, public_sharing,
	// external_sharing, key_creation, audit_tamper, public_address, default_network, other.
	//   AWS: organizations:ListPoliciesForTarget + DescribePolicy (SCP, RCP, declarative policies) statements by
	//   condition or action; s3control:GetPublicAccessBlock; ec2:GetSnapshotBlockPublicAccessState,
	//   GetImageBlockPublicAccessState.
	//   Azure: Microsoft.Authorization/policyAssignments properties.enforcementMode=Default, effect deny or
	//   modify, policyDefinitionId; graph /policies/authorizationPolicy allowInvitesFrom, guestUserRoleId.
	//   Google Cloud: orgpolicy.policies.list effective spec.rules[].enforce or values: gcp.resourceLocations,
	//   storage.publicAccessPrevention, iam.allowedPolicyMemberDomains, iam.disableServiceAccountKeyCreation,
	//   compute.vmExternalIpAccess, compute.skipDefaultNetworkCreation.
	Guardrails []string `cel:"guardrails" json:"guardrails" stage:"derived"`
	// SerialConsoleAllowed is the bool serial_console_allowed: An operator can open a serial console on machines
	// of the account.
	//   AWS: ec2:GetSerialConsoleAccessStatus SerialConsoleAccessEnabled.
	//   Azure: Microsoft.SerialConsole/consoleServices/default properties.disabled (negated).
	//   Google Cloud: compute.projects.get commonInstanceMetadata serial-port-enable, or any instance metadata
	//   serial-port-enable.
	SerialConsoleAllowed bool `cel:"serial_console_allowed" json:"serial_console_allowed"`
	// AlertedEvents is the set<enum> alerted_events: Kinds of change that raise an alert with a live recipient:
	// network_change, identity_change, security_setting_change, data_protection_change, sign_in_anomaly.
	//   AWS: logs:DescribeMetricFilters filterPattern + cloudwatch:DescribeAlarms (ActionsEnabled, AlarmActions) +
	//   sns:ListSubscriptionsByTopic; or events:ListRules EventPattern on CloudTrail events.
	//   Azure: Microsoft.Insights/activityLogAlerts properties.enabled, condition.allOf[operationName],
	//   actions.actionGroups; Microsoft.SecurityInsights/alertRules.
	//   Google Cloud: logging.metrics.list filter + monitoring.alertPolicies.list
	//   conditions[].conditionThreshold.filter or conditionMatchedLog, enabled, notificationChannels.
	AlertedEvents []string `cel:"alerted_events" json:"alerted_events" stage:"derived"`
	// SpendAlert is the bool spend_alert: A budget or spend-anomaly alert with a recipient watches the account.
	//   AWS: budgets:DescribeBudgets + DescribeNotificationsForBudget; ce:GetAnomalySubscriptions.
	//   Azure: Microsoft.Consumption/budgets properties.notifications[].enabled.
	//   Google Cloud: billingbudgets.billingAccounts.budgets.list thresholdRules + notificationsRule for the
	//   project.
	SpendAlert bool `cel:"spend_alert" json:"spend_alert" stage:"derived"`
	// ServiceHealthAlert is the bool service_health_alert: Provider incidents that touch the account raise an
	// alert.
	//   AWS: events:ListRules EventPattern source aws.health with a live target.
	//   Azure: Microsoft.Insights/activityLogAlerts condition category=ServiceHealth, enabled, with an action
	//   group.
	//   Google Cloud: monitoring.alertPolicies.list conditionMatchedLog on servicehealth.googleapis.com logs,
	//   service enabled.
	ServiceHealthAlert bool `cel:"service_health_alert" json:"service_health_alert" stage:"derived"`
	// ProviderAccessGated is the bool provider_access_gated: Provider staff need the customer to approve access to
	// its data.
	//   AWS: n/a: AWS has no per-request approval switch; its staff access is covered by the SOC 2 report.
	//   Azure: Microsoft.CustomerLockbox/tenantOptedIn isOptedIn.
	//   Google Cloud: accessapproval.projects.getAccessApprovalSettings enrolledServices[].
	ProviderAccessGated bool `cel:"provider_access_gated" json:"provider_access_gated"`
	// QuotaHeadroomPercent is the number quota_headroom_percent: Smallest free share among the quotas in use
	// (addresses, instances, cores, load balancers). Unit: %.
	//   AWS: servicequotas:ListServiceQuotas Quota.Value + UsageMetric via cloudwatch:GetMetricData (AWS/Usage).
	//   Azure: Microsoft.Compute/locations/usages and Microsoft.Network/locations/usages currentValue, limit.
	//   Google Cloud: compute.regions.list quotas[].usage, limit; compute.projects.get quotas[].
	QuotaHeadroomPercent float64 `cel:"quota_headroom_percent" json:"quota_headroom_percent"`
	// Environments is the set<enum> environments: Distinct environments of the resources in the account.
	//   AWS: derived: environment of the inventory of the account.
	//   Azure: derived: environment of the inventory of the subscription.
	//   Google Cloud: derived: environment of the inventory of the project.
	Environments []string `cel:"environments" json:"environments" stage:"derived"`
	// Administrators is the int administrators: Humans who hold unrestricted administration of the account or
	// tenant. Unit: identities.
	//   AWS: iam:GetAccountAuthorizationDetails (users, groups, roles assumable by humans with Action * on
	//   Resource *); sso-admin:ListAccountAssignments.
	//   Azure: graph /directoryRoles (Global Administrator) members + Microsoft.Authorization/roleAssignments
	//   Owner at subscription or above.
	//   Google Cloud: projects.getIamPolicy and organizations.getIamPolicy roles/owner,
	//   roles/resourcemanager.organizationAdmin members of type user.
	Administrators int64 `cel:"administrators" json:"administrators" stage:"derived"`
	// HoldsData is the bool holds_data: Holds at least one disk, file share or database.
	//   AWS: derived from the inventory.
	//   Azure: derived from the inventory.
	//   Google Cloud: derived from the inventory.
	HoldsData bool `cel:"holds_data" json:"holds_data" stage:"derived"`
	// BackupPlans is the int backup_plans: Backup plans or schedules that select at least one resource. Unit:
	// plans.
	//   AWS: backup:ListBackupPlans + ListBackupSelections; dlm:GetLifecyclePolicies.
	//   Azure: Microsoft.RecoveryServices/vaults/backupPolicies protectedItemsCount;
	//   Microsoft.DataProtection/backupVaults/backupInstances.
	//   Google Cloud: compute.resourcePolicies.list snapshotSchedulePolicy in use;
	//   backupdr.backupPlanAssociations.list.
	BackupPlans int64 `cel:"backup_plans" json:"backup_plans" stage:"derived"`

	// Guards are the guardrails that act on the whole account, and SharingSwitches the provider's own switch against
	// publishing machine images and disk copies in each region, where it is set by region: one that is on wherever the
	// account holds something is a guardrail as well.
	Guards          []string       `json:"guards" stage:"derived"`
	SharingSwitches []ServiceState `json:"sharing_switches" stage:"derived"`
	// AlertNeeds say which events an alert must catch to count as one of the kinds.
	AlertNeeds []AlertNeed `json:"alert_needs" stage:"derived"`
	// Directory is the id of the scope whose directory lets people into the account; its own where it has one itself.
	Directory ScopeID `json:"directory" stage:"derived"`
}

// AlertNeed is one way for an account to be alerted of a kind of change: all its events are caught. Several needs of
// one kind are alternatives.
type AlertNeed struct {
	// Kind is a word of alerted_events, or findings, or service_health.
	Kind string `json:"kind"`
	// Events are the names of the events, as AlertRule.Catches spells them.
	Events []string `json:"events"`
	// Region is where the events arise; empty says in every region in use.
	Region string `json:"region,omitempty"`
}
