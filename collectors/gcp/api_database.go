package gcp

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Databases that are reached through Google's API alone.
var (
	spannerInstancesWay = &way{
		types: []string{"spanner.googleapis.com/Instance"}, api: "spanner.googleapis.com",
		path: "/v1/projects/{project}/instances", items: "instances",
		permission: "spanner.instances.list", action: "spanner.projects.instances.list",
	}
	spannerWay = &way{
		types: []string{"spanner.googleapis.com/Database"}, api: "spanner.googleapis.com", parents: spannerInstancesWay,
		path: "/v1/projects/{project}/instances/{parent}/databases", items: "databases",
		permission: "spanner.databases.list", action: "spanner.projects.instances.databases.list",
	}
	bigtableWay = &way{
		types: []string{"bigtableadmin.googleapis.com/Instance"}, api: "bigtableadmin.googleapis.com",
		path: "/v2/projects/{project}/instances", items: "instances",
		permission: "bigtable.instances.list", action: "bigtableadmin.projects.instances.list",
	}
	firestoreWay = &way{
		types: []string{"firestore.googleapis.com/Database"}, api: "firestore.googleapis.com",
		path: "/v1/projects/{project}/databases", items: "databases",
		permission: "datastore.databases.list", action: "firestore.projects.databases.list",
	}
	bigqueryWay = &way{
		types: []string{"bigquery.googleapis.com/Dataset"}, api: "bigquery.googleapis.com",
		path: "/bigquery/v2/projects/{project}/datasets", items: "datasets", query: url.Values{"all": {"true"}},
		permission: "bigquery.datasets.get", action: "bigquery.datasets.list",
	}
)

var (
	_ = collectors.Register(&Sources, collectors.Source[*Clients, asset, asset]{
		Kind: "gcp.spanner.database", Class: inventory.ClassDatabase,
		Permissions: spannerWay.permissions(spannerInstancesWay.permission),
		ListAction:  spannerWay.action, ListPermission: spannerWay.permission,
		Global: true, NoLabels: true, List: spannerWay.list, Find: spannerWay.find, Facts: spannerFacts,
	})
	_ = source("gcp.bigtable.instance", inventory.ClassDatabase, bigtableWay, bigtableFacts, false)
	_ = source("gcp.firestore.database", inventory.ClassDatabase, firestoreWay, firestoreFacts, true)
	_ = collectors.Register(&Sources, collectors.Source[*Clients, asset, asset]{
		Kind: "gcp.bigquery.dataset", Class: inventory.ClassDatabase, Permissions: bigqueryWay.permissions(),
		ListAction: bigqueryWay.action, ListPermission: bigqueryWay.permission,
		Global: true, List: bigqueryWay.list, Find: bigqueryWay.find, Ask: askDataset, Facts: datasetFacts,
	})
)

// hidden states that a database has no address and no rule that could admit everybody: who may call is a matter of
// rights on the project alone.
func hidden(r *inventory.Resource, facts *inventory.Database) {
	facts.PublicAccess, facts.PublicAddress = false, false
	r.Known("public_access", "public_endpoint")
	r.SetNotApplicable("has no engine that a customer could switch", "risky_flags", "version_supported")
	notAsked(r, "cloudresourcemanager.projects.getIamPolicy", "resourcemanager.projects.getIamPolicy", "audit_logged")
}

func spannerFacts(_ collectors.Where, a asset) *inventory.Resource {
	b := read[struct {
		Key       *keyBody `json:"encryptionConfig"`
		Protected bool     `json:"enableDropProtection"`
		Versions  string   `json:"versionRetentionPeriod"`
	}](a)
	facts := &inventory.Database{DeletionProtected: b.Protected, PointInTime: true, MultiZone: true}
	r := begin(a, facts)
	byAPI(r, facts, "relational", "spanner")
	hidden(r, facts)
	_, facts.CustomerKey = keyOf(b.Key)
	r.Known("customer_key", "deletion_protected", "point_in_time")
	r.SetInherent("multi_zone")
	notAsked(r, "spanner.projects.instances.databases.backupSchedules.list", "spanner.backupSchedules.list",
		"backup_retention_days", "other_region_copy")
	notAsked(r, spannerInstancesWay.action, spannerInstancesWay.permission, "autoscaled")
	return r
}

