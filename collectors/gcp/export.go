package gcp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Export is an export of the asset inventory that is read instead of asking Google: JSON lines, one asset each, with
// the words of either spelling.
type Export struct {
	// Project is the project the assets belong to.
	Project string
	byType  map[string][]asset
	// places are the projects that assets lie in, by type and name, and ids the ids of projects by their numbers.
	places, ids map[string]string
	// lost are the types of which some asset could not be placed.
	lost map[string]bool
}

// longestLine bounds one line of an export.
const longestLine = 64 << 20

// exportedAsset is an asset in the words of the asset inventory, or of its exports in snake_case.
type exportedAsset struct {
	Name           string            `json:"name"`
	AssetType      string            `json:"assetType"`
	AssetTypeSnake string            `json:"asset_type"`
	Resource       *exportedResource `json:"resource"`
	Policy         *policy           `json:"iamPolicy"`
	PolicySnake    *policy           `json:"iam_policy"`
}

type exportedResource struct {
	Data     json.RawMessage `json:"data"`
	Location string          `json:"location"`
}

func (e *exportedAsset) asset() asset {
	a := asset{Type: e.AssetType, Name: e.Name, Policy: e.Policy}
	if a.Type == "" {
		a.Type = e.AssetTypeSnake
	}
	if a.Policy == nil {
		a.Policy = e.PolicySnake
	}
	if e.Resource != nil && len(e.Resource.Data) > 0 && string(e.Resource.Data) != "null" {
		a.Data = withoutSecrets(e.Resource.Data)
	}
	return a
}

// ReadExport reads an export. A resource and its policy may stand on lines of their own. The error names the line that
// is not an asset.
func ReadExport(r io.Reader) (*Export, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 1<<20), longestLine)
	out := &Export{byType: map[string][]asset{}, places: map[string]string{}, ids: map[string]string{}}
	found := map[string]*asset{}
	var order []string
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		var e exportedAsset
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("asset export: line %d: %w", n, err)
		}
		a := e.asset()
		if a.Name == "" || a.Type == "" {
			return nil, fmt.Errorf("asset export: line %d: neither name nor type of an asset", n)
		}
		out.placed(a, line)
		key := a.Type + "\n" + a.Name
		before := found[key]
		if before == nil {
			found[key] = &a
			order = append(order, key)
			continue
		}
		if len(a.Data) > 0 {
			before.Data = a.Data
		}
		if a.Policy != nil {
			before.Policy = a.Policy
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("asset export: %w", err)
	}
	counts := map[string]int{}
	for _, key := range order {
		a := found[key]
		out.byType[a.Type] = append(out.byType[a.Type], *a)
		if p := projectOf(a.Name); p != "" && !numeric(p) {
			counts[p]++
		}
	}
	for _, p := range sortedKeys(counts) {
		if counts[p] > counts[out.Project] {
			out.Project = p
		}
	}
	return out, nil
}

// list yields the assets of some types that have a resource. A type of which the export holds nothing was not exported
// or does not exist there; which of the two, an export does not say.
func (e *Export) list(types []string, yield func(asset, error) bool) {
	there := false
	for _, t := range types {
		for _, a := range e.byType[t] {
			if len(a.Data) == 0 {
				continue
			}
			there = true
			if !yield(a, nil) {
				return
			}
		}
	}
	if slices.ContainsFunc(types, func(t string) bool { return e.lost[t] }) ||
		!there && !slices.ContainsFunc(types, e.whole) {
		yield(asset{}, errNotExported)
	}
}

// whole says whether the export is known to hold all there is of a type's service. Who picks single types leaves out
// the settings of Compute Engine as a whole; with them, what is not there does not exist.
func (e *Export) whole(assetType string) bool {
	return strings.HasPrefix(assetType, computeAPI+"/") && len(e.byType[computeAPI+"/Project"]) > 0
}
