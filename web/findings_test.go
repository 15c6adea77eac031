package web

import (
	"net/http"
	"strings"
	"testing"
)

// first is the address behind the first link that the selector finds and that holds the words.
func first(t *testing.T, doc interface{ Find(string) *selection }, selector, words string) string {
	t.Helper()
	var href string
	doc.Find(selector).EachWithBreak(func(_ int, e *selection) bool {
		if strings.Contains(e.Text(), words) {
			href = e.AttrOr("href", "")
		}
		return href == ""
	})
	if href == "" {
		t.Fatalf("no %s with %q", selector, words)
	}
	return href
}

func TestFindingsEmpty(t *testing.T) {
	t.Parallel()
	has(t, empty(t).get(t, "/findings"), "#results .empty h2", "Connect a first account")
}

func TestFindingsFilterInTheAddress(t *testing.T) {
	t.Parallel()
	s := full(t)
	cases := []struct{ query, selector, every string }{
		{"severity=critical&verdict=fail", "tbody .severity", "Critical"},
		{"verdict=unknown", "tbody .what", "Not known for"},
		{"check=object-storage-tls-required", "tbody .what", "TLS"},
		{"q=build-03", "tbody td:nth-child(3)", "build-03"},
		{"scope=" + string(shop), "tbody .cloud", "AWS"},
		{"state=open", "tbody td:nth-child(4)", "Open"},
	}
	for _, c := range cases {
		doc := s.get(t, "/findings?"+c.query)
		if doc.Find(c.selector).Length() == 0 {
			t.Errorf("%s finds nothing", c.query)
		}
		doc.Find(c.selector).Each(func(_ int, e *selection) {
			if !strings.Contains(e.Text(), c.every) {
				t.Errorf("%s shows %q, want %q in every row", c.query, e.Text(), c.every)
			}
		})
	}
	has(t, s.get(t, "/findings?q=no+such+thing"), ".empty h2", "Nothing matches")
	for _, wrong := range []string{"severity=terrible", "verdict=pass", "state=closed", "control=A.99", "cursor=zzz"} {
		s.page(t, "/findings?"+wrong, http.StatusBadRequest)
	}
}

func TestFindingsOfAControlWithoutChecksAreNone(t *testing.T) {
	t.Parallel()
	doc := full(t).get(t, "/findings?control=A.5.1")
	if n := doc.Find("#results tbody tr").Length(); n != 0 {
		t.Errorf("%d findings are counted against a control that no check speaks for", n)
	}
}

func TestFindingsPageOnWithoutLoss(t *testing.T) {
	t.Parallel()
	s := full(t)
	seen := map[string]bool{}
	path, total := "/findings", ""
	for range 20 {
		doc := s.get(t, path)
		total = doc.Find(".pager span").First().Text()
		doc.Find("tbody .title").Each(func(_ int, e *selection) {
			href := e.AttrOr("href", "")
			if seen[href] {
				t.Errorf("%s stands on two pages", href)
			}
			seen[href] = true
		})
		if path = doc.Find(`a[rel="next"]`).AttrOr("href", ""); path == "" {
			break
		}
	}
	if len(seen) <= pageSize || !strings.HasPrefix(total, count(len(seen))+" ") {
		t.Errorf("%d findings on all pages, the page says %q", len(seen), total)
	}
}

func TestFindingTellsWhatWhyAndHow(t *testing.T) {
	t.Parallel()
	s := full(t)
	path := first(t, s.get(t, "/findings?check=instance-admin-port-reachable&q=build-03"), ".title", "build-03")
	doc := s.get(t, path)
	has(t, doc, "h1", "build-03 can be administered from the open internet")
	has(t, doc, ".path li.opens", "This opens it")
	has(t, doc, ".facts", "reachable_admin_ports")
	has(t, doc, "#fix pre", "gcloud compute ssh build-03")
	has(t, doc, ".story li", "Opened as fail")
	has(t, doc, "table a", "A.8.20")
	console := s.get(t, path+"?fix=console")
	has(t, console, ".tabs [aria-current]", "Console")
	if console.Find(".clicks li").Length() < 2 {
		t.Error("the way through the console is not told step by step")
	}
}

func TestFindingShowsHowContextMovedIt(t *testing.T) {
	t.Parallel()
	s := full(t)
	doc := s.get(t, first(t, s.get(t, "/findings?check=object-storage-tls-required"), ".title", "shop-exports"))
	has(t, doc, ".why h2", "raised from medium")
	has(t, doc, ".steps", "It holds data labelled personal. C7")
}

func TestUnknownFindingNamesItsCure(t *testing.T) {
	t.Parallel()
	s := full(t)
	doc := s.get(t, first(t, s.get(t, "/findings?verdict=unknown&q=shopassets"), ".title", "recorded"))
	has(t, doc, "h1", "Not known for shopassets: use of objects is recorded")
	has(t, doc, ".rows code", "Microsoft.Insights/diagnosticSettings/read")
	hasNot(t, doc, ".why .mark", "Pass")
}

func TestFindingOfNobody(t *testing.T) {
	t.Parallel()
	s := full(t)
	s.page(t, "/findings/00000000-0000-0000-0000-000000000001", http.StatusNotFound)
	s.page(t, "/findings/1", http.StatusNotFound)
}
