package schedule

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/store/storetest"
)

// The variables that make this test binary a process that collects and is killed.
const (
	childDSN    = "PLUMBLINE_TEST_CHILD_DSN"
	childTenant = "PLUMBLINE_TEST_CHILD_TENANT"
	childRound  = "PLUMBLINE_TEST_CHILD_ROUND"
	childRun    = "PLUMBLINE_TEST_CHILD_RUN"
)

// round gives the cloud as it is in one round: much is the same, some things come, go, break and are mended.
func round(c *cloud, n int) {
	r := rand.New(rand.NewPCG(uint64(n), 7)) //nolint:gosec // a reproducible estate, not a secret
	c.Buckets, c.Groups = map[string]bucket{}, map[string]group{}
	for i := range 60 {
		name := fmt.Sprintf("bucket-%02d", i)
		switch r.IntN(6) {
		case 0:
		case 1, 2:
			c.Buckets[name] = bucket{name, no()}
		default:
			c.Buckets[name] = bucket{name, yes()}
		}
		name = fmt.Sprintf("group-%02d", i)
		switch r.IntN(5) {
		case 0:
		case 1:
			c.Groups[name] = group{"eu-central-1", name, []int{22}, "vpc"}
		default:
			c.Groups[name] = group{"us-east-1", name, nil, "vpc"}
		}
	}
	c.now = day.Add(time.Duration(n) * 24 * time.Hour)
}

// childMain is the process that gets killed: it works one run as a worker does.
func childMain() int {
	ctx := context.Background()
	var n int
	if _, err := fmt.Sscan(os.Getenv(childRound), &n); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	st, err := store.Open(ctx, os.Getenv(childDSN))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer st.Close()
	catalogue, err := catalog.Load()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	c := newCloud()
	round(c, n)
	c.Delay = time.Millisecond
	s := schedulerOver(st, catalogue, c)
	err = collector{Scheduler: s}.collect(ctx, Collect{
		Tenant: uuid.MustParse(os.Getenv(childTenant)), Scope: store.ScopeKey(string(testScope)), Run: uuid.MustParse(os.Getenv(childRun)),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func schedulerOver(st *store.Store, catalogue *evaluator.Catalogue, c *cloud) *Scheduler {
	return &Scheduler{Store: st, Catalogue: catalogue, Now: c.clock, Log: quietLog(),
		Open: func(context.Context, store.Scope) (pipeline.Gatherer, error) { return account{c}, nil }}
}

// TestKilledRunsLoseNothing kills a run at 30 random moments. After each, the run is taken up again by another worker,
// and what stands open must be exactly what a scan of the same cloud finds: nothing lost, doubled or wrongly closed.
func TestKilledRunsLoseNothing(t *testing.T) {
	t.Parallel()
	dsn, tenant := storetest.DSN(t), uuid.New()
	h := houseOn(t, dsn, tenant)
	killed := 0
	for n := range 30 {
		run := uuid.New()
		h.within(func(tx store.Tx) error {
			return tx.QueueRun(context.Background(), run, h.scope.ID, "request", day.Add(time.Duration(n)*24*time.Hour))
		})
		if runAndKill(t, dsn, tenant, run, n) {
			killed++
		}
		round(h.cloud, n)
		s := schedulerOver(h.store, h.catalogue, h.cloud)
		if err := (collector{Scheduler: s}).collect(context.Background(), Collect{Tenant: tenant, Scope: h.scope.ID, Run: run, Try: 1}); err != nil {
			t.Fatal(err)
		}
		if err := h.pipeline(NewMemory(h.store, h.catalogue, tenant, h.scope.ID, run)).Settle(context.Background(), h.cloud.clock()); err != nil {
			t.Fatal(err)
		}
		compareWithScan(t, h, n)
		if t.Failed() {
			return
		}
	}
	if killed < 15 {
		t.Errorf("only %d of 30 runs were killed before they ended; the test proves too little", killed)
	}
}

// runAndKill reports whether the process was killed before it ended.
func runAndKill(t *testing.T, dsn string, tenant, run uuid.UUID, n int) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0]) //nolint:gosec // this test binary itself
	cmd.Env = append(os.Environ(), childDSN+"="+dsn, childTenant+"="+tenant.String(), childRun+"="+run.String(), fmt.Sprintf("%s=%d", childRound, n))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Duration(20+rand.IntN(400)) * time.Millisecond) //nolint:gosec // a random moment
	_ = cmd.Process.Kill()
	return cmd.Wait() != nil
}

// compareWithScan compares what stands open with what a scan of the same cloud finds.
func compareWithScan(t *testing.T, h *house, n int) {
	t.Helper()
	scratch := pipeline.NewScratch(inventory.Defaults())
	if err := h.pipeline(scratch).Run(context.Background(), account{h.cloud}); err != nil {
		t.Fatal(err)
	}
	want, passes := map[string]string{}, 0
	for _, s := range scratch.Settled() {
		for _, j := range s.Judgements {
			switch {
			case j.Verdict == evaluator.Pass:
				passes++
			case s.Resource.Kind == "aws.s3.bucket" || s.Resource.Kind == "aws.ec2.security_group":
				want[j.Check.ID+" "+s.Resource.Name] = string(j.Verdict)
			}
		}
	}
	got := h.standing()
	for key, verdict := range want {
		if g := got[key]; g != verdict+" open" && g != verdict+" regressed" {
			t.Errorf("round %d: %s is %q, want %s", n, key, g, verdict)
		}
	}
	for key, verdict := range got {
		if want[key] == "" {
			t.Errorf("round %d: %s stands as %q, the scan does not find it", n, key, verdict)
		}
	}
	var counted int
	h.within(func(tx store.Tx) error {
		return tx.QueryRow(context.Background(), `SELECT coalesce(sum(pass), 0) FROM tallies WHERE tenant_id = $1 AND valid_to = 'infinity'`, h.tenant).Scan(&counted)
	})
	if counted != passes {
		t.Errorf("round %d: %d passes are counted, the scan finds %d", n, counted, passes)
	}
}
