package azure

import (
	"context"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var cosmosAccounts = rowsOf{typ: "Microsoft.DocumentDB/databaseAccounts", version: "2024-11-15"}

// cosmosAccount is what is read of a document database.
type cosmosAccount struct {
	Access  string `json:"publicNetworkAccess,omitempty"`
	Filter  *bool  `json:"isVirtualNetworkFilterEnabled,omitempty"`
	Old     string `json:"ipRangeFilter,omitempty"`
	IPRules []struct {
		Range string `json:"ipAddressOrRange"`
	} `json:"ipRules,omitempty"`
	Subnets    []ref         `json:"virtualNetworkRules,omitempty"`
	Links      []linkState   `json:"privateEndpointConnections,omitempty"`
	KeyURI     string        `json:"keyVaultKeyUri,omitempty"`
	LocalAuth  *bool         `json:"disableLocalAuth,omitempty"`
	Locations  []cosmosPlace `json:"locations,omitempty"`
	BackupPlan *struct {
		Type     string `json:"type,omitempty"`
		Periodic *struct {
			Hours int64 `json:"backupRetentionIntervalInHours,omitempty"`
		} `json:"periodicModeProperties,omitempty"`
		Continuous *struct {
			Tier string `json:"tier,omitempty"`
		} `json:"continuousModeProperties,omitempty"`
	} `json:"backupPolicy,omitempty"`
}

type cosmosPlace struct {
	Name  string `json:"locationName,omitempty"`
	Zones *bool  `json:"isZoneRedundant,omitempty"`
}

// ranges are the address rules, in the form of today or the one before it.
func (c cosmosAccount) ranges() []string {
	var out []string
	for _, r := range c.IPRules {
		out = append(out, r.Range)
	}
	if len(out) == 0 && c.Old != "" {
		out = strings.Split(c.Old, ",")
	}
	return out
}

type cosmosAnswers struct {
	Account seen[cosmosAccount]
	Lock    collectors.Answer[locked]
	Records collectors.Answer[[]diagnosticSetting]
}

var _ = registerAsked("azure.cosmosdb.account", inventory.ClassDatabase, cosmosAccounts,
	[]string{lockRead, diagnosticRead},
	func(ctx context.Context, c *Clients, s seen[cosmosAccount]) cosmosAnswers {
		return cosmosAnswers{s, askLock(ctx, c, s.Row.ID), askDiagnostics(ctx, c, armID(s.Row.ID))}
	}, cosmosFacts)

func cosmosFacts(_ collectors.Where, a cosmosAnswers) *inventory.Resource {
	p := a.Account.Row.Properties
	facts := &inventory.Database{Family: "document", Engine: "cosmosdb", EncryptedAtRest: true, TLSRequired: true,
		TLSMinVersion: 1.2,
		AuthRequired:  true, VersionSupported: true, CustomerKey: p.KeyURI != ""}
	r := described(a.Account, facts)
	defer leftOut(r, cosmosAccounts)
	atEdge(r, facts, 443, p.Access, p.Links)
	r.SetInherent("encrypted_at_rest", "tls_required", "tls_min_version", "auth_required", "version_supported")
	r.Known("customer_key", "source")
	cosmosRules(r, facts, p)
	cosmosKeeping(r, facts, p)
	facts.CentralIdentity = deref(p.LocalAuth)
	r.Known("central_identity")
	r.SetNotApplicable("the service has no engine switches", "risky_flags")
	r.SetNotApplicable("assessed for Azure SQL only", "vulnerability_assessed")
	knowLock(r, facts, a.Lock)
	knowRecords(r, &facts.AuditLogged, a.Records, cosmosRecords, "audit_logged")
	notYet(r, "autoscaled")
	return r
}

// cosmosRules reads the filter: without a filter of networks and without address rules everybody may come, and the
// address 0.0.0.0 stands for every tenant of the cloud.
func cosmosRules(r *inventory.Resource, facts *inventory.Database, p cosmosAccount) {
	rule := inventory.Rule{Protocol: "tcp", From: facts.Port, To: facts.Port}
	ranges := p.ranges()
	if len(ranges) == 0 && !deref(p.Filter) {
		rule.Ranges = everybody
		facts.Rules = append(facts.Rules, rule)
	}
	for _, word := range ranges {
		one := rule
		one.ID = strings.TrimSpace(word)
		if one.ID == "0.0.0.0" {
			one.AnyTenant = true
		} else {
			one.Ranges = []string{one.ID}
		}
		facts.Rules = append(facts.Rules, one)
	}
	if deref(p.Filter) {
		for _, subnet := range p.Subnets {
			one := rule
			one.ID, one.Subnets = lastOf(subnet.id()), []string{subnet.id()}
			facts.Rules = append(facts.Rules, one)
		}
	}
	r.Known("rules")
}

func cosmosKeeping(r *inventory.Resource, facts *inventory.Database, p cosmosAccount) {
	if b := p.BackupPlan; b != nil {
		facts.PointInTime = lower(b.Type) == "continuous"
		switch {
		case facts.PointInTime && b.Continuous != nil && lower(b.Continuous.Tier) == "continuous7days":
			facts.BackupRetentionDays = 7
		case facts.PointInTime:
			facts.BackupRetentionDays = 30
		case b.Periodic != nil:
			facts.BackupRetentionDays = b.Periodic.Hours / 24
		}
		r.Known("point_in_time", "backup_retention_days")
	}
	if len(p.Locations) > 0 {
		facts.OtherRegionCopy = len(p.Locations) > 1
		facts.MultiZone = slices.ContainsFunc(p.Locations, func(l cosmosPlace) bool { return deref(l.Zones) })
		r.Known("other_region_copy", "multi_zone")
	}
}
