package schedule

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

const accountRecord = string(testScope) + "/cloud_account/111122223333"

// noting notes which resources were worked out again, and what was said of the account.
type noting struct {
	*Memory
	derived []string
	account evaluator.Verdict
	why     evaluator.Judgement
}

func (n *noting) Settle(ctx context.Context, at time.Time, do func(context.Context, []evaluator.Due, evaluator.View) ([]evaluator.Settled, error)) error {
	return n.Memory.Settle(ctx, at, func(ctx context.Context, batch []evaluator.Due, view evaluator.View) ([]evaluator.Settled, error) {
		settled, err := do(ctx, batch, view)
		for _, one := range settled {
			n.derived = append(n.derived, one.Resource.Name)
			for _, j := range one.Judgements {
				if j.Check.ID == "account-single-environment" {
					n.account, n.why = j.Verdict, j
				}
			}
		}
		return settled, err
	})
}

var _ pipeline.Memory = (*noting)(nil)

// labelled is an observation of a resource with labels; unread says that the cloud did not tell them.
func (h *house) labelled(id string, facts any, labels map[string]string, unread bool) collectors.Observation {
	r := inventory.New(id, id, "eu-central-1", facts)
	r.Kind, r.Scope, r.Labels, r.CarriesLabels, r.ObservedAt = "aws.s3.bucket", testScope, labels, true, h.cloud.clock()
	r.Known("labels_read")
	if unread {
		r.SetUnknown(inventory.Unknown{Cause: inventory.CauseDenied, Permission: "s3:GetBucketTagging"}, "labels_read")
	}
	r.MarkFacts()
	return collectors.Observation{Resource: r, Listing: collectors.Global}
}

// TestLabelsOfAnEnvironmentReachTheAccountInTheStore does over Postgres what the pipeline's test does in memory: a label
// of another environment makes the account due, and nothing else.
func TestLabelsOfAnEnvironmentReachTheAccountInTheStore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	step := func(what string, verdict evaluator.Verdict, o collectors.Observation, want ...string) {
		t.Helper()
		m := &noting{Memory: NewMemory(h.store, h.catalogue, h.tenant, h.scope.ID, uuid.New())}
		row := inventory.LedgerRow{
			Scope: testScope, Kind: "aws.rds.db_instance", Class: inventory.ClassDatabase, Region: "eu-central-1", Complete: true,
			BeganAt: h.cloud.clock(),
		}
		if err := m.Listed(t.Context(), row, nil); err != nil {
			t.Fatal(err)
		}
		if err := m.Observe(t.Context(), []collectors.Observation{o}); err != nil {
			t.Fatal(err)
		}
		if err := h.pipeline(m).Settle(t.Context(), h.cloud.clock()); err != nil {
			t.Fatal(err)
		}
		slices.Sort(m.derived)
		if !slices.Equal(m.derived, want) {
			t.Errorf("%s: %v was worked out again; want %v", what, m.derived, want)
		}
		if m.account != verdict {
			t.Errorf("%s: the account has a %q by %+v; want %q", what, m.account, m.why, verdict)
		}
	}
	bucket := func(id string, labels map[string]string) collectors.Observation {
		return h.labelled(id, &inventory.ObjectStorage{}, labels, false)
	}
	account := h.labelled(accountRecord, &inventory.CloudAccount{}, map[string]string{"Environment": "prod"}, false)
	step("the account comes", evaluator.Pass, account, accountRecord)
	step("one comes without labels", "", bucket("plain", nil), "plain")
	step("one comes with another label", "", bucket("team", map[string]string{"team": "staging"}), "team")
	step("one comes with the same", evaluator.Pass, bucket("a", map[string]string{"env": "live"}), "a", accountRecord)
	step("one comes with staging", evaluator.Fail, bucket("b", map[string]string{"ENV": "staging"}), accountRecord, "b")
	step("it changes another label", "", bucket("b", map[string]string{"ENV": "staging", "team": "web"}), "b")
	step("it changes to live", evaluator.Pass, bucket("b", map[string]string{"ENV": "live"}), accountRecord, "b")
	step("one is read without its labels", evaluator.Unknown,
		h.labelled("plain", &inventory.ObjectStorage{}, nil, true), accountRecord, "plain")
	if f := h.finding(accountRecord); f != "unknown denied" {
		t.Errorf("the account's finding is %q, want what was denied", f)
	}
}

// finding is the verdict of the finding on the account's environments, with its cause when it is not known.
func (h *house) finding(id string) (out string) {
	h.t.Helper()
	h.within(func(tx store.Tx) error {
		return tx.QueryRow(context.Background(), `
			SELECT verdict || coalesce(' ' || (unknown -> 0 ->> 'cause'), '') FROM findings
			WHERE  tenant_id = $1 AND check_id = 'account-single-environment' AND resource_id = $2 AND state <> 'resolved'`,
			h.tenant, store.ResourceID(id)).Scan(&out)
	})
	return out
}
