package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/aws"
	"github.com/plumbline-posture/plumbline/collectors/aws/mototest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// wideGround is the wide account, with the simulator's gaps filled by the hand-made answers of some files.
type wideGround struct {
	held *collected
	said []string
}

func (g wideGround) proxy(t *testing.T) *mototest.Proxy {
	t.Helper()
	p := mototest.Wide(t).Proxy(t)
	for _, name := range g.said {
		answers, err := mototest.ReadSaid(filepath.Join("testdata", "said", name), g.held.idIn(wideScope))
		if err != nil {
			t.Fatal(err)
		}
		p.Say(answers...)
	}
	return p
}

func (wideGround) collect(t *testing.T, p *mototest.Proxy) *collected {
	t.Helper()
	c := newCollected(t)
	c.Scratch = pipeline.NewScratch(wideSettings())
	c.collect(t, wideConnection(p, mototest.WideRegion))
	return c
}

// rounds deals out the operations that are asked here and were not swept before: no two of a service in one round, so
// that what is lost can be laid to one of them.
func (g wideGround) rounds(t *testing.T, swept map[mototest.Call]bool) [][]mototest.Call {
	t.Helper()
	p := g.proxy(t)
	g.collect(t, p)
	for _, c := range p.Unheard() {
		if c.Service == "redshift-serverless" {
			continue // what answers about one that another file lists
		}
		t.Errorf("%s of %s is answered in %v and was never asked", c.Operation, c.Service, g.said)
	}
	var out [][]mototest.Call
	of := map[string]int{}
	for _, c := range p.Calls() {
		if c.Service == "sts" || swept[c] {
			continue
		}
		swept[c] = true
		if of[c.Service] == len(out) {
			out = append(out, nil)
		}
		out[of[c.Service]] = append(out[of[c.Service]], c)
		of[c.Service]++
	}
	return out
}

// TestWideSweep denies, throttles and garbles what the small estate gives no occasion to ask and the wide account does: as it
// stands, where all is well, where nothing is, and with what is rare in it. Nothing may look better for it, in a memory that knows the whole and in
// one that never saw it; and what is unknown for want of a right names the operation. With the sweep of the small estate
// that is every right that is declared, but for those listed in unswept.
func TestWideSweep(t *testing.T) {
	t.Parallel()
	held := wholeEstate(t)
	swept := sweptOnTheSmallEstate(t)
	for _, said := range [][]string{nil, {"always.txt", "good.txt"}, {"always.txt", "bad.txt"}, {"always.txt", "rare.txt"}} {
		g := wideGround{held, said}
		rounds := g.rounds(t, swept)
		for worker := range 2 {
			t.Run(fmt.Sprintf("%v, part %d", said, worker+1), func(t *testing.T) {
				t.Parallel()
				g.sweep(t, rounds, worker, 2)
			})
		}
	}
	checkSwept(t, swept)
}

// sweptOnTheSmallEstate are the operations that the other sweeps come past.
func sweptOnTheSmallEstate(t *testing.T) map[mototest.Call]bool {
	t.Helper()
	small := newCollected(t)
	small.collect(t, connectionTo(mototest.Estate(t).Proxy(t)))
	proxy := sweptProxy(t, small)
	newCollected(t).collect(t, connectionTo(proxy))
	swept := map[mototest.Call]bool{}
	for _, c := range proxy.Calls() {
		swept[c] = true
	}
	return swept
}

// sweep goes through every so many of the rounds.
func (g wideGround) sweep(t *testing.T, rounds [][]mototest.Call, first, step int) {
	t.Helper()
	if len(rounds) <= first {
		return
	}
	p := g.proxy(t)
	memory := g.collect(t, p)
	known := memory.state()
	for i := first; i < len(rounds); i += step {
		for name, fault := range map[string]mototest.Fault{
			"denied": mototest.Deny, "throttled": mototest.Throttle, "garbled": mototest.Garble,
		} {
			t.Run(name+" "+roundName(rounds[i]), func(t *testing.T) {
				p.Fault(func(c mototest.Call) mototest.Fault {
					if slices.Contains(rounds[i], mototest.Call{Service: c.Service, Operation: c.Operation}) {
						return fault
					}
					return mototest.Pass
				})
				memory.collect(t, wideConnection(p, mototest.WideRegion))
				complain(t, "in the same memory", memory.improvements(known, true))
				fresh := g.collect(t, p)
				complain(t, "in a fresh memory", fresh.improvements(known, false))
				if fault == mototest.Deny {
					complain(t, "unnamed", fresh.unnamed(known, rounds[i]))
				}
			})
		}
	}
}

// checkSwept wants every right that is declared to have been swept, or to stand in the list of those that cannot be.
func checkSwept(t *testing.T, swept map[mototest.Call]bool) {
	t.Helper()
	used := map[string]bool{}
	for c := range swept {
		name := c.Service + ":" + c.Operation
		if right := rights[name]; right != "" {
			name = right
		}
		used[name] = true
	}
	for _, right := range aws.Permissions() {
		why, excused := unswept[right]
		switch {
		case used[right] && excused:
			t.Errorf("%s is swept: take it out of the list", right)
		case !used[right] && (!excused || why == ""):
			t.Errorf("%s is declared and never refused by a sweep", right)
		}
	}
}

// unswept are rights whose calls the simulator gives no occasion for, even with answers made by hand, by what it would
// take. The tests of their sources refuse each of them.
var unswept = map[string]string{
	"config:DescribeConfigurationAggregatorSourcesStatus": "an aggregator that is named",
	"config:DescribeConfigurationAggregators":             "an aggregator that is named",
	"config:SelectAggregateResourceConfig":                "an aggregator that is named",
	"iam:GetInstanceProfile":                              "a change of one profile",
	"lambda:GetFunctionConfiguration":                     "a change of one function",
	"organizations:ListAccounts":                          "an organisation as a scope",
}

func roundName(calls []mototest.Call) string {
	names := make([]string, 0, len(calls))
	for _, c := range calls {
		names = append(names, c.Operation)
	}
	return strings.Join(names, ",")
}

// unnamed lists verdicts that became unknown and name none of the operations that were denied.
func (c *collected) unnamed(before state, denied []mototest.Call) (out []string) {
	for q, j := range c.judgements() {
		if j.Verdict != evaluator.Unknown || before.judgements[q].Verdict == evaluator.Unknown {
			continue
		}
		named := slices.ContainsFunc(j.Unknown, func(u inventory.Unknown) bool {
			return u.Cause == inventory.CauseDenied && strings.Contains(u.Permission, ":") &&
				slices.ContainsFunc(denied, func(d mototest.Call) bool { return d.Operation == u.Action })
		})
		if !named {
			out = append(out, fmt.Sprintf("%v is unknown by %v", q, j.Unknown))
		}
	}
	slices.Sort(out)
	return out
}
