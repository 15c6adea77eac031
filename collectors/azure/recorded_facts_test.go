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

// factCases are facts of real answers, of several for each service.
var factCases = []struct {
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
	{"AccessControlTest.test_find_assignments_by_resources/02_Compute_virtualMachines_list.json", "cctestvm",
		told{"in_virtual_network": "true", "os_family": "linux"}},
	{"VMSSTest.test_find_by_name/01_Compute_virtualMachineScaleSets_list.json", "cctestvmss", told{"multi_zone": "false"}},
	{"docs-azure-compute-VirtualMachineScaleSets/02_Get_VirtualMachineScaleSet_Get_WithDiskControllerType.json",
		"myVirtualMachineScaleSet", told{"multi_zone": "false", "autoscaled": unknownFact}},
	{"docs-azure-compute-VirtualMachineScaleSets/03_Get_VirtualMachineScaleSet_Get.json", "myVirtualMachineScaleSet",
		told{"multi_zone": "false"}},
	{"docs-azure-network-Interfaces/06_ListVirtualMachineScaleSetVMNetworkInterfaces_VmssVmNetworkInterfaceList.json",
		"nic1", told{"private_addresses": "[10.0.0.5]", "wearer_type": "machine", "public_addresses": unknownFact}},
	{"docs-azure-network-Interfaces/07_ListVirtualMachineScaleSetNetworkInterfaces_VmssNetworkInterfaceList.json",
		"nic1", told{"private_addresses": "[10.0.0.4]", "overrides": unknownFact}},
	{"docs-azure-network-Interfaces/08_GetVirtualMachineScaleSetNetworkInterface_VmssNetworkInterfaceGet.json", "nic1",
		told{"private_addresses": "[10.0.0.5]"}},
	{"docs-azure-network-Interfaces/03_Get_NetworkInterfaceGet.json", "test-nic", told{"wearer_type": "machine"}},
	{"docs-azure-network-Interfaces/04_ListAll_NetworkInterfaceListAll.json", "test-nic2",
		told{"private_addresses": "[172.20.2.4]", "wearer_type": ""}},
	{"ModifyDiskTypeTests.change-attached-disk-type/01_Compute_disks_list.json",
		"cctestvm_OsDisk_1_81338ced63fa4855b8a5f3e2bab5213c", told{"attached": "false"}},
	{"ModifyDiskTypeTests.change-attached-disk-type/02_Compute_disks_get.json", "c7n-test-disk2",
		told{"attached": "true"}},
	{"SnapshotTest.test_find_by_name_and_delete/02_Compute_snapshots_get.json", "Testsnapshot", told{"public": "false"}},
	{"docs-azure-compute-Snapshots/01_Get_Snapshot_Get.json", "mySnapshot", told{"public": unknownFact,
		"taken_at": "2016-12-28 04:41:35.079 +0000 UTC"}},
	{"docs-azure-compute-Snapshots/02_Get_Snapshot_GetIncrementalSnapshot.json", "myIncrementalSnapshot",
		told{"public": "false"}},
	{"docs-azure-compute-Images/01_Get_Image_Get.json", "myImage", told{"kind": "machine", "public": "false"}},
	{"docs-azure-compute-Images/02_ListByResourceGroup_Image_ListByResourceGroup.json", "myImage",
		told{"kind": "machine"}},
	{"docs-azure-compute-Images/03_List_Image_ListBySubscription.json", "myImage", told{"kind": "machine"}},
	{"NetworkSecurityGroupFlowLogsFilterTest.test_flow_log_filter_all/01_Network_networkSecurityGroups_list.json",
		"c7n-nsg", told{"allows_any": "true"}},
	{"NetworkSecurityGroupTest.test_cidr_and_ingress_match/01_Network_networkSecurityGroups_list.json", "c7n-nsg",
		told{"allows_any": "true"}},
	{"docs-azure-network-VirtualNetworks/01_Get_VirtualNetworkGet.json", "test-vnet", told{"legacy": "false",
		"ranges": "[10.0.0.0/16]"}},
	{"docs-azure-network-VirtualNetworks/02_Get_VirtualNetworkGetWithSubnetDelegation.json", "test-vnet",
		told{"ranges": "[10.0.0.0/16]"}},
	{"docs-azure-network-VirtualNetworks/04_ListAll_VirtualNetworkListAll.json", "vnet1", told{"ranges": "[10.0.0.0/8]"}},
	{"docs-azure-network-RouteTables/01_Get_RouteTableGet.json", "testrt", told{"main": "false",
		"routes": "[{10.0.3.0/24 vpn  false 0 []} {0.0.0.0/0 internet  false 0 []} {::/0 internet  false 0 []}]"}},
	{"docs-azure-network-RouteTables/02_List_RouteTableList.json", "testrt2",
		told{"routes": "[{0.0.0.0/0 internet  false 0 []} {::/0 internet  false 0 []}]"}},
	{"docs-azure-network-RouteTables/03_ListAll_RouteTableListAll.json", "testrt3", told{"main": "false"}},
	{"DiagnosticSettingsFilterTest.test_filter_diagnostic_settings_enabled/01_Network_loadBalancers_list.json",
		"k8s-master-internal-lb-C02B7042", told{"internet_facing": "false", "multi_zone": "true"}},
	{"DiagnosticSettingsFilterTest.test_filter_diagnostic_settings_present/01_Network_loadBalancers_list.json",
		"cctestdiagnostic_loadbalancer", told{"internet_facing": "true", "pass_through": "true"}},
	{"ApplicationGatewayTest.test_find_by_name/01_Network_applicationGateways_list.json", "ccgatewayc129bfa71a47",
		told{"internet_facing": "false"}},
	{"docs-azure-network-ApplicationGateways/01_Get_ApplicationGatewayGet.json", "appgw", told{"internet_facing": "true",
		"access_logged": unknownFact}},
	{"ApplicationGatewayTest.test_find_waf/02_Network_ApplicationGatewayWebApplicationFirewallPolicies_list.json",
		"cfb-rypimkfr-waf-policy", told{"blocking": "false"}},
	{"docs-azure-network-WebApplicationFirewallPolicies/02_ListAll_WafListAllPolicies.json", "Policy1",
		told{"blocking": "true"}},
	{"docs-azure-network-WebApplicationFirewallPolicies/03_Get_WafPolicyGet.json", "Policy1", told{"blocking": "true"}},
	{"FrontDoorFirewallPolicyFilterTest.test_query/01_Network_frontDoors_list.json", "vvtestfd2.azurefd.net",
		told{"internet_facing": "true", "tls_min_version": "1.2", "origin_tls": "true",
			"listeners": "[{http 80 0 false  false []} {https 443 0 true  false []}]"}},
	{"FrontDoorTest.test_waf_not_enabled/01_Network_frontDoors_list.json", "frontdoorName-afdFail.azurefd.net",
		told{"origin_tls": "false", "dns_name": "frontdoorName-afdFail.azurefd.net", "access_logged": unknownFact}},
	{"FrontDoorFirewallPolicyFilterTest.test_query/02_Network_FrontDoorWebApplicationFirewallPolicies_get.json", "test1",
		told{"blocking": "true", "resources": unknownFact}},
	{"FrontDoorPolicyTest.test_front_door_policy_schema/01_Network_frontDoorWebApplicationFirewallPolicies_list.json",
		"cbfailwafpolicy", told{"blocking": "false"}},
	{"docs-azure-network-AzureFirewalls/01_Get_AzureFirewallGet.json", "azurefirewall", told{"internet_facing": "true",
		"multi_zone": "false"}},
	{"docs-azure-network-AzureFirewalls/03_Get_AzureFirewallGetWithIpGroups.json", "azurefirewall",
		told{"internet_facing": "true"}},
	{"docs-azure-network-AzureFirewalls/04_Get_AzureFirewallGetWithZones.json", "azurefirewall",
		told{"multi_zone": "true"}},
	{"docs-azure-network-NatGateways/01_Get_NatGatewayGet.json", "test-natGateway", told{"type": "nat"}},
	{"docs-azure-network-NatGateways/02_Get_NatGatewayGetStandardV2Sku.json", "test-natGateway", told{"type": "nat"}},
	{"docs-azure-network-NatGateways/03_ListAll_NatGatewayListAll.json", "test-natGateway3", told{"type": "nat",
		"public_addresses": unknownFact}},
	{"docs-azure-network-VirtualNetworkGateways/04_ListConnections_VirtualNetworkGatewaysListConnections.json",
		"test-vpn-connection", told{"kind": "vpn", "strong_crypto": "false", "active": unknownFact}},
	{"docs-azure-network-FlowLogs/01_Get_NetworkWatcherFlowLogGet.json", "flowLog1", told{"active": "true"}},
	{"docs-azure-network-FlowLogs/02_List_NetworkWatcherFlowLogList.json", "flowLog2", told{"active": "true",
		"traffic": "all"}},
	{"MonitorLogprofileTest.test_find_storage/02_Storage_storageAccounts_get.json", "storagecfb11success",
		told{"tls_required": "true", "tls_min_version": "1.2", "customer_key": "true", "other_region_copy": "true",
			"access_logged": unknownFact}},
	{"StorageContainerTest.test_event/02_Storage_storageAccounts_blobServices_containers_get.json",
		"account/containerone", told{"acl_public": "true"}},
	{"docs-azure-storage-BlobContainers/01_List_BlobContainersList.json", "account/container4052",
		told{"acl_public": "false", "public_by_acl": "false"}},
	{"LockActionTest.test_lock_action_child_resource/02_Sql_servers_databases_list.json",
		"cclockedsqlserverc129bfa71a47/cclockeddb", told{"multi_zone": "false", "deletion_protected": unknownFact}},
	{"LongTermBackupRetentionPolicyActionTest.test_update_monthly_retention_policy/02_Sql_servers_databases_list.json",
		"cctestsqlserverideeowhs5iudo/cclongtermretentiondb", told{"multi_zone": "false", "engine": "sqlserver"}},
	{"LongTermBackupRetentionPolicyActionTest.test_update_weekly_retention_policy/02_Sql_servers_databases_list.json",
		"cctestsqlserverideeowhs5iudo/cclongtermretentiondb", told{"point_in_time": "true"}},
	{"MySQLFlexibleServerTest.test_server_server_parameter/01_DBForMySql_flexibleServers_list.json", "azureheight",
		told{"public_endpoint": "true", "audit_logged": unknownFact, "central_identity": unknownFact}},
	{"docs-azure-postgresqlflexibleservers-Servers/01_Get_ServerGet.json", "pgtestsvc1", told{"public_endpoint": "true",
		"central_identity": "false"}},
}

// TestRecordedFacts asserts facts of real answers.
func TestRecordedFacts(t *testing.T) {
	t.Parallel()
	for _, c := range factCases {
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
