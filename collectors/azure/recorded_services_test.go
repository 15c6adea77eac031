package azure

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wantedRecordings is how many recordings of each service have facts asserted.
const wantedRecordings = 3

// recordedServices are the types that are read, with the number of recordings there are where
// these are fewer than wanted: then all of them are asserted.
var recordedServices = map[string]int{
	"microsoft.compute/virtualmachines":                                           0,
	"microsoft.compute/virtualmachines/extensions":                                0,
	"microsoft.compute/virtualmachinescalesets":                                   0,
	"microsoft.compute/virtualmachinescalesets/virtualmachines/networkinterfaces": 0,
	instanceAddressType:                                                  0,
	"microsoft.compute/disks":                                            0,
	"microsoft.compute/snapshots":                                        0,
	"microsoft.compute/images":                                           0,
	"microsoft.network/networkinterfaces":                                0,
	"microsoft.network/publicipaddresses":                                0,
	"microsoft.network/networksecuritygroups":                            0,
	"microsoft.network/virtualnetworks":                                  0,
	"microsoft.network/routetables":                                      0,
	"microsoft.network/loadbalancers":                                    0,
	"microsoft.network/applicationgateways":                              0,
	"microsoft.network/applicationgatewaywebapplicationfirewallpolicies": 0,
	"microsoft.network/frontdoors":                                       2,
	"microsoft.network/frontdoorwebapplicationfirewallpolicies":          2,
	"microsoft.network/azurefirewalls":                                   0,
	"microsoft.network/natgateways":                                      0,
	"microsoft.network/virtualnetworkgateways":                           0,
	"microsoft.network/connections":                                      1,
	"microsoft.network/networkwatchers/flowlogs":                         0,
	"microsoft.cdn/profiles":                                             0,
	"microsoft.cdn/profiles/customdomains":                               1,
	"microsoft.storage/storageaccounts":                                  0,
	"microsoft.storage/storageaccounts/blobservices":                     0,
	"microsoft.storage/storageaccounts/blobservices/containers":          0,
	"microsoft.storage/storageaccounts/managementpolicies":               2,
	"microsoft.sql/servers":                                              0,
	"microsoft.sql/servers/firewallrules":                                2,
	"microsoft.sql/servers/virtualnetworkrules":                          2,
	"microsoft.sql/servers/auditingsettings":                             0,
	"microsoft.sql/servers/encryptionprotector":                          0,
	"microsoft.sql/servers/vulnerabilityassessments":                     0,
	"microsoft.sql/servers/databases":                                    0,
	"microsoft.sql/servers/databases/backupshorttermretentionpolicies":   0,
	"microsoft.sql/servers/databases/transparentdataencryption":          0,
	"microsoft.dbforpostgresql/flexibleservers":                          0,
	"microsoft.dbformysql/flexibleservers":                               0,
	"microsoft.dbformysql/flexibleservers/configurations":                0,
	"microsoft.documentdb/databaseaccounts":                              0,
	"microsoft.cache/redis":                                              1,
	"microsoft.authorization/locks":                                      0,
	"microsoft.insights/diagnosticsettings":                              0,
	"microsoft.insights/autoscalesettings":                               1,
	// No recording is there of application security groups, galleries, peerings, endpoints, routes and policies
	// of the edge, rules of firewall policies, security admin rules, express assessments.
}

const instanceAddressType = "microsoft.compute/virtualmachinescalesets/virtualmachines/networkinterfaces/" +
	"ipconfigurations/publicipaddresses"

