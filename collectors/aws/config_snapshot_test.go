package aws

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// snapshot is the configuration snapshot of an invented account, in the spellings in which Config delivers.
func snapshot(t *testing.T) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/config_snapshot.json")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func readSnapshot(t *testing.T, raw []byte) (map[string]*inventory.Resource, *ec2Gathered) {
	t.Helper()
	exports, err := ReadExport(bytes.NewReader(raw))
	if err != nil || len(exports) != 1 || exports[0].Account != "111122223333" {
		t.Fatalf("%d exports: %v", len(exports), err)
	}
	return collectedExport(t, exports[0])
}

const (
	ofSnapshot = "arn:aws:%s:eu-central-1:111122223333:"
	firstKey   = "arn:aws:kms:eu-central-1:111122223333:key/0b8a7c1e-0000-4000-8000-000000000001"
)

// in is an ARN of the invented account.
func in(service, resource string) string {
	return strings.Replace(ofSnapshot, "%s", service, 1) + resource
}

// TestConfigSnapshotFacts wants what each item tells, and unknown what it does not.
func TestConfigSnapshotFacts(t *testing.T) {
	t.Parallel()
	got, _ := readSnapshot(t, snapshot(t))
	for id, want := range map[string]stated{
		"arn:aws:s3:::kestrel-ledger": {
			"acl_public": false, "policy_public": nil, "tls_required": true, "versioning": true, "delete_protected": true,
			"log_target": "arn:aws:s3:::kestrel-logs", "access_logged": true, "expiry_rule": true, "expiry_days": int64(400),
			"replicas": []string{"arn:aws:s3:::kestrel-ledger-copy"}, "encryption_key": firstKey, "retention_locked": nil,
			"block":       inventory.PublicAccessBlock{BlockACLs: true, IgnoreACLs: true, BlockPolicy: true, RestrictPolicy: true},
			"acl_enabled": nil, "labels_read": true,
		},
		"arn:aws:s3:::kestrel-drop": {
			"acl_public": true, "policy_public": false, "tls_required": false, "versioning": false, "log_target": "",
			"block": nil, "expiry_rule": nil, "encryption_key": nil, "replicas": nil, "delete_protected": nil,
			"principals": []string{strings.Repeat("b", 64)},
		},
		"arn:aws:s3:::kestrel-quiet": {
			"acl_public": nil, "policy_public": nil, "tls_required": nil, "versioning": nil, "log_target": nil, "principals": nil,
			"network_restricted": nil, "labels_read": true,
		},
		firstKey: {"manager": "customer", "rotatable": true, "rotation_days": nil, "public": false, "deletion_guarded": true,
			"principals": nil, "aliases": nil, "labels_read": true},
		strings.Replace(firstKey, "0001", "0002", 1): {"rotation_days": int64(0), "public": true},
		strings.Replace(firstKey, "0001", "0003", 1): {"manager": "provider"},
		strings.Replace(firstKey, "0001", "0004", 1): {"manager": "customer", "rotation_days": nil, "public": nil},
		in("dynamodb", "table/orders"): {"point_in_time": true, "backup_retention_days": int64(21), "other_region_copy": true,
			"autoscaled": true, "customer_key": true, "deletion_protected": nil, "public_access": nil, "labels_read": true},
		in("dynamodb", "table/carts"):    {"point_in_time": false, "other_region_copy": false, "customer_key": false},
		in("dynamodb", "table/sessions"): {"point_in_time": nil, "backup_retention_days": nil, "other_region_copy": nil},
		in("sqs", "open"):                {"public": true, "encrypted_at_rest": true, "labels_read": true},
		in("sqs", "plain"):               {"public": nil, "principals": nil, "tls_required": nil, "encrypted_at_rest": nil},
		in("sns", "alarms"):              {"encrypted_at_rest": true, "public": nil, "principals": nil, "tls_required": nil},
		in("lambda", "function:resize"): {"network_attached": true, "plaintext_secrets": nil, "anonymous": true,
			"access_logged": nil},
		in("acm", "certificate/0b8a7c1e-0000-4000-8000-000000000011"): {"strong": true,
			"expires_at": time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), "labels_read": true},
		in("acm", "certificate/0b8a7c1e-0000-4000-8000-000000000012"): {"strong": false},
		in("secretsmanager", "secret:steady-AbCdEf"):                  {"lifetime_days": int64(30), "public": nil, "labels_read": true},
		in("secretsmanager", "secret:late-AbCdEf"):                    {"lifetime_days": nil},
		in("secretsmanager", "secret:hourly-AbCdEf"):                  {"lifetime_days": int64(2)},
		in("secretsmanager", "secret:fixed-AbCdEf"):                   {"lifetime_days": int64(0)},
		in("elasticfilesystem", "file-system/fs-1"): {"encrypted_at_rest": true, "policy_open": true, "backup_covered": true,
			"interfaces": nil},
		in("elasticfilesystem", "file-system/fs-2"): {"encrypted_at_rest": false, "policy_open": nil, "encrypted_in_transit": nil},
		in("cloudtrail", "trail/all"):               {"validated": true, "destination": "arn:aws:s3:::kestrel-logs", "complete": nil},
		in("ec2", "vpc/vpc-1"): {"default": false, "ranges": []string{"10.1.0.0/16"}, "egress_filtered": nil,
			"time_servers": nil, "dns_queries_logged": nil},
		in("ec2", "security-group/sg-1"):                 {"allows_any": true, "is_default": false},
		in("ec2", "security-group/sg-old"):               {"rules": nil, "allows_any": nil, "network": in("ec2", "vpc/vpc-1")},
		in("ec2", "security-group/sg-moved"):             {"allows_any": false},
		in("ec2", "route-table/rtb-1"):                   {"main": true},
		in("ec2", "route-table/rtb-open"):                {"main": true, "routes": nil},
		"arn:aws:iam::111122223333:user/mira":            {"enabled": nil, "mfa": nil, "last_used_at": nil, "labels_read": true},
		"arn:aws:iam::111122223333:role/web":             {"kind": "workload", "enabled": true, "last_used_at": nil},
		"arn:aws:iam::111122223333:instance-profile/web": {"role": "arn:aws:iam::111122223333:role/web"},
	} {
		if got[id] == nil {
			t.Errorf("%s is not told of", id)
			continue
		}
		want.check(t, got[id])
	}
	for _, id := range []string{
		in("ec2", "security-group/sg-gone"), in("ec2", "security-group/sg-cut"), in("secretsmanager", "secret:leaving-AbCdEf"),
		in("acm", "certificate/0b8a7c1e-0000-4000-8000-000000000013"),
	} {
		if got[id] != nil {
			t.Errorf("%s is told of", id)
		}
	}
}