func bigtableFacts(_ collectors.Where, a asset) *inventory.Resource {
	facts := &inventory.Database{}
	r := begin(a, facts)
	byAPI(r, facts, "document", "bigtable")
	hidden(r, facts)
	notAsked(r, "bigtableadmin.projects.instances.clusters.list", "bigtable.clusters.list",
		"customer_key", "multi_zone", "autoscaled", "other_region_copy", "backup_retention_days", "point_in_time")
	notAsked(r, "bigtableadmin.projects.instances.tables.list", "bigtable.tables.list", "deletion_protected")
	return r
}

func firestoreFacts(_ collectors.Where, a asset) *inventory.Resource {
	b := read[struct {
		Location    string `json:"locationId"`
		PointInTime string `json:"pointInTimeRecoveryEnablement"`
		Protection  string `json:"deleteProtectionState"`
		Key         *struct {
			Name string `json:"kmsKeyName"`
		} `json:"cmekConfig"`
	}](a)
	facts := &inventory.Database{
		PointInTime:       b.PointInTime == "POINT_IN_TIME_RECOVERY_ENABLED",
		DeletionProtected: b.Protection == "DELETE_PROTECTION_ENABLED",
		CustomerKey:       b.Key != nil && b.Key.Name != "",
		MultiZone:         true, Autoscaled: true,
	}
	r := begin(a, facts)
	byAPI(r, facts, "document", "firestore")
	hidden(r, facts)
	// A place without a number is a multi-region, such as nam5 or eur3 by their old names.
	facts.OtherRegionCopy = slices.Contains([]string{"nam5", "nam7", "eur3"}, b.Location)
	r.Known("point_in_time", "deletion_protected", "customer_key", "other_region_copy")
	r.SetInherent("multi_zone", "autoscaled")
	notAsked(r, "firestore.projects.databases.backupSchedules.list", "datastore.backupSchedules.list",
		"backup_retention_days")
	return r
}

// askDataset reads the dataset itself where the listing only names it.
func askDataset(ctx context.Context, c *Clients, a asset) asset {
	b := read[datasetBody](a)
	if b.Access != nil || b.Reference.ID == "" {
		return a
	}
	path := "/bigquery/v2/projects/" + c.Project + "/datasets/" + url.PathEscape(b.Reference.ID)
	whole, err := c.call(ctx, "GET", bigqueryWay.api, path, nil, nil)
	if err != nil {
		return a
	}
	a.Data = withoutSecrets(whole)
	return a
}

type datasetBody struct {
	ID        string `json:"id"`
	Location  string `json:"location"`
	Reference struct {
		Project string `json:"projectId"`
		ID      string `json:"datasetId"`
	} `json:"datasetReference"`
	Access *[]struct {
		Group  string `json:"specialGroup"`
		Member string `json:"iamMember"`
	} `json:"access"`
	Key *keyBody `json:"defaultEncryptionConfiguration"`
	// TravelHours is how far back the past can be read.
	TravelHours number `json:"maxTimeTravelHours"`
}

func datasetFacts(_ collectors.Where, a asset) *inventory.Resource {
	b := read[datasetBody](a)
	if b.Reference.ID != "" {
		a.Name = "//bigquery.googleapis.com/projects/" + b.Reference.Project + "/datasets/" + b.Reference.ID
	}
	facts := &inventory.Database{MultiZone: true, Autoscaled: true, PointInTime: true}
	r := begin(a, facts)
	r.Name = short(a.Name)
	byAPI(r, facts, "warehouse", "bigquery")
	hidden(r, facts)
	if b.Access == nil {
		lacks(r, bigqueryWay, "public_access")
	} else {
		for _, e := range *b.Access {
			facts.PublicAccess = facts.PublicAccess || slices.Contains(anyone, e.Group) || slices.Contains(anyone, e.Member)
		}
		r.Known("public_access")
	}
	_, facts.CustomerKey = keyOf(b.Key)
	// A dataset that says nothing keeps a week of its past.
	facts.BackupRetentionDays = 7
	if b.TravelHours > 0 {
		facts.BackupRetentionDays = int64(b.TravelHours) / 24
	}
	facts.OtherRegionCopy = strings.EqualFold(b.Location, "US") || strings.EqualFold(b.Location, "EU")
	r.Known("customer_key", "backup_retention_days", "point_in_time", "other_region_copy")
	r.SetInherent("multi_zone", "autoscaled")
	r.SetNotApplicable("a dataset goes with its tables, and has no switch against that", "deletion_protected")
	return r
}
