package azure

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// exported are the rows that Resource Graph gives of the estate of the tests.
func exported(t *testing.T) []map[string]any {
	t.Helper()
	var rows []map[string]any
	for _, r := range estateOf(t).Resources {
		row := map[string]any{"kind": "", "tags": nil, "sku": nil, "identity": nil, "zones": nil, "managedBy": "",
			"location": "", "properties": map[string]any{}}
		for k, v := range r {
			row[k] = v
		}
		row["name"], row["type"] = lastOf(r.ID()), strings.ToLower(r.Type())
		rows = append(rows, row)
	}
	return rows
}

func readRows(t *testing.T, text string) *kept {
	t.Helper()
	exports, err := ReadExport(strings.NewReader(text))
	if err != nil || len(exports) != 1 {
		t.Fatalf("%d exports: %v", len(exports), err)
	}
	s, err := FromExport(exports[0])
	if err != nil {
		t.Fatal(err)
	}
	k := &kept{}
	if err := s.Collect(t.Context(), time.Now, k); err != nil {
		t.Fatal(err)
	}
	return k
}

// TestExportShapes wants the same facts of rows in every shape they come in, and more of them than a handful.
func TestExportShapes(t *testing.T) {
	t.Parallel()
	rows := exported(t)
	array, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, r := range rows {
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	want := readRows(t, string(array))
	if len(want.seen) < 40 {
		t.Fatalf("%d resources were read", len(want.seen))
	}
	facts := map[string]string{}
	for _, o := range want.seen {
		facts[o.Resource.ID] = encoded(t, o.Resource)
	}
	for name, text := range map[string]string{"lines": lines.String(), "an answer": `{"data":` + string(array) + `}`} {
		got := readRows(t, text)
		if len(got.seen) != len(want.seen) {
			t.Errorf("%s: %d resources; want %d", name, len(got.seen), len(want.seen))
		}
		for _, o := range got.seen {
			if encoded(t, o.Resource) != facts[o.Resource.ID] {
				t.Errorf("%s: %s has other facts", name, o.Resource.ID)
			}
		}
	}
}

// TestExportLeavesUnknown holds that nothing an export lacks is taken for none: every fact it states is one that the
// whole collection states alike, and what was not exported is not collected.
func TestExportLeavesUnknown(t *testing.T) {
	t.Parallel()
	array, err := json.Marshal(exported(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range readRows(t, string(array)).rows {
		if !row.Complete && row.Unknown.Cause != inventory.CauseNotCollected {
			t.Errorf("%s is incomplete by %+v", row.Kind, row.Unknown)
		}
	}
	alone := `{"id":"/subscriptions/` + subscription + `/resourceGroups/a/providers/Microsoft.Compute/disks/d",` +
		`"name":"d","type":"microsoft.compute/disks","location":"westeurope","properties":{}}`
	complete := 0
	for _, row := range readRows(t, alone).rows {
		if row.Complete && row.Listed > 0 && row.Kind != "azure.network.implied_filter" {
			complete++
		}
		if row.Kind == "azure.compute.disk" && (row.Complete || row.Unknown.Code != "MalformedAnswer") {
			t.Errorf("a row without columns was read: %+v", row)
		}
	}
	if complete > 0 {
		t.Errorf("%d listings of an export of one broken row are complete", complete)
	}
	for _, wrong := range []string{"", "[]", "{}", `{"data":[{"id":"x"}]}`, "not json", "[1]"} {
		if _, err := ReadExport(strings.NewReader(wrong)); err == nil {
			t.Errorf("%q was read", wrong)
		}
	}
}