// answerReaders say in a few words what is read of recorded answers that are no resources of ours by themselves but
// decide facts of others, by their type.
var answerReaders = map[string]func(t *testing.T, raw []byte) string{
	"microsoft.network/publicipaddresses": addressText,
	instanceAddressType:                   addressText,
	"microsoft.compute/virtualmachines/extensions": func(t *testing.T, raw []byte) string {
		m := rowIn[machineExtension](t, raw).Properties
		return fmt.Sprint(m.Type, " works ", m.works(lower(m.Type)))
	},
	"microsoft.network/virtualnetworkgateways": func(t *testing.T, raw []byte) string {
		return networkOf(rowIn[networkGateway](t, raw).Properties.Ends[0].Properties.Subnet.id())
	},
	"microsoft.sql/servers/firewallrules": func(t *testing.T, raw []byte) string {
		rule := decoded[addressRule](t, raw).rule(1433)
		return fmt.Sprint(rule.Ranges, " any tenant ", rule.AnyTenant)
	},
	"microsoft.sql/servers/virtualnetworkrules": func(t *testing.T, raw []byte) string {
		return lastOf(armID(decoded[subnetRule](t, raw).Properties.Subnet))
	},
	"microsoft.sql/servers/auditingsettings": func(t *testing.T, raw []byte) string {
		return decoded[sqlAudit](t, raw).Properties.State
	},
	"microsoft.sql/servers/encryptionprotector": func(t *testing.T, raw []byte) string {
		return decoded[sqlProtector](t, raw).Properties.Type
	},
	"microsoft.sql/servers/databases/transparentdataencryption": func(t *testing.T, raw []byte) string {
		e := decoded[sqlEncryption](t, raw).Properties
		return firstOf(e.State, e.Status)
	},
	"microsoft.sql/servers/vulnerabilityassessments": func(t *testing.T, raw []byte) string {
		a := decoded[sqlAssessment](t, raw)
		return fmt.Sprint(a.on())
	},
	"microsoft.sql/servers/databases/backupshorttermretentionpolicies": func(t *testing.T, raw []byte) string {
		return fmt.Sprint(deref(decoded[sqlBackup](t, raw).Properties.Days))
	},
	"microsoft.dbformysql/flexibleservers/configurations": func(t *testing.T, raw []byte) string {
		s := decoded[setting](t, raw)
		return s.Name + "=" + deref(s.Properties.Value)
	},
	"microsoft.storage/storageaccounts/blobservices": func(t *testing.T, raw []byte) string {
		b := decoded[blobService](t, raw).Properties
		return fmt.Sprint("versions ", deref(b.Versioning), " week ", b.Blobs.week(), " ", b.Containers.week())
	},
	"microsoft.storage/storageaccounts/managementpolicies": func(t *testing.T, raw []byte) string {
		l := decoded[lifecycle](t, raw)
		deletes, days := l.days()
		return fmt.Sprint(deletes, " ", days)
	},
	"microsoft.authorization/locks": func(t *testing.T, raw []byte) string {
		l := decoded[lock](t, raw)
		return l.Properties.Level + " " + above(armID(l.ID), "/providers/microsoft.authorization/locks/")
	},
	"microsoft.insights/diagnosticsettings": func(t *testing.T, raw []byte) string {
		d := decoded[diagnosticSetting](t, raw)
		return fmt.Sprint("probes ", d.keeps("LoadBalancerProbeHealthStatus", false), " alerts ",
			d.keeps("LoadBalancerAlertEvent", false), " administrative ", d.keeps("Administrative", false))
	},
	"microsoft.insights/autoscalesettings": func(t *testing.T, raw []byte) string {
		return lastOf(armID(rowIn[autoscaleSetting](t, raw).Properties.Target))
	},
	"microsoft.cdn/profiles": func(t *testing.T, raw []byte) string { return rowIn[struct{}](t, raw).SKU.Name },
	"microsoft.cdn/profiles/customdomains": func(t *testing.T, raw []byte) string {
		return rowIn[edgeDomain](t, raw).Properties.TLS.Minimum
	},
}

