package main

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/aws"
	"github.com/plumbline-posture/plumbline/collectors/aws/mototest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/collectors/schedule"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/store/storetest"
)

// TestScanAndServeAgree collects one account twice: in one go without a database, and as a scope of a scheduler with
// workers. Both are the same pipeline over two memories, so the verdicts must be the same, each of them. It runs by
// itself: a call that takes too long because others keep the simulator busy would tell of the machine, not of the code.
func TestScanAndServeAgree(t *testing.T) {
	lab := mototest.Estate(t)
	ctx := context.Background()
	catalogue, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(ctx, storetest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	now := func() time.Time { return time.Now().UTC() }
	if err := st.Register(ctx, catalogue, now()); err != nil {
		t.Fatal(err)
	}
	tenant, scope := uuid.New(), store.Scope{}
	if err := st.CreateTenant(ctx, store.Tenant{ID: tenant, Name: "both", CreatedAt: now()}); err != nil {
		t.Fatal(err)
	}
	proxy := lab.Proxy(t)
	connect := func() (*aws.Account, error) {
		return aws.Connect(ctx, connectionTo(proxy))
	}
	account, err := connect()
	if err != nil {
		t.Fatal(err)
	}
	err = st.InTx(ctx, tenant, func(tx store.Tx) (err error) {
		scope, err = tx.CreateScope(ctx, store.Scope{NaturalID: account.Scope(), Name: "both", CreatedAt: now()})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	scheduler := &schedule.Scheduler{Store: st, Catalogue: catalogue, Now: now, Log: log,
		Open: func(context.Context, store.Scope) (pipeline.Gatherer, error) { return connect() }}
	if err := scheduler.Start(ctx, true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = scheduler.Stop(ctx) })
	run, err := scheduler.StartRun(ctx, tenant, scope.ID)
	if err != nil {
		t.Fatal(err)
	}
	awaitRun(t, st, tenant, run)

	scratch := pipeline.NewScratch(inventory.Defaults())
	if err := (&pipeline.Pipeline{Catalogue: catalogue, Memory: scratch, Now: now}).Run(ctx, account); err != nil {
		t.Fatal(err)
	}
	scan := map[string]string{}
	for _, s := range scratch.Settled() {
		for _, j := range s.Judgements {
			scan[j.Check.ID+" "+s.Resource.ID] = string(j.Verdict) + " " + string(j.Severity)
			if j.Verdict == evaluator.Pass {
				scan[j.Check.ID+" "+s.Resource.ID] = "pass"
			}
		}
	}
	served := servedVerdicts(t, st, tenant)
	if len(scan) < 100 {
		t.Fatalf("the scan gives %d verdicts only; the estate was not collected", len(scan))
	}
	for key := range maps.Keys(scan) {
		if served[key] != scan[key] {
			t.Errorf("%s: the scan says %q, the service %q", key, scan[key], served[key])
		}
	}
	for key, verdict := range served {
		if scan[key] == "" {
			t.Errorf("%s: the service says %q, the scan nothing", key, verdict)
		}
	}
}

func awaitRun(t *testing.T, st *store.Store, tenant, run uuid.UUID) {
	t.Helper()
	for range 1200 {
		var state, fault string
		err := st.InTx(context.Background(), tenant, func(tx store.Tx) error {
			r, err := tx.Run(context.Background(), run)
			state, fault = r.State, r.Error
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		switch state {
		case "complete", "partial":
			return
		case "failed", "cancelled":
			t.Fatalf("the run %s: %s", state, fault)
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the run does not end")
}

// servedVerdicts reads every verdict that stands in the store.
func servedVerdicts(t *testing.T, st *store.Store, tenant uuid.UUID) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := st.InTx(context.Background(), tenant, func(tx store.Tx) error {
		rows, err := tx.Query(context.Background(), `
			SELECT f.check_id || ' ' || r.natural_id, f.verdict || ' ' ||
			       CASE f.severity WHEN 4 THEN 'critical' WHEN 3 THEN 'high' WHEN 2 THEN 'medium' ELSE 'low' END
			FROM   findings f JOIN resources r USING (tenant_id) WHERE f.tenant_id = $1 AND r.id = f.resource_id AND f.state <> 'resolved'
			UNION ALL
			SELECT o.check_id || ' ' || r.natural_id, 'pass'
			FROM   derived_facts d
			CROSS  JOIN LATERAL unnest(d.passed) AS p (ordinal)
			JOIN   check_ordinals o ON o.ordinal = p.ordinal
			JOIN   resources r ON r.tenant_id = d.tenant_id AND r.id = d.resource_id
			WHERE  d.tenant_id = $1`, tenant)
		if err != nil {
			return err
		}
		var key, verdict string
		_, err = pgx.ForEachRow(rows, []any{&key, &verdict}, func() error {
			out[key] = verdict
			return nil
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
