package inventory

// NetworkLink is the class network_link: a door between networks: peering, VPN, transit attachment, published
// private endpoint service.
type NetworkLink struct {
	// Kind is the enum kind: peering, vpn, transit or private_service.
	//   AWS: the native type.
	//   Azure: the native type.
	//   Google Cloud: the native type.
	Kind string `cel:"kind" json:"kind"`
	// PeerKnown is the bool peer_known: The other side is in the organisation or in the supplier register, and
	// links are accepted by hand.
	//   AWS: AccepterVpcInfo.OwnerId, RequesterVpcInfo.OwnerId; TransitGateway
	//   Options.AutoAcceptSharedAttachments=disable; endpoint service AcceptanceRequired,
	//   ec2:DescribeVpcEndpointServicePermissions.
	//   Azure: remoteVirtualNetwork.id subscription and tenant; privateLinkServices autoApproval.subscriptions,
	//   visibility.subscriptions.
	//   Google Cloud: peerings[].network project; serviceAttachments connectionPreference=ACCEPT_MANUAL,
	//   consumerAcceptLists.
	PeerKnown bool `cel:"peer_known" json:"peer_known" stage:"derived"`
	// CrossesEnvironment is the bool crosses_environment: Joins a production network to one that is not
	// production.
	//   AWS: environment of both networks.
	//   Azure: environment of both networks.
	//   Google Cloud: environment of both networks.
	CrossesEnvironment bool `cel:"crosses_environment" json:"crosses_environment" stage:"derived"`
	// StrongCrypto is the bool strong_crypto: IKEv2 with modern ciphers and groups only (no 3DES, MD5, SHA-1 or
	// group 2).
	//   AWS: VpnConnection Options.TunnelOptions[].IkeVersions, Phase1/2EncryptionAlgorithms, IntegrityAlgorithms,
	//   DHGroupNumbers.
	//   Azure: connections properties.connectionProtocol=IKEv2, ipsecPolicies[].
	//   Google Cloud: vpnTunnels.ikeVersion=2, cipherSuite where set.
	StrongCrypto bool `cel:"strong_crypto" json:"strong_crypto"`

	// Networks are the ids of the networks the link joins, as far as they are known.
	Networks []string `json:"networks" link:"joins"`
	// PeerOwners are the accounts on the other side; "*" stands for anybody.
	PeerOwners []string `json:"peer_owners"`
	// PeerRanges are the address ranges of the other side in CIDR notation.
	PeerRanges []string `json:"peer_ranges"`
	// AcceptedByHand says that nobody joins without a person of this side agreeing.
	AcceptedByHand bool `json:"accepted_by_hand"`
	// Active says whether traffic can pass now.
	Active bool `json:"active"`
}
