package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/api/auth"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// frame is what surrounds every page. A page's data embeds it.
type frame struct {
	Title   string
	Section string
	// Visitor is who looks; the zero value on pages for people who are not signed in.
	Visitor visitor
	Demo    bool
	Shade   string
	Version string
	// AsOf is the day shown, as it stands in the address; empty when the page shows the present.
	AsOf string
	// Scripts name what the page needs besides the shared script: "chart", "htmx".
	Scripts []string
	// Here is the address of this page with its query.
	Here string
	now  time.Time
	at   time.Time
	url  *url.URL
	// catalogue is the one in force of the visitor's tenant.
	catalogue *evaluator.Catalogue
	// settings are those in force at the moment shown, on pages that measure.
	settings *inventory.Settings
}

// newFrame gathers what surrounds a page of a section.
func (s *Server) newFrame(r *http.Request, section, title string) (frame, error) {
	now := s.now().UTC()
	at, ok := asOf(r, now)
	if !ok {
		return frame{}, badRequest("The date in the address is not one that can be shown. " +
			"Use a day of the past, such as 2026-01-31.")
	}
	return frame{
		Title: title, Section: section, Visitor: s.visitor(r.Context()), Demo: s.demo, Shade: themeOf(r),
		Version: s.version,
		AsOf:    r.URL.Query().Get("as_of"), Here: r.URL.RequestURI(), now: now, at: at, url: r.URL,
		catalogue: s.inForce(r.Context()),
	}, nil
}

// inForce is the catalogue of the visitor's tenant. When a check of its own can no longer be read, what is shown is the
// release's, and the log says why; nothing is judged until it is mended.
func (s *Server) inForce(ctx context.Context) *evaluator.Catalogue {
	id, ok := auth.From(ctx)
	if !ok {
		return s.catalogue
	}
	catalogue, err := s.store.CatalogueOf(ctx, id.Tenant, s.catalogues)
	if err != nil {
		s.log.ErrorContext(ctx, "the checks of a tenant cannot be read", "request", requestID(ctx), "tenant",
			id.Tenant, "error", err)
		return s.catalogue
	}
	return catalogue
}

// Past says whether the page shows the past, where nothing can be edited.
func (f frame) Past() bool { return !f.at.IsZero() }

// Edits says whether the visitor may change something on this page.
func (f frame) Edits() bool { return f.Visitor.Edits && !f.Past() }

// At is the moment the page speaks of.
func (f frame) At() time.Time {
	if f.Past() {
		return f.at
	}
	return f.now
}

// When shows a moment relative to the moment the page speaks of.
func (f frame) When(at time.Time) moment { return momentAt(at, f.At()) }

// Today is the last day that can be asked for.
func (f frame) Today() string { return f.now.Format(time.DateOnly) }

// Day is the day shown, for the field that picks one.
func (f frame) Day() string {
	if !f.Past() {
		return ""
	}
	return f.at.Format(time.DateOnly)
}

// Sections lists the navigation.
func (f frame) Sections() []section {
	list := []section{
		{"overview", "Overview", "/", "o"},
		{"controls", "Controls", "/controls", "c"},
		{"findings", "Findings", "/findings", "f"},
		{"inventory", "Inventory", "/inventory", "i"},
		{"scopes", "Scopes", "/scopes", "s"},
	}
	for i := range list {
		list[i].Href = f.To(list[i].Href)
	}
	return list
}

// section is one entry of the navigation.
type section struct{ ID, Name, Href, Key string }

// To is an address within the service: a path with pairs of names and values, empty values left out. It keeps the date
// that is shown.
func (f frame) To(path string, pairs ...string) string {
	path, query, _ := strings.Cut(path, "?")
	q, err := url.ParseQuery(query)
	if err != nil {
		q = url.Values{}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if f.AsOf != "" && !q.Has("as_of") {
		q.Set("as_of", f.AsOf)
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// ToID is To for a row with an opaque id.
func (f frame) ToID(path string, id uuid.UUID, pairs ...string) string {
	return f.To(path+"/"+id.String(), pairs...)
}

// With is this page's own address with one part of the query changed; an empty value takes it out. A change goes back
// to the first page of a list.
func (f frame) With(pairs ...string) string {
	q := f.url.Query()
	q.Del("cursor")
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		} else {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return f.url.Path
	}
	return f.url.Path + "?" + q.Encode()
}

// Now is this page's address without the date.
func (f frame) Now() string { return f.With("as_of", "") }

// Kept lists the parts of the query that the form which picks a date has to carry along.
func (f frame) Kept() []pair {
	var out []pair
	for name, values := range f.url.Query() {
		if name != "as_of" && name != "cursor" && len(values) > 0 && values[0] != "" {
			out = append(out, pair{name, values[0]})
		}
	}
	return out
}

// Path is the page's address without its query.
func (f frame) Path() string { return f.url.Path }

type pair struct{ Name, Value string }

// Exact is the moment shown, with its zone.
func (f frame) Exact() string { return f.at.UTC().Format("2 January 2006, 15:04 MST") }

// Shades are the choices of the switch, in the order of their values.
func (f frame) Shades() []pair {
	return []pair{{"light", "Light"}, {"dark", "Dark"}, {"system", "System"}}
}

// ResourcePath is the page of a resource by its natural id.
func (f frame) ResourcePath(naturalID string) string {
	return f.ToID("/inventory", store.ResourceID(naturalID))
}

// OverviewOn is the overview of a day.
func (f frame) OverviewOn(day time.Time) string {
	return f.To("/", "framework", f.url.Query().Get("framework"), "as_of", day.Format(time.DateOnly))
}
