package gcp

import (
	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var kafkaWay = &way{
	types: []string{"managedkafka.googleapis.com/Cluster"}, api: "managedkafka.googleapis.com",
	path: "/v1/projects/{project}/locations/-/clusters", items: "clusters",
	permission: "managedkafka.clusters.list", action: "managedkafka.projects.locations.clusters.list",
}

var _ = source("gcp.managedkafka.cluster", inventory.ClassMessageChannel, kafkaWay, kafkaFacts, false)

// kafkaFacts states a cluster of brokers. It answers inside the networks it names and nowhere else, over TLS alone, and
// has no policy of its own that could let anybody in.
func kafkaFacts(_ collectors.Where, a asset) *inventory.Resource {
	facts := &inventory.MessageChannel{
		EncryptedAtRest: true, TLSRequired: true, NetworkRestricted: true, Principals: []string{},
	}
	r := begin(a, facts)
	r.SetInherent("encrypted_at_rest", "tls_required", "network_restricted", "public")
	r.Known("principals")
	return r
}
