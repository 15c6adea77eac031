package azure

import (
	"context"
	"slices"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const (
	diagnosticType    = "Microsoft.Insights/diagnosticSettings"
	diagnosticRead    = diagnosticType + "/read"
	diagnosticVersion = "2021-05-01-preview"
)

// diagnosticSetting says which records of a resource are kept, and where.
type diagnosticSetting struct {
	Properties struct {
		Storage   string `json:"storageAccountId,omitempty"`
		Workspace string `json:"workspaceId,omitempty"`
		Hub       string `json:"eventHubAuthorizationRuleId,omitempty"`
		Partner   string `json:"marketplacePartnerId,omitempty"`
		Logs      []struct {
			Category string `json:"category,omitempty"`
			Group    string `json:"categoryGroup,omitempty"`
			Enabled  *bool  `json:"enabled,omitempty"`
		} `json:"logs,omitempty"`
	} `json:"properties"`
}

// askDiagnostics asks which records of a resource are kept.
func askDiagnostics(ctx context.Context, c *Clients, id string) collectors.Answer[[]diagnosticSetting] {
	return askAll[diagnosticSetting](ctx, c, id, "/providers/"+diagnosticType, diagnosticType, diagnosticVersion)
}

// recordsOnce is askDiagnostics of what several records share.
func recordsOnce(ctx context.Context, c *Clients, id string) collectors.Answer[[]diagnosticSetting] {
	return ask("GET "+diagnosticType, diagnosticRead, func() (*[]diagnosticSetting, error) {
		return once(c, "records of "+id, func() (*[]diagnosticSetting, error) {
			return all[diagnosticSetting](ctx, c, id+"/providers/"+diagnosticType, diagnosticVersion)
		})
	})
}

// keeps says whether a setting sends a category anywhere, by its own name or by a group. audit says that the category
// is one of the group of audits.
func (d diagnosticSetting) keeps(category string, audit bool) bool {
	p := d.Properties
	if firstOf(p.Storage, p.Workspace, p.Hub, p.Partner) == "" {
		return false
	}
	for _, l := range p.Logs {
		if !deref(l.Enabled) {
			continue
		}
		if lower(l.Category) == lower(category) || lower(l.Group) == "alllogs" || audit && lower(l.Group) == "audit" {
			return true
		}
	}
	return false
}

// records are categories of a service.
type records struct {
	// all must be kept, by one setting or by several together.
	all []string
	// any is enough where it is set.
	any []string
	// audit says that they are of the group of audits.
	audit bool
}

func (r records) kept(settings []diagnosticSetting) bool {
	kept := func(category string) bool {
		return slices.ContainsFunc(settings, func(d diagnosticSetting) bool { return d.keeps(category, r.audit) })
	}
	return !slices.ContainsFunc(r.all, func(c string) bool { return !kept(c) }) &&
		(len(r.any) == 0 || slices.ContainsFunc(r.any, kept))
}

var (
	blobRecords     = records{all: []string{"StorageRead", "StorageWrite", "StorageDelete"}, audit: true}
	gatewayRecords  = records{all: []string{"ApplicationGatewayAccessLog"}}
	edgeRecords     = records{all: []string{"FrontDoorAccessLog"}, audit: true}
	classicRecords  = records{all: []string{"FrontdoorAccessLog"}, audit: true}
	firewallRecords = records{any: []string{"AZFWNatRule", "AzureFirewallNetworkRule"}}
	cosmosRecords   = records{all: []string{"DataPlaneRequests"}, audit: true}
	cacheRecords    = records{any: []string{"ConnectedClientList", "MSEntraAuthenticationAuditLog"}, audit: true}
	postgresRecords = records{all: []string{"PostgreSQLLogs"}, audit: true}
	mysqlRecords    = records{all: []string{"MySqlAuditLogs"}, audit: true}
)

// knowRecords states whether records are kept.
func knowRecords(r *inventory.Resource, into *bool, a collectors.Answer[[]diagnosticSetting], of records, fact string) {
	collectors.Know(r, a, func(settings *[]diagnosticSetting) { *into = of.kept(deref(settings)) }, fact)
}

// storedIn is the account that records go to; empty when none does.
func storedIn(settings []diagnosticSetting) string {
	for _, d := range settings {
		if id := armID(d.Properties.Storage); id != "" && slices.ContainsFunc(blobRecords.all, func(c string) bool {
			return d.keeps(c, blobRecords.audit)
		}) {
			return id
		}
	}
	return ""
}
