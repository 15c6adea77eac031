package inventory

// EntryPoint is the class entry_point: what answers callers: load balancer, application gateway, content
// delivery network, API gateway, with the web firewall in front.
type EntryPoint struct {
	// Kind is the enum kind: load_balancer, cdn or api_gateway.
	//   AWS: native type.
	//   Azure: native type.
	//   Google Cloud: native type.
	Kind string `cel:"kind" json:"kind"`
	// HTTP is the bool http: Speaks HTTP (not a pass-through of TCP or UDP).
	//   AWS: Type=application, CDN, API.
	//   Azure: applicationGateways, front doors, CDN, API service.
	//   Google Cloud: forwarding rule on a target HTTP or HTTPS proxy; API gateway.
	HTTP bool `cel:"http" json:"http"`
	// InternetFacing is the bool internet_facing: Callers on the internet can reach it.
	//   AWS: Scheme=internet-facing; distributions always; endpointConfiguration.types not PRIVATE.
	//   Azure: frontendIPConfigurations[].publicIPAddress; CDN always; virtualNetworkType != Internal.
	//   Google Cloud: loadBalancingScheme EXTERNAL or EXTERNAL_MANAGED.
	InternetFacing bool `cel:"internet_facing" json:"internet_facing"`
	// PlaintextListener is the bool plaintext_listener: A listener serves content over plain HTTP (a redirect to
	// HTTPS does not count).
	//   AWS: Listeners[].Protocol HTTP with DefaultActions not redirect HTTPS; ViewerProtocolPolicy=allow-all.
	//   Azure: httpListeners[].protocol=Http without requestRoutingRules redirectConfiguration; routes
	//   supportedProtocols has Http and httpsRedirect=Disabled.
	//   Google Cloud: forwarding rule on a targetHttpProxy whose urlMap lacks defaultUrlRedirect.httpsRedirect.
	PlaintextListener bool `cel:"plaintext_listener" json:"plaintext_listener" stage:"derived"`
	// TLSMinVersion is the number tls_min_version: Oldest TLS version any listener accepts. Unit: TLS version as
	// 1.0 … 1.3.
	//   AWS: elbv2:DescribeSSLPolicies SslProtocols of Listeners[].SslPolicy;
	//   ViewerCertificate.MinimumProtocolVersion; domain name securityPolicy.
	//   Azure: sslPolicy.minProtocolVersion or the predefined policy; customDomains tlsSettings.minimumTlsVersion;
	//   customProperties of the API service.
	//   Google Cloud: sslPolicies.minTlsVersion of the proxy, default TLS_1_0.
	TLSMinVersion float64 `cel:"tls_min_version" json:"tls_min_version" stage:"derived"`
	// WeakCiphers is the list<string> weak_ciphers: Accepted suites with RC4, 3DES, NULL, EXPORT or anonymous
	// parts, or without forward secrecy.
	//   AWS: elbv2:DescribeSSLPolicies Ciphers[].Name; elb:DescribeLoadBalancerPolicies.
	//   Azure: sslPolicy.cipherSuites or the predefined policy.
	//   Google Cloud: sslPolicies.enabledFeatures; profile COMPATIBLE or none.
	WeakCiphers []string `cel:"weak_ciphers" json:"weak_ciphers" stage:"derived"`
	// FirewallPorts is the list<string> firewall_ports: What its packet filter admits from the world, as ranges;
	// where it has no filter, the ports it listens on. Unit: protocol/port or protocol/from-to.
	//   AWS: SecurityGroups of the balancer via ec2:DescribeSecurityGroups.
	//   Azure: network security group of the gateway subnet; load balancers: group of the backends on the frontend
	//   ports.
	//   Google Cloud: external balancers terminate at the edge: portRange of each forwarding rule and Cloud Armor;
	//   pass-through: firewall rules of the backends.
	FirewallPorts []string `cel:"firewall_ports" json:"firewall_ports" stage:"derived"`
	// WAFAttached is the bool waf_attached: A web application firewall inspects its HTTP traffic.
	//   AWS: wafv2:GetWebACLForResource; distribution WebACLId.
	//   Azure: webApplicationFirewallConfiguration or firewallPolicy.id; Microsoft.Cdn/profiles/securityPolicies.
	//   Google Cloud: backendServices.securityPolicy.
	WAFAttached bool `cel:"waf_attached" json:"waf_attached" stage:"derived"`
	// WAFBlocking is the bool waf_blocking: The web firewall blocks (not only counts) injection and scripting
	// attacks with a maintained rule set.
	//   AWS: wafv2:GetWebACL Rules[].ManagedRuleGroupStatement (core, SQLi) with OverrideAction None.
	//   Azure: policySettings.mode=Prevention, state=Enabled, managedRules.managedRuleSets[].
	//   Google Cloud: securityPolicies.rules[] evaluatePreconfiguredWaf sqli and xss, action deny, preview=false.
	WAFBlocking bool `cel:"waf_blocking" json:"waf_blocking" stage:"derived"`
	// AccessLogged is the bool access_logged: Requests are recorded.
	//   AWS: elbv2:DescribeLoadBalancerAttributes access_logs.s3.enabled; Logging.Enabled; stage
	//   AccessLogSettings; wafv2:GetLoggingConfiguration.
	//   Azure: Microsoft.Insights/diagnosticSettings with access and firewall log categories.
	//   Google Cloud: backendServices.logConfig.enable.
	AccessLogged bool `cel:"access_logged" json:"access_logged" stage:"derived"`
	// SecurityHeaders is the set<string> security_headers: Response headers set at the edge:
	// content-security-policy, frame-options (or frame-ancestors in the policy), strict-transport-security,
	// server-removed.
	//   AWS: cloudfront:GetResponseHeadersPolicy SecurityHeadersConfig, CustomHeadersConfig, RemoveHeadersConfig;
	//   elbv2 listener attributes routing.http.response.*.
	//   Azure: rewriteRuleSets responseHeaderConfigurations; Front Door ruleSets ModifyResponseHeader.
	//   Google Cloud: backendServices.customResponseHeaders[]; urlMaps headerAction.responseHeadersToAdd,
	//   ToRemove.
	SecurityHeaders []string `cel:"security_headers" json:"security_headers" stage:"derived"`
	// Authenticated is the bool authenticated: Every route of an API demands proof of identity.
	//   AWS: apigateway GetMethod authorizationType != NONE, apiKeyRequired alone does not count;
	//   AuthorizationType of each HTTP API route; AppSync authenticationType != API_KEY.
	//   Azure: API subscriptionRequired with a validate-jwt or validate-azure-ad-token policy.
	//   Google Cloud: API config securityDefinitions on every path; backendServices.iap.enabled.
	Authenticated bool `cel:"authenticated" json:"authenticated"`
	// OriginTLS is the bool origin_tls: Traffic goes on encrypted to the origin or backend.
	//   AWS: Origins[].CustomOriginConfig.OriginProtocolPolicy=https-only; target group Protocol HTTPS or TLS.
	//   Azure: backendHttpSettingsCollection[].protocol=Https; routes forwardingProtocol=HttpsOnly.
	//   Google Cloud: backendServices.protocol HTTPS or HTTP2.
	OriginTLS bool `cel:"origin_tls" json:"origin_tls" stage:"derived"`
	// OriginExists is the bool origin_exists: Each origin or backend name still belongs to a resource in the
	// inventory.
	//   AWS: Origins[].DomainName, target groups: looked up in the inventory.
	//   Azure: origins hostName, backendAddressPools: looked up in the inventory.
	//   Google Cloud: backendBuckets.bucketName, backends[].group: looked up in the inventory.
	OriginExists bool `cel:"origin_exists" json:"origin_exists" stage:"derived"`
	// MultiZone is the bool multi_zone: Runs in two zones or more.
	//   AWS: AvailabilityZones count.
	//   Azure: zones[] count or zone-redundant tier.
	//   Google Cloud: inherent: external and regional balancers span zones by construction.
	MultiZone bool `cel:"multi_zone" json:"multi_zone"`
	// DDoSProtected is the bool ddos_protected: Volumetric attack protection beyond the free basic tier.
	//   AWS: shield:ListProtections ResourceArn.
	//   Azure: virtualNetworks properties.enableDdosProtection, or publicIPAddresses
	//   ddosSettings.protectionMode=Enabled.
	//   Google Cloud: securityPolicies adaptiveProtectionConfig.layer7DdosDefenseConfig.enable.
	DDoSProtected bool `cel:"ddos_protected" json:"ddos_protected" stage:"derived"`

	// Network is the id of the network the entry point lives in; empty at the provider's edge.
	Network string `json:"network" link:"in_network"`
	// Subnets are the ids of the subnets it stands in.
	Subnets []string `json:"subnets" link:"in_subnet"`
	// Firewalls are the ids of the filters that guard it; empty where it has none.
	Firewalls []string `json:"firewalls" link:"guarded_by"`
	// Senders are the address ranges it sends from besides those of its subnets, where the provider names them.
	Senders []string `json:"senders" stage:"derived"`
	// Listeners are what it answers on.
	Listeners []Listener `json:"listeners"`
	// PassThrough says that the caller's address reaches the target unchanged.
	PassThrough bool `json:"pass_through"`
	// DNSName is the name callers use.
	DNSName string `json:"dns_name"`
	// AnswersTo are the provider's names for it, in lower case: what records of a zone point at.
	AnswersTo []string `json:"answers_to" link:"answers_to" stage:"derived"`
	// Origins are what stands behind it by name, where that is no set of targets.
	Origins []Pointer `json:"origins" stage:"derived"`
	// PlaintextOnlyRedirects says that every clear-text listener only redirects to HTTPS.
	PlaintextOnlyRedirects bool `json:"plaintext_only_redirects" stage:"derived"`
	// FilterScope is world, listed or private: the widest source its filter admits.
	FilterScope string `json:"filter_scope" stage:"derived"`
}