// answerCases are what recorded answers say, one text for each of their items.
var answerCases = []struct {
	file string
	want []string
}{
	{"VMTest.virtual_machine_extensions/02_Compute_virtualMachines_extensions_list.json",
		[]string{"CustomScript works true"}},
	{"docs-azure-compute-VirtualMachineExtensions/01_Get_VirtualMachineExtension_Get_MaximumSet_Gen.json",
		[]string{"extType works true"}},
	{"docs-azure-compute-VirtualMachineExtensions/03_List_VirtualMachineExtension_List_MaximumSet_Gen.json",
		[]string{"extType works true"}},
	{"CdnTest.test_cdn_waf/01_Cdn_profiles_list.json",
		[]string{"Premium_AzureFrontDoor", "Standard_AzureFrontDoor"}},
	{"CdnTest.test_find_profile_by_name/01_Cdn_profiles_list.json", []string{"Standard_Microsoft"}},
	{"AfdCustomDomainTest.test_find_with_mintlsversion_12/01_Cdn_profiles_list.json",
		[]string{"Premium_AzureFrontDoor"}},
	{"AfdCustomDomainTest.test_find_with_mintlsversion_12/02_Cdn_profiles_customDomains_list.json",
		[]string{"TLS12"}},
	{"DeploymentUnitsTest.test_app_service_plan_autoscale/02_insights_autoscalesettings_get.json",
		[]string{"cloud-custodian-test-autoscale"}},
	{"DiagnosticSettingsFilterTest.test_filter_diagnostic_settings_absent/" +
		"01_Network_publicIPAddresses_list.json",
		[]string{" standard false"}},
	{"docs-azure-network-PublicIPAddresses/04_Get_PublicIpAddressGetStandardV2Sku.json",
		[]string{" standard true"}},
	{"docs-azure-network-PublicIPAddresses/05_ListAll_PublicIpAddressListAll.json",
		[]string{" standard false", "40.85.154.247 standard false", "40.85.154.248 standard false"}},
	{"docs-azure-network-PublicIPAddresses/" +
		"07_ListVirtualMachineScaleSetPublicIPAddresses_VmssPublicIpListAll.json",
		[]string{"13.67.119.72 standard false", "13.67.118.216 standard false"}},
	{"docs-azure-network-PublicIPAddresses/" +
		"08_ListVirtualMachineScaleSetVMPublicIPAddresses_VmssVmPublicIpList.json",
		[]string{"13.67.119.72 standard false"}},
	{"docs-azure-network-PublicIPAddresses/09_GetVirtualMachineScaleSetPublicIPAddress_VmssPublicIpGet.json",
		[]string{"13.67.119.72 standard false"}},
	{"DiagnosticSettingsFilterTest.test_filter_diagnostic_settings_enabled/" +
		"02_insights_ext_diagnosticSettings_list.json",
		[]string{"probes true alerts false administrative false"}},
	{"DiagnosticSettingsFilterTest.test_filter_diagnostic_settings_present/" +
		"02_insights_ext_diagnosticSettings_list.json",
		[]string{"probes true alerts false administrative false"}},
	{"SubscriptionDiagnosticSettingsFilterTest.diag/02_insights_diagnosticSettings_list.json",
		[]string{"probes false alerts false administrative true"}},
	{"LockActionTest.test_lock_action_child_resource/03_Authorization_ext_locks_list.json",
		[]string{
			"CanNotDelete " + recordedLocked,
			"ReadOnly " + recordedLocked + "/providers/microsoft.sql/servers/cclockedsqlserverc129bfa71a47/databases/cclockeddb",
		}},
	{"LockActionTest.test_lock_action_resource/02_Authorization_ext_locks_list.json",
		[]string{
			"CanNotDelete " + recordedLocked,
			"ReadOnly " + recordedLocked + "/providers/microsoft.sql/servers/cclockedsqlserverc129bfa71a47",
		}},
	{"docs-azure-locks-ManagementLocks/01_GetAtResourceGroupLevel_ManagementLocks_GetAtResourceGroupLevel.json",
		[]string{"ReadOnly /subscriptions/subscriptionid/resourcegroups/resourcegroupname"}},
	{"MySQLFlexibleServerTest.test_server_server_parameter/" +
		"02_DBForMySql_flexibleServers_configurations_get.json",
		[]string{"tls_version=TLSV1.1"}},
	{"MySQLFlexibleServerTest.test_server_server_parameter/" +
		"03_DBForMySql_flexibleServers_configurations_get.json",
		[]string{"tls_version=TLSv1.2"}},
	{"MySQLFlexibleServerTest.test_server_server_parameter/" +
		"04_DBForMySql_flexibleServers_configurations_get.json",
		[]string{"tls_version=TLSV1.2"}},
	{"ShortTermBackupRetentionPolicyActionTest.test_update_short_term_backup_retention_policy/" +
		"04_Sql_servers_databases_backupShortTermRetentionPolicies_get.json",
		[]string{"28"}},
	{"ShortTermBackupRetentionPolicyActionTest.test_update_short_term_backup_retention_policy/" +
		"06_Sql_servers_databases_backupShortTermRetentionPolicies_get.json",
		[]string{"14"}},
	{"ShortTermBackupRetentionPolicyFilterTest.test_filter_database_with_short_term_retention_at_14_days/" +
		"03_Sql_servers_databases_backupShortTermRetentionPolicies_get.json",
		[]string{"14"}},
	{"SqlServerTest.auditing/02_Sql_servers_auditingSettings_get.json", []string{"Enabled"}},
	{"SqlServerTest.test_auditing_policies_filter/02_Sql_servers_auditingSettings_list.json",
		[]string{"Disabled"}},
	{"docs-azure-sql-ServerBlobAuditingPolicies/02_Get_ServerBlobAuditingGet.json", []string{"Disabled"}},
	{"SqlServerTest.test_data_encryption_filter/02_Sql_servers_encryptionProtector_get.json",
		[]string{"AzureKeyVault"}},
	{"SqlServerTest.test_data_encryption_filter/03_Sql_servers_encryptionProtector_get.json",
		[]string{"ServiceManaged"}},
	{"docs-azure-sql-EncryptionProtectors/02_Get_EncryptionProtectorGet.json", []string{"AzureKeyVault"}},
	{"SqlDatabaseTest.test_data_encryption_filter/03_Sql_servers_databases_transparentDataEncryption_get.json",
		[]string{"Enabled"}},
	{"SqlDatabaseTest.test_data_encryption_filter/04_Sql_servers_databases_transparentDataEncryption_get.json",
		[]string{"Enabled"}},
	{"docs-azure-sql-TransparentDataEncryptions/01_Get_TransparentDataEncryptionGet.json", []string{"Enabled"}},
	{"SqlServerTest.vulnerability-scan/02_Sql_servers_vulnerabilityAssessments_list.json", []string{"false"}},
	{"docs-azure-sql-ServerVulnerabilityAssessments/01_Get_ServerVulnerabilityAssessmentGet.json",
		[]string{"true"}},
	{"docs-azure-sql-ServerVulnerabilityAssessments/" +
		"02_ListByServer_ServerVulnerabilityAssessmentListByServer.json",
		[]string{"true"}},
	{"docs-azure-sql-FirewallRules/01_Get_FirewallRuleGet.json", []string{"[] any tenant true"}},
	{"docs-azure-sql-FirewallRules/02_ListByServer_FirewallRuleList.json",
		[]string{
			"[] any tenant true",
			"[0.0.0.1] any tenant false",
			"[0.0.0.3] any tenant false",
			"[0.0.0.2] any tenant false",
		}},
	{"docs-azure-sql-VirtualNetworkRules/01_Get_VirtualNetworkRulesGet.json", []string{"testsubnet"}},
	{"docs-azure-sql-VirtualNetworkRules/02_ListByServer_VirtualNetworkRulesList.json",
		[]string{"testsubnet", "testsubnet"}},
	{"StorageTest.test_storage_blob_services/02_Storage_storageAccounts_blobServices_get.json",
		[]string{"versions false week true false"}},
	{"docs-azure-storage-BlobServices/01_List_BlobServicesList.json", []string{"versions true week true false"}},
	{"docs-azure-storage-BlobServices/02_GetServiceProperties_BlobServicesGet.json",
		[]string{"versions true week true false"}},
	{"StorageTest.test_storage_management_policy_rules_filter/" +
		"03_Storage_storageAccounts_managementPolicies_get.json",
		[]string{"true 3"}},
	{"docs-azure-storage-ManagementPolicies/01_Get_StorageAccountGetManagementPolicy.json", []string{"true 1000"}},
	{"docs-azure-network-VirtualNetworkGateways/01_Get_VirtualNetworkGatewayGet.json",
		[]string{recordedNetwork + "vnet1"}},
	{"docs-azure-network-VirtualNetworkGateways/02_Get_VirtualNetworkScalableGatewayGet.json",
		[]string{recordedNetwork + "vnet1"}},
	{"docs-azure-network-VirtualNetworkGateways/03_List_VirtualNetworkGatewayList.json",
		[]string{recordedNetwork + "vnet1", recordedNetwork + "vnet2"}},
}

