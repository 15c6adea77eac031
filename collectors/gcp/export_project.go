package gcp

import (
	"encoding/json"
	"strconv"
	"strings"
)

// projectAsset is the asset type that tells a project's id beside its number.
const projectAsset = projectAPI + "/Project"

// place is what an asset says of the project it lies in: its id or number.
type place struct {
	Ancestors []string `json:"ancestors"`
	Resource  struct {
		Parent string `json:"parent"`
		Data   struct {
			ID     string `json:"projectId"`
			Number number `json:"projectNumber"`
		} `json:"data"`
	} `json:"resource"`
}

// placed notes where an asset lies, and which number belongs to which id where it tells both.
func (e *Export) placed(a asset, line []byte) {
	var p place
	if json.Unmarshal(line, &p) != nil {
		p = place{} // Whatever these members are, they are not Google's.
	}
	id := projectOf(a.Name)
	if a.Type == projectAsset && p.Resource.Data.ID != "" {
		e.ids[id], id = p.Resource.Data.ID, p.Resource.Data.ID
	}
	num := ""
	switch {
	case len(p.Ancestors) > 0 && strings.HasPrefix(p.Ancestors[0], "projects/"):
		num = strings.TrimPrefix(p.Ancestors[0], "projects/")
	case projectOf(p.Resource.Parent) != "":
		num = projectOf(p.Resource.Parent)
	case p.Resource.Data.Number > 0:
		num = strconv.FormatInt(int64(p.Resource.Data.Number), 10)
	}
	if id == "" {
		id = num
	} else if num != "" && !numeric(id) {
		e.ids[num] = id
	}
	if id != "" {
		e.places[a.Type+"\n"+a.Name] = id
	}
}

func numeric(word string) bool {
	return word != "" && strings.Trim(word, "0123456789") == ""
}

// Projects parts an export of several projects into one for each. Of a type of which some asset cannot be placed, no
// project's listing is whole.
func (e *Export) Projects() []*Export {
	parts := map[string]*Export{}
	lost := map[string]bool{}
	for t, assets := range e.byType {
		for _, a := range assets {
			id := e.places[a.Type+"\n"+a.Name]
			if known := e.ids[id]; known != "" {
				id = known
			}
			if id == "" || numeric(id) {
				lost[t] = true
				continue
			}
			if parts[id] == nil {
				parts[id] = &Export{Project: id, byType: map[string][]asset{}, lost: lost}
			}
			parts[id].byType[t] = append(parts[id].byType[t], a)
		}
	}
	if len(parts) < 2 {
		return []*Export{e}
	}
	var out []*Export
	for _, id := range sortedKeys(parts) {
		out = append(out, parts[id])
	}
	return out
}
