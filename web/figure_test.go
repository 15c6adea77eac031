package web

import (
	"strings"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

func TestPercentNeverRoundsUpToWhole(t *testing.T) {
	t.Parallel()
	for share, want := range map[float64]string{1: "100", .99999: "99.9", .9999: "99.9", .5: "50.0", 0: "0.0",
		.621: "62.1", .29: "29.0"} {
		if got := percent(share); got != want {
			t.Errorf("percent(%v) = %s, want %s", share, got, want)
		}
	}
}

func TestCountsHaveCommas(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "−1,000"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestRelativeTimes(t *testing.T) {
	t.Parallel()
	cases := map[time.Duration]string{
		5 * time.Second: "just now", 10 * time.Minute: "10 min ago", 20 * time.Hour: "20 h ago",
		72 * time.Hour: "3 days ago",
		-2 * time.Hour: "in 2 h", 100 * 24 * time.Hour: "3 months ago", 800 * 24 * time.Hour: "2 years ago",
	}
	for ago, want := range cases {
		if got := relative(ago); got != want {
			t.Errorf("relative(%v) = %q, want %q", ago, got, want)
		}
	}
}

func TestMeterFillsItsWidth(t *testing.T) {
	t.Parallel()
	m := newMeter(part{100000, "good", "pass"}, part{1, "bad", "fail"}, part{0, "dim", "unknown"})
	if len(m.Spans) != 2 || m.Spans[1].Width < 5 {
		t.Fatalf("a single fail among many cannot be seen: %+v", m.Spans)
	}
	last := m.Spans[1]
	if end := last.X + last.Width; end < 999.9 || end > 1000.1 {
		t.Errorf("the meter ends at %v", end)
	}
	if m.Label != "100,000 pass, 1 fail" {
		t.Errorf("the meter says %q", m.Label)
	}
	if nothing := newMeter(part{0, "good", "pass"}); len(nothing.Spans) != 0 || nothing.Label != "Nothing yet" {
		t.Errorf("an empty meter is %+v", nothing)
	}
}

func TestChartShowsGapsAndLeaps(t *testing.T) {
	t.Parallel()
	spans := days(time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC), 6)
	point := func(i int, pass int64, moved map[evaluator.Cause]int64) store.ScorePoint {
		return store.ScorePoint{Begins: spans[i].Begins, Ends: spans[i].Ends, PassWeight: pass, TotalWeight: 100,
			Judged: 90, Asked: 100, Movements: moved}
	}
	c := newChart(chartPoints(spans, []store.ScorePoint{point(1, 70, nil), point(2, 60,
		map[evaluator.Cause]int64{evaluator.CauseRegressed: 3}), point(4, 80, nil), point(5, 80, nil)}))
	if !c.Drawn || strings.Count(c.Score, "M") != 2 {
		t.Errorf("a day without a figure must break the line: %q", c.Score)
	}
	if len(c.Points) != 5 || c.Points[0].At.Day() != 6 {
		t.Errorf("the line begins with %d days at %v", len(c.Points), c.Points[0].At)
	}
	if len(c.Marks) != 1 || c.Marks[0].Class != "down" || !strings.Contains(c.Marks[0].Word,
		"−10.0 points (3 regressed)") {
		t.Errorf("the fall is marked as %+v", c.Marks)
	}
	if newChart(nil).Drawn {
		t.Error("no days make a line")
	}
}

func TestDaysEndAtTheMoment(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	spans := days(until, 2)
	if !spans[1].Ends.After(spans[1].Begins) || !spans[0].Ends.Equal(spans[1].Begins) {
		t.Errorf("spans %v", spans)
	}
}

func TestStatementOfAnUnknownDoesNotClaim(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"No machine can": "no machine can", "TLS is on": "TLS is on", "A": "A"} {
		if got := lowerFirst(in); got != want {
			t.Errorf("lowerFirst(%q) = %q, want %q", in, got, want)
		}
	}
}