const (
	recordedNetwork = "/subscriptions/subid/resourcegroups/rg1/providers/microsoft.network/virtualnetworks/"
	recordedLocked  = "/subscriptions/ea42f556-5106-4743-99b0-c129bfa71a47/resourcegroups/test_locked"
)

// TestRecordedAnswers asserts what is read of recorded answers below resources.
func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range answerCases {
		var got []string
		for _, raw := range recorded(t, c.file).items() {
			if read := answerReaders[typeOfItem(raw)]; read != nil {
				got = append(got, read(t, raw))
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: read as %q; want %q", c.file, got, c.want)
		}
	}
}

// TestRecordedServices counts: facts of three recordings of each service are asserted, or of all there are.
func TestRecordedServices(t *testing.T) {
	t.Parallel()
	asserted := map[string]map[string]bool{}
	for _, file := range assertedFiles() {
		for typ := range typesIn(t, file) {
			if asserted[typ] == nil {
				asserted[typ] = map[string]bool{}
			}
			asserted[typ][file] = true
		}
	}
	there := recordingsByType(t)
	for typ, fewer := range recordedServices {
		wanted := min(there[typ], wantedRecordings)
		if said := fewer > 0; said != (there[typ] < wantedRecordings) || said && fewer != there[typ] {
			t.Errorf("%s: the table says %d, and %d recordings are there", typ, fewer, there[typ])
		}
		if len(asserted[typ]) < wanted {
			t.Errorf("%s: facts of %d recordings are asserted; want %d", typ, len(asserted[typ]), wanted)
		}
	}
	for typ := range sweeps {
		if _, listed := recordedServices[typ]; !listed {
			t.Errorf("%s is read and not in the table", typ)
		}
	}
	for typ := range answerReaders {
		if _, listed := recordedServices[typ]; !listed {
			t.Errorf("%s is read and not in the table", typ)
		}
	}
}

