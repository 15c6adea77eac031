package schedule

import (
	"context"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// editedCatalogue is the catalogue of the release after an edit of its files.
func editedCatalogue(t *testing.T, edit func(fstest.MapFS)) *evaluator.Catalogue {
	t.Helper()
	files := fstest.MapFS{}
	root := os.DirFS("../../evaluator/catalog")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") || strings.HasPrefix(path, "testdata") {
			return err
		}
		raw, err := fs.ReadFile(root, path)
		files[path] = &fstest.MapFile{Data: raw}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	edit(files)
	c, err := evaluator.LoadCatalogue(files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func replaceIn(t *testing.T, files fstest.MapFS, check, from, to string) {
	t.Helper()
	f := files["checks/"+check+".yaml"]
	edited := strings.Replace(string(f.Data), from, to, 1)
	if edited == string(f.Data) {
		t.Fatalf("%s does not say %q", check, from)
	}
	f.Data = []byte(edited)
}

// judgedHouse has one bucket and one firewall that fail, judged by the release.
func judgedHouse(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	h.cloud.Buckets = map[string]bucket{"a": {"a", no()}}
	h.cloud.Groups = map[string]group{"g": {"eu-central-1", "g", []int{22}, "vpc"}}
	h.collect()
	h.rejudge(evaluator.CauseCatalogueChanged)
	return h
}

// rejudge has the house judged again by its catalogue, as a new process would.
func (h *house) rejudge(cause evaluator.Cause) {
	h.t.Helper()
	ctx := context.Background()
	if err := h.store.Register(ctx, h.catalogue, day); err != nil {
		h.t.Fatal(err)
	}
	s := schedulerOver(h.store, h.catalogue, h.cloud)
	if err := s.Rejudge(ctx, h.tenant, cause); err != nil {
		h.t.Fatal(err)
	}
}

// due counts by class what a changed catalogue would make due, without doing it.
func (h *house) due(c *evaluator.Catalogue) map[inventory.Class]int {
	h.t.Helper()
	out := map[inventory.Class]int{}
	undo := context.Canceled
	err := h.store.InTx(context.Background(), h.tenant, func(tx store.Tx) error {
		if err := makeDue(context.Background(), tx, c, evaluator.CauseCatalogueChanged, day); err != nil {
			return err
		}
		rows, err := tx.Query(context.Background(), `
			SELECT r.class, p.cause FROM pending_resources p JOIN resources r ON r.tenant_id = p.tenant_id AND r.id = p.resource_id
			WHERE  p.tenant_id = $1 AND NOT r.placeholder`, h.tenant)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var class inventory.Class
			var cause evaluator.Cause
			if err := rows.Scan(&class, &cause); err != nil {
				return err
			}
			if cause != evaluator.CauseCatalogueChanged {
				h.t.Errorf("a %s is due because of %s", class, cause)
			}
			out[class]++
		}
		if err := rows.Err(); err != nil {
			return err
		}
		return undo
	})
	if err != undo { //nolint:errorlint // it is the very error
		h.t.Fatal(err)
	}
	return out
}

// causeOf is what the last event of a check on a resource says.
func (h *house) causeOf(check, name string) (what string, cause evaluator.Cause) {
	h.t.Helper()
	h.within(func(tx store.Tx) error {
		return tx.QueryRow(context.Background(), `
			SELECT e.what, e.cause FROM finding_events e JOIN findings f ON f.tenant_id = e.tenant_id AND f.id = e.finding_id
			WHERE  e.tenant_id = $1 AND f.check_id = $2 AND f.resource_name = $3 ORDER BY e.at DESC, e.seq DESC LIMIT 1`,
			h.tenant, check, name).Scan(&what, &cause)
	})
	return what, cause
}

func TestCorrectedProseJudgesNothing(t *testing.T) {
	t.Parallel()
	h := judgedHouse(t)
	c := editedCatalogue(t, func(files fstest.MapFS) {
		replaceIn(t, files, tlsCheck, "A client that may fall back", "A caller that may fall back")
		replaceIn(t, files, tlsCheck, "title: Buckets refuse", "title: Every bucket refuses")
	})
	if c.Version != h.catalogue.Version {
		t.Errorf("prose made the version %s, was %s", c.Version, h.catalogue.Version)
	}
	if due := h.due(c); len(due) != 0 {
		t.Errorf("corrected prose makes due: %v", due)
	}
}

func TestAChangedCheckJudgesItsClassesOnly(t *testing.T) {
	t.Parallel()
	h := judgedHouse(t)
	c := editedCatalogue(t, func(files fstest.MapFS) {
		replaceIn(t, files, tlsCheck, "passes_when: resource.tls_required == true &&",
			"passes_when: resource.tls_required == false &&")
		replaceIn(t, files, tlsCheck, "tls_required: true, tls_min_version: 1.2}, want: pass",
			"tls_required: true, tls_min_version: 1.2}, want: fail")
	})
	if due := h.due(c); due[inventory.ClassObjectStorage] != 1 || due[inventory.ClassFirewall] != 0 {
		t.Fatalf("a changed check of buckets makes due: %v, want the bucket alone", due)
	}
	h.catalogue = c
	h.rejudge(evaluator.CauseCatalogueChanged)
	if got, there := h.standing()[tlsCheck+" a"]; there {
		t.Errorf("the bucket stands as %q under a rule that it passes", got)
	}
	if what, cause := h.causeOf(tlsCheck, "a"); what != "resolved" || cause != evaluator.CauseCatalogueChanged {
		t.Errorf("the finding was %s because of %s, want resolved because of catalogue_changed", what, cause)
	}
}

func TestARetiredCheckEndsItsFindings(t *testing.T) {
	t.Parallel()
	h := judgedHouse(t)
	c := editedCatalogue(t, func(files fstest.MapFS) { delete(files, "checks/"+tlsCheck+".yaml") })
	if due := h.due(c); due[inventory.ClassObjectStorage] != 1 || due[inventory.ClassFirewall] != 0 {
		t.Fatalf("a retired check of buckets makes due: %v, want the bucket that failed it", due)
	}
	h.catalogue = c
	h.rejudge(evaluator.CauseCatalogueChanged)
	if what, cause := h.causeOf(tlsCheck, "a"); what != "resolved" || cause != evaluator.CauseCatalogueChanged {
		t.Errorf("the finding of a retired check was %s because of %s", what, cause)
	}
}

const ownCheck = `id: acme-buckets-read-tls
title: Buckets speak TLS as we want it
fails: "{name} does not"
class: [object_storage]
severity: high
passes_when: resource.tls_required == true
examples:
  - {name: asked, given: {tls_required: true}, want: pass}
  - {name: not asked, given: {tls_required: false}, want: fail}
  - {name: unread, given: {}, want: unknown}
`

func TestACustomCheckJudgesItsTenant(t *testing.T) {
	t.Parallel()
	h := judgedHouse(t)
	h.cloud.Buckets["b"] = bucket{"b", yes()}
	h.collect()
	check, err := evaluator.ParseCheck([]byte(ownCheck))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	h.within(func(tx store.Tx) error {
		added, err := tx.PutCustomCheck(ctx, check, ownCheck, day)
		if err == nil && !added {
			t.Error("the first version of a check is not new")
		}
		return err
	})
	h.rejudge(evaluator.CauseCatalogueChanged)
	if got := h.standing()["acme-buckets-read-tls a"]; got != "fail open" {
		t.Errorf("the custom check says %q of the bucket that fails it, want fail open", got)
	}
	if what, cause := h.causeOf(check.ID, "a"); what != "opened" || cause != evaluator.CauseCatalogueChanged {
		t.Errorf("the finding of a new check was %s because of %s", what, cause)
	}
	var tally evaluator.Tally
	h.within(func(tx store.Tx) error {
		counts, err := tx.CheckCounts(ctx, h.scope.ID, []string{check.ID}, day.AddDate(1, 0, 0))
		tally = counts[check.ID]
		return err
	})
	if tally.Pass != 1 || tally.Fails() != 1 {
		t.Errorf("the custom check counts %d passes and %d fails, want 1 and 1", tally.Pass, tally.Fails())
	}
	h.within(func(tx store.Tx) error { return tx.RemoveCustomCheck(ctx, check.ID, day) })
	h.rejudge(evaluator.CauseCatalogueChanged)
	if what, cause := h.causeOf(check.ID, "a"); what != "resolved" || cause != evaluator.CauseCatalogueChanged {
		t.Errorf("the finding of a removed check was %s because of %s", what, cause)
	}
}

func TestChangedSettingsJudgeAgain(t *testing.T) {
	t.Parallel()
	h := judgedHouse(t)
	ctx := context.Background()
	settings := inventory.Defaults()
	settings.KeyAgeDays = 30
	for i, want := range []bool{true, false} {
		h.within(func(tx store.Tx) error { return tx.PutSettings(ctx, settings, day) })
		if due := h.count("pending_resources") > 0; due != want {
			t.Errorf("change %d: something is due: %v, want %v", i, due, want)
		}
		h.rejudge("")
	}
	if n := h.count("settings_versions"); n != 1 {
		t.Errorf("%d versions of the settings, want 1: the second change changed nothing", n)
	}
	h.within(func(tx store.Tx) error {
		read, err := tx.Settings(ctx, day)
		if err == nil && read.KeyAgeDays != 30 {
			t.Errorf("key_age_days is %d, want 30", read.KeyAgeDays)
		}
		return err
	})
}
