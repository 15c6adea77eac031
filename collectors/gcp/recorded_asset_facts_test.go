package gcp

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// recordedAssetFacts are facts that a person read in the recorded assets, by the number of the line.
var recordedAssetFacts = []struct {
	line int
	id   string
	said said
}{
	{113, "firewalls/default-allow-https-lb", said{"is_default": "false", "allows_any": "true",
		"applies_to": "[//compute.googleapis.com/projects/project1/global/networks/default#tag:iap-tag]"}},
	{147, "firewalls/default-allow-icmp", said{"is_default": "true", "allows_any": "true"}},
	{121, "networkInterfaces/nic0", said{"public_addresses": "[192.168.1.2]", "private_addresses": "[10.138.0.2]",
		"subnet": "//compute.googleapis.com/projects/project1/regions/us-central1/subnetworks/default"}},
	{184, "forwardingRules/test-1", said{"internet_facing": "false", "http": "true", "pass_through": "false"}},
	{185, "forwardingRules/test-2", said{"internet_facing": "true", "pass_through": "true", "http": "false"}},
	{258, "networks/my-network/routes", said{"main": "true", "routes": "[{10.1.0.0/16 interface 10.0.0.1 false 1000 []}]"}},
	{262, "sslPolicies/custom-ssl-policy", said{"versions": "[1.2 1.3]",
		"suites": "[TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]"}},

	{90, "bucket1", said{"acl_enabled": "unknown", "block": "unknown", "versioning": "false", "acl_public": "unknown"}},
	{399, "new-bucket-test-tf", said{"acl_enabled": "true", "block": "{true true true true}", "acl_public": "unknown"}},
	{419, "image-store-bucket", said{"acl_enabled": "false", "versioning": "true",
		"log_target": "//storage.googleapis.com/test-log_bucket", "customer_key": "true"}},

	{15, "instances/forseti", said{"engine": "postgres_9_6", "public_endpoint": "true", "tls_required": "false",
		"point_in_time": "false"}},
	{317, "instances/instance-stream-name", said{"engine": "mysql_8_0", "port": "3306", "point_in_time": "true",
		"tls_required": "false"}},
	{398, "instances/main-instance", said{"public_endpoint": "unknown", "tls_required": "unknown", "rules": "unknown",
		"backup_retention_days": "unknown", "multi_zone": "false"}},

	{223, "clusters/alloydb-cluster", said{"engine": "alloydb", "backup_retention_days": "14",
		"tls_required": "unknown", "public_endpoint": "unknown", "customer_key": "false"}},
	{384, "instances/ha-memory-cache", said{"tls_required": "false", "auth_required": "false", "multi_zone": "true",
		"port": "6379"}},

	{61, "databases/test-db", said{"endpoint": "api", "deletion_protected": "false", "customer_key": "false"}},
	{391, "placeholder-BpLnfgDs/databases/my-database", said{"endpoint": "api", "engine": "spanner"}},
	{394, "my-instance/databases/my-database", said{"endpoint": "api", "backup_retention_days": "unknown"}},
	{13, "instances/test-bigtable", said{"endpoint": "api", "customer_key": "unknown", "multi_zone": "unknown"}},
	{233, "instances/tf-instance", said{"endpoint": "api", "deletion_protected": "unknown"}},
	{9, "datasets/bq_test_ds1", said{"family": "warehouse", "public_access": "unknown", "other_region_copy": "true"}},
	{227, "datasets/test_dataset", said{"public_access": "unknown", "backup_retention_days": "7"}},
	{142, "serviceAccounts/1041-compute@developer.gserviceaccount.com", said{"enabled": "true", "mfa": "unknown"}},
	{281, "instances/test-instance", said{"encrypted_in_transit": "false", "policy_open": "false", "interfaces": "[]"}},
	{380, "subscriptions/example-subscription-push-test", said{"tls_required": "true", "principals": "unknown"}},
	{316, "datasets/stpostgres", said{"public_access": "unknown", "other_region_copy": "false"}},
}

