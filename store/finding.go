package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// Finding is a finding with what a list shows of its resource.
type Finding struct {
	ID           uuid.UUID
	ResourceID   uuid.UUID
	ResourceName string
	// NaturalID is the resource's ARN, ARM id or full name; empty once the resource is gone.
	NaturalID    string
	ScopeID      uuid.UUID
	Scope        inventory.ScopeID
	CheckID      string
	Class        inventory.Class
	Kind         inventory.Kind
	Region       string
	Verdict      evaluator.Verdict
	BaseSeverity evaluator.Severity
	Severity     evaluator.Severity
	State        evaluator.State
	Since        time.Time
	NotReadSince *time.Time
	ResolvedAt   *time.Time
	// ValidFrom is when the present form began, ChangedAt when anything about it last changed.
	ValidFrom time.Time
	ChangedAt time.Time
	Reasons   []evaluator.Reason
	Unknown   []inventory.Unknown
}

// FindingSort is the order of a list of findings.
type FindingSort string

// The orders: worst and oldest first, last changed first, and first changed first for those who mirror.
const (
	SortWorst    FindingSort = "worst"
	SortRecent   FindingSort = "recent"
	SortMirrored FindingSort = "mirrored"
)

// FindingFilter picks findings. An empty field asks for nothing.
type FindingFilter struct {
	// States are those wanted; empty means all that stand, that is all but resolved.
	States     []evaluator.State
	Verdict    evaluator.Verdict
	Severities []evaluator.Severity
	Checks     []string
	Class      inventory.Class
	Kind       inventory.Kind
	Scope      uuid.UUID
	Region     string
	Resource   uuid.UUID
	// Why picks what waits for this reason: its cause and its permission, where they are set.
	Why inventory.Unknown
	// Query is a part of the resource's name, any case.
	Query        string
	ChangedSince time.Time
	// AsOf shows the findings as they stood at a moment; the zero moment means now. The past has the order SortWorst.
	AsOf time.Time
	Sort FindingSort
}

// condition is a part of a filter that stands in a statement when it is asked for. A statement of few shapes is planned
// once; one that holds every condition and folds those away that are empty is planned each time it runs.
type condition struct {
	asked bool
	sql   string
}

func conditions(all ...condition) string {
	var out strings.Builder
	for _, c := range all {
		if c.asked {
			out.WriteString("\n\t\tAND    " + c.sql)
		}
	}
	return out.String()
}

// match is what the filter asks of the columns that do not change over a finding's life.
func (f FindingFilter) match() string {
	return conditions(
		// One check is one stretch of an index, in order; a list of one is not seen as such.
		condition{len(f.Checks) == 1, "f.check_id = @check"},
		condition{len(f.Checks) > 1, "f.check_id = ANY(@checks)"},
		condition{f.Class != "", "f.class = @class"},
		condition{f.Kind != "", "f.kind = @kind"},
		condition{f.Scope != uuid.Nil, "f.scope_id = @scope"},
		condition{f.Resource != uuid.Nil, "f.resource_id = @resource"},
		condition{f.Region != "", "f.region = @region"},
		condition{containing(f.Query) != "", "f.resource_name ILIKE @pattern"},
	)
}

// matchState is what the filter asks of the present form of a finding, "f", or of a past one, "v".
func (f FindingFilter) matchState(form string) string {
	return conditions(
		condition{f.Verdict != "", form + ".verdict = @verdict"},
		condition{len(f.States) > 0, form + ".state = ANY(@states)"},
		condition{f.why() != "", form + ".unknown @> @why::jsonb"},
	)
}

const findingColumns = `f.id, f.resource_id, f.scope_id, f.check_id, f.class, f.kind, f.region, f.resource_name,
		f.verdict, f.base_severity, f.severity, f.state, f.since, f.not_read_since, f.resolved_at, f.valid_from,
		f.changed_at, f.reasons, f.unknown`

// versionColumns is a past form: what never changes comes from the finding, the rest from the form.
const versionColumns = `f.id, f.resource_id, f.scope_id, f.check_id, f.class, f.kind, f.region, f.resource_name,
		v.verdict, v.base_severity, v.severity, v.state, v.since, v.not_read_since, NULL::timestamptz AS resolved_at,
		v.valid_from, v.valid_from AS changed_at, v.reasons, v.unknown`

// findingShown names a row of findings for Finding, once the page is cut: each shown row costs two look-ups.
const findingShown = `
		SELECT f.id, f.resource_id, f.resource_name, coalesce(r.natural_id, '') AS natural_id, f.scope_id,
		       s.natural_id AS scope, f.check_id, f.class, f.kind, f.region, f.verdict,
		       (ARRAY['low', 'medium', 'high', 'critical'])[f.base_severity] AS base_severity,
		       (ARRAY['low', 'medium', 'high', 'critical'])[f.severity] AS severity,
		       f.state, f.since, f.not_read_since, f.resolved_at, f.valid_from, f.changed_at, f.reasons, f.unknown
		FROM   page f
		JOIN   scopes s ON s.tenant_id = @tenant AND s.id = f.scope_id
		LEFT   JOIN resources r ON r.tenant_id = @tenant AND r.id = f.resource_id`

// Findings lists what the filter picks, and the cursor of the next page; the cursor is empty on the last.
func (tx Tx) Findings(ctx context.Context, f FindingFilter, p Page) ([]Finding, string, error) {
	switch {
	case !f.AsOf.IsZero():
		return tx.worstFindings(ctx, f, p)
	case f.Sort == SortMirrored || (f.Sort == "" && !f.ChangedSince.IsZero()):
		return tx.findingsByChange(ctx, f, p, "mirrored", findingsMirrored(f, p.limit()+1))
	case f.Sort == SortRecent:
		return tx.findingsByChange(ctx, f, p, "recent", findingsRecent(f, p.limit()+1))
	default:
		return tx.worstFindings(ctx, f, p)
	}
}

