package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/evaluator"
)

// The list of findings is read severity by severity, the worst first, until the page is full. Each severity is one
// stretch of an index that ends in (severity DESC, since, id): a page of any depth begins where the last one ended and
// never reads what lies before. On 200,000 findings a page of 50 takes 2 ms; one statement for all severities has to
// find the first of each, and a cursor of mixed directions walks the whole severity of the cursor.
func findingsStanding(f FindingFilter, limit int) string {
	return `
		WITH page AS (
		SELECT ` + findingColumns + `
		FROM   findings f
		WHERE  f.tenant_id = @tenant AND f.severity = @severity AND f.state <> 'resolved'
		AND    (f.since, f.id) > (@after_since::timestamptz, @after_id::uuid)` +
		f.match() + f.matchState("f") + `
		ORDER  BY f.since, f.id
		LIMIT  ` + strconv.Itoa(limit) + `)` + findingShown + `
		ORDER  BY f.since, f.id`
}

func findingsResolved(f FindingFilter, limit int) string {
	return `
		WITH page AS (
		SELECT ` + findingColumns + `
		FROM   findings f
		WHERE  f.tenant_id = @tenant AND f.severity = @severity AND f.state = 'resolved'
		AND    (f.since, f.id) > (@after_since::timestamptz, @after_id::uuid)` +
		f.match() + f.matchState("f") + `
		ORDER  BY f.since, f.id
		LIMIT  ` + strconv.Itoa(limit) + `)` + findingShown + `
		ORDER  BY f.since, f.id`
}

// findingsSince and findingsThen are the same list on a day of the past: the current forms that had begun by then, and
// the past forms that held then. A form begins no earlier than its verdict stands, so @until, at most the day, bounds
// the stretch. Once the current forms fill a page, what stands since later than the last of them cannot be on it: the
// past forms are then read up to there only, and not through all that ended before the day.
func findingsSince(f FindingFilter, limit int) string {
	return `
		WITH page AS (
		SELECT ` + findingColumns + `
		FROM   findings f
		WHERE  f.tenant_id = @tenant AND f.severity = @severity AND f.state <> 'resolved'
		AND    f.valid_from <= @at AND f.since <= @until
		AND    (f.since, f.id) > (@after_since::timestamptz, @after_id::uuid)` +
		f.match() + f.matchState("f") + `
		ORDER  BY f.since, f.id
		LIMIT  ` + strconv.Itoa(limit) + `)` + findingShown + `
		ORDER  BY f.since, f.id`
}

func findingsThen(f FindingFilter, limit int) string {
	return `
		WITH page AS (
		SELECT ` + versionColumns + `
		FROM   finding_versions v
		JOIN   findings f ON f.tenant_id = v.tenant_id AND f.id = v.id
		WHERE  v.tenant_id = @tenant AND v.severity = @severity AND v.state <> 'resolved'
		AND    v.valid_from <= @at AND v.valid_to > @at AND v.since <= @until
		AND    (v.since, v.id) > (@after_since::timestamptz, @after_id::uuid)` +
		f.match() + f.matchState("v") + `
		ORDER  BY v.since, v.id
		LIMIT  ` + strconv.Itoa(limit) + `)` + findingShown + `
		ORDER  BY f.since, f.id`
}

func findingsMirrored(f FindingFilter, limit int) string {
	return `
		WITH page AS (
		SELECT ` + findingColumns + `
		FROM   findings f
		WHERE  f.tenant_id = @tenant
		AND    (f.changed_at, f.id) > (@after_since::timestamptz, @after_id::uuid)
		AND    (cardinality(@severities::smallint[]) = 4 OR f.severity = ANY(@severities))
		AND    (@standing AND f.state <> 'resolved' OR @resolved AND f.state = 'resolved')` +
		f.match() + f.matchState("f") + `
		ORDER  BY f.changed_at, f.id
		LIMIT  ` + strconv.Itoa(limit) + `)` + findingShown + `
		ORDER  BY f.changed_at, f.id`
}

func findingsRecent(f FindingFilter, limit int) string {
	return `
		WITH page AS (
		SELECT ` + findingColumns + `
		FROM   findings f
		WHERE  f.tenant_id = @tenant
		AND    (f.changed_at, f.id) < (@after_since::timestamptz, @after_id::uuid)
		AND    (@since::timestamptz IS NULL OR f.changed_at >= @since)
		AND    (cardinality(@severities::smallint[]) = 4 OR f.severity = ANY(@severities))
		AND    (@standing AND f.state <> 'resolved' OR @resolved AND f.state = 'resolved')` +
		f.match() + f.matchState("f") + `
		ORDER  BY f.changed_at DESC, f.id DESC
		LIMIT  ` + strconv.Itoa(limit) + `)` + findingShown + `
		ORDER  BY f.changed_at DESC, f.id DESC`
}