// TestConfigSnapshotMoments dates resources by their items, and what is made of no item or of several by the oldest.
func TestConfigSnapshotMoments(t *testing.T) {
	t.Parallel()
	got, _ := readSnapshot(t, snapshot(t))
	for id, want := range map[string]time.Time{
		"arn:aws:s3:::kestrel-drop":              time.Date(2023, 4, 5, 6, 7, 8, 0, time.UTC),
		in("ec2", "security-group/sg-moved"):     time.Date(2025, 11, 29, 8, 15, 0, 0, time.UTC),
		"arn:aws:iam::111122223333:role/web":     captured,
		"aws:111122223333/access_grant/role/web": time.Date(2023, 4, 5, 6, 7, 8, 0, time.UTC),
	} {
		if got[id] == nil || !got[id].ObservedAt.Equal(want) {
			t.Errorf("%s: %+v; want it observed at %v", id, got[id], want)
		}
	}
}

// TestConfigSnapshotSaysWhatCures wants of all that a snapshot leaves open that it was not collected, and which right would
// tell, and no listing of what Config records whole.
func TestConfigSnapshotSaysWhatCures(t *testing.T) {
	t.Parallel()
	got, out := readSnapshot(t, snapshot(t))
	for _, c := range []struct{ id, fact, permission string }{
		{"arn:aws:s3:::kestrel-ledger", "policy_public", "s3:GetBucketPolicyStatus"},
		{"arn:aws:s3:::kestrel-drop", "block", "s3:GetBucketPublicAccessBlock"},
		{in("ec2", "security-group/sg-old"), "rules", "ec2:DescribeSecurityGroups"},
		{in("sqs", "plain"), "public", "sqs:ListQueues"},
		{in("lambda", "function:resize"), "plaintext_secrets", "lambda:ListFunctions"},
		{firstKey, "rotation_days", "kms:GetKeyRotationStatus"},
	} {
		why := got[c.id].Why(c.fact)
		if why.Cause != inventory.CauseNotCollected || why.Code != "NotInExport" || why.Permission != c.permission {
			t.Errorf("%s of %s is unknown by %+v; want %s named", c.fact, c.id, why, c.permission)
		}
	}
	cut := false
	for _, row := range out.rows {
		if recordedKinds[row.Kind] == nil {
			continue
		}
		switch {
		case row.Complete:
			t.Errorf("the listing of %s in %s is whole", row.Kind, row.Region)
		case row.Unknown.Code == "MalformedAnswer":
			cut = true
			if row.Kind != configSecurityGroup.kind || row.Region != "eu-central-1" {
				t.Errorf("the listing of %s in %s could not be read", row.Kind, row.Region)
			}
		case row.Unknown.Cause != inventory.CauseNotCollected || row.Unknown.Permission == "":
			t.Errorf("the listing of %s in %s is not whole by %+v", row.Kind, row.Region, row.Unknown)
		}
	}
	if !cut {
		t.Error("nobody tells of the item that was cut short")
	}
	regions := map[string]bool{}
	for _, row := range out.rows {
		regions[row.Region] = true
	}
	if len(regions) != 5 || !regions["ap-south-1"] || !regions["us-east-1"] || !regions[collectors.Everywhere] {
		t.Errorf("rows of the regions %v", regions)
	}
}

