package catalog

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The pages in docs are what the catalogue gives; make generate writes them.
func TestReferencePagesAreUpToDate(t *testing.T) {
	t.Parallel()
	for name, text := range Reference(loaded(t)) {
		stands, err := os.ReadFile(filepath.Join("../../docs", name))
		if err != nil || string(stands) != text {
			t.Errorf("docs/%s is stale: run make generate", name)
		}
	}
}

// Every link of a page to another leads to a page, and every anchor to a place in it.
func TestReferencePagesLinkToEachOther(t *testing.T) {
	t.Parallel()
	pages := Reference(loaded(t))
	link := regexp.MustCompile(`\]\(([^):#]+)(#[^)]*)?\)`)
	for name, text := range pages {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			to := filepath.Join(filepath.Dir(name), m[1])
			if pages[to] == "" {
				t.Errorf("%s links to %s, which is not written", name, m[1])
			} else if m[2] != "" && !strings.Contains(pages[to], fmt.Sprintf(`id="%s"`, m[2][1:])) {
				t.Errorf("%s links to %s%s, and there is no such place", name, m[1], m[2])
			}
		}
	}
}
