package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/plumbline-posture/plumbline/evaluator"
)

// integer is any of the whole numbers the store counts in.
func integer(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int32:
		return int64(n)
	case int64:
		return n
	default:
		return 0
	}
}

// count writes a whole number with a comma at each thousand.
func count(n any) string {
	digits := strconv.FormatInt(integer(n), 10)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "−", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// plural writes a number with the word that fits it.
func plural(n any, one, many string) string {
	if integer(n) == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// percent writes a share of one with one decimal. It rounds down, so that what is not whole never reads 100.
func percent(share float64) string {
	tenths := math.Floor(share*1000 + 1e-9)
	if tenths == 1000 {
		return "100"
	}
	return strconv.FormatFloat(tenths/10, 'f', 1, 64)
}

// points writes a difference of shares in percentage points, with its sign.
func points(difference float64) string {
	rounded := math.Round(difference*1000) / 10
	if rounded == 0 {
		return "±0.0"
	}
	return strings.Replace(fmt.Sprintf("%+.1f", rounded), "-", "−", 1)
}

// listed joins words with commas.
func listed(words []string) string { return strings.Join(words, ", ") }

// Span is one stretch of a meter, in thousandths of its width.
type span struct {
	X, Width float64
	Class    string
}

// meter is a bar that shows parts of a whole; Label says the same in words.
type meter struct {
	Spans []span
	Label string
}

// part is one share of a meter before it is laid out.
type part struct {
	n     int64
	class string
	word  string
}

// newMeter lays the parts side by side. A part that is there is never thinner than the eye can see.
func newMeter(parts ...part) meter {
	var total int64
	for _, p := range parts {
		total += p.n
	}
	m := meter{}
	if total == 0 {
		m.Label = "Nothing yet"
		return m
	}
	var words []string
	widths := make([]float64, len(parts))
	var sum float64
	for i, p := range parts {
		if p.n > 0 {
			widths[i] = math.Max(6, 1000*float64(p.n)/float64(total))
			words = append(words, count(p.n)+" "+p.word)
		}
		sum += widths[i]
	}
	x := 0.0
	for i, p := range parts {
		width := widths[i] * 1000 / sum
		if width > 0 {
			m.Spans = append(m.Spans, span{X: x, Width: width, Class: p.class})
		}
		x += width
	}
	m.Label = strings.Join(words, ", ")
	return m
}

// verdictMeter shows passes, fails and unknowns.
func verdictMeter(t evaluator.Tally) meter {
	return newMeter(part{t.Pass, "good", "pass"}, part{t.Fails(), "bad", "fail"}, part{t.Unknown, "dim", "unknown"})
}
