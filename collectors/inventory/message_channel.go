package inventory

// MessageChannel is the class message_channel: a queue, topic, stream or event bus.
type MessageChannel struct {
	// Public is the bool public: Anyone on the internet can send or receive, or reach the broker.
	//   AWS: Policy Principal * without a narrowing condition; ConnectivityInfo.PublicAccess; PubliclyAccessible.
	//   Azure: n/a: senders and receivers always need a key or a directory identity; see
	//   service-endpoint-network-restricted.
	//   Google Cloud: getIamPolicy allUsers, allAuthenticatedUsers.
	Public bool `cel:"public" json:"public"`
	// NetworkRestricted is the bool network_restricted: Answers named networks only.
	//   AWS: n/a: queues and topics have no network switch, brokers are judged by public.
	//   Azure: publicNetworkAccess=Disabled or networkRuleSets defaultAction=Deny.
	//   Google Cloud: servicePerimeters restrictedServices pubsub.googleapis.com with the project.
	NetworkRestricted bool `cel:"network_restricted" json:"network_restricted"`
	// EncryptedAtRest is the bool encrypted_at_rest: Content is encrypted on the medium.
	//   AWS: KmsMasterKeyId or SqsManagedSseEnabled; EncryptionType; EncryptionInfo.
	//   Azure: inherent: the platform always encrypts.
	//   Google Cloud: inherent: the platform always encrypts.
	EncryptedAtRest bool `cel:"encrypted_at_rest" json:"encrypted_at_rest"`
	// TLSRequired is the bool tls_required: Refuses clear text, and pushes only to HTTPS.
	//   AWS: Policy Deny aws:SecureTransport=false; subscription Protocol != http;
	//   EncryptionInTransit.ClientBroker=TLS.
	//   Azure: minimumTlsVersion >= 1.2; webhook endpoint https.
	//   Google Cloud: pushConfig.pushEndpoint https; inherent on the API.
	TLSRequired bool `cel:"tls_required" json:"tls_required"`
	// UnknownPrincipals is the int unknown_principals: Principals outside the organisation and outside the
	// supplier register that its own policy lets in. Unit: principals.
	//   AWS: Policy Principal.AWS of other accounts; event bus policy.
	//   Azure: foreign role assignments; private endpoint connections of other tenants.
	//   Google Cloud: getIamPolicy members outside the customer domains.
	UnknownPrincipals int64 `cel:"unknown_principals" json:"unknown_principals" stage:"derived"`

	// Principals are the foreign accounts its policy lets in.
	Principals []string `json:"principals"`
}
