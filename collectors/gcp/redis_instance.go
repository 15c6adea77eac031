package gcp

import (
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var (
	redisWay = &way{
		types: []string{"redis.googleapis.com/Instance"}, api: "redis.googleapis.com",
		path: "/v1/projects/{project}/locations/-/instances", items: "instances",
		permission: "redis.instances.list", action: "redis.projects.locations.instances.list",
	}
	redisClustersWay = &way{
		types: []string{"redis.googleapis.com/Cluster"}, api: "redis.googleapis.com",
		path: "/v1/projects/{project}/locations/-/clusters", items: "clusters",
		permission: "redis.clusters.list", action: "redis.projects.locations.clusters.list",
	}
)

var (
	_ = source("gcp.redis.instance", inventory.ClassDatabase, redisWay, redisFacts, false)
	_ = source("gcp.redis.cluster", inventory.ClassDatabase, redisClustersWay, redisFacts, false)
)

// redisBody is an instance or a cluster of Redis: they say the same in slightly different words.
type redisBody struct {
	Port         number `json:"port"`
	Tier         string `json:"tier"`
	Version      string `json:"redisVersion"`
	AuthEnabled  *bool  `json:"authEnabled"`
	AuthMode     string `json:"authorizationMode"`
	Transit      string `json:"transitEncryptionMode"`
	CustomerKey  string `json:"customerManagedKey"`
	KMSKey       string `json:"kmsKey"`
	Protected    *bool  `json:"deletionProtectionEnabled"`
	ReplicaCount number `json:"replicaCount"`
	ShardCount   number `json:"shardCount"`
	Persistence  *struct {
		Mode  string `json:"persistenceMode"`
		Newer string `json:"mode"`
	} `json:"persistenceConfig"`
	Zones *struct {
		Mode string `json:"mode"`
	} `json:"zoneDistributionConfig"`
}

func redisFacts(_ collectors.Where, a asset) *inventory.Resource {
	b := read[redisBody](a)
	facts := &inventory.Database{Family: "cache", Endpoint: "network", Engine: "redis", Port: int(b.Port),
		TLSMinVersion: 1.2}
	r := begin(a, facts)
	cluster := strings.HasSuffix(a.Type, "/Cluster")
	if facts.Port == 0 {
		facts.Port = 6379
	}
	// It has no address on the internet; every machine of the network it is joined to can reach it.
	facts.Rules, facts.PrivateNetwork = []inventory.Rule{openInside(facts.Port)}, true
	r.Known("family", "endpoint", "engine", "port", "rules", "private_network", "public_endpoint", "source")
	managed(r, facts)
	r.SetInherent("tls_min_version")
	redisTransport(r, facts, &b, cluster)
	facts.CustomerKey = b.CustomerKey != "" || b.KMSKey != ""
	facts.MultiZone = b.Tier == "STANDARD_HA" || cluster && b.ReplicaCount > 0 && (b.Zones == nil ||
		b.Zones.Mode != "SINGLE_ZONE")
	facts.DeletionProtected = b.Protected != nil && *b.Protected
	facts.CentralIdentity = b.AuthMode == "AUTH_MODE_IAM_AUTH"
	facts.RiskyFlags = []string{}
	r.Known("customer_key", "multi_zone", "deletion_protected", "central_identity", "risky_flags")
	r.SetNotApplicable("a cache grows by hand", "autoscaled")
	r.SetNotApplicable("a cache is filled anew", "backup_retention_days", "point_in_time", "other_region_copy")
	notAsked(r, redisWay.action, redisWay.permission, "version_supported", "audit_logged")
	return r
}

// redisTransport states whether a client must encrypt and must say who it is. What is not set is off.
func redisTransport(r *inventory.Resource, facts *inventory.Database, b *redisBody, cluster bool) {
	switch b.Transit {
	case "SERVER_AUTHENTICATION", "TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION":
		facts.TLSRequired = true
	}
	facts.AuthRequired = b.AuthEnabled != nil && *b.AuthEnabled || cluster && b.AuthMode == "AUTH_MODE_IAM_AUTH"
	r.Known("tls_required", "auth_required")
}
