package web

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

type scopePage struct {
	frame
	Row        scopeRow
	Scope      store.Scope
	Created    moment
	Figure     scorePanel
	Framework  *evaluator.Framework
	Unknowns   []unknownRow
	Runs       []runLine
	Next       string
	Running    bool
	Resources  string
	Standing   int64
	FailsHref  string
	Controls   []statusCount
	Compliance meter
	// Parent is the organisation that the scope was found in, Members what was found in this one.
	Parent  *link
	Members []scopeRow
	Holds   bool
}

// link leads to a page by its name.
type link struct{ Href, Name string }

// runLine is a run as lists show it.
type runLine struct {
	Href, State, Trigger, Error string
	At                          moment
	Took                        string
	Listed, Changed, Removed    int
	Scope                       string
}

var scopeHTML = parse[scopePage]("scope.html")

// scope shows one scope: how it is reached, when it is read, and its runs.
func (s *Server) scope(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p := scopePage{}
	if p.frame, err = s.newFrame(r, "scopes", "Scope"); err != nil {
		return err
	}
	if p.Framework, err = s.framework(""); err != nil {
		return err
	}
	if err := s.in(r, func(tx store.Tx) error { return s.fillScope(r, tx, &p, id) }); err != nil {
		return err
	}
	return scopeHTML.render(w, p)
}

func (s *Server) fillScope(r *http.Request, tx store.Tx, p *scopePage, id uuid.UUID) error {
	ctx := r.Context()
	scope, err := tx.Scope(ctx, id)
	if err != nil {
		return err
	}
	tallies, err := tx.Tallies(ctx, id, nil, p.at)
	if err != nil {
		return err
	}
	figure := p.catalogue.Score(tallies, evaluator.InFramework(p.Framework.ID))
	p.Scope, p.Row, p.Figure = scope, newScopeRow(p.frame, scope, figure), newScorePanel(figure)
	if err := s.fillOrganization(r, tx, p); err != nil {
		return err
	}
	p.Title, p.Created, p.Resources = p.Row.Name, p.When(scope.CreatedAt), p.To("/inventory", "scope", id.String())
	if !p.Past() {
		unknown, err := tx.UnknownCauses(ctx, id, 10)
		if err != nil {
			return err
		}
		p.Unknowns = unknownRows(p.frame, unknown)
		for i := range p.Unknowns {
			p.Unknowns[i].Href = p.To(p.Unknowns[i].Href, "scope", id.String())
		}
	}
	return p.fillRuns(r, tx, id)
}

// fillOrganization shows what lies in an organisation, with the figures of all of it, and of what lies in one which it is.
func (s *Server) fillOrganization(r *http.Request, tx store.Tx, p *scopePage) error {
	if p.Row.Parent != uuid.Nil {
		parent, err := tx.Scope(r.Context(), p.Row.Parent)
		if err != nil {
			return err
		}
		p.Parent = &link{p.ToID("/scopes", parent.ID), parent.Name}
	}
	if p.Holds = p.Scope.NaturalID.Organization(); !p.Holds {
		return nil
	}
	rows, err := s.readScopes(r, tx, p.frame, p.Framework)
	if err != nil {
		return err
	}
	for _, row := range rows {
		switch p.Row.ID {
		case row.ID:
			p.Row, p.Figure = row, newScorePanel(row.figure)
		case row.Parent:
			p.Members = append(p.Members, row)
		}
	}
	return nil
}

func (p *scopePage) fillRuns(r *http.Request, tx store.Tx, id uuid.UUID) error {
	runs, next, err := tx.Runs(r.Context(), id, store.Page{Limit: 20, Cursor: r.URL.Query().Get("cursor")})
	if err != nil {
		return err
	}
	for _, run := range runs {
		if p.Past() && run.QueuedAt.After(p.at) {
			continue
		}
		p.Running = p.Running || live(run.State)
		p.Runs = append(p.Runs, newRunLine(p.frame, run))
	}
	if next != "" {
		p.Next = p.With("cursor", next)
	}
	return nil
}

func live(state string) bool { return state == "queued" || state == "running" }

func newRunLine(f frame, run store.Run) runLine {
	line := runLine{Href: f.ToID("/runs", run.ID), State: run.State, Trigger: run.Trigger, Error: run.Error,
		At:     f.When(run.QueuedAt),
		Listed: run.Listed, Changed: run.Changed, Removed: run.Removed, Scope: string(run.Scope)}
	if run.BeganAt != nil && run.EndedAt != nil {
		line.Took = took(run.EndedAt.Sub(*run.BeganAt))
	}
	return line
}
