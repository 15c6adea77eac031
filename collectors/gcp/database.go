package gcp

import (
	"slices"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// insideRanges are what a private network may hold. A managed database admits every machine of a network it is joined
// to: Google keeps no filter in between.
var insideRanges = []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"}

// openInside is the rule that admits a whole network to a port.
func openInside(port int) inventory.Rule {
	return inventory.Rule{ID: "private network", Protocol: "tcp", From: port, To: port, Ranges: insideRanges}
}

// managed states what holds for every managed database of Google's: it stands in Google's own network, behind no filter
// of the project's, on media that are always encrypted.
func managed(r *inventory.Resource, facts *inventory.Database) {
	facts.EncryptedAtRest = true
	facts.Subnets, facts.Firewalls = []string{}, []string{}
	if facts.Rules == nil {
		facts.Rules = []inventory.Rule{}
	}
	r.SetInherent("encrypted_at_rest")
	r.Known("network", "subnets", "firewalls")
	if !r.IsKnown("rules") {
		if _, told := r.Unknown["rules"]; !told {
			r.Known("rules")
		}
	}
	r.SetNotApplicable("Google has no such service; see its version and its switches", "vulnerability_assessed")
}

// byAPI states a database that is reached through Google's API alone: who may call is a matter of rights, and the
// service itself speaks TLS 1.2 or later.
func byAPI(r *inventory.Resource, facts *inventory.Database, family, engine string) {
	facts.Family, facts.Endpoint, facts.Engine = family, "api", engine
	facts.CentralIdentity, facts.AuthRequired, facts.TLSMinVersion, facts.TLSRequired = true, true, 1.2, true
	r.Known("family", "endpoint", "engine", "port", "source")
	r.SetInherent("central_identity", "auth_required", "tls_min_version", "tls_required")
	managed(r, facts)
}

// flags are switches of an engine, by name.
type flagBody struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// on says whether one of the switches is on.
func on(flags []flagBody, names ...string) bool {
	return slices.ContainsFunc(flags, func(f flagBody) bool {
		return slices.Contains(names, f.Name) && slices.Contains([]string{"on", "ON", "1", "true", "True", "all", "ddl",
			"mod"}, f.Value)
	})
}
