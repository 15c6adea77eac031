package web

import (
	"net/http"
	"regexp"
	"strings"
	"unicode"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/store"
)

// Guide is how scopes of a cloud are connected: what an administrator puts in place there, and what is asked here.
type Guide struct {
	Cloud inventory.Cloud
	// Scope is what a scope of the cloud is called, such as "AWS account".
	Scope string
	// Above begins the ids of the scopes in which others lie, where the id of one is taken as well; else it is empty.
	// Where both kinds of ids look alike, this word and a colon tell them apart.
	Above  string
	Steps  []Step
	Fields []Field
}

// Step is one thing to do in the cloud, with the text to do it with.
type Step struct {
	// ID names the step in the page.
	ID, Title, Text string
	Caption, Code   string
	// Open shows the code at once.
	Open bool
}

// Field is one thing that is asked about a connection. Its name says which part of the connection it fills: account,
// role, external_id, directory, client, regions, aggregator or aggregator_role.
type Field struct {
	Name, Label, Hint, Example string
	// Shape is what a value must look like, Wrong what is said of one that does not. Of a field with several values,
	// each has the shape.
	Shape, Wrong string
	Required     bool
	Numeric      bool
	// Fixed values are made here and cannot be typed.
	Fixed bool
}

// filled is a field with what was typed into it, and what is wrong with that.
type filled struct {
	Field
	Value, Fault string
}

// guideOf finds the guide of the cloud a visitor chose; the first one where none was chosen.
func guideOf(guides []Guide, cloud string) (Guide, error) {
	if cloud == "" && len(guides) > 0 {
		return guides[0], nil
	}
	for _, g := range guides {
		if string(g.Cloud) == cloud {
			return g, nil
		}
	}
	return Guide{}, badRequest("There is no such cloud.")
}

// choices are the links from one cloud's guide to the others.
func choices(guides []Guide, chosen inventory.Cloud) (out []option) {
	for _, g := range guides {
		out = append(out, option{Value: string(g.Cloud), Word: g.Scope, Selected: g.Cloud == chosen})
	}
	return out
}

// typed reads the fields of a guide from a form.
func (g Guide) typed(r *http.Request) map[string]string {
	out := map[string]string{}
	for _, f := range g.Fields {
		out[f.Name] = strings.TrimSpace(r.PostForm.Get(f.Name))
	}
	return out
}

// scopeID is the scope that an account's id means. Consoles print some ids with hyphens in between.
func (g Guide) scopeID(account string) (inventory.ScopeID, error) {
	prefix, low := string(g.Cloud)+":", strings.ToLower(account)
	if g.Above != "" && strings.HasPrefix(low, g.Above+":") {
		return inventory.ParseScope(low)
	}
	if id, err := inventory.ParseScope(prefix + account); err == nil {
		return inventory.ScopeID(strings.ToLower(string(id))), nil
	}
	if id, err := inventory.ParseScope(g.Above + ":" + low); err == nil && g.Above != "" {
		return id, nil
	}
	return inventory.ParseScope(prefix + strings.ReplaceAll(account, "-", ""))
}

// faults says of each field that is not as it should be what is wrong with it.
func (g Guide) faults(values map[string]string) map[string]string {
	wrong := map[string]string{}
	for _, f := range g.Fields {
		value := values[f.Name]
		if value == "" && f.Required {
			wrong[f.Name] = f.Wrong
		}
		if f.Shape == "" || value == "" {
			continue
		}
		shape := regexp.MustCompile(f.Shape)
		for _, part := range parts(value) {
			if !shape.MatchString(part) {
				wrong[f.Name] = f.Wrong
			}
		}
	}
	if _, err := g.scopeID(values["account"]); err != nil {
		for _, f := range g.Fields {
			if f.Name == "account" {
				wrong[f.Name] = f.Wrong
			}
		}
	}
	return wrong
}

// parts are the values of a field, several of them with commas or spaces in between.
func parts(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

// connection is what the fields say of a connection.
func connection(values map[string]string) store.Connection {
	return store.Connection{Role: values["role"], ExternalID: values["external_id"], Directory: values["directory"],
		Client: values["client"], Regions: parts(values["regions"]), Aggregator: values["aggregator"],
		AggregatorRole: values["aggregator_role"]}
}

// fill joins the fields of a guide with what was typed.
func (g Guide) fill(values, wrong map[string]string) (out []filled) {
	for _, f := range g.Fields {
		out = append(out, filled{f, values[f.Name], wrong[f.Name]})
	}
	return out
}
