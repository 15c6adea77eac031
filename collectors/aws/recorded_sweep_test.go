package aws

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// sweeps turn a recorded answer of an operation, such as "ec2.DescribeVpcs", into what the normalisers make of it.
var sweeps = map[string]func(t *testing.T, response []byte) []*inventory.Resource{}

// sweep adds an operation whose recorded answers all must pass through a normaliser:
//
//	var _ = sweep("ec2.DescribeVpcs", networkFacts, func(o *ec2.DescribeVpcsOutput) []networkItem { … })
func sweep[Out, A any](operation string, facts func(collectors.Where, A) *inventory.Resource, items func(*Out) []A) struct{} {
	sweeps[operation] = func(t *testing.T, response []byte) []*inventory.Resource {
		t.Helper()
		out := new(Out)
		if err := json.Unmarshal(response, out); err != nil {
			t.Fatal(err)
		}
		var all []*inventory.Resource
		for _, a := range items(out) {
			raw, err := json.Marshal(a)
			if err != nil {
				t.Fatal(err)
			}
			var stored A
			if err := json.Unmarshal(raw, &stored); err != nil {
				t.Fatal(err)
			}
			r := facts(here, a)
			if before, after := encoded(t, r), encoded(t, facts(here, stored)); before != after {
				t.Errorf("stored answers state other facts:\nbefore %s\nafter  %s", before, after)
			}
			if r != nil {
				all = append(all, r)
			}
		}
		return all
	}
	return struct{}{}
}

// recordedFiles are the recorded answers of an operation; the test is skipped where there are none at all.
func recordedFiles(t *testing.T, operation string) []string {
	t.Helper()
	if _, err := os.Stat(recordedRoot); err != nil {
		t.Skip("the recorded answers are not beside the project")
	}
	files, err := filepath.Glob(filepath.Join(recordedRoot, "*", operation+"_*.json"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestRecordedSweep runs every recorded answer of every listed operation through its normaliser: none may panic, leave
// an attribute unspoken of, or change in the store.
func TestRecordedSweep(t *testing.T) {
	t.Parallel()
	for operation, run := range sweeps {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			files := recordedFiles(t, operation)
			if len(files) == 0 {
				t.Fatalf("no answer of %s is recorded; the row is of no use", operation)
			}
			for _, file := range files {
				data, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				var call struct {
					Response json.RawMessage `json:"response"`
				}
				if err := json.Unmarshal(data, &call); err != nil {
					t.Fatal(err)
				}
				if len(call.Response) == 0 {
					continue // A recorded refusal has no response.
				}
				for _, r := range run(t, call.Response) {
					checkSwept(t, file, r)
				}
			}
		})
	}
}

func checkSwept(t *testing.T, file string, r *inventory.Resource) {
	t.Helper()
	natural := strings.HasPrefix(r.ID, "arn:") || strings.HasPrefix(r.ID, string(here.Scope)+"/")
	if !natural || strings.HasSuffix(r.ID, "/") || r.Name == "" {
		t.Errorf("%s: a resource with the id %q and the name %q", file, r.ID, r.Name)
	}
	if left := unstated(r); len(left) > 0 {
		t.Errorf("%s: %s: neither stated nor derived: %v", file, r.ID, left)
	}
}

// TestEverySourceIsSwept wants a row for each listing of EC2 of which answers are recorded.
func TestEverySourceIsSwept(t *testing.T) {
	t.Parallel()
	for _, e := range Sources.Entries() {
		d := e.Definition()
		if !strings.HasPrefix(string(d.Kind), "aws.ec2.") {
			continue
		}
		if sweeps["ec2."+d.ListAction] == nil && len(recordedFiles(t, "ec2."+d.ListAction)) > 0 {
			t.Errorf("answers of %s are recorded, and no row sends them to %s", d.ListAction, d.Kind)
		}
	}
}
