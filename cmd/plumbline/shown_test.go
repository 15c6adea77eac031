package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/aws"
	"github.com/plumbline-posture/plumbline/collectors/aws/mototest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// fewestShown is how many checks at least must give a pass and a fail on the simulator.
const fewestShown = 150

// later is when the estate has grown old: keys that were made today are then due, and what was found is overdue.
const later = 500 * 24 * time.Hour

// wideSettings are what the organisation of the estate says about itself.
func wideSettings() inventory.Settings {
	s := inventory.Defaults()
	role := "arn:aws:iam::" + mototest.WideAccount + ":role/"
	s.AllowedRegions = []string{mototest.WideRegion}
	s.Suppliers = []string{mototest.WideSupplier}
	s.CollectorPrincipals = []string{role + "collector", role + "writing-collector"}
	s.Environments = map[inventory.ScopeID]string{wideScope: "production"}
	return s
}

const wideScope = inventory.ScopeID("aws:" + mototest.WideAccount)

// wideConnection reaches the wide estate by the role that tells the simulator which account is meant.
func wideConnection(p *mototest.Proxy, regions ...string) aws.Connection {
	c := connectionTo(p)
	c.Account, c.RoleARN, c.Regions, c.Region = mototest.WideAccount, mototest.WideRole, regions, mototest.WideRegion
	return c
}

// whole is the memory of the accounts of the shared lab, collected once for all tests that only look at it.
var whole struct {
	once sync.Once
	*collected
}

// wholeEstate collects the two accounts as a scan does, and one with nothing in it, without any hand-made answer.
func wholeEstate(t *testing.T) *collected {
	t.Helper()
	lab := mototest.Wide(t)
	whole.once.Do(func() {
		c := newCollected(t)
		c.Scratch = pipeline.NewScratch(wideSettings())
		proxy := lab.Proxy(t)
		c.collect(t, connectionTo(proxy))
		// What has no region of its own is told in the first of all.
		c.collect(t, wideConnection(proxy, mototest.WideRegion, mototest.Region))
		bare := wideConnection(proxy, mototest.WideRegion)
		bare.Account, bare.RoleARN = mototest.BareAccount, mototest.BareRole
		c.collect(t, bare)
		whole.collected = c
	})
	if whole.collected == nil {
		t.Fatal("the estate could not be collected")
	}
	return whole.collected
}

// tally counts what each check said.
type tally map[string]map[evaluator.Verdict]int

// verdicts counts the verdicts on everything that was collected, on the day and when it has grown old.
func (c *collected) verdicts(t *testing.T) tally {
	t.Helper()
	settings, err := c.Settings(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	out, now := tally{}, time.Now()
	for _, s := range c.Settled() {
		for _, at := range []time.Time{now, now.Add(later)} {
			for _, j := range c.catalogue.Judge(s.Resource, settings, at) {
				if out[j.Check.ID] == nil {
					out[j.Check.ID] = map[evaluator.Verdict]int{}
				}
				out[j.Check.ID][j.Verdict]++
			}
		}
	}
	return out
}

// TestEstateHoldsEveryKind holds the estate to its name: of each kind that the simulator can list there is something.
func TestEstateHoldsEveryKind(t *testing.T) {
	t.Parallel()
	held := map[inventory.Kind]int{}
	for _, row := range wholeEstate(t).Ledger() {
		held[row.Kind] += row.Listed
	}
	for _, e := range aws.Sources.Entries() {
		kind := e.Definition().Kind
		why, excused := unheld[kind]
		switch {
		case held[kind] > 0 && (excused || mototest.Lacks[kind]):
			t.Errorf("%s is listed as not held, and is held", kind)
		case held[kind] == 0 && !excused && !mototest.Lacks[kind]:
			t.Errorf("the estate holds nothing of %s, which the simulator can list", kind)
		case excused && why == "":
			t.Errorf("nothing says why %s is not held", kind)
		}
	}
}

// unheld are the kinds that the simulator lists and of which it can hold nothing, by why.
var unheld = map[inventory.Kind]string{
	"aws.codepipeline.pipeline": "it writes the moments of a listing that is not empty as text, which no client reads",
	"aws.guardduty.coverage":    "it has no ListCoverage, which is asked where a detector is",
}

func (n tally) both(check string) bool {
	return n[check][evaluator.Pass] > 0 && n[check][evaluator.Fail] > 0
}

// TestChecksAreShownOnTheEstate runs everything over the simulator and counts the checks that say pass of something and
// fail of something else. Each other check of the provider must be listed with what the simulator lacks: see gaps.
func TestChecksAreShownOnTheEstate(t *testing.T) {
	t.Parallel()
	c := wholeEstate(t)
	n := c.verdicts(t)
	shown, lines := 0, []string{}
	for _, check := range c.catalogue.Checks {
		if !check.Asked(inventory.AWS) {
			continue
		}
		id := check.ID
		v := n[id]
		lines = append(lines, fmt.Sprintf("%-50s pass %4d  fail %4d  unknown %4d",
			id, v[evaluator.Pass], v[evaluator.Fail], v[evaluator.Unknown]))
		_, lacking := gaps[id]
		inherent := check.Clouds[inventory.AWS] == "inherent"
		switch {
		case inherent:
			if v[evaluator.Pass] == 0 || v[evaluator.Fail] > 0 {
				t.Errorf("%s holds by what the provider does, and says %v", id, v)
			}
		case n.both(id):
			shown++
			if lacking {
				t.Errorf("%s gives pass and fail on the simulator: take it out of the list", id)
			}
		case !lacking:
			t.Errorf("%s says %v and is in no list", id, v)
		}
	}
	slices.Sort(lines)
	t.Logf("%d checks give pass and fail\n%s", shown, strings.Join(lines, "\n"))
	if shown < fewestShown {
		t.Errorf("%d checks give pass and fail on the simulator; want %d", shown, fewestShown)
	}
}
