package main

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/aws/mototest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// TestDenyEachAction refuses one operation after the other. Nothing may look better for it, and what needed the answer
// must say so: in a memory that knows the whole, and in one that never saw it.
func TestDenyEachAction(t *testing.T) {
	t.Parallel()
	var asked, needed atomic.Int64
	t.Cleanup(func() {
		// Some answers give a name alone, or tell of what the estate lacks; most must matter, or the sweep shows nothing.
		t.Logf("%d of %d operations left a verdict unknown", needed.Load(), asked.Load())
		if asked.Load() > 0 && needed.Load()*5 < asked.Load()*3 {
			t.Errorf("only %d of %d operations left a verdict unknown", needed.Load(), asked.Load())
		}
	})
	sweep(t, mototest.Deny, func(t *testing.T, proxy *mototest.Proxy, call mototest.Call, known state) {
		fresh := newCollected(t)
		fresh.collect(t, connectionTo(proxy))
		complain(t, "in a fresh memory", fresh.improvements(known, false))
		lost, unnamed := fresh.lost(known, call)
		complain(t, "unnamed", unnamed)
		asked.Add(1)
		if lost > 0 {
			needed.Add(1)
		}
	})
}

// lost counts the verdicts that are unknown because a call was denied, and lists those that do not say so.
func (c *collected) lost(before state, call mototest.Call) (lost int, unnamed []string) {
	for q, j := range c.judgements() {
		if j.Verdict != evaluator.Unknown || before.judgements[q].Verdict == evaluator.Unknown {
			continue
		}
		lost++
		named := slices.ContainsFunc(j.Unknown, func(u inventory.Unknown) bool {
			return u.Action == call.Operation && u.Cause == inventory.CauseDenied && strings.Contains(u.Permission, ":")
		})
		if !named {
			unnamed = append(unnamed, fmt.Sprintf("%v is unknown by %v", q, j.Unknown))
		}
	}
	slices.Sort(unnamed)
	return lost, unnamed
}

// TestDenyEverything is an account whose credentials may nothing, not even ask whose they are.
func TestDenyEverything(t *testing.T) {
	t.Parallel()
	proxy := mototest.Estate(t).Proxy(t)
	proxy.Fault(func(mototest.Call) mototest.Fault { return mototest.Deny })
	c := newCollected(t)
	c.collect(t, connectionTo(proxy))
	if c.complete() {
		t.Error("the collection is complete")
	}
	score := c.score()
	if score.Coverage() != 0 || score.Judged != 0 || score.Asked < 100 {
		t.Errorf("%d of %d questions were judged", score.Judged, score.Asked)
	}
	for q, j := range c.judgements() {
		if j.Verdict != evaluator.Unknown {
			t.Errorf("%v is a %s", q, j.Verdict)
		}
		for _, u := range j.Unknown {
			named := u.Cause == inventory.CauseDenied && u.Permission != "" && u.Action != ""
			if u.Cause != inventory.CauseNotCollected && !named {
				t.Errorf("%v: %+v names no permission", q, u)
			}
		}
	}
}
