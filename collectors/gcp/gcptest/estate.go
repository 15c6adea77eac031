// Package gcptest serves a Google Cloud project from data: the asset inventory and the services' own APIs tell the same
// resources. It knows Google's wire forms and nothing of the collectors that read them.
package gcptest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Estate is a project as data.
type Estate struct {
	// Project is its id, Number its number.
	Project string
	Number  string
	Labels  map[string]string
	// Parent is the folder or organisation it hangs under.
	Parent string
	Assets []Asset
	// Answers are the bodies of calls that tell no resource, by path: members of groups, effective policies.
	Answers map[string]json.RawMessage
}

// Asset is one resource with its policy of access.
type Asset struct {
	Type   string
	Name   string
	Data   json.RawMessage
	Policy json.RawMessage
}

// line is one line of an estate: an asset as exports write it, or the answer to a call.
type line struct {
	Name      string `json:"name"`
	AssetType string `json:"assetType"`
	Resource  struct {
		Data json.RawMessage `json:"data"`
	} `json:"resource"`
	Policy json.RawMessage `json:"iamPolicy"`

	Path string          `json:"path"`
	Body json.RawMessage `json:"body"`

	Project string            `json:"project"`
	Number  string            `json:"number"`
	Labels  map[string]string `json:"labels"`
	Parent  string            `json:"parent"`
}

// Read reads an estate of JSON lines: one that names the project, assets as the asset inventory exports them, and
// answers as {"path": …, "body": …}. An asset may leave out its name where its resource links to itself.
func Read(r io.Reader) (*Estate, error) {
	e := &Estate{Answers: map[string]json.RawMessage{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 1<<16), 16<<20)
	for n := 1; lines.Scan(); n++ {
		text := bytes.TrimSpace(lines.Bytes())
		if len(text) == 0 {
			continue
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return nil, fmt.Errorf("estate: line %d: %w", n, err)
		}
		switch {
		case l.Path != "":
			e.Answers[l.Path] = l.Body
		case l.AssetType != "":
			e.Assets = append(e.Assets, Asset{Type: l.AssetType, Name: l.name(), Data: l.Resource.Data, Policy: l.Policy})
		case l.Project != "":
			e.Project, e.Number, e.Labels, e.Parent = l.Project, l.Number, l.Labels, l.Parent
		default:
			return nil, fmt.Errorf("estate: line %d: neither a project, an asset nor an answer", n)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("estate: %w", err)
	}
	if e.Project == "" {
		return nil, fmt.Errorf("estate: no line names the project")
	}
	return e, nil
}

func (l *line) name() string {
	if l.Name != "" {
		return l.Name
	}
	var data struct {
		Name     string `json:"name"`
		SelfLink string `json:"selfLink"`
	}
	if json.Unmarshal(l.Resource.Data, &data) != nil {
		return ""
	}
	service, _, _ := strings.Cut(l.AssetType, "/")
	link := data.SelfLink
	if i := strings.Index(link, "/projects/"); i >= 0 {
		return "//" + service + link[i:]
	}
	return "//" + service + "/" + data.Name
}

// Export writes the assets as an export of the asset inventory.
func (e *Estate) Export(w io.Writer) error {
	for _, a := range e.Assets {
		out := map[string]any{"name": a.Name, "asset_type": a.Type, "resource": map[string]any{"data": a.Data}}
		if len(a.Policy) > 0 {
			out["iam_policy"] = a.Policy
		}
		text, err := json.Marshal(out)
		if err != nil {
			return fmt.Errorf("export %s: %w", a.Name, err)
		}
		if _, err := fmt.Fprintf(w, "%s\n", text); err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	return nil
}