// TestConfigSnapshotGrants reads the rights that items of holders and policies tell together. A policy of the provider's own
// is in no item.
func TestConfigSnapshotGrants(t *testing.T) {
	t.Parallel()
	got, _ := readSnapshot(t, snapshot(t))
	stated{"may_administer": "aws:111122223333/cloud_account/111122223333"}.check(t, got["aws:111122223333/access_grant/user/mira"])
	stated{"may_administer": ""}.check(t, got["aws:111122223333/access_grant/role/web"])
}

// TestConfigSnapshotShapes wants the same facts of items in every shape they come in.
func TestConfigSnapshotShapes(t *testing.T) {
	t.Parallel()
	var whole struct{ ConfigurationItems []map[string]any }
	if err := json.Unmarshal(snapshot(t), &whole); err != nil {
		t.Fatal(err)
	}
	var lines, packed bytes.Buffer
	var results []string
	for _, i := range whole.ConfigurationItems {
		line, err := json.Marshal(i)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
		if i["configuration"] == nil {
			continue // Queries tell of nothing that is gone.
		}
		if text, ok := i["configuration"].(string); ok {
			i["configuration"] = json.RawMessage(text)
		}
		i["accountId"], i["arn"] = i["awsAccountId"], i["ARN"]
		delete(i, "awsAccountId")
		delete(i, "ARN")
		pairs := []map[string]any{}
		for k, v := range i["tags"].(map[string]any) {
			pairs = append(pairs, map[string]any{"key": k, "value": v, "tag": k + "=x"})
		}
		i["tags"] = pairs
		if line, err = json.Marshal(i); err != nil {
			t.Fatal(err)
		}
		results = append(results, string(line))
	}
	zip := gzip.NewWriter(&packed)
	if _, err := zip.Write(snapshot(t)); err != nil || zip.Close() != nil {
		t.Fatal("cannot pack")
	}
	half := len(results) / 2
	query, err := json.Marshal([]map[string]any{{"Results": results[:half]}, {"Results": results[half:], "QueryInfo": map[string]any{}}})
	if err != nil {
		t.Fatal(err)
	}
	pages := bytes.ReplaceAll(bytes.Trim(query, "[]\n"), []byte("]},{\"Query"), []byte("]} {\"Query"))
	want, _ := readSnapshot(t, snapshot(t))
	for name, raw := range map[string][]byte{
		"compressed": packed.Bytes(), "lines": lines.Bytes(), "compressed twice over": append(packed.Bytes(), packed.Bytes()...),
		"results of queries": append(append([]byte{}, pages...), ' '),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "results of queries" {
				raw = []byte(strings.Replace(string(raw), "]},{", "]} {", 1))
			}
			got, _ := readSnapshot(t, raw)
			delete(got, in("ec2", "security-group/sg-gone"))
			if len(got) != len(want) {
				t.Errorf("%d resources; want %d", len(got), len(want))
			}
			for id, r := range want {
				if got[id] == nil || encoded(t, got[id]) != encoded(t, r) {
					t.Errorf("%s has other facts", id)
				}
			}
		})
	}
}

