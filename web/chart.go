package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// The drawing area of the line over time, in the units of its viewBox.
const (
	chartWidth, chartHeight = 760.0, 214.0
	chartLeft, chartRight   = 38.0, 752.0
	chartTop, chartBottom   = 14.0, 178.0
)

// chartPoint is a day of the line; a day without a figure has no numbers.
type chartPoint struct {
	At              time.Time
	Judged          bool
	Score, Coverage float64
	Statuses        map[evaluator.Status]int64
	Movements       map[evaluator.Cause]int64
}

// tick is a line of the scale or a date under it.
type tick struct {
	At   float64
	Word string
	// Anchor keeps the first and the last word inside the drawing.
	Anchor string
}

// chartMark is a triangle where something moved the figure by much.
type chartMark struct{ Path, Class, Word string }

// chart is the drawn line of score and coverage, with the same in words.
type chart struct {
	Score, Coverage         string
	EndX, ScoreY, CoverageY float64
	ScoreWord, CoverageWord tick
	Rows, Days              []tick
	Marks                   []chartMark
	Label                   string
	Drawn                   bool
	Points                  []chartPoint
	lowest                  float64
}

// chartPoints lines the stored points up with the days that were asked for, so that a gap shows as a gap.
func chartPoints(spans []store.Span, stored []store.ScorePoint) []chartPoint {
	byEnd := make(map[int64]store.ScorePoint, len(stored))
	for _, p := range stored {
		byEnd[p.Ends.Unix()] = p
	}
	out := make([]chartPoint, 0, len(spans))
	for _, span := range spans {
		p, ok := byEnd[span.Ends.Unix()]
		if !ok && len(out) == 0 {
			continue
		}
		point := chartPoint{At: span.Begins, Statuses: p.Statuses, Movements: p.Movements}
		figure := evaluator.Score{PassWeight: p.PassWeight, TotalWeight: p.TotalWeight, Judged: p.Judged, Asked: p.Asked}
		point.Score, point.Judged = figure.Value()
		point.Coverage = figure.Coverage()
		out = append(out, point)
	}
	return out
}

// days are the spans of whole UTC days up to a moment; the last one ends at the moment itself.
func days(until time.Time, n int) []store.Span {
	last := until.UTC().Truncate(24 * time.Hour)
	out := make([]store.Span, n)
	for i := range out {
		begins := last.AddDate(0, 0, i-n+1)
		out[i] = store.Span{Begins: begins, Ends: begins.AddDate(0, 0, 1)}
	}
	out[n-1].Ends = until.UTC().Truncate(time.Second)
	if !out[n-1].Ends.After(out[n-1].Begins) {
		out[n-1].Ends = out[n-1].Begins.Add(time.Second)
	}
	return out
}

// newChart draws the line. Fewer than two judged days make no line.
func newChart(points []chartPoint) chart {
	c := chart{Points: points}
	low, judged := 1.0, 0
	for _, p := range points {
		if p.Judged {
			judged++
			low = min(low, p.Score, p.Coverage)
		}
	}
	if judged < 2 {
		return c
	}
	c.Drawn = true
	c.lowest = max(0, math.Floor((low-.04)*10)/10)
	c.scale()
	c.dates()
	c.lines()
	c.movements()
	return c
}

func (c *chart) x(i int) float64 {
	return chartLeft + (chartRight-chartLeft)*float64(i)/float64(max(1, len(c.Points)-1))
}

func (c *chart) y(share float64) float64 {
	return chartBottom - (chartBottom-chartTop)*(share-c.lowest)/(1-c.lowest)
}

func (c *chart) scale() {
	step := .1
	if c.lowest < .5 {
		step = .2
	}
	for share := 1.0; share >= c.lowest-1e-9; share -= step {
		c.Rows = append(c.Rows, tick{At: round1(c.y(share)), Word: strconv.Itoa(int(math.Round(share * 100)))})
	}
}

func (c *chart) dates() {
	last := len(c.Points) - 1
	for i := range 4 {
		at := last * i / 3
		anchor := []string{"start", "middle", "middle", "end"}[i]
		c.Days = append(c.Days, tick{At: round1(c.x(at)), Word: c.Points[at].At.Format("2 Jan"), Anchor: anchor})
	}
}

