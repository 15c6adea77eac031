package inventory

// KubernetesCluster is the class kubernetes_cluster: a managed Kubernetes cluster.
type KubernetesCluster struct {
	// APIPublic is the bool api_public: The control API answers any address.
	//   AWS: resourcesVpcConfig.endpointPublicAccess with publicAccessCidrs 0.0.0.0/0.
	//   Azure: apiServerAccessProfile.enablePrivateCluster=false and authorizedIPRanges empty.
	//   Google Cloud: privateClusterConfig.enablePrivateEndpoint=false and
	//   masterAuthorizedNetworksConfig.enabled=false; controlPlaneEndpointsConfig.
	APIPublic bool `cel:"api_public" json:"api_public"`
	// NodesPrivate is the bool nodes_private: Nodes have no public address.
	//   AWS: subnets of the node groups: none routes_to_internet with public addresses.
	//   Azure: agentPoolProfiles[].enableNodePublicIP=false.
	//   Google Cloud: privateClusterConfig.enablePrivateNodes; networkConfig.enablePrivateNodes of each pool.
	NodesPrivate bool `cel:"nodes_private" json:"nodes_private" stage:"derived"`
	// NetworkPolicy is the bool network_policy: Pod-to-pod traffic can be and is filtered.
	//   AWS: vpc-cni addon enableNetworkPolicy, or Calico, Cilium seen by the workload collector.
	//   Azure: networkProfile.networkPolicy or networkDataplane=cilium.
	//   Google Cloud: networkPolicy.enabled or networkConfig.datapathProvider=ADVANCED_DATAPATH.
	NetworkPolicy bool `cel:"network_policy" json:"network_policy" stage:"derived"`
	// CentralIdentity is the bool central_identity: People enter by directory identity and roles; shared and
	// static accounts are off.
	//   AWS: accessConfig.authenticationMode API or API_AND_CONFIG_MAP.
	//   Azure: enableRBAC, aadProfile, disableLocalAccounts.
	//   Google Cloud: legacyAbac.enabled=false, masterAuth.clientCertificateConfig.issueClientCertificate=false.
	CentralIdentity bool `cel:"central_identity" json:"central_identity"`
	// SecretsEncrypted is the bool secrets_encrypted: Secrets in the control store are wrapped by a customer key.
	//   AWS: encryptionConfig[].resources secrets.
	//   Azure: securityProfile.azureKeyVaultKms.enabled.
	//   Google Cloud: databaseEncryption.state=ENCRYPTED.
	SecretsEncrypted bool `cel:"secrets_encrypted" json:"secrets_encrypted"`
	// ControlPlaneLogged is the bool control_plane_logged: API and audit logs are kept.
	//   AWS: logging.clusterLogging[] types api, audit, authenticator enabled.
	//   Azure: diagnosticSettings categories kube-audit or kube-audit-admin, guard.
	//   Google Cloud: loggingConfig.componentConfig.enableComponents has SYSTEM_COMPONENTS, APISERVER.
	ControlPlaneLogged bool `cel:"control_plane_logged" json:"control_plane_logged"`
	// NodeAutoUpgrade is the bool node_auto_upgrade: Node system updates arrive and restart nodes without a
	// person.
	//   AWS: computeConfig.enabled (Auto Mode), or release version current and node auto repair; reboot daemon
	//   seen by the workload collector.
	//   Azure: autoUpgradeProfile.nodeOSUpgradeChannel NodeImage or SecurityPatch, or reboot daemon seen.
	//   Google Cloud: nodePools[].management.autoUpgrade and autoRepair; releaseChannel.
	NodeAutoUpgrade bool `cel:"node_auto_upgrade" json:"node_auto_upgrade"`
	// VersionSupported is the bool version_supported: Control plane and nodes run a version under standard
	// support.
	//   AWS: version against eks:DescribeClusterVersions status.
	//   Azure: currentKubernetesVersion against the supported list.
	//   Google Cloud: currentMasterVersion, nodePools[].version against getServerConfig.
	VersionSupported bool `cel:"version_supported" json:"version_supported"`
	// WorkloadIdentity is the bool workload_identity: Pods get identities of their own; nodes run under a narrow
	// one.
	//   AWS: OIDC provider or pod identity agent; node role policies.
	//   Azure: oidcIssuerProfile.enabled and securityProfile.workloadIdentity.enabled.
	//   Google Cloud: workloadIdentityConfig.workloadPool; nodeConfig.serviceAccount not default.
	WorkloadIdentity bool `cel:"workload_identity" json:"workload_identity"`
	// PodSecurity is the bool pod_security: A baseline or restricted pod standard is enforced at admission.
	//   AWS: namespace labels pod-security.kubernetes.io/enforce, or policy engine, seen by the workload
	//   collector.
	//   Azure: addonProfiles.azurepolicy.enabled with the pod security initiative assigned, or namespace labels.
	//   Google Cloud: namespace labels, or policy controller of the fleet, or Autopilot.
	PodSecurity bool `cel:"pod_security" json:"pod_security" stage:"derived"`
	// ImagePolicy is the bool image_policy: Only signed or listed images are admitted.
	//   AWS: n/a: no service setting; admission is by software in the cluster.
	//   Azure: securityProfile.imageIntegrity.enabled, or policy assignment for allowed registries.
	//   Google Cloud: binaryAuthorization.evaluationMode is enforcing.
	ImagePolicy bool `cel:"image_policy" json:"image_policy"`

	// UnguardedNamespaces are the namespaces in which no standard for pods is enforced.
	UnguardedNamespaces []string `json:"unguarded_namespaces" stage:"derived"`
	// NodeSubnets are the ids of the subnets its nodes stand in, where the subnet decides whether they get a public
	// address; AddressedSubnets those whose nodes get one whatever the subnet says.
	NodeSubnets      []string `json:"node_subnets" link:"nodes_in" stage:"derived"`
	AddressedSubnets []string `json:"addressed_subnets" link:"nodes_in" stage:"derived"`
}