// findingsPicked is what the filter picks, uncounted: the current forms, or with @past those of a day.
func findingsPicked(f FindingFilter) string {
	return `
		(SELECT 1
		 FROM   findings f
		 WHERE  f.tenant_id = @tenant
		 AND    (NOT @past OR f.valid_from <= @at)
		 AND    (@since::timestamptz IS NULL OR f.changed_at >= @since)
		 AND    (cardinality(@severities::smallint[]) = 4 OR f.severity = ANY(@severities))
		 AND    (NOT @resolved AND f.state <> 'resolved' OR @resolved AND @standing OR NOT @standing AND f.state = 'resolved')` +
		f.match() + f.matchState("f") + `
		 UNION ALL
		 SELECT 1
		 FROM   finding_versions v
		 JOIN   findings f ON f.tenant_id = v.tenant_id AND f.id = v.id
		 WHERE  v.tenant_id = @tenant AND @past AND v.valid_from <= @at AND v.valid_to > @at AND v.state <> 'resolved'
		 AND    (cardinality(@severities::smallint[]) = 4 OR v.severity = ANY(@severities))` +
		f.match() + f.matchState("v") + `)`
}

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
		check, checks = checks[0], nil
	}
	standing, resolved := f.reach()
	return pgx.NamedArgs{"tenant": tenant, "check": check, "checks": orEmpty(checks), "class": f.Class, "kind": f.Kind,
		"scope": orNull(f.Scope), "resource": orNull(f.Resource), "region": f.Region, "pattern": containing(f.Query),
		"verdict": f.Verdict, "why": f.why(), "states": orEmpty(f.States), "severities": f.ranks(), "standing": standing, "resolved": resolved}
}

// why is the reason that is wanted, as the JSON that an array of reasons must contain; empty when any will do.
func (f FindingFilter) why() string {
	wanted := map[string]string{}
	if f.Why.Cause != "" {
		wanted["cause"] = string(f.Why.Cause)
	}
	if f.Why.Permission != "" {
		wanted["permission"] = f.Why.Permission
	}
	if len(wanted) == 0 {
		return ""
	}
	raw, err := json.Marshal([]map[string]string{wanted})
	if err != nil {
		panic(err) // strings always encode
	}
	return string(raw)
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

// ranks are the wanted severities, the worst first.
func (f FindingFilter) ranks() []int16 {
	severities := f.Severities
	if len(severities) == 0 {
		severities = evaluator.Severities
	}
	out := make([]int16, len(severities))
	for i, s := range severities {
		out[i] = int16(s.Rank()) //nolint:gosec // ranks are 1 to 4
	}
	slices.Sort(out)
	out = slices.Compact(out)
	slices.Reverse(out)
	return out
}

// worstFindings lists by severity, then by age.
func (tx Tx) worstFindings(ctx context.Context, f FindingFilter, p Page) ([]Finding, string, error) {
	list, past := "worst", !f.AsOf.IsZero()
	if past {
		list = "past"
	}
	after := findingCursor{Severity: math.MaxInt16}
	if err := decodeCursor(list, p.Cursor, &after); err != nil {
		return nil, "", err
	}
	var found []Finding
	for _, rank := range f.ranks() {
		if rank > after.Severity || len(found) > p.limit() {
			continue
		}
		from := findingCursor{}
		if rank == after.Severity {
			from = after
		}
		of := tx.findingsNow
		if past {
			of = tx.findingsPast
		}
		more, err := of(ctx, f, rank, from, p.limit()+1-len(found))
		if err != nil {
			return nil, "", err
		}
		found = append(found, more...)
	}
	return cut(list, found, p.limit(), func(f Finding) any {
		return findingCursor{int16(f.Severity.Rank()), f.Since, f.ID} //nolint:gosec // ranks are 1 to 4
	})
}

// findingsNow gives the next findings of a severity, oldest first.
func (tx Tx) findingsNow(ctx context.Context, f FindingFilter, rank int16, after findingCursor, limit int) ([]Finding, error) {
	var found []Finding
	standing, resolved := f.reach()
	if standing {
		more, err := tx.listFindings(ctx, findingsStanding(f, limit), f.ofRank(tx.tenant, rank, after))
		if err != nil {
			return nil, err
		}
		found = more
	}
	if resolved {
		more, err := tx.listFindings(ctx, findingsResolved(f, limit), f.ofRank(tx.tenant, rank, after))
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return oldest(found, limit), nil
}

// findingsPast gives the same on a day of the past.
func (tx Tx) findingsPast(ctx context.Context, f FindingFilter, rank int16, after findingCursor, limit int) ([]Finding, error) {
	args := f.ofRank(tx.tenant, rank, after)
	args["at"], args["until"] = f.AsOf, f.AsOf
	found, err := tx.listFindings(ctx, findingsSince(f, limit), args)
	if err != nil {
		return nil, err
	}
	if len(found) == limit {
		args["until"] = found[limit-1].Since
	}
	more, err := tx.listFindings(ctx, findingsThen(f, limit), args)
	return oldest(append(found, more...), limit), err
}

// ofRank are the arguments of a list of one severity.
func (f FindingFilter) ofRank(tenant uuid.UUID, rank int16, after findingCursor) pgx.NamedArgs {
	args := f.args(tenant)
	args["severity"], args["after_since"], args["after_id"] = rank, after.At, after.ID
	return args
}

// oldest orders findings as the lists of the database do, and keeps as many as are wanted.
func oldest(found []Finding, limit int) []Finding {
	slices.SortFunc(found, func(a, b Finding) int {
		return cmp.Or(a.Since.Compare(b.Since), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return found[:min(limit, len(found))]
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
	found, err := tx.listFindings(ctx, sql, args)
	if err != nil {
		return nil, "", err
	}
	return cut(list, found, p.limit(), func(f Finding) any { return findingCursor{At: f.ChangedAt, ID: f.ID} })
}

func (tx Tx) listFindings(ctx context.Context, sql string, args pgx.NamedArgs) ([]Finding, error) {
	rows, err := tx.Query(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("findings: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Finding])
	if err != nil {
		return nil, fmt.Errorf("findings: %w", err)
	}
	return found, nil
}
