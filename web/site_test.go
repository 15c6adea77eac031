package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/api/auth"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/store/storetest"
)

// deeds stands in for the runner and the connector, which meet the clouds.
type deeds struct {
	store  *store.Store
	now    time.Time
	probes []Probe
}

func (d deeds) StartRun(ctx context.Context, tenant, scope uuid.UUID) (uuid.UUID, error) {
	run := uuid.New()
	return run, d.store.InTx(ctx, tenant, func(tx store.Tx) error {
		return tx.QueueRun(ctx, run, scope, "request",
			d.now)
	})
}

func (d deeds) CancelRun(ctx context.Context, tenant, run uuid.UUID) error {
	return d.store.InTx(ctx, tenant, func(tx store.Tx) error { return tx.CancelRun(ctx, run, d.now) })
}

func (d deeds) Guides(externalID string) ([]Guide, error) {
	account := func(wrong string) Field { return Field{Name: "account", Label: "Id", Required: true, Wrong: wrong} }
	return []Guide{
		{Cloud: "aws", Scope: "AWS account", Steps: []Step{
			{ID: "trust", Code: "{\n  \"Condition\": {\"StringEquals\": {\"sts:ExternalId\": \"" + externalID + "\"}}\n}"},
			{ID: "rights", Code: `{"Statement": [{"Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": "*"}]}`},
		}, Fields: []Field{account("twelve digits"), {Name: "role", Shape: "^arn:", Wrong: "an ARN"},
			{Name: "external_id", Fixed: true}, {Name: "regions", Shape: `-\d$`, Wrong: "a region"},
			{Name: "aggregator"}, {Name: "aggregator_role", Shape: "^arn:", Wrong: "an ARN"}}},
		{Cloud: "azure", Scope: "Azure subscription", Steps: []Step{{ID: "rights", Code: "Microsoft.Storage"}},
			Fields: []Field{account("a UUID"), {Name: "directory"}, {Name: "client"}}},
	}, nil
}

func (d deeds) Test(context.Context, uuid.UUID, store.Scope) ([]Probe, error) { return d.probes, nil }

// site is the pages over a world.
type site struct {
	*world
	handler http.Handler
	options Options
}

func (w *world) site(change ...func(*Options)) *site {
	d := deeds{store: w.store, now: today}
	o := Options{
		Store: w.store, Catalogue: w.catalogue, Runner: d, Connector: d, Loopback: true, Version: "1.2.3",
		Auth: auth.New(w.store, auth.Options{Anonymous: w.tenant}),
		Now:  func() time.Time { return today }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	for _, fn := range change {
		fn(&o)
	}
	return &site{w, New(o), o}
}

func dsn(t *testing.T) string {
	t.Helper()
	return storetest.DSN(t)
}

// empty is a site of a tenant without any scope.
func empty(t *testing.T, change ...func(*Options)) *site {
	t.Helper()
	return newWorld(t, dsn(t)).site(change...)
}

// full is a site whose estate was collected three times.
func full(t *testing.T, change ...func(*Options)) *site {
	t.Helper()
	w := newWorld(t, dsn(t))
	w.live(t, 3, 48*time.Hour)
	return w.site(change...)
}

func (s *site) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// selection is what a page is asserted on.
type selection = goquery.Selection

// near is a request from this machine, whose administrator the tests are.
func near(method, path, form string) *http.Request {
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(form))
	r.RemoteAddr = "127.0.0.1:40000"
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

// get reads a page that must exist.
func (s *site) get(t *testing.T, path string) *goquery.Document {
	t.Helper()
	return s.page(t, path, http.StatusOK)
}

// page reads a page that answers with the status, and checks what holds on every page.
func (s *site) page(t *testing.T, path string, status int) *goquery.Document {
	t.Helper()
	return s.answer(t, near(http.MethodGet, path, ""), status)
}

// answer reads the page that a request is answered with.
func (s *site) answer(t *testing.T, r *http.Request, status int) *goquery.Document {
	t.Helper()
	w, path := s.do(r), r.URL.RequestURI()
	body := w.Body.String()
	if w.Code != status {
		t.Fatalf("%s answered %d, want %d: %s", path, w.Code, status, body)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	inspect(t, path, body, doc)
	return doc
}

// inspect checks a page for what no page may have or lack.
func inspect(t *testing.T, path, body string, doc *goquery.Document) {
	t.Helper()
	if doc.Find("h1").Length() != 1 {
		t.Errorf("%s has %d headings of the first level, want 1", path, doc.Find("h1").Length())
	}
	for _, selector := range []string{"[style]", "style", "script:not([src])",
		"[onclick], [onchange], [onsubmit], [onload]"} {
		if n := doc.Find(selector).Length(); n > 0 {
			t.Errorf("%s has %d of %s, which the content policy refuses", path, n, selector)
		}
	}
	if strings.Contains(body, "ZgotmplZ") || strings.Contains(body, "&lt;no value&gt;") || strings.Contains(body,
		"<no value>") {
		t.Errorf("%s holds a value that no template could show", path)
	}
	ids := map[string]bool{}
	doc.Find("[id]").Each(func(_ int, e *goquery.Selection) {
		id := e.AttrOr("id", "")
		if ids[id] {
			t.Errorf("%s has the id %q twice", path, id)
		}
		ids[id] = true
	})
	doc.Find("[aria-labelledby], [aria-describedby]").Each(func(_ int, e *goquery.Selection) {
		if id := e.AttrOr("aria-labelledby", e.AttrOr("aria-describedby", "")); !ids[id] {
			t.Errorf("%s refers to %q, which it does not have", path, id)
		}
	})
	doc.Find("input:not([type=hidden]), select, textarea").Each(func(_ int, e *goquery.Selection) {
		if id := e.AttrOr("id", ""); id == "" || doc.Find(`label[for="`+id+`"]`).Length() == 0 {
			html, _ := goquery.OuterHtml(e)
			t.Errorf("%s has a field without a label: %s", path, html)
		}
	})
	doc.Find("main table").Each(func(_ int, e *goquery.Selection) {
		if e.Find("caption").Length() == 0 && e.AttrOr("id", "") != "chart-data" {
			t.Errorf("%s has a table without a caption: %.80s", path, e.Text())
		}
	})
	doc.Find("time").Each(func(_ int, e *goquery.Selection) {
		if e.AttrOr("datetime", "") == "" || !strings.Contains(e.AttrOr("title", ""), "UTC") {
			t.Errorf("%s shows a time without its exact form: %q", path, e.Text())
		}
	})
}

// has fails unless the selector finds something that holds the words.
func has(t *testing.T, doc *goquery.Document, selector, words string) {
	t.Helper()
	found := false
	doc.Find(selector).Each(func(_ int, e *goquery.Selection) {
		found = found || strings.Contains(strings.Join(strings.Fields(e.Text()), " "), words)
	})
	if !found {
		t.Errorf("no %s holds %q", selector, words)
	}
}

// hasNot fails when the selector finds something that holds the words.
func hasNot(t *testing.T, doc *goquery.Document, selector, words string) {
	t.Helper()
	doc.Find(selector).Each(func(_ int, e *goquery.Selection) {
		if strings.Contains(e.Text(), words) {
			t.Errorf("a %s holds %q", selector, words)
		}
	})
}
