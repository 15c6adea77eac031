package web

import (
	"fmt"
	"math"
	"net/http"
	"time"
)

// moment is a point in time as pages show it: how long ago, and exactly when on hover and in print.
type moment struct{ Machine, Exact, Relative string }

func momentAt(at, now time.Time) moment {
	at = at.UTC()
	return moment{Machine: at.Format(time.RFC3339), Exact: at.Format("2 Jan 2006, 15:04:05 MST"),
		Relative: relative(now.Sub(at))}
}

// relative says how long ago a moment was, or in how long it will be.
func relative(ago time.Duration) string {
	words := span2words(max(ago, -ago))
	switch {
	case words == "":
		return "just now"
	case ago < 0:
		return "in " + words
	default:
		return words + " ago"
	}
}

// span2words writes a duration with its largest fitting unit; empty for less than half a minute.
func span2words(d time.Duration) string {
	day := 24 * time.Hour
	whole := func(unit time.Duration) int { return int(math.Round(float64(d) / float64(unit))) }
	switch {
	case d < 30*time.Second:
		return ""
	case d < 90*time.Minute:
		return fmt.Sprintf("%d min", max(1, whole(time.Minute)))
	case d < 36*time.Hour:
		return fmt.Sprintf("%d h", whole(time.Hour))
	case d < 60*day:
		return plural(whole(day), "day", "days")
	case d < 720*day:
		return plural(whole(30*day), "month", "months")
	default:
		return plural(whole(365*day), "year", "years")
	}
}

// asOf reads the date a page is asked to show. A day means its end, so that a day's work is in it. The zero time means
// now; ok is false when the words in the address are no date, or lie ahead.
func asOf(r *http.Request, now time.Time) (at time.Time, ok bool) {
	word := r.URL.Query().Get("as_of")
	if word == "" {
		return time.Time{}, true
	}
	if day, err := time.Parse(time.DateOnly, word); err == nil {
		end := day.Add(24*time.Hour - time.Second)
		if end.After(now) && !day.After(now) {
			return now.UTC(), true
		}
		return end, !end.After(now)
	}
	at, err := time.Parse(time.RFC3339, word)
	return at.UTC(), err == nil && !at.After(now)
}
