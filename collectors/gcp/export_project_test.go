package gcp

import (
	"strings"
	"testing"
)

// TestExportOfSeveralProjects parts an export of an organisation: what names its project by number, or only by where
// it hangs, goes to the project with that number, and what cannot be placed leaves its type incomplete.
func TestExportOfSeveralProjects(t *testing.T) {
	t.Parallel()
	lines := []string{
		`{"name":"//cloudresourcemanager.googleapis.com/projects/11","assetType":"cloudresourcemanager.googleapis.com/Project","resource":{"data":{"projectId":"shop-one"}},"ancestors":["projects/11","organizations/1"]}`,
		`{"name":"//compute.googleapis.com/projects/shop-two/global/networks/n","asset_type":"compute.googleapis.com/Network","resource":{"data":{"name":"n"}},"ancestors":["projects/22"]}`,
		`{"name":"//storage.googleapis.com/one","asset_type":"storage.googleapis.com/Bucket","resource":{"data":{"projectNumber":"11"}}}`,
		`{"name":"//storage.googleapis.com/two","asset_type":"storage.googleapis.com/Bucket","resource":{"parent":"//cloudresourcemanager.googleapis.com/projects/22","data":{"name":"two"}}}`,
	}
	read := func(lines ...string) map[string]*Export {
		e, err := ReadExport(strings.NewReader(strings.Join(lines, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]*Export{}
		for _, p := range e.Projects() {
			out[p.Project] = p
		}
		return out
	}
	buckets := func(e *Export) (names string, err error) {
		if e == nil {
			t.Fatal("a project is missing")
		}
		e.list([]string{"storage.googleapis.com/Bucket"}, func(a asset, failed error) bool {
			names += strings.TrimPrefix(a.Name, "//storage.googleapis.com/")
			err = failed
			return true
		})
		return names, err
	}
	parted := read(lines...)
	for project, want := range map[string]string{"shop-one": "one", "shop-two": "two"} {
		if got, err := buckets(parted[project]); got != want || err != nil {
			t.Errorf("%s has the buckets %q: %v", project, got, err)
		}
	}
	lost := `{"name":"//storage.googleapis.com/lost","asset_type":"storage.googleapis.com/Bucket","resource":{"data":{"projectNumber":"33"}}}`
	parted = read(append(lines, lost)...)
	if _, err := buckets(parted["shop-one"]); err == nil || len(parted) != 2 {
		t.Errorf("%d projects; a bucket of nobody leaves the listing whole", len(parted))
	}
}
