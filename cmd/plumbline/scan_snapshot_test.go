package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// configSnapshot is a configuration snapshot of an invented account.
const configSnapshot = "../../collectors/aws/testdata/config_snapshot.json"

// TestScanSnapshot judges a snapshot of AWS Config. What it tells is judged; what it does not tell is unknown, with the
// right by which AWS itself would tell.
func TestScanSnapshot(t *testing.T) {
	t.Parallel()
	r := reported(t, exitIncomplete, "--from", "aws-config="+configSnapshot)
	if r.Complete || len(r.Scopes) != 1 || r.Scopes[0] != "aws:111122223333" {
		t.Fatalf("scopes %v, complete: %v", r.Scopes, r.Complete)
	}
	verdicts := map[[2]string]evaluator.Verdict{}
	judged := map[evaluator.Verdict]int{}
	for _, v := range r.Verdicts {
		verdicts[[2]string{v.Check, v.Resource.ID}] = v.Verdict
		judged[v.Verdict]++
		for _, why := range v.Unknown {
			if why.Code == "NotInExport" && (why.Cause != inventory.CauseNotCollected || why.Permission == "") {
				t.Errorf("%s of %s is unknown by %+v", v.Check, v.Resource.ID, why)
			}
		}
	}
	for key, want := range map[[2]string]evaluator.Verdict{
		{"object-storage-tls-required", "arn:aws:s3:::kestrel-ledger"}:        evaluator.Pass,
		{"object-storage-tls-required", "arn:aws:s3:::kestrel-drop"}:          evaluator.Fail,
		{"object-storage-tls-required", "arn:aws:s3:::kestrel-quiet"}:         evaluator.Unknown,
		{"object-storage-not-public-by-acl", "arn:aws:s3:::kestrel-ledger"}:   evaluator.Pass,
		{"object-storage-not-public-by-policy", "arn:aws:s3:::kestrel-quiet"}: evaluator.Unknown,
	} {
		if verdicts[key] != want {
			t.Errorf("%s of %s is %q; want %q", key[0], key[1], verdicts[key], want)
		}
	}
	if judged[evaluator.Pass] < 10 || judged[evaluator.Fail] < 10 || judged[evaluator.Unknown] < judged[evaluator.Pass] {
		t.Errorf("verdicts: %v", judged)
	}
}

// TestScanSnapshotLosesNothing takes items away from a snapshot: no verdict of the others turns into a pass by it.
func TestScanSnapshotLosesNothing(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(configSnapshot)
	if err != nil {
		t.Fatal(err)
	}
	whole := snapshotPasses(t, configSnapshot)
	for _, typ := range []string{"AWS::EC2::RouteTable", "AWS::IAM::Policy", "AWS::KMS::Key", "AWS::EC2::SecurityGroup"} {
		less := filepath.Join(t.TempDir(), "less.json")
		other := strings.ReplaceAll(string(raw), `"`+typ+`"`, `"AWS::Other::Thing"`)
		if other == string(raw) {
			t.Fatalf("the snapshot holds no %s", typ)
		}
		if err := os.WriteFile(less, []byte(other), 0o600); err != nil {
			t.Fatal(err)
		}
		for key := range snapshotPasses(t, less) {
			if !whole[key] {
				t.Errorf("without %s, %s of %s passes", typ, key[0], key[1])
			}
		}
	}
}

func snapshotPasses(t *testing.T, snapshot string) map[[2]string]bool {
	t.Helper()
	out := map[[2]string]bool{}
	for _, v := range reported(t, exitIncomplete, "--from", "aws-config="+snapshot).Verdicts {
		if v.Verdict == evaluator.Pass {
			out[[2]string{v.Check, v.Resource.ID}] = true
		}
	}
	return out
}
