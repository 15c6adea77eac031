package azure

import (
	"context"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var redisCaches = rowsOf{typ: "Microsoft.Cache/redis", version: "2024-11-01"}

const redisFirewallType = "Microsoft.Cache/redis/firewallRules"

// redisCache is what is read of a cache.
type redisCache struct {
	Clear   *bool            `json:"enableNonSslPort,omitempty"`
	TLS     string           `json:"minimumTlsVersion,omitempty"`
	Access  string           `json:"publicNetworkAccess,omitempty"`
	Subnet  string           `json:"subnetId,omitempty"`
	Port    int              `json:"sslPort,omitempty"`
	Config  map[string]any   `json:"redisConfiguration,omitempty"`
	NoKeys  *bool            `json:"disableAccessKeyAuthentication,omitempty"`
	Links   []linkState      `json:"privateEndpointConnections,omitempty"`
	Servers []map[string]any `json:"linkedServers,omitempty"`
}

type redisAnswers struct {
	Cache     seen[redisCache]
	Around    collectors.Answer[around]
	Overrides collectors.Answer[[]string]
	Addresses collectors.Answer[[]addressRule]
	Lock      collectors.Answer[locked]
	Records   collectors.Answer[[]diagnosticSetting]
}

var _ = registerAsked("azure.cache.redis", inventory.ClassDatabase, redisCaches,
	[]string{redisFirewallType + "/read", virtualNetworks.permission(), adminRulesPermission, lockRead, diagnosticRead},
	func(ctx context.Context, c *Clients, s seen[redisCache]) redisAnswers {
		subnet := armID(s.Row.Properties.Subnet)
		return redisAnswers{s, askAround(ctx, c, subnet), overridesOf(ctx, c, subnet),
			askAll[addressRule](ctx, c, armID(s.Row.ID), "/firewallRules", redisFirewallType, redisCaches.version),
			askLock(ctx, c, s.Row.ID), askDiagnostics(ctx, c, armID(s.Row.ID))}
	}, redisFacts)

func redisFacts(w collectors.Where, a redisAnswers) *inventory.Resource {
	p := a.Cache.Row.Properties
	facts := &inventory.Database{Family: "cache", Engine: "redis", EncryptedAtRest: true, VersionSupported: true}
	r := described(a.Cache, facts)
	defer leftOut(r, redisCaches)
	port := p.Port
	if port == 0 {
		port = 6380
	}
	if subnet := armID(p.Subnet); subnet != "" {
		inSubnet(w, r, facts, port, subnet, a.Around, a.Overrides)
	} else {
		atEdge(r, facts, port, p.Access, p.Links)
		knowRules(r, facts, a.Addresses, nil)
		if r.IsKnown("rules") && len(facts.Rules) == 0 {
			// A cache without a rule lets everybody come.
			facts.Rules = []inventory.Rule{{ID: "no rule", Protocol: "tcp", From: port, To: port, Ranges: everybody}}
		}
	}
	r.SetInherent("encrypted_at_rest", "version_supported")
	// The clear-text port is closed unless it is opened.
	facts.TLSRequired, facts.TLSMinVersion = !deref(p.Clear), tlsVersion(p.TLS)
	r.Known("tls_required", "tls_min_version", "source")
	facts.AuthRequired = lower(configured(p.Config, "authnotrequired")) != "true"
	facts.CentralIdentity = lower(configured(p.Config, "aad-enabled")) == "true"
	facts.MultiZone, facts.OtherRegionCopy = len(a.Cache.Row.Zones) > 1, len(p.Servers) > 0
	r.Known("auth_required", "central_identity", "multi_zone", "other_region_copy")
	r.SetNotApplicable("a cache is filled again from its source", "backup_retention_days", "point_in_time")
	r.SetNotApplicable("the service has no engine switches", "risky_flags")
	r.SetNotApplicable("assessed for Azure SQL only", "vulnerability_assessed")
	r.SetNotApplicable("a cache of this kind takes no key of one's own", "customer_key")
	knowLock(r, facts, a.Lock)
	knowRecords(r, &facts.AuditLogged, a.Records, cacheRecords, "audit_logged")
	notYet(r, "autoscaled")
	return r
}

// configured is a setting as text, whatever the case of its name.
func configured(config map[string]any, name string) string {
	for k, v := range config {
		if text, ok := v.(string); ok && lower(k) == name {
			return text
		}
	}
	return ""
}
