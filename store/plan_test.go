package store

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store/storetest"
)

// TestPagesAreStretchesOfAnIndex asks the planner how it reads the polled lists on a table that is large enough to
// matter: each has to come from the named index, and none may sort or read a table as a whole.
func TestPagesAreStretchesOfAnIndex(t *testing.T) {
	t.Parallel()
	service, owner := storetest.DSNs(t)
	s, err := Open(t.Context(), service)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a := seed(t, s, "a", 4000)
	analyze(t, owner)

	day := time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC)
	ranked := func(f FindingFilter) pgx.NamedArgs {
		args := f.ofRank(a, 3, findingCursor{})
		args["at"], args["until"] = day, day
		return args
	}
	mirrored := FindingFilter{Sort: SortMirrored}.args(a)
	mirrored["after_since"], mirrored["after_id"] = day, uuid.Nil
	listed := ResourceFilter{}.args(a)
	listed["after_class"], listed["after_name"], listed["after_id"], listed["limit"] = "", "", uuid.Nil, 51
	ofKind := ResourceFilter{Kind: "gcp.compute.instance"}.args(a)
	ofKind["after_class"], ofKind["after_name"], ofKind["after_id"], ofKind["limit"] = "", "", uuid.Nil, 51

	tests := map[string]struct {
		sql   string
		args  pgx.NamedArgs
		index string
	}{
		"standing":  {findingsStanding(FindingFilter{}, 51), ranked(FindingFilter{}), "findings_worst"},
		"resolved":  {findingsResolved(FindingFilter{States: []evaluator.State{"resolved"}}, 51), ranked(FindingFilter{States: []evaluator.State{"resolved"}}), "findings_resolved"},
		"one check": {findingsStanding(FindingFilter{Checks: []string{"object-storage-versioned"}}, 51), ranked(FindingFilter{Checks: []string{"object-storage-versioned"}}), "findings_by_check"},
		"class":     {findingsStanding(FindingFilter{Class: inventory.ClassFirewall}, 51), ranked(FindingFilter{Class: inventory.ClassFirewall}), "findings_by_class"},
		"scope":     {findingsStanding(FindingFilter{Scope: ScopeKey("gcp:project-one")}, 51), ranked(FindingFilter{Scope: ScopeKey("gcp:project-one")}), "findings_"},
		"current":   {findingsSince(FindingFilter{AsOf: day}, 51), ranked(FindingFilter{AsOf: day}), "findings_worst"},
		"past":      {findingsThen(FindingFilter{AsOf: day}, 51), ranked(FindingFilter{AsOf: day}), "finding_versions_worst"},
		"mirrored":  {findingsMirrored(FindingFilter{Sort: SortMirrored}, 51), mirrored, "findings_changed"},
		"resources": {resourcesListed, listed, "resources_by_class"},
		"of a kind": {resourcesListed, ofKind, "resources_by_kind"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := explained(t, s, a, tt.sql, tt.args)
			if !strings.Contains(plan, "Index Scan using "+tt.index) {
				t.Errorf("the page does not come from %s:\n%s", tt.index, plan)
			}
			for _, table := range []string{"findings", "finding_versions", "resources"} {
				if strings.Contains(plan, "Seq Scan on "+table+" ") {
					t.Errorf("the page reads %s as a whole:\n%s", table, plan)
				}
			}
		})
	}
}

// analyze lets the planner know the rows, as the server does by itself after a while.
func analyze(t testing.TB, owner string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), `ANALYZE`); err != nil {
		t.Fatal(err)
	}
}

// explained runs a statement and gives its plan, without the parts that were planned and never begun.
func explained(t *testing.T, s *Store, tenant uuid.UUID, sql string, args pgx.NamedArgs) string {
	t.Helper()
	var plan []string
	within(t, s, tenant, func(tx Tx) error {
		rows, err := tx.Query(t.Context(), `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) `+sql, pgx.QueryExecModeCacheDescribe, args)
		if err != nil {
			return err
		}
		plan, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	begun := plan[:0]
	for _, line := range plan {
		if !strings.Contains(line, "never executed") {
			begun = append(begun, line)
		}
	}
	return strings.Join(begun, "\n")
}

// TestLabelsAreReadFromOneScope asks the planner how it finds the labels of a scope among those of many tenants: by the
// index that begins with tenant and scope, and from no row of another scope.
func TestLabelsAreReadFromOneScope(t *testing.T) {
	t.Parallel()
	service, owner := storetest.DSNs(t)
	s, err := Open(t.Context(), service)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a := seed(t, s, "a", 4000)
	for _, other := range []string{"b", "c", "d", "e"} {
		seed(t, s, other, 4000)
	}
	analyze(t, owner)
	plan := explained(t, s, a, labelsCarried, pgx.NamedArgs{
		"tenant": a, "scope": ScopeKey("gcp:project-one"), "names": []string{"owner"}, "cause": "not_collected",
	})
	if !strings.Contains(plan, "resources_by_listing") || strings.Contains(plan, "Seq Scan on resources ") {
		t.Errorf("the labels do not come from the index of the scope:\n%s", plan)
	}
	if !strings.Contains(plan, "scope_id = ") || strings.Contains(plan, "Rows Removed by Filter") {
		t.Errorf("rows of other scopes are read:\n%s", plan)
	}
	within(t, s, a, func(tx Tx) error {
		labels, unread, err := view{tx}.Labels(t.Context(), "gcp:project-one", []string{"OWNER", "env"})
		if len(labels) != 1 || labels[0]["owner"] != "team" {
			t.Errorf("the scope carries %v, want one owner", labels)
		}
		want := inventory.Unknown{Fact: "labels_read", Cause: inventory.CauseNotCollected}
		if len(unread) != 1 || unread[0] != want {
			t.Errorf("labels are unread by %v, want %v", unread, want)
		}
		return err
	})
}
