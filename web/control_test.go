package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestControlsEmptyAreNotEvaluated(t *testing.T) {
	t.Parallel()
	doc := empty(t).get(t, "/controls")
	if n := doc.Find("table.controls tbody tr").Length(); n != 93 {
		t.Errorf("%d controls, want 93", n)
	}
	has(t, doc, "table.controls .mark", "Not evaluated")
	hasNot(t, doc, "table.controls .mark", "Conforming")
}

func TestControlsByStatus(t *testing.T) {
	t.Parallel()
	s := full(t)
	doc := s.get(t, "/controls?status=nonconforming")
	if doc.Find("table.controls tbody tr").Length() == 0 {
		t.Fatal("no control is nonconforming")
	}
	doc.Find("table.controls tbody tr").Each(func(_ int, e *selection) {
		if !strings.Contains(e.Text(), "Nonconforming") {
			t.Errorf("a row of another status: %s", e.Text())
		}
	})
	has(t, doc, `.switch a[href*="iso27001-2013"]`, "2013")
	s.page(t, "/controls?status=green", http.StatusBadRequest)
}

func TestControlEmpty(t *testing.T) {
	t.Parallel()
	s := empty(t)
	doc := s.get(t, "/controls/iso27001-2022/A.8.20")
	has(t, doc, "h1", "A.8.20 Networks security")
	has(t, doc, ".mark.large", "Not evaluated")
	has(t, doc, ".block", "not connected")
	s.page(t, "/controls/iso27001-2022/A.99.1", http.StatusNotFound)
	s.page(t, "/controls/pci/1.1", http.StatusNotFound)
}

func TestControlOnThreeClouds(t *testing.T) {
	t.Parallel()
	s := full(t)
	doc := s.get(t, "/controls/iso27001-2022/A.8.24")
	for _, cloud := range []string{"AWS", "Azure", "Google Cloud"} {
		has(t, doc, ".block h3", cloud)
	}
	has(t, doc, ".matrix .title", "Buckets refuse clear text and old TLS")
	has(t, doc, ".matrix td", "fail")
	has(t, doc, ".rows .title", "shop-exports")
	has(t, doc, "h2", "In ISO/IEC 27001:2013")
	if label := doc.Find("svg.strip").AttrOr("aria-label", ""); !strings.Contains(label, "onconforming") {
		t.Errorf("the strip says %q", label)
	}
}

func TestControlSaysWhatAPersonAttests(t *testing.T) {
	t.Parallel()
	doc := full(t).get(t, "/controls/iso27001-2022/A.5.1")
	has(t, doc, ".mark.large", "Needs attestation")
	has(t, doc, "h2", "What a person attests")
	has(t, doc, "h2", "No check speaks for this control")
}
