package store

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/evaluator"
)

// The list of findings is read severity by severity. Each severity is one stretch of an index that ends in
// (severity DESC, since, id): a page on any depth begins where the last one ended, and never reads what lies before.
// On 200,000 findings a page of 50 takes under 2 ms, at any depth; one ORDER BY over all severities with a cursor of
// mixed directions walks the whole severity of the cursor. A half that is not wanted has the limit 0, so that it is
// never begun; a condition that is false would still start parallel workers, which costs 8 ms.
const findingsWorst = `
		WITH page AS (
		SELECT ` + findingColumns + `
		FROM   unnest(@severities::smallint[]) AS bar (severity)
		CROSS  JOIN LATERAL (
		       (SELECT ` + findingColumns + `
		        FROM   findings f
		        WHERE  f.tenant_id = @tenant AND f.severity = bar.severity AND f.state <> 'resolved'
		        AND    (f.since, f.id) > (CASE WHEN bar.severity = @after_severity THEN @after_since::timestamptz ELSE '-infinity' END, @after_id::uuid)` +
	findingMatch + findingState + `
		        ORDER  BY f.since, f.id
		        LIMIT  CASE WHEN @standing THEN @limit ELSE 0 END)
		       UNION ALL
		       (SELECT ` + findingColumns + `
		        FROM   findings f
		        WHERE  f.tenant_id = @tenant AND f.severity = bar.severity AND f.state = 'resolved'
		        AND    (f.since, f.id) > (CASE WHEN bar.severity = @after_severity THEN @after_since::timestamptz ELSE '-infinity' END, @after_id::uuid)` +
	findingMatch + findingState + `
		        ORDER  BY f.since, f.id
		        LIMIT  CASE WHEN @resolved THEN @limit ELSE 0 END)) f
		WHERE  bar.severity <= @after_severity
		ORDER  BY f.severity DESC, f.since, f.id
		LIMIT  @limit)` + findingShown + `
		ORDER  BY f.severity DESC, f.since, f.id`

// findingsPast is the same list on a day of the past: the current forms that had begun by then, and the past forms
// that held then. A form begins no earlier than its verdict stands, so since bounds the stretch on both sides.
const findingsPast = `
		WITH page AS (
		SELECT ` + findingColumns + `
		FROM   unnest(@severities::smallint[]) AS bar (severity)
		CROSS  JOIN LATERAL (
		       (SELECT ` + findingColumns + `
		        FROM   findings f
		        WHERE  f.tenant_id = @tenant AND f.severity = bar.severity AND f.state <> 'resolved'
		        AND    f.valid_from <= @at AND f.since <= @at
		        AND    (f.since, f.id) > (CASE WHEN bar.severity = @after_severity THEN @after_since::timestamptz ELSE '-infinity' END, @after_id::uuid)` +
	findingMatch + findingState + `
		        ORDER  BY f.since, f.id
		        LIMIT  @limit)
		       UNION ALL
		       (SELECT ` + versionColumns + `
		        FROM   finding_versions v
		        JOIN   findings f ON f.tenant_id = v.tenant_id AND f.id = v.id
		        WHERE  v.tenant_id = @tenant AND v.severity = bar.severity AND v.state <> 'resolved'
		        AND    v.valid_from <= @at AND v.valid_to > @at AND v.since <= @at
		        AND    (v.since, v.id) > (CASE WHEN bar.severity = @after_severity THEN @after_since::timestamptz ELSE '-infinity' END, @after_id::uuid)` +
	findingMatch + versionState + `
		        ORDER  BY v.since, v.id
		        LIMIT  @limit)) f
		WHERE  bar.severity <= @after_severity
		ORDER  BY f.severity DESC, f.since, f.id
		LIMIT  @limit)` + findingShown + `
		ORDER  BY f.severity DESC, f.since, f.id`

const findingsMirrored = `
		WITH page AS (
		SELECT ` + findingColumns + `
		FROM   findings f
		WHERE  f.tenant_id = @tenant
		AND    (f.changed_at, f.id) > (@after_since::timestamptz, @after_id::uuid)
		AND    (cardinality(@severities::smallint[]) = 4 OR f.severity = ANY(@severities))
		AND    (@standing AND f.state <> 'resolved' OR @resolved AND f.state = 'resolved')` +
	findingMatch + findingState + `
		ORDER  BY f.changed_at, f.id
		LIMIT  @limit)` + findingShown + `
		ORDER  BY f.changed_at, f.id`

const findingsRecent = `
		WITH page AS (
		SELECT ` + findingColumns + `
		FROM   findings f
		WHERE  f.tenant_id = @tenant
		AND    (f.changed_at, f.id) < (@after_since::timestamptz, @after_id::uuid)
		AND    (@since::timestamptz IS NULL OR f.changed_at >= @since)
		AND    (cardinality(@severities::smallint[]) = 4 OR f.severity = ANY(@severities))
		AND    (@standing AND f.state <> 'resolved' OR @resolved AND f.state = 'resolved')` +
	findingMatch + findingState + `
		ORDER  BY f.changed_at DESC, f.id DESC
		LIMIT  @limit)` + findingShown + `
		ORDER  BY f.changed_at DESC, f.id DESC`

