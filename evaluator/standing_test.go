package evaluator

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var (
	firstDay = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	denied   = []inventory.Unknown{{Fact: "tls_required", Cause: inventory.CauseDenied, Action: "GetBucketPolicy", Permission: "s3:GetBucketPolicy"}}
)

func failing(severity Severity, reasons ...Reason) Judgement {
	return Judgement{Verdict: Fail, Base: High, Severity: severity, Reasons: reasons}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	open, _ := Follow(nil, failing(High), firstDay, "")
	unread, _ := Follow(open, Judgement{Verdict: Unknown, Base: High, Severity: High, Unknown: denied}, firstDay.Add(time.Hour), "")
	resolved, _ := Follow(open, Judgement{Verdict: Pass}, firstDay.Add(time.Hour), "")
	unknown, _ := Follow(nil, Judgement{Verdict: Unknown, Base: High, Severity: High, Unknown: denied}, firstDay, "")
	later := firstDay.Add(48 * time.Hour)
	for name, c := range map[string]struct {
		before  *Finding
		now     Judgement
		state   State
		verdict Verdict
		what    string
		cause   Cause
		since   time.Time
	}{
		"a first fail opens":               {nil, failing(High), StateOpen, Fail, "opened", CauseRegressed, later},
		"a first unknown opens":            {nil, Judgement{Verdict: Unknown, Base: High, Severity: High, Unknown: denied}, StateOpen, Unknown, "opened", CauseCoverageLost, later},
		"a pass without a finding is none": {nil, Judgement{Verdict: Pass}, "", "", "", "", later},
		"a fail that passes is fixed":      {open, Judgement{Verdict: Pass}, StateResolved, Fail, "resolved", CauseFixed, firstDay},
		"a fail out of scope is resolved":  {open, Judgement{Verdict: None}, StateResolved, Fail, "resolved", CauseFixed, firstDay},
		"a fail unread stands":             {open, Judgement{Verdict: Unknown, Base: High, Severity: High, Unknown: denied}, StateOpen, Fail, "not_read", CauseCoverageLost, firstDay},
		"still unread says nothing new":    {unread, Judgement{Verdict: Unknown, Base: High, Severity: High, Unknown: denied}, StateOpen, Fail, "", "", firstDay},
		"read again and still failing":     {unread, failing(High), StateOpen, Fail, "changed", CauseCoverageRegained, firstDay},
		"read again and passing is fixed":  {unread, Judgement{Verdict: Pass}, StateResolved, Fail, "resolved", CauseFixed, firstDay},
		"a fixed one that fails regresses": {resolved, failing(High), StateRegressed, Fail, "regressed", CauseRegressed, later},
		"an unknown that passes":           {unknown, Judgement{Verdict: Pass}, StateResolved, Unknown, "resolved", CauseCoverageRegained, firstDay},
		"an unknown that fails":            {unknown, failing(High), StateOpen, Fail, "changed", CauseCoverageRegained, later},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, m := Follow(c.before, c.now, later, "")
			if m == nil != (c.what == "") || m != nil && (m.What != c.what || m.Cause != c.cause) {
				t.Fatalf("movement %+v, want %q by %q", m, c.what, c.cause)
			}
			if c.state == "" {
				if f != nil {
					t.Fatalf("finding %+v, want none", f)
				}
				return
			}
			if f.State != c.state || f.Verdict != c.verdict || !f.Since.Equal(c.since) {
				t.Fatalf("got %s %s since %s, want %s %s since %s", f.State, f.Verdict, f.Since, c.state, c.verdict, c.since)
			}
		})
	}
}

func TestSeverityFallsOnProofOnly(t *testing.T) {
	t.Parallel()
	proven := Reason{Rule: "C4", Text: "Reachable from the internet at 203.0.113.7:22.", Severity: Critical}
	lost := Reason{Rule: "C12", Text: "Could not read route tables (access denied), so the worst is assumed.", Severity: High}
	before, _ := Follow(nil, failing(Critical, proven), firstDay, "")
	f, _ := Follow(before, failing(High, lost), firstDay.Add(time.Hour), "")
	if f.Severity != Critical {
		t.Errorf("severity %s after a permission was lost, want critical still", f.Severity)
	}
	if f, m := Follow(f, failing(High, lost), firstDay.Add(2*time.Hour), ""); m != nil {
		t.Errorf("the same judgement moved it again: %+v to %+v", m, f)
	}
	closed := Reason{Rule: "C2", Text: "Behind it nothing has a public address.", Severity: Low}
	if f, _ = Follow(f, failing(Low, closed), firstDay.Add(3*time.Hour), ""); f.Severity != Low {
		t.Errorf("severity %s after the way was seen closed, want low", f.Severity)
	}
}

// TestReasonsReadBackAreThoseThatWereMade holds a finding still whose reasons come from the database, where keys stand in
// another order.
func TestReasonsReadBackAreThoseThatWereMade(t *testing.T) {
	t.Parallel()
	made := []Reason{{Rule: "C12", Text: "Could not read environment.", Severity: High,
		Facts: map[string]any{"environment": inventory.Unknown{Fact: "environment", Cause: inventory.CauseNotCollected}}}}
	raw, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	var read []Reason
	if err := json.Unmarshal(raw, &read); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	before := &Finding{Verdict: Fail, Base: Medium, Severity: High, State: StateOpen, Since: at, Reasons: read}
	_, moved := Follow(before, Judgement{Verdict: Fail, Base: Medium, Severity: High, Reasons: made}, at.Add(time.Hour), "")
	if moved != nil {
		t.Errorf("a finding that stayed as it was %s", moved.What)
	}
}
