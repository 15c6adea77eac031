package pipeline

import (
	"slices"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

const (
	accountID        = string(scope) + "/cloud_account/123456789012"
	environmentCheck = "account-single-environment"
)

// labelled is an observation of a resource that carries these labels and of which nothing else is known.
func (c *cloud) labelled(id string, kind inventory.Kind, facts any, labels map[string]string) collectors.Observation {
	r := inventory.New(id, id, region, facts)
	r.Kind, r.Scope, r.Labels, r.CarriesLabels, r.ObservedAt = kind, scope, labels, true, c.now()
	r.Known("labels_read")
	r.MarkFacts()
	return collectors.Observation{Resource: r, Listing: region}
}

// TestLabelsOfAnEnvironmentReachTheAccount has resources come, change and go in a production account. The account is
// worked out again when the labels of an environment change, and by no other change.
func TestLabelsOfAnEnvironmentReachTheAccount(t *testing.T) {
	t.Parallel()
	c := newCloud()
	memory := &counting{NewScratch(inventory.Defaults()), map[string]int{}}
	p := newPipeline(t, c, memory)
	step := func(what string, verdict evaluator.Verdict, want ...string) {
		t.Helper()
		if err := p.Settle(t.Context(), c.now()); err != nil {
			t.Fatal(err)
		}
		if got := memory.derivedAgain(); !slices.Equal(got, want) {
			t.Errorf("%s: %v was worked out again; want %v", what, got, want)
		}
		f, got := memory.Finding(accountID, environmentCheck), evaluator.Pass
		if f.Stands() {
			got = f.Verdict
		}
		if got != verdict {
			t.Errorf("%s: the account has a %s; want %s", what, got, verdict)
		}
	}
	observe := func(o collectors.Observation) {
		t.Helper()
		if err := memory.Observe(t.Context(), []collectors.Observation{o}); err != nil {
			t.Fatal(err)
		}
	}
	store := func(id string, labels map[string]string) {
		observe(c.labelled(id, bucketKind, &inventory.ObjectStorage{}, labels))
	}
	list := func(kind inventory.Kind, class inventory.Class, complete bool) {
		t.Helper()
		row := inventory.LedgerRow{Scope: scope, Kind: kind, Class: class, Region: region, Complete: complete, BeganAt: c.now()}
		if !complete {
			row.Unknown = &inventory.Unknown{Cause: inventory.CauseDenied, Permission: "rds:DescribeDBInstances"}
		}
		if err := memory.Listed(t.Context(), row, nil); err != nil {
			t.Fatal(err)
		}
	}

	list("aws.rds.db_instance", inventory.ClassDatabase, true)
	observe(c.labelled(accountID, "aws.account", &inventory.CloudAccount{}, map[string]string{"Environment": "prod"}))
	store("a", map[string]string{"env": "production"})
	step("the first run", evaluator.Pass, "a", accountID)
	store("plain", nil)
	step("one comes without labels", evaluator.Pass, "plain")
	store("team", map[string]string{"team": "staging"})
	step("one comes with another label", evaluator.Pass, "team")
	store("b", map[string]string{"ENV": "staging"})
	step("one comes with staging", evaluator.Fail, accountID, "b")
	store("b", map[string]string{"ENV": "staging", "team": "web"})
	step("it changes another label", evaluator.Fail, "b")
	store("b", map[string]string{"ENV": "live"})
	step("it changes to live", evaluator.Pass, accountID, "b")
	store("b", map[string]string{"ENV": "test"})
	step("it changes to test", evaluator.Fail, accountID, "b")
	if err := memory.Removed(t.Context(), "b", c.now()); err != nil {
		t.Fatal(err)
	}
	step("it goes with test", evaluator.Pass, accountID)
	list("aws.rds.db_instance", inventory.ClassDatabase, false)
	step("a listing is denied", evaluator.Unknown, accountID)
	list("aws.rds.db_instance", inventory.ClassDatabase, true)
	step("it is granted again", evaluator.Pass, accountID)
	unread := c.labelled("plain", bucketKind, &inventory.ObjectStorage{}, nil)
	unread.Resource.SetUnknown(inventory.Unknown{Cause: inventory.CauseDenied, Permission: "s3:GetBucketTagging"}, "labels_read")
	unread.Resource.MarkFacts()
	observe(unread)
	step("one is read without its labels", evaluator.Unknown, accountID, "plain")
}
