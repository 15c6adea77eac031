package schedule

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

const (
	tlsCheck  = "object-storage-tls-required"
	sshCheck  = "firewall-admin-port-world-open"
	dataCheck = "firewall-data-port-world-open"
)

func TestAnUnchangedRescanWritesNothingForAResource(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.cloud.Buckets = map[string]bucket{"a": {"a", yes()}, "b": {"b", no()}}
	h.cloud.Groups = map[string]group{"g": {"eu-central-1", "g", []int{22}, "vpc"}}
	h.collect()
	tables := []string{
		"resources", "resource_versions", "derived_facts", "derived_fact_versions", "edges", "findings", "finding_versions", "finding_events",
		"tallies", "control_statuses", "scores", "pending_resources", "listings",
	}
	before := map[string]int{}
	for _, table := range tables {
		before[table] = h.count(table)
	}
	if before["resources"] == 0 || before["findings"] == 0 || before["tallies"] == 0 {
		t.Fatalf("the first run left nothing: %v", before)
	}
	written := h.written()
	for range 3 {
		if m := h.collect(); m.changed != 0 || m.removed != 0 {
			t.Errorf("an unchanged rescan changed %d and removed %d", m.changed, m.removed)
		}
	}
	for _, table := range tables {
		if n := h.count(table); n != before[table] {
			t.Errorf("%s grew from %d to %d rows", table, before[table], n)
		}
	}
	if again := h.written(); again != written {
		t.Errorf("resources, derived facts or findings were written: %q, before %q", again, written)
	}
}

// written tells which transactions wrote the rows last: an unchanged one keeps its xmin.
func (h *house) written() (out string) {
	h.t.Helper()
	h.within(func(tx store.Tx) error {
		return tx.QueryRow(context.Background(), `
			SELECT (SELECT string_agg(xmin::text, ',' ORDER BY id) FROM resources WHERE NOT placeholder) || ' ' ||
			       (SELECT string_agg(xmin::text, ',' ORDER BY resource_id) FROM derived_facts) || ' ' ||
			       (SELECT string_agg(xmin::text, ',' ORDER BY id) FROM findings)`).Scan(&out)
	})
	return out
}

func TestFindingsFollowTheCloud(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.cloud.Buckets = map[string]bucket{"a": {"a", no()}}
	h.cloud.Groups = map[string]group{"g": {"eu-central-1", "g", []int{22}, "vpc"}}
	step := func(what string, change func(), key, want string) {
		t.Helper()
		change()
		h.collect()
		if got := h.standing()[key]; got != want {
			t.Errorf("%s: %s is %q, want %q", what, key, got, want)
		}
	}
	bucketKey, groupKey := tlsCheck+" a", sshCheck+" g"
	step("clear text is served", func() {}, bucketKey, "fail open")
	step("the policy cannot be read", func() { h.cloud.Buckets["a"] = bucket{"a", nil} }, bucketKey, "fail unread open")
	step("it can be read again", func() { h.cloud.Buckets["a"] = bucket{"a", no()} }, bucketKey, "fail open")
	step("it is mended", func() { h.cloud.Buckets["a"] = bucket{"a", yes()} }, bucketKey, "")
	step("it is broken again", func() { h.cloud.Buckets["a"] = bucket{"a", no()} }, bucketKey, "fail regressed")
	step("the listing is denied", func() { h.cloud.Denied["global"] = true; delete(h.cloud.Buckets, "a") }, bucketKey, "fail regressed")
	step("the other kind is not blocked by it", func() { delete(h.cloud.Groups, "g") }, groupKey, "")
	step("the listing comes back without it", func() { h.cloud.Denied = map[string]bool{} }, bucketKey, "")
}

func TestADeniedListingIsOneUnknownForEachCheck(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.cloud.Groups = map[string]group{"g": {"us-east-1", "g", []int{22}, "vpc"}, "e": {"eu-central-1", "e", []int{5432}, "vpc"}}
	h.cloud.Denied["us-east-1"] = true
	if m := h.collect(); m.Ended().State != "partial" {
		t.Errorf("the run is %s, want partial", m.Ended().State)
	}
	standing := h.standing()
	place := "every aws.ec2.security_group in us-east-1"
	if standing[sshCheck+" "+place] != "unknown open" || standing[dataCheck+" e"] != "fail open" || standing[sshCheck+" g"] != "" {
		t.Errorf("standing: %v", standing)
	}
	h.cloud.Denied = map[string]bool{}
	h.collect()
	standing = h.standing()
	if standing[sshCheck+" "+place] != "" || standing[sshCheck+" g"] != "fail open" {
		t.Errorf("after the listing came back: %v", standing)
	}
}