// fewRecordings are the services of which fewer than three recordings exist, and how many do.
var fewRecordings = map[string]int{"alloydb.googleapis.com": 1, "file.googleapis.com": 1,
	"managedkafka.googleapis.com": 0}

// recordedAssets are the recorded assets by the numbers of their lines; nil where they are not beside the project.
func recordedAssets(t *testing.T) map[int]asset {
	t.Helper()
	f, err := os.Open(filepath.Join(recordedRoot, "gcp-cai", "assets.jsonl"))
	if err != nil {
		return nil
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	out := map[int]asset{}
	for n := 1; lines.Scan(); n++ {
		var l struct {
			Asset exportedAsset `json:"asset"`
		}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		out[n] = l.Asset.asset()
	}
	return out
}

// TestRecordedAssetFacts wants the facts that stand in recordedAssetFacts.
func TestRecordedAssetFacts(t *testing.T) {
	t.Parallel()
	assets := recordedAssets(t)
	if assets == nil {
		t.Skip("the recorded assets are not beside the project")
	}
	for _, c := range recordedAssetFacts {
		t.Run(c.id, func(t *testing.T) {
			t.Parallel()
			a := assets[c.line]
			for _, r := range sweeps[a.Type](t, a) {
				if strings.HasSuffix(r.ID, "/"+c.id) {
					c.said.check(t, r)
					return
				}
			}
			t.Errorf("line %d holds no %s", c.line, c.id)
		})
	}
}

// TestRecordedFactsOfEachService wants facts of three recordings of each service that is collected, and of all where
// fewer exist.
func TestRecordedFactsOfEachService(t *testing.T) {
	t.Parallel()
	assets := recordedAssets(t)
	files, err := filepath.Glob(filepath.Join(recordedRoot, "gcp", "*", "*.json"))
	if err != nil || len(files) == 0 || assets == nil {
		t.Skip("the recordings are not beside the project")
	}
	service := func(assetType string) string { return strings.Split(assetType, "/")[0] }
	exist, asserted := map[string]int{}, map[string]map[any]bool{}
	for assetType := range sweeps {
		asserted[service(assetType)] = map[any]bool{}
	}
	for _, file := range files {
		_, method, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".json"), "_")
		if assetType := recordedType(method); assetType != "" {
			exist[service(assetType)]++
		}
	}
	for _, a := range assets {
		if sweeps[a.Type] != nil && len(a.Data) > 0 {
			exist[service(a.Type)]++
		}
	}
	for _, c := range recordedFacts {
		_, method, _ := strings.Cut(strings.TrimSuffix(filepath.Base(c.file), ".json"), "_")
		asserted[service(recordedType(method))][c.file] = true
	}
	for _, c := range recordedAssetFacts {
		asserted[service(assets[c.line].Type)][c.line] = true
	}
	for s, told := range asserted {
		few, known := fewRecordings[s]
		switch {
		case known && (exist[s] != few || len(told) != few):
			t.Errorf("%s: %d recordings exist and facts of %d are asserted; the table says %d", s, exist[s], len(told), few)
		case !known && len(told) < 3:
			t.Errorf("%s: facts of %d recordings are asserted, of %d that exist; want three", s, len(told), exist[s])
		}
		t.Logf("%s: %d of %d", s, len(told), exist[s])
	}
}

