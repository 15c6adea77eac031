package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// RollUp counts the verdicts of a tenant and works out control statuses and scores, of every scope and of all together.
// What did not change is not written.
func (tx Tx) RollUp(ctx context.Context, catalogue *evaluator.Catalogue, at time.Time) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('rollup ' || $1::text, 0))`, tx.tenant)
	if err != nil {
		return fmt.Errorf("lock the counts: %w", err)
	}
	scopes, err := tx.scopeIDs(ctx)
	if err != nil {
		return err
	}
	counted, err := tx.count(ctx, scopes)
	if err != nil {
		return err
	}
	if err := tx.keepTallies(ctx, counted, at); err != nil {
		return err
	}
	reads, err := tx.reads(ctx)
	if err != nil {
		return err
	}
	settings, err := tx.settingsInForce(ctx)
	if err != nil {
		return err
	}
	moves, err := tx.movements(ctx, at)
	if err != nil {
		return err
	}
	r := roll{tx: tx, catalogue: catalogue, settings: settings, at: at, reads: reads, moves: moves}
	byScope := map[uuid.UUID][]evaluator.Tally{uuid.Nil: nil}
	for id := range scopes {
		byScope[id] = nil
	}
	for key, t := range counted {
		byScope[key.scope] = append(byScope[key.scope], t)
		byScope[uuid.Nil] = append(byScope[uuid.Nil], t)
	}
	for id, tallies := range byScope {
		if err := r.scope(ctx, id, tallies); err != nil {
			return err
		}
	}
	return nil
}

type tallyKey struct {
	scope uuid.UUID
	check string
}

func (tx Tx) scopeIDs(ctx context.Context) (map[uuid.UUID]inventory.ScopeID, error) {
	rows, err := tx.Query(ctx, `SELECT id, natural_id FROM scopes WHERE tenant_id = @tenant AND removed_at IS NULL`,
		pgx.StrictNamedArgs{"tenant": tx.tenant})
	if err != nil {
		return nil, fmt.Errorf("scopes: %w", err)
	}
	out := map[uuid.UUID]inventory.ScopeID{}
	var id uuid.UUID
	var natural inventory.ScopeID
	_, err = pgx.ForEachRow(rows, []any{&id, &natural}, func() error {
		out[id] = natural
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("scopes: %w", err)
	}
	return out, nil
}

// count counts passes by the ordinals remembered with derived facts, and fails and unknowns by the findings.
func (tx Tx) count(ctx context.Context, scopes map[uuid.UUID]inventory.ScopeID) (map[tallyKey]evaluator.Tally, error) {
	out := map[tallyKey]evaluator.Tally{}
	rows, err := tx.Query(ctx, `
		SELECT d.scope_id, o.check_id, count(*), count(*) FILTER (WHERE p.ordinal = ANY (d.inherited))
		FROM   derived_facts d
		CROSS  JOIN LATERAL unnest(d.passed) AS p (ordinal)
		JOIN   (SELECT ordinal, check_id FROM check_ordinals
		        UNION ALL
		        SELECT ordinal, check_id FROM custom_checks WHERE tenant_id = @tenant) o ON o.ordinal = p.ordinal
		WHERE  d.tenant_id = @tenant
		GROUP  BY d.scope_id, o.check_id`,
		pgx.StrictNamedArgs{"tenant": tx.tenant})
	if err != nil {
		return nil, fmt.Errorf("count passes: %w", err)
	}
	var key tallyKey
	var pass, inherited, n int64
	_, err = pgx.ForEachRow(rows, []any{&key.scope, &key.check, &pass, &inherited}, func() error {
		if natural, ok := scopes[key.scope]; ok {
			out[key] = evaluator.Tally{Check: key.check, Scope: natural, Pass: pass, Inherited: inherited}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count passes: %w", err)
	}
	rows, err = tx.Query(ctx, `
		SELECT scope_id, check_id, verdict, state = 'excepted', severity, count(*)
		FROM   findings
		WHERE  tenant_id = @tenant AND state <> 'resolved'
		GROUP  BY scope_id, check_id, verdict, state = 'excepted', severity`,
		pgx.StrictNamedArgs{"tenant": tx.tenant})
	if err != nil {
		return nil, fmt.Errorf("count findings: %w", err)
	}
	var verdict evaluator.Verdict
	var excepted bool
	var severity int16
	_, err = pgx.ForEachRow(rows, []any{&key.scope, &key.check, &verdict, &excepted, &severity, &n}, func() error {
		natural, ok := scopes[key.scope]
		if !ok {
			return nil
		}
		t := out[key]
		t.Check, t.Scope = key.check, natural
		switch {
		case verdict == evaluator.Unknown:
			t.Unknown += n
		case excepted:
			t.Excepted += n
		default:
			t.Fail[evaluator.SeverityOf(int(severity)).Rank()] += n
		}
		out[key] = t
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count findings: %w", err)
	}
	return out, nil
}

// keepTallies ends the counts that changed or ceased and begins the new ones.
func (tx Tx) keepTallies(ctx context.Context, counted map[tallyKey]evaluator.Tally, at time.Time) error {
	stands, err := tx.standingTallies(ctx)
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	for key, t := range stands {
		if counted[key] == t {
			continue
		}
		batch.Queue(`UPDATE tallies SET valid_to = greatest($4, valid_from) WHERE tenant_id = $1 AND scope_id = $2 AND check_id = $3 AND valid_to = 'infinity'`,
			tx.tenant, key.scope, key.check, at)
	}
	for key, t := range counted {
		if old, there := stands[key]; there && old == t {
			continue
		}
		batch.Queue(`
			INSERT INTO tallies (tenant_id, scope_id, check_id, valid_from, pass, inherited, fail_critical, fail_high, fail_medium, fail_low, excepted, unknown)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
			ON CONFLICT (tenant_id, scope_id, check_id, valid_from) DO UPDATE SET valid_to = 'infinity', pass = excluded.pass,
			       inherited = excluded.inherited, fail_critical = excluded.fail_critical, fail_high = excluded.fail_high,
			       fail_medium = excluded.fail_medium, fail_low = excluded.fail_low, excepted = excluded.excepted, unknown = excluded.unknown`,
			tx.tenant, key.scope, key.check, at, t.Pass, t.Inherited, t.Fail[evaluator.Critical.Rank()], t.Fail[evaluator.High.Rank()],
			t.Fail[evaluator.Medium.Rank()], t.Fail[evaluator.Low.Rank()], t.Excepted, t.Unknown)
	}
	return tx.send(ctx, batch, "keep counts")
}

func (tx Tx) send(ctx context.Context, batch *pgx.Batch, deed string) error {
	if batch.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("%s: %w", deed, err)
	}
	return nil
}

func (tx Tx) standingTallies(ctx context.Context) (map[tallyKey]evaluator.Tally, error) {
	rows, err := tx.Query(ctx, `
		SELECT t.scope_id, t.check_id, s.natural_id, t.pass, t.inherited, t.fail_critical, t.fail_high, t.fail_medium, t.fail_low, t.excepted, t.unknown
		FROM   tallies t
		JOIN   scopes s ON s.tenant_id = t.tenant_id AND s.id = t.scope_id
		WHERE  t.tenant_id = @tenant AND t.valid_to = 'infinity'`,
		pgx.StrictNamedArgs{"tenant": tx.tenant})
	if err != nil {
		return nil, fmt.Errorf("standing counts: %w", err)
	}
	out := map[tallyKey]evaluator.Tally{}
	var key tallyKey
	var t evaluator.Tally
	var critical, high, medium, low int64
	_, err = pgx.ForEachRow(rows, []any{&key.scope, &key.check, &t.Scope, &t.Pass, &t.Inherited, &critical, &high, &medium, &low, &t.Excepted, &t.Unknown}, func() error {
		t.Check = key.check
		t.Fail = [5]int64{0, low, medium, high, critical} // by rank
		out[key] = t
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("standing counts: %w", err)
	}
	return out, nil
}

// readKey is a class in a scope.
type readKey struct {
	scope uuid.UUID
	class inventory.Class
}

// reads tells when each class of each scope was last listed completely; the oldest region counts.
func (tx Tx) reads(ctx context.Context) (map[readKey]time.Time, error) {
	rows, err := tx.Query(ctx, `
		SELECT l.scope_id, l.class, min(l.complete_at)
		FROM   listings l
		JOIN   scopes s ON s.tenant_id = l.tenant_id AND s.id = l.scope_id AND s.removed_at IS NULL
		WHERE  l.tenant_id = @tenant AND l.complete_at IS NOT NULL
		GROUP  BY l.scope_id, l.class`,
		pgx.StrictNamedArgs{"tenant": tx.tenant})
	if err != nil {
		return nil, fmt.Errorf("last readings: %w", err)
	}
	out := map[readKey]time.Time{}
	var key readKey
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&key.scope, &key.class, &at}, func() error {
		out[key] = at
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("last readings: %w", err)
	}
	return out, nil
}

// movements counts what happened at the moment, by scope and cause.
func (tx Tx) movements(ctx context.Context, at time.Time) (map[uuid.UUID]map[string]int64, error) {
	rows, err := tx.Query(ctx, `
		SELECT f.scope_id, e.cause, count(*)
		FROM   finding_events e
		JOIN   findings f ON f.tenant_id = e.tenant_id AND f.id = e.finding_id
		WHERE  e.tenant_id = @tenant AND e.at > coalesce((SELECT max(valid_from) FROM scores WHERE tenant_id = @tenant AND framework = @posture AND scope_id = @all), '-infinity')
		AND    e.at <= @at AND e.cause <> ''
		GROUP  BY f.scope_id, e.cause`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "at": at, "posture": Posture, "all": uuid.Nil})
	if err != nil {
		return nil, fmt.Errorf("movements: %w", err)
	}
	out := map[uuid.UUID]map[string]int64{uuid.Nil: {}}
	var scope uuid.UUID
	var cause string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&scope, &cause, &n}, func() error {
		if out[scope] == nil {
			out[scope] = map[string]int64{}
		}
		out[scope][cause] += n
		out[uuid.Nil][cause] += n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("movements: %w", err)
	}
	return out, nil
}

// roll works out the figures of one tenant at one moment.
type roll struct {
	tx        Tx
	catalogue *evaluator.Catalogue
	settings  *inventory.Settings
	at        time.Time
	reads     map[readKey]time.Time
	moves     map[uuid.UUID]map[string]int64
}

// scope keeps the statuses and scores of one scope; the nil id is all of them together.
func (r roll) scope(ctx context.Context, id uuid.UUID, tallies []evaluator.Tally) error {
	for _, f := range r.catalogue.Frameworks {
		statuses, err := r.statuses(ctx, id, f, tallies)
		if err != nil {
			return err
		}
		if err := r.score(ctx, id, f.ID, r.catalogue.Score(tallies, evaluator.InFramework(f.ID)), statuses); err != nil {
			return err
		}
	}
	return r.score(ctx, id, Posture, r.catalogue.Score(tallies, nil), map[evaluator.Status]int64{})
}

// oldest is when the oldest reading that a control rests on was made.
func (r roll) oldest(id uuid.UUID, control *evaluator.Control) time.Time {
	var oldest time.Time
	for key, at := range r.reads {
		if id != uuid.Nil && key.scope != id {
			continue
		}
		if slices.ContainsFunc(control.Checks, func(c *evaluator.Check) bool { return c.Speaks(key.class) && c.Class[0] != evaluator.ClassAny }) &&
			(oldest.IsZero() || at.Before(oldest)) {
			oldest = at
		}
	}
	return oldest
}

type statusRow struct {
	ControlID   string
	Status      string
	Because     string
	PassWeight  int64
	TotalWeight int64
	Judged      int64
	Asked       int64
}

func (r roll) statuses(ctx context.Context, id uuid.UUID, f *evaluator.Framework, tallies []evaluator.Tally) (map[evaluator.Status]int64, error) {
	rows, err := r.tx.Query(ctx, `
		SELECT control_id, status, because, pass_weight, total_weight, judged, asked FROM control_statuses
		WHERE  tenant_id = @tenant AND framework = @framework AND scope_id = @scope AND valid_to = 'infinity'`,
		pgx.StrictNamedArgs{"tenant": r.tx.tenant, "framework": f.ID, "scope": id})
	if err != nil {
		return nil, fmt.Errorf("standing statuses: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[statusRow])
	if err != nil {
		return nil, fmt.Errorf("standing statuses: %w", err)
	}
	stands := map[string]statusRow{}
	for _, row := range found {
		stands[row.ControlID] = row
	}
	byCheck := map[string][]evaluator.Tally{}
	for _, t := range tallies {
		byCheck[t.Check] = append(byCheck[t.Check], t)
	}
	counts := map[evaluator.Status]int64{}
	batch := &pgx.Batch{}
	for i := range f.Controls {
		control := &f.Controls[i]
		standing := evaluator.Standing{At: r.at, OldestRead: r.oldest(id, control)}
		for _, check := range control.Checks {
			standing.Tallies = append(standing.Tallies, byCheck[check.ID]...)
		}
		a := r.catalogue.Assess(control, standing, r.settings)
		counts[a.Status]++
		row := statusRow{control.ID, string(a.Status), a.Because, a.Score.PassWeight, a.Score.TotalWeight, a.Score.Judged, a.Score.Asked}
		if old, there := stands[control.ID]; there && old == row {
			continue
		}
		batch.Queue(`UPDATE control_statuses SET valid_to = greatest($5, valid_from) WHERE tenant_id = $1 AND framework = $2 AND scope_id = $3 AND control_id = $4 AND valid_to = 'infinity'`,
			r.tx.tenant, f.ID, id, control.ID, r.at)
		batch.Queue(`
			INSERT INTO control_statuses (tenant_id, framework, scope_id, control_id, valid_from, status, because, pass_weight, total_weight, judged, asked)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
			ON CONFLICT (tenant_id, framework, scope_id, control_id, valid_from) DO UPDATE SET valid_to = 'infinity', status = excluded.status,
			       because = excluded.because, pass_weight = excluded.pass_weight, total_weight = excluded.total_weight,
			       judged = excluded.judged, asked = excluded.asked`,
			r.tx.tenant, f.ID, id, control.ID, r.at, row.Status, row.Because, row.PassWeight, row.TotalWeight, row.Judged, row.Asked)
	}
	return counts, r.tx.send(ctx, batch, "keep control statuses")
}

func (r roll) score(ctx context.Context, id uuid.UUID, framework string, s evaluator.Score, statuses map[evaluator.Status]int64) error {
	counts, err := json.Marshal(map[string]any{
		"pass": s.Pass, "unknown": s.Unknown, "excepted": s.Excepted, "inherited": s.Inherited,
		"fail": map[evaluator.Severity]int64{
			evaluator.Critical: s.Fail[4], evaluator.High: s.Fail[3], evaluator.Medium: s.Fail[2], evaluator.Low: s.Fail[1],
		},
	})
	if err != nil {
		return fmt.Errorf("counts of a score: %w", err)
	}
	byStatus, err := json.Marshal(statuses)
	if err != nil {
		return fmt.Errorf("statuses of a score: %w", err)
	}
	moves := r.moves[id]
	if moves == nil {
		moves = map[string]int64{}
	}
	movements, err := json.Marshal(moves)
	if err != nil {
		return fmt.Errorf("movements of a score: %w", err)
	}
	var same bool
	err = r.tx.QueryRow(ctx, `
		SELECT coalesce(bool_and(counts = @counts AND statuses = @statuses AND pass_weight = @pass AND total_weight = @total AND judged = @judged AND asked = @asked), false)
		FROM   scores
		WHERE  tenant_id = @tenant AND framework = @framework AND scope_id = @scope AND valid_to = 'infinity'`,
		pgx.StrictNamedArgs{"tenant": r.tx.tenant, "framework": framework, "scope": id, "counts": counts, "statuses": byStatus,
			"pass": s.PassWeight, "total": s.TotalWeight, "judged": s.Judged, "asked": s.Asked}).Scan(&same)
	if err != nil {
		return fmt.Errorf("standing score: %w", err)
	}
	if same {
		return nil
	}
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE scores SET valid_to = greatest($4, valid_from) WHERE tenant_id = $1 AND framework = $2 AND scope_id = $3 AND valid_to = 'infinity'`,
		r.tx.tenant, framework, id, r.at)
	batch.Queue(`
		INSERT INTO scores (tenant_id, framework, scope_id, valid_from, pass_weight, total_weight, judged, asked, counts, statuses, movements)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (tenant_id, framework, scope_id, valid_from) DO UPDATE SET valid_to = 'infinity', pass_weight = excluded.pass_weight,
		       total_weight = excluded.total_weight, judged = excluded.judged, asked = excluded.asked, counts = excluded.counts,
		       statuses = excluded.statuses, movements = excluded.movements`,
		r.tx.tenant, framework, id, r.at, s.PassWeight, s.TotalWeight, s.Judged, s.Asked, counts, byStatus, movements)
	return r.tx.send(ctx, batch, "keep score")
}
