package api

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"sort"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs.html docs.css
var docsFiles embed.FS

var docsHTML = template.Must(template.ParseFS(docsFiles, "docs.html"))

// docsPage is the OpenAPI document as people read it.
type docsPage struct {
	Title, Version, Description string
	Operations                  []docsOperation
}

type docsOperation struct {
	ID, Method, Path, Summary, Description string
	Parameters                             []docsField
	Body                                   []docsField
	Answers                                []docsAnswer
}

type docsField struct {
	Name, In, Type, Description string
	Required                    bool
}

type docsAnswer struct {
	Status, Description string
	Fields              []docsField
}

// docs lists every route from the OpenAPI document. It needs nothing from elsewhere: no script, no other host.
func (s *Server) docs(w http.ResponseWriter, r *http.Request) {
	var page bytes.Buffer
	if err := docsHTML.Execute(&page, newDocsPage(s.api.OpenAPI())); err != nil {
		s.log.ErrorContext(r.Context(), "render the documentation", "request_id", requestID(r.Context()), "error", err)
		writeProblem(w, r, http.StatusInternalServerError, "Internal error. The log has it under the request id.")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page.Bytes())
}

func docsStyle(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, docsFiles, "docs.css")
}

func newDocsPage(doc *huma.OpenAPI) docsPage {
	page := docsPage{Title: doc.Info.Title, Version: doc.Info.Version, Description: doc.Info.Description}
	for path, item := range doc.Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PATCH": item.Patch, "DELETE": item.Delete} {
			if op != nil {
				page.Operations = append(page.Operations, newDocsOperation(doc, method, path, op))
			}
		}
	}
	sort.Slice(page.Operations, func(i, j int) bool {
		a, b := page.Operations[i], page.Operations[j]
		return a.Path < b.Path || (a.Path == b.Path && a.Method < b.Method)
	})
	return page
}

func newDocsOperation(doc *huma.OpenAPI, method, path string, op *huma.Operation) docsOperation {
	out := docsOperation{ID: op.OperationID, Method: method, Path: path, Summary: op.Summary, Description: op.Description}
	for _, p := range op.Parameters {
		out.Parameters = append(out.Parameters, docsField{p.Name, p.In, typeName(doc, p.Schema), p.Description, p.Required})
	}
	if op.RequestBody != nil {
		out.Body = contentFields(doc, op.RequestBody.Content)
	}
	for status, response := range op.Responses {
		out.Answers = append(out.Answers, docsAnswer{status, response.Description, contentFields(doc, response.Content)})
	}
	sort.Slice(out.Answers, func(i, j int) bool { return out.Answers[i].Status < out.Answers[j].Status })
	return out
}

// contentFields lists the top fields of a body; the OpenAPI document has the rest.
func contentFields(doc *huma.OpenAPI, content map[string]*huma.MediaType) []docsField {
	var out []docsField
	for _, media := range content {
		schema := resolve(doc, media.Schema)
		if schema == nil {
			continue
		}
		for name, field := range schema.Properties {
			required := false
			for _, r := range schema.Required {
				required = required || r == name
			}
			out = append(out, docsField{Name: name, Type: typeName(doc, field), Description: field.Description, Required: required})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

func resolve(doc *huma.OpenAPI, schema *huma.Schema) *huma.Schema {
	if schema != nil && schema.Ref != "" {
		return doc.Components.Schemas.SchemaFromRef(schema.Ref)
	}
	return schema
}

// typeName is the type of a field in a word or two.
func typeName(doc *huma.OpenAPI, schema *huma.Schema) string {
	schema = resolve(doc, schema)
	switch {
	case schema == nil || schema.Type == "":
		return "any"
	case schema.Type == huma.TypeArray:
		return "list of " + typeName(doc, schema.Items)
	case schema.Format != "":
		return schema.Format
	default:
		return schema.Type
	}
}