// TestRecordedAnswersAbout runs the recorded answers to further calls through the facts that rest on them.
func TestRecordedAnswersAbout(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(recordedRoot, "gcp", "*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Skip("the recorded answers are not beside the project")
	}
	answered := func(file, method string, into any) bool {
		if !strings.HasSuffix(file, "_"+method+".json") {
			return false
		}
		status, body := recordedAnswer(t, file)
		if status == 200 {
			if err := json.Unmarshal(body, into); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
		return status == 200
	}
	bucket := asset{Type: "storage.googleapis.com/Bucket", Name: "//storage.googleapis.com/b", Data: []byte(`{"name":"b"}`)}
	image := asset{Type: "compute.googleapis.com/Image", Name: "//compute.googleapis.com/projects/p/global/images/i",
		Data: []byte(`{"name":"i"}`)}
	public, seen := map[string]bool{}, map[string]int{}
	for _, file := range files {
		var p policy
		var effective effectiveBody
		var console struct {
			Common metadataBody `json:"commonInstanceMetadata"`
		}
		answer := collectors.Answer[policy]{Action: bucketGetPolicy, Value: &p}
		short := strings.TrimPrefix(file, filepath.Join(recordedRoot, "gcp")+"/")
		switch {
		case answered(file, bucketGetPolicy, &p):
			seen["bucket"]++
			r := stable(t, bucketAnswers{Bucket: bucket, Policy: answer}, bucketFacts)[0]
			public[short] = r.Facts.(*inventory.ObjectStorage).PolicyPublic
		case answered(file, "compute.images.getIamPolicy", &p):
			seen["image"]++
			r := stable(t, sharedAnswers{Item: image, Policy: answer}, imageFacts)[0]
			public[short] = r.Facts.(*inventory.Image).Public
		case answered(file, bindingAction, &p):
			seen["grant"] += grantsOf(t, &p)
		case answered(file, effectiveAction, &effective):
			seen["network"]++
			r := stable(t, inheritedAnswers{Network: "//n", Effective: collectors.Answer[effectiveBody]{Action: effectiveAction,
				Value: &effective}}, inheritedFacts)[0]
			if !r.IsKnown("rules") || len(effective.Policys) == 0 && len(r.Facts.(*inventory.Firewall).Rules) > 0 {
				t.Errorf("%s: rules %v", short, r.Facts.(*inventory.Firewall).Rules)
			}
		case answered(file, "compute.projects.get", &console):
			seen["project"]++
			if console.Common.on("serial-port-enable") || len(console.Common.Items) == 0 {
				t.Errorf("%s: the settings of machines read as %v", short, console.Common.Items)
			}
		}
	}
	for file, want := range map[string]bool{
		"bucket-iam-policy/02_storage.buckets.getIamPolicy.json":                 true,  // allUsers
		"bucket-iam-policy/03_storage.buckets.getIamPolicy.json":                 true,  // allAuthenticatedUsers
		"bucket-iam-policy/04_storage.buckets.getIamPolicy.json":                 false, // after they were taken out
		"bucket-iam-policy-matched-chained/02_storage.buckets.getIamPolicy.json": true,
		"forseti-api-fixtures-storage/03_storage.buckets.getIamPolicy.json":      false,
		"image-filter-iam/02_compute.images.getIamPolicy.json":                   true,
	} {
		if got, told := public[file]; got != want || !told {
			t.Errorf("%s: public %v, want %v", file, got, want)
		}
	}
	if seen["bucket"] < 19 || seen["image"] < 1 || seen["network"] < 3 || seen["project"] < 3 ||
		seen["grant"] < 30 {
		t.Errorf("too few recordings were read: %v", seen)
	}
}

// grantsOf states a policy's grants and counts them.
func grantsOf(t *testing.T, p *policy) int {
	t.Helper()
	grants := p.grants("")
	for _, g := range grants {
		a := grantAnswers{Grant: g, Directory: collectors.Answer[directory]{Action: organizationAction,
			Value: &directory{Organization: "organizations/1", Domain: "example.com"}}}
		for range g.Roles {
			a.Powers = append(a.Powers, collectors.Answer[powers]{Action: roleAction, Value: &powers{}})
		}
		r := stable(t, a, bindingFacts)[0]
		facts := r.Facts.(*inventory.AccessGrant)
		if basic := slices.Contains(basicRoles, g.Roles[0]); facts.Admin != basic || facts.Wildcard != basic {
			t.Errorf("%s: admin %v", r.ID, facts.Admin)
		}
		if facts.PrincipalKind == "" || len(unstated(r)) > 0 {
			t.Errorf("%s: kind %q, unstated %v", r.ID, facts.PrincipalKind, unstated(r))
		}
		stable(t, a, effectiveGrantFacts)
	}
	return len(grants)
}
