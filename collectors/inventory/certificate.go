package inventory

import "time"

// Certificate is the class certificate: a TLS certificate held by the cloud, the authority certificate of a
// managed database included.
type Certificate struct {
	// ExpiresAt is the timestamp expires_at: When it ends. Unit: UTC.
	//   AWS: NotAfter; Expiration; ValidTill.
	//   Azure: attributes.exp; expirationDate.
	//   Google Cloud: expireTime; serverCaCert.expirationTime.
	ExpiresAt time.Time `cel:"expires_at" json:"expires_at"`
	// Strong is the bool strong: RSA 2048 or more, or an elliptic curve key; signed with SHA-256 or better.
	//   AWS: KeyAlgorithm, SignatureAlgorithm.
	//   Azure: policy.keyProperties kty, keySize.
	//   Google Cloud: parsed from pemCertificate; inherent for managed ones.
	Strong bool `cel:"strong" json:"strong"`
}
