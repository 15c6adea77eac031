package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/store"
)

func TestInventoryEmpty(t *testing.T) {
	t.Parallel()
	has(t, empty(t).get(t, "/inventory"), ".empty h2", "Connect a first account")
}

func TestInventoryFull(t *testing.T) {
	t.Parallel()
	s := full(t)
	doc := s.get(t, "/inventory?class=object_storage&q=lake")
	if n := doc.Find("tbody tr").Length(); n != 9 {
		t.Errorf("%d buckets, want 9", n)
	}
	has(t, s.get(t, "/inventory?q=arn:aws:s3:::shop-exports"), ".title", "shop-exports")
	has(t, s.get(t, "/inventory?kind=azure.sql.server"), "tbody .mark", "Listing failed")
	has(t, s.get(t, "/inventory?q=nothing+has+this+name"), ".empty h2", "Nothing matches")
}

func TestResourceShowsWhatIsKnownAndWhatIsNot(t *testing.T) {
	t.Parallel()
	s := full(t)
	doc := s.get(t, "/inventory/"+store.ResourceID(estate()[4].id).String())
	has(t, doc, "h1", "shopassets")
	for name, want := range map[string][]string{
		"access_logged":   {"?Unknown", "Permission denied: needs Microsoft.Insights/diagnosticSettings/read"},
		"tls_min_version": {"1", "read"},
		"environment":     {"production"},
	} {
		for _, words := range want {
			has(t, doc, `.facts tr:contains("`+name+`") td`, words)
		}
	}
	has(t, doc, "#answer pre", `"Name": "shopassets"`)
	has(t, doc, ".rows .mark", "Fail")
	has(t, doc, ".rows .mark", "Pass")
	has(t, doc, ".rows .mark", "Unknown")
	s.page(t, "/inventory/"+store.ResourceID("nobody").String(), http.StatusNotFound)
}

func TestResourceShowsWhatChanged(t *testing.T) {
	t.Parallel()
	s := full(t)
	page := "/inventory/" + store.ResourceID("//storage.googleapis.com/projects/_/buckets/lake-archive-06").String()
	doc := s.get(t, page)
	change := first(t, doc, "#history a", "what changed")
	diff := s.get(t, strings.TrimSuffix(change, "#history"))
	if diff.Find("table.diff tbody tr").Length() == 0 {
		t.Error("two versions differ in nothing")
	}
	has(t, diff, "table.diff .was", "false")
	has(t, diff, "table.diff .is", "true")
}

func TestPlaceholderSaysWhatItStandsFor(t *testing.T) {
	t.Parallel()
	s := full(t)
	doc := s.get(t, first(t, s.get(t, "/inventory?kind=azure.sql.server"), ".title", "azure.sql.server"))
	has(t, doc, ".notice h2", "This stands for what could not be listed")
	hasNot(t, doc, ".rows .mark", "Pass")
}
