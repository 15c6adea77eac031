package api

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// Figure is a score with what it must never be shown without.
type Figure struct {
	Score       *float64 `json:"score" doc:"From 0 to 1; null when nothing was asked." minimum:"0" maximum:"1"`
	Coverage    float64  `json:"coverage" doc:"The share of what should have been judged that was."`
	Formula     string   `json:"formula"`
	PassWeight  int64    `json:"pass_weight"`
	TotalWeight int64    `json:"total_weight"`
	Judged      int64    `json:"judged"`
	Asked       int64    `json:"asked"`
}

func newFigure(s evaluator.Score) Figure {
	f := Figure{Coverage: s.Coverage(), Formula: evaluator.ScoreFormula, PassWeight: s.PassWeight,
		TotalWeight: s.TotalWeight, Judged: s.Judged, Asked: s.Asked}
	if v, ok := s.Value(); ok {
		f.Score = &v
	}
	return f
}

// verdicts are counts by verdict, of fails by severity.
type verdicts struct {
	Pass      int64                        `json:"pass"`
	Fail      map[evaluator.Severity]int64 `json:"fail"`
	Unknown   int64                        `json:"unknown"`
	Excepted  int64                        `json:"excepted" doc:"Fails that somebody accepted; they are in neither weight."`
	Inherited int64                        `json:"inherited" doc:"Passes that the provider gives everyone."`
}

func newVerdicts(s evaluator.Score) verdicts {
	c := store.CountsOf(s)
	return verdicts{Pass: c.Pass, Fail: c.Fail, Unknown: c.Unknown, Excepted: c.Excepted, Inherited: c.Inherited}
}

// statusCounts names every status, also those that no control has.
func statusCounts(counts map[evaluator.Status]int64) map[evaluator.Status]int64 {
	all := make(map[evaluator.Status]int64, len(evaluator.Statuses))
	for _, status := range evaluator.Statuses {
		all[status] = counts[status]
	}
	return all
}

type score struct {
	Framework string `json:"framework" doc:"A framework's id, or posture for every check."`
	Scope     string `json:"scope,omitempty"`
	Figure
	Controls map[evaluator.Status]int64 `json:"controls" doc:"Controls by status."`
	Verdicts verdicts                   `json:"verdicts"`
	Since    *time.Time                 `json:"since" doc:"Since when the figure stands; null when there is none yet."`
	AsOf     *time.Time                 `json:"as_of,omitempty"`
}

type listScoresIn struct {
	Framework string `query:"framework" doc:"Only this framework, or posture. Left out: all of them." example:"iso27001-2022"`
	Scoped
	Dated
}

