package web

import (
	"net/http"
	"strings"

	"github.com/plumbline-posture/plumbline/store"
)

// searchLimit is how many of each sort a search shows.
const searchLimit = 12

type searchPage struct {
	frame
	Query     string
	Controls  []controlLine
	Checks    []choice
	Resources []resourceRow
	More      string
}

var searchHTML = parse[searchPage]("search.html")

// search finds controls and checks by their words, and resources by name or by their whole id.
func (s *Server) search(w http.ResponseWriter, r *http.Request) error {
	p := searchPage{Query: strings.TrimSpace(r.URL.Query().Get("q"))}
	var err error
	if p.frame, err = s.newFrame(r, "", "Search"); err != nil {
		return err
	}
	if p.Query != "" {
		p.Title = "Search for “" + p.Query + "”"
		s.searchCatalogue(&p)
		err = s.in(r, func(tx store.Tx) error {
			found, next, err := tx.Resources(r.Context(), store.ResourceFilter{Query: p.Query, AsOf: p.at},
				store.Page{Limit: searchLimit})
			p.Resources = resourceRows(p.frame, found)
			if next != "" {
				p.More = p.To("/inventory", "q", p.Query)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return searchHTML.render(w, p)
}

func (s *Server) searchCatalogue(p *searchPage) {
	words := strings.ToLower(p.Query)
	for _, framework := range s.catalogue.Frameworks {
		for i := range framework.Controls {
			c := &framework.Controls[i]
			text := strings.ToLower(c.ID + " " + c.Title + " " + c.Question)
			if strings.EqualFold(c.ID, p.Query) || (len(p.Controls) < searchLimit && strings.Contains(text, words)) {
				p.Controls = append(p.Controls, controlLine{ID: c.ID, Title: c.Title, Edition: framework.Name,
					Href: p.To("/controls/" + framework.ID + "/" + c.ID)})
			}
		}
	}
	for _, check := range p.catalogue.Checks {
		if len(p.Checks) < searchLimit && strings.Contains(strings.ToLower(check.ID+" "+check.Title), words) {
			p.Checks = append(p.Checks, choice{Name: check.Title, Href: p.To("/checks/" + check.ID)})
		}
	}
}