// findingsPicked is what the filter picks, uncounted: the current forms, or with @past those of a day.
const findingsPicked = `
		(SELECT 1
		 FROM   findings f
		 WHERE  f.tenant_id = @tenant
		 AND    (NOT @past OR f.valid_from <= @at)
		 AND    (@since::timestamptz IS NULL OR f.changed_at >= @since)
		 AND    (cardinality(@severities::smallint[]) = 4 OR f.severity = ANY(@severities))
		 AND    (NOT @resolved AND f.state <> 'resolved' OR @resolved AND @standing OR NOT @standing AND f.state = 'resolved')` +
	findingMatch + findingState + `
		 UNION ALL
		 SELECT 1
		 FROM   finding_versions v
		 JOIN   findings f ON f.tenant_id = v.tenant_id AND f.id = v.id
		 WHERE  v.tenant_id = @tenant AND @past AND v.valid_from <= @at AND v.valid_to > @at AND v.state <> 'resolved'
		 AND    (cardinality(@severities::smallint[]) = 4 OR v.severity = ANY(@severities))` +
	findingMatch + versionState + `)`

// findingCursor is where a list of findings stopped.
type findingCursor struct {
	Severity int16 `json:",omitempty"`
	At       time.Time
	ID       uuid.UUID
}

// args are the arguments that every list of findings takes.
func (f FindingFilter) args(tenant uuid.UUID) pgx.NamedArgs {
	check, checks := "", f.Checks
	if len(checks) == 1 {
		// One check is one stretch of an index, in order; a list of one is not seen as such.
		check, checks = checks[0], nil
	}
	standing, resolved := f.reach()
	return pgx.NamedArgs{"tenant": tenant, "check": check, "checks": orEmpty(checks), "class": f.Class, "kind": f.Kind,
		"scope": orNull(f.Scope), "resource": orNull(f.Resource), "region": f.Region, "pattern": containing(f.Query),
		"verdict": f.Verdict, "states": orEmpty(f.States), "severities": f.ranks(), "standing": standing, "resolved": resolved}
}

// reach says whether the wanted states are among those that stand, and whether resolved is wanted.
func (f FindingFilter) reach() (standing, resolved bool) {
	if len(f.States) == 0 {
		// Who mirrors must learn that a finding was resolved.
		return true, f.Sort == SortMirrored || !f.ChangedSince.IsZero()
	}
	resolved = slices.Contains(f.States, evaluator.StateResolved)
	return !resolved || len(f.States) > 1, resolved
}

func (f FindingFilter) ranks() []int16 {
	severities := f.Severities
	if len(severities) == 0 {
		severities = evaluator.Severities
	}
	out := make([]int16, len(severities))
	for i, s := range severities {
		out[i] = int16(s.Rank()) //nolint:gosec // ranks are 1 to 4
	}
	return out
}

func (tx Tx) worstFindings(ctx context.Context, f FindingFilter, p Page) ([]Finding, string, error) {
	args := f.args(tx.tenant)
	return tx.listWorst(ctx, "worst", findingsWorst, args, p)
}

func (tx Tx) pastFindings(ctx context.Context, f FindingFilter, p Page) ([]Finding, string, error) {
	args := f.args(tx.tenant)
	args["at"] = f.AsOf
	return tx.listWorst(ctx, "past", findingsPast, args, p)
}

func (tx Tx) listWorst(ctx context.Context, list, sql string, args pgx.NamedArgs, p Page) ([]Finding, string, error) {
	after := findingCursor{Severity: math.MaxInt16}
	if err := decodeCursor(list, p.Cursor, &after); err != nil {
		return nil, "", err
	}
	args["after_severity"], args["after_since"], args["after_id"] = after.Severity, after.At, after.ID
	found, err := tx.listFindings(ctx, sql, args, p)
	if err != nil {
		return nil, "", err
	}
	return cut(list, found, p.limit(), func(f Finding) any {
		return findingCursor{int16(f.Severity.Rank()), f.Since, f.ID} //nolint:gosec // ranks are 1 to 4
	})
}

func (tx Tx) findingsByChange(ctx context.Context, f FindingFilter, p Page, list, sql string) ([]Finding, string, error) {
	// Mirroring begins just before the moment asked for: the nil id is lower than any other.
	after := findingCursor{At: f.ChangedSince}
	if list == "recent" {
		after = findingCursor{At: latest}
	}
	if err := decodeCursor(list, p.Cursor, &after); err != nil {
		return nil, "", err
	}
	args := f.args(tx.tenant)
	args["after_since"], args["after_id"], args["since"] = after.At, after.ID, orNullTime(f.ChangedSince)
	found, err := tx.listFindings(ctx, sql, args, p)
	if err != nil {
		return nil, "", err
	}
	return cut(list, found, p.limit(), func(f Finding) any { return findingCursor{At: f.ChangedAt, ID: f.ID} })
}

func (tx Tx) listFindings(ctx context.Context, sql string, args pgx.NamedArgs, p Page) ([]Finding, error) {
	args["limit"] = p.limit() + 1
	rows, err := tx.Query(ctx, sql, pgx.QueryExecModeCacheDescribe, args)
	if err != nil {
		return nil, fmt.Errorf("findings: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Finding])
	if err != nil {
		return nil, fmt.Errorf("findings: %w", err)
	}
	return found, nil
}
