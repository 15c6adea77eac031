package gcp

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var tlsPoliciesWay = proxiesWay("SslPolicy", "sslPolicies")

var _ = collectors.Register(&Sources, collectors.Source[*Clients, asset, asset]{
	Kind: "gcp.compute.ssl_policy", Class: inventory.ClassTLSPolicy,
	Permissions: tlsPoliciesWay.permissions("compute.regionSslPolicies.list"),
	ListAction:  tlsPoliciesWay.action, ListPermission: tlsPoliciesWay.permission,
	Global: true, NoLabels: true, List: listTLSPolicies, Find: tlsPoliciesWay.find, Facts: tlsPolicyFacts,
})

// defaultTLSPolicy is the id of what a proxy without a policy does: the profile COMPATIBLE, from TLS 1.0 on.
const defaultTLSPolicy = "//compute.googleapis.com/sslPolicies/default"

type tlsPolicyBody struct {
	Profile         string   `json:"profile"`
	MinVersion      string   `json:"minTlsVersion"`
	EnabledFeatures []string `json:"enabledFeatures"`
	CustomFeatures  []string `json:"customFeatures"`
}

// listTLSPolicies yields the default first: it is nowhere listed, and most proxies use it.
func listTLSPolicies(ctx context.Context, c *Clients) iter.Seq2[asset, error] {
	return func(yield func(asset, error) bool) {
		standard := asset{Type: tlsPoliciesWay.types[0], Name: defaultTLSPolicy,
			Data: json.RawMessage(`{"name":"default","profile":"COMPATIBLE","minTlsVersion":"TLS_1_0"}`)}
		if !yield(standard, nil) {
			return
		}
		for a, err := range tlsPoliciesWay.list(ctx, c) {
			if !yield(a, err) || err != nil {
				return
			}
		}
	}
}

// suites that every profile but the customers' own accepts, those MODERN adds, and those COMPATIBLE adds to these.
var (
	strictSuites = []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
		"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
		"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"}
	modernSuites = []string{"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
		"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"}
	olderSuites = []string{"TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA",
		"TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_RSA_WITH_AES_256_GCM_SHA384"}
)

// tlsVersions are the versions from the oldest that a policy names on. TLS 1.3 is always served.
var tlsVersions = map[string][]float64{
	"TLS_1_0": {1.0, 1.1, 1.2, 1.3}, "TLS_1_1": {1.1, 1.2, 1.3}, "TLS_1_2": {1.2, 1.3}, "TLS_1_3": {1.3},
}

func tlsPolicyFacts(_ collectors.Where, a asset) *inventory.Resource {
	b := read[tlsPolicyBody](a)
	facts := &inventory.TLSPolicy{Versions: tlsVersions[b.MinVersion]}
	r := begin(a, facts)
	if facts.Versions == nil {
		lacks(r, tlsPoliciesWay, "versions")
	} else {
		r.Known("versions")
	}
	switch {
	case len(b.EnabledFeatures) > 0:
		facts.Suites = b.EnabledFeatures
	case b.Profile == "CUSTOM":
		facts.Suites = b.CustomFeatures
	case b.Profile == "RESTRICTED" || b.Profile == "FIPS_202205":
		facts.Suites = strictSuites
	case b.Profile == "MODERN":
		facts.Suites = append(append([]string{}, strictSuites...), modernSuites...)
	case b.Profile == "COMPATIBLE":
		facts.Suites = append(append(append([]string{}, strictSuites...), modernSuites...), olderSuites...)
	default:
		lacks(r, tlsPoliciesWay, "suites")
		return r
	}
	r.Known("suites")
	return r
}
