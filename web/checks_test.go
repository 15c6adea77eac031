package web

import (
	"net/http"
	"testing"
)

func TestChecksAreAReference(t *testing.T) {
	t.Parallel()
	s := empty(t)
	doc := s.get(t, "/checks")
	if got, want := doc.Find("tbody tr").Length(), len(s.catalogue.Checks); got != want {
		t.Errorf("%d checks are listed, the catalogue holds %d", got, want)
	}
	has(t, s.get(t, "/checks?q=clear+text&class=object_storage"), ".title", "Buckets refuse clear text and old TLS")
	has(t, s.get(t, "/checks?q=no+check+says+this"), ".empty h2", "No check matches")
	check := s.get(t, "/checks/object-storage-tls-required?fix=azure")
	has(t, check, ".rule", "resource.tls_required == true")
	has(t, check, ".tabs [aria-current]", "Azure")
	has(t, check, ".rows .mark", "Unknown")
	s.page(t, "/checks/object-storage-tls-requiered", http.StatusNotFound)
}

func TestEveryCheckAndControlHasAPage(t *testing.T) {
	t.Parallel()
	s := empty(t)
	for _, check := range s.catalogue.Checks {
		s.get(t, "/checks/"+check.ID)
	}
	for _, framework := range s.catalogue.Frameworks {
		for i := range framework.Controls {
			s.get(t, "/controls/"+framework.ID+"/"+framework.Controls[i].ID)
		}
	}
}

func TestCheckWithFindings(t *testing.T) {
	t.Parallel()
	doc := full(t).get(t, "/checks/object-storage-tls-required")
	has(t, doc, ".rows .title", "shop-exports")
	has(t, doc, ".block", "AWS")
}

func TestSearchFindsAllThree(t *testing.T) {
	t.Parallel()
	s := full(t)
	has(t, s.get(t, "/search?q=shop-exports"), ".title", "shop-exports")
	has(t, s.get(t, "/search?q=A.8.20"), "tr", "Networks security")
	has(t, s.get(t, "/search?q=clear+text"), ".title", "Buckets refuse clear text")
	has(t, s.get(t, "/search?q=zzzz"), ".empty h2", "Nothing has these words")
	s.get(t, "/search")
}
