package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/aws"
	"github.com/plumbline-posture/plumbline/collectors/aws/mototest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
)

// collected is a memory that a test collects the estate into, once or more.
type collected struct {
	*pipeline.Scratch
	catalogue *evaluator.Catalogue
}

func newCollected(t testing.TB) *collected {
	t.Helper()
	catalogue, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return &collected{Scratch: pipeline.NewScratch(inventory.Defaults()), catalogue: catalogue}
}

// connectionTo reaches a proxy without patience: what fails is not tried again.
func connectionTo(p *mototest.Proxy) aws.Connection {
	return aws.Connection{
		Account: mototest.Account, Regions: []string{mototest.Region}, Region: mototest.Region,
		Endpoint: p.URL, HTTP: mototest.Client(),
		Attempts: 1, CallsPerSecond: 1e6, Timeout: 20 * time.Second,
	}
}

// collect runs the whole pipeline once.
func (c *collected) collect(t testing.TB, connection aws.Connection) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	account, err := aws.Connect(ctx, connection)
	if err != nil {
		t.Fatal(err)
	}
	p := &pipeline.Pipeline{Catalogue: c.catalogue, Memory: c, Now: time.Now}
	if err := p.Run(ctx, account); err != nil {
		t.Fatal(err)
	}
}

// complete says whether every listing was that moto has an answer to.
func (c *collected) complete() bool {
	return !slices.ContainsFunc(c.Ledger(), func(row inventory.LedgerRow) bool {
		return !row.Complete && !mototest.Lacks[row.Kind]
	})
}

// question is a check of a resource.
type question struct{ check, resource string }

// judgements are the verdicts as they were settled last.
func (c *collected) judgements() map[question]evaluator.Judgement {
	out := map[question]evaluator.Judgement{}
	for _, s := range c.Settled() {
		for _, j := range s.Judgements {
			if j.Verdict != evaluator.None {
				out[question{j.Check.ID, s.Resource.ID}] = j
			}
		}
	}
	return out
}

// score counts as a control does: a fail that stands counts also when it can no longer be read.
func (c *collected) score() evaluator.Score {
	var tallies []evaluator.Tally
	for q, j := range c.judgements() {
		t := evaluator.Tally{Check: q.check}
		f := c.Finding(q.resource, q.check)
		switch {
		case j.Verdict == evaluator.Pass:
			t.Pass = 1
		case f.Stands() && f.Verdict == evaluator.Fail:
			t.Fail[f.Severity.Rank()] = 1
		default:
			t.Unknown = 1
		}
		tallies = append(tallies, t)
	}
	return c.catalogue.Score(tallies, nil)
}

// state is what a later run must not improve on.
type state struct {
	judgements map[question]evaluator.Judgement
	resources  map[string]bool
	score      evaluator.Score
}

func (c *collected) state() state {
	s := state{judgements: c.judgements(), resources: map[string]bool{}, score: c.score()}
	for _, one := range c.Settled() {
		s.resources[one.Resource.ID] = true
	}
	return s
}

// improvements lists everything that looks better in a run that read less than an earlier one. again says that both
// runs had the same memory, in which what was seen before must stand.
func (c *collected) improvements(before state, again bool) (out []string) {
	after := c.state()
	for q, j := range after.judgements {
		if was := before.judgements[q]; j.Verdict == evaluator.Pass && was.Verdict != evaluator.Pass {
			out = append(out, fmt.Sprintf("%v is a pass, before %q", q, was.Verdict))
		}
	}
	for q, was := range before.judgements {
		_, there := after.judgements[q]
		if was.Verdict != evaluator.Pass && !there && after.resources[q.resource] {
			out = append(out, fmt.Sprintf("%v is not asked any more, before %s", q, was.Verdict))
		}
		if again && was.Verdict == evaluator.Fail && !c.Finding(q.resource, q.check).Stands() {
			out = append(out, fmt.Sprintf("the finding of %v was closed", q))
		}
	}
	if again {
		out = append(out, betterScore(before.score, after.score)...)
	}
	slices.Sort(out)
	return out
}

func betterScore(before, after evaluator.Score) (out []string) {
	was, _ := before.Value()
	is, _ := after.Value()
	if is > was {
		out = append(out, fmt.Sprintf("the score rose from %.4f to %.4f", was, is))
	}
	if after.Coverage() > before.Coverage() {
		out = append(out, fmt.Sprintf("the coverage rose from %.4f to %.4f", before.Coverage(), after.Coverage()))
	}
	return out
}

// sweep does the same to one operation after the other of a scan whose estate fails much, and has each looked at. The
// memory of a run has seen the whole estate before, and lost one operation in each run since.
func sweep(t *testing.T, fault mototest.Fault, look func(*testing.T, *mototest.Proxy, mototest.Call, state)) {
	held := newCollected(t)
	held.collect(t, connectionTo(mototest.Estate(t).Proxy(t)))
	whole := sweptProxy(t, held)
	newCollected(t).collect(t, connectionTo(whole))
	calls := whole.Calls()
	if len(calls) < 100 {
		t.Fatalf("%d operations were seen: %v", len(calls), calls)
	}
	const workers = 2
	for worker := range workers {
		t.Run(fmt.Sprintf("part %d of %d", worker+1, workers), func(t *testing.T) {
			t.Parallel()
			proxy := sweptProxy(t, held)
			memory := newCollected(t)
			memory.collect(t, connectionTo(proxy))
			known := memory.state()
			if n := known.fails(); n < 100 {
				t.Fatalf("the estate fails %d questions; a sweep over it would show little", n)
			}
			for i := worker; i < len(calls); i += workers {
				call := calls[i]
				if call.Service == "sts" && fault != mototest.Deny {
					continue // an account that nobody names cannot be collected: see the tests of bad input
				}
				t.Run(call.Service+" "+call.Operation, func(t *testing.T) {
					proxy.Fault(func(c mototest.Call) mototest.Fault {
						if c.Service == call.Service && c.Operation == call.Operation {
							return fault
						}
						return mototest.Pass
					})
					memory.collect(t, connectionTo(proxy))
					complain(t, "in the same memory", memory.improvements(known, true))
					look(t, proxy, call, known)
				})
			}
		})
	}
}

// sweptProxy stands in front of the small estate, and answers by hand what the simulator lacks of it: so that a sweep
// comes past these operations too.
func sweptProxy(t *testing.T, held *collected) *mototest.Proxy {
	t.Helper()
	proxy := mototest.Estate(t).Proxy(t)
	answers, err := mototest.ReadSaid(filepath.Join("testdata", "said", "small.txt"), held.idIn("aws:"+mototest.Account))
	if err != nil {
		t.Fatal(err)
	}
	proxy.Say(answers...)
	return proxy
}

func (s state) fails() (n int) {
	for _, j := range s.judgements {
		if j.Verdict == evaluator.Fail {
			n++
		}
	}
	return n
}

func complain(t *testing.T, where string, problems []string) {
	t.Helper()
	if len(problems) > 0 {
		t.Errorf("%s, %d:\n  %s", where, len(problems), strings.Join(problems[:min(len(problems), 12)], "\n  "))
	}
}
