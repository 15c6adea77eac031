package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

func TestOverviewInvitesToConnect(t *testing.T) {
	t.Parallel()
	doc := empty(t).get(t, "/")
	has(t, doc, "h1", "ISO/IEC 27001:2022")
	has(t, doc, `.empty a[href="/start"]`, "Connect an account")
	if doc.Find(".figures").Length() != 0 {
		t.Error("figures stand although nothing was collected")
	}
}

func TestOverviewLeadsWithScoreAndItsCoverage(t *testing.T) {
	t.Parallel()
	s := full(t)
	doc := s.get(t, "/")
	for _, want := range [][2]string{
		{".figures dt", "Coverage"}, {".figures dd", "questions answered"}, {".figures dt", "Newest evidence"},
		{".figures .formula", "Weight of passes ÷ weight of all that should have been judged"},
		{".figures h2", "Compliance, by control"}, {".figures h2", "Posture, not compliance"},
		{".head p", "What holds across AWS, Azure and Google Cloud"},
		{"h2", "93 controls"}, {".rows code", "Microsoft.Sql/servers/read"}, {".rows .mark", "Partial"}, {".rows .title",
			"shop-production"},
	} {
		has(t, doc, want[0], want[1])
	}
	if n := doc.Find(".cells .cell").Length(); n != 93 {
		t.Errorf("the wall has %d cells, want 93", n)
	}
	label := doc.Find(".chart svg").AttrOr("aria-label", "")
	if !strings.Contains(label, "Score from") || doc.Find(".chart path.score").AttrOr("d", "") == "" {
		t.Errorf("the line is not drawn, or not told: %q", label)
	}
	doc.Find(".rows .title").Each(func(_ int, e *goquery.Selection) {
		if href := e.AttrOr("href", ""); strings.HasPrefix(href, "/findings/") {
			s.get(t, href)
		}
	})
}

func TestOverviewCountsAgreeWithTheListsTheyLeadTo(t *testing.T) {
	t.Parallel()
	s := full(t)
	doc := s.get(t, "/")
	doc.Find(".legend a").Each(func(_ int, e *goquery.Selection) {
		want := strings.TrimSpace(e.Find("b").Text())
		list := s.get(t, e.AttrOr("href", ""))
		if got := list.Find("table.controls tbody tr").Length(); count(got) != want {
			t.Errorf("%s counts %s, the list it leads to has %d", strings.TrimSpace(e.Text()), want, got)
		}
	})
}

func TestMissingRightsLeadToWhatTheyAnswer(t *testing.T) {
	t.Parallel()
	s := full(t)
	s.get(t, "/").Find(`.rows a[href*="cause="]`).Each(func(_ int, e *goquery.Selection) {
		list := s.get(t, e.AttrOr("href", ""))
		if got, want := plural(list.Find("#results tbody tr").Length(), "question", "questions"), e.Text(); got != want {
			t.Errorf("%s leads to %s", want, got)
		}
	})
	path := "/scopes/" + store.ScopeKey(string(store0)).String()
	if s.get(t, path).Find(`.rows a[href*="scope="][href*="permission="]`).Length() == 0 {
		t.Error("the rights a scope lacks lead nowhere")
	}
}

func TestOverviewOfTheOtherEdition(t *testing.T) {
	t.Parallel()
	doc := full(t).get(t, "/?framework="+evaluator.ISO2013)
	has(t, doc, "h1", "ISO/IEC 27001:2013")
	has(t, doc, `.switch [aria-current]`, "2013")
	if n := doc.Find(".cells .cell").Length(); n != 114 {
		t.Errorf("the wall has %d cells, want 114", n)
	}
}

func TestOverviewOfNoFramework(t *testing.T) {
	t.Parallel()
	empty(t).page(t, "/?framework=pci", http.StatusNotFound)
}

func TestHistoryTellsTheLineAsATable(t *testing.T) {
	t.Parallel()
	has(t, empty(t).get(t, "/history"), ".empty h2", "No figure yet")
	doc := full(t).get(t, "/history")
	has(t, doc, "tbody tr:first-child td", "Mon 23 Nov 2026")
	has(t, doc, "tbody td", "%")
}