func TestOneChangedResource(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.cloud.Buckets = map[string]bucket{"a": {"a", yes()}, "b": {"b", yes()}}
	h.collect()
	written := h.judgedAt("b")
	h.cloud.Buckets["a"] = bucket{"a", no()}
	h.change("a")
	if got := h.standing()[tlsCheck+" a"]; got != "fail open" {
		t.Errorf("after the change: %q, want fail open", got)
	}
	if again := h.judgedAt("b"); again != written {
		t.Error("a resource that does not depend on the change was worked out again")
	}
	delete(h.cloud.Buckets, "a")
	h.change("a")
	if got := h.standing()[tlsCheck+" a"]; got != "" {
		t.Errorf("after the bucket went: %q, want nothing", got)
	}
	if n := h.count("resource_versions"); n != 2 {
		t.Errorf("%d past versions, want the one before the change and the one before the end", n)
	}
}

func (h *house) judgedAt(name string) (xmin string) {
	h.t.Helper()
	h.within(func(tx store.Tx) error {
		return tx.QueryRow(context.Background(), `SELECT xmin::text FROM derived_facts WHERE resource_id = $1`, store.ResourceID(bucketID(name))).Scan(&xmin)
	})
	return xmin
}

func TestJudgingAgainRestsOnWhatIsDerived(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.cloud.Buckets = map[string]bucket{"a": {"a", yes()}, "b": {"b", no()}}
	h.cloud.Groups = map[string]group{"g": {"eu-central-1", "g", []int{22}, "vpc"}}
	h.collect()
	written, events := h.written(), h.count("finding_events")
	again := func() {
		t.Helper()
		h.within(func(tx store.Tx) error {
			return tx.Rejudge(context.Background(), slices.Sorted(maps.Keys(inventory.Classes)), evaluator.CauseCatalogueChanged)
		})
	}
	due := func() (judge, derive int) {
		t.Helper()
		h.within(func(tx store.Tx) error {
			return tx.QueryRow(context.Background(), `
				SELECT count(*) FILTER (WHERE judge_only), count(*) FILTER (WHERE NOT judge_only)
				FROM   pending_resources WHERE tenant_id = $1`, h.tenant).Scan(&judge, &derive)
		})
		return judge, derive
	}
	again()
	if judge, derive := due(); judge == 0 || derive != 0 {
		t.Errorf("%d are due to be judged and %d to be derived; want all to be judged only", judge, derive)
	}
	m := NewMemory(h.store, h.catalogue, h.tenant, h.scope.ID, uuid.New())
	if err := h.pipeline(m).Settle(context.Background(), h.cloud.clock()); err != nil {
		t.Fatal(err)
	}
	if after := h.written(); after != written || h.count("finding_events") != events {
		t.Errorf("judging again wrote rows, or %d events", h.count("finding_events")-events)
	}
	// A change that comes before the judging has the resource derived again.
	again()
	h.within(func(tx store.Tx) error {
		b := inventory.New(bucketID("b"), "b", "eu-central-1", &inventory.ObjectStorage{TLSRequired: true, TLSMinVersion: 1.2})
		b.Known("tls_required")
		b.SetInherent("tls_min_version")
		b.Kind, b.Scope, b.ObservedAt = "aws.s3.bucket", testScope, h.cloud.clock()
		b.MarkFacts()
		_, err := tx.Observe(context.Background(), h.scope.ID, uuid.Nil, []store.Observed{{Resource: b, Listing: "global"}}, false)
		return err
	})
	if _, derive := due(); derive == 0 {
		t.Error("a changed resource is due to be judged only")
	}
	if err := h.pipeline(m).Settle(context.Background(), h.cloud.clock()); err != nil {
		t.Fatal(err)
	}
	if got := h.standing()[tlsCheck+" b"]; got != "" {
		t.Errorf("the mended bucket is %q", got)
	}
}
