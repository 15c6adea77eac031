package inventory

// ServerlessApp is the class serverless_app: code run by the platform: function, web app, container service.
type ServerlessApp struct {
	// Anonymous is the bool anonymous: Anyone on the internet can call it with no credential, and it is not
	// declared a public site.
	//   AWS: GetPolicy Principal *; GetFunctionUrlConfig AuthType=NONE.
	//   Azure: authsettingsV2 globalValidation.requireAuthentication=false with publicNetworkAccess enabled.
	//   Google Cloud: getIamPolicy roles/run.invoker or cloudfunctions.invoker allUsers with ingress all.
	Anonymous bool `cel:"anonymous" json:"anonymous"`
	// HTTPSOnly is the bool https_only: Redirects or refuses HTTP and serves TLS 1.2 or later.
	//   AWS: inherent: function URLs and service URLs are HTTPS only, TLS 1.2 or later; Beanstalk: the listeners of the
	//   balancer.
	//   Azure: properties.httpsOnly; siteConfig.minTlsVersion.
	//   Google Cloud: httpsTrigger.securityLevel=SECURE_ALWAYS; inherent for Cloud Run; App Engine handlers
	//   secure.
	HTTPSOnly bool `cel:"https_only" json:"https_only"`
	// VersionSupported is the bool version_supported: Runtime is under support.
	//   AWS: Runtime against the deprecation table; PlatformArn.
	//   Azure: linuxFxVersion, netFrameworkVersion, javaVersion, phpVersion, pythonVersion; functions extension
	//   version.
	//   Google Cloud: runtime, buildConfig.runtime against the deprecation table.
	VersionSupported bool `cel:"version_supported" json:"version_supported"`
	// PlaintextSecrets is the int plaintext_secrets: Secret patterns found in plain configuration values. Unit:
	// matches.
	//   AWS: Environment.Variables.
	//   Azure: siteConfig connection strings and names only; values need a write-class permission, so key vault
	//   references are looked for by name.
	//   Google Cloud: serviceConfig.environmentVariables; template.containers[].env.
	PlaintextSecrets int64 `cel:"plaintext_secrets" json:"plaintext_secrets"`
	// NetworkAttached is the bool network_attached: Sends its traffic through a private network.
	//   AWS: VpcConfig.SubnetIds.
	//   Azure: virtualNetworkSubnetId, vnetRouteAllEnabled.
	//   Google Cloud: serviceConfig.vpcConnector; template.vpcAccess.
	NetworkAttached bool `cel:"network_attached" json:"network_attached"`
	// ManagementChannelOpen is the bool management_channel_open: Clear-text FTP, basic publishing passwords or
	// remote debugging are on.
	//   AWS: n/a: no such channel.
	//   Azure: siteConfig.ftpsState=AllAllowed; basicPublishingCredentialsPolicies ftp, scm allow;
	//   remoteDebuggingEnabled.
	//   Google Cloud: n/a: no such channel.
	ManagementChannelOpen bool `cel:"management_channel_open" json:"management_channel_open"`
	// CORSAnyOrigin is the bool cors_any_origin: Browser pages of any origin may call it with credentials.
	//   AWS: GetFunctionUrlConfig Cors.AllowOrigins *.
	//   Azure: siteConfig.cors.allowedOrigins * or supportCredentials with *.
	//   Google Cloud: n/a: set in code, not in configuration.
	CORSAnyOrigin bool `cel:"cors_any_origin" json:"cors_any_origin"`
	// AccessLogged is the bool access_logged: Requests and errors are recorded.
	//   AWS: LoggingConfig with the role allowed to write; Beanstalk StreamLogs.
	//   Azure: diagnosticSettings AppServiceHTTPLogs; siteConfig.httpLoggingEnabled; Application Insights link.
	//   Google Cloud: inherent: requests are logged by the platform; a log exclusion on them is read from
	//   logging.exclusions.
	AccessLogged bool `cel:"access_logged" json:"access_logged"`

	// AnswersTo are the provider's names for it, in lower case: what records of a zone point at.
	AnswersTo []string `json:"answers_to" link:"answers_to" stage:"derived"`
}
