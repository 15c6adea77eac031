package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// prefix lets scanners for leaked secrets know a token of this service.
const prefix = "plb_"

// maxSecret keeps a caller from making the service hash megabytes.
const maxSecret = 256

// NewSecret makes the secret of a token, of 32 random bytes, and the hash under which it is kept. The secret is shown
// once and never stored.
func NewSecret() (secret string, hash []byte) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails: the program ends when the system has no randomness
	secret = prefix + base64.RawURLEncoding.EncodeToString(raw)
	sum := sha256.Sum256([]byte(secret))
	return secret, sum[:]
}
