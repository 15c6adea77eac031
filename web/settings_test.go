package web

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// entered is the form as the page shows it, with some of it changed.
func (s *site) entered(t *testing.T, changes ...string) string {
	t.Helper()
	form := url.Values{}
	s.get(t, "/settings").Find("main form input").Each(func(_ int, e *selection) {
		form.Set(e.AttrOr("name", ""), e.AttrOr("value", ""))
	})
	for i := 0; i+1 < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
	}
	return form.Encode()
}

func TestSettingsAreChangedAndPrintedAtTheirChecks(t *testing.T) {
	t.Parallel()
	s := full(t)
	has(t, s.get(t, "/settings"), "#key_age_days", "Oldest long-lived key")
	has(t, s.get(t, "/settings"), ".head", "Every setting is the default")
	hasNot(t, s.get(t, "/checks/credential-rotated"), "main", "Your setting")
	w := s.do(near(http.MethodPost, "/settings", s.entered(t, "key_age_days", "30", "owner_keys", "owner, steward")))
	if w.Code != http.StatusSeeOther {
		t.Fatalf("saving answers %d: %s", w.Code, w.Body)
	}
	has(t, s.get(t, "/settings?saved=1"), ".head", "2 settings differ")
	has(t, s.get(t, "/settings?saved=1"), ".notice", "judged again")
	has(t, s.get(t, "/checks/credential-rotated"), "main", "key_age_days is 30; the default is 90")
	hasNot(t, s.get(t, "/checks/object-storage-tls-required"), "main", "Your setting")
	has(t, s.get(t, "/controls/iso27001-2022/A.5.17"), ".matrix", "key_age_days is 30; the default is 90")
	has(t, s.get(t, "/findings?check=resource-owner-labelled"), "tbody", "owner_keys is owner, steward")
	hasNot(t, s.get(t, "/findings?check=object-storage-tls-required"), "tbody", "Your setting")
	hasNot(t, s.get(t, "/settings?as_of=2026-11-22"), ".head", "differ")
	due := 0
	s.in(t, func(ctx context.Context, tx store.Tx) error {
		return tx.QueryRow(ctx,
			`SELECT count(*) FROM pending_resources WHERE tenant_id = $1 AND cause = 'settings_changed'`, s.tenant).Scan(&due)
	})
	if due == 0 {
		t.Error("nothing is judged again")
	}
}

func TestWrongSettingsAreSaidBesideThem(t *testing.T) {
	t.Parallel()
	s := empty(t)
	doc := s.answer(t, near(http.MethodPost, "/settings", s.entered(t, "key_age_days", "soon")),
		http.StatusUnprocessableEntity)
	has(t, doc, "#key_age_days .wrong", "Want a whole number.")
	if got := doc.Find("#key_age_days input").AttrOr("value", ""); got != "soon" {
		t.Errorf("the field holds %q, want what was entered", got)
	}
	doc = s.answer(t, near(http.MethodPost, "/settings", s.entered(t, "fix_days", "critical=7")),
		http.StatusUnprocessableEntity)
	has(t, doc, "#fix_days .wrong", "Want a number from 1 to 3650.")
	doc = s.answer(t, near(http.MethodPost, "/settings", s.entered(t, "tag", "old")), http.StatusConflict)
	has(t, doc, ".notice", "Somebody else changed the settings")
}

func TestCustomChecksHaveAPage(t *testing.T) {
	t.Parallel()
	s := empty(t)
	const source = `id: acme-tls
title: Buckets speak TLS as we want it
class: [object_storage]
severity: high
iso27001-2022: [A.8.24]
passes_when: resource.tls_required == true
`
	check, err := evaluator.ParseCheck([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	s.in(t, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.PutCustomCheck(ctx, check, source, today)
		return err
	})
	has(t, s.get(t, "/checks/acme-tls"), ".trail", "your own")
	has(t, s.get(t, "/checks"), "main", "Buckets speak TLS as we want it")
	has(t, s.get(t, "/controls/iso27001-2022/A.8.24"), "main", "Buckets speak TLS as we want it")
	has(t, s.get(t, "/search?q=acme-tls"), "main", "Buckets speak TLS as we want it")
}
