package inventory

// ComputeInstance is the class compute_instance: a virtual machine.
type ComputeInstance struct {
	// InVirtualNetwork is the bool in_virtual_network: Lives in a current-generation private network.
	//   AWS: VpcId non-empty.
	//   Azure: type is not ClassicCompute, networkProfile.networkInterfaces[] in a subnet.
	//   Google Cloud: networkInterfaces[].subnetwork non-empty.
	InVirtualNetwork bool `cel:"in_virtual_network" json:"in_virtual_network"`
	// PublicAddress is the bool public_address: Holds a public address itself.
	//   AWS: PublicIpAddress, Ipv6Addresses with internet route, NetworkInterfaces[].Association.PublicIp.
	//   Azure: networkInterfaces ipConfigurations[].publicIPAddress.
	//   Google Cloud: networkInterfaces[].accessConfigs[].natIP, ipv6AccessConfigs.
	PublicAddress bool `cel:"public_address" json:"public_address" stage:"derived"`
	// Exposure is the enum exposure: Result of the reachability walk: open, load_balancer, private, latent, closed
	// or unknown (see Severity in context).
	//   AWS: derived: public_address, subnet.routes_to_internet, security groups, network ACL
	//   (ec2:DescribeNetworkAcls), load balancer targets.
	//   Azure: derived: public address or load balancer and NAT rules, subnet and interface groups, user routes.
	//   Google Cloud: derived: natIP or forwarding rule targets, routes, hierarchical policies and firewall rules
	//   by priority.
	Exposure string `cel:"exposure" json:"exposure" stage:"derived"`
	// ReachableAdminPorts is the list<string> reachable_admin_ports: Administration ports a host on the internet
	// can really reach. Unit: protocol/port or protocol/from-to.
	//   AWS: derived by the reachability walk.
	//   Azure: derived by the reachability walk.
	//   Google Cloud: derived by the reachability walk.
	ReachableAdminPorts []string `cel:"reachable_admin_ports" json:"reachable_admin_ports" stage:"derived"`
	// ReachableDataPorts is the list<string> reachable_data_ports: Data service ports a host on the internet can
	// really reach. Unit: protocol/port or protocol/from-to.
	//   AWS: derived by the reachability walk.
	//   Azure: derived by the reachability walk.
	//   Google Cloud: derived by the reachability walk.
	ReachableDataPorts []string `cel:"reachable_data_ports" json:"reachable_data_ports" stage:"derived"`
	// LoadBalanced is the bool load_balanced: Is a target of an entry_point.
	//   AWS: elbv2:DescribeTargetHealth; Auto Scaling group TargetGroupARNs.
	//   Azure: backendAddressPools backendIPConfigurations[].
	//   Google Cloud: backendServices.backends[].group members; targetPools.instances.
	LoadBalanced bool `cel:"load_balanced" json:"load_balanced" stage:"derived"`
	// IngressOnlyFromLoadBalancer is the bool ingress_only_from_load_balancer: Its serving ports admit the
	// balancer alone (by group reference, subnet or probe range).
	//   AWS: IpPermissions[].UserIdGroupPairs are groups of its balancers.
	//   Azure: securityRules source AzureLoadBalancer, gateway subnet or its application security group.
	//   Google Cloud: firewall sourceRanges 35.191.0.0/16 and 130.211.0.0/22, proxy-only subnet, or source service
	//   account of the proxy.
	IngressOnlyFromLoadBalancer bool `cel:"ingress_only_from_load_balancer" json:"ingress_only_from_load_balancer" stage:"derived"`
	// SelfHostedDatabase is the string self_hosted_database: Database engine the machine runs, empty when none is
	// seen (tag, image, software inventory, or a data port opened on purpose).
	//   AWS: Tags[role]; image name; ssm:ListInventoryEntries AWS:Application; listening data port in its group.
	//   Azure: tags; imageReference; guest software inventory; data port in its group.
	//   Google Cloud: labels; source image; osconfig.instances.inventories; data port in its rules.
	SelfHostedDatabase string `cel:"self_hosted_database" json:"self_hosted_database" stage:"derived"`
	// DatabaseIngressAppOnly is the bool database_ingress_app_only: Data ports admit only the machines of the
	// application that uses them.
	//   AWS: UserIdGroupPairs are groups worn only by application instances; or CIDR inside subnets that hold none
	//   but those.
	//   Azure: sourceApplicationSecurityGroups, or prefixes inside application subnets.
	//   Google Cloud: sourceServiceAccounts or sourceTags of the application; or ranges of application subnets.
	DatabaseIngressAppOnly bool `cel:"database_ingress_app_only" json:"database_ingress_app_only" stage:"derived"`
	// MetadataHardened is the bool metadata_hardened: The metadata service needs a session token or proof of the
	// calling process.
	//   AWS: MetadataOptions.HttpTokens=required or HttpEndpoint=disabled; launch templates alike.
	//   Azure: securityProfile.proxyAgentSettings.enabled with imds mode Enforce.
	//   Google Cloud: inherent: the metadata server refuses calls without its header and has no older version.
	MetadataHardened bool `cel:"metadata_hardened" json:"metadata_hardened"`
	// SecureBoot is the bool secure_boot: Boots only signed code, measured by a virtual trusted module.
	//   AWS: n/a: secure boot state is held in the machine's UEFI variables, not in its description.
	//   Azure: securityProfile.uefiSettings.secureBootEnabled, vTpmEnabled.
	//   Google Cloud: shieldedInstanceConfig.enableSecureBoot, enableVtpm, enableIntegrityMonitoring.
	SecureBoot bool `cel:"secure_boot" json:"secure_boot"`
	// AgentManaged is the bool agent_managed: The provider management agent reports from inside.
	//   AWS: ssm:DescribeInstanceInformation PingStatus=Online.
	//   Azure: instanceView.vmAgent.statuses Ready.
	//   Google Cloud: osconfig.instances.inventories updateTime fresh; metadata enable-osconfig.
	AgentManaged bool `cel:"agent_managed" json:"agent_managed" stage:"derived"`
	// Patched is the bool patched: No critical or security update is missing beyond param.patch_days, and none
	// waits for a restart where the provider reports it.
	//   AWS: ssm:DescribeInstancePatchStates CriticalNonCompliantCount, SecurityNonCompliantCount, MissingCount,
	//   InstalledPendingRebootCount, OperationEndTime.
	//   Azure: Resource Graph patchassessmentresources properties.availablePatchCountByClassification.security,
	//   critical, rebootPending, lastModifiedDateTime.
	//   Google Cloud: osconfig.instances.vulnerabilityReports severity and update available (restarts are not
	//   reported).
	Patched bool `cel:"patched" json:"patched" stage:"derived"`
	// OSFamily is the enum os_family: linux or windows.
	//   AWS: PlatformDetails, ssm PlatformType.
	//   Azure: storageProfile.osDisk.osType.
	//   Google Cloud: osconfig inventory osInfo.shortName, licences of the boot disk.
	OSFamily string `cel:"os_family" json:"os_family"`
	// EndpointProtected is the bool endpoint_protected: Malware protection covers the machine.
	//   AWS: guardduty:ListCoverage CoverageStatus=HEALTHY, or EBS_MALWARE_PROTECTION on.
	//   Azure: Microsoft.Security/assessments endpoint protection Healthy, or MDE extension in instanceView.
	//   Google Cloud: securityCenterServices vm-threat-detection ENABLED for the project.
	EndpointProtected bool `cel:"endpoint_protected" json:"endpoint_protected" stage:"derived"`
	// ImageApproved is the bool image_approved: Built from an image or publisher on the approved list
	// (param.approved_images), not older than param.image_age_days.
	//   AWS: ImageId; ec2:DescribeImages OwnerId, CreationDate.
	//   Azure: storageProfile.imageReference publisher, id, exactVersion.
	//   Google Cloud: disks[0] source image project and creationTimestamp.
	ImageApproved bool `cel:"image_approved" json:"image_approved" stage:"derived"`
	// CentralLogin is the bool central_login: People log in by the central directory, not by shared keys or
	// passwords.
	//   AWS: KeyName empty (Session Manager or Instance Connect), or ssm default host management.
	//   Azure: AADSSHLoginForLinux or AADLoginForWindows extension;
	//   linuxConfiguration.disablePasswordAuthentication.
	//   Google Cloud: metadata enable-oslogin=TRUE and block-project-ssh-keys.
	CentralLogin bool `cel:"central_login" json:"central_login" stage:"derived"`
	// SessionBrokered is the bool session_brokered: Administration passes a broker that authenticates and records
	// (no admin port admitted from elsewhere).
	//   AWS: agent online and no rule on 22, 3389, 5985, 5986 other than from a bastion group or instance connect
	//   endpoint.
	//   Azure: bastionHosts in the network or jitNetworkAccessPolicies on the machine, and admin ports admitted
	//   from these only.
	//   Google Cloud: firewall on admin ports admits 35.235.240.0/20 only.
	SessionBrokered bool `cel:"session_brokered" json:"session_brokered" stage:"derived"`
	// PlaintextSecrets is the int plaintext_secrets: Secret patterns found in start-up data. Unit: matches.
	//   AWS: ec2:DescribeInstanceAttribute userData; launch template UserData.
	//   Azure: userData ($expand=userData); extensions settings.
	//   Google Cloud: metadata.items startup-script, user-data and any value.
	PlaintextSecrets int64 `cel:"plaintext_secrets" json:"plaintext_secrets"`

	// Interfaces are the ids of the network interfaces the machine wears.
	Interfaces []string `json:"interfaces" link:"wears"`
	// Running says whether the machine runs now; a stopped one keeps its reserved address.
	Running bool `json:"running"`
	// Identity is the id of the workload identity the machine runs as; empty when it has none.
	Identity string `json:"identity" link:"runs_as"`
	// LoginKey is the name of the key people log in by; empty when the machine was given none.
	LoginKey string `json:"login_key" stage:"derived"`
	// ImageID is the provider's id of the image the machine started from.
	ImageID string `json:"image_id"`
	// Paths are the ways the internet reaches the machine, hop by hop.
	Paths []Path `json:"paths" stage:"derived"`
	// Admitted is who a data port of the machine admits, for a self-hosted database.
	Admitted *Admitted `json:"admitted" stage:"derived"`
	// Privileged says whether the identity of the machine holds administrative rights.
	Privileged bool `json:"identity_privileged" stage:"derived"`
}
