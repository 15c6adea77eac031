package gcp

import (
	"context"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var (
	alloyWay = &way{
		types: []string{"alloydb.googleapis.com/Cluster"}, api: "alloydb.googleapis.com",
		path: "/v1/projects/{project}/locations/-/clusters", items: "clusters",
		permission: "alloydb.clusters.list", action: "alloydb.projects.locations.clusters.list",
	}
	alloyInstancesWay = &way{
		types: []string{"alloydb.googleapis.com/Instance"}, api: "alloydb.googleapis.com",
		path: "/v1/projects/{project}/locations/-/clusters/-/instances", items: "instances",
		permission: "alloydb.instances.list", action: "alloydb.projects.locations.clusters.instances.list",
	}
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, asset, alloyAnswers]{
	Kind: "gcp.alloydb.cluster", Class: inventory.ClassDatabase,
	Permissions: alloyWay.permissions(alloyInstancesWay.permission),
	ListAction:  alloyWay.action, ListPermission: alloyWay.permission,
	Global: true, List: alloyWay.list, Find: alloyWay.find, Ask: askAlloy, Facts: alloyFacts,
})

// alloyAnswers is a cluster with its instances, which hold who may connect and how.
type alloyAnswers struct {
	Cluster   asset
	Instances collectors.Answer[alloyInstances]
}

type alloyInstances struct {
	Instances []alloyInstance `json:"instances,omitempty"`
}

type alloyInstance struct {
	Availability string            `json:"availabilityType"`
	Flags        map[string]string `json:"databaseFlags"`
	Network      *struct {
		Public   bool `json:"enablePublicIp"`
		External []struct {
			Range string `json:"cidrRange"`
		} `json:"authorizedExternalNetworks"`
	} `json:"networkConfig"`
	PSC *struct {
		Projects []string `json:"allowedConsumerProjects"`
	} `json:"pscInstanceConfig"`
	Client *struct {
		Connectors bool `json:"requireConnectors"`
		SSL        *struct {
			Mode string `json:"sslMode"`
		} `json:"sslConfig"`
	} `json:"clientConnectionConfig"`
}

type alloyBody struct {
	Version string   `json:"databaseVersion"`
	Key     *keyBody `json:"encryptionConfig"`
	PSC     *struct {
		Enabled bool `json:"pscEnabled"`
	} `json:"pscConfig"`
	Automated *struct {
		Enabled *bool `json:"enabled"`
		Time    *struct {
			Period string `json:"retentionPeriod"`
		} `json:"timeBasedRetention"`
		Quantity *struct {
			Count number `json:"count"`
		} `json:"quantityBasedRetention"`
	} `json:"automatedBackupPolicy"`
	Continuous *struct {
		Enabled *bool  `json:"enabled"`
		Days    number `json:"recoveryWindowDays"`
	} `json:"continuousBackupConfig"`
	Secondary *struct {
		Primary string `json:"primaryClusterName"`
	} `json:"secondaryConfig"`
}

func askAlloy(ctx context.Context, c *Clients, a asset) alloyAnswers {
	return alloyAnswers{a, ask(alloyInstancesWay.action, alloyInstancesWay.permission, func() (*alloyInstances, error) {
		all, err := c.keep(ctx, alloyInstancesWay)
		if err != nil {
			return nil, err
		}
		out := &alloyInstances{}
		for _, i := range all {
			if strings.HasPrefix(idOf(i), idOf(a)+"/") {
				out.Instances = append(out.Instances, read[alloyInstance](i))
			}
		}
		return out, nil
	})}
}

const alloyPort = 5432

