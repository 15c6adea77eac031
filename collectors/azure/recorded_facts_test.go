package azure

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// unknownFact stands for a fact that a recorded answer does not tell.
const unknownFact = "unknown"

// told are the facts of one recorded resource as text.
type told map[string]string

// TestRecordedFacts asserts facts of real answers, of several for each service.
func TestRecordedFacts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, name string
		want       told
	}{
		{"VMTest.virtual_machine_instance/02_Compute_virtualMachines_get.json", "cctestvm", told{"os_family": "linux",
			"running":     "true",
			"secure_boot": "false", "metadata_hardened": "false",
			"image_id": "Canonical:UbuntuServer:16.04.0-LTS:16.04.202104290", "identity": ""}},
		{"VMTest.virtual_machine_instance/01_Compute_virtualMachines_list.json", "cctestvm", told{"running": unknownFact,
			"in_virtual_network": "true"}},
		{"DiskTest.test_find_by_name/01_Compute_disks_list.json", "cctestvm_disk2_a9097edcfa664ff48c8e88e87d72003e",
			told{"attached": "false", "encrypted_at_rest": "true"}},
		{"DiskTest.test_find_by_name/01_Compute_disks_list.json", "cctestvm_disk2_977a393608a8458f960a28f8000151d7",
			told{"attached": "true"}},
		{"SnapshotTest.test_find_by_name_and_delete/01_Compute_snapshots_list.json", "Testsnapshot", told{"public": "false",
			"taken_at": "2023-05-18 17:41:22.5261631 +0000 UTC"}},
		{"NetworkSecurityGroupTest.test_deny_implicit/01_Network_networkSecurityGroups_list.json", "nsg-deny-all-ingress",
			told{"allows_any": "false"}},
		{"NetworkSecurityGroupTest.test_deny_implicit/01_Network_networkSecurityGroups_list.json", "nsg-allow-all-ingress",
			told{"allows_any": "true"}},
		{"ApplicationGatewayTest.test_find_waf/01_Network_applicationGateways_list.json", "cfb-rypimkfr-app-gateway",
			told{"internet_facing": "true",
				"waf_attached": "true", "waf_blocking": "false", "http": "true"}},
		{"ApplicationGatewayTest.test_find_waf/01_Network_applicationGateways_list.json", "cfb-rypimkfr-app-gateway-2",
			told{"waf_attached": unknownFact}},
		{"LoadBalancerTest.test_find_by_frontend_ip/01_Network_loadBalancers_list.json", "cctestloadbalancer",
			told{"internet_facing": "true", "http": "false", "listeners": "[]"}},
		{"NetworkInterfaceTest.test_find_by_name/01_Network_networkInterfaces_list.json", "myVMNic",
			told{"private_addresses": "[10.0.0.4]",
				"wearer_type": "machine", "public_addresses": unknownFact}},
		{"NetworkSecurityGroupFlowLogsFilterTest.test_flow_log_filter_all/02_Network_networkWatchers_flowLogs_get.json",
			"b90898c96b6945298b451436", told{"active": "true", "traffic": "all"}},
		{"StorageTest.firewall/01_Storage_storageAccounts_list.json", "ccipstoragey6akyqpagdt3o",
			told{"public_blocked": "false", "tls_required": "false",
				"tls_min_version": "1", "network_restricted": "true", "customer_key": "false"}},
		{"StorageTest.firewall/01_Storage_storageAccounts_list.json", "cctstoragey6akyqpagdt3o",
			told{"network_restricted": "false"}},
		{"StorageTest.test_storage_settings_require_secure_transfer_min_tls_version/01_Storage_storageAccounts_list.json",
			"cctstoragevbnu36vrszu5c",
			told{"public_blocked": "true", "tls_required": "true", "tls_min_version": "1"}},
		{"StorageContainerTest.containers/02_Storage_storageAccounts_blobServices_containers_list.json",
			"account/containerone", told{"acl_public": "true"}},
		{"StorageContainerTest.containers/02_Storage_storageAccounts_blobServices_containers_list.json",
			"account/containertwo", told{"acl_public": "false", "public_by_acl": "false"}},
		{"SqlServerTest.auditing/01_Sql_servers_list.json", "cctestsqlserverotx7agz44aofe", told{"public_endpoint": "true",
			"tls_min_version": "1", "rules": unknownFact}},
		{"SqlServerTest.test_data_encryption_filter/01_Sql_servers_list.json", "cfb-guhvauzm-test-sql-server",
			told{"public_endpoint": "true", "tls_min_version": "1.2"}},
		{"SqlServerTest.vulnerability-scan/01_Sql_servers_list.json", "cctestsqlservertqtfgpqzllch4",
			told{"public_endpoint": "false", "private_network": "true"}},
		{"CosmosDBFirewallActionTest.firewall_action/01_DocumentDB_databaseAccounts_list.json",
			"cctestcosmosdbc129bfa71a47", told{"public_endpoint": "true",
				"tls_min_version": "1.2", "family": "document", "customer_key": "false"}},
		{"CosmosDBThroughputActionsTest.test_replace_offer_collection_action/01_DocumentDB_databaseAccounts_list.json",
			"cctestcosmosdbc129bfa71a47", told{"engine": "cosmosdb", "doors": "[]"}},
		{"CosmosDBTest.test_store_throughput_state_collection_action/01_DocumentDB_databaseAccounts_list.json",
			"cctestcosmosdbc129bfa71a47", told{"multi_zone": "false"}},
		{"RedisTest.test_find_by_name/01_Cache_redis_list.json", "cctestredis", told{"tls_required": "true",
			"tls_min_version": "1", "auth_required": "true", "port": "6380"}},
		{"MySQLFlexibleServerTest.test_find_by_name/01_DBForMySql_flexibleServers_list.json", "azureheight",
			told{"public_endpoint": "true", "tls_required": unknownFact}},
		{"docs-azure-mysqlflexibleservers-Servers/02_Get_ServerGetWithVnet.json", "mysqltestserver",
			told{"public_endpoint": "false", "private_network": "true",
				"backup_retention_days": "7", "autoscaled": "true"}},
		{"docs-azure-postgresqlflexibleservers-Servers/03_Get_ServerGetWithVnet.json", "pgtestsvc4",
			told{"public_endpoint": "false", "multi_zone": "true", "port": "5432"}},
		{"docs-azure-postgresqlflexibleservers-Servers/02_Get_ServerGetWithPrivateEndpoints.json", "pgtestsvc1",
			told{"public_endpoint": "true", "private_network": "false"}},
	} {
		r := recordedResource(t, c.file, c.name)
		for fact, want := range c.want {
			v, known := r.Value(fact)
			got := fmt.Sprint(v)
			if !known {
				got = unknownFact
			}
			if got != want {
				t.Errorf("%s: %s of %s is %q; want %q", c.file, fact, c.name, got, want)
			}
		}
	}
}

