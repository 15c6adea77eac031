package inventory

// Database is the class database: any managed data store reached over the network or by API: relational,
// document, cache, warehouse, search.
type Database struct {
	// Family is the enum family: relational, document, cache, warehouse or search.
	//   AWS: native type and Engine.
	//   Azure: native type.
	//   Google Cloud: native type and databaseVersion.
	Family string `cel:"family" json:"family"`
	// Endpoint is the enum endpoint: network (listens on an address) or api (reached through the provider API
	// only).
	//   AWS: network; api for DynamoDB.
	//   Azure: network.
	//   Google Cloud: network; api for BigQuery, Firestore, Spanner.
	Endpoint string `cel:"endpoint" json:"endpoint"`
	// PublicAccess is the bool public_access: Has an address or a policy that the internet can use.
	//   AWS: PubliclyAccessible; Redshift PubliclyAccessible; domain without VPCOptions and AccessPolicies open;
	//   dynamodb:GetResourcePolicy.
	//   Azure: properties.publicNetworkAccess=Enabled, network.publicNetworkAccess.
	//   Google Cloud: settings.ipConfiguration.ipv4Enabled; dataset access[] allUsers, allAuthenticatedUsers.
	PublicAccess bool `cel:"public_access" json:"public_access" stage:"derived"`
	// WorldRange is the bool world_range: Its own filter admits the whole internet or all tenants of the cloud.
	//   AWS: VpcSecurityGroups rules on the endpoint port from 0.0.0.0/0 or ::/0.
	//   Azure: firewallRules startIpAddress 0.0.0.0 (any end), ipRules, isVirtualNetworkFilterEnabled=false.
	//   Google Cloud: settings.ipConfiguration.authorizedNetworks[].value 0.0.0.0/0.
	WorldRange bool `cel:"world_range" json:"world_range" stage:"derived"`
	// IngressAppOnly is the bool ingress_app_only: Admits only the machines, clusters or functions of the
	// application that uses it.
	//   AWS: VpcSecurityGroups rules: UserIdGroupPairs worn only by application compute, or CIDR inside their
	//   subnets.
	//   Azure: virtualNetworkRules or private endpoint in subnets of the application; delegated subnet group
	//   rules.
	//   Google Cloud: privateNetwork and firewall to the peering range limited to application accounts;
	//   pscConfig.allowedConsumerProjects; authorizedNetworks empty.
	IngressAppOnly bool `cel:"ingress_app_only" json:"ingress_app_only" stage:"derived"`
	// PrivateNetwork is the bool private_network: Lives in, or is reached through, a private network whose subnets
	// have no direct internet route.
	//   AWS: DBSubnetGroup.Subnets, VPCOptions.SubnetIds, CacheSubnetGroup: none routes_to_internet.
	//   Azure: delegatedSubnetResourceId, privateEndpointConnections[] approved.
	//   Google Cloud: settings.ipConfiguration.privateNetwork or pscConfig.pscEnabled.
	PrivateNetwork bool `cel:"private_network" json:"private_network" stage:"derived"`
	// TLSRequired is the bool tls_required: Refuses clear-text connections.
	//   AWS: parameter rds.force_ssl, require_secure_transport, require_ssl, tls; TransitEncryptionEnabled and
	//   Mode=required; DomainEndpointOptions.EnforceHTTPS, NodeToNodeEncryptionOptions.
	//   Azure: configurations require_secure_transport=ON; sqlserver always; redis enableNonSslPort=false.
	//   Google Cloud: settings.ipConfiguration.sslMode ENCRYPTED_ONLY or TRUSTED_CLIENT_CERTIFICATE_REQUIRED;
	//   redis transitEncryptionMode.
	TLSRequired bool `cel:"tls_required" json:"tls_required"`
	// TLSMinVersion is the number tls_min_version: Oldest TLS version served. Unit: TLS version as 1.0 … 1.3.
	//   AWS: parameter ssl_min_protocol_version, tls_version; DomainEndpointOptions.TLSSecurityPolicy.
	//   Azure: minimalTlsVersion, minimumTlsVersion; configurations ssl_min_protocol_version, tls_version.
	//   Google Cloud: inherent: the service serves 1.2 and later only.
	TLSMinVersion float64 `cel:"tls_min_version" json:"tls_min_version"`
	// EncryptedAtRest is the bool encrypted_at_rest: Content is encrypted on the medium.
	//   AWS: StorageEncrypted; Encrypted; SSEDescription; AtRestEncryptionEnabled;
	//   EncryptionAtRestOptions.Enabled.
	//   Azure: transparentDataEncryption state=Enabled; inherent elsewhere.
	//   Google Cloud: inherent: the platform always encrypts.
	EncryptedAtRest bool `cel:"encrypted_at_rest" json:"encrypted_at_rest"`
	// CustomerKey is the bool customer_key: The key is the organisation's own, so it can be withheld.
	//   AWS: KmsKeyId resolved to a customer key; SSEDescription.KMSMasterKeyArn.
	//   Azure: encryptionProtector serverKeyType=AzureKeyVault; dataEncryption.type; keyVaultKeyUri.
	//   Google Cloud: diskEncryptionConfiguration.kmsKeyName; defaultEncryptionConfiguration.kmsKeyName;
	//   encryptionConfig.kmsKeyName.
	CustomerKey bool `cel:"customer_key" json:"customer_key"`
	// BackupRetentionDays is the int backup_retention_days: Days of automatic backup kept; 0 is off. Unit: days.
	//   AWS: BackupRetentionPeriod; AutomatedSnapshotRetentionPeriod; SnapshotRetentionLimit;
	//   DescribeContinuousBackups.
	//   Azure: backup.backupRetentionDays; backupShortTermRetentionPolicies retentionDays; backupPolicy.
	//   Google Cloud: settings.backupConfiguration.enabled, backupRetentionSettings.retainedBackups; timeTravel;
	//   automatedBackupPolicy.
	BackupRetentionDays int64 `cel:"backup_retention_days" json:"backup_retention_days"`
	// PointInTime is the bool point_in_time: Can be restored to any minute of that span.
	//   AWS: LatestRestorableTime; PointInTimeRecoveryStatus=ENABLED.
	//   Azure: inherent: relational services always keep logs for the retention; document accounts by
	//   backupPolicy.type=Continuous.
	//   Google Cloud: settings.backupConfiguration.pointInTimeRecoveryEnabled or binaryLogEnabled.
	PointInTime bool `cel:"point_in_time" json:"point_in_time"`
	// OtherRegionCopy is the bool other_region_copy: A second region holds backups or a replica.
	//   AWS: rds:DescribeDBInstanceAutomatedBackups Region; ReadReplica or global cluster in another region;
	//   global table Replicas.
	//   Azure: geoRedundantBackup=Enabled; requestedBackupStorageRedundancy=Geo; geo replica; locations[] count.
	//   Google Cloud: settings.backupConfiguration.location multi-region; replicas in another region; dataset
	//   location multi-region.
	OtherRegionCopy bool `cel:"other_region_copy" json:"other_region_copy"`
	// MultiZone is the bool multi_zone: Fails over between zones by itself.
	//   AWS: MultiAZ; cluster members in two zones; AutomaticFailover; ZoneAwarenessEnabled; inherent for api.
	//   Azure: highAvailability.mode=ZoneRedundant; zoneRedundant; locations[].isZoneRedundant.
	//   Google Cloud: settings.availabilityType=REGIONAL; tier STANDARD_HA; inherent for api.
	MultiZone bool `cel:"multi_zone" json:"multi_zone"`
	// DeletionProtected is the bool deletion_protected: Cannot be deleted in one step.
	//   AWS: DeletionProtection; DeletionProtectionEnabled.
	//   Azure: Microsoft.Authorization/locks level CanNotDelete or ReadOnly at any scope above.
	//   Google Cloud: settings.deletionProtectionEnabled; dropProtection; deleteProtectionState.
	DeletionProtected bool `cel:"deletion_protected" json:"deletion_protected"`
	// VersionSupported is the bool version_supported: Engine version is under standard support by its maker and
	// takes minor updates on its own.
	//   AWS: EngineVersion against rds:DescribeDBEngineVersions and DescribeDBMajorEngineVersions;
	//   AutoMinorVersionUpgrade.
	//   Azure: properties.version, state against the support table; minor updates are the platform's.
	//   Google Cloud: databaseVersion against the support table; maintenanceVersion, availableMaintenanceVersions.
	VersionSupported bool `cel:"version_supported" json:"version_supported"`
	// AuditLogged is the bool audit_logged: Logins and statements that matter are recorded and shipped.
	//   AWS: EnabledCloudwatchLogsExports; parameters log_connections, pgaudit, server_audit_logging;
	//   redshift:DescribeLoggingStatus; LogPublishingOptions AUDIT_LOGS.
	//   Azure: auditingSettings state=Enabled; configurations log_connections, audit_log_enabled, pgaudit.log;
	//   diagnosticSettings.
	//   Google Cloud: databaseFlags cloudsql.enable_pgaudit, log_connections, log_disconnections, log_statement;
	//   auditConfigs DATA_READ, DATA_WRITE.
	AuditLogged bool `cel:"audit_logged" json:"audit_logged" stage:"derived"`
	// CentralIdentity is the bool central_identity: Accepts directory identities instead of only its own
	// passwords.
	//   AWS: IAMDatabaseAuthenticationEnabled; AdvancedSecurityOptions with IAM master.
	//   Azure: administrators azureADOnlyAuthentication or sid; authConfig.activeDirectoryAuth; disableLocalAuth.
	//   Google Cloud: databaseFlags cloudsql.iam_authentication=on; inherent for services with IAM only.
	CentralIdentity bool `cel:"central_identity" json:"central_identity"`
	// AuthRequired is the bool auth_required: Refuses callers that show no credential.
	//   AWS: AuthTokenEnabled or UserGroupIds; AdvancedSecurityOptions.Enabled or signed requests in
	//   AccessPolicies.
	//   Azure: redis disableAccessKeyAuthentication or keys required; search authOptions; inherent for SQL.
	//   Google Cloud: redis authEnabled; AlloyDB and SQL inherent; users.list host % without password.
	AuthRequired bool `cel:"auth_required" json:"auth_required"`
	// ThreatDetected is the bool threat_detected: Anomalous logins and queries are watched for.
	//   AWS: guardduty:GetDetector Features[RDS_LOGIN_EVENTS]; unknown for engines it does not watch.
	//   Azure: Microsoft.Security/pricings of its service Standard, or securityAlertPolicies state=Enabled.
	//   Google Cloud: securityCenterServices event-threat-detection ENABLED.
	ThreatDetected bool `cel:"threat_detected" json:"threat_detected" stage:"derived"`
	// VulnerabilityAssessed is the bool vulnerability_assessed: Its configuration and rights are assessed on a
	// schedule by the provider.
	//   AWS: n/a: no such service; see database-software-supported and database-risky-flags-off.
	//   Azure: sqlVulnerabilityAssessments/default state=Enabled, or vulnerabilityAssessments
	//   recurringScans.isEnabled.
	//   Google Cloud: n/a: no such service; see database-software-supported and database-risky-flags-off.
	VulnerabilityAssessed bool `cel:"vulnerability_assessed" json:"vulnerability_assessed"`
	// Masked is the bool masked: Sensitive columns are hidden from readers who do not need them.
	//   AWS: n/a: masking lives in SQL inside the warehouse and is not visible to an inventory call.
	//   Azure: databases/dataMaskingPolicies/Default dataMaskingState=Enabled with rules[].
	//   Google Cloud: bigquerydatapolicy.dataPolicies.list DATA_MASKING_POLICY on policy tags of the columns.
	Masked bool `cel:"masked" json:"masked" stage:"derived"`
	// Autoscaled is the bool autoscaled: Grows before it fills, within a ceiling.
	//   AWS: MaxAllocatedStorage > AllocatedStorage; DynamoDB on-demand or application-autoscaling target.
	//   Azure: storage.autoGrow=Enabled; autoscale maxThroughput.
	//   Google Cloud: settings.storageAutoResize; autoscalingConfig.
	Autoscaled bool `cel:"autoscaled" json:"autoscaled"`
	// RiskyFlags is the list<string> risky_flags: Engine switches that widen what a client may do: local_infile,
	// xp_cmdshell, external scripts, cross-database chaining, contained authentication, remote access, trace 3625
	// off.
	//   AWS: rds:DescribeDBParameters.
	//   Azure: configurations[].
	//   Google Cloud: settings.databaseFlags[].
	RiskyFlags []string `cel:"risky_flags" json:"risky_flags"`

	// Engine is the provider's name of the engine.
	Engine string `json:"engine"`
	// Port is the port the endpoint listens on.
	Port int `json:"port"`
	// PublicAddress says whether the endpoint was given an address of its own on the internet.
	PublicAddress bool `json:"public_endpoint"`
	// Network is the id of the network the database lives in.
	Network string `json:"network" link:"in_network"`
	// Subnets are the ids of the subnets its endpoint may live in.
	Subnets []string `json:"subnets" link:"in_subnet"`
	// Doors are the ids of what wears the interfaces by which networks reach a database at the provider's edge.
	Doors []string `json:"doors" link:"answers_at" stage:"derived"`
	// Rules are those of a filter that is part of the database itself, at the provider's edge.
	Rules []Rule `json:"rules"`
	// Firewalls are the ids of the filters that guard its endpoint.
	Firewalls []string `json:"firewalls" link:"guarded_by"`
	// Overrides are the ids of filters that are asked before these, as of a network interface.
	Overrides []string `json:"overrides" link:"overridden_by" stage:"derived"`
	// Source is the id of what it was restored or replicated from; empty for an original.
	Source string `json:"source" link:"copied_from"`
	// Admitted is who the data port admits.
	Admitted *Admitted `json:"admitted" stage:"derived"`
	// Paths are the ways the internet reaches the endpoint, hop by hop.
	Paths []Path `json:"paths" stage:"derived"`
}
