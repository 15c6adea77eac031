package demo_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/cmd/plumbline/demo"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, store.Migrate) }

func fresh(t *testing.T) (*store.Store, *evaluator.Catalogue) {
	t.Helper()
	s, err := store.Open(t.Context(), storetest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// happening is a movement of a finding.
type happening struct {
	week            int
	cause           evaluator.Cause
	check, resource string
}

// happenings are all movements of the tenant's findings, by the week in which they were seen.
func happenings(t *testing.T, s *store.Store, tenant uuid.UUID, a *demo.Archive) []happening {
	t.Helper()
	var out []happening
	err := s.InTx(t.Context(), tenant, func(tx store.Tx) error {
		rows, err := tx.Query(t.Context(), `
			SELECT e.at, e.cause, f.check_id, f.resource_name
			FROM   finding_events e
			JOIN   findings f ON f.tenant_id = e.tenant_id AND f.id = e.finding_id
			WHERE  e.tenant_id = $1`, tenant)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var at time.Time
			var h happening
			if err := rows.Scan(&at, &h.cause, &h.check, &h.resource); err != nil {
				return err
			}
			h.week = 1 + int(at.Sub(a.Weeks[0].At)/(7*24*time.Hour))
			out = append(out, h)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// figures are the posture scores at the end of each week.
func figures(t *testing.T, s *store.Store, tenant uuid.UUID, a *demo.Archive) []store.Score {
	t.Helper()
	var out []store.Score
	err := s.InTx(t.Context(), tenant, func(tx store.Tx) error {
		for _, week := range a.Weeks {
			score, err := tx.Score(t.Context(), store.Posture, uuid.Nil, week.At.Add(time.Hour))
			if err != nil {
				return err
			}
			out = append(out, score)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBuildTellsTheStory(t *testing.T) {
	t.Parallel()
	s, c := fresh(t)
	a := archived(t)
	var told []int
	r, err := demo.Build(t.Context(), s, c, demo.Options{
		Progress: func(week int, _ time.Time) { told = append(told, week) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(told, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}) {
		t.Errorf("progress told of weeks %v", told)
	}
	seen := happenings(t, s, r.Tenant, a)
	for _, want := range []happening{
		{2, evaluator.CauseRegressed, "firewall-admin-port-world-open", "shop-bastion"},
		{2, evaluator.CauseRegressed, "instance-admin-port-reachable", "depot-gateway"},
		{3, evaluator.CauseFixed, "firewall-admin-port-world-open", "shop-bastion"},
		{3, evaluator.CauseFixed, "entry-point-plaintext-refused", "tracking"},
		{3, evaluator.CauseFixed, "entry-point-tls-safe", "tracking"},
		{4, evaluator.CauseRegressed, "object-storage-not-public-by-policy", "brackenfield-parcel-photos"},
		{5, evaluator.CauseFixed, "object-storage-not-public-by-policy", "brackenfield-parcel-photos"},
		{5, evaluator.CauseFixed, "human-identity-mfa", "j.lindqvist"},
		{6, evaluator.CauseNewResource, "entry-point-plaintext-refused", "returns"},
		{6, evaluator.CauseNewResource, "image-not-public", "returns-2026-10"},
		{7, evaluator.CauseCoverageLost, "object-storage-tls-required", "brackenfield-backups"},
		{8, evaluator.CauseCoverageRegained, "object-storage-tls-required", "brackenfield-backups"},
		{8, evaluator.CauseFixed, "image-not-public", "returns-2026-10"},
		{8, evaluator.CauseFixed, "encryption-key-rotated", "alias/brackenfield-backup"},
		{9, evaluator.CauseRegressed, "database-not-public", "reporting"},
		{9, evaluator.CauseRegressed, "database-no-world-range", "reporting"},
		{10, evaluator.CauseDeletedResource, "database-not-public", "reporting"},
		{11, evaluator.CauseFixed, "entry-point-waf-attached", "returns"},
		{11, evaluator.CauseRegressed, "snapshot-not-public", "tracking-spool"},
		{12, evaluator.CauseFixed, "snapshot-not-public", "tracking-spool"},
		{12, evaluator.CauseFixed, "instance-metadata-hardened", "tracking-a"},

		{2, evaluator.CauseRegressed, "firewall-admin-port-world-open", "customs"},
		{2, evaluator.CauseRegressed, "instance-admin-port-reachable", "customs-broker"},
		{3, evaluator.CauseFixed, "instance-admin-port-reachable", "customs-broker"},
		{3, evaluator.CauseFixed, "entry-point-tls-safe", "depot-portal"},
		{4, evaluator.CauseRegressed, "object-storage-not-public-by-acl", "bfpdepotdocs/manifests"},
		{5, evaluator.CauseFixed, "object-storage-not-public-by-acl", "bfpdepotdocs/manifests"},
		{6, evaluator.CauseRegressed, "image-not-public", "depot-base"},
		{7, evaluator.CauseCoverageLost, "database-no-world-range", "bfp-customs"},
		{8, evaluator.CauseCoverageRegained, "database-no-world-range", "bfp-customs"},
		{8, evaluator.CauseFixed, "image-not-public", "depot-base"},
		{9, evaluator.CauseRegressed, "database-no-world-range", "bfp-timesheets"},
		{10, evaluator.CauseFixed, "database-no-world-range", "bfp-timesheets"},
		{11, evaluator.CauseFixed, "entry-point-plaintext-refused", "partner-api"},
		{12, evaluator.CauseNewResource, "database-tls-required", "labs-cache"},

		{2, evaluator.CauseNewResource, "firewall-data-port-world-open", "maps-from-anywhere"},
		{2, evaluator.CauseRegressed, "instance-data-port-reachable", "map-store"},
		{3, evaluator.CauseDeletedResource, "firewall-data-port-world-open", "maps-from-anywhere"},
		{3, evaluator.CauseFixed, "instance-data-port-reachable", "map-store"},
		{3, evaluator.CauseFixed, "entry-point-tls-safe", "planner"},
		{5, evaluator.CauseFixed, "subnet-flow-logged", "routing-data"},
		{6, evaluator.CauseRegressed, "image-not-public", "planner-golden"},
		{6, evaluator.CauseNewResource, "entry-point-plaintext-refused", "quotes"},
		{8, evaluator.CauseFixed, "image-not-public", "planner-golden"},
		{9, evaluator.CauseRegressed, "database-no-world-range", "fleet"},
		{10, evaluator.CauseFixed, "database-no-world-range", "fleet"},
		{11, evaluator.CauseRegressed, "object-storage-not-public-by-policy", "brackenfield-route-exports"},
		{12, evaluator.CauseFixed, "object-storage-not-public-by-policy", "brackenfield-route-exports"},
		{12, evaluator.CauseFixed, "instance-no-public-address", "notebook"},
	} {
		if !slices.Contains(seen, want) {
			t.Errorf("week %d: %s of %s was not seen as %s", want.week, want.check, want.resource, want.cause)
		}
	}
	for _, h := range seen {
		// A denial stands above the rule that a vendor got.
		if h.week > 1 && h.check == "instance-admin-port-reachable" && h.resource == "solver" {
			t.Errorf("week %d: %s of %s was seen as %s", h.week, h.check, h.resource, h.cause)
		}
	}
	checkFigures(t, figures(t, s, r.Tenant, a))
}

// checkFigures wants the line of the score to move as the weeks say. Hiding something never helped.
func checkFigures(t *testing.T, f []store.Score) {
	t.Helper()
	value := func(week int) float64 { return float64(f[week-1].PassWeight) / float64(f[week-1].TotalWeight) }
	coverage := func(week int) float64 { return float64(f[week-1].Judged) / float64(f[week-1].Asked) }
	for _, down := range []int{2, 4, 7, 9} {
		if value(down) >= value(down-1) {
			t.Errorf("score of week %d is %.4f, not below the %.4f before it", down, value(down), value(down-1))
		}
	}
	for _, up := range []int{3, 5, 8, 10} {
		if value(up) <= value(up-1) {
			t.Errorf("score of week %d is %.4f, not above the %.4f before it", up, value(up), value(up-1))
		}
	}
	if coverage(7) >= coverage(6)-0.01 || coverage(8) <= coverage(7)+0.01 {
		t.Errorf("coverage of weeks 6 to 8 is %.3f, %.3f, %.3f; want a gap in the middle",
			coverage(6), coverage(7), coverage(8))
	}
	if f[6].Counts.Unknown <= f[5].Counts.Unknown || f[7].Counts.Unknown >= f[6].Counts.Unknown {
		t.Errorf("unknown in weeks 6 to 8: %d, %d, %d; want most in the middle",
			f[5].Counts.Unknown, f[6].Counts.Unknown, f[7].Counts.Unknown)
	}
	if last := f[11].Counts; last.Pass == 0 || last.Fail[evaluator.Critical] == 0 || last.Fail[evaluator.Low] == 0 {
		t.Errorf("the end is not mixed: %+v", last)
	}
}

func TestBuildIsCarriedOnWithAndThenDone(t *testing.T) {
	t.Parallel()
	s, c := fresh(t)
	a := archived(t)
	cut, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := demo.Build(cut, s, c, demo.Options{Progress: func(week int, _ time.Time) {
		if week == 3 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("a build that was cut off ended with %v", err)
	}
	first := 0
	r, err := demo.Build(t.Context(), s, c, demo.Options{Progress: func(week int, _ time.Time) {
		if first == 0 {
			first = week
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if first != 3 {
		t.Errorf("the build was carried on with in week %d, want 3", first)
	}
	before := figures(t, s, r.Tenant, a)
	again, err := demo.Build(t.Context(), s, c, demo.Options{
		Progress: func(week int, _ time.Time) { t.Errorf("week %d was built again", week) },
	})
	if err != nil || again != r {
		t.Errorf("the second build gave %+v and %v, the first %+v", again, err, r)
	}
	after := figures(t, s, r.Tenant, a)
	for i := range before {
		if before[i].PassWeight != after[i].PassWeight || before[i].ValidFrom != after[i].ValidFrom {
			t.Errorf("week %d: building again moved the score", i+1)
		}
	}
	if want := a.Now(); !r.Now.Equal(want) {
		t.Errorf("the demo's clock stands at %v, want %v", r.Now, want)
	}
	checkFigures(t, after)
}
