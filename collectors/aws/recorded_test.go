package aws

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors"
)

// recordedRoot is where real answers lie beside the project; tests that read them skip where it is absent.
const recordedRoot = "../../../shared/recorded/aws"

// here is the place recorded answers are said to be from.
var here = collectors.Where{Scope: "aws:644160558196", Region: "us-east-1"}

// recorded decodes one recorded answer, such as recorded[ec2.DescribeVpcsOutput](t, "test_vpc/ec2.DescribeVpcs_1.json").
func recorded[T any](t *testing.T, file string) *T {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(recordedRoot, file))
	if os.IsNotExist(err) {
		if _, err := os.Stat(recordedRoot); err != nil {
			t.Skip("the recorded answers are not beside the project")
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	var call struct {
		Response json.RawMessage `json:"response"`
	}
	if err := json.Unmarshal(data, &call); err != nil {
		t.Fatal(err)
	}
	out := new(T)
	if err := json.Unmarshal(call.Response, out); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return out
}

// recordedIn names the recorded answers of an operation in one folder, for recorded.
func recordedIn(t *testing.T, folder, operation string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(recordedRoot, folder, operation+"_*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		if _, err := os.Stat(recordedRoot); err != nil {
			t.Skip("the recorded answers are not beside the project")
		}
		t.Fatalf("%s holds no answer of %s", folder, operation)
	}
	for i := range found {
		found[i] = filepath.Join(folder, filepath.Base(found[i]))
	}
	return found
}
