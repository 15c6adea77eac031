package web

import (
	"net/http"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/store"
)

type inventoryPage struct {
	frame
	Query   string
	Class   string
	Scope   string
	Kind    string
	Region  string
	Classes []option
	Scopes  []option
	Picked  []removable
	Rows    []resourceRow
	Total   int64
	Next    string
	First   string
	Any     bool
}

// resourceRow is a resource as lists show it.
type resourceRow struct {
	Href, Name, NaturalID, Class, Region, Scope string
	Kind                                        inventory.Kind
	Cloud                                       inventory.Cloud
	Placeholder                                 bool
	Since                                       moment
}

var inventoryHTML = parse[inventoryPage]("inventory.html")

// inventory lists what was seen.
func (s *Server) inventory(w http.ResponseWriter, r *http.Request) error {
	f, err := s.newFrame(r, "inventory", "Inventory")
	if err != nil {
		return err
	}
	f.Scripts = []string{"htmx"}
	get := r.URL.Query().Get
	p := inventoryPage{frame: f, Query: strings.TrimSpace(get("q")), Class: get("class"), Scope: get("scope"),
		Kind: get("kind"), Region: get("region")}
	filter := store.ResourceFilter{Class: inventory.Class(p.Class), Kind: inventory.Kind(p.Kind), Region: p.Region,
		Query: p.Query, AsOf: f.at}
	if filter.Scope, err = optionalID(p.Scope, store.ScopeKey); err != nil {
		return err
	}
	err = s.in(r, func(tx store.Tx) error { return s.fillInventory(r, tx, &p, filter) })
	if err != nil {
		return err
	}
	p.Classes = options(p.Class, "All classes", inventoryClasses())
	for _, one := range []removable{{"Kind", p.Kind, p.With("kind", "")}, {"Region", p.Region, p.With("region", "")}} {
		if one.Value != "" {
			p.Picked = append(p.Picked, one)
		}
	}
	return inventoryHTML.render(w, p)
}

func (s *Server) fillInventory(r *http.Request, tx store.Tx, p *inventoryPage, filter store.ResourceFilter) error {
	found, next, err := tx.Resources(r.Context(), filter, store.Page{Limit: pageSize,
		Cursor: r.URL.Query().Get("cursor")})
	if err != nil {
		return err
	}
	p.Rows = resourceRows(p.frame, found)
	if next != "" {
		p.Next = p.With("cursor", next)
	}
	if r.URL.Query().Get("cursor") != "" {
		p.First = p.With()
	}
	if p.Total, err = tx.ResourceEstimate(r.Context(), filter); err != nil {
		return err
	}
	p.Scopes, err = s.scopeOptions(r, tx, p.Scope)
	p.Any = len(p.Scopes) > 1
	for i := range p.Rows {
		p.Rows[i].Scope = wordOf(p.Scopes, found[i].ScopeID.String(), p.Rows[i].Scope)
	}
	return err
}

func resourceRows(f frame, found []store.Resource) []resourceRow {
	out := make([]resourceRow, len(found))
	for i, x := range found {
		out[i] = resourceRow{Href: f.ToID("/inventory", x.ID), Name: x.Name, NaturalID: x.NaturalID,
			Class: className(x.Class), Region: x.Region,
			Scope: string(x.Scope), Kind: x.Kind, Cloud: x.Kind.Cloud(), Placeholder: x.Placeholder, Since: f.When(x.ValidFrom)}
	}
	return out
}

// inventoryClasses are the classes that checks speak of and those that only support them.
func inventoryClasses() []option {
	out := classOptions()
	for class := range inventory.SupportingClasses {
		out = append(out, option{Value: string(class), Word: className(class)})
	}
	return out
}
