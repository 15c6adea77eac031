package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
)

// scanOf is a scan that found these verdicts of one check, each on a bucket of its own.
func scanOf(t *testing.T, verdicts ...evaluator.Verdict) *Scan {
	t.Helper()
	catalogue, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	check := catalogue.Check("object-storage-versioned")
	var found []evaluator.Settled
	for i, v := range verdicts {
		r := inventory.New("arn:aws:s3:::b"+string(rune('a'+i)), "=b"+string(rune('a'+i)), "eu-central-1", &inventory.ObjectStorage{})
		r.Kind, r.Scope = "aws.s3.bucket", "aws:123456789012"
		j := evaluator.Judgement{Check: check, Verdict: v, Base: check.Severity, Severity: check.Severity}
		if v == evaluator.Unknown {
			j.Unknown = []inventory.Unknown{{Fact: "versioning", Cause: inventory.CauseDenied, Permission: "s3:GetBucketVersioning"}}
		}
		found = append(found, evaluator.Settled{Resource: r, Judgements: []evaluator.Judgement{j}})
	}
	s := New(Tool{Name: "plumbline", Version: "1"}, catalogue, slices.Values(found),
		[]inventory.LedgerRow{{Scope: "aws:123456789012", Kind: "aws.s3.bucket", Region: "global", Complete: true}}, nil)
	s.Scopes, s.StartedAt = []inventory.ScopeID{"aws:123456789012"}, time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	return s
}

func written(t *testing.T, s *Scan, format string) string {
	t.Helper()
	var out bytes.Buffer
	if err := s.Write(&out, format); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestJSONIsWhole reads back what was written item by item: it is what the encoder would have written of the whole.
func TestJSONIsWhole(t *testing.T) {
	t.Parallel()
	for _, verdicts := range [][]evaluator.Verdict{{}, {evaluator.Pass}, {evaluator.Fail, evaluator.Unknown, evaluator.Pass, evaluator.Pass}} {
		s := scanOf(t, verdicts...)
		text := written(t, s, "json")
		var r Report
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		whole := Report{Head: s.Head, Verdicts: []Verdict{}}
		for v := range s.verdicts() {
			whole.Verdicts = append(whole.Verdicts, v)
		}
		want, err := json.MarshalIndent(whole, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if text != string(want)+"\n" || len(r.Verdicts) != len(verdicts) {
			t.Errorf("written\n%s\nwant\n%s", text, want)
		}
	}
}

// TestFormatsTellTheSame counts verdicts in each format.
func TestFormatsTellTheSame(t *testing.T) {
	t.Parallel()
	verdicts := []evaluator.Verdict{evaluator.Fail, evaluator.Unknown, evaluator.Pass}
	s := scanOf(t, verdicts...)
	if s.Coverage < 0.66 || s.Coverage > 0.67 || !s.Failing(evaluator.Low) || s.Failing(evaluator.Critical) {
		t.Errorf("coverage %v, failing %v", s.Coverage, s.failing)
	}
	var sarif struct {
		Runs []struct{ Results []struct{ Kind string } }
	}
	if err := json.Unmarshal([]byte(written(t, s, "sarif")), &sarif); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, r := range sarif.Runs[0].Results {
		kinds = append(kinds, r.Kind)
	}
	if !reflect.DeepEqual(kinds, []string{"fail", "open", "pass"}) {
		t.Errorf("SARIF holds %v", kinds)
	}
	for _, format := range []string{"jsonl", "ocsf"} {
		lines := strings.Split(strings.TrimSpace(written(t, s, format)), "\n")
		if len(lines) != len(verdicts) || !json.Valid([]byte(lines[0])) {
			t.Errorf("%s has %d lines", format, len(lines))
		}
	}
	rows, err := csv.NewReader(strings.NewReader(written(t, s, "csv"))).ReadAll()
	if err != nil || len(rows) != 1+len(verdicts) || rows[1][8] != "'=ba" || rows[2][11] != "denied s3:GetBucketVersioning" {
		t.Errorf("%v: %v", err, rows)
	}
	for _, format := range []string{"table", "html"} {
		text := written(t, s, format)
		if !strings.Contains(text, "1 fail") || strings.Contains(text, "=bc") ||
			strings.Index(text, "does not keep old versions") > strings.Index(text, "Old versions of objects are kept") {
			t.Errorf("%s does not begin with the worst, or shows what passes:\n%s", format, text)
		}
	}
	if err := s.Write(&bytes.Buffer{}, "pdf"); err == nil {
		t.Error("an unknown format is written")
	}
}
