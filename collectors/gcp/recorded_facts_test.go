package gcp

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// said is what a recorded answer must state: by attribute, as it prints; "unknown" for what it does not tell.
type said map[string]string

func (s said) check(t *testing.T, r *inventory.Resource) {
	t.Helper()
	for name, want := range s {
		got := "unknown"
		if v, known := r.Value(name); known {
			got = fmt.Sprint(v)
		}
		if got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// recordedFacts are facts that a person read in the recorded answers of calls.
var recordedFacts = []struct {
	file, id string
	said     said
}{
	{"firewall-delete/01_compute.firewalls.list.json", "firewalls/test",
		said{"allows_any": "true", "is_default": "false",
			"applies_to": "[//compute.googleapis.com/projects/cloud-custodian/global/networks/default#tag:test]"}},
	{"firewall-get/01_compute.firewalls.get.json", "firewalls/allow-inbound-xyz",
		said{"allows_any": "true", "network": "//compute.googleapis.com/projects/cloud-custodian/global/networks/default"}},
	{"forseti-api-fixtures-compute/07_compute.firewalls.list.json", "firewalls/default-allow-icmp",
		said{"is_default": "true", "allows_any": "true"}},
	{"disk-delete/01_compute.disks.aggregatedList.json", "disks/drone-11-1",
		said{"attached": "true",
			"source":            "//compute.googleapis.com/projects/cloud-custodian/global/snapshots/drone-11-1-2017",
			"encrypted_at_rest": "true"}},
	{"disk-snapshots-filter/02_compute.snapshots.list.json", "snapshots/drone-snap-1",
		said{"source": "//compute.googleapis.com/projects/cloud-custodian/zones/us-central1-b/disks/drone",
			"public": "unknown"}},
	{"filter-metrics/01_compute.instances.aggregatedList.json", "instances/iap-test-webapp",
		said{"running": "true", "os_family": "linux", "interfaces": "unknown", "in_virtual_network": "unknown"}},
	{"lb-ssl-policies-get/01_compute.sslPolicies.get.json", "sslPolicies/custodian-ssl-policiy-0",
		said{"versions": "[1.2 1.3]"}},
	{"lb-forwarding-rules-get/01_compute.forwardingRules.get.json", "forwardingRules/custodian-frontend-tcp-0",
		said{"internet_facing": "false", "pass_through": "true", "http": "false"}},
	{"loadbalancer-global-forwarding-rule-labels/01_compute.globalForwardingRules.list.json",
		"forwardingRules/c7n-lb-gfr-default-5d7e",
		said{"internet_facing": "true", "http": "true", "listeners": "unknown", "dns_name": "34.160.244.216"}},
	{"lb-backend-services-get/01_compute.backendServices.get.json", "backendServices/common-backend-service-0",
		said{"protocol": "http", "port": "80", "targets": "unknown"}},
	{"test_security_policy/01_compute.securityPolicies.list.json", "securityPolicies/basic-cloud-armor-policy",
		said{"blocking": "true", "logged": "unknown"}},
	{"armor-policy-set-label/01_compute.securityPolicies.list.json", "securityPolicies/c7n-armor-default-8fa0",
		said{"blocking": "false"}},

	{"bucket-get-resource/01_storage.buckets.get.json", "staging.cloud-custodian.appspot.com",
		said{"acl_enabled": "true", "acl_public": "unknown", "expiry_rule": "true", "expiry_days": "15",
			"policy_public": "unknown"}},
	{"bucket-iam-policy/01_storage.buckets.list.json", "cloud-custodian-test-1",
		said{"acl_enabled": "false", "acl_public": "false", "versioning": "false", "other_region_copy": "false"}},
	{"bucket-iam-policy/01_storage.buckets.list.json", "cloud-custodian-test-2",
		said{"acl_enabled": "false", "encrypted_at_rest": "true", "tls_required": "unknown"}},

	{"cartography-fixtures-sql/01_sql.instances.list.json", "instances/carto-sql-test-instance",
		said{"public_endpoint": "true", "tls_required": "true", "engine": "postgres_15", "port": "5432",
			"backup_retention_days": "30", "multi_zone": "true", "point_in_time": "true"}},
	{"forseti-api-fixtures-sql/01_sql.instances.list.json", "instances/test-forseti",
		said{"public_endpoint": "true", "tls_required": "false", "engine": "mysql_5_7", "port": "3306",
			"backup_retention_days": "0", "autoscaled": "true"}},

	{"redis-cluster-filter/01_redis.projects.locations.clusters.list.json", "clusters/c7n-redis-cluster-primary",
		said{"tls_required": "true", "auth_required": "true", "public_endpoint": "false", "multi_zone": "true"}},
	{"redis-cluster-filter/01_redis.projects.locations.clusters.list.json", "clusters/c7n-redis-cluster-legacy",
		said{"tls_required": "false", "auth_required": "false"}},
	{"redis-instance-labels/01_redis.projects.locations.instances.list.json", "instances/c7n-redis-default-5b53",
		said{"tls_required": "false", "auth_required": "false", "multi_zone": "false"}},
	{"test_redis_instance_list_query/01_redis.projects.locations.instances.list.json", "instances/instance-test",
		said{"tls_required": "true", "auth_required": "true", "port": "6378"}},
	{"sqlbackuprun-get/01_sql.instances.get.json", "instances/custodian-postgres",
		said{"engine": "postgres_9_6", "public_endpoint": "true", "tls_required": "false", "rules": "[]",
			"point_in_time": "false", "backup_retention_days": "7", "multi_zone": "false"}},
	{"sqlinstance-enable-deletion/01_sql.instances.list.json", "instances/custodiantestsql",
		said{"engine": "mysql_5_7", "deletion_protected": "false", "point_in_time": "true"}},
	{"sqlinstance-enable-deletion/02_sql.instances.list.json", "instances/custodiantestsql",
		said{"engine": "mysql_5_7", "deletion_protected": "true", "autoscaled": "true"}},

	{"redis-instance-labels/02_redis.projects.locations.instances.get.json", "instances/c7n-redis-default-5b53",
		said{"tls_required": "false", "port": "6379", "public_endpoint": "false"}},

	{"spanner-database-instance-get/02_spanner.projects.instances.databases.get.json", "databases/db-1",
		said{"endpoint": "api", "deletion_protected": "false", "customer_key": "false"}},
	{"spanner-database-instance-query/02_spanner.projects.instances.databases.list.json",
		"databases/custodian-favorite-database",
		said{"endpoint": "api", "deletion_protected": "false", "backup_retention_days": "unknown"}},
	{"spanner-instance-database-set-iam/02_spanner.projects.instances.databases.list.json",
		"databases/custodian-database-1", said{"endpoint": "api", "engine": "spanner", "audit_logged": "unknown"}},
	{"bigtable-instance-label/01_bigtableadmin.projects.instances.list.json", "instances/c7n-bigtable-instance",
		said{"endpoint": "api", "family": "document", "customer_key": "unknown"}},
	{"bigtable-instance-cluster-backup-query/01_bigtableadmin.projects.instances.list.json", "instances/test-260",
		said{"endpoint": "api", "deletion_protected": "unknown"}},
	{"test-bigtable-time-range-filter/01_bigtableadmin.projects.instances.list.json", "instances/inst258",
		said{"endpoint": "api", "multi_zone": "unknown"}},
	{"firestore-backup-schedule-filter/01_firestore.projects.databases.list.json", "databases/c7nfs-griffon",
		said{"point_in_time": "false", "deletion_protected": "false", "customer_key": "false",
			"other_region_copy": "false"}},
	{"firestore-database-get/02_firestore.projects.databases.get.json", "databases/c7nfs-cub-east",
		said{"point_in_time": "false", "deletion_protected": "false", "endpoint": "api"}},
	{"firestore-index-query/01_firestore.projects.databases.list.json", "databases/c7nidx-hawk",
		said{"point_in_time": "false", "backup_retention_days": "unknown"}},
	{"bq-dataset-label/01_bigquery.datasets.list.json", "datasets/c7n_bq_dataset",
		said{"family": "warehouse", "public_access": "unknown", "other_region_copy": "true"}},
	{"bq-dataset-label/02_bigquery.datasets.get.json", "datasets/c7n_bq_dataset",
		said{"public_access": "false", "backup_retention_days": "7", "customer_key": "false"}},
	{"bq-table-query/02_bigquery.datasets.get.json", "datasets/test",
		said{"public_access": "false", "endpoint": "api", "deletion_protected": "unknown"}},
	{"iam-service-account-enable/01_iam.projects.serviceAccounts.list.json",
		"serviceAccounts/test-sa-actions@cloud-custodian.iam.gserviceaccount.com",
		said{"enabled": "false", "kind": "workload", "last_used_at": "unknown"}},
	{"iam-service-account-disable/01_iam.projects.serviceAccounts.list.json",
		"serviceAccounts/test-sa-actions@cloud-custodian.iam.gserviceaccount.com", said{"enabled": "true"}},
	{"forseti-api-fixtures-iam/02_iam.projects.serviceAccounts.list.json",
		"serviceAccounts/111111-compute@developer.gserviceaccount.com", said{"enabled": "true", "interactive": "false"}},
	{"pubsub-topic-labels/01_pubsub.projects.topics.list.json", "topics/c7n-topic-default-a2f8",
		said{"encrypted_at_rest": "true", "tls_required": "true", "public": "unknown"}},
	{"pubsub-topic-query/02_pubsub.projects.topics.get.json", "topics/test_topic", said{"tls_required": "true"}},
	{"pubsub-subscription-labels/01_pubsub.projects.subscriptions.list.json", "subscriptions/c7n-subscription-default-b0fa",
		said{"tls_required": "true", "network_restricted": "unknown"}},

	{"bucket-set-iam-policy/01_storage.buckets.list.json", "iam-test-bucket-wuc48fhtok",
		said{"acl_enabled": "true", "acl_public": "true", "delete_protected": "true", "policy_public": "unknown"}},
	{"bucket-label/02_storage.buckets.get.json", "c7n-bucket",
		said{"acl_enabled": "true", "acl_public": "unknown", "other_region_copy": "true", "delete_protected": "true"}},
}

// TestRecordedFacts wants the facts that stand in recordedFacts.
func TestRecordedFacts(t *testing.T) {
	t.Parallel()
	for _, c := range recordedFacts {
		t.Run(c.file+" "+c.id, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(recordedRoot, "gcp", c.file)
			if _, err := os.Stat(file); err != nil {
				t.Skip("the recorded answers are not beside the project")
			}
			_, method, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".json"), "_")
			_, body := recordedAnswer(t, file)
			assetType := recordedType(method)
			for _, a := range recordedItems(t, assetType, method, body) {
				for _, r := range sweeps[assetType](t, a) {
					if !strings.HasSuffix(r.ID, "/"+c.id) {
						continue
					}
					c.said.check(t, r)
					return
				}
			}
			t.Errorf("the answer holds no %s", c.id)
		})
	}
}