func assertedFiles() []string {
	var out []string
	for _, c := range factCases {
		out = append(out, c.file)
	}
	for _, c := range answerCases {
		out = append(out, c.file)
	}
	return out
}

// typesIn are the types of the resources that a recording describes.
func typesIn(t *testing.T, file string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, raw := range recorded(t, file).items() {
		var of struct {
			Properties json.RawMessage `json:"properties"`
		}
		if json.Unmarshal(raw, &of) == nil && of.Properties != nil {
			out[typeOfItem(raw)] = true
		}
	}
	return out
}

func recordingsByType(t *testing.T) map[string]int {
	t.Helper()
	if _, err := os.Stat(recordedRoot); err != nil {
		t.Skip("the recorded answers are not beside the project")
	}
	out := map[string]int{}
	err := filepath.WalkDir(recordedRoot, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		file, err := filepath.Rel(recordedRoot, path)
		if err != nil {
			return err
		}
		for typ := range typesIn(t, file) {
			out[typ]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func decoded[T any](t *testing.T, raw []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func rowIn[P any](t *testing.T, raw []byte) row[P] { return decoded[row[P]](t, raw) }

func addressText(t *testing.T, raw []byte) string {
	a := addressIn(rowIn[publicAddress](t, raw))
	return fmt.Sprint(a.Address, " standard ", a.Standard)
}