// Finding gives one finding as it is now.
func (tx Tx) Finding(ctx context.Context, id uuid.UUID) (Finding, error) {
	rows, err := tx.Query(ctx, `
		WITH page AS (SELECT `+findingColumns+` FROM findings f WHERE f.tenant_id = @tenant AND f.id = @id)`+findingShown,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id})
	if err != nil {
		return Finding{}, fmt.Errorf("finding %s: %w", id, err)
	}
	f, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Finding])
	return f, missing("finding "+id.String(), err)
}

// FindingEvent is one thing that happened to a finding.
type FindingEvent struct {
	At          time.Time
	Seq         int64
	What        string
	Cause       evaluator.Cause
	FromVerdict evaluator.Verdict
	ToVerdict   evaluator.Verdict
	Severity    evaluator.Severity
	Actor       string
	Note        string
}

// eventCursor is where a list of events stopped.
type eventCursor struct {
	At  time.Time
	Seq int64
}

// FindingEvents tells what happened to a finding, oldest first. A finding of another tenant has none.
func (tx Tx) FindingEvents(ctx context.Context, id uuid.UUID, p Page) ([]FindingEvent, string, error) {
	after := eventCursor{}
	if err := decodeCursor("events", p.Cursor, &after); err != nil {
		return nil, "", err
	}
	rows, err := tx.Query(ctx, `
		SELECT at, seq, what, cause, from_verdict, to_verdict,
		       coalesce((ARRAY['low', 'medium', 'high', 'critical'])[severity], '') AS severity, actor, note
		FROM   finding_events
		WHERE  tenant_id = @tenant AND finding_id = @id AND (at, seq) > (@at, @seq)
		ORDER  BY at, seq
		LIMIT  @limit`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id, "at": after.At, "seq": after.Seq, "limit": p.limit() + 1})
	if err != nil {
		return nil, "", fmt.Errorf("events of finding %s: %w", id, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[FindingEvent])
	if err != nil {
		return nil, "", fmt.Errorf("events of finding %s: %w", id, err)
	}
	return cut("events", found, p.limit(), func(e FindingEvent) any { return eventCursor{e.At, e.Seq} })
}

// UnknownCause is a reason for which questions have no answer, and how many.
type UnknownCause struct {
	Cause      inventory.Cause
	Permission string
	Action     string
	Code       string
	// Questions counts the verdicts that wait for this answer; one that waits for several is counted under each.
	Questions int64
	Scopes    int64
}

// UnknownCauses groups what is not known by the permission that would cure it, the most rewarding first. It reads the
// unknown findings, by their own partial index, and no others. Equal reasons are counted before they are taken apart:
// most unknowns share a few, and taking each apart costs ten times as much.
func (tx Tx) UnknownCauses(ctx context.Context, scope uuid.UUID, limit int) ([]UnknownCause, error) {
	rows, err := tx.Query(ctx, `
		WITH alike AS (
		     SELECT CASE jsonb_typeof(f.unknown) WHEN 'array' THEN f.unknown ELSE '[{}]' END AS reasons, f.scope_id,
		            count(*) AS questions
		     FROM   findings f
		     WHERE  f.tenant_id = @tenant AND f.verdict = 'unknown' AND f.state <> 'resolved'
		     AND    (@scope::uuid IS NULL OR f.scope_id = @scope)
		     GROUP  BY 1, 2)
		SELECT w.cause, w.permission, min(w.action) AS action, min(w.code) AS code,
		       sum(a.questions)::bigint AS questions, count(DISTINCT a.scope_id) AS scopes
		FROM   alike a
		CROSS  JOIN LATERAL (
		       SELECT coalesce(u.why ->> 'cause', '') AS cause, coalesce(u.why ->> 'permission', '') AS permission,
		              coalesce(min(u.why ->> 'action'), '') AS action, coalesce(min(u.why ->> 'code'), '') AS code
		       FROM   jsonb_array_elements(a.reasons) AS u (why)
		       GROUP  BY 1, 2) w
		GROUP  BY w.cause, w.permission
		ORDER  BY questions DESC, w.cause, w.permission
		LIMIT  @limit`, pgx.QueryExecModeCacheDescribe,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "scope": orNull(scope), "limit": limit})
	if err != nil {
		return nil, fmt.Errorf("causes of unknown: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[UnknownCause])
	if err != nil {
		return nil, fmt.Errorf("causes of unknown: %w", err)
	}
	return out, nil
}

// FindingEstimate is about how many findings the filter picks.
func (tx Tx) FindingEstimate(ctx context.Context, f FindingFilter) (int64, error) {
	args := f.args(tx.tenant)
	args["at"], args["past"], args["since"] = moment(f.AsOf), !f.AsOf.IsZero(), orNullTime(f.ChangedSince)
	return tx.estimate(ctx, "findings", `EXPLAIN (FORMAT JSON) `+findingsPicked(f),
		`SELECT count(*) FROM (`+findingsPicked(f)+` LIMIT @limit) AS picked`, args)
}

// FindingEventCount is how many things happened to a finding.
func (tx Tx) FindingEventCount(ctx context.Context, id uuid.UUID) (int64, error) {
	var n int64
	err := tx.QueryRow(ctx, `SELECT count(*) FROM finding_events WHERE tenant_id = @tenant AND finding_id = @id`,
		pgx.StrictNamedArgs{"tenant": tx.tenant, "id": id}).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count of events of finding %s: %w", id, err)
	}
	return n, nil
}
