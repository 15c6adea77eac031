package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// walk reads a list page by page and returns every id; it fails when a page repeats one.
func walk(t *testing.T, list func(Page) (ids []string, next string, err error)) []string {
	t.Helper()
	var all []string
	page := Page{Limit: 7}
	for range 1000 {
		ids, next, err := list(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if slices.Contains(all, id) {
				t.Fatalf("the list repeats %s", id)
			}
			all = append(all, id)
		}
		if next == "" {
			return all
		}
		page.Cursor = next
	}
	t.Fatal("the list does not end")
	return nil
}

func findingIDs(found []Finding) []string {
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = f.ID.String()
	}
	return ids
}

// TestFindingsPageWithoutLoss compares every filter and order, walked in small pages, with a plain count of the rows.
func TestFindingsPageWithoutLoss(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := seed(t, s, "a", 90)
	seed(t, s, "b", 40)
	past := time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		filter FindingFilter
		where  string
	}{
		"standing":    {FindingFilter{}, `f.state <> 'resolved'`},
		"resolved":    {FindingFilter{States: []evaluator.State{evaluator.StateResolved}}, `f.state = 'resolved'`},
		"two states":  {FindingFilter{States: []evaluator.State{"resolved", "acknowledged"}}, `f.state IN ('resolved', 'acknowledged')`},
		"verdict":     {FindingFilter{Verdict: evaluator.Unknown}, `f.state <> 'resolved' AND f.verdict = 'unknown'`},
		"severities":  {FindingFilter{Severities: []evaluator.Severity{"critical", "low"}}, `f.state <> 'resolved' AND f.severity IN (4, 1)`},
		"one check":   {FindingFilter{Checks: []string{"object-storage-versioned"}}, `f.state <> 'resolved' AND f.check_id = 'object-storage-versioned'`},
		"two checks":  {FindingFilter{Checks: []string{"object-storage-versioned", "object-storage-public-access-blocked"}}, `f.state <> 'resolved' AND f.check_id IN ('object-storage-versioned', 'object-storage-public-access-blocked')`},
		"class":       {FindingFilter{Class: inventory.ClassFirewall}, `f.state <> 'resolved' AND f.class = 'firewall'`},
		"kind":        {FindingFilter{Kind: "aws.s3.bucket"}, `f.state <> 'resolved' AND f.kind = 'aws.s3.bucket'`},
		"scope":       {FindingFilter{Scope: ScopeKey("gcp:project-one")}, `f.state <> 'resolved' AND f.scope_id = (SELECT id FROM scopes WHERE natural_id = 'gcp:project-one' AND tenant_id = f.tenant_id)`},
		"region":      {FindingFilter{Region: "westeurope"}, `f.state <> 'resolved' AND f.region = 'westeurope'`},
		"query":       {FindingFilter{Query: "G-00001"}, `f.state <> 'resolved' AND f.resource_name LIKE 'thing-00001%'`},
		"wild query":  {FindingFilter{Query: "thing_"}, `false`},
		"recent":      {FindingFilter{Sort: SortRecent}, `f.state <> 'resolved'`},
		"mirrored":    {FindingFilter{Sort: SortMirrored}, `true`},
		"since":       {FindingFilter{ChangedSince: past}, `f.changed_at >= '2025-07-01Z'`},
		"recent open": {FindingFilter{ChangedSince: past, Sort: SortRecent, States: []evaluator.State{"open"}}, `f.changed_at >= '2025-07-01Z' AND f.state = 'open'`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			within(t, s, a, func(tx Tx) error {
				got := walk(t, func(p Page) ([]string, string, error) {
					found, next, err := tx.Findings(t.Context(), tt.filter, p)
					return findingIDs(found), next, err
				})
				var want int
				if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM findings f WHERE `+tt.where).Scan(&want); err != nil {
					return err
				}
				if len(got) != want {
					t.Errorf("listed %d findings, want %d", len(got), want)
				}
				n, err := tx.FindingEstimate(t.Context(), tt.filter)
				if err == nil && int(n) != want {
					t.Errorf("estimate is %d, want %d", n, want)
				}
				return err
			})
		})
	}
}

func TestFindingsOfThePast(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := seed(t, s, "a", 120)
	at := time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC)
	within(t, s, a, func(tx Tx) error {
		ctx := t.Context()
		var want int
		err := tx.QueryRow(ctx, `
			SELECT (SELECT count(*) FROM findings WHERE valid_from <= $1 AND state <> 'resolved')
			     + (SELECT count(*) FROM finding_versions WHERE valid_from <= $1 AND valid_to > $1)`, at).Scan(&want)
		if err != nil {
			return err
		}
		var last *Finding
		got := walk(t, func(p Page) ([]string, string, error) {
			found, next, err := tx.Findings(ctx, FindingFilter{AsOf: at}, p)
			for i := range found {
				if last != nil && found[i].Severity.Rank() > last.Severity.Rank() {
					t.Errorf("%s stands after %s", found[i].Severity, last.Severity)
				}
				last = &found[i]
			}
			return findingIDs(found), next, err
		})
		if len(got) != want || want == 0 {
			t.Errorf("listed %d findings of the past, want %d", len(got), want)
		}
		n, err := tx.FindingEstimate(ctx, FindingFilter{AsOf: at})
		if int(n) != want {
			t.Errorf("estimate of the past is %d, want %d", n, want)
		}
		return err
	})
}

func TestCursorOfAnotherListIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := seed(t, s, "a", 30)
	within(t, s, a, func(tx Tx) error {
		_, next, err := tx.Findings(t.Context(), FindingFilter{}, Page{Limit: 2})
		if err != nil {
			return err
		}
		for _, cursor := range []string{next, "not a cursor", "e30"} {
			if _, _, err := tx.Resources(t.Context(), ResourceFilter{}, Page{Cursor: cursor}); !errors.Is(err, ErrCursor) {
				t.Errorf("cursor %q: got %v, want ErrCursor", cursor, err)
			}
		}
		return nil
	})
}

func TestResourcesPageWithoutLoss(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := seed(t, s, "a", 60)
	tests := map[string]struct {
		filter ResourceFilter
		want   int
	}{
		"all":        {ResourceFilter{}, 60},
		"class":      {ResourceFilter{Class: inventory.ClassDatabase}, 15},
		"scope":      {ResourceFilter{Scope: ScopeKey("gcp:project-one")}, 30},
		"natural id": {ResourceFilter{Query: "id:" + a.String() + "/7"}, 1},
		"query":      {ResourceFilter{Query: "THING-00001"}, 10},
		"past":       {ResourceFilter{AsOf: time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC)}, 30},
		"before all": {ResourceFilter{AsOf: time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			within(t, s, a, func(tx Tx) error {
				got := walk(t, func(p Page) ([]string, string, error) {
					found, next, err := tx.Resources(t.Context(), tt.filter, p)
					ids := make([]string, len(found))
					for i, r := range found {
						ids[i] = r.ID.String()
					}
					return ids, next, err
				})
				if len(got) != tt.want {
					t.Errorf("listed %d resources, want %d", len(got), tt.want)
				}
				n, err := tx.ResourceEstimate(t.Context(), tt.filter)
				if err == nil && int(n) != tt.want {
					t.Errorf("estimate is %d, want %d", n, tt.want)
				}
				return err
			})
		})
	}
}

func TestResourceThroughTime(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := seed(t, s, "a", 10)
	within(t, s, a, func(tx Tx) error {
		ctx := t.Context()
		var id uuid.UUID
		if err := tx.QueryRow(ctx, `SELECT id FROM resources WHERE name = 'thing-000002'`).Scan(&id); err != nil {
			return err
		}
		enc, err := zstd.NewWriter(nil)
		if err != nil {
			return err
		}
		packed := enc.EncodeAll([]byte(`{"Bucket":{"Name":"thing"}}`), nil)
		if _, err := tx.Exec(ctx, `UPDATE resources SET answers = $1 WHERE id = $2`, packed, id); err != nil {
			return err
		}
		now, err := tx.Resource(ctx, id, time.Time{})
		if err != nil {
			return err
		}
		if string(now.Answers) != `{"Bucket":{"Name":"thing"}}` || now.Facts.Unknown["public_by_policy"].Permission == "" || now.Derived.Known["owner"] == nil {
			t.Errorf("current version is %+v", now)
		}
		old := time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC)
		change, err := tx.ResourceDiff(ctx, id, old, time.Date(2025, 9, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			return err
		}
		states := map[string][2]FactState{}
		for _, c := range change.Facts {
			states[c.Name] = [2]FactState{c.From.State, c.To.State}
		}
		if states["versioning"] != [2]FactState{FactKnown, FactKnown} || states["public_by_policy"] != [2]FactState{FactAbsent, FactUnknown} {
			t.Errorf("changes are %v", states)
		}
		versions := walk(t, func(p Page) ([]string, string, error) {
			p.Limit = 2
			found, next, err := tx.ResourceVersions(ctx, id, p)
			var ids []string
			for _, v := range found {
				ids = append(ids, v.ValidFrom.String())
			}
			return ids, next, err
		})
		if len(versions) != 7 {
			t.Errorf("listed %d versions, want 7", len(versions))
		}
		return nil
	})
}

// TestGoneResourceShowsItsLastVersion removes the current row, as the end of a resource does.
func TestGoneResourceShowsItsLastVersion(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := seed(t, s, "a", 10)
	within(t, s, a, func(tx Tx) error {
		var id uuid.UUID
		if err := tx.QueryRow(t.Context(), `DELETE FROM resources WHERE name = 'thing-000004' RETURNING id`).Scan(&id); err != nil {
			return err
		}
		last, err := tx.Resource(t.Context(), id, time.Time{})
		if err != nil {
			return err
		}
		if last.ValidTo == nil || !last.ValidTo.Equal(time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("last version ends at %v", last.ValidTo)
		}
		if _, err := tx.Resource(t.Context(), id, time.Date(2025, 8, 1, 0, 0, 0, 0, time.UTC)); !errors.Is(err, ErrNotFound) {
			t.Errorf("after its end: got %v, want ErrNotFound", err)
		}
		return nil
	})
}

func TestFiguresThroughTime(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := seed(t, s, "a", 20)
	within(t, s, a, func(tx Tx) error {
		ctx := t.Context()
		now, err := tx.Score(ctx, Posture, uuid.Nil, time.Time{})
		if err != nil {
			return err
		}
		then, err := tx.Score(ctx, Posture, uuid.Nil, time.Date(2025, 3, 10, 0, 0, 0, 0, time.UTC))
		if err != nil {
			return err
		}
		if now.PassWeight != 79 || then.PassWeight != 41 || now.Figure().Fail[evaluator.Critical.Rank()] != 1 {
			t.Errorf("scores are %+v and %+v", now, then)
		}
		if _, err := tx.Score(ctx, Posture, uuid.Nil, time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)); !errors.Is(err, ErrNotFound) {
			t.Errorf("before the first: got %v, want ErrNotFound", err)
		}
		march := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
		line, err := tx.ScoreHistory(ctx, Posture, uuid.Nil, []Span{{march.AddDate(0, -1, 0), march}, {march, march.AddDate(0, 0, 14)}})
		if err != nil {
			return err
		}
		if len(line) != 1 || line[0].PassWeight != 41 || line[0].Movements[evaluator.CauseFixed] != 1 || line[0].Movements[evaluator.CauseRegressed] != 2 {
			t.Errorf("line is %+v", line)
		}
		counts, err := tx.CheckCounts(ctx, uuid.Nil, []string{"object-storage-versioned"}, time.Time{})
		if err != nil {
			return err
		}
		if got := counts["object-storage-versioned"]; got.Pass != 16 || got.Fails() != 8 || got.Unknown != 6 {
			t.Errorf("counts are %+v", got)
		}
		was, err := tx.ControlStatus(ctx, evaluator.ISO2022, uuid.Nil, "A.8.20", time.Date(2025, 4, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			return err
		}
		if was.Status != evaluator.StatusNotEvaluated {
			t.Errorf("status was %s", was.Status)
		}
		return nil
	})
}

func TestUnknownCausesCountQuestions(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := seed(t, s, "a", 50)
	within(t, s, a, func(tx Tx) error {
		causes, err := tx.UnknownCauses(t.Context(), uuid.Nil, 10)
		if err != nil {
			return err
		}
		if len(causes) != 1 || causes[0].Permission != "s3:GetBucketPolicyStatus" || causes[0].Questions != 10 || causes[0].Scopes != 2 {
			t.Errorf("causes are %+v", causes)
		}
		return nil
	})
}

func TestRunShowsItsLedger(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := seed(t, s, "a", 10)
	within(t, s, a, func(tx Tx) error {
		runs := walk(t, func(p Page) ([]string, string, error) {
			p.Limit = 3
			found, next, err := tx.Runs(t.Context(), uuid.Nil, p)
			var ids []string
			for _, r := range found {
				ids = append(ids, r.ID.String())
			}
			return ids, next, err
		})
		if len(runs) != 14 {
			t.Errorf("listed %d runs, want 14", len(runs))
		}
		run, err := tx.Run(t.Context(), uuid.MustParse(runs[0]))
		if err != nil {
			return err
		}
		if len(run.Ledger) != 1 || run.Ledger[0].Complete || run.Ledger[0].Errors[0].Code != "AccessDenied" {
			t.Errorf("ledger is %+v", run.Ledger)
		}
		last, err := tx.LastRuns(t.Context(), []uuid.UUID{ScopeKey("aws:111111111111")})
		if len(last) != 1 {
			t.Errorf("last runs are %+v", last)
		}
		return err
	})
}

func TestSettingsFallBackToDefaults(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := seed(t, s, "a", 5)
	within(t, s, a, func(tx Tx) error {
		before, err := tx.Settings(t.Context(), time.Time{})
		if err != nil {
			return err
		}
		if before.CadenceHours != inventory.Defaults().CadenceHours {
			t.Errorf("settings are %+v", before)
		}
		_, err = tx.Exec(t.Context(), `INSERT INTO settings_versions (tenant_id, version, valid_from, settings) VALUES ($1, 1, $2, '{"cadence_hours": 12}')`, a, seededAt)
		if err != nil {
			return err
		}
		after, err := tx.Settings(t.Context(), time.Time{})
		if after.CadenceHours != 12 || after.ReviewDays != inventory.Defaults().ReviewDays {
			t.Errorf("settings are %+v", after)
		}
		return err
	})
}

func TestIdempotencyKeyIsTakenOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := seed(t, s, "a", 5)
	take := func(request string, at time.Time) (r Remembered, err error) {
		err = s.InTx(context.Background(), a, func(tx Tx) error {
			r, err = tx.RememberKey(context.Background(), "k", []byte(request), at)
			return err
		})
		return r, err
	}
	if first, err := take("one", seededAt); err != nil || first.Status != 0 {
		t.Fatalf("first: %+v, %v", first, err)
	}
	if _, err := take("one", seededAt.Add(time.Second)); !errors.Is(err, ErrKeyBusy) {
		t.Errorf("while the first is under way: %v", err)
	}
	if again, err := take("one", seededAt.Add(2*time.Minute)); err != nil || again.Status != 0 {
		t.Errorf("after the first died: %+v, %v", again, err)
	}
	within(t, s, a, func(tx Tx) error { return tx.AnswerKey(t.Context(), "k", 201, []byte(`{"id":1}`)) })
	again, err := take("one", seededAt.Add(3*time.Minute))
	if err != nil || again.Status != 201 || !json.Valid(again.Response) {
		t.Errorf("answered: %+v, %v", again, err)
	}
	if _, err := take("two", seededAt.Add(3*time.Minute)); !errors.Is(err, ErrKeyReused) {
		t.Errorf("another request: %v", err)
	}
}