// listScores gives the figures of each framework. One that has none yet is there, with the score null.
func (s *Server) listScores(ctx context.Context, in *listScoresIn) (*listOut[score], error) {
	frameworks := s.figures()
	if in.Framework != "" {
		if !slices.Contains(frameworks, in.Framework) {
			return nil, invalid("query.framework", fmt.Sprintf("no such framework; want one of %v", frameworks), in.Framework)
		}
		frameworks = []string{in.Framework}
	}
	found := map[string]store.Score{}
	err := s.in(ctx, func(tx store.Tx) error {
		scope, err := s.scopeID(ctx, tx, in.Scope)
		if err != nil {
			return err
		}
		scores, err := tx.Scores(ctx, frameworks, scope, in.AsOf)
		for _, f := range scores {
			found[f.Framework] = f
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return newPage(frameworks, "", int64(len(frameworks)), func(id string) score {
		return newScore(id, in.Scope, found[id], in.AsOf)
	}), nil
}

// figures are the names under which scores are kept.
func (s *Server) figures() []string {
	out := []string{store.Posture}
	for _, f := range s.catalogue.Frameworks {
		out = append(out, f.ID)
	}
	return out
}

func newScore(framework, scope string, found store.Score, asOf time.Time) score {
	f := found.Figure()
	out := score{Framework: framework, Scope: scope, Figure: newFigure(f), Controls: statusCounts(found.Statuses), Verdicts: newVerdicts(f)}
	if !found.ValidFrom.IsZero() {
		out.Since = utcOrNil(&found.ValidFrom)
	}
	if !asOf.IsZero() {
		out.AsOf = utcOrNil(&asOf)
	}
	return out
}

type scorePoint struct {
	Begins time.Time `json:"begins"`
	Ends   time.Time `json:"ends"`
	Figure
	Controls  map[evaluator.Status]int64 `json:"controls"`
	Movements map[evaluator.Cause]int64  `json:"movements" doc:"What moved the figure within the interval, by cause."`
}

type scoreHistoryIn struct {
	Framework string `query:"framework" default:"iso27001-2022" doc:"A framework, or posture."`
	Scoped
	From     time.Time `query:"from" doc:"Left out: 90 intervals before to."`
	To       time.Time `query:"to" doc:"Left out: now."`
	Interval string    `query:"interval" default:"day" enum:"day,week,month"`
}

type scoreHistoryOut struct {
	Body struct {
		Framework string       `json:"framework"`
		Scope     string       `json:"scope,omitempty"`
		Interval  string       `json:"interval"`
		Points    []scorePoint `json:"points" nullable:"false" doc:"Oldest first. An interval before the first figure has no point."`
	}
}

// scoreHistory gives the line of a score, a point for each interval.
func (s *Server) scoreHistory(ctx context.Context, in *scoreHistoryIn) (*scoreHistoryOut, error) {
	if !slices.Contains(s.figures(), in.Framework) {
		return nil, invalid("query.framework", fmt.Sprintf("no such framework; want one of %v", s.figures()), in.Framework)
	}
	spans, err := s.spans(in)
	if err != nil {
		return nil, err
	}
	out := &scoreHistoryOut{}
	out.Body.Framework, out.Body.Scope, out.Body.Interval = in.Framework, in.Scope, in.Interval
	out.Body.Points = []scorePoint{}
	err = s.in(ctx, func(tx store.Tx) error {
		scope, err := s.scopeID(ctx, tx, in.Scope)
		if err != nil {
			return err
		}
		line, err := tx.ScoreHistory(ctx, in.Framework, scope, spans)
		for _, p := range line {
			figures := evaluator.Score{PassWeight: p.PassWeight, TotalWeight: p.TotalWeight, Judged: p.Judged, Asked: p.Asked}
			out.Body.Points = append(out.Body.Points, scorePoint{Begins: utc(p.Begins), Ends: utc(p.Ends), Figure: newFigure(figures),
				Controls: statusCounts(p.Statuses), Movements: p.Movements})
		}
		return err
	})
	return out, err
}

// mostSpans bounds a line: a point for each day of almost three years.
const mostSpans = 1000

// spans cuts the time asked for at the bounds of days, weeks from Monday, or months, in UTC. The last span runs to its
// own end, which may lie ahead, unless to was given: so the answer stays the same until a figure moves.
func (s *Server) spans(in *scoreHistoryIn) ([]store.Span, error) {
	to, end := in.To.UTC(), time.Time{}
	if in.To.IsZero() {
		to = s.now().UTC()
	} else {
		end = to
	}
	from := in.From.UTC()
	if in.From.IsZero() {
		from = step(floor(to, in.Interval), in.Interval, -89)
	}
	if !from.Before(to) {
		return nil, invalid("query.from", "must lie before to", in.From)
	}
	var spans []store.Span
	for begins := floor(from, in.Interval); begins.Before(to); begins = step(begins, in.Interval, 1) {
		ends := step(begins, in.Interval, 1)
		if !end.IsZero() && ends.After(end) {
			ends = end
		}
		spans = append(spans, store.Span{Begins: begins, Ends: ends})
		if len(spans) > mostSpans {
			return nil, invalid("query.from", fmt.Sprintf("more than %d intervals; ask for a shorter time or a longer interval", mostSpans), in.From)
		}
	}
	return spans, nil
}

func floor(t time.Time, interval string) time.Time {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	switch interval {
	case "week":
		return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case "month":
		return day.AddDate(0, 0, 1-day.Day())
	default:
		return day
	}
}

func step(t time.Time, interval string, n int) time.Time {
	switch interval {
	case "week":
		return t.AddDate(0, 0, 7*n)
	case "month":
		return t.AddDate(0, n, 0)
	default:
		return t.AddDate(0, 0, n)
	}
}