func recordedResource(t *testing.T, file, name string) *inventory.Resource {
	t.Helper()
	for _, raw := range recorded(t, file).items() {
		if run := sweeps[typeOfItem(raw)]; run != nil {
			if r := run(t, raw); r != nil && r.Name == name {
				return r
			}
		}
	}
	t.Fatalf("%s: no resource is called %q", file, name)
	return nil
}

// TestRecordedEncryption reads the encryption of databases as recorded, in today's words and in those before them.
func TestRecordedEncryption(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]bool{
		"SqlDatabaseTest.test_data_encryption_filter/03_Sql_servers_databases_transparentDataEncryption_get.json": true,
		"SqlDatabaseTest.test_data_encryption_filter/04_Sql_servers_databases_transparentDataEncryption_get.json": true,
		"docs-azure-sql-TransparentDataEncryptions/01_Get_TransparentDataEncryptionGet.json":                      true,
	} {
		var e sqlEncryption
		if err := json.Unmarshal(recorded(t, file).Response.Body, &e); err != nil {
			t.Fatal(err)
		}
		a := sqlDatabaseAnswers{Database: seen[sqlDatabase]{Row: row[sqlDatabase]{ID: "/s/databases/d", Name: "d"}},
			Encryption: collectors.Answer[sqlEncryption]{Action: "GET", Value: &e}}
		if v, known := sqlDatabaseFacts(here, a).Value("encrypted_at_rest"); !known || v != want {
			t.Errorf("%s: encrypted %v (known %v); want %v", file, v, known, want)
		}
	}
}

// TestRecordedFirewallRules reads documented rules of a server: the range from 0.0.0.0 to itself is the whole cloud.
func TestRecordedFirewallRules(t *testing.T) {
	t.Parallel()
	e := recorded(t, "docs-azure-sql-FirewallRules/02_ListByServer_FirewallRuleList.json")
	var cloud, narrow int
	for _, raw := range e.items() {
		var a addressRule
		if err := json.Unmarshal(raw, &a); err != nil {
			t.Fatal(err)
		}
		switch r := a.rule(1433); {
		case r.AnyTenant && len(r.Ranges) == 0:
			cloud++
		case len(r.Ranges) == 1:
			narrow++
		}
	}
	if cloud != 1 || narrow != 3 {
		t.Errorf("%d rules admit the cloud and %d named ranges; want 1 and 3", cloud, narrow)
	}
}