func (c *chart) lines() {
	var score, coverage strings.Builder
	pen := "M"
	var first, end chartPoint
	for i, p := range c.Points {
		if !p.Judged {
			pen = "M"
			continue
		}
		if first.At.IsZero() {
			first = p
		}
		fmt.Fprintf(&score, "%s%.1f %.1f", pen, c.x(i), c.y(p.Score))
		fmt.Fprintf(&coverage, "%s%.1f %.1f", pen, c.x(i), c.y(p.Coverage))
		pen, end = "L", p
		c.EndX, c.ScoreY, c.CoverageY = round1(c.x(i)), round1(c.y(p.Score)), round1(c.y(p.Coverage))
	}
	c.Score, c.Coverage = score.String(), coverage.String()
	// The words stand clear of the lines and of each other.
	above, below := c.ScoreY-9, c.CoverageY+18
	if c.CoverageY <= c.ScoreY {
		above, below = c.CoverageY-9, c.ScoreY+18
	}
	c.ScoreWord, c.CoverageWord = tick{At: above, Word: "score"}, tick{At: below, Word: "coverage"}
	if c.CoverageY <= c.ScoreY {
		c.ScoreWord.At, c.CoverageWord.At = below, max(10, above)
	}
	c.Label = fmt.Sprintf("Score from %s to %s percent and coverage from %s to %s percent, %s to %s.",
		percent(first.Score),
		percent(end.Score), percent(first.Coverage), percent(end.Coverage), first.At.Format("2 January"),
		end.At.Format("2 January 2006"))
}

// movements marks the days on which the score moved by a point or more, the largest four.
func (c *chart) movements() {
	type leap struct {
		i    int
		size float64
	}
	var leaps []leap
	for i := 1; i < len(c.Points); i++ {
		before, now := c.Points[i-1], c.Points[i]
		if before.Judged && now.Judged && math.Abs(now.Score-before.Score) >= .01 {
			leaps = append(leaps, leap{i, now.Score - before.Score})
		}
	}
	for len(leaps) > 4 {
		smallest := 0
		for i, l := range leaps {
			if math.Abs(l.size) < math.Abs(leaps[smallest].size) {
				smallest = i
			}
		}
		leaps = append(leaps[:smallest], leaps[smallest+1:]...)
	}
	for _, l := range leaps {
		p := c.Points[l.i]
		x, y := c.x(l.i), c.y(p.Score)
		mark := chartMark{Class: "up", Path: fmt.Sprintf("M%.1f %.1fh10l-5 -8z", x-5, y-8)}
		if l.size < 0 {
			mark = chartMark{Class: "down", Path: fmt.Sprintf("M%.1f %.1fh10l-5 8z", x-5, y+8)}
		}
		mark.Word = p.At.Format("2 Jan") + ": " + points(l.size) + " points" + because(p.Movements)
		c.Marks = append(c.Marks, mark)
	}
}

func because(movements map[evaluator.Cause]int64) string {
	list := causes(movements)
	if len(list) == 0 {
		return ""
	}
	words := make([]string, 0, len(list))
	for _, m := range list {
		words = append(words, count(m.Count)+" "+m.Word)
	}
	return " (" + listed(words) + ")"
}

func round1(f float64) float64 { return math.Round(f*10) / 10 }

// ScorePercent and CoveragePercent are the numbers that the hover of the line reads.
func (p chartPoint) ScorePercent() string { return strconv.FormatFloat(p.Score*100, 'f', 2, 64) }

// CoveragePercent is the share of questions that were answered.
func (p chartPoint) CoveragePercent() string { return strconv.FormatFloat(p.Coverage*100, 'f', 2, 64) }

// Conforming is the number of conforming controls that day.
func (p chartPoint) Conforming() int64 { return p.Statuses[evaluator.StatusConforming] }

// Why says in words what moved the figure that day.
func (p chartPoint) Why() string { return strings.Trim(because(p.Movements), " ()") }