// TestConfigSnapshotOfManyAccounts parts the items of several accounts.
func TestConfigSnapshotOfManyAccounts(t *testing.T) {
	t.Parallel()
	other := bytes.ReplaceAll(snapshot(t), []byte("111122223333"), []byte("444455556666"))
	exports, err := ReadExport(bytes.NewReader(append(other, snapshot(t)...)))
	if err != nil || len(exports) != 2 || exports[0].Account != "111122223333" || exports[1].Account != "444455556666" {
		t.Fatalf("%v: %v", exports, err)
	}
	for _, e := range exports {
		got, _ := collectedExport(t, e)
		if got["arn:aws:iam::"+e.Account+":role/web"] == nil || len(got) < 25 {
			t.Errorf("%d resources of %s", len(got), e.Account)
		}
		for _, r := range got {
			if r.Scope.Account() != e.Account {
				t.Errorf("%s lies in %s", r.ID, r.Scope)
			}
		}
	}
}

// BenchmarkExport reads and collects a snapshot of 100,000 items, and reports the most memory that is held meanwhile
// beside the resources themselves. The items come from a pipe, so that the file is never in memory.
func BenchmarkExport(b *testing.B) {
	const items = 100_000
	for b.Loop() {
		r, w := io.Pipe()
		go func() { w.CloseWithError(manyItems(w, items)) }()
		exports, err := ReadExport(r)
		if err != nil {
			b.Fatal(err)
		}
		a, err := FromExport(exports[0])
		if err != nil {
			b.Fatal(err)
		}
		out := &counted{}
		if err := a.Collect(b.Context(), time.Now, out); err != nil {
			b.Fatal(err)
		}
		if out.seen < items {
			b.Fatalf("%d of %d resources", out.seen, items)
		}
		b.ReportMetric(float64(out.peak)/(1<<20), "MiB-held")
	}
}

// manyItems writes a snapshot in which machines, disks, groups and buckets take turns.
func manyItems(w io.Writer, n int) error {
	if _, err := io.WriteString(w, `{"fileVersion":"1.0","configurationItems":[`); err != nil {
		return err
	}
	for i := range n {
		var item map[string]any
		switch id := fmt.Sprintf("-%017x", i); i % 3 {
		case 0:
			item = itemOf(configVolume.name, "vol"+id, ec2types.Volume{VolumeId: aws.String("vol" + id), State: "in-use",
				Size: aws.Int32(8), AvailabilityZone: aws.String("us-east-1a"), Encrypted: aws.Bool(true), KmsKeyId: aws.String("key"),
				Attachments: []ec2types.VolumeAttachment{{InstanceId: aws.String("i" + id), State: "attached"}}})
		case 1:
			item = itemOf(configInterface.name, "eni"+id, ec2types.NetworkInterface{NetworkInterfaceId: aws.String("eni" + id),
				Status: "in-use", SubnetId: aws.String("subnet-1"), VpcId: aws.String("vpc-1"),
				Groups:             []ec2types.GroupIdentifier{{GroupId: aws.String("sg-1")}},
				PrivateIpAddresses: []ec2types.NetworkInterfacePrivateIpAddress{{PrivateIpAddress: aws.String("10.0.0.7")}}})
		default:
			item = itemOf(configBucket.name, "bucket"+id, s3types.Bucket{Name: aws.String("bucket" + id),
				CreationDate: aws.Time(captured)})
			item["supplementaryConfiguration"] = map[string]any{"BucketPolicy": `{"policyText":null}`,
				"BucketVersioningConfiguration": `{"status":"Enabled","isMfaDeleteEnabled":null}`}
		}
		raw, err := json.Marshal(item)
		if err != nil {
			return err
		}
		if i > 0 {
			raw = append([]byte{','}, raw...)
		}
		if _, err := w.Write(raw); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "]}")
	return err
}

// counted counts what a collection hands on and lets it go.
type counted struct {
	mu   sync.Mutex
	seen int
	peak uint64
}

func (c *counted) Observe(_ context.Context, batch []collectors.Observation) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen += len(batch)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	c.peak = max(c.peak, m.HeapInuse)
	return nil
}

func (c *counted) Listed(context.Context, inventory.LedgerRow) error { return nil }
