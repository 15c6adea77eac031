package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// apart are the folders that may name clouds as they like, and why.
var apart = map[string]string{
	"collectors/aws": "what is of a cloud", "collectors/azure": "what is of a cloud", "collectors/gcp": "what is of a cloud",
	"cmd/plumbline/demo": "an estate is of some cloud",
	"cmd/tmpdeps":        "no part of the program",
}

// named are the places outside these folders that name a cloud: labels, connections, and texts that help to mend.
var named = map[string]struct {
	places int
	why    string
}{
	"cmd/plumbline/provider_aws.go":     {20, "how its scopes are connected, and what their owners put in place"},
	"cmd/plumbline/provider_azure.go":   {10, "the same"},
	"cmd/plumbline/provider_gcp.go":     {9, "the same"},
	"cmd/plumbline/main.go":             {1, "the description of the program"},
	"cmd/plumbline/permissions.go":      {2, "help and its examples"},
	"cmd/plumbline/scan.go":             {10, "help and its examples"},
	"api/finding.go":                    {1, "an example of a kind"},
	"api/operation.go":                  {1, "an example of a scope"},
	"api/resource.go":                   {1, "an example of a kind"},
	"api/scope.go":                      {2, "the words a cloud can be, and an example of a scope"},
	"collectors/inventory/scope.go":     {34, "the clouds, their titles and the shapes of their ids"},
	"collectors/secret_patterns.go":     {1, "the name of a pattern"},
	"collectors/database_package.go":    {2, "names of packages"},
	"collectors/kubernetes/software.go": {1, "the name of an image"},
	"evaluator/catalog/reference.go":    {18, "titles of columns"},
	"web/pages/layout.html":             {3, "the banner of the demo"},
	"evaluator/context.go":              {1, "rule C13 of the catalogue: what a young setting of one cloud weighs"},
	"evaluator/reach/envelope.go":       {1, "labels by which deployments mark what is theirs"},
}

// cloudWord is a word by which a cloud is named.
var cloudWord = regexp.MustCompile(`(?i)\b(aws|azure|gcp|amazon|microsoft|google cloud)\b`)

// TestCloudsAreNamedByLabelsOnly counts the places outside the collectors that name a cloud: code, texts and pages. One
// rule serves three clouds only as long as nothing branches on which one it is, so every place must stand in the list
// with what it is for, and the list holds no place that is gone.
func TestCloudsAreNamedByLabelsOnly(t *testing.T) {
	t.Parallel()
	found := map[string]int{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
		switch {
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && name != root || apart[name] != ""):
			return fs.SkipDir
		case d.IsDir() || strings.HasSuffix(name, "_test.go"):
			return nil
		case strings.HasSuffix(name, ".go"):
			n, err := namesIn(path)
			if n > 0 {
				found[name] = n
			}
			return err
		case strings.HasPrefix(name, "web/pages/"):
			page, err := os.ReadFile(path)
			if n := len(cloudWord.FindAll(page, -1)); n > 0 {
				found[name] = n
			}
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, name := range slices.Sorted(maps.Keys(found)) {
		total += found[name]
		if found[name] != named[name].places {
			t.Errorf("%s names a cloud in %d places; the list says %d", name, found[name], named[name].places)
		}
	}
	for name := range named {
		if found[name] == 0 {
			t.Errorf("%s names no cloud any more", name)
		}
	}
	t.Logf("%d places in %d files", total, len(found))
}

// namesIn counts what names a cloud in a file: the constants of the inventory, imports of a cloud's collectors, texts,
// and the tags of fields. Comments do not count.
func namesIn(path string) (n int, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return 0, err
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch v := node.(type) {
		case *ast.ImportSpec:
			if strings.Contains(v.Path.Value, "/plumbline/collectors/") && cloudWord.MatchString(v.Path.Value) {
				n++
			}
			return false
		case *ast.Ident:
			if v.Name == "AWS" || v.Name == "Azure" || v.Name == "GCP" {
				n++
			}
		case *ast.BasicLit:
			if v.Kind == token.STRING && cloudWord.MatchString(v.Value) {
				n++
			}
		}
		return true
	})
	return n, err
}
