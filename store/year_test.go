package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store/storetest"
)

// TestAnyDayOfAYearIsOneIndexedQuery generates a year in which every control and one resource change every day, and
// asks for the first of March: the plan may touch no more rows than the controls have, however long the year was.
func TestAnyDayOfAYearIsOneIndexedQuery(t *testing.T) {
	t.Parallel()
	service, owner := storetest.DSNs(t)
	s, err := Open(t.Context(), service)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tenant, began := uuid.New(), time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)
	if err := s.CreateTenant(t.Context(), Tenant{ID: tenant, Name: "year", CreatedAt: began}); err != nil {
		t.Fatal(err)
	}
	within(t, s, tenant, func(tx Tx) error {
		_, err := tx.Exec(t.Context(), `
			INSERT INTO control_statuses (tenant_id, framework, scope_id, control_id, valid_from, valid_to, status, because,
			       pass_weight, total_weight, judged, asked)
			SELECT $1, 'iso27001-2022', $2, 'A.8.' || c, $3::timestamptz + d * interval '1 day',
			       CASE WHEN d = 364 THEN 'infinity' ELSE $3::timestamptz + (d + 1) * interval '1 day' END,
			       CASE WHEN d % 2 = 0 THEN 'nonconforming' ELSE 'conforming' END, 'day ' || d, d, 1000, d, 1000
			FROM   generate_series(1, 93) c, generate_series(0, 364) d`, tenant, uuid.Nil, began)
		return err
	})
	analyze(t, owner)
	march := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	controls := make([]string, 93)
	for i := range controls {
		controls[i] = fmt.Sprint("A.8.", i+1)
	}
	plan := explained(t, s, tenant, controlStatusesAt, map[string]any{
		"tenant": tenant, "framework": evaluator.ISO2022, "scope": uuid.Nil, "controls": controls, "at": march,
	})
	if !strings.Contains(plan, "Index Scan") || strings.Contains(plan, "Seq Scan on control_statuses") {
		t.Errorf("a past day is not read by an index:\n%s", plan)
	}
	if !strings.Contains(plan, "rows=1 loops=93") {
		t.Errorf("a past day reads more than one row for each control:\n%s", plan)
	}
	within(t, s, tenant, func(tx Tx) error {
		got, err := tx.ControlStatus(t.Context(), evaluator.ISO2022, uuid.Nil, "A.8.24", march)
		if err == nil && (got.Because != "day 273" || got.Status != evaluator.StatusConforming) {
			t.Errorf("on 1 March A.8.24 was %s (%s), want conforming (day 273)", got.Status, got.Because)
		}
		return err
	})
}
