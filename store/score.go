package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/evaluator"
)

// Posture is the framework name under which the score over every check is kept.
const Posture = "posture"

// Counts are the verdicts a score is made of.
type Counts struct {
	Pass      int64                        `json:"pass"`
	Fail      map[evaluator.Severity]int64 `json:"fail"`
	Unknown   int64                        `json:"unknown"`
	Excepted  int64                        `json:"excepted"`
	Inherited int64                        `json:"inherited"`
}

// CountsOf takes the verdicts out of a score, in the form in which they are kept.
func CountsOf(s evaluator.Score) Counts {
	c := Counts{Pass: s.Pass, Unknown: s.Unknown, Excepted: s.Excepted, Inherited: s.Inherited}
	c.Fail = make(map[evaluator.Severity]int64, len(evaluator.Severities))
	for _, severity := range evaluator.Severities {
		c.Fail[severity] = s.Fail[severity.Rank()]
	}
	return c
}

// Score is the figure of one framework and scope, and since when it stands.
type Score struct {
	Framework string
	// ScopeID is the nil id for the whole tenant.
	ScopeID     uuid.UUID
	ValidFrom   time.Time
	PassWeight  int64
	TotalWeight int64
	Judged      int64
	Asked       int64
	Counts      Counts
	Statuses    map[evaluator.Status]int64
	// Movements counts what moved the figure when it came to stand, by cause.
	Movements map[evaluator.Cause]int64
}

// Figure is the score in the form that says its value and coverage.
func (s Score) Figure() evaluator.Score {
	f := evaluator.Score{PassWeight: s.PassWeight, TotalWeight: s.TotalWeight, Judged: s.Judged, Asked: s.Asked,
		Pass: s.Counts.Pass, Unknown: s.Counts.Unknown, Excepted: s.Counts.Excepted, Inherited: s.Counts.Inherited}
	for severity, n := range s.Counts.Fail {
		f.Fail[severity.Rank()] = n
	}
	return f
}

// Score gives the figure of a framework (or Posture) and scope at a moment; the zero moment means now, the nil scope
// the whole tenant. It returns ErrNotFound when none stood then.
func (tx Tx) Score(ctx context.Context, framework string, scope uuid.UUID, asOf time.Time) (Score, error) {
	rows, err := tx.Query(ctx, `
		SELECT framework, scope_id, valid_from, pass_weight, total_weight, judged, asked, counts, statuses, movements
		FROM   (SELECT framework, scope_id, valid_from, valid_to, pass_weight, total_weight, judged, asked, counts,
		               statuses, movements
		        FROM   scores
		        WHERE  tenant_id = @tenant AND framework = @framework AND scope_id = @scope AND valid_from <= @at
		        ORDER  BY valid_from DESC
		        LIMIT  1) s
		WHERE  valid_to > @at`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "framework": framework, "scope": scope, "at": moment(asOf)})
	if err != nil {
		return Score{}, fmt.Errorf("score of %s: %w", framework, err)
	}
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Score])
	return s, missing("score of "+framework, err)
}

// Scores gives the figures of the named frameworks at a moment, in that order; a framework without one is left out.
func (tx Tx) Scores(ctx context.Context, frameworks []string, scope uuid.UUID, asOf time.Time) ([]Score, error) {
	rows, err := tx.Query(ctx, `
		SELECT s.framework, s.scope_id, s.valid_from, s.pass_weight, s.total_weight, s.judged, s.asked, s.counts,
		       s.statuses, s.movements
		FROM   unnest(@frameworks::text[]) WITH ORDINALITY AS f (id, place)
		CROSS  JOIN LATERAL (
		       SELECT framework, scope_id, valid_from, valid_to, pass_weight, total_weight, judged, asked, counts,
		              statuses, movements
		       FROM   scores
		       WHERE  tenant_id = @tenant AND framework = f.id AND scope_id = @scope AND valid_from <= @at
		       ORDER  BY valid_from DESC
		       LIMIT  1) s
		WHERE  s.valid_to > @at
		ORDER  BY f.place`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "frameworks": frameworks, "scope": scope, "at": moment(asOf)})
	if err != nil {
		return nil, fmt.Errorf("scores: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Score])
	if err != nil {
		return nil, fmt.Errorf("scores: %w", err)
	}
	return out, nil
}

// Span is a stretch of time: from Begins to just before Ends.
type Span struct{ Begins, Ends time.Time }

// ScorePoint is the figure at the end of a span, and what moved it within the span.
type ScorePoint struct {
	Begins      time.Time
	Ends        time.Time
	PassWeight  int64
	TotalWeight int64
	Judged      int64
	Asked       int64
	Statuses    map[evaluator.Status]int64
	Movements   map[evaluator.Cause]int64
}

// ScoreHistory gives the line of a framework and scope over the spans, oldest first. A span at whose end no figure
// stood has no point. Each span costs two descents of the primary key, however often the figure moved in between.
func (tx Tx) ScoreHistory(ctx context.Context, framework string, scope uuid.UUID, spans []Span) ([]ScorePoint, error) {
	begins, ends := make([]time.Time, len(spans)), make([]time.Time, len(spans))
	for i, span := range spans {
		begins[i], ends[i] = span.Begins, span.Ends
	}
	rows, err := tx.Query(ctx, `
		SELECT b.begins, b.ends, s.pass_weight, s.total_weight, s.judged, s.asked, s.statuses,
		       coalesce(m.movements, '{}') AS movements
		FROM   unnest(@begins::timestamptz[], @ends::timestamptz[]) AS b (begins, ends)
		CROSS  JOIN LATERAL (
		       SELECT valid_to, pass_weight, total_weight, judged, asked, statuses
		       FROM   scores
		       WHERE  tenant_id = @tenant AND framework = @framework AND scope_id = @scope AND valid_from < b.ends
		       ORDER  BY valid_from DESC
		       LIMIT  1) s
		LEFT   JOIN LATERAL (
		       SELECT jsonb_object_agg(c.cause, c.n) AS movements
		       FROM   (SELECT each.key AS cause, sum(each.value::bigint) AS n
		               FROM   scores, jsonb_each_text(scores.movements) AS each
		               WHERE  tenant_id = @tenant AND framework = @framework AND scope_id = @scope
		               AND    valid_from >= b.begins AND valid_from < b.ends
		               GROUP  BY each.key) c) m ON true
		WHERE  s.valid_to >= b.ends
		ORDER  BY b.begins`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "framework": framework, "scope": scope, "begins": begins, "ends": ends})
	if err != nil {
		return nil, fmt.Errorf("score history of %s: %w", framework, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[ScorePoint])
	if err != nil {
		return nil, fmt.Errorf("score history of %s: %w", framework, err)
	}
	return out, nil
}
