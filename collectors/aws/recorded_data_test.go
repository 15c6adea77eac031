package aws

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// sweptFrom states the facts of one recorded answer, by the names of its resources.
func sweptFrom(t *testing.T, file string) map[string]*inventory.Resource {
	t.Helper()
	operation, _, _ := strings.Cut(filepath.Base(file), "_")
	run := sweeps[operation]
	if run == nil {
		t.Fatalf("no row sends answers of %s to a normaliser", operation)
	}
	all := map[string]*inventory.Resource{}
	for _, r := range run(t, *recorded[json.RawMessage](t, file)) {
		all[r.Name] = r
	}
	return all
}

// TestRecordedData holds what real answers of the data services come to.
func TestRecordedData(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, name string
		want       stated
	}{
		{"test_dynamodb_consecutive_backup_count_filter/dynamodb.DescribeTable_1.json", "Test-DDBTable-backup", stated{"autoscaled": true, "customer_key": false, "deletion_protected": nil}},
		{"test_dynamodb_create_backup/dynamodb.DescribeTable_1.json", "c7n-dynamodb-backup", stated{"autoscaled": nil, "endpoint": "api", "other_region_copy": false}},
		{"test_dynamodb_cross_account_filter/dynamodb.GetResourcePolicy_1.json", "t", stated{"public_access": false}},
		{"test_dynamodb_has_statement_filter/dynamodb.GetResourcePolicy_1.json", "t", stated{"public_access": false}},
		{"test_elasticache_cluster_delete/elasticache.DescribeReplicationGroups_1.json", "myec", stated{"multi_zone": true, "tls_required": false, "encrypted_at_rest": false, "auth_required": false, "backup_retention_days": 1}},
		{"test_elasticache_global_ds_cluster_delete/elasticache.DescribeReplicationGroups_1.json", "c7n-test-global", stated{"multi_zone": false, "tls_required": true, "encrypted_at_rest": true, "other_region_copy": nil}},
		{"test_elasticache_add_security_group/elasticache.DescribeReplicationGroups_1.json", "sg-test-base", stated{"tls_required": nil, "encrypted_at_rest": nil, "backup_retention_days": 0}},
		{"test_memorydb_kms_encryption/memorydb.DescribeClusters_1.json", "test-cluster-2", stated{"tls_required": true, "auth_required": false, "backup_retention_days": 1, "customer_key": nil}},
		{"test_memorydb_kms_encryption/memorydb.DescribeClusters_1.json", "test-cluster-custodian", stated{"customer_key": false}},
		{"test_memorydb_db_parameter_filter/memorydb.DescribeClusters_1.json", "c7n-test-memorydb", stated{"tls_required": false, "backup_retention_days": 0}},
		{"test_redshift_add_security_group/redshift.DescribeClusters_1.json", "test-sg-base", stated{"encrypted_at_rest": false, "customer_key": false, "public_endpoint": false, "autoscaled": false, "backup_retention_days": 1, "version_supported": true}},
		{"test_redshift_disable_s3_logging/redshift.DescribeClusters_1.json", "test-logging-disabled", stated{"encrypted_at_rest": true, "customer_key": nil, "audit_logged": nil}},
		{"test_redshift_default_vpc/redshift.DescribeClusters_1.json", "test-cluster", stated{"family": "warehouse", "multi_zone": false}},
		{"test_redshift_snapshot_revoke_cross_account/redshift.DescribeClusterSnapshots_1.json", "c7n-rs-ss-last", stated{"principals": "[185106417252]", "public": false, "encrypted_at_rest": false}},
		{"test_redshift_snapshot_revoke_cross_account/redshift.DescribeClusterSnapshots_2.json", "c7n-rs-ss-last", stated{"principals": "[]"}},
		{"test_redshift_snapshot_delete/redshift.DescribeClusterSnapshots_1.json", "yyy-1", stated{"encrypted_at_rest": true}},
		{"test_elasticsearch_add_tag/opensearch.DescribeDomains_1.json", "c7n-test", stated{"public_endpoint": false, "public_access": false, "auth_required": true, "network": ec2ARN(here, "vpc", "vpc-d2d616b5")}},
		{"test_elasticsearch_cross_cluster_search_connections/opensearch.DescribeDomains_1.json", "default-inbound", stated{"public_endpoint": true, "public_access": false, "encrypted_at_rest": true, "tls_min_version": 1.2}},
		{"test_elasticsearch_enable_auditlog/opensearch.DescribeDomains_1.json", "test-es-dom", stated{"tls_min_version": 1.0, "public_access": false}},
		{"test_create_efs_mount_target/efs.DescribeFileSystems_1.json", "test-2", stated{"encrypted_at_rest": true}},
		{"test_disable_lifecycle_policy/efs.DescribeFileSystems_1.json", "c7n-test", stated{"encrypted_at_rest": false}},
		{"test_efs_filter_check_secure_transport/efs.DescribeFileSystemPolicy_1.json", "fs-1", stated{"encrypted_in_transit": true, "policy_open": false}},
		{"test_efs_remove_matched/efs.DescribeFileSystemPolicy_1.json", "fs-1", stated{"policy_open": true, "encrypted_in_transit": false}},
		{"test_efs_remove_matched/efs.DescribeFileSystemPolicy_2.json", "fs-1", stated{"policy_open": false}},
		{"test_fsx_consecutive_aws_backups_count_filter/fsx.DescribeFileSystems_1.json", "", stated{"ports": "[tcp/988 tcp/1018-1023]", "encrypted_at_rest": true}},
		{"test_fsx_create_backup_with_errors/fsx.DescribeFileSystems_1.json", "", stated{"ports": "[tcp/445]", "interfaces": "[" + ec2ARN(here, "network-interface", "eni-0316083e722388ce3") + "]"}},
		{"test_fsx_backup_count_filter/fsx.DescribeFileSystems_1.json", "", stated{"encrypted_at_rest": true, "encrypted_in_transit": notApplicable}},
		{"test_backup_vault_kms_filter/backup.ListBackupVaults_1.json", "Default", stated{"immutable": nil}},
		{"test_secrets_manager_cross_account/secretsmanager.GetResourcePolicy_1.json", "s", stated{"public": false, "principals": "[123456789012]"}},
		{"test_secrets_manager_has_statement_filter/secretsmanager.GetResourcePolicy_1.json", "s", stated{"public": false, "principals": "[]"}},
		{"test_secrets_manager_delete/secretsmanager.ListSecrets_1.json", "test_lambda_secret", stated{"lifetime_days": 0, "public": nil}},
		{"test_ssm_parameter_not_secure/ssm.DescribeParameters_1.json", "secure-test-name", stated{"lifetime_days": 0, "public": false}},
		{"test_kms_key_related_cache_lookup/sqs.GetQueueAttributes_1.json", "q", stated{"encrypted_at_rest": true, "public": false}},
		{"test_kms_key_related_cache_lookup/sqs.GetQueueAttributes_3.json", "q", stated{"encrypted_at_rest": true}},
		{"test_sqs_endpoint_url/sqs.GetQueueAttributes_1.json", "q", stated{"encrypted_at_rest": false, "tls_required": false}},
		{"test_sqs_analyzer_finding/sqs.GetQueueAttributes_1.json", "q", stated{"public": true}},
		{"test_cross_account_sns/sns.GetTopicAttributes_1.json", "t", stated{"public": true, "encrypted_at_rest": false, "tls_required": false}},
		{"test_cross_account_sns/sns.GetTopicAttributes_2.json", "t", stated{"public": false}},
		{"test_cross_account_sns_endpoint_condition/sns.GetTopicAttributes_1.json", "t", stated{"public": false, "principals": "[]"}},
		{"test_kinesis_cross_account/kinesis.GetResourcePolicy_2.json", "s", stated{"public": false, "principals": "[851925785330]"}},
		{"test_stream_cross_account/kinesis.GetResourcePolicy_2.json", "s", stated{"public": false, "principals": "[]"}},
		{"test_config_poll_rule_evaluation/kinesis.DescribeStream_1.json", "s", stated{"encrypted_at_rest": false, "tls_required": true}},
		{"test_kafka_cluster_cross_account_filter/kafka.ListClustersV2_1.json", "demo-cluster-1", stated{"encrypted_at_rest": true, "principals": nil}},
		{"test_kafka_subnet_filter_provisioned_serverless/kafka.ListClustersV2_1.json", "c7n-serverless-44487", stated{"tls_required": true}},
		{"test_kafka_set_monitoring/kafka.ListClustersV2_1.json", "demo-cluster-1", stated{"encrypted_at_rest": true}},
		{"test_cwe_bus_xaccount/eventbridge.ListEventBuses_1.json", "my-event-bus", stated{"public": false, "principals": "[]"}},
		{"test_cwe_enable_rule/eventbridge.ListEventBuses_1.json", "default", stated{"public": false, "tls_required": true}},
		{"test_cwe_bus_kms_filter/eventbridge.ListEventBuses_1.json", "c7n-cwe", stated{"encrypted_at_rest": true}},
		{"test_mq_query/mq.DescribeBroker_1.json", "b", stated{"public": true}},
		{"test_mq_delete/mq.DescribeBroker_1.json", "b", stated{"public": true, "tls_required": true}},
		{"test_mq_tag_untag_markforop/mq.DescribeBroker_1.json", "b", stated{"public": true, "principals": "[]"}},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			found := false
			for name, r := range sweptFrom(t, c.file) {
				if c.name == "" || name == c.name {
					found = true
					c.want.check(t, r)
					if c.name == "" {
						return
					}
				}
			}
			if !found {
				t.Errorf("no resource of the name %q", c.name)
			}
		})
	}
}

// TestRecordedLogGroups decodes log groups, whose fields the service spells in lower case.
func TestRecordedLogGroups(t *testing.T) {
	t.Parallel()
	for file, name := range map[string]string{
		"test_cwl_subscriber/cloudwatchlogs.DescribeLogGroups_1.json":          "custodian-test-log-sub",
		"test_log_group_delete/cloudwatchlogs.DescribeLogGroups_1.json":        "/aws/lambda/process_resources",
		"test_log_group_age_normalize/cloudwatchlogs.DescribeLogGroups_1.json": "/aws/lambda/myIOTFunction",
	} {
		r := sweptFrom(t, file)[name]
		if r == nil {
			t.Errorf("%s: no log group %s", file, name)
			continue
		}
		stated{"retention_days": 0, "customer_key": false, "masked": false, "public": nil}.check(t, r)
	}
}