func alloyFacts(_ collectors.Where, a alloyAnswers) *inventory.Resource {
	b := read[alloyBody](a.Cluster)
	facts := &inventory.Database{Family: "relational", Endpoint: "network", Engine: "alloydb", Port: alloyPort,
		TLSMinVersion: 1.2,
		AuthRequired:  true, RiskyFlags: []string{}}
	r := begin(a.Cluster, facts)
	r.Known("family", "endpoint", "engine", "port")
	psc := b.PSC != nil && b.PSC.Enabled
	collectors.Know(r, a.Instances, func(v *alloyInstances) { alloyConnections(facts, v, psc) },
		"public_endpoint", "rules", "private_network", "tls_required", "multi_zone", "central_identity", "audit_logged")
	if v := a.Instances.Value; v != nil && len(v.Instances) == 0 {
		r.SetNotApplicable("has no instance that anybody could connect to", "tls_required", "multi_zone", "central_identity",
			"audit_logged")
	}
	managed(r, facts)
	r.SetInherent("tls_min_version", "auth_required")
	_, facts.CustomerKey = keyOf(b.Key)
	if b.Secondary != nil {
		facts.Source = linkID("alloydb.googleapis.com", b.Secondary.Primary)
	}
	alloyKeeping(facts, &b)
	r.Known("customer_key", "source", "risky_flags", "backup_retention_days", "point_in_time", "autoscaled")
	r.SetNotApplicable("a cluster has no switch against deletion; what it holds keeps it", "deletion_protected")
	notAsked(r, alloyWay.action, alloyWay.permission, "version_supported", "other_region_copy")
	return r
}

// alloyConnections adds up the instances: a cluster is as open as the most open of them.
func alloyConnections(facts *inventory.Database, v *alloyInstances, psc bool) {
	facts.Rules = []inventory.Rule{}
	if !psc {
		facts.Rules = append(facts.Rules, openInside(alloyPort))
	}
	all := len(v.Instances) > 0
	facts.TLSRequired, facts.MultiZone, facts.CentralIdentity, facts.AuditLogged = all, all, all, all
	for _, i := range v.Instances {
		if i.Network != nil {
			facts.PublicAddress = facts.PublicAddress || i.Network.Public
			for _, n := range i.Network.External {
				facts.Rules = append(facts.Rules, inventory.Rule{ID: n.Range, Protocol: "tcp", From: alloyPort, To: alloyPort,
					Ranges: []string{n.Range}})
			}
		}
		if i.PSC != nil && len(i.PSC.Projects) > 0 {
			facts.Rules = append(facts.Rules, inventory.Rule{ID: "endpoints", Protocol: "tcp", From: alloyPort, To: alloyPort,
				Owners: i.PSC.Projects})
		}
		// An instance that says nothing encrypts only: that is what new ones do.
		plain := i.Client != nil && i.Client.SSL != nil && i.Client.SSL.Mode == "ALLOW_UNENCRYPTED_AND_ENCRYPTED"
		facts.TLSRequired = facts.TLSRequired && !plain
		facts.MultiZone = facts.MultiZone && i.Availability == "REGIONAL"
		facts.CentralIdentity = facts.CentralIdentity && i.Flags["alloydb.iam_authentication"] == "on"
		facts.AuditLogged = facts.AuditLogged && i.Flags["alloydb.enable_pgaudit"] == "on"
	}
	facts.PrivateNetwork = !facts.PublicAddress
}

// alloyKeeping states the backups. Both kinds are on until somebody switches them off.
func alloyKeeping(facts *inventory.Database, b *alloyBody) {
	const standard = 14
	facts.BackupRetentionDays, facts.PointInTime, facts.Autoscaled = standard, true, true
	if c := b.Continuous; c != nil {
		facts.PointInTime = c.Enabled == nil || *c.Enabled
		if c.Days > 0 {
			facts.BackupRetentionDays = int64(c.Days)
		}
		if !facts.PointInTime {
			facts.BackupRetentionDays = 0
		}
	}
	if p := b.Automated; p != nil && (p.Enabled == nil || *p.Enabled) {
		if p.Quantity != nil {
			facts.BackupRetentionDays = max(facts.BackupRetentionDays, int64(p.Quantity.Count))
		}
		if p.Time != nil {
			facts.BackupRetentionDays = max(facts.BackupRetentionDays, secondsIn(p.Time.Period)/(24*3600))
		}
	}
}
